//! Step 1 of the rule: which addresses match a bindnetaddr, and how.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use smallvec::SmallVec;

use super::bindnetaddr::{BindnetAddr, Target};
use super::candidate::Match;
use crate::snapshot::{Address, Bits, Link, Snapshot, Table};

impl BindnetAddr {
    /// Calls `found` for every address of a snapshot that matches, in kernel order.
    ///
    /// This is the first step of the rule and no more: nothing is skipped and nothing is ranked.
    ///
    /// ```
    /// use bindnet::rule::Match;
    /// use bindnet::{Address, BindnetAddr, Link, Snapshot};
    ///
    /// let host = Snapshot::new(
    ///     [Link::new(2, "eth0".parse()?)],
    ///     [Address::new("192.0.2.10/24".parse()?, 2), Address::new("192.0.2.20/32".parse()?, 2)],
    /// )?;
    /// let mut found = Vec::new();
    /// let bindnet: BindnetAddr = "192.0.2.20".parse()?;
    /// bindnet.each_match(&host, |address, matched| found.push((address.ip(), matched)));
    /// assert_eq!(
    ///     found,
    ///     [("192.0.2.10".parse()?, Match::SameNetwork), ("192.0.2.20".parse()?, Match::Exact)],
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn each_match(&self, snapshot: &Snapshot, mut found: impl FnMut(Address, Match)) {
        let zone = self.zone().map(|zone| zone.link(snapshot).map(Link::index));
        let mut visible = |address: Option<Address>, matched: Match| {
            if let Some(address) = address
                && zone.is_none_or(|index| index.is_some() && index == address.link_index())
            {
                found(address, matched);
            }
        };
        match self.ip() {
            IpAddr::V4(ip) => {
                each_match(self.target(), &snapshot.v4, ip.to_bits(), |at, matched| {
                    visible(snapshot.v4.get(at), matched);
                })
            }
            IpAddr::V6(ip) => {
                each_match(self.target(), &snapshot.v6, ip.to_bits(), |at, matched| {
                    visible(snapshot.v6.get(at), matched);
                })
            }
        }
    }
}

/// Calls `found` for every position of a table that matches; `ip` is the address of `target`.
pub(crate) fn each_match<A: Bits>(
    target: Target,
    table: &Table<A>,
    ip: A,
    mut found: impl FnMut(usize, Match),
) {
    let nets = &table.nets;
    let hidden = hidden(target, ip);
    let mut found = |at, matched| {
        let is_hidden = |ip: A| hidden.iter().any(|(mask, net)| ip & *mask == *net);
        if !nets.get(at).is_some_and(|(ip, _)| is_hidden(ip)) {
            found(at, matched);
        }
    };
    match target {
        // Under the address's own mask.
        Target::Address(_) => nets.own_mask(ip, |at| {
            let Some((address, mask)) = nets.get(at) else {
                return;
            };
            let matched = if address == ip {
                Match::Exact
            } else if ip & !mask == A::ZERO {
                Match::Network
            } else {
                Match::SameNetwork
            };
            found(at, matched);
        }),
        // Under the mask that the operator wrote; that of a /32 or /128 leaves one address.
        Target::Network(net) => {
            let mask = A::mask(net.prefix_len()).unwrap_or(A::ZERO);
            let whole = net.prefix_len() == net.max_prefix_len();
            let matched = if whole { Match::Exact } else { Match::Network };
            nets.one_mask(mask, ip, |at| found(at, matched));
        }
    }
}

/// The networks whose addresses match only a bindnetaddr inside of the same network: 127.0.0.0/8, ::1 and
/// fe80::/10 (RFC 1122, section 3.2.1.3; RFC 4291, sections 2.5.3 and 2.5.6). No other host reaches the first
/// two, and the last is a different network on every link. So `::/0` on a link means its other addresses.
const CONFINED: [IpNet; 3] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128)),
    IpNet::V6(Ipv6Net::new_assert(
        Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0),
        10,
    )),
];

/// Whether an address is outside of these networks, or inside of the same as a bindnetaddr without a
/// prefix.
pub(crate) fn may_match(bindnet: IpAddr, ip: IpAddr) -> bool {
    let mut confined = CONFINED.iter();
    confined.all(|net| !net.contains(&ip) || net.contains(&bindnet))
}

/// Those of these networks that `target` is not inside of, each as mask and address; `ip` is the address
/// of `target`.
fn hidden<A: Bits>(target: Target, ip: A) -> SmallVec<[(A, A); 2]> {
    let len = match target {
        Target::Address(_) => u8::MAX,
        Target::Network(net) => net.prefix_len(),
    };
    let hidden = CONFINED.iter().filter_map(|net| {
        let (mask, address) = (A::mask(net.prefix_len())?, A::from_ip(net.addr())?);
        let is_inside = len >= net.prefix_len() && ip & mask == address;
        (!is_inside).then_some((mask, address))
    });
    hidden.collect()
}
