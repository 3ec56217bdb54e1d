//! What happens to the hosts whose streams are recorded: real commands in a namespace.

use std::fs;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use bindnet::Snapshot;
use bindnet::live::Monitor;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::netns::{cable, capturer, ip, ip_batch, settle, sysctl};

/// Every snapshot that a monitor gave while something was done.
pub struct Recorder {
    monitor: Monitor,
    pub snapshots: Vec<Snapshot>,
}

impl Recorder {
    /// Starts with what the host is now.
    fn start() -> Self {
        let monitor = Monitor::with_capturer(capturer()).unwrap();
        let monitor = monitor.debounce(Duration::from_millis(5));
        let snapshots = vec![monitor.snapshot().clone()];
        Self { monitor, snapshots }
    }

    /// Runs `ip` with each of these words, and records until nothing has changed for a while.
    fn each(&mut self, commands: &[&str]) {
        for words in commands {
            ip(words);
            self.until_quiet(Duration::from_millis(100));
        }
    }

    fn until_quiet(&mut self, quiet: Duration) {
        let mut since = Instant::now();
        while since.elapsed() < quiet {
            let mut fds = [PollFd::new(self.monitor.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, PollTimeout::from(10u8)).unwrap();
            if let Some(host) = self.monitor.dispatch().unwrap() {
                self.snapshots.push(host.clone());
                since = Instant::now();
            }
        }
    }
}

/// The name of a stream, and what stages it.
type Staged = (&'static str, fn() -> Recorder);

/// The streams.
pub const STAGED: [Staged; 11] = [
    ("link_flap", link_flap),
    ("promote", || flap_of_the_address(1)),
    ("no_promote", || flap_of_the_address(0)),
    ("v6_kept_on_down", || v6_flap(1)),
    ("v6_removed_on_down", || v6_flap(0)),
    ("rename", rename),
    ("ipaddr2", ipaddr2),
    ("keepalived", keepalived),
    ("made_again", made_again),
    ("bridge", bridge),
    ("overrun", overrun),
];

fn node() {
    cable("eth0");
    ip("addr add 192.0.2.10/24 dev eth0");
}

fn link_flap() -> Recorder {
    node();
    let mut recorder = Recorder::start();
    recorder.each(&["link set eth0-far down", "link set eth0-far up"]);
    recorder.each(&["link set eth0 down", "link set eth0 up"]);
    recorder
}

fn flap_of_the_address(promote: u32) -> Recorder {
    node();
    sysctl("ipv4/conf/eth0/promote_secondaries", promote);
    ip("addr add 192.0.2.20/24 dev eth0");
    let mut recorder = Recorder::start();
    recorder.each(&[
        "addr del 192.0.2.10/24 dev eth0",
        "addr add 192.0.2.10/24 dev eth0",
    ]);
    recorder
}

fn v6_flap(keep: u32) -> Recorder {
    cable("eth0");
    sysctl("ipv6/conf/eth0/accept_dad", 1);
    sysctl("ipv6/conf/eth0/keep_addr_on_down", keep);
    ip("addr add 2001:db8::10/64 dev eth0");
    ip("addr add 2001:db8::20/64 dev eth0");
    settle();
    let mut recorder = Recorder::start();
    recorder.each(&["link set eth0 down", "link set eth0 up"]);
    if keep == 0 {
        recorder.each(&["addr add 2001:db8::10/64 dev eth0"]);
    }
    // Duplicate address detection waits for a second, and up to one more before.
    recorder.until_quiet(Duration::from_secs(4));
    recorder
}

fn rename() -> Recorder {
    node();
    ip("addr add fe80::10/64 dev eth0 nodad");
    let mut recorder = Recorder::start();
    recorder.each(&["link set eth0 name lan0"]);
    recorder
}

/// As the resource agent IPaddr2 does it, with a label and without.
fn ipaddr2() -> Recorder {
    node();
    let mut recorder = Recorder::start();
    recorder.each(&[
        "-f inet addr add 192.0.2.20/24 brd 192.0.2.255 dev eth0",
        "-f inet addr delete 192.0.2.20/24 dev eth0",
        "-f inet addr add 192.0.2.20/24 brd 192.0.2.255 dev eth0 label eth0:vip",
        "-f inet addr delete 192.0.2.20/24 dev eth0",
    ]);
    recorder
}

const KEEPALIVED: &str = "vrrp_instance vip {
    state MASTER
    interface eth0
    virtual_router_id 51
    priority 200
    advert_int 0.1
    virtual_ipaddress {
        192.0.2.20/24
    }
}
";

fn keepalived() -> Recorder {
    node();
    let folder = std::env::temp_dir().join(format!("bindnet-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let file = |name: &str| folder.join(name).display().to_string();
    fs::write(file("conf"), KEEPALIVED).unwrap();
    let mut recorder = Recorder::start();
    let (conf, pid, vrrp) = (file("conf"), file("pid"), file("vrrp"));
    let mut child = Command::new("keepalived")
        .args(["-n", "-P", "-f", &conf, "-p", &pid, "-r", &vrrp])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    // It listens for another router first, for 3.6 s.
    recorder.until_quiet(Duration::from_secs(6));
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    child.wait().unwrap();
    recorder.until_quiet(Duration::from_millis(500));
    fs::remove_dir_all(folder).unwrap();
    recorder
}

fn made_again() -> Recorder {
    node();
    ip("addr add fe80::10/64 dev eth0 nodad");
    let mut recorder = Recorder::start();
    ip("link del eth0");
    recorder.until_quiet(Duration::from_millis(100));
    cable("eth0");
    recorder.until_quiet(Duration::from_millis(100));
    recorder.each(&[
        "addr add fe80::10/64 dev eth0 nodad",
        "addr add 192.0.2.10/24 dev eth0",
    ]);
    recorder
}

/// The address of the node moves from its link into a bridge, in one go.
fn bridge() -> Recorder {
    node();
    let mut recorder = Recorder::start();
    recorder.each(&[
        "link add br0 type bridge",
        "link set br0 addrgenmode none up",
    ]);
    let commands = [
        "link set eth0 master br0",
        "addr del 192.0.2.10/24 dev eth0",
        "addr add 192.0.2.10/24 dev br0",
    ];
    ip_batch(commands.map(str::to_owned));
    recorder.until_quiet(Duration::from_millis(100));
    recorder
}

/// Changes come faster than they are received; at the end the address of the node is gone.
fn overrun() -> Recorder {
    node();
    let mut recorder = Recorder::start();
    let vip = |n: usize| {
        let what = ["add", "del"][n % 2];
        format!("addr {what} 192.0.2.20/24 dev eth0")
    };
    ip_batch((0..4000).map(vip));
    ip("addr del 192.0.2.10/24 dev eth0");
    recorder.until_quiet(Duration::from_millis(100));
    assert!(recorder.monitor.overruns() > 0, "no overrun");
    recorder
}
