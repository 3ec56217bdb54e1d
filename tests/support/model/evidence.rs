//! The codes that may be true of an address: step 4, the weak evidence of step 6, and the rest.

use std::collections::BTreeSet;

use bindnet::Link;
use bindnet::snapshot::{AddressFlags, Lifetime, LinkFlags, Scope};
use ipnet::IpNet;

use super::bits::{bytes, is_inside, is_link_local, is_loopback, same_under};
use super::host::Model;

/// What is decisive and inferred: not said by the operator.
pub const INFERRED: [&str; 6] = [
    "label",
    "vrrp-mac",
    "address-protocol",
    "host-prefix-in-subnet",
    "deprecated-permanent",
    "temporary",
];

pub const WEAK: [&str; 4] = [
    "secondary",
    "deprecated",
    "newer-than-sibling",
    "host-prefix",
];

/// The kinds of links that forward the frames of their ports.
const FORWARDING: [&str; 4] = ["bridge", "bond", "team", "openvswitch"];

impl Model<'_> {
    /// Whether a code is true of an address.
    pub fn holds(&self, at: usize, code: &str) -> bool {
        let v4 = self.ip(at).is_ipv4();
        let permanent = self.has(at, AddressFlags::PERMANENT);
        let deprecated = self.has(at, AddressFlags::DEPRECATED);
        if self.ask.off.contains(&code) {
            return false;
        }
        match code {
            "declared-floating" => self.declared_floating(at),
            "declared-fixed" => self.declared_fixed(at),
            "label" => v4 && self.has_colon(at),
            "vrrp-mac" => self.vrrp_mac(at),
            "address-protocol" => {
                let protocol = self.address(at).protocol();
                protocol.is_some_and(|protocol| self.ask.protocols.contains(&protocol))
            }
            "host-prefix-in-subnet" => self.host_prefix_in_subnet(at),
            "deprecated-permanent" => deprecated && permanent,
            "temporary" => self.temporary(at),
            "secondary" => v4 && self.has(at, AddressFlags::SECONDARY) && !self.lease(at),
            "deprecated" => deprecated,
            "newer-than-sibling" => self.newer_than_sibling(at),
            "host-prefix" => self.host_prefix(at),
            "lease" => self.lease(at),
            "loopback" => self.loopback(at),
            "port" => self.port(at),
            "link-down" => self.link_is(at, LinkFlags::UP) == Some(false),
            "no-carrier" => {
                self.link_is(at, LinkFlags::UP) == Some(true)
                    && self.link_is(at, LinkFlags::RUNNING) == Some(false)
                    && !self.on_loopback_link(at)
            }
            "tentative" => self.tentative(at),
            "dadfailed" => self.dadfailed(at),
            "previous" => self.previous(at),
            _ => panic!("no such code: {code}"),
        }
    }

    pub fn declared_fixed(&self, at: usize) -> bool {
        self.declared(at, &self.ask.fixed, &self.ask.floating)
    }

    pub fn declared_floating(&self, at: usize) -> bool {
        self.declared(at, &self.ask.floating, &self.ask.fixed)
    }

    /// Between the two lists the longest matching prefix decides.
    fn declared(&self, at: usize, list: &[IpNet], other: &[IpNet]) -> bool {
        let longest = |list: &[IpNet]| {
            let inside = list.iter().filter(|net| net.contains(&self.ip(at)));
            inside.map(|net| i16::from(net.prefix_len())).max()
        };
        longest(list).unwrap_or(-1) > longest(other).unwrap_or(-1)
    }

    /// Step 4.
    pub fn floating(&self, at: usize) -> bool {
        let inferred = INFERRED.iter().any(|code| self.holds(at, code));
        (inferred || self.declared_floating(at)) && !self.declared_fixed(at)
    }

    /// Left after step 4.
    pub fn left(&self, at: usize) -> bool {
        self.matched(at).is_some() && self.usable(at) && !self.floating(at)
    }

    fn has_colon(&self, at: usize) -> bool {
        let label = self.address(at).label();
        label.is_some_and(|label| label.as_bytes().contains(&b':'))
    }

    /// Its link has a VRRP MAC and is a macvlan or of unknown kind. A NIC or a bridge that wears one is
    /// the host's.
    fn vrrp_mac(&self, at: usize) -> bool {
        let Some(link) = self.link(at) else {
            return false;
        };
        let mac = link.mac().map(|mac| mac.as_bytes().to_vec());
        let mac = mac.unwrap_or_default();
        let wears = mac.len() == 6 && mac[..4] == [0, 0, 0x5e, 0] && (mac[4] == 1 || mac[4] == 2);
        // The kernel tells the kind of every link that has one: a NIC has none.
        let unknown = link.kind().is_none() && !self.by_netlink;
        wears && (unknown || link.kind() == Some("macvlan"))
    }

    fn temporary(&self, at: usize) -> bool {
        self.ip(at).is_ipv6() && self.has(at, AddressFlags::TEMPORARY)
    }

    /// A PERMANENT /32, or a PERMANENT /128 that is NODAD or DEPRECATED, inside the shorter prefix
    /// of another address. What is unknown counts as PERMANENT, NODAD and global.
    fn host_prefix_in_subnet(&self, at: usize) -> bool {
        let shows = |other| self.usable(other) && !self.floating(other);
        self.is_permanent_host(at)
            && self
                .all()
                .any(|other| self.contains(other, at) && shows(other))
    }

    fn is_permanent_host(&self, at: usize) -> bool {
        let nodad = self.may_have(at, AddressFlags::NODAD);
        let deprecated = self.has(at, AddressFlags::DEPRECATED);
        self.is_host_prefix(at)
            && self.may_have(at, AddressFlags::PERMANENT)
            && (self.ip(at).is_ipv4() || nodad || deprecated)
    }

    /// Whether an address is inside the shorter prefix of another that has global scope and no peer.
    fn contains(&self, other: usize, at: usize) -> bool {
        let (ip, around) = (bytes(self.ip(at)), bytes(self.ip(other)));
        let scope = self.address(other).scope();
        ip != around
            && same_under(&ip, &around, &self.mask(other))
            && !self.is_host_prefix(other)
            && self.has_prefix(other)
            && scope.is_none_or(|scope| scope == Scope::GLOBAL)
            && self.address(other).peer().is_none()
    }

    /// Whether a usable address will have `host-prefix-in-subnet` as soon as another, pending one can
    /// be bound.
    pub fn may_come_to_float(&self, at: usize) -> bool {
        let pending = |other| self.contains(other, at) && self.pending(other);
        !self.ask.off.contains(&"host-prefix-in-subnet")
            && !self.declared_fixed(at)
            && self.is_permanent_host(at)
            && self.all().any(pending)
    }

    /// IPv6: another address left after step 4 of the same link, network and scope stands later.
    fn newer_than_sibling(&self, at: usize) -> bool {
        let network = |at: usize| {
            let (ip, mask) = (bytes(self.ip(at)), self.mask(at));
            let network: Vec<u8> = ip.iter().zip(&mask).map(|(ip, mask)| ip & mask).collect();
            (network, mask)
        };
        let (link, scope) = (self.link_index(at), self.address(at).scope());
        self.ip(at).is_ipv6()
            && link.is_some()
            && self.left(at)
            && (at + 1..self.all().end).any(|later| {
                self.left(later)
                    && self.ip(later) != self.ip(at)
                    && self.link_index(later) == link
                    && self.address(later).scope() == scope
                    && network(later) == network(at)
            })
    }

    /// A PERMANENT /32 or /128 without a peer, not on a loopback link, beside an address of the
    /// same family on the same link that is neither a host prefix nor link-local nor floating. `::1` is
    /// /128 everywhere.
    fn host_prefix(&self, at: usize) -> bool {
        let link = self.link_index(at);
        self.is_host_prefix(at)
            && self.has(at, AddressFlags::PERMANENT)
            && self.address(at).peer().is_none()
            && !self.on_loopback_link(at)
            && !is_inside(self.ip(at), "::1/128")
            && link.is_some()
            && self.all().any(|other| {
                self.link_index(other) == link
                    && self.ip(other).is_ipv4() == self.ip(at).is_ipv4()
                    && !self.is_host_prefix(other)
                    && !is_link_local(self.ip(other))
                    && !is_inside(self.ip(other), "169.254.0.0/16")
                    && !self.floating(other)
            })
    }

    /// A finite lifetime, and neither temporary nor DEPRECATED.
    pub fn lease(&self, at: usize) -> bool {
        let lifetime = self.address(at).valid_lft();
        matches!(lifetime, Some(Lifetime::Seconds(_)))
            && !self.temporary(at)
            && !self.has(at, AddressFlags::DEPRECATED)
    }

    fn loopback(&self, at: usize) -> bool {
        is_loopback(self.ip(at))
            || self.address(at).scope() == Some(Scope::HOST)
            || self.on_loopback_link(at)
    }

    /// Its link has a master that forwards its frames. Masters count only of candidates, and only
    /// where these are on more than one link.
    fn port(&self, at: usize) -> bool {
        let kind = self.master(at).and_then(Link::kind);
        if !kind.is_some_and(|kind| FORWARDING.contains(&kind)) || self.matched(at).is_none() {
            return false;
        }
        let candidates = self.candidates().into_iter();
        let links: BTreeSet<_> = candidates.filter_map(|c| self.link_index(c)).collect();
        links.len() > 1
    }
}
