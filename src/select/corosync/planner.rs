//! How a version of Corosync reads the links out of a corosync.conf (exec/totemconfig.c).

use std::collections::BTreeMap;

use super::conf::{Conf, ConfError, Node, Value};
use super::links::{ConfLink, Origin, Plan, Transport};
use super::local_node;
use super::names::{Hosts, How, IpVersion, read_address};
use super::version::Version;
use crate::select::Profile;
use crate::snapshot::Snapshot;

/// Links are numbered from 0 (`INTERFACE_MAX`).
const MAX_LINK: u32 = 7;

/// Reads a file as one version does.
pub(super) struct Planner<'a> {
    conf: &'a Conf,
    profile: Profile,
    version: Version,
    transport: Transport,
    ip_version: IpVersion,
    warnings: Vec<String>,
}

/// The addresses of the links as they are written, by number.
type Written<'a> = BTreeMap<u32, (Origin, &'a Value)>;

impl<'a> Planner<'a> {
    pub fn new(conf: &'a Conf, profile: Profile) -> Result<Self, ConfError> {
        let version = match profile {
            Profile::Corosync(Some(version)) => version,
            Profile::Patched => Version::new(2, 0, 0),
            Profile::Corosync(None) | Profile::Default => Version::NEWEST,
        };
        let mut planner = Self {
            conf,
            profile,
            version,
            transport: Transport::Udp,
            ip_version: IpVersion::Any,
            warnings: version.warning().into_iter().collect(),
        };
        planner.read_totem()?;
        Ok(planner)
    }

    /// Whether this is Corosync 3 (its previews began with 2.90).
    fn is_3(&self) -> bool {
        self.version >= Version::new(2, 90, 0)
    }

    /// Whether the nodelist stands above bindnetaddr.
    fn nodelist_wins(&self) -> bool {
        let preview = (Version::new(2, 90, 0)..Version::new(2, 99, 0)).contains(&self.version);
        self.version >= Version::new(2, 4, 3) && !preview
    }

    fn read_totem(&mut self) -> Result<(), ConfError> {
        match self.conf.totem("version") {
            Some(value) if value.number() == Some(2) => {}
            Some(value) => {
                let problem = format!("totem.version {:?}; only 2 is read", value.text());
                return Err(ConfError::new(value.line(), problem));
            }
            None => {
                let problem = "totem.version is missing; write \"version: 2\" in totem { }";
                return Err(ConfError::new(1, problem.to_owned()));
            }
        }
        self.transport = match self.conf.totem("transport").map(|v| (v.text(), v)) {
            Some(("knet", _)) if self.is_3() => Transport::Knet,
            Some(("udp", _)) => Transport::Udp,
            Some(("udpu", _)) => Transport::Udpu,
            Some((text, value)) if self.is_3() => {
                let problem = format!("transport {text:?}; write knet, udp or udpu");
                return Err(ConfError::new(value.line(), problem));
            }
            Some((text, value)) => {
                self.warn(format!(
                    "line {}: Corosync {} does not know the transport {text} and takes udp.",
                    value.line(),
                    self.version
                ));
                Transport::Udp
            }
            None if self.is_3() => Transport::Knet,
            None => Transport::Udp,
        };
        let default = match (self.is_3(), self.transport) {
            (true, Transport::Udp) => IpVersion::V4,
            (true, _) => IpVersion::V6Then4,
            (false, _) => IpVersion::Any,
        };
        self.ip_version = match self.conf.totem("ip_version") {
            Some(value) => value
                .text()
                .parse()
                .map_err(|problem| ConfError::new(value.line(), format!("{problem}")))?,
            None => default,
        };
        Ok(())
    }

    /// The links of this host.
    pub fn plan(mut self, host: &Snapshot, hosts: &Hosts) -> Result<Plan, ConfError> {
        let mut written = self.interfaces()?;
        self.nodelist(&mut written, host, hosts)?;
        self.check_number(&written)?;
        let mut links = Vec::new();
        for (number, (origin, value)) in written {
            let link = self.link(number, origin, value, hosts)?;
            self.warn_of(&link, host);
            links.push(link);
        }
        Ok(Plan {
            profile: self.profile,
            version: self.version,
            transport: self.transport,
            links,
            warnings: self.warnings,
        })
    }

    /// The interface sections, merged by their numbers.
    fn interfaces(&mut self) -> Result<Written<'a>, ConfError> {
        let key = if self.is_3() {
            "linknumber"
        } else {
            "ringnumber"
        };
        let mut written = Written::new();
        for interface in self.conf.interfaces() {
            let number = interface.get(key);
            if let (None, Some(ring), true) = (number, interface.get("ringnumber"), self.is_3()) {
                self.warn(format!(
                    "line {}: Corosync {} numbers links by linknumber and ignores ringnumber: this \
                     is link 0.",
                    ring.line(),
                    self.version
                ));
            }
            let number = match number {
                Some(value) => self.number(value)?,
                None => 0,
            };
            if let Some(value) = interface.get("bindnetaddr") {
                written.insert(number, (Origin::Bindnetaddr, value));
            }
        }
        Ok(written)
    }

    fn number(&self, value: &Value) -> Result<u32, ConfError> {
        let max = if self.is_3() { MAX_LINK } else { 1 };
        let number = value.number().and_then(|number| number.try_into().ok());
        let number = number.filter(|number| *number <= max);
        number.ok_or_else(|| {
            let problem = format!("link number {:?}; write 0 to {max}", value.text());
            ConfError::new(value.line(), problem)
        })
    }

    /// Puts the addresses of the node that is this host into their places.
    fn nodelist(
        &mut self,
        written: &mut Written<'a>,
        host: &Snapshot,
        hosts: &Hosts,
    ) -> Result<(), ConfError> {
        let nodes = self.conf.nodes();
        if self.version < Version::new(1, 99, 0) {
            if let Some(node) = nodes.first() {
                let line = node.line();
                let version = self.version;
                self.warn(format!(
                    "line {line}: Corosync {version} knows no nodelist."
                ));
            }
            return Ok(());
        }
        let local = match self.is_3() {
            true => Some(self.local_node(nodes, host, hosts)?),
            false => local_node::by_address(nodes, self.ip_version, host, hosts),
        };
        if self.is_3() {
            self.check_nodes(nodes)?;
        }
        let first = nodes.first().and_then(|node| node.get("ring0_addr"));
        let by_interface = written.get(&0).map(|(_, value)| *value);
        let converted = match (by_interface, first) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(value), Some(ring0)) => {
                let (line, ring0) = (value.line(), ring0.line());
                let wins = self.nodelist_wins();
                self.warn(match wins {
                    true => format!(
                        "line {line}: bindnetaddr {} is ignored: the nodelist with ring0_addr (line \
                         {ring0}) wins since Corosync 2.4.3 and 2.99.0.",
                        value.text()
                    ),
                    false => format!(
                        "line {line}: bindnetaddr {} wins over the nodelist (line {ring0}) in \
                         Corosync {}; since 2.4.3 and 2.99.0 the nodelist wins.",
                        value.text(),
                        self.version
                    ),
                });
                wins
            }
        };
        if converted && let Some(node) = local {
            for (number, value) in node.ring_addrs() {
                self.check_ring(number, value)?;
                written.insert(number, (Origin::Nodelist, value));
            }
        }
        Ok(())
    }

    /// The node that is this host; Corosync 3 does not start without.
    fn local_node(
        &self,
        nodes: &'a [Node],
        host: &Snapshot,
        hosts: &Hosts,
    ) -> Result<&'a Node, ConfError> {
        local_node::by_name(nodes, host, hosts).ok_or_else(|| {
            let hostname = match host.about().hostname.as_deref() {
                Some(name) => format!("{name:?}"),
                None => "not known from this input".to_owned(),
            };
            let version = self.version;
            let (line, what) = match nodes.first() {
                Some(node) => (node.line(), "no node of the nodelist is this host"),
                None => (1, "there is no nodelist"),
            };
            let problem = format!(
                "{what}, and Corosync {version} then exits (\"No valid name found for local \
                 host\"); write a node with the name of this host ({hostname}) or one of its \
                 addresses as ring0_addr"
            );
            ConfError::new(line, problem)
        })
    }

    /// Corosync 3: all nodes have the same links, and names if there are several.
    fn check_nodes(&self, nodes: &[Node]) -> Result<(), ConfError> {
        let mut members: BTreeMap<u32, usize> = BTreeMap::new();
        for node in nodes {
            for (number, value) in node.ring_addrs() {
                self.check_ring(number, value)?;
                *members.entry(number).or_default() += 1;
            }
        }
        for node in nodes.iter().filter(|_| members.len() > 1) {
            let problem = if node.get("name").is_none() {
                "a node without a name; where there are several links every node needs one"
            } else if members
                .keys()
                .any(|link| !node.ring_addrs().any(|(n, _)| n == *link))
            {
                "a node without an address on some link; every node needs a ringX_addr for each"
            } else {
                continue;
            };
            return Err(ConfError::new(node.line(), problem.to_owned()));
        }
        Ok(())
    }

    fn check_ring(&self, number: u32, value: &Value) -> Result<(), ConfError> {
        let max = if self.is_3() { MAX_LINK } else { 1 };
        if number <= max {
            return Ok(());
        }
        let problem = format!("ring{number}_addr; links are numbered 0 to {max}");
        Err(ConfError::new(value.line(), problem))
    }

    /// How many links a transport can have.
    fn check_number(&self, written: &Written<'a>) -> Result<(), ConfError> {
        let redundant = self
            .conf
            .totem("rrp_mode")
            .is_some_and(|v| v.text() != "none");
        let (many, what) = match self.is_3() {
            true => (
                self.transport == Transport::Knet,
                format!("transport {}", self.transport),
            ),
            false => (redundant, "rrp_mode none".to_owned()),
        };
        let mut links = written.values();
        match (links.next(), links.next()) {
            (None, _) => {
                let problem = "no link: neither a bindnetaddr in totem { interface { } } nor a \
                               ringX_addr of the node that is this host";
                Err(ConfError::new(1, problem.to_owned()))
            }
            (_, Some((_, second))) if !many => {
                let problem = format!("a second link; {what} can have one");
                Err(ConfError::new(second.line(), problem))
            }
            _ => Ok(()),
        }
    }

    /// An address as Corosync reads it.
    fn link(
        &self,
        number: u32,
        origin: Origin,
        value: &Value,
        hosts: &Hosts,
    ) -> Result<ConfLink, ConfError> {
        let key = match origin {
            Origin::Bindnetaddr => "bindnetaddr".to_owned(),
            Origin::Nodelist => format!("ring{number}_addr"),
        };
        let fail = |problem: String| ConfError::new(value.line(), format!("{key} {problem}"));
        let read = read_address(value.text(), self.ip_version, hosts)
            .map_err(|problem| fail(problem.to_string()))?;
        let bindnet = read.bindnet().map_err(|_| {
            let problem = "an IPv4-mapped address, which Corosync finds on no link";
            let ip = read.ip.to_canonical();
            fail(format!("{:?}: {problem}; write {ip}", value.text()))
        })?;
        Ok(ConfLink {
            number,
            origin,
            line: value.line(),
            text: value.text().to_owned(),
            read,
            bindnet,
        })
    }

    fn warn_of(&mut self, link: &ConfLink, host: &Snapshot) {
        let (line, ip) = (link.line, link.read.ip);
        if link.read.how != How::Plain {
            self.warn(format!(
                "line {line}: {link} is read as {}: {ip}.",
                link.read.how.in_words()
            ));
        }
        let here = host.addresses().any(|address| address.ip() == ip);
        match (self.transport, link.origin) {
            (Transport::Knet, Origin::Bindnetaddr) => {
                self.warn(format!("line {line}: transport knet ignores bindnetaddr."));
            }
            (Transport::Knet, Origin::Nodelist) if !here => self.warn(format!(
                "line {line}: {link} is not an address of this host; knet binds it all the same."
            )),
            (transport, Origin::Nodelist) if !here => self.warn(format!(
                "line {line}: {link} is not an address of this host; on {transport} Corosync takes \
                 a neighbour of the same network."
            )),
            _ => {}
        }
    }

    fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }
}

impl How {
    /// As it goes on after "is read as".
    pub const fn in_words(self) -> &'static str {
        match self {
            Self::Plain => "it stands",
            Self::Octal => "octal",
            Self::Hexadecimal => "hexadecimal",
            Self::ShortForm => "a short form",
            Self::HostsFile => "a name of the hosts file",
        }
    }
}
