//! What asking costs in memory: the allocations of the thread that asks, on hosts that the tests
//! stage in network namespaces of their own.
//!
//! A new capturer makes room by doubling it. A kept one has its room: a decision of it allocates
//! the list of candidates that it hands out, where there are many, and the kinds of their links,
//! where these are several. A monitor asks again in the room it has.

mod sizes;

use bindnet_tests::{many, netns};

use std::collections::BTreeSet;
use std::hint::black_box;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use allocation_counter::measure;
use bindnet::choice::Tracker;
use bindnet::live::Monitor;
use bindnet::{Address, Decision, Link, Snapshot};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use many::{ASK_AT_MOST, LINKS, Many, SIZES, links, selector};
use netns::{AddressRequest, Changer, capturer, link, run};

/// The lists that grow with every address: the addresses with their masks, and what else is known.
const LISTS: u64 = 2;

/// What a new capturer allocates besides: a buffer, and lists of the candidate's link and of its
/// index.
const ONCE: u64 = 3;

/// How often the kernel is asked where the remembered choice is missing.
const UNTIL_BELIEVED: u64 = 3;

/// A question, how many addresses match, and how often the kernel is asked.
type Row = (&'static str, usize, u64);

/// About [`Many`].
const IPV4: [Row; 10] = [
    ("192.0.2.0", 1, 1),
    ("192.0.2.0 on eth0", 1, 1),
    ("192.0.2.0 after 192.0.2.10", 1, 1),
    ("192.0.2.0/28 on eth0 after 192.0.2.10", 1, 1),
    ("192.0.2.0 after 192.0.2.99", 1, UNTIL_BELIEVED),
    ("10.1.0.0/16", 250, 1),
    ("192.0.2.0 on absent", 0, 1),
    ("198.51.100.0", 0, 1),
    // A host prefix: the nearest, then the choice.
    ("10.0.0.2", 0, 1),
    ("10.0.0.1", 1, 1),
];

const IPV6: [Row; 8] = [
    ("2001:db8::", 1, 1),
    ("2001:db8:: on eth0", 1, 1),
    ("2001:db8:: after 2001:db8::10", 1, 1),
    ("2001:db8:: after 2001:db8::99", 1, UNTIL_BELIEVED),
    ("2001:db8:1::/64", 9_998, 1),
    ("2001:db8:9::", 0, 1),
    ("2001:db8:2::2", 0, 1),
    ("2001:db8:2::1", 1, 1),
];

/// About [`links`].
const ON_LINKS: [Row; 6] = [
    // With it a host prefix that is inside it, on another link.
    ("203.0.113.0", 2, 1),
    ("203.0.113.77", 2, 1),
    ("203.0.113.0 on v0", 1, 1),
    ("203.0.113.0 after 203.0.113.10", 2, 1),
    ("172.16.0.0", 0, 1),
    ("192.0.2.0", ASK_AT_MOST, 1),
];

/// How often this thread allocates; a list that outgrows its room allocates anew.
fn count<T>(work: impl FnOnce() -> T) -> (u64, T) {
    let mut result = None;
    let info = measure(|| result = Some(work()));
    (info.count_total, result.unwrap())
}

/// How often a `Vec` allocates that grows to this length, one by one: it begins with room for
/// four, and doubles it.
fn doublings(len: usize) -> u64 {
    match len {
        0 => 0,
        len => u64::from(len.div_ceil(4).next_power_of_two().ilog2()) + 1,
    }
}

#[test]
fn the_counter_counts() {
    let grow = |len: usize| {
        let mut list = Vec::new();
        (0..len).for_each(|n| list.push(black_box(n)));
        list.len()
    };
    for len in [0, 1, 4, 5, 100, 1_000, 10_000] {
        assert_eq!(count(|| grow(len)), (doublings(len), len));
    }
}

/// Requires that ten times the addresses take a few doublings more and nothing else.
fn assert_room_doubles(ipv6: bool) {
    let selector = selector(if ipv6 { "2001:db8::" } else { "192.0.2.0" });
    run(|| {
        let mut host = Many::stage(ipv6);
        let counts = SIZES.map(|size| {
            host.grow(size);
            let (counted, decision) = count(|| capturer().decide(&selector).unwrap());
            assert_eq!(decision.candidates().len(), 1);
            assert!(counted > doublings(size), "a list is the least: {counted}");
            counted
        });
        let most = |size| LISTS * doublings(size);
        assert!(counts[0] <= ONCE + most(SIZES[0]), "{counts:?}");
        for at in 1..SIZES.len() {
            let (more, few) = (most(SIZES[at]), most(SIZES[at - 1]));
            assert!(counts[at] <= counts[at - 1] + more - few, "{counts:?}");
        }
    });
}

#[test]
fn a_new_capturer_doubles_its_room() {
    assert_room_doubles(false);
}

#[test]
fn a_new_capturer_doubles_its_room_for_ipv6() {
    assert_room_doubles(true);
}

/// How often a decision may allocate for its candidates: up to four take no room of their own.
/// Among several IPv6 ones older siblings are found by a list like it. If they are on several links, the
/// masters are asked for, and the answer about each link has its kind, a text.
fn most(decision: &Decision) -> u64 {
    let candidates = decision.candidates();
    let spilled = doublings(candidates.len()).saturating_sub(1);
    let siblings = candidates.first().is_some_and(|c| c.ip().is_ipv6());
    let links: BTreeSet<_> = candidates.iter().map(|c| c.interface_index()).collect();
    let kinds = match links.len() {
        0 | 1 => 0,
        several => several as u64 + doublings(several),
    };
    kinds + if siblings { 2 * spilled } else { spilled }
}

/// What was counted, where it is more than it has to be.
fn wrong(row: &Row, what: &str, (counted, decision): (u64, Decision)) -> Option<String> {
    let (question, candidates, rounds) = *row;
    assert_eq!(decision.candidates().len(), candidates, "{question}");
    let most = rounds * most(&decision);
    (counted > most).then(|| format!("{question}: {what}: {counted}, not {most}"))
}

/// Requires that every run but the first allocates for many candidates alone.
fn assert_for_many_candidates_alone(rows: &[Row]) {
    let mut live = capturer();
    let mut all = Vec::new();
    for row in rows {
        let selector = selector(row.0);
        let _ = live.decide(&selector).unwrap();
        for run in ["second", "third"] {
            let counted = count(|| live.decide(&selector).unwrap());
            all.extend(wrong(row, run, counted));
        }
    }
    assert!(all.is_empty(), "{all:#?}");
}

#[test]
fn a_kept_capturer_allocates_for_many_candidates_alone() {
    run(|| {
        Many::stage(false).grow(10_000);
        assert_for_many_candidates_alone(&IPV4);
    });
}

#[test]
fn a_kept_capturer_allocates_for_many_candidates_of_ipv6_alone() {
    run(|| {
        Many::stage(true).grow(10_000);
        assert_for_many_candidates_alone(&IPV6);
    });
}

#[test]
fn a_kept_capturer_allocates_for_many_candidates_alone_on_many_links() {
    run(|| {
        links();
        assert_for_many_candidates_alone(&ON_LINKS);
    });
}

/// A dump of links brings the kind of each, which is a text; besides, lists double.
#[test]
fn a_dump_of_links_allocates_once_for_each() {
    run(|| {
        links();
        let selector = selector("198.51.100.0");
        let mut live = capturer();
        let _ = live.decide(&selector).unwrap();
        let (counted, decision) = count(|| live.decide(&selector).unwrap());
        assert_eq!(decision.candidates().len(), ASK_AT_MOST + 1);
        let kinds = LINKS as u64;
        assert!(counted <= kinds + 8 * doublings(LINKS), "{counted}");
    });
}

/// What a monitor allocates when an address comes or goes: a note that its link is to be asked
/// about, and the time as a text.
const NOTED: u64 = 2;

/// Requires that a monitor asks again in the room that it has.
fn assert_monitor_keeps_its_room(ipv6: bool) {
    run(|| {
        Many::stage(ipv6).grow(1_000);
        let net = match ipv6 {
            false => "198.51.100.1/24",
            true => "2001:db8:9::1/64",
        };
        let come_and_go = AddressRequest::new(net.parse().unwrap(), link("eth0").index());
        let changer = Changer::open();
        let monitor = Monitor::with_capturer(capturer()).unwrap();
        let mut monitor = monitor.debounce(Duration::ZERO);
        let mut least = [u64::MAX; 2];
        // The kernel may tell of links meanwhile, so that it is done several times.
        for round in 0..20 {
            match round % 2 {
                0 => changer.add(&come_and_go).unwrap(),
                _ => changer.delete(&come_and_go).unwrap(),
            }
            netns::until("the kernel tells of it", || {
                let (counted, news) = count(|| monitor.dispatch().unwrap().is_some());
                if news {
                    least[round % 2] = least[round % 2].min(counted);
                }
                news
            });
            let fresh = capturer().capture().unwrap();
            assert_eq!(monitor.snapshot().len(), fresh.len());
        }
        assert_eq!(least, [NOTED; 2]);
    });
}

#[test]
fn a_monitor_asks_again_in_the_room_it_has() {
    assert_monitor_keeps_its_room(false);
}

#[test]
fn a_monitor_asks_again_in_the_room_it_has_for_ipv6() {
    assert_monitor_keeps_its_room(true);
}

/// Where nothing changes for it, also while it waits for its choice.
#[test]
fn a_tracker_allocates_as_a_decision_does() {
    let host = snapshot();
    let mut all = Vec::new();
    for (question, candidates, _) in IPV4.iter().chain(&IPV6) {
        let selector = selector(question);
        let mut tracker = Tracker::new(selector.clone());
        assert!(tracker.update(&host).is_some());
        let (counted, event) = count(|| tracker.update(&host));
        assert!(event.is_none(), "{question}: {event:?}");
        let counted = (counted, selector.decide(&host));
        all.extend(wrong(&(question, *candidates, 1), "update", counted));
    }
    assert!(all.is_empty(), "{all:#?}");
}

/// The addresses of [`Many`], captured by nobody.
fn snapshot() -> Snapshot {
    let (eth0, many0) = ("eth0".parse().unwrap(), "many0".parse().unwrap());
    let net = |text: &str| text.parse::<IpNet>().unwrap();
    let v4 = |n: u8| {
        let ip = move |m| Ipv4Addr::new(10, n, m, 1);
        (0..250).map(move |m| IpNet::from(Ipv4Net::new(ip(m), 24).unwrap()))
    };
    let v6 = |n: u16| {
        let ip = Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, n);
        IpNet::from(Ipv6Net::new(ip, 64).unwrap())
    };
    let ours = [net("192.0.2.10/24"), net("2001:db8::10/64")];
    let others = [net("10.0.0.1/32"), net("2001:db8:2::1/128")].into_iter();
    let others = others.chain((0..40).flat_map(v4).skip(1).take(9_998));
    let others = others.chain((1..9_999).map(v6));
    Snapshot::new(
        [Link::new(2, eth0), Link::new(3, many0)],
        ours.map(|net| Address::new(net, 2))
            .into_iter()
            .chain(others.map(|net| Address::new(net, 3))),
    )
    .unwrap()
}

#[test]
fn a_decision_on_a_snapshot_allocates_for_many_candidates_alone() {
    let host = snapshot();
    assert_eq!(host.len(), 20_000);
    let mut all = Vec::new();
    for (question, candidates, _) in IPV4.iter().chain(&IPV6) {
        let selector = selector(question);
        let counted = count(|| selector.decide(&host));
        all.extend(wrong(&(question, *candidates, 1), "decide", counted));
    }
    assert!(all.is_empty(), "{all:#?}");
}

#[test]
fn matching_allocates_nothing() {
    let host = snapshot();
    for (question, candidates, _) in IPV4.iter().chain(&IPV6) {
        let selector = selector(question);
        let mut found = 0;
        let (counted, ()) = count(|| selector.bindnet().each_match(&host, |_, _| found += 1));
        assert_eq!(counted, 0, "{question}");
        // It knows nothing of the link that a selector is restricted to.
        let restricted = question.ends_with("on absent");
        assert!(found == *candidates || restricted, "{question}: {found}");
    }
}
