//! What tests of the audit share.

use bindnet::audit::{Audit, Fate, Scenario};
use bindnet::rule::Decide;
use bindnet::snapshot::{AddressFlags, Lifetime, LinkFlags, Scope};
use bindnet::{Address, Link, Selector, Snapshot};

/// The audit of a choice, which there must be.
pub fn audit<D: Decide + Clone>(selector: &D, host: &Snapshot) -> Audit {
    Audit::of(selector, host).unwrap_or_else(|| panic!("{:#}", selector.decide(host)))
}

pub fn selector(bindnetaddr: &str) -> Selector {
    Selector::new(bindnetaddr.parse().unwrap())
}

/// What moves the choice, and to what, as the tables have it.
pub fn told(audit: &Audit) -> String {
    let moves = audit.findings.iter().filter(|found| found.fate.moves());
    let told = moves.map(|found| {
        let to = found.fate.to().map(|to| to.to_string());
        let to = to.unwrap_or("none".to_owned());
        format!("{} {to}", found.scenario.code())
    });
    told.collect::<Vec<_>>().join(", ")
}

/// What became of a choice in a scenario that happened once.
pub fn fate(audit: &Audit, scenario: Scenario) -> Fate {
    let of = |found: &&bindnet::audit::Finding| found.scenario == scenario;
    let mut found = audit.findings.iter().filter(of);
    let fate = found
        .next()
        .unwrap_or_else(|| panic!("{scenario:?}: {audit:?}"))
        .fate;
    assert!(found.next().is_none(), "{scenario:?}: {audit:?}");
    fate
}

/// A link that is up.
pub fn link(index: u32, name: &str) -> Link {
    let up = LinkFlags::UP | LinkFlags::RUNNING | LinkFlags::LOWER_UP;
    Link::new(index, name.parse().unwrap()).with_flags(up)
}

/// A permanent address as `ip` adds it.
pub fn address(net: &str, link: &Link) -> Address {
    let address = Address::new(net.parse().unwrap(), link.index())
        .with_scope(Scope::GLOBAL)
        .with_flags(AddressFlags::PERMANENT)
        .with_valid_lft(Lifetime::Forever)
        .with_preferred_lft(Lifetime::Forever);
    match address.ip().is_ipv4() {
        true => address.with_label(link.name()),
        false => address,
    }
}

/// The same, listed as a secondary address.
pub fn secondary(net: &str, link: &Link) -> Address {
    address(net, link).with_flags(AddressFlags::PERMANENT | AddressFlags::SECONDARY)
}

/// A host with these links and addresses.
pub fn host(links: &[&Link], addresses: &[Address]) -> Snapshot {
    let links = links.iter().map(|link| (*link).clone());
    Snapshot::new(links, addresses.iter().copied()).unwrap()
}
