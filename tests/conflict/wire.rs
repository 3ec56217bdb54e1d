//! Several hosts on one wire, which loses, doubles and delays frames: who finds whom.

use bindnet_tests::{conflict_hosts, wire_sim};

use std::time::Duration;

use bindnet::conflict::{Conflict, Detection, How};
use proptest::collection::vec;
use proptest::prelude::*;

use conflict_hosts::{config, mac, timing};
use wire_sim::{Ended, Fate, Station, Wire, mac_of};

/// The longest way of a frame: there and back takes less than any of the times of a probe.
const SLOW: u64 = 70;

fn fate(losses: f64, again: u8) -> impl Strategy<Value = Fate> {
    (
        prop::bool::weighted(losses),
        0..SLOW,
        0..=again,
        any::<bool>(),
    )
        .prop_map(|(lost, delay, again, back)| Fate {
            lost,
            delay: Duration::from_millis(delay),
            again,
            back,
        })
}

/// Hosts that begin to probe within some seconds; so many of the first have the address.
fn wire(
    holders: impl Strategy<Value = usize>,
    probers: impl Strategy<Value = usize>,
    fates: impl Strategy<Value = Fate>,
) -> impl Strategy<Value = Wire> {
    let fates = vec(fates, 1..24);
    let starts = vec((0..2_500u64, any::<[u32; 3]>(), any::<bool>()), 8);
    (any::<bool>(), timing(), holders, probers, starts, fates).prop_map(
        |(v4, timing, holders, probers, starts, fates)| {
            let stations = starts.into_iter().take(holders + probers).enumerate();
            let stations = stations.map(|(at, (start, random, asks))| Station {
                has_it: at < holders,
                probes: (at >= holders || asks).then(|| Duration::from_millis(start)),
                random,
            });
            Wire {
                v4,
                timing,
                stations: stations.collect(),
                fates,
            }
        },
    )
}

fn is_clear(ended: &Ended) -> bool {
    ended.verdict == Some(Detection::Clear)
}

fn heard(ended: &Ended) -> Option<(How, [u8; 6])> {
    match ended.verdict.as_ref()?.conflict()? {
        Conflict::Heard(sighting) => Some((sighting.how, sighting.mac.as_bytes().try_into().ok()?)),
        _ => None,
    }
}

proptest! {
    #![proptest_config(config(1_500))]

    /// While no frame is lost, nobody is told that an address is free which somebody else has, and
    /// it is not said of one that two have.
    #[test]
    fn whoever_has_it_is_found(wire in wire(1..3usize, 0..3usize, fate(0.0, 2))) {
        let holders = wire.stations.iter().filter(|station| station.has_it).count();
        for (at, (station, ended)) in wire.stations.iter().zip(wire.run()).enumerate() {
            let is_alone = holders == 1 && station.has_it;
            if station.probes.is_some() && !is_alone {
                let Some((how, from)) = heard(&ended) else { panic!("{ended:?}") };
                prop_assert!(from != mac_of(at));
                // Only one who asks, too, asks.
                let is_holder = (0..holders).any(|holder| mac_of(holder) == from);
                prop_assert!(is_holder || how == How::Probe, "{} {:?}", how, from);
            }
        }
    }

    /// One who has the address alone is told so, whoever else asks for it, and however often.
    #[test]
    fn whoever_has_it_alone_is_told_so(mut wire in wire(Just(1usize), 0..4usize, fate(0.2, 2))) {
        // The others hear of it.
        wire.stations[0].probes = Some(Duration::ZERO);
        for fate in &mut wire.fates {
            fate.lost = false;
        }
        prop_assert!(is_clear(&wire.run()[0]));
    }

    /// Of those who want the address at once, or while another has just taken it, no two are told
    /// that it is free, while no frame is lost.
    #[test]
    fn two_never_take_it(wire in wire(Just(0usize), 2..5usize, fate(0.0, 2))) {
        let ended = wire.run();
        prop_assert!(ended.iter().filter(|ended| is_clear(ended)).count() <= 1, "{:?}", ended);
        for ended in &ended {
            prop_assert!(is_clear(ended) || heard(ended).is_some());
        }
    }

    /// A frame that comes twice, and one that comes back, says nothing more than one.
    #[test]
    fn duplicates_change_nothing(wire in wire(0..3usize, 0..4usize, fate(0.3, 3))) {
        let mut once = wire.clone();
        for fate in &mut once.fates {
            (fate.again, fate.back) = (0, false);
        }
        // Each answer is a frame, too: all have one fate, so that it does not matter how many.
        let mut many = wire;
        for fates in [&mut once.fates, &mut many.fates] {
            fates.truncate(1);
        }
        let verdicts = [once, many].map(|wire| {
            let ended = wire.run().into_iter();
            ended.map(|ended| (ended.verdict, ended.sent)).collect::<Vec<_>>()
        });
        prop_assert_eq!(&verdicts[0], &verdicts[1]);
    }

    /// Where two of three probes, or of their answers, are lost, the holder is found by the third.
    #[test]
    fn one_probe_is_enough(
        mut wire in wire(Just(1usize), Just(1usize), fate(0.0, 0)),
        which in 0..3usize,
        answers in any::<[bool; 2]>(),
    ) {
        wire.stations[0].probes = None;
        // The fates of the frames in order: a probe that is lost has no answer.
        let mut fates = Vec::new();
        let mut lost = answers.into_iter();
        for probe in 0..3 {
            let mut fate = wire.fates[probe % wire.fates.len()];
            fate.delay /= 2;
            if probe != which {
                let is_answer = lost.next().unwrap();
                if is_answer {
                    fates.push(fate);
                }
                fate.lost = true;
                fates.push(fate);
            } else {
                fates.extend([fate, fate]);
            }
        }
        wire.fates = fates;
        let ended = &wire.run()[1];
        prop_assert_eq!(heard(ended), Some((How::Reply, mac_of(0))));
        prop_assert_eq!(ended.sent, which + 1);
    }

    /// Whatever is lost, doubled and late: everybody gets a verdict after three probes at the most,
    /// and a conflict is with somebody else who is there.
    #[test]
    fn whatever_happens_nobody_is_made_up(wire in wire(0..3usize, 0..4usize, fate(0.5, 3))) {
        let ended = wire.run();
        for (at, (station, ended)) in wire.stations.iter().zip(&ended).enumerate() {
            prop_assert!(ended.sent <= 3);
            prop_assert_eq!(ended.verdict.is_some(), station.probes.is_some());
            if let Some((_, from)) = heard(ended) {
                let is_there = (0..wire.stations.len()).any(|other| other != at && mac_of(other) == from);
                prop_assert!(is_there, "{}", mac(from));
            } else if station.probes.is_some() {
                prop_assert!(is_clear(ended) && ended.sent == 3);
            }
        }
    }

    /// On a wire that loses everything, everybody is told that nobody answered: silence is all that
    /// a probe can hear.
    #[test]
    fn a_wire_that_is_cut(mut wire in wire(0..2usize, 1..4usize, fate(1.0, 0))) {
        for fate in &mut wire.fates {
            fate.lost = true;
        }
        for (station, ended) in wire.stations.iter().zip(wire.run()) {
            prop_assert_eq!(station.probes.is_some(), is_clear(&ended));
        }
    }
}
