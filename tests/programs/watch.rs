//! The watch example, run as a user would, on hosts of its own.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use bindnet_tests::{cli, netns};

use cli::{Run, TempFile, example};
use netns::{cable, ip, run, sysctl};

/// How long a line may take. Reaching it is a failure, never a measurement.
const PATIENCE: Duration = Duration::from_secs(60);

fn watch(args: &[&str]) -> Command {
    let mut watch = example("watch");
    watch.args(args);
    watch
}

fn run_watch(args: &[&str]) -> Run {
    watch(args).output().expect("watch runs").into()
}

/// A watch that runs.
struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    /// Starts it and waits for its first line.
    fn start(args: &[&str]) -> (Self, Value) {
        let mut child = watch(args)
            .arg("--json")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (to, lines) = channel();
        thread::spawn(move || {
            for line in stdout.lines() {
                let _ = to.send(line.unwrap());
            }
        });
        let watching = Self { child, lines };
        let first = watching.next();
        (watching, first)
    }

    fn next(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line");
        let json: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json["format"], "bindnet-watch/1");
        assert_eq!(json["overruns"], 0);
        json
    }

    /// Asks it to end, and returns its exit status and what it still said.
    fn end(mut self, signal: Signal) -> (i32, Vec<String>) {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
        let status = self.child.wait().unwrap();
        (status.code().expect("an exit"), self.lines.iter().collect())
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        let _ = self.child.kill();
    }
}

/// The members of an event that are codes and addresses.
fn told(event: &Value) -> (&str, Option<&str>, Option<&str>, Option<&str>) {
    let text = |name: &str| event[name].as_str();
    let kind = event["event"].as_str().unwrap();
    (kind, text("address"), text("previous"), text("interface"))
}

const NODE: Option<&str> = Some("192.168.1.10");
const ETH0: Option<&str> = Some("eth0");

#[test]
fn a_floating_address_comes_and_the_node_s_goes_and_returns() {
    run(|| {
        cable("eth0");
        ip("addr add 192.168.1.10/24 dev eth0");
        let (watching, first) = Watching::start(&["192.168.1.0"]);
        assert_eq!(told(&first), ("initial", NODE, None, ETH0));
        let reason = "192.168.1.10/24 on eth0: the only address of 192.168.1.0/24 here.";
        assert_eq!(first["reason"], reason);

        ip("addr add 192.168.1.20/24 dev eth0 label eth0:vip");
        let event = watching.next();
        assert_eq!(told(&event), ("kept", NODE, NODE, ETH0));
        let reason = "192.168.1.20/24 on eth0 has come: floating (label, secondary).";
        assert_eq!(event["reason"], reason);

        // What does not bear on the choice is not told.
        ip("addr add 10.0.0.1/8 dev eth0");
        sysctl("ipv4/conf/eth0/promote_secondaries", 1);
        ip("addr del 192.168.1.10/24 dev eth0");
        let event = watching.next();
        assert_eq!(told(&event), ("lost", None, NODE, None));
        let reason = "192.168.1.10 is no longer configured here. It is waited for.";
        assert_eq!(event["reason"], reason);

        ip("addr add 192.168.1.10/24 dev eth0");
        assert_eq!(told(&watching.next()), ("gained", NODE, NODE, ETH0));
        assert_eq!(watching.end(Signal::SIGTERM), (0, vec![]));
    });
}

/// What README.md shows is what watch prints.
#[test]
fn the_readme_shows_what_it_prints() {
    let readme = include_str!("../../README.md");
    let shown = readme.split("$ watch 192.168.1.0\n").nth(1).unwrap();
    let shown = shown.split("```").next().unwrap();
    run(|| {
        cable("eth0");
        sysctl("ipv4/conf/eth0/promote_secondaries", 1);
        ip("addr add 192.168.1.10/24 dev eth0");
        let mut child = watch(&["192.168.1.0"]);
        let mut child = child.stdout(Stdio::piped()).spawn().unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut printed = String::new();
        stdout.read_line(&mut printed).unwrap();
        for words in [
            "addr add 192.168.1.20/24 dev eth0",
            "addr del 192.168.1.10/24 dev eth0",
            "addr add 192.168.1.10/24 dev eth0",
        ] {
            ip(words);
            stdout.read_line(&mut printed).unwrap();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(printed, shown);
    });
}

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
fn the_start_waits_for_an_address() {
    run(|| {
        cable("eth0");
        let adds = thread::spawn(|| {
            thread::sleep(Duration::from_millis(300));
            ip("addr add 192.168.1.10/24 dev eth0");
        });
        let (watching, first) = Watching::start(&["--wait", "60", "192.168.1.0"]);
        adds.join().unwrap();
        assert_eq!(told(&first), ("initial", NODE, None, ETH0));
        assert_eq!(watching.end(Signal::SIGTERM).0, 0);

        // What is remembered and declared fixed is waited for, though another such one is here.
        let adds = thread::spawn(|| {
            thread::sleep(Duration::from_millis(300));
            ip("addr add 192.168.1.99/24 dev eth0");
        });
        let fixed = ["--fixed", "192.168.1.0/24", "--previous", "192.168.1.99"];
        let args = [&["--wait", "60", "192.168.1.0"], &fixed[..]].concat();
        let (watching, first) = Watching::start(&args);
        adds.join().unwrap();
        let other = Some("192.168.1.99");
        assert_eq!(told(&first), ("initial", other, other, ETH0));
        assert_eq!(watching.end(Signal::SIGTERM).0, 0);

        // At the end of the wait a neighbour is taken, and none is said.
        let neighbour = run_watch(&["--wait", "0.2", "--for", "0.4", "192.168.1.83"]);
        assert_eq!(neighbour.status, 0);
        assert!(neighbour.stdout.contains("AMBIGUOUS"), "{neighbour:?}");
        let none = run_watch(&["--wait", "0.2", "--for", "0.4", "192.168.2.0"]);
        assert_eq!(none.status, 1);
        assert!(none.stdout.starts_with("initial: none"), "{none:?}");
        // A signal ends the wait.
        let mut child = watch(&["--wait", "60", "192.168.2.0"]);
        let child = child.stdout(Stdio::piped()).spawn().unwrap();
        netns::until("it has blocked the signal", || blocks_sigterm(child.id()));
        kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
        let ended = Run::from(child.wait_with_output().unwrap());
        assert_eq!(ended.status, 1);
        assert!(ended.stdout.starts_with("initial: none"), "{ended:?}");
    });
}

/// Whether a process has blocked SIGTERM, which is number 15 (proc(5)).
fn blocks_sigterm(process: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigBlk:"));
    let mask = u64::from_str_radix(mask.unwrap().trim(), 16).unwrap();
    mask & 1 << 14 != 0
}

#[test]
fn a_closed_pipe_ends_it() {
    run(|| {
        let mut child = watch(&["127.0.0.1"])
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        stdout.read_line(&mut String::new()).unwrap();
        drop(stdout);
        netns::until("it has ended", || child.try_wait().unwrap().is_some());
    });
}

#[test]
fn what_cannot_be_understood_is_refused() {
    let damaged = TempFile::new(b"bindnet-state/1\n");
    for (args, words) in [
        (&["192.168.010.0"][..], "leading zero in \"010\""),
        (
            &["--for=-1", "192.168.1.0"],
            "--for \"-1\": a number of seconds is expected",
        ),
        (
            &["--wait", "soon", "192.168.1.0"],
            "--wait \"soon\": a number of seconds",
        ),
        (
            &["--state", damaged.path(), "192.168.1.0"],
            "remove the file to choose anew",
        ),
        (
            &["--state", "s", "--profile", "corosync", "192.168.1.0"],
            "--state is for our own choice",
        ),
        (
            &["--state", "/", "192.168.1.0"],
            "--state: state file \"/\"",
        ),
        (
            &["--state", "s", "--previous", "192.168.1.1", "192.168.1.0"],
            "cannot be used with",
        ),
    ] {
        let refused = run_watch(args);
        assert_eq!(
            (refused.status, refused.stdout.as_str()),
            (2, ""),
            "{refused:?}"
        );
        assert!(refused.stderr.contains(words), "{refused:?}");
    }
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
            let mut errors = BufReader::new(watching.stderr.take().unwrap()).lines();
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

/// At the end what is here counts, though it may be part of a burst.
#[test]
fn the_end_is_told_of() {
    run(|| {
        cable("eth0");
        ip("addr add 192.168.1.10/24 dev eth0");
        let (watching, first) = Watching::start(&["192.168.1.0"]);
        assert_eq!(told(&first), ("initial", NODE, None, ETH0));
        ip("addr del 192.168.1.10/24 dev eth0");
        let (status, lines) = watching.end(Signal::SIGTERM);
        assert_eq!(status, 1);
        let last: Value = serde_json::from_str(lines.last().expect("a line")).unwrap();
        assert_eq!(told(&last), ("lost", None, NODE, None));
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
