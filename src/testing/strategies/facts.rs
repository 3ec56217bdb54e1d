//! The facts of addresses and links on hostile hosts, except networks and names.

use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

use crate::snapshot::{
    About, AddressFlags, Consistency, HardwareAddress, Lifetime, Link, LinkFlags, Name, Scope,
    Source,
};

/// The facts of an address, except its network and its link.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts {
    pub label: Option<Name>,
    pub scope: Option<Scope>,
    pub flags: Option<AddressFlags>,
    pub protocol: Option<u8>,
    pub valid_lft: Option<Lifetime>,
    pub preferred_lft: Option<Lifetime>,
}

impl Facts {
    pub fn plain() -> Self {
        Self {
            scope: Some(Scope::GLOBAL),
            flags: Some(AddressFlags::PERMANENT),
            valid_lft: Some(Lifetime::Forever),
            preferred_lft: Some(Lifetime::Forever),
            ..Self::default()
        }
    }
}

/// Half of the addresses are plain ones, so that several are left to choose from.
pub(super) fn facts() -> impl Strategy<Value = Facts> {
    let labels = ["eth0", "eth0:vip", "zz:top", "eth1", r"\xff:\x0a"];
    let labels: Vec<Name> = labels
        .iter()
        .filter_map(|label| label.parse().ok())
        .collect();
    let noisy = (
        weighted(0.4, select(labels)),
        weighted(0.85, scope()),
        weighted(0.85, address_flags()),
        weighted(0.3, select(vec![0, 2, 5, 18])),
        weighted(0.8, lifetime()),
        weighted(0.8, lifetime()),
    );
    let noisy = noisy.prop_map(
        |(label, scope, flags, protocol, valid_lft, preferred_lft)| Facts {
            label,
            scope,
            flags,
            protocol,
            valid_lft,
            preferred_lft,
        },
    );
    prop_oneof![Just(Facts::plain()), noisy]
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
        // Two that have no name here.
        bit(AddressFlags::from_bits(0x8000_0200), 0.05),
    );
    bits.prop_map(|(a, b, c, d, e, f, g)| AddressFlags::from_bits(a | b | c | d | e | f | g))
}

/// Flags, hardware address, hardware type with the number of carrier changes, and an alternative name.
pub(super) type LinkFacts = (
    Option<LinkFlags>,
    Option<&'static str>,
    Option<(u16, u32)>,
    Option<&'static str>,
);

/// The facts of a link, except its name and its index.
pub(super) fn link_facts() -> impl Strategy<Value = LinkFacts> {
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
    // `#` becomes the index of the link. A number may be another's index, and a name another's name.
    let alt_names = vec!["enx-too-long-for-a-name-#", "3", "eth1", r"\xff:\x0a"];
    let hardware_type_and_changes = (select(vec![Link::ETHERNET, 772, 65534]), any::<u32>());
    (
        weighted(0.85, flags),
        weighted(0.8, mac),
        weighted(0.5, hardware_type_and_changes),
        weighted(0.2, select(alt_names)),
    )
}

/// The link with these facts; `lo` is always a loopback link.
pub(super) fn link(index: u32, name: Name, (flags, mac, carrier, alt_name): &LinkFacts) -> Link {
    let mut link = Link::new(index, name);
    let alt_name = alt_name.map(|text| text.replace('#', &index.to_string()));
    if let Some(Ok(alt_name)) = alt_name.map(|text| text.parse()) {
        link = link.with_alt_name(alt_name);
    }
    let is_lo = name.as_bytes() == b"lo";
    if let Some(flags) = *flags {
        let loopback = if is_lo { LinkFlags::LOOPBACK } else { flags };
        link = link.with_flags(flags | loopback);
    }
    if let Some((hardware_type, changes)) = *carrier {
        link = link
            .with_hardware_type(hardware_type)
            .with_carrier_changes(changes);
    }
    match mac
        .filter(|_| !is_lo)
        .and_then(|mac| mac.parse::<HardwareAddress>().ok())
    {
        Some(mac) => link.with_mac(mac),
        None => link,
    }
}

/// Where a snapshot comes from.
pub(super) fn about() -> impl Strategy<Value = About> {
    let sources = vec![Source::Netlink, Source::Getifaddrs, Source::IpJson];
    let consistency = prop_oneof![
        3 => Just(Consistency::Consistent),
        1 => Just(Consistency::Interrupted),
    ];
    (weighted(0.8, select(sources)), weighted(0.7, consistency)).prop_map(
        |(source, consistency)| About {
            source,
            consistency,
            hostname: Some("n1".to_owned()),
            ..About::default()
        },
    )
}
