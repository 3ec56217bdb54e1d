//! Do the nodes agree? The snapshots of many hosts, judged together.
//!
//! Each node decides for itself. It cannot see that another machine, perhaps a forgotten one, has
//! the address that it chooses. The snapshots of all nodes together show it:
//!
//! ```
//! use bindnet::fleet::Fleet;
//! use bindnet::{Address, Link, Selector, Snapshot};
//!
//! let host = |net: &str| {
//!     let address = Address::new(net.parse().unwrap(), 2);
//!     Snapshot::new([Link::new(2, "eth0".parse().unwrap())], [address]).unwrap()
//! };
//! let mut fleet = Fleet::new(Selector::new("192.0.2.0".parse()?));
//! fleet.add("pgpool_0", &host("192.0.2.191/24"))?;
//! fleet.add("pgpool_1", &host("192.0.2.192/24"))?;
//! fleet.add("forgotten", &host("192.0.2.191/24"))?;
//! let report = fleet.judge();
//!
//! let [problem] = report.problems() else { panic!("{report}") };
//! assert_eq!(problem.code().code(), "duplicate-address");
//! assert_eq!(problem.nodes().collect::<Vec<_>>(), ["forgotten", "pgpool_0"]);
//! assert_eq!(
//!     problem.detail(),
//!     "192.0.2.191 was chosen by forgotten (eth0) and pgpool_0 (eth0): leave it to one of them, \
//!      and give every other an address of its own.",
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Problems
//!
//! | code | problem |
//! |---|---|
//! | `duplicate-address` | one node chose an address that another node has or chose |
//! | `floating-on-several-nodes` | several nodes have an address that is floating on one of them |
//! | `held-by-several` | several nodes have an address that bindnetaddr asks for on one of them, also if none chose it |
//! | `duplicate-mac` | links of several nodes have one hardware address, and addresses of one network: cloned machines |
//! | `different-network` | the choices do not share a network: one is outside that of another, and bindnetaddr has no prefix that holds them all |
//! | `no-choice` | a node chose nothing |
//! | `ambiguous` | the decision of a node was ambiguous |
//! | `node-not-listed` | a node is not in the nodelist |
//! | `listed-address-missing` | no node has an address of the nodelist |
//! | `listed-address-elsewhere` | a node has an address that the nodelist gives to another node |
//! | `choice-not-listed` | a node chose a different address than the nodelist gives to it |
//!
//! The last four need a corosync.conf ([`Fleet::of_conf`]). Every code that is true is reported, so
//! that one mistake may have several. The exception is `held-by-several`: it is not reported of an
//! address that has one of the first two codes, which say more.
//!
//! Loopback, link-local, multicast and unspecified addresses are never duplicates. On a loopback
//! link no address counts for `floating-on-several-nodes` and `held-by-several`: anycast and LVS with
//! direct routing have one on many nodes on purpose.
//!
//! A hardware address counts if it is a station's, has six bytes, is not a VRRP router's, and if
//! the networks of its links overlap. It does not count if the links share only the same addresses
//! and nobody chose one of them. The network of virbr0 is an example: it is inside each machine.
//!
//! An address that is declared fixed belongs to the node that has it. No other node misses it: the
//! declaration of one node's address makes no other ambiguous.
//!
//! A choice with a host prefix (/32, /128) does not require other choices to be in its network.

mod choices;
mod duplicates;
mod fixed;
mod inventory;
#[cfg(feature = "serde")]
mod json;
mod listed;
mod macs;
mod problem;
mod report;
mod table;
mod words;

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::corosync::{
    Conf, ConfError, Hosts, LinkDecision, Origin, Plan, Profile, ProfileSelector,
};
use crate::explain::{INTERRUPTED, Spelling};
use crate::rule::{Decision, Selector};
use crate::snapshot::{ParseError, Snapshot, escape, escape_rest};
use inventory::Holding;
use listed::{Claim, Listed};
use words::Remarks;

pub use problem::{Code, Problem};
pub use report::FleetReport;

/// The nodes of a cluster, whose snapshots are judged together.
///
/// It keeps some 50 bytes for each address, and a snapshot only of a node that misses an address declared
/// fixed.
#[must_use = "a fleet is judged by `judge`"]
#[derive(Clone, Debug)]
pub struct Fleet {
    selector: ProfileSelector,
    conf: Option<Listed>,
    names: BTreeSet<Arc<str>>,
    /// In the order in which they were added; the report sorts them.
    nodes: Vec<Node>,
    unread: Vec<Arc<str>>,
    inventory: Vec<Holding>,
    /// The snapshots of nodes that miss an address declared fixed: another node may have it.
    missing: Vec<(u32, Snapshot)>,
    remarks: Remarks,
    spelling: Spelling,
}

/// A node that was judged, and its choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    name: Arc<str>,
    hostname: Option<Arc<str>>,
    choices: Choices,
    claim: Option<Claim>,
}

/// The decisions of a node.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Choices {
    /// About the bindnetaddr of the selector.
    One(Box<Decision>),
    /// About each link of a corosync.conf.
    Links(Box<Plan>, Vec<LinkDecision>),
    /// Corosync does not start there, for this reason.
    NoPlan(String),
}

impl Fleet {
    /// Judges the decisions of this selector: a [`Selector`], or a [`ProfileSelector`].
    pub fn new(selector: impl Into<ProfileSelector>) -> Self {
        Self {
            selector: selector.into(),
            conf: None,
            names: BTreeSet::new(),
            nodes: Vec::new(),
            unread: Vec::new(),
            inventory: Vec::new(),
            missing: Vec::new(),
            remarks: Remarks::default(),
            spelling: Spelling::default(),
        }
    }

    /// Phrases the advice about problems in the words of a program.
    ///
    /// ```
    /// use bindnet::fleet::Fleet;
    /// use bindnet::explain::{Setting, Spelling};
    /// use bindnet::{Address, Link, Selector, Snapshot};
    ///
    /// fn key(setting: &Setting) -> String {
    ///     format!("{} = {}", setting.code(), setting.value())
    /// }
    ///
    /// let vip = Address::new("192.0.2.20/24".parse()?, 2).with_label("eth0:vip".parse()?);
    /// let host = Snapshot::new([Link::new(2, "eth0".parse()?)], [vip])?;
    /// let fleet = Fleet::new(Selector::new("192.0.2.0".parse()?));
    /// let mut fleet = fleet.spelling(Spelling::new(key, "ringd --explain"));
    /// fleet.add("n1", &host)?;
    /// let advice = "; give fixed = 192.0.2.20 if it is this host's own.";
    /// assert!(fleet.judge().problems()[0].detail().ends_with(advice));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spelling(mut self, spelling: Spelling) -> Self {
        self.spelling = spelling;
        self
    }

    /// Judges every link of a corosync.conf, as the version of a profile reads it, and its
    /// nodelist.
    ///
    /// `file` is the name of the file. Each link has its own bindnetaddr; the one of the selector
    /// does not count. Names are looked up in `hosts` only.
    ///
    /// ```
    /// use bindnet::corosync::{Conf, Hosts, Profile};
    /// use bindnet::fleet::Fleet;
    /// use bindnet::{Address, Link, Selector, Snapshot};
    ///
    /// let conf = Conf::parse(
    ///     b"totem {
    ///         version: 2
    ///     }
    ///     nodelist {
    ///         node {
    ///             name: n1
    ///             nodeid: 1
    ///             ring0_addr: 192.0.2.1
    ///         }
    ///     }",
    /// )?;
    /// let selector = Selector::new("192.0.2.0".parse()?);
    /// let profile = Profile::Corosync(Some("3.1.7".parse()?));
    /// let mut fleet = Fleet::of_conf("corosync.conf", conf, profile, selector, Hosts::default())?;
    /// let address = Address::new("192.0.2.1/24".parse()?, 2);
    /// fleet.add("n1", &Snapshot::new([Link::new(2, "eth0".parse()?)], [address])?)?;
    /// let report = fleet.judge();
    /// assert!(report.problems().is_empty(), "{report}");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If Corosync refuses the file on every host.
    pub fn of_conf(
        file: &str,
        conf: Conf,
        profile: Profile,
        selector: Selector,
        hosts: Hosts,
    ) -> Result<Self, ConfError> {
        Ok(Self {
            conf: Some(Listed::new(file, conf, profile, hosts)?),
            ..Self::new(selector)
        })
    }

    /// Adds a node by its snapshot. Bytes of the name that are control characters, `\` or not UTF-8
    /// are shown as `\xNN`.
    ///
    /// A snapshot may lack the name of the host, as the output of `ip -j addr` does. If a
    /// corosync.conf is judged, the name of the node is used for it then, unless it is an address.
    ///
    /// # Errors
    /// If the name is empty, if a node of this name was added before, or if Corosync would refuse
    /// the corosync.conf. The fleet does not change, and can be judged.
    pub fn add(&mut self, node: impl AsRef<[u8]>, host: &Snapshot) -> Result<(), ParseError> {
        let name = self.new_name(node.as_ref())?;
        let hostname = host.about().hostname.as_deref();
        let (choices, claim) = match &self.conf {
            None => (Choices::One(Box::new(self.selector.decide(host))), None),
            Some(listed) => {
                let decided =
                    listed.decide(&self.selector.selector, &name, host, &mut self.remarks);
                decided.map_err(|error| {
                    ParseError::new("a corosync.conf", "", &error).at_line(error.line())
                })?
            }
        };
        // Decisions have this warning themselves.
        if host.is_interrupted() && matches!(choices, Choices::NoPlan(_)) {
            self.remarks.add(&name, INTERRUPTED);
        }
        let number = self.nodes.len() as u32;
        inventory::gather(&mut self.inventory, number, host, &self.selector.selector);
        self.names.insert(name.clone());
        let node = Node {
            name,
            hostname: hostname.map(Into::into),
            choices,
            claim,
        };
        if fixed::is_missed(&node) {
            self.missing.push((number, host.clone()));
        }
        self.nodes.push(node);
        Ok(())
    }

    /// Adds a node whose snapshot could not be read. The report names it, so that it shows that a
    /// node is missing.
    ///
    /// # Errors
    /// The errors of [`Fleet::add`] about the name.
    pub fn add_unread(&mut self, node: impl AsRef<[u8]>) -> Result<(), ParseError> {
        let name = self.new_name(node.as_ref())?;
        self.names.insert(name.clone());
        self.unread.push(name);
        Ok(())
    }

    /// Reports the choices of the nodes, and the problems. The order in which they were added
    /// changes nothing.
    ///
    /// It takes n log n in the number of addresses.
    pub fn judge(self) -> FleetReport {
        FleetReport::of(self)
    }

    fn new_name(&self, name: &[u8]) -> Result<Arc<str>, ParseError> {
        let name: Arc<str> = shown(name).into();
        let problem = match (name.is_empty(), self.names.contains(&name)) {
            (true, _) => "a node without a name".to_owned(),
            (_, true) => format!(
                "node \"{}\" is there twice; give one of the two another name",
                escape_rest(&name)
            ),
            _ => return Ok(name),
        };
        Err(ParseError::new("the name of a node", &*name, problem))
    }
}

impl Node {
    /// The name, as it is shown.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its decision about the bindnetaddr; `None` if a corosync.conf is judged.
    pub fn decision(&self) -> Option<&Decision> {
        match &self.choices {
            Choices::One(decision) => Some(decision),
            _ => None,
        }
    }

    /// Its decision about each link of a corosync.conf; empty if Corosync would not start.
    pub fn links(&self) -> &[LinkDecision] {
        match &self.choices {
            Choices::Links(_, links) => links,
            _ => &[],
        }
    }

    /// Each decision, with the number of its link.
    fn decisions(&self) -> impl Iterator<Item = (Option<u32>, &Decision)> {
        let one = self.decision().map(|decision| (None, decision));
        let links = self.links().iter();
        one.into_iter()
            .chain(links.map(|link| (Some(link.link.number()), &link.decision)))
    }

    /// Whether the nodelist has the address of a link: there is no bindnetaddr to correct then.
    fn is_listed(&self, link: Option<u32>) -> bool {
        let mut links = self.links().iter();
        links.any(|decided| {
            Some(decided.link.number()) == link && decided.link.origin() == Origin::Nodelist
        })
    }
}

/// The name of a node, or any other bytes, as a report shows it.
///
/// `\`, bytes that are not UTF-8, and characters that a terminal would obey, hide or use to reorder
/// others become `\xNN`, as in a [`Name`](crate::snapshot::Name).
///
/// ```
/// assert_eq!(bindnet::fleet::shown(b"n1\x1b[31m"), r"n1\x1b[31m");
/// ```
pub fn shown(name: &[u8]) -> String {
    escape(name)
}
