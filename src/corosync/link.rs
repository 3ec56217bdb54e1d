//! One link of a corosync.conf, and its address there.

use std::fmt;

use super::conf::{ConfError, Value};
use super::names::{Hosts, How, IpVersion, ReadAddress, read_address};
use crate::rule::{BindnetAddr, Problem};
use crate::snapshot::{Name, ParseError, Snapshot, escape, is_link_local};

/// The transport between the nodes, `totem.transport` of corosync.conf(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// The addresses of the nodelist as they are written; the default from 3.0.
    Knet,
    /// Multicast or broadcast; the default before 3.0.
    Udp,
    /// Unicast.
    Udpu,
}

impl Transport {
    /// As corosync.conf writes it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Knet => "knet",
            Self::Udp => "udp",
            Self::Udpu => "udpu",
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The key of corosync.conf that has the address of a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Origin {
    /// `totem.interface.bindnetaddr`.
    Bindnetaddr,
    /// `nodelist.node.ringX_addr` of the node that is this host.
    Nodelist,
}

impl Origin {
    /// The code in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bindnetaddr => "bindnetaddr",
            Self::Nodelist => "nodelist",
        }
    }
}

/// One link of a corosync.conf: its number, and its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfLink {
    pub(super) number: u32,
    pub(super) origin: Origin,
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) read: ReadAddress,
    pub(super) bindnet: BindnetAddr,
}

impl ConfLink {
    /// Reads the address of a link as Corosync does.
    pub(super) fn read(
        number: u32,
        origin: Origin,
        value: &Value,
        ip_version: IpVersion,
        hosts: &Hosts,
    ) -> Result<Self, ConfError> {
        let key = match origin {
            Origin::Bindnetaddr => "bindnetaddr".to_owned(),
            Origin::Nodelist => format!("ring{number}_addr"),
        };
        let fail = |problem: String| ConfError::new(value.line(), format!("{key} {problem}"));
        let read = read_address(value.text(), ip_version, hosts)
            .map_err(|problem| fail(problem.to_string()))?;
        let bindnet = read.try_bindnet().map_err(|(_, problem)| {
            let ip = read.ip.to_canonical();
            let problem = if ip == read.ip {
                problem.to_string()
            } else {
                format!("an IPv4-mapped address, which Corosync finds on no link; write {ip}")
            };
            fail(format!("{:?}: {problem}", value.text()))
        })?;
        Ok(Self {
            number,
            origin,
            line: value.line(),
            text: value.text().to_owned(),
            read,
            bindnet,
        })
    }

    /// `linknumber` or `ringnumber`.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// The key that has its address.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The text as names are printed.
    pub(super) fn shown(&self) -> String {
        escape(self.text.as_bytes())
    }

    /// The line of the file, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The address as it is written. Any byte may be in it; the link prints `\xNN` for characters
    /// that a terminal would obey or hide.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The address as Corosync reads it.
    pub fn address(&self) -> &ReadAddress {
        &self.read
    }

    /// The same as a bindnetaddr.
    pub fn bindnet(&self) -> BindnetAddr {
        self.bindnet.clone()
    }

    /// Sentences that the operator of this host should know.
    pub(super) fn warnings(
        &self,
        transport: Transport,
        host: &Snapshot,
        hosts: &Hosts,
    ) -> Vec<String> {
        let (line, ip, how) = (self.line, self.read.ip, self.read.how);
        let mut warnings = Vec::new();
        let mut warn = |text: String| warnings.push(format!("line {line}: {text}"));
        if how != How::Plain {
            warn(format!("{self} is read as {}: {ip}.", how.in_words()));
        }
        let count = hosts.addresses(&self.text).count();
        if how == How::HostsFile && count > 1 {
            warn(format!(
                "{self} has {count} addresses in the hosts file; which one Corosync takes is for \
                 getaddrinfo(3) to sort (gai.conf(5))."
            ));
        }
        let here = host.addresses().find(|address| address.ip() == ip);
        let index = here.and_then(|address| address.link_index());
        let scoped = is_link_local(ip) && ip.is_ipv6() && index != Some(2);
        if transport == Transport::Knet && scoped {
            warn(format!(
                "Corosync binds the link-local address {ip} with scope id 2, whatever its link: it \
                 works on the link with index 2 only."
            ));
        }
        match (transport, self.origin) {
            (Transport::Knet, Origin::Bindnetaddr) => {
                warn("transport knet ignores bindnetaddr.".to_owned());
            }
            (Transport::Knet, Origin::Nodelist) if here.is_none() => warn(format!(
                "{self} is not an address of this host; knet binds it all the same."
            )),
            (_, Origin::Nodelist) if here.is_none() => warn(format!(
                "{self} is not an address of this host; on {transport} Corosync looks for a \
                 neighbour of the same network."
            )),
            _ => {}
        }
        warnings
    }
}

impl fmt::Display for ConfLink {
    /// The key and its value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.shown();
        match self.origin {
            Origin::Bindnetaddr => write!(f, "bindnetaddr {text}"),
            Origin::Nodelist => write!(f, "ring{}_addr {text}", self.number),
        }
    }
}

impl How {
    /// The end of a sentence that begins with "is read as".
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

impl ReadAddress {
    /// The address as a bindnetaddr, with its zone. Nothing is un-escaped in the zone:
    /// getaddrinfo(3) takes its bytes for the name of a link.
    ///
    /// ```
    /// use bindnet::corosync::{Hosts, IpVersion, read_address};
    ///
    /// let read = read_address(r"fe80::1%a\x41", IpVersion::Any, &Hosts::default())?;
    /// let zone = read.bindnet()?.zone().and_then(|zone| zone.name());
    /// assert_eq!(zone.unwrap().as_bytes(), br"a\x41");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If it is an IPv4-mapped IPv6 address, or no link can have the name that the zone is.
    pub fn bindnet(&self) -> Result<BindnetAddr, ParseError> {
        let bindnet = self.try_bindnet();
        bindnet.map_err(|(text, problem)| problem.of_bindnet(&text))
    }

    /// The same. An error is the text that is no bindnetaddr, and its problem.
    fn try_bindnet(&self) -> Result<BindnetAddr, (String, Problem)> {
        let ip = self.ip.to_string();
        let bindnet = BindnetAddr::of_ip(self.ip).map_err(|problem| (ip.clone(), problem))?;
        let Some(zone) = &self.zone else {
            return Ok(bindnet);
        };
        let name = Name::of_bytes(zone.as_bytes());
        let zoned = name
            .map_err(Problem::Zone)
            .and_then(|name| bindnet.in_zone(name));
        zoned.map_err(|problem| (format!("{ip}%{zone}"), problem))
    }
}
