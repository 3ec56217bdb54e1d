//! What leaves a host that asks for an address, as it is seen at the other end of its cable: three
//! probes at the most, each byte for byte, and nothing afterwards.

use bindnet_tests::{elsewhere, frames, lan, netns};

use std::net::IpAddr;
use std::thread::sleep;
use std::time::{Duration, SystemTime};

use bindnet::conflict::{Detection, How, Target, Timing};
use bindnet::live::Detector;
use elsewhere::Elsewhere;
use frames::{Frame, IPV6, Mac, Tap, announcement, arp_probe, solicitation};
use lan::{Lan, conflict, free, mac, own, verdict};
use netns::{ip, run, until};

/// The addresses that are asked for.
const IP: &str = "192.0.2.10";
const IP6: &str = "2001:db8::10";

const A: Mac = mac(0x0a);
const B: Mac = mac(0x0b);

/// How long it is looked whether anything more leaves: longer than the longest time between two
/// probes.
fn afterwards(timing: Timing) -> Duration {
    timing.probe_max() + Duration::from_millis(500)
}

/// How late a probe may leave, which brings it nearer to the next one: a busy machine may stop the
/// program between reading the clock and sending.
const LATE: Duration = Duration::from_millis(100);

/// The test's host, with both addresses, and another one; what leaves the first is seen.
fn two_hosts<T: Send>(test: impl FnOnce(&Elsewhere, &Tap) -> T + Send) {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        ip(&format!("addr add {IP}/24 dev eth0"));
        ip(&format!("addr add {IP6}/64 dev eth0 nodad"));
        let b = lan.host("b", B);
        test(&b, &lan.tap("eth0"));
    });
}

/// What has left the host, but for reports about multicast groups, in which the kernel tells what
/// it has joined for its address (MLD, RFC 3810).
fn left(tap: &Tap) -> Vec<Frame> {
    const REPORT: u8 = 143;
    let heard = tap.heard().into_iter();
    let is_report = |frame: &Frame| {
        // Behind a header of 8 bytes with the router alert stands ICMPv6.
        frame.kind() == IPV6 && frame.bytes[20] == 0 && frame.bytes[62] == REPORT
    };
    heard
        .filter(|frame| !frame.is_outgoing && !is_report(frame))
        .collect()
}

/// The frame that asks for an address.
fn probe(target: &Target) -> Vec<u8> {
    match target.address().ip() {
        IpAddr::V4(ip) => arp_probe(A, ip),
        IpAddr::V6(ip) => solicitation(A, ip),
    }
}

/// Asks, goes on listening, and returns the verdict, when it was there, and what left.
fn ask(target: Target, timing: Timing, tap: &Tap) -> (Detection, SystemTime, Vec<Frame>) {
    tap.heard();
    let mut detector = Detector::probe(target, timing).unwrap();
    let verdict = verdict(&mut detector);
    let now = SystemTime::now();
    assert_eq!(detector.deadline(), None);
    assert_eq!(detector.wait(afterwards(timing)).unwrap(), None);
    (verdict, now, left(tap))
}

fn bytes(frames: &[Frame]) -> Vec<Vec<u8>> {
    frames.iter().map(|frame| frame.bytes.clone()).collect()
}

#[test]
fn a_verdict_that_is_clear_took_three_probes() {
    two_hosts(|_, tap| {
        for target in [
            own(IP),
            free("192.0.2.99", "eth0"),
            own(IP6),
            free("2001:db8::99", "eth0"),
        ] {
            let (verdict, _, sent) = ask(target, Timing::Fast, tap);
            assert_eq!(verdict, Detection::Clear, "{target:?}");
            let probe = probe(&target);
            assert_eq!(bytes(&sent), [&probe[..]; 3], "{target:?}");
        }
    });
}

/// What RFC 5227 has a probe look like, written down by hand.
#[test]
fn a_probe_says_nothing_about_us() {
    two_hosts(|_, tap| {
        let (_, _, sent) = ask(own(IP), Timing::Fast, tap);
        let expected = [
            0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 0x0a, 8, 6, // to all, from us
            0, 1, 8, 0, 6, 4, 0, 1, // a request about IPv4 on Ethernet
            2, 0, 0, 0, 0, 0x0a, 0, 0, 0, 0, // from nobody
            0, 0, 0, 0, 0, 0, 192, 0, 2, 10, // about the address
        ];
        assert_eq!(sent[0].bytes, expected);
    });
}

/// With the times of the RFC the answer is there long before the second probe is due.
#[test]
fn where_another_host_answers_no_more_is_sent() {
    two_hosts(|b, tap| {
        b.ip(&format!("addr add {IP}/24 dev eth0"));
        b.ip(&format!("addr add {IP6}/64 dev eth0 nodad"));
        for target in [own(IP), own(IP6)] {
            let (verdict, _, sent) = ask(target, Timing::Rfc, tap);
            assert_eq!(verdict, conflict(B, How::Reply));
            assert_eq!(bytes(&sent), [probe(&target)]);
        }
    });
}

/// Where it is clear beforehand that nothing can come of it nobody is asked.
#[test]
fn where_it_cannot_be_told_nothing_is_sent() {
    two_hosts(|_, tap| {
        let (verdict, _, sent) = ask(own("192.0.2.99"), Timing::Fast, tap);
        assert_eq!((verdict.code(), sent.len()), ("inconclusive", 0));
        ip("link set eth0 arp off");
        let (verdict, _, sent) = ask(own(IP), Timing::Fast, tap);
        assert_eq!((verdict.code(), sent.len()), ("not-applicable", 0));
        ip("link set eth0 arp on");
        let (verdict, _, sent) = ask(own(IP), Timing::Fast, tap);
        assert_eq!((verdict.code(), sent.len()), ("clear", 3));
    });
}

#[test]
fn who_only_listens_sends_nothing() {
    two_hosts(|b, tap| {
        let mut v4 = Detector::watch(own(IP)).unwrap();
        let mut v6 = Detector::watch(own(IP6)).unwrap();
        assert_eq!(v4.wait(Duration::from_millis(500)).unwrap(), None);
        assert_eq!(v6.wait(Duration::from_millis(500)).unwrap(), None);
        // Nor does it defend the address.
        let other = b.run(|| Tap::on("eth0"));
        other.send(&announcement(B, IP.parse().unwrap()));
        assert!(v4.wait(lan::PATIENCE).unwrap().is_some());
        assert_eq!(v4.wait(afterwards(Timing::Fast)).unwrap(), None);
        assert_eq!(bytes(&left(tap)), [[0; 0]; 0]);
        // That it would have been seen:
        let ours = announcement(A, IP.parse().unwrap());
        Tap::on("eth0").send(&ours);
        tap.expect("our own frame", |frame| frame.bytes == ours);
    });
}

/// RFC 5227, section 1.1: PROBE_MIN between two probes, ANNOUNCE_WAIT after the last. The kernel
/// at the other end says when a frame came.
#[test]
fn the_times_of_the_rfc_are_kept() {
    for address in [IP, IP6] {
        two_hosts(|_, tap| {
            let (verdict, now, sent) = ask(own(address), Timing::Rfc, tap);
            assert_eq!(verdict, Detection::Clear);
            let mut times: Vec<_> = sent.iter().map(|frame| frame.at).collect();
            times.push(now);
            let waits = times.windows(2).map(|pair| pair[1].duration_since(pair[0]));
            let waits: Vec<_> = waits.map(|wait| wait.unwrap() + LATE).collect();
            let least = [1, 1, 2].map(Duration::from_secs);
            assert_eq!(waits.len(), least.len());
            assert!(
                waits.iter().zip(&least).all(|(wait, least)| wait >= least),
                "{waits:?}"
            );
        });
    }
}

/// So are those for a wired link, and the verdict is there sooner.
#[test]
fn the_times_for_a_wired_link_are_kept() {
    two_hosts(|_, tap| {
        let (_, now, sent) = ask(own(IP), Timing::Fast, tap);
        let timing = Timing::Fast;
        let least = timing.probe_min().saturating_sub(LATE);
        for pair in sent.windows(2) {
            assert!(pair[1].at.duration_since(pair[0].at).unwrap() >= least);
        }
        let last = now.duration_since(sent[2].at).unwrap() + LATE;
        assert!(last >= timing.announce_wait(), "{last:?}");
    });
}

/// A program that is stopped while probes are due does not send them all at once.
#[test]
fn what_is_late_is_not_made_up_for() {
    two_hosts(|_, tap| {
        let mut detector = Detector::probe(own(IP), Timing::Fast).unwrap();
        sleep(Duration::from_secs(2));
        until("the first probe was sent", || {
            assert_eq!(detector.dispatch().unwrap(), None);
            !left(tap).is_empty()
        });
        assert_eq!(left(tap).len(), 0);
        sleep(Duration::from_secs(1));
        for _ in 0..10 {
            assert_eq!(detector.dispatch().unwrap(), None);
        }
        assert_eq!(left(tap).len(), 1);
        assert_eq!(verdict(&mut detector), Detection::Clear);
        assert_eq!(left(tap).len(), 1);
    });
}
