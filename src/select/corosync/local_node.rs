//! Which node of a nodelist is this host, as a version of Corosync finds it
//! (exec/totemconfig.c).

use std::net::IpAddr;

use super::conf::Node;
use super::names::{Hosts, IpVersion, read_address};
use crate::snapshot::Snapshot;

/// The node by its name, by an address of this host, or by a name that resolves to one: from 3.0.
pub fn by_name<'a>(nodes: &'a [Node], host: &Snapshot, hosts: &Hosts) -> Option<&'a Node> {
    let nodes = in_map_order(nodes);
    let named = |name: &str| {
        let is = |key: (&Node, &str)| key.1 == name;
        let mut keys = nodes.iter().flat_map(|node| names(node));
        keys.find(|key| is(*key)).map(|(node, _)| node)
    };
    let hostname = host.about().hostname.as_deref();
    if let Some(node) = hostname.and_then(|name| without_domains(name).find_map(named)) {
        return Some(node);
    }
    for ip in host.addresses().map(|address| address.ip()) {
        let numeric = ip.to_string();
        // getnameinfo(3) gives the number where the hosts file has no name.
        let name = hosts.name_of(ip).unwrap_or(&numeric);
        let short = name.split('.').next().unwrap_or_default();
        let found = named(name).or_else(|| named(short));
        // The address itself is asked for with the room of an IPv4 one.
        if let Some(node) = found.or_else(|| named(&numeric).filter(|_| ip.is_ipv4())) {
            return Some(node);
        }
    }
    let mut keys = nodes.iter().flat_map(|node| names(node));
    keys.find(|(_, text)| resolve(text, hosts).any(|ip| is_here(ip, host)))
        .map(|(node, _)| node)
}

/// The node whose ring0_addr is an address of this host: before 3.0.
pub fn by_address<'a>(
    nodes: &'a [Node],
    version: IpVersion,
    host: &Snapshot,
    hosts: &Hosts,
) -> Option<&'a Node> {
    let here = |node: &&Node| {
        let ring0 = node.get("ring0_addr");
        let read = ring0.and_then(|value| read_address(value.text(), version, hosts).ok());
        read.is_some_and(|read| is_here(read.ip, host))
    };
    in_map_order(nodes).into_iter().find(here)
}

/// The order of Corosync's map of keys: that of the numbers as texts.
fn in_map_order(nodes: &[Node]) -> Vec<&Node> {
    let mut nodes: Vec<_> = nodes.iter().collect();
    nodes.sort_by_cached_key(|node| node.position().to_string());
    nodes
}

/// What a node is known by.
fn names(node: &Node) -> impl Iterator<Item = (&Node, &str)> {
    let keys = ["name", "ring0_addr"].into_iter();
    keys.filter_map(move |key| Some((node, node.get(key)?.text())))
}

/// `a.b.c`, `a.b`, `a`.
fn without_domains(name: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(name), |name| Some(name.rsplit_once('.')?.0))
}

/// What a name or a number stands for, of either family.
fn resolve(text: &str, hosts: &Hosts) -> impl Iterator<Item = IpAddr> {
    let read = read_address(text, IpVersion::Any, hosts).ok();
    let named = hosts.addresses(text).collect::<Vec<_>>();
    read.map(|read| read.ip).into_iter().chain(named)
}

fn is_here(ip: IpAddr, host: &Snapshot) -> bool {
    host.addresses().any(|address| address.ip() == ip)
}
