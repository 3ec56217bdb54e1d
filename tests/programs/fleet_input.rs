//! Whatever can be wrong with what the example `fleet` is given: snapshots, names, the command line.

use bindnet_tests::{cli, cluster, folder};

use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::process::Stdio;

use cli::{Run, TempFile, example};
use cluster::{cluster, fleet, host, json_of};
use folder::Folder;
use serde_json::json;

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
            &[&a, "--dir", cluster.path()],
            &["a BINDNETADDR or --conf FILE is expected before"],
        ),
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
