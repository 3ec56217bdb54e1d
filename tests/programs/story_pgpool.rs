//! The second outage that this library comes from, from end to end.
//!
//! A pgpool node lost its connections every fifteen minutes, for three days, because a machine
//! that everybody had forgotten had its address, and looked for the time four times an hour. Nobody
//! had searched for it: ping said that the address was free.
//!
//! Three machines on one wire, each a network namespace of its own: `a` is the node, `b` the
//! forgotten machine, `d` a member of the cluster that keeps a connection to `a`.

use bindnet_tests::{cli, elsewhere, frames, lan, netns, ping};

use std::io::{Read, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use bindnet::conflict::{How, Notice};
use bindnet::live::Detector;
use cli::{Run, example};
use elsewhere::Elsewhere;
use frames::{ARP, Frame, Mac, Tap};
use lan::{Lan, PATIENCE, mac, own, text};
use netns::{ip, run, sysctl, until};
use ping::ping;
use serde_json::Value;

/// The address that two machines have.
const IP: Ipv4Addr = Ipv4Addr::new(10, 8, 52, 191);

/// The address of the other member.
const D_IP: Ipv4Addr = Ipv4Addr::new(10, 8, 52, 12);

const A: Mac = mac(0x0a);
const B: Mac = mac(0x0b);
const D: Mac = mac(0x0d);

/// How long ping waits for an answer, three times.
const ANSWER: Duration = Duration::from_millis(500);

/// The members say that they are there once in this time.
const BEAT: Duration = Duration::from_secs(1);

/// PostgreSQL's port.
const PORT: u16 = 5432;

#[test]
fn a_forgotten_machine_takes_the_connections_of_a_node() {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        let (b, d) = (lan.host("b", B), lan.host("d", D));
        for (host, own) in [(&b, IP), (&d, D_IP)] {
            host.ip(&format!("addr add {own}/24 dev eth0"));
        }
        b.run(|| sysctl("ipv4/icmp_echo_ignore_all", 1));

        the_node_is_off(&lan, &d);
        the_node_is_on(&lan, &d);
        the_other_machine_wants_to_know_the_time(&lan, &b, &d);
        the_operator_asks();
    });
}

/// Chapter 1: the node is off, so whoever answers now is another. ping hears nobody, though ARP has
/// told even the kernel on whose behalf it asks who that is.
fn the_node_is_off(lan: &Lan, d: &Elsewhere) {
    lan.cut("eth0");
    assert!(
        !d.run(|| ping(IP, ANSWER)),
        "the address is free, says ping"
    );
    assert_eq!(neighbour(d), Some(text(B)));

    let run = d.run(|| conflict(&["--free", "--interface", "eth0", &IP.to_string()]));
    assert_eq!((run.status, told(&run)), (1, by_reply()));
}

/// Chapter 2: the forgotten machine is off, the node is on. That ping hears whoever answers, and
/// that the address is clear where nobody else has it, is seen here.
fn the_node_is_on(lan: &Lan, d: &Elsewhere) {
    lan.cut("b");
    lan.mend("eth0");
    ip(&format!("addr add {IP}/24 dev eth0"));
    d.ip(&format!("neigh flush to {IP}"));
    until("ping hears the node", || d.run(|| ping(IP, ANSWER)));
    assert_eq!(neighbour(d), Some(text(A)));
    let run = conflict(&[&IP.to_string()]);
    assert_eq!((run.status, &told(&run)[0]), (0, &Some("clear".to_owned())));

    // It is booted, and nobody hears of it: it has nothing to say.
    let tap = lan.tap("b");
    lan.mend("b");
    assert!(!said_arp(&tap));
    assert_eq!(neighbour(d), Some(text(A)));
}

/// Chapter 3: for a while nothing happens, and then the connection breaks. The node has heard
/// before who it is.
fn the_other_machine_wants_to_know_the_time(lan: &Lan, b: &Elsewhere, d: &Elsewhere) {
    let mut watcher = Detector::watch(own(&IP.to_string())).unwrap();
    let tap = lan.tap("b");
    let listener = TcpListener::bind((IP, PORT)).unwrap();
    let (tell, beats) = channel();
    // A thread of its own, on the machine of the one that starts it.
    d.run(|| thread::spawn(move || beat(&tell)));
    let (node, _) = listener.accept().unwrap();
    let answers = node.try_clone().unwrap();
    thread::spawn(move || answer(answers));

    for _ in 0..3 {
        assert_eq!(beats.recv_timeout(PATIENCE).unwrap(), Beat::Heard);
    }
    assert_eq!(watcher.wait(Duration::ZERO).unwrap(), None);
    assert!(!said_arp(&tap));
    assert_eq!(neighbour(d), Some(text(A)));

    // In its cron table stands ntpdate.
    assert_eq!(beats.recv_timeout(PATIENCE).unwrap(), Beat::Heard);
    b.run(|| {
        let socket = UdpSocket::bind((IP, 0)).unwrap();
        socket.send_to(b"What time is it?", (D_IP, 123)).unwrap();
    });
    let event = watcher.wait(PATIENCE).unwrap().expect("a claim");
    let named = Instant::now();
    let broken = when_broken(&beats);
    assert!(named < broken, "it broke {:?} earlier", named - broken);
    assert_eq!(neighbour(d), Some(text(B)));
    node.shutdown(Shutdown::Both).unwrap();

    let report = watcher.report(event.clone());
    assert!(matches!(event, Notice::Claim { count: 1, .. }), "{event:?}");
    assert_eq!(report.mac().unwrap().as_bytes(), B);
    assert_eq!(report.how(), Some(How::Claim));
}

/// Chapter 4: what it would have taken all the time.
fn the_operator_asks() {
    let run = conflict(&[&IP.to_string()]);
    assert_eq!((run.status, told(&run)), (1, by_reply()));
    let run = example("conflict")
        .args(["--timing", "fast", &IP.to_string()])
        .output();
    let run = Run::from(run.unwrap());
    let line = format!("{IP} on eth0: CONFLICT; {} answers for it (", text(B));
    assert!(run.stdout.starts_with(&line), "{run:?}");
}

/// What a member knows of its connection.
#[derive(Debug, PartialEq, Eq)]
enum Beat {
    /// The node has answered.
    Heard,
    /// It has not, or another machine has, which knows nothing of a connection.
    Broken(Instant),
}

/// Says to the node that it is there, again and again, until the connection is broken.
fn beat(tell: &Sender<Beat>) {
    let mut node = TcpStream::connect((IP, PORT)).unwrap();
    node.set_nodelay(true).unwrap();
    node.set_read_timeout(Some(PATIENCE)).unwrap();
    loop {
        let said = node.write_all(b"?");
        let heard = said.and_then(|()| node.read_exact(&mut [0]));
        if heard.is_err() {
            let _ = tell.send(Beat::Broken(Instant::now()));
            return;
        }
        if tell.send(Beat::Heard).is_err() {
            return;
        }
        thread::sleep(BEAT);
    }
}

/// Answers until the connection is shut.
fn answer(mut member: TcpStream) {
    while member.read_exact(&mut [0]).is_ok() {
        if member.write_all(b"!").is_err() {
            return;
        }
    }
}

fn when_broken(beats: &Receiver<Beat>) -> Instant {
    loop {
        match beats.recv_timeout(PATIENCE).unwrap() {
            Beat::Heard => {}
            Beat::Broken(when) => return when,
        }
    }
}

/// Whether a machine has sent ARP into its port.
fn said_arp(tap: &Tap) -> bool {
    let said = |frame: &Frame| !frame.is_outgoing && frame.kind() == ARP;
    tap.heard().iter().any(said)
}

/// Who a machine takes for the holder of the address.
fn neighbour(host: &Elsewhere) -> Option<String> {
    let shown = host.run(|| netns::ip(&format!("-j neigh show {IP} dev eth0")));
    let shown: Value = serde_json::from_slice(&shown).unwrap();
    shown[0]["lladdr"].as_str().map(str::to_owned)
}

/// Runs the program of the operator.
fn conflict(args: &[&str]) -> Run {
    let args = [&["--timing", "fast", "--json"], args].concat();
    example("conflict").args(args).output().unwrap().into()
}

/// The verdict, who, and how.
fn told(run: &Run) -> [Option<String>; 3] {
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    ["verdict", "mac", "how"].map(|name| json[name].as_str().map(str::to_owned))
}

fn by_reply() -> [Option<String>; 3] {
    ["conflict", &text(B), "reply"].map(|text| Some(text.to_owned()))
}
