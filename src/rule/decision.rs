//! The decision: the choice, and the verdict on every candidate.

use std::net::IpAddr;
use std::sync::Arc;

use smallvec::SmallVec;

use super::bindnetaddr::BindnetAddr;
use super::candidate::{Candidate, Match, Verdict};
use super::evidence::Reason;
use super::other_rule::OtherRule;
use super::scoped_addr::ScopedAddr;
use super::separation::Separation;
use crate::snapshot::{Consistency, LinkName, Source};

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
    pub(crate) interface: Option<LinkName>,
    pub(crate) previous: Option<ScopedAddr>,
    /// The code of the doubt under which the remembered choice was made.
    pub(crate) unsettled: Option<Arc<str>>,
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
    /// The address that the doubt is about.
    pub about: About,
}

/// The address that a doubt about the winner is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// The winner itself, or the remembered choice.
    Itself,
    /// The candidate at this position.
    Candidate(usize),
    /// An address that is no candidate.
    Address(IpAddr),
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
    /// the address is a neighbour of the one that was named ([`Match::SameNetwork`]), or if the
    /// decision is ambiguous by what [may pass](Separation::may_pass): the address that was named, the
    /// remembered one, the one that is declared fixed or the one that is pending may still come.
    pub fn is_final(&self) -> bool {
        let may_pass = self.is_ambiguous() && self.separated_by().is_some_and(Separation::may_pass);
        let is_settled = !self.is_interrupted() && !may_pass;
        let chosen = self.chosen().filter(|_| is_settled);
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

/// The candidates of a decision; up to four are stored inline.
pub(crate) type Candidates = SmallVec<[Candidate; 4]>;
