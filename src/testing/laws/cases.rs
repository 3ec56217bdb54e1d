//! Draws the cases of each law, aimed at the network that a picker is asked for.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::check;
use super::law::Law;
use super::run::{Failure, Run};
use crate::rule::{BindnetAddr, Decide, Selector};
use crate::snapshot::AddressFlags;
use crate::testing::picker::Picker;
use crate::testing::strategies::hosts::{Draft, aimed_at, loose_address_for, loose_vip_for};
use crate::testing::strategies::pools::Pools;
use crate::testing::strategies::{Vips, failover, node};

type Ran = Result<(), Failure>;

pub(super) fn determinism(law: Law, picker: &dyn Picker, run: Run) -> Ran {
    run.over(law, case(picker.selector()), |(host, previous)| {
        check::determinism(picker, &host.snapshot(), previous)
    })
}

pub(super) fn vip_invariance(law: Law, picker: &dyn Picker, run: Run) -> Ran {
    let selector = picker.selector();
    let vip = (loose_vip_for(selector), any::<Index>());
    run.over(
        law,
        (case(selector), vip),
        |((host, previous), (vip, at))| {
            let vip = (vip.on(&host.links), at.index(host.addresses.len() + 1));
            check::vip_invariance(picker, &host, previous, vip)
        },
    )
}

pub(super) fn order(law: Law, picker: &dyn Picker, run: Run) -> Ran {
    let places = vec(any::<usize>(), 9);
    let cases = (case(picker.selector()), places);
    run.over(law, cases, |((host, previous), places)| {
        check::first_of_equals(picker, &host.snapshot(), previous)?;
        check::order_of_others(picker, &host, previous, &places)
    })
}

pub(super) fn numbers(law: Law, picker: &dyn Picker, run: Run) -> Ran {
    let cases = (case(picker.selector()), any::<u128>());
    run.over(law, cases, |((host, previous), flips)| {
        check::numbers(picker, &host, previous, flips)
    })
}

pub(super) fn soundness(law: Law, picker: &dyn Picker, run: Run) -> Ran {
    run.over(law, case(picker.selector()), |(host, previous)| {
        check::soundness(picker, &host.snapshot(), previous)
    })
}

pub(super) fn stickiness(law: Law, picker: &dyn Picker, run: Run) -> Ran {
    let selector = picker.selector();
    let added = prop_oneof![loose_address_for(selector), loose_vip_for(selector)];
    let added = (added, any::<Index>());
    let cases = (aimed_at(selector), any::<Index>(), added);
    run.over(law, cases, |(host, remembered, (added, at))| {
        let previous = candidate(selector, &host, remembered);
        let added = (added.on(&host.links), at.index(host.addresses.len() + 1));
        check::stickiness(picker, &host, previous, added)
    })
}

pub(super) fn patience(law: Law, picker: &dyn Picker, run: Run) -> Ran {
    let tentative = vec(weighted(0.3, proptest::bool::weighted(0.75)), 9);
    let most = prop_oneof![2..6_usize, Just(9)];
    let comes = (any::<usize>(), any::<Index>());
    let cases = ((case(picker.selector()), most), tentative, comes);
    run.over(
        law,
        cases,
        |(((mut host, previous), most), tentative, (which, at))| {
            // A choice among few addresses is seldom ambiguous, and one that is kept never is.
            host.addresses.truncate(most);
            for (address, tentative) in host.addresses.iter_mut().zip(&tentative) {
                if tentative.is_some() {
                    let flags = address.flags().unwrap_or_default() | AddressFlags::TENTATIVE;
                    *address = address.with_flags(flags);
                }
            }
            let succeeds: Vec<bool> = tentative.into_iter().flatten().chain([true]).collect();
            let here = host
                .addresses
                .iter()
                .take(4)
                .map(|address| Some(address.ip()));
            let mut memories = vec![None];
            if picker.remembers() {
                memories.extend(here.chain([previous]));
            }
            for previous in memories {
                check::detection_ends(picker, &host, previous, &succeeds)?;
            }
            let at = at.index(host.addresses.len() + 1);
            check::fixed_comes(picker, &host, None, (which, at))
        },
    )
}

pub(super) fn advice_settles(law: Law, picker: &dyn Picker, run: Run) -> Ran {
    run.over(law, case(picker.selector()), |(host, previous)| {
        check::advice_settles(picker, &host.snapshot(), previous)
    })
}

pub(super) fn family(law: Law, picker: &dyn Picker, run: Run) -> Ran {
    run.over(law, case(picker.selector()), |(host, previous)| {
        check::family(picker, &host, previous)
    })
}

pub(super) fn replay(law: Law, picker: &dyn Picker, run: Run) -> Ran {
    run.over(law, case(picker.selector()), |(host, previous)| {
        check::replay(picker, &host.snapshot(), previous)
    })
}

pub(super) fn failovers(law: Law, picker: &dyn Picker, run: Run) -> Ran {
    let nodes = || node(aim(picker.selector()));
    let cases = prop_oneof![
        failover(nodes(), Vips::Any),
        failover(nodes(), Vips::Marked),
    ];
    run.over(law, cases, |failover| check::failovers(picker, &failover))
}

/// What nodes are aimed at: the bindnetaddr, on the link that the whole rule is restricted to.
fn aim(selector: &Selector) -> BindnetAddr {
    let bindnet = selector.bindnet().clone();
    match selector.needs().zones() {
        [Some(zone), ..] | [None, Some(zone), _] => BindnetAddr {
            zone: Some(zone),
            ..bindnet
        },
        [None, None, _] => bindnet,
    }
}

/// A host and, now and then, a remembered choice that may be there or not.
fn case(selector: &Selector) -> impl Strategy<Value = (Draft, Option<IpAddr>)> + use<> {
    let pools = Pools::aimed_at(selector);
    let pool = if selector.bindnet().ip().is_ipv4() {
        pools.v4
    } else {
        pools.v6
    };
    (aimed_at(selector), weighted(0.3, select(pool)))
}

/// One of the candidates of a host.
fn candidate(selector: &Selector, host: &Draft, which: Index) -> Option<IpAddr> {
    let decision = selector.decide(&host.snapshot());
    let candidates = decision.candidates();
    (!candidates.is_empty()).then(|| which.get(candidates).ip())
}
