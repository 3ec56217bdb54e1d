//! Step 7 of the rule: whether it was close, and why.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::bindnetaddr::Target;
use super::candidate::{Candidate, Match, Verdict};
use super::decision::{About, Winner};
use super::evidence::Reason;
use super::host_prefixes::shown_by;
use super::matching::may_match;
use super::rank::{Memory, Rank, best, may_be_kept, may_win};
use super::reasons::Reasons;
use super::selector::Selector;
use super::separation::Separation;
use super::view::View;
use crate::snapshot::Bits;

/// The candidates of a decision, and the findings about them that the earlier steps made.
pub(super) struct Contest<'a, A: Bits> {
    pub selector: &'a Selector,
    pub view: &'a View<'a, A>,
    pub candidates: &'a [Candidate],
    pub memory: Memory,
    /// Whether some candidate is exact.
    pub exact: bool,
}

impl<A: Bits> Contest<'_, A> {
    /// The winner with the first doubt about it, or else with its margin over the runner-up.
    pub fn judge(&self, at: usize) -> Winner {
        let winner = &self.candidates[at];
        let runner_up = self.runner_up(winner);
        let doubt = self.doubt(winner);
        let separated_by = match doubt {
            Some((doubt, _)) => Some(doubt),
            None => runner_up.map(|(_, separation)| separation),
        };
        Winner {
            at,
            runner_up: runner_up.map(|(at, _)| at),
            separated_by,
            ambiguous: separated_by.is_some_and(Separation::is_ambiguous),
            about: doubt.map_or(About::Itself, |(_, about)| about),
        }
    }

    /// The first doubt about the winner that holds, and the address that it is about. Each applies to
    /// the only address that is left as well.
    fn doubt(&self, winner: &Candidate) -> Option<(Separation, About)> {
        let fixed = winner.is(Reason::DeclaredFixed);
        // The cluster knows this node by an address that is not here.
        if self.memory.is_missed() && !fixed {
            return Some((Separation::PreviousAbsent, About::Itself));
        }
        let kept = self.memory == Memory::Kept;
        let only_fixed = self.is_only_fixed(winner);
        // If it comes, it overrules a remembered choice, too.
        if !fixed
            && !self.exact
            && let Some(ip) = self.fixed_absent(winner)
        {
            return Some((Separation::FixedAbsent, About::Address(ip)));
        }
        if !only_fixed && let Some(about) = self.pending(winner) {
            return Some((Separation::Pending, about));
        }
        // The address that was named may still come.
        if winner.matched == Some(Match::SameNetwork) {
            return Some((Separation::SameNetwork, About::Itself));
        }
        if self.exact {
            let floats = !kept && winner.reasons.is_floating();
            return floats.then_some((Separation::Floating, About::Itself));
        }
        if kept || only_fixed {
            return None;
        }
        if let Some(at) = self.skipped_first(winner) {
            return Some((Separation::SkippedFirst, About::Candidate(at)));
        }
        let against = [Reason::Deprecated, Reason::HostPrefix, Reason::NoCarrier];
        let against = against.into_iter().any(|reason| winner.is(reason));
        against.then_some((Separation::EvidenceAgainst, About::Itself))
    }

    /// The position of the best candidate of a different address, and the difference.
    fn runner_up(&self, winner: &Candidate) -> Option<(usize, Separation)> {
        // Entries of the winner's own address do not compete: whichever wins, bind(2) gets the same.
        let competes = |c: &Candidate| c.identity() != winner.identity();
        let next = best(
            self.candidates,
            |c| may_win(c, self.exact) && competes(c),
            Rank::of,
        );
        if self.memory != Memory::Kept {
            return next.map(|(at, c)| (at, Rank::of(winner).separation(Rank::of(c))));
        }
        // A memory without a link cannot choose between the links of a link-local address.
        let twin = best(
            self.candidates,
            |c| may_be_kept(c, self.exact) && competes(c),
            Rank::of_kept,
        );
        let of_twin = |(at, c)| (at, Rank::of_kept(winner).separation(Rank::of_kept(c)));
        twin.map(of_twin)
            .or(next.map(|(at, _)| (at, Separation::Previous)))
    }

    /// Whether the winner is the only address declared fixed that is usable or about to be. If another
    /// is pending, duplicate address detection decides which of them comes first.
    fn is_only_fixed(&self, winner: &Candidate) -> bool {
        let rivals = |c: &Candidate| {
            let fixed = c.is(Reason::DeclaredFixed) && c.identity() != winner.identity();
            fixed && (!c.is_unusable() || c.is_pending())
        };
        winner.is(Reason::DeclaredFixed) && !self.candidates.iter().any(rivals)
    }

    /// An address declared fixed as a host prefix that the bindnetaddr asks for, and that cannot be bound
    /// here.
    fn fixed_absent(&self, winner: &Candidate) -> Option<IpAddr> {
        let rules = &self.selector.rules;
        let mut declared = rules
            .declared
            .fixed_hosts()
            .filter_map(A::from_ip)
            .peekable();
        declared.peek()?;
        // Few, however many candidates and declarations there are.
        let shown = self.candidates.iter().filter(|c| !c.reasons.is_floating());
        let shown = shown.chain([winner]).filter_map(|c| shown_by(c.netmask));
        let shown: BTreeSet<A> = shown.collect();
        let absent = |ip: &A| self.asks_for(*ip, &shown) && !self.view.has_usable(rules, *ip);
        declared.find(absent).map(A::to_ip)
    }

    /// Whether the bindnetaddr asks for an address: if it has no prefix of its own, under these masks, of the
    /// winner and of the candidates that do not float, which is where host prefixes match, too.
    fn asks_for(&self, ip: A, shown: &BTreeSet<A>) -> bool {
        let (asked, address) = (&self.selector.bindnet, ip.to_ip());
        let Target::Address(bindnet) = asked.target() else {
            let mut networks = asked.networks().iter();
            return networks.any(|net| net.contains(&address) && may_match(net, address));
        };
        let Some(bindnet) = A::from_ip(*bindnet).filter(|_| may_match(&(*bindnet).into(), address))
        else {
            return false;
        };
        ip == bindnet || shown.iter().any(|mask| (ip ^ bindnet) & *mask == A::ZERO)
    }

    /// A pending address that may come before the winner, or that may show that the winner floats. Before
    /// a remembered choice comes only the same address of another link, or one that is declared fixed.
    fn pending(&self, winner: &Candidate) -> Option<About> {
        let kept = self.memory == Memory::Kept;
        let fixed =
            |c: &Candidate| c.is(Reason::DeclaredFixed) && !winner.is(Reason::DeclaredFixed);
        let rivals = |c: &Candidate| {
            // An exact or a remembered address counts though it floats.
            let counts = c.is_exact() || kept && c.is(Reason::Previous);
            let awaited = c.is_pending() || counts && c.reasons.awaits_detection();
            let rivals = awaited && c.identity() != winner.identity();
            let comes_first = !kept || c.is(Reason::Previous) || fixed(c);
            rivals && comes_first && (!self.exact || c.is_exact())
        };
        if let Some(at) = self.candidates.iter().position(rivals) {
            return Some(About::Candidate(at));
        }
        let may_float = !kept && !self.exact && winner.netmask.is_host();
        let ip = A::from_ip(winner.ip).filter(|_| may_float)?;
        self.view
            .pending_network(self.selector, winner, ip)
            .map(About::Address)
    }

    /// A candidate on the winner's link that floats by evidence which the order contradicts: it is older
    /// than the winner, and a VIP comes after the host's own address. A lease may have come late.
    fn skipped_first(&self, winner: &Candidate) -> Option<usize> {
        if winner.is(Reason::Lease) || winner.link.is_none() {
            return None;
        }
        let older = |c: &Candidate| {
            // The kernel lists IPv6 addresses of a link from the newest on.
            let order = c.position.cmp(&winner.position);
            order
                == if A::IS_V4 {
                    std::cmp::Ordering::Less
                } else {
                    std::cmp::Ordering::Greater
                }
        };
        let doubtful: Reasons = [
            Reason::Label,
            Reason::DeprecatedPermanent,
            Reason::HostPrefixInSubnet,
        ]
        .into_iter()
        .collect();
        let skipped = |c: &Candidate| {
            let floats = c.verdict == Verdict::Floating && !c.is(Reason::DeclaredFloating);
            floats && c.reasons.inferred().all(|reason| doubtful.contains(reason))
        };
        self.candidates
            .iter()
            .position(|c| c.link == winner.link && c.ip != winner.ip && older(c) && skipped(c))
    }
}
