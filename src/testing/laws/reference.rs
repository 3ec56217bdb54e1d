//! The decision of our own rule about a case: a picker is compared with it.

use std::net::IpAddr;

use super::renumbering::Renumbering;
use crate::rule::{Candidate, Decide, Decision, Match, Outcome, Reason, Selector, Verdict};
use crate::snapshot::{Address, Link, Snapshot};
use crate::testing::picker::remembering;

/// The same question for our own rule, listing every address.
pub(super) fn reference(selector: &Selector, previous: Option<IpAddr>) -> Selector {
    remembering(selector, previous).list_all(true)
}

/// The candidates of a decision in words.
pub(super) fn described(decision: &Decision) -> Vec<String> {
    described_with(decision, Candidate::clone)
}

/// The same with the new numbers of the candidates.
pub(super) fn renumbered_words(decision: &Decision, map: &Renumbering) -> Vec<String> {
    described_with(decision, |candidate| map.row(candidate))
}

fn described_with(decision: &Decision, row: impl Fn(&Candidate) -> Candidate) -> Vec<String> {
    let all = (
        decision.outcome(),
        decision.is_ambiguous(),
        decision.separated_by(),
        decision.runner_up().map(|other| row(other).ip()),
    );
    let mut lines = vec![format!("{all:?}")];
    let line = |c: &Candidate| {
        let c = row(c);
        format!(
            "{c} {:?} {:?} {:?}",
            c.interface(),
            c.matched(),
            (c.verdict(), c.reasons())
        )
    };
    lines.extend(decision.candidates().iter().map(line));
    lines
}

/// The fault of a choice, judged by the candidates of our own rule.
pub(super) fn wrong_choice(ip: Option<IpAddr>, ours: &Decision) -> Option<String> {
    let Some(ip) = ip else {
        let lone = ours.candidates().len() == 1 && ours.chosen().is_some();
        let lone = ours
            .chosen()
            .filter(|chosen| lone && chosen.reasons().is_empty());
        return lone.map(|lone| format!("{} is the only one, and is not picked", lone.ip()));
    };
    let mut rows = ours.candidates().iter().filter(|c| c.ip() == ip).peekable();
    if rows.peek().is_none() {
        let here = ours.others().iter().any(|c| c.ip() == ip);
        let where_it_is = if here {
            "does not match"
        } else {
            "is not on this host"
        };
        return Some(format!("{ip} {where_it_is}"));
    }
    let unusable = rows.all(|c| c.reasons().is_unusable());
    unusable.then(|| format!("{ip} cannot be bound (yet)"))
}

/// A contradiction inside a decision.
pub(super) fn unsound(
    decision: &Decision,
    selector: &Selector,
    host: &Snapshot,
) -> Option<&'static str> {
    let all = || decision.candidates().iter().chain(decision.others());
    let chosen = all().filter(|c| c.verdict() == Verdict::Chosen).count();
    let outcome = decision.outcome();
    let counted = chosen == usize::from(outcome == Outcome::Chosen)
        && decision.chosen().is_some() == (chosen == 1);
    if !counted {
        return Some("not exactly one is chosen where there is a choice");
    }
    if decision.why_none().is_some() != (outcome == Outcome::None) {
        return Some("the reason why there is none is missing, or is there where one is chosen");
    }
    if outcome == Outcome::Ambiguous && !decision.is_ambiguous() {
        return Some("what is not ambiguous is not chosen as if it were");
    }
    let chosen = decision.chosen()?;
    if !host.addresses().any(|address| is(chosen, &address)) {
        return Some("the chosen candidate is not on this host");
    }
    let mut matches = false;
    let found = |address: Address, _: Match| matches |= is(chosen, &address);
    decision.bindnet().each_match(host, found);
    matches |= is_host_inside(chosen, decision, host);
    let [interface, ..] = selector.needs().zones();
    let is_on = |link: &Link| Some(link.index()) == chosen.interface_index();
    matches &= interface.is_none_or(|interface| interface.link(host).is_some_and(is_on));
    if !matches || chosen.matched().is_none() {
        return Some("the chosen candidate does not match");
    }
    chosen
        .reasons()
        .is_unusable()
        .then_some("the chosen candidate cannot be bound")
}

/// Whether a candidate is a host prefix inside the network of a different one, which matches by its own
/// mask and does not float.
fn is_host_inside(chosen: &Candidate, decision: &Decision, host: &Snapshot) -> bool {
    let mut inside = false;
    decision.bindnet().each_match(host, |by, _| {
        let mask = by.netmask();
        let contains = !mask.is_host() && mask.network(by.ip()) == mask.network(chosen.ip());
        let shows = |row: &Candidate| is(row, &by) && !row.reasons().is_floating();
        inside |= contains && decision.candidates().iter().any(shows);
    });
    let asked = decision.bindnet();
    let on_zone = asked.zone().is_none_or(|zone| {
        let link = zone.link(host).map(Link::index);
        link.is_some() && link == chosen.interface_index()
    });
    inside && on_zone && asked.networks().is_empty() && chosen.netmask().is_host()
}

/// Whether an address floats, and is neither the bindnetaddr nor the remembered choice.
pub(super) fn is_bystander(
    selector: &Selector,
    with: &Snapshot,
    previous: Option<IpAddr>,
    vip: &Address,
) -> bool {
    let ours = reference(selector, previous).decide(with);
    let all = ours.candidates().iter().chain(ours.others());
    let mut twins = all.filter(|row| is(row, vip)).peekable();
    let floats =
        |row: &Candidate| row.reasons().is_floating() && !row.reasons().contains(Reason::Previous);
    !selector.bindnet().names(vip.ip()) && twins.peek().is_some() && twins.all(floats)
}

/// Whether a row of a decision is about an address.
pub(super) fn is(row: &Candidate, address: &Address) -> bool {
    let row = (row.ip(), row.netmask(), row.interface_index(), row.label());
    row == (
        address.ip(),
        address.netmask(),
        address.link_index(),
        address.label(),
    )
}

/// The fields of step 6 of the rule but the last, kernel order; an exact address ranks first.
pub(super) fn rank(c: &Candidate) -> [bool; 7] {
    let has = |reason| c.reasons().contains(reason);
    [
        c.matched() == Some(Match::Exact),
        has(Reason::DeclaredFixed),
        has(Reason::Loopback),
        c.reasons().is_weak(),
        has(Reason::Lease),
        has(Reason::Port),
        has(Reason::LinkDown),
    ]
}

/// An address and where it is, in words.
pub(super) fn words(address: &Address, host: &Snapshot) -> String {
    let net = match address.net() {
        Some(net) => net.to_string(),
        None => format!("{} (mask {})", address.ip(), address.netmask().to_ip()),
    };
    let link = host
        .link_of(address)
        .map_or("an unknown link".to_owned(), |l| l.name().to_string());
    let label = address
        .label()
        .map(|label| format!(" with the label {label}"));
    format!("{net} on {link}{}", label.unwrap_or_default())
}
