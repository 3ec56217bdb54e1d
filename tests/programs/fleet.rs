//! The example `fleet`: what it prints, its JSON and its exit statuses.

use bindnet_tests::{cli, cluster, folder};

use cli::{TempFile, recorded};
use cluster::{cluster, fleet, forgotten, host, json_of};
use folder::Folder;
use serde_json::{Value, json};

#[test]
fn the_second_story() {
    let (cluster, old) = (cluster(), forgotten());
    let run = fleet(["10.8.52.0", "--dir", cluster.path()]);
    assert_eq!(run.status, 0, "{run:?}");
    assert_eq!(
        run.stdout,
        "2 nodes agree: each chose an address of its own in 10.8.52.0/24.

    NODE      ADDRESS         INTERFACE  PROBLEMS
    pgpool_0  10.8.52.191/24  eth0       -
    pgpool_1  10.8.52.192/24  eth0       -
"
    );
    let run = fleet(["10.8.52.0", "--dir", cluster.path(), "--dir", old.path()]);
    assert_eq!((run.status, run.stderr.as_str()), (1, ""), "{run:?}");
    assert_eq!(
        run.stdout,
        "3 nodes, 1 problem.

    NODE       ADDRESS         INTERFACE  PROBLEMS
    bosh_init  10.8.52.191/24  eth0       duplicate-address
    pgpool_0   10.8.52.191/24  eth0       duplicate-address
    pgpool_1   10.8.52.192/24  eth0       -

duplicate-address: 10.8.52.191 was chosen by bosh_init (eth0) and pgpool_0 (eth0): leave it to one of them, and give every other an address of its own.
"
    );
}

#[test]
fn the_json_contract() {
    let (cluster, old) = (cluster(), forgotten());
    let forgotten = format!("bosh_init={}", old.file("bosh_init.json").display());
    let run = fleet(["--json", "10.8.52.0", &forgotten, "--dir", cluster.path()]);
    assert_eq!(run.status, 1, "{run:?}");
    assert_eq!(run.stdout.lines().count(), 1);
    let json = json_of(&run);
    assert_eq!(json["format"], "bindnet-fleet/1");
    assert_eq!(json["bindnetaddr"], "10.8.52.0");
    let nodes = json["nodes"].as_array().unwrap();
    let names: Vec<_> = nodes.iter().map(|node| &node["node"]).collect();
    assert_eq!(names, ["bosh_init", "pgpool_0", "pgpool_1"]);
    assert_eq!(nodes[2]["decision"]["format"], "bindnet-decision/1");
    assert_eq!(nodes[2]["decision"]["chosen"]["address"], "10.8.52.192");
    assert_eq!(
        json["problems"],
        json!([{
            "code": "duplicate-address", "nodes": ["bosh_init", "pgpool_0"], "address": "10.8.52.191",
            "detail": "10.8.52.191 was chosen by bosh_init (eth0) and pgpool_0 (eth0): leave it to one \
                       of them, and give every other an address of its own.",
        }])
    );
    assert_eq!(
        (&json["unread"], &json["warnings"]),
        (&json!([]), &json!([]))
    );
    assert_eq!(json.get("file"), None);
}

#[test]
fn a_corosync_conf() {
    let conf = TempFile::new(
        b"totem {
    version: 2
    transport: knet
}
nodelist {
    node {
        name: pgpool_0
        nodeid: 1
        ring0_addr: 10.8.52.191
    }
    node {
        name: pgpool_1
        nodeid: 2
        ring0_addr: 10.8.52.192
    }
}
",
    );
    let (cluster, old) = (cluster(), forgotten());
    let args = [
        "--conf",
        conf.path(),
        "--profile",
        "corosync:3.1.7",
        "--dir",
        cluster.path(),
    ];
    let run = fleet(args);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
    assert!(
        run.stdout
            .starts_with("2 nodes agree: each chose an address of its own in 10.8.52.0/24.\n")
    );
    let run = fleet([&args[..], &["--json", "--dir", old.path()]].concat());
    assert_eq!(run.status, 1);
    let json = json_of(&run);
    assert_eq!(
        (&json["format"], &json["file"]),
        (&json!("bindnet-fleet/1"), &json!(conf.path()))
    );
    assert_eq!(json.get("bindnetaddr"), None);
    let [bosh_init, pgpool_0, _] = json["nodes"].as_array().unwrap().as_slice() else {
        panic!("{json}");
    };
    assert_eq!(
        (&bosh_init["listed"], &pgpool_0["listed"]),
        (&Value::Null, &json!("pgpool_0"))
    );
    let link = &pgpool_0["links"][0];
    let told = ["link", "origin", "line"].map(|member| &link[member]);
    assert_eq!(told, [&json!(0), &json!("nodelist"), &json!(9)]);
    assert_eq!(link["decision"]["chosen"]["address"], "10.8.52.191");
    assert_eq!(link["corosync"]["version"], "3.1.7");
    let problems = json["problems"].as_array().unwrap();
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (&problem["code"], &problem["link"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("duplicate-address"), &json!(0)),
            (&json!("node-not-listed"), &Value::Null),
            (&json!("listed-address-elsewhere"), &json!(0)),
        ]
    );

    let by_name = "totem {\n version: 2\n}\nnodelist {\n node {\n  name: pgpool_0\n  nodeid: 1\n  ring0_addr: localhost\n }\n}\n";
    let by_name = TempFile::new(by_name.as_bytes());
    let local = TempFile::new(host("lo 127.0.0.1/8").as_bytes());
    let run = fleet([
        "--conf",
        by_name.path(),
        &format!("pgpool_0={}", local.path()),
    ]);
    let told = "warning: names were looked up in the hosts file of this machine.\n";
    assert!(run.stderr.ends_with(told), "{run:?}");

    let broken = TempFile::new(b"totem {\n");
    let run = fleet(["--conf", broken.path(), "--dir", cluster.path()]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(
        run.stderr.contains(broken.path()) && run.stderr.contains("line 1"),
        "{run:?}"
    );
    // What is found only when a host is looked at names the file, too.
    let refused = TempFile::new(b"totem {\n version: 2\n}\n");
    let run = fleet(["--conf", refused.path(), "--dir", cluster.path()]);
    assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{run:?}");
    assert!(run.stderr.contains(refused.path()), "{run:?}");
}

#[test]
fn clones_are_named() {
    let clone = |ip: &str| {
        host(&format!(
            "link eth0 mac=02:00:00:00:00:01; eth0 {ip}/24; hostname db"
        ))
    };
    let folder = Folder::new()
        .with("a.json", clone("10.8.52.1"))
        .with("b.json", clone("10.8.52.2"));
    let run = fleet(["--json", "10.8.52.0", "--dir", folder.path()]);
    let json = json_of(&run);
    let [problem] = json["problems"].as_array().unwrap().as_slice() else {
        panic!("{json}");
    };
    assert_eq!(
        (&problem["code"], &problem["mac"]),
        (&json!("duplicate-mac"), &json!("02:00:00:00:00:01"))
    );
    assert_eq!(
        (&problem["address"], &problem["nodes"]),
        (&Value::Null, &json!(["a", "b"]))
    );
    let warning = "the snapshots of a and b are all of a host db: is it one machine, or a clone?";
    assert_eq!(json["warnings"], json!([warning]));
}

#[test]
fn what_ip_prints_is_a_snapshot() {
    let recorded = format!("n1={}", recorded("ka_p24").path());
    // The file is gone again.
    assert_eq!(fleet(["192.168.1.0", &recorded]).status, 2);
    let ip = format!(
        "{}/tests/data/ip_addr.json",
        bindnet_tests::package().display()
    );
    let run = fleet(["127.0.0.0", &format!("n1={ip}")]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(
        run.stdout
            .starts_with("1 node, no problem: it chose an address in 127.0.0.0/8.")
    );
}

/// What to do is said by the options of the programs; the library has plain words.
#[test]
fn what_to_do_is_said_in_options() {
    let details = |hosts: [&str; 2]| {
        let [a, b] = hosts.map(host);
        let folder = Folder::new().with("a.json", a).with("b.json", b);
        let run = fleet(["--json", "10.8.52.0", "--dir", folder.path()]);
        let json = json_of(&run);
        let problems = json["problems"].as_array().unwrap().iter();
        let details = problems.map(|problem| problem["detail"].as_str().unwrap().to_owned());
        (details.collect::<Vec<_>>(), json)
    };
    let (told, json) = details(["eth0 10.8.52.1/24", "eth0 10.8.52.2/24; eth1 10.8.52.1/32"]);
    let declare = "if it is a cluster address, declare it (--floating 10.8.52.1), else leave it to \
                   one of them.";
    assert!(told[0].ends_with(declare), "{told:?}");
    assert_eq!(json["nodes"][0]["decision"]["advice"], json!([]));

    let (told, json) = details(["eth0 10.8.52.1/24; eth0 10.8.52.3/24", "eth0 10.8.52.2/24"]);
    let settle = "; settle it with --fixed 10.8.52.1 (if it is this host's own) or --fixed \
                  10.8.52.3 (if it is this host's own).";
    assert!(told[0].ends_with(settle), "{told:?}");
    let fixed = json!({
        "option": "--fixed", "value": "10.8.52.1", "why": "if it is this host's own",
    });
    assert_eq!(json["nodes"][0]["decision"]["advice"][0], fixed);

    let (told, _) = details(["eth0 10.8.52.1/24 label=eth0:vip", "eth0 10.8.52.2/24"]);
    let give = "; give --fixed 10.8.52.1 if it is this host's own.";
    assert!(told[0].ends_with(give), "{told:?}");
}

#[test]
fn the_options_of_a_selector() {
    let folder = Folder::new()
        .with(
            "a.json",
            host("eth0 10.8.52.1/24; eth0 10.8.52.200/24 secondary"),
        )
        .with("b.json", host("eth0 10.8.52.2/24; eth1 10.8.52.3/24"));
    let codes = |args: &[&str]| {
        let run = fleet([&["--json", "10.8.52.0", "--dir", folder.path()], args].concat());
        let json = json_of(&run);
        let problems = json["problems"].as_array().unwrap();
        let told = problems
            .iter()
            .map(|p| format!("{} {}", p["code"], p["nodes"]).replace('"', ""));
        told.collect::<Vec<_>>()
    };
    assert_eq!(codes(&[]), ["ambiguous [a]", "ambiguous [b]"]);
    assert_eq!(codes(&["--floating", "10.8.52.200"]), ["ambiguous [b]"]);
    assert_eq!(
        codes(&["--floating", "10.8.52.200", "--fixed", "10.8.52.2"]),
        [""; 0]
    );
    assert_eq!(codes(&["--interface", "eth1"]), ["no-choice [a]"]);
    assert_eq!(codes(&["--profile", "corosync"]), [""; 0]);
    // Nothing is chosen, and why is the same.
    assert_eq!(codes(&["--strict"]), ["ambiguous [a]", "ambiguous [b]"]);
}
