//! What links cost a decision in system calls: four ioctls for each link of a candidate, a dump for very
//! many. RTM_GETLINK by an index, which waits for the RTNL lock, is for what no ioctl tells: the masters
//! of links if candidates are on several, and the kind of a link with the hardware address of a router.

use bindnet_tests::{many, netns, strace};

use std::collections::BTreeSet;

use many::{ASK_AT_MOST, links};
use netns::{cable, ip};
use strace::Call;

use super::system_calls::{DUMP, LINK, LINK_DUMP, assert_opens, steps, trace};

/// The steps of a decision that lists the addresses, asks by ioctls about so many links and by
/// RTM_GETLINK about so many.
fn asks(by_ioctls: usize, by_index: usize) -> Vec<&'static str> {
    let (links, masters) = (LINK.repeat(by_ioctls), LINK_DUMP.repeat(by_index));
    [&DUMP[..], &links, &masters].concat()
}

/// Requires that a new capturer asks so about a question, after its socket is open, and a kept one.
fn assert_asks(question: &str, expected: &[&str]) {
    let [new, mut kept] = trace(question);
    if expected.contains(&LINK_DUMP[0]) {
        // The kind of each link is a text, for which memory may be needed.
        kept.retain(|call| !call.is_memory());
    }
    assert_eq!(steps(&kept), expected, "{question}");
    assert_opens(&new, &steps(&kept));
    assert_each_link_once(&kept);
}

/// Four ioctls are about one link each, and no link is asked about twice.
fn assert_each_link_once(calls: &[Call]) {
    let asked: Vec<_> = calls.iter().filter(|call| call.name == "ioctl").collect();
    let mut seen = BTreeSet::new();
    for link in asked.chunks(LINK.len()) {
        let [first, .., last] = link else {
            panic!("{link:?}");
        };
        assert_eq!(first.arguments, last.arguments);
        assert!(seen.insert(&first.arguments), "{first:?}");
    }
}

#[test]
fn many_links_are_dumped() {
    strace::run(|| {
        links();
        // With it a host prefix of another link that is inside it.
        assert_asks("203.0.113.0", &asks(2, 2));
        // A host prefix, and the network that it is inside.
        assert_asks("203.0.113.77", &asks(2, 2));
        assert_asks("192.0.2.0", &asks(ASK_AT_MOST, ASK_AT_MOST));
        assert_asks("198.51.100.0", &[DUMP, LINK_DUMP].concat());
    });
}

/// A bridge with two ports, and a cable beside it.
fn bridge() {
    for name in ["eth0", "eth1", "eth2"] {
        cable(name);
    }
    ip("link add br0 type bridge");
    ip("link set br0 up");
    ip("link set eth0 master br0");
    ip("link set eth1 master br0");
}

#[test]
fn a_decision_about_one_link_does_not_ask_for_its_master() {
    strace::run(|| {
        bridge();
        ip("addr add 192.0.2.10/24 dev br0");
        ip("addr add 192.0.2.20/24 dev br0");
        ip("addr add 192.0.2.30/32 dev br0");
        ip("addr add 198.51.100.10/24 dev eth0");
        ip("addr add 198.51.100.20/24 dev eth0 label eth0:vip");
        ip("addr add 203.0.113.10/24 dev eth2");
        ip("addr add 2001:db8::10/64 dev eth1 nodad");
        ip("addr add 2001:db8::20/64 dev eth1 nodad");
        for question in [
            "192.0.2.0",
            "192.0.2.0/24",
            "192.0.2.10",
            "192.0.2.0 after 192.0.2.20",
            "198.51.100.0",
            "203.0.113.0",
            "2001:db8::",
            // None matches, and the nearest is on a port.
            "198.51.101.0",
        ] {
            assert_asks(question, &asks(1, 0));
        }
        // On one of the links that are asked for.
        let [_, kept] = trace("0.0.0.0/0 on eth0");
        assert_eq!(steps(&kept), [&LINK[..], &DUMP].concat());
        // A kept capturer asks again, because a link may join a bridge or leave it.
        ip("addr add 203.0.113.20/24 dev eth1");
        assert_asks("203.0.113.0", &[&asks(2, 2)[..], &LINK_DUMP].concat());
        // The bridge is one of them.
        ip("addr add 192.0.2.10/24 dev eth0");
        assert_asks("192.0.2.0", &asks(2, 2));
    });
}

#[test]
fn the_hardware_address_of_a_router_asks_for_the_kind() {
    strace::run(|| {
        bridge();
        ip("link set eth2 address 00:00:5e:00:01:33");
        ip("addr add 192.0.2.10/24 dev eth2");
        ip("addr add 198.51.100.10/24 dev eth0");
        assert_asks("192.0.2.0", &asks(1, 1));
        // Nothing is asked about a link that has no candidate.
        assert_asks("198.51.100.0", &asks(1, 0));
    });
}
