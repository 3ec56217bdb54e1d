//! The IPv6 addresses of one link (net/ipv6/addrconf.c).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::notification::Notification;
use super::ordered::{Mark, Ordered};
use super::refusal::Refusal;
use super::v4::changed;
use crate::snapshot::{Address, AddressFlags, Scope};

/// The flags that a request may set, and that a replacement takes from it.
pub(super) const REQUESTED: u32 = AddressFlags::NODAD.bits()
    | AddressFlags::HOMEADDRESS.bits()
    | AddressFlags::NOPREFIXROUTE.bits();

/// The IPv6 addresses of one link: by scope, the newest first.
#[derive(Clone, Debug, Default)]
pub(super) struct List {
    /// From the last that is listed to the first.
    entries: Ordered<Entry>,
    /// The entries of an address, by their place.
    by_ip: BTreeSet<(IpAddr, Mark)>,
    /// The entries by their reach, by their marks.
    by_breadth: BTreeMap<u8, BTreeSet<Mark>>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    address: Address,
    /// Whether it was kept while the link was set down, and has to be detected again.
    waits_for_link: bool,
}

impl List {
    /// Appends an address that a snapshot lists.
    pub fn push_listed(&mut self, address: Address) {
        self.insert_after(None, Entry::new(address));
    }

    pub fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.entries.values().rev().map(|entry| entry.address)
    }

    /// Adds an address (`inet6_rtm_newaddr`); it is the same one whatever its prefix length.
    pub fn add(
        &mut self,
        address: Address,
        replaces: bool,
        loopback: bool,
    ) -> Result<Vec<Notification>, Refusal> {
        let IpAddr::V6(ip) = address.ip() else {
            return Err(Refusal::Invalid);
        };
        let same = self.of(address.ip()).next();
        if let Some(entry) = same.and_then(|at| self.entries.get_mut(at)) {
            if !replaces {
                return Err(Refusal::Exists);
            }
            entry.modify(&address);
            // An address that is still to be detected has no event yet.
            let tentative = has(&entry.address, AddressFlags::TENTATIVE);
            let event = (!tentative).then_some(Notification::NewAddress(entry.address));
            return Ok(event.into_iter().collect());
        }
        if ip.is_unspecified() || ip.is_multicast() || ip.is_loopback() && !loopback {
            return Err(Refusal::NotAvailable);
        }
        let address = address.with_scope(scope(ip));
        self.insert(address);
        let mut events = Vec::new();
        if !has(&address, AddressFlags::NODAD) {
            // One event before duplicate address detection, and one after it.
            let tentative = bits(&address) | AddressFlags::TENTATIVE.bits();
            let tentative = address.with_flags(AddressFlags::from_bits(tentative));
            events.push(Notification::NewAddress(tentative));
        }
        events.push(Notification::NewAddress(address));
        Ok(events)
    }

    /// Adds the address of the loopback link, if it is not there.
    pub fn add_loopback(&mut self, address: Address) -> Vec<Notification> {
        if self.of(address.ip()).next().is_some() {
            return Vec::new();
        }
        self.insert(address);
        vec![Notification::NewAddress(address)]
    }

    /// Before the first whose scope is not wider (`ipv6_link_dev_addr`).
    fn insert(&mut self, address: Address) {
        let not_wider = self.by_breadth.range(..=breadth(&address));
        let first = not_wider.filter_map(|(_, marks)| marks.last().copied());
        self.insert_after(first.max(), Entry::new(address));
    }

    /// Deletes an address (`inet6_addr_del`).
    pub fn delete(&mut self, net: IpNet) -> Result<Vec<Notification>, Refusal> {
        let is = |at: &Mark| {
            let entry = self.entries.get(*at);
            entry.and_then(|e| e.address.netmask().prefix_len()) == Some(net.prefix_len())
        };
        let at = self.of(net.addr()).find(is);
        let deleted = at.and_then(|at| self.remove(at));
        let deleted = deleted.ok_or(Refusal::NotAvailable)?;
        Ok(vec![Notification::DeletedAddress(deleted.address)])
    }

    /// The entries of an address, in the order in which they are listed.
    fn of(&self, ip: IpAddr) -> impl Iterator<Item = Mark> {
        let all = self.by_ip.range((ip, 0)..=(ip, Mark::MAX));
        all.rev().map(|(_, mark)| *mark)
    }

    fn insert_after(&mut self, mark: Option<Mark>, entry: Entry) {
        match self.entries.insert_after(mark, entry) {
            Some(mark) => self.note(mark, &entry),
            None => self.note_all(),
        }
    }

    fn remove(&mut self, mark: Mark) -> Option<Entry> {
        let entry = self.entries.remove(mark)?;
        self.by_ip.remove(&(entry.address.ip(), mark));
        if let Some(marks) = self.by_breadth.get_mut(&breadth(&entry.address)) {
            marks.remove(&mark);
        }
        Some(entry)
    }

    /// Notes the mark of an entry.
    fn note(&mut self, mark: Mark, entry: &Entry) {
        self.by_ip.insert((entry.address.ip(), mark));
        let breadth = breadth(&entry.address);
        self.by_breadth.entry(breadth).or_default().insert(mark);
    }

    fn note_all(&mut self) {
        let entries = std::mem::take(&mut self.entries);
        *self = Self::default();
        for (mark, entry) in entries.iter() {
            self.note(mark, entry);
        }
        self.entries = entries;
    }

    /// The link is set down (`addrconf_ifdown`): all go, or only those that are not permanent and
    /// those that belong to the link alone.
    pub fn link_down(&mut self, keeps: bool) -> Vec<Notification> {
        let mut gone = Vec::new();
        let marks: Vec<Mark> = self.entries.range(..).rev().collect();
        for mark in marks {
            let Some(entry) = self.entries.get_mut(mark) else {
                continue;
            };
            let local = scope_of(&entry.address) >= Scope::LINK.value();
            if keeps && !local && has(&entry.address, AddressFlags::PERMANENT) {
                entry.wait_for_link();
            } else {
                gone.extend(self.remove(mark));
            }
        }
        let gone = gone.into_iter();
        gone.map(|entry| Notification::DeletedAddress(entry.address))
            .collect()
    }

    /// The link is set up: duplicates of the kept addresses are detected again.
    pub fn link_up(&mut self) -> Vec<Notification> {
        let entries = self.entries.values_mut().rev();
        let waiting = entries.filter(|entry| entry.waits_for_link);
        let back = waiting.map(|entry| {
            entry.waits_for_link = false;
            let bits = bits(&entry.address) & !AddressFlags::TENTATIVE.bits();
            entry.address = entry.address.with_flags(AddressFlags::from_bits(bits));
            Notification::NewAddress(entry.address)
        });
        back.collect()
    }

    /// Deletes all, as when the link goes.
    pub fn clear(&mut self) -> Vec<Notification> {
        let gone = std::mem::take(self);
        gone.addresses().map(Notification::DeletedAddress).collect()
    }
}

impl Entry {
    fn new(address: Address) -> Self {
        Self {
            address,
            waits_for_link: false,
        }
    }

    /// Applies a replacement (`inet6_addr_modify`): it changes flags, lifetimes and the other end,
    /// not the prefix length.
    fn modify(&mut self, new: &Address) {
        const CHANGED: u32 =
            REQUESTED | AddressFlags::PERMANENT.bits() | AddressFlags::DEPRECATED.bits();
        let old = self.address;
        let flags = bits(&old) & !CHANGED | bits(new) & CHANGED;
        let mut modified = changed(&old, new);
        if let Some(peer) = new.peer() {
            modified = modified.with_peer(peer).unwrap_or(modified);
        }
        self.address = modified
            .with_flags(AddressFlags::from_bits(flags))
            .with_scope(Scope::new(scope_of(&old)));
    }

    fn wait_for_link(&mut self) {
        self.waits_for_link = true;
        if !has(&self.address, AddressFlags::NODAD) {
            let bits = bits(&self.address) | AddressFlags::TENTATIVE.bits();
            self.address = self.address.with_flags(AddressFlags::from_bits(bits));
        }
    }
}

fn bits(address: &Address) -> u32 {
    address.flags().map_or(0, AddressFlags::bits)
}

fn has(address: &Address, flag: AddressFlags) -> bool {
    bits(address) & flag.bits() != 0
}

/// The scope of an address, which is in its first bits (`ipv6_addr_scope`).
pub(super) fn scope(ip: Ipv6Addr) -> Scope {
    match ip.segments() {
        _ if ip.is_loopback() => Scope::HOST,
        [first, ..] if first & 0xffc0 == 0xfe80 => Scope::LINK,
        [first, ..] if first & 0xffc0 == 0xfec0 => Scope::SITE,
        _ => Scope::GLOBAL,
    }
}

fn scope_of(address: &Address) -> u8 {
    match address.ip() {
        IpAddr::V6(ip) => scope(ip).value(),
        IpAddr::V4(_) => Scope::GLOBAL.value(),
    }
}

/// How far an address reaches (`ipv6_addr_src_scope`): the widest come first.
fn breadth(address: &Address) -> u8 {
    match Scope::new(scope_of(address)) {
        Scope::GLOBAL => 14,
        Scope::SITE => 5,
        _ => 2,
    }
}
