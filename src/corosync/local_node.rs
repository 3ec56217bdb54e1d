//! Which node of a nodelist is this host, as a version of Corosync finds it
//! (exec/totemconfig.c).

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::conf::ConfNode;
use super::names::{Hosts, IpVersion, read_address};
use super::version::Version;
use crate::snapshot::{Address, Snapshot};

/// The nodes of a nodelist, by the names and addresses that identify a host. It is made once for
/// many hosts.
#[derive(Clone, Debug)]
pub(crate) struct LocalNodes {
    /// The positions of the nodes, in the order of Corosync's map of keys.
    order: Vec<usize>,
    /// The first node of each name, by its rank in that order.
    whole: BTreeMap<String, usize>,
    /// The same for names up to the first dot.
    short: BTreeMap<String, usize>,
    /// The first node of each address that a name or a number stands for.
    resolved: BTreeMap<IpAddr, usize>,
    /// The first node with each address as ring0_addr.
    ring0: BTreeMap<IpAddr, usize>,
}

impl LocalNodes {
    pub fn of(nodes: &[ConfNode], ip_version: IpVersion, hosts: &Hosts) -> Self {
        let order = in_map_order(nodes);
        let (mut whole, mut short) = (BTreeMap::new(), BTreeMap::new());
        let (mut resolved, mut ring0) = (BTreeMap::new(), BTreeMap::new());
        let ordered = order.iter().filter_map(|at| nodes.get(*at));
        for (rank, node) in ordered.enumerate() {
            for name in names(node) {
                whole.entry(name.to_owned()).or_insert(rank);
                short.entry(first_label(name).to_owned()).or_insert(rank);
                for ip in resolve(name, hosts) {
                    resolved.entry(ip).or_insert(rank);
                }
            }
            let value = node.get("ring0_addr");
            let read = value.and_then(|value| read_address(value.text(), ip_version, hosts).ok());
            if let Some(read) = read {
                ring0.entry(read.ip).or_insert(rank);
            }
        }
        Self {
            order,
            whole,
            short,
            resolved,
            ring0,
        }
    }

    /// The position of the node with the name of this host, with an address of it, or with a name
    /// that resolves to one. This is the rule from 3.0.
    pub fn by_name(&self, version: Version, host: &Snapshot, hosts: &Hosts) -> Option<usize> {
        let named = host.about().hostname.as_deref();
        let named = named.and_then(|hostname| self.by_hostname(version, hostname));
        let found = named
            .or_else(|| self.by_names_of_addresses(host, hosts))
            .or_else(|| first(&self.resolved, host));
        self.order.get(found?).copied()
    }

    fn by_hostname(&self, version: Version, hostname: &str) -> Option<usize> {
        let found = without_domains(hostname).find_map(|name| self.whole.get(name));
        // Before 3.1.1 this step compared nothing.
        if found.is_none() && version >= Version::new(3, 1, 1) {
            return self.short.get(first_label(hostname)).copied();
        }
        found.copied()
    }

    fn by_names_of_addresses(&self, host: &Snapshot, hosts: &Hosts) -> Option<usize> {
        host.addresses().find_map(|address| {
            let (ip, numeric) = (address.ip(), numeric(&address, host));
            // getnameinfo(3) gives the number if the hosts file has no name.
            let name = hosts.name_of(ip).unwrap_or(&numeric);
            let found = self.whole.get(name);
            let found = found.or_else(|| self.whole.get(first_label(name)));
            // Corosync looks up the address itself in a buffer for an IPv4 address.
            let by_number = || self.whole.get(numeric.as_str()).filter(|_| ip.is_ipv4());
            found.or_else(by_number).copied()
        })
    }

    /// The position of the node whose ring0_addr is an address of this host. This is the rule
    /// before 3.0.
    pub fn by_address(&self, host: &Snapshot) -> Option<usize> {
        self.order.get(first(&self.ring0, host)?).copied()
    }
}

/// The first of the nodes that have an address of this host.
fn first(nodes: &BTreeMap<IpAddr, usize>, host: &Snapshot) -> Option<usize> {
    let of = |address: Address| nodes.get(&address.ip()).copied();
    host.addresses().filter_map(of).min()
}

/// An address as getnameinfo(3) prints it: a link-local IPv6 address with the name of its link.
fn numeric(address: &Address, host: &Snapshot) -> String {
    match (address.ip(), host.link_of(address)) {
        (IpAddr::V6(ip), Some(link)) if address.is_link_local() => format!("{ip}%{}", link.name()),
        (ip, _) => ip.to_string(),
    }
}

/// The order of Corosync's map of keys: the numbers are sorted as texts.
fn in_map_order(nodes: &[ConfNode]) -> Vec<usize> {
    let mut order: Vec<_> = (0..nodes.len()).collect();
    let text = |at: &usize| nodes.get(*at).map(|node| node.position().to_string());
    order.sort_by_cached_key(text);
    order
}

/// The names of a node.
fn names(node: &ConfNode) -> impl Iterator<Item = &str> {
    let keys = ["name", "ring0_addr"].into_iter();
    keys.filter_map(move |key| Some(node.get(key)?.text()))
}

/// `a.b.c`, `a.b`, `a`.
fn without_domains(name: &str) -> impl Iterator<Item = &str> {
    // No host name has more dots than that (uname(2)).
    std::iter::successors(Some(name), |name| Some(name.rsplit_once('.')?.0)).take(64)
}

fn first_label(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// The addresses that a name or a number stands for, of either family.
fn resolve(text: &str, hosts: &Hosts) -> impl Iterator<Item = IpAddr> {
    let read = read_address(text, IpVersion::Any, hosts).ok();
    let named = hosts.addresses(text).collect::<Vec<_>>();
    read.map(|read| read.ip).into_iter().chain(named)
}
