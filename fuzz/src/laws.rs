//! The laws of the decision, over arbitrary hosts and questions.

use arbitrary::{Result, Unstructured};
use bindnet::explain::Setting;
use bindnet::rule::{Match, ScopedAddr, parse_net};
use bindnet::snapshot::Netmask;
use bindnet::testing::laws::check;
use bindnet::testing::strategies::hosts::Draft;
use bindnet::{Address, BindnetAddr, Candidate, Decision, Reason, Selector, Snapshot, Verdict};

use super::clean::is_hostile;
use super::input::{self, Question};
use super::mask_scan::{may_reach, naive, visible};

pub fn check(data: &[u8]) {
    // Bytes that run out are read as zeros, so that this never fails in practice.
    let _ = laws(&mut Unstructured::new(data));
}

fn laws(u: &mut Unstructured<'_>) -> Result<()> {
    let question = input::question(u)?;
    let v4 = question.bindnet.ip().is_ipv4();
    let host = input::host(u, v4)?;
    let added = input::address(u, host.links(), v4)?;
    let at = u.int_in_range(0..=host.len())?;
    let numbers = Numbers {
        flips: u.arbitrary()?,
        succeeds: u.arbitrary()?,
        which: u.arbitrary::<u8>()?.into(),
    };

    let decision = question.selector().decide(&host);
    candidates(&question, &host, &decision);
    ranks(&decision);
    words(&decision);
    public_laws(&question.selector(), &host, (added, at), &numbers);
    Ok(())
}

/// What the laws about other numbers and about what comes draw.
struct Numbers {
    flips: u128,
    succeeds: [bool; 8],
    which: usize,
}

/// The laws that everybody's tests can call. What was remembered is a part of the selector here.
fn public_laws(selector: &Selector, host: &Snapshot, added: (Address, usize), numbers: &Numbers) {
    let draft = Draft::from(host);
    let reversed: Vec<usize> = (0..host.len()).map(|_| 0).collect();
    for checked in [
        check::determinism(selector, host, None),
        check::replay(selector, host, None),
        check::soundness(selector, host, None),
        check::family(selector, &draft, None),
        check::first_of_equals(selector, host, None),
        check::order_of_others(selector, &draft, None, &reversed),
        check::vip_invariance(selector, &draft, None, added),
        check::stickiness(selector, &draft, None, added),
        check::numbers(selector, &draft, None, numbers.flips),
        check::detection_ends(selector, &draft, None, &numbers.succeeds),
        check::fixed_comes(selector, &draft, None, (numbers.which, added.1)),
    ] {
        if let Err(broken) = checked {
            panic!("{broken}");
        }
    }
}

/// What matches is what plain arithmetic says.
fn candidates(question: &Question, host: &Snapshot, decision: &Decision) {
    let on = |address: &Address, name| {
        let link = host.link_named(&name).map(|link| link.index());
        link.is_some() && link == address.link_index()
    };
    let seen = |a: &Address| {
        visible(&question.bindnet, host, a) && question.interface.is_none_or(|name| on(a, name))
    };
    // Whether a match floats is no matter of arithmetic.
    let floats = |c: &Candidate| c.reasons().is_floating();
    let shown = decision.candidates().iter().filter(|c| !floats(c));
    let shown: Vec<Netmask> = shown.map(Candidate::netmask).collect();
    let matching: Vec<_> = host
        .addresses()
        .filter(seen)
        .map(|a| {
            let matched = naive(&question.bindnet, &a);
            let matched = matched.or_else(|| host_inside(&question.bindnet, &shown, &a));
            (a.ip(), a.link_index(), matched)
        })
        .filter(|(.., matched)| matched.is_some())
        .collect();
    let listed = |c: &Candidate| (c.ip(), c.interface_index(), c.matched());
    let candidates: Vec<_> = decision.candidates().iter().map(listed).collect();
    assert_eq!(candidates, matching);
}

/// How a host prefix matches a bindnetaddr without a prefix, inside the networks that others show.
fn host_inside(bindnet: &BindnetAddr, shown: &[Netmask], address: &Address) -> Option<Match> {
    let shows = |mask: &&Netmask| {
        let network = mask.network(bindnet.ip());
        !mask.is_host() && network.is_some() && network == mask.network(address.ip())
    };
    let mut networks = shown.iter().filter(shows).peekable();
    let reached = may_reach(address.ip(), bindnet.ip(), u8::MAX);
    let asked = reached && bindnet.networks().is_empty() && address.netmask().is_host();
    if !asked || networks.peek().is_none() {
        return None;
    }
    let is_network = |mask: &Netmask| mask.network(bindnet.ip()) == Some(bindnet.ip());
    Some(if networks.any(is_network) {
        Match::Network
    } else {
        Match::SameNetwork
    })
}

/// Nothing that ranks better than the choice is left.
fn ranks(decision: &Decision) {
    let ranked = |c: &&Candidate| !c.reasons().contains(Reason::Previous);
    let Some(chosen) = decision.chosen().filter(ranked) else {
        return;
    };
    // A floating address is chosen only by its exact name, whatever the others rank.
    if chosen.reasons().is_floating() {
        return;
    }
    let outranked = |c: &&Candidate| c.verdict() == Verdict::Outranked;
    for other in decision.candidates().iter().filter(outranked) {
        let exact = other.matched() != chosen.matched();
        assert!(exact || rank(other) >= rank(chosen), "{decision:#}");
    }
}

/// Everything can be printed, the sentence on one line, and advice can be followed as written.
fn words(decision: &Decision) {
    assert!(!decision.to_string().contains('\n'));
    let report = format!("{decision:#}");
    assert!(!report.contains(is_hostile), "{report:?}");
    assert!(
        decision
            .to_json()
            .starts_with(r#"{"format":"bindnet-decision/1","#)
    );
    for advice in decision.advice() {
        let value = advice.setting.value();
        let readable = match &advice.setting {
            Setting::Bindnetaddr(_) => value.parse::<BindnetAddr>().is_ok(),
            Setting::Previous(_) => value.parse::<ScopedAddr>().is_ok(),
            Setting::Floating(net) | Setting::Fixed(net) => parse_net(&value) == Ok(*net),
            _ => true,
        };
        assert!(readable, "{report}");
    }
}

/// The fields of step 6 of the rule but the last, kernel order.
fn rank(c: &Candidate) -> [bool; 6] {
    let is = |reason| c.reasons().contains(reason);
    let (fixed, loopback) = (is(Reason::DeclaredFixed), is(Reason::Loopback));
    [
        !fixed,
        loopback,
        c.reasons().is_weak(),
        !is(Reason::Lease),
        is(Reason::Port),
        is(Reason::LinkDown),
    ]
}
