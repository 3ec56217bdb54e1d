//! The remembered choice of preview: `--state` and `--remember`.

use std::fs;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use bindnet_tests::{cli, netns};

use bindnet::choice::State;
use cli::{Run, TempFile, recorded, run};

const WRITTEN: &str = "\
bindnet-state/1
bindnetaddr 192.168.1.0 address 192.168.1.10 prefix 24 interface eth0 unsettled weak-evidence
end
";

/// The warning about it.
const GUESS: &str = "warning: the remembered choice, 192.168.1.10, was a guess: there was weak \
                     evidence against the others (weak-evidence). To settle it, declare the address \
                     of this host fixed.\n";

/// Previews a recorded host with a state file and more arguments.
fn preview(host: &TempFile, state: &TempFile, more: &[&str]) -> Run {
    let args = ["--from", host.path(), "--state", state.path(), "--quiet"];
    run(&[&args, more].concat())
}

fn ended(run: &Run) -> (i32, &str) {
    (run.status, run.stdout.as_str())
}

fn text(state: &TempFile) -> String {
    fs::read_to_string(state.path()).unwrap()
}

/// The host before the flap of its own address, and after it: the VIP comes first.
fn before_and_after() -> (TempFile, TempFile) {
    (recorded("ra_default"), recorded("flap_unlabelled"))
}

#[test]
fn what_was_chosen_before_the_flap_is_chosen_after_it() {
    let (before, after) = before_and_after();
    let state = TempFile::missing();
    let forgetful = preview(&after, &state, &["192.168.1.0"]);
    assert_eq!(ended(&forgetful), (0, "192.168.1.20\n"));
    assert!(
        fs::metadata(state.path()).is_err(),
        "only --remember writes"
    );

    let first = preview(&before, &state, &["--remember", "192.168.1.0"]);
    assert_eq!(ended(&first), (0, "192.168.1.10\n"));
    assert_eq!(
        (text(&state).as_str(), first.stderr.as_str()),
        (WRITTEN, GUESS)
    );
    let again = preview(&after, &state, &["--remember", "192.168.1.0"]);
    assert_eq!(ended(&again), (0, "192.168.1.10\n"));
    assert_eq!(
        (text(&state).as_str(), again.stderr.as_str()),
        (WRITTEN, GUESS)
    );
}

/// A guess is told of in every form, until it is settled.
#[test]
fn a_guess_is_told_of_until_it_is_settled() {
    let (before, after) = before_and_after();
    for form in [&[][..], &["--json"], &["--quiet"]] {
        let state = TempFile::missing();
        let preview = |host: &TempFile, more: &[&str]| {
            let args = [
                "--from",
                host.path(),
                "--state",
                state.path(),
                "192.168.1.0",
            ];
            run(&[form, &args, more].concat())
        };
        let written = preview(&before, &["--remember"]);
        assert_eq!((written.status, text(&state).as_str()), (0, WRITTEN));
        assert_eq!(written.stderr.matches(GUESS).count(), 1, "{written:?}");
        let read = preview(&after, &[]);
        if form == ["--json"] {
            let json: serde_json::Value = serde_json::from_str(&read.stdout).unwrap();
            let warning = GUESS.strip_prefix("warning: ").unwrap().trim_end();
            assert_eq!(json["warnings"], serde_json::json!([warning]));
        } else {
            assert_eq!(read.stderr.matches(GUESS).count(), 1, "{read:?}");
        }
        let settled = preview(&after, &["--fixed", "192.168.1.10", "--remember"]);
        assert_eq!((settled.status, settled.stderr.as_str()), (0, ""));
        assert_eq!(
            text(&state),
            WRITTEN.replace(" unsettled weak-evidence", "")
        );
        assert_eq!(preview(&after, &[]).stderr, "");
    }
}

#[test]
fn nothing_is_written_over_a_different_choice() {
    let (_, host) = before_and_after();
    let written = WRITTEN.replace(".10 ", ".99 ");
    let state = TempFile::new(written.as_bytes());
    let told = preview(&host, &state, &["--remember", "192.168.1.0"]);
    assert_eq!(ended(&told), (0, "192.168.1.20\n"));
    assert_eq!(text(&state), written);
    let strict = preview(&host, &state, &["--remember", "--strict", "192.168.1.0"]);
    assert_eq!(ended(&strict), (4, ""));
    assert_eq!(text(&state), written);
}

#[test]
fn nothing_is_written_where_none_was_chosen() {
    let (host, _) = before_and_after();
    let state = TempFile::missing();
    let none = preview(&host, &state, &["--remember", "192.168.7.0"]);
    assert_eq!(ended(&none), (1, ""));
    assert!(fs::metadata(state.path()).is_err());
}

#[test]
fn nothing_is_written_from_an_interrupted_snapshot() {
    let (host, _) = before_and_after();
    let interrupted = fs::read_to_string(host.path()).unwrap();
    let interrupted = interrupted.replace("\"consistent\"", "\"interrupted\"");
    assert!(interrupted.contains("\"interrupted\""));
    let (host, state) = (TempFile::new(interrupted.as_bytes()), TempFile::missing());
    let chosen = preview(&host, &state, &["--remember", "192.168.1.0"]);
    assert_eq!(ended(&chosen), (0, "192.168.1.10\n"));
    assert!(fs::metadata(state.path()).is_err());
}

#[test]
fn every_bindnetaddr_has_its_own_choice() {
    let (host, _) = before_and_after();
    let state = TempFile::missing();
    for bindnetaddr in ["192.168.1.0", "192.168.1.0/24", "127.0.0.1"] {
        assert_eq!(
            preview(&host, &state, &["--remember", bindnetaddr]).status,
            0
        );
    }
    assert_eq!(text(&state).lines().count(), 5);
}

/// The entry of another bindnetaddr that overlaps this one is not used, and not in silence.
#[test]
fn an_entry_of_an_overlapping_bindnetaddr_is_named() {
    const WARNING: &str = "nothing is remembered for 192.168.1.0/24; 192.168.1.10, remembered for \
                           192.168.1.0, was not used. If both mean the same, change the entry in the \
                           state file to bindnetaddr 192.168.1.0/24.";
    let (_, after) = before_and_after();
    let state = TempFile::new(WRITTEN.as_bytes());
    let args = ["--from", after.path(), "--state", state.path()];
    let asked = |more: &[&str]| run(&[&args, more].concat());

    let warning = format!("warning: {WARNING}\n");
    let shown = asked(&["192.168.1.0/24"]);
    assert_eq!(shown.status, 0);
    assert!(shown.stderr.contains(&warning), "{shown:?}");
    let quiet = asked(&["--quiet", "192.168.1.0/24"]);
    assert_eq!(ended(&quiet), (0, "192.168.1.20\n"));
    assert_eq!(quiet.stderr, warning);
    let json = asked(&["--json", "192.168.1.0/24"]);
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    let warnings = json["warnings"].as_array().unwrap();
    assert!(
        warnings.iter().any(|warning| warning == WARNING),
        "{warnings:?}"
    );
    let none = asked(&[
        "--no-rule",
        "label",
        "--floating",
        "0.0.0.0/0",
        "192.168.1.0/24",
    ]);
    assert_eq!(none.status, 1);
    assert!(none.stderr.contains(WARNING), "{none:?}");

    for other in [
        // Its own entry.
        &["192.168.1.0"][..],
        // Its own choice, now that it has one.
        &["--remember", "192.168.1.0/24"],
        &["192.168.1.0/24"],
        &["192.168.2.0/24"],
        &["127.0.0.1"],
        &["--profile", "corosync", "192.168.1.20"],
    ] {
        let said = asked(&[&["--quiet"][..], other].concat()).stderr;
        let expected = other.contains(&"--remember");
        assert_eq!(said.contains("was not used"), expected, "{other:?}: {said}");
    }
}

#[test]
fn a_damaged_file_is_an_error_and_stays() {
    let (host, _) = before_and_after();
    for damaged in ["", "bindnet-state/2\nend\n", &WRITTEN[..WRITTEN.len() - 4]] {
        let state = TempFile::new(damaged.as_bytes());
        for more in [&["192.168.1.0"][..], &["--remember", "192.168.1.0"]] {
            let refused = preview(&host, &state, more);
            assert_eq!(ended(&refused), (2, ""), "{damaged:?}");
            assert!(refused.stderr.contains("--state"), "{refused:?}");
            assert!(refused.stderr.contains(state.path()), "{refused:?}");
            assert!(
                refused.stderr.contains("remove the file to choose anew"),
                "{refused:?}"
            );
            assert_eq!(text(&state), damaged);
        }
    }
}

/// The option is named where the library asks for what it does.
#[test]
fn a_zone_of_ipv4_in_a_file_is_refused() {
    let (host, _) = before_and_after();
    for entry in [
        "bindnetaddr 192.168.1.0%eth0 address 192.168.1.10",
        "bindnetaddr 192.168.1.0 address 192.168.1.10%eth0",
    ] {
        let state = TempFile::new(format!("bindnet-state/1\n{entry}\nend\n").as_bytes());
        let refused = preview(&host, &state, &["192.168.1.0"]);
        let asked = "; restrict the interface (--interface)\nCorrect it, or remove the file";
        assert!(refused.stderr.contains(asked), "{refused:?}");
    }
}

/// Status 0 promises that the choice is remembered; what was chosen is printed nevertheless.
#[test]
fn what_cannot_be_written_is_status_3_with_the_choice() {
    let (host, _) = before_and_after();
    let args = ["--from", host.path(), "--state", "/proc/nothing/here"];
    for (form, stdout) in [("-q", "192.168.1.10\n"), ("--json", "{"), ("--all", "192.")] {
        let told = run(&[&args[..], &["--remember", form, "192.168.1.0"]].concat());
        assert_eq!(told.status, 3, "{told:?}");
        assert!(told.stdout.starts_with(stdout), "{told:?}");
        let words =
            "192.168.1.10 is not remembered: --state: cannot open the folder \"/proc/nothing";
        assert!(told.stderr.contains(words), "{told:?}");
    }
    // Something else is in the place of the lock file.
    let state = TempFile::missing();
    std::os::unix::fs::symlink(host.path(), state.lock()).unwrap();
    let told = preview(&host, &state, &["--remember", "192.168.1.0"]);
    assert_eq!(ended(&told), (3, "192.168.1.10\n"), "{told:?}");
    assert!(
        told.stderr.contains("a symbolic link; remove it"),
        "{told:?}"
    );
    // The file is full.
    let line = |at: u32| {
        format!(
            "bindnetaddr 10.{}.{}.0 address 10.0.0.1\n",
            at >> 8,
            at & 255
        )
    };
    let lines = (0..).map(line).scan(20, |len, line| {
        *len += line.len();
        (*len <= State::MAX_LEN).then_some(line)
    });
    let full = format!("bindnet-state/1\n{}end\n", lines.collect::<String>());
    let state = TempFile::new(full.as_bytes());
    let told = preview(&host, &state, &["--remember", "192.168.1.0"]);
    assert_eq!(ended(&told), (3, "192.168.1.10\n"), "{told:?}");
    assert!(told.stderr.contains("it would have"), "{told:?}");
    // What an audit says of the choice is less.
    let audited = run(&[&args[..], &["-q", "--remember", "--audit", "192.168.1.0"]].concat());
    assert_eq!(ended(&audited), (3, "192.168.1.10\n"));
    // None is none.
    let none = run(&[&args[..], &["--remember", "192.168.7.0"]].concat());
    assert_eq!(ended(&none), (1, ""));
}

#[test]
fn a_lock_that_stays_is_status_3_with_the_choice() {
    let (host, _) = before_and_after();
    let state = TempFile::missing();
    let held = state.locked();
    let told = preview(&host, &state, &["--remember", "192.168.1.0"]);
    assert_eq!(ended(&told), (3, "192.168.1.10\n"));
    let words = "warning: 192.168.1.10 is not remembered: --state: state file";
    assert!(told.stderr.starts_with(words), "{told:?}");
    assert!(
        told.stderr.contains("locked by another process"),
        "{told:?}"
    );
    // What changes nothing takes no lock.
    fs::write(state.path(), WRITTEN).unwrap();
    let again = preview(&host, &state, &["--remember", "192.168.1.0"]);
    assert_eq!(ended(&again), (0, "192.168.1.10\n"));
    drop(held);
}

/// Another process may remember its choice between the reading and the writing of a file. What is
/// printed then is what a preview prints that reads the file now.
#[test]
fn what_another_process_remembered_first_is_printed() {
    netns::run(|| {
        netns::ip("link set lo up");
        netns::ip("addr add 127.0.0.2/8 dev lo");
        for (other, printed, wait) in [
            ("127.0.0.2", "127.0.0.2\n", "60"),
            // What is remembered is not here, and is waited for.
            ("127.0.0.9", "127.0.0.1\n", "5"),
        ] {
            let state = TempFile::missing();
            let held = state.locked();
            let mut preview = cli::preview();
            preview.args(["-q", "--wait", wait, "--remember"]);
            preview.args(["--state", state.path(), "127.0.0.0"]);
            preview.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut preview = preview.spawn().unwrap();
            cli::wait_until_open(&mut preview, &state.lock());
            let written =
                format!("bindnet-state/1\nbindnetaddr 127.0.0.0 address {other} prefix 8\nend\n");
            fs::write(state.path(), &written).unwrap();
            drop(held);
            let raced: Run = preview.wait_with_output().unwrap().into();
            assert_eq!(ended(&raced), (0, printed), "{raced:?}");
            let later = run(&["-q", "--state", state.path(), "127.0.0.0"]);
            assert_eq!(ended(&later), (0, printed), "{later:?}");
            assert_eq!(text(&state), written);
        }
    });
}

/// `--wait` is for the lock, too.
#[test]
fn a_lock_is_waited_for_until_the_time_is_over() {
    netns::run(|| {
        netns::ip("link set lo up");
        let state = TempFile::missing();
        let held = state.locked();
        let frees = thread::spawn(move || {
            // Longer than one attempt.
            thread::sleep(Duration::from_millis(2500));
            drop(held);
        });
        let args = ["-q", "--wait", "60", "--state", state.path(), "--remember"];
        let told = run(&[&args[..], &["127.0.0.0"]].concat());
        frees.join().unwrap();
        assert_eq!(
            (ended(&told), told.stderr.as_str()),
            ((0, "127.0.0.1\n"), "")
        );
        assert!(text(&state).contains(" address 127.0.0.1 "));
    });
}

#[test]
fn options_that_do_not_go_together_are_refused() {
    for args in [
        &["--remember", "192.168.1.0"][..],
        &["--state", "s", "--previous", "192.168.1.1", "192.168.1.0"],
        &["--state", "s", "--conf", "corosync.conf"],
        &["--state", "s", "--capture"],
        &[
            "--state",
            "s",
            "--remember",
            "--profile",
            "corosync",
            "192.168.1.0",
        ],
    ] {
        assert_eq!(ended(&run(args)), (2, ""), "{args:?}");
    }
}
