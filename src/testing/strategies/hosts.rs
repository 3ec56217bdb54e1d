//! Hostile hosts: addresses that collide and share networks, under every mask, with flags and
//! labels that no sane host has.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use super::facts::{Facts, LinkFacts, about, facts, link, link_facts};
use super::pools::{Pools, netmask};
use crate::rule::Selector;
use crate::snapshot::{About, Address, AddressFlags, Link, Name, Netmask, Snapshot};
use crate::testing::commands;

/// The IPv4 addresses that [`host`] draws from; some stand twice, to be drawn more often.
pub const V4: [Ipv4Addr; 10] = [
    Ipv4Addr::new(192, 0, 2, 10),
    Ipv4Addr::new(192, 0, 2, 20),
    Ipv4Addr::new(192, 0, 2, 10),
    Ipv4Addr::new(192, 0, 2, 20),
    Ipv4Addr::new(192, 0, 2, 11),
    Ipv4Addr::new(192, 0, 2, 0),
    Ipv4Addr::new(192, 0, 2, 130),
    Ipv4Addr::new(198, 51, 100, 10),
    Ipv4Addr::new(198, 51, 101, 10),
    Ipv4Addr::new(127, 0, 0, 1),
];

/// The IPv6 addresses that [`host`] draws from.
pub const V6: [Ipv6Addr; 12] = [
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 3),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
    Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 0, 0, 1),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1),
    Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 2),
    Ipv6Addr::new(0, 0, 0, 0, 0, 0, 0, 1),
];

/// The names of links by their index from 1; the fourth has the index of another for its name.
pub const LINKS: [&str; 5] = ["lo", "eth0", "eth1", "2", r"e\x1b\xff"];

/// A host whose addresses can be added to, removed and moved, and which prints as a snapshot file.
#[derive(Clone, PartialEq, Eq)]
pub struct Draft {
    /// Its links, in kernel order.
    pub links: Vec<Link>,
    /// Its addresses, in kernel order.
    pub addresses: Vec<Address>,
    /// Where it comes from.
    pub about: About,
}

impl Draft {
    /// The host as it is. An address of a link that is not listed is on an unknown one.
    pub fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.set_links(self.links.clone());
        for address in &self.addresses {
            let listed = address
                .link_index()
                .is_none_or(|index| snapshot.link(index).is_some());
            snapshot.push(&if listed {
                *address
            } else {
                address.on_unknown_link()
            });
        }
        snapshot.with_about(self.about.clone())
    }

    /// The same host with another address at some place of its list.
    #[must_use]
    pub fn with(mut self, address: Address, at: usize) -> Self {
        self.addresses.insert(at.min(self.addresses.len()), address);
        self
    }
}

impl From<&Snapshot> for Draft {
    fn from(host: &Snapshot) -> Self {
        Self {
            links: host.links().to_vec(),
            addresses: host.addresses().collect(),
            about: host.about().clone(),
        }
    }
}

impl fmt::Debug for Draft {
    /// As JSON, which replays a finding at a desk (`preview --from`), and as commands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.snapshot();
        write!(f, "{}\n{}", host.to_json(), commands::for_host(&host))
    }
}

/// A host with a few links and up to eight addresses of the networks of RFC 5737 and RFC 3849.
///
/// ```
/// use bindnet::{Selector, testing::strategies::hosts};
/// use proptest::prelude::*;
///
/// proptest!(|(host in hosts::host())| {
///     let host = host.snapshot();
///     let decision = Selector::new("192.0.2.0".parse().unwrap()).decide(&host);
///     prop_assert!(decision.candidates().len() <= host.len());
/// });
/// ```
pub fn host() -> impl Strategy<Value = Draft> {
    drawn_from(&Pools::any())
}

/// A host whose addresses hit and nearly hit what a selector asks for: inside its network and just
/// outside, under longer and shorter masks, some of them on its lists, and on its links.
///
/// ```
/// use bindnet::{Selector, testing::strategies::hosts};
/// use proptest::prelude::*;
///
/// let selector = Selector::new("203.0.113.64/26".parse()?);
/// let hits = std::cell::Cell::new(0);
/// proptest!(|(host in hosts::aimed_at(&selector))| {
///     hits.set(hits.get() + selector.decide(&host.snapshot()).candidates().len());
/// });
/// assert!(hits.get() > 100);
/// # Ok::<(), bindnet::ParseError>(())
/// ```
pub fn aimed_at(selector: &Selector) -> impl Strategy<Value = Draft> + use<> {
    drawn_from(&Pools::aimed_at(selector))
}

/// An address that is not yet on a link of a host.
#[derive(Clone, Debug)]
pub struct Loose {
    ip: IpAddr,
    mask: Netmask,
    peer: Option<IpAddr>,
    facts: Facts,
    link: Option<Index>,
}

impl Loose {
    /// On one of these links, or on an unknown one.
    pub fn on(&self, links: &[Link]) -> Address {
        let link = self.link.filter(|_| !links.is_empty());
        let index = link.map(|link| link.get(links).index());
        let mut address = placed(self.ip, self.mask, index);
        if let Some(peer) = self.peer {
            address = address.with_peer(peer).unwrap_or(address);
        }
        let facts = &self.facts;
        if let Some(label) = facts.label.filter(|_| self.ip.is_ipv4()) {
            address = address.with_label(label);
        }
        if let Some(scope) = facts.scope {
            address = address.with_scope(scope);
        }
        if let Some(flags) = facts.flags {
            address = address.with_flags(flags);
        }
        if let Some(protocol) = facts.protocol {
            address = address.with_protocol(protocol);
        }
        if let Some(lifetime) = facts.valid_lft {
            address = address.with_valid_lft(lifetime);
        }
        match facts.preferred_lft {
            Some(lifetime) => address.with_preferred_lft(lifetime),
            None => address,
        }
    }
}

/// An address for any link.
pub fn loose_address() -> impl Strategy<Value = Loose> {
    loose(&Pools::any())
}

/// An address for any link of a host that a selector is asked about.
pub fn loose_address_for(selector: &Selector) -> impl Strategy<Value = Loose> + use<> {
    loose(&Pools::aimed_at(selector))
}

/// An address that most likely floats, by the evidence and the lists of a selector, and is most
/// likely in its network.
pub fn loose_vip_for(selector: &Selector) -> impl Strategy<Value = Loose> + use<> {
    let pools = Pools::aimed_at(selector);
    let v4 = selector.bindnet().ip().is_ipv4();
    let permanent = |more: AddressFlags| Facts {
        flags: Some(AddressFlags::PERMANENT | more),
        ..Facts::plain()
    };
    let label = "eth0:vip".parse().ok();
    let labelled = |more| Facts {
        label,
        ..permanent(more)
    };
    let protocol = selector.rules.protocols().first().copied();
    let host = Some(netmask(v4, if v4 { 32 } else { 128 }));
    let mut marks = vec![
        (None, labelled(AddressFlags::default())),
        (None, labelled(AddressFlags::SECONDARY)),
        (host, Facts::plain()),
        (
            None,
            Facts {
                protocol,
                ..Facts::plain()
            },
        ),
        (None, permanent(AddressFlags::DEPRECATED)),
    ];
    if !v4 {
        marks.push((None, permanent(AddressFlags::TEMPORARY)));
    }
    if !selector.rules.declared.entries.is_empty() {
        marks.push((None, Facts::plain()));
    }
    (pools.located_of(v4), select(marks), any::<Index>()).prop_map(
        |((ip, mask, _), (host, facts), link)| Loose {
            ip,
            mask: host.unwrap_or(mask),
            peer: None,
            facts,
            link: Some(link),
        },
    )
}

fn drawn_from(pools: &Pools) -> impl Strategy<Value = Draft> + use<> {
    let needed = pools.needed.clone();
    let most = pools.links.len().min(3);
    let present = subsequence(pools.links.clone(), 1..=most);
    let (all, alt_names) = (pools.links.clone(), pools.alt_names.clone());
    let facts = vec(link_facts(), all.len());
    (present, facts, vec(loose(pools), 0..9), about()).prop_map(
        move |(present, facts, loose, about)| {
            let here = |link: &&(&(u32, Name), LinkFacts)| {
                present.contains(link.0) || needed.contains(&link.0.0)
            };
            let made: Vec<_> = all.iter().zip(facts).collect();
            let mut links: Vec<Link> = made
                .iter()
                .filter(here)
                .map(|((index, name), facts)| {
                    let names = alt_names.iter().filter(|(of, _)| of == index);
                    let link = link(*index, *name, facts);
                    names.fold(link, |link, (_, name)| link.with_alt_name(*name))
                })
                .collect();
            links.sort_by_key(Link::index);
            let mut addresses: Vec<_> = loose.into_iter().map(|l| l.on(&links)).collect();
            addresses.sort_by_key(|address| address.ip().is_ipv6());
            Draft {
                links,
                addresses,
                about,
            }
        },
    )
}

fn loose(pools: &Pools) -> impl Strategy<Value = Loose> + use<> {
    let link = weighted(0.97, any::<Index>());
    (pools.located(), facts(), link).prop_map(|((ip, mask, peer), facts, link)| Loose {
        ip,
        mask,
        peer,
        facts,
        link,
    })
}

/// An address of these, where the mask is of its family, as it always is here.
fn placed(ip: IpAddr, mask: Netmask, link: Option<u32>) -> Address {
    let host = Address::new(ip.into(), link.unwrap_or(0));
    let address = Address::with_netmask(ip, mask, link.unwrap_or(0)).unwrap_or(host);
    match link {
        Some(_) => address,
        None => address.on_unknown_link(),
    }
}
