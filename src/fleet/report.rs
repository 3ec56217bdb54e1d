//! The result for a fleet, and its text for people.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use super::duplicates::Choice;
use super::inventory::{self, Holding};
use super::problem::Problem;
use super::words::{Remarks, count, list};
use super::{Fleet, Node, choices, duplicates, listed, macs, table};
use crate::explain::Spelling;
use crate::rule::{BindnetAddr, Decision};
use crate::snapshot::escape;

/// The choices of the nodes of a fleet, and the problems among them.
///
/// `{}` is a line that says whether they agree, a table of the nodes and a line for each problem.
///
/// ```
/// # use bindnet::fleet::Fleet;
/// # use bindnet::{Address, Link, Selector, Snapshot};
/// # let host = |net: &str| {
/// #     let address = Address::new(net.parse().unwrap(), 2);
/// #     Snapshot::new([Link::new(2, "eth0".parse().unwrap())], [address]).unwrap()
/// # };
/// let mut fleet = Fleet::new(Selector::new("192.0.2.0".parse()?));
/// fleet.add("n1", &host("192.0.2.1/24"))?;
/// fleet.add("n2", &host("192.0.2.2/24"))?;
/// assert_eq!(
///     fleet.judge().to_string(),
///     concat!(
///         "2 nodes agree: each chose an address of its own in 192.0.2.0/24.\n",
///         "\n",
///         "    NODE  ADDRESS       INTERFACE  PROBLEMS\n",
///         "    n1    192.0.2.1/24  eth0       -\n",
///         "    n2    192.0.2.2/24  eth0       -\n",
///     ),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a report is to be read"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetReport {
    /// `None` if a corosync.conf was judged.
    pub(super) bindnet: Option<BindnetAddr>,
    /// The name of the corosync.conf, if one was judged.
    pub(super) file: Option<String>,
    pub(super) nodes: Vec<Node>,
    pub(super) unread: Vec<Arc<str>>,
    pub(super) problems: Vec<Problem>,
    pub(super) warnings: Vec<String>,
}

/// Nodes by name, and their addresses, sorted.
pub(super) struct Survey<'a> {
    pub nodes: &'a [Node],
    pub inventory: &'a [Holding],
    /// The words for the settings that solve a problem.
    pub spelling: Spelling,
}

impl Survey<'_> {
    pub fn name(&self, node: u32) -> &str {
        self.nodes.get(node as usize).map_or("", Node::name)
    }

    pub fn names(&self, nodes: &[u32]) -> Vec<Arc<str>> {
        let name = |node: &u32| Some(self.nodes.get(*node as usize)?.name.clone());
        nodes.iter().filter_map(name).collect()
    }

    /// Each decision with its node and its link.
    pub fn decisions(&self) -> impl Iterator<Item = (u32, Option<u32>, &Decision)> {
        let nodes = self.nodes.iter().enumerate();
        nodes.flat_map(|(number, node)| {
            let decisions = node.decisions();
            decisions.map(move |(link, decision)| (number as u32, link, decision))
        })
    }

    pub fn choices(&self) -> impl Iterator<Item = Choice> {
        let decisions = self.decisions();
        decisions.filter_map(|(node, link, decision)| Choice::of(node, link, decision))
    }
}

impl FleetReport {
    pub(super) fn of(mut fleet: Fleet) -> Self {
        fleet.give_fixed_to_their_nodes();
        let Fleet {
            selector,
            conf,
            mut nodes,
            mut unread,
            mut inventory,
            remarks,
            spelling,
            ..
        } = fleet;
        if let Some(conf) = &conf {
            conf.assign_owners(&mut nodes, &unread);
        }
        let nodes = by_name(nodes, &mut inventory);
        unread.sort_unstable();
        inventory.sort_unstable();
        let survey = Survey {
            nodes: &nodes,
            inventory: &inventory,
            spelling,
        };
        let mut problems = duplicates::chosen(&survey);
        problems.extend(duplicates::floating(&survey));
        let held = duplicates::held_by_several(&survey, &problems);
        problems.extend(held);
        problems.extend(macs::cloned(&survey));
        problems.extend(choices::apart(&survey));
        for node in &nodes {
            problems.extend(choices::none(node, spelling));
            problems.extend(choices::ambiguous(node, spelling));
        }
        if let Some(conf) = &conf {
            problems.extend(listed::problems(conf, &survey, &unread));
        }
        problems.sort_unstable_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        Self {
            bindnet: conf.is_none().then(|| selector.selector.bindnet().clone()),
            file: conf.map(|conf| conf.file),
            warnings: warnings(&nodes, remarks),
            nodes,
            unread,
            problems,
        }
    }

    /// The nodes that were judged, by name.
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The nodes whose snapshots could not be read, by name.
    pub fn unread(&self) -> impl Iterator<Item = &str> {
        self.unread.iter().map(AsRef::as_ref)
    }

    /// The problems, the worst first; empty if the nodes agree.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Sentences about facts that are no problem of the fleet, but that the reader should know.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// One line: whether they agree.
    fn verdict(&self) -> String {
        let (read, all) = (self.nodes.len(), self.nodes.len() + self.unread.len());
        let nodes = if read == all {
            count(all, "node")
        } else {
            format!("{read} of {}", count(all, "node"))
        };
        let summary = match (self.problems.len(), read) {
            (0, 0) => format!("{nodes} judged"),
            (0, 1) => format!("{nodes}, no problem: it chose {}", self.chose()),
            (0, _) => format!("{nodes} agree: each chose {}", self.chose()),
            (problems, _) => format!("{nodes}, {}", count(problems, "problem")),
        };
        match self.unread.as_slice() {
            [] => format!("{summary}."),
            unread => format!("{summary}; {} could not be read.", list(unread.iter())),
        }
    }

    fn chose(&self) -> String {
        let mut links: BTreeSet<Option<u32>> = BTreeSet::new();
        for node in &self.nodes {
            links.extend(node.decisions().map(|(link, _)| link));
        }
        let on_links = match links.len() {
            0 | 1 => String::new(),
            links => format!(" on {links} links"),
        };
        let networks: Option<Vec<_>> = links
            .into_iter()
            .map(|link| choices::common_network(&self.nodes, link))
            .collect();
        let networks = networks.map(|networks| format!(" in {}", list(networks.iter())));
        let chosen = self.nodes.iter().flat_map(|node| node.decisions());
        let mut chosen = chosen.filter_map(|(_, decision)| decision.chosen());
        // Nodes may share a loopback or link-local address without a problem.
        let of_its_own = if chosen.any(|chosen| inventory::may_be_shared(chosen.ip)) {
            ""
        } else {
            " of its own"
        };
        format!(
            "an address{of_its_own}{on_links}{}",
            networks.unwrap_or_default()
        )
    }
}

impl fmt::Display for FleetReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.verdict())?;
        if !self.nodes.is_empty() || !self.unread.is_empty() {
            write!(f, "\n{}", table::of(self))?;
        }
        if !self.problems.is_empty() {
            writeln!(f)?;
        }
        for problem in &self.problems {
            writeln!(f, "{problem}")?;
        }
        Ok(())
    }
}

/// Sorts the nodes by name, and numbers them by their new positions.
fn by_name(nodes: Vec<Node>, inventory: &mut [Holding]) -> Vec<Node> {
    let mut nodes: Vec<_> = nodes.into_iter().enumerate().collect();
    nodes.sort_unstable_by(|(_, a), (_, b)| a.name.cmp(&b.name));
    let mut positions = vec![0; nodes.len()];
    for (new, (old, _)) in nodes.iter().enumerate() {
        if let Some(position) = positions.get_mut(*old) {
            *position = new as u32;
        }
    }
    for holding in inventory {
        if let Some(position) = positions.get(holding.node as usize) {
            holding.node = *position;
        }
    }
    nodes.into_iter().map(|(_, node)| node).collect()
}

/// Remarks about nodes that are no problem of the fleet.
fn warnings(nodes: &[Node], mut remarks: Remarks) -> Vec<String> {
    let mut hosts: BTreeMap<&str, Vec<&Node>> = BTreeMap::new();
    for node in nodes {
        for (link, decision) in node.decisions() {
            let chosen = decision.chosen().map(|chosen| chosen.ip);
            let of_itself = chosen.filter(|ip| ip.is_loopback() && nodes.len() > 1);
            let unreachable = of_itself
                .map(|ip| format!("{ip} is a loopback address: no other node can reach it."));
            for warning in decision.warnings().into_iter().chain(unreachable) {
                remarks.add(
                    &node.name,
                    match link {
                        Some(link) => format!("link {link}: {warning}"),
                        None => warning,
                    },
                );
            }
        }
        // A machine that nobody gave a name is called localhost.
        let named = node
            .hostname
            .as_deref()
            .filter(|name| !name.starts_with("localhost"));
        if let Some(hostname) = named {
            hosts.entry(hostname).or_default().push(node);
        }
    }
    let mut warnings = remarks.texts(nodes.len());
    for (hostname, nodes) in hosts.into_iter().filter(|(_, nodes)| nodes.len() > 1) {
        let hostname = escape(hostname.as_bytes());
        let nodes = list(nodes.iter().map(|node| node.name()));
        warnings.push(format!(
            "the snapshots of {nodes} are all of a host {hostname}: is it one machine, or a clone?"
        ));
    }
    warnings
}
