//! The IPv6 addresses of one link (net/ipv6/addrconf.c).

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::event::Event;
use super::host::Refusal;
use super::v4::changed;
use crate::snapshot::{Address, AddressFlags, Scope};

/// The flags that a request may set, and that a replacement takes from it.
pub(super) const ASKED: u32 = AddressFlags::NODAD.bits()
    | AddressFlags::HOMEADDRESS.bits()
    | AddressFlags::NOPREFIXROUTE.bits();

/// The IPv6 addresses of one link: by scope, the newest first.
#[derive(Clone, Debug, Default)]
pub(super) struct List(Vec<Entry>);

#[derive(Clone, Copy, Debug)]
struct Entry {
    address: Address,
    /// Whether it was kept while the link was set down, and has to be detected again.
    waits_for_link: bool,
}

impl List {
    /// Appends an address that a snapshot lists.
    pub fn push_listed(&mut self, address: Address) {
        self.0.push(Entry {
            address,
            waits_for_link: false,
        });
    }

    pub fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.0.iter().map(|entry| entry.address)
    }

    /// Adds an address (`inet6_rtm_newaddr`); it is the same one whatever its prefix length.
    pub fn add(
        &mut self,
        address: Address,
        replaces: bool,
        loopback: bool,
    ) -> Result<Vec<Event>, Refusal> {
        let IpAddr::V6(ip) = address.ip() else {
            return Err(Refusal::Invalid);
        };
        if let Some(entry) = self.0.iter_mut().find(|e| e.address.ip() == address.ip()) {
            if !replaces {
                return Err(Refusal::Exists);
            }
            entry.modify(&address);
            // What waits to be detected is not told of.
            let tentative = has(&entry.address, AddressFlags::TENTATIVE);
            let told = (!tentative).then_some(Event::NewAddress(entry.address));
            return Ok(told.into_iter().collect());
        }
        if ip.is_unspecified() || ip.is_multicast() || ip.is_loopback() && !loopback {
            return Err(Refusal::NotAvailable);
        }
        let address = address.with_scope(scope(ip));
        self.insert(address);
        let mut events = Vec::new();
        if !has(&address, AddressFlags::NODAD) {
            // Told before duplicate address detection, and once more after it.
            let tentative = bits(&address) | AddressFlags::TENTATIVE.bits();
            let tentative = address.with_flags(AddressFlags::from_bits(tentative));
            events.push(Event::NewAddress(tentative));
        }
        events.push(Event::NewAddress(address));
        Ok(events)
    }

    /// Adds the address of the loopback link, if it is not there.
    pub fn add_loopback(&mut self, address: Address) -> Vec<Event> {
        if self.0.iter().any(|e| e.address.ip() == address.ip()) {
            return Vec::new();
        }
        self.insert(address);
        vec![Event::NewAddress(address)]
    }

    /// Before the first whose scope is not wider (`ipv6_link_dev_addr`).
    fn insert(&mut self, address: Address) {
        let breadth = breadth(&address);
        let at = self
            .0
            .iter()
            .position(|e| self::breadth(&e.address) <= breadth);
        let entry = Entry {
            address,
            waits_for_link: false,
        };
        self.0.insert(at.unwrap_or(self.0.len()), entry);
    }

    /// Deletes an address (`inet6_addr_del`).
    pub fn delete(&mut self, net: IpNet) -> Result<Vec<Event>, Refusal> {
        let is = |e: &Entry| {
            e.address.ip() == net.addr()
                && e.address.netmask().prefix_len() == Some(net.prefix_len())
        };
        let at = self.0.iter().position(is).ok_or(Refusal::NotAvailable)?;
        let deleted = self.0.remove(at);
        Ok(vec![Event::DeletedAddress(deleted.address)])
    }

    /// The link is set down (`addrconf_ifdown`): all go, or only those that are not permanent and
    /// those that belong to the link alone.
    pub fn link_down(&mut self, keeps: bool) -> Vec<Event> {
        let mut events = Vec::new();
        self.0.retain_mut(|entry| {
            let local = scope_of(&entry.address) >= Scope::LINK.value();
            if keeps && !local && has(&entry.address, AddressFlags::PERMANENT) {
                entry.wait_for_link();
                return true;
            }
            events.push(Event::DeletedAddress(entry.address));
            false
        });
        events
    }

    /// The link is set up: what was kept is detected again.
    pub fn link_up(&mut self) -> Vec<Event> {
        let waiting = self.0.iter_mut().filter(|entry| entry.waits_for_link);
        let back = waiting.map(|entry| {
            entry.waits_for_link = false;
            let bits = bits(&entry.address) & !AddressFlags::TENTATIVE.bits();
            entry.address = entry.address.with_flags(AddressFlags::from_bits(bits));
            Event::NewAddress(entry.address)
        });
        back.collect()
    }

    /// Deletes all, as when the link goes.
    pub fn clear(&mut self) -> Vec<Event> {
        let gone = self.0.drain(..);
        gone.map(|entry| Event::DeletedAddress(entry.address))
            .collect()
    }
}

impl Entry {
    /// What a replacement changes (`inet6_addr_modify`): flags, lifetimes and the other end, not
    /// the prefix length.
    fn modify(&mut self, new: &Address) {
        const CHANGED: u32 =
            ASKED | AddressFlags::PERMANENT.bits() | AddressFlags::DEPRECATED.bits();
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

/// How far an address reaches (`ipv6_addr_src_scope`): the wider stand first.
fn breadth(address: &Address) -> u8 {
    match Scope::new(scope_of(address)) {
        Scope::GLOBAL => 14,
        Scope::SITE => 5,
        _ => 2,
    }
}
