//! The IPv4 addresses of one link (net/ipv4/devinet.c).

use std::net::IpAddr;

use ipnet::IpNet;

use super::event::Event;
use super::host::Refusal;
use crate::snapshot::{Address, AddressFlags, Name, Netmask, Scope};

/// The flags that a request may set.
pub(super) const ASKED: u32 = AddressFlags::NOPREFIXROUTE.bits();

/// The IPv4 addresses of one link: primaries by scope, then secondaries.
#[derive(Clone, Debug, Default)]
pub(super) struct List(Vec<Entry>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    address: Address,
    /// Whether another address of its subnet came first. The flag says the same, where flags are
    /// known.
    secondary: bool,
    /// Its mask and subnet: worked out once, as every operation compares all of them.
    subnet: Subnet,
}

type Subnet = (Netmask, Option<IpAddr>);

impl List {
    /// Appends an address that a snapshot lists.
    pub fn push_listed(&mut self, address: Address) {
        let (secondary, subnet) = (address.is_secondary(), subnet(&address));
        let secondary = secondary.unwrap_or_else(|| self.0.iter().any(|e| e.subnet == subnet));
        self.0.push(Entry {
            address,
            secondary,
            subnet,
        });
    }

    pub fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.0.iter().map(|entry| entry.address)
    }

    /// Adds an address (`inet_rtm_newaddr`, `__inet_insert_ifa`).
    pub fn add(&mut self, address: Address, replaces: bool) -> Result<Vec<Event>, Refusal> {
        if address.ip().is_unspecified() {
            return Ok(Vec::new());
        }
        let subnet = subnet(&address);
        let same = |e: &&mut Entry| e.subnet == subnet && e.address.ip() == address.ip();
        if let Some(entry) = self.0.iter_mut().find(same) {
            if !replaces {
                return Err(Refusal::Exists);
            }
            entry.refresh(&address);
            return Ok(vec![Event::NewAddress(entry.address)]);
        }
        let scope = scope(&address);
        let mut siblings = self.0.iter().filter(|e| e.subnet == subnet);
        if siblings.clone().any(|e| e.scope() != scope) {
            return Err(Refusal::Invalid);
        }
        let secondary = siblings.next().is_some();
        let behind = |e: &Entry| !e.secondary && e.scope().value() >= scope.value();
        let at = match secondary {
            true => self.0.len(),
            false => self.0.iter().rposition(behind).map_or(0, |at| at + 1),
        };
        let entry = Entry::new(address, secondary);
        self.0.insert(at, entry);
        Ok(vec![Event::NewAddress(entry.address)])
    }

    /// Deletes the first address that is this one (`inet_rtm_deladdr`, `__inet_del_ifa`).
    ///
    /// `of` is the other end of a point-to-point link, or the address itself.
    pub fn delete(
        &mut self,
        net: IpNet,
        of: IpAddr,
        promotes: bool,
    ) -> Result<Vec<Event>, Refusal> {
        let is = |e: &Entry| {
            let mask = e.address.netmask();
            e.address.ip() == net.addr()
                && mask.prefix_len() == Some(net.prefix_len())
                && mask.network(of) == e.subnet.1
        };
        let at = self.0.iter().position(is).ok_or(Refusal::NotAvailable)?;
        let deleted = self.0.remove(at);
        let mut events = Vec::new();
        let follows = |e: &Entry| e.secondary && e.subnet == deleted.subnet;
        if deleted.secondary {
            events.push(Event::DeletedAddress(deleted.address));
        } else if promotes {
            events.push(Event::DeletedAddress(deleted.address));
            let next = self.0.iter().skip(at).position(follows);
            events.extend(next.map(|next| self.promote(at, at + next, deleted.scope())));
        } else {
            let (gone, stay) = self.0.iter().partition(|e| follows(e));
            self.0 = stay;
            let gone: Vec<Entry> = gone;
            events.extend(gone.iter().map(|e| Event::DeletedAddress(e.address)));
            events.push(Event::DeletedAddress(deleted.address));
        }
        Ok(events)
    }

    /// Makes a secondary address a primary one, behind the primaries from `from` on whose scope is
    /// as wide as that of the one it follows or narrower.
    fn promote(&mut self, from: usize, at: usize, scope: Scope) -> Event {
        let mut entry = self.0.remove(at);
        entry.set_secondary(false);
        let behind = |e: &Entry| !e.secondary && e.scope().value() >= scope.value();
        let before = self.0.get(from..at).unwrap_or_default();
        let to = before
            .iter()
            .rposition(behind)
            .map_or(from, |last| from + last + 1);
        self.0.insert(to, entry);
        Event::NewAddress(entry.address)
    }

    /// Deletes all, as when the link goes.
    pub fn clear(&mut self) -> Vec<Event> {
        let gone = self.0.drain(..);
        gone.map(|entry| Event::DeletedAddress(entry.address))
            .collect()
    }

    /// Gives all their labels under a new name of the link (`inetdev_changename`): the first has
    /// that name, the others keep what stands behind a colon, or get their number.
    pub fn rename(&mut self, name: Name) -> Vec<Event> {
        let mut events = Vec::new();
        for (at, entry) in self.0.iter_mut().enumerate() {
            let label = match (at, entry.address.label()) {
                (0, _) => name,
                (_, label) => renamed(label, at + 1, name),
            };
            entry.address = entry.address.with_label(label);
            events.push(Event::NewAddress(entry.address));
        }
        events
    }
}

impl Entry {
    fn new(address: Address, secondary: bool) -> Self {
        let mut entry = Self {
            address,
            secondary,
            subnet: subnet(&address),
        };
        entry.set_secondary(secondary);
        entry
    }

    fn set_secondary(&mut self, secondary: bool) {
        self.secondary = secondary;
        if let Some(flags) = self.address.flags() {
            let bit = if secondary {
                AddressFlags::SECONDARY.bits()
            } else {
                0
            };
            let bits = flags.bits() & !AddressFlags::SECONDARY.bits() | bit;
            self.address = self.address.with_flags(AddressFlags::from_bits(bits));
        }
    }

    /// What a replacement changes: lifetimes with their flags, and the protocol.
    fn refresh(&mut self, new: &Address) {
        const OF_LIFETIMES: u32 = AddressFlags::PERMANENT.bits() | AddressFlags::DEPRECATED.bits();
        let old = self.address;
        let bits = |address: &Address| address.flags().map_or(0, AddressFlags::bits);
        let flags = bits(&old) & !OF_LIFETIMES | bits(new) & OF_LIFETIMES;
        self.address = changed(&old, new)
            .with_flags(AddressFlags::from_bits(flags))
            .with_scope(scope(&old));
        if let Some(label) = old.label() {
            self.address = self.address.with_label(label);
        }
    }

    fn scope(&self) -> Scope {
        scope(&self.address)
    }
}

/// An address with the lifetimes and the protocol of another, and no facts but those and when it
/// was created.
pub(super) fn changed(old: &Address, new: &Address) -> Address {
    let link = old.link_index().unwrap_or_default();
    let mut address = Address::with_netmask(old.ip(), old.netmask(), link).unwrap_or(*new);
    if let Some(peer) = old.peer() {
        address = address.with_peer(peer).unwrap_or(address);
    }
    if let Some(lifetime) = new.valid_lft() {
        address = address.with_valid_lft(lifetime);
    }
    if let Some(lifetime) = new.preferred_lft() {
        address = address.with_preferred_lft(lifetime);
    }
    if let Some(protocol) = new.protocol() {
        address = address.with_protocol(protocol);
    }
    match old.created() {
        Some(created) => address.with_created(created),
        None => address,
    }
}

/// The mask of an address, and what is in its subnet: that of the other end, on a point-to-point
/// link (`inet_ifa_match`).
fn subnet(address: &Address) -> Subnet {
    let mask = address.netmask();
    (mask, mask.network(address.peer().unwrap_or(address.ip())))
}

fn scope(address: &Address) -> Scope {
    address.scope().unwrap_or(Scope::GLOBAL)
}

/// The label of the address at a place, counted from 1, after a rename.
fn renamed(label: Option<Name>, place: usize, name: Name) -> Name {
    let old = label
        .map(|label| label.as_bytes().to_vec())
        .unwrap_or_default();
    let numbered = format!(":{place}").into_bytes();
    let colon = old.iter().position(|byte| *byte == b':');
    let tail = colon.and_then(|at| old.get(at..)).unwrap_or(&numbered);
    // Where both together are too long the tail stands at the end and covers the name's.
    let room = Name::MAX_LEN.saturating_sub(tail.len());
    let head = name.as_bytes();
    let mut bytes = head.get(..room).unwrap_or(head).to_vec();
    bytes.extend(tail);
    Name::from_bytes(&bytes).unwrap_or(name)
}
