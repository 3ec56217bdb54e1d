//! Do the nodes agree? The snapshots of many hosts, judged together.
//!
//! Each node decides for itself, and cannot see that another machine, a forgotten one perhaps, has
//! the address that it chooses. Whoever has the snapshots of all of them can:
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
//! | code | what is wrong |
//! |---|---|
//! | `duplicate-address` | an address that one node chose is held by another, or was chosen by both |
//! | `floating-on-several-nodes` | an address that is floating on some node is held by several |
//! | `duplicate-mac` | links of several nodes have one hardware address, and addresses of one network: cloned machines |
//! | `different-network` | the choices do not share a network: one is outside that of another |
//! | `no-choice` | a node chose nothing |
//! | `ambiguous` | the decision of a node was ambiguous |
//! | `node-not-listed` | a node is not in the nodelist |
//! | `listed-address-missing` | no node has an address of the nodelist |
//! | `listed-address-elsewhere` | another node than the listed one has an address of the nodelist |
//! | `choice-not-listed` | a node chose another address than the one that is listed for it |
//!
//! The last four are of a corosync.conf alone ([`Fleet::of_conf`]). A code stands wherever it is
//! true, so that one mistake may be told by several.
//!
//! Loopback, link-local, multicast and unspecified addresses are nobody's duplicate. Of what floats,
//! addresses on loopback links do not count: for anycast and for LVS with direct routing they are on
//! many nodes on purpose. A hardware address counts where it is a station's of six bytes and no VRRP
//! router's, on links whose networks overlap; not where all that the links share is one same address
//! that nobody chose, as that of virbr0, whose network is inside each machine. A choice with a host
//! prefix (/32, /128) asks no other to be in its network.

mod choices;
mod duplicates;
mod held;
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
use held::Held;
use listed::{Claim, Listed};
use words::Said;

pub use problem::{Code, Problem};
pub use report::FleetReport;

/// The nodes of a cluster, whose snapshots are judged together.
///
/// A snapshot is not kept: of each address some 50 bytes are.
#[must_use = "a fleet is judged by `judge`"]
#[derive(Clone, Debug)]
pub struct Fleet {
    selector: ProfileSelector,
    conf: Option<Listed>,
    names: BTreeSet<Arc<str>>,
    /// In the order in which they were added, until they are judged.
    nodes: Vec<Node>,
    unread: Vec<Arc<str>>,
    held: Vec<Held>,
    said: Said,
    spelling: Spelling,
}

/// A node that was judged, and what it chose.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    name: Arc<str>,
    hostname: Option<Arc<str>>,
    choices: Choices,
    claim: Option<Claim>,
}

/// What a node decides about.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Choices {
    /// The bindnetaddr of the selector.
    One(Box<Decision>),
    /// The links of a corosync.conf.
    Links(Box<Plan>, Vec<LinkDecision>),
    /// Corosync does not start there, for this reason.
    NoPlan(String),
}

impl Fleet {
    /// Judges by the decisions of this selector: a [`Selector`], or a [`ProfileSelector`].
    pub fn new(selector: impl Into<ProfileSelector>) -> Self {
        Self {
            selector: selector.into(),
            conf: None,
            names: BTreeSet::new(),
            nodes: Vec::new(),
            unread: Vec::new(),
            held: Vec::new(),
            said: Said::default(),
            spelling: Spelling::default(),
        }
    }

    /// Says what to do about problems in the words of a program.
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
    /// let told = "; give fixed = 192.0.2.20 if it belongs to this host after all.";
    /// assert!(fleet.judge().problems()[0].detail().ends_with(told));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn spelling(mut self, spelling: Spelling) -> Self {
        self.spelling = spelling;
        self
    }

    /// Judges every link of a corosync.conf, as the version of a profile reads it, and its nodelist.
    ///
    /// `file` is the name of the file. Whatever the bindnetaddr of the selector, each link brings its
    /// own. Names are looked up in `hosts` only.
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
    /// What Corosync refuses of the file, whatever the host.
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
    /// Where a corosync.conf is judged and the snapshot does not say the name of the host, as the
    /// output of `ip -j addr` does not, the name of the node stands for it, unless it is an address.
    ///
    /// # Errors
    /// Where there is no name, where a node of this name was added before, and where Corosync would
    /// refuse the corosync.conf. The fleet is as it was, and can be judged.
    pub fn add(&mut self, node: impl AsRef<[u8]>, host: &Snapshot) -> Result<(), ParseError> {
        let name = self.new_name(node.as_ref())?;
        let hostname = host.about().hostname.as_deref();
        let (choices, claim) = match &self.conf {
            None => (Choices::One(Box::new(self.selector.decide(host))), None),
            Some(listed) => {
                let decided = listed.decide(&self.selector.selector, &name, host, &mut self.said);
                decided.map_err(|error| {
                    ParseError::new("a corosync.conf", "", &error).at_line(error.line())
                })?
            }
        };
        // Decisions say so themselves.
        if host.is_interrupted() && matches!(choices, Choices::NoPlan(_)) {
            self.said.say(&name, INTERRUPTED);
        }
        let number = self.nodes.len() as u32;
        held::gather(&mut self.held, number, host, &self.selector.selector);
        self.names.insert(name.clone());
        self.nodes.push(Node {
            name,
            hostname: hostname.map(Into::into),
            choices,
            claim,
        });
        Ok(())
    }

    /// Adds a node whose snapshot could not be read: the report names it, so that nobody takes the
    /// others for all.
    ///
    /// # Errors
    /// As [`Fleet::add`] has for the name.
    pub fn add_unread(&mut self, node: impl AsRef<[u8]>) -> Result<(), ParseError> {
        let name = self.new_name(node.as_ref())?;
        self.names.insert(name.clone());
        self.unread.push(name);
        Ok(())
    }

    /// What the nodes chose, and what is wrong. The order in which they were added changes nothing.
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

    /// What it decided about the bindnetaddr; `None` where a corosync.conf is judged.
    pub fn decision(&self) -> Option<&Decision> {
        match &self.choices {
            Choices::One(decision) => Some(decision),
            _ => None,
        }
    }

    /// What it decided about each link of a corosync.conf; nothing where Corosync would not start.
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

    /// Whether the address of a link stands in the nodelist: no bindnetaddr can be corrected then.
    fn is_listed(&self, link: Option<u32>) -> bool {
        let mut links = self.links().iter();
        let of = |decided: &LinkDecision| Some(decided.link.number()) == link;
        links.any(|decided| of(decided) && decided.link.origin() == Origin::Nodelist)
    }
}

/// The name of a node as it is shown, or any other bytes: `\`, what is not UTF-8, and characters that
/// a terminal would obey, hide or reorder others by (as those of a [`Name`](crate::snapshot::Name)) become
/// `\xNN`.
///
/// ```
/// assert_eq!(bindnet::fleet::shown(b"n1\x1b[31m"), r"n1\x1b[31m");
/// ```
pub fn shown(name: &[u8]) -> String {
    escape(name)
}
