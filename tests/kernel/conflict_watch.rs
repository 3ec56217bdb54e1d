//! Listening for hosts that claim an address, on real links that come and go, and beside hosts that
//! send anything at all.

use bindnet_tests::{elsewhere, frames, lan, netns};

use std::net::{Ipv4Addr, UdpSocket};
use std::time::{Duration, Instant};

use bindnet::conflict::{DEFEND_INTERVAL, How, Notice};
use bindnet::live::Detector;
use elsewhere::Elsewhere;
use frames::{ARP, BROADCAST, Mac, REPLY, Tap, announcement, arp, frame};
use lan::{Lan, PATIENCE, assert_unknown, mac, own, sighting};
use netns::{ip, link, run};

/// The address that is listened for.
const IP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);

const A: Mac = mac(0x0a);
const B: Mac = mac(0x0b);
const C: Mac = mac(0x0c);

/// The test's host listens for its own address; another one is on the wire.
struct Stage {
    lan: Lan,
    b: Elsewhere,
    /// From where that one sends frames.
    tap: Tap,
    detector: Detector,
}

fn watch<T: Send>(test: impl FnOnce(&mut Stage) -> T + Send) {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        give();
        let b = lan.host("b", B);
        test(&mut Stage {
            tap: b.run(|| Tap::on("eth0")),
            detector: Detector::watch(own(&IP.to_string())).unwrap(),
            lan,
            b,
        });
    });
}

fn give() {
    ip(&format!("addr add {IP}/24 dev eth0"));
}

impl Stage {
    /// The next event, which comes.
    fn next(&mut self) -> Notice {
        let event = self.detector.wait(PATIENCE).unwrap();
        event.expect("an event")
    }

    /// What there is to tell now: frames that were sent have arrived.
    fn now(&mut self) -> Vec<Notice> {
        std::iter::from_fn(|| self.detector.wait(Duration::ZERO).unwrap()).collect()
    }

    /// Sends that this hardware address has the address.
    fn claim(&self, mac: Mac) {
        self.tap.send(&announcement(mac, IP));
    }

    /// Requires that it listens, and that nothing was heard until now: of a hardware address that
    /// was not heard before it is told, and of nothing else.
    fn assert_hears_only(&mut self, mac: Mac) {
        self.claim(mac);
        let event = self.next();
        let mut events = self.now();
        events.insert(0, event);
        assert_eq!(events.iter().map(claimed).collect::<Vec<_>>(), [(mac, 1)]);
    }
}

/// Who claims the address, and for the how many-th time.
fn claimed(event: &Notice) -> (Mac, u64) {
    match event {
        Notice::Claim {
            sighting, count, ..
        } => (sighting.mac.as_bytes().try_into().unwrap(), *count),
        other => panic!("a claim is expected, not {other:?}"),
    }
}

/// A host that has the address, too, and has no reason to send, is not heard. It is as soon as it
/// looks for anybody.
#[test]
fn another_host_is_named_at_its_first_broadcast() {
    watch(|stage| {
        stage.b.ip(&format!("addr add {IP}/24 dev eth0"));
        assert_eq!(stage.now(), []);
        stage.b.run(|| {
            let socket = UdpSocket::bind((IP, 0)).unwrap();
            socket
                .send_to(b"What time is it?", "192.0.2.123:123")
                .unwrap();
        });
        let event = stage.next();
        assert_eq!(claimed(&event), (B, 1));
        let report = stage.detector.report(event);
        assert_eq!(
            (report.how(), report.count()),
            (Some(How::Claim), Some((1, 0)))
        );
        assert_eq!(report.interface(), Some("eth0".parse().unwrap()));
    });
}

#[test]
fn replies_and_announcements_are_claims_and_probes_are_none() {
    watch(|stage| {
        // A reply to somebody else is not for us to see, but for whom a switch floods it.
        let reply = arp(REPLY, (C, IP), (B, Ipv4Addr::new(192, 0, 2, 11)));
        stage.tap.send(&frames::arp_probe(B, IP));
        stage.tap.send(&frame(mac(0x77), C, ARP, &reply));
        assert_eq!(stage.now(), []);
        stage.tap.send(&frame(BROADCAST, C, ARP, &reply));
        let Notice::Claim {
            sighting: heard, ..
        } = stage.next()
        else {
            panic!();
        };
        assert_eq!(heard, sighting(C, How::Reply));
        stage.assert_hears_only(B);
    });
}

/// Ten seconds long nothing more is said of a host, but it is counted.
#[test]
fn a_host_is_named_once_in_a_while() {
    watch(|stage| {
        let begun = Instant::now();
        let (mut sent, mut told) = (0, Vec::new());
        while told.len() < 2 {
            assert!(begun.elapsed() < PATIENCE, "{told:?}");
            stage.claim(B);
            sent += 1;
            if let Some(event) = stage.detector.wait(Duration::from_millis(100)).unwrap() {
                told.push((claimed(&event), begun.elapsed()));
            }
            if sent == 3 {
                stage.assert_hears_only(C);
            }
        }
        let [(first, _), (second, when)] = told[..] else {
            panic!("{told:?}");
        };
        assert_eq!(first, (B, 1));
        assert_eq!(second, (B, sent));
        assert!(when >= DEFEND_INTERVAL, "{when:?}");
    });
}

#[test]
fn our_own_frames_are_not_heard() {
    watch(|stage| {
        let ours = Tap::on("eth0");
        let port = stage.lan.tap("eth0");
        // Our kernel looks for a neighbour; and a program of ours says what only another host's
        // would.
        let socket = UdpSocket::bind((IP, 0)).unwrap();
        socket.send_to(b"Anybody?", "192.0.2.123:123").unwrap();
        ours.send(&announcement(A, IP));
        ours.send(&announcement(C, IP));
        for from in [A, C] {
            port.expect("it was sent", |heard| heard.bytes == announcement(from, IP));
        }
        assert_eq!(stage.now(), []);
        stage.assert_hears_only(C);
    });
}

/// Who it is on the wire is one thing, who it says it is another. Our hardware address is ours
/// whoever sends it, also one that we have had only since.
#[test]
fn a_hardware_address_that_has_become_ours_is_not_another_host_s() {
    watch(|stage| {
        let (late, macvlan) = (mac(0x1a), mac(0x2a));
        stage.claim(A);
        stage.lan.plug("eth1", late);
        ip("link add mv0 link eth1 address 02:00:00:00:00:2a type macvlan mode bridge");
        stage.claim(late);
        stage.claim(macvlan);
        assert_eq!(stage.now(), []);
        stage.assert_hears_only(B);
        // When it is gone, whoever has it is another.
        ip("link del mv0");
        stage.assert_hears_only(macvlan);
    });
}

#[test]
fn a_link_that_flaps_is_told_of() {
    watch(|stage| {
        for (cut, from) in [(true, B), (false, C)] {
            if cut {
                stage.lan.cut("eth0");
            } else {
                ip("link set eth0 down");
            }
            let Notice::NotListening(why) = stage.next() else {
                panic!();
            };
            assert_eq!(why.code(), "inconclusive", "{why}");
            if cut {
                stage.lan.mend("eth0");
            } else {
                ip("link set eth0 up");
            }
            let index = link("eth0").index();
            stage.listens_again(index);
            stage.assert_hears_only(from);
        }
    });
}

impl Stage {
    /// Dispatches until it listens on a link that is up for good.
    fn listens_again(&mut self, index: u32) {
        let mut listens = false;
        netns::until("the carrier is back", || {
            link("eth0").is_running() == Some(true)
        });
        let give_up = Instant::now() + PATIENCE;
        while !listens {
            assert!(Instant::now() < give_up);
            match self.next() {
                Notice::Listening(on) => listens = on == index,
                Notice::NotListening(_) => {}
                other => panic!("{other:?}"),
            }
        }
        for event in self.now() {
            assert!(!matches!(event, Notice::Claim { .. }), "{event:?}");
        }
    }
}

#[test]
fn a_link_that_is_made_again_is_listened_on() {
    watch(|stage| {
        let before = link("eth0").index();
        ip("link del eth0");
        let Notice::NotListening(why) = stage.next() else {
            panic!();
        };
        assert_eq!(why.code(), "inconclusive", "{why:?}");
        // Meanwhile there is another address, and another link.
        stage.lan.plug("eth9", mac(0x1a));
        stage.lan.plug("eth0", A);
        assert_ne!(link("eth0").index(), before);
        give();
        stage.listens_again(link("eth0").index());
        stage.assert_hears_only(B);
    });
}

/// With its old index, of which the socket of the old link knows nothing; without a look at it in
/// between, and with one.
#[test]
fn a_link_that_is_made_again_with_its_index_is_listened_on() {
    watch(|stage| {
        let index = link("eth0").index();
        for (looks, from) in [(false, B), (true, C)] {
            ip("link del eth0");
            if looks {
                assert!(matches!(stage.next(), Notice::NotListening(_)));
                assert_eq!(stage.now(), []);
            }
            stage.lan.plug_as("eth0", A, index);
            assert_eq!(link("eth0").index(), index);
            give();
            stage.listens_again(index);
            stage.assert_hears_only(from);
        }
    });
}

#[test]
fn an_address_that_is_gone_is_not_ours_to_claim() {
    watch(|stage| {
        ip(&format!("addr del {IP}/24 dev eth0"));
        stage.claim(B);
        let Notice::NotListening(why) = stage.next() else {
            panic!();
        };
        assert_unknown(&why, "inconclusive", "this host does not have it");
        stage.claim(B);
        assert_eq!(stage.now(), []);
        give();
        assert!(matches!(stage.next(), Notice::Listening(_)));
        stage.assert_hears_only(C);
    });
}

#[test]
fn where_nothing_can_be_heard_it_says_so() {
    watch(|stage| {
        ip("link set lo up");
        let mut detector = Detector::watch(own("127.0.0.1")).unwrap();
        let Some(Notice::NotListening(why)) = detector.wait(PATIENCE).unwrap() else {
            panic!();
        };
        assert_unknown(&why, "not-applicable", "loopback");
        stage.assert_hears_only(B);
    });
}

/// A floating address moves to another host before it leaves the one that had it, which sees that
/// as a conflict: listen for the fixed one.
#[test]
fn a_failover_may_look_like_a_conflict() {
    watch(|stage| {
        ip("addr add 192.0.2.20/24 dev eth0 label eth0:vip");
        let mut vip = Detector::watch(own("192.0.2.20")).unwrap();
        assert_eq!(vip.wait(Duration::ZERO).unwrap(), None);
        stage
            .tap
            .send(&announcement(B, "192.0.2.20".parse().unwrap()));
        let event = vip.wait(PATIENCE).unwrap().expect("an event");
        ip("addr del 192.0.2.20/24 dev eth0");
        assert_eq!(claimed(&event), (B, 1));
        let reason = vip.report(event).reason().unwrap();
        assert!(reason.contains("maybe a failover"), "{reason}");
        assert_eq!(stage.now(), []);
        stage.claim(B);
        let event = stage.next();
        let reason = stage.detector.report(event).reason().unwrap();
        assert!(!reason.contains("maybe a failover"), "{reason}");
    });
}
