//! An address that is declared fixed belongs to the node that has it.

use bindnet_tests::fleets;

use bindnet::Selector;
use bindnet::corosync::{Conf, Hosts, Profile};
use bindnet::fleet::Fleet;
use bindnet::rule::Declared;

use crate::conf::UDPU;
use fleets::{by, judge, table};

#[test]
fn each_node_has_its_own() {
    table(
        "
        # declared fixed: each node has its own, and misses that of no other
        fleet 10.8.52.0 --fixed 10.8.52.1
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 secondary
        node b: eth0 10.8.52.2/24

        # with strict, too
        fleet 10.8.52.0 --fixed 10.8.52.1 --strict
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 secondary
        node b: eth0 10.8.52.2/24

        # what is close on another node is close all the same
        fleet 10.8.52.0 --fixed 10.8.52.1
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/24; eth0 10.8.52.200/24 secondary
        => ambiguous 10.8.52.2 b

        # no node has it
        fleet 10.8.52.0 --fixed 10.8.52.1
        node a: eth0 10.8.52.200/24
        node b: eth0 10.8.52.2/24
        => ambiguous 10.8.52.2 b
        => ambiguous 10.8.52.200 a

        # a node has one of two
        fleet 10.8.52.0 --fixed 10.8.52.1 --fixed 10.8.52.9
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/24
        => ambiguous 10.8.52.2 b

        # it has it, and cannot bind it
        fleet 10.8.52.0 --fixed 10.8.52.1
        node a: eth0 10.8.52.1/24 dadfailed; eth0 10.8.52.200/24
        node b: eth0 10.8.52.1/24
        => duplicate-address 10.8.52.1 a b
        => ambiguous 10.8.52.200 a
        ",
        by,
    );
}

/// What is declared fixed on one node is missed on no other.
#[test]
fn a_fixed_address_of_one_node() {
    let judged = |fixed: &str| {
        let fixed = Declared::default().fixed([fixed.parse().unwrap()]);
        let selector = Selector::new("127.0.0.1".parse().unwrap()).declared(fixed.unwrap());
        let conf = Conf::parse(UDPU.as_bytes()).unwrap();
        let profile = Profile::Corosync(Some("1.4.10".parse().unwrap()));
        let fleet = Fleet::of_conf("corosync.conf", conf, profile, selector, Hosts::default());
        let nodes = "node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24\nnode b: eth0 10.8.52.2/24";
        let report = judge(fleet.unwrap(), nodes, false);
        report
            .problems()
            .iter()
            .map(fleets::told)
            .collect::<Vec<_>>()
    };
    assert_eq!(judged("10.8.52.1/32"), [""; 0]);
    let both = [
        "ambiguous link=0 10.8.52.1 a",
        "ambiguous link=0 10.8.52.2 b",
    ];
    assert_eq!(judged("10.8.52.9/32"), both);
}
