//! What the rule sees of a snapshot, and the facts it asks of it.

use std::cell::Cell;
use std::net::IpAddr;

use smallvec::SmallVec;

use super::bindnetaddr::{Target, Zone};
use super::decision::{Candidate, Candidates, Verdict};
use super::evidence::Reason;
use super::matching::each_match;
use super::needs::Restriction;
use super::rules::Rules;
use super::selector::Selector;
use super::subnets::{Subnets, is_permanent_host, is_subnet, may_contain};
use crate::snapshot::{Address, Bits, Link, Snapshot, Table};

/// The indexes of some links; few take no room of their own.
pub type LinkIndexes = SmallVec<[u32; 64]>;

/// How many candidates are few.
const FEW: usize = 4;

/// The addresses of one family that the rule sees.
pub(crate) struct View<'a, A: Bits> {
    pub snapshot: &'a Snapshot,
    table: &'a Table<A>,
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

    /// How many addresses there are.
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

    /// Whether the snapshot is known not to be of one moment.
    pub fn is_interrupted(&self) -> bool {
        self.snapshot.is_interrupted()
    }

    /// The addresses that match, in kernel order.
    pub fn matching(&self, target: Target, ip: A) -> Candidates {
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

    /// The address that shares the most leading bits with the bindnetaddr, the first of them;
    /// `127.0.0.1` and `::1` only where there is no other.
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
        // Of equals max_by_key takes the last.
        let reversed = (0..self.table.len()).rev().filter_map(|at| self.get(at));
        reversed.max_by_key(nearness)
    }

    /// Gives candidates every reason that is true of them but `newer-than-sibling`.
    pub fn weigh(&self, selector: &Selector, candidates: &mut [Candidate]) {
        let rules = &selector.rules;
        let previous = self.previous(selector);
        // Where candidates are few, the networks around each host prefix are looked for; where they
        // are many, all networks of the host are listed.
        let few = candidates.len() <= FEW;
        let mut subnets = None;
        for candidate in candidates {
            let Some(address) = self.table.get(candidate.position) else {
                continue;
            };
            let link = self.snapshot.link_of(&address);
            let mut reasons = rules.weigh(&address, link);
            if rules.is_on(Reason::HostPrefixInSubnet) && is_permanent_host(&address) {
                let inside = match A::from_ip(address.ip()) {
                    Some(ip) if few => self.is_inside(rules, ip),
                    Some(ip) => subnets
                        .get_or_insert_with(|| self.subnets(rules))
                        .contain(ip),
                    None => false,
                };
                if inside {
                    reasons.insert(Reason::HostPrefixInSubnet);
                }
            }
            if previous.is_some_and(|(ip, link)| ip == address.ip() && is_on(&address, link)) {
                reasons.insert(Reason::Previous);
            }
            candidate.reasons = reasons;
        }
    }

    /// The remembered choice: its address and, where a zone was said, the index of that link.
    fn previous(&self, selector: &Selector) -> Option<(IpAddr, Option<Option<u32>>)> {
        let previous = selector.previous?;
        let link = |zone: Zone| zone.link(self.snapshot).map(Link::index);
        Some((previous.ip(), previous.zone().map(link)))
    }

    /// IPv6: says of each candidate that is left whether an older one of its link, network and
    /// scope is, which the kernel lists later.
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
        siblings.sort_unstable();
        for family in siblings.chunk_by(|(a, ..), (b, ..)| a == b) {
            let Some((_, _, oldest)) = family.last() else {
                continue;
            };
            let mut others = false;
            for (_, at, ip) in family.iter().rev() {
                others |= ip != oldest;
                // Behind an address other than the oldest stands the oldest; behind the oldest,
                // listed again, stands another one only if one was seen.
                if let Some(candidate) = candidates.get_mut(*at)
                    && others
                {
                    candidate.reasons.insert(Reason::NewerThanSibling);
                }
            }
        }
    }

    /// The links that a decision asks about: those of candidates, or else of the nearest miss, and
    /// of the networks that a host prefix among them is inside. `each` calls for every candidate.
    pub fn links_needed(
        &self,
        rules: &Rules,
        each: impl FnOnce(&mut dyn FnMut(&Address)),
        ip: A,
    ) -> LinkIndexes {
        let mut links = LinkIndexes::new();
        let mut add = |address: &Address| {
            let index = address.link_index();
            if let Some(index) = index.filter(|index| links.last() != Some(index)) {
                links.push(index);
            }
        };
        let mut hosts: SmallVec<[A; FEW + 1]> = SmallVec::new();
        let any = Cell::new(false);
        let mut ask = |address: &Address| {
            any.set(true);
            add(address);
            if is_permanent_host(address) && hosts.len() <= FEW {
                hosts.extend(A::from_ip(address.ip()));
            }
        };
        each(&mut ask);
        if !any.get()
            && let Some((_, nearest)) = self.nearest_address(ip)
        {
            ask(&nearest);
        }
        if !rules.is_on(Reason::HostPrefixInSubnet) {
            hosts.clear();
        }
        if hosts.len() > FEW {
            let containers = self.addresses().filter(|(_, address)| may_contain(address));
            containers.for_each(|(_, address)| add(&address));
        } else {
            for host in hosts {
                self.table.nets.own_mask(host, |at| {
                    if let Some((_, by)) = self.get(at).filter(|(_, by)| may_contain(by)) {
                        add(&by);
                    }
                });
            }
        }
        links.sort_unstable();
        links.dedup();
        links
    }

    /// Calls `found` for every address that matches, in kernel order.
    pub fn each_match(&self, target: Target, ip: A, found: &mut dyn FnMut(&Address)) {
        each_match(target, self.table, ip, |at, _| {
            if let Some((_, address)) = self.get(at) {
                found(&address);
            }
        });
    }

    /// Whether an address is inside the network of another one, as [`Subnets`] has it.
    fn is_inside(&self, rules: &Rules, ip: A) -> bool {
        let mut inside = false;
        self.table.nets.own_mask(ip, |at| {
            inside = inside
                || self.get(at).is_some_and(|(_, by)| {
                    A::from_ip(by.ip()) != Some(ip) && is_subnet(&by, self.snapshot, rules)
                });
        });
        inside
    }

    /// All networks of the host.
    fn subnets(&self, rules: &Rules) -> Subnets<A> {
        let addresses = self.addresses().map(|(_, address)| address);
        Subnets::new(addresses, self.snapshot, rules)
    }

    /// Every address, with its position in the family.
    pub fn addresses(&self) -> impl Iterator<Item = (usize, Address)> {
        (0..self.table.len()).filter_map(|at| self.get(at))
    }

    /// The address at a position of the family, if the rule sees it.
    fn get(&self, at: usize) -> Option<(usize, Address)> {
        let address = self.table.get(at)?;
        self.sees
            .admits(address.link_index())
            .then_some((at, address))
    }

    /// What is known of an address, reasons aside.
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

/// Whether an address is on the link that was said; only for link-local ones does it count.
fn is_on(address: &Address, link: Option<Option<u32>>) -> bool {
    match link.filter(|_| address.is_link_local()) {
        None => true,
        Some(index) => index.is_some() && index == address.link_index(),
    }
}
