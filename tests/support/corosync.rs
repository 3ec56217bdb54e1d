//! The real Corosync on hosts that the tests stage: what it binds, by its own log and by its
//! sockets.
//!
//! Everything it touches is private to the thread that runs it: network, host name, System V IPC,
//! and mounts, where `/run`, `/dev/shm` and `/var/lib/corosync` are empty.
//!
//! Where it cannot run the test says SKIPPED and why. With `corosync` in `BINDNET_REQUIRE` that is
//! a failure.

use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::unistd::sethostname;

use crate::netns;
use crate::topology::{Entry, Topology};
use crate::totemip::Pick;

/// The name of the staged host, which a nodelist may name.
pub const NODE: &str = "node1";

const CONF: &str = "/run/corosync.conf";
const LOG: &str = "/run/corosync.log";

/// How long the daemon may take for an answer. Reaching it is a failure, never a measurement.
const PATIENCE: Duration = Duration::from_secs(6);

/// The version that `corosync -v` tells; `None`, and said why, where there is none.
pub fn version() -> Option<String> {
    let told = match Command::new("corosync").arg("-v").output() {
        Ok(done) => String::from_utf8_lossy(&done.stdout).into_owned(),
        Err(error) => {
            let why = format!("corosync -v: {error}");
            let name = thread::current().name().unwrap_or("test").to_owned();
            say(&format!("SKIPPED: {name}: {why}"));
            return required(&why);
        }
    };
    let version = told.split('\'').nth(1).unwrap_or_default();
    let numbers = version.split(|c: char| !c.is_ascii_digit()).take(3);
    Some(numbers.collect::<Vec<_>>().join("."))
}

/// Runs a test on a host of its own on which corosync can run.
pub fn run<T: Send>(test: impl FnOnce() -> T + Send) -> Option<T> {
    let ended = netns::run(|| {
        if let Err(why) = hide_host() {
            netns::skip(why);
        }
        netns::ip("link set lo up");
        test()
    });
    ended.or_else(|| required("there is no namespace for it"))
}

/// The positive control, without which no other answer is believed: the version that runs here
/// and binds the only address of a host.
pub fn controlled_version() -> Option<String> {
    let version = version()?;
    run(|| {
        let mut host = Topology::default();
        host.veth("eth0", None);
        host.ip("link set eth0 up");
        host.ip("addr add 192.0.2.10/24 dev eth0");
        assert_eq!(host.build(), [""; 0]);
        for transport in [Transport::Udp, Transport::Udpu] {
            let setup = Setup::new("192.0.2.0", transport);
            let answer = Daemon::start(&setup).answer();
            let bound = Answer::Bound(Ipv4Addr::new(192, 0, 2, 10).into());
            assert_eq!(answer, bound, "{host}{setup}{}", tail(&log()));
        }
    })?;
    Some(version)
}

/// None, unless corosync has to run.
fn required<T>(why: &str) -> Option<T> {
    let required = std::env::var("BINDNET_REQUIRE").unwrap_or_default();
    let required = required.split(',').any(|what| what.trim() == "corosync");
    assert!(!required, "BINDNET_REQUIRE has corosync, but: {why}");
    None
}

/// Prints on the terminal, also where the test runner swallows output.
pub fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// Leaves the mounts, the host name and the IPC of the real host.
fn hide_host() -> Result<(), String> {
    let own = CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWUTS | CloneFlags::CLONE_NEWIPC;
    unshare(own).map_err(|errno| format!("unshare of mounts, UTS, IPC: {errno}"))?;
    let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
    let nothing = None::<&str>;
    mount(nothing, "/", nothing, private, nothing)
        .map_err(|errno| format!("mount --make-rprivate /: {errno}"))?;
    for folder in ["/run", "/dev/shm", "/var/lib/corosync"] {
        let tmpfs = Some("tmpfs");
        mount(tmpfs, folder, tmpfs, MsFlags::empty(), nothing)
            .map_err(|errno| format!("mount -t tmpfs tmpfs {folder}: {errno}"))?;
    }
    fs::create_dir("/run/corosync").map_err(|error| format!("/run/corosync: {error}"))?;
    sethostname(NODE).map_err(|errno| format!("sethostname: {errno}"))
}

/// How the daemon talks to its peers, of the two ways that look for a bindnetaddr.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    Udp,
    Udpu,
}

/// What its corosync.conf says, as which it prints.
#[derive(Clone, Debug)]
pub struct Setup {
    pub bindnetaddr: Option<String>,
    pub transport: Transport,
    pub ip_version: Option<String>,
    /// Nodes with their keys. As long as the first has no `ring0_addr`, bindnetaddr counts.
    pub nodes: Vec<Vec<(String, String)>>,
}

impl Setup {
    /// A cluster of this host alone.
    pub fn new(bindnetaddr: &str, transport: Transport) -> Self {
        Self {
            bindnetaddr: Some(bindnetaddr.to_owned()),
            transport,
            // Without it udp takes no IPv6.
            ip_version: bindnetaddr.contains(':').then(|| "ipv6".to_owned()),
            nodes: vec![vec![key("name", NODE), key("nodeid", "1")]],
        }
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let transport = match self.transport {
            Transport::Udp => "udp",
            Transport::Udpu => "udpu",
        };
        // 30 is the least, and soon shows a link that went up.
        writeln!(f, "totem {{\n  version: 2\n  cluster_name: c")?;
        writeln!(f, "  transport: {transport}\n  downcheck: 30")?;
        writeln!(f, "  crypto_cipher: none\n  crypto_hash: none")?;
        if let Some(version) = &self.ip_version {
            writeln!(f, "  ip_version: {version}")?;
        }
        writeln!(f, "  interface {{\n    linknumber: 0\n    mcastport: 5405")?;
        if let Some(bindnetaddr) = &self.bindnetaddr {
            writeln!(f, "    bindnetaddr: {bindnetaddr}")?;
        }
        if self.transport == Transport::Udp {
            let v6 = self.ip_version.as_deref() == Some("ipv6");
            let group = if v6 { "ff15::1" } else { "239.192.1.1" };
            writeln!(f, "    mcastaddr: {group}")?;
        }
        writeln!(f, "  }}\n}}\nnodelist {{")?;
        for node in &self.nodes {
            writeln!(f, "  node {{")?;
            for (key, value) in node {
                writeln!(f, "    {key}: {value}")?;
            }
            writeln!(f, "  }}")?;
        }
        // It stays in its control group, waits its turn and leaves the watchdog alone.
        writeln!(
            f,
            "}}\nsystem {{\n  sched_rr: no\n  move_to_root_cgroup: no\n}}"
        )?;
        writeln!(f, "resources {{\n  watchdog_device: off\n}}\nlogging {{")?;
        writeln!(f, "  to_stderr: yes\n  to_syslog: no\n  to_logfile: no")?;
        writeln!(f, "  timestamp: off\n}}")
    }
}

/// A key and its value.
pub fn key(key: &str, value: &str) -> (String, String) {
    (key.to_owned(), value.to_owned())
}

/// What became of the choice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It binds this address and says that its interface is up.
    Bound(IpAddr),
    /// It says that the interface is down, and binds loopback (udp).
    Down,
    /// It will not run on loopback, and exits (udpu).
    Exit,
    /// The kernel refuses it what it chose, by bind(2) mostly, which it tries again for some
    /// seconds.
    Refused,
    /// It exits for another reason, mostly its configuration.
    Error(String),
    /// It says nothing, or something else than its sockets.
    Unclear(String),
}

impl Answer {
    /// What the daemon answers to a choice, its own or another's.
    pub fn to(choice: Option<Pick>, host: &[Entry], transport: Transport) -> Self {
        match (choice, transport) {
            (Some(pick), _) if pick.up == Some(true) => {
                match is_taken_by_kernel(pick, host, transport) {
                    true => Self::Bound(pick.ip),
                    false => Self::Refused,
                }
            }
            (_, Transport::Udp) => Self::Down,
            (_, Transport::Udpu) => Self::Exit,
        }
    }
}

/// Corosync 3 gives scope id 2 to every IPv6 address, which binds a link-local one to the link
/// with that index. On udp it selects the link of its choice for multicast then.
fn is_taken_by_kernel(pick: Pick, host: &[Entry], transport: Transport) -> bool {
    let mut entries = host.iter().filter(|e| e.ip == pick.ip && !e.tentative);
    match pick.ip {
        IpAddr::V6(ip) if ip.is_unicast_link_local() => {
            entries.any(|entry| entry.index == 2)
                && (transport == Transport::Udpu || pick.index == Some(2))
        }
        _ => entries.next().is_some(),
    }
}

/// A corosync in the foreground; killed and reaped when it goes.
pub struct Daemon {
    child: Child,
    /// How much of the log was read.
    read: usize,
}

impl Daemon {
    /// Starts it on the host of this thread, with this corosync.conf.
    pub fn start(conf: &impl fmt::Display) -> Self {
        fs::write(CONF, conf.to_string()).expect("a file in /run");
        let log = File::create(LOG).expect("a file in /run");
        // Should the test be killed, corosync is not left behind.
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "corosync", "-f", "-c", CONF])
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file descriptor"))
            .stderr(log)
            .spawn();
        let child = child.expect("setpriv (util-linux) starts");
        Self { child, read: 0 }
    }

    /// Whether it has ended. What is read of its log afterwards is all of it.
    pub fn ended(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_some()
    }

    /// Waits for what it says next, and compares it with the sockets it has then.
    pub fn answer(&mut self) -> Answer {
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            // Asked before the log is read, which then is whole.
            let ended = self.ended();
            let log = log();
            if let Some((answer, read)) = answer_in(log.get(self.read..).unwrap_or(""), ended) {
                self.read += read;
                return self.checked(answer, deadline);
            }
            thread::sleep(Duration::from_millis(10));
        }
        Answer::Unclear(format!("nothing in {PATIENCE:?}"))
    }

    /// The answer, if every unicast socket is bound to what it says.
    fn checked(&self, answer: Answer, deadline: Instant) -> Answer {
        let expected: &[IpAddr] = match &answer {
            Answer::Bound(ip) => &[*ip],
            Answer::Down => &[Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
            _ => return answer,
        };
        // What it leaves may be closed a moment after the message.
        loop {
            let bound = self.bound();
            if matches!(bound.as_slice(), [one] if expected.contains(one)) {
                return answer;
            }
            if Instant::now() >= deadline {
                return Answer::Unclear(format!("{answer:?}, but bound to {bound:?}"));
            }
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// The unicast addresses its UDP sockets are bound to (proc_pid_net(5)).
    fn bound(&self) -> Vec<IpAddr> {
        let of = format!("/proc/{}", self.child.id());
        let mut inodes = Vec::new();
        for fd in fs::read_dir(format!("{of}/fd")).into_iter().flatten() {
            let Some(target) = fd.ok().and_then(|fd| fs::read_link(fd.path()).ok()) else {
                continue;
            };
            let target = target.to_string_lossy().into_owned();
            let inode = target.strip_prefix("socket:[").unwrap_or_default();
            inodes.push(inode.trim_end_matches(']').to_owned());
        }
        let mut bound = Vec::new();
        for table in ["udp", "udp6"] {
            let table = fs::read_to_string(format!("{of}/net/{table}")).unwrap_or_default();
            for line in table.lines().skip(1) {
                let fields: Vec<_> = line.split_whitespace().collect();
                if let [_, local, ..] = fields[..]
                    && fields.get(9).is_some_and(|i| inodes.iter().any(|o| o == i))
                {
                    bound.push(socket_ip(local).unwrap_or_else(|| panic!("{line}")));
                }
            }
        }
        let broadcast = IpAddr::V4(Ipv4Addr::BROADCAST);
        bound.retain(|ip| !ip.is_multicast() && *ip != broadcast);
        bound.sort();
        bound.dedup();
        bound
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first answer in a log, and where it ends.
fn answer_in(log: &str, ended: bool) -> Option<(Answer, usize)> {
    let mut read = 0;
    // The last line may not be whole yet.
    for line in log.split_inclusive('\n').filter(|l| l.ends_with('\n')) {
        read += line.len();
        let up = line.split_once("The network interface [");
        if let Some((ip, _)) = up.and_then(|(_, rest)| rest.split_once("] is now up")) {
            let ip = ip.parse().unwrap_or_else(|error| panic!("{line}: {error}"));
            return Some((Answer::Bound(ip), read));
        }
        if line.contains("The network interface is down.") {
            return Some((Answer::Down, read));
        }
        if line.contains("are now bound to localhost") {
            return Some((Answer::Exit, read));
        }
        // Without any link of the index it is ENODEV.
        let errors = ["Cannot assign requested address", "No such device"];
        if line.contains("bind") && errors.iter().any(|error| line.contains(error))
            || line.contains("cannot select interface for multicast")
        {
            return Some((Answer::Refused, read));
        }
    }
    if !ended {
        return None;
    }
    let error = log.lines().find(|line| line.starts_with("error"));
    let error = error.map_or("no error in its log", |line| {
        line.split_once("] ").map_or(line, |(_, said)| said)
    });
    Some((Answer::Error(error.trim().to_owned()), log.len()))
}

/// The address of a socket in /proc/net/udp: hexadecimal, in 32-bit numbers of this machine.
fn socket_ip(local: &str) -> Option<IpAddr> {
    let (hex, _port) = local.split_once(':')?;
    let mut bytes = Vec::new();
    for at in (0..hex.len()).step_by(8) {
        let number = u32::from_str_radix(hex.get(at..at + 8)?, 16).ok()?;
        bytes.extend(number.to_ne_bytes());
    }
    match <[u8; 4]>::try_from(bytes.as_slice()) {
        Ok(bytes) => Some(bytes.into()),
        Err(_) => Some(<[u8; 16]>::try_from(bytes).ok()?.into()),
    }
}

/// What the daemon of this host has said.
pub fn log() -> String {
    let log = fs::read(LOG).unwrap_or_default();
    String::from_utf8_lossy(&log).into_owned()
}

/// The end of a log.
pub fn tail(log: &str) -> String {
    let lines: Vec<_> = log.lines().collect();
    let from = lines.len().saturating_sub(15);
    let mut tail = String::new();
    for line in lines.get(from..).unwrap_or_default() {
        let _ = writeln!(tail, "  | {line}");
    }
    tail
}
