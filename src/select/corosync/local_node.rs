//! Which node of a nodelist is this host, as a version of Corosync finds it
//! (exec/totemconfig.c).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::conf::Node;
use super::names::{Hosts, IpVersion, read_address};
use super::version::Version;
use crate::snapshot::{Address, Snapshot};

/// The node by its name, by an address of this host, or by a name that resolves to one: from 3.0.
pub fn by_name<'a>(
    nodes: &'a [Node],
    version: Version,
    host: &Snapshot,
    hosts: &Hosts,
) -> Option<&'a Node> {
    let nodes = in_map_order(nodes);
    // The first node of each name, whole and up to its first dot.
    let (mut whole, mut short) = (BTreeMap::new(), BTreeMap::new());
    for (node, name) in nodes.iter().flat_map(|node| names(node)) {
        whole.entry(name).or_insert(node);
        short.entry(first_label(name)).or_insert(node);
    }
    if let Some(hostname) = host.about().hostname.as_deref() {
        let found = without_domains(hostname).find_map(|name| whole.get(name));
        // Before 3.1.1 this step compared nothing.
        let by_label = || match version >= Version::new(3, 1, 1) {
            true => short.get(first_label(hostname)),
            false => None,
        };
        if let Some(node) = found.or_else(by_label) {
            return Some(node);
        }
    }
    for address in host.addresses() {
        let (ip, numeric) = (address.ip(), numeric(&address, host));
        // getnameinfo(3) gives the number where the hosts file has no name.
        let name = hosts.name_of(ip).unwrap_or(&numeric);
        let found = whole.get(name).or_else(|| whole.get(first_label(name)));
        // The address itself is asked for with the room of an IPv4 one.
        let by_number = || whole.get(numeric.as_str()).filter(|_| ip.is_ipv4());
        if let Some(node) = found.or_else(by_number) {
            return Some(node);
        }
    }
    let here = addresses(host);
    let mut keys = nodes.iter().flat_map(|node| names(node));
    keys.find(|(_, text)| resolve(text, hosts).any(|ip| here.contains(&ip)))
        .map(|(node, _)| node)
}

/// An address as getnameinfo(3) prints it: an IPv6 one of a link with the name of that.
fn numeric(address: &Address, host: &Snapshot) -> String {
    match (address.ip(), host.link_of(address)) {
        (IpAddr::V6(ip), Some(link)) if address.is_link_local() => format!("{ip}%{}", link.name()),
        (ip, _) => ip.to_string(),
    }
}

/// The node whose ring0_addr is an address of this host: before 3.0.
pub fn by_address<'a>(
    nodes: &'a [Node],
    version: IpVersion,
    host: &Snapshot,
    hosts: &Hosts,
) -> Option<&'a Node> {
    let addresses = addresses(host);
    let here = |node: &&Node| {
        let ring0 = node.get("ring0_addr");
        let read = ring0.and_then(|value| read_address(value.text(), version, hosts).ok());
        read.is_some_and(|read| addresses.contains(&read.ip))
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
    // No host name has more dots than that (uname(2)).
    std::iter::successors(Some(name), |name| Some(name.rsplit_once('.')?.0)).take(64)
}

fn first_label(name: &str) -> &str {
    name.split('.').next().unwrap_or(name)
}

/// What a name or a number stands for, of either family.
fn resolve(text: &str, hosts: &Hosts) -> impl Iterator<Item = IpAddr> {
    let read = read_address(text, IpVersion::Any, hosts).ok();
    let named = hosts.addresses(text).collect::<Vec<_>>();
    read.map(|read| read.ip).into_iter().chain(named)
}

fn addresses(host: &Snapshot) -> BTreeSet<IpAddr> {
    host.addresses().map(|address| address.ip()).collect()
}
