//! The choice that a case demands by itself. The rule is not used here: a law that took its
//! condition from a broken rule would find no case, and hold.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::rule::{Decide, Declaration, Match, Reason, ScopedAddr, Selector};
use crate::snapshot::{Address, AddressFlags, Link, Snapshot};
use crate::testing::strategies::Failover;

/// Whether the remembered choice has to be kept: the remembered address is here, matches and can be
/// bound, and neither an exact address nor a declaration overrules it.
pub(super) fn is_kept(selector: &Selector, host: &Snapshot, remembered: ScopedAddr) -> bool {
    let found = Found::on(host, selector);
    let ip = remembered.ip();
    let zone = remembered.zone().map(|zone| zone.link(host));
    let is_on = |address: &Address| match zone {
        Some(link) => link.is_some() && link.map(Link::index) == address.link_index(),
        None => true,
    };
    let is_overruled = || match selector.rules.declared(ip) {
        Some(Declaration::Floating) => true,
        Some(Declaration::Fixed) => false,
        None => found.others(ip).any(|a| is_usable(a) && found.is_fixed(a)),
    };
    match found.exact() {
        Some(exact) if exact != ip => false,
        exact => found.is_one(ip, is_on) && (exact.is_some() || !is_overruled()),
    }
}

/// Whether a node's own address is the only one that is left without a memory: every other that
/// matches floats, by its manager's mark or by declaration; or it alone is declared fixed.
///
/// `host` is a moment of the failover in which it is there.
pub(super) fn is_alone(selector: &Selector, host: &Snapshot, failover: &Failover) -> bool {
    let found = Found::on(host, selector);
    let own = failover.node().own().addr();
    let floats = |address: &Address| match selector.rules.declared(address.ip()) {
        Some(declared) => declared == Declaration::Floating,
        None => is_marked(selector, address, failover),
    };
    // The rule takes its own /32 or /128 for floating if a different address has a network around
    // it.
    let contains_own = |address: &Address| {
        let net = address.net().filter(|_| address.ip() != own);
        net.is_some_and(|net| net.contains(&own)) && !floats(address)
    };
    let is_host = failover.node().own() == IpNet::from(own);
    let may_float = is_host && host.addresses().any(|address| contains_own(&address));
    let others = match selector.rules.declared(own) {
        Some(Declaration::Floating) => false,
        Some(Declaration::Fixed) => !found.others(own).any(|a| found.is_fixed(a)),
        None => found.others(own).all(floats) && !may_float,
    };
    let exact = found.exact();
    found.is_one(own, |_| true) && (exact == Some(own) || exact.is_none() && others)
}

/// Whether the selector looks for this evidence, in an address with this `IFA_PROTO`.
fn is_looked_for(selector: &Selector, evidence: Reason, address: &Address) -> bool {
    let protocols = selector.rules.protocols();
    let is_known = || {
        address
            .protocol()
            .is_some_and(|protocol| protocols.contains(&protocol))
    };
    selector.rules.is_on(evidence) && (evidence != Reason::AddressProtocol || is_known())
}

/// Whether the kernel shows that an address floats, and the selector looks for that.
fn is_marked(selector: &Selector, address: &Address, failover: &Failover) -> bool {
    // On IPv4 the flag means secondary.
    let is_temporary = |flags: AddressFlags| flags.contains(AddressFlags::TEMPORARY);
    if address.ip().is_ipv6() && address.flags().is_some_and(is_temporary) {
        return is_looked_for(selector, Reason::Temporary, address);
    }
    let mark = failover.mark_of(address.ip());
    mark.is_some_and(|mark| is_looked_for(selector, mark, address))
}

/// The addresses that match, without those on links that a selector hides.
struct Found<'a> {
    selector: &'a Selector,
    all: Vec<(Address, Match)>,
}

impl<'a> Found<'a> {
    fn on(host: &Snapshot, selector: &'a Selector) -> Self {
        let [interface, ..] = selector.needs().zones();
        let link = interface.map(|interface| interface.link(host).map(Link::index));
        let mut all = Vec::new();
        selector.bindnet().each_match(host, |address, matched| {
            if link.is_none_or(|index| index.is_some() && index == address.link_index()) {
                all.push((address, matched));
            }
        });
        Self { selector, all }
    }

    /// The bindnetaddr, if it is an address of the host.
    fn exact(&self) -> Option<IpAddr> {
        let exact = self
            .all
            .iter()
            .find(|(_, matched)| *matched == Match::Exact);
        exact.map(|(address, _)| address.ip())
    }

    /// All but the entries of one address.
    fn others(&self, ip: IpAddr) -> impl Iterator<Item = &Address> {
        let all = self.all.iter().map(|(address, _)| address);
        all.filter(move |address| address.ip() != ip)
    }

    fn is_fixed(&self, address: &Address) -> bool {
        self.selector.rules.declared(address.ip()) == Some(Declaration::Fixed)
    }

    /// Whether an address can be bound, and a strict selector, too, has no doubt which it is: it
    /// is no neighbour of the one that was named, and is not link-local on several links.
    fn is_one(&self, ip: IpAddr, is_on: impl Fn(&Address) -> bool) -> bool {
        let is_it = |(address, _): &&(Address, Match)| {
            address.ip() == ip && is_on(address) && is_usable(address)
        };
        let mut links = Vec::new();
        let mut near = false;
        for (address, matched) in self.all.iter().filter(is_it) {
            links.extend(address.is_link_local().then_some(address.link_index()));
            links.dedup();
            near |= *matched == Match::SameNetwork;
        }
        let is_here = self.all.iter().any(|row| is_it(&row));
        is_here && (!self.selector.strict || !near && links.len() <= 1)
    }
}

/// Whether bind(2) takes it.
fn is_usable(address: &Address) -> bool {
    let has = |flag| address.flags().is_some_and(|flags| flags.contains(flag));
    let tentative = has(AddressFlags::TENTATIVE) && !has(AddressFlags::OPTIMISTIC);
    !tentative && !has(AddressFlags::DADFAILED)
}
