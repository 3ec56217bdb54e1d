//! Step 1 of the rule: what matches, and what is ready for bind(2).

use bindnet_tests::rows;

use std::net::SocketAddr;

use bindnet::Verdict;
use bindnet::rule::Match;

use rows::{decide, table};

#[test]
fn step_1_matches_by_the_own_mask() {
    table(
        "
        # exact
        preview 192.0.2.10 -> 192.0.2.10
            eth0 192.0.2.10/24                  => exact chosen

        # exact
        preview 2001:db8::10 -> 2001:db8::10
            eth0 2001:db8::10/64                => exact chosen

        # the address is its own network
        preview 192.0.2.0 -> 192.0.2.0
            eth0 192.0.2.0/31                   => exact chosen

        # network
        preview 192.0.2.0 -> 192.0.2.10
            eth0 192.0.2.10/24                  => network chosen
            eth0 198.51.100.10/24

        # network, IPv6 by mask too
        preview 2001:db8:: -> 2001:db8::10
            eth0 2001:db8::10/64                => network chosen
            eth0 2001:db8:0:1::10/64

        # the own mask, not that of a class
        preview 192.0.2.128 -> 192.0.2.130
            eth0 192.0.2.10/25
            eth0 192.0.2.130/25                 => network chosen

        # any other mask is other host bits
        preview 192.0.2.0 -> 192.0.2.10
            eth0 192.0.2.10/28                  => network chosen
            eth0 192.0.2.20/28

        # same-network
        preview 192.0.2.99 -> 192.0.2.10 AMBIGUOUS same-network
            eth0 192.0.2.10/24                  => same-network chosen

        # same-network
        preview 2001:db8::99 -> 2001:db8::10 AMBIGUOUS same-network
            eth0 2001:db8::10/64                => same-network chosen

        # host bits under one mask, none under another
        preview 192.0.2.128 -> 192.0.2.130
            eth0 192.0.2.130/25                 => network chosen
            eth1 198.51.100.1/24

        # /32 matches only exactly
        preview 192.0.2.0 -> none NoMatch
            eth0 192.0.2.10/32

        # /128 matches only exactly
        preview 2001:db8:: -> none NoMatch
            eth0 2001:db8::10/128

        # a /32 matches exactly
        preview 192.0.2.10 -> 192.0.2.10
            eth0 192.0.2.10/32                  => exact chosen

        # a /128 matches exactly
        preview 2001:db8::10 -> 2001:db8::10
            eth0 2001:db8::10/128               => exact chosen

        # /0 matches everything
        preview 198.51.100.0 -> 192.0.2.10 AMBIGUOUS same-network
            eth0 192.0.2.10/0                   => same-network chosen

        # /0 matches everything
        preview 2001:db8::99 -> 2001:db8:1::1 AMBIGUOUS same-network
            eth0 2001:db8:1::1/0                => same-network chosen

        # a loopback address only from inside 127.0.0.0/8
        preview 0.0.0.0/0 -> 192.0.2.10
            lo 127.0.0.1/8
            eth0 192.0.2.10/24                  => network chosen

        # a loopback address only from inside 127.0.0.0/8
        preview 127.0.0.0 -> 127.0.0.1
            lo 127.0.0.1/8                      => network chosen loopback
            eth0 192.0.2.10/24

        # a link-local address only from inside fe80::/10, and ::1 only by itself
        preview ::/0 -> 2001:db8::10
            lo ::1/128
            eth0 fe80::1/64
            eth0 2001:db8::10/64                => network chosen

        # no bindnetaddr is inside of the host's only network
        preview ::/0 -> none NoMatch
            lo ::1/128
            eth0 fe80::1/64

        # a link-local address from inside fe80::/10
        preview fe80::/64 -> fe80::1%2
            lo ::1/128
            eth0 fe80::1/64                     => network chosen
            eth0 2001:db8::10/64

        # no network is wider than fe80::/10 and matches it
        preview 2001:db8::99 -> none NoMatch
            eth0 fe80::1/0

        # a mask with holes
        preview 192.0.2.0 -> 192.7.2.10
            eth0 192.7.2.10/255.0.255.0         => network chosen
            eth0 192.7.3.10/255.0.255.0

        # a mask with holes
        preview 192.0.2.99 -> 192.7.2.10 AMBIGUOUS same-network
            eth0 192.7.2.10/255.0.255.0         => same-network chosen

        # the prefix of a peer's network is as good
        preview 192.0.2.0 -> 192.0.2.10
            tun0 192.0.2.10/24 peer=192.0.2.11  => network chosen
        ",
    );
}

#[test]
fn step_1_matches_by_the_family() {
    table(
        "
        # the other family never matters
        preview 192.0.2.0 -> 192.0.2.10
            eth0 192.0.2.10/24                  => network chosen
            eth0 ::ffff:c000:20b/96
            eth0 2001:db8::10/0

        # the other family never matters
        preview 2001:db8::10 -> 2001:db8::10
            eth0 192.0.2.10/0
            eth0 2001:db8::10/0                 => exact chosen
        ",
    );
}

#[test]
fn step_1_matches_a_network_with_its_prefix() {
    table(
        "
        # whatever is inside, whatever its mask
        preview 192.0.2.0/24 -> 192.0.2.10 AMBIGUOUS kernel-order
            eth0 192.0.2.10/28                  => network chosen
            eth0 192.0.2.20/16                  => network outranked
            eth0 192.0.3.10/16

        # whatever is inside, whatever its mask
        preview 2001:db8::/48 -> 2001:db8::20 AMBIGUOUS kernel-order
            eth0 2001:db8::20/64                => network chosen
            eth1 2001:db8:0:1::10/64            => network outranked
            eth1 2001:db8:1::10/16

        # also the address of the network itself
        preview 192.0.2.0/24 -> 192.0.2.0
            eth0 192.0.2.0/24                   => network chosen

        # /32 means exact
        preview 192.0.2.10/32 -> 192.0.2.10
            eth0 192.0.2.10/24                  => exact chosen
            eth0 192.0.2.11/24

        # /128 means exact
        preview 2001:db8::10/128 -> 2001:db8::10
            eth0 2001:db8::11/64
            eth0 2001:db8::10/64                => exact chosen

        # /32 takes no neighbour
        preview 192.0.2.99/32 -> none NoMatch
            eth0 192.0.2.10/24

        # several networks, in kernel order
        preview 198.51.100.0/24,192.0.2.0/24 -> 192.0.2.10 AMBIGUOUS kernel-order
            eth0 192.0.2.10/24                  => network chosen
            eth1 203.0.113.10/24
            eth1 198.51.100.10/24               => network outranked

        # several networks that overlap: an address matches once
        preview 192.0.0.0/16,192.0.2.0/24,192.0.2.0/24 -> 192.0.2.10
            eth0 192.0.2.10/24                  => network chosen
            eth0 198.51.100.10/24

        # several networks, IPv6
        preview 2001:db8::/64,fd00:7::/64 -> fd00:7::10
            eth0 2001:db8:0:1::10/64
            eth0 fd00:7::10/64                  => network chosen

        # of several networks, one that is an address wins
        preview 192.0.2.0/24,198.51.100.10/32 -> 198.51.100.10
            eth0 192.0.2.10/24                  => network outranked
            eth0 198.51.100.10/24               => exact chosen

        # of several networks, one that is an address is an address inside of another, too
        preview 192.0.2.0/24,192.0.2.20/32 -> 192.0.2.20
            eth0 192.0.2.10/24                  => network outranked
            eth0 192.0.2.20/24                  => exact chosen

        # several addresses
        preview 192.0.2.20/32,192.0.2.10/32 -> 192.0.2.10 AMBIGUOUS kernel-order
            eth0 192.0.2.10/24                  => exact chosen
            eth0 192.0.2.20/24                  => exact outranked

        # the remembered one of several addresses
        preview 192.0.2.20/32,192.0.2.10/32 --previous 192.0.2.20 -> 192.0.2.20 by previous
            eth0 192.0.2.10/24                  => exact outranked
            eth0 192.0.2.20/24                  => exact chosen previous

        # several networks restricted to a link
        preview 192.0.2.0/24,198.51.100.0/24 --interface eth1 -> 198.51.100.10
            eth0 192.0.2.10/24
            eth1 198.51.100.10/24               => network chosen

        # no network of several matches what is confined to another
        preview 0.0.0.0/0,10.0.0.0/8 -> none NoMatch
            lo 127.0.0.1/8

        # but the other one does
        preview 0.0.0.0/0,127.0.0.0/8 -> 127.0.0.1
            lo 127.0.0.1/8                      => network chosen loopback

        # /0 is the whole family
        preview 0.0.0.0/0 -> 198.51.100.10
            eth0 198.51.100.10/24               => network chosen
            eth0 2001:db8::10/64

        # /0 is the whole family
        preview ::/0 -> 2001:db8::10
            eth0 198.51.100.10/24
            eth0 2001:db8::10/64                => network chosen
        ",
    );
}

#[test]
fn step_1_is_restricted_by_a_zone_and_an_interface() {
    table(
        "
        # a zone by name
        preview fe80::1%eth1 -> fe80::1%2
            eth0 fe80::1/64
            eth1 fe80::1/64                     => exact chosen

        # a zone by index
        preview fe80::1%2 -> fe80::1%2
            eth0 fe80::1/64
            eth1 fe80::1/64                     => exact chosen

        # a zone of a network
        preview fe80::%eth1/64 -> fe80::1%2
            eth0 fe80::1/64
            eth1 fe80::1/64                     => network chosen

        # a zone of a global address
        preview 2001:db8::%eth1 -> 2001:db8::10
            eth0 2001:db8::11/64
            eth1 2001:db8::10/64                => network chosen

        # a name counts before an index
        preview fe80::1%2 -> fe80::1%1
            link 2
            eth1 fe80::1/64
            2 fe80::1/64                        => exact chosen

        # no such link yet
        preview fe80::1%eth9 -> none NoSuchLink
            eth0 fe80::1/64

        # an interface
        preview 192.0.2.0 --interface eth1 -> 192.0.2.10
            eth0 192.0.2.11/24
            eth1 192.0.2.10/24                  => network chosen

        # an interface is a name
        preview 192.0.2.0 --interface 1 -> none NoSuchLink
            eth0 192.0.2.11/24

        # no such interface yet
        preview 192.0.2.0 --interface eth9 -> none NoSuchLink
            eth0 192.0.2.11/24

        # an interface and another zone
        preview fe80::1%eth1 --interface eth0 -> none NoSuchLink
            eth0 fe80::1/64
            eth1 fe80::1/64

        # an interface and the same zone
        preview fe80::1%eth0 --interface eth0 -> fe80::1%1
            eth0 fe80::1/64                     => exact chosen
            eth1 fe80::1/64

        # an address on an unknown link is on no interface
        preview 192.0.2.0 --interface eth0 -> 192.0.2.10
            ? 192.0.2.11/24
            eth0 192.0.2.10/24                  => network chosen

        # the whole rule sees only the link
        preview 192.0.2.0/24 --interface eth0 -> 192.0.2.10
            eth0 192.0.2.10/32                  => network chosen
            eth1 192.0.2.11/24

        # the whole rule sees only the link
        preview 2001:db8::%eth0/64 -> 2001:db8::10
            eth0 2001:db8::10/128               => network chosen
            eth1 2001:db8::11/64

        # the whole rule sees only the link
        preview 192.0.2.0 --interface eth0 --previous 192.0.2.11 -> 192.0.2.10 AMBIGUOUS previous-absent
            eth0 192.0.2.10/24                  => network chosen
            eth1 192.0.2.11/24
        ",
    );
}

/// bind(2) wants the link of a link-local address, and of no other.
#[test]
fn the_choice_is_ready_for_bind() {
    let lines = "
        lo ::1/128
        eth0 192.0.2.10/24
        eth0 2001:db8::10/64
        eth0 fe80::1/64";
    let bound = |text: &str| -> (u32, SocketAddr) {
        let decision = decide(text, lines);
        let chosen = decision.chosen().unwrap();
        (chosen.scope_id(), chosen.socket_addr(5405))
    };
    assert_eq!(bound("192.0.2.0"), (0, "192.0.2.10:5405".parse().unwrap()));
    assert_eq!(
        bound("2001:db8::"),
        (0, "[2001:db8::10]:5405".parse().unwrap())
    );
    assert_eq!(
        bound("2001:db8::%eth0"),
        (0, "[2001:db8::10]:5405".parse().unwrap())
    );
    assert_eq!(bound("fe80::"), (2, "[fe80::1%2]:5405".parse().unwrap()));
    assert_eq!(
        bound("fe80::1%eth0"),
        (2, "[fe80::1%2]:5405".parse().unwrap())
    );
    assert_eq!(bound("::1"), (0, "[::1]:5405".parse().unwrap()));
}

/// With all addresses listed, those that do not match say why, and the others are as before.
#[test]
fn others_are_listed_on_request() {
    let lines = "
        eth0 192.0.2.10/24
        eth0 198.51.100.20/24 label=eth0:vip secondary
        eth0 2001:db8::10/64";
    assert!(decide("192.0.2.0", lines).others().is_empty());
    let decision = decide("192.0.2.0 --all", lines);
    let rows: Vec<_> = decision
        .others()
        .iter()
        .map(|c| (c.verdict(), c.matched()))
        .collect();
    assert_eq!(
        rows,
        [(Verdict::OtherNetwork, None), (Verdict::OtherFamily, None)]
    );
    assert_eq!(
        decision.others()[0].reasons().to_string(),
        "label, secondary"
    );
    assert_eq!(decision.candidates()[0].matched(), Some(Match::Network));
}
