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
    target: &Target,
    table: &Table<A>,
    ip: A,
    mut found: impl FnMut(usize, Match),
) {
    let nets = &table.nets;
    let hidden = hidden(target);
    let is_hidden = |address: A| hidden.iter().any(|(mask, net)| address & *mask == *net);
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
            if !is_hidden(address) {
                found(at, matched);
            }
        }),
        // Under the mask that the operator wrote; that of a /32 or /128 leaves one address.
        Target::Network(net) => {
            let (mask, _) = bits(net);
            nets.one_mask(mask, ip, |at| {
                let address = || nets.get(at).map(|(address, _)| address);
                if hidden.is_empty() || !address().is_some_and(is_hidden) {
                    found(at, matched_by(net));
                }
            });
        }
        // The same of each of several. An address is found once.
        Target::Networks { all, .. } => {
            let masks: SmallVec<[(A, A); BindnetAddr::MAX_NETWORKS]> =
                all.iter().map(bits).collect();
            nets.any_mask(&masks, |at| {
                let Some((address, _)) = nets.get(at) else {
                    return;
                };
                let address = address.to_ip();
                let matches = |net: &&IpNet| net.contains(&address) && may_match(net, address);
                let matched = all.iter().filter(matches).map(matched_by);
                if let Some(matched) = matched.max_by_key(|matched| *matched == Match::Exact) {
                    found(at, matched);
                }
            });
        }
    }
}

/// How an address inside a network matches it.
fn matched_by(net: &IpNet) -> Match {
    if net.prefix_len() == net.max_prefix_len() {
        Match::Exact
    } else {
        Match::Network
    }
}

/// The mask and the address of a network, which is of this family.
fn bits<A: Bits>(net: &IpNet) -> (A, A) {
    let mask = A::mask(net.prefix_len()).unwrap_or(A::ZERO);
    (mask, A::from_ip(net.addr()).unwrap_or(A::ZERO))
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

/// Whether an address is outside of these networks, or inside of the same as the network that is asked
/// for.
pub(crate) fn may_match(asked: &IpNet, ip: IpAddr) -> bool {
    let mut confined = CONFINED.iter();
    confined.all(|net| !net.contains(&ip) || net.contains(asked))
}

/// Those of these networks that hide some of what a target has in common with them, each as mask and
/// address. A list has none here: each of its networks hides others.
fn hidden<A: Bits>(target: &Target) -> SmallVec<[(A, A); 2]> {
    let hides = |net: &&IpNet| match target {
        Target::Address(ip) => !net.contains(ip),
        Target::Network(asked) => asked.contains(*net) && asked != *net,
        Target::Networks { .. } => false,
    };
    let hidden = CONFINED.iter().filter(hides).filter_map(|net| {
        let address = A::from_ip(net.addr())?;
        Some((A::mask(net.prefix_len())?, address))
    });
    hidden.collect()
}
