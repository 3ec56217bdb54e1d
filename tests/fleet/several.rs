//! An address in the networks asked for that several nodes have.

use bindnet_tests::fleets;

use fleets::{by, table};

/// An address in the networks asked for, also if no node chose it.
#[test]
fn held_by_several() {
    table(
        "
        # a virtual address without a mark, on two nodes that chose their own
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 secondary
        node b: eth0 10.8.52.2/24; eth0 10.8.52.200/24 secondary
        node c: eth0 10.8.52.3/24
        => held-by-several 10.8.52.200 a b
        => ambiguous 10.8.52.1 a
        => ambiguous 10.8.52.2 b

        # with a prefix, and with both families on the nodes
        fleet fd00:8::/32
        node a: eth0 10.8.52.200/24; eth0 fd00:8:52::200/64; eth0 fd00:8:52::1/64
        node b: eth0 10.8.52.200/24; eth0 fd00:8:52::200/64; eth0 fd00:8:52::2/64
        => held-by-several fd00:8:52::200 a b
        => ambiguous fd00:8:52::1 a
        => ambiguous fd00:8:52::2 b

        # it matches on one of them only, and is on another link, with another mask on the other
        fleet 10.8.52.0 --interface eth0 --fixed 10.8.52.1
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 secondary
        node b: eth0 10.8.52.2/24; eth1 10.8.52.200/16
        => held-by-several 10.8.52.200 a b

        # that cannot be bound
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 dadfailed
        node b: eth0 10.8.52.2/24; eth0 10.8.52.200/24 dadfailed
        => held-by-several 10.8.52.200 a b

        # that is declared fixed: no node may have that of another
        fleet 10.8.52.0 --fixed 10.8.52.200 --fixed 10.8.52.1 --fixed 10.8.52.2
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 label=eth0:7
        node b: eth0 10.8.52.2/24; eth0 10.8.52.200/24 label=eth0:7
        => held-by-several 10.8.52.200 a b
        => ambiguous 10.8.52.1 a
        => ambiguous 10.8.52.2 b

        # that another code says already
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 secondary
        node b: eth0 10.8.52.200/24
        node c: eth0 10.8.52.3/24; eth0 10.8.52.201/24 label=eth0:vip
        node d: eth0 10.8.52.4/24; eth0 10.8.52.201/24 secondary
        => duplicate-address 10.8.52.200 a b
        => floating-on-several-nodes 10.8.52.201 c d
        => ambiguous 10.8.52.1 a
        => ambiguous 10.8.52.4 d

        # not in the network asked for
        fleet 10.8.52.0
        node a: eth0 10.8.52.1/24; docker0 172.17.0.1/16; eth0 10.8.53.200/24
        node b: eth0 10.8.52.2/24; docker0 172.17.0.1/16; eth0 10.8.53.200/24

        # on loopback links, as anycast has it
        fleet 10.8.52.0/24
        node a: eth0 10.8.52.1/24; lo 10.8.52.200/32
        node b: eth0 10.8.52.2/24; lo 10.8.52.200/32

        # on two links of one node
        fleet 10.8.52.0 --fixed 10.8.52.1
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24; eth1 10.8.52.200/24
        node b: eth0 10.8.52.2/24

        # loopback and link-local addresses are nobody's
        fleet fe80:: --fixed fe80::1 --fixed fe80::2
        node a: eth0 fe80::1/64; eth0 fe80::7/64
        node b: eth0 fe80::2/64; eth0 fe80::7/64
        ",
        by,
    );
}
