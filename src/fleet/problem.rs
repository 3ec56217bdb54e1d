//! The problems of a fleet.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::snapshot::HardwareAddress;

/// The kind of a problem, in the order in which a report lists problems.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// One node chose an address that another node has or chose.
    DuplicateAddress,
    /// Several nodes have an address that is floating on one of them.
    FloatingOnSeveralNodes,
    /// Several nodes have an address in the networks asked for, and neither of the codes above says so.
    HeldBySeveral,
    /// Links of several nodes have one hardware address, and addresses of one network.
    DuplicateMac,
    /// The choices do not share a network, and bindnetaddr has no prefix that holds them all.
    DifferentNetwork,
    /// A node chose nothing.
    NoChoice,
    /// The decision of a node was ambiguous.
    Ambiguous,
    /// A node is not in the nodelist.
    NodeNotListed,
    /// No node has an address of the nodelist.
    ListedAddressMissing,
    /// A node has an address that the nodelist gives to another node.
    ListedAddressElsewhere,
    /// A node chose a different address than the nodelist gives to it.
    ChoiceNotListed,
}

impl Code {
    /// The code in JSON and in the text.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DuplicateAddress => "duplicate-address",
            Self::FloatingOnSeveralNodes => "floating-on-several-nodes",
            Self::HeldBySeveral => "held-by-several",
            Self::DuplicateMac => "duplicate-mac",
            Self::DifferentNetwork => "different-network",
            Self::NoChoice => "no-choice",
            Self::Ambiguous => "ambiguous",
            Self::NodeNotListed => "node-not-listed",
            Self::ListedAddressMissing => "listed-address-missing",
            Self::ListedAddressElsewhere => "listed-address-elsewhere",
            Self::ChoiceNotListed => "choice-not-listed",
        }
    }
}

/// A problem of a fleet.
///
/// `{}` is its code and the advice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub(super) code: Code,
    pub(super) link: Option<u32>,
    pub(super) address: Option<IpAddr>,
    pub(super) mac: Option<HardwareAddress>,
    /// Sorted.
    pub(super) nodes: Vec<Arc<str>>,
    pub(super) detail: String,
}

impl Problem {
    pub(super) fn new(code: Code, nodes: Vec<Arc<str>>, detail: String) -> Self {
        Self {
            code,
            link: None,
            address: None,
            mac: None,
            nodes,
            detail,
        }
    }

    pub(super) fn of_link(mut self, link: Option<u32>) -> Self {
        self.link = link;
        self
    }

    pub(super) fn about(mut self, address: Option<IpAddr>) -> Self {
        self.address = address;
        self
    }

    /// The kind of the problem.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The nodes that have it, by name. One of them may be in the nodelist alone, without a
    /// snapshot.
    pub fn nodes(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(AsRef::as_ref)
    }

    /// The address it is about, if it is about one.
    pub fn address(&self) -> Option<IpAddr> {
        self.address
    }

    /// The hardware address that several nodes have.
    pub fn mac(&self) -> Option<&HardwareAddress> {
        self.mac.as_ref()
    }

    /// The link of the corosync.conf, if the problem is about one link.
    pub fn link(&self) -> Option<u32> {
        self.link
    }

    /// The problem and the advice, in one sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// Problems are sorted by this key.
    pub(super) fn sort_key(&self) -> impl Ord + '_ {
        let mac = self.mac.as_ref().map(HardwareAddress::as_bytes);
        (
            self.code,
            self.address,
            mac,
            self.link,
            &self.nodes,
            &self.detail,
        )
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code.code())?;
        if let Some(link) = self.link {
            write!(f, ", link {link}")?;
        }
        write!(f, ": {}", self.detail)
    }
}
