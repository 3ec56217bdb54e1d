//! What Corosync 3 refuses of a nodelist and of what a transport cannot have
//! (exec/totemconfig.c).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::conf::{Conf, ConfError, Node, Value};
use super::link::Transport;
use super::names::{AddressProblem, Hosts, IpVersion, read_address};

/// What the checks need to know of a file.
pub(super) struct Checks<'a> {
    pub conf: &'a Conf,
    pub transport: Transport,
    pub ip_version: IpVersion,
    pub hosts: &'a Hosts,
}

impl Checks<'_> {
    /// Checks the nodes; returns warnings.
    pub fn nodes(&self, local: &Node) -> Result<Vec<String>, ConfError> {
        self.node_ids(local)?;
        self.same_links()?;
        self.addresses()
    }

    fn node_ids(&self, local: &Node) -> Result<(), ConfError> {
        let id = |node: &Node| {
            node.get("nodeid")
                .and_then(Value::number)
                .filter(|id| *id != 0)
        };
        if self.transport == Transport::Knet && id(local).is_none() {
            let problem = "the node that is this host has no nodeid, which knet requires; write \
                           nodeid: 1, or another number of its own";
            return Err(ConfError::new(local.line(), problem));
        }
        let mut seen = BTreeSet::new();
        for node in self.conf.nodes() {
            if let Some(id) = id(node)
                && !seen.insert(id)
            {
                let problem = format!("nodeid {id} is that of another node; each needs its own");
                return Err(ConfError::new(node.line(), problem));
            }
        }
        Ok(())
    }

    /// Where there are several links every node has an address on each, and a name.
    fn same_links(&self) -> Result<(), ConfError> {
        let nodes = self.conf.nodes();
        let on = |node: &Node| {
            node.ring_addrs()
                .map(|(link, _)| link)
                .collect::<BTreeSet<_>>()
        };
        let mut links: BTreeSet<u32> = nodes.iter().flat_map(on).collect();
        // On udp an interface section counts for its bindnetaddr alone.
        let mut sections = BTreeMap::new();
        for interface in self.conf.interfaces() {
            let counts = self.transport != Transport::Udp || interface.get("bindnetaddr").is_some();
            let number = interface.get("linknumber").and_then(Value::number);
            if let (true, Ok(number)) = (counts, u32::try_from(number.unwrap_or(0))) {
                sections.insert(number, interface.line());
            }
        }
        links.extend(sections.keys());
        if links.len() < 2 {
            return Ok(());
        }
        for node in nodes {
            if node.get("name").is_none() {
                let problem = "a node without a name; where there are several links every node \
                               needs one";
                return Err(ConfError::new(node.line(), problem));
            }
        }
        let members = |link: &u32| nodes.iter().filter(|node| on(node).contains(link)).count();
        let most = links.iter().map(members).max().unwrap_or(0);
        for link in &links {
            if members(link) == most {
                continue;
            }
            let (line, problem) = match nodes.iter().find(|node| !on(node).contains(link)) {
                Some(node) if members(link) > 0 => (
                    node.line(),
                    format!(
                        "a node without ring{link}_addr, which others have; every node needs an \
                     address on each link"
                    ),
                ),
                _ => (
                    sections.get(link).copied().unwrap_or(1),
                    format!(
                        "link {link}, which the nodelist does not have; write ring{link}_addr for \
                     every node, or leave the section out"
                    ),
                ),
            };
            return Err(ConfError::new(line, problem));
        }
        Ok(())
    }

    /// Every address of every node can be read, and those of a link are of one family.
    fn addresses(&self) -> Result<Vec<String>, ConfError> {
        let mut warnings = Vec::new();
        let mut families: BTreeMap<u32, IpAddr> = BTreeMap::new();
        for node in self.conf.nodes() {
            for (link, value) in node.ring_addrs() {
                let (line, key) = (value.line(), format!("ring{link}_addr"));
                let ip = match read_address(value.text(), self.ip_version, self.hosts) {
                    Ok(read) => read.ip,
                    // Which DNS may know, or more of it.
                    Err(
                        problem @ (AddressProblem::Unknown { .. }
                        | AddressProblem::FamilyOfName { .. }),
                    ) => {
                        warnings.push(format!("line {line}: {key}: {problem}."));
                        continue;
                    }
                    Err(problem) => return Err(ConfError::new(line, format!("{key} {problem}"))),
                };
                let first = *families.entry(link).or_insert(ip);
                if first.is_ipv4() != ip.is_ipv4() {
                    let problem = format!(
                        "{key} {} is of another family than {first}; the addresses of a link are \
                         of one",
                        value.text()
                    );
                    return Err(ConfError::new(line, problem));
                }
            }
        }
        Ok(warnings)
    }

    /// What udp and udpu cannot have or must have.
    pub fn without_knet(&self, local: &Node, ip: IpAddr) -> Result<(), ConfError> {
        let key = |key: &str| self.conf.totem(key);
        if self.transport == Transport::Knet {
            return Ok(());
        }
        let secauth = key("secauth").filter(|value| value.text() == "on");
        let crypto = [key("crypto_cipher"), key("crypto_hash")];
        let crypto = crypto
            .into_iter()
            .flatten()
            .find(|value| value.text() != "none");
        // Written as none, both stand above secauth.
        let none = key("crypto_cipher").is_some() && key("crypto_hash").is_some();
        if let Some(value) = crypto.or(secauth.filter(|_| !none)) {
            let transport = self.transport;
            let problem = format!("cryptography, which {transport} does not have from Corosync 3");
            return Err(ConfError::new(value.line(), problem));
        }
        let id = local
            .get("nodeid")
            .or(key("nodeid"))
            .and_then(Value::number);
        if ip.is_ipv6() && id.unwrap_or(0) == 0 {
            let problem = "an IPv6 address and no nodeid for this host; write nodeid: 1, or \
                           another number of its own";
            return Err(ConfError::new(local.line(), problem));
        }
        if self.transport == Transport::Udp {
            return self.multicast();
        }
        Ok(())
    }

    fn multicast(&self) -> Result<(), ConfError> {
        let mut sections = self.conf.interfaces().iter();
        let mut broadcasts = sections
            .clone()
            .filter_map(|section| section.get("broadcast"));
        if broadcasts.any(|value| value.text() == "yes") {
            return Ok(());
        }
        match sections.find_map(|interface| interface.get("mcastaddr")) {
            None if self.conf.totem("cluster_name").is_some() => Ok(()),
            None => {
                let problem = "udp without a multicast address; write cluster_name in totem { }, or \
                               mcastaddr in its interface";
                Err(ConfError::new(1, problem))
            }
            Some(value) => match read_address(value.text(), self.ip_version, self.hosts) {
                Ok(read) if !read.ip.is_multicast() => {
                    let problem = format!("mcastaddr {} is not multicast", value.text());
                    Err(ConfError::new(value.line(), problem))
                }
                Ok(_) | Err(AddressProblem::Unknown { .. }) => Ok(()),
                Err(problem) => Err(ConfError::new(value.line(), format!("mcastaddr {problem}"))),
            },
        }
    }
}
