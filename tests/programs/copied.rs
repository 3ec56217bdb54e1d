//! The two programs that are there to be copied: `examples/bind.rs` and `examples/keep.rs`.

use bindnet_tests::{cli, netns};

use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use cli::{Run, TempFile, example};
use netns::{cable, ip, run, sysctl};

/// How long a line or an answer may take. Reaching it is a failure, never a measurement.
const PATIENCE: Duration = Duration::from_secs(60);

const OWN: &str = "192.168.1.10";

fn run_to_the_end(name: &str, args: &[&str]) -> Run {
    example(name).args(args).output().expect("it runs").into()
}

#[test]
fn bind_binds_the_node_s_address_and_says_why() {
    run(|| {
        cable("eth0");
        ip("addr add 192.168.1.10/24 dev eth0");
        ip("addr add 192.168.1.20/24 dev eth0 label eth0:vip");
        let bound = run_to_the_end("bind", &["192.168.1.0"]);
        assert_eq!((bound.status, bound.stderr.as_str()), (0, ""));
        assert!(bound.stdout.starts_with("bound 192.168.1.10:"), "{bound:?}");
        let why = ": 192.168.1.10/24 on eth0: the only address of 192.168.1.0/24 here that is not \
                   floating.\n";
        assert!(bound.stdout.ends_with(why), "{bound:?}");

        ip("addr add fe80::10/64 dev eth0 nodad");
        let bound = run_to_the_end("bind", &["fe80::%eth0"]);
        assert!(bound.stdout.starts_with("bound [fe80::10%"), "{bound:?}");

        for (bindnetaddr, words) in [
            (
                "192.168.2.0",
                "none: no address of this host is in the network of 192.168.2.0",
            ),
            ("192.168.01.0", "leading zero in \"01\""),
        ] {
            let refused = run_to_the_end("bind", &[bindnetaddr]);
            assert_eq!((refused.status, refused.stdout.as_str()), (1, ""));
            assert!(refused.stderr.contains(words), "{refused:?}");
        }
    });
}

/// The daemon that runs.
struct Keep {
    child: Child,
    lines: Receiver<String>,
}

impl Keep {
    fn start(state: &TempFile) -> Self {
        let mut keep = example("keep");
        keep.args(["192.168.1.0", state.path()]);
        let mut child = keep.stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (to, lines) = channel();
        thread::spawn(move || {
            for line in stdout.lines() {
                let _ = to.send(line.unwrap());
            }
        });
        Self { child, lines }
    }

    /// Requires that the next line begins so.
    fn says(&self, words: &str) {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line");
        assert!(line.starts_with(words), "{line}");
    }

    /// Requires that it answers at an address.
    fn answers_at(&self, address: &str) {
        let socket = UdpSocket::bind("192.168.1.99:0").unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.send_to(b"hello", (address, 5405)).unwrap();
        let mut datagram = [0; 16];
        let (len, from) = socket.recv_from(&mut datagram).expect("an answer");
        assert_eq!(&datagram[..len], b"hello");
        assert_eq!(from.to_string(), format!("{address}:5405"));
    }
}

impl Drop for Keep {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The address goes and comes back, while the daemon runs and while it does not. A floating address
/// is in its place each time.
#[test]
fn keep_leaves_with_its_address_and_binds_it_again() {
    run(|| {
        ip("link set lo up");
        cable("eth0");
        sysctl("ipv4/conf/eth0/promote_secondaries", 1);
        ip("addr add 192.168.1.10/24 dev eth0");
        // The peer that asks, which is no candidate.
        ip("addr add 192.168.1.99/32 dev lo");
        let state = TempFile::missing();
        let keep = Keep::start(&state);
        keep.says("initial: 192.168.1.10/24 on eth0");
        keep.says("bound 192.168.1.10:5405");
        keep.answers_at(OWN);
        let remembered = std::fs::read_to_string(state.path()).unwrap();
        assert!(
            remembered.contains("address 192.168.1.10 "),
            "{remembered:?}"
        );

        ip("addr add 192.168.1.20/24 dev eth0");
        keep.says("kept 192.168.1.10: 192.168.1.20/24 on eth0 has come");
        keep.answers_at(OWN);
        ip("addr del 192.168.1.10/24 dev eth0");
        keep.says("lost: 192.168.1.10 is no longer configured here");
        ip("addr add 192.168.1.10/24 dev eth0");
        keep.says("gained: 192.168.1.10/24 on eth0 is back");
        keep.says("bound 192.168.1.10:5405");
        keep.answers_at(OWN);
        drop(keep);

        // It starts again before its address is here.
        ip("addr del 192.168.1.10/24 dev eth0");
        let keep = Keep::start(&state);
        thread::sleep(Duration::from_millis(300));
        ip("addr add 192.168.1.10/24 dev eth0");
        keep.says("initial: 192.168.1.10/24 on eth0: the remembered choice, still here");
        keep.says("bound 192.168.1.10:5405");
        keep.answers_at(OWN);
    });
}

#[test]
fn keep_goes_on_without_a_memory_and_stops_if_it_is_damaged() {
    run(|| {
        cable("eth0");
        ip("addr add 192.168.1.10/24 dev eth0");
        let state = TempFile::missing();
        let held = state.locked();
        let keep = Keep::start(&state);
        keep.says("initial: 192.168.1.10/24 on eth0");
        keep.says("bound 192.168.1.10:5405");
        assert!(std::fs::metadata(state.path()).is_err());
        drop(held);
        netns::until("it is written", || std::fs::metadata(state.path()).is_ok());
        drop(keep);

        let damaged = TempFile::new(b"bindnet-state/1\nbindnetaddr");
        let refused = run_to_the_end("keep", &["192.168.1.0", damaged.path()]);
        assert_eq!((refused.status, refused.stdout.as_str()), (1, ""));
        let words = "remove the file to choose anew";
        assert!(refused.stderr.contains(words), "{refused:?}");
    });
}
