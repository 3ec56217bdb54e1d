//! Machines that were cloned with their hardware addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::held::Held;
use super::problem::{Code, Problem};
use super::report::Survey;
use super::words::{list, on};
use crate::snapshot::HardwareAddress;

/// Hardware addresses that several nodes have on links whose networks overlap.
pub(super) fn cloned(survey: &Survey<'_>) -> Vec<Problem> {
    let chosen: BTreeSet<IpAddr> = survey.choices().map(|choice| choice.ip).collect();
    let several = on_several_nodes(survey.held);
    let is_shared = |held: &&Held| held.mac.is_some_and(|mac| several.contains(&mac));
    let shared = survey.held.iter().filter(is_shared);
    let mut rows: Vec<(&Held, Network)> = shared
        .filter_map(|held| Some((held, Network::of(held)?)))
        .collect();
    rows.sort_unstable_by_key(|(held, network)| (*network, held.ip, held.node, held.interface));
    let mut problems: Vec<Problem> = Vec::new();
    let mut rest = rows.as_slice();
    while let Some((_, widest)) = rest.first() {
        // Networks are inside each other or apart, and the widest stands first.
        let inside = rest.partition_point(|(_, network)| widest.contains(network));
        let (of_one, behind) = rest.split_at(inside.max(1));
        rest = behind;
        let mut clones: Vec<&Held> = of_one.iter().map(|(held, _)| *held).collect();
        clones.sort_unstable_by_key(|held| (held.node, held.ip, held.interface));
        problems.extend(problem(survey, widest, clones, &chosen));
    }
    // The same nodes again in another network, or of the other family.
    let key = |problem: &Problem| {
        (
            problem.mac.map(|mac| mac.as_bytes().to_vec()),
            problem.nodes.clone(),
        )
    };
    problems.sort_by_cached_key(key);
    problems.dedup_by(|a, b| (a.mac, &a.nodes) == (b.mac, &b.nodes));
    problems
}

/// The hardware addresses that more than one node has.
fn on_several_nodes(held: &[Held]) -> BTreeSet<[u8; 6]> {
    let mut first: BTreeMap<[u8; 6], u32> = BTreeMap::new();
    let mut several = BTreeSet::new();
    for (mac, node) in held.iter().filter_map(|held| Some((held.mac?, held.node))) {
        if *first.entry(mac).or_insert(node) != node {
            several.insert(mac);
        }
    }
    several
}

/// The holdings of one hardware address in one network, by node and address.
fn problem(
    survey: &Survey<'_>,
    network: &Network,
    mut clones: Vec<&Held>,
    chosen: &BTreeSet<IpAddr>,
) -> Option<Problem> {
    // Addresses that are the same everywhere, and that nobody chose, are those of a network inside
    // each machine.
    let is_chosen = clones.iter().any(|held| chosen.contains(&held.ip));
    let mut of_nodes = clones.chunk_by(|a, b| a.node == b.node).map(ips);
    let first = of_nodes.next()?;
    if !is_chosen && of_nodes.all(|of_node| of_node == first) {
        return None;
    }
    clones.dedup_by_key(|held| held.node);
    if clones.len() < 2 {
        return None;
    }
    let mac = HardwareAddress::from_bytes(&network.mac).ok()?;
    let all = list(
        clones
            .iter()
            .map(|held| on(survey.name(held.node), held.interface)),
    );
    let detail = format!(
        "{all} have the hardware address {mac} in {}/{}: they are clones; give every one of them \
         its own.",
        network.start, network.prefix_len
    );
    let nodes: Vec<u32> = clones.iter().map(|held| held.node).collect();
    let nodes: Vec<Arc<str>> = survey.names(&nodes);
    Some(Problem {
        mac: Some(mac),
        ..Problem::new(Code::DuplicateMac, nodes, detail)
    })
}

/// The addresses of one node.
fn ips(held: &[&Held]) -> Vec<IpAddr> {
    let mut ips: Vec<_> = held.iter().map(|held| held.ip).collect();
    ips.dedup();
    ips
}

/// The network of an address, with the hardware address of its link; a network stands before those
/// inside it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Network {
    mac: [u8; 6],
    start: IpAddr,
    prefix_len: u8,
}

impl Network {
    fn of(held: &Held) -> Option<Self> {
        let net = ipnet::IpNet::new(held.ip, held.prefix_len?).ok()?;
        Some(Self {
            mac: held.mac?,
            start: net.network(),
            prefix_len: net.prefix_len(),
        })
    }

    fn contains(&self, other: &Self) -> bool {
        let net = ipnet::IpNet::new(self.start, self.prefix_len);
        self.mac == other.mac && net.is_ok_and(|net| net.contains(&other.start))
    }
}
