//! Steps 5 and 6 of the rule: the candidates that may be chosen, and their rank.

use super::candidate::{Candidate, Verdict};
use super::evidence::Reason;
use super::separation::Separation;

/// The finding of step 5 about the remembered choice.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Memory {
    /// There is none, or an exact address overrides it.
    Nothing,
    /// No candidate is the remembered address.
    Absent,
    /// It is a candidate, but bind(2) would fail.
    Unusable,
    /// The operator declares it floating, or a different address fixed.
    Overruled,
    /// It is kept.
    Kept,
}

impl Memory {
    /// Whether there is a remembered choice that cannot be kept for want of the address.
    pub fn is_missed(self) -> bool {
        matches!(self, Self::Absent | Self::Unusable)
    }
}

/// Whether the ranking of step 6 is open to a candidate; `exact`: some candidate is exact.
pub(super) fn may_win(c: &Candidate, exact: bool) -> bool {
    if exact {
        c.is_exact() && !c.is_unusable()
    } else {
        c.verdict == Verdict::Eligible
    }
}

/// Whether a candidate is a usable entry of the remembered address. It may be floating: the daemon is
/// bound to it already.
pub(super) fn may_be_kept(c: &Candidate, exact: bool) -> bool {
    c.is(Reason::Previous) && !c.is_unusable() && (!exact || c.is_exact())
}

/// The admitted candidate with the smallest rank, and its position.
pub(super) fn best(
    candidates: &[Candidate],
    admits: impl Fn(&Candidate) -> bool,
    rank: impl Fn(&Candidate) -> Rank,
) -> Option<(usize, &Candidate)> {
    let admitted = candidates.iter().enumerate().filter(|(_, c)| admits(c));
    admitted.min_by_key(|(_, c)| rank(c))
}

/// Ranks a candidate: the smaller rank comes first, and an earlier field outweighs all later ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rank {
    not_fixed: bool,
    loopback: bool,
    weak: bool,
    no_lease: bool,
    port: bool,
    link_down: bool,
    position: usize,
}

impl Rank {
    pub fn of(c: &Candidate) -> Self {
        Self {
            not_fixed: !c.is(Reason::DeclaredFixed),
            loopback: c.is(Reason::Loopback),
            weak: c.reasons.is_weak(),
            no_lease: !c.is(Reason::Lease),
            port: c.is(Reason::Port),
            link_down: c.is(Reason::LinkDown),
            position: c.position,
        }
    }

    /// The rank among the entries of the remembered address. Other addresses bring
    /// `newer-than-sibling` and `host-prefix` about, and one that appears or disappears must not move the
    /// daemon.
    pub fn of_kept(c: &Candidate) -> Self {
        Self {
            weak: c.is(Reason::Secondary) || c.is(Reason::Deprecated),
            ..Self::of(c)
        }
    }

    /// The first field in which two ranks differ.
    pub fn separation(self, other: Self) -> Separation {
        if self.not_fixed != other.not_fixed {
            Separation::DeclaredFixed
        } else if self.loopback != other.loopback {
            Separation::Loopback
        } else if self.weak != other.weak {
            Separation::WeakEvidence
        } else if self.no_lease != other.no_lease {
            Separation::Lease
        } else if self.port != other.port {
            Separation::Port
        } else if self.link_down != other.link_down {
            Separation::LinkState
        } else {
            Separation::KernelOrder
        }
    }
}
