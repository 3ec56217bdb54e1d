//! Renumbering: the same host with other addresses, for the law that numbers do not matter.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::rule::{Candidate, Selector};
use crate::snapshot::Address;
use crate::testing::strategies::hosts::Draft;

/// Networks whose addresses the rule or the kernel knows by their numbers.
const KEPT_V4: [(Ipv4Addr, u8); 4] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];
const KEPT_V6: [(Ipv6Addr, u8); 5] = [
    (Ipv6Addr::UNSPECIFIED, 128),
    (Ipv6Addr::LOCALHOST, 128),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8),
];

/// A map of the addresses of a host. Two addresses are in the same networks after it as before, and what is
/// asked, declared, remembered by the selector, or known by its number maps to itself.
pub(super) struct Renumbering {
    /// The bits that change, aligned to the right.
    flips: u128,
    kept: Vec<IpNet>,
    /// The longest prefix of a network of the host: IPv4, IPv6.
    longest: [u8; 2],
}

impl Renumbering {
    /// The map for a selector and a host; `flips` has the bits that change, if nothing keeps them. `None`
    /// if a mask with holes makes networks that leading bits do not tell.
    pub fn of(selector: &Selector, host: &Draft, flips: u128) -> Option<Self> {
        let net = |ip: IpAddr, len| IpNet::new(ip, len).unwrap_or(ip.into());
        let mut kept: Vec<IpNet> = KEPT_V4.map(|(ip, len)| net(ip.into(), len)).to_vec();
        kept.extend(KEPT_V6.map(|(ip, len)| net(ip.into(), len)));
        let bindnet = selector.bindnet();
        kept.extend(bindnet.networks());
        if bindnet.networks().is_empty() {
            kept.push(bindnet.ip().into());
        }
        kept.extend(selector.rules.declared.entries.keys());
        kept.extend(selector.previous.map(|previous| IpNet::from(previous.ip())));
        let mut longest = [0; 2];
        for address in &host.addresses {
            let len = address.netmask().prefix_len()?;
            let of_family = &mut longest[usize::from(address.ip().is_ipv6())];
            if !address.netmask().is_host() {
                *of_family = len.max(*of_family);
            }
        }
        Some(Self {
            flips,
            kept,
            longest,
        })
    }

    /// The new number of an address.
    pub fn ip(&self, ip: IpAddr) -> IpAddr {
        let longest = self.longest[usize::from(ip.is_ipv6())];
        let kept = self.kept.iter().map(|net| kept_bits(*net, ip)).max();
        let all = if ip.is_ipv4() {
            u32::MAX.into()
        } else {
            u128::MAX
        };
        let behind = |bits: u8| all_but(all, bits);
        // Within networks, all addresses that share these bits change in the same way.
        let host_part = behind(longest);
        let network = flipped(ip, self.flips & behind(kept.unwrap_or(0)) & !host_part);
        // Behind the longest prefix nothing but the kept networks tells addresses apart.
        let other = flipped(network, self.flips & host_part);
        let is_kept = |net: &IpNet| net.contains(&network) || net.contains(&other);
        let mut narrow = self.kept.iter().filter(|net| net.prefix_len() > longest);
        if narrow.any(is_kept) { network } else { other }
    }

    /// The host with new numbers.
    pub fn host(&self, host: &Draft) -> Draft {
        let addresses = host.addresses.iter();
        Draft {
            addresses: addresses
                .map(|old| self.address(old).unwrap_or(*old))
                .collect(),
            ..host.clone()
        }
    }

    fn address(&self, old: &Address) -> Option<Address> {
        let link = old.link_index();
        let new = Address::with_netmask(self.ip(old.ip()), old.netmask(), link.unwrap_or(0));
        let mut new = new.ok()?;
        if link.is_none() {
            new = new.on_unknown_link();
        }
        if let Some(peer) = old.peer() {
            new = new.with_peer(self.ip(peer)).ok()?;
        }
        Some(with_facts_of(old, new))
    }

    /// A row of a decision with its new number.
    pub fn row(&self, row: &Candidate) -> Candidate {
        Candidate {
            ip: self.ip(row.ip),
            local: self.ip(row.local),
            ..row.clone()
        }
    }
}

/// The leading bits of an address that must not change, so that a network and all that contain it keep
/// their addresses: those that it shares with the network, and the first one that differs.
fn kept_bits(net: IpNet, ip: IpAddr) -> u8 {
    let shared = match (net.addr(), ip) {
        (IpAddr::V4(net), IpAddr::V4(ip)) => (net.to_bits() ^ ip.to_bits()).leading_zeros(),
        (IpAddr::V6(net), IpAddr::V6(ip)) => (net.to_bits() ^ ip.to_bits()).leading_zeros(),
        _ => return 0,
    };
    let differs = u8::try_from(shared).unwrap_or(u8::MAX).saturating_add(1);
    differs.min(net.prefix_len())
}

/// All bits behind the first ones.
fn all_but(all: u128, first: u8) -> u128 {
    let width = 128 - all.leading_zeros();
    match width.checked_sub(first.into()) {
        Some(0) | None => 0,
        Some(left) => u128::MAX >> (128 - left),
    }
}

fn flipped(ip: IpAddr, flips: u128) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() ^ flips as u32).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() ^ flips).into(),
    }
}

/// An address with the facts of another: all but its number, mask, peer and link.
fn with_facts_of(other: &Address, address: Address) -> Address {
    let set = |address: Address, with: Option<Address>| with.unwrap_or(address);
    let address = set(
        address,
        other.label().map(|label| address.with_label(label)),
    );
    let address = set(
        address,
        other.scope().map(|scope| address.with_scope(scope)),
    );
    let address = set(
        address,
        other.flags().map(|flags| address.with_flags(flags)),
    );
    let address = set(
        address,
        other.protocol().map(|number| address.with_protocol(number)),
    );
    let address = set(
        address,
        other.valid_lft().map(|time| address.with_valid_lft(time)),
    );
    let address = set(
        address,
        other
            .preferred_lft()
            .map(|time| address.with_preferred_lft(time)),
    );
    set(
        address,
        other.created().map(|time| address.with_created(time)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Declared, parse_net};

    #[test]
    fn numbers_change_and_networks_do_not() {
        let nets = |text: &str| [parse_net(text).expect("a network")];
        let declared = Declared::default().floating(nets("192.0.2.64/26"));
        let declared = declared.and_then(|declared| declared.fixed(nets("192.0.2.7/32")));
        let selector = Selector::new("192.0.2.0".parse().expect("a bindnetaddr"));
        let selector = selector.declared(declared.expect("two lists"));
        let addresses = ["192.0.2.1/24", "fe80::1/64"].map(|net| net.parse().expect("a network"));
        let host = Draft {
            links: Vec::new(),
            addresses: addresses.map(|net| Address::new(net, 2)).to_vec(),
            about: Default::default(),
        };
        let map = Renumbering::of(&selector, &host, u128::MAX).expect("no holes");
        let rows = [
            // As it is asked and declared, and what would take the place of that.
            ("192.0.2.0", "192.0.2.0"),
            ("192.0.2.255", "192.0.2.255"),
            ("192.0.2.7", "192.0.2.7"),
            ("192.0.2.70", "192.0.2.70"),
            ("192.0.2.130", "192.0.2.130"),
            ("192.0.2.1", "192.0.2.254"),
            ("192.0.2.200", "192.0.2.55"),
            // All bits behind those that it shares with these.
            ("10.0.0.0", "13.255.255.255"),
            // What the rule knows by its number.
            ("127.0.0.1", "127.255.255.254"),
            ("169.254.7.1", "169.254.248.254"),
            ("::1", "::1"),
            ("fe80::1", "febf:ffff:ffff:ffff:ffff:ffff:ffff:fffe"),
        ];
        for (old, new) in rows {
            let old: IpAddr = old.parse().expect("an address");
            assert_eq!(map.ip(old).to_string(), new, "{old}");
            assert_eq!(map.ip(map.ip(old)), old);
        }
    }
}
