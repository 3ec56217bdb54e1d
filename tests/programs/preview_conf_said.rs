//! `preview --conf` says what the operator should know, and refuses what Corosync would.

use bindnet_tests::n1;

use n1::{UDP, conf, preview, preview_json};
use serde_json::json;

/// A row: what is asked for, and what the warnings say, wherever they stand.
fn warns(conf: &str, version: &str, parts: &[&str]) {
    let profile = format!("corosync:{version}");
    let run = preview(conf, &["--profile", &profile]);
    assert!(run.status < 2, "{run:?}");
    for part in parts {
        assert!(
            run.stderr.contains(part),
            "{part:?} is not in {:?}",
            run.stderr
        );
    }
    assert!(!parts.is_empty() || run.stderr.is_empty(), "{run:?}");
}

#[test]
fn what_the_operator_should_know() {
    let n1 = "    name: n1\n    nodeid: 1\n    ring0_addr: 192.168.1.10";
    let named = "    name: n1\n    nodeid: 1";
    let knet = UDP.replace("transport: udp", "transport: knet");
    let udpu = UDP.replace("transport: udp", "transport: udpu");
    warns(&conf("", &[n1]), "3.1.7", &[]);
    warns(
        &conf(&knet, &[n1]),
        "3.1.7",
        &["line 6: bindnetaddr 192.168.1.0 is ignored", "(line 14)"],
    );
    warns(
        &conf(&knet, &[named]),
        "3.1.7",
        &["line 6: transport knet ignores bindnetaddr"],
    );
    // The nodelist wins since 2.4.3 and 2.99.0.
    warns(
        &conf(UDP, &[n1]),
        "2.4.2",
        &["bindnetaddr 192.168.1.0 wins over the nodelist"],
    );
    warns(
        &conf(UDP, &[n1]),
        "2.4.3",
        &["bindnetaddr 192.168.1.0 is ignored", "2.4.3 and 2.99.0"],
    );
    warns(&conf(UDP, &[n1]), "2.90.0", &["wins over the nodelist"]);
    warns(&conf(UDP, &[n1]), "2.99.0", &["is ignored"]);
    warns(
        &conf(UDP, &[n1]),
        "1.4.7",
        &["line 11: Corosync 1.4.7 knows no nodelist"],
    );
    let neighbour = n1.replace(".10", ".83");
    warns(
        &conf("  transport: udpu", &[&neighbour]),
        "3.1.7",
        &[
            "line 9: ring0_addr 192.168.1.83 is not an address of this host; on udpu",
            "192.168.1.83 is not configured here; Corosync takes this address of the same network",
        ],
    );
    warns(
        &conf("", &[&neighbour]),
        "3.1.7",
        &["192.168.1.83 is not an address of this host; knet"],
    );
    let down = udpu.replace("192.168.1.0", "10.2.0.0");
    warns(
        &conf(&down, &[named]),
        "3.1.7",
        &["eth2 is down: Corosync binds 127.0.0.1"],
    );
    let link_local = udpu.replace("192.168.1.0", "fe80::10");
    warns(
        &conf(&link_local, &[named]),
        "3.1.7",
        &["scope id 2", "and this one has 3"],
    );
    let octal = udpu.replace("192.168.1.0", "192.168.01.0");
    warns(
        &conf(&octal, &[named]),
        "3.1.7",
        &["line 6: bindnetaddr 192.168.01.0 is read as octal: 192.168.1.0"],
    );
    let ringnumber = knet.replace("linknumber: 0", "ringnumber: 1");
    warns(
        &conf(&ringnumber, &[n1]),
        "3.1.7",
        &["line 5: Corosync 3.1.7 numbers links by linknumber"],
    );
    warns(
        &conf(UDP, &[named]),
        "9.0.0",
        &["Corosync 9.0.0 is newer than 3.1.10"],
    );
    warns(
        &conf(&knet, &[named]),
        "2.4.6",
        &["line 3: Corosync 2.4.6 does not know the transport knet"],
    );
}

/// A row: what Corosync would refuse, with the line of the file.
fn refused(conf: &str, version: &str, line: usize, parts: &[&str]) {
    ends(2, conf, version, line, parts);
}

/// A row: a file that is in order, and this host is not in it.
fn is_not_here(conf: &str, version: &str, line: usize, parts: &[&str]) {
    ends(1, conf, version, line, parts);
}

fn ends(status: i32, conf: &str, version: &str, line: usize, parts: &[&str]) {
    let profile = format!("corosync:{version}");
    let run = preview(conf, &["--profile", &profile]);
    assert_eq!((run.status, run.stdout.as_str()), (status, ""), "{run:?}");
    assert!(run.stderr.contains(&format!(", line {line}: ")), "{run:?}");
    for part in parts {
        assert!(
            run.stderr.contains(part),
            "{part:?} is not in {:?}",
            run.stderr
        );
    }
}

#[test]
fn what_corosync_would_refuse() {
    let n1 = "    name: n1\n    nodeid: 1\n    ring0_addr: 192.168.1.10";
    let named = "    name: n1\n    nodeid: 1";
    let with = |text: &str| UDP.replace("192.168.1.0", text);
    refused(
        &conf(&with("192.168.1.0/24"), &[named]),
        "3.1.7",
        6,
        &["refuses a prefix", "write 192.168.1.0"],
    );
    refused(
        &conf(&with("fd00:1::"), &[named]),
        "3.1.7",
        6,
        &["fd00:1::", "ip_version"],
    );
    refused(
        &conf(&with("nosuchname"), &[named]),
        "3.1.7",
        6,
        &["nosuchname", "hosts file", "DNS"],
    );
    refused("totem {\n  version 2\n}\n", "3.1.7", 2, &[]);
    refused("totem {\n  version: 2\n", "3.1.7", 2, &["} is missing"]);
    refused("totem {\n}\n", "3.1.7", 1, &["no nodelist"]);
    refused(
        &conf("  transport: tcp", &[n1]),
        "3.1.7",
        3,
        &["tcp", "knet, udp or udpu"],
    );
    is_not_here(
        &conf(UDP, &["    name: n9"]),
        "3.1.7",
        11,
        &["no node", "\"n1\""],
    );
    refused(&conf(UDP, &[]), "3.1.7", 1, &["no nodelist"]);
    let two = format!("{n1}\n    ring1_addr: 10.0.0.10");
    refused(
        &conf("  transport: udpu", &[&two]),
        "3.1.7",
        10,
        &["second link", "udpu"],
    );
    refused(
        &conf(
            "",
            &[
                &two,
                "    name: n2\n    nodeid: 2\n    ring0_addr: 192.168.1.11",
            ],
        ),
        "3.1.7",
        12,
        &["without ring1_addr"],
    );
    refused(
        &conf("", &[&n1.replace("ring0", "ring8")]),
        "3.1.7",
        9,
        &["ring8_addr", "0 to 7"],
    );
    refused(
        &conf(&UDP.replace("linknumber: 0", "linknumber: 9"), &[named]),
        "3.1.7",
        5,
        &["0 to 7"],
    );
    is_not_here(&conf("", &["    name: n9"]), "2.4.6", 6, &["no link"]);
}

#[test]
fn what_corosync_3_would_refuse_of_nodes() {
    let n1 = "    name: n1\n    nodeid: 1\n    ring0_addr: 192.168.1.10";
    let n2 = "    name: n2\n    nodeid: 2\n    ring0_addr: 192.168.1.11";
    let with = |other: &str| conf("", &[n1, other]);
    let cidr = n2.replace(".11", ".11/24");
    refused(
        &with(&cidr),
        "3.1.7",
        14,
        &["refuses a prefix", "write 192.168.1.11"],
    );
    let other_family = n2.replace("192.168.1.11", "fd00:1::11");
    refused(
        &with(&other_family),
        "3.1.7",
        14,
        &["fd00:1::11", "192.168.1.10", "of one family"],
    );
    let left_over = "  interface {\n    linknumber: 1\n    knet_transport: udp\n  }";
    refused(
        &conf(left_over, &[n1, n2]),
        "3.1.7",
        3,
        &["link 1", "ring1_addr"],
    );
    warns(
        &with(&n2.replace("192.168.1.11", "n2.example.org")),
        "3.1.7",
        &["n2.example.org", "DNS"],
    );
}

#[test]
fn what_corosync_3_would_refuse_of_udp() {
    let named = "    name: n1\n    nodeid: 1";
    let udpu = UDP.replace("transport: udp", "transport: udpu");
    let v6 = udpu.replace("192.168.1.0", "fd00:1::");
    // From 2.0 IPv6 wants ip_version, and before 3.0 there are but two.
    refused(
        &conf(&v6, &[named]),
        "2.4.6",
        6,
        &["fd00:1::", "ip_version"],
    );
    let v6_4 = format!("{v6}\n  ip_version: ipv6-4");
    refused(
        &conf(&v6_4, &[named]),
        "2.4.6",
        9,
        &["ipv6-4", "write ipv4 or ipv6"],
    );
    warns(&conf(&v6, &[]), "1.4.7", &[]);
}

#[test]
fn the_nodelist_does_not_win_where_it_says_nothing() {
    let udpu = UDP.replace("transport: udp", "transport: udpu");
    let first = "    name: n9\n    nodeid: 9\n    ring0_addr: 192.168.1.11";
    let named = "    name: n1\n    nodeid: 1";
    let run = preview(
        &conf(&udpu, &[first, named]),
        &["--profile", "corosync:3.1.7"],
    );
    assert!(!run.stderr.contains("is ignored"), "{run:?}");
    assert!(run.stdout.contains("bindnetaddr 192.168.1.0\n"), "{run:?}");
}

#[test]
fn a_link_that_is_down_is_not_bound() {
    let down = UDP.replace("192.168.1.0", "10.2.0.0");
    let named = "    name: n1\n    nodeid: 1";
    for (transport, version, then) in [
        ("udp", "3.1.7", "it then binds localhost and looks again."),
        ("udpu", "3.1.7", "it then exits."),
        ("udpu", "2.4.4", "it then binds localhost and looks again."),
    ] {
        let conf = conf(
            &down.replace("transport: udp", &format!("transport: {transport}")),
            &[named],
        );
        let run = preview(&conf, &["--profile", &format!("corosync:{version}")]);
        assert!(
            run.stdout
                .contains("DIFFERS: 10.2.0.10/24 on eth2: taken by"),
            "{run:?}"
        );
        assert!(run.stdout.contains(then), "{run:?}");
    }
}

/// What Corosync refuses for another reason than the addresses of links is shown, with the note that
/// only Corosync knows whether it starts.
#[test]
fn what_is_not_read_is_said() {
    let note = "\nOnly `corosync -t` knows whether Corosync starts with this file: only the \
                addresses of its links were read.\n";
    let named = "    name: n1\n    nodeid: 1";
    let unicast = UDP.replace("239.192.1.1", "10.1.1.1");
    let no_group = UDP.replace("    mcastaddr: 239.192.1.1\n", "");
    let secauth = format!("{UDP}\n  secauth: on");
    for totem in [UDP, &unicast, &no_group, &secauth] {
        let run = preview(&conf(totem, &[named]), &["--profile", "corosync:3.1.7"]);
        assert_eq!(run.status, 0, "{run:?}");
        assert!(run.stdout.ends_with(note), "{run:?}");
    }
    let n1 = "    name: n1\n    nodeid: 1\n    ring0_addr: 192.168.1.10";
    let n2 = "    name: n2\n    nodeid: 1\n    ring0_addr: 192.168.1.11";
    let run = preview(&conf("", &[n1, n2]), &["--profile", "corosync:3.1.7"]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stdout.ends_with(note), "{run:?}");

    let (_, json) = preview_json(&conf("", &[n1, n2]), &["--profile", "corosync:3.1.7"]);
    assert_eq!(json["note"], note.trim());
    assert_eq!(json["warnings"], json!([]));
    let quiet = preview(&conf("", &[n1, n2]), &["-q"]);
    assert_eq!(
        (quiet.stdout.as_str(), quiet.stderr.as_str()),
        ("192.168.1.10\n", "")
    );
}
