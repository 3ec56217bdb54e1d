//! What the rule sees of a host, and what it knows of an address.

use std::net::IpAddr;

use bindnet::snapshot::{AddressFlags, Consistency, LinkFlags, Source};
use bindnet::{Address, Link, Snapshot};

use super::bits::{bytes, is_link_local, leading_ones};
use crate::ask::Ask;

/// The addresses that the rule sees, with their links, in kernel order.
pub struct Model<'a> {
    pub ask: &'a Ask,
    pub interrupted: bool,
    pub by_netlink: bool,
    links: Vec<Link>,
    seen: Vec<(Address, Option<Link>)>,
}

impl<'a> Model<'a> {
    /// Step 1, the restrictions: a zone and an interface.
    pub fn see(ask: &'a Ask, snapshot: &Snapshot) -> Self {
        let links = snapshot.links().to_vec();
        let mut seen = Vec::new();
        for address in snapshot.addresses() {
            let index = address.link_index();
            let link = links.iter().find(|link| Some(link.index()) == index);
            let inside = |text: &str| index.is_some() && zone(&links, text) == index;
            let named = |text: &str| index.is_some() && named(&links, text) == index;
            if ask.zone.as_ref().is_none_or(|text| inside(text))
                && ask.interface.as_ref().is_none_or(|text| named(text))
            {
                seen.push((address, link.cloned()));
            }
        }
        Self {
            ask,
            interrupted: snapshot.about().consistency == Some(Consistency::Interrupted),
            by_netlink: snapshot.about().source == Some(Source::Netlink),
            links,
            seen,
        }
    }

    pub fn all(&self) -> std::ops::Range<usize> {
        0..self.seen.len()
    }

    pub fn positions(&self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        self.all().filter(|at| wanted(*at)).collect()
    }

    pub fn address(&self, at: usize) -> &Address {
        &self.seen[at].0
    }

    pub fn link(&self, at: usize) -> Option<&Link> {
        self.seen[at].1.as_ref()
    }

    pub fn link_index(&self, at: usize) -> Option<u32> {
        self.address(at).link_index()
    }

    /// The link that the link of an address is a port or a slave of.
    pub fn master(&self, at: usize) -> Option<&Link> {
        let master = self.link(at)?.master()?;
        self.links.iter().find(|link| link.index() == master)
    }

    pub fn zone(&self, text: &str) -> Option<u32> {
        zone(&self.links, text)
    }

    pub fn ip(&self, at: usize) -> IpAddr {
        self.address(at).ip()
    }

    pub fn mask(&self, at: usize) -> Vec<u8> {
        bytes(self.address(at).netmask().to_ip())
    }

    /// Whether it is a /32 or a /128.
    pub fn is_host_prefix(&self, at: usize) -> bool {
        self.mask(at).iter().all(|byte| *byte == 255)
    }

    /// Whether the mask is a prefix: no one behind a zero.
    pub fn has_prefix(&self, at: usize) -> bool {
        let mask = self.mask(at);
        let lens = 0..=8 * mask.len() as u8;
        lens.into_iter()
            .any(|len| leading_ones(len, mask.len()) == mask)
    }

    /// Whether a flag is known to be set.
    pub fn has(&self, at: usize, flag: AddressFlags) -> bool {
        let flags = self.address(at).flags();
        flags.is_some_and(|flags| flags.contains(flag))
    }

    /// The same, where unknown counts as set.
    pub fn may_have(&self, at: usize, flag: AddressFlags) -> bool {
        self.address(at).flags().is_none() || self.has(at, flag)
    }

    pub fn link_is(&self, at: usize, flag: LinkFlags) -> Option<bool> {
        let flags = self.link(at)?.flags()?;
        Some(flags.contains(flag))
    }

    pub fn on_loopback_link(&self, at: usize) -> bool {
        self.link_is(at, LinkFlags::LOOPBACK) == Some(true)
    }

    /// What makes two entries the same address.
    pub fn identity(&self, at: usize) -> (IpAddr, Option<u32>) {
        let link = self.link_index(at);
        (self.ip(at), link.filter(|_| is_link_local(self.ip(at))))
    }

    pub fn is_another(&self, at: usize, other: usize) -> bool {
        self.identity(at) != self.identity(other)
    }

    /// Step 2: not usable yet.
    pub fn tentative(&self, at: usize) -> bool {
        self.has(at, AddressFlags::TENTATIVE) && !self.has(at, AddressFlags::OPTIMISTIC)
    }

    /// Step 2: never usable.
    pub fn dadfailed(&self, at: usize) -> bool {
        self.has(at, AddressFlags::DADFAILED)
    }

    pub fn usable(&self, at: usize) -> bool {
        !self.dadfailed(at) && !self.tentative(at)
    }

    /// Not usable yet, but about to be.
    pub fn pending(&self, at: usize) -> bool {
        self.awaits_detection(at) && !self.floating(at)
    }

    pub fn awaits_detection(&self, at: usize) -> bool {
        self.tentative(at) && !self.dadfailed(at)
    }
}

/// The index of the link that a zone names; a name counts before an index.
fn zone(links: &[Link], text: &str) -> Option<u32> {
    let numbered = || links.iter().find(|link| link.index().to_string() == text);
    named(links, text).or_else(|| numbered().map(Link::index))
}

/// The index of the link with this name; an alternative name counts if it is no link's own.
pub fn named(links: &[Link], text: &str) -> Option<u32> {
    let own = |link: &&Link| link.name().to_string() == text;
    let other = |link: &&Link| link.alt_names().any(|name| name.to_string() == text);
    let found = links.iter().find(own).or(links.iter().find(other));
    found.map(Link::index)
}
