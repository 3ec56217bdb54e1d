//! The links that a corosync.conf sets up on a host, and what is taken for each.

use std::fmt;
use std::net::IpAddr;

use super::conf::{Conf, ConfError};
use super::names::{Hosts, ReadAddress};
use super::planner::Planner;
use super::version::Version;
use crate::select::{Bindnet, Decision, Profile, Selector};
use crate::snapshot::Snapshot;

/// How the nodes talk, `totem.transport` of corosync.conf(5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Transport {
    /// The addresses of the nodelist as they stand; from 3.0 the default.
    Knet,
    /// Multicast or broadcast; before 3.0 the default.
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

/// Where the address of a link stands in corosync.conf.
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

/// The links that a corosync.conf sets up on this host, as a version of Corosync reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(super) profile: Profile,
    pub(super) version: Version,
    pub(super) transport: Transport,
    pub(super) links: Vec<ConfLink>,
    pub(super) warnings: Vec<String>,
}

/// One link of a corosync.conf: its number, and what stands for its address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfLink {
    pub(super) number: u32,
    pub(super) origin: Origin,
    pub(super) line: usize,
    pub(super) text: String,
    pub(super) read: ReadAddress,
    pub(super) bindnet: Bindnet,
}

/// A link, decided by our rule and by Corosync's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkDecision {
    /// The link.
    pub link: ConfLink,
    /// What this crate chooses.
    pub decision: Decision,
    /// What Corosync takes.
    pub corosync: Taken,
}

/// What Corosync takes for a link, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken {
    /// The address; `None` where it binds localhost, binds nothing or exits.
    pub address: Option<IpAddr>,
    /// The same in one sentence.
    pub explanation: String,
    /// What the operator should know of it.
    pub warnings: Vec<String>,
}

impl LinkDecision {
    /// Whether the two addresses are not the same.
    pub fn differs(&self) -> bool {
        self.decision.chosen().map(|chosen| chosen.ip()) != self.corosync.address
    }
}

impl Conf {
    /// The links of this host, as the version of a profile reads them; the newest for our own.
    ///
    /// # Errors
    /// What that version refuses: no link, no node that is this host, an address it cannot read.
    /// Names are looked up in `hosts` only, never by DNS.
    pub fn plan(
        &self,
        profile: Profile,
        host: &Snapshot,
        hosts: &Hosts,
    ) -> Result<Plan, ConfError> {
        Planner::new(self, profile)?.plan(host, hosts)
    }
}

impl Plan {
    /// The version that reads the file.
    pub fn version(&self) -> Version {
        self.version
    }

    /// How the nodes talk.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The links, by their numbers.
    pub fn links(&self) -> &[ConfLink] {
        &self.links
    }

    /// What the operator should know of the file.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Decides every link by the rule of a selector, whatever its bindnetaddr, and by Corosync's.
    pub fn decide(&self, host: &Snapshot, selector: &Selector) -> Vec<LinkDecision> {
        let decide = |link: &ConfLink| LinkDecision {
            link: link.clone(),
            decision: selector.clone().with_bindnet(link.bindnet).decide(host),
            corosync: self.taken(link, host),
        };
        self.links.iter().map(decide).collect()
    }

    fn taken(&self, link: &ConfLink, host: &Snapshot) -> Taken {
        let (version, ip) = (self.version, link.read.ip);
        let (address, explanation) = match (self.transport, link.origin) {
            (Transport::Udp | Transport::Udpu, _) => return self.matched(link, host),
            (Transport::Knet, Origin::Nodelist) => {
                let here = host.addresses().any(|address| address.ip() == ip);
                let though = match here {
                    true => "",
                    false => ", though this host does not have it (IP_FREEBIND)",
                };
                let text = format!("{ip}: Corosync {version} binds {link} as it stands{though}.");
                (Some(ip), text)
            }
            (Transport::Knet, Origin::Bindnetaddr) => {
                let text = format!(
                    "none: Corosync {version} on knet ignores {link}, and the node that is this \
                     host has no ring{}_addr.",
                    link.number
                );
                (None, text)
            }
        };
        Taken {
            address,
            explanation,
            warnings: Vec::new(),
        }
    }

    /// What the walk over the addresses takes.
    fn matched(&self, link: &ConfLink, host: &Snapshot) -> Taken {
        let profile = match self.profile {
            Profile::Default => Profile::Corosync(None),
            profile => profile,
        };
        let decision = Selector::new(link.bindnet).profile(profile).decide(host);
        Taken {
            address: decision.chosen().map(|chosen| chosen.ip()),
            explanation: decision.to_string(),
            warnings: decision.warnings(),
        }
    }
}

impl ConfLink {
    /// `linknumber` or `ringnumber`.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Where its address stands.
    pub fn origin(&self) -> Origin {
        self.origin
    }

    /// The line of the file, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The address as it is written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The address as Corosync reads it.
    pub fn address(&self) -> &ReadAddress {
        &self.read
    }

    /// The same as a bindnetaddr.
    pub fn bindnet(&self) -> Bindnet {
        self.bindnet
    }
}

impl fmt::Display for ConfLink {
    /// The key and its value.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.origin {
            Origin::Bindnetaddr => write!(f, "bindnetaddr {}", self.text),
            Origin::Nodelist => write!(f, "ring{}_addr {}", self.number, self.text),
        }
    }
}
