//! Bindnetaddrs that hit, nearly hit and miss a host.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::hosts::{V4, V6};
use crate::rule::bindnetaddr::{BindnetAddr, Target, Zone};
use crate::snapshot::{Address, Link, Snapshot};

/// IPv4 addresses that are on no host of [`hosts::host`](super::hosts::host).
pub const ELSEWHERE_V4: [Ipv4Addr; 4] = [
    Ipv4Addr::new(192, 0, 2, 99),
    Ipv4Addr::new(192, 0, 2, 128),
    Ipv4Addr::new(198, 51, 100, 0),
    Ipv4Addr::new(203, 0, 113, 0),
];

/// IPv6 addresses that are on no host of [`hosts::host`](super::hosts::host).
pub const ELSEWHERE_V6: [Ipv6Addr; 4] = [
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x99),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 0),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 2, 0, 0, 0, 0),
];

/// The form in which a bindnetaddr names an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aim {
    /// By itself: `192.0.2.10`.
    Exact,
    /// By its network: `192.0.2.0`.
    Network,
    /// By a neighbour that is not there: `192.0.2.99`.
    SameNetwork,
    /// By its network with the prefix: `192.0.2.0/24`.
    Prefix,
    /// By itself with the prefix of one host: `192.0.2.10/32`.
    Host,
    /// By its network on its link (IPv6): `fe80::%eth0`.
    Zone,
    /// By the network beside its own, which is a near miss: `192.0.3.0/24`.
    Beside,
    /// By the network beside its own and its own: `192.0.3.0/24,192.0.2.0/24`.
    Networks,
}

/// The ways of naming an address, the usual ones more often.
const AIMS: [Aim; 13] = [
    Aim::Exact,
    Aim::Network,
    Aim::Network,
    Aim::Network,
    Aim::SameNetwork,
    Aim::Prefix,
    Aim::Prefix,
    Aim::Prefix,
    Aim::Host,
    Aim::Zone,
    Aim::Beside,
    Aim::Networks,
    Aim::Networks,
];

impl Aim {
    /// The bindnetaddr that names an address of a host so.
    ///
    /// ```
    /// use bindnet::testing::strategies::bindnets::Aim;
    /// use bindnet::{Address, Link};
    ///
    /// let links = [Link::new(2, "eth0".parse()?)];
    /// let address = Address::new("192.0.2.10/24".parse()?, 2);
    /// let named = |aim: Aim| aim.at(&address, &links).to_string();
    /// assert_eq!(named(Aim::Network), "192.0.2.0");
    /// assert_eq!(named(Aim::Prefix), "192.0.2.0/24");
    /// assert_eq!(named(Aim::SameNetwork), "192.0.2.99");
    /// assert_eq!(named(Aim::Beside), "192.0.3.0/24");
    /// assert_eq!(named(Aim::Networks), "192.0.3.0/24,192.0.2.0/24");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn at(self, address: &Address, links: &[Link]) -> BindnetAddr {
        let ip = address.ip();
        let network = address.netmask().network(ip).unwrap_or(ip);
        let (wide, all) = if ip.is_ipv4() { (24, 32) } else { (64, 128) };
        let net = address.net().filter(|net| net.prefix_len() + 2 <= all);
        let net = net.or(IpNet::new(ip, wide).ok()).map(|net| net.trunc());
        match self {
            Self::Exact => of_address(ip, None),
            Self::Network => of_address(network, None),
            Self::SameNetwork => of_address(neighbour(ip, network, address), None),
            Self::Prefix => of_networks(vec![net.unwrap_or(ip.into())]),
            Self::Host => of_networks(vec![ip.into()]),
            Self::Zone => of_address(network, zone(address, links).filter(|_| all == 128)),
            Self::Beside => of_networks(vec![beside(net.unwrap_or(ip.into()))]),
            Self::Networks => {
                let net = net.unwrap_or(ip.into());
                of_networks(vec![beside(net), net])
            }
        }
    }
}

/// Any way of naming an address.
pub fn aim() -> impl Strategy<Value = Aim> {
    select(&AIMS[..])
}

/// Bindnetaddrs of a host: most name one of its addresses, some the network beside it, some the networks
/// of two addresses, some nothing that is there.
///
/// ```
/// use bindnet::testing::strategies::{bindnets, hosts};
/// use bindnet::{Selector, Verdict};
/// use proptest::prelude::*;
///
/// let case = hosts::host().prop_flat_map(|host| {
///     let host = host.snapshot();
///     (bindnets::of(&host), Just(host))
/// });
/// proptest!(|((bindnet, host) in case)| {
///     let decision = Selector::new(bindnet).decide(&host);
///     prop_assert!(decision.chosen().is_none_or(|c| c.verdict() == Verdict::Chosen));
/// });
/// ```
pub fn of(host: &Snapshot) -> impl Strategy<Value = BindnetAddr> + use<> {
    let (links, addresses): (Vec<Link>, Vec<Address>) =
        (host.links().to_vec(), host.addresses().collect());
    (
        (any::<Index>(), aim()),
        weighted(0.2, (any::<Index>(), aim())),
        prop::bool::weighted(0.1),
        elsewhere(),
    )
        .prop_map(move |((index, aim), other, misses, elsewhere)| {
            if addresses.is_empty() || misses {
                return elsewhere;
            }
            let at = |aim: Aim, index: Index| aim.at(index.get(&addresses), &links);
            let one = at(aim, index);
            match other.map(|(index, aim)| at(aim, index)) {
                Some(other) => both(&one, &other).unwrap_or(one),
                None => one,
            }
        })
}

/// Bindnetaddrs without a prefix that name an address of [`hosts::host`](super::hosts::host), or
/// none.
pub fn elsewhere() -> impl Strategy<Value = BindnetAddr> {
    let mut ips: Vec<IpAddr> = ELSEWHERE_V4.map(IpAddr::from).to_vec();
    ips.extend(ELSEWHERE_V6.map(IpAddr::from));
    ips.extend(V4.map(IpAddr::from));
    ips.extend(V6.map(IpAddr::from));
    select(ips).prop_map(|ip| of_address(ip, None))
}

/// A different address of the same network, if it has one.
fn neighbour(ip: IpAddr, network: IpAddr, address: &Address) -> IpAddr {
    match (ip, network, address.netmask().to_ip()) {
        (IpAddr::V4(_), IpAddr::V4(network), IpAddr::V4(mask)) => {
            Ipv4Addr::from_bits(network.to_bits() | 99 & !mask.to_bits()).into()
        }
        (IpAddr::V6(_), IpAddr::V6(network), IpAddr::V6(mask)) => {
            Ipv6Addr::from_bits(network.to_bits() | 0x99 & !mask.to_bits()).into()
        }
        _ => ip,
    }
}

/// The neighbour of a network: the last bit of its prefix is inverted.
fn beside(net: IpNet) -> IpNet {
    let len = u32::from(net.prefix_len());
    let ip: IpAddr = match net.addr() {
        IpAddr::V4(ip) => {
            let bit = 1_u32.checked_shl(32 - len).unwrap_or(0);
            Ipv4Addr::from_bits(ip.to_bits() ^ bit).into()
        }
        IpAddr::V6(ip) => {
            let bit = 1_u128.checked_shl(128 - len).unwrap_or(0);
            Ipv6Addr::from_bits(ip.to_bits() ^ bit).into()
        }
    };
    IpNet::new(ip, net.prefix_len()).unwrap_or(net)
}

fn zone(address: &Address, links: &[Link]) -> Option<Zone> {
    let link = links
        .iter()
        .find(|link| Some(link.index()) == address.link_index())?;
    // What is too long for its own name is no other link's.
    let long = link.alt_names().find(|name| name.name().is_none());
    Some(long.map_or(Zone::from(link.name()), Zone::from))
}

/// The networks of two bindnetaddrs, if both have prefixes, are of one family and name no link.
fn both(one: &BindnetAddr, other: &BindnetAddr) -> Option<BindnetAddr> {
    let has_networks = |b: &&BindnetAddr| !b.networks().is_empty() && b.zone().is_none();
    let are_lists = [one, other].iter().all(has_networks);
    let is_one_family = one.ip().is_ipv4() == other.ip().is_ipv4();
    let nets = [one.networks(), other.networks()].concat();
    (are_lists && is_one_family).then(|| of_networks(nets))
}

/// An address without a prefix; the text of an IPv4-mapped one would be refused. The unspecified address
/// is the whole family.
fn of_address(ip: IpAddr, zone: Option<Zone>) -> BindnetAddr {
    let target = if ip.is_unspecified() {
        Target::Network(IpNet::new(ip, 0).unwrap_or(ip.into()))
    } else {
        Target::Address(ip)
    };
    BindnetAddr { target, zone }
}

/// Networks with their prefixes; their texts have no host bits.
fn of_networks(mut nets: Vec<IpNet>) -> BindnetAddr {
    nets.iter_mut().for_each(|net| *net = net.trunc());
    let target = match nets.as_slice() {
        [net] => Target::Network(*net),
        [first, ..] => Target::Networks {
            first: *first,
            all: nets.into(),
        },
        [] => Target::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    };
    BindnetAddr { target, zone: None }
}
