//! The requirements of Corosync 3 for the addresses of all nodes of a nodelist (exec/totemconfig.c,
//! read and observed in 3.1.7).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::conf::{ConfError, ConfNode, Value};
use super::names::{AddressProblem, Hosts, IpVersion, try_read};

/// Links, each with the line that makes it one.
pub(super) type Lines = BTreeMap<u32, usize>;

/// A nodelist and how it is read.
pub(super) struct Members<'a> {
    pub nodes: &'a [ConfNode],
    pub ip_version: IpVersion,
    pub hosts: &'a Hosts,
}

impl Members<'_> {
    /// Whether Corosync reads nodes other than this host: it does if the first node has a name or a
    /// ring0_addr.
    fn are_read(&self) -> bool {
        let first = self.nodes.first();
        first.is_some_and(|node| node.get("name").or(node.get("ring0_addr")).is_some())
    }

    /// Reads all nodes. Any of them may be this host.
    pub fn read(&self) -> MembersRead {
        let mut read = MembersRead {
            are_read: self.are_read(),
            ..MembersRead::default()
        };
        read.wrong = self.read_links(&mut read).err();
        for (number, link) in &mut read.links {
            let without = |node: &&ConfNode| node.ring_addrs().all(|(other, _)| other != *number);
            link.line_without = self.nodes.iter().find(without).map(ConfNode::line);
        }
        read
    }

    fn read_links(&self, read: &mut MembersRead) -> Result<(), ConfError> {
        for node in self.nodes {
            for (number, value) in node.ring_addrs() {
                let ip = self.address(number, value, &mut read.warnings)?;
                let link = read.links.entry(number).or_default();
                link.take(number, ip, value);
            }
        }
        Ok(())
    }

    /// Checks the addresses of all links, and returns the links. Those in `own` have an interface
    /// section or an address of this host.
    pub fn check(
        &self,
        read: &MembersRead,
        own: &Lines,
        warnings: &mut Vec<String>,
    ) -> Result<BTreeSet<u32>, ConfError> {
        if let Some(error) = &read.wrong {
            return Err(error.clone());
        }
        warnings.extend_from_slice(&read.warnings);
        for (number, link) in &read.links {
            link.check(*number, own)?;
        }
        let links: BTreeSet<u32> = own.keys().chain(read.links.keys()).copied().collect();
        if links.len() > 1 {
            self.check_number(read, &links, own)?;
        }
        Ok(links)
    }

    /// The address of a node; `None` if only DNS may know it.
    fn address(
        &self,
        number: u32,
        value: &Value,
        warnings: &mut Vec<String>,
    ) -> Result<Option<IpAddr>, ConfError> {
        let line = value.line();
        match try_read(value.text(), self.ip_version, self.hosts) {
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

    /// Checks that several links have the same number of addresses.
    fn check_number(
        &self,
        read: &MembersRead,
        links: &BTreeSet<u32>,
        own: &Lines,
    ) -> Result<(), ConfError> {
        let count = |number: &u32| read.links.get(number).map_or(0, |link| link.count);
        let most = links.iter().map(count).max().unwrap_or(0);
        let Some(number) = links.iter().find(|number| count(number) != most) else {
            return Ok(());
        };
        let link = read.links.get(number);
        let line = match (link, own.get(number)) {
            (None, Some(line)) => *line,
            (None, None) => self.nodes.first().map_or(1, ConfNode::line),
            (Some(link), _) => link.line_without.unwrap_or(1),
        };
        let problem = match link {
            None => format!(
                "link {number} has an interface section and no address; write a ring{number}_addr \
                 for every node, or leave the section out"
            ),
            Some(_) => format!(
                "a node without ring{number}_addr, which others have; every node needs an address \
                 on each link"
            ),
        };
        Err(ConfError::new(line, problem))
    }
}

/// The addresses of all nodes. Any of them may be this host.
#[derive(Clone, Debug, Default)]
pub(super) struct MembersRead {
    /// See [`Members::are_read`].
    pub are_read: bool,
    /// The first address that Corosync refuses.
    wrong: Option<ConfError>,
    warnings: Vec<String>,
    links: BTreeMap<u32, LinkRead>,
}

/// The addresses of a link.
#[derive(Clone, Debug, Default)]
struct LinkRead {
    count: usize,
    /// The line of the first.
    line: usize,
    /// The first that is known.
    known: Option<IpAddr>,
    /// The first address of the other family.
    mixed: Option<ConfError>,
    /// The line of the first node that has none.
    line_without: Option<usize>,
}

impl LinkRead {
    /// Adds the address of a node, if it is known.
    fn take(&mut self, number: u32, ip: Option<IpAddr>, value: &Value) {
        if self.count == 0 {
            self.line = value.line();
        }
        self.count += 1;
        let (Some(ip), Some(first)) = (ip, self.known.or(ip)) else {
            return;
        };
        self.known = Some(first);
        if ip.is_ipv4() != first.is_ipv4() && self.mixed.is_none() {
            let problem = format!(
                "link {number} has {ip} and {first}; the addresses of a link have to be of one \
                 family"
            );
            self.mixed = Some(ConfError::new(value.line(), problem));
        }
    }

    /// Checks that this host has the link, and that its addresses are of one family.
    fn check(&self, number: u32, own: &Lines) -> Result<(), ConfError> {
        if !own.contains_key(&number) {
            let problem = format!(
                "link {number} has no address of this host; write ring{number}_addr into its node, too"
            );
            return Err(ConfError::new(self.line, problem));
        }
        match &self.mixed {
            Some(error) => Err(error.clone()),
            None => Ok(()),
        }
    }
}
