//! Machines that were cloned with their hardware addresses.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::inventory::Holding;
use super::problem::{Code, Problem};
use super::report::Survey;
use super::words::{list, on};
use crate::snapshot::HardwareAddress;

/// Hardware addresses that several nodes have on links whose networks overlap.
pub(super) fn cloned(survey: &Survey<'_>) -> Vec<Problem> {
    let chosen: BTreeSet<IpAddr> = survey.choices().map(|choice| choice.ip).collect();
    let several = on_several_nodes(survey.inventory);
    let is_shared = |holding: &&Holding| holding.mac.is_some_and(|mac| several.contains(&mac));
    let shared = survey.inventory.iter().filter(is_shared);
    let mut rows: Vec<(&Holding, Network)> = shared
        .filter_map(|holding| Some((holding, Network::of(holding)?)))
        .collect();
    rows.sort_unstable_by_key(|(holding, network)| {
        (*network, holding.ip, holding.node, holding.interface)
    });
    let mut problems: Vec<Problem> = Vec::new();
    let mut rest = rows.as_slice();
    while let Some((_, widest)) = rest.first() {
        // Two networks are apart, or one is inside the other. The widest comes first.
        let inside = rest.partition_point(|(_, network)| widest.contains(network));
        let (network, others) = rest.split_at(inside.max(1));
        rest = others;
        let mut clones: Vec<&Holding> = network.iter().map(|(holding, _)| *holding).collect();
        clones.sort_unstable_by_key(|holding| (holding.node, holding.ip, holding.interface));
        problems.extend(problem(survey, widest, clones, &chosen));
    }
    // The same nodes may share it in a second network, or in the other family: one problem is
    // enough.
    problems.sort_by_cached_key(|problem| {
        let mac = problem.mac.map(|mac| mac.as_bytes().to_vec());
        (mac, problem.nodes.clone())
    });
    problems.dedup_by(|a, b| (a.mac, &a.nodes) == (b.mac, &b.nodes));
    problems
}

/// The hardware addresses that more than one node has.
fn on_several_nodes(inventory: &[Holding]) -> BTreeSet<[u8; 6]> {
    let mut first: BTreeMap<[u8; 6], u32> = BTreeMap::new();
    let mut several = BTreeSet::new();
    for (mac, node) in inventory
        .iter()
        .filter_map(|holding| Some((holding.mac?, holding.node)))
    {
        if *first.entry(mac).or_insert(node) != node {
            several.insert(mac);
        }
    }
    several
}

/// The problem of one hardware address in one network. Its holdings are sorted by node and address.
fn problem(
    survey: &Survey<'_>,
    network: &Network,
    mut clones: Vec<&Holding>,
    chosen: &BTreeSet<IpAddr>,
) -> Option<Problem> {
    // If all nodes have the same addresses and nobody chose one, the network is inside each
    // machine.
    let is_chosen = clones.iter().any(|holding| chosen.contains(&holding.ip));
    let mut of_nodes = clones.chunk_by(|a, b| a.node == b.node).map(ips);
    let first = of_nodes.next()?;
    if !is_chosen && of_nodes.all(|of_node| of_node == first) {
        return None;
    }
    clones.dedup_by_key(|holding| holding.node);
    if clones.len() < 2 {
        return None;
    }
    let mac = HardwareAddress::from_bytes(&network.mac).ok()?;
    let all = list(
        clones
            .iter()
            .map(|holding| on(survey.name(holding.node), holding.interface)),
    );
    let detail = format!(
        "{all} have the hardware address {mac} in {}/{}: they are clones; give every one of them \
         its own.",
        network.start, network.prefix_len
    );
    let nodes: Vec<u32> = clones.iter().map(|holding| holding.node).collect();
    let nodes: Vec<Arc<str>> = survey.names(&nodes);
    Some(Problem {
        mac: Some(mac),
        ..Problem::new(Code::DuplicateMac, nodes, detail)
    })
}

/// The addresses of one node.
fn ips(holdings: &[&Holding]) -> Vec<IpAddr> {
    let mut ips: Vec<_> = holdings.iter().map(|holding| holding.ip).collect();
    ips.dedup();
    ips
}

/// The network of an address, with the hardware address of its link. A network sorts before the
/// networks inside it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Network {
    mac: [u8; 6],
    start: IpAddr,
    prefix_len: u8,
}

impl Network {
    fn of(holding: &Holding) -> Option<Self> {
        let net = ipnet::IpNet::new(holding.ip, holding.prefix_len?).ok()?;
        Some(Self {
            mac: holding.mac?,
            start: net.network(),
            prefix_len: net.prefix_len(),
        })
    }

    fn contains(&self, other: &Self) -> bool {
        let net = ipnet::IpNet::new(self.start, self.prefix_len);
        self.mac == other.mac && net.is_ok_and(|net| net.contains(&other.start))
    }
}
