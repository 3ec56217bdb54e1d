//! The laws of a probe, whatever happens to it, and its comparison with a naive model.

use bindnet_tests::{conflict_hosts, probe_model};

use std::time::Duration;

use bindnet::conflict::{Conflict, Detection, How, Inconclusive, Probe};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use conflict_hosts::{
    Ask, B, C, Host, OWN, OWN_2, any_sighting, ask, config, odd, random, sighting, timing,
};
use probe_model::Model;

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);

/// Something happens to a probe.
#[derive(Clone, Debug)]
enum Input {
    /// A timeout, so many nanoseconds before or after it is due.
    Timeout(i64),
    Heard([u8; 6], How),
    Down,
    Lost,
    Refused,
}

/// What happens, and the host meanwhile: mostly timeouts on one that is as it should be.
fn steps(ask: Ask) -> impl Strategy<Value = Vec<(Input, Host)>> {
    let off = prop_oneof![
        6 => Just(0),
        1 => 0..10_000_000_000i64,
        1 => -3_000_000_000i64..0,
        1 => Just(-1),
    ];
    let input = prop_oneof![
        12 => off.prop_map(Input::Timeout),
        3 => any_sighting().prop_map(|(mac, how)| Input::Heard(mac, how)),
        1 => select(vec![Input::Down, Input::Lost, Input::Refused]),
    ];
    // An odd host is shown for a while, or at once.
    let host = prop_oneof![12 => Just(ask.good()), 1 => odd(ask.good())];
    (
        odd(ask.good()),
        prop::bool::weighted(0.3),
        vec((input, host), 1..14),
    )
        .prop_map(|(odd, is_odd, mut steps)| {
            let good = steps.iter().map(|(_, host)| *host).next();
            for (_, host) in &mut steps {
                if is_odd && Some(*host) == good {
                    *host = odd;
                }
            }
            steps
        })
}

fn any_story() -> impl Strategy<Value = (Ask, Vec<(Input, Host)>)> {
    ask().prop_flat_map(|ask| (Just(ask), steps(ask)))
}

/// What a link must have been for a probe to say that nobody answered.
fn is_ready(ask: Ask, host: &Host) -> bool {
    let Ok(here) = probe_model::place(ask, host) else {
        return false;
    };
    let eth0 = host.eth0.filter(|eth0| (eth0.index, eth0.changes) == here);
    here.0 == 3 || eth0.is_some_and(|eth0| eth0.up && eth0.running && eth0.lower_up)
}

proptest! {
    #![proptest_config(config(6_000))]

    /// The library and the model do the same at each step; and whatever comes, no more than three
    /// probes leave, a verdict stays, and each is one that the hosts that were shown allow.
    #[test]
    fn it_does_what_the_model_does(
        (ask, steps) in any_story(),
        v4 in any::<bool>(),
        timing in timing(),
        random in random(),
    ) {
        let mut now = SECOND;
        let mut probe = Probe::new(ask.target(v4), timing, random, now);
        let mut model = Model::new(ask, timing, random, now);
        let (mut sent, mut doubtful, mut told) = (0, false, None);
        for (input, host) in steps {
            let shown = host.snapshot(v4);
            match input {
                Input::Timeout(off) => {
                    let due = probe.deadline().unwrap_or(now);
                    let off_by = Duration::from_nanos(off.unsigned_abs());
                    now = if off < 0 { due.saturating_sub(off_by) } else { due + off_by };
                    let transmit = probe.handle_timeout(now, &shown);
                    prop_assert_eq!(transmit.is_some(), model.timeout(now, &host));
                    sent += usize::from(transmit.is_some());
                    // A probe leaves by the link that is ready, and only there.
                    if let Some(transmit) = transmit {
                        prop_assert!(is_ready(ask, &host));
                        prop_assert_eq!(Some(transmit.link), probe_model::place(ask, &host).ok().map(|place| place.0));
                    }
                }
                Input::Heard(mac, how) => {
                    let is_stranger = [B, C].contains(&mac) || mac[0] == 2 && !host.has_mac(mac);
                    doubtful |= is_stranger && host.interrupted && how != How::Probe;
                    let had = probe.verdict().is_some();
                    probe.handle_sighting(sighting(mac, how), &shown);
                    model.hear((mac, how), &host);
                    let conflict = probe.verdict().and_then(Detection::conflict);
                    if let (false, Some(Conflict::Heard(heard))) = (had, conflict) {
                        prop_assert_eq!(heard, sighting(mac, how));
                        prop_assert!(is_stranger && !host.interrupted);
                        let is_here = host.entry().is_some_and(|entry| !entry.on_second);
                        prop_assert!(how != How::Probe || ask == Ask::Free && !is_here);
                    }
                }
                Input::Down => {
                    probe.handle_down(&shown);
                    model.down(&host);
                }
                Input::Lost => {
                    probe.handle_failure(Inconclusive::Lost, &shown);
                    model.decide(Detection::Inconclusive(Inconclusive::Lost), &host);
                }
                Input::Refused => {
                    probe.handle_refusal("no".to_owned(), &shown);
                    model.decide(Detection::NotPermitted("no".to_owned()), &host);
                }
            }
            prop_assert!(sent <= 3);
            prop_assert_eq!(probe.deadline().map(|due| due.as_nanos()), model.deadline());
            prop_assert_eq!(probe.verdict(), model.verdict.as_ref());
            prop_assert_eq!(probe.deadline().is_none(), probe.verdict().is_some());
            if told.is_some() {
                prop_assert_eq!(probe.verdict(), told.as_ref());
            } else if probe.verdict() == Some(&Detection::Clear) {
                prop_assert!(sent == 3 && !doubtful);
            }
            told = probe.verdict().cloned();
        }
    }

    /// One moment in which the link was not as it is, whatever it was shown with, and it is not
    /// said that nobody answered.
    #[test]
    fn one_look_at_another_link_is_enough(
        ask in ask(),
        timing in timing(),
        at in 1..5usize,
        how in 0..4usize,
        other in 0..6usize,
    ) {
        let good = ask.good();
        let other = match other {
            0 => good.with(|eth0| eth0.up = false),
            1 => good.with(|eth0| eth0.running = false),
            2 => good.with(|eth0| eth0.lower_up = false),
            3 => good.with(|eth0| eth0.changes = Some(3)),
            4 => good.with(|eth0| eth0.index = 7),
            _ => Host { eth0: None, ..good },
        };
        let [good, other] = [good, other].map(|host| host.snapshot(true));
        let mut probe = Probe::new(ask.target(true), timing, [9; 3], SECOND);
        for step in 0.. {
            let Some(now) = probe.deadline() else { break };
            if step == at {
                match how {
                    0 => drop(probe.handle_timeout(now, &other)),
                    1 => drop(probe.handle_timeout(now - NANO, &other)),
                    2 => probe.handle_sighting(sighting(OWN_2, How::Claim), &other),
                    _ => probe.handle_down(&good),
                }
            }
            probe.handle_timeout(now, &good);
        }
        let verdict = probe.verdict().unwrap();
        prop_assert!(matches!(verdict, Detection::Inconclusive(_)), "{}", verdict);
    }

    /// Our own links, all of them, nobody and everybody are never others.
    #[test]
    fn our_own_packets_do_not_matter(
        ask in ask(),
        timing in timing(),
        random in random(),
        heard in vec((select(vec![OWN, OWN_2, [0; 6], [0xff; 6]]), select(vec![How::Reply, How::Claim, How::Probe])), 1..8),
        interrupted in any::<bool>(),
    ) {
        let host = Host { interrupted, ..ask.good() }.snapshot(false);
        let mut probe = Probe::new(ask.target(false), timing, random, SECOND);
        for (mac, how) in heard.iter().cycle() {
            let Some(now) = probe.deadline() else { break };
            probe.handle_sighting(sighting(*mac, *how), &host);
            probe.handle_timeout(now, &host);
        }
        let in_doubt = Detection::Inconclusive(Inconclusive::Interrupted);
        let expected = if interrupted { in_doubt } else { Detection::Clear };
        prop_assert_eq!(probe.verdict(), Some(&expected));
    }
}
