//! The VIP that may come: an address that is not on the host, without any mark.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::snapshot::{Address, AddressFlags, Link, Scope, Snapshot};

/// A VIP that may come.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Newcomer {
    pub address: Address,
    /// The network that it is drawn from, if the chosen address has none of its own.
    pub network: Option<IpNet>,
}

/// A VIP that may come where the chosen address is. `None` if no address is free, or if no VIP would
/// come there.
///
/// It is drawn from the network of the chosen address, or from the part that bindnetaddr names with its
/// prefix (`asked`). A host prefix (/32, /128) has no network: then it is drawn from the longest
/// network of another address that contains the chosen one. If there is none, it is drawn from `asked`
/// and is a host prefix, too.
pub(super) fn newcomer(
    host: &Snapshot,
    chosen: &Address,
    asked: Option<IpNet>,
) -> Option<Newcomer> {
    let is_host = chosen.netmask().is_host();
    let container = is_host.then(|| container(host, chosen)).flatten();
    let beside = container.unwrap_or(*chosen);
    let (network, from) = if is_host && container.is_none() {
        let asked = asked.filter(|_| may_have_more(host, chosen))?;
        (Some(asked), near(chosen.ip(), asked))
    } else if has_neighbours(host, &beside) {
        let own = beside.net()?.trunc();
        let network = asked.filter(|asked| own.contains(asked)).unwrap_or(own);
        (is_host.then_some(network), network)
    } else {
        return None;
    };
    let taken: BTreeSet<IpAddr> = host.addresses().map(|a| a.ip()).collect();
    let address = like(host, &beside, free(from, &taken)?)?;
    Some(Newcomer { address, network })
}

/// The entry with the longest network that contains a host prefix.
fn container(host: &Snapshot, chosen: &Address) -> Option<Address> {
    let contains = |address: &Address| {
        let network = address.net().filter(|_| !address.netmask().is_host());
        network.is_some_and(|network| network.contains(&chosen.ip()))
            && has_neighbours(host, address)
    };
    let containers: Vec<_> = host.addresses().filter(contains).collect();
    // max_by_key returns the last of equals, and the first is wanted.
    let reversed = containers.into_iter().rev();
    reversed.max_by_key(|address| address.netmask().prefix_len())
}

/// Whether more addresses may come to the link of this one.
fn may_have_more(host: &Snapshot, address: &Address) -> bool {
    let global = address.scope().is_none_or(|scope| scope == Scope::GLOBAL);
    global && address.peer().is_none() && host.link_of(address).is_some()
}

/// The same on a link to other hosts. On a loopback link there are host prefixes only.
fn has_neighbours(host: &Snapshot, address: &Address) -> bool {
    let on_loopback = host.link_of(address).and_then(Link::is_loopback) == Some(true);
    may_have_more(host, address) && !on_loopback
}

/// An address with the mask, the link and the scope of another one.
fn like(host: &Snapshot, other: &Address, ip: IpAddr) -> Option<Address> {
    let link = host.link_of(other)?;
    let mut address = Address::with_netmask(ip, other.netmask(), link.index()).ok()?;
    if let Some(scope) = other.scope() {
        address = address.with_scope(scope);
    }
    if other.flags().is_some() {
        address = address.with_flags(AddressFlags::PERMANENT);
    }
    Some(match other.label() {
        Some(_) => address.with_label(link.name()),
        None => address,
    })
}

/// The part of a network near an address. Of 0.0.0.0/0 the last address would be none of a host.
fn near(ip: IpAddr, network: IpNet) -> IpNet {
    let shortest = if ip.is_ipv4() { 24 } else { 64 };
    let near = IpNet::new(ip, network.prefix_len().max(shortest));
    near.map_or(network, |near| near.trunc())
}

/// The last free address of a network, for instance 192.0.2.254 or 2001:db8::fffe.
fn free(net: IpNet, taken: &BTreeSet<IpAddr>) -> Option<IpAddr> {
    let (first, last): (u128, u128) = match net.trunc() {
        IpNet::V4(net) => (
            net.network().to_bits().into(),
            net.broadcast().to_bits().into(),
        ),
        IpNet::V6(net) => {
            let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
            (first, last.min(first | 0xffff))
        }
    };
    let ip = |bits: u128| match net {
        IpNet::V4(_) => u32::try_from(bits).ok().map(|bits| IpAddr::V4(bits.into())),
        IpNet::V6(_) => Some(IpAddr::V6(bits.into())),
    };
    let inside = (first.saturating_add(1)..last).rev();
    inside.filter_map(ip).find(|ip| !taken.contains(ip))
}
