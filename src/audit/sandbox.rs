//! A copy of a host for the scenarios: an address that goes comes back with the same facts.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::model::{AddressRequest, Host, Kernel, Notification, Operation};
use crate::snapshot::{Address, AddressFlags, Link, Name, Netmask, Snapshot};

/// A copy of a host for the scenarios. An operation that the kernel would refuse gives `None`.
#[derive(Clone)]
pub(super) struct Sandbox<'a> {
    before: &'a Snapshot,
    host: Host,
    /// The added addresses with all their facts. The model knows the facts that `ip` sets, but not
    /// those of autoconfiguration, DHCP or duplicate address detection.
    added: BTreeMap<Key, Address>,
}

/// The identity of an entry of the list.
type Key = (Option<u32>, IpAddr, Netmask, Option<IpAddr>);

impl<'a> Sandbox<'a> {
    pub fn new(before: &'a Snapshot) -> Self {
        Self {
            before,
            host: Host::of(before, Kernel::default()),
            added: BTreeMap::new(),
        }
    }

    /// The list of the host now.
    pub fn snapshot(&self) -> Option<Snapshot> {
        let now = self.host.snapshot_with(|listed| {
            let facts = self.added.get(&key(&listed));
            facts.map_or(listed, |facts| ranked_as(*facts, &listed))
        });
        Some(now.with_about(self.before.about().clone()))
    }

    /// Sets `promote_secondaries` of the link of an address.
    pub fn promote(&mut self, address: &Address, on: bool) -> Option<()> {
        let link = self.link_of(address)?;
        self.apply(&Operation::PromoteSecondaries { link, on })
            .map(drop)
    }

    /// Sets a link down, and returns the addresses that have gone; `keeps` is `keep_addr_on_down`.
    pub fn link_down(&mut self, link: Name, keeps: bool) -> Option<Vec<Address>> {
        let on = keeps;
        self.apply(&Operation::KeepAddressesOnDown { link, on })?;
        self.apply(&Operation::LinkDown(link))
    }

    pub fn link_up(&mut self, link: Name) -> Option<()> {
        self.apply(&Operation::LinkUp(link)).map(drop)
    }

    /// Deletes an address, and returns the others that went along.
    pub fn delete(&mut self, address: &Address) -> Option<Vec<Address>> {
        let request = self.request(address)?;
        let mut gone = self.apply(&Operation::DeleteAddress(request))?;
        gone.retain(|other| key(other) != key(address));
        Some(gone)
    }

    /// Adds an address with these facts.
    pub fn add(&mut self, address: &Address) -> Option<()> {
        let request = self.request(address)?;
        self.added.insert(key(address), *address);
        self.apply(&Operation::AddAddress(request)).map(drop)
    }

    /// Adds the addresses that have gone, in this order.
    pub fn add_all<'b>(&mut self, gone: impl IntoIterator<Item = &'b Address>) -> Option<()> {
        gone.into_iter().try_for_each(|address| self.add(address))
    }

    /// Applies an operation, and returns the addresses that it deleted, as they were at first.
    fn apply(&mut self, operation: &Operation) -> Option<Vec<Address>> {
        let events = self.host.apply(operation).ok()?;
        let deleted = events.into_iter().filter_map(|event| match event {
            Notification::DeletedAddress(address) => {
                let facts = self.added.get(&key(&address));
                Some(facts.copied().unwrap_or(address))
            }
            _ => None,
        });
        Some(deleted.collect())
    }

    fn request(&self, address: &Address) -> Option<AddressRequest> {
        let mut request = AddressRequest::new(address.net()?, self.link_of(address)?);
        if let Some(scope) = address.scope() {
            request = request.scope(scope);
        }
        Some(match address.peer() {
            Some(peer) => request.peer(peer),
            None => request,
        })
    }

    /// The name by which `ip` would find the link of an address.
    fn link_of(&self, address: &Address) -> Option<Name> {
        let link = self.before.link_of(address)?;
        let found = self.before.link_named(&link.name().into())?;
        (found.index() == link.index()).then_some(link.name())
    }
}

fn key(address: &Address) -> Key {
    let (ip, mask) = (address.ip(), address.netmask());
    (address.link_index(), ip, mask, address.peer())
}

/// An address with these facts, primary or secondary as it is listed.
fn ranked_as(facts: Address, listed: &Address) -> Address {
    match (facts.flags(), listed.is_secondary()) {
        (Some(flags), Some(secondary)) => {
            let bit = if secondary {
                AddressFlags::SECONDARY.bits()
            } else {
                0
            };
            let bits = flags.bits() & !AddressFlags::SECONDARY.bits() | bit;
            facts.with_flags(AddressFlags::from_bits(bits))
        }
        _ => facts,
    }
}

/// The host when duplicate address detection is over: an address that has not failed can be bound.
pub(super) fn after_dad(host: &Snapshot) -> Option<Snapshot> {
    let end_dad = |address: Address| match address.flags() {
        Some(flags) if !flags.contains(AddressFlags::DADFAILED) => {
            let bits = flags.bits() & !AddressFlags::TENTATIVE.bits();
            address.with_flags(AddressFlags::from_bits(bits))
        }
        _ => address,
    };
    let after = Snapshot::new(host.links().to_vec(), host.addresses().map(end_dad));
    Some(after.ok()?.with_about(host.about().clone()))
}

/// The host with the indexes of its links, but loopback ones, in reverse order; `None` if that
/// changes nothing.
pub(super) fn reordered(host: &Snapshot) -> Option<Snapshot> {
    let moved = host
        .links()
        .iter()
        .filter(|link| link.is_loopback() != Some(true));
    let mut indexes: Vec<u32> = moved.map(Link::index).collect();
    indexes.sort_unstable();
    if indexes.len() < 2 {
        return None;
    }
    let reversed = indexes.iter().copied().zip(indexes.iter().rev().copied());
    let reversed: BTreeMap<u32, u32> = reversed.collect();
    let new = |index: u32| reversed.get(&index).copied().unwrap_or(index);
    let renumbered = |link: &Link| link.clone().renumbered(new);
    let mut links: Vec<Link> = host.links().iter().map(renumbered).collect();
    links.sort_by_key(Link::index);
    let on_new = |address: Address| match address.link_index() {
        Some(index) => address.with_link(new(index)),
        None => address,
    };
    let mut addresses: Vec<Address> = host.addresses().map(on_new).collect();
    // Stable: the addresses of a link stay as they are.
    addresses.sort_by_key(|address| address.link_index().unwrap_or(u32::MAX));
    let reordered = Snapshot::new(links, addresses).ok()?;
    Some(reordered.with_about(host.about().clone()))
}

/// The host without some of its addresses.
pub(super) fn without(host: &Snapshot, leaves: impl Fn(&Address) -> bool) -> Option<Snapshot> {
    let stay = host.addresses().filter(|address| !leaves(address));
    let left = Snapshot::new(host.links().to_vec(), stay).ok()?;
    Some(left.with_about(host.about().clone()))
}
