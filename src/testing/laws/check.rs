//! Each law on one case, for tests and fuzzers that draw their own cases.
//!
//! [`Law::run`] draws the cases, and calls these.

use std::net::IpAddr;

use super::expected::{contradicts, is_alone, is_kept, shows_fixed};
use super::law::{
    DETERMINISM, FAILOVERS, FAMILY, Law, NUMBERS, ORDER, REPLAY, SOUNDNESS, STICKINESS,
    VIP_INVARIANCE,
};
use super::reference::{
    described, is, is_bystander, rank, reference, renumbered_words, unsound, words, wrong_choice,
};
use super::renumbering::Renumbering;
use super::violation::{Trial, Violation};
use crate::rule::{Candidate, Decide, Decision, Declaration, Reason, Separation, Verdict};
use crate::snapshot::{Address, Snapshot};
use crate::testing::picker::{Picker, remembering};
use crate::testing::strategies::Failover;
use crate::testing::strategies::hosts::Draft;

pub use super::settled::{advice_settles, detection_ends, fixed_comes};

/// Whether a law holds in a case.
pub type Checked = Result<(), Violation>;

/// The same host and the same question give the same choice, whatever else was asked in between.
///
/// # Errors
/// If they do not.
pub fn determinism(picker: &dyn Picker, host: &Snapshot, previous: Option<IpAddr>) -> Checked {
    let first = Trial::of(picker, "asked first", host, previous);
    let mut other = Draft::from(host);
    other
        .addresses
        .retain(|address| Some(address.ip()) != first.ip);
    let _ = picker.pick(&other.snapshot(), previous);
    let again = Trial::of(picker, "asked again", &host.clone(), previous);
    same(DETERMINISM, "two answers to one question", first, again)
}

/// A floating address that is neither the bindnetaddr nor the remembered choice nor declared fixed
/// comes or goes: the choice does not change, and is ambiguous by `skipped-first` at most, if the address
/// is older on its link.
///
/// `vip` is at the position `at` of the list of `host`, or is not on it. An address that does not
/// float, or that is named, is no case.
///
/// # Errors
/// If the choice changes.
pub fn vip_invariance(
    picker: &dyn Picker,
    host: &Draft,
    previous: Option<IpAddr>,
    (vip, at): (Address, usize),
) -> Checked {
    let with = host.clone().with(vip, at).snapshot();
    if !is_bystander(picker.selector(), &with, previous, &vip) {
        return Ok(());
    }
    let without = Trial::of(picker, "without it", &host.snapshot(), previous);
    let with = Trial::of(picker, "with it", &with, previous);
    let skipped = with.judged().separated_by() == Some(Separation::SkippedFirst);
    let is_choice = |address: &Address| match with.decision.as_ref().and_then(Decision::first) {
        Some(first) => is(first, address),
        None => without.ip == Some(address.ip()),
    };
    if skipped && with.keeps_choice_of(&without) && contradicts(&with.host, is_choice, &vip) {
        return Ok(());
    }
    let what = format!("{} floats, and changes the choice", words(&vip, &with.host));
    same(VIP_INVARIANCE, what, without, with)
}

/// Among candidates with equal rank the kernel's first wins.
///
/// # Errors
/// If another is chosen.
pub fn first_of_equals(picker: &dyn Picker, host: &Snapshot, previous: Option<IpAddr>) -> Checked {
    let trial = Trial::of(picker, "asked", host, previous);
    let ours = reference(picker.selector(), previous).decide(host);
    // The remembered choice is not ranked with the others.
    let is_ranked = |c: &&Candidate| {
        let bindable =
            [Verdict::Chosen, Verdict::Outranked, Verdict::Eligible].contains(&c.verdict());
        bindable && !c.reasons().contains(Reason::Previous)
    };
    let ranked: Vec<_> = ours.candidates().iter().filter(is_ranked).collect();
    // The very candidate, where a selector says which; all of its address otherwise.
    let chosen = trial.decision.as_ref().and_then(Decision::chosen);
    let chosen = chosen.filter(|chosen| ours.candidates().contains(chosen));
    let is_choice = |c: &Candidate| match chosen {
        Some(chosen) => c == chosen,
        None => Some(c.ip()) == trial.ip,
    };
    let first = |c: &Candidate| ranked.iter().find(|other| rank(other) == rank(c));
    let is_first = |c: &Candidate| first(c).is_some_and(|first| is_choice(first));
    // The picker may have picked an entry of the address that is not ranked.
    let is_ranked = |c: &Candidate| ranked.contains(&c);
    let mut choices = ours.candidates().iter().filter(|c| is_choice(c));
    if choices.clone().count() == 0 || !choices.clone().all(is_ranked) || choices.any(is_first) {
        return Ok(());
    }
    Err(Violation::new(
        ORDER,
        "another address ranks the same and stands first",
        [trial],
    ))
}

/// Permuting addresses that do not match changes nothing.
///
/// `places` has the new position of each of them, modulo the length of the list.
///
/// # Errors
/// If something changes.
pub fn order_of_others(
    picker: &dyn Picker,
    host: &Draft,
    previous: Option<IpAddr>,
    places: &[usize],
) -> Checked {
    let listed = host.snapshot();
    let ours = reference(picker.selector(), previous).decide(&listed);
    let matches = |address: &Address| ours.candidates().iter().any(|c| is(c, address));
    let (mut addresses, others): (Vec<_>, Vec<_>) =
        host.addresses.iter().copied().partition(matches);
    for (at, other) in others.into_iter().enumerate() {
        let to = places.get(at).copied().unwrap_or(0) % (addresses.len() + 1);
        addresses.insert(to, other);
    }
    let permuted = Draft {
        addresses,
        ..host.clone()
    };
    let before = Trial::of(picker, "in one order", &listed, previous);
    let after = Trial::of(picker, "in another", &permuted.snapshot(), previous);
    same_in_words(
        ORDER,
        "the order of addresses that do not match counts",
        before,
        after,
    )
}

/// A host with other numbers, in the same networks, gives the choice with its new number, and everything
/// else about each candidate is the same.
///
/// `flips` has the bits of the addresses that change; those that tell what matches, is declared, is
/// loopback or link-local do not. A host with a mask that has holes is no case.
///
/// # Errors
/// If something else changes.
pub fn numbers(
    picker: &dyn Picker,
    host: &Draft,
    previous: Option<IpAddr>,
    flips: u128,
) -> Checked {
    let Some(map) = Renumbering::of(picker.selector(), host, flips) else {
        return Ok(());
    };
    let renumbered = map.host(host);
    let new_previous = previous.map(|ip| map.ip(ip));
    let before = Trial::of(picker, "as it is", &host.snapshot(), previous);
    let after = Trial::of(picker, "renumbered", &renumbered.snapshot(), new_previous);
    let same_words = match (&before.decision, &after.decision) {
        (Some(before), Some(after)) => renumbered_words(before, &map) == described(after),
        _ => true,
    };
    if before.ip.map(|ip| map.ip(ip)) == after.ip && same_words {
        return Ok(());
    }
    let what = "other numbers in the same networks change the choice or the reasons";
    Err(Violation::new(NUMBERS, what, [before, after]))
}

/// The choice is on the host, can be bound, and matches. A single address that matches is chosen if
/// no evidence is against it.
///
/// # Errors
/// If that is not so.
pub fn soundness(picker: &dyn Picker, host: &Snapshot, previous: Option<IpAddr>) -> Checked {
    let trial = Trial::of(picker, "asked", host, previous);
    let what = match &trial.decision {
        Some(decision) => unsound(decision, picker.selector(), host).map(str::to_owned),
        None => None,
    };
    let ours = reference(picker.selector(), previous).decide(host);
    let what = what.or_else(|| wrong_choice(trial.ip, &ours));
    match what {
        Some(what) => Err(Violation::new(SOUNDNESS, what, [trial])),
        None => Ok(()),
    }
}

/// With the remembered choice kept, adding an address that is neither the bindnetaddr nor declared
/// fixed nor the same address again cannot change the choice.
///
/// An address that shows the network of a host prefix declared fixed makes that one a candidate, and is
/// no case.
///
/// `added` is at the position `at` of the list of `host`, or is not on it.
///
/// # Errors
/// If the choice changes.
pub fn stickiness(
    picker: &dyn Picker,
    host: &Draft,
    previous: Option<IpAddr>,
    (added, at): (Address, usize),
) -> Checked {
    let selector = picker.selector();
    let without = host.snapshot();
    let remembered = remembering(selector, previous).previous;
    let Some(kept) = remembered.filter(|one| is_kept(selector, &without, *one)) else {
        return Ok(());
    };
    let kept = kept.ip();
    let named = added.ip() == kept || selector.bindnet().names(added.ip());
    if named || selector.rules.declared(added.ip()) == Some(Declaration::Fixed) {
        return Ok(());
    }
    let without = Trial::of(picker, "without it", &without, previous);
    let with = host.clone().with(added, at).snapshot();
    if shows_fixed(selector, &added, &with) {
        return Ok(());
    }
    let with = Trial::of(picker, "with it", &with, previous);
    if without.ip != Some(kept) {
        let what = format!("{kept}, which is remembered and here, is not kept");
        return Err(Violation::new(STICKINESS, what, [without]));
    }
    // What is added may show the network of an entry that is a host prefix, as one that is asked for or as
    // that of a neighbour.
    let is_near = |trial: &Trial| trial.judged().separated_by() == Some(Separation::SameNetwork);
    if (is_near(&without) || is_near(&with)) && with.keeps_choice_of(&without) {
        return Ok(());
    }
    let what = format!(
        "{} is added, and changes the choice",
        words(&added, &with.host)
    );
    same(STICKINESS, what, without, with)
}

/// Addresses of the other family never matter.
///
/// # Errors
/// If they do.
pub fn family(picker: &dyn Picker, host: &Draft, previous: Option<IpAddr>) -> Checked {
    let v4 = picker.selector().bindnet().ip().is_ipv4();
    let mut alone = host.clone();
    alone
        .addresses
        .retain(|address| address.ip().is_ipv4() == v4);
    let with = Trial::of(picker, "with them", &host.snapshot(), previous);
    let without = Trial::of(picker, "without them", &alone.snapshot(), previous);
    let what = "addresses of the other family count";
    if with.decision != without.decision && !picker.selector().needs().all {
        return Err(Violation::new(FAMILY, what, [with, without]));
    }
    same_in_words(FAMILY, what, with, without)
}

/// A decision is replayed from a file.
///
/// # Errors
/// If it comes out otherwise.
pub fn replay(picker: &dyn Picker, host: &Snapshot, previous: Option<IpAddr>) -> Checked {
    let before = Trial::of(picker, "as captured", host, previous);
    let read = match Snapshot::from_json(host.to_json().as_bytes()) {
        Ok(read) => read,
        Err(error) => {
            let what = format!("what was written cannot be read: {error}");
            return Err(Violation::new(REPLAY, what, [before]));
        }
    };
    let after = Trial::of(picker, "as read from a file", &read, previous);
    if read != *host {
        return Err(Violation::new(
            REPLAY,
            "another host is read",
            [before, after],
        ));
    }
    same(REPLAY, "another choice on the same host", before, after)
}

/// Floating addresses come, go and move, and the node's own address stays chosen as long as it is
/// there. This holds if it is remembered, or if every other candidate certainly floats.
///
/// # Errors
/// If another is picked.
pub fn failovers(picker: &dyn Picker, failover: &Failover) -> Checked {
    let own = failover.node().own().addr();
    let memories = [None, Some(own)];
    let memories = if picker.remembers() {
        &memories[..]
    } else {
        &memories[..1]
    };
    for moment in failover.moments().filter(|moment| moment.has_own) {
        for previous in memories {
            let selector = picker.selector();
            let is_expected = match remembering(selector, *previous).previous {
                Some(one) => one.ip() == own && is_kept(selector, &moment.snapshot, one),
                None => is_alone(selector, &moment.snapshot, failover),
            };
            if !is_expected {
                continue;
            }
            let trial = Trial::of(picker, "then", &moment.snapshot, *previous);
            if trial.ip != Some(own) {
                let what = format!("{own} is here, and is not picked");
                let steps = failover.steps().iter().take(moment.steps);
                let violation = Violation::new(FAILOVERS, what, [trial]);
                return Err(violation.after(failover.node().host().snapshot(), steps));
            }
        }
    }
    Ok(())
}

fn same(law: Law, what: impl Into<String>, one: Trial, other: Trial) -> Checked {
    if one.choice() == other.choice() {
        Ok(())
    } else {
        Err(Violation::new(law, what, [one, other]))
    }
}

/// The choice is the same, and so is the text about each candidate.
fn same_in_words(law: Law, what: &str, one: Trial, other: Trial) -> Checked {
    let words = |trial: &Trial| trial.decision.as_ref().map(described);
    if words(&one) == words(&other) {
        same(law, what, one, other)
    } else {
        Err(Violation::new(law, what, [one, other]))
    }
}
