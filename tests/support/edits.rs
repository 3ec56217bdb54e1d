//! Strategies for what happens to a host: snapshots one after the other, each some edits after the
//! one before.

use bindnet::snapshot::{AddressFlags, Consistency, LinkFlags, Netmask};
use bindnet::testing::strategies::hosts::{Draft, Loose, loose_address};
use bindnet::{Address, Link, Snapshot};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::ask::Ask;
use crate::questions::case;

/// Names that links are given besides those of `hosts::LINKS`.
const NAMES: [&str; 4] = ["eth0", "eth1", "eth9", "lan0"];

/// Something that happens to a host.
#[derive(Clone, Debug)]
enum Edit {
    Add(Loose, Index),
    Remove(Index),
    Reorder(Index, Index),
    Move(Index, Index),
    Mask(Index, u8),
    Flag(Index, AddressFlags),
    Label(Index),
    LinkState(Index, LinkFlags),
    Rename(Index, &'static str),
    ExchangeNames(Index, Index),
    /// A link is deleted and made again, with its addresses or without.
    Remake(Index, bool),
    /// The host is as it was at the start.
    Back,
}

/// A host over time.
#[derive(Clone)]
pub struct History(pub Vec<Snapshot>);

impl std::fmt::Debug for History {
    /// As lines of JSON, which replay a finding at a desk.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0
            .iter()
            .try_for_each(|host| writeln!(f, "{}", host.to_json()))
    }
}

/// A question, and what happens to a host it is aimed at.
pub fn history() -> impl Strategy<Value = (Ask, History)> {
    let step = (vec(edit(), 0..3), prop::bool::weighted(0.2), any::<u16>());
    // Boxed: trees of this size overflow the stack of a test.
    (case().boxed(), vec(step.boxed(), 1..10).boxed()).prop_map(|((first, ask), steps)| {
        let mut host = first.clone();
        let mut history = vec![host.snapshot()];
        for (edits, interrupted, kept) in steps {
            for edit in edits {
                edit.apply(&mut host, &first);
            }
            host.about.consistency = Some(Consistency::Consistent);
            history.push(match interrupted {
                true => lacking(&host.snapshot(), kept),
                false => host.snapshot(),
            });
        }
        (ask, History(history))
    })
}

/// The same snapshot, interrupted, without some of its addresses. All entries of one address on one
/// link are kept or not.
///
/// What is interrupted already lacks nothing more: where the address is shown on two links, and
/// cannot be bound on its own, the other one is what keeps it.
pub fn lacking(host: &Snapshot, kept: u16) -> Snapshot {
    let mut about = host.about().clone();
    let before = about.consistency.replace(Consistency::Interrupted);
    let kept = match before {
        Some(Consistency::Interrupted) => u16::MAX,
        _ => kept,
    };
    let all: Vec<Address> = host.addresses().collect();
    let is_kept = |address: &&Address| {
        let twin = |a: &Address| (a.ip(), a.link_index()) == (address.ip(), address.link_index());
        let first = all.iter().position(twin).unwrap_or(0);
        kept >> (first % 16) & 1 == 1
    };
    let addresses: Vec<Address> = all.iter().filter(is_kept).copied().collect();
    let lacking = Snapshot::new(host.links().to_vec(), addresses);
    lacking.unwrap().with_about(about)
}

/// The same host with another address at some place.
pub fn with(host: &Snapshot, extra: Address, to: Index) -> Snapshot {
    let mut addresses: Vec<Address> = host.addresses().collect();
    addresses.insert(to.index(addresses.len() + 1), extra);
    let with = Snapshot::new(host.links().to_vec(), addresses);
    with.unwrap().with_about(host.about().clone())
}

fn edit() -> BoxedStrategy<Edit> {
    let flag = select(vec![
        AddressFlags::TENTATIVE,
        AddressFlags::DADFAILED,
        AddressFlags::DEPRECATED,
        AddressFlags::OPTIMISTIC,
    ]);
    let state = select(vec![LinkFlags::UP, LinkFlags::RUNNING]);
    let at = any::<Index>;
    prop_oneof![
        3 => (loose_address(), at()).prop_map(|(loose, to)| Edit::Add(loose, to)),
        4 => at().prop_map(Edit::Remove),
        1 => (at(), at()).prop_map(|(at, to)| Edit::Reorder(at, to)),
        2 => (at(), at()).prop_map(|(at, to)| Edit::Move(at, to)),
        2 => (at(), any::<u8>()).prop_map(|(at, len)| Edit::Mask(at, len)),
        3 => (at(), flag).prop_map(|(at, flag)| Edit::Flag(at, flag)),
        1 => at().prop_map(Edit::Label),
        1 => (at(), state).prop_map(|(at, flag)| Edit::LinkState(at, flag)),
        2 => (at(), select(&NAMES[..])).prop_map(|(at, name)| Edit::Rename(at, name)),
        1 => (at(), at()).prop_map(|(a, b)| Edit::ExchangeNames(a, b)),
        2 => (at(), any::<bool>()).prop_map(|(at, keeps)| Edit::Remake(at, keeps)),
        3 => Just(Edit::Back),
    ]
    .boxed()
}

impl Edit {
    fn apply(&self, host: &mut Draft, first: &Draft) {
        match self {
            Self::Back => *host = first.clone(),
            Self::Add(loose, to) => {
                let to = to.index(host.addresses.len() + 1);
                host.addresses.insert(to, loose.on(&host.links));
            }
            Self::LinkState(at, flag) => {
                let link = pick(at, &mut host.links);
                let flags = link.flags().map_or(0, LinkFlags::bits) ^ flag.bits();
                *link = link.clone().with_flags(LinkFlags::from_bits(flags));
            }
            Self::Rename(at, name) => {
                if host.links.iter().all(|l| l.name().to_string() != *name) {
                    let link = pick(at, &mut host.links);
                    *link = named(link, link.index(), name);
                }
            }
            Self::ExchangeNames(a, b) => {
                let (a, b) = (a.index(host.links.len()), b.index(host.links.len()));
                let [one, other] = [a, b].map(|at| host.links[at].clone());
                host.links[a] = named(&one, one.index(), &other.name().to_string());
                host.links[b] = named(&other, other.index(), &one.name().to_string());
            }
            Self::Remake(at, keeps) => remake(at, *keeps, host),
            _ if host.addresses.is_empty() => {}
            _ => self.apply_to_address(host),
        }
        host.addresses.sort_by_key(|address| address.ip().is_ipv6());
    }

    fn apply_to_address(&self, host: &mut Draft) {
        let Draft {
            links, addresses, ..
        } = host;
        match self {
            Self::Remove(at) => {
                addresses.remove(at.index(addresses.len()));
            }
            Self::Reorder(at, to) => {
                let address = addresses.remove(at.index(addresses.len()));
                addresses.insert(to.index(addresses.len() + 1), address);
            }
            Self::Move(at, to) => {
                let address = pick(at, addresses);
                *address = placed(address, address.netmask(), Some(to.get(links).index()));
            }
            Self::Mask(at, len) => {
                let address = pick(at, addresses);
                let len = [24, 32, 64, 128, 16][usize::from(*len) % 5];
                let all = if address.ip().is_ipv4() { 32 } else { 128 };
                let net = ipnet::IpNet::new(address.ip(), len.min(all)).unwrap();
                let mask = Netmask::from_ip(net.netmask());
                *address = placed(address, mask, address.link_index());
            }
            Self::Flag(at, flag) => {
                let address = pick(at, addresses);
                let flags = address.flags().map_or(0, AddressFlags::bits) ^ flag.bits();
                *address = address.with_flags(AddressFlags::from_bits(flags));
            }
            Self::Label(at) => {
                let address = pick(at, addresses);
                if address.ip().is_ipv4() {
                    *address = address.with_label("eth0:vip".parse().unwrap());
                }
            }
            _ => {}
        }
    }
}

fn pick<'a, T>(at: &Index, list: &'a mut [T]) -> &'a mut T {
    let at = at.index(list.len());
    &mut list[at]
}

fn remake(at: &Index, keeps: bool, host: &mut Draft) {
    let new = 1 + host.links.iter().map(Link::index).max().unwrap_or(0);
    let link = pick(at, &mut host.links);
    let old = link.index();
    *link = named(link, new, &link.name().to_string());
    host.links.sort_by_key(Link::index);
    if !keeps {
        host.addresses.retain(|a| a.link_index() != Some(old));
    }
    for address in &mut host.addresses {
        if address.link_index() == Some(old) {
            *address = placed(address, address.netmask(), Some(new));
        }
    }
}

/// The same link with another name and index.
fn named(link: &Link, index: u32, name: &str) -> Link {
    let named = Link::new(index, name.parse().unwrap());
    let mut named = link.alt_names().fold(named, Link::with_alt_name);
    if let Some(flags) = link.flags() {
        named = named.with_flags(flags);
    }
    match link.mac() {
        Some(mac) => named.with_mac(*mac),
        None => named,
    }
}

/// The same address with another mask and on another link.
fn placed(address: &Address, mask: Netmask, link: Option<u32>) -> Address {
    let mut placed = Address::with_netmask(address.ip(), mask, link.unwrap_or(0)).unwrap();
    if link.is_none() {
        placed = placed.on_unknown_link();
    }
    if let Some(peer) = address.peer() {
        placed = placed.with_peer(peer).unwrap();
    }
    if let Some(label) = address.label() {
        placed = placed.with_label(label);
    }
    if let Some(scope) = address.scope() {
        placed = placed.with_scope(scope);
    }
    if let Some(flags) = address.flags() {
        placed = placed.with_flags(flags);
    }
    if let Some(protocol) = address.protocol() {
        placed = placed.with_protocol(protocol);
    }
    if let Some(lifetime) = address.valid_lft() {
        placed = placed.with_valid_lft(lifetime);
    }
    placed
}
