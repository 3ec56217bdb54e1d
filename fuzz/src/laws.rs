//! The laws of the decision, over arbitrary hosts and questions.

use arbitrary::{Result, Unstructured};
use bindnet::{
    Address, Bindnet, Candidate, Decision, Declaration, HostAddress, Outcome, Reason, Snapshot,
    Verdict, parse_net,
};

use super::input::{self, Question};
use super::mask_scan::{naive, visible};

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

    let decision = question.selector().decide(&host);
    replay(&question, &host, &decision);
    soundness(&question, &host, &decision);
    family(&question, &host, &decision);
    order(&question, &host, &decision);
    let (before, behind) = (host.addresses().take(at), host.addresses().skip(at));
    let more = with(&host, before.chain([added]).chain(behind));
    vip_invariance(&question, &more, added, &decision);
    stickiness(&question, &more, added, &decision);
    words(&decision);
    Ok(())
}

/// Determinism and replay: the same snapshot, printed and read again or not, the same decision.
fn replay(question: &Question, host: &Snapshot, decision: &Decision) {
    assert_eq!(question.selector().decide(host), *decision);
    let again = Snapshot::from_json(host.to_json().as_bytes()).expect("our own format");
    assert_eq!(question.selector().decide(&again), *decision);
}

/// What is chosen is there, can be bound and matches; exactly one is chosen if there is a choice.
fn soundness(question: &Question, host: &Snapshot, decision: &Decision) {
    let on = |address: &Address, name| {
        let link = host.link_named(&name).map(|link| link.index());
        link.is_some() && link == address.link_index()
    };
    let matching: Vec<_> = host
        .addresses()
        .filter(|a| visible(&question.bindnet, host, a))
        .filter(|a| question.interface.is_none_or(|name| on(a, name)))
        .map(|a| (a.ip(), a.link_index(), naive(&question.bindnet, &a)))
        .filter(|(.., matched)| matched.is_some())
        .collect();
    let listed = |c: &Candidate| (c.ip(), c.interface_index(), c.matched());
    let candidates: Vec<_> = decision.candidates().iter().map(listed).collect();
    assert_eq!(candidates, matching);

    let chosen: Vec<_> = with_verdict(decision, Verdict::Chosen).collect();
    let outcome = decision.outcome();
    assert_eq!(chosen.len(), usize::from(outcome == Outcome::Chosen));
    assert_eq!(chosen.first().copied(), decision.chosen());
    assert!(chosen.iter().all(|c| !c.reasons().is_unusable()));
    assert!(outcome != Outcome::Ambiguous || question.strict);
    assert!(outcome != Outcome::Chosen || !question.strict || !decision.is_ambiguous());
    assert_eq!(decision.why_none().is_some(), outcome == Outcome::None);
}

/// Addresses of the other family never matter.
fn family(question: &Question, host: &Snapshot, decision: &Decision) {
    let alone = host.addresses().filter(|a| is_of_family(question, a));
    let alone = question.selector().decide(&with(host, alone));
    assert_eq!(alone.to_json(), decision.to_json());
}

/// Of equal ranks the kernel's first wins, and the order of what does not match is nothing.
fn order(question: &Question, host: &Snapshot, decision: &Decision) {
    let ranked = |c: &&Candidate| !c.reasons().contains(Reason::Previous);
    if let Some(chosen) = decision.chosen().filter(ranked) {
        let mut first = true;
        for other in decision.candidates() {
            first &= other != chosen;
            // A floating address is chosen only by its exact name, whatever the others rank.
            if other.verdict() == Verdict::Outranked && !chosen.reasons().is_floating() {
                let exact = other.matched() != chosen.matched();
                assert!(
                    exact || (rank(other), !first) > (rank(chosen), false),
                    "{decision:#}"
                );
            }
        }
    }
    let moves = |a: &Address| is_of_family(question, a) && naive(&question.bindnet, a).is_none();
    let others: Vec<_> = host.addresses().filter(moves).collect();
    let mut reversed = others.into_iter().rev();
    let next = |a| {
        if moves(&a) {
            reversed.next().unwrap_or(a)
        } else {
            a
        }
    };
    let permuted: Vec<_> = host.addresses().map(next).collect();
    let permuted = question.selector().decide(&with(host, permuted));
    assert_eq!(permuted.candidates(), decision.candidates());
    assert_eq!(permuted.is_ambiguous(), decision.is_ambiguous());
}

/// A floating address, added anywhere, changes neither the choice nor whether it is ambiguous.
fn vip_invariance(question: &Question, more: &Snapshot, added: Address, decision: &Decision) {
    let named = |ip| added.ip() == ip;
    if named(question.bindnet.ip()) || question.previous.is_some_and(|p| named(p.ip())) {
        return;
    }
    let with = question.selector().list_all(true).decide(more);
    let key = (added.ip(), added.netmask(), added.link_index());
    let is_added = |c: &&Candidate| (c.ip(), c.netmask(), c.interface_index()) == key;
    let mut listed = with
        .candidates()
        .iter()
        .chain(with.others())
        .filter(is_added);
    if listed.all(|c| c.reasons().is_floating()) && visible(&question.bindnet, more, &added) {
        assert_eq!(choice(&with), choice(decision), "{added:?}");
        assert_eq!(with.is_ambiguous(), decision.is_ambiguous(), "{added:?}");
    }
}

/// A remembered choice that was kept stays, whatever is added but what the operator names.
fn stickiness(question: &Question, more: &Snapshot, added: Address, decision: &Decision) {
    let fixed = question.declared.of(added.ip()) == Some(Declaration::Fixed);
    let named = fixed || added.ip() == question.bindnet.ip();
    let kept = |c: &&Candidate| c.reasons().contains(Reason::Previous) && c.ip() != added.ip();
    if decision.chosen().filter(kept).is_some() && !named {
        let with = question.selector().decide(more);
        // The same address may stand twice, with two prefixes: what is bound is the same.
        let bound = |decision: &Decision| decision.chosen().map(|c| c.socket_addr(0));
        assert_eq!(bound(&with), bound(decision), "{added:?}");
    }
}

/// Everything can be printed, the sentence on one line, and advice can be followed as written.
fn words(decision: &Decision) {
    assert!(!decision.to_string().contains('\n'));
    let report = format!("{decision:#}");
    assert!(
        !report.contains(|c: char| c.is_control() && c != '\n'),
        "{report}"
    );
    assert!(
        decision
            .to_json()
            .starts_with(r#"{"format":"bindnet-decision/1","#)
    );
    for advice in decision.advice() {
        let value = advice.value.as_str();
        let readable = match advice.option {
            "bindnetaddr" => value.parse::<Bindnet>().is_ok(),
            "--previous" => value.parse::<HostAddress>().is_ok(),
            "--floating" | "--fixed" => parse_net(value).is_ok(),
            "--no-rule" => value.parse::<bindnet::Rule>().is_ok(),
            _ => true,
        };
        assert!(readable, "{report}");
    }
}

fn is_of_family(question: &Question, address: &Address) -> bool {
    address.ip().is_ipv4() == question.bindnet.ip().is_ipv4()
}

fn with(host: &Snapshot, addresses: impl IntoIterator<Item = Address>) -> Snapshot {
    let new = Snapshot::new(host.links().to_vec(), addresses);
    new.expect("the links are the same")
        .with_about(host.about().clone())
}

fn with_verdict(decision: &Decision, verdict: Verdict) -> impl Iterator<Item = &Candidate> {
    decision
        .candidates()
        .iter()
        .filter(move |c| c.verdict() == verdict)
}

fn choice(decision: &Decision) -> Option<String> {
    let chosen = decision.chosen()?;
    Some(format!("{chosen} on {:?}", chosen.interface_index()))
}

/// The fields of step 6 of the rule but the last, kernel order.
fn rank(c: &Candidate) -> [bool; 4] {
    let is = |reason| c.reasons().contains(reason);
    let (fixed, loopback) = (is(Reason::DeclaredFixed), is(Reason::Loopback));
    [
        !fixed,
        loopback,
        c.reasons().is_weak(),
        is(Reason::LinkDown),
    ]
}
