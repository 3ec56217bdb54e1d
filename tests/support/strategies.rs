//! Strategies for hosts. Everything is drawn from small pools, so that addresses collide and share
//! networks all the time.

use std::net::IpAddr;

use bindnet::{
    About, Address, AddressFlags, Consistency, HardwareAddress, Lifetime, Link, LinkFlags, Name,
    Netmask, Scope, Snapshot, Source,
};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

/// A host whose addresses can be added to, removed and moved.
#[derive(Clone)]
pub struct Host {
    pub links: Vec<Link>,
    pub addresses: Vec<Address>,
    pub about: About,
}

impl Host {
    pub fn snapshot(&self) -> Snapshot {
        let snapshot = Snapshot::new(self.links.clone(), self.addresses.clone());
        snapshot.unwrap().with_about(self.about.clone())
    }
}

impl std::fmt::Debug for Host {
    /// As JSON, which replays a finding at a desk.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.snapshot().to_json())
    }
}

pub const V4: [&str; 10] = [
    "192.0.2.0",
    "192.0.2.10",
    "192.0.2.10",
    "192.0.2.20",
    "192.0.2.11",
    "192.0.2.20",
    "192.0.2.130",
    "198.51.100.10",
    "198.51.101.10",
    "127.0.0.1",
];
pub const V6: [&str; 12] = [
    "2001:db8::",
    "2001:db8::1",
    "2001:db8::1",
    "2001:db8::2",
    "2001:db8::2",
    "2001:db8::3",
    "2001:db8:0:1::1",
    "fe80::1",
    "fe80::1",
    "fe80::1",
    "fe80::2",
    "::1",
];
const V4_MASKS: [&str; 7] = [
    "255.255.255.128",
    "255.255.254.0",
    "255.0.0.0",
    "255.255.255.254",
    "0.0.0.0",
    "255.0.255.0",
    "255.255.0.255",
];
const V6_MASKS: [&str; 6] = [
    "ffff:ffff:ffff::",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe",
    "ffff:ffff:ffff:ffff:ffff:ffff:ffff:0",
    "::",
    "ffff::ffff",
    "ffff:ffff:0:ffff::",
];
/// Names of links by their index from 1; the fourth has the index of another for its name.
pub const LINKS: [&str; 5] = ["lo", "eth0", "eth1", "2", r"e\x1b\xff"];

/// A host with a few links and up to nine addresses.
pub fn host() -> impl Strategy<Value = Host> {
    let links = LINKS.map(|name| (name, link_facts()));
    let present = subsequence((1..=5).collect::<Vec<u32>>(), 1..=3);
    let made = links.map(|(name, facts)| (Just(name), facts));
    (present, made, vec(loose_address(), 0..9), about()).prop_map(
        |(present, made, loose, about)| {
            let mut links = Vec::new();
            for index in present {
                let (name, facts) = &made[index as usize - 1];
                links.push(link(index, name, facts));
            }
            let mut addresses: Vec<_> = loose.into_iter().map(|l| l.on(&links)).collect();
            addresses.sort_by_key(|address| address.ip().is_ipv6());
            Host {
                links,
                addresses,
                about,
            }
        },
    )
}

/// An address that is not yet on a link of a host.
#[derive(Clone, Debug)]
pub struct Loose {
    ip: IpAddr,
    mask: IpAddr,
    peer: Option<IpAddr>,
    facts: AddressFacts,
    link: Option<Index>,
}

impl Loose {
    pub fn on(&self, links: &[Link]) -> Address {
        let index = self.link.map(|link| link.get(links).index());
        let mask = Netmask::from_ip(self.mask);
        let mut address = Address::with_netmask(self.ip, mask, index.unwrap_or(0)).unwrap();
        if index.is_none() {
            address = address.on_unknown_link();
        }
        if let Some(peer) = self.peer {
            address = address.with_peer(peer).unwrap();
        }
        let (label, scope, flags, protocol, valid, preferred) = self.facts;
        if let Some(label) = label.filter(|_| self.ip.is_ipv4()) {
            address = address.with_label(label.parse().unwrap());
        }
        if let Some(scope) = scope {
            address = address.with_scope(scope);
        }
        if let Some(flags) = flags {
            address = address.with_flags(flags);
        }
        if let Some(protocol) = protocol {
            address = address.with_protocol(protocol);
        }
        if let Some(lifetime) = valid {
            address = address.with_valid_lft(lifetime);
        }
        if let Some(lifetime) = preferred {
            address = address.with_preferred_lft(lifetime);
        }
        address
    }
}

/// An address for any link.
pub fn loose_address() -> impl Strategy<Value = Loose> {
    let place = prop_oneof![
        (pool(&V4), v4_mask(), weighted(0.1, pool(&V4))),
        (pool(&V6), v6_mask(), weighted(0.1, pool(&V6))),
    ];
    let link = weighted(0.97, any::<Index>());
    (place, address_facts(), link).prop_map(|((ip, mask, peer), facts, link)| Loose {
        ip,
        mask,
        peer,
        facts,
        link,
    })
}

type AddressFacts = (
    Option<&'static str>,
    Option<Scope>,
    Option<AddressFlags>,
    Option<u8>,
    Option<Lifetime>,
    Option<Lifetime>,
);

/// Half of the addresses are plain ones, so that several are left to choose from.
fn address_facts() -> impl Strategy<Value = AddressFacts> {
    let permanent = AddressFlags::PERMANENT;
    let (global, forever) = (Some(Scope::GLOBAL), Some(Lifetime::Forever));
    let plain = (None, global, Some(permanent), None, forever, forever);
    let label = select(vec!["eth0", "eth0:vip", "zz:top", "eth1", r"\xff:\x0a"]);
    let noisy = (
        weighted(0.4, label),
        weighted(0.85, scope()),
        weighted(0.85, address_flags()),
        weighted(0.3, select(vec![0, 2, 5, 18])),
        weighted(0.8, lifetime()),
        weighted(0.8, lifetime()),
    );
    prop_oneof![Just(plain), noisy]
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

pub fn pool(pool: &[&str]) -> impl Strategy<Value = IpAddr> + use<> {
    select(pool.iter().map(|text| ip(text)).collect::<Vec<_>>())
}

fn v4_mask() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        7 => Just(ip("255.255.255.0")),
        2 => Just(ip("255.255.255.255")),
        2 => pool(&V4_MASKS),
    ]
}

fn v6_mask() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        7 => Just(ip("ffff:ffff:ffff:ffff::")),
        2 => Just(ip("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")),
        2 => pool(&V6_MASKS),
    ]
}

fn scope() -> impl Strategy<Value = Scope> {
    prop_oneof![
        6 => Just(Scope::GLOBAL),
        1 => Just(Scope::LINK),
        1 => Just(Scope::HOST),
        1 => Just(Scope::SITE),
        1 => Just(Scope::new(77)),
    ]
}

fn lifetime() -> impl Strategy<Value = Lifetime> {
    prop_oneof![2 => Just(Lifetime::Forever), 1 => Just(Lifetime::Seconds(3600))]
}

fn address_flags() -> impl Strategy<Value = AddressFlags> {
    let bit = |flag: AddressFlags, likely: f64| {
        prop::bool::weighted(likely).prop_map(move |on| if on { flag.bits() } else { 0 })
    };
    let bits = (
        bit(AddressFlags::PERMANENT, 0.7),
        bit(AddressFlags::SECONDARY, 0.25),
        bit(AddressFlags::DEPRECATED, 0.15),
        bit(AddressFlags::TENTATIVE, 0.1),
        bit(AddressFlags::OPTIMISTIC, 0.1),
        bit(AddressFlags::DADFAILED, 0.05),
        bit(AddressFlags::from_bits(0x8000_0200), 0.05),
    );
    bits.prop_map(|(a, b, c, d, e, f, g)| AddressFlags::from_bits(a | b | c | d | e | f | g))
}

type LinkFacts = (Option<LinkFlags>, Option<&'static str>, Option<(u16, u32)>);

fn link_facts() -> impl Strategy<Value = LinkFacts> {
    let up = LinkFlags::UP | LinkFlags::LOWER_UP;
    let flags = prop_oneof![
        6 => Just(up | LinkFlags::RUNNING),
        1 => Just(up),
        2 => Just(LinkFlags::BROADCAST),
    ];
    let mac = prop_oneof![
        8 => Just("02:00:00:00:00:01"),
        1 => Just("00:00:5e:00:01:33"),
        1 => Just("00:00:5e:00:02:33"),
        1 => Just("00:00:5e:00:03:33"),
        1 => Just("00:00:5e:00:01:33:00"),
    ];
    let hardware_type_and_changes = (select(vec![Link::ETHERNET, 772, 65534]), any::<u32>());
    (
        weighted(0.85, flags),
        weighted(0.8, mac),
        weighted(0.5, hardware_type_and_changes),
    )
}

fn link(index: u32, name: &str, (flags, mac, carrier): &LinkFacts) -> Link {
    let mut link = Link::new(index, name.parse::<Name>().unwrap());
    if let Some(flags) = *flags {
        let loopback = if name == "lo" {
            LinkFlags::LOOPBACK
        } else {
            flags
        };
        link = link.with_flags(flags | loopback);
    }
    if let Some((hardware_type, changes)) = *carrier {
        link = link
            .with_hardware_type(hardware_type)
            .with_carrier_changes(changes);
    }
    match mac {
        Some(mac) if name != "lo" => link.with_mac(mac.parse::<HardwareAddress>().unwrap()),
        _ => link,
    }
}

fn about() -> impl Strategy<Value = About> {
    let sources = vec![Source::Netlink, Source::Getifaddrs, Source::IpJson];
    let consistency = prop_oneof![
        3 => Just(Consistency::Consistent),
        1 => Just(Consistency::Interrupted),
    ];
    (weighted(0.8, select(sources)), weighted(0.7, consistency)).prop_map(
        |(source, consistency)| {
            let mut about = About::default();
            about.source = source;
            about.consistency = consistency;
            about.hostname = Some("n1".to_owned());
            about
        },
    )
}
