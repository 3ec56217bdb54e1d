//! How a version of Corosync reads the links out of a corosync.conf (exec/totemconfig.c).

use std::collections::BTreeMap;

use super::conf::{Conf, ConfError, ConfNode, Interface, Value};
use super::link::{ConfLink, Origin, Transport};
use super::members::{Lines, Members};
use super::names::{Hosts, IpVersion};
use super::nodelist::NodesRead;
use super::plan::Plan;
use super::totem::Totem;
use super::version::Version;
use crate::corosync::Profile;
use crate::snapshot::Snapshot;

/// Reads a file as one version does.
pub(super) struct Planner<'a> {
    pub conf: &'a Conf,
    profile: Profile,
    pub version: Version,
    transport: Transport,
    pub ip_version: IpVersion,
    warnings: Vec<String>,
}

/// The addresses of the links as the file has them, by number.
type Written<'a> = BTreeMap<u32, (Origin, &'a Value)>;

impl<'a> Planner<'a> {
    pub fn new(conf: &'a Conf, profile: Profile) -> Result<Self, ConfError> {
        let version = match profile {
            Profile::Corosync(Some(version)) => version,
            Profile::Patched => Version::new(2, 0, 0),
            Profile::Corosync(None) | Profile::Default => Version::NEWEST,
        };
        let mut warnings: Vec<_> = version.warning().into_iter().collect();
        if profile == Profile::Default {
            let by = conf.version_by.as_ref();
            let by = by.map_or(String::new(), |words| format!(" ({words})"));
            warnings.push(format!(
                "the version of Corosync is not known; {version}, the newest known, is shown{by}."
            ));
        }
        let Totem {
            transport,
            ip_version,
        } = Totem::read(conf, version, &mut warnings)?;
        Ok(Self {
            conf,
            profile,
            version,
            transport,
            ip_version,
            warnings,
        })
    }

    fn is_3(&self) -> bool {
        self.version.is_3()
    }

    /// The highest number of a link (`INTERFACE_MAX` less one); the lowest is 0.
    fn max_link(&self) -> u32 {
        if self.is_3() { 7 } else { 1 }
    }

    /// Whether the nodelist wins over bindnetaddr.
    fn nodelist_wins(&self) -> bool {
        let preview = (Version::new(2, 90, 0)..Version::new(2, 99, 0)).contains(&self.version);
        self.version >= Version::new(2, 4, 3) && !preview
    }

    pub fn members<'b>(&self, hosts: &'b Hosts) -> Members<'b>
    where
        'a: 'b,
    {
        Members {
            nodes: self.conf.nodes(),
            ip_version: self.ip_version,
            hosts,
        }
    }

    /// The links of this host.
    pub fn plan(
        mut self,
        nodes: &NodesRead,
        host: &Snapshot,
        hosts: &Hosts,
    ) -> Result<Plan, ConfError> {
        let (mut written, sections) = self.interfaces()?;
        if self.is_3() {
            self.nodelist_3(&mut written, sections, nodes, host, hosts)?;
        } else {
            self.nodelist(&mut written, nodes, host)?;
        }
        self.check_number(&written)?;
        let mut links = Vec::new();
        for (number, (origin, value)) in written {
            let link = ConfLink::read(number, origin, value, self.ip_version, hosts)?;
            self.warnings
                .extend(link.warnings(self.transport, host, hosts));
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

    /// The interface sections, merged by their numbers, and the sections that make a link.
    fn interfaces(&mut self) -> Result<(Written<'a>, Lines), ConfError> {
        let key = if self.is_3() {
            "linknumber"
        } else {
            "ringnumber"
        };
        let (mut written, mut sections) = (Written::new(), Lines::new());
        for interface in self.conf.interfaces() {
            let number = interface.get(key);
            let ring = interface.get("ringnumber");
            let ring = ring.filter(|ring| ring.number() != Some(0) && number.is_none());
            if let (Some(ring), true) = (ring, self.is_3()) {
                self.warn(format!(
                    "line {}: Corosync {} numbers links by linknumber and ignores ringnumber: this \
                     is link 0.",
                    ring.line(),
                    self.version
                ));
            }
            let counts = self.counts(interface);
            let number = match number {
                Some(value) if counts => self.number(value)?,
                Some(_) => continue,
                None => 0,
            };
            if counts {
                sections.insert(number, interface.line());
            }
            if let Some(value) = interface.get("bindnetaddr") {
                written.insert(number, (Origin::Bindnetaddr, value));
            }
        }
        Ok((written, sections))
    }

    /// Whether a section makes a link. In Corosync 3 on udp only a bindnetaddr makes one; on the
    /// other transports any key but its number does.
    fn counts(&self, interface: &Interface) -> bool {
        let is_other = |key: &str| !["linknumber", "ringnumber"].contains(&key);
        match (self.is_3(), self.transport) {
            (false, _) => true,
            (true, Transport::Udp) => interface.get("bindnetaddr").is_some(),
            (true, _) => interface.keys().any(is_other),
        }
    }

    fn number(&self, value: &Value) -> Result<u32, ConfError> {
        let max = self.max_link();
        let number = value.number().and_then(|number| number.try_into().ok());
        let number = number.filter(|number| *number <= max);
        number.ok_or_else(|| {
            let problem = format!("link number {:?}; write 0 to {max}", value.text());
            ConfError::new(value.line(), problem)
        })
    }

    /// Adds the addresses of the node that is this host.
    fn nodelist(
        &mut self,
        written: &mut Written<'a>,
        read: &NodesRead,
        host: &Snapshot,
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
        let local = read.local.by_address(host);
        if let Some(local) = local.and_then(|at| nodes.get(at))
            && self.takes_nodelist(written, local)
        {
            self.take(written, local)?;
        }
        Ok(())
    }

    /// The same in Corosync 3, which reads the addresses of all nodes.
    fn nodelist_3(
        &mut self,
        written: &mut Written<'a>,
        mut sections: Lines,
        read: &NodesRead,
        host: &Snapshot,
        hosts: &Hosts,
    ) -> Result<(), ConfError> {
        let (conf, transport) = (self.conf, self.transport);
        let nodes = conf.nodes();
        if let Some(error) = &read.wrong_ring {
            return Err(error.clone());
        }
        let local = self.local_node(read, host, hosts)?;
        if let (Some(first), false) = (nodes.first(), read.members.are_read) {
            // With a bindnetaddr it exits; without one an assertion soon aborts it.
            let problem = "the first node has neither a name nor a ring0_addr, and Corosync then \
                           looks at none";
            return Err(ConfError::new(first.line(), problem));
        }
        if self.takes_nodelist(written, local) {
            self.take(written, local)?;
            sections.extend(
                local
                    .ring_addrs()
                    .map(|(number, value)| (number, value.line())),
            );
        }
        let members = self.members(hosts);
        let links = members.check(&read.members, &sections, &mut self.warnings)?;
        // check_number refuses more than one link with an address of this host.
        let only_0 = links.iter().eq(&[0]) || links.is_empty();
        if transport != Transport::Knet && written.len() < 2 && !only_0 {
            let links: Vec<_> = links.iter().map(u32::to_string).collect();
            let links = links.join(", ");
            let problem = format!("these are links: {links}; {transport} has link 0 alone");
            return Err(ConfError::new(local.line(), problem));
        }
        // On knet it reads the addresses of this host with the members, even beside a bindnetaddr.
        if transport == Transport::Knet {
            for (number, _) in local.ring_addrs() {
                if let Some((Origin::Bindnetaddr, value)) = written.get(&number) {
                    let line = value.line();
                    self.warn(format!("line {line}: transport knet ignores bindnetaddr."));
                }
            }
            self.take(written, local)?;
        }
        Ok(())
    }

    /// Whether the addresses of the local node win over bindnetaddr or replace it.
    fn takes_nodelist(&mut self, written: &Written<'a>, local: &ConfNode) -> bool {
        self.warn_of_both(written, local);
        let wins = self.first_ring0().is_some() && self.nodelist_wins();
        wins || !written.contains_key(&0)
    }

    fn take(&self, written: &mut Written<'a>, local: &'a ConfNode) -> Result<(), ConfError> {
        for (number, value) in local.ring_addrs() {
            self.check_ring(number, value)?;
            written.insert(number, (Origin::Nodelist, value));
        }
        Ok(())
    }

    /// The ring0_addr of the first node, which makes the nodelist count.
    fn first_ring0(&self) -> Option<&'a Value> {
        let first = self.conf.nodes().iter().find(|node| node.position() == 0);
        first?.get("ring0_addr")
    }

    /// Warns which of bindnetaddr and nodelist counts, if the file has both.
    fn warn_of_both(&mut self, written: &Written<'a>, local: &ConfNode) {
        let bindnetaddr = written.get(&0).map(|(_, value)| *value);
        let (Some(value), Some(_)) = (bindnetaddr, self.first_ring0()) else {
            return;
        };
        let Some((0, ring0)) = local.ring_addrs().next() else {
            return;
        };
        let (line, ring0, text) = (value.line(), ring0.line(), value.shown());
        self.warn(if self.nodelist_wins() {
            format!(
                "line {line}: bindnetaddr {text} is ignored: the nodelist with ring0_addr (line \
                 {ring0}) wins since Corosync 2.4.3 and 2.99.0."
            )
        } else {
            format!(
                "line {line}: bindnetaddr {text} wins over the nodelist (line {ring0}) in Corosync \
                 {}; since 2.4.3 and 2.99.0 the nodelist wins.",
                self.version
            )
        });
    }

    /// The node that is this host; Corosync 3 does not start without one.
    fn local_node(
        &self,
        read: &NodesRead,
        host: &Snapshot,
        hosts: &Hosts,
    ) -> Result<&'a ConfNode, ConfError> {
        let nodes = self.conf.nodes();
        let local = read.local.by_name(self.version, host, hosts);
        local.and_then(|at| nodes.get(at)).ok_or_else(|| {
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
            let error = ConfError::new(line, problem);
            if nodes.is_empty() {
                error
            } else {
                error.of_this_host()
            }
        })
    }

    pub fn check_ring(&self, number: u32, value: &Value) -> Result<(), ConfError> {
        let max = self.max_link();
        if number <= max {
            return Ok(());
        }
        let problem = format!("ring{number}_addr; links are numbered 0 to {max}");
        Err(ConfError::new(value.line(), problem))
    }

    /// Refuses a plan without a link, and more links than the transport can have.
    fn check_number(&self, written: &Written<'a>) -> Result<(), ConfError> {
        let redundant = self
            .conf
            .totem("rrp_mode")
            .is_some_and(|v| v.text() != "none");
        let (many, what) = if self.is_3() {
            let is_knet = self.transport == Transport::Knet;
            (is_knet, format!("transport {}", self.transport))
        } else {
            (redundant, "rrp_mode none".to_owned())
        };
        let mut links = written.values();
        match (links.next(), links.next()) {
            (None, _) => {
                let mut problem =
                    "no link: neither a bindnetaddr in totem { interface { } } nor a \
                                   ringX_addr of the node that is this host"
                        .to_owned();
                let first = self.conf.nodes().first();
                let knows_nodes = self.version >= Version::new(1, 99, 0);
                if first.is_some() && !knows_nodes {
                    problem = format!(
                        "no link: Corosync {} knows no nodelist; write a bindnetaddr in totem {{ \
                         interface {{ }} }}",
                        self.version
                    );
                }
                let error = ConfError::new(first.map_or(1, ConfNode::line), problem);
                Err(if knows_nodes && !self.is_3() && first.is_some() {
                    error.of_this_host()
                } else {
                    error
                })
            }
            (_, Some((_, second))) if !many => {
                let instead = if self.is_3() {
                    "transport: knet"
                } else {
                    "rrp_mode: passive"
                };
                let problem = format!(
                    "{:?} is of a second link; {what} can have one, write {instead}",
                    second.text()
                );
                Err(ConfError::new(second.line(), problem))
            }
            _ => Ok(()),
        }
    }

    fn warn(&mut self, warning: String) {
        self.warnings.push(warning);
    }
}
