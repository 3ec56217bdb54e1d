//! A small cluster in network namespaces: nodes on one cable, and on each a daemon that passes a
//! token round a ring of configured members.
//!
//! It is what matters here of Corosync with a nodelist: a daemon binds one address and sends from
//! it, the others hear only whom they know by address, and a token that gets lost is sent again.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};
use std::os::fd::AsRawFd;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bindnet::Decision;
use bindnet::rule::{Decide, ScopedAddr};
use nix::sched::{CloneFlags, setns};

use crate::netns::{capturer, ip, link, run, sysctl, until};

/// What every daemon was told of the cluster: the address of each member, in ring order.
pub const MEMBERS: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::new(192, 168, 1, 10)),
    IpAddr::V4(Ipv4Addr::new(192, 168, 1, 11)),
];

/// Corosync's port.
const PORT: u16 = 5405;

/// How long a daemon keeps the token, so that the ring leaves the machine to others.
const HOLD: Duration = Duration::from_millis(1);

/// When a daemon that heard nothing new says again what it said last.
const AGAIN: Duration = Duration::from_millis(5);

/// So many more times round, and the ring works; so many more datagrams dropped, and it does not.
const ENOUGH: u64 = 20;

/// The nodes of the cluster: a host for each member, with its address on eth0, which is one end of
/// the cable between them.
pub fn nodes() -> [Node; 2] {
    let [a, b] = MEMBERS.map(|_| Node::new());
    // `ip` is another process; it finds the namespace by the file that this one keeps open.
    let far = format!("/proc/{}/fd/{}", std::process::id(), b.namespace_fd());
    a.ip(&format!(
        "link add eth0 type veth peer name eth0 netns {far}"
    ));
    for (node, own) in [&a, &b].into_iter().zip(MEMBERS) {
        for words in ["link set lo up", "link set eth0 addrgenmode none"] {
            node.ip(words);
        }
        node.ip(&format!("addr add {own}/24 brd + dev eth0"));
        node.ip("link set eth0 up");
    }
    for node in [&a, &b] {
        node.on(|| {
            until("the carrier is there", || {
                link("eth0").is_running() == Some(true)
            })
        });
    }
    [a, b]
}

/// Waits until the token has come to every node many more times.
pub fn ring_turns(mut nodes: [&mut Node; 2]) {
    let enough = nodes.each_mut().map(|node| node.heard().turns + ENOUGH);
    until("the token goes round", || {
        let now = nodes.each_mut().map(|node| node.heard().turns);
        now.iter()
            .zip(enough)
            .all(|(turns, enough)| *turns >= enough)
    });
}

/// Waits until the peer has dropped many datagrams of the outsider, and requires that the token
/// went nowhere meanwhile.
pub fn ring_is_broken(outsider: &mut Node, peer: &mut Node) {
    let unknown = outsider.bound().ip();
    let mut dropped = || peer.heard().dropped.get(&unknown).map_or(0, |count| *count);
    let before = dropped();
    until("the outsider is heard", || dropped() > before);
    let turns = peer.heard().turns;
    let mut dropped = || peer.heard().dropped[&unknown];
    until("the outsider is dropped", || dropped() >= before + ENOUGH);
    // The last token of the daemon that was there before may have been overtaken on its way.
    assert!(peer.heard().turns <= turns + 1, "the peer got a token");
    assert_eq!(outsider.heard().turns, 0, "the outsider got a token");
}

/// A host of the cluster, and the daemon that runs on it.
pub struct Node {
    namespace: File,
    daemon: Option<Daemon>,
}

impl Node {
    /// A host that has nothing but a loopback link, which is down.
    fn new() -> Self {
        let namespace = run(|| File::open("/proc/thread-self/ns/net").unwrap());
        Self {
            namespace: namespace.expect("another namespace, where there was one"),
            daemon: None,
        }
    }

    /// The number of the file that keeps the namespace.
    fn namespace_fd(&self) -> i32 {
        self.namespace.as_raw_fd()
    }

    /// Does something on this host, in a thread of its own; that it panics ends the test.
    pub fn on<T: Send>(&self, act: impl FnOnce() -> T + Send) -> T {
        let namespace = &self.namespace;
        let enter = || {
            setns(namespace, CloneFlags::CLONE_NEWNET).unwrap();
            act()
        };
        let done = thread::scope(|scope| scope.spawn(enter).join());
        done.unwrap_or_else(|panic| resume_unwind(panic))
    }

    /// Runs `ip` with these words on this host.
    pub fn ip(&self, words: &str) -> Vec<u8> {
        self.on(|| ip(words))
    }

    /// Sets a sysctl of this host.
    pub fn sysctl(&self, name: &str, value: u32) {
        self.on(|| sysctl(name, value));
    }

    /// What would be chosen on this host now.
    pub fn decide(&self, selector: &(dyn Decide + Sync)) -> Decision {
        self.on(|| capturer().decide(selector).unwrap())
    }

    /// Ends the daemon, if one runs, and starts one that knows nothing of it: it decides anew and
    /// binds what was chosen.
    pub fn restart(&mut self, selector: &(dyn Decide + Sync)) -> Decision {
        self.daemon = None;
        let decision = self.decide(selector);
        let chosen = decision
            .chosen()
            .unwrap_or_else(|| panic!("{decision:#}"))
            .socket_addr(PORT);
        self.daemon = Some(self.on(|| Daemon::start(chosen)));
        decision
    }

    /// What the daemon is bound to.
    pub fn bound(&self) -> ScopedAddr {
        self.daemon.as_ref().expect("a daemon runs").bound.into()
    }

    /// What the daemon has heard since it was started.
    pub fn heard(&mut self) -> Heard {
        let daemon = self.daemon.as_mut().expect("a daemon runs");
        daemon.thread.check();
        daemon.heard.lock().unwrap().clone()
    }
}

/// What a daemon has heard.
#[derive(Clone, Debug, Default)]
pub struct Heard {
    /// How often it got the token.
    pub turns: u64,
    /// How many datagrams it dropped, by the sender, whom it does not know.
    pub dropped: BTreeMap<IpAddr, u64>,
}

/// A daemon that is bound to one address, whatever becomes of the host's addresses.
struct Daemon {
    bound: SocketAddr,
    heard: Arc<Mutex<Heard>>,
    thread: Background,
}

impl Daemon {
    /// Binds an address of the host that this thread is on.
    fn start(address: SocketAddr) -> Self {
        let socket = UdpSocket::bind(address).unwrap();
        socket.set_read_timeout(Some(AGAIN)).unwrap();
        let bound = socket.local_addr().unwrap();
        let heard = Arc::new(Mutex::new(Heard::default()));
        let mut ring = Ring::new(socket, heard.clone());
        let thread = Background::repeat(move || ring.step());
        Self {
            bound,
            heard,
            thread,
        }
    }
}

/// A daemon's part in the ring.
struct Ring {
    socket: UdpSocket,
    /// Whom it sends to: the member behind it in the ring. Who is none tries them all.
    next: Vec<SocketAddr>,
    /// The token it sent last, a number that grows; 0 as long as it never had one.
    token: u64,
    /// When it is sent again.
    due: Instant,
    heard: Arc<Mutex<Heard>>,
}

impl Ring {
    fn new(socket: UdpSocket, heard: Arc<Mutex<Heard>>) -> Self {
        let own = socket.local_addr().unwrap().ip();
        let place = MEMBERS.iter().position(|member| *member == own);
        let next = match place {
            Some(at) => vec![MEMBERS[(at + 1) % MEMBERS.len()]],
            None => MEMBERS.to_vec(),
        };
        Self {
            socket,
            next: next.iter().map(|ip| (*ip, PORT).into()).collect(),
            // The first member makes the token. Where there is one already, that is the greater.
            token: u64::from(place == Some(0)),
            due: Instant::now(),
            heard,
        }
    }

    /// Sends what is due, and waits a moment for a datagram.
    fn step(&mut self) {
        if Instant::now() >= self.due {
            for member in &self.next {
                // What cannot be sent is lost, as on the cable: while the address that the socket
                // is bound to is away, the kernel refuses (EINVAL).
                let _ = self.socket.send_to(&self.token.to_be_bytes(), member);
            }
            self.due = Instant::now() + AGAIN;
        }
        let mut datagram = [0; 8];
        match self.socket.recv_from(&mut datagram) {
            Ok((8, from)) => self.receive(from.ip(), u64::from_be_bytes(datagram)),
            Ok((len, from)) => panic!("{len} bytes from {from}"),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => panic!("recvfrom: {error}"),
        }
    }

    fn receive(&mut self, from: IpAddr, token: u64) {
        if !MEMBERS.contains(&from) {
            *self.heard.lock().unwrap().dropped.entry(from).or_default() += 1;
        } else if token > self.token {
            self.heard.lock().unwrap().turns += 1;
            thread::sleep(HOLD);
            self.token = token + 1;
            self.due = Instant::now();
        }
    }
}

/// A thread that does the same again and again. It ends with the value, also where a test panics.
pub struct Background {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Background {
    /// Starts a thread on the host that this one is on. Every step must come to an end.
    pub fn repeat(mut step: impl FnMut() + Send + 'static) -> Self {
        let stopped = Arc::new(AtomicBool::new(false));
        let seen = stopped.clone();
        let thread = thread::spawn(move || {
            while !seen.load(Ordering::Relaxed) {
                step();
            }
        });
        Self {
            stopped,
            thread: Some(thread),
        }
    }

    /// Panics as the thread did, if it did.
    pub fn check(&mut self) {
        if let Some(thread) = self.thread.take_if(|thread| thread.is_finished())
            && let Err(panic) = thread.join()
        {
            resume_unwind(panic);
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // The test ends by what it found, or has found nothing wrong so far.
            let _ = thread.join();
        }
    }
}
