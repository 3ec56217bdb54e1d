//! Each problem of a fleet, by hand.

#[path = "support/fleets.rs"]
mod fleets;
#[path = "support/rows.rs"]
mod rows;

use bindnet::fleet::{Code, Fleet, FleetError};
use fleets::{by, judge, snapshot, table};

#[test]
fn duplicates() {
    table(
        "
        # each has its own
        fleet 10.8.52.0
        node pgpool_0: eth0 10.8.52.191/24
        node pgpool_1: eth0 10.8.52.192/24

        # the second story: a machine that everybody had forgotten
        fleet 10.8.52.0
        node pgpool_0: eth0 10.8.52.191/24
        node pgpool_1: eth0 10.8.52.192/24
        node bosh_init: ens3 10.8.52.191/24
        => duplicate-address 10.8.52.191 bosh_init pgpool_0

        # which has another address of its own, and that one besides, with another prefix
        fleet 10.8.52.0
        node pgpool_0: eth0 10.8.52.191/24
        node bosh_init: ens3 10.8.52.7/24; ens4 10.8.52.191/25
        => duplicate-address 10.8.52.191 bosh_init pgpool_0

        # or chooses nothing
        fleet 10.8.52.0
        node pgpool_0: eth0 10.8.52.191/24
        node bosh_init: ens3 10.8.52.191/32 dadfailed
        => duplicate-address 10.8.52.191 bosh_init pgpool_0
        => no-choice bosh_init

        # on a loopback link it is answered for, too
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/24; lo 10.8.52.1/32
        => duplicate-address 10.8.52.1 a b

        # three of them
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24
        node c: eth0 10.8.52.1/24
        node b: eth0 10.8.52.1/24
        => duplicate-address 10.8.52.1 a b c

        # the same address on two links of one node is no duplicate
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; eth1 10.8.52.1/24
        node b: eth0 10.8.52.2/24

        # nobody chose it: that of a bridge inside each machine
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; docker0 172.17.0.1/16
        node b: eth0 10.8.52.2/24; docker0 172.17.0.1/16

        # a virtual address that two nodes chose, for want of evidence
        fleet 10.8.52.0
        node a: eth0 10.8.52.200/24; eth0 10.8.52.1/24 secondary
        node b: eth0 10.8.52.200/24; eth0 10.8.52.2/24 secondary
        => duplicate-address 10.8.52.200 a b
        => ambiguous 10.8.52.200 a
        => ambiguous 10.8.52.200 b

        # a virtual address of one node is the own one of another
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; eth0 10.8.52.2/24 label=eth0:vip
        node b: eth0 10.8.52.2/24
        => duplicate-address 10.8.52.2 a b
        => floating-on-several-nodes 10.8.52.2 a b

        # the other family
        fleet fd00:8:52::
        node a: eth0 fd00:8:52::1/64; eth0 10.8.52.1/24
        node b: eth0 fd00:8:52::1/64; eth0 10.8.52.1/24
        => duplicate-address fd00:8:52::1 a b

        # with strict nothing is chosen that could be a duplicate
        fleet 10.8.52.0 --strict
        node a: eth0 10.8.52.1/24; eth0 10.8.52.3/24
        node b: eth0 10.8.52.1/24; eth0 10.8.52.4/24
        => ambiguous 10.8.52.1 a
        => ambiguous 10.8.52.1 b

        # another link than the one that is asked for has it
        fleet 10.8.52.0 --interface eth0
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/24; eth1 10.8.52.1/24
        => duplicate-address 10.8.52.1 a b
        ",
        by,
    );
}

#[test]
fn nobodys_duplicates() {
    for (bindnet, net) in [
        ("127.0.0.0", "127.0.0.1/8"),
        ("169.254.0.0", "169.254.1.1/16"),
        ("fe80::", "fe80::1/64"),
        ("::1", "::1/128"),
        ("239.1.0.0", "239.1.1.1/16"),
    ] {
        let story = format!("node a: eth0 {net}\nnode b: eth0 {net}");
        let report = judge(by(bindnet), &story, false);
        assert!(report.problems().is_empty(), "{report}");
        assert_eq!(
            report.nodes()[0]
                .decision()
                .unwrap()
                .chosen()
                .unwrap()
                .to_string(),
            net
        );
    }
}

#[test]
fn floating_addresses() {
    table(
        "
        # a cluster manager that has not let go
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 label=eth0:vip
        node b: eth0 10.8.52.2/24; eth0 10.8.52.200/24 label=eth0:vip
        => floating-on-several-nodes 10.8.52.200 a b

        # on one node alone
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 label=eth0:vip
        node b: eth0 10.8.52.2/24

        # evidence on one node, another network, both families
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; eth1 10.9.0.200/24 label=eth1:vip; eth1 fd00::7/64 proto=18
        node b: eth0 10.8.52.2/24; eth1 10.9.0.200/24; eth1 fd00::7/64
        => floating-on-several-nodes 10.9.0.200 a b
        => floating-on-several-nodes fd00::7 a b

        # by declaration
        fleet 10.8.52.0 --floating 10.9.0.200
        node a: eth0 10.8.52.1/24; eth1 10.9.0.200/24
        node b: eth0 10.8.52.2/24; eth1 10.9.0.200/24
        => floating-on-several-nodes 10.9.0.200 a b

        # not by declaration
        fleet 10.8.52.0 --fixed 10.9.0.200
        node a: eth0 10.8.52.1/24; eth1 10.9.0.200/24 label=eth1:vip
        node b: eth0 10.8.52.2/24; eth1 10.9.0.200/24 label=eth1:vip

        # LVS with direct routing has it on every real server, on lo
        fleet 10.8.52.0
        node director: eth0 10.8.52.1/24; eth0 10.8.52.200/32
        node server: eth0 10.8.52.2/24; lo 10.8.52.200/32
        ",
        by,
    );
}

#[test]
fn cloned_machines() {
    table(
        "
        # they have addresses of their own
        fleet 10.8.52.0
        node a: link eth0 mac=02:00:00:00:00:01; eth0 10.8.52.1/24
        node b: link ens3 mac=02:00:00:00:00:01; ens3 10.8.52.2/24
        node c: link eth0 mac=02:00:00:00:00:03; eth0 10.8.52.3/24
        => duplicate-mac 02:00:00:00:00:01 a b

        # and not even that
        fleet 10.8.52.0
        node a: link eth0 mac=02:00:00:00:00:01; eth0 10.8.52.1/24
        node b: link eth0 mac=02:00:00:00:00:01; eth0 10.8.52.1/24
        => duplicate-address 10.8.52.1 a b
        => duplicate-mac 02:00:00:00:00:01 a b

        # dual stack is one problem, prefixes may differ
        fleet 10.8.52.0
        node a: link eth0 mac=02:00:00:00:00:01; eth0 10.8.52.1/16; eth0 fd00::1/64
        node b: link eth0 mac=02:00:00:00:00:01; eth0 10.8.52.2/24; eth0 fd00::2/48
        => duplicate-mac 02:00:00:00:00:01 a b
        => ambiguous 10.8.52.1 a

        # another network than the one that is asked for
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; link eth1 mac=02:00:00:00:00:01; eth1 10.9.0.1/24
        node b: eth0 10.8.52.2/24; link eth1 mac=02:00:00:00:00:01; eth1 10.9.0.2/24
        => duplicate-mac 02:00:00:00:00:01 a b

        # not on one network
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; link eth1 mac=02:00:00:00:00:01; eth1 10.9.0.1/24
        node b: eth0 10.8.52.2/24; link eth1 mac=02:00:00:00:00:01; eth1 10.9.1.1/24

        # a link-local address is no network that they share
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; link eth1 mac=02:00:00:00:00:01; eth1 fe80::1/64
        node b: eth0 10.8.52.2/24; link eth1 mac=02:00:00:00:00:01; eth1 fe80::2/64

        # of VRRP, of a group, zeros, of another length
        fleet 10.8.52.0
        node a: link eth0 mac=00:00:5e:00:01:07; eth0 10.8.52.1/24; link eth1 mac=01:00:5e:00:00:01; eth1 10.9.0.1/24; link eth2 mac=00:00:00:00:00:00; eth2 10.10.0.1/24; link tun mac=0a:00:00:01; tun 10.11.0.1/24
        node b: link eth0 mac=00:00:5e:00:01:07; eth0 10.8.52.2/24; link eth1 mac=01:00:5e:00:00:01; eth1 10.9.0.2/24; link eth2 mac=00:00:00:00:00:00; eth2 10.10.0.2/24; link tun mac=0a:00:00:01; tun 10.11.0.2/24
        => no-choice a
        => no-choice b

        # a network inside each machine
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; link virbr0 mac=52:54:00:00:00:01; virbr0 192.168.122.1/24
        node b: eth0 10.8.52.2/24; link virbr0 mac=52:54:00:00:00:01; virbr0 192.168.122.1/24

        # a bond and its VLAN have one, too
        fleet 10.8.52.0
        node a: link bond0 mac=02:00:00:00:00:01; bond0 10.8.52.1/24; link bond0.7 mac=02:00:00:00:00:01; bond0.7 10.8.52.9/24; 
        => ambiguous 10.8.52.1 a
        ",
        by,
    );
}

#[test]
fn networks() {
    table(
        "
        # an odd one
        fleet 10.8.0.0/16
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/24
        node c: eth0 10.8.53.3/24
        => different-network a b c

        # prefixes differ, and each is in the network of the other
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/25

        # prefixes differ, and one is outside that of another
        fleet 10.8.52.0/22
        node a: eth0 10.8.52.1/22
        node b: eth0 10.8.53.2/24
        => different-network a b

        # host prefixes are routed
        fleet 10.8.52.0/24
        node a: lo 10.8.52.1/32
        node b: lo 10.8.52.2/32
        node c: eth0 10.8.52.3/24

        # but in the network of another they have to be
        fleet 10.8.0.0/16
        node a: lo 10.8.52.1/32
        node b: eth0 10.8.53.2/24
        => different-network a b

        # IPv6
        fleet fd00::/32
        node a: eth0 fd00:0:1::1/64
        node b: eth0 fd00:0:2::2/64
        => different-network a b

        # who chose nothing is in no network
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24
        node b: eth0 10.9.0.2/24
        => no-choice b
        ",
        by,
    );
}

#[test]
fn single_decisions() {
    table(
        "
        # nothing to choose
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.200/24 label=eth0:vip
        node c:
        => no-choice b
        => no-choice c

        # close
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 secondary
        => ambiguous 10.8.52.1 a

        # settled by a declaration
        fleet 10.8.52.0 --floating 10.8.52.200
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 secondary

        # as Corosync
        fleet 10.8.52.0 --profile corosync:3.1.7
        node a: eth0 10.8.52.200/24 label=eth0:vip; eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/24
        ",
        by,
    );
}

#[test]
fn what_to_do() {
    let story = "
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 secondary
        node b: eth0 10.8.52.200/24 label=eth0:vip
        node c: eth1 10.9.0.1/24
        node d: eth0 10.8.52.1/24; eth0 10.8.52.200/24 label=eth0:vip";
    let report = judge(by("10.8.52.0"), story, false);
    let told: Vec<_> = report.problems().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "duplicate-address: 10.8.52.1 was chosen by a (eth0) and d (eth0): leave it to one of \
             them, and give every other an address of its own.",
            "floating-on-several-nodes: 10.8.52.200 is floating (on b), and a (eth0), b (eth0) and d \
             (eth0) have it at once: have the cluster manager take it off all but one, or capture \
             them again if it moved in between.",
            "no-choice: b: 10.8.52.200/24 on eth0, the only address that matches 10.8.52.0, looks \
             floating (label eth0:vip); give --fixed 10.8.52.200 if it belongs to this host after \
             all.",
            "no-choice: c: no address of this host is in the network of 10.8.52.0; nearest of 1 IPv4 \
             address: 10.9.0.1/24 on eth1; \"10.9.0.0\" would match it.",
            "ambiguous: a: 10.8.52.1/24 on eth0: first only because there is weak evidence against \
             10.8.52.200; settle it with --floating 10.8.52.200 (it is a cluster address) or \
             --fixed 10.8.52.1 (it belongs to this host).",
        ]
    );
    let declared = judge(by("10.8.52.0 --floating 10.8.52.200"), story, false);
    let codes: Vec<_> = declared.problems().iter().map(|p| p.code()).collect();
    let some = [
        Code::DuplicateAddress,
        Code::FloatingOnSeveralNodes,
        Code::NoChoice,
        Code::NoChoice,
    ];
    assert_eq!(codes, some, "{declared}");
}

#[test]
fn many_nodes_are_counted() {
    let mut fleet = by("10.8.0.0/16");
    for node in 0..40 {
        let host = format!("eth0 10.8.{}.1/24", u8::from(node == 17));
        fleet.add(format!("n{node:02}"), &snapshot(&host)).unwrap();
    }
    let report = fleet.judge();
    let told: Vec<_> = report.problems().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "duplicate-address: 10.8.0.1 was chosen by n00 (eth0), n01 (eth0), n02 (eth0) and 36 \
             more: leave it to one of them, and give every other an address of its own.",
            "different-network: the choices are not all of one network but of 10.8.1.0/24 (n17) and \
             10.8.0.0/24 (n00, n01, n02 and 36 more): correct the addresses or prefixes that are \
             wrong, or name one of the networks.",
        ]
    );
    assert_eq!(report.problems()[0].nodes().count(), 39);
}

#[test]
fn a_node_that_could_not_be_read_is_not_forgotten() {
    let story = "
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/24
        unread c";
    let report = judge(by("10.8.52.0"), story, false);
    assert_eq!(report.unread().collect::<Vec<_>>(), ["c"]);
    assert_eq!(
        report.to_string(),
        "2 of 3 nodes agree: each chose an address of its own in 10.8.52.0/24; c could not be read.\n\
         \n    NODE  ADDRESS       INTERFACE  PROBLEMS\
         \n    a     10.8.52.1/24  eth0       -\
         \n    b     10.8.52.2/24  eth0       -\
         \n    c     unread        -          -\n"
    );
    let none = judge(by("10.8.52.0"), "unread c", false);
    assert!(
        none.to_string()
            .starts_with("0 of 1 node judged; c could not be read.\n"),
        "{none}"
    );
}

#[test]
fn what_is_to_be_known_besides() {
    let story = "
        node a: eth0 10.8.52.1/24; interrupted; hostname db
        node b: link eth0 down; eth0 10.8.52.2/24; hostname db
        node c: eth0 10.8.52.3/24; hostname localhost
        node d: eth0 10.8.52.4/24; hostname localhost";
    let report = judge(by("10.8.52.0"), story, false);
    assert_eq!(
        report.warnings(),
        [
            "b: eth0 is down: the address can be bound, but nothing gets through.",
            "a: the addresses or links changed again and again while they were read: one may be \
             missing.",
            "the snapshots of a and b are all of a host db: is it one machine, or a clone?",
        ]
    );
    assert!(report.problems().is_empty(), "{report}");
}

#[test]
fn names() {
    let mut fleet = by("10.8.52.0");
    let host = snapshot("eth0 10.8.52.1/24");
    fleet.add(b"a\x1b[31m\xff", &host).unwrap();
    fleet.add("a b", &snapshot("eth0 10.8.52.2/24")).unwrap();
    let twice = |name: &str| {
        Err(FleetError::SameNode {
            node: name.to_owned(),
        })
    };
    assert_eq!(fleet.add(b"a\x1b[31m\xff", &host), twice(r"a\x1b[31m\xff"));
    assert_eq!(fleet.add_unread("a b"), twice("a b"));
    assert_eq!(fleet.add("", &host), Err(FleetError::NoName));
    // What was refused was not added.
    let report = fleet.judge();
    assert!(report.problems().is_empty(), "{report}");
    let names: Vec<_> = report.nodes().iter().map(|node| node.name()).collect();
    assert_eq!(names, ["a b", r"a\x1b[31m\xff"]);
    assert!(!report.to_string().contains('\x1b'));
}

#[test]
fn no_node() {
    let report = Fleet::new(rows::selector(["10.8.52.0"])).judge();
    assert_eq!(report.to_string(), "0 nodes judged.\n");
}
