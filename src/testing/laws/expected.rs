//! The choice that a case demands by itself. The rule is not used here: a law that took its
//! condition from a broken rule would find no case, and hold. If a fact is in doubt, there is no case.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::rule::{Decide, Declaration, Match, Reason, ScopedAddr, Selector};
use crate::snapshot::{Address, AddressFlags, Lifetime, Link, Snapshot};
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
    // Duplicate address detection may bring one that overrules it, which is a doubt.
    let overrules = |a: &Address| !is_usable(a) && (a.ip() == ip || found.is_fixed(a));
    if selector.strict && found.everything().any(overrules) {
        return false;
    }
    // One that is declared fixed and absent may come, which is a doubt as well.
    let here = |fixed: IpAddr| host.addresses().any(|a| a.ip() == fixed && is_usable(&a));
    let declared = &selector.rules.declared;
    let mut absent = declared.fixed_hosts().filter(|fixed| !here(*fixed));
    if selector.strict && absent.any(|fixed| fixed.is_ipv4() == ip.is_ipv4()) {
        return false;
    }
    match found.exact() {
        Some(exact) if exact != ip => false,
        // A floating address that was named exactly is a doubt, unless it is remembered.
        Some(_) => found.is_one(ip, is_on) && (!selector.strict || !is_overruled()),
        None => found.is_one(ip, is_on) && !is_overruled(),
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
    let expected = match found.exact() {
        Some(exact) => exact == own && (!selector.strict || !may_float && found.is_certain(own)),
        None => others && (!selector.strict || found.is_certain(own)),
    };
    expected && found.is_one(own, |_| true)
}

/// Whether a floating address may make the choice ambiguous by `skipped-first`: it is on the link of the
/// choice and older, and the choice is no lease.
pub(super) fn contradicts(
    host: &Snapshot,
    is_chosen: impl Fn(&Address) -> bool,
    vip: &Address,
) -> bool {
    let addresses: Vec<Address> = host.addresses().collect();
    let mut choices = addresses.iter().enumerate().filter(|(_, a)| is_chosen(a));
    choices.any(|(chosen, choice)| {
        // The kernel lists the IPv6 addresses of a link from the newest on.
        let older = if choice.ip().is_ipv4() {
            addresses.get(..chosen)
        } else {
            addresses.get(chosen..)
        };
        let linked = choice.link_index().is_some() && choice.link_index() == vip.link_index();
        linked && !is_lease(choice) && older.is_some_and(|older| older.contains(vip))
    })
}

/// Whether an added address shows the network of a host prefix that is declared fixed, so that this one
/// may become a candidate.
pub(super) fn shows_fixed(selector: &Selector, added: &Address, host: &Snapshot) -> bool {
    let found = Found::on(host, selector);
    found
        .possible_hosts(added)
        .any(|host| found.is_fixed(&host))
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
    host: &'a Snapshot,
    all: Vec<(Address, Match)>,
    /// Host prefixes inside the network of a match that may float, so that they may match or not.
    doubtful: Vec<Address>,
}

impl<'a> Found<'a> {
    fn on(host: &'a Snapshot, selector: &'a Selector) -> Self {
        let mut found = Self {
            selector,
            host,
            all: Vec::new(),
            doubtful: Vec::new(),
        };
        let mut all = Vec::new();
        selector.bindnet().each_match(host, |address, matched| {
            if found.is_seen(&address) {
                all.push((address, matched));
            }
        });
        found.all = all.clone();
        let shows = all.iter().filter(|(by, _)| !by.netmask().is_host());
        for (by, matched) in shows {
            for address in found.possible_hosts(by).collect::<Vec<_>>() {
                // Some match only a bindnetaddr of their own networks.
                let special = address.ip().is_loopback() || address.is_link_local();
                if is_plain(selector, by, host) && !special {
                    found.all.push((address, *matched));
                } else {
                    found.doubtful.push(address);
                }
            }
        }
        found
    }

    /// Whether an interface or a zone does not hide an address.
    fn is_seen(&self, address: &Address) -> bool {
        let [interface, zone, _] = self.selector.needs().zones();
        [interface, zone].into_iter().flatten().all(|zone| {
            let index = zone.link(self.host).map(Link::index);
            index.is_some() && index == address.link_index()
        })
    }

    /// The host prefixes inside the network of an address, if that matches a bindnetaddr without a prefix.
    fn possible_hosts(&self, by: &Address) -> impl Iterator<Item = Address> + use<'a> {
        let bindnet = self.selector.bindnet();
        let mask = by.netmask();
        let exact = bindnet.ip();
        let network = mask.network(exact);
        let shows = bindnet.networks().is_empty()
            && !mask.is_host()
            && self.is_seen(by)
            && network.is_some()
            && mask.network(by.ip()) == network;
        let seen = self.host.addresses().filter(move |_| shows);
        let seen: Vec<Address> = seen.filter(|address| self.is_seen(address)).collect();
        seen.into_iter().filter(move |address| {
            let inside = mask.network(address.ip()) == network;
            address.netmask().is_host() && inside && address.ip() != exact
        })
    }

    /// The bindnetaddr, if it is an address of the host.
    fn exact(&self) -> Option<IpAddr> {
        let exact = self
            .all
            .iter()
            .find(|(_, matched)| *matched == Match::Exact);
        exact.map(|(address, _)| address.ip())
    }

    /// All, with those that may match or not.
    fn everything(&self) -> impl Iterator<Item = &Address> {
        let all = self.all.iter().map(|(address, _)| address);
        all.chain(&self.doubtful)
    }

    /// All but the entries of one address, with those that may match or not.
    fn others(&self, ip: IpAddr) -> impl Iterator<Item = &Address> {
        self.everything().filter(move |address| address.ip() != ip)
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
        let doubtful = self.doubtful.iter().any(|address| address.ip() == ip);
        is_here && (!self.selector.strict || !near && !doubtful && links.len() <= 1)
    }

    /// Whether a strict selector has no doubt about an address for what it is or what is absent: nothing
    /// is pending or declared fixed, its facts are those of a host's own address, and no other that matches
    /// is older.
    fn is_certain(&self, ip: IpAddr) -> bool {
        let declared = &self.selector.rules.declared;
        let is_tentative =
            |address: Address| address.ip().is_ipv4() == ip.is_ipv4() && !is_usable(&address);
        let nothing_comes =
            declared.fixed_hosts().next().is_none() && !self.host.addresses().any(is_tentative);
        let is_own = |address: &Address| address.ip() == ip;
        let mut entries = self.all.iter().filter(|(address, _)| is_own(address));
        let plain = |(own, _): &(Address, Match)| {
            let link = self.host.link_of(own);
            let runs = link.and_then(Link::is_running) != Some(false);
            let last = self.others(ip).all(|other| self.is_older(own, other));
            let ordered = last || is_lease(own);
            runs && ordered && !own.netmask().is_host() && is_plain(self.selector, own, self.host)
        };
        nothing_comes && entries.all(plain)
    }

    /// Whether an address is on another link than a second one, or is older.
    fn is_older(&self, address: &Address, than: &Address) -> bool {
        let at = |one: &Address| self.host.addresses().position(|other| other == *one);
        let before = at(address) < at(than);
        address.link_index() != than.link_index() || before == address.ip().is_ipv4()
    }
}

/// Whether no rule takes an address with a network for a floating one.
fn is_plain(selector: &Selector, address: &Address, host: &Snapshot) -> bool {
    match selector.rules.declared(address.ip()) {
        Some(declared) => declared == Declaration::Fixed,
        None => {
            let alias = address.label().is_some_and(|label| label.is_alias());
            let marks = AddressFlags::DEPRECATED | AddressFlags::TEMPORARY;
            let marked = address
                .flags()
                .is_some_and(|flags| flags.bits() & marks.bits() != 0);
            let mac = host.link_of(address).and_then(Link::mac);
            let router = mac.is_some_and(|mac| mac.is_vrrp());
            !alias && !marked && !router && address.protocol().is_none()
        }
    }
}

/// Whether DHCP or SLAAC leased it: its lifetime is finite, and it is neither temporary nor deprecated.
fn is_lease(address: &Address) -> bool {
    let marks = |flags: AddressFlags| {
        let temporary = address.ip().is_ipv6() && flags.contains(AddressFlags::TEMPORARY);
        temporary || flags.contains(AddressFlags::DEPRECATED)
    };
    matches!(address.valid_lft(), Some(Lifetime::Seconds(_))) && !address.flags().is_some_and(marks)
}

/// Whether bind(2) takes it.
fn is_usable(address: &Address) -> bool {
    let has = |flag| address.flags().is_some_and(|flags| flags.contains(flag));
    let tentative = has(AddressFlags::TENTATIVE) && !has(AddressFlags::OPTIMISTIC);
    !tentative && !has(AddressFlags::DADFAILED)
}
