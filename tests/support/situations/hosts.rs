//! Hosts that are plain but for a few situations, each of which the rule has a clause for.

use std::net::IpAddr;

use bindnet::snapshot::{
    About, AddressFlags, Consistency, Lifetime, LinkFlags, Netmask, Scope, Source,
};
use bindnet::testing::strategies::hosts::Draft;
use bindnet::{Address, Link};
use ipnet::IpNet;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

pub const V4: [&str; 8] = [
    "192.0.2.10",
    "192.0.2.20",
    "192.0.2.11",
    "192.0.2.30",
    "192.0.2.40",
    "192.0.2.200",
    "192.0.2.50",
    "198.51.100.10",
];
pub const V6: [&str; 8] = [
    "2001:db8::1",
    "2001:db8::2",
    "2001:db8::3",
    "2001:db8::4",
    "2001:db8::5",
    "2001:db8::6",
    "2001:db8:0:1::1",
    "fe80::1",
];
pub const LINKS: [&str; 4] = ["lo", "eth0", "eth1", "br0"];
/// The alternative names of links by their indexes; one is the index of another link.
pub const ALT_NAMES: [(u32, &str); 2] = [(2, "enp0s3"), (3, "2")];

/// Something that is done to an address of a host, or to its link.
#[derive(Clone, Copy, Debug)]
enum Situation {
    Flags(u32),
    /// A lifetime, and these flags.
    Lease(u32),
    HostPrefix(u32),
    /// The mask has one bit more or less.
    Mask(bool),
    Peer,
    Scope(Scope),
    Label,
    Protocol,
    /// Nothing is known but address, mask and link.
    Unknown,
    /// It is on another link, too.
    Twin,
    /// Its link gets a master of this kind, which has the address, too.
    Port(Option<&'static str>),
    Vrrp(&'static str, Option<&'static str>),
    LinkFlags(LinkFlags),
    /// A loopback address comes to its link.
    Loopback,
}

fn situation() -> impl Strategy<Value = Situation> {
    let permanent = AddressFlags::PERMANENT.bits();
    let nodad = AddressFlags::NODAD.bits();
    let deprecated = AddressFlags::DEPRECATED.bits();
    let tentative = AddressFlags::TENTATIVE.bits();
    let secondary = AddressFlags::SECONDARY.bits();
    let flags = [
        permanent | tentative,
        permanent | tentative,
        permanent | tentative | AddressFlags::OPTIMISTIC.bits(),
        permanent | tentative | AddressFlags::DADFAILED.bits(),
        permanent | AddressFlags::DADFAILED.bits(),
        permanent | nodad,
        permanent | deprecated,
        permanent | deprecated,
        permanent | secondary,
        permanent | secondary,
        deprecated,
        deprecated,
        0,
    ];
    let leases = [0, 0, 0, secondary, deprecated, tentative];
    let hosts = [
        permanent,
        permanent,
        permanent | nodad,
        permanent | nodad,
        permanent | nodad | deprecated,
        permanent | deprecated,
        permanent | tentative,
        nodad,
    ];
    let kinds = [
        Some("bridge"),
        Some("bond"),
        Some("team"),
        Some("openvswitch"),
        Some("vrf"),
        None,
    ];
    let macs = ["00:00:5e:00:01:33", "00:00:5e:00:02:33"];
    let wearers = [Some("macvlan"), Some("macvlan"), None, Some("veth")];
    let up = LinkFlags::UP;
    let link_flags = [
        up,
        up,
        up | LinkFlags::LOWER_UP,
        LinkFlags::BROADCAST,
        LinkFlags::BROADCAST,
        LinkFlags::BROADCAST,
        LinkFlags::BROADCAST,
        up | LinkFlags::LOOPBACK,
    ];
    prop_oneof![
        8 => select(flags.to_vec()).prop_map(Situation::Flags),
        4 => select(leases.to_vec()).prop_map(Situation::Lease),
        6 => select(hosts.to_vec()).prop_map(Situation::HostPrefix),
        1 => any::<bool>().prop_map(Situation::Mask),
        1 => Just(Situation::Peer),
        1 => select(vec![Scope::HOST, Scope::LINK]).prop_map(Situation::Scope),
        4 => Just(Situation::Label),
        1 => Just(Situation::Protocol),
        1 => Just(Situation::Unknown),
        2 => Just(Situation::Twin),
        4 => select(kinds.to_vec()).prop_map(Situation::Port),
        1 => (select(macs.to_vec()), select(wearers.to_vec()))
            .prop_map(|(mac, kind)| Situation::Vrrp(mac, kind)),
        5 => select(link_flags.to_vec()).prop_map(Situation::LinkFlags),
        1 => Just(Situation::Loopback),
    ]
}

/// A plain address on one of three links.
fn address() -> impl Strategy<Value = (bool, Index, u32)> {
    let link = prop_oneof![10 => Just(2), 8 => Just(3), 2 => Just(4), 1 => Just(1)];
    (prop::bool::weighted(0.95), any::<Index>(), link)
}

pub fn host() -> impl Strategy<Value = Draft> {
    let addresses = vec(address(), 1..7);
    let situations = vec((any::<Index>(), situation()), 0..5);
    let about = (
        prop::bool::weighted(0.1),
        select(vec![None, Some(Source::Netlink)]),
    );
    (any::<bool>(), addresses, situations, about).prop_map(
        |(v4, addresses, situations, (interrupted, source))| {
            let mut links: Vec<Link> = (1..).zip(LINKS).map(link).collect();
            links[0] = links[0].clone().with_flags(running() | LinkFlags::LOOPBACK);
            let place = |(usual, ip, link): (bool, Index, u32)| {
                let pool = if usual == v4 { V4 } else { V6 };
                plain(ip.get(&pool[..]).parse().unwrap(), link)
            };
            let mut host = Draft {
                links,
                addresses: addresses.into_iter().map(place).collect(),
                about: About::default(),
            };
            host.addresses.sort_by_key(|address| address.ip().is_ipv6());
            host.about.source = source;
            if interrupted {
                host.about.consistency = Some(Consistency::Interrupted);
            }
            for (index, situation) in situations {
                let at = index.index(host.addresses.len());
                put(situation, &mut host, at);
            }
            host.addresses.sort_by_key(|address| address.ip().is_ipv6());
            host
        },
    )
}

fn running() -> LinkFlags {
    LinkFlags::UP | LinkFlags::RUNNING | LinkFlags::LOWER_UP
}

fn link((index, name): (u32, &str)) -> Link {
    let link = Link::new(index, name.parse().unwrap()).with_flags(running());
    let alt_names = ALT_NAMES.iter().filter(|(of, _)| *of == index);
    alt_names.fold(link, |link, (_, name)| {
        link.with_alt_name(name.parse().unwrap())
    })
}

pub fn usual_len(ip: IpAddr) -> u8 {
    match ip {
        IpAddr::V4(ip) if ip.is_loopback() => 8,
        IpAddr::V4(_) => 24,
        IpAddr::V6(ip) if ip.is_loopback() => 128,
        IpAddr::V6(_) => 64,
    }
}

fn plain(ip: IpAddr, link: u32) -> Address {
    with_flags(
        Address::new(IpNet::new(ip, usual_len(ip)).unwrap(), link),
        AddressFlags::PERMANENT.bits(),
    )
}

fn with_flags(address: Address, flags: u32) -> Address {
    let lifetime = address.valid_lft().unwrap_or(Lifetime::Forever);
    let scope = if address.is_link_local() {
        Scope::LINK
    } else {
        Scope::GLOBAL
    };
    address
        .with_scope(address.scope().unwrap_or(scope))
        .with_flags(AddressFlags::from_bits(flags))
        .with_valid_lft(lifetime)
        .with_preferred_lft(lifetime)
}

/// The same address under another mask.
fn masked(address: &Address, len: u8) -> Address {
    let link = address.link_index().unwrap();
    let mask = Netmask::from_ip(IpNet::new(address.ip(), len).unwrap().netmask());
    let new = Address::with_netmask(address.ip(), mask, link).unwrap();
    with_flags(new, address.flags().unwrap_or_default().bits())
}

fn put(situation: Situation, host: &mut Draft, at: usize) {
    let address = host.addresses[at];
    let ip = address.ip();
    let index = address.link_index().unwrap();
    let link = host.links[index as usize - 1].clone();
    let other = if index == 3 { 2 } else { 3 };
    match situation {
        Situation::Flags(flags) => host.addresses[at] = with_flags(address, flags),
        Situation::Lease(flags) => {
            let lease = address.with_valid_lft(Lifetime::Seconds(3600));
            host.addresses[at] = with_flags(lease, flags);
        }
        Situation::HostPrefix(flags) => {
            let len = if ip.is_ipv4() { 32 } else { 128 };
            host.addresses[at] = with_flags(masked(&address, len), flags);
        }
        Situation::Mask(longer) => {
            let len = usual_len(ip);
            let len = if longer { len.min(120) + 1 } else { len - 1 };
            host.addresses[at] = masked(&address, len.min(if ip.is_ipv4() { 32 } else { 128 }));
        }
        Situation::Peer => {
            let peer = if ip.is_ipv4() {
                "192.0.2.99"
            } else {
                "2001:db8::99"
            };
            host.addresses[at] = address.with_peer(peer.parse().unwrap()).unwrap();
        }
        Situation::Scope(scope) => host.addresses[at] = address.with_scope(scope),
        Situation::Label => host.addresses[at] = address.with_label("eth0:vip".parse().unwrap()),
        Situation::Protocol => host.addresses[at] = address.with_protocol(18),
        Situation::Unknown => {
            host.addresses[at] = Address::with_netmask(ip, address.netmask(), index).unwrap();
        }
        Situation::Twin => host.addresses.push(plain(ip, other)),
        Situation::Port(kind) => {
            set(host, link.with_master(other));
            if let Some(kind) = kind {
                let master = host.links[other as usize - 1].clone();
                set(host, master.with_kind(kind));
            }
            host.addresses.push(plain(ip, other));
        }
        Situation::Vrrp(mac, kind) => {
            let link = link.with_mac(mac.parse().unwrap());
            let link = match kind {
                Some(kind) => link.with_kind(kind),
                None => link,
            };
            set(host, link);
        }
        Situation::LinkFlags(flags) => set(host, link.with_flags(flags)),
        Situation::Loopback => {
            let ip = if ip.is_ipv4() { "127.0.0.2" } else { "::1" };
            host.addresses.push(plain(ip.parse().unwrap(), index));
        }
    }
}

/// Puts a link in place of the one with its index.
fn set(host: &mut Draft, link: Link) {
    let at = link.index() as usize - 1;
    host.links[at] = link;
}
