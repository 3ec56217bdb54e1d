//! Each problem of a fleet, by hand.

use bindnet_tests::fleets;

use fleets::{by, judge, table};

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
        => held-by-several 10.8.52.1 a b
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
        # an odd one, which has another network of the same address
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/24
        node c: eth0 10.8.53.3/22
        => different-network a b c

        # prefixes differ, and each is in the network of the other
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/25

        # prefixes differ, and one is outside that of another
        fleet 10.8.52.0
        node a: eth0 10.8.53.1/22
        node b: eth0 10.8.52.2/24
        => different-network a b

        # the neighbours of a host that is named
        fleet 10.8.52.7
        node a: eth0 10.8.53.1/22
        node b: eth0 10.8.52.2/24
        => different-network a b
        => ambiguous 10.8.52.2 b
        => ambiguous 10.8.53.1 a

        # host prefixes are routed
        fleet 10.8.52.0/24
        node a: lo 10.8.52.1/32
        node b: lo 10.8.52.2/32
        node c: eth0 10.8.52.3/24

        # IPv6
        fleet fd00::
        node a: eth0 fd00:0:0:1::1/48
        node b: eth0 fd00::2/64
        => different-network a b

        # who chose nothing is in no network
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24
        node b: eth0 10.9.0.2/24
        => no-choice b

        # Corosync takes the first of the network, as it has it
        fleet 10.8.52.0 --profile corosync:3.1.7
        node a: eth0 10.8.53.1/22
        node b: eth0 10.8.52.2/24
        => different-network a b
        ",
        by,
    );
}

/// The operator named the network that holds them all.
#[test]
fn the_networks_inside_one_with_its_prefix() {
    table(
        "
        # three racks, each with a link to its own switch
        fleet 10.0.0.0/8
        node a: eth0 10.1.0.0/31
        node b: eth0 10.2.0.0/31
        node c: eth0 10.3.0.0/31

        # an odd one
        fleet 10.8.0.0/16
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/24
        node c: eth0 10.8.53.3/24

        # one is outside the network of another
        fleet 10.8.52.0/22
        node a: eth0 10.8.52.1/22
        node b: eth0 10.8.53.2/24

        # each rack has its own in a list
        fleet 10.8.52.0/24,10.8.53.0/24,10.9.0.0/24
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.53.2/24; eth1 10.8.0.9/24
        node c: eth0 10.9.0.3/24

        # host prefixes
        fleet 10.8.0.0/16
        node a: lo 10.8.52.1/32
        node b: eth0 10.8.53.2/24

        # IPv6
        fleet fd00::/32
        node a: eth0 fd00:0:1::1/64
        node b: eth0 fd00:0:2::2/64
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
