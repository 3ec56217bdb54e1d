//! What is said of a fleet: sentences, warnings, names.

use bindnet_tests::{fleets, rows};

use bindnet::ParseError;
use bindnet::explain::{Setting, Spelling};
use bindnet::fleet::{Code, Fleet};
use fleets::{by, judge, snapshot};

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
             floating (label eth0:vip); declare 10.8.52.200 fixed if it is this host's own.",
            "no-choice: c: no address of this host is in the network of 10.8.52.0; nearest of 1 IPv4 \
             address: 10.9.0.1/24 on eth1; \"10.9.0.0\" would match it.",
            "ambiguous: a: 10.8.52.1/24 on eth0: first only because there is weak evidence against \
             10.8.52.200; to settle it, declare 10.8.52.1 fixed (if it is this host's own) or declare \
             10.8.52.200 fixed (if it is this host's own).",
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
fn who_has_it_besides() {
    let story = "
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/24; eth1 10.8.52.1/32
        node c: eth1 10.9.0.1/24; eth2 10.9.0.200/24; eth0 10.8.52.1/24 label=eth0:vip";
    let told = |declared: &str| {
        let report = judge(by(&format!("10.8.52.0 {declared}")), story, false);
        report.problems()[0].detail().to_owned()
    };
    assert_eq!(
        told("--fixed 10.8.52.0/24 --no-rule label --interface eth0"),
        "10.8.52.1 was chosen by a (eth0) and c (eth0) and is on b (eth1), too: leave it to one of \
         them.",
    );
    assert_eq!(
        told(""),
        "10.8.52.1 was chosen by a (eth0) and floats on b (eth1) and c (eth0): if it is a cluster \
         address, declare it floating, else leave it to one of them.",
    );
}

/// The address of one node in the place of a bindnetaddr settles nothing for the others.
#[test]
fn the_address_of_one_node_is_asked_for() {
    let story = "
        node a: eth0 10.8.52.1/24
        node b: eth0 10.8.52.2/24";
    let report = judge(by("10.8.52.1"), story, false);
    let told: Vec<_> = report.problems().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "ambiguous: b: 10.8.52.2/24 on eth0: 10.8.52.1 is not configured here, this is the \
          address of the same network; to settle it, set bindnetaddr to 10.8.52.0 (any address of \
          this network)."
        ]
    );
}

/// A few of many settings are named.
#[test]
fn many_addresses_are_left() {
    let of = |last: u8| {
        let more = (2..=last).map(|ip| format!("; eth0 10.8.52.{ip}/24 secondary"));
        let story = format!("node a: eth0 10.8.52.1/24{}", more.collect::<String>());
        let report = judge(by("10.8.52.0"), &story, false);
        let detail = report.problems()[0].detail().to_owned();
        detail.split_once("to settle it, ").unwrap().1.to_owned()
    };
    assert_eq!(
        of(4).matches(" fixed (if it is this host's own)").count(),
        4
    );
    assert!(
        of(5).ends_with("declare 10.8.52.3 fixed (if it is this host's own) or one of 2 more.")
    );
}

/// Where it was named exactly, or is chosen as Corosync chooses, it is of no use to declare it.
#[test]
fn what_floats_and_is_chosen_all_the_same() {
    let told = |options: &str, story: &str| {
        let report = judge(by(options), story, false);
        report.problems()[0].detail().to_owned()
    };
    let both = "
        node a: eth0 10.8.52.200/24 label=eth0:vip; eth0 10.8.52.1/24
        node b: eth0 10.8.52.200/24 label=eth0:vip; eth0 10.8.52.2/24";
    let by_both = "10.8.52.200, which floats, was chosen by a (eth0) and b (eth0): have each node \
                   bind an address that stays on it.";
    for options in [
        "10.8.52.200",
        "10.8.52.200 --floating 10.8.52.200",
        "10.8.52.0 --profile corosync:3.1.7",
    ] {
        assert_eq!(told(options, both), by_both);
    }
    let one = "
        node a: eth0 10.8.52.200/24 label=eth0:vip
        node b: eth0 10.8.52.200/24 label=eth0:vip dadfailed";
    assert_eq!(
        told("10.8.52.200", one),
        "10.8.52.200, which floats, was chosen by a (eth0) and is on b (eth0), too: have each node \
         bind an address that stays on it."
    );
}

#[test]
fn many_nodes_are_counted() {
    let many = |bindnet: &str| {
        let mut fleet = by(bindnet);
        for node in 0..40 {
            let net = if node == 17 {
                "10.8.1.1/16"
            } else {
                "10.8.0.1/24"
            };
            fleet
                .add(format!("n{node:02}"), &snapshot(&format!("eth0 {net}")))
                .unwrap();
        }
        let report = fleet.judge();
        assert_eq!(report.problems()[0].nodes().count(), 39);
        report
            .problems()
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    let duplicate = "duplicate-address: 10.8.0.1 was chosen by n00 (eth0), n01 (eth0), n02 (eth0) and \
                     36 more: leave it to one of them, and give every other an address of its own.";
    let different = "different-network: the choices are not all of one network but of 10.8.0.0/16 (n17) \
                     and 10.8.0.0/24 (n00, n01, n02 and 36 more): correct the addresses or prefixes that \
                     are wrong, or name one of the networks";
    let all = ", or the one that holds them all, with its prefix";
    assert_eq!(
        many("10.8.0.0"),
        [duplicate.to_owned(), format!("{different}{all}.")]
    );
    assert_eq!(many("10.8.0.0/16"), [duplicate]);
    // Corosync takes no prefix.
    let corosync = many("10.8.0.0 --profile corosync:3.1.7");
    assert_eq!(corosync, [duplicate.to_owned(), format!("{different}.")]);
}

/// What two nodes have that chose others, in plain words and in those of a program.
#[test]
fn an_address_that_nobody_chose() {
    let story = "
        node a: eth0 10.8.52.1/24; eth0 10.8.52.200/24 secondary
        node b: eth0 10.8.52.2/24; eth1 10.8.52.200/24 secondary";
    let told = |fleet: Fleet| judge(fleet, story, false).problems()[0].to_string();
    let first = "held-by-several: 10.8.52.200, in the network asked for, is on a (eth0) and b (eth1) at \
                 once: leave it to one of them, and declare it";
    assert_eq!(
        told(by("10.8.52.0")),
        format!("{first} floating if it is a cluster address.")
    );
    let option = |setting: &Setting| format!("{} = {}", setting.code(), setting.value());
    assert_eq!(
        told(by("10.8.52.0").spelling(Spelling::new(option, "ringd"))),
        format!("{first} (floating = 10.8.52.200) if it is a cluster address.")
    );
    let json = judge(by("10.8.52.0"), story, false).to_json();
    let problem =
        r#""problems":[{"code":"held-by-several","nodes":["a","b"],"address":"10.8.52.200","#;
    assert!(json.contains(problem), "{json}");
    // It says what to do: what is declared floating has the other code.
    let declared = judge(by("10.8.52.0 --floating 10.8.52.200"), story, false);
    let codes: Vec<_> = declared.problems().iter().map(|p| p.code()).collect();
    assert_eq!(codes, [Code::FloatingOnSeveralNodes]);
}

/// A snapshot does not change while one waits.
#[test]
fn duplicate_address_detection_is_not_over() {
    let told = |story: &str| {
        let report = judge(by("fd00::"), story, false);
        report.problems()[0].detail().to_owned()
    };
    let again = "; capture it again when duplicate address detection is over";
    let pending = told("node a: eth0 fd00::30/64; eth0 fd00::1/64 tentative");
    assert!(
        pending.contains(&format!("{again}, or to settle it, ")),
        "{pending}"
    );
    let none = told("node a: eth0 fd00::1/64 tentative");
    assert!(none.ends_with(&format!("{again}.")), "{none}");
}

/// The network of choices in several networks is the one that was asked for.
#[test]
fn racks_agree_in_the_network_that_was_named() {
    let story = "
        node a: eth0 10.1.0.0/31
        node b: eth0 10.2.0.0/31
        node c: eth0 10.3.0.0/31";
    let report = judge(by("10.0.0.0/8"), story, false);
    let first = "3 nodes agree: each chose an address of its own in 10.0.0.0/8.\n";
    assert!(report.to_string().starts_with(first), "{report}");
    let racks = "10.1.0.0/24,10.2.0.0/24,10.3.0.0/24";
    let report = judge(by(racks), story, false);
    let first = format!("3 nodes agree: each chose an address of its own in {racks}.\n");
    assert!(report.to_string().starts_with(&first), "{report}");
}

#[test]
fn four_nodes_are_named() {
    let node = |name| format!("node {name}: eth0 10.8.52.1/24\n");
    for (names, told) in [
        (
            &["a", "b", "c", "d"][..],
            "a (eth0), b (eth0), c (eth0) and d (eth0)",
        ),
        (
            &["a", "b", "c", "d", "e"],
            "a (eth0), b (eth0), c (eth0) and 2 more",
        ),
    ] {
        let story: String = names.iter().map(node).collect();
        let report = judge(by("10.8.52.0"), &story, false);
        let detail = report.problems()[0].detail();
        assert!(
            detail.starts_with(&format!("10.8.52.1 was chosen by {told}: ")),
            "{detail}"
        );
    }
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
        node d: eth0 10.8.52.4/24; hostname localhost
        node e: eth0 10.8.52.5/24; hostname www";
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
fn an_address_that_every_node_has_is_not_its_own() {
    let nodes = |nets: &str| {
        let node = |name| format!("node {name}: lo {nets}\n");
        node("a") + &node("b")
    };
    let report = judge(by("127.0.0.0"), &nodes("127.0.0.1/8"), false);
    let first = "2 nodes agree: each chose an address in 127.0.0.0/8.\n";
    assert!(report.to_string().starts_with(first), "{report}");
    let warning = "127.0.0.1 is a loopback address: no other node can reach it.";
    assert_eq!(report.warnings(), [warning]);
    let alone = judge(by("127.0.0.0"), "node a: lo 127.0.0.1/8", false);
    assert!(alone.warnings().is_empty(), "{:?}", alone.warnings());
    let of_link = judge(by("fe80::"), &nodes("fe80::1/64"), false);
    let first = "2 nodes agree: each chose an address in fe80::/64.\n";
    assert!(of_link.to_string().starts_with(first), "{of_link}");
}

#[test]
fn names() {
    let mut fleet = by("10.8.52.0");
    let host = snapshot("eth0 10.8.52.1/24");
    fleet.add(b"a\x1b[31m\xff", &host).unwrap();
    fleet.add("a b", &snapshot("eth0 10.8.52.2/24")).unwrap();
    let twice = |added: Result<(), ParseError>, name: &str| {
        let error = added.unwrap_err();
        assert_eq!((error.what(), error.text()), ("the name of a node", name));
        assert!(error.to_string().contains(" is there twice; "), "{error}");
    };
    twice(fleet.add(b"a\x1b[31m\xff", &host), r"a\x1b[31m\xff");
    twice(fleet.add_unread("a b"), "a b");
    assert_eq!(
        fleet.add(b"a\x1b[31m\xff", &host).unwrap_err().to_string(),
        r#"node "a\x1b[31m\xff" is there twice; give one of the two another name"#
    );
    let nameless = fleet.add("", &host).unwrap_err();
    assert_eq!(nameless.text(), "");
    assert_eq!(nameless.to_string(), "a node without a name");
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
