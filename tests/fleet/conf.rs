//! A fleet beside its corosync.conf: every link, and the nodelist.

use bindnet_tests::fleets;

use bindnet::Selector;
use bindnet::corosync::{Conf, Hosts, Profile};
use bindnet::fleet::{Code, Fleet};
use fleets::{judge, snapshot, table};

/// Two nodes with two links each.
const KNET: &str = "totem {
    version: 2
    transport: knet
}
nodelist {
    node {
        name: pgpool_0
        nodeid: 1
        ring0_addr: 10.8.52.191
        ring1_addr: 10.9.0.191
    }
    node {
        name: pgpool_1
        nodeid: 2
        ring0_addr: 10.8.52.192
        ring1_addr: 10.9.0.192
    }
}
";

/// The same with one link and without names, as the versions before 3 have it.
pub const UDPU: &str = "totem {
    version: 2
    transport: udpu
    interface {
        ringnumber: 0
        bindnetaddr: 10.8.52.0
    }
}
nodelist {
    node {
        ring0_addr: 10.8.52.191
    }
    node {
        ring0_addr: 10.8.52.192
    }
}
";

fn of(conf: &str, version: &str) -> Fleet {
    let conf = Conf::parse(conf.as_bytes()).unwrap();
    let profile = Profile::Corosync(Some(version.parse().unwrap()));
    let selector = Selector::new("127.0.0.1".parse().unwrap());
    Fleet::of_conf("corosync.conf", conf, profile, selector, Hosts::default()).unwrap()
}

fn knet(_: &str) -> Fleet {
    of(KNET, "3.1.7")
}

#[test]
fn names_and_addresses() {
    table(
        "
        # as it is listed
        node pgpool_0: eth0 10.8.52.191/24; eth1 10.9.0.191/24
        node pgpool_1: eth0 10.8.52.192/24; eth1 10.9.0.192/24

        # by the names of the hosts, with and without domain, or by an address
        node a: hostname pgpool_0.example.org; eth0 10.8.52.191/24; eth1 10.9.0.191/24
        node b: hostname elsewhere; eth0 10.8.52.192/24; eth1 10.9.0.192/24

        # the second story: Corosync on the forgotten machine would take it for the node
        node pgpool_0: eth0 10.8.52.191/24; eth1 10.9.0.191/24
        node pgpool_1: eth0 10.8.52.192/24; eth1 10.9.0.192/24
        node bosh_init: eth0 10.8.52.191/24
        => duplicate-address link=0 10.8.52.191 bosh_init pgpool_0
        => node-not-listed bosh_init
        => listed-address-elsewhere link=0 10.8.52.191 bosh_init pgpool_0

        # a machine that has nothing to do with it
        node pgpool_0: eth0 10.8.52.191/24; eth1 10.9.0.191/24
        node pgpool_1: eth0 10.8.52.192/24; eth1 10.9.0.192/24
        node web: eth0 10.8.52.7/24
        => node-not-listed web

        # no snapshot of a listed node
        node pgpool_0: eth0 10.8.52.191/24; eth1 10.9.0.191/24
        => listed-address-missing link=0 10.8.52.192 pgpool_1
        => listed-address-missing link=1 10.9.0.192 pgpool_1

        # the links have other names on one node
        node pgpool_0: eth0 10.8.52.191/24; eth1 10.9.0.191/24
        node pgpool_1: eth0 10.9.0.192/24; eth1 10.8.52.192/24

        # another address of the network, or none of it
        node pgpool_0: eth0 10.8.52.191/24; eth1 10.9.0.191/24
        node pgpool_1: eth0 10.8.52.77/24; eth1 10.10.0.192/24
        => no-choice link=1 pgpool_1
        => listed-address-missing link=0 10.8.52.192 pgpool_1
        => listed-address-missing link=1 10.9.0.192 pgpool_1
        => choice-not-listed link=0 10.8.52.77 pgpool_1

        # two nodes have each other's address
        node pgpool_0: eth0 10.8.52.192/24; eth1 10.9.0.191/24
        node pgpool_1: eth0 10.8.52.191/24; eth1 10.9.0.192/24
        => listed-address-elsewhere link=0 10.8.52.191 pgpool_0 pgpool_1
        => listed-address-elsewhere link=0 10.8.52.192 pgpool_0 pgpool_1
        => choice-not-listed link=0 10.8.52.191 pgpool_1
        => choice-not-listed link=0 10.8.52.192 pgpool_0

        # clones by their names, too: both are that node
        node a: hostname pgpool_0; eth0 10.8.52.191/24; eth1 10.9.0.191/24
        node b: hostname pgpool_0; eth0 10.8.52.7/24; eth1 10.9.0.191/24
        node c: hostname pgpool_1; eth0 10.8.52.192/24; eth1 10.9.0.192/24
        => duplicate-address link=1 10.9.0.191 a b
        => choice-not-listed link=0 10.8.52.7 b

        # the snapshot of a listed node could not be read
        node pgpool_0: eth0 10.8.52.191/24; eth1 10.9.0.191/24
        unread pgpool_1
        => listed-address-missing link=0 10.8.52.192 pgpool_1
        => listed-address-missing link=1 10.9.0.192 pgpool_1

        # nodes that are called by the addresses at which they were asked are known by those they have
        node 10.7.0.1: eth0 10.8.52.191/24; eth1 10.9.0.191/24; eth2 10.7.0.1/24
        node 10.7.0.2: eth0 10.8.52.192/24; eth1 10.9.0.192/24; eth2 10.7.0.2/24

        # of one of them that could not be read nothing is known but that
        node 10.7.0.1: eth0 10.8.52.191/24; eth1 10.9.0.191/24; eth2 10.7.0.1/24
        unread 10.7.0.2
        => listed-address-missing link=0 10.8.52.192 pgpool_1
        => listed-address-missing link=1 10.9.0.192 pgpool_1

        # unless it is a listed one
        node web: eth0 10.8.52.192/24; eth1 10.9.0.191/24
        node 10.8.52.191: eth0 10.8.52.191/24; eth1 10.9.0.191/24
        unread 10.9.0.192
        => duplicate-address link=1 10.9.0.191 10.8.52.191 web
        => node-not-listed web
        => listed-address-missing link=1 10.9.0.192 pgpool_1
        => listed-address-elsewhere link=0 10.8.52.192 pgpool_1 web
        => listed-address-elsewhere link=1 10.9.0.191 10.8.52.191 web
        ",
        knet,
    );
}

#[test]
fn a_nodelist_with_a_slip() {
    let swapped = KNET
        .replace("10.8.52.192", "X")
        .replace("10.9.0.192", "10.8.52.192");
    table(
        "
        # the rings of one node are swapped
        node pgpool_0: eth0 10.8.52.191/24; eth1 10.9.0.191/24
        node pgpool_1: eth0 10.8.52.192/24; eth1 10.9.0.192/24
        => different-network link=0 pgpool_0 pgpool_1
        => different-network link=1 pgpool_0 pgpool_1
        ",
        |_| of(&swapped.replace('X', "10.9.0.192"), "3.1.7"),
    );
    table(
        "
        # Corosync takes octal numbers
        node pgpool_0: eth0 10.8.52.191/24; eth1 10.9.0.191/24
        node pgpool_1: eth0 10.8.52.192/24; eth1 10.9.0.192/24
        => no-choice link=1 pgpool_1
        => listed-address-missing link=1 8.9.0.192 pgpool_1
        ",
        |_| of(&KNET.replace("10.9.0.192", "010.9.0.192"), "3.1.7"),
    );
    // A loopback or link-local address is not looked for.
    table(
        "
        # of the loopback network
        node pgpool_0: eth1 10.9.0.191/24
        node pgpool_1: eth0 10.8.52.192/24; eth1 10.9.0.192/24
        => no-choice link=0 pgpool_0

        # which every host has
        node pgpool_0: lo 127.0.0.1/8; eth1 10.9.0.191/24
        node pgpool_1: lo 127.0.0.1/8; eth0 10.8.52.192/24; eth1 10.9.0.192/24
        => different-network link=0 pgpool_0 pgpool_1
        ",
        |_| of(&KNET.replace("10.8.52.191", "127.0.0.1"), "3.1.7"),
    );
}

#[test]
fn before_3() {
    table(
        "
        # by their addresses
        node a: eth0 10.8.52.191/24
        node b: eth0 10.8.52.192/24

        # both machines are the first node to Corosync, for there are no names
        node a: eth0 10.8.52.191/24
        node b: eth0 10.8.52.192/24
        node bosh_init: eth0 10.8.52.191/24
        => duplicate-address link=0 10.8.52.191 a bosh_init

        # the bindnetaddr counts where the node is not listed
        node a: eth0 10.8.52.191/24
        node b: eth0 10.8.52.77/24
        => node-not-listed b
        => listed-address-missing link=0 10.8.52.192 10.8.52.192
        ",
        |_| of(UDPU, "2.4.6"),
    );
    table(
        "
        # the first version that reads a nodelist
        node a: eth0 10.8.52.191/24
        => listed-address-missing link=0 10.8.52.192 10.8.52.192
        ",
        |_| of(UDPU, "1.99.0"),
    );
    // 1.4 reads no nodelist.
    table(
        "
        # nothing is listed
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/24
        ",
        |_| of(UDPU, "1.4.10"),
    );
}

#[test]
fn what_corosync_takes_instead() {
    let node = "node a: eth0 10.8.52.200/24 label=eth0:vip; eth0 10.8.52.191/24\nnode b: eth0 \
                10.8.52.192/24";
    let report = judge(of(UDPU, "2.4.2"), node, false);
    // The VIP has the place of the node's own address.
    let told: Vec<_> = report.problems().iter().map(fleets::told).collect();
    assert_eq!(told, ["ambiguous link=0 10.8.52.191 a"], "{report}");
    let differs = "a: link 0: Corosync differs: 10.8.52.200/24 on eth0: taken by Corosync 2.4.2";
    assert!(
        report
            .warnings()
            .iter()
            .any(|text| text.starts_with(differs)),
        "{:?}",
        report.warnings()
    );
}

#[test]
fn what_to_do() {
    let story = "
        node pgpool_0: eth0 10.8.52.191/24; eth1 10.9.0.77/24
        node bosh_init: eth0 10.8.52.192/24
        node web: eth0 10.10.0.1/24
        unread pgpool_1";
    let report = judge(knet(""), story, false);
    let text = report.to_string();
    let (table, problems) = text.rsplit_once("\n\n").unwrap();
    assert_eq!(
        table,
        "3 of 4 nodes, 6 problems; pgpool_1 could not be read.

    NODE       LINK  ADDRESS         INTERFACE  PROBLEMS
    bosh_init  0     10.8.52.192/24  eth0       node-not-listed, listed-address-elsewhere
    bosh_init  1     none            -          node-not-listed
    pgpool_0   0     10.8.52.191/24  eth0       -
    pgpool_0   1     10.9.0.77/24    eth1       listed-address-missing, choice-not-listed
    web        -     none            -          node-not-listed
    pgpool_1   -     unread          -          listed-address-missing, listed-address-elsewhere"
    );
    let problems: Vec<_> = problems.lines().collect();
    assert_eq!(
        problems,
        [
            "node-not-listed: bosh_init is not in the nodelist, though Corosync there would take it \
             for pgpool_1, an address of which it has: list it, or take the address off.",
            "node-not-listed: web is not in the nodelist: add it, or leave it out of the cluster.",
            "listed-address-missing, link 1: ring1_addr of pgpool_0 (line 10), 10.9.0.191, is on no \
             node: configure it there, or correct the nodelist.",
            "listed-address-missing, link 1: ring1_addr of pgpool_1 (line 16), 10.9.0.192, is on no \
             node: its snapshot could not be read, so capture it again.",
            "listed-address-elsewhere, link 0: ring0_addr of pgpool_1 (line 15), 10.8.52.192, is on \
             bosh_init (eth0): take it off there, or correct the nodelist.",
            "choice-not-listed, link 1: pgpool_0 chose 10.9.0.77 (eth1), and ring1_addr (line 10) \
             lists 10.9.0.191 for it: correct the one or the other.",
        ]
    );
}

#[test]
fn a_host_with_another_name_than_its_node() {
    let story = "node pgpool_1: hostname db\x1b.example.org; eth0 10.8.52.7/24";
    let report = judge(knet(""), story, false);
    assert_eq!(
        report.problems()[0].detail(),
        "pgpool_1, the host db\\x1b.example.org, is not in the nodelist: add it, or leave it out of \
         the cluster."
    );
    let story = "node web: hostname web; eth0 10.8.52.7/24";
    let report = judge(knet(""), story, false);
    assert_eq!(
        report.problems()[0].detail(),
        "web is not in the nodelist: add it, or leave it out of the cluster."
    );
}

/// What is listed is to be given to the node; a bindnetaddr may be corrected.
#[test]
fn a_node_without_a_choice() {
    let details = |conf: &str, version: &str, story: &str| -> Vec<String> {
        let report = judge(of(conf, version), story, false);
        let none = report
            .problems()
            .iter()
            .filter(|p| p.code() == Code::NoChoice);
        none.map(|problem| problem.detail().to_owned()).collect()
    };
    let one = "node pgpool_0: eth0 10.8.52.191/24";
    assert_eq!(
        details(KNET, "3.1.7", one),
        [
            "pgpool_0: no address of this host is in the network of 10.9.0.191; give it the \
             address that is listed, or list its own."
        ]
    );
    let one = "node a: eth0 10.9.0.191/24";
    assert_eq!(
        details(UDPU, "2.4.2", one),
        [
            "a: no address of this host is in the network of 10.8.52.0; nearest of 1 IPv4 \
             address: 10.9.0.191/24 on eth0; \"10.9.0.0\" would match it."
        ]
    );
    let both = UDPU
        .replace("transport: udpu", "transport: udpu\n    rrp_mode: passive")
        .replace(
            "bindnetaddr: 10.8.52.0",
            "bindnetaddr: 10.8.52.0\n    }\n    interface {\n        ringnumber: 1\n        \
         bindnetaddr: 10.9.0.0",
        );
    let one = "node a: eth0 10.8.52.191/32";
    assert_eq!(
        details(&both, "2.4.6", one),
        [
            "a: no address of this host is in the network of 10.9.0.0; nearest of 1 IPv4 address: \
         10.8.52.191/32 on eth0; \"10.8.52.191\" would match it."
        ]
    );
}

#[test]
fn an_interrupted_snapshot_without_a_plan() {
    let warnings = |story: &str| judge(knet(""), story, false).warnings().to_vec();
    let web = "node web: eth0 10.10.0.1/24";
    let said = "the addresses or links changed again and again while they were read: one may be \
                missing.";
    assert_eq!(warnings(web), [""; 0]);
    assert_eq!(warnings(&format!("{web}; interrupted")), [said]);
    let two = format!("{web}; interrupted\nnode www: eth0 10.10.0.2/24");
    assert_eq!(warnings(&two), [format!("web: {said}")]);
}

#[test]
fn who_could_not_be_read_is_not_asked_for_again() {
    for name in ["pgpool_1", "pgpool_1.example.org", "10.9.0.192"] {
        let node = "node pgpool_0: eth0 10.8.52.191/24; eth1 10.9.0.191/24\nunread ";
        let report = judge(knet(""), &format!("{node}{name}"), false);
        for problem in report.problems() {
            let told = "is on no node: its snapshot could not be read, so capture it again.";
            assert!(problem.detail().ends_with(told), "{name}: {problem}");
        }
        assert_eq!(report.problems().len(), 2);
    }
}

#[test]
fn what_corosync_refuses() {
    let refused = |text: &str, line: usize| {
        let conf = Conf::parse(text.as_bytes()).unwrap();
        let selector = Selector::new("127.0.0.1".parse().unwrap());
        let profile = Profile::Corosync(None);
        let fleet = Fleet::of_conf("corosync.conf", conf, profile, selector, Hosts::default());
        let mut fleet = match fleet {
            Ok(fleet) => fleet,
            Err(error) => return assert_eq!(error.line(), line),
        };
        let host = snapshot("eth0 10.8.52.191/24");
        match fleet.add("pgpool_0", &host) {
            Err(error) => {
                assert_eq!(error.what(), "a corosync.conf");
                assert_eq!(error.line(), Some(line), "{error}");
            }
            other => panic!("{other:?}"),
        }
        // Nothing was added.
        assert!(fleet.judge().nodes().is_empty());
    };
    refused("totem {\n  version: 2\n  transport: tcp\n}", 3);
    refused(&KNET.replace("10.8.52.192", "10.8.52.192/24"), 15);
    refused("totem {\n  version: 2\n}", 1);
}
