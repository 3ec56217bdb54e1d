//! The addresses of one family that the rule may consider, and the evidence that compares them.

use std::cell::Cell;
use std::net::IpAddr;

use smallvec::SmallVec;

use super::bindnetaddr::Target;
use super::candidate::{Candidate, Verdict};
use super::decision::Candidates;
use super::evidence::Reason;
use super::matching::each_match;
use super::needs::Restriction;
use super::reasons::Reasons;
use super::rules::Rules;
use super::selector::Selector;
use super::subnets::{HostPrefixes, Subnets};
use crate::snapshot::{Address, Bits, Link, Snapshot, Source, Table};

/// The indexes of some links; up to 64 are stored inline.
pub type LinkIndexes = SmallVec<[u32; 64]>;

/// The addresses of one family that the rule sees.
///
/// An interface or a zone hides the addresses of other links from all of the rule. So every address
/// becomes a candidate or evidence through [`View::get`], and not from the table itself.
pub(crate) struct View<'a, A: Bits> {
    pub snapshot: &'a Snapshot,
    pub(super) table: &'a Table<A>,
    pub sees: Restriction,
}

impl<'a, A: Bits> View<'a, A> {
    pub fn new(snapshot: &'a Snapshot, table: &'a Table<A>, sees: Restriction) -> Self {
        Self {
            snapshot,
            table,
            sees,
        }
    }

    /// The number of addresses that the rule sees.
    pub fn count(&self) -> usize {
        match self.sees {
            Restriction::None => self.table.len(),
            sees => self
                .table
                .facts()
                .filter(|facts| sees.admits(facts.link()))
                .count(),
        }
    }

    /// Whether the list changed while it was read.
    pub fn is_interrupted(&self) -> bool {
        self.snapshot.is_interrupted()
    }

    /// The addresses that match, in kernel order.
    pub fn matching(&self, target: &Target, ip: A) -> Candidates {
        let mut candidates = Candidates::new();
        each_match(target, self.table, ip, |at, matched| {
            if let Some((at, address)) = self.get(at) {
                let candidate = self.candidate(at, &address, Verdict::Eligible);
                candidates.push(Candidate {
                    matched: Some(matched),
                    ..candidate
                });
            }
        });
        candidates
    }

    /// Every address, with its reasons.
    pub fn all(&self, selector: &Selector, verdict: Verdict) -> Vec<Candidate> {
        let all = self
            .addresses()
            .map(|(at, address)| self.candidate(at, &address, verdict));
        let mut all: Vec<_> = all.collect();
        self.weigh(selector, &mut all);
        all
    }

    /// The entries of an address, whether they match or not.
    pub fn entries_of(&self, selector: &Selector, ip: A) -> Candidates {
        let mut entries = Candidates::new();
        self.table.nets.one_mask(A::ONES, ip, |at| {
            if let Some((at, address)) = self.get(at) {
                entries.push(self.candidate(at, &address, Verdict::Eligible));
            }
        });
        self.weigh(selector, &mut entries);
        entries
    }

    /// The first of the addresses that share the most leading bits with the bindnetaddr. A loopback
    /// address is nearest only if there is no other address.
    pub fn nearest(&self, selector: &Selector, ip: A) -> Option<Candidate> {
        let (at, address) = self.nearest_address(ip)?;
        let mut nearest = [self.candidate(at, &address, Verdict::OtherNetwork)];
        self.weigh(selector, &mut nearest);
        let [nearest] = nearest;
        Some(nearest)
    }

    fn nearest_address(&self, ip: A) -> Option<(usize, Address)> {
        let nearness = |(_, address): &(usize, Address)| {
            let common = A::from_ip(address.ip()).map(|address| address.common_prefix_len(ip));
            (!address.ip().is_loopback(), common)
        };
        // max_by_key returns the last of equals, and the first is wanted.
        let reversed = (0..self.table.len()).rev().filter_map(|at| self.get(at));
        reversed.max_by_key(nearness)
    }

    /// Gives candidates every reason that is true of them except `newer-than-sibling` and `port`.
    pub fn weigh(&self, selector: &Selector, candidates: &mut [Candidate]) {
        let rules = &selector.rules;
        let previous = self.previous(selector);
        let mut subnets = Subnets::new(self, rules, candidates.len());
        for candidate in &mut *candidates {
            // Another rule may take the other end of a link. The evidence is that of the entry.
            let Some(address) = self.table.get(candidate.position) else {
                continue;
            };
            let mut reasons = self.reasons_of(rules, &address);
            if subnets.contain_host(&address) {
                reasons.insert(Reason::HostPrefixInSubnet);
            }
            if previous.is_some_and(|(ip, on)| ip == address.ip() && is_on(&address, on)) {
                reasons.insert(Reason::Previous);
            }
            candidate.reasons = reasons;
        }
        self.weigh_host_prefixes(rules, candidates);
    }

    /// Every code that is true of an address by itself.
    pub(super) fn reasons_of(&self, rules: &Rules, address: &Address) -> Reasons {
        // A live decision asks for the kind where it matters.
        let kinds_known = self.snapshot.about().source == Some(Source::Netlink);
        rules.weigh(address, self.snapshot.link_of(address), kinds_known)
    }

    /// The address of the remembered choice, and the link that it is remembered on.
    fn previous(&self, selector: &Selector) -> Option<(IpAddr, Restriction)> {
        let previous = selector.previous?;
        let on = previous.zone().map_or(Restriction::None, |zone| {
            Restriction::to(zone, self.snapshot)
        });
        Some((previous.ip(), on))
    }

    /// Marks eligible IPv6 candidates that have an older sibling: an address of the same link, network
    /// and scope that is eligible, too.
    ///
    /// The kernel lists the newest address of a link first, within a scope. No time stamp is needed,
    /// and those of the kernel are too coarse.
    pub fn weigh_siblings(&self, selector: &Selector, candidates: &mut [Candidate]) {
        if A::IS_V4 || !selector.rules.is_on(Reason::NewerThanSibling) {
            return;
        }
        let eligible = candidates
            .iter()
            .enumerate()
            .filter(|(_, c)| c.verdict == Verdict::Eligible);
        let mut siblings: SmallVec<[_; 4]> = eligible
            .filter_map(|(at, c)| {
                let address = self.table.get(c.position)?;
                let (ip, mask) = (A::from_ip(c.ip)?, A::from_netmask(c.netmask)?);
                let scope = address.scope().map(|scope| scope.value());
                Some(((c.link?, mask, ip & mask, scope), at, ip))
            })
            .collect();
        // Siblings become neighbours, in kernel order, because `at` comes next.
        siblings.sort_unstable();
        for family in siblings.chunk_by(|(a, ..), (b, ..)| a == b) {
            let Some((_, _, oldest)) = family.last() else {
                continue;
            };
            // The last entry is the oldest. One address may have several entries: those at the end
            // that are all of the oldest address have no older sibling.
            let mut is_newer = false;
            for (_, at, ip) in family.iter().rev() {
                is_newer |= ip != oldest;
                if let Some(candidate) = candidates.get_mut(*at)
                    && is_newer
                {
                    candidate.reasons.insert(Reason::NewerThanSibling);
                }
            }
        }
    }

    /// The links whose facts a decision needs: those of the candidates or, without any, of the nearest
    /// miss, and those of networks that may contain a host prefix among them. `each` calls its argument
    /// with every candidate.
    pub fn links_needed(
        &self,
        rules: &Rules,
        each: impl FnOnce(&mut dyn FnMut(&Address)),
        ip: A,
    ) -> LinkIndexes {
        let mut links = LinkIndexes::new();
        let mut add = |address: &Address| {
            let index = address.link_index();
            // Addresses of one link come one after the other, so this keeps the list short.
            if let Some(index) = index.filter(|index| links.last() != Some(index)) {
                links.push(index);
            }
        };
        let mut hosts = HostPrefixes::new(rules);
        let any = Cell::new(false);
        let mut visit = |address: &Address| {
            any.set(true);
            add(address);
            hosts.push(address);
        };
        each(&mut visit);
        if !any.get()
            && let Some((_, nearest)) = self.nearest_address(ip)
        {
            visit(&nearest);
        }
        hosts.each_container(self, add);
        links.sort_unstable();
        links.dedup();
        links
    }

    /// Calls `found` for every address that matches, in kernel order.
    pub fn each_match(&self, target: &Target, ip: A, found: &mut dyn FnMut(&Address)) {
        each_match(target, self.table, ip, |at, _| {
            if let Some((_, address)) = self.get(at) {
                found(&address);
            }
        });
    }

    /// Every address, with its position in the family.
    pub fn addresses(&self) -> impl Iterator<Item = (usize, Address)> {
        (0..self.table.len()).filter_map(|at| self.get(at))
    }

    /// The address at a position of the family, if the rule sees it.
    pub(super) fn get(&self, at: usize) -> Option<(usize, Address)> {
        let address = self.table.get(at)?;
        self.sees
            .admits(address.link_index())
            .then_some((at, address))
    }

    /// An address as a candidate that has no reasons yet.
    pub fn candidate(&self, at: usize, address: &Address, verdict: Verdict) -> Candidate {
        let link = self.snapshot.link_of(address);
        Candidate {
            position: at,
            ip: address.ip(),
            local: address.ip(),
            netmask: address.netmask(),
            link: address.link_index(),
            interface: link.map(Link::name),
            label: address.label(),
            matched: None,
            verdict,
            reasons: Default::default(),
            link_up: link.and_then(Link::is_up),
            link_running: link.and_then(Link::is_running),
        }
    }
}

/// Whether an address is on the link of the remembered choice. The link counts for link-local addresses
/// only, which are different addresses on each link.
fn is_on(address: &Address, on: Restriction) -> bool {
    !address.is_link_local() || on.admits(address.link_index())
}
