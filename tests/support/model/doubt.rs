//! Step 7: say when it was close.

use std::collections::BTreeSet;

use super::bits::all_bits;
use super::evidence::INFERRED;
use super::host::Model;
use super::rank::Rank;

impl Model<'_> {
    /// Why the choice is ambiguous: the first of these that holds.
    pub fn doubt(&self, winner: usize) -> Option<&'static str> {
        let exact = self.matched(winner) == Some("exact");
        let kept = self.keeps(winner);
        let fixed = self.declared_fixed(winner);
        let settled = kept || self.is_only_fixed(winner);
        // An exact choice is ambiguous by `floating` alone, or by another exact one.
        let open = !settled && !exact;
        if self.previous_is_gone() && !fixed {
            return Some("previous-absent");
        }
        if !exact && !fixed && self.fixed_is_absent(winner) {
            return Some("fixed-absent");
        }
        if !self.is_only_fixed(winner) && self.another_is_pending(winner) {
            return Some("pending");
        }
        if self.matched(winner) == Some("same-network") {
            return Some("same-network");
        }
        if exact && !kept && self.floating(winner) {
            return Some("floating");
        }
        if open && self.skips_first(winner) {
            return Some("skipped-first");
        }
        if open && self.has_evidence_against(winner) {
            return Some("evidence-against");
        }
        if kept {
            return self.twin_of_memory(winner);
        }
        let runner_up = self.runner_up(winner).filter(|_| !settled)?;
        differing_field(self.rank(winner), self.rank(runner_up))
    }

    /// What separated a choice that is not ambiguous from the others that are left.
    pub fn settled_by(&self, winner: usize) -> Option<&'static str> {
        self.runner_up(winner)?;
        Some(if self.keeps(winner) {
            "previous"
        } else {
            "declared-fixed"
        })
    }

    /// Whether the choice is the only candidate declared fixed that is usable. A pending one counts: it
    /// may come before the choice.
    fn is_only_fixed(&self, winner: usize) -> bool {
        let candidates = self.candidates().into_iter();
        let counts = |at: usize| self.usable(at) || self.pending(at);
        let fixed = candidates.filter(|at| counts(*at) && self.declared_fixed(*at));
        let different: BTreeSet<_> = fixed.map(|at| self.identity(at)).collect();
        different.len() == 1 && different.contains(&self.identity(winner))
    }

    /// An address declared fixed as a host prefix, which bindnetaddr asks for, is not here, or pending.
    /// One that failed is not here for bind(2).
    fn fixed_is_absent(&self, winner: usize) -> bool {
        self.ask.fixed.iter().any(|net| {
            let ip = net.addr();
            let usable = self.positions(|at| self.ip(at) == ip && self.usable(at));
            net.prefix_len() == all_bits(ip) && self.asks_for(ip, winner) && usable.is_empty()
        })
    }

    /// Another candidate is pending; or an address is, after which the choice floats. Only what overrules
    /// a memory, or is it on another link, comes before a choice that is kept.
    fn another_is_pending(&self, winner: usize) -> bool {
        let exact = self.matched(winner) == Some("exact");
        let among = if exact {
            self.exact()
        } else {
            self.candidates()
        };
        let kept = self.keeps(winner);
        let fixed = |at: usize| self.declared_fixed(at) && !self.declared_fixed(winner);
        let counts = |at: usize| !kept || self.previous(at) || fixed(at);
        // What is taken though it floats is awaited though it floats.
        let taken = |at: usize| exact || kept && self.previous(at);
        let comes = |at: usize| self.pending(at) || taken(at) && self.awaits_detection(at);
        let rival = |at: usize| self.is_another(at, winner) && comes(at) && counts(at);
        among.into_iter().any(rival) || !kept && !exact && self.may_come_to_float(winner)
    }

    /// A usable candidate on the same link that floats by one of three codes alone is older than
    /// the choice, which is no lease.
    fn skips_first(&self, winner: usize) -> bool {
        let alone = ["label", "host-prefix-in-subnet", "deprecated-permanent"];
        let link = self.link_index(winner);
        let mut candidates = self.candidates().into_iter();
        !self.lease(winner)
            && link.is_some()
            && candidates.any(|at| {
                let mut codes = INFERRED.into_iter().filter(|code| self.holds(at, code));
                let v4 = self.ip(winner).is_ipv4();
                self.usable(at)
                    && self.is_another(at, winner)
                    && self.link_index(at) == link
                    && self.floating(at)
                    && !self.declared_floating(at)
                    && codes.all(|code| alone.contains(&code))
                    && (if v4 { at < winner } else { at > winner })
            })
    }

    fn has_evidence_against(&self, winner: usize) -> bool {
        let against = ["deprecated", "host-prefix", "no-carrier"];
        against.iter().any(|code| self.holds(winner, code))
    }

    /// A remembered link-local address without its link may be that of several.
    fn twin_of_memory(&self, winner: usize) -> Option<&'static str> {
        let twins = self.positions(|at| self.keeps(at) && self.is_another(at, winner));
        let twin = self.first_kept(&twins)?;
        differing_field(self.rank_of_kept(winner), self.rank_of_kept(twin))
    }

    /// The best of the different addresses that are left. Of exact matches only exact ones are,
    /// floating or not.
    fn runner_up(&self, winner: usize) -> Option<usize> {
        let exact = self.matched(winner) == Some("exact");
        let left = |at: usize| {
            if exact {
                self.matched(at) == Some("exact") && self.usable(at)
            } else {
                self.left(at)
            }
        };
        self.first(&self.positions(|at| left(at) && self.is_another(at, winner)))
    }
}

/// The first field of step 6 in which two addresses differ.
fn differing_field(a: Rank, b: Rank) -> Option<&'static str> {
    let mut fields = a.into_iter().zip(b);
    let ((field, _), _) = fields.find(|((_, a), (_, b))| a != b)?;
    Some(field)
}
