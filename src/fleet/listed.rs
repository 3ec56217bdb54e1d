//! Compares the nodelist of a corosync.conf with the nodes of the fleet.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::inventory::{self, Holding, first_per_node};
use super::problem::{Code, Problem};
use super::report::Survey;
use super::words::{Remarks, list, on};
use super::{Choices, Node};
use crate::corosync::{Conf, ConfError, Hosts, ListedAddress, ListedNode, NodesRead, Profile};
use crate::rule::{Decision, Selector};
use crate::snapshot::{About, Snapshot, escape, escape_rest};

/// A corosync.conf, and the nodes in its nodelist.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub file: String,
    conf: Conf,
    profile: Profile,
    hosts: Hosts,
    nodes: Vec<ListedNode>,
    /// Read once, since each snapshot uses it.
    read: NodesRead,
}

/// The entry of the nodelist that a node claims to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// Its position in the nodelist.
    position: usize,
    name: String,
    /// Whether the host has the name of the entry; if not, it has one of its addresses.
    by_name: bool,
    /// Whether the node is the entry: a claim by address loses if another node has the name.
    is_owner: bool,
}

impl Node {
    /// Its name in the nodelist of a corosync.conf.
    pub fn listed(&self) -> Option<&str> {
        let claim = self.claim.as_ref().filter(|claim| claim.is_owner)?;
        Some(&claim.name)
    }

    /// Whether Corosync there would take it for an entry that is another node. The report then says
    /// nothing else of its links.
    pub(super) fn claims_other_node(&self) -> bool {
        self.claim.as_ref().is_some_and(|claim| !claim.is_owner)
    }
}

impl Listed {
    pub fn new(file: &str, conf: Conf, profile: Profile, hosts: Hosts) -> Result<Self, ConfError> {
        let nodes = conf.nodelist(profile, &hosts)?;
        let read = conf.nodes_read(profile, &hosts)?;
        let file = escape_rest(file);
        Ok(Self {
            file,
            conf,
            profile,
            hosts,
            nodes,
            read,
        })
    }

    /// Decides about each link of a host, and finds the entry of the nodelist that the host claims.
    pub fn decide(
        &self,
        selector: &Selector,
        name: &Arc<str>,
        host: &Snapshot,
        remarks: &mut Remarks,
    ) -> Result<(Choices, Option<Claim>), ConfError> {
        let mut about = host.about().clone();
        let unnamed = about.hostname.is_none();
        if is_hostname(name) {
            about.hostname.get_or_insert_with(|| name.to_string());
        }
        let claim = self.claim(host, &about);
        let named = unnamed.then(|| host.clone().with_about(about));
        let host = named.as_ref().unwrap_or(host);
        let plan = self
            .conf
            .plan_with(&self.read, self.profile, host, &self.hosts);
        let mut plan = match plan {
            Ok(plan) => plan,
            Err(error) if error.is_of_this_host() => {
                return Ok((Choices::NoPlan(error.to_string()), claim));
            }
            Err(error) => return Err(error),
        };
        // Each text is kept once for all nodes: a thousand nodes may have the same warnings.
        for warning in plan.take_warnings() {
            remarks.add(name, warning);
        }
        let links = plan.decide(host, selector);
        for link in links.iter().filter(|link| link.differs()) {
            let taken = &link.corosync.explanation;
            remarks.add(
                name,
                format!("link {}: Corosync differs: {taken}", link.link.number()),
            );
        }
        Ok((Choices::Links(Box::new(plan), links), claim))
    }

    /// Decides which nodes own the entry they claim. If a node has the name of an entry, no other
    /// node owns that entry by an address. A node whose snapshot could not be read counts as well.
    pub fn assign_owners(&self, nodes: &mut [Node], unread: &[Arc<str>]) {
        let claims = nodes.iter().filter_map(|node| node.claim.as_ref());
        let by_name = claims
            .filter(|claim| claim.by_name)
            .map(|claim| claim.position);
        let mut named: BTreeSet<usize> = by_name.collect();
        named.extend(self.positions(unread));
        for claim in nodes.iter_mut().filter_map(|node| node.claim.as_mut()) {
            claim.is_owner = claim.by_name || !named.contains(&claim.position);
        }
    }

    /// The positions of the entries with these names, or with an address that is such a name.
    fn positions(&self, names: &[Arc<str>]) -> BTreeSet<usize> {
        let mut by_ip = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            for address in &node.addresses {
                by_ip.entry(address.ip).or_insert(at);
            }
        }
        let positions = names.iter().map(|name| match name.parse::<IpAddr>() {
            Ok(ip) => by_ip.get(&ip).copied(),
            Err(_) => self.position_by_name(&About {
                hostname: Some(name.to_string()),
                ..About::default()
            }),
        });
        positions.flatten().collect()
    }

    fn position_by_name(&self, about: &About) -> Option<usize> {
        let without_addresses = Snapshot::default().with_about(about.clone());
        self.read.position_of(&without_addresses, &self.hosts)
    }

    fn claim(&self, host: &Snapshot, about: &About) -> Option<Claim> {
        let named = self.position_by_name(about);
        let position = match named {
            Some(position) => position,
            None => self.read.position_of(host, &self.hosts)?,
        };
        Some(Claim {
            position,
            name: name_of(self.nodes.get(position)?),
            by_name: named.is_some(),
            is_owner: false,
        })
    }
}

/// The contradictions between the nodelist and the nodes.
pub(super) fn problems(listed: &Listed, survey: &Survey<'_>, unread: &[Arc<str>]) -> Vec<Problem> {
    if listed.nodes.is_empty() {
        return Vec::new();
    }
    let mut owners: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    let unread = listed.positions(unread);
    let mut problems = Vec::new();
    for (number, node) in survey.nodes.iter().enumerate() {
        match node.claim.as_ref().filter(|claim| claim.is_owner) {
            Some(claim) => owners
                .entry(claim.position)
                .or_default()
                .push(number as u32),
            None => problems.push(not_listed(node)),
        }
    }
    for (at, node) in listed.nodes.iter().enumerate() {
        let owners = owners.get(&at).map(Vec::as_slice).unwrap_or_default();
        let entry = Entry {
            survey,
            node,
            owners,
            is_unread: unread.contains(&at),
        };
        problems.extend(
            node.addresses
                .iter()
                .filter_map(|address| entry.problem(address)),
        );
    }
    let other_choices = survey
        .nodes
        .iter()
        .flat_map(|node| other_choices(listed, node));
    problems.extend(other_choices);
    problems
}

fn not_listed(node: &Node) -> Problem {
    let name = match node.hostname.as_deref() {
        Some(hostname) if *hostname != *node.name => {
            format!("{}, the host {},", node.name, escape(hostname.as_bytes()))
        }
        _ => node.name.to_string(),
    };
    let detail = match &node.claim {
        Some(claim) => format!(
            "{name} is not in the nodelist, though Corosync there would take it for {}, an address \
             of which it has: list it, or take the address off.",
            claim.name
        ),
        None => {
            format!("{name} is not in the nodelist: add it, or leave it out of the cluster.")
        }
    };
    Problem::new(Code::NodeNotListed, vec![node.name.clone()], detail)
}

/// An entry of the nodelist, with the nodes that own it.
struct Entry<'a> {
    survey: &'a Survey<'a>,
    node: &'a ListedNode,
    /// Sorted.
    owners: &'a [u32],
    /// Whether a snapshot of it could not be read.
    is_unread: bool,
}

impl Entry<'_> {
    /// The problem if an address of the entry is on no node, or on another node.
    fn problem(&self, address: &ListedAddress) -> Option<Problem> {
        let ListedAddress { link, line, ip } = address;
        if inventory::may_be_shared(*ip) {
            return None;
        }
        let name = name_of(self.node);
        let entry = format!("ring{link}_addr of {name} (line {line}), {ip},");
        let holders = inventory::of(self.survey.inventory, *ip);
        let elsewhere: Vec<&Holding> = first_per_node(holders)
            .filter(|holding| self.owners.binary_search(&holding.node).is_err())
            .collect();
        let (code, detail) = if holders.is_empty() {
            let why = self.why_missing();
            (
                Code::ListedAddressMissing,
                format!("{entry} is on no node: {why}."),
            )
        } else if elsewhere.is_empty() {
            return None;
        } else {
            let on = |holding: &&Holding| on(self.survey.name(holding.node), holding.interface);
            let others = list(elsewhere.iter().map(on));
            let detail =
                format!("{entry} is on {others}: take it off there, or correct the nodelist.");
            (Code::ListedAddressElsewhere, detail)
        };
        let mut nodes = self.survey.names(self.owners);
        if nodes.is_empty() {
            nodes.push(name.into());
        }
        nodes.extend(
            elsewhere
                .iter()
                .flat_map(|holding| self.survey.names(&[holding.node])),
        );
        nodes.sort_unstable();
        nodes.dedup();
        let problem = Problem::new(code, nodes, detail);
        Some(problem.of_link(Some(*link)).about(Some(*ip)))
    }

    fn why_missing(&self) -> &'static str {
        match (self.owners.is_empty(), self.is_unread) {
            (true, true) => "its snapshot could not be read, so capture it again",
            (true, false) => "add its snapshot, or take it out of the nodelist",
            (false, _) => "configure it there, or correct the nodelist",
        }
    }
}

/// Choices that differ from the listed address of their node and link.
fn other_choices(listed: &Listed, node: &Node) -> Vec<Problem> {
    let claim = node.claim.as_ref().filter(|claim| claim.is_owner);
    let Some(entry) = claim.and_then(|claim| listed.nodes.get(claim.position)) else {
        return Vec::new();
    };
    node.decisions()
        .filter_map(|(link, decision)| other_choice(node, entry, link, decision))
        .collect()
}

fn other_choice(
    node: &Node,
    entry: &ListedNode,
    link: Option<u32>,
    decision: &Decision,
) -> Option<Problem> {
    let chosen = decision.chosen()?;
    let mut addresses = entry.addresses.iter();
    let address = addresses.find(|address| Some(address.link) == link)?;
    if address.ip == chosen.ip {
        return None;
    }
    let ListedAddress {
        link: ring,
        line,
        ip,
    } = address;
    let detail = format!(
        "{} chose {}, and ring{ring}_addr (line {line}) lists {ip} for it: correct the one or \
         the other.",
        node.name,
        on(&chosen.ip.to_string(), chosen.interface),
    );
    let problem = Problem::new(Code::ChoiceNotListed, vec![node.name.clone()], detail);
    Some(problem.of_link(link).about(Some(chosen.ip)))
}

/// Whether the name of a node can be a hostname. Snapshots that are collected by ssh may be named
/// by addresses. Corosync compares hostnames up to the first dot: 192.0.2.1 and 192.0.2.2 would be
/// one.
fn is_hostname(name: &str) -> bool {
    name.parse::<IpAddr>().is_err()
}

/// The name in the nodelist. A node without a name is known by its line.
fn name_of(node: &ListedNode) -> String {
    match &node.name {
        Some(name) => escape(name.as_bytes()),
        None => format!("the node of line {}", node.line),
    }
}
