//! Hosts that change while they are captured: addresses and links come and go from another thread
//! in the network namespace of the test. There is no right answer about what comes and goes; there
//! is one about what stays.

use bindnet_tests::netns;

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bindnet::live::Capturer;
use bindnet::rule::WhyNone;
use bindnet::snapshot::{Consistency, Scope};
use bindnet::{Selector, Snapshot};
use netns::{
    AddressRequest, Changer, assert_sources_agree, cable, capturer, ip, ip_batch, link, run,
};

/// How long a host is stirred and watched. Every law holds for each of the captures; more of them
/// only make it more likely that a broken one is found.
const WATCH: Duration = Duration::from_secs(2);

/// When to give up: never a measurement.
const PATIENCE: Duration = Duration::from_secs(60);

/// What stays on a link that is stirred: several datagrams.
const STABLE: usize = 1500;

/// What stays on a link behind it.
const TAIL: usize = 500;

/// So many wrong lists tell a capturer that heeds the marks from one that does not.
const ENOUGH: usize = 10;

/// How often an address comes and goes without a pause.
const STIRS: usize = 60;

/// Runs `stir` again and again in a thread of the same namespace, until `watch` ends.
fn while_stirred<T>(stir: impl Fn() + Sync, watch: impl FnOnce() -> T) -> T {
    struct Stop<'a>(&'a AtomicBool);
    impl Drop for Stop<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stopped.load(Ordering::Relaxed) {
                stir();
            }
        });
        // Also where the watch panics, as the scope waits for the thread.
        let _stop = Stop(&stopped);
        watch()
    })
}

/// Adds and deletes addresses that stand before all the others of the link in kernel order: those
/// move up and down under a dump's feet. Then there is time for a clean dump.
fn stir_addresses(nets: impl Iterator<Item = String>, scope: Scope) -> impl Fn() + Sync {
    let link = link("eth0").index();
    let request = |net: String| AddressRequest::new(net.parse().unwrap(), link).with_scope(scope);
    let requests: Vec<_> = nets.map(request).collect();
    let changer = Changer::open();
    move || {
        for request in requests.iter().cycle().take(STIRS) {
            changer.add(request).unwrap();
            changer.delete(request).unwrap();
        }
        thread::sleep(Duration::from_millis(20));
    }
}

/// Whether a snapshot has every stable address once and no other one twice.
fn is_right(snapshot: &Snapshot, stable: &BTreeSet<IpAddr>) -> bool {
    let listed: Vec<IpAddr> = snapshot.addresses().map(|a| a.ip()).collect();
    let once: BTreeSet<IpAddr> = listed.iter().copied().collect();
    once.len() == listed.len() && once.is_superset(stable)
}

fn is_consistent(consistency: Option<Consistency>) -> bool {
    match consistency {
        Some(Consistency::Consistent) => true,
        Some(Consistency::Interrupted) => false,
        other => panic!("rtnetlink knows whether: {other:?}"),
    }
}

/// Watches a host whose addresses are stirred, and requires that wrong lists are marked.
///
/// Not each of them is, and that is the kernel's doing: from 6.9 on it dumps without the RTNL
/// lock, and counts a change only after it is in the list. A dump that reads the changed list and
/// ends before that is wrong and not marked, one or two of a hundred wrong ones with a list that
/// is stirred without a pause. A capturer that missed the marks would let all of them through.
fn watch_addresses(stable: &BTreeSet<IpAddr>, bindnet: &str, node: &str) {
    let (until, patience) = (Instant::now() + WATCH, Instant::now() + PATIENCE);
    let mut once = Capturer::open().unwrap().timeout(PATIENCE).attempts(1);
    let selector = Selector::new(bindnet.parse().unwrap()).previous(node.parse().unwrap());
    let (mut marked, mut unmarked) = (0, 0);
    while Instant::now() < until || marked < ENOUGH {
        assert!(
            Instant::now() < patience,
            "wrong: {marked} marked, {unmarked} not"
        );
        for _ in 0..4 {
            let snapshot = once.capture().unwrap();
            let consistent = is_consistent(snapshot.about().consistency);
            match (is_right(&snapshot, stable), consistent) {
                (true, _) => {}
                (false, false) => marked += 1,
                (false, true) => unmarked += 1,
            }
            // In a list that may be wrong, absence proves nothing: no other one is chosen.
            let decision = once.decide(&selector).unwrap();
            let other = decision
                .chosen()
                .is_none_or(|chosen| chosen.ip().to_string() != node);
            match is_consistent(decision.consistency()) {
                true => unmarked += usize::from(other),
                false => assert!(!other || decision.why_none() == Some(WhyNone::PreviousUnknown)),
            }
        }
    }
    // Repeating makes a clean one.
    let snapshot = capturer().capture().unwrap();
    assert!(is_consistent(snapshot.about().consistency));
    assert!(
        unmarked * 2 <= marked,
        "wrong: {marked} marked, {unmarked} not"
    );
}

#[test]
fn ipv4_addresses_come_and_go() {
    run(|| {
        let before = |n: usize| format!("10.9.{}.{}/32", n / 250, n % 250 + 1);
        let behind = |n: usize| format!("172.16.{}.{}/32", n / 250, n % 250 + 1);
        let mut stable = stage(before, behind);
        ip("addr add 10.9.200.1/16 dev eth0");
        stable.insert("10.9.200.1".parse().unwrap());
        // Scope host precedes every global address.
        let moving = (1..=10).map(|n| format!("127.9.9.{n}/32"));
        while_stirred(stir_addresses(moving, Scope::HOST), || {
            watch_addresses(&stable, "10.9.0.0", "10.9.200.1");
        });
        assert!(is_right(&assert_sources_agree(), &stable));
    });
}

#[test]
fn ipv6_addresses_come_and_go() {
    run(|| {
        let before = |n: usize| format!("2001:db8::{:x}/64", n + 1);
        let behind = |n: usize| format!("2001:db8:2::{:x}/64", n + 1);
        let stable = stage(before, behind);
        // The newest precedes all others of its scope.
        let moving = (1..=10).map(|n| format!("2001:db8:1::{n:x}/64"));
        while_stirred(stir_addresses(moving, Scope::GLOBAL), || {
            watch_addresses(&stable, "2001:db8::", "2001:db8::1");
        });
        assert!(is_right(&assert_sources_agree(), &stable));
    });
}

/// Stages what stays: on the link that is stirred, and on one behind it, whose list does not move
/// and only takes its time.
fn stage(before: impl Fn(usize) -> String, behind: impl Fn(usize) -> String) -> BTreeSet<IpAddr> {
    let mut stable = BTreeSet::new();
    for (link, count, net) in [
        ("eth0", STABLE, &before as &dyn Fn(usize) -> String),
        ("eth1", TAIL, &behind),
    ] {
        cable(link);
        let nets: Vec<_> = (0..count).map(net).collect();
        let nodad = if nets[0].contains(':') { "nodad" } else { "" };
        ip_batch(
            nets.iter()
                .map(|net| format!("addr add {net} dev {link} {nodad}")),
        );
        let ips = nets
            .iter()
            .map(|net| net.parse::<ipnet::IpNet>().unwrap().addr());
        stable.extend(ips);
    }
    stable
}

/// Links come and go with their addresses, between a dump of links and one of addresses too:
/// whatever is captured, no address is without its link, and what stays is there.
#[test]
fn links_come_and_go() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        ip("addr add 2001:db8::10/64 dev eth0 nodad");
        let stir = || {
            let came = ["link add eth7 type veth peer name eth8", "link set eth7 up"];
            let addresses = [
                "addr add 192.0.2.7/24 dev eth7",
                "addr add 2001:db8::7/64 dev eth7 nodad",
            ];
            let gone = ["link set eth7 name eth9", "link del eth8"];
            let all = [&came[..], &addresses[..], &gone[..]].concat();
            ip_batch(all.into_iter().map(str::to_owned));
        };
        while_stirred(stir, watch_links);
    });
}

fn watch_links() {
    let stable: BTreeSet<IpAddr> = ["192.0.2.10", "2001:db8::10"]
        .map(|ip| ip.parse().unwrap())
        .into();
    let (until, patience) = (Instant::now() + WATCH, Instant::now() + PATIENCE);
    let mut live = capturer();
    let (mut with, mut without) = (0, 0);
    while Instant::now() < until || with == 0 || without == 0 {
        assert!(Instant::now() < patience, "{with} with, {without} without");
        let snapshot = live.capture().unwrap();
        assert!(is_right(&snapshot, &stable));
        for address in snapshot.addresses() {
            assert!(snapshot.link_of(&address).is_some(), "{address:?}");
        }
        match snapshot.len() {
            2 => without += 1,
            _ => with += 1,
        }
        let getifaddrs = Snapshot::capture_by_getifaddrs().unwrap();
        let ips: BTreeSet<IpAddr> = getifaddrs.addresses().map(|a| a.ip()).collect();
        assert!(ips.is_superset(&stable));
        for (bindnet, node) in [("192.0.2.0", "192.0.2.10"), ("2001:db8::", "2001:db8::10")] {
            let selector = Selector::new(bindnet.parse().unwrap()).previous(node.parse().unwrap());
            let decision = live.decide(&selector).unwrap();
            assert_eq!(decision.chosen().unwrap().ip().to_string(), node);
            for candidate in decision.candidates() {
                assert!(candidate.interface().is_some(), "{candidate:?}");
            }
            // Restricted to what comes and goes, the outcome is either, and never an error.
            let restricted = Selector::new(bindnet.parse().unwrap());
            let decision = live.decide(&restricted.interface("eth7".parse().unwrap()));
            if let Some(chosen) = decision.unwrap().chosen() {
                assert_eq!(chosen.interface().unwrap().as_bytes(), b"eth7");
            }
        }
    }
}
