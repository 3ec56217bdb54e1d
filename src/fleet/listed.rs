//! The nodelist of a corosync.conf beside the nodes that there are.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use super::held::{self, Held, one_each};
use super::problem::{Code, Problem};
use super::report::Survey;
use super::words::{Said, list, on};
use super::{Choices, Node};
use crate::corosync::{Conf, ConfError, Hosts, ListedAddress, ListedNode, NodesRead, Profile};
use crate::rule::{Decision, Selector};
use crate::snapshot::{About, Snapshot, escape, escape_rest};

/// A corosync.conf, and what its nodelist lists.
#[derive(Clone, Debug)]
pub(super) struct Listed {
    pub file: String,
    conf: Conf,
    profile: Profile,
    hosts: Hosts,
    nodes: Vec<ListedNode>,
    /// Read once: each snapshot asks it.
    read: NodesRead,
}

/// The node of the nodelist that a node is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    /// Its position in the nodelist.
    at: usize,
    name: String,
    /// Whether the host has its name; else it has an address of it.
    by_name: bool,
    /// Whether no other node has its name.
    is_settled: bool,
}

impl Node {
    /// Its name in the nodelist of a corosync.conf.
    pub fn listed(&self) -> Option<&str> {
        let claim = self.claim.as_ref().filter(|claim| claim.is_settled)?;
        Some(&claim.name)
    }

    /// Whether Corosync there would take it for a node that another one is: no more is said of its
    /// links than that.
    pub(super) fn is_anothers(&self) -> bool {
        self.claim.as_ref().is_some_and(|claim| !claim.is_settled)
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

    /// What a host decides about each link, and which node of the nodelist it is.
    pub fn decide(
        &self,
        selector: &Selector,
        name: &Arc<str>,
        host: &Snapshot,
        said: &mut Said,
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
        // Kept once for all nodes: they may be about as many nodes again.
        for warning in plan.take_warnings() {
            said.say(name, warning);
        }
        let links = plan.decide(host, selector);
        for link in links.iter().filter(|link| link.differs()) {
            let taken = &link.corosync.explanation;
            said.say(
                name,
                format!("link {}: Corosync differs: {taken}", link.link.number()),
            );
        }
        Ok((Choices::Links(Box::new(plan), links), claim))
    }

    /// Where nodes have the name of a listed one, those that could not be read among them, no other is
    /// it by its address.
    pub fn settle(&self, nodes: &mut [Node], unread: &[Arc<str>]) {
        let claims = nodes.iter().filter_map(|node| node.claim.as_ref());
        let by_name = claims.filter(|claim| claim.by_name).map(|claim| claim.at);
        let mut named: BTreeSet<usize> = by_name.collect();
        named.extend(self.positions(unread));
        for claim in nodes.iter_mut().filter_map(|node| node.claim.as_mut()) {
            claim.is_settled = claim.by_name || !named.contains(&claim.at);
        }
    }

    /// The positions of nodes of which no more is known than what they are called.
    fn positions(&self, names: &[Arc<str>]) -> BTreeSet<usize> {
        let mut by_ip = BTreeMap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            for address in &node.addresses {
                by_ip.entry(address.ip).or_insert(at);
            }
        }
        let position = |name: &Arc<str>| {
            if let Ok(ip) = name.parse::<IpAddr>() {
                return by_ip.get(&ip).copied();
            }
            self.position_by_name(&About {
                hostname: Some(name.to_string()),
                ..About::default()
            })
        };
        names.iter().filter_map(position).collect()
    }

    fn position_by_name(&self, about: &About) -> Option<usize> {
        let without_addresses = Snapshot::default().with_about(about.clone());
        self.read.position_of(&without_addresses, &self.hosts)
    }

    fn claim(&self, host: &Snapshot, about: &About) -> Option<Claim> {
        let claim = |at: usize, by_name| {
            let node = self.nodes.get(at)?;
            let (name, is_settled) = (name_of(node), false);
            Some(Claim {
                at,
                name,
                by_name,
                is_settled,
            })
        };
        match self.position_by_name(about) {
            Some(at) => claim(at, true),
            None => claim(self.read.position_of(host, &self.hosts)?, false),
        }
    }
}

/// What is wrong between the nodelist and the nodes.
pub(super) fn problems(listed: &Listed, survey: &Survey<'_>, unread: &[Arc<str>]) -> Vec<Problem> {
    if listed.nodes.is_empty() {
        return Vec::new();
    }
    let mut owners: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    let unread = listed.positions(unread);
    let mut problems = Vec::new();
    for (number, node) in survey.nodes.iter().enumerate() {
        match node.claim.as_ref().filter(|claim| claim.is_settled) {
            Some(claim) => owners.entry(claim.at).or_default().push(number as u32),
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

/// A node of the nodelist with the nodes that are it.
struct Entry<'a> {
    survey: &'a Survey<'a>,
    node: &'a ListedNode,
    /// Sorted.
    owners: &'a [u32],
    /// Whether there is a snapshot of it that could not be read.
    is_unread: bool,
}

impl Entry<'_> {
    /// What is wrong with where an address is.
    fn problem(&self, address: &ListedAddress) -> Option<Problem> {
        let ListedAddress { link, line, ip } = address;
        if held::is_nobodys(*ip) {
            return None;
        }
        let name = name_of(self.node);
        let entry = format!("ring{link}_addr of {name} (line {line}), {ip},");
        let holders = held::of(self.survey.held, *ip);
        let elsewhere: Vec<&Held> = one_each(holders)
            .filter(|held| self.owners.binary_search(&held.node).is_err())
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
            let on = |held: &&Held| on(self.survey.name(held.node), held.interface);
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
                .flat_map(|held| self.survey.names(&[held.node])),
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

/// Choices that are not what is listed for their node and link.
fn other_choices(listed: &Listed, node: &Node) -> Vec<Problem> {
    let claim = node.claim.as_ref().filter(|claim| claim.is_settled);
    let Some(entry) = claim.and_then(|claim| listed.nodes.get(claim.at)) else {
        return Vec::new();
    };
    let other = |(link, decision): (Option<u32>, &Decision)| {
        let chosen = decision.chosen()?;
        let of_link = |address: &&ListedAddress| Some(address.link) == link;
        let address = entry.addresses.iter().find(of_link)?;
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
    };
    node.decisions().filter_map(other).collect()
}

/// Whether a host can have the name of a node. Who collects snapshots by ssh names them by addresses,
/// and Corosync compares the names of hosts up to the first dot: 192.0.2.1 and 192.0.2.2 are one.
fn is_hostname(name: &str) -> bool {
    name.parse::<IpAddr>().is_err()
}

/// As the nodelist calls it; a node is known by its line where it has neither name nor address.
fn name_of(node: &ListedNode) -> String {
    match &node.name {
        Some(name) => escape(name.as_bytes()),
        None => format!("the node of line {}", node.line),
    }
}
