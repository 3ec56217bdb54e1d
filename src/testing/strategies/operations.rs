//! Sequences of operations.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use proptest::collection::{SizeRange, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::model::{AddressRequest, LinkRequest, Operation};
use crate::snapshot::{AddressFlags, HardwareAddress, Lifetime, Link, Name, Scope, Snapshot};

/// The names, indexes and addresses that operations are drawn from. There are few of each, so that
/// operations meet what others made.
///
/// ```
/// use bindnet::model::{Host, Kernel};
/// use bindnet::testing::strategies::{Pool, operations};
/// use proptest::prelude::*;
///
/// proptest!(|(operations in operations(&Pool::default(), 0..30))| {
///     let mut host = Host::new(Kernel::default());
///     for operation in &operations {
///         let before = host.snapshot();
///         if host.apply(operation).is_err() {
///             prop_assert_eq!(host.snapshot(), before, "{}", operation);
///         }
///     }
/// });
/// ```
#[derive(Clone, Debug)]
pub struct Pool {
    links: Vec<Name>,
    indexes: Vec<u32>,
    v4: Vec<Ipv4Addr>,
    v6: Vec<Ipv6Addr>,
    /// What there is before any operation.
    here: Vec<AddressRequest>,
}

const LINKS: [&str; 8] = ["eth0", "far0", "eth1", "far1", "br0", "mv0", "mv1", "lo"];
/// In pairs of which one stands in the bucket of the other, where links are kept by hash.
const INDEXES: [u32; 16] = [
    2, 3, 4, 5, 6, 7, 8, 9, 258, 259, 260, 261, 514, 515, 600, 4000,
];
const V4: [&str; 20] = [
    "192.0.2.10",
    "192.0.2.11",
    "192.0.2.12",
    "192.0.2.13",
    "192.0.2.14",
    "192.0.2.20",
    "192.0.2.20",
    "192.0.2.20",
    "192.0.2.21",
    "192.0.2.22",
    "192.0.2.23",
    "192.0.2.24",
    "192.0.2.130",
    "192.0.3.10",
    "198.51.100.10",
    "198.51.100.11",
    "203.0.113.7",
    "127.0.0.1",
    "127.0.0.2",
    "0.0.0.0",
];
const V6: [&str; 11] = [
    "2001:db8::10",
    "2001:db8::11",
    "2001:db8::20",
    "2001:db8:0:1::10",
    "fd00::10",
    "fec0::10",
    "fe80::10",
    "fe80::11",
    "::1",
    "ff02::10",
    "::",
];
const LENS_V4: [u8; 14] = [24, 24, 24, 24, 24, 24, 24, 24, 24, 32, 25, 31, 16, 0];
const LENS_V6: [u8; 6] = [64, 64, 64, 128, 48, 0];
const PEERS_V4: [[u8; 4]; 3] = [[198, 51, 100, 1], [192, 0, 2, 10], [203, 0, 113, 1]];
const PEERS_V6: [[u16; 8]; 2] = [
    [0x2001, 0xdb8, 0, 0, 0, 0, 0, 1],
    [0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10],
];
/// What follows the name of a link in a label.
const LABELS: [&str; 6] = ["", ":vip", ":1", ":", "top", ":longer-vip"];
const SCOPES: [u8; 5] = [253, 254, 0, 77, 200];
/// As keepalived has it, and one of nobody.
const PROTOCOLS: [u8; 2] = [18, 200];
/// What a link cannot be called, or can only just.
const ODD_NAMES: [&str; 8] = [
    "a%b",
    "a:b",
    "a/b",
    "a b",
    "..",
    "fifteen-letters",
    "ten-long-x",
    "vip",
];

impl Default for Pool {
    /// From the networks that are kept for documentation.
    fn default() -> Self {
        let parsed = |texts: &[&str]| texts.iter().filter_map(|text| text.parse().ok()).collect();
        Self {
            links: parsed(&LINKS),
            indexes: INDEXES.to_vec(),
            v4: V4.iter().filter_map(|text| text.parse().ok()).collect(),
            v6: V6.iter().filter_map(|text| text.parse().ok()).collect(),
            here: Vec::new(),
        }
    }
}

impl Pool {
    /// With the links and addresses of a host, which operations then are mostly about.
    #[must_use]
    pub fn and_of(mut self, host: &Snapshot) -> Self {
        let links: Vec<Name> = host.links().iter().map(Link::name).collect();
        self.links.retain(|name| !links.contains(name));
        self.links.splice(0..0, links);
        self.indexes.extend(host.links().iter().map(Link::index));
        for address in host.addresses() {
            match address.ip() {
                IpAddr::V4(ip) => self.v4.push(ip),
                IpAddr::V6(ip) => self.v6.push(ip),
            }
            let link = host.link_of(&address).map(Link::name);
            self.here.extend(address.net().zip(link).map(|(net, link)| {
                let request = AddressRequest::new(net, link);
                match address.peer() {
                    Some(peer) => request.peer(peer),
                    None => request,
                }
            }));
        }
        self
    }
}

/// Sequences of operations, some of which are refused.
///
/// They shrink to few operations, and those to plain ones on the first link and address.
pub fn operations<S: Into<SizeRange>>(
    pool: &Pool,
    size: S,
) -> impl Strategy<Value = Vec<Operation>> + use<S> {
    let size = size.into();
    let aim = (0..10u8, any::<Index>(), proptest::bool::weighted(0.8));
    let drawn = |often| vec((operation(pool, often), aim.clone()), size.clone());
    let drawn = prop_oneof![drawn(4), drawn(16)];
    let mut likely = pool.links.clone();
    likely.truncate(5);
    let here = pool.here.clone();
    (select(likely), drawn).prop_map(move |(link, drawn)| aimed(here.clone(), link, drawn))
}

/// To what an operation is aimed: at what was done before, and at the link that most are about.
type Aim = (u8, Index, bool);

/// Most of what is done is done on one link. Most of what is deleted and replaced has been added
/// before, and some of what is added has been deleted.
fn aimed(
    mut here: Vec<AddressRequest>,
    link: Name,
    drawn: Vec<(Operation, Aim)>,
) -> Vec<Operation> {
    let mut gone: Vec<AddressRequest> = Vec::new();
    let aim = |(operation, (often, at, on_link)): (Operation, Aim)| {
        let moved = |other| if on_link { link } else { other };
        let fresh = |new: AddressRequest| if on_link { new.on(link) } else { new };
        match operation {
            Operation::AddAddress(new) => {
                let again = one_of(&gone, at, &new).filter(|_| often < 3);
                let new = again.unwrap_or_else(|| fresh(new));
                here.push(new.clone());
                Operation::AddAddress(new)
            }
            Operation::ReplaceAddress(new) => {
                let there = one_of(&here, at, &new).filter(|_| often < 8);
                Operation::ReplaceAddress(match there {
                    Some(there) => new.in_place_of(&there),
                    None => fresh(new),
                })
            }
            Operation::DeleteAddress(new) => {
                let there = one_of(&here, at, &new).filter(|_| often < 9);
                if let Some(there) = &there {
                    here.retain(|other| other != there);
                    gone.push(there.clone());
                }
                Operation::DeleteAddress(there.unwrap_or_else(|| fresh(new)))
            }
            Operation::LinkUp(link) => Operation::LinkUp(moved(link)),
            Operation::LinkDown(link) => Operation::LinkDown(moved(link)),
            Operation::PromoteSecondaries { link, on } => {
                let link = moved(link);
                Operation::PromoteSecondaries { link, on }
            }
            Operation::KeepAddressesOnDown { link, on } => {
                let link = moved(link);
                Operation::KeepAddressesOnDown { link, on }
            }
            other => other,
        }
    };
    drawn.into_iter().map(aim).collect()
}

/// One of these requests that is of the same family as a new one.
fn one_of(of: &[AddressRequest], at: Index, new: &AddressRequest) -> Option<AddressRequest> {
    let v4 = |request: &AddressRequest| request.net().addr().is_ipv4();
    let alike: Vec<_> = of.iter().filter(|other| v4(other) == v4(new)).collect();
    (!alike.is_empty()).then(|| (*at.get::<&AddressRequest>(&alike)).clone())
}

/// An operation, on addresses so many times as often as on links.
fn operation(pool: &Pool, often: u32) -> impl Strategy<Value = Operation> + use<> {
    let link = select(pool.links.clone());
    let keep = |(link, on)| Operation::KeepAddressesOnDown { link, on };
    let promote = |(link, on)| Operation::PromoteSecondaries { link, on };
    prop_oneof![
        8 * often => address(pool).prop_map(Operation::AddAddress),
        4 * often => address(pool).prop_map(Operation::DeleteAddress),
        2 * often => address(pool).prop_map(Operation::ReplaceAddress),
        7 => link.clone().prop_map(Operation::LinkUp),
        5 => link.clone().prop_map(Operation::LinkDown),
        5 => (link.clone(), name(pool)).prop_map(|(link, to)| Operation::RenameLink { link, to }),
        4 => (link.clone(), any::<bool>()).prop_map(promote),
        4 => (link.clone(), any::<bool>()).prop_map(keep),
        7 => new_link(pool).prop_map(Operation::AddLink),
        3 => link.prop_map(Operation::DeleteLink),
    ]
}

fn name(pool: &Pool) -> impl Strategy<Value = Name> + use<> {
    let odd = ODD_NAMES.iter().filter_map(|text| text.parse().ok());
    let odd: Vec<Name> = odd.collect();
    prop_oneof![4 => select(pool.links.clone()), 1 => select(odd)]
}

/// Every link has an index, and a hardware address for it, of its own.
fn new_link(pool: &Pool) -> impl Strategy<Value = LinkRequest> + use<> {
    let other = select(pool.links.clone());
    let indexes = (select(pool.indexes.clone()), select(pool.indexes.clone()));
    let words = (name(pool), other, indexes, 0..4, any::<bool>());
    words.prop_map(|(name, other, (index, peer_index), kind, mac)| {
        let request = match kind {
            0 | 1 => LinkRequest::veth(name, index, other, peer_index),
            2 => LinkRequest::bridge(name, index),
            _ => LinkRequest::macvlan(name, index, other),
        };
        let [a, b, c, d] = index.to_be_bytes();
        match HardwareAddress::from_bytes(&[2, 0, a, b, c, d]) {
            Ok(own) if mac => request.mac(own),
            _ => request,
        }
    })
}

fn address(pool: &Pool) -> impl Strategy<Value = AddressRequest> + use<> {
    let link = || select(pool.links.clone());
    let v4 = pool.v4.iter().copied().map(IpAddr::from);
    let v4 = select(v4.collect::<Vec<_>>());
    let v6 = pool.v6.iter().copied().map(IpAddr::from);
    let v6 = select(v6.collect::<Vec<_>>());
    prop_oneof![
        3 => (link(), v4, select(&LENS_V4), of_v4(link())).prop_map(request),
        1 => (link(), v6, select(&LENS_V6), of_v6()).prop_map(request),
    ]
}

/// What is not the address itself, which is for ever and of global scope without it.
#[derive(Clone, Debug, Default)]
struct Extra {
    peer: Option<IpAddr>,
    label: Option<(Name, &'static str)>,
    scope: Option<Scope>,
    flags: Option<AddressFlags>,
    protocol: Option<u8>,
    lifetimes: Option<(Lifetime, Lifetime)>,
}

fn of_v4(link: impl Strategy<Value = Name>) -> impl Strategy<Value = Extra> {
    let label = (link, select(&LABELS));
    let label = label.prop_map(|(link, label)| (link, label));
    let noprefixroute = Just(AddressFlags::NOPREFIXROUTE);
    let drawn = (
        weighted(0.08, select(&PEERS_V4)),
        weighted(0.3, label),
        weighted(0.15, select(&SCOPES)),
        weighted(0.06, noprefixroute),
        weighted(0.08, select(&PROTOCOLS)),
        weighted(0.2, lifetimes()),
    );
    drawn.prop_map(|(peer, label, scope, flags, protocol, lifetimes)| Extra {
        peer: peer.map(|peer| Ipv4Addr::from(peer).into()),
        label,
        scope: scope.map(Scope::new),
        flags,
        protocol,
        lifetimes,
    })
}

fn of_v6() -> impl Strategy<Value = Extra> {
    let flags = [
        AddressFlags::NODAD,
        AddressFlags::NODAD | AddressFlags::HOMEADDRESS,
        AddressFlags::NOPREFIXROUTE,
    ];
    let drawn = (
        weighted(0.12, select(&PEERS_V6)),
        weighted(0.3, select(flags.to_vec())),
        weighted(0.08, select(&PROTOCOLS)),
        weighted(0.2, lifetimes()),
    );
    drawn.prop_map(|(peer, flags, protocol, lifetimes)| Extra {
        peer: peer.map(|peer| Ipv6Addr::from(peer).into()),
        flags,
        protocol,
        lifetimes,
        ..Extra::default()
    })
}

/// Valid and preferred; the kernel refuses those that are not in order. None runs out in a test.
fn lifetimes() -> impl Strategy<Value = (Lifetime, Lifetime)> {
    let one = || {
        select(vec![
            Lifetime::Forever,
            Lifetime::Seconds(5000),
            Lifetime::Seconds(9000),
            Lifetime::Seconds(0),
        ])
    };
    (one(), one())
}

fn request((link, ip, len, extra): (Name, IpAddr, u8, Extra)) -> AddressRequest {
    let net = IpNet::new(ip, len).unwrap_or(IpNet::from(ip));
    let mut request = AddressRequest::new(net, link);
    // `ip` takes the other end with /0 for one without a prefix length.
    if let Some(peer) = extra.peer.filter(|_| len > 0) {
        request = request.peer(peer);
    }
    if let Some((name, tail)) = extra.label {
        let label = [name.as_bytes(), tail.as_bytes()].concat();
        request = match Name::from_bytes(&label) {
            Ok(label) => request.label(label),
            Err(_) => request,
        };
    }
    if let Some(scope) = extra.scope {
        request = request.scope(scope);
    }
    if let Some(flags) = extra.flags {
        request = request.flags(flags);
    }
    if let Some(protocol) = extra.protocol {
        request = request.protocol(protocol);
    }
    match extra.lifetimes {
        Some((valid, preferred)) => request.lifetimes(valid, preferred),
        None => request,
    }
}
