//! A link of the host, with its addresses.

use std::sync::Arc;

use super::operation::{Kind, LinkRequest};
use super::{v4, v6};
use crate::snapshot::{Address, Family, Link, LinkFlags, Name};

/// A link, its addresses, and how it is set.
#[derive(Clone, Debug)]
pub(super) struct HostLink {
    pub link: Link,
    pub stands_on: Under,
    /// The number of links that the host made before it.
    pub created: u64,
    pub promotes: bool,
    pub keeps: bool,
    /// Shared with the copies of a host: few change more than one link.
    v4: Arc<v4::List>,
    v6: Arc<v6::List>,
}

/// The source of the carrier of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Under {
    /// No modelled source: the carrier is there when the link is up.
    Nothing,
    /// It has none.
    NoCarrier,
    /// The other end of a cable.
    Peer(u32),
    /// The lower link.
    Lower(u32),
}

/// `RUNNING` and `LOWER_UP`, which change together.
const CARRIER: u32 = LinkFlags::RUNNING.bits() | LinkFlags::LOWER_UP.bits();

impl HostLink {
    pub fn new(link: Link, stands_on: Under, created: u64, promotes: bool) -> Self {
        Self {
            link,
            stands_on,
            created,
            promotes,
            keeps: false,
            v4: Arc::default(),
            v6: Arc::default(),
        }
    }

    /// Its IPv4 addresses, to be changed.
    pub fn v4(&mut self) -> &mut v4::List {
        Arc::make_mut(&mut self.v4)
    }

    /// Its IPv6 addresses, to be changed.
    pub fn v6(&mut self) -> &mut v6::List {
        Arc::make_mut(&mut self.v6)
    }

    pub fn index(&self) -> u32 {
        self.link.index()
    }

    pub fn name(&self) -> Name {
        self.link.name()
    }

    /// Whether it is up; `true` if that is not known.
    pub fn is_up(&self) -> bool {
        self.link.is_up().unwrap_or(true)
    }

    pub fn is_loopback(&self) -> bool {
        self.link.is_loopback() == Some(true)
    }

    /// Sets it up or down. Returns whether that changed anything.
    pub fn set_up(&mut self, up: bool) -> bool {
        let bit = if up { LinkFlags::UP.bits() } else { 0 };
        self.set_flags(LinkFlags::UP.bits(), bit)
    }

    /// Gives it a carrier, which shows if the link is up. Returns whether that changed anything.
    pub fn set_carrier(&mut self, carrier: bool) -> bool {
        let bits = if carrier && self.is_up() { CARRIER } else { 0 };
        self.set_flags(CARRIER, bits)
    }

    fn set_flags(&mut self, of: u32, bits: u32) -> bool {
        let Some(old) = self.link.flags().map(LinkFlags::bits) else {
            return false;
        };
        let new = old & !of | bits;
        self.link = self.link.clone().with_flags(LinkFlags::from_bits(new));
        new != old
    }

    pub fn rename(&mut self, name: Name) {
        self.link = self.link.clone().renamed(name);
    }

    pub fn addresses(&self, family: Family) -> Vec<Address> {
        match family {
            Family::V4 => self.v4.addresses().collect(),
            Family::V6 => self.v6.addresses().collect(),
        }
    }
}

/// The ends of a new link, the other end of a cable first, as the kernel makes them.
pub(super) fn made(request: &LinkRequest, lower: Option<u32>) -> Vec<(Link, Under)> {
    let multicast = LinkFlags::BROADCAST | LinkFlags::MULTICAST;
    let link = |name, index, kind: &str, flags| {
        let link = Link::new(index, name).with_flags(flags).with_kind(kind);
        link.with_hardware_type(Link::ETHERNET)
    };
    let (name, index) = (request.name, request.index);
    let own = |kind, flags| {
        let link = link(name, index, kind, flags);
        match request.mac {
            Some(mac) => link.with_mac(mac),
            None => link,
        }
    };
    match &request.kind {
        Kind::Veth { peer, peer_index } => vec![
            (
                link(*peer, *peer_index, "veth", multicast),
                Under::Peer(index),
            ),
            (own("veth", multicast), Under::Peer(*peer_index)),
        ],
        // Giving it a hardware address counts its ports (`br_port_state_selection`), and there is
        // none. One without keeps the carrier that every new link has.
        Kind::Bridge => {
            let under = request.mac.map_or(Under::Nothing, |_| Under::NoCarrier);
            vec![(own("bridge", multicast), under)]
        }
        Kind::Macvlan { .. } => {
            let under = lower.map_or(Under::Nothing, Under::Lower);
            vec![(own("macvlan", multicast), under)]
        }
        Kind::Dummy => {
            let flags = LinkFlags::BROADCAST | LinkFlags::NOARP;
            vec![(own("dummy", flags), Under::Nothing)]
        }
    }
}
