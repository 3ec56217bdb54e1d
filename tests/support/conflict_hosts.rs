//! Hosts on which an address is asked for: plain facts of a link, a second one and an address, for
//! the library as a snapshot and for the naive models as they are.

use bindnet::conflict::{How, Sighting, Target, Timing};
use bindnet::rule::ScopedAddr;
use bindnet::snapshot::{About, AddressFlags, Consistency, HardwareAddress, LinkFlags, LinkName};
use bindnet::{Address, Link, Snapshot};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::select;

/// The hardware address of the link, of the second one, and of the bridge.
pub const OWN: [u8; 6] = [2, 0, 0, 0, 0, 0x01];
pub const OWN_2: [u8; 6] = [2, 0, 0, 0, 0, 0x02];
pub const OWN_BRIDGE: [u8; 6] = [2, 0, 0, 0, 0, 0x09];
/// Those of others.
pub const B: [u8; 6] = [2, 0, 0, 0, 0, 0x0b];
pub const C: [u8; 6] = [2, 0, 0, 0, 0, 0x0c];

/// What kind of link it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Is {
    Ethernet,
    /// Ethernet, but the source of the list does not say so.
    Unsaid,
    Loopback,
    PointToPoint,
    NoArp,
    /// InfiniBand, ARPHRD 32.
    OtherHardware,
    WithoutMac,
}

/// The link `eth0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Eth0 {
    pub index: u32,
    pub is: Is,
    pub up: bool,
    pub running: bool,
    pub lower_up: bool,
    pub changes: Option<u32>,
    /// The kind of the link that it is a port of.
    pub port_of: Option<&'static str>,
}

/// An entry of the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Whether it is on `eth1` instead.
    pub on_second: bool,
    pub tentative: bool,
    pub dadfailed: bool,
}

/// A host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Host {
    pub eth0: Option<Eth0>,
    /// Whether there is `eth1`, up and running, with the index 3.
    pub eth1: bool,
    pub entry: Option<Entry>,
    pub interrupted: bool,
}

pub const ETH0: Eth0 = Eth0 {
    index: 2,
    is: Is::Ethernet,
    up: true,
    running: true,
    lower_up: true,
    changes: Some(1),
    port_of: None,
};

pub const ENTRY: Entry = Entry {
    on_second: false,
    tentative: false,
    dadfailed: false,
};

/// A host that has the address, on a link that is as it should be.
pub const GOOD: Host = Host {
    eth0: Some(ETH0),
    eth1: true,
    entry: Some(ENTRY),
    interrupted: false,
};

impl Host {
    /// The same, with another link.
    pub fn with(self, change: impl FnOnce(&mut Eth0)) -> Self {
        let mut eth0 = self.eth0.expect("a link");
        change(&mut eth0);
        let eth0 = Some(eth0);
        Self { eth0, ..self }
    }

    /// Where the entry is on no link that exists, there is none.
    pub fn entry(&self) -> Option<Entry> {
        self.entry.filter(|entry| match entry.on_second {
            true => self.eth1,
            false => self.eth0.is_some(),
        })
    }

    /// Whether a hardware address is one of this host.
    pub fn has_mac(&self, mac: [u8; 6]) -> bool {
        let eth0 = self.eth0.filter(|eth0| eth0.is != Is::WithoutMac);
        eth0.is_some() && mac == OWN
            || self.eth1 && mac == OWN_2
            || self.eth0.is_some_and(|eth0| eth0.port_of.is_some()) && mac == OWN_BRIDGE
    }

    pub fn snapshot(&self, v4: bool) -> Snapshot {
        let running = LinkFlags::UP | LinkFlags::RUNNING | LinkFlags::LOWER_UP;
        let mut links = Vec::new();
        if let Some(eth0) = self.eth0 {
            links.push(eth0.link());
            if let Some(kind) = eth0.port_of {
                let bridge = Link::new(9, "br0".parse().unwrap());
                let bridge = bridge.with_kind(kind).with_flags(running);
                links.push(bridge.with_mac(mac(OWN_BRIDGE)));
            }
        }
        if self.eth1 {
            let eth1 = Link::new(3, "eth1".parse().unwrap()).with_flags(running);
            links.push(eth1.with_mac(mac(OWN_2)).with_hardware_type(1));
        }
        let address = self.entry().map(|entry| {
            let link = match entry.on_second {
                true => 3,
                false => self.eth0.map_or(0, |eth0| eth0.index),
            };
            let net = if v4 {
                "192.0.2.10/24"
            } else {
                "2001:db8::10/64"
            };
            let mut flags = AddressFlags::PERMANENT;
            for (is, flag) in [
                (entry.tentative, AddressFlags::TENTATIVE),
                (entry.dadfailed, AddressFlags::DADFAILED),
            ] {
                if is {
                    flags = flags | flag;
                }
            }
            Address::new(net.parse().unwrap(), link).with_flags(flags)
        });
        let mut about = About::default();
        about.consistency = Some(match self.interrupted {
            true => Consistency::Interrupted,
            false => Consistency::Consistent,
        });
        Snapshot::new(links, address).unwrap().with_about(about)
    }
}

impl Eth0 {
    fn link(&self) -> Link {
        let mut flags = LinkFlags::from_bits(0);
        for (is, flag) in [
            (self.up, LinkFlags::UP),
            (self.running, LinkFlags::RUNNING),
            (self.lower_up, LinkFlags::LOWER_UP),
            (self.is == Is::Loopback, LinkFlags::LOOPBACK),
            (self.is == Is::PointToPoint, LinkFlags::POINTOPOINT),
            (self.is == Is::NoArp, LinkFlags::NOARP),
        ] {
            if is {
                flags = flags | flag;
            }
        }
        let mut link = Link::new(self.index, "eth0".parse().unwrap()).with_flags(flags);
        link = match self.is {
            Is::Unsaid => link,
            Is::OtherHardware => link.with_hardware_type(32),
            _ => link.with_hardware_type(1),
        };
        if self.is != Is::WithoutMac {
            link = link.with_mac(mac(OWN));
        }
        if let Some(changes) = self.changes {
            link = link.with_carrier_changes(changes);
        }
        match self.port_of {
            Some(_) => link.with_master(9),
            None => link,
        }
    }
}

pub fn mac(bytes: [u8; 6]) -> HardwareAddress {
    HardwareAddress::from_bytes(&bytes).unwrap()
}

pub fn sighting(from: [u8; 6], how: How) -> Sighting {
    let mac = mac(from);
    Sighting { mac, how }
}

/// How an address is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// It is ours, wherever.
    Own,
    /// It is ours, on `eth0`.
    OwnOnEth0,
    /// It is to be taken, on `eth0`.
    Free,
}

pub const ASKS: [Ask; 3] = [Ask::Own, Ask::OwnOnEth0, Ask::Free];

impl Ask {
    pub fn target(self, v4: bool) -> Target {
        let ip = if v4 { "192.0.2.10" } else { "2001:db8::10" };
        let eth0: LinkName = "eth0".parse().unwrap();
        match self {
            Self::Own => Target::own(ip.parse().unwrap()).unwrap(),
            Self::OwnOnEth0 => {
                Target::own(ScopedAddr::new(ip.parse().unwrap(), Some(eth0.into()))).unwrap()
            }
            Self::Free => Target::free(ip.parse().unwrap(), eth0).unwrap(),
        }
    }

    /// The host as it should be.
    pub fn good(self) -> Host {
        let entry = GOOD.entry.filter(|_| self != Self::Free);
        Host { entry, ..GOOD }
    }
}

/// `PROPTEST_CASES` counts, where it is set.
pub fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").map_or(cases, |_| default.cases),
        failure_persistence: None,
        ..default
    }
}

pub fn timing() -> impl Strategy<Value = Timing> {
    select(vec![Timing::Rfc, Timing::Fast])
}

/// Random numbers, the extremes among them.
pub fn random() -> impl Strategy<Value = [u32; 3]> {
    let number = || prop_oneof![3 => any::<u32>(), 1 => Just(0), 1 => Just(u32::MAX)];
    [number(), number(), number()]
}

pub fn ask() -> impl Strategy<Value = Ask> {
    select(ASKS.to_vec())
}

/// What somebody says who is a stranger, ourselves, or nobody.
pub fn any_sighting() -> impl Strategy<Value = ([u8; 6], How)> {
    let macs = vec![OWN, OWN_2, OWN_BRIDGE, [0; 6], [0xff; 6], B, C];
    (
        select(macs),
        select(vec![How::Reply, How::Claim, How::Probe, How::Probe]),
    )
}

/// A host that differs in one or another fact from one that is as it should be.
pub fn odd(good: Host) -> impl Strategy<Value = Host> {
    let kinds = vec![
        Is::Ethernet,
        Is::Ethernet,
        Is::Ethernet,
        Is::Unsaid,
        Is::Loopback,
        Is::PointToPoint,
        Is::NoArp,
        Is::OtherHardware,
        Is::WithoutMac,
    ];
    let mostly = || prop::bool::weighted(0.9);
    let changes = prop_oneof![4 => Just(Some(1)), 1 => Just(Some(2)), 1 => Just(None)];
    let port_of = weighted(0.15, select(vec!["bridge", "bond", "vrf"]));
    let link = (
        select(vec![2, 2, 2, 7]),
        select(kinds),
        mostly(),
        mostly(),
        mostly(),
    );
    let link = (link, changes, port_of).prop_map(
        |((index, is, up, running, lower_up), changes, port_of)| Eth0 {
            index,
            is,
            up,
            running,
            lower_up,
            changes,
            port_of,
        },
    );
    let seldom = || prop::bool::weighted(0.15);
    let entry = (seldom(), seldom(), seldom());
    let entry = entry.prop_map(|(on_second, tentative, dadfailed)| Entry {
        on_second,
        tentative,
        dadfailed,
    });
    let any = (
        weighted(0.9, link),
        mostly(),
        weighted(0.7, entry),
        seldom(),
    )
        .prop_map(|(eth0, eth1, entry, interrupted)| Host {
            eth0,
            eth1,
            entry,
            interrupted,
        });
    let interrupted = Host {
        interrupted: true,
        ..good
    };
    prop_oneof![3 => any, 1 => Just(interrupted)]
}
