//! The problems of a fleet, found by comparing everything with everything.

use std::collections::BTreeSet;
use std::net::IpAddr;

use bindnet::rule::Outcome;
use bindnet::{Decision, Link, Reason, Snapshot};

use crate::ask::Ask;

/// An address of a node, and what counts of it.
#[derive(Clone, Copy)]
struct Row<'a> {
    node: &'a str,
    ip: IpAddr,
    /// The bits of the network, from the first on; `None` for a mask with holes.
    len: Option<u8>,
    link: Option<&'a Link>,
    floats: bool,
}

/// The problems that a fleet has, as `fleets::told` prints them, in no particular order.
pub fn problems(ask: &Ask, nodes: &[(String, Snapshot)]) -> Vec<String> {
    let rows: Vec<Row<'_>> = nodes
        .iter()
        .flat_map(|(name, host)| rows(ask, name, host))
        .collect();
    let decided: Vec<(&str, Decision)> = nodes
        .iter()
        .map(|(name, host)| {
            let ask = asked_of(name, ask, &rows);
            (name.as_str(), ask.selector().decide(host))
        })
        .collect();
    let mut found = BTreeSet::new();
    for row in &rows {
        found.extend(duplicate(row.ip, &rows, &decided));
        found.extend(floating(row.ip, &rows));
        found.extend(several(row.ip, &rows, &decided));
        found.extend(clones(row, &rows, &decided));
    }
    found.extend(apart(ask, &decided));
    for (name, decision) in &decided {
        if decision.outcome() == Outcome::None {
            found.insert(format!("no-choice {name}"));
        }
        if decision.is_ambiguous() {
            found.insert(format!("ambiguous {} {name}", first(decision)));
        }
    }
    found.into_iter().collect()
}

/// The question for one node: an address declared fixed that it has not, and another node has, is that
/// node's.
fn asked_of(node: &str, ask: &Ask, rows: &[Row<'_>]) -> Ask {
    let on = |ip, here| {
        rows.iter()
            .any(|row| row.ip == ip && (row.node == node) == here)
    };
    let mut ask = ask.clone();
    ask.fixed.retain(|net| {
        let (ip, single) = (net.addr(), net.prefix_len() == net.max_prefix_len());
        !single || nobodys(ip) || on(ip, true) || !on(ip, false)
    });
    ask
}

/// Every address of both families is a candidate for /0, except loopback and link-local ones, which are
/// nobody's duplicates.
fn rows<'a>(ask: &Ask, node: &'a str, host: &'a Snapshot) -> Vec<Row<'a>> {
    let mut rows = Vec::new();
    for everything in ["0.0.0.0", "::"] {
        let mut all = ask.clone();
        (all.ip, all.prefix_len) = (everything.parse().unwrap(), Some(0));
        (all.zone, all.interface, all.previous) = (None, None, None);
        all.others.clear();
        for candidate in all.selector().decide(host).candidates() {
            let has = |reason| candidate.reasons().contains(reason);
            let decisive = Reason::ALL.iter().filter(|reason| reason.is_decisive());
            rows.push(Row {
                node,
                ip: candidate.ip(),
                len: candidate.netmask().prefix_len(),
                link: candidate
                    .interface_index()
                    .and_then(|index| host.link(index)),
                floats: decisive.copied().any(has) && !has(Reason::DeclaredFixed),
            });
        }
    }
    rows
}

/// The candidate that would be it, or is.
fn first(decision: &Decision) -> IpAddr {
    if let Some(chosen) = decision.chosen() {
        return chosen.ip();
    }
    let text = decision.to_string();
    let text = text.strip_prefix("none: AMBIGUOUS; ").expect("strict");
    text.split('/').next().unwrap().parse().unwrap()
}

fn duplicate(ip: IpAddr, rows: &[Row<'_>], decided: &[(&str, Decision)]) -> Option<String> {
    let chose = |decision: &Decision| decision.chosen().map(|chosen| chosen.ip()) == Some(ip);
    if nobodys(ip) || !decided.iter().any(|(_, decision)| chose(decision)) {
        return None;
    }
    let nodes = nodes(rows.iter().filter(|row| row.ip == ip));
    (nodes.len() > 1).then(|| format!("duplicate-address {ip} {}", join(&nodes)))
}

/// The entries of an address, but not those on loopback links.
fn off_loopback<'a>(ip: IpAddr, rows: &'a [Row<'a>]) -> Vec<&'a Row<'a>> {
    let counts = |row: &&Row<'_>| {
        let loopback = row.link.and_then(Link::is_loopback).unwrap_or(false);
        row.ip == ip && !loopback
    };
    rows.iter().filter(counts).collect()
}

/// More than one node has it, it matches the bindnetaddr on one node or more, and no other code says so.
fn several(ip: IpAddr, rows: &[Row<'_>], decided: &[(&str, Decision)]) -> Option<String> {
    let is_candidate = |decision: &Decision| decision.candidates().iter().any(|c| c.ip() == ip);
    let asked = decided.iter().any(|(_, decision)| is_candidate(decision));
    let known = duplicate(ip, rows, decided).is_some() || floating(ip, rows).is_some();
    if nobodys(ip) || !asked || known {
        return None;
    }
    let nodes = nodes(off_loopback(ip, rows).into_iter());
    (nodes.len() > 1).then(|| format!("held-by-several {ip} {}", join(&nodes)))
}

fn floating(ip: IpAddr, rows: &[Row<'_>]) -> Option<String> {
    let of_ip = off_loopback(ip, rows);
    let nodes = nodes(of_ip.iter().copied());
    let floats = of_ip.iter().any(|row| row.floats) && !nobodys(ip);
    (floats && nodes.len() > 1).then(|| format!("floating-on-several-nodes {ip} {}", join(&nodes)))
}

/// The clones in the network of a row, if no wider one has it.
fn clones(widest: &Row<'_>, rows: &[Row<'_>], decided: &[(&str, Decision)]) -> Option<String> {
    let mac = mac(widest)?;
    let of_mac = rows
        .iter()
        .filter(|row| self::mac(row).as_ref() == Some(&mac));
    let of_mac: Vec<&Row<'_>> = of_mac.collect();
    let wider = |row: &&Row<'_>| contains(row, widest) && row.len < widest.len;
    if of_mac.iter().copied().any(|row| wider(&row)) {
        return None;
    }
    let inside: Vec<&Row<'_>> = of_mac
        .into_iter()
        .filter(|row| contains(widest, row))
        .collect();
    let nodes = nodes(inside.iter().copied());
    let ips = |node: &str| -> BTreeSet<IpAddr> {
        let of_node = inside.iter().filter(|row| row.node == node);
        of_node.map(|row| row.ip).collect()
    };
    let alike = nodes.iter().all(|a| nodes.iter().all(|b| ips(a) == ips(b)));
    let chose = |ip| {
        decided
            .iter()
            .any(|(_, d)| d.chosen().map(|c| c.ip()) == Some(ip))
    };
    let chosen = inside.iter().any(|row| chose(row.ip));
    (nodes.len() > 1 && (!alike || chosen)).then(|| format!("duplicate-mac {mac} {}", join(&nodes)))
}

/// The hardware address of a row, if both can tell a machine.
fn mac(row: &Row<'_>) -> Option<String> {
    let link = row.link.filter(|_| !nobodys(row.ip) && row.len.is_some())?;
    let mac = link.mac()?.to_string();
    let vrrp = mac.starts_with("00:00:5e:00:01:") || mac.starts_with("00:00:5e:00:02:");
    let six = mac.split(':').count() == 6 && u8::from_str_radix(&mac[..2], 16).unwrap() % 2 == 0;
    let ethernet = link
        .hardware_type()
        .is_none_or(|hardware_type| hardware_type == 1);
    (six && !vrrp && ethernet).then_some(mac)
}

/// Whether the network of one row has the address of another.
fn contains(network: &Row<'_>, row: &Row<'_>) -> bool {
    let narrower = network.len <= row.len;
    narrower && same_bits(network.ip, row.ip, network.len.unwrap_or(0))
}

fn same_bits(a: IpAddr, b: IpAddr, len: u8) -> bool {
    let (a, b) = match (a, b) {
        (IpAddr::V4(a), IpAddr::V4(b)) => (a.octets().to_vec(), b.octets().to_vec()),
        (IpAddr::V6(a), IpAddr::V6(b)) => (a.octets().to_vec(), b.octets().to_vec()),
        _ => return false,
    };
    (0..usize::from(len)).all(|bit| (a[bit / 8] ^ b[bit / 8]) & (0x80 >> (bit % 8)) == 0)
}

/// A choice that is not in the network of another, if the bindnetaddr has no prefix. With one every choice
/// is inside it.
fn apart(ask: &Ask, decided: &[(&str, Decision)]) -> Option<String> {
    if ask.prefix_len.is_some() {
        return None;
    }
    let chosen = || decided.iter().filter_map(|(_, decision)| decision.chosen());
    let outside = chosen().any(|a| {
        let network = |ip| a.netmask().network(ip);
        !a.netmask().is_host() && chosen().any(|b| network(a.ip()) != network(b.ip()))
    });
    let chose = |(name, decision): &(&str, Decision)| decision.chosen().map(|_| name.to_string());
    let nodes: BTreeSet<String> = decided.iter().filter_map(chose).collect();
    outside.then(|| format!("different-network {}", join(&nodes)))
}

fn nobodys(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            ip.octets()[0] == 127 || ip.is_link_local() || ip.is_multicast() || ip.is_unspecified()
        }
        IpAddr::V6(ip) => {
            ip.is_loopback()
                || ip.is_unicast_link_local()
                || ip.is_multicast()
                || ip.is_unspecified()
        }
    }
}

fn nodes<'a>(rows: impl Iterator<Item = &'a Row<'a>>) -> BTreeSet<String> {
    rows.map(|row| row.node.to_owned()).collect()
}

fn join(nodes: &BTreeSet<String>) -> String {
    nodes.iter().cloned().collect::<Vec<_>>().join(" ")
}
