//! The conflict example, run as an operator would: what it prints, and how it ends.

use bindnet_tests::{cli, frames, lan, netns};

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Stdio};

use cli::{Run, example};
use frames::{Mac, Tap, announcement};
use lan::{Lan, mac, text};
use netns::{ip, run, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

/// The address that is asked for.
const IP: &str = "192.0.2.10";

const A: Mac = mac(0x0a);
const B: Mac = mac(0x0b);

fn run_conflict(args: &[&str]) -> Run {
    example("conflict").args(args).output().unwrap().into()
}

/// The only line, without the time it took.
fn told(run: &Run) -> Value {
    assert_eq!(run.stdout.lines().count(), 1, "{run:?}");
    timeless(&run.stdout)
}

fn timeless(line: &str) -> Value {
    let mut told: Value = serde_json::from_str(line).unwrap();
    let elapsed = told.as_object_mut().unwrap().remove("elapsed_ms");
    assert!(elapsed.unwrap().is_u64());
    told
}

#[test]
fn the_verdict_is_the_exit_status() {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        ip(&format!("addr add {IP}/24 dev eth0"));
        let mut expected = json!({
            "format": "bindnet-conflict/1", "address": IP, "interface": "eth0",
            "verdict": "clear", "mac": null, "how": null, "reason": null,
        });
        let fast = |args: &[&str]| run_conflict(&[&["--timing=fast"], args].concat());
        let clear = fast(&["--json", IP]);
        assert_eq!((clear.status, told(&clear)), (0, expected.clone()));
        assert_eq!(clear.stderr, "");
        let plain = fast(&[IP]);
        let line = format!("{IP} on eth0: clear; nobody else answered (");
        assert!(plain.stdout.starts_with(&line), "{plain:?}");

        let b = lan.host("b", B);
        b.ip(&format!("addr add {IP}/24 dev eth0"));
        expected["verdict"] = json!("conflict");
        expected["mac"] = json!(text(B));
        expected["how"] = json!("reply");
        expected["reason"] = json!(format!("{} answers for it", text(B)));
        let conflict = fast(&["--json", IP]);
        assert_eq!((conflict.status, told(&conflict)), (1, expected.clone()));
        let named = fast(&["--json", "--interface", "eth0", IP]);
        assert_eq!((named.status, told(&named)), (1, expected.clone()));
        let plain = fast(&[IP]);
        let line = format!("{IP} on eth0: CONFLICT; {} answers for it (", text(B));
        assert_eq!((plain.status, plain.stdout.starts_with(&line)), (1, true));

        // One that is to be taken.
        ip(&format!("addr del {IP}/24 dev eth0"));
        let taken = fast(&["--json", "--free", "--interface", "eth0", IP]);
        assert_eq!((taken.status, told(&taken)), (1, expected.clone()));
        let free = fast(&["--json", "--free", "--interface", "eth0", "192.0.2.99"]);
        assert_eq!(
            (free.status, told(&free)["verdict"].as_str()),
            (0, Some("clear"))
        );

        // Without --free it has to be here.
        expected["interface"] = Value::Null;
        expected["verdict"] = json!("inconclusive");
        expected["mac"] = Value::Null;
        expected["how"] = Value::Null;
        expected["reason"] = json!("this host does not have it");
        let absent = fast(&["--json", IP]);
        assert_eq!((absent.status, told(&absent)), (3, expected));
        let advice = format!("conflict --free --interface NAME {IP}");
        assert!(absent.stderr.contains(&advice), "{absent:?}");
        let no_link = fast(&["--json", "--interface", "eth9", IP]);
        assert_eq!(
            (no_link.status, told(&no_link)["interface"].as_str()),
            (3, Some("eth9"))
        );
    });
}

#[test]
fn an_ipv6_address_with_its_link() {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        ip("addr add fe80::10/64 dev eth0 nodad");
        let b = lan.host("b", B);
        b.ip("addr add fe80::10/64 dev eth0 nodad");
        for args in [
            &["fe80::10%eth0"][..],
            &["fe80::10"],
            &["--interface=eth0", "fe80::10"],
        ] {
            let named = run_conflict(&[&["--timing=fast", "--json"], args].concat());
            let told = told(&named);
            assert_eq!((named.status, &told["mac"]), (1, &json!(text(B))), "{told}");
            assert_eq!(told["address"], "fe80::10");
        }
    });
}

#[test]
fn nobody_can_be_asked() {
    run(|| {
        ip("link set lo up");
        let lo = run_conflict(&["--json", "127.0.0.1"]);
        let told = told(&lo);
        assert_eq!((lo.status, &told["verdict"]), (3, &json!("not-applicable")));
        assert_eq!(told["interface"], "lo");
        assert_eq!(told["reason"], "the link is a loopback link");
    });
}

/// No link has a name of 128 bytes, nor an alternative one.
const TOO_LONG: &str = "a-name-that-is-too-long-a-name-that-is-too-long-a-name-that-is-too-long-a-\
                        name-that-is-too-long-a-name-that-is-too-long-a-name-tha";

/// Every message names the text and what would be accepted, and nothing is asked.
#[test]
fn what_cannot_be_understood_is_refused() {
    for (args, words) in [
        (&["192.0.2"][..], &["\"192.0.2\""][..]),
        (&["192.0.2.010"], &["leading zero in \"010\""]),
        (&["nowhere"], &["\"nowhere\"", "address"]),
        (
            &["224.0.0.1"],
            &["224.0.0.1", "a unicast address is expected"],
        ),
        (&["0.0.0.0"], &["0.0.0.0", "a unicast address is expected"]),
        (&["ff02::1"], &["ff02::1", "a unicast address is expected"]),
        (
            &["255.255.255.255"],
            &["255.255.255.255", "a unicast address is expected"],
        ),
        (
            &["--free", "--interface", "eth0", "::"],
            &["::", "a unicast address is expected"],
        ),
        (&["192.0.2.10%eth0"], &["192.0.2.10%eth0"]),
        (
            &["--watch", "soon", IP],
            &["--watch \"soon\"", "a number of seconds is expected"],
        ),
        (
            &["--watch=-1", IP],
            &["--watch \"-1\"", "a number of seconds is expected"],
        ),
        (&["--timing", "slow", IP], &["'slow'", "rfc, fast"]),
        (&["--interface", "", IP], &["--interface \"\""]),
        (
            &["--interface", TOO_LONG, IP],
            &["--interface \"a-name-that-is-too-long-", "127"],
        ),
        (
            &["--interface", "eth1", "fe80::10%eth0"],
            &["--interface \"eth1\"", "fe80::10%eth0", "another link"],
        ),
        (&["--free", IP], &["--interface"]),
        (&["--often", IP], &["--often"]),
        (&[IP, "192.0.2.11"], &["192.0.2.11"]),
        (&[], &["<ADDRESS>"]),
    ] {
        let refused = run_conflict(args);
        assert_eq!(
            (refused.status, refused.stdout.as_str()),
            (2, ""),
            "{refused:?}"
        );
        for word in words {
            assert!(refused.stderr.contains(word), "{word:?}: {refused:?}");
        }
    }
    let help = run_conflict(&["--help"]);
    assert_eq!(help.status, 0);
    for word in [
        "CAP_NET_RAW",
        "--free",
        "--timing",
        "--watch",
        "--json",
        "Exit status",
    ] {
        assert!(help.stdout.contains(word), "{word}: {help:?}");
    }
}

/// A program that listens.
struct Listening {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Listening {
    fn start(args: &[&str]) -> Self {
        let mut child = example("conflict");
        let mut child = child.args(args).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    fn next(&mut self) -> Value {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        timeless(&line)
    }

    /// Asks it to end, and returns its exit status.
    fn end(mut self, signal: Signal) -> Option<i32> {
        kill(Pid::from_raw(self.child.id() as i32), signal).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const WATCH: [&str; 5] = ["--timing=fast", "--json", "--watch", "600", IP];

#[test]
fn it_listens_on_and_says_who_claims_the_address() {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        ip(&format!("addr add {IP}/24 dev eth0"));
        let b = lan.host("b", B);
        let tap = b.run(|| Tap::on("eth0"));
        let mut listening = Listening::start(&WATCH);
        assert_eq!(listening.next()["verdict"], "clear");
        for from in [B, mac(0x0c)] {
            // Twice, and it is told once.
            tap.send(&announcement(from, IP.parse().unwrap()));
            tap.send(&announcement(from, IP.parse().unwrap()));
            let expected = json!({
                "format": "bindnet-conflict/1", "address": IP, "interface": "eth0",
                "verdict": "conflict", "mac": text(from), "how": "claim",
                "reason": format!("{} uses it", text(from)), "count": 1, "others": 0,
            });
            assert_eq!(listening.next(), expected);
        }
        lan.cut("eth0");
        let deaf = listening.next();
        assert_eq!(deaf["verdict"], "inconclusive");
        assert!(
            deaf["reason"]
                .as_str()
                .unwrap()
                .ends_with("nothing is heard"),
            "{deaf}"
        );
        lan.mend("eth0");
        let back = listening.next();
        assert!(
            back["reason"]
                .as_str()
                .unwrap()
                .starts_with("listening again"),
            "{back}"
        );
        // A conflict is what counts in the end.
        assert_eq!(listening.end(Signal::SIGTERM), Some(1));
    });
}

#[test]
fn the_time_is_over() {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        ip(&format!("addr add {IP}/24 dev eth0"));
        let quiet = run_conflict(&["--timing=fast", "--json", "--watch", "0.5", IP]);
        assert_eq!(
            (quiet.status, &told(&quiet)["verdict"]),
            (0, &json!("clear"))
        );
        let not_long = run_conflict(&["--timing=fast", "--json", "--watch", "0", IP]);
        assert_eq!(
            (not_long.status, &told(&not_long)["verdict"]),
            (0, &json!("clear"))
        );
    });
}

#[test]
fn a_signal_ends_it() {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        ip(&format!("addr add {IP}/24 dev eth0"));
        for signal in [Signal::SIGTERM, Signal::SIGINT] {
            // Before there is a verdict nothing is known.
            let tap = lan.tap("eth0");
            let asking = Listening::start(&["--json", IP]);
            tap.expect("a probe", |frame| !frame.is_outgoing);
            assert_eq!(asking.end(signal), Some(3));
            let mut listening = Listening::start(&WATCH);
            assert_eq!(listening.next()["verdict"], "clear");
            assert_eq!(listening.end(signal), Some(0));
        }
    });
}

#[test]
fn a_closed_pipe_ends_it() {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        ip(&format!("addr add {IP}/24 dev eth0"));
        let mut listening = Listening::start(&WATCH);
        assert_eq!(listening.next()["verdict"], "clear");
        let mut child = example("conflict");
        let mut child = child.args(WATCH).stdout(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        until("it has ended", || child.try_wait().unwrap().is_some());
        // Where somebody reads on it goes on.
        assert!(listening.child.try_wait().unwrap().is_none());
    });
}
