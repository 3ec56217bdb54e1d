//! `preview --check`: whether another host claims the choice, beside the choice.

use bindnet_tests::{cli, elsewhere, lan, netns};

use std::process::Command;

use cli::{Run, TempFile, run as preview};
use elsewhere::Elsewhere;
use lan::{Lan, mac};
use netns::{ip, run};
use serde_json::{Value, json};

/// This host, which has 192.0.2.10 and the VIP 192.0.2.20, and another one on the same wire.
fn two_hosts() -> (Lan, Elsewhere) {
    let lan = Lan::new();
    lan.plug("eth0", mac(1));
    ip("addr add 192.0.2.10/24 dev eth0");
    ip("addr add 192.0.2.20/24 dev eth0 label eth0:vip");
    let other = lan.host("other", mac(0xb));
    other.ip("addr add 192.0.2.11/24 dev eth0");
    (lan, other)
}

fn json_of(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{run:?}: {error}"))
}

#[test]
fn nobody_else_has_the_choice() {
    run(|| {
        let (_lan, _other) = two_hosts();
        let shown = preview(&["--check", "192.0.2.0"]);
        assert_eq!((shown.status, shown.stderr.as_str()), (0, ""), "{shown:?}");
        let last = shown.stdout.lines().last().unwrap();
        let clear = "192.0.2.10 on eth0: clear; nobody else answered (";
        assert!(last.starts_with(clear), "{shown:?}");

        let told = json_of(&preview(&["--check", "--json", "192.0.2.0"]));
        assert_eq!(told["format"], "bindnet-decision/1");
        let conflict = &told["conflict"];
        assert!(conflict["elapsed_ms"].is_u64());
        let mut known = conflict.clone();
        known.as_object_mut().unwrap().remove("elapsed_ms");
        let expected = json!({
            "format": "bindnet-conflict/1", "address": "192.0.2.10", "interface": "eth0",
            "verdict": "clear", "mac": null, "how": null, "reason": null,
        });
        assert_eq!(known, expected);
    });
}

#[test]
fn another_host_has_the_choice_and_it_stays() {
    run(|| {
        let (_lan, other) = two_hosts();
        other.ip("addr add 192.0.2.10/24 dev eth0");
        let unchecked = preview(&["192.0.2.0"]);
        assert_eq!(unchecked.status, 0);

        let shown = preview(&["--check", "192.0.2.0"]);
        assert_eq!(shown.status, 5, "{shown:?}");
        assert!(shown.stdout.starts_with(&unchecked.stdout), "{shown:?}");
        let found = "192.0.2.10 on eth0: CONFLICT; 02:00:00:00:00:0b answers for it (";
        let last = shown.stdout.lines().last().unwrap();
        assert!(last.starts_with(found), "{shown:?}");
        assert!(!last.contains("failover"), "{shown:?}");

        let quiet = preview(&["--check", "--quiet", "192.0.2.0"]);
        assert_eq!((quiet.status, quiet.stdout.as_str()), (5, "192.0.2.10\n"));
        assert!(
            quiet.stderr.starts_with(&format!("preview: {found}")),
            "{quiet:?}"
        );

        // It goes before what could not be remembered.
        let memory = ["--state", "/proc/nothing/here", "--remember"];
        let both = preview(&[&["--check", "-q", "192.0.2.0"], &memory[..]].concat());
        assert_eq!((both.status, both.stdout.as_str()), (5, "192.0.2.10\n"));

        let told = preview(&["--check", "--json", "192.0.2.0"]);
        assert_eq!(told.status, 5);
        let told = json_of(&told);
        assert_eq!(told["chosen"]["address"], "192.0.2.10");
        assert_eq!(told["conflict"]["verdict"], "conflict");
        assert_eq!(told["conflict"]["mac"], "02:00:00:00:00:0b");
        assert_eq!(told["conflict"]["how"], "reply");
    });
}

#[test]
fn a_conflict_about_a_floating_address_is_maybe_a_failover() {
    run(|| {
        let (_lan, other) = two_hosts();
        other.ip("addr add 192.0.2.20/32 dev eth0");
        let shown = preview(&["--check", "192.0.2.20"]);
        assert_eq!(shown.status, 5, "{shown:?}");
        let last = shown.stdout.lines().last().unwrap();
        assert!(
            last.contains("it looks floating (label): maybe a failover"),
            "{last}"
        );
        // What is declared is known to the decision alone.
        other.ip("addr add 192.0.2.10/32 dev eth0");
        let declared = ["--floating", "192.0.2.10", "192.0.2.10", "--check"];
        let shown = preview(&declared);
        let last = shown.stdout.lines().last().unwrap();
        assert!(
            last.contains("(declared-floating): maybe a failover"),
            "{last}"
        );
    });
}

/// Runs preview without CAP_NET_RAW.
fn unprivileged(args: &[&str]) -> Run {
    let told = Command::new("setpriv")
        .args(["--bounding-set", "-net_raw", "--inh-caps", "-net_raw"])
        .arg(cli::example("preview").get_program())
        .args(args)
        .output();
    told.expect("setpriv (util-linux)").into()
}

/// What could not be told is status 3, with the choice; what another host says goes before it.
#[test]
fn without_permission_the_choice_stands() {
    run(|| {
        let (_lan, other) = two_hosts();
        other.ip("addr add 192.0.2.10/24 dev eth0");
        let shown = unprivileged(&["--check", "192.0.2.0"]);
        assert_eq!(shown.status, 3, "{shown:?}");
        assert!(
            shown.stdout.starts_with("192.0.2.10/24 on eth0: "),
            "{shown:?}"
        );
        let last = shown.stdout.lines().last().unwrap();
        assert!(
            last.starts_with("192.0.2.10 on eth0: not-permitted; "),
            "{last}"
        );
        assert!(last.contains("CAP_NET_RAW"), "{last}");

        let quiet = unprivileged(&["--check", "-q", "192.0.2.0"]);
        assert_eq!((quiet.status, quiet.stdout.as_str()), (3, "192.0.2.10\n"));
        let words = "preview: 192.0.2.10 on eth0: not-permitted; ";
        assert!(quiet.stderr.starts_with(words), "{quiet:?}");
        let json = unprivileged(&["--check", "--json", "192.0.2.0"]);
        assert_eq!(json.status, 3);
        assert_eq!(json_of(&json)["conflict"]["verdict"], "not-permitted");
        // Neither an audit nor a strict daemon makes more of it, and none is worse.
        let strict = ["--check", "-q", "--audit", "--strict", "192.0.2.0"];
        assert_eq!(unprivileged(&strict).status, 3);
        assert_eq!(unprivileged(&["--check", "-q", "203.0.113.0"]).status, 1);
    });
}

/// An address on a link that is down, or has no carrier: nobody can be asked now.
#[test]
fn what_cannot_be_told_is_status_3() {
    run(|| {
        let (_lan, _other) = two_hosts();
        ip("link set eth0 down");
        let shown = preview(&["--check", "192.0.2.0"]);
        assert_eq!(shown.status, 3, "{shown:?}");
        let last = shown.stdout.lines().last().unwrap();
        let found = "192.0.2.10 on eth0: inconclusive; the link is down (";
        assert!(last.starts_with(found), "{shown:?}");
    });
}

/// A loopback link has no other host: a warning, and no fault.
#[test]
fn where_nobody_can_be_asked_there_is_a_warning() {
    run(|| {
        ip("link set lo up");
        let warning = "warning: 127.0.0.1 on lo: not-applicable; the link is a loopback link (";
        let plain = preview(&["127.0.0.0"]);
        let shown = preview(&["--check", "127.0.0.0"]);
        assert_eq!((shown.status, &shown.stdout), (0, &plain.stdout));
        assert!(shown.stderr.contains(warning), "{shown:?}");
        let quiet = preview(&["--check", "-q", "127.0.0.0"]);
        assert_eq!((quiet.status, quiet.stdout.as_str()), (0, "127.0.0.1\n"));
        assert!(quiet.stderr.starts_with(warning), "{quiet:?}");
        let json = preview(&["--check", "--json", "127.0.0.0"]);
        assert_eq!((json.status, json.stderr.as_str()), (0, ""));
        assert_eq!(json_of(&json)["conflict"]["verdict"], "not-applicable");
    });
}

#[test]
fn every_link_of_a_corosync_conf_is_checked() {
    run(|| {
        let (lan, other) = two_hosts();
        lan.plug("eth1", mac(2));
        ip("addr add 198.51.100.10/24 dev eth1");
        other.ip("addr add 198.51.100.10/32 dev eth0");
        let conf = TempFile::new(
            b"totem {\n version: 2\n rrp_mode: passive\n interface {\n ringnumber: 0\n bindnetaddr: 192.0.2.0\n }\n \
              interface {\n ringnumber: 1\n bindnetaddr: 198.51.100.0\n }\n}\n",
        );
        let shown = preview(&[
            "--check",
            "--profile",
            "corosync:2.4.5",
            "--conf",
            conf.path(),
        ]);
        assert_eq!(shown.status, 5, "{shown:?}");
        let clear = shown.stdout.find("\n192.0.2.10 on eth0: clear; ");
        let found = shown
            .stdout
            .find("\n198.51.100.10 on eth1: CONFLICT; 02:00:00:00:00:0b ");
        assert!(clear.is_some() && clear < found, "{shown:?}");
        let told = json_of(&preview(&[
            "--check",
            "--json",
            "--profile",
            "corosync:2.4.5",
            "--conf",
            conf.path(),
        ]));
        let verdict = |link: usize| &told["links"][link]["decision"]["conflict"]["verdict"];
        assert_eq!(
            (verdict(0), verdict(1)),
            (&json!("clear"), &json!("conflict"))
        );
    });
}

#[test]
fn where_nothing_is_chosen_nobody_is_asked() {
    run(|| {
        let (_lan, _other) = two_hosts();
        let told = preview(&["--check", "--json", "203.0.113.0"]);
        assert_eq!(told.status, 1);
        assert_eq!(json_of(&told).get("conflict"), None);
        let told = preview(&["--check", "--json", "127.0.0.0/8"]);
        assert_eq!(told.status, 1, "lo is down and has no address");
    });
}

#[test]
fn a_recorded_host_cannot_be_asked() {
    let recorded = cli::recorded("pgpool_default");
    let refused = preview(&["--check", "--from", recorded.path(), "192.168.1.0"]);
    assert_eq!(refused.status, 2);
    assert_eq!(refused.stdout, "");
    assert!(refused.stderr.contains("--check"), "{refused:?}");
}
