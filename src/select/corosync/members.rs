//! What Corosync 3 asks of the addresses of all nodes of a nodelist (exec/totemconfig.c, read and
//! observed in 3.1.7).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::conf::{ConfError, Node, Value};
use super::names::{AddressProblem, Hosts, IpVersion, read_address};

/// Links, each with the line that makes it one.
pub(super) type Lines = BTreeMap<u32, usize>;

/// A nodelist and how it is read.
pub(super) struct Members<'a> {
    pub nodes: &'a [Node],
    pub ip_version: IpVersion,
    pub hosts: &'a Hosts,
}

impl Members<'_> {
    /// Whether Corosync looks at the nodelist beyond the node that is this host: where its first
    /// node has a name or a ring0_addr.
    pub fn are_read(&self) -> bool {
        let first = self.nodes.first();
        first.is_some_and(|node| node.get("name").or(node.get("ring0_addr")).is_some())
    }

    /// Requires what holds for the addresses of links, of which these have an interface section or
    /// an address of this host. Returns all links, and adds what is to be said.
    pub fn check(
        &self,
        own: &Lines,
        warnings: &mut Vec<String>,
    ) -> Result<BTreeSet<u32>, ConfError> {
        let mut members = BTreeMap::new();
        for number in own.keys() {
            members.insert(*number, Vec::new());
        }
        for node in self.nodes {
            for (number, value) in node.ring_addrs() {
                let ip = self.read(number, value, warnings)?;
                members.entry(number).or_default().push((ip, value));
            }
        }
        for (number, of) in &members {
            check_link(*number, of, own)?;
        }
        if members.len() > 1 {
            self.check_number(&members, own)?;
        }
        Ok(members.into_keys().collect())
    }

    /// The address of a node; none where DNS may know it.
    fn read(
        &self,
        number: u32,
        value: &Value,
        warnings: &mut Vec<String>,
    ) -> Result<Option<IpAddr>, ConfError> {
        let line = value.line();
        match read_address(value.text(), self.ip_version, self.hosts) {
            Ok(read) => Ok(Some(read.ip)),
            Err(
                problem @ (AddressProblem::Unknown { .. } | AddressProblem::FamilyOfName { .. }),
            ) => {
                warnings.push(format!("line {line}: ring{number}_addr: {problem}."));
                Ok(None)
            }
            Err(problem) => {
                let problem = format!("ring{number}_addr {problem}");
                Err(ConfError::new(line, problem))
            }
        }
    }

    /// Where there are several links: as many addresses on each.
    fn check_number(
        &self,
        members: &BTreeMap<u32, Vec<Member<'_>>>,
        own: &Lines,
    ) -> Result<(), ConfError> {
        let most = members.values().map(Vec::len).max().unwrap_or(0);
        let Some((number, of)) = members.iter().find(|(_, of)| of.len() != most) else {
            return Ok(());
        };
        let without = |node: &&Node| node.ring_addrs().all(|(other, _)| other != *number);
        let line = match (of.is_empty(), own.get(number)) {
            (true, Some(line)) => *line,
            _ => self.nodes.iter().find(without).map_or(1, Node::line),
        };
        let problem = match of.is_empty() {
            true => format!(
                "link {number} has an interface section and no address; write a ring{number}_addr \
                 for every node, or leave the section out"
            ),
            false => format!(
                "a node without ring{number}_addr, which others have; every node needs an address \
                 on each link"
            ),
        };
        Err(ConfError::new(line, problem))
    }
}

/// The address of a node on a link, if it is known, and where it stands.
type Member<'a> = (Option<IpAddr>, &'a Value);

/// A link of this host, whose nodes have addresses of one family.
fn check_link(number: u32, of: &[Member<'_>], own: &Lines) -> Result<(), ConfError> {
    let Some((_, value)) = of.first() else {
        return Ok(());
    };
    if !own.contains_key(&number) {
        let problem = format!(
            "link {number} has no address of this host; write ring{number}_addr into its node, too"
        );
        return Err(ConfError::new(value.line(), problem));
    }
    let mut known = of.iter().filter_map(|(ip, value)| Some(((*ip)?, value)));
    let Some((first, _)) = known.next() else {
        return Ok(());
    };
    match known.find(|(ip, _)| ip.is_ipv4() != first.is_ipv4()) {
        Some((ip, value)) => {
            let problem = format!(
                "link {number} has {ip} and {first}; the addresses of a link have to be of one \
                 family"
            );
            Err(ConfError::new(value.line(), problem))
        }
        None => Ok(()),
    }
}
