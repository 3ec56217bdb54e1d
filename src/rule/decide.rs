//! The rule. Read it from top to bottom; the steps have the numbers of DESIGN.md.

use std::net::IpAddr;

use super::candidate::{Candidate, Verdict};
use super::contest::Contest;
use super::decision::{Candidates, Decision, WhyNone, Winner};
use super::evidence::Reason;
use super::needs::{Decide, Restriction};
use super::rank::{Memory, Rank, best, may_be_kept, may_win};
use super::selector::Selector;
use super::view::View;
use crate::snapshot::{Bits, Name, Snapshot, Table};

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
            nearest = match view.sees {
                Restriction::NoSuchLink => self.labelled(view.snapshot),
                _ => view.nearest(self, ip),
            };
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
            bindnet: self.bindnet.clone(),
            made_by: None,
            interface: self.interface,
            previous: self.previous,
            unsettled: self.unsettled.clone(),
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

    /// The first address with the label that the interface is, if IPv4 addresses are asked for: no other
    /// have labels. A label begins with the name of its link (ip-address(8)).
    fn labelled(&self, snapshot: &Snapshot) -> Option<Candidate> {
        let interface = self.interface.filter(|_| self.bindnet.ip().is_ipv4())?;
        let label = interface.name().filter(Name::may_be_label)?;
        let view = View::new(snapshot, &snapshot.v4, Restriction::None);
        let mut addresses = view.addresses();
        let (at, address) = addresses.find(|(_, address)| address.label() == Some(label))?;
        let link = label.as_bytes().split(|byte| *byte == b':').next()?;
        Some(Candidate {
            interface: Name::from_bytes(link).ok(),
            link_up: None,
            link_running: None,
            ..view.candidate(at, &address, Verdict::OtherNetwork)
        })
    }

    /// The candidates with their reasons and verdicts, and the one that comes first.
    fn choose<A: Bits>(&self, view: &View<'_, A>, ip: A) -> Choice {
        // 1. Match.
        let mut candidates = view.matching(self.bindnet.target(), ip);
        view.weigh(self, &mut candidates);
        view.add_host_prefixes(self, ip, &mut candidates);
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
        view.weigh_ports(&mut candidates);
        let result = self.first(view, &candidates);
        (candidates, result)
    }

    /// The candidate that comes first, and its margin over the next.
    fn first<A: Bits>(
        &self,
        view: &View<'_, A>,
        candidates: &[Candidate],
    ) -> Result<Winner, WhyNone> {
        // 3. Exact wins over everything, floating or not: the operator named it. If no exact entry is
        // usable there is no choice, because a fall to another address would be silent.
        let exact = candidates.iter().any(Candidate::is_exact);
        // 5. The remembered choice is kept, unless the operator declares otherwise. An address that an
        // interrupted list lacks may be here all the same.
        let memory = self.memory(candidates, exact);
        if memory == Memory::Absent && view.is_interrupted() {
            return Err(WhyNone::PreviousUnknown);
        }
        // 6. Rank the rest.
        let best = if memory == Memory::Kept {
            best(candidates, |c| may_be_kept(c, exact), Rank::of_kept)
        } else {
            best(candidates, |c| may_win(c, exact), Rank::of)
        };
        let Some((at, _)) = best else {
            return Err(if exact {
                WhyNone::ExactUnusable
            } else if candidates.is_empty() {
                WhyNone::NoMatch
            } else {
                WhyNone::AllTurnedDown
            });
        };
        // 7. Say when it was close.
        Ok(Contest {
            selector: self,
            view,
            candidates,
            memory,
            exact,
        }
        .judge(at))
    }

    /// Step 5: whether the remembered choice is kept.
    fn memory(&self, candidates: &[Candidate], exact: bool) -> Memory {
        // An exact address overrides the memory, with one exception. A link-local address is a
        // different address on each link, and if the operator named no link, the memory may.
        let no_link_named = self.interface.is_none() && self.bindnet.zone().is_none();
        let counts = self
            .previous
            .is_some_and(|previous| !exact || no_link_named && self.bindnet.names(previous.ip()));
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
            || other_is_fixed && !previous.is(Reason::DeclaredFixed) && !exact;
        if overruled {
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
