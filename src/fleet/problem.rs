//! What is wrong among the nodes of a fleet.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::snapshot::HardwareAddress;

/// What kind of problem it is, in the order in which problems are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Code {
    /// An address that one node chose is held by another, or was chosen by both.
    DuplicateAddress,
    /// An address that is floating on some node is held by several.
    FloatingOnSeveralNodes,
    /// Links of several nodes have one hardware address, and addresses of one network.
    DuplicateMac,
    /// The choices do not share a network.
    DifferentNetwork,
    /// A node chose nothing.
    NoChoice,
    /// The decision of a node was ambiguous.
    Ambiguous,
    /// A node is not in the nodelist.
    NodeNotListed,
    /// No node has an address of the nodelist.
    ListedAddressMissing,
    /// Another node than the listed one has an address of the nodelist.
    ListedAddressElsewhere,
    /// A node chose another address than the one that is listed for it.
    ChoiceNotListed,
}

impl Code {
    /// The code in JSON and in the text.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DuplicateAddress => "duplicate-address",
            Self::FloatingOnSeveralNodes => "floating-on-several-nodes",
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

/// Something that is wrong among the nodes of a fleet.
///
/// `{}` is its code and what to do.
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

    /// What kind of problem it is.
    pub fn code(&self) -> Code {
        self.code
    }

    /// The nodes that have it, by name. A node of the nodelist may be among them that has no
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

    /// The link of the corosync.conf, if it is of one alone.
    pub fn link(&self) -> Option<u32> {
        self.link
    }

    /// What is wrong and what to do about it, in one sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }

    /// What problems are sorted by.
    pub(super) fn place(&self) -> impl Ord + '_ {
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
