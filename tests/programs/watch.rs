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

pub fn watch(args: &[&str]) -> Command {
    let mut watch = example("watch");
    watch.args(args);
    watch
}

pub fn run_watch(args: &[&str]) -> Run {
    watch(args).output().expect("watch runs").into()
}

/// A watch that runs.
pub struct Watching {
    child: Child,
    lines: Receiver<String>,
}

impl Watching {
    /// Starts it and waits for its first line.
    pub fn start(args: &[&str]) -> (Self, Value) {
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

    pub fn next(&self) -> Value {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line");
        let json: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(json["format"], "bindnet-watch/1");
        assert_eq!(json["overruns"], 0);
        json
    }

    /// Asks it to end, and returns its exit status and what it still said.
    pub fn end(mut self, signal: Signal) -> (i32, Vec<String>) {
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
pub fn told(event: &Value) -> (&str, Option<&str>, Option<&str>, Option<&str>) {
    let text = |name: &str| event[name].as_str();
    let kind = event["event"].as_str().unwrap();
    (kind, text("address"), text("previous"), text("interface"))
}

pub const NODE: Option<&str> = Some("192.168.1.10");
pub const ETH0: Option<&str> = Some("eth0");

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
