//! Step 1 of the rule: which addresses match a bindnetaddr, and how.

use std::net::IpAddr;

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
