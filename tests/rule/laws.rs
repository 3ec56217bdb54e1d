//! The laws of DESIGN.md.

use bindnet_tests::questions;

use bindnet::choice::State;
use bindnet::rule::{Outcome, ScopedAddr, Zone};
use bindnet::snapshot::AddressFlags;
use bindnet::testing::laws::check;
use bindnet::testing::strategies::hosts::loose_address;
use bindnet::{BindnetAddr, Candidate, Selector, Snapshot};
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::Index;

use questions::{case, config, decide, odd_links};

/// A law as the public one says it, with a selector of every kind. What was remembered is a part of
/// the selector here.
fn holds(checked: check::Checked) -> Result<(), TestCaseError> {
    checked.map_err(|broken| TestCaseError::fail(broken.to_string()))
}

proptest! {
    #![proptest_config(config(1_500))]

    #[test]
    fn determinism((host, ask) in case()) {
        holds(check::determinism(&ask.selector(), &host.snapshot(), None))?;
        let decision = ask.selector().decide(&host.snapshot());
        prop_assert_eq!(decision, ask.selector().decide(&host.clone().snapshot()));
    }

    #[test]
    fn vip_invariance((host, ask) in case(), to: Index) {
        let to = to.index(host.addresses.len().max(1));
        for from in 0..host.addresses.len() {
            let mut without = host.clone();
            let vip = without.addresses.remove(from);
            for at in [from, to] {
                holds(check::vip_invariance(&ask.selector(), &without, None, (vip, at)))?;
            }
        }
    }

    #[test]
    fn order((host, ask) in case(), places in any::<[usize; 9]>()) {
        holds(check::first_of_equals(&ask.selector(), &host.snapshot(), None))?;
        holds(check::order_of_others(&ask.selector(), &host, None, &places))?;
    }

    #[test]
    fn soundness((host, ask) in case()) {
        holds(check::soundness(&ask.selector(), &host.snapshot(), None))?;
        let decision = decide(&host, &ask);
        if !ask.strict {
            prop_assert!(decision.outcome() != Outcome::Ambiguous);
        } else if decision.is_ambiguous() {
            prop_assert_eq!(decision.outcome(), Outcome::Ambiguous);
        }
    }

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
        let added = (extra.on(&host.links), to.index(host.addresses.len() + 1));
        holds(check::stickiness(&ask.selector(), &host, None, added))?;
    }

    #[test]
    fn numbers((host, ask) in case(), flips: u128) {
        holds(check::numbers(&ask.selector(), &host, None, flips))?;
    }

    #[test]
    fn patience(
        (mut host, ask) in case(),
        tentative in vec(weighted(0.2, any::<bool>()), 9),
        (which, at) in (any::<usize>(), any::<Index>()),
    ) {
        for (address, tentative) in host.addresses.iter_mut().zip(&tentative) {
            if tentative.is_some() {
                let flags = address.flags().unwrap_or_default() | AddressFlags::TENTATIVE;
                *address = address.with_flags(flags);
            }
        }
        let mut succeeds: Vec<bool> = tentative.into_iter().flatten().collect();
        succeeds.push(true);
        holds(check::detection_ends(&ask.selector(), &host, None, &succeeds))?;
        let at = at.index(host.addresses.len() + 1);
        holds(check::fixed_comes(&ask.selector(), &host, None, (which, at)))?;
    }

    #[test]
    fn advice_settles((host, ask) in case()) {
        holds(check::advice_settles(&ask.selector(), &host.snapshot(), None))?;
    }

    #[test]
    fn family((host, ask) in case()) {
        holds(check::family(&ask.selector(), &host, None))?;
    }

    #[test]
    fn replay((host, ask) in case()) {
        holds(check::replay(&ask.selector(), &host.snapshot(), None))?;
    }
}

/// The link of the choice for `fe80::` with this memory, if it is a certain one.
fn remembering(address: ScopedAddr, host: &Snapshot) -> Option<u32> {
    let selector = Selector::new("fe80::".parse().unwrap()).previous(address);
    let decision = selector.decide(host);
    let chosen = decision.chosen().filter(|_| !decision.is_ambiguous());
    chosen.and_then(Candidate::interface_index)
}

/// What a state file with this choice remembers.
fn from_state_file(chosen: &Candidate) -> ScopedAddr {
    let zone = Zone::from(chosen.interface().unwrap());
    let line = format!(
        "bindnetaddr fe80:: address {} interface {zone}",
        chosen.ip()
    );
    let state = State::parse(format!("bindnet-state/1\n{line}\nend\n").as_bytes()).unwrap();
    state.get(&"fe80::".parse().unwrap()).unwrap()
}

proptest! {
    #![proptest_config(config(1_500))]

    /// What was given out goes in again, and is on the same link, whatever the links are called.
    #[test]
    fn a_link_that_was_given_out_is_taken_for_no_other(host in odd_links()) {
        for link in host.links() {
            let index = Some(link.index());
            let by_name = Selector::new("fe80::".parse().unwrap()).interface(link.name().into());
            let decision = by_name.decide(&host);
            let chosen = decision.chosen().unwrap();
            prop_assert_eq!(chosen.interface_index(), index);

            let said = chosen.scoped_addr();
            let bound = ScopedAddr::from(chosen.socket_addr(5405));
            let remembered = from_state_file(chosen);
            let read: ScopedAddr = said.to_string().parse().unwrap();
            for again in [said, read, bound, remembered] {
                prop_assert_eq!(remembering(again, &host), index, "{:?}", again);
            }
            let zone: BindnetAddr = format!("fe80::%{}", Zone::from(link.name())).parse().unwrap();
            let by_zone = Selector::new(zone).decide(&host);
            prop_assert_eq!(by_zone.chosen().unwrap().interface_index(), index);

            // Without the link it is nowhere.
            let others = host.links().iter().filter(|other| other.index() != link.index());
            let left = host.addresses().filter(|address| address.link_index() != index);
            let without = Snapshot::new(others.cloned(), left).unwrap();
            for again in [said, bound, remembered] {
                prop_assert_eq!(remembering(again, &without), None, "{:?}", again);
            }
        }
    }
}
