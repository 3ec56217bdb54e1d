//! The evidence `host-prefix-in-subnet`: a permanent /32 or /128 inside a network of this host.
//!
//! A VIP manager that is given no prefix adds its address as a host prefix. The host's own address has
//! the prefix of its network, so the network of a *different* address contains the VIP.

use smallvec::SmallVec;

use super::evidence::Reason;
use super::rules::Rules;
use super::view::View;
use crate::snapshot::{Address, AddressFlags, Bits, Scope};

/// Up to this many candidates, one scan for each is faster than a list of all networks.
const FEW: usize = 4;

/// The networks that this host is on. They are the networks of usable addresses that are not floating,
/// have global scope and have no peer.
pub(super) struct Subnets<'a, A: Bits> {
    view: &'a View<'a, A>,
    rules: &'a Rules,
    few: bool,
    /// All networks, listed when the first of many candidates is looked up.
    list: Option<List<A>>,
}

impl<'a, A: Bits> Subnets<'a, A> {
    /// For so many candidates.
    pub fn new(view: &'a View<'a, A>, rules: &'a Rules, candidates: usize) -> Self {
        Self {
            view,
            rules,
            few: candidates <= FEW,
            list: None,
        }
    }

    /// Whether an address is a permanent host prefix inside one of the networks, if that is looked for.
    pub fn contain_host(&mut self, address: &Address) -> bool {
        self.rules.is_on(Reason::HostPrefixInSubnet)
            && is_permanent_host(address)
            && A::from_ip(address.ip()).is_some_and(|ip| self.contain(ip))
    }

    /// Whether an address is inside the network of a *different* address: one address may be on a
    /// link with its prefix, and on lo as a /32.
    fn contain(&mut self, ip: A) -> bool {
        if self.few {
            return self.contain_by_scan(ip);
        }
        let (view, rules) = (self.view, self.rules);
        let list = self.list.get_or_insert_with(|| List::new(view, rules));
        list.contains(ip)
    }

    fn contain_by_scan(&self, ip: A) -> bool {
        let mut inside = false;
        self.view.table.nets.own_mask(ip, |at| {
            inside = inside
                || self.view.get(at).is_some_and(|(_, by)| {
                    A::from_ip(by.ip()) != Some(ip) && is_subnet(&by, self.view, self.rules)
                });
        });
        inside
    }
}

/// All networks of a host.
struct List<A> {
    /// Mask, network, and the address that has them; sorted.
    networks: Vec<(A, A, A)>,
    masks: Vec<A>,
}

impl<A: Bits> List<A> {
    fn new(view: &View<'_, A>, rules: &Rules) -> Self {
        let mut networks = Vec::new();
        let addresses = view.addresses().map(|(_, address)| address);
        for address in addresses.filter(|address| is_subnet(address, view, rules)) {
            let mask = A::from_netmask(address.netmask());
            if let (Some(ip), Some(mask)) = (A::from_ip(address.ip()), mask) {
                networks.push((mask, ip & mask, ip));
            }
        }
        networks.sort_unstable();
        networks.dedup();
        let mut masks: Vec<A> = networks.iter().map(|(mask, ..)| *mask).collect();
        masks.dedup();
        Self { networks, masks }
    }

    /// Whether an address is inside the network of a different address.
    fn contains(&self, ip: A) -> bool {
        self.masks.iter().any(|mask| {
            let network = (*mask, ip & *mask);
            let from = self
                .networks
                .partition_point(|(mask, net, _)| (*mask, *net) < network);
            // Each address is there once, so that one of two is a different address.
            let mut inside = self.networks.iter().skip(from).take(2);
            inside.any(|(mask, net, by)| (*mask, *net) == network && *by != ip)
        })
    }
}

/// The host prefixes among candidates whose links are not known yet.
pub(super) struct HostPrefixes<A> {
    is_on: bool,
    /// One more than few of them mean many.
    hosts: SmallVec<[A; FEW + 1]>,
}

impl<A: Bits> HostPrefixes<A> {
    pub fn new(rules: &Rules) -> Self {
        Self {
            is_on: rules.is_on(Reason::HostPrefixInSubnet),
            hosts: SmallVec::new(),
        }
    }

    /// Adds a candidate if it is a host prefix.
    pub fn push(&mut self, address: &Address) {
        if self.is_on && is_permanent_host(address) && self.hosts.len() <= FEW {
            self.hosts.extend(A::from_ip(address.ip()));
        }
    }

    /// Calls `found` for each address whose network may contain one of them. Its link decides that: a
    /// VRRP MAC makes the address floating, and then this host is not on its network.
    pub fn each_container(&self, view: &View<'_, A>, mut found: impl FnMut(&Address)) {
        if self.hosts.len() > FEW {
            let containers = view.addresses().filter(|(_, address)| may_contain(address));
            containers.for_each(|(_, address)| found(&address));
            return;
        }
        for host in &self.hosts {
            view.table.nets.own_mask(*host, |at| {
                if let Some((_, by)) = view.get(at).filter(|(_, by)| may_contain(by)) {
                    found(&by);
                }
            });
        }
    }
}

/// Whether an address may be a VIP by its prefix and flags. A DHCP server may lease a /32, so a finite
/// lifetime speaks against a VIP. A static /128 of a host is as usual; VIP managers skip duplicate
/// address detection, or deprecate the address.
pub(super) fn is_permanent_host(address: &Address) -> bool {
    let looks_so = |flags: AddressFlags| {
        let has = |flag| flags.contains(flag);
        let marked = has(AddressFlags::NODAD) || has(AddressFlags::DEPRECATED);
        (address.ip().is_ipv4() || marked) && has(AddressFlags::PERMANENT)
    };
    address.netmask().is_host() && address.flags().is_none_or(looks_so)
}

/// Whether this host is on the network of an address.
fn is_subnet<A: Bits>(address: &Address, view: &View<'_, A>, rules: &Rules) -> bool {
    may_contain(address) && {
        let reasons = view.reasons_of(rules, address);
        !reasons.is_unusable() && !reasons.is_floating()
    }
}

/// Whether the network of an address may contain a host prefix, as far as its own facts tell.
pub(super) fn may_contain(address: &Address) -> bool {
    let global = address.scope().is_none_or(|scope| scope == Scope::GLOBAL);
    let shorter = address.netmask().prefix_len().is_some() && !address.netmask().is_host();
    shorter && global && address.peer().is_none()
}
