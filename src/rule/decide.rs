//! The rule. It is numbered as in DESIGN.md, and to be read from top to bottom.

use std::net::IpAddr;

use super::decision::{Candidate, Candidates, Decision, Match, Verdict, WhyNone, Winner};
use super::evidence::Reason;
use super::needs::{Decide, Restriction};
use super::scoped_addr::ScopedAddr;
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

    /// The decision that a choice leads to, which another rule may have made.
    pub(crate) fn conclude<A: Bits>(
        &self,
        view: &View<'_, A>,
        ip: A,
        (mut candidates, mut result): Choice,
    ) -> Decision {
        let seen = view.count();
        let mut nearest = None;
        // 8. None is an outcome with reasons.
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

    /// The candidates with their reasons, and which of them comes first.
    fn choose<A: Bits>(&self, view: &View<'_, A>, ip: A) -> Choice {
        // 1. Match.
        let mut candidates = view.matching(self.bindnet.target(), ip);
        view.weigh(self, &mut candidates);
        // 2. Unusable candidates are rejected. 4. Floating ones are skipped.
        for candidate in &mut candidates {
            candidate.verdict = match candidate.reasons {
                reasons if reasons.is_unusable() => Verdict::Unusable,
                reasons if reasons.is_floating() => Verdict::Floating,
                _ => Verdict::Eligible,
            };
        }
        view.weigh_siblings(self, &mut candidates);
        let result = self.first(&candidates, view.is_interrupted());
        (candidates, result)
    }

    /// Which candidate comes first, and what put it there.
    fn first(&self, candidates: &[Candidate], interrupted: bool) -> Result<Winner, WhyNone> {
        // 3. Exact wins over everything, floating or not.
        let exact = candidates.iter().any(Candidate::is_exact);
        let left = |c: &Candidate| {
            if exact {
                c.is_exact() && !c.is_unusable()
            } else {
                c.verdict == Verdict::Eligible
            }
        };
        // 5. The remembered choice is kept, unless the operator declares otherwise.
        let memory = self.memory(candidates, exact);
        if memory == Memory::NotThere && interrupted {
            return Err(WhyNone::PreviousUnknown);
        }
        let kept =
            |c: &Candidate| c.is(Reason::Previous) && !c.is_unusable() && (!exact || c.is_exact());
        // 6. Rank what is left.
        let winner = match memory {
            Memory::Kept => best(candidates, kept, rank_of_kept),
            _ => best(candidates, left, rank),
        };
        let (at, winner) = winner.ok_or(match (exact, candidates) {
            (true, _) => WhyNone::ExactUnusable,
            (false, []) => WhyNone::NoMatch,
            (false, _) => WhyNone::AllTurnedDown,
        })?;
        // 7. Say when it was close.
        let other = |c: &Candidate| c.identity() != winner.identity();
        let runner_up = best(candidates, |c| left(c) && other(c), rank);
        // A link-local address is another one on every link, and the memory may name none.
        let twin = best(candidates, |c| kept(c) && other(c), rank_of_kept);
        let (runner_up, separated_by) = match (memory, runner_up, twin) {
            (Memory::NotThere | Memory::Unusable, other, _)
                if !winner.is(Reason::DeclaredFixed) =>
            {
                (other, Some(Separation::PreviousAbsent))
            }
            (_, other, _) if winner.matched == Some(Match::SameNetwork) => {
                (other, Some(Separation::SameNetwork))
            }
            (Memory::Kept, _, Some(twin)) => (
                Some(twin),
                Some(separation(rank_of_kept(winner), rank_of_kept(twin.1))),
            ),
            (Memory::Kept, other, None) => (other, other.map(|_| Separation::Previous)),
            (_, other, _) => (
                other,
                other.map(|(_, other)| separation(rank(winner), rank(other))),
            ),
        };
        let runner_up = runner_up.map(|(at, _)| at);
        Ok(Winner {
            at,
            runner_up,
            separated_by,
            ambiguous: separated_by.is_some_and(Separation::is_ambiguous),
        })
    }

    /// What step 5 makes of the remembered choice.
    fn memory(&self, candidates: &[Candidate], exact: bool) -> Memory {
        // An exact address pushes every other one aside, remembered or not; but a link-local one
        // of which no link was named may be remembered on another link.
        let anywhere = self.interface.is_none() && self.bindnet.zone().is_none();
        let remembered =
            |previous: ScopedAddr| !exact || anywhere && previous.ip() == self.bindnet.ip();
        let counts = self.previous.is_some_and(remembered);
        let of_them = |c: &&Candidate| c.is(Reason::Previous) && (!exact || c.is_exact());
        let mut here = candidates.iter().filter(of_them);
        let Some(previous) = here.clone().next() else {
            return if counts {
                Memory::NotThere
            } else {
                Memory::Nothing
            };
        };
        if here.all(Candidate::is_unusable) {
            return if counts {
                Memory::Unusable
            } else {
                Memory::Nothing
            };
        }
        let fixed = |c: &Candidate| c.is(Reason::DeclaredFixed) && !c.is_unusable();
        let another_fixed = candidates
            .iter()
            .any(|c| fixed(c) && !c.is(Reason::Previous));
        let overruled = previous.is(Reason::DeclaredFloating)
            || another_fixed && !previous.is(Reason::DeclaredFixed);
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
            let at = |c: &Candidate| c.kernel_order();
            candidates.binary_search_by_key(&at(other), at).is_err()
        });
        others
    }
}

/// The candidates, and the first of them or why there is none.
pub(crate) type Choice = (Candidates, Result<Winner, WhyNone>);

/// Gives the winner and whatever else was left their verdicts.
fn mark_verdicts(candidates: &mut [Candidate], winner: usize) {
    for (at, candidate) in candidates.iter_mut().enumerate() {
        if at == winner {
            candidate.verdict = Verdict::Chosen;
        } else if candidate.verdict == Verdict::Eligible {
            candidate.verdict = Verdict::Outranked;
        }
    }
}

/// What became of the remembered choice.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Memory {
    /// There is none, or an exact address stands above it.
    Nothing,
    /// No candidate is it.
    NotThere,
    /// It is there, but bind(2) would fail.
    Unusable,
    /// The operator declares it floating, or another address fixed.
    Overruled,
    /// It is kept.
    Kept,
}

/// The candidate with the smallest rank, and its position.
fn best(
    candidates: &[Candidate],
    of: impl Fn(&Candidate) -> bool,
    rank: impl Fn(&Candidate) -> Rank,
) -> Option<(usize, &Candidate)> {
    let of = candidates.iter().enumerate().filter(|(_, c)| of(c));
    of.min_by_key(|(_, c)| rank(c))
}

/// The fields that rank a candidate; the smaller rank comes first.
type Rank = (bool, bool, bool, bool, usize);

fn rank(c: &Candidate) -> Rank {
    (
        !c.is(Reason::DeclaredFixed),
        c.is(Reason::Loopback),
        c.reasons.is_weak(),
        c.is(Reason::LinkDown),
        c.position,
    )
}

/// The rank among the entries of a remembered address: evidence that an address which comes or
/// goes brings about must not choose between them.
fn rank_of_kept(c: &Candidate) -> Rank {
    let (fixed, loopback, _, down, position) = rank(c);
    let weak = c.is(Reason::Secondary) || c.is(Reason::Deprecated);
    (fixed, loopback, weak, down, position)
}

/// The first field in which two ranks differ.
fn separation(a: Rank, b: Rank) -> Separation {
    if a.0 != b.0 {
        Separation::DeclaredFixed
    } else if a.1 != b.1 {
        Separation::Loopback
    } else if a.2 != b.2 {
        Separation::WeakEvidence
    } else if a.3 != b.3 {
        Separation::LinkState
    } else {
        Separation::KernelOrder
    }
}
