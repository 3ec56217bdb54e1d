//! The networks of the host, and the host prefixes inside them.

use super::rules::Rules;
use crate::snapshot::{Address, AddressFlags, Bits, Scope, Snapshot};

/// Whether a /32 or /128 may be a VIP: not where its lifetime is finite.
pub(crate) fn is_permanent_host(address: &Address) -> bool {
    let permanent = |flags: AddressFlags| flags.contains(AddressFlags::PERMANENT);
    address.netmask().is_host() && address.flags().is_none_or(permanent)
}

/// The networks that this host is on: those of addresses with global scope, without a peer,
/// usable and not floating. A permanent host prefix inside one of them is a VIP's.
pub(crate) struct Subnets<A> {
    /// Mask, network, and the address that brings it about; sorted.
    networks: Vec<(A, A, A)>,
    masks: Vec<A>,
}

impl<A: Bits> Subnets<A> {
    /// The networks of these addresses.
    pub fn new(
        addresses: impl Iterator<Item = Address>,
        snapshot: &Snapshot,
        rules: &Rules,
    ) -> Self {
        let mut networks = Vec::new();
        for address in addresses.filter(|address| is_subnet(address, snapshot, rules)) {
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

    /// Whether an address is inside the network of *another* address.
    pub fn contain(&self, ip: A) -> bool {
        self.masks.iter().any(|mask| {
            let network = (*mask, ip & *mask);
            let from = self
                .networks
                .partition_point(|(mask, net, _)| (*mask, *net) < network);
            let mut inside = self.networks.iter().skip(from).take(2);
            inside.any(|(mask, net, by)| (*mask, *net) == network && *by != ip)
        })
    }
}

/// Whether this host is on the network of an address.
pub(crate) fn is_subnet(address: &Address, snapshot: &Snapshot, rules: &Rules) -> bool {
    may_contain(address) && {
        let reasons = rules.weigh(address, snapshot.link_of(address));
        !reasons.is_unusable() && !reasons.is_floating()
    }
}

/// Whether the network of an address may contain a host prefix, as far as its own facts tell.
pub(crate) fn may_contain(address: &Address) -> bool {
    let global = address.scope().is_none_or(|scope| scope == Scope::GLOBAL);
    let shorter = address.netmask().prefix_len().is_some() && !address.netmask().is_host();
    shorter && global && address.peer().is_none()
}
