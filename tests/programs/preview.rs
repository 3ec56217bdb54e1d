//! The preview example as its users see it: text, JSON, exit statuses.

use serde_json::{Value, json};

use bindnet_tests::cli;

use cli::{TempFile, preview, recorded, run, run_with_input};

#[test]
fn a_labelled_vip_is_skipped_and_the_table_says_so() {
    let host = recorded("ra_label");
    let run = run(&["192.168.1.0", "--from", host.path()]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(
        run.stdout,
        "\
192.168.1.10/24 on eth0: the only address of 192.168.1.0/24 here that is not floating.

    ADDRESS          INTERFACE  LABEL     VERDICT   REASONS
  > 192.168.1.10/24  eth0       eth0      chosen    -
    192.168.1.20/24  eth0       eth0:vip  floating  label, secondary
"
    );
}

#[test]
fn a_close_call_says_how_to_settle_it() {
    let host = recorded("ra_default");
    let run = run(&["192.168.1.0", "--from", host.path()]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(
        run.stdout,
        "\
192.168.1.10/24 on eth0: AMBIGUOUS; first only because there is weak evidence against 192.168.1.20.

    ADDRESS          INTERFACE  LABEL  VERDICT    REASONS
  > 192.168.1.10/24  eth0       eth0   chosen     -
    192.168.1.20/24  eth0       eth0   outranked  secondary

Which of the two is this host's own? A flap can swap them. Settle it with one of:
    --fixed 192.168.1.10    if it is this host's own
    --fixed 192.168.1.20    if it is this host's own
"
    );
}

#[test]
fn each_advice_settles_it() {
    let host = recorded("flap_unlabelled");
    for advice in [
        ["--floating", "192.168.1.20"],
        ["--fixed", "192.168.1.10"],
        ["--previous", "192.168.1.10"],
    ] {
        let run = run(&[
            "192.168.1.0",
            "--strict",
            "-q",
            "--from",
            host.path(),
            advice[0],
            advice[1],
        ]);
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (0, "192.168.1.10\n"),
            "{advice:?}"
        );
    }
}

#[test]
fn the_sentences_of_the_special_cases() {
    let host = recorded("ra_label");
    let substitution = "warning: Corosync (udp, udpu) makes the same substitution silently.\n";
    let floating = "warning: when 192.168.1.20 moves to another host, what is bound to it is cut \
                    off.\n";
    for (bindnetaddr, first_line, stderr) in [
        (
            "192.168.1.20",
            "192.168.1.20/24 on eth0: AMBIGUOUS; you named it exactly, but it looks floating (label \
             eth0:vip).",
            floating,
        ),
        (
            "192.168.1.83",
            "192.168.1.10/24 on eth0: AMBIGUOUS; 192.168.1.83 is not configured here, this is an \
             address of the same network.",
            substitution,
        ),
    ] {
        let run = run(&[bindnetaddr, "--from", host.path()]);
        assert_eq!(run.status, 0);
        assert_eq!(run.stdout.lines().next(), Some(first_line));
        assert_eq!(run.stderr, stderr);
    }
}

#[test]
fn none_is_status_1_and_its_reason_is_on_standard_error() {
    let host = recorded("ra_label");
    let run = run(&["192.168.2.0", "--from", host.path()]);
    assert_eq!((run.status, run.stdout.as_str()), (1, ""));
    assert_eq!(
        run.stderr,
        "\
preview: none: no address of this host is in the network of 192.168.2.0
nearest of 3 IPv4 addresses: 192.168.1.10/24 on eth0; \"192.168.1.0\" would match it
"
    );
}

#[test]
fn strict_chooses_nothing_where_it_is_ambiguous() {
    let host = recorded("ra_default");
    let strict = run(&["192.168.1.0", "--strict", "--from", host.path()]);
    assert_eq!((strict.status, strict.stdout.as_str()), (4, ""));
    assert!(strict.stderr.contains("AMBIGUOUS"), "{}", strict.stderr);
    let quiet = run(&["192.168.1.0", "--strict", "-q", "--from", host.path()]);
    assert_eq!((quiet.status, quiet.stdout.as_str()), (4, ""));
}

#[test]
fn quiet_prints_the_address_and_nothing_else() {
    let host = recorded("ra_label");
    let named = run(&["192.168.1.20", "--quiet", "--from", host.path()]);
    assert_eq!(
        (named.status, named.stdout.as_str(), named.stderr.as_str()),
        (0, "192.168.1.20\n", "")
    );
    let link_local = run(&["fe80::%eth0", "-q", "--from", recorded("ka_v6").path()]);
    // Tentative still, as it was recorded.
    assert_eq!((link_local.status, link_local.stdout.as_str()), (1, ""));
    let link_local = run(&["fe80::", "-q", "--from", recorded("ra_v6").path()]);
    assert_eq!(link_local.stdout, "fe80::ff:fe00:1%eth0\n");
}

#[test]
fn the_json_is_the_contract() {
    let host = recorded("ra_label");
    let run = run(&["192.168.1.0", "--json", "--from", host.path()]);
    assert_eq!((run.status, run.stderr.as_str()), (0, ""));
    assert_eq!(run.stdout.lines().count(), 1);
    let json: Value = serde_json::from_str(&run.stdout).expect("JSON");
    assert_eq!(
        json,
        json!({
            "format": "bindnet-decision/1", "bindnetaddr": "192.168.1.0", "profile": "default",
            "source": "netlink", "consistency": "consistent",
            "outcome": "chosen", "ambiguous": false, "separated_by": null,
            "explanation": "192.168.1.10/24 on eth0: the only address of 192.168.1.0/24 here that \
                            is not floating.",
            "warnings": [], "advice": [],
            "chosen": {
                "address": "192.168.1.10", "prefix_len": 24, "interface": "eth0",
                "interface_index": 2, "label": "eth0", "match": "network", "link_up": true,
                "scope_id": 0
            },
            "candidates": [
                {
                    "address": "192.168.1.10", "prefix_len": 24, "interface": "eth0",
                    "interface_index": 2, "label": "eth0", "match": "network",
                    "verdict": "chosen", "reasons": []
                },
                {
                    "address": "192.168.1.20", "prefix_len": 24, "interface": "eth0",
                    "interface_index": 2, "label": "eth0:vip", "match": "network",
                    "verdict": "floating", "reasons": ["label", "secondary"]
                }
            ]
        })
    );
}

#[test]
fn the_json_tells_none_and_ambiguous_too() {
    let host = recorded("ra_default");
    for (args, status, outcome, verdicts) in [
        (vec!["192.168.2.0"], 1, "none", vec![]),
        (
            vec!["192.168.1.0", "--strict"],
            4,
            "ambiguous",
            vec!["eligible", "eligible"],
        ),
    ] {
        let run = run(&[args.as_slice(), &["--json", "--from", host.path()]].concat());
        assert_eq!(run.status, status);
        let json: Value = serde_json::from_str(&run.stdout).expect("JSON");
        assert_eq!(json["outcome"], outcome);
        assert_eq!(json["chosen"], Value::Null);
        let candidates = json["candidates"].as_array().expect("an array");
        let found: Vec<_> = candidates
            .iter()
            .map(|c| c["verdict"].as_str().unwrap())
            .collect();
        assert_eq!(found, verdicts);
    }
}

#[test]
fn all_lists_what_does_not_match_in_kernel_order() {
    let host = recorded("ra_v6");
    let run = run(&["192.168.1.0", "--all", "--json", "--from", host.path()]);
    let json: Value = serde_json::from_str(&run.stdout).expect("JSON");
    let rows = json["candidates"].as_array().expect("an array");
    let rows: Vec<_> = rows
        .iter()
        .map(|row| {
            (
                row["address"].as_str().unwrap(),
                row["verdict"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("127.0.0.1", "other-network"),
            ("192.168.1.10", "chosen"),
            ("::1", "other-family"),
            ("fd00:1::20", "other-family"),
            ("fd00:1::10", "other-family"),
            ("fe80::ff:fe00:1", "other-family"),
        ]
    );
}

#[test]
fn lists_of_declared_addresses_come_from_files_too() {
    let host = recorded("ra_default");
    let list = TempFile::new(b"# the cluster's addresses\n\n192.168.1.20  # web\r\nfd00:1::20\n");
    let file = format!("@{}", list.path());
    let run = run(&[
        "192.168.1.0",
        "--from",
        host.path(),
        "--strict",
        "--floating",
        &file,
    ]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stdout
            .contains("floating  declared-floating, secondary"),
        "{}",
        run.stdout
    );
}

#[test]
fn a_protocol_list_replaces_the_default() {
    let host = recorded("ka_proto18");
    let ambiguous = run(&[
        "192.168.1.0",
        "--strict",
        "--from",
        host.path(),
        "--protocol",
        "77",
    ]);
    assert_eq!(ambiguous.status, 4);
    let args = [
        "192.168.1.0",
        "--strict",
        "--from",
        host.path(),
        "--protocol",
        "77",
        "--protocol",
        "18",
    ];
    assert_eq!(run(&args).status, 0);
}

#[test]
fn a_link_is_named_as_it_is_printed() {
    let snapshot = json!({
        "format": "bindnet-snapshot/1",
        "links": [{"index": 2, "name": r"e\x1b[31m\xff"}],
        "addresses": [{"interface_index": 2, "address": "192.0.2.10", "prefix_len": 24}],
    });
    let host = TempFile::new(snapshot.to_string().as_bytes());
    let run = run(&[
        "192.0.2.0",
        "--from",
        host.path(),
        "--interface",
        r"e\x1b[31m\xff",
    ]);
    assert_eq!(run.status, 0, "{}", run.stderr);
    assert!(
        run.stdout.starts_with(r"192.0.2.10/24 on e\x1b[31m\xff: "),
        "{}",
        run.stdout
    );
    assert!(
        !run.stdout.contains('\x1b'),
        "a terminal would obey the name of a link"
    );
}

#[test]
fn a_snapshot_comes_from_standard_input_too() {
    let host = std::fs::read(recorded("ra_label").path()).expect("the recording");
    let run = run_with_input(&["192.168.1.0", "-q", "--from", "-"], &host);
    assert_eq!((run.status, run.stdout.as_str()), (0, "192.168.1.10\n"));
}

#[test]
fn colour_is_for_terminals_and_for_who_asks() {
    let host = recorded("ra_default");
    let args = ["192.168.1.0", "--from", host.path()];
    assert!(!run(&args).stdout.contains('\x1b'));
    let always = run(&[args.as_slice(), &["--color", "always"]].concat());
    assert!(
        always.stdout.contains("\x1b[1;32m  > 192.168.1.10/24"),
        "{}",
        always.stdout
    );
    let never = run(&[args.as_slice(), &["--color", "never"]].concat());
    assert_eq!(never.stdout, run(&args).stdout);
}

#[test]
fn this_host_is_previewed_and_replayed_alike() {
    for source in ["netlink", "getifaddrs"] {
        let captured = run(&["--capture", "--source", source]);
        assert_eq!(captured.status, 0, "{}", captured.stderr);
        let file = TempFile::new(captured.stdout.as_bytes());
        for bindnetaddr in ["127.0.0.1", "127.0.0.0", "::1", "fe80::"] {
            let here = run(&[bindnetaddr, "--json", "--source", source]);
            let replayed = run(&[bindnetaddr, "--json", "--from", file.path()]);
            let again = run(&[bindnetaddr, "--json", "--source", source]);
            // Where this host is just changing, nothing can be compared.
            if here.stdout == again.stdout {
                assert_eq!(
                    (here.status, here.stdout),
                    (replayed.status, replayed.stdout)
                );
            }
        }
    }
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let mut child = preview()
        .args(["--capture"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("preview starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("preview ends");
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(0));
}

#[test]
fn a_full_disk_is_reported() {
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .expect("/dev/full");
    let output = preview()
        .arg("--capture")
        .stdout(full)
        .output()
        .expect("preview runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3));
    assert!(
        stderr.starts_with("preview: standard output: No space left on device"),
        "{stderr}"
    );
}

#[test]
fn without_any_output_left_it_still_ends_with_its_status() {
    let full = || {
        std::fs::OpenOptions::new()
            .write(true)
            .open("/dev/full")
            .expect("/dev/full")
    };
    let host = recorded("ra_label");
    let mut none = preview();
    none.args(["192.168.2.0", "--from", host.path()])
        .stdout(full())
        .stderr(full());
    assert_eq!(none.status().expect("preview runs").code(), Some(1));
}
