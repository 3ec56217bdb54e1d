//! The decision: the choice, and the verdict on every candidate.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, SocketAddrV6};

use smallvec::SmallVec;

use super::bindnetaddr::{BindnetAddr, Zone};
use super::evidence::Reason;
use super::other_rule::OtherRule;
use super::reasons::Reasons;
use super::scoped_addr::ScopedAddr;
use super::separation::Separation;
use crate::snapshot::{Address, Consistency, Name, Netmask, Snapshot, Source, is_link_local};

/// The chosen address or none, with every candidate's verdict and reasons.
///
/// `{}` prints one line for a log, `{:#}` the whole report.
///
/// ```
/// use bindnet::snapshot::LinkFlags;
/// use bindnet::{Address, Link, Selector, Snapshot};
///
/// let eth0 = Link::new(2, "eth0".parse()?).with_flags(LinkFlags::UP | LinkFlags::RUNNING);
/// let host = Snapshot::new([eth0], [Address::new("192.0.2.10/24".parse()?, 2)])?;
/// let decision = Selector::new("192.0.2.0".parse()?).decide(&host);
///
/// let chosen = decision.chosen().unwrap();
/// assert_eq!(chosen.socket_addr(5405).to_string(), "192.0.2.10:5405");
/// assert_eq!(
///     decision.to_string(),
///     "192.0.2.10/24 on eth0: the only address of 192.0.2.0/24 here.",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a decision changes nothing by itself: bind what it chose"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    pub(crate) bindnet: BindnetAddr,
    /// The rule that made it, if it was not ours.
    pub(crate) made_by: Option<Box<OtherRule>>,
    pub(crate) interface: Option<Name>,
    pub(crate) previous: Option<ScopedAddr>,
    pub(crate) not_used: Vec<(BindnetAddr, ScopedAddr)>,
    pub(crate) strict: bool,
    pub(crate) source: Option<Source>,
    pub(crate) consistency: Option<Consistency>,
    /// How many addresses of the family of the bindnetaddr the rule saw.
    pub(crate) seen: usize,
    /// The address that comes closest, if nothing matches.
    pub(crate) nearest: Option<Candidate>,
    pub(crate) candidates: Candidates,
    pub(crate) others: Vec<Candidate>,
    pub(crate) list_all: bool,
    pub(crate) result: Result<Winner, WhyNone>,
}

/// The first candidate, and its margin over the next; positions in `candidates`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Winner {
    pub at: usize,
    pub runner_up: Option<usize>,
    pub separated_by: Option<Separation>,
    /// Whether evidence or kernel order put it first, which is not certain.
    pub ambiguous: bool,
}

/// How a decision ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Outcome {
    /// An address was chosen.
    Chosen,
    /// No address was chosen; [`Decision::why_none`] has the reason.
    None,
    /// No address was chosen, because the selector is strict and the decision is ambiguous.
    Ambiguous,
}

impl Outcome {
    /// The code in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Chosen => "chosen",
            Self::None => "none",
            Self::Ambiguous => "ambiguous",
        }
    }
}

/// Why no address was chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WhyNone {
    /// The link that the rule is restricted to does not exist (now).
    NoSuchLink,
    /// No address of the family is there at all.
    NoAddress,
    /// No address matches.
    NoMatch,
    /// The address that was named exactly is there, and cannot be bound (yet).
    ExactUnusable,
    /// Every candidate was rejected: floating or unusable.
    AllTurnedDown,
    /// The interrupted snapshot does not show the remembered choice, which may be here all the same.
    PreviousUnknown,
    /// Corosync refuses a network with its prefix. Our rule never gives this.
    Refused,
}

impl Decision {
    /// The address to bind.
    pub fn chosen(&self) -> Option<&Candidate> {
        self.candidates
            .iter()
            .find(|candidate| candidate.verdict == Verdict::Chosen)
    }

    /// Every address that matches the bindnetaddr, in kernel order.
    pub fn candidates(&self) -> &[Candidate] {
        &self.candidates
    }

    /// The addresses that do not match, in kernel order, if the selector lists them.
    pub fn others(&self) -> &[Candidate] {
        &self.others
    }

    /// How it ended.
    pub fn outcome(&self) -> Outcome {
        match self.result {
            Ok(_) if self.strict && self.is_ambiguous() => Outcome::Ambiguous,
            Ok(_) => Outcome::Chosen,
            Err(_) => Outcome::None,
        }
    }

    /// The reason why there is no choice, if the outcome is [`Outcome::None`].
    pub fn why_none(&self) -> Option<WhyNone> {
        self.result.err()
    }

    /// Whether it was close: neither the operator nor the memory made it certain.
    pub fn is_ambiguous(&self) -> bool {
        self.result.is_ok_and(|winner| winner.ambiguous)
    }

    /// The difference between the winner and the runner-up, even if the decision is not ambiguous.
    pub fn separated_by(&self) -> Option<Separation> {
        self.result.ok()?.separated_by
    }

    /// Whether waiting could not improve the choice.
    ///
    /// A choice is not final if the list of addresses is known to be interrupted. Nor is it final if
    /// the address is a neighbour of the one that was named ([`Match::SameNetwork`]) or replaces a
    /// remembered one that is not here ([`Separation::PreviousAbsent`]): those may still come.
    pub fn is_final(&self) -> bool {
        let whole = !self.is_interrupted();
        let replaces = self.separated_by() == Some(Separation::PreviousAbsent);
        let chosen = self.chosen().filter(|_| whole && !replaces);
        chosen.is_some_and(|chosen| chosen.matched() != Some(Match::SameNetwork))
    }

    /// The bindnetaddr of the decision.
    pub fn bindnet(&self) -> &BindnetAddr {
        &self.bindnet
    }

    /// The source of the list of addresses, if that is known.
    pub fn source(&self) -> Option<Source> {
        self.source
    }

    /// Whether the list of addresses is that of one moment, if that is known.
    pub fn consistency(&self) -> Option<Consistency> {
        self.consistency
    }

    /// Whether the list changed while it was read, so that an address may be missing in it.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.consistency == Some(Consistency::Interrupted)
    }

    /// Whether there is a remembered choice, and no candidate is it.
    pub(crate) fn misses_previous(&self) -> bool {
        let remembers = self.is_ours() && self.previous.is_some();
        remembers && !self.candidates.iter().any(|c| c.is(Reason::Previous))
    }

    /// The candidate that the rule puts first, chosen or not.
    pub(crate) fn first(&self) -> Option<&Candidate> {
        self.candidates.get(self.result.ok()?.at)
    }

    /// The best candidate with a different address, if there is one.
    pub(crate) fn runner_up(&self) -> Option<&Candidate> {
        self.candidates.get(self.result.ok()?.runner_up?)
    }
}

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

/// The candidates of a decision; up to four are stored inline.
pub(crate) type Candidates = SmallVec<[Candidate; 4]>;

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

    /// How it matches; `None` for one that [`Decision::others`] lists.
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
