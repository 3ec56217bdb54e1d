//! The IPv4 addresses of one link (net/ipv4/devinet.c).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::notification::Notification;
use super::ordered::{Mark, Ordered};
use super::refusal::Refusal;
use crate::snapshot::{Address, AddressFlags, Name, Netmask, Scope};

/// The flags that a request may set.
pub(super) const REQUESTED: u32 = AddressFlags::NOPREFIXROUTE.bits();

/// The IPv4 addresses of one link: primaries by scope, then secondaries.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    entries: Ordered<Entry>,
    /// The entries of a subnet and address, by their place.
    members: BTreeSet<(Subnet, IpAddr, Mark)>,
    /// The number of entries of a subnet with a scope.
    scopes: BTreeMap<(Subnet, u8), usize>,
    /// The secondaries of a subnet, by their place.
    secondaries: BTreeSet<(Subnet, Mark)>,
    /// The primaries by their scope, by their place.
    primaries: BTreeMap<u8, BTreeSet<Mark>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    address: Address,
    /// Whether another address of its subnet came first. The flag says the same, where flags are
    /// known.
    secondary: bool,
}

/// A mask, and an address of the subnet.
type Subnet = (IpAddr, Option<IpAddr>);

impl List {
    /// Appends an address that a snapshot lists.
    pub fn push_listed(&mut self, address: Address) {
        let secondary = address.is_secondary();
        let secondary = secondary.unwrap_or_else(|| self.has(subnet(&address)));
        let entry = Entry { address, secondary };
        self.append(entry);
    }

    pub fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.entries.values().map(|entry| entry.address)
    }

    /// Adds an address (`inet_rtm_newaddr`, `__inet_insert_ifa`).
    pub fn add(&mut self, address: Address, replaces: bool) -> Result<Vec<Notification>, Refusal> {
        if address.ip().is_unspecified() {
            return Ok(Vec::new());
        }
        let subnet = subnet(&address);
        let same = self.of(subnet, address.ip()).next();
        if let Some(entry) = same.and_then(|at| self.entries.get_mut(at)) {
            if !replaces {
                return Err(Refusal::Exists);
            }
            entry.refresh(&address);
            return Ok(vec![Notification::NewAddress(entry.address)]);
        }
        let scope = scope(&address).value();
        let siblings = self.scopes.range((subnet, 0)..=(subnet, u8::MAX));
        if siblings.into_iter().any(|((_, other), _)| *other != scope) {
            return Err(Refusal::Invalid);
        }
        let secondary = self.has(subnet);
        let entry = Entry::new(address, secondary);
        if secondary {
            self.append(entry);
        } else {
            let same_or_narrower = self.primaries.range(scope..);
            let last = same_or_narrower.filter_map(|(_, marks)| marks.last().copied());
            self.insert_after(last.max(), entry);
        }
        Ok(vec![Notification::NewAddress(entry.address)])
    }

    /// Deletes the first address that is this one (`inet_rtm_deladdr`, `__inet_del_ifa`).
    ///
    /// `of` is the other end of a point-to-point link, or the address itself.
    pub fn delete(
        &mut self,
        net: IpNet,
        of: IpAddr,
        promotes: bool,
    ) -> Result<Vec<Notification>, Refusal> {
        let mask = Netmask::from_ip(net.netmask());
        let subnet = (net.netmask(), mask.network(of));
        let at = self.of(subnet, net.addr()).next();
        let at = at.ok_or(Refusal::NotAvailable)?;
        let deleted = self.remove(at).ok_or(Refusal::NotAvailable)?;
        let gone = Notification::DeletedAddress(deleted.address);
        if deleted.secondary {
            return Ok(vec![gone]);
        }
        if promotes {
            let mut followers = self.secondaries.range((subnet, at)..=(subnet, Mark::MAX));
            let next = followers.next().map(|(_, mark)| *mark);
            let promoted = next.and_then(|next| self.promote(at, next, deleted.scope()));
            return Ok([gone].into_iter().chain(promoted).collect());
        }
        let followers = self.secondaries.range((subnet, 0)..=(subnet, Mark::MAX));
        let followers: Vec<Mark> = followers.map(|(_, mark)| *mark).collect();
        let followers = followers.into_iter().filter_map(|mark| self.remove(mark));
        let deleted = followers.map(|entry| Notification::DeletedAddress(entry.address));
        let mut events: Vec<Notification> = deleted.collect();
        events.push(gone);
        Ok(events)
    }

    /// Makes a secondary address a primary one. `from` is the mark of the primary that it replaces.
    /// It comes after the later primaries whose scope is the same or narrower.
    fn promote(&mut self, from: Mark, at: Mark, scope: Scope) -> Option<Notification> {
        let mut entry = self.remove(at)?;
        entry.set_secondary(false);
        let same_or_narrower = self.primaries.range(scope.value()..);
        let last = same_or_narrower.filter_map(|(_, marks)| marks.range(from..at).next_back());
        let after = last.max().copied();
        let after = after.or_else(|| self.entries.range(..from).next_back());
        self.insert_after(after, entry);
        Some(Notification::NewAddress(entry.address))
    }

    /// Whether an address of a subnet is there.
    fn has(&self, subnet: Subnet) -> bool {
        let mut scopes = self.scopes.range((subnet, 0)..=(subnet, u8::MAX));
        scopes.next().is_some()
    }

    /// The entries of an address in a subnet.
    fn of(&self, subnet: Subnet, ip: IpAddr) -> impl Iterator<Item = Mark> {
        let all = (subnet, ip, 0)..=(subnet, ip, Mark::MAX);
        self.members.range(all).map(|(_, _, mark)| *mark)
    }

    fn append(&mut self, entry: Entry) {
        let last = self.entries.range(..).next_back();
        self.insert_after(last, entry);
    }

    fn insert_after(&mut self, mark: Option<Mark>, entry: Entry) {
        match self.entries.insert_after(mark, entry) {
            Some(mark) => self.note(mark, &entry),
            None => self.note_all(),
        }
    }

    fn remove(&mut self, mark: Mark) -> Option<Entry> {
        let entry = self.entries.remove(mark)?;
        let (subnet, scope) = (subnet(&entry.address), entry.scope().value());
        self.members.remove(&(subnet, entry.address.ip(), mark));
        if let Some(count) = self.scopes.get_mut(&(subnet, scope)) {
            *count -= 1;
            if *count == 0 {
                self.scopes.remove(&(subnet, scope));
            }
        }
        self.secondaries.remove(&(subnet, mark));
        if let Some(marks) = self.primaries.get_mut(&scope) {
            marks.remove(&mark);
        }
        Some(entry)
    }

    /// Notes the mark of an entry.
    fn note(&mut self, mark: Mark, entry: &Entry) {
        let (subnet, scope) = (subnet(&entry.address), entry.scope().value());
        self.members.insert((subnet, entry.address.ip(), mark));
        *self.scopes.entry((subnet, scope)).or_default() += 1;
        if entry.secondary {
            self.secondaries.insert((subnet, mark));
        } else {
            self.primaries.entry(scope).or_default().insert(mark);
        }
    }

    fn note_all(&mut self) {
        let entries = std::mem::take(&mut self.entries);
        *self = Self::default();
        for (mark, entry) in entries.iter() {
            self.note(mark, entry);
        }
        self.entries = entries;
    }

    /// Deletes all, as when the link goes.
    pub fn clear(&mut self) -> Vec<Notification> {
        let gone = std::mem::take(self);
        gone.addresses().map(Notification::DeletedAddress).collect()
    }

    /// Renames all labels after the link (`inetdev_changename`). The first label becomes the name.
    /// The others keep the part after a colon, or get their number.
    pub fn rename(&mut self, name: Name) -> Vec<Notification> {
        let mut events = Vec::new();
        for (at, entry) in self.entries.values_mut().enumerate() {
            let label = match (at, entry.address.label()) {
                (0, _) => name,
                (_, label) => renamed(label, at + 1, name),
            };
            entry.address = entry.address.with_label(label);
            events.push(Notification::NewAddress(entry.address));
        }
        events
    }
}

impl Entry {
    fn new(address: Address, secondary: bool) -> Self {
        let mut entry = Self { address, secondary };
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

    /// Applies a replacement: it changes lifetimes with their flags, and the protocol.
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
    let network = mask.network(address.peer().unwrap_or(address.ip()));
    (mask.to_ip(), network)
}

fn scope(address: &Address) -> Scope {
    address.scope().unwrap_or(Scope::GLOBAL)
}

/// The label of the address at a position, counted from 1, after a rename.
fn renamed(label: Option<Name>, position: usize, name: Name) -> Name {
    let old = label
        .map(|label| label.as_bytes().to_vec())
        .unwrap_or_default();
    let numbered = format!(":{position}").into_bytes();
    let colon = old.iter().position(|byte| *byte == b':');
    let tail = colon.and_then(|at| old.get(at..)).unwrap_or(&numbered);
    // If both together are too long, the tail overwrites the end of the name.
    let len = Name::MAX_LEN.saturating_sub(tail.len());
    let head = name.as_bytes();
    let mut bytes = head.get(..len).unwrap_or(head).to_vec();
    bytes.extend(tail);
    Name::from_bytes(&bytes).unwrap_or(name)
}
