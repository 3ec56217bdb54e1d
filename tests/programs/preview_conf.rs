//! `preview --conf`: every link of a corosync.conf, beside what Corosync takes for it.

use bindnet_tests::{cli, folder, n1, netns};

use n1::{PCS, UDP, conf, preview, preview_json};
use serde_json::json;

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
        &conf(UDP, &["    name: n1\n    nodeid: 1"]),
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
            .contains("\n192.168.1.10/24 on eth0: AMBIGUOUS; 192.168.1.200 looks floating"),
        "{run:?}"
    );
    assert!(run.stdout.contains(differs), "{run:?}");
    let floats = "warning: link 0, Corosync: 192.168.1.200 looks floating (label eth0:vip)";
    assert!(run.stderr.contains(floats), "{run:?}");

    let (_, json) = preview_json(
        &conf(UDP, &["    name: n1\n    nodeid: 1"]),
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
    // The choice of link 0 would move one day, that of link 1 is ambiguous or none.
    let audited = |conf: &str| preview(conf, &["--audit", "--strict"]).status;
    assert_eq!(audited(&neighbour), 4);
    assert_eq!(audited(&elsewhere), 1);
    let both = elsewhere.replace("192.168.1.10", "192.168.1.83");
    assert_eq!(preview(&both, &["--strict"]).status, 1);
}

/// The file is in order, and none of its nodes is this host.
#[test]
fn a_host_that_is_not_in_the_file_is_status_1() {
    let other = PCS
        .replace("192.168.1.10", "192.168.1.77")
        .replace("n1", "n7");
    for args in [&[][..], &["-q"]] {
        let run = preview(&other, args);
        assert_eq!((run.status, run.stdout.as_str()), (1, ""), "{run:?}");
        let words = "no node of the nodelist is this host";
        assert!(run.stderr.contains(words), "{run:?}");
    }
    let (status, json) = preview_json(&other, &[]);
    assert_eq!(status, 1);
    assert_eq!(
        (&json["format"], &json["links"]),
        (&json!("bindnet-conf/1"), &json!([]))
    );
    let warning = json["warnings"][0].as_str().expect("a warning");
    assert!(
        warning.contains("no node of the nodelist is this host"),
        "{json}"
    );
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
    let run = preview(&one, &["--profile", "corosync:1.4.1"]);
    assert_eq!(run.status, 2, "{run:?}");
    assert!(
        run.stderr.contains("is of a second link; rrp_mode none"),
        "{run:?}"
    );
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
    let other = "    name: n2\n    nodeid: 2\n    ring0_addr: 192.168.1.11";
    let here = Some("192.168.1.10".to_owned());
    for node in [
        "    name: n1\n    nodeid: 1\n    ring0_addr: 192.168.1.10",
        "    nodeid: 1\n    ring0_addr: 192.168.1.10",
        "    name: 10.0.0.10\n    nodeid: 1\n    ring0_addr: 192.168.1.10",
        "    name: fd00:1::10\n    nodeid: 1\n    ring0_addr: 192.168.1.10",
        "    name: n1.example.org\n    nodeid: 1\n    ring0_addr: 192.168.1.10",
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
    let run = cli::run(&["--conf", "/nonexistent/corosync.conf"]);
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("/nonexistent/corosync.conf"), "{run:?}");
    let both = cli::run(&["--conf", "/dev/null", "192.168.1.0"]);
    assert_eq!(both.status, 2, "{both:?}");
}

/// `preview --conf` on a host of its own, on which `corosync` is this script; `FOLDER` in it is one
/// where it may write. The PATH of the caller has another corosync.
#[cfg(target_os = "linux")]
fn preview_beside(script: &str, judge: impl Fn(cli::Run, &folder::Folder) + Send) {
    use std::os::unix::fs::PermissionsExt;
    use std::process::Stdio;

    use nix::mount::{MsFlags, mount};
    use nix::sched::{CloneFlags, unshare};

    let program = |path: &std::path::Path, script: &str| {
        std::fs::write(path, format!("#!/bin/sh\n{script}\n")).expect("a script");
        let executable = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(path, executable).expect("it may be run");
    };
    netns::run(move || {
        let (nothing, tmpfs) = (None::<&str>, Some("tmpfs"));
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        let staged = unshare(CloneFlags::CLONE_NEWNS)
            .and_then(|()| mount(nothing, "/", nothing, private, nothing))
            .and_then(|()| mount(tmpfs, "/usr/local/sbin", tmpfs, MsFlags::empty(), nothing));
        if let Err(errno) = staged {
            netns::skip(format!("a mount of its own: {errno}"));
        }
        netns::ip("link set lo up");
        netns::ip("addr add 192.168.1.10/24 dev lo");
        let folder = folder::Folder::new();
        program(
            "/usr/local/sbin/corosync".as_ref(),
            &script.replace("FOLDER", folder.path()),
        );
        program(
            &folder.file("corosync"),
            &format!("touch {}/wrong; echo \"version '1.4.1'\"", folder.path()),
        );
        let conf = cli::TempFile::new(
            conf(UDP, &["    nodeid: 1\n    ring0_addr: 192.168.1.10"]).as_bytes(),
        );
        let path = format!("{}:/usr/bin:/bin", folder.path());
        let stdin = std::fs::File::open(conf.path()).expect("the file");
        let ended = cli::preview()
            .args(["--conf", conf.path()])
            .env("PATH", path)
            .env("LANG", "C")
            .env("HOSTILE", "yes")
            .stdin(Stdio::from(stdin))
            .output();
        let run: cli::Run = ended.expect("preview runs").into();
        assert_eq!(run.status, 0, "{run:?}");
        assert!(
            !folder.file("wrong").exists(),
            "the PATH of the caller: {run:?}"
        );
        judge(run, &folder);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn the_installed_version_is_asked_with_nothing_of_ours() {
    let script = "cat /proc/$$/environ > FOLDER/environment; cat > FOLDER/input
                  echo \"Corosync Cluster Engine, version '2.4.6+dfsg1'\"";
    preview_beside(script, |run, folder| {
        assert!(run.stdout.contains("Corosync 2.4.6"), "{run:?}");
        assert!(!run.stderr.contains("corosync -v"), "{run:?}");
        let read = |name| std::fs::read_to_string(folder.file(name)).expect("what it was given");
        assert_eq!(read("input"), "");
        let environment = read("environment");
        let mut environment: Vec<_> = environment.split_terminator('\0').collect();
        environment.sort_unstable();
        let path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        assert_eq!(environment, ["LANG=C", path]);
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_corosync_that_hangs_is_killed() {
    let script = "sleep 1000 & echo $! $$ > FOLDER/pids; wait";
    preview_beside(script, |run, folder| {
        let warning = "warning: /usr/local/sbin/corosync -v did not end within 5 s; --profile";
        assert!(run.stderr.starts_with(warning), "{run:?}");
        assert!(
            run.stderr.contains("the version of Corosync is not known")
                && run
                    .stderr
                    .contains(" is shown (--profile corosync:VERSION).\n"),
            "{run:?}"
        );
        let pids = std::fs::read_to_string(folder.file("pids")).expect("it was run");
        let pids: Vec<&str> = pids.split_whitespace().collect();
        assert_eq!(pids.len(), 2);
        for pid in pids {
            // A signal may take its time, and so may the process that reaps the orphan.
            netns::until("it is killed", || {
                let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
                stat.is_empty() || stat.contains(") Z")
            });
        }
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_corosync_that_floods_is_killed() {
    for script in ["yes", "yes ''"] {
        preview_beside(script, |run, _| {
            let warning = "warning: /usr/local/sbin/corosync -v printed more than 65536 bytes";
            assert!(run.stderr.starts_with(warning), "{run:?}");
        });
    }
    preview_beside("echo nothing", |run, _| {
        let warning = "warning: /usr/local/sbin/corosync -v printed no version";
        assert!(run.stderr.starts_with(warning), "{run:?}");
    });
}

#[cfg(target_os = "linux")]
#[test]
fn the_help_says_what_is_run() {
    let run = cli::run(&["--help"]);
    assert!(run.stdout.contains("`corosync -v` is run"), "{run:?}");
}
