//! A probe under a virtual clock: when it asks, how often, and what it makes of each host.

use bindnet_tests::conflict_hosts;

use std::time::Duration;

use bindnet::conflict::{
    Conflict, Detection, How, Inconclusive, NotApplicable, Probe, Timing, Transmit,
};
use bindnet::snapshot::LinkFlags;
use bindnet::wire::{arp, ndisc};
use bindnet::{Address, Link, Snapshot};
use proptest::prelude::*;

use conflict_hosts::{
    ASKS, Ask, B, ENTRY, Entry, GOOD, Host, Is, OWN, ask, mac, random, sighting, timing,
};

const SECOND: Duration = Duration::from_secs(1);
const NANO: Duration = Duration::from_nanos(1);

/// When each probe was sent and when there was a verdict, where each timeout comes in time.
fn silent(
    ask: Ask,
    timing: Timing,
    random: [u32; 3],
    start: Duration,
) -> (Vec<Duration>, Duration, Detection) {
    let host = ask.good().snapshot(true);
    let mut probe = Probe::new(ask.target(true), timing, random, start);
    let (mut sent, mut end) = (Vec::new(), start);
    while let Some(now) = probe.deadline() {
        // Too early, nothing is done.
        let before = now.saturating_sub(NANO);
        if before >= end && before < now {
            assert_eq!(probe.handle_timeout(before, &host), None);
            assert_eq!(probe.deadline(), Some(now));
        }
        sent.extend(probe.handle_timeout(now, &host).map(|_| now));
        end = now;
    }
    (sent, end, probe.verdict().cloned().unwrap())
}

proptest! {
    /// RFC 5227, section 1.1: the first probe within PROBE_WAIT, the next ones PROBE_MIN to
    /// PROBE_MAX later, the verdict ANNOUNCE_WAIT after the last: 4 to 7 seconds in all.
    #[test]
    fn the_times_of_the_rfc(random in random(), start in 0..100_000u32, ask in ask()) {
        let start = Duration::from_millis(start.into());
        let (sent, end, verdict) = silent(ask, Timing::Rfc, random, start);
        prop_assert_eq!(verdict, Detection::Clear);
        let [first, second, third] = sent[..] else { panic!("{sent:?}") };
        prop_assert!(first - start < SECOND);
        for between in [second - first, third - second] {
            prop_assert!((SECOND..2 * SECOND).contains(&between), "{:?}", between);
        }
        prop_assert_eq!(end - third, 2 * SECOND);
        prop_assert!((4 * SECOND..7 * SECOND).contains(&(end - start)));
    }

    /// The deviation decides in under a second, after as many probes.
    #[test]
    fn fast_is_under_a_second(random in random(), ask in ask()) {
        let (sent, end, verdict) = silent(ask, Timing::Fast, random, SECOND);
        prop_assert_eq!((sent.len(), verdict), (3, Detection::Clear));
        prop_assert!(end - SECOND < Duration::from_millis(900));
        prop_assert!(end - sent[2] >= Duration::from_millis(400));
    }

    /// A timeout that comes late makes what follows late: no two probes come closer to each other,
    /// and the last one is waited for as long.
    #[test]
    fn late_timeouts(random in random(), timing in timing(), late in [0..5_000u64, 0..5_000, 0..5_000, 0..5_000, 0..5_000]) {
        let host = GOOD.snapshot(true);
        let mut probe = Probe::new(Ask::Own.target(true), timing, random, SECOND);
        let (mut sent, mut end) = (Vec::new(), SECOND);
        for late in late {
            end = probe.deadline().unwrap() + Duration::from_millis(late);
            sent.extend(probe.handle_timeout(end, &host).map(|_| end));
        }
        prop_assert_eq!(probe.verdict(), Some(&Detection::Clear));
        prop_assert_eq!(sent.len(), 3);
        for pair in sent.windows(2) {
            prop_assert!(pair[1] - pair[0] >= timing.probe_min());
        }
        prop_assert!(end - sent[2] >= timing.announce_wait());
    }
}

#[test]
fn the_end_of_time() {
    let host = GOOD.snapshot(true);
    for now in [Duration::MAX, Duration::MAX - SECOND] {
        let (sent, ..) = silent(Ask::Own, Timing::Rfc, [u32::MAX; 3], now);
        assert_eq!(sent.len(), 3);
    }
    // Backwards, nothing is due.
    let mut probe = Probe::new(Ask::Own.target(true), Timing::Fast, [0; 3], SECOND);
    assert_eq!(probe.handle_timeout(Duration::ZERO, &host), None);
    assert_eq!(probe.deadline(), Some(SECOND));
}

#[test]
fn what_is_sent() {
    for v4 in [true, false] {
        let host = GOOD.snapshot(v4);
        let mut probe = Probe::new(Ask::Own.target(v4), Timing::Fast, [7; 3], SECOND);
        let mut sent = Vec::new();
        while let Some(now) = probe.deadline() {
            sent.extend(probe.handle_timeout(now, &host));
        }
        assert_eq!(sent.len(), 3);
        for Transmit {
            link,
            destination,
            packet,
            ..
        } in sent
        {
            assert_eq!(link, 2);
            if v4 {
                let expected = arp::Packet::probe(OWN, [192, 0, 2, 10].into());
                assert_eq!(
                    (destination, packet),
                    ([0xff; 6], expected.to_bytes().to_vec())
                );
            } else {
                let expected = ndisc::Packet::probe("2001:db8::10".parse().unwrap());
                assert_eq!(destination, [0x33, 0x33, 0xff, 0, 0, 0x10]);
                assert_eq!(packet, expected.to_bytes());
            }
        }
    }
}

/// The verdict where the host is the same all the time and nobody is heard.
fn alone(ask: Ask, host: &Host) -> (Detection, usize) {
    let shown = host.snapshot(false);
    let mut probe = Probe::new(ask.target(false), Timing::Fast, [7; 3], SECOND);
    let mut sent = 0;
    while let Some(now) = probe.deadline() {
        assert!(now < 10 * SECOND);
        sent += usize::from(probe.handle_timeout(now, &shown).is_some());
    }
    (probe.verdict().cloned().unwrap(), sent)
}

#[test]
fn links_on_which_nobody_can_be_asked() {
    let rows = [
        (Is::Loopback, NotApplicable::Loopback),
        (Is::PointToPoint, NotApplicable::PointToPoint),
        (Is::NoArp, NotApplicable::NoArp),
        (Is::OtherHardware, NotApplicable::NotEthernet),
        (Is::WithoutMac, NotApplicable::NotEthernet),
    ];
    for ask in ASKS {
        for (is, why) in rows {
            let host = ask.good().with(|eth0| eth0.is = is);
            assert_eq!(alone(ask, &host), (Detection::NotApplicable(why), 0));
        }
        // Where it is not said what it is, its flags are those of Ethernet.
        let host = ask.good().with(|eth0| eth0.is = Is::Unsaid);
        assert_eq!(alone(ask, &host), (Detection::Clear, 3));
    }
}

#[test]
fn links_that_do_not_carry_a_probe() {
    let port = |name: &str| Inconclusive::Port(name.parse().unwrap());
    for ask in ASKS {
        let good = ask.good();
        let rows = [
            (good.with(|eth0| eth0.up = false), Inconclusive::LinkDown),
            (
                good.with(|eth0| eth0.running = false),
                Inconclusive::NoCarrier,
            ),
            (
                good.with(|eth0| eth0.lower_up = false),
                Inconclusive::NoCarrier,
            ),
            (good.with(|eth0| eth0.port_of = Some("bridge")), port("br0")),
            (good.with(|eth0| eth0.port_of = Some("bond")), port("br0")),
        ];
        for (host, doubt) in rows {
            assert_eq!(alone(ask, &host), (Detection::Inconclusive(doubt), 0));
        }
        // A VRF does not take the frames of its members.
        let host = good.with(|eth0| eth0.port_of = Some("vrf"));
        assert_eq!(alone(ask, &host), (Detection::Clear, 3));
    }
}

#[test]
fn addresses_and_links_that_are_not_here() {
    let on_eth1 = Some(Entry {
        on_second: true,
        ..ENTRY
    });
    let no_eth0 = Host { eth0: None, ..GOOD };
    let gone = Host {
        entry: None,
        ..GOOD
    };
    let moved = Host {
        entry: on_eth1,
        ..GOOD
    };
    let eth1 = Some("eth1".parse().unwrap());
    let rows = [
        (Ask::Own, gone, Inconclusive::NotHere(None)),
        (Ask::Own, no_eth0, Inconclusive::NotHere(None)),
        (Ask::OwnOnEth0, gone, Inconclusive::NotHere(None)),
        (Ask::OwnOnEth0, moved, Inconclusive::NotHere(eth1)),
        (Ask::OwnOnEth0, no_eth0, Inconclusive::NoLink),
        (Ask::Free, no_eth0, Inconclusive::NoLink),
    ];
    for (ask, host, doubt) in rows {
        assert_eq!(
            alone(ask, &host),
            (Detection::Inconclusive(doubt), 0),
            "{ask:?}"
        );
        // What is missing from a list that is not whole may be here.
        let host = Host {
            interrupted: true,
            ..host
        };
        let interrupted = Detection::Inconclusive(Inconclusive::Interrupted);
        assert_eq!(alone(ask, &host), (interrupted, 0), "{ask:?}");
    }
    assert_eq!(alone(Ask::Own, &moved), (Detection::Clear, 3));
}

/// An address of ours without a link is asked for where somebody can be asked.
#[test]
fn the_first_link_that_resolves_addresses() {
    let running = LinkFlags::UP | LinkFlags::RUNNING | LinkFlags::LOWER_UP;
    let link = |index, name: &str, flags| {
        let link = Link::new(index, name.parse().unwrap()).with_flags(running | flags);
        link.with_mac(mac([2, 0, 0, 0, 0, index as u8]))
    };
    let links = [
        link(1, "lo", LinkFlags::LOOPBACK),
        link(2, "tun0", LinkFlags::POINTOPOINT | LinkFlags::NOARP),
        link(3, "eth0", LinkFlags::BROADCAST),
        link(4, "eth1", LinkFlags::BROADCAST),
    ];
    let on = |index| Address::new("192.0.2.10/32".parse().unwrap(), index);
    let rows = [
        (vec![1, 2, 3, 4], Some(3)),
        (vec![2, 4, 3], Some(4)),
        (vec![1, 2], None),
    ];
    for (places, asked_on) in rows {
        let host = Snapshot::new(links.clone(), places.into_iter().map(on)).unwrap();
        let mut probe = Probe::new(Ask::Own.target(true), Timing::Fast, [0; 3], SECOND);
        let mut sent = Vec::new();
        while let Some(now) = probe.deadline() {
            sent.extend(probe.handle_timeout(now, &host));
        }
        assert!(sent.iter().all(|transmit| Some(transmit.link) == asked_on));
        let nobody = Detection::NotApplicable(NotApplicable::Loopback);
        let verdict = asked_on.map_or(nobody, |_| Detection::Clear);
        assert_eq!(probe.verdict(), Some(&verdict));
    }
}

/// RFC 4862, section 5.4.5, and the kernel's flags.
#[test]
fn tentative_and_dadfailed() {
    let entry = |tentative, dadfailed| {
        let entry = Entry {
            tentative,
            dadfailed,
            ..ENTRY
        };
        Host {
            entry: Some(entry),
            ..GOOD
        }
    };
    let stays = Detection::Inconclusive(Inconclusive::Tentative);
    let failed = Detection::Conflict(Conflict::DadFailed);
    for ask in ASKS {
        assert_eq!(alone(ask, &entry(true, false)), (stays.clone(), 0));
        // It is asked all the same, for whoever has it may tell.
        assert_eq!(alone(ask, &entry(true, true)), (failed.clone(), 3));
        assert_eq!(alone(ask, &entry(false, true)), (failed.clone(), 3));
        let down = entry(true, true).with(|eth0| eth0.up = false);
        assert_eq!(alone(ask, &down), (failed.clone(), 0));
    }
    // One that is heard is named.
    let host = entry(true, true).snapshot(false);
    let mut probe = Probe::new(Ask::Own.target(false), Timing::Fast, [0; 3], SECOND);
    let answer = sighting(B, How::Reply);
    probe.handle_sighting(answer, &host);
    assert_eq!(
        probe.verdict(),
        Some(&Detection::Conflict(Conflict::Heard(answer)))
    );
    // One that is not tentative any more is asked for.
    let (waiting, ready) = (entry(true, false).snapshot(false), GOOD.snapshot(false));
    let mut probe = Probe::new(Ask::Own.target(false), Timing::Fast, [0; 3], SECOND);
    let mut sent = 0;
    while let Some(now) = probe.deadline() {
        let host = if now < 3 * SECOND { &waiting } else { &ready };
        sent += usize::from(probe.handle_timeout(now, host).is_some());
        assert!(sent == 0 || now >= 3 * SECOND);
    }
    assert_eq!((probe.verdict(), sent), (Some(&Detection::Clear), 3));
}
