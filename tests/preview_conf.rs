//! `preview --conf`: every link of a corosync.conf, beside what Corosync takes for it.

#[path = "support/cli.rs"]
mod cli;

use cli::{Run, TempFile, run};
use serde_json::{Value, json};

/// The host n1: the virtual address .200 is listed before the node's own .10.
fn n1() -> TempFile {
    let address = |index: u32, ip: &str, len: u8, label: Option<&str>| {
        json!({"interface_index": index, "address": ip, "prefix_len": len, "label": label,
               "scope": "global", "flags": ["permanent"]})
    };
    let link = |index: u32, name: &str, flags: &[&str]| json!({"index": index, "name": name, "flags": flags});
    let up = ["up", "running"];
    let snapshot = json!({
        "format": "bindnet-snapshot/1", "source": "netlink", "consistency": "consistent",
        "hostname": "n1",
        "links": [
            link(1, "lo", &["up", "running", "loopback"]),
            link(2, "eth0", &up), link(3, "eth1", &up), link(4, "eth2", &["broadcast"]),
        ],
        "addresses": [
            address(1, "127.0.0.1", 8, Some("lo")),
            address(2, "192.168.1.200", 24, Some("eth0:vip")),
            address(2, "192.168.1.10", 24, Some("eth0")),
            address(3, "10.0.0.10", 24, Some("eth1")),
            address(4, "10.2.0.10", 24, Some("eth2")),
            address(2, "fd00:1::10", 64, None),
            address(3, "fe80::10", 64, None),
        ],
    });
    TempFile::new(snapshot.to_string().as_bytes())
}

/// Previews a corosync.conf on n1.
fn preview(conf: &str, args: &[&str]) -> Run {
    let (conf, host) = (TempFile::new(conf.as_bytes()), n1());
    let mut all = vec!["--conf", conf.path(), "--from", host.path()];
    all.extend(args);
    run(&all)
}

fn preview_json(conf: &str, args: &[&str]) -> (i32, Value) {
    let args = [&["--json"], args].concat();
    let run = preview(conf, &args);
    let json = serde_json::from_str(&run.stdout);
    (
        run.status,
        json.unwrap_or_else(|error| panic!("{error}: {run:?}")),
    )
}

/// A conf with this totem section and these nodes.
fn conf(totem: &str, nodes: &[&str]) -> String {
    let nodes: String = nodes
        .iter()
        .map(|node| format!("  node {{\n{node}\n  }}\n"))
        .collect();
    format!("totem {{\n  version: 2\n{totem}\n}}\nnodelist {{\n{nodes}}}\n")
}

/// What `pcs cluster setup` writes.
const PCS: &str = "totem {
    version: 2
    cluster_name: hacluster
    transport: knet
    crypto_cipher: aes256
    crypto_hash: sha256
}

nodelist {
    node {
        ring0_addr: 192.168.1.10
        ring1_addr: 10.0.0.10
        name: n1
        nodeid: 1
    }

    node {
        ring0_addr: 192.168.1.11
        ring1_addr: 10.0.0.11
        name: n2
        nodeid: 2
    }
}

quorum {
    provider: corosync_votequorum
    two_node: 1
}

logging {
    to_logfile: yes
    logfile: /var/log/cluster/corosync.log
    to_syslog: yes
    timestamp: on
}
";

const UDP: &str = "  transport: udp
  interface {
    linknumber: 0
    bindnetaddr: 192.168.1.0
    mcastaddr: 239.192.1.1
  }";

#[test]
fn what_pcs_sets_up() {
    let (status, json) = preview_json(PCS, &["--profile", "corosync:3.1.7"]);
    assert_eq!(status, 0);
    assert_eq!(json["format"], "bindnet-conf/1");
    assert_eq!(json["warnings"], json!([]));
    let links = json["links"].as_array().expect("links");
    let told: Vec<_> = links
        .iter()
        .map(|link| {
            (
                &link["link"],
                &link["origin"],
                &link["line"],
                &link["decision"]["chosen"]["address"],
            )
        })
        .collect();
    let nodelist = json!("nodelist");
    assert_eq!(
        told,
        [
            (&json!(0), &nodelist, &json!(11), &json!("192.168.1.10")),
            (&json!(1), &nodelist, &json!(12), &json!("10.0.0.10")),
        ]
    );
    let corosync = &links[1]["corosync"];
    assert_eq!(corosync["version"], "3.1.7");
    assert_eq!(corosync["transport"], "knet");
    assert_eq!(corosync["address"], "10.0.0.10");
    assert_eq!(corosync["differs"], false);
}

#[test]
fn where_they_differ_and_why() {
    let run = preview(
        &conf(UDP, &["    name: n1"]),
        &["--profile", "corosync:3.1.7"],
    );
    assert_eq!(run.status, 0, "{run:?}");
    let differs = "DIFFERS: 192.168.1.200/24 on eth0: taken by Corosync 3.1.7, which meets it in the \
                   list before 192.168.1.10.\n";
    assert!(
        run.stdout
            .contains("link 0, line 6: bindnetaddr 192.168.1.0\n"),
        "{run:?}"
    );
    assert!(
        run.stdout
            .contains("\n192.168.1.10/24 on eth0: the only address"),
        "{run:?}"
    );
    assert!(run.stdout.contains(differs), "{run:?}");
    let floats = "warning: link 0, Corosync: 192.168.1.200 looks floating (label eth0:vip)";
    assert!(run.stderr.contains(floats), "{run:?}");

    let (_, json) = preview_json(
        &conf(UDP, &["    name: n1"]),
        &["--profile", "corosync:2.0.1"],
    );
    assert_eq!(json["links"][0]["corosync"]["address"], "192.168.1.10");
    assert_eq!(json["links"][0]["corosync"]["differs"], false);
}

#[test]
fn only_the_addresses() {
    let run = preview(PCS, &["-q"]);
    assert_eq!(
        (run.status, run.stdout.as_str(), run.stderr.as_str()),
        (0, "192.168.1.10\n10.0.0.10\n", "")
    );
}

#[test]
fn the_exit_status_is_the_worst_links() {
    let elsewhere = PCS.replace("10.0.0.10", "172.16.0.1");
    let run = preview(&elsewhere, &["--profile", "corosync"]);
    assert_eq!(run.status, 1, "{run:?}");
    assert!(run.stderr.contains("preview: link 1: none: "), "{run:?}");
    assert!(
        run.stderr
            .contains("ring1_addr 172.16.0.1 is not an address of this host; knet binds it")
    );
    assert!(run.stdout.contains("(IP_FREEBIND)"), "{run:?}");

    let neighbour = PCS.replace("10.0.0.10", "10.0.0.83");
    assert_eq!(preview(&neighbour, &["--strict"]).status, 4);
    assert_eq!(preview(&neighbour, &[]).status, 0);
    let both = elsewhere.replace("192.168.1.10", "192.168.1.83");
    assert_eq!(preview(&both, &["--strict"]).status, 1);
}

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
    let profile = format!("corosync:{version}");
    let run = preview(conf, &["--profile", &profile]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
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
    refused("totem {\n  version: 1\n}\n", "3.1.7", 2, &["\"1\"", "2"]);
    refused("totem {\n}\n", "3.1.7", 1, &["version: 2"]);
    refused(
        &conf("  transport: tcp", &[n1]),
        "3.1.7",
        3,
        &["tcp", "knet, udp or udpu"],
    );
    refused(
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
        &conf("", &[&two.replace("    name: n1\n", "    name2: n1\n")]),
        "3.1.7",
        6,
        &["name"],
    );
    refused(
        &conf("", &[&two, "    name: n2\n    ring0_addr: 192.168.1.11"]),
        "3.1.7",
        12,
        &["ringX_addr"],
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
    refused(&conf("", &["    name: n9"]), "2.4.6", 1, &["no link"]);
}

#[test]
fn two_rings_of_corosync_1() {
    let rings = "totem {
  version: 2
  rrp_mode: passive
  interface {
    ringnumber: 1
    bindnetaddr: 10.0.0.0
  }
  interface {
    ringnumber: 0
    bindnetaddr: 192.168.1.0
  }
}
";
    let (status, json) = preview_json(rings, &["--profile", "corosync:1.4.1"]);
    assert_eq!(status, 0);
    let taken: Vec<_> = json["links"]
        .as_array()
        .expect("links")
        .iter()
        .map(|l| &l["corosync"]["address"])
        .collect();
    assert_eq!(taken, [&json!("192.168.1.200"), &json!("10.0.0.10")]);
    let one = rings.replace("passive", "none");
    refused(&one, "1.4.1", 6, &["second link", "rrp_mode"]);
}

#[test]
fn the_local_node() {
    let taken = |nodes: &[&str], version: &str| {
        let profile = format!("corosync:{version}");
        let (_, json) = preview_json(&conf("", nodes), &["--profile", &profile]);
        json["links"][0]["corosync"]["address"]
            .as_str()
            .map(str::to_owned)
    };
    let other = "    name: n2\n    ring0_addr: 192.168.1.11";
    let here = Some("192.168.1.10".to_owned());
    for node in [
        "    name: n1\n    ring0_addr: 192.168.1.10",
        "    ring0_addr: 192.168.1.10",
        "    name: 10.0.0.10\n    ring0_addr: 192.168.1.10",
        "    name: fd00:1::10\n    ring0_addr: 192.168.1.10",
    ] {
        assert_eq!(taken(&[other, node], "3.1.7"), here, "{node}");
    }
    // Before 3.0 the name does not count, the address does.
    assert_eq!(
        taken(
            &[other, "    name: n9\n    ring0_addr: 192.168.1.10"],
            "2.4.6"
        ),
        here
    );
}

#[test]
fn the_files_that_are_no_files() {
    let run = run(&["--conf", "/nonexistent/corosync.conf"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("/nonexistent/corosync.conf"), "{run:?}");
    let both = cli::run(&["--conf", "/dev/null", "192.168.1.0"]);
    assert_eq!(both.status, 2, "{both:?}");
}
