//! Addresses with the prefix /32 or /128, which show no network, beside those that do.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use smallvec::SmallVec;

use super::bindnetaddr::Target;
use super::candidate::{Candidate, Match, Verdict};
use super::decision::Candidates;
use super::evidence::Reason;
use super::matching::may_match;
use super::rules::Rules;
use super::selector::Selector;
use super::subnets::{is_permanent_host, may_contain};
use super::view::View;
use crate::snapshot::{Address, AddressFlags, Bits, Link, Netmask};

/// The masks of networks that contain one address.
type Masks<A> = SmallVec<[A; 4]>;

impl<A: Bits> View<'_, A> {
    /// Step 1 for host prefixes. Under its own mask a /32 matches only exactly; but if a candidate that
    /// is not floating shows the network, every /32 inside it is a candidate, too.
    pub fn add_host_prefixes(&self, selector: &Selector, ip: A, candidates: &mut Candidates) {
        if !matches!(selector.bindnet.target(), Target::Address(_)) || !self.table.nets.has_hosts()
        {
            return;
        }
        let shown = candidates.iter().filter(|c| !c.reasons.is_floating());
        let shown: Masks<A> = shown.filter_map(|c| shown_by(c.netmask)).collect();
        let mut inside = Candidates::new();
        self.each_host_inside(ip, &shown, |at, address, matched| {
            let candidate = self.candidate(at, address, Verdict::Eligible);
            inside.push(Candidate {
                matched: Some(matched),
                ..candidate
            });
        });
        if inside.is_empty() {
            return;
        }
        self.weigh(selector, &mut inside);
        candidates.append(&mut inside);
        candidates.sort_unstable_by_key(|c| c.position);
    }

    /// The same without the evidence, for the links that a decision needs: whatever may be a candidate.
    pub(super) fn each_possible_host(&self, ip: A, shown: &[A], mut found: impl FnMut(&Address)) {
        if self.table.nets.has_hosts() {
            self.each_host_inside(ip, shown, |_, address, _| found(address));
        }
    }

    /// Calls `found` for every host prefix inside the networks of `ip` with these masks, except `ip` itself.
    fn each_host_inside(&self, ip: A, shown: &[A], mut found: impl FnMut(usize, &Address, Match)) {
        // All contain `ip`, so this one contains them all.
        let Some(widest) = shown.iter().copied().reduce(|a, b| a & b) else {
            return;
        };
        let nets = &self.table.nets;
        nets.one_mask(widest, ip, |at| {
            let Some((host, _)) = nets.get(at).filter(|(_, mask)| *mask == A::ONES) else {
                return;
            };
            let inside = shown.iter().filter(|mask| (host ^ ip) & **mask == A::ZERO);
            let is_network = |mask: &&A| ip & !**mask == A::ZERO;
            let mut inside = inside.peekable();
            let asked = IpNet::from(ip.to_ip());
            if host == ip || inside.peek().is_none() || !may_match(&asked, host.to_ip()) {
                return;
            }
            let matched = if inside.any(|mask| is_network(&mask)) {
                Match::Network
            } else {
                Match::SameNetwork
            };
            if let Some((at, address)) = self.get(at) {
                found(at, &address, matched);
            }
        });
    }

    /// Gives host prefixes among candidates the weak evidence `host-prefix`, if an address of the same
    /// link shows a network: a host that has such an address seldom has a /32 of its own beside it.
    pub(super) fn weigh_host_prefixes(&self, rules: &Rules, candidates: &mut [Candidate]) {
        if !rules.is_on(Reason::HostPrefix) || !self.table.nets.has_hosts() {
            return;
        }
        let mut links: SmallVec<[u32; 4]> = candidates
            .iter()
            .filter(|c| self.is_plain_host(c))
            .filter_map(|c| c.link)
            .collect();
        links.sort_unstable();
        links.dedup();
        let shown = self.links_with_network(rules, links);
        for candidate in candidates {
            let beside = candidate
                .link
                .is_some_and(|link| shown.binary_search(&link).is_ok());
            if beside && self.is_plain_host(candidate) {
                candidate.reasons.insert(Reason::HostPrefix);
            }
        }
    }

    /// Whether a candidate is a permanent host prefix without a peer, not on a loopback link. `::1` is
    /// one on every host, and says nothing.
    fn is_plain_host(&self, candidate: &Candidate) -> bool {
        if !candidate.netmask.is_host() {
            return false;
        }
        let Some(address) = self.table.get(candidate.position) else {
            return false;
        };
        let permanent = |flags: AddressFlags| flags.contains(AddressFlags::PERMANENT);
        let link = self.snapshot.link_of(&address);
        let on_loopback = link.and_then(Link::is_loopback) == Some(true);
        let is_loopback = on_loopback || address.ip() == IpAddr::V6(Ipv6Addr::LOCALHOST);
        address.flags().is_some_and(permanent) && address.peer().is_none() && !is_loopback
    }

    /// Those of some links, sorted, that have an address with a network: neither a host prefix nor
    /// link-local nor floating.
    fn links_with_network(&self, rules: &Rules, links: SmallVec<[u32; 4]>) -> SmallVec<[u32; 4]> {
        let mut shown = SmallVec::<[u32; 4]>::new();
        if links.is_empty() {
            return shown;
        }
        for (at, facts) in self.table.facts().enumerate() {
            let wanted = facts
                .link()
                .filter(|link| links.binary_search(link).is_ok());
            let Some(link) = wanted.filter(|link| shown.last() != Some(link)) else {
                continue;
            };
            let shows = |address: &Address| {
                let host = address.netmask().is_host() || is_link_local(address.ip());
                !host && !self.reasons_of(rules, address).is_floating()
            };
            if self.get(at).is_some_and(|(_, address)| shows(&address)) {
                shown.push(link);
            }
        }
        shown.sort_unstable();
        shown.dedup();
        shown
    }

    /// A pending address whose network contains the winner, a host prefix that would float if the address
    /// could be bound.
    pub(super) fn pending_network(
        &self,
        selector: &Selector,
        winner: &Candidate,
        ip: A,
    ) -> Option<IpAddr> {
        let host = self.table.get(winner.position)?;
        let counts = selector.rules.is_on(Reason::HostPrefixInSubnet) && is_permanent_host(&host);
        if !counts || winner.is(Reason::DeclaredFixed) {
            return None;
        }
        let mut pending = None;
        self.table.nets.own_mask(ip, |at| {
            let by = self.get(at).map(|(_, by)| by);
            let by = by.filter(|by| by.ip() != host.ip() && may_contain(by));
            let is_pending = |by: &Address| {
                let reasons = self.reasons_of(&selector.rules, by);
                reasons.is_pending()
            };
            pending = pending.or(by.filter(is_pending).map(|by| by.ip()));
        });
        pending
    }

    /// Whether an address is here and can be bound.
    pub(super) fn has_usable(&self, rules: &Rules, ip: A) -> bool {
        let mut usable = false;
        self.table.nets.one_mask(A::ONES, ip, |at| {
            let reasons = self
                .get(at)
                .map(|(_, address)| self.reasons_of(rules, &address));
            usable |= reasons.is_some_and(|reasons| !reasons.is_unusable());
        });
        usable
    }
}

/// The mask of a candidate that shows a network.
pub(super) fn shown_by<A: Bits>(netmask: Netmask) -> Option<A> {
    A::from_netmask(netmask).filter(|mask| *mask != A::ONES)
}

/// An address that every link gives itself: 169.254.0.0/16 (RFC 3927) or fe80::/10.
fn is_link_local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    }
}
