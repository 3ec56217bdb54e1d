//! What watch remembers in a state file.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use bindnet_tests::{cli, netns};
use nix::sys::signal::Signal;

use super::watch::{ETH0, NODE, Watching, run_watch, told, watch};
use cli::TempFile;
use netns::{cable, ip, run};

#[test]
fn it_follows_if_told_and_writes_it_down() {
    run(|| {
        cable("eth0");
        ip("addr add 192.168.1.10/24 dev eth0");
        let state = TempFile::missing();
        let args = ["--follow", "--state", state.path(), "192.168.1.0"];
        let (watching, first) = Watching::start(&args);
        assert_eq!(told(&first), ("initial", NODE, None, ETH0));
        assert!(remembered(&state).contains("address 192.168.1.10 prefix 24 interface eth0"));

        ip("addr add 192.168.1.11/25 dev eth0");
        assert_eq!(told(&watching.next()), ("kept", NODE, NODE, ETH0));
        ip("addr del 192.168.1.10/24 dev eth0");
        let event = watching.next();
        let other = Some("192.168.1.11");
        assert_eq!(told(&event), ("moved", other, NODE, ETH0));
        assert!(remembered(&state).contains("address 192.168.1.11 prefix 25 interface eth0"));

        ip("addr del 192.168.1.11/25 dev eth0");
        assert_eq!(told(&watching.next()), ("lost", None, other, None));
        assert_eq!(watching.end(Signal::SIGINT), (1, vec![]));
        assert!(remembered(&state).contains("192.168.1.11"));
    });
}

fn remembered(state: &TempFile) -> String {
    std::fs::read_to_string(state.path()).unwrap()
}

#[test]
fn a_remembered_choice_is_waited_for() {
    run(|| {
        cable("eth0");
        let state = TempFile::missing();
        let seen = |args: &[&str]| {
            let args = [args, &["--state", state.path(), "192.168.1.0"]].concat();
            run_watch(&args)
        };
        ip("addr add 192.168.1.10/24 dev eth0");
        assert_eq!(seen(&["--for", "0"]).status, 0);
        // The VIP is here before the node's own address is.
        ip("addr del 192.168.1.10/24 dev eth0");
        ip("addr add 192.168.1.20/24 dev eth0");
        let early = seen(&["--for", "0"]);
        assert_eq!(early.status, 1);
        assert!(early.stdout.starts_with("initial: "), "{early:?}");
        assert!(
            early
                .stdout
                .contains("The remembered choice, 192.168.1.10, is waited for. ")
        );

        let (watching, first) = Watching::start(&["--state", state.path(), "192.168.1.0"]);
        assert_eq!(told(&first), ("initial", None, NODE, None));
        ip("addr add 192.168.1.10/24 dev eth0");
        assert_eq!(told(&watching.next()), ("gained", NODE, NODE, ETH0));
        assert_eq!(watching.end(Signal::SIGTERM).0, 0);
        assert!(remembered(&state).contains("192.168.1.10"));
    });
}

#[test]
fn a_choice_that_cannot_be_remembered_is_not_told() {
    run(|| {
        ip("link set lo up");
        let refused = run_watch(&["--state", "/nowhere/s", "127.0.0.1"]);
        assert_eq!(
            (refused.status, refused.stdout.as_str()),
            (3, ""),
            "{refused:?}"
        );
        assert!(
            refused.stderr.contains("make the folder first"),
            "{refused:?}"
        );
    });
}

/// A lock that another process holds puts off what is remembered, and ends nothing.
#[test]
fn a_choice_is_remembered_when_the_lock_is_free() {
    run(|| {
        cable("eth0");
        ip("addr add 192.168.1.10/24 dev eth0");
        let state = TempFile::missing();
        let held = state.locked();
        let args = ["--follow", "--state", state.path(), "192.168.1.0"];
        let (watching, first) = Watching::start(&args);
        assert_eq!(told(&first), ("initial", NODE, None, ETH0));
        ip("addr add 192.168.1.11/25 dev eth0");
        assert_eq!(told(&watching.next()), ("kept", NODE, NODE, ETH0));
        ip("addr del 192.168.1.10/24 dev eth0");
        let other = Some("192.168.1.11");
        assert_eq!(told(&watching.next()), ("moved", other, NODE, ETH0));
        assert!(std::fs::metadata(state.path()).is_err());

        // Before it is free something else happens, and the choice goes.
        ip("addr del 192.168.1.11/25 dev eth0");
        assert_eq!(told(&watching.next()), ("lost", None, other, None));
        drop(held);
        let written = || std::fs::metadata(state.path()).is_ok();
        netns::until("it is written", written);
        assert!(remembered(&state).contains("address 192.168.1.11 prefix 25 interface eth0"));
        assert_eq!(watching.end(Signal::SIGTERM).0, 1);
    });
}

/// What another process remembered since the file was read is not overwritten.
#[test]
fn what_another_process_remembered_first_stays() {
    run(|| {
        ip("link set lo up");
        let written = "bindnet-state/1\nbindnetaddr 127.0.0.0 address 127.0.0.2\nend\n";
        for follow in [&[][..], &["--follow"]] {
            let state = TempFile::missing();
            let held = state.locked();
            // It does not end before it has warned.
            let args = ["--for", "20", "--state", state.path(), "127.0.0.0"];
            let mut watching = watch(&[follow, &args].concat());
            watching.stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut watching = watching.spawn().unwrap();
            cli::wait_until_open(&mut watching, &state.lock());
            std::fs::write(state.path(), written).unwrap();
            drop(held);
            let errors = BufReader::new(watching.stderr.take().unwrap()).lines();
            let remembers = "still remembers 127.0.0.2";
            assert!(
                errors
                    .map_while(Result::ok)
                    .any(|line| line.contains(remembers))
            );
            assert_eq!(remembered(&state), written);
            watching.kill().unwrap();
            watching.wait().unwrap();
        }
    });
}

#[test]
fn a_choice_that_is_never_remembered_is_told_at_the_end() {
    run(|| {
        ip("link set lo up");
        let state = TempFile::missing();
        let _held = state.locked();
        let ended = run_watch(&["--for", "0", "--state", state.path(), "127.0.0.1"]);
        assert_eq!(ended.status, 3, "{ended:?}");
        assert!(
            ended.stdout.starts_with("initial: 127.0.0.1/8"),
            "{ended:?}"
        );
        for words in [
            "warning: 127.0.0.1 is not remembered yet: --state: state file",
            "watch: 127.0.0.1 is not remembered: --state: state file",
        ] {
            assert!(ended.stderr.contains(words), "{ended:?}");
        }
    });
}

/// A choice that replaces the remembered one at the start is written down like a move.
#[test]
fn a_start_that_follows_is_remembered() {
    run(|| {
        cable("eth0");
        ip("addr add 192.168.1.10/24 dev eth0");
        let written = "bindnet-state/1\nbindnetaddr 192.168.1.0 address 192.168.1.99\nend\n";
        let state = TempFile::new(written.as_bytes());
        let args = ["--for", "0", "--state", state.path(), "192.168.1.0"];
        let declared = run_watch(&[&["--fixed", "192.168.1.10"][..], &args].concat());
        assert_eq!(declared.status, 0);
        assert!(
            declared.stderr.contains("still remembers 192.168.1.99"),
            "{declared:?}"
        );
        assert_eq!(remembered(&state), written);

        let followed = run_watch(&[&["--follow"][..], &args].concat());
        assert_eq!((followed.status, followed.stderr.as_str()), (0, ""));
        assert!(remembered(&state).contains("address 192.168.1.10 "));
    });
}

#[test]
fn an_entry_of_an_overlapping_bindnetaddr_is_named() {
    run(|| {
        cable("eth0");
        ip("addr add 192.168.1.10/24 dev eth0");
        let written = "bindnet-state/1\nbindnetaddr 192.168.1.0 address 192.168.1.99\nend\n";
        let state = TempFile::new(written.as_bytes());
        let args = ["--for", "0", "--state", state.path(), "192.168.1.0/24"];
        let first = run_watch(&args);
        assert_eq!(first.status, 0);
        let warning = "warning: nothing is remembered for 192.168.1.0/24; 192.168.1.99, remembered \
                       for 192.168.1.0, was not used.";
        assert!(first.stderr.starts_with(warning), "{first:?}");
        // Now something is.
        assert_eq!(run_watch(&args).stderr, "");
    });
}

/// A guess is written as one, and told of once by each watch, until it is settled.
#[test]
fn a_guess_is_told_of_until_it_is_settled() {
    run(|| {
        cable("eth0");
        ip("addr add 192.168.1.10/24 dev eth0");
        ip("addr add 192.168.1.20/24 dev eth0");
        let state = TempFile::missing();
        let seen = |more: &[&str]| {
            let args = ["--for", "0", "--state", state.path(), "192.168.1.0"];
            let seen = run_watch(&[more, &args].concat());
            assert_eq!(seen.status, 0, "{seen:?}");
            (
                seen.stderr,
                remembered(&state).contains(" unsettled weak-evidence\n"),
            )
        };
        let warning = "warning: the remembered choice, 192.168.1.10, was a guess: there was weak \
                       evidence against the others (weak-evidence). To settle it, declare the \
                       address of this host fixed.\n";
        // Written, and read.
        for _ in 0..2 {
            assert_eq!(seen(&[]), (warning.to_owned(), true));
        }
        assert_eq!(seen(&["--fixed", "192.168.1.10"]), (String::new(), false));
        assert_eq!(seen(&[]), (String::new(), false));
    });
}

/// A choice that was still waited for when the time was over is not written.
#[test]
fn a_choice_that_was_waited_for_is_not_written() {
    run(|| {
        cable("eth0");
        ip("addr add 192.168.1.20/24 dev eth0");
        let state = TempFile::missing();
        let args = ["--fixed", "192.168.1.10", "--wait", "0.3", "--for", "1"];
        let seen = run_watch(&[&args[..], &["--state", state.path(), "192.168.1.0"]].concat());
        assert_eq!(seen.status, 0, "{seen:?}");
        assert!(
            seen.stdout.starts_with("initial: 192.168.1.20/24"),
            "{seen:?}"
        );
        let why = "(fixed-absent). No state file is written with it.\n";
        assert!(seen.stderr.ends_with(why), "{seen:?}");
        assert!(std::fs::metadata(state.path()).is_err());
    });
}
