//! The example `fleet`: folders and files, exit statuses, JSON, and whatever can be wrong with them.

#[path = "support/cli.rs"]
mod cli;
#[path = "support/fleets.rs"]
mod fleets;
#[path = "support/folder.rs"]
mod folder;
#[path = "support/rows.rs"]
mod rows;

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use cli::{Run, TempFile, example, recorded};
use fleets::snapshot;
use folder::Folder;
use serde_json::{Value, json};

fn fleet<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Run {
    example("fleet")
        .args(args)
        .output()
        .expect("fleet runs")
        .into()
}

/// A snapshot file of these lines.
fn host(lines: &str) -> String {
    snapshot(lines).to_json()
}

/// The cluster of the second story.
fn cluster() -> Folder {
    Folder::new()
        .with("pgpool_0.json", host("eth0 10.8.52.191/24"))
        .with("pgpool_1.json", host("eth0 10.8.52.192/24"))
}

/// The forgotten machine, in another folder.
fn forgotten() -> Folder {
    Folder::new().with("bosh_init.json", host("eth0 10.8.52.191/24"))
}

fn json_of(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}

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
fn a_bad_snapshot_stops_nothing() {
    let folder = cluster()
        .with("cut.json", &host("eth0 10.8.52.9/24")[..100])
        .with("empty.json", "")
        .with("text.json", "1: lo: <LOOPBACK,UP,LOWER_UP> mtu 65536\n")
        .with("README", "not a snapshot");
    std::fs::create_dir(folder.file("dir.json")).unwrap();
    let missing = format!("missing={}", folder.file("missing.json").display());
    let run = fleet(["10.8.52.0", &missing, "--dir", folder.path()]);
    assert_eq!(run.status, 2, "{run:?}");
    for (name, why) in [
        ("cut.json", "was it cut short?"),
        ("empty.json", "nothing there"),
        ("text.json", "run ip -d -j addr"),
        ("dir.json", "a folder"),
        ("missing.json", "No such file"),
    ] {
        let start = format!("fleet: {}: ", folder.file(name).display());
        let line = run.stderr.lines().find(|line| line.starts_with(&start));
        assert!(
            line.is_some_and(|line| line.contains(why)),
            "{name}: {run:?}"
        );
    }
    assert_eq!(run.stderr.lines().count(), 5, "{run:?}");
    let first = "2 of 7 nodes agree: each chose an address of its own in 10.8.52.0/24; cut, dir, empty \
                 and 2 more could not be read.\n";
    assert!(run.stdout.starts_with(first), "{run:?}");

    let run = fleet(["--json", "10.8.52.0", "--dir", folder.path()]);
    assert_eq!(run.status, 2);
    let json = json_of(&run);
    assert_eq!(json["unread"], json!(["cut", "dir", "empty", "text"]));
    assert_eq!(json["nodes"].as_array().unwrap().len(), 2);

    let none = Folder::new().with("a.json", "{");
    let run = fleet(["10.8.52.0", "--dir", none.path()]);
    assert_eq!(run.status, 2);
    assert!(
        run.stdout
            .starts_with("0 of 1 node judged; a could not be read.\n"),
        "{run:?}"
    );
}

#[test]
fn what_ip_prints_is_a_snapshot() {
    let recorded = format!("n1={}", recorded("ka_p24").path());
    // The file is gone again.
    assert_eq!(fleet(["192.168.1.0", &recorded]).status, 2);
    let ip = format!("{}/tests/data/ip_addr.json", env!("CARGO_MANIFEST_DIR"));
    let run = fleet(["127.0.0.0", &format!("n1={ip}")]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(
        run.stdout
            .starts_with("1 node, no problem: it chose an address of its own in 127.0.0.0/8.")
    );
}

#[test]
fn the_command_line() {
    let (cluster, empty) = (cluster(), Folder::new());
    let a = format!("a={}", cluster.file("pgpool_0.json").display());
    let same = format!("a={}", cluster.file("pgpool_1.json").display());
    let named = format!("pgpool_0={}", cluster.file("pgpool_1.json").display());
    for (args, parts) in [
        (
            &["10.8.52.0", &a, &same][..],
            &["node a is there twice", "pgpool_0.json", "pgpool_1.json"][..],
        ),
        (
            &["10.8.52.0", &named, "--dir", cluster.path()],
            &["node pgpool_0 is there twice"],
        ),
        (
            &[
                "10.8.52.0",
                "--dir",
                cluster.path(),
                "--dir",
                cluster.path(),
            ],
            &["there twice"],
        ),
        (&["10.8.52.0"], &["no node", "NODE=SNAPSHOT"]),
        (&[], &["a BINDNETADDR or --conf FILE is missing"]),
        (&[&a], &["a BINDNETADDR or --conf FILE is expected before"]),
        (
            &["10.8.52.0", "--dir", empty.path()],
            &["no NODE.json in it", empty.path()],
        ),
        (
            &["10.8.52.0", "--dir", "/nonexistent"],
            &["--dir /nonexistent: No such file"],
        ),
        (&["10.8.52.0", "a"], &["a: NODE=SNAPSHOT is expected"]),
        (
            &["10.8.52.0", "=a"],
            &["the name of a node is expected before ="],
        ),
        (
            &["10.8.52.0", "a="],
            &["the file of a snapshot is expected behind ="],
        ),
        (&["10.8.52.0", "b\x1b"], &["b\\x1b: NODE=SNAPSHOT"]),
        (&["10.8.52.0", "b=\x1b"], &["\\x1b: No such file"]),
        (&["10.8.52", &a], &["Write 10.8.52.0 or 10.8.0.52"]),
        (
            &["10.8.52.0", "--previous", "10.8.52.1", &a],
            &["--previous", "of many nodes", "preview"],
        ),
        (&["10.8.52.0", "--state", "x", &a], &["--state"]),
        (&["10.8.52.0", "--remember", &a], &["--remember"]),
        (&["10.8.52.0", "--no-rule", "x", &a], &["--no-rule"]),
        (
            &["--conf", "/nonexistent", &a],
            &["/nonexistent: No such file"],
        ),
        (
            &["--conf", "/dev/null", "10.8.52.0", &a],
            &["/dev/null: a device"],
        ),
    ] {
        let run = fleet(args);
        assert_eq!(run.status, 2, "{args:?}: {run:?}");
        for part in parts {
            assert!(
                run.stderr.contains(part),
                "{args:?}: {part:?} is not in {run:?}"
            );
        }
        assert!(!run.stderr.contains('\x1b'), "{run:?}");
    }
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

#[test]
fn names_from_anywhere() {
    let folder = Folder::new()
        .with("a b.json", host("eth0 10.8.52.1/24"))
        .with(
            OsStr::from_bytes(b"e\x1b[31m\xff.json"),
            host("eth0 10.8.52.2/24"),
        )
        .with("x=y.json", host("eth0 10.8.52.3/24"))
        .with(OsStr::from_bytes(b"bad\n\xfe.json"), "{")
        .with(".json", "no name, and hidden");
    let mut path = OsString::from("k=");
    path.push(folder.file("x=y.json"));
    let run = fleet([
        OsStr::new("10.8.52.0"),
        OsStr::new("--dir"),
        OsStr::new(folder.path()),
        &path,
    ]);
    assert_eq!(run.status, 2, "{run:?}");
    for row in [
        "    a b ",
        r"    e\x1b[31m\xff ",
        "    x=y ",
        "    k ",
        r"    bad\x0a\xfe    unread",
    ] {
        assert!(run.stdout.contains(row), "{row}: {run:?}");
    }
    assert!(
        run.stdout
            .contains("duplicate-address: 10.8.52.3 was chosen by k (eth0) and x=y (eth0)")
    );
    assert!(run.stderr.contains(r"bad\x0a\xfe.json: "), "{run:?}");
    assert!(!run.stdout.contains('\x1b') && !run.stderr.contains('\x1b'));

    let twice = Folder::new().with(OsStr::from_bytes(b"\xff.json"), "[]");
    let args = ["10.8.52.0", "--dir", twice.path(), "--dir", twice.path()];
    let run = fleet(args);
    assert!(run.stderr.contains(r"node \xff is there twice"), "{run:?}");
}

#[test]
fn one_file_under_two_names() {
    let file = TempFile::new(
        host("link eth0 mac=02:00:00:00:00:01; eth0 10.8.52.1/24; hostname db").as_bytes(),
    );
    let run = fleet([
        "10.8.52.0",
        &format!("a={}", file.path()),
        &format!("b={}", file.path()),
    ]);
    assert_eq!(run.status, 1);
    let warning =
        "warning: the snapshots of a and b are all of a host db: is it one machine, or a clone?\n";
    assert_eq!(run.stderr, warning);
}

#[test]
fn a_snapshot_on_standard_input() {
    let mut child = example("fleet")
        .args(["10.8.52.0", "a=-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    use std::io::Write;
    child
        .stdin
        .take()
        .unwrap()
        .write_all(host("eth0 10.8.52.1/24").as_bytes())
        .unwrap();
    let run: Run = child.wait_with_output().unwrap().into();
    assert_eq!(run.status, 0, "{run:?}");
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let folder = cluster();
    for json in [&["--json"][..], &[]] {
        let mut child = example("fleet")
            .args(["10.8.52.0", "--dir", folder.path()])
            .args(json)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let run: Run = child.wait_with_output().unwrap().into();
        assert_eq!((run.status, run.stderr.as_str()), (0, ""), "{run:?}");
    }
}
