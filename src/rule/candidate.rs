//! A candidate of a decision.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

use super::bindnetaddr::Zone;
use super::evidence::Reason;
use super::reasons::Reasons;
use super::scoped_addr::ScopedAddr;
use crate::snapshot::{Address, Name, Netmask, Snapshot, is_link_local};

/// An address that matches the bindnetaddr, with its verdict and the reasons for it.
///
/// Two candidates are equal if all facts and findings are, whatever their positions in the list.
#[derive(Clone, Debug, Eq)]
pub struct Candidate {
    /// Its position in the list of its family.
    pub(crate) position: usize,
    pub(crate) ip: IpAddr,
    /// The address of this host. Corosync's rule may take that of the other end, which is `ip` then.
    pub(crate) local: IpAddr,
    pub(crate) netmask: Netmask,
    pub(crate) link: Option<u32>,
    pub(crate) interface: Option<Name>,
    pub(crate) label: Option<Name>,
    pub(crate) matched: Option<Match>,
    pub(crate) verdict: Verdict,
    pub(crate) reasons: Reasons,
    pub(crate) link_up: Option<bool>,
    pub(crate) link_running: Option<bool>,
}

/// How an address matches a bindnetaddr.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Match {
    /// It is the bindnetaddr.
    Exact,
    /// It is inside the network that the bindnetaddr names.
    Network,
    /// It is of the same network as the host that the bindnetaddr names.
    SameNetwork,
}

impl Match {
    /// The code in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Network => "network",
            Self::SameNetwork => "same-network",
        }
    }
}

/// The verdict on an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Verdict {
    /// It is the choice.
    Chosen,
    /// A different entry ranks before it.
    Outranked,
    /// It qualified, but no address was chosen.
    Eligible,
    /// It is floating.
    Floating,
    /// bind(2) would fail.
    Unusable,
    /// It is not in the network of the bindnetaddr.
    OtherNetwork,
    /// It is not of the family of the bindnetaddr.
    OtherFamily,
}

impl Verdict {
    /// The code in JSON and in the table.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::Outranked => "outranked",
            Self::Eligible => "eligible",
            Self::Floating => "floating",
            Self::Unusable => "unusable",
            Self::OtherNetwork => "other-network",
            Self::OtherFamily => "other-family",
        }
    }
}

impl Candidate {
    /// Its entry in the snapshot of the decision, or in one with the same order.
    pub(crate) fn entry(&self, host: &Snapshot) -> Option<Address> {
        match self.local {
            IpAddr::V4(_) => host.v4.get(self.position),
            IpAddr::V6(_) => host.v6.get(self.position),
        }
    }

    /// The address.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// Its own mask.
    pub fn netmask(&self) -> Netmask {
        self.netmask
    }

    /// The name of its link, if that is known.
    pub fn interface(&self) -> Option<Name> {
        self.interface
    }

    /// The index of its link, if that is known.
    pub fn interface_index(&self) -> Option<u32> {
        self.link
    }

    /// Its label.
    pub fn label(&self) -> Option<Name> {
        self.label
    }

    /// How it matches; `None` for one that [`Decision::others`](crate::Decision::others) lists.
    pub fn matched(&self) -> Option<Match> {
        self.matched
    }

    /// The verdict on it.
    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// Every code that is true of it, whatever its verdict.
    pub fn reasons(&self) -> Reasons {
        self.reasons
    }

    /// Whether its link is up (`IFF_UP`), if that is known.
    pub fn link_up(&self) -> Option<bool> {
        self.link_up
    }

    /// The scope id that bind(2) needs: the index of the link for an IPv6 link-local address, 0
    /// for any other.
    #[doc(alias = "sin6_scope_id")]
    pub fn scope_id(&self) -> u32 {
        if is_link_local(self.ip) {
            self.link.unwrap_or(0)
        } else {
            0
        }
    }

    /// The address, with its link if it is link-local: `192.0.2.10`, `fe80::1%eth0`.
    pub fn scoped_addr(&self) -> ScopedAddr {
        let link_local = self.interface.filter(|_| is_link_local(self.ip));
        ScopedAddr::new(self.ip, link_local.map(Zone::from))
    }

    /// The address ready for bind(2), scope id included.
    pub fn socket_addr(&self, port: u16) -> SocketAddr {
        match self.ip {
            IpAddr::V4(ip) => SocketAddrV4::new(ip, port).into(),
            IpAddr::V6(ip) => SocketAddrV6::new(ip, port, 0, self.scope_id()).into(),
        }
    }

    /// The key by which two candidates are the same address: the link counts for link-local ones.
    pub(crate) fn identity(&self) -> (IpAddr, Option<u32>) {
        (self.ip, self.link.filter(|_| is_link_local(self.ip)))
    }

    pub(crate) fn is_unusable(&self) -> bool {
        self.reasons.is_unusable()
    }

    /// Whether it cannot be bound yet, but is about to be.
    pub(crate) fn is_pending(&self) -> bool {
        self.reasons.is_pending()
    }

    /// A key that sorts addresses of both families in kernel order, IPv4 first.
    pub(crate) fn kernel_order(&self) -> (bool, usize) {
        (self.ip.is_ipv6(), self.position)
    }

    pub(crate) fn is_exact(&self) -> bool {
        self.matched == Some(Match::Exact)
    }

    pub(crate) fn is(&self, reason: Reason) -> bool {
        self.reasons.contains(reason)
    }
}

impl PartialEq for Candidate {
    fn eq(&self, other: &Self) -> bool {
        let facts = |c: &Self| (c.ip, c.netmask, c.link, c.interface, c.label, c.matched);
        let findings = |c: &Self| (c.verdict, c.reasons, c.link_up, c.link_running);
        facts(self) == facts(other) && findings(self) == findings(other)
    }
}
