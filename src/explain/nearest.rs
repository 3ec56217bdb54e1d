//! The network that a bindnetaddr without a prefix may mean, if nothing matches it.

use ipnet::IpNet;

use crate::rule::{BindnetAddr, Candidate, Decision};

impl Decision {
    /// The network with its prefix that would match the nearest address, a host prefix (/32, /128).
    ///
    /// A host prefix shows no network, and only the operator knows it. The zero bits at the end of
    /// bindnetaddr tell which it may be: /24, /16 or /8 of IPv4, and /64 of IPv6. The longest that
    /// contains the address is taken. `None` if there is none, or if the address would not be chosen.
    pub(super) fn network_around(&self, nearest: &Candidate) -> Option<BindnetAddr> {
        let (bindnet, ip) = (self.bindnet.ip(), nearest.ip);
        let is_plain = !nearest.reasons.is_floating() && !ip.is_loopback();
        let counts = is_plain && nearest.netmask.is_host() && self.is_ours();
        if !counts || !self.bindnet.networks().is_empty() {
            return None;
        }
        let lens: &[u8] = if bindnet.is_ipv4() {
            &[24, 16, 8]
        } else {
            &[64]
        };
        let networks = lens.iter().filter_map(|len| IpNet::new(bindnet, *len).ok());
        let network = networks
            .filter(|net| *net == net.trunc())
            .find(|net| net.contains(&ip))?;
        let zone = self.network_of(nearest).zone();
        let network = BindnetAddr::try_from(network).ok()?;
        Some(BindnetAddr { zone, ..network })
    }
}
