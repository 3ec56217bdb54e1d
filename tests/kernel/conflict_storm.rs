//! Asking and listening on a wire on which others send as fast as they can: hostile frames, and
//! honest ones.

use bindnet_tests::{elsewhere, frames, lan, netns, ping, random};

use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Barrier};
use std::thread;
use std::time::Duration;

use bindnet::conflict::{Detection, How, Notice, Timing};
use bindnet::live::Detector;
use elsewhere::Elsewhere;
use frames::{ARP, BROADCAST, Mac, REPLY, REQUEST, Tap, VLAN, announcement, arp, frame};
use lan::{Lan, PATIENCE, ask, conflict, mac, own, verdict};
use netns::{ip, run};
use ping::Ping;
use random::{Random, seed};

/// The address of the test's host.
const IP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);

const A: Mac = mac(0x0a);
const B: Mac = mac(0x0b);
const C: Mac = mac(0x0c);

/// The test's host, and another one from where frames are sent.
fn two_hosts<T: Send>(test: impl FnOnce(&Lan, &Elsewhere, Tap) -> T + Send) {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        ip(&format!("addr add {IP}/24 dev eth0"));
        let b = lan.host("b", B);
        let tap = b.run(|| Tap::on("eth0"));
        test(&lan, &b, tap);
    });
}

fn listen() -> Detector {
    Detector::watch(own(&IP.to_string())).unwrap()
}

/// What there is to tell now.
fn now(detector: &mut Detector) -> Vec<Notice> {
    std::iter::from_fn(|| detector.wait(Duration::ZERO).unwrap()).collect()
}

/// Requires that nothing was heard yet, and a claim is.
fn assert_hears_only(detector: &mut Detector, tap: &Tap, mac: Mac) {
    tap.send(&announcement(mac, IP));
    let Some(Notice::Claim { sighting, .. }) = detector.wait(PATIENCE).unwrap() else {
        panic!("a claim is expected");
    };
    assert_eq!(sighting.mac.as_bytes(), mac);
    assert_eq!(now(detector), []);
}

/// A claim, but for one thing that makes it none.
fn hostile() -> Vec<(&'static str, Vec<u8>)> {
    let ask = |mac| arp(REQUEST, (mac, IP), ([0; 6], IP));
    let with = |at: usize, bytes: &[u8]| {
        let mut packet = ask(C);
        packet[at..at + bytes.len()].copy_from_slice(bytes);
        frame(BROADCAST, C, ARP, &packet)
    };
    let tagged = |kind: u16, tag: [u8; 2]| {
        let rest = [&tag[..], &ARP.to_be_bytes(), &ask(C)].concat();
        frame(BROADCAST, C, kind, &rest)
    };
    let mut hostile = vec![
        ("IEEE 802", with(0, &[0, 6])),
        ("no hardware", with(0, &[0xff, 0xff])),
        ("no IPv4", with(2, &[0x86, 0xdd])),
        ("long hardware addresses", with(4, &[20])),
        ("no addresses", with(4, &[0, 0])),
        ("long addresses", with(5, &[16])),
        ("RARP", with(6, &[0, 3])),
        ("inverse ARP", with(6, &[0, 8])),
        ("no operation", with(6, &[0, 0])),
        ("from nobody", frame(BROADCAST, C, ARP, &ask([0; 6]))),
        ("from everybody", frame(BROADCAST, C, ARP, &ask(BROADCAST))),
        ("from us", frame(BROADCAST, A, ARP, &ask(A))),
        ("from us by another", frame(BROADCAST, C, ARP, &ask(A))),
        ("to another host", frame(mac(0x77), C, ARP, &ask(C))),
        ("on another VLAN", tagged(VLAN, [0, 5])),
        ("with a priority there", tagged(VLAN, [0xe0, 5])),
        ("on an outer VLAN", tagged(0x88a8, [0, 5])),
        ("not ARP", frame(BROADCAST, C, 0x0800, &ask(C))),
        ("a local protocol", frame(BROADCAST, C, 0x88b5, &ask(C))),
    ];
    // Even a frame on a wire that pads is no shorter than its header.
    hostile.extend((0..28).map(|len| ("short", frame(BROADCAST, C, ARP, &ask(C)[..len]))));
    hostile
}

#[test]
fn a_claim_that_is_not_quite_one_is_not_heard() {
    two_hosts(|_, _, tap| {
        let mut detector = listen();
        for (what, frame) in hostile() {
            tap.send(&frame);
            assert_eq!(now(&mut detector), [], "{what}");
        }
        assert_hears_only(&mut detector, &tap, C);
        // A frame with a priority, and on no VLAN, is for everybody; as is what is padded.
        let claim = |mac| arp(REQUEST, (mac, IP), ([0; 6], IP));
        let tagged = [&[0xe0, 0][..], &ARP.to_be_bytes(), &claim(B)].concat();
        let padded = [&claim(mac(0x0d))[..], &[0xff; 1000]].concat();
        tap.send(&frame(BROADCAST, B, VLAN, &tagged));
        tap.send(&frame(BROADCAST, mac(0x0d), ARP, &padded));
        for mac in [B, mac(0x0d)] {
            let Some(Notice::Claim { sighting, .. }) = detector.wait(PATIENCE).unwrap() else {
                panic!();
            };
            assert_eq!(sighting.mac.as_bytes(), mac);
        }
    });
}

/// Any bytes behind the header; and a claim by us with one byte that is any other.
fn by_chance(random: &mut Random) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..random.below(80)).map(|_| random.next() as u8).collect();
    if random.percent(50) {
        bytes = arp(REPLY, (A, IP), (B, IP));
        // Not in the sender's hardware address: that would make it another host's.
        let at = random.one_of(&[0, 1, 2, 3, 4, 5, 6, 7, 14, 15, 16, 17, 18, 23, 24, 27]);
        bytes[at] = random.next() as u8;
    }
    frame(
        random.one_of(&[BROADCAST, A]),
        random.one_of(&[A, B, C]),
        ARP,
        &bytes,
    )
}

#[test]
fn frames_by_chance_are_not_heard() {
    let seed = seed();
    two_hosts(|_, _, tap| {
        let mut random = Random::new(seed, 0);
        let mut detector = listen();
        for _ in 0..50 {
            for _ in 0..100 {
                tap.send(&by_chance(&mut random));
            }
            assert_eq!(now(&mut detector), [], "BINDNET_SEED={seed}");
        }
        assert_hears_only(&mut detector, &tap, C);
    });
}

/// Anybody can make up any number of hardware addresses.
#[test]
fn of_many_hosts_that_claim_it_a_few_are_told() {
    two_hosts(|_, _, tap| {
        let mut detector = listen();
        let mut told = 0;
        for number in 0..600u16 {
            let [high, low] = number.to_be_bytes();
            tap.send(&announcement([2, 0, 0, 1, high, low], IP));
            told += now(&mut detector).len();
        }
        assert_eq!(told, 16);
    });
}

/// Sends some frames, each time it is called.
type Sender = Box<dyn FnMut() + Send>;

/// Others that send until the test is done.
fn beside<T>(senders: Vec<(&Elsewhere, Sender)>, test: impl FnOnce() -> T) -> T {
    let stop = Arc::new(AtomicBool::new(false));
    let begun = Arc::new(Barrier::new(senders.len() + 1));
    thread::scope(|scope| {
        for (host, mut send) in senders {
            let (stop, begun) = (stop.clone(), begun.clone());
            scope.spawn(move || {
                host.run(move || {
                    send();
                    begun.wait();
                    while !stop.load(Ordering::Relaxed) {
                        send();
                    }
                });
            });
        }
        begun.wait();
        let stops = Stops(stop);
        let done = test();
        drop(stops);
        done
    })
}

/// Stops the others, also where the test fails.
struct Stops(Arc<AtomicBool>);

impl Drop for Stops {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A daemon that listens has other things to do, too: a dispatch comes to its end though there is
/// always more, one event tells of it all, and afterwards nothing is left over.
#[test]
fn a_flood_of_claims_leaves_time_for_others() {
    two_hosts(|_, b, tap| {
        let mut detector = listen();
        let claim = announcement(C, IP);
        let flood: Sender = Box::new(move || tap.send(&claim));
        beside(vec![(b, flood)], || {
            let first = detector.wait(PATIENCE).unwrap();
            assert!(matches!(first, Some(Notice::Claim { .. })), "{first:?}");
            for _ in 0..200 {
                let event = detector.dispatch().unwrap();
                assert!(!matches!(event, Some(Notice::NotListening(_))), "{event:?}");
            }
            // Nor does it hide behind what is lost.
            for _ in 0..20 {
                let asked = ask(own(&IP.to_string()));
                assert_eq!(asked, conflict(C, How::Claim));
            }
        });
        now(&mut detector);
        assert_eq!(detector.dispatch().unwrap(), None);
    });
}

/// Frames that seem to come from us are nobody's claim. Where there are too many of them to read,
/// nothing is said.
#[test]
fn a_flood_of_frames_that_pass_the_filter_is_no_conflict() {
    two_hosts(|_, b, tap| {
        let ours = announcement(A, IP);
        let flood: Sender = Box::new(move || tap.send(&ours));
        beside(vec![(b, flood)], || {
            for _ in 0..3 {
                let asked = ask(own(&IP.to_string()));
                assert!(
                    matches!(asked.code(), "clear" | "inconclusive"),
                    "{asked:?}"
                );
            }
        });
        assert_eq!(ask(own(&IP.to_string())), Detection::Clear);
    });
}

/// Three hosts look for each other and for us, and send echoes, as busy as they can be.
#[test]
fn honest_traffic_is_no_conflict() {
    two_hosts(|lan, b, _| {
        let others = [lan.host("c", C), lan.host("d", mac(0x0d))];
        let hosts = [b, &others[0], &others[1]];
        let answered = Arc::new(AtomicUsize::new(0));
        let senders = hosts.into_iter().zip([B, C, mac(0x0d)]);
        let senders = senders.map(|(host, from)| {
            let own = Ipv4Addr::new(192, 0, 2, from[5]);
            host.ip(&format!("addr add {own}/24 dev eth0"));
            let (tap, mut ping) = host.run(|| (Tap::on("eth0"), Ping::open()));
            let answered = answered.clone();
            let send = move || {
                let nobody = Ipv4Addr::new(192, 0, 2, 99);
                for to in [IP, nobody, Ipv4Addr::new(192, 0, 2, 0x0b)] {
                    let looks = arp(REQUEST, (from, own), ([0; 6], to));
                    tap.send(&frame(BROADCAST, from, ARP, &looks));
                }
                tap.send(&announcement(from, own));
                ping.send(IP);
                let heard = ping.is_answered(Duration::from_millis(10));
                answered.fetch_add(usize::from(heard), Ordering::Relaxed);
                // What came by is of no use here.
                tap.heard();
            };
            (host, Box::new(send) as Sender)
        });
        beside(senders.collect(), || {
            let mut detector = listen();
            for _ in 0..10 {
                assert_eq!(ask(own(&IP.to_string())), Detection::Clear);
            }
            let free = ask(lan::free("192.0.2.98", "eth0"));
            assert_eq!(free, Detection::Clear);
            assert_eq!(now(&mut detector), []);
            assert!(answered.load(Ordering::Relaxed) > 0);
        });
        b.ip(&format!("addr add {IP}/24 dev eth0"));
        let mut detector = Detector::probe(own(&IP.to_string()), Timing::Fast).unwrap();
        assert_eq!(verdict(&mut detector), conflict(B, How::Reply));
    });
}
