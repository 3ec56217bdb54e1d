//! The cases of each law, aimed at what a picker is asked.

use std::net::IpAddr;

use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::check;
use super::law::Law;
use super::run::{Failure, Run};
use crate::rule::{Bindnet, Selector};
use crate::testing::picker::Picker;
use crate::testing::strategies::hosts::{Draft, aimed_at, loose_address_for, loose_vip_for};
use crate::testing::strategies::pools::Pools;
use crate::testing::strategies::{Vips, failover, node};

impl Law {
    /// Draws cases, and says which breaks it.
    ///
    /// # Errors
    /// Where one does; the smallest that was found.
    pub fn run(self, picker: &dyn Picker, run: Run) -> Result<(), Failure> {
        let asked = picker.asked();
        let (host, case) = (aimed_at(asked), case(asked));
        match self {
            Self::Determinism => run.over(self, case, |(host, previous)| {
                check::determinism(picker, &host.snapshot(), previous)
            }),
            Self::VipInvariance => {
                let vip = (loose_vip_for(asked), any::<Index>());
                run.over(self, (case, vip), |((host, previous), (vip, at))| {
                    let vip = (vip.on(&host.links), at.index(host.addresses.len() + 1));
                    check::vip_invariance(picker, &host, previous, vip)
                })
            }
            Self::Order => {
                let places = vec(any::<usize>(), 9);
                run.over(self, (case, places), |((host, previous), places)| {
                    check::first_of_equals(picker, &host.snapshot(), previous)?;
                    check::order_of_others(picker, &host, previous, &places)
                })
            }
            Self::Soundness => run.over(self, case, |(host, previous)| {
                check::soundness(picker, &host.snapshot(), previous)
            }),
            Self::Stickiness => {
                let added = prop_oneof![loose_address_for(asked), loose_vip_for(asked)];
                let added = (added, any::<Index>());
                let cases = (host, any::<Index>(), added);
                run.over(self, cases, |(host, remembered, (added, at))| {
                    let previous = candidate(asked, &host, remembered);
                    let added = (added.on(&host.links), at.index(host.addresses.len() + 1));
                    check::stickiness(picker, &host, previous, added)
                })
            }
            Self::Family => run.over(self, case, |(host, previous)| {
                check::family(picker, &host, previous)
            }),
            Self::Replay => run.over(self, case, |(host, previous)| {
                check::replay(picker, &host.snapshot(), previous)
            }),
            Self::Failovers => {
                let failovers = prop_oneof![
                    failover(node(aim(asked)), Vips::Any),
                    failover(node(aim(asked)), Vips::Marked),
                ];
                run.over(self, failovers, |failover| {
                    check::failovers(picker, &failover)
                })
            }
        }
    }
}

/// What nodes are aimed at: the bindnetaddr, on the link that the whole rule is restricted to.
fn aim(asked: &Selector) -> Bindnet {
    let bindnet = *asked.bindnet();
    match asked.zones() {
        [Some(zone), ..] | [None, Some(zone), _] => bindnet.on(zone),
        [None, None, _] => bindnet,
    }
}

/// A host and, now and then, a remembered choice that may be there or not.
fn case(asked: &Selector) -> impl Strategy<Value = (Draft, Option<IpAddr>)> + use<> {
    let pools = Pools::aimed_at(asked);
    let pool = if asked.bindnet().ip().is_ipv4() {
        pools.v4
    } else {
        pools.v6
    };
    (aimed_at(asked), weighted(0.3, select(pool)))
}

/// One of the candidates of a host.
fn candidate(asked: &Selector, host: &Draft, which: Index) -> Option<IpAddr> {
    let decision = asked.decide(&host.snapshot());
    let candidates = decision.candidates();
    (!candidates.is_empty()).then(|| which.get(candidates).ip())
}
