//! The links that a corosync.conf sets up on a host, and the address of each.

use std::net::IpAddr;

use super::conf::{Conf, ConfError};
use super::link::{ConfLink, Origin, Transport};
use super::names::Hosts;
use super::planner::Planner;
use super::profile::Profile;
use super::selector::ProfileSelector;
use super::version::Version;
use crate::rule::{Decision, Selector};
use crate::snapshot::Snapshot;

/// The links that a corosync.conf sets up on this host, as a version of Corosync reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    pub(super) profile: Profile,
    pub(super) version: Version,
    pub(super) transport: Transport,
    pub(super) links: Vec<ConfLink>,
    pub(super) warnings: Vec<String>,
}

/// A link, decided by our rule and by Corosync's.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct LinkDecision {
    /// The link.
    pub link: ConfLink,
    /// The choice of this crate.
    pub decision: Decision,
    /// The choice of Corosync.
    pub corosync: Taken,
}

/// The address that Corosync takes for a link, and the reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Taken {
    /// The address it looks for, or finds.
    pub address: Option<IpAddr>,
    /// What Corosync does with it.
    pub outcome: TakenOutcome,
    /// The address and the outcome, in one sentence.
    pub explanation: String,
    /// Sentences that the operator should know.
    pub warnings: Vec<String>,
}

/// What Corosync does with the address that it takes for a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TakenOutcome {
    /// It is bound.
    Bound,
    /// There is none, or its link is down: localhost is bound, and it looks again (udp; udpu before
    /// 2.4.5).
    Localhost,
    /// There is none, its link is down, or bind(2) fails: Corosync exits (udpu).
    Exits,
    /// The link has no address (knet).
    Nothing,
}

impl TakenOutcome {
    /// The code in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bound => "bound",
            Self::Localhost => "localhost",
            Self::Exits => "exits",
            Self::Nothing => "nothing",
        }
    }
}

impl LinkDecision {
    /// Whether Corosync does not bind the address that this crate chooses.
    pub fn differs(&self) -> bool {
        let chosen = self.decision.chosen().map(|chosen| chosen.ip());
        let bound = self.corosync.outcome == TakenOutcome::Bound;
        chosen != self.corosync.address.filter(|_| bound)
    }
}

impl Conf {
    /// The links of this host, as the version of a profile reads them. [`Profile::Default`] reads
    /// as the newest version.
    ///
    /// # Errors
    /// If that version refuses the addresses of the links: no link, no node that is this host, an
    /// address that it cannot read, two families on one link. Other reasons to refuse the file are
    /// not checked ([`Plan::NOTE`]).
    ///
    /// Names are looked up in `hosts` only, never by DNS. If a name of this host is not there, that
    /// is an error; for a different node it is a warning.
    pub fn plan(
        &self,
        profile: Profile,
        host: &Snapshot,
        hosts: &Hosts,
    ) -> Result<Plan, ConfError> {
        let planner = Planner::new(self, profile)?;
        let nodes = planner.nodes_read(hosts);
        planner.plan(&nodes, host, hosts)
    }
}

impl Plan {
    /// The limit of a plan, in one sentence.
    ///
    /// A plan says which addresses Corosync binds if it starts. It refuses what Corosync refuses of
    /// the addresses of links, and reads nothing else: Corosync may refuse the file for a multicast
    /// group, a cipher, a node id, a port or a timeout.
    ///
    /// ```
    /// use bindnet::corosync::Plan;
    ///
    /// assert!(Plan::NOTE.starts_with("Only `corosync -t` knows whether Corosync starts"));
    /// ```
    pub const NOTE: &str = "Only `corosync -t` knows whether Corosync starts with this file: only \
                            the addresses of its links were read.";

    /// Takes the warnings out of the plan.
    pub(crate) fn take_warnings(&mut self) -> Vec<String> {
        std::mem::take(&mut self.warnings)
    }

    /// The version that reads the file.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The version and the transport in words.
    pub fn corosync(&self) -> String {
        format!("{} ({})", self.profile.corosync(), self.transport)
    }

    /// The transport between the nodes.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The links, by their numbers.
    pub fn links(&self) -> &[ConfLink] {
        &self.links
    }

    /// Sentences about the file that the operator should know.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Decides every link by the rule of a selector, and by Corosync's. The bindnetaddr of the
    /// selector does not count.
    pub fn decide(&self, host: &Snapshot, selector: &Selector) -> Vec<LinkDecision> {
        let decide = |link: &ConfLink| LinkDecision {
            link: link.clone(),
            decision: selector
                .clone()
                .with_bindnet(link.bindnet.clone())
                .decide(host),
            corosync: self.taken(link, host),
        };
        self.links.iter().map(decide).collect()
    }

    fn taken(&self, link: &ConfLink, host: &Snapshot) -> Taken {
        let (version, ip) = (self.version, link.read.ip);
        let (address, outcome, explanation) = match (self.transport, link.origin) {
            (Transport::Udp | Transport::Udpu, _) => return self.matched(link, host),
            (Transport::Knet, Origin::Nodelist) => {
                let here = host.addresses().any(|address| address.ip() == ip);
                let though = if here {
                    ""
                } else {
                    ", though this host does not have it (IP_FREEBIND)"
                };
                let text = format!("{ip}: Corosync {version} binds {link} as it stands{though}.");
                (Some(ip), TakenOutcome::Bound, text)
            }
            (Transport::Knet, Origin::Bindnetaddr) => {
                let text = format!(
                    "none: Corosync {version} on knet ignores {link}, and the node that is this \
                     host has no ring{}_addr.",
                    link.number
                );
                (None, TakenOutcome::Nothing, text)
            }
        };
        Taken {
            address,
            outcome,
            explanation,
            warnings: Vec::new(),
        }
    }

    /// The address that the walk over the addresses takes.
    fn matched(&self, link: &ConfLink, host: &Snapshot) -> Taken {
        let profile = match self.profile {
            Profile::Default => Profile::Corosync(None),
            profile => profile,
        };
        let selector = Selector::new(link.bindnet.clone());
        let decision = ProfileSelector::new(profile, selector).decide(host);
        let chosen = decision.chosen();
        let exits = self.transport == Transport::Udpu && self.version >= Version::new(2, 4, 5);
        let outcome = match chosen {
            // Corosync binds with scope id 2, which is a different link, or none.
            Some(chosen) if chosen.link_up() != Some(false) && chosen.scope_id() > 0 => {
                if chosen.scope_id() == 2 {
                    TakenOutcome::Bound
                } else {
                    TakenOutcome::Exits
                }
            }
            Some(chosen) if chosen.is_unusable() => TakenOutcome::Exits,
            Some(chosen) if chosen.link_up() != Some(false) => TakenOutcome::Bound,
            _ if exits => TakenOutcome::Exits,
            _ => TakenOutcome::Localhost,
        };
        let mut explanation = decision.to_string();
        if outcome != TakenOutcome::Bound {
            let then = match outcome {
                TakenOutcome::Exits => "exits",
                _ => "binds localhost and looks again",
            };
            let found = explanation.trim_end_matches('.');
            explanation = format!("{found}; it then {then}.");
        }
        Taken {
            address: chosen.map(|chosen| chosen.ip()),
            outcome,
            explanation,
            warnings: decision.warnings(),
        }
    }
}
