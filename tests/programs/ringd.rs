//! The outage that this library comes from, with a daemon in C: `examples/c/ringd.c` on three hosts
//! of one wire, and an address that floats.

use bindnet_tests::{c, cli, elsewhere, lan, netns};

use std::io::{BufRead, BufReader};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use bindnet_tests::package;
use c::{Compiler, Library};
use cli::TempFile;
use elsewhere::Elsewhere;
use lan::{Lan, PATIENCE, mac};
use netns::{capture, listed, run, sysctl, until};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The members of the ring, in its order.
const MEMBERS: [&str; 3] = ["192.168.1.10", "192.168.1.11", "192.168.1.12"];

/// The first one's own address.
const OWN: &str = MEMBERS[0];

/// The floating address.
const VIP: &str = "192.168.1.20";

#[test]
fn a_floating_address_comes_first_and_the_ring_stays_whole() {
    let Some(ringd) = Program::ringd() else {
        return;
    };
    run(|| {
        let mut cluster = Cluster::new(&ringd);
        cluster.is_whole();
        for label in ["", " label eth0:vip"] {
            cluster.vip_comes_first(label);
            cluster.restart();
            cluster.first.says("bound 192.168.1.10 on eth0");
            cluster.is_whole();
            cluster.vip_goes();
        }
    });
}

/// What the state file is good for: without it the same splits the ring, if nothing that the kernel
/// shows tells the floating address from the other.
#[test]
fn without_a_memory_the_ring_splits() {
    let Some(ringd) = Program::ringd() else {
        return;
    };
    run(|| {
        let mut cluster = Cluster::new(&ringd);
        cluster.is_whole();
        cluster.vip_comes_first(" label eth0:vip");
        cluster.forget();
        cluster.restart();
        cluster.first.says("bound 192.168.1.10 on eth0");
        cluster.is_whole();

        cluster.vip_goes();
        cluster.vip_comes_first("");
        cluster.forget();
        cluster.restart();
        cluster.first.says("bound 192.168.1.20 on eth0, a stranger");
        // The others have long gone on by themselves; it cannot join them.
        for other in &mut cluster.others {
            assert_eq!(other.ring, " 192.168.1.11 192.168.1.12");
        }
        let (status, said) = cluster.first.end();
        assert_eq!(status, 0);
        assert!(
            !said.iter().any(|line| line.starts_with("ring:")),
            "{said:?}"
        );
        // A stranger's address is not remembered.
        assert!(!Path::new(cluster.memory.path()).exists());
    });
}

#[test]
fn the_address_is_gone_while_it_runs_and_returns() {
    let Some(ringd) = Program::ringd() else {
        return;
    };
    run(|| {
        let mut cluster = Cluster::new(&ringd);
        cluster.is_whole();
        cluster.node.ip(&format!("addr del {OWN}/24 dev eth0"));
        cluster.first.rings(" left");
        for other in &mut cluster.others {
            other.rings(" 192.168.1.11 192.168.1.12");
        }
        cluster.node.ip(&format!("addr add {OWN}/24 dev eth0"));
        cluster.first.says("bound 192.168.1.10 on eth0");
        cluster.is_whole();
        for ringd in [&mut cluster.first].into_iter().chain(&mut cluster.others) {
            let (status, said) = ringd.end();
            assert_eq!(status, 0);
            let last = said.last().expect("its last words");
            let token = last.strip_prefix("stopped at token ").expect(last);
            assert_ne!(token, "0");
        }
    });
}

#[test]
fn another_host_with_the_address_is_told_and_changes_nothing() {
    let Some(ringd) = Program::ringd() else {
        return;
    };
    run(|| {
        let mut cluster = Cluster::new(&ringd);
        cluster.is_whole();
        let twin = cluster.lan.host("p9", mac(9));
        twin.ip(&format!("addr add {OWN}/24 dev eth0"));
        cluster.restart();
        cluster.first.says("bound 192.168.1.10 on eth0");
        cluster
            .first
            .says("check: 192.168.1.10 on eth0: CONFLICT; 02:00:00:00:00:09 answers for it");
        assert_eq!(cluster.first.end().0, 0);
    });
}

#[test]
fn what_it_cannot_use_it_says() {
    let Some(ringd) = Program::ringd() else {
        return;
    };
    let damaged = TempFile::new(b"bindnet-state/1\nbindnetaddr");
    let run = |args: &[&str]| {
        let done = Command::new(&*ringd).args(args).output().unwrap();
        cli::Run::from(done)
    };
    let ended = run(&["-s", damaged.path(), "127.0.0.1", "127.0.0.1"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stdout.starts_with("error: "), "{ended:?}");
    assert!(ended.stdout.contains(damaged.path()), "{ended:?}");

    let ended = run(&["127.0.0.300", "127.0.0.1"]);
    assert_eq!(ended.status, 1);
    assert!(ended.stdout.contains("127.0.0.300"), "{ended:?}");

    for args in [
        &["127.0.0.1"][..],
        &["-w", "soon", "127.0.0.1", "127.0.0.1"],
    ] {
        let ended = run(args);
        assert_eq!(ended.status, 2);
        assert!(ended.stderr.contains("BINDNETADDR MEMBER"), "{ended:?}");
    }
}

#[test]
fn it_can_be_stopped_while_it_waits_for_its_address() {
    let Some(ringd) = Program::ringd() else {
        return;
    };
    run(|| {
        let lan = Lan::new();
        let host = lan.host("p1", mac(1));
        let mut ringd = Ringd::start(&host, &ringd, None);
        until("SIGTERM is handled", || ringd.handles(Signal::SIGTERM));
        let (status, said) = ringd.end();
        assert_eq!(status, 0);
        assert_eq!(said, ["stopped at token 0"]);
    });
}

#[test]
fn without_an_address_it_does_not_start() {
    let Some(ringd) = Program::ringd() else {
        return;
    };
    run(|| {
        let args = ["192.168.1.0", "192.168.1.10"];
        let done = Command::new(&*ringd).args(args).output().unwrap();
        let ended = cli::Run::from(done);
        assert_eq!(ended.status, 1);
        assert!(ended.stdout.starts_with("initial: none"), "{ended:?}");
        assert_eq!(ended.stdout.lines().count(), 1);
    });
}

/// A compiled daemon; its file goes with it.
struct Program {
    path: PathBuf,
    _compiler: Compiler,
}

impl Program {
    /// That of `examples/c`, if there is a compiler.
    fn ringd() -> Option<Self> {
        let cc = Compiler::new()?;
        let source = package().join("examples/c/ringd.c");
        Some(Self {
            path: cc.program_of(&source, "ringd", &Library::new(), &[]),
            _compiler: cc,
        })
    }
}

impl Deref for Program {
    type Target = Path;

    fn deref(&self) -> &Path {
        &self.path
    }
}

/// Three hosts on one wire, and a ringd on each; the first one is the one that things happen to.
struct Cluster {
    program: PathBuf,
    memory: TempFile,
    first: Ringd,
    others: Vec<Ringd>,
    node: Elsewhere,
    /// The hosts of the others, for as long as they run.
    _hosts: Vec<Elsewhere>,
    lan: Lan,
}

impl Cluster {
    fn new(program: &Path) -> Self {
        let lan = Lan::new();
        let mut hosts = Vec::new();
        for (at, own) in (1..).zip(MEMBERS) {
            let host = lan.host(&format!("p{at}"), mac(at));
            host.ip(&format!("addr add {own}/24 dev eth0"));
            hosts.push(host);
        }
        let node = hosts.remove(0);
        node.run(|| sysctl("ipv4/conf/eth0/promote_secondaries", 1));
        let memory = TempFile::missing();
        let first = Ringd::start(&node, program, Some(memory.path()));
        let start = |host| Ringd::start(host, program, None);
        let others = hosts.iter().map(start).collect();
        Self {
            program: program.to_owned(),
            memory,
            first,
            others,
            node,
            _hosts: hosts,
            lan,
        }
    }

    /// Waits until every member hears every other one.
    fn is_whole(&mut self) {
        let whole = MEMBERS.map(|own| format!(" {own}")).concat();
        for ringd in [&mut self.first].into_iter().chain(&mut self.others) {
            ringd.rings(&whole);
        }
    }

    /// A cluster manager brings the floating address; then the host's own goes, and comes back
    /// behind it. The daemon leaves the ring meanwhile.
    fn vip_comes_first(&mut self, label: &str) {
        self.node.ip(&format!("addr add {VIP}/24 dev eth0{label}"));
        self.first
            .says("kept 192.168.1.10: 192.168.1.20/24 on eth0 has come");
        self.node.ip(&format!("addr del {OWN}/24 dev eth0"));
        self.first
            .says("lost: 192.168.1.10 is no longer configured");
        self.node.ip(&format!("addr add {OWN}/24 dev eth0"));
        self.first.says("gained: 192.168.1.10/24 on eth0 is back");
        self.first.says("bound 192.168.1.10 on eth0");
        self.is_whole();
        let order = self.node.run(|| listed(&capture()));
        assert_eq!(order, [format!("{VIP}/24"), format!("{OWN}/24")]);
    }

    /// It takes it away. Had it come again before that was seen, nothing would be told.
    fn vip_goes(&mut self) {
        self.node.ip(&format!("addr del {VIP}/24 dev eth0"));
        self.first.says("192.168.1.20/24 on eth0 has gone");
    }

    /// Ends the first member's daemon, waits until the others have seen that, and starts it anew.
    fn restart(&mut self) {
        assert_eq!(self.first.end().0, 0);
        for other in &mut self.others {
            other.rings(" 192.168.1.11 192.168.1.12");
        }
        self.first = Ringd::start(&self.node, &self.program, Some(self.memory.path()));
    }

    /// The state file is lost.
    fn forget(&self) {
        std::fs::remove_file(self.memory.path()).expect("what was remembered");
    }
}

/// A ringd that runs.
struct Ringd {
    child: Child,
    lines: Receiver<String>,
    /// Who is in its ring, as it said last.
    ring: String,
}

impl Ringd {
    fn start(host: &Elsewhere, program: &Path, memory: Option<&str>) -> Self {
        let mut ringd = Command::new(program);
        if let Some(memory) = memory {
            ringd.args(["-s", memory]);
        }
        ringd.args(["-w", "60", "-c", "192.168.1.0"]).args(MEMBERS);
        ringd.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = host.run(move || ringd.spawn().expect("ringd starts"));
        let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
        let (to, lines) = channel();
        thread::spawn(move || {
            for line in stdout.lines() {
                let _ = to.send(line.expect("UTF-8"));
            }
        });
        let ring = String::new();
        Self { child, lines, ring }
    }

    /// Whether it handles a signal: proc_pid_status(5).
    fn handles(&self, signal: Signal) -> bool {
        let status = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(status).expect("it runs");
        let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
        let caught = u64::from_str_radix(caught.expect("a mask").trim(), 16).expect("a mask");
        caught & 1 << (signal as u32 - 1) != 0
    }

    /// The next line.
    fn next(&mut self) -> String {
        let line = self.lines.recv_timeout(PATIENCE).expect("a line");
        if let Some(ring) = line.strip_prefix("ring:") {
            self.ring = ring.to_owned();
        }
        assert!(!line.starts_with("error"), "{line}");
        line
    }

    /// Waits for a line that has this in it.
    fn says(&mut self, what: &str) {
        while !self.next().contains(what) {}
    }

    /// Waits until these are in its ring.
    fn rings(&mut self, members: &str) {
        while self.ring != members {
            self.next();
        }
    }

    /// Asks it to end; returns its exit status and what it still said.
    fn end(&mut self) -> (i32, Vec<String>) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM).unwrap();
        let status = self.child.wait().unwrap();
        (status.code().expect("an exit"), self.lines.iter().collect())
    }
}

impl Drop for Ringd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
