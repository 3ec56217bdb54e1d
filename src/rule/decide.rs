//! The rule. Read it from top to bottom; the steps have the numbers of DESIGN.md.

use std::net::IpAddr;

use super::decision::{Candidate, Candidates, Decision, Match, Verdict, WhyNone, Winner};
use super::evidence::Reason;
use super::needs::{Decide, Restriction};
use super::selector::Selector;
use super::separation::Separation;
use super::view::View;
use crate::snapshot::{Bits, Snapshot, Table};

impl Selector {
    /// Decides.
    pub fn decide(&self, snapshot: &Snapshot) -> Decision {
        match self.bindnet.ip() {
            IpAddr::V4(ip) => self.decide_in(snapshot, &snapshot.v4, ip.to_bits()),
            IpAddr::V6(ip) => self.decide_in(snapshot, &snapshot.v6, ip.to_bits()),
        }
    }

    fn decide_in<A: Bits>(&self, snapshot: &Snapshot, table: &Table<A>, ip: A) -> Decision {
        let view = View::new(snapshot, table, self.needs().restriction(snapshot));
        let choice = self.choose(&view, ip);
        self.conclude(&view, ip, choice)
    }

    /// Makes the decision of a choice, which another rule may have made.
    pub(crate) fn conclude<A: Bits>(
        &self,
        view: &View<'_, A>,
        ip: A,
        (mut candidates, mut result): Choice,
    ) -> Decision {
        let seen = view.count();
        let mut nearest = None;
        // 8. None is an outcome with reasons, so that the operator learns what to change.
        if result == Err(WhyNone::NoMatch) {
            nearest = view.nearest(self, ip);
            result = Err(match (view.sees, seen) {
                (Restriction::NoSuchLink, _) => WhyNone::NoSuchLink,
                (_, 0) => WhyNone::NoAddress,
                _ => WhyNone::NoMatch,
            });
        }
        if let Ok(winner) = result
            && !(winner.ambiguous && self.strict)
        {
            mark_verdicts(&mut candidates, winner.at);
        }
        let others = if self.list_all {
            self.others(view.snapshot, view.sees, &candidates)
        } else {
            Vec::new()
        };
        let about = view.snapshot.about();
        Decision {
            bindnet: self.bindnet,
            made_by: None,
            interface: self.interface,
            previous: self.previous,
            not_used: self.not_used.clone(),
            strict: self.strict,
            source: about.source,
            consistency: about.consistency,
            seen,
            nearest,
            candidates,
            others,
            list_all: self.list_all,
            result,
        }
    }

    /// The candidates with their reasons and verdicts, and the one that comes first.
    fn choose<A: Bits>(&self, view: &View<'_, A>, ip: A) -> Choice {
        // 1. Match.
        let mut candidates = view.matching(self.bindnet.target(), ip);
        view.weigh(self, &mut candidates);
        // 2. Unusable candidates are rejected. 4. Floating ones are skipped.
        for candidate in &mut candidates {
            candidate.verdict = if candidate.reasons.is_unusable() {
                Verdict::Unusable
            } else if candidate.reasons.is_floating() {
                Verdict::Floating
            } else {
                Verdict::Eligible
            };
        }
        // Only now, among the eligible ones: an older VIP says nothing against the host's own address.
        view.weigh_siblings(self, &mut candidates);
        let result = self.first(&candidates, view.is_interrupted());
        (candidates, result)
    }

    /// The candidate that comes first, and its margin over the next.
    fn first(&self, candidates: &[Candidate], interrupted: bool) -> Result<Winner, WhyNone> {
        // 3. Exact wins over everything, floating or not: the operator named it. If no exact entry is
        // usable there is no choice, because a fall to another address would be silent.
        let exact = candidates.iter().any(Candidate::is_exact);
        // 5. The remembered choice is kept, unless the operator declares otherwise. An address that an
        // interrupted list lacks may be here all the same.
        let memory = self.memory(candidates, exact);
        if memory == Memory::Absent && interrupted {
            return Err(WhyNone::PreviousUnknown);
        }
        // 6. Rank the rest.
        let best = if memory == Memory::Kept {
            best(candidates, |c| may_be_kept(c, exact), Rank::of_kept)
        } else {
            best(candidates, |c| may_win(c, exact), Rank::of)
        };
        let Some((at, winner)) = best else {
            return Err(if exact {
                WhyNone::ExactUnusable
            } else if candidates.is_empty() {
                WhyNone::NoMatch
            } else {
                WhyNone::AllTurnedDown
            });
        };
        // 7. Say when it was close.
        let (runner_up, separated_by) = compare(candidates, winner, memory, exact);
        Ok(Winner {
            at,
            runner_up,
            separated_by,
            ambiguous: separated_by.is_some_and(Separation::is_ambiguous),
        })
    }

    /// Step 5: whether the remembered choice is kept.
    fn memory(&self, candidates: &[Candidate], exact: bool) -> Memory {
        // An exact address overrides the memory, with one exception. A link-local address is a
        // different address on each link, and if the operator named no link, the memory may.
        let no_link_named = self.interface.is_none() && self.bindnet.zone().is_none();
        let counts = self
            .previous
            .is_some_and(|previous| !exact || no_link_named && previous.ip() == self.bindnet.ip());
        let is_remembered = |c: &&Candidate| c.is(Reason::Previous) && (!exact || c.is_exact());
        let mut entries = candidates.iter().filter(is_remembered);
        let Some(previous) = entries.clone().next() else {
            return if counts {
                Memory::Absent
            } else {
                Memory::Nothing
            };
        };
        if entries.all(Candidate::is_unusable) {
            return if counts {
                Memory::Unusable
            } else {
                Memory::Nothing
            };
        }
        // An unusable fixed address does not count: until it is usable, the daemon would move to a third
        // address.
        let other_is_fixed = candidates
            .iter()
            .any(|c| c.is(Reason::DeclaredFixed) && !c.is(Reason::Previous) && !c.is_unusable());
        let overruled = previous.is(Reason::DeclaredFloating)
            || other_is_fixed && !previous.is(Reason::DeclaredFixed);
        if overruled && !exact {
            Memory::Overruled
        } else {
            Memory::Kept
        }
    }

    /// The addresses that do not match, of both families.
    fn others(
        &self,
        snapshot: &Snapshot,
        sees: Restriction,
        candidates: &[Candidate],
    ) -> Vec<Candidate> {
        let (other_v4, other_v6) = match self.bindnet.ip() {
            IpAddr::V4(_) => (Verdict::OtherNetwork, Verdict::OtherFamily),
            IpAddr::V6(_) => (Verdict::OtherFamily, Verdict::OtherNetwork),
        };
        let mut others = View::new(snapshot, &snapshot.v4, sees).all(self, other_v4);
        others.extend(View::new(snapshot, &snapshot.v6, sees).all(self, other_v6));
        others.retain(|other| {
            // The candidates are in kernel order, too.
            let found =
                candidates.binary_search_by_key(&other.kernel_order(), Candidate::kernel_order);
            found.is_err()
        });
        others
    }
}

/// The candidates, and the winner among them or why there is none.
pub(crate) type Choice = (Candidates, Result<Winner, WhyNone>);

/// Marks the winner as chosen, and the other eligible candidates as outranked.
fn mark_verdicts(candidates: &mut [Candidate], winner: usize) {
    for (at, candidate) in candidates.iter_mut().enumerate() {
        if at == winner {
            candidate.verdict = Verdict::Chosen;
        } else if candidate.verdict == Verdict::Eligible {
            candidate.verdict = Verdict::Outranked;
        }
    }
}

/// The finding of step 5 about the remembered choice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
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
    fn is_missed(self) -> bool {
        matches!(self, Self::Absent | Self::Unusable)
    }
}

/// Whether the ranking of step 6 is open to a candidate; `exact`: some candidate is exact.
fn may_win(c: &Candidate, exact: bool) -> bool {
    if exact {
        c.is_exact() && !c.is_unusable()
    } else {
        c.verdict == Verdict::Eligible
    }
}

/// Whether a candidate is a usable entry of the remembered address. It may be floating: the daemon is
/// bound to it already.
fn may_be_kept(c: &Candidate, exact: bool) -> bool {
    c.is(Reason::Previous) && !c.is_unusable() && (!exact || c.is_exact())
}

/// Step 7: the position of the runner-up, and what separates it from the winner.
fn compare(
    candidates: &[Candidate],
    winner: &Candidate,
    memory: Memory,
    exact: bool,
) -> (Option<usize>, Option<Separation>) {
    // Entries of the winner's own address do not compete: whichever wins, bind(2) gets the same.
    let competes = |c: &Candidate| c.identity() != winner.identity();
    let runner_up = best(candidates, |c| may_win(c, exact) && competes(c), Rank::of);
    let (runner_up, separated_by) = if memory.is_missed() && !winner.is(Reason::DeclaredFixed) {
        // The cluster knows this node by an address that is not here, alone or not.
        (runner_up, Some(Separation::PreviousAbsent))
    } else if winner.matched == Some(Match::SameNetwork) {
        // The address that was named may still come.
        (runner_up, Some(Separation::SameNetwork))
    } else if memory == Memory::Kept {
        // A memory without a link cannot choose between the links of a link-local address.
        let twin = best(
            candidates,
            |c| may_be_kept(c, exact) && competes(c),
            Rank::of_kept,
        );
        match twin {
            Some((_, c)) => {
                let separation = Rank::of_kept(winner).separation(Rank::of_kept(c));
                (twin, Some(separation))
            }
            None => (runner_up, runner_up.map(|_| Separation::Previous)),
        }
    } else {
        let separation = |(_, c)| Rank::of(winner).separation(Rank::of(c));
        (runner_up, runner_up.map(separation))
    };
    (runner_up.map(|(at, _)| at), separated_by)
}

/// The admitted candidate with the smallest rank, and its position.
fn best(
    candidates: &[Candidate],
    admits: impl Fn(&Candidate) -> bool,
    rank: impl Fn(&Candidate) -> Rank,
) -> Option<(usize, &Candidate)> {
    let admitted = candidates.iter().enumerate().filter(|(_, c)| admits(c));
    admitted.min_by_key(|(_, c)| rank(c))
}

/// Ranks a candidate: the smaller rank comes first, and an earlier field outweighs all later ones.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    not_fixed: bool,
    loopback: bool,
    weak: bool,
    link_down: bool,
    position: usize,
}

impl Rank {
    fn of(c: &Candidate) -> Self {
        Self {
            not_fixed: !c.is(Reason::DeclaredFixed),
            loopback: c.is(Reason::Loopback),
            weak: c.reasons.is_weak(),
            link_down: c.is(Reason::LinkDown),
            position: c.position,
        }
    }

    /// The rank among the entries of the remembered address. Other addresses bring
    /// `newer-than-sibling` about, and one that appears or disappears must not move the daemon.
    fn of_kept(c: &Candidate) -> Self {
        Self {
            weak: c.is(Reason::Secondary) || c.is(Reason::Deprecated),
            ..Self::of(c)
        }
    }

    /// The first field in which two ranks differ.
    fn separation(self, other: Self) -> Separation {
        if self.not_fixed != other.not_fixed {
            Separation::DeclaredFixed
        } else if self.loopback != other.loopback {
            Separation::Loopback
        } else if self.weak != other.weak {
            Separation::WeakEvidence
        } else if self.link_down != other.link_down {
            Separation::LinkState
        } else {
            Separation::KernelOrder
        }
    }
}
