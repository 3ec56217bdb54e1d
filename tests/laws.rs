//! The laws of DESIGN.md, and the comparison of the rule with a naive model of it.

#[path = "support/ask.rs"]
mod ask;
#[path = "support/model.rs"]
mod model;
#[path = "support/questions.rs"]
mod questions;
#[path = "support/strategies.rs"]
mod strategies;

use bindnet::{
    Address, Candidate, Decision, Declaration, Match, Outcome, Reason, Separation, Snapshot,
    Verdict,
};
use proptest::prelude::*;
use proptest::sample::Index;

use ask::Ask;
use model::Row;
use questions::{case, choice, config, decide, told};
use strategies::{Host, loose_address};

proptest! {
    #![proptest_config(config(1_500))]

    /// Same snapshot, same selector, same decision.
    #[test]
    fn determinism((host, ask) in case()) {
        let selector = ask.selector();
        let decision = selector.decide(&host.snapshot());
        prop_assert_eq!(&decision, &selector.decide(&host.snapshot()));
        prop_assert_eq!(&decision, &ask.selector().decide(&host.clone().snapshot()));
    }

    /// A floating address that is neither the bindnetaddr nor the previous choice nor declared
    /// fixed comes, goes and moves: neither the choice nor whether it is ambiguous changes.
    #[test]
    fn vip_invariance((host, ask) in case(), vip: Index, to: Index) {
        let decision = decide(&host, &ask);
        let vips: Vec<usize> = (0..host.addresses.len())
            .filter(|at| is_bystander(&decision, &host.addresses[*at], &ask))
            .collect();
        prop_assume!(!vips.is_empty());

        // Without it; read the other way round this is the law for adding one.
        let mut addresses = host.addresses.clone();
        let vip = addresses.remove(*vip.get(&vips));
        let without = with_addresses(&host, addresses.clone());
        prop_assert_eq!(choice(&decide(&without, &ask)), choice(&decision), "without {:?}", vip);

        addresses.insert(to.index(addresses.len() + 1), vip);
        let moved = with_addresses(&host, addresses);
        let moved_decision = decide(&moved, &ask);
        prop_assert_eq!(choice(&moved_decision), choice(&decision), "{:?} moved", vip);
    }

    /// Among candidates with equal rank the kernel's first wins.
    #[test]
    fn order_among_equals((host, ask) in case()) {
        let decision = decide(&host, &ask);
        let Some(chosen) = decision.chosen() else { return Ok(()) };
        prop_assume!(!chosen.reasons().contains(Reason::Previous));
        let rank = |c: &Candidate| {
            let has = |reason| c.reasons().contains(reason);
            let weak = c.reasons().iter().any(Reason::is_weak);
            let exact = c.matched() == Some(Match::Exact);
            (exact, has(Reason::DeclaredFixed), has(Reason::Loopback), weak, has(Reason::LinkDown))
        };
        let left = |c: &&Candidate| matches!(c.verdict(), Verdict::Chosen | Verdict::Outranked);
        let first = decision.candidates().iter().filter(left).find(|c| rank(c) == rank(chosen));
        prop_assert_eq!(first, Some(chosen));
    }

    /// Permuting addresses that do not match changes nothing.
    #[test]
    fn order_of_others((host, ask) in case(), seed in any::<[Index; 9]>()) {
        let decision = decide(&host, &ask);
        let is_candidate = |address: &Address| decision.candidates().iter().any(|c| is(c, address));
        let (mut addresses, others): (Vec<_>, Vec<_>) =
            host.addresses.iter().partition(|address| is_candidate(address));
        for (other, to) in others.into_iter().zip(seed) {
            addresses.insert(to.index(addresses.len() + 1), other);
        }
        let permuted = decide(&with_addresses(&host, addresses), &ask);
        prop_assert_eq!(told(&permuted), told(&decision));
    }

    /// What is chosen is in the snapshot, usable, and matches; exactly one candidate is chosen if
    /// and only if there is a choice.
    #[test]
    fn soundness((host, ask) in case()) {
        let decision = decide(&host, &ask);
        let all = || decision.candidates().iter().chain(decision.others());
        let chosen = all().filter(|c| c.verdict() == Verdict::Chosen).count();
        prop_assert_eq!(chosen == 1, decision.outcome() == Outcome::Chosen);
        prop_assert_eq!(chosen == 1, decision.chosen().is_some());
        prop_assert!(chosen <= 1);
        prop_assert_eq!(decision.why_none().is_some(), decision.outcome() == Outcome::None);
        if ask.strict {
            prop_assert_eq!(decision.is_ambiguous(), decision.outcome() == Outcome::Ambiguous);
        } else {
            prop_assert!(decision.outcome() != Outcome::Ambiguous);
        }
        let Some(chosen) = decision.chosen() else { return Ok(()) };
        prop_assert!(host.addresses.iter().any(|address| is(chosen, address)));
        prop_assert!(!chosen.reasons().is_unusable());
        prop_assert!(chosen.matched().is_some());
        let mut matching = Vec::new();
        let found = |address: Address, _| matching.push(address);
        decision.bindnet().each_match(&host.snapshot(), found);
        prop_assert!(matching.iter().any(|address| is(chosen, address)));
        if let Some(interface) = &ask.interface {
            prop_assert_eq!(&chosen.interface().unwrap().to_string(), interface);
        }
    }

    /// With the previous choice kept, adding an address that is neither the bindnetaddr nor
    /// declared fixed nor the same address again cannot change the choice.
    #[test]
    fn stickiness(
        (host, mut ask) in case(),
        (which, says_link) in (any::<Index>(), any::<bool>()),
        (extra, to) in (loose_address(), any::<Index>()),
    ) {
        // Half of the previous addresses that are drawn are elsewhere: take one that is here.
        let candidates = decide(&host, &ask).candidates().to_vec();
        prop_assume!(!candidates.is_empty());
        let remembered = which.get(&candidates);
        let zone = remembered.interface().filter(|_| says_link && remembered.scope_id() != 0);
        ask.previous = Some((remembered.ip(), zone.map(|name| name.to_string())));

        let decision = decide(&host, &ask);
        let Some(kept) = decision.chosen() else { return Ok(()) };
        prop_assume!(kept.reasons().contains(Reason::Previous));

        let extra = extra.on(&host.links);
        let declared = ask.declared();
        prop_assume!(extra.ip() != ask.ip && extra.ip() != kept.ip());
        prop_assume!(declared.of(extra.ip()) != Some(Declaration::Fixed));
        let mut addresses = host.addresses.clone();
        addresses.insert(to.index(addresses.len() + 1), extra);
        let crowded = decide(&with_addresses(&host, addresses), &ask);
        prop_assert_eq!(choice(&crowded), choice(&decision), "{:?} added", extra);
    }

    /// Addresses of the other family never matter.
    #[test]
    fn family((host, ask) in case()) {
        let mut addresses = host.addresses.clone();
        addresses.retain(|address| address.ip().is_ipv4() == ask.ip.is_ipv4());
        let alone = decide(&with_addresses(&host, addresses), &ask);
        prop_assert_eq!(told(&alone), told(&decide(&host, &ask)));
    }

    /// A decision is replayed from a file.
    #[test]
    fn replay((host, ask) in case()) {
        let snapshot = host.snapshot();
        let read = Snapshot::from_json(snapshot.to_json().as_bytes()).unwrap();
        prop_assert_eq!(&read, &snapshot);
        prop_assert_eq!(ask.selector().decide(&read), ask.selector().decide(&snapshot));
    }
}

proptest! {
    #![proptest_config(config(4_000))]

    /// The library and the model agree on everything.
    #[test]
    fn it_decides_as_the_model_does((host, ask) in case()) {
        let snapshot = host.snapshot();
        let decision = ask.selector().decide(&snapshot);
        let answer = model::decide(&ask, &snapshot);
        let mut rows: Vec<&Candidate> = decision.candidates().iter().collect();
        rows.extend(decision.others());
        let shown: Vec<Row> = sorted(&snapshot, rows);
        prop_assert_eq!(&shown, &answer.rows, "{}\n{:#}", ask.bindnetaddr(), decision);
        prop_assert_eq!(decision.outcome().code(), answer.outcome, "{:#}", decision);
        let chosen = shown.iter().position(|row| row.verdict == "chosen");
        prop_assert_eq!(chosen, answer.chosen, "{:#}", decision);
        prop_assert_eq!(decision.is_ambiguous(), answer.ambiguous, "{:#}", decision);
        let separated_by = decision.separated_by().map(Separation::code);
        prop_assert_eq!(separated_by, answer.separated_by, "{:#}", decision);
    }
}

/// The library's rows in kernel order: candidates and others are each in it.
fn sorted(snapshot: &Snapshot, mut rows: Vec<&Candidate>) -> Vec<Row> {
    let mut sorted = Vec::new();
    for address in snapshot.addresses() {
        let is = |row: &&Candidate| {
            (row.ip(), row.netmask(), row.interface_index(), row.label())
                == (
                    address.ip(),
                    address.netmask(),
                    address.link_index(),
                    address.label(),
                )
        };
        if let Some(at) = rows.iter().position(is) {
            let row = rows.remove(at);
            sorted.push(Row {
                ip: row.ip(),
                link: row.interface_index(),
                matched: row.matched().map(|matched| matched.code()),
                verdict: row.verdict().code(),
                reasons: row.reasons().iter().map(Reason::code).collect(),
            });
        }
    }
    assert_eq!(
        rows,
        Vec::<&Candidate>::new(),
        "rows that are not of the snapshot"
    );
    sorted
}

fn with_addresses(host: &Host, addresses: Vec<Address>) -> Host {
    let (links, about) = (host.links.clone(), host.about.clone());
    Host {
        links,
        addresses,
        about,
    }
}

/// Whether a row of a decision is about an address.
fn is(row: &Candidate, address: &Address) -> bool {
    let row = (row.ip(), row.netmask(), row.interface_index(), row.label());
    row == (
        address.ip(),
        address.netmask(),
        address.link_index(),
        address.label(),
    )
}

/// Whether an address floats, and is neither the bindnetaddr nor the previous choice.
fn is_bystander(decision: &Decision, address: &Address, ask: &Ask) -> bool {
    let mut rows = decision.candidates().iter().chain(decision.others());
    let floats =
        |row: &Candidate| row.reasons().is_floating() && !row.reasons().contains(Reason::Previous);
    let twins = decision.candidates().iter().chain(decision.others());
    twins.filter(|row| is(row, address)).all(floats)
        && rows.any(|row| is(row, address))
        && address.ip() != ask.ip
}
