//! `preview --audit`: what cluster life would do to the choice, beside the choice.

use bindnet_tests::{cli, n1, netns};

use cli::{Run, TempFile, recorded, run as preview};
use n1::{PCS, UDP, conf};
use netns::{cable, ip, run, sysctl};
use serde_json::{Value, json};

fn audited(file: &TempFile, args: &[&str]) -> Run {
    preview(&[&["--audit", "--from", file.path()], args].concat())
}

fn json_of(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{run:?}: {error}"))
}

#[test]
fn a_move_is_told_with_what_prevents_it() {
    let host = recorded("ra_default");
    let plain = preview(&["--from", host.path(), "192.168.1.0"]);
    let shown = audited(&host, &["192.168.1.0"]);
    assert_eq!((plain.status, shown.status), (0, 6), "{shown:?}");
    let expected = "
    SCENARIO                   ABOUT          CHOICE
    restart                    -              stays
    own-address-flap           192.168.1.10   stays, cut off for a while
  ! own-address-flap-promoted  192.168.1.10   MOVES to 192.168.1.20, cut off for a while
    new-vip                    192.168.1.254  stays
  ! new-vip-first              192.168.1.254  MOVES to 192.168.1.254
    link-down-and-up           eth0           stays
    vip-away-and-back          192.168.1.20   stays
audit: 2 of 7 scenarios would move the choice. Any one of these settles it:
    --fixed 192.168.1.10       if it is this host's own
    --fixed 192.168.1.20       if it is this host's own
    --previous 192.168.1.10    if the daemon is to stay with it
";
    assert_eq!(shown.stdout, plain.stdout + expected);
    assert_eq!(shown.stderr, plain.stderr);
}

#[test]
fn one_line_says_that_nothing_moves() {
    let host = recorded("ra_default");
    for (kept, lost) in [
        (["--fixed", "192.168.1.10"], ""),
        (
            ["--previous", "192.168.1.10"],
            "; without its memory 2 would",
        ),
    ] {
        let shown = audited(&host, &[&kept[..], &["192.168.1.0"]].concat());
        let last = format!("\n\naudit: none of 7 scenarios would move the choice{lost}.\n");
        assert!(shown.stdout.ends_with(&last), "{shown:?}");
        assert_eq!((shown.status, shown.stderr.as_str()), (0, ""));
    }
}

#[test]
fn json_has_each_scenario() {
    let host = recorded("ra_default");
    let plain = json_of(&preview(&["--json", "--from", host.path(), "192.168.1.0"]));
    let shown = audited(&host, &["--json", "192.168.1.0"]);
    assert_eq!((shown.status, shown.stderr.as_str()), (6, ""));
    let mut told = json_of(&shown);
    let members = told.as_object_mut().unwrap();
    let audit = members.remove("audit").unwrap();
    assert_eq!(members.remove("audit_left_out"), Some(json!(0)));
    assert_eq!(told, plain);
    let scenarios = audit.as_array().unwrap();
    assert_eq!(scenarios.len(), 7);
    let nothing = json!({"moves": false, "to": null});
    let expected = json!({
        "scenario": "restart", "about": null, "moves": false, "to": null,
        "without_memory": nothing, "interrupts": false, "network": null, "advice": null,
    });
    assert_eq!(scenarios[0], expected);
    let expected = json!({
        "scenario": "own-address-flap-promoted", "about": "192.168.1.10",
        "moves": true, "to": "192.168.1.20",
        "without_memory": {"moves": true, "to": "192.168.1.20"}, "interrupts": true,
        "network": null, "advice": {
            "option": "--fixed", "value": "192.168.1.10", "why": "if it is this host's own",
        },
    });
    assert_eq!(scenarios[2], expected);

    let remembers = ["--json", "--previous", "192.168.1.10", "192.168.1.0"];
    let told = json_of(&audited(&host, &remembers));
    let flap = &told["audit"][2];
    assert_eq!(
        (&flap["moves"], &flap["advice"]),
        (&json!(false), &json!(null))
    );
    assert_eq!(flap["without_memory"]["to"], "192.168.1.20");
}

#[test]
fn quiet_says_it_on_standard_error() {
    let host = recorded("ra_default");
    let shown = audited(&host, &["-q", "192.168.1.0"]);
    assert_eq!((shown.status, shown.stdout.as_str()), (6, "192.168.1.10\n"));
    let line = "preview: audit: 2 of 7 scenarios would move the choice.\n";
    assert_eq!(shown.stderr, line);
    let shown = audited(&host, &["-q", "--fixed", "192.168.1.10", "192.168.1.0"]);
    assert_eq!((shown.status, shown.stdout.as_str()), (0, "192.168.1.10\n"));
    assert_eq!(shown.stderr, "");
}

/// An exact address that floats never passes.
#[test]
fn a_vip_that_is_named_exactly_leaves() {
    let host = recorded("ra_label");
    let shown = audited(&host, &["192.168.1.20"]);
    assert_eq!(shown.status, 6, "{shown:?}");
    let leaves =
        "\n  ! chosen-vip-leaves           192.168.1.20   MOVES to 192.168.1.10, cut off\n";
    assert!(shown.stdout.contains(leaves), "{shown:?}");
    let advice = "settles it:
    --fixed 192.168.1.20        if it is this host's own
    bindnetaddr 192.168.1.10    if it is this host's own
";
    assert!(shown.stdout.ends_with(advice), "{shown:?}");
    let kept = audited(&host, &["--fixed", "192.168.1.20", "192.168.1.20"]);
    assert_eq!(kept.status, 0, "{kept:?}");
    assert!(!kept.stdout.contains("chosen-vip-leaves"), "{kept:?}");
    let json = json_of(&audited(&host, &["--json", "192.168.1.20"]));
    let mut found = json["audit"].as_array().unwrap().iter();
    let found = found
        .find(|found| found["scenario"] == "chosen-vip-leaves")
        .unwrap();
    assert_eq!(
        (&found["moves"], &found["to"]),
        (&json!(true), &json!("192.168.1.10"))
    );
    assert_eq!(found["interrupts"], true);
}

#[test]
fn without_a_choice_there_is_nothing_to_audit() {
    let host = recorded("ra_default");
    for (args, status) in [
        (&["--strict", "192.168.1.0"][..], 4),
        (&["198.51.100.0"][..], 1),
        (&["--json", "198.51.100.0"][..], 1),
        (&["-q", "--strict", "192.168.1.0"][..], 4),
    ] {
        let shown = audited(&host, args);
        assert_eq!(shown.status, status, "{shown:?}");
        let line = "preview: audit: nothing was chosen, so that nothing can move.\n";
        assert!(shown.stderr.ends_with(line), "{shown:?}");
        assert!(!shown.stdout.contains("audit"), "{shown:?}");
    }
    // A strict daemon that starts today, and would not after a failover.
    let host = recorded("ra_label");
    let shown = audited(&host, &["--strict", "192.168.1.0"]);
    assert_eq!(shown.status, 6);
    let line = "  ! new-vip                    192.168.1.254  MOVES: nothing is chosen\n";
    assert!(shown.stdout.contains(line), "{shown:?}");
}

/// What a new VIP does to any host without memory or declaration counts for a strict daemon alone.
#[test]
fn a_new_vip_counts_only_with_strict() {
    let host = recorded("ra_label");
    let shown = audited(&host, &["192.168.1.0"]);
    assert_eq!(shown.status, 0, "{shown:?}");
    assert!(shown.stdout.contains("\n  ! new-vip-first "), "{shown:?}");
    let quiet = audited(&host, &["-q", "192.168.1.0"]);
    let ended = (quiet.status, quiet.stdout.as_str(), quiet.stderr.as_str());
    assert_eq!(ended, (0, "192.168.1.10\n", ""));
    let json = audited(&host, &["--json", "192.168.1.0"]);
    assert_eq!(json.status, 0);
    let told = json_of(&json);
    let mut scenarios = told["audit"].as_array().unwrap().iter();
    let first = scenarios.find(|found| found["scenario"] == "new-vip-first");
    assert_eq!(first.unwrap()["moves"], true);

    let strict = audited(&host, &["-q", "--strict", "192.168.1.0"]);
    assert_eq!(
        (strict.status, strict.stdout.as_str()),
        (6, "192.168.1.10\n")
    );
    assert!(strict.stderr.contains("scenarios would move"), "{strict:?}");
}

/// The outage of 2012: each Corosync moves, each in its own way.
#[test]
fn corosync_is_audited_by_its_own_rule() {
    let host = recorded("ra_label");
    let ours = audited(&host, &["--json", "192.168.1.0"]);
    let moves = |run: &Run| -> Vec<String> {
        let told = json_of(run);
        let moves = told["audit"].as_array().unwrap().iter();
        let moves = moves.filter(|found| found["moves"] == true);
        moves
            .map(|found| format!("{} {}", found["scenario"], found["to"]))
            .collect()
    };
    assert_eq!(moves(&ours), [r#""new-vip-first" "192.168.1.254""#]);
    let newest = audited(&host, &["--json", "--profile", "corosync", "192.168.1.0"]);
    let expected = [
        r#""own-address-flap-promoted" "192.168.1.20""#,
        r#""new-vip-first" "192.168.1.254""#,
    ];
    assert_eq!(moves(&newest), expected);

    // From its end the list begins with the VIP, and ends there with whatever came last.
    let old = audited(
        &host,
        &["--json", "--profile", "corosync:2.0.0", "192.168.1.0"],
    );
    assert_eq!(json_of(&old)["chosen"]["address"], "192.168.1.20");
    let expected = [
        r#""new-vip" "192.168.1.254""#,
        r#""chosen-vip-leaves" "192.168.1.10""#,
        r#""vip-away-and-back" "192.168.1.10""#,
        r#""vip-away-and-back-promoted" "192.168.1.10""#,
    ];
    assert_eq!(moves(&old), expected);
}

#[test]
fn what_is_remembered_in_a_file_counts() {
    let (host, state) = (recorded("ra_default"), TempFile::missing());
    let args = ["--state", state.path(), "192.168.1.0"];
    assert_eq!(audited(&host, &args).status, 6);
    // What this run writes is remembered by the next.
    let remembering = audited(&host, &[&args[..], &["--remember"]].concat());
    assert_eq!(remembering.status, 0, "{remembering:?}");
    assert_eq!(audited(&host, &args).status, 0);
}

#[test]
fn the_links_of_a_corosync_conf_are_audited() {
    let udp = conf(UDP, &["    name: n1\n    nodeid: 1"]);
    let (status, told) = n1::preview_json(&udp, &["--audit"]);
    assert_eq!(status, 0, "{told}");
    // The VIP of n1 is older than its own address.
    assert_eq!(n1::preview_json(&udp, &["--audit", "--strict"]).0, 4);
    let strict = ["--audit", "--strict", "--floating", "192.168.1.200"];
    assert_eq!(n1::preview_json(&udp, &strict).0, 6);
    let audit = told["links"][0]["decision"]["audit"]
        .as_array()
        .unwrap()
        .iter();
    let moves: Vec<_> = audit.filter(|found| found["moves"] == true).collect();
    assert_eq!(
        (moves.len(), &moves[0]["scenario"]),
        (1, &json!("new-vip-first"))
    );
    let shown = n1::preview(&udp, &["--audit"]);
    assert!(shown.stdout.contains("\n  ! new-vip-first "), "{shown:?}");
    let shown = n1::preview(&udp, &["--audit", "--fixed", "192.168.1.10"]);
    assert_eq!(shown.status, 0, "{shown:?}");

    // What a nodelist names moves nowhere.
    let shown = n1::preview(PCS, &["--audit"]);
    assert_eq!(shown.status, 0, "{shown:?}");
    let none = "\naudit: none of 8 scenarios would move the choice.\n";
    assert_eq!(shown.stdout.matches(none).count(), 2, "{shown:?}");
}

#[test]
fn each_link_is_told_by_its_number_and_the_worst_counts() {
    let ring = "  interface {\n    linknumber: 1\n    bindnetaddr: 10.0.0.0\n    mcastaddr: 239.192.1.2\n  }";
    let nodes = ["    name: n1\n    nodeid: 1"];
    let totem = format!("{UDP}\n{ring}\n  rrp_mode: passive");
    let two = conf(&totem.replace("linknumber", "ringnumber"), &nodes);
    let strict = ["-q", "--audit", "--strict", "--floating", "192.168.1.200"];
    let args = [&strict[..], &["--profile", "corosync:2.4.5"]].concat();
    let shown = n1::preview(&two, &args);
    let expected = "preview: link 0: audit: 2 of 8 scenarios would move the choice.\n\
                    preview: link 1: audit: 2 of 8 scenarios would move the choice.\n";
    assert_eq!((shown.status, shown.stderr.as_str()), (6, expected));
    // A link without a choice is worse than one whose choice would move.
    let none = two.replace("10.0.0.0", "172.16.0.0");
    let shown = n1::preview(&none, &args);
    let first = "preview: link 0: audit: 2 of 8 scenarios would move the choice.\n\
                 preview: link 1: none: ";
    assert_eq!(
        (shown.status, shown.stdout.as_str()),
        (1, "192.168.1.10\n-\n")
    );
    assert!(shown.stderr.starts_with(first), "{shown:?}");
}

#[test]
fn a_capture_is_not_audited() {
    let refused = preview(&["--capture", "--audit"]);
    assert_eq!(refused.status, 2);
    assert!(refused.stderr.contains("--audit"), "{refused:?}");
}

/// What is predicted for a flap is what the kernel does, and what is chosen then.
#[test]
fn the_kernel_does_what_was_predicted() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        ip("addr add 192.0.2.20/24 dev eth0");
        let chosen = |args: &[&str]| preview(&[args, &["-q", "192.0.2.0"]].concat()).stdout;
        let told = json_of(&preview(&["--audit", "--json", "192.0.2.0"]));
        for (promotes, scenario) in [(0, "own-address-flap"), (1, "own-address-flap-promoted")] {
            let audit = told["audit"].as_array().unwrap().iter();
            let mut found = audit.filter(|found| found["scenario"] == scenario);
            let to = found.next().unwrap()["to"].as_str();
            sysctl("ipv4/conf/eth0/promote_secondaries", promotes);
            ip("addr del 192.0.2.10/24 dev eth0");
            ip("addr add 192.0.2.10/24 dev eth0");
            if promotes == 0 {
                // It went along, and the cluster manager brings it back.
                ip("addr add 192.0.2.20/24 dev eth0");
            }
            let expected = to.unwrap_or("192.0.2.10");
            assert_eq!(chosen(&[]), format!("{expected}\n"), "{scenario}");
            let remembered = chosen(&["--previous", "192.0.2.10"]);
            assert_eq!(remembered, "192.0.2.10\n", "{scenario}");
        }
        assert_eq!(chosen(&[]), "192.0.2.20\n");
    });
}
