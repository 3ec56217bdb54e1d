//! A listener under a virtual clock: its notices, their number, and its link; and its comparison
//! with a naive model.

use bindnet_tests::{conflict_hosts, watch_model};

use std::collections::BTreeMap;
use std::time::Duration;

use bindnet::conflict::{
    Conflict, DEFEND_INTERVAL, Detection, How, Inconclusive, Listener, Notice,
};
use bindnet::{Link, Snapshot};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use conflict_hosts::{
    ASKS, Ask, B, C, ENTRY, Entry, GOOD, Host, any_sighting, ask, config, mac, odd, sighting,
};
use watch_model::{Model, News};

const SECOND: Duration = Duration::from_secs(1);

/// An event in the words of the model.
fn news(event: &Notice) -> News {
    match event {
        Notice::Claim {
            sighting,
            count,
            others,
            ..
        } => News::Claim {
            mac: sighting.mac.as_bytes().try_into().unwrap(),
            how: sighting.how,
            count: *count,
            others: *others,
        },
        Notice::NotListening(why) => News::NotListening(why.clone()),
        Notice::Listening(index) => News::Listening(*index),
        other => panic!("{other:?}"),
    }
}

fn listening(ask: Ask) -> Listener {
    let mut listener = Listener::new(ask.target(true));
    assert_eq!(listener.handle_host(&ask.good().snapshot(true)), None);
    listener
}

fn claim_count(event: Option<Notice>) -> Option<u64> {
    match event? {
        Notice::Claim { count, .. } => Some(count),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_event_in_an_interval() {
    let host = GOOD.snapshot(true);
    let mut listener = listening(Ask::Own);
    let mut tell =
        |mac, at| claim_count(listener.handle_sighting(sighting(mac, How::Reply), at, &host));
    assert_eq!(DEFEND_INTERVAL, 10 * SECOND);
    assert_eq!(tell(B, SECOND), Some(1));
    assert_eq!(tell(B, SECOND), None);
    assert_eq!(tell(C, 2 * SECOND), Some(1));
    let just_before = 11 * SECOND - Duration::from_nanos(1);
    assert_eq!(tell(B, just_before), None);
    assert_eq!(tell(B, 11 * SECOND), Some(4));
    assert_eq!(tell(C, 11 * SECOND), None);
    assert_eq!(tell(C, 30 * SECOND), Some(3));
}

#[test]
fn what_a_verdict_has_told_is_not_told_again_at_once() {
    let host = GOOD.snapshot(true);
    let claim = sighting(B, How::Claim);
    let conflict = Detection::Conflict(Conflict::Heard(claim));
    // Whether it was heard before or not.
    for before in [0, 1] {
        let mut listener = listening(Ask::Own);
        for _ in 0..before {
            assert!(listener.handle_sighting(claim, SECOND, &host).is_some());
        }
        listener.note(&conflict, 5 * SECOND);
        for other in [Detection::Clear, Detection::Conflict(Conflict::DadFailed)] {
            listener.note(&other, 20 * SECOND);
        }
        assert_eq!(listener.handle_sighting(claim, 12 * SECOND, &host), None);
        let event = listener.handle_sighting(claim, 15 * SECOND, &host);
        assert_eq!(claim_count(event), Some(before + 3));
    }
}

/// A link that went down is not listened on, even if it is up again by now.
#[test]
fn a_link_that_went_down() {
    let host = GOOD.snapshot(true);
    let mut listener = listening(Ask::Own);
    let flapped = Notice::NotListening(Detection::Inconclusive(Inconclusive::LinkFlapped));
    assert_eq!(listener.handle_down(&host), Some(flapped));
    assert_eq!((listener.link(), listener.handle_down(&host)), (None, None));
    let again = listener.handle_host(&host);
    assert_eq!(again, listener.link().map(Notice::Listening));
    // What else is wrong is said instead.
    let nothing = Host {
        entry: None,
        ..GOOD
    };
    let gone = Notice::NotListening(Detection::Inconclusive(Inconclusive::NotHere(None)));
    assert_eq!(listener.handle_down(&nothing.snapshot(true)), Some(gone));
}

/// It is the same link, whatever its name.
#[test]
fn a_link_that_is_renamed() {
    for ask in ASKS {
        let host = ask.good().snapshot(true);
        let mut listener = listening(ask);
        let index = listener.link();
        let links = host
            .links()
            .iter()
            .map(|link| match Some(link.index()) == index {
                true => Link::new(link.index(), "lan0".parse().unwrap())
                    .with_flags(link.flags().unwrap())
                    .with_mac(*link.mac().unwrap())
                    .with_carrier_changes(link.carrier_changes().unwrap())
                    .with_hardware_type(1),
                false => link.clone(),
            });
        let renamed = Snapshot::new(links, host.addresses()).unwrap();
        assert_eq!(
            listener.handle_host(&renamed.with_about(host.about().clone())),
            None,
            "{ask:?}"
        );
        assert_eq!(
            (listener.link(), listener.interface()),
            (index, Some("lan0".parse().unwrap()))
        );
    }
}

/// A link that is deleted and made again has another index, and nothing is on it for a while.
#[test]
fn a_link_that_is_made_again() {
    for ask in ASKS {
        let good = ask.good();
        let mut listener = listening(ask);
        let mut look = |host: Host| {
            let event = listener.handle_host(&host.snapshot(true));
            (event.as_ref().map(news), listener.link())
        };
        let deleted = Host {
            eth0: None,
            entry: None,
            ..good
        };
        let gone = Detection::Inconclusive(match ask {
            Ask::Own => Inconclusive::NotHere(None),
            _ => Inconclusive::NoLink,
        });
        assert_eq!(look(deleted), (Some(News::NotListening(gone)), None));
        assert_eq!(look(deleted), (None, None));
        let made = Host {
            entry: None,
            ..good
        }
        .with(|eth0| (eth0.index, eth0.up) = (7, false));
        assert_eq!(look(made), (None, None));
        // Where the address is ours, it is waited for.
        let up = made.with(|eth0| eth0.up = true);
        let back = Host {
            entry: good.entry,
            ..up
        };
        if ask != Ask::Free {
            assert_eq!(look(up), (None, None));
        }
        assert_eq!(look(back), (Some(News::Listening(7)), Some(7)));
        assert_eq!(look(back), (None, Some(7)));
        // Nobody looked while it was made again once more.
        assert_eq!(look(good), (Some(News::Listening(2)), Some(2)));
    }
}

#[test]
fn a_carrier_that_was_lost_between_two_looks() {
    let flapped = GOOD.with(|eth0| eth0.changes = Some(3));
    let without = GOOD.with(|eth0| eth0.running = false);
    let mut listener = listening(Ask::Own);
    let mut look = |host: Host| {
        listener
            .handle_host(&host.snapshot(true))
            .as_ref()
            .map(news)
    };
    assert_eq!(look(flapped), Some(News::Listening(2)));
    let no_carrier = Detection::Inconclusive(Inconclusive::NoCarrier);
    assert_eq!(look(without), Some(News::NotListening(no_carrier)));
    assert_eq!(look(flapped), Some(News::Listening(2)));
    assert_eq!(look(flapped), None);
}

/// An address that is gone is not listened for until it is back; a list that is not whole loses
/// nothing.
#[test]
fn an_address_that_is_gone() {
    for ask in [Ask::Own, Ask::OwnOnEth0] {
        let mut listener = listening(ask);
        let gone = Host {
            entry: None,
            ..GOOD
        };
        let interrupted = Host {
            interrupted: true,
            ..gone
        };
        assert_eq!(listener.handle_host(&interrupted.snapshot(true)), None);
        assert_eq!(listener.link(), Some(2));
        let not_here = Detection::Inconclusive(Inconclusive::NotHere(None));
        let deaf = Some(Notice::NotListening(not_here));
        assert_eq!(listener.handle_host(&gone.snapshot(true)), deaf);
        assert_eq!(listener.link(), None);
        let listening = Some(Notice::Listening(2));
        assert_eq!(listener.handle_host(&GOOD.snapshot(true)), listening);
    }
}

/// An address that was asked for on a link by its name is followed to another one.
#[test]
fn an_address_that_moves() {
    let mut listener = listening(Ask::OwnOnEth0);
    let moved = Host {
        entry: Some(Entry {
            on_second: true,
            ..ENTRY
        }),
        ..GOOD
    };
    let listening = Some(Notice::Listening(3));
    assert_eq!(listener.handle_host(&moved.snapshot(true)), listening);
    assert_eq!(listener.link(), Some(3));
}

#[test]
fn an_address_that_was_never_here() {
    let mut listener = Listener::new(Ask::Own.target(true));
    let nowhere = Host {
        entry: None,
        ..GOOD
    }
    .snapshot(true);
    let not_here = Detection::Inconclusive(Inconclusive::NotHere(None));
    assert_eq!(
        listener.handle_host(&nowhere),
        Some(Notice::NotListening(not_here))
    );
    assert_eq!((listener.link(), listener.interface()), (None, None));
}

#[test]
fn a_refusal_is_final() {
    let host = GOOD.snapshot(true);
    let mut listener = listening(Ask::Own);
    let refused = Detection::NotPermitted("no".to_owned());
    assert_eq!(
        listener.handle_refusal("no".to_owned()),
        Some(Notice::NotListening(refused))
    );
    assert_eq!(listener.handle_host(&host), None);
    assert_eq!(listener.handle_failure(Inconclusive::LinkFlapped), None);
    assert_eq!(listener.handle_refusal("no".to_owned()), None);
    assert_eq!(listener.link(), None);
}

/// Any number of hardware addresses, few or very many.
fn any_mac() -> impl Strategy<Value = [u8; 6]> {
    let one_of = |many: u16| {
        (0..many).prop_map(|number| {
            let [a, b] = number.to_be_bytes();
            [2, 0, 0, 1, a, b]
        })
    };
    prop_oneof![one_of(4), one_of(20), one_of(60_000)]
}

/// Sightings and the milliseconds between them.
fn storm() -> impl Strategy<Value = Vec<([u8; 6], u64)>> {
    let few = vec(
        (any_mac(), prop_oneof![Just(0), 0..200u64, 0..4_000u64]),
        1..200,
    );
    let many = vec((any_mac(), 0..100u64), 300..600);
    prop_oneof![3 => few, 1 => many]
}

proptest! {
    #![proptest_config(config(600))]

    /// However many claim it: one event for each in DEFEND_INTERVAL, no more than 16 in all, and
    /// the counts are what was heard.
    #[test]
    fn a_storm_is_told_in_few_words(storm in storm()) {
        let host = GOOD.snapshot(true);
        let mut listener = listening(Ask::Own);
        let mut now = SECOND;
        let mut told: Vec<(Duration, [u8; 6])> = Vec::new();
        let mut heard = BTreeMap::new();
        let mut total = 0;
        for (from, after) in storm {
            now += Duration::from_millis(after);
            total += 1;
            let of_it: &mut u64 = heard.entry(from).or_default();
            *of_it += 1;
            let Some(event) = listener.handle_sighting(sighting(from, How::Claim), now, &host) else {
                continue;
            };
            let News::Claim { mac, count, others, .. } = news(&event) else { panic!() };
            prop_assert_eq!(mac, from);
            prop_assert!((1..=*of_it).contains(&count) && count + others <= total);
            if heard.len() <= 16 {
                prop_assert_eq!((count, others), (heard[&mac], 0));
            }
            let lately = || told.iter().filter(|(at, _)| now - *at < DEFEND_INTERVAL);
            prop_assert!(lately().all(|(_, other)| *other != mac));
            prop_assert!(lately().count() < 16);
            told.push((now, mac));
        }
    }

    /// Where nobody is forgotten, all that was heard adds up: after the last interval each one of
    /// the table tells of itself, and one of them of the rest.
    #[test]
    fn the_sum_of_the_counts(storm in vec(any_mac(), 1..200)) {
        let host = GOOD.snapshot(true);
        let mut listener = listening(Ask::Own);
        let mut known = Vec::new();
        for from in &storm {
            if listener.handle_sighting(sighting(*from, How::Claim), SECOND, &host).is_some() {
                known.push(*from);
            }
        }
        prop_assert!(known.len() <= 16);
        let (mut sum, mut rest) = (0, 0);
        for from in &known {
            let event = listener.handle_sighting(sighting(*from, How::Claim), 11 * SECOND, &host);
            let Some(News::Claim { count, others, .. }) = event.as_ref().map(news) else { panic!() };
            sum += count;
            rest = others;
        }
        prop_assert_eq!(sum + rest, (storm.len() + known.len()) as u64);
    }
}

/// An input of a listener.
#[derive(Clone, Debug)]
enum Input {
    Look,
    Heard([u8; 6], How),
    Lost,
    Refused,
    Noted([u8; 6]),
}

fn input() -> impl Strategy<Value = Input> {
    let heard = prop_oneof![
        1 => any_sighting(),
        2 => (any_mac(), select(vec![How::Reply, How::Claim])),
    ];
    prop_oneof![
        5 => Just(Input::Look),
        12 => heard.prop_map(|(mac, how)| Input::Heard(mac, how)),
        1 => Just(Input::Lost),
        1 => any_mac().prop_map(Input::Noted),
        1 => prop::bool::weighted(0.1).prop_map(|is| if is { Input::Refused } else { Input::Look }),
    ]
}

fn any_story() -> impl Strategy<Value = (Ask, Vec<(Input, Host, u64)>)> {
    ask().prop_flat_map(|ask| {
        let host = prop_oneof![2 => Just(ask.good()), 1 => odd(ask.good())];
        // Time, in milliseconds: mostly forwards, but nothing relies on it.
        let now = prop_oneof![9 => 0..60_000u64, 1 => select(vec![0, u64::MAX])];
        (Just(ask), vec((input(), host, now), 1..60), any::<bool>()).prop_map(
            |(ask, mut steps, sorted)| {
                if sorted {
                    let mut times: Vec<u64> = steps.iter().map(|(.., now)| *now).collect();
                    times.sort();
                    for ((.., now), time) in steps.iter_mut().zip(times) {
                        *now = time;
                    }
                }
                (ask, steps)
            },
        )
    })
}

proptest! {
    #![proptest_config(config(3_000))]

    /// The library and the model tell the same; it is deaf once until it listens again, and after a
    /// refusal it never does.
    #[test]
    fn it_tells_what_the_model_does((ask, steps) in any_story(), v4 in any::<bool>()) {
        let mut listener = Listener::new(ask.target(v4));
        let mut model = Model::new(ask);
        let (mut deaf, mut refused) = (false, false);
        for (input, host, now) in steps {
            let now = Duration::from_millis(now);
            let nanos = now.as_nanos();
            let shown = host.snapshot(v4);
            let (event, expected) = match input {
                Input::Look => (listener.handle_host(&shown), model.see(&host)),
                Input::Heard(mac, how) => (
                    listener.handle_sighting(sighting(mac, how), now, &shown),
                    model.hear((mac, how), nanos, &host),
                ),
                Input::Lost => (
                    listener.handle_failure(Inconclusive::Lost),
                    model.deafen(Detection::Inconclusive(Inconclusive::Lost)),
                ),
                Input::Refused => {
                    refused = true;
                    (listener.handle_refusal("no".to_owned()), model.refuse("no"))
                }
                Input::Noted(mac) => {
                    let heard = Conflict::Heard(sighting(mac, How::Reply));
                    listener.note(&Detection::Conflict(heard), now);
                    model.note(mac, nanos);
                    (None, None)
                }
            };
            prop_assert_eq!(event.as_ref().map(news), expected);
            prop_assert_eq!(listener.link(), model.link());
            match event {
                Some(Notice::NotListening(_)) => {
                    prop_assert!(!deaf);
                    deaf = true;
                }
                Some(Notice::Listening(index)) => {
                    prop_assert!(!refused);
                    prop_assert_eq!(listener.link(), Some(index));
                    deaf = false;
                }
                Some(Notice::Claim { sighting, .. }) => {
                    prop_assert!(sighting.how != How::Probe && !host.interrupted);
                    let is_ours = shown.links().iter().any(|link| link.mac() == Some(&sighting.mac));
                    prop_assert!(!is_ours && sighting.mac != mac([0; 6]) && sighting.mac != mac([0xff; 6]));
                }
                _ => {}
            }
            prop_assert!(!deaf || listener.link().is_none());
        }
    }
}
