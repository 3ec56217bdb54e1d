//! Hosts to be examined: network namespaces of the tests' own, what the real kernel says of them
//! by every way there is, and what must hold for all of them.
//!
//! A namespace belongs to the thread that made it, to the threads that one starts and to the
//! programs they run, so nothing here takes a handle to it: [`run`] makes one, and inside it `ip`,
//! sysctls, sockets and captures are those of the staged host.
//!
//! Where no namespace can be made the test says SKIPPED and why, on the terminal even where the
//! test runner swallows output. With `netns` in `BINDNET_REQUIRE` that is a failure.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Debug;
use std::io::{self, Write};
use std::net::{IpAddr, UdpSocket};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::panic::resume_unwind;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bindnet::corosync::ProfileSelector;
use bindnet::live::Capturer;
use bindnet::rule::Decide;
use bindnet::snapshot::{AddressFlags, Consistency, Lifetime, LinkFlags, Name, Scope, Source};
use bindnet::{Address, Decision, Link, Selector, Snapshot};
use ipnet::IpNet;
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send,
    socket,
};
use serde_json::Value;

/// How long the kernel may take for anything. Reaching it is a failure, never a measurement.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs a test on a host of its own, which has nothing but a loopback link that is down.
pub fn run<T: Send>(test: impl FnOnce() -> T + Send) -> Option<T> {
    let ended = thread::scope(|scope| {
        let stage = || {
            if let Err(errno) = unshare(CloneFlags::CLONE_NEWNET) {
                skip(format!("unshare(CLONE_NEWNET): {errno}"));
            }
            let links = match Command::new("ip").args(["-j", "link"]).output() {
                Ok(done) if done.status.success() => done.stdout,
                Ok(done) => skip(format!("ip -j link: {}", done.status)),
                Err(error) => skip(format!("ip (iproute2): {error}")),
            };
            // Had the thread or its child stayed at home, tests would disturb a real host.
            let links: Vec<Value> = serde_json::from_slice(&links).unwrap();
            let names: Vec<_> = links.iter().map(|link| &link["ifname"]).collect();
            assert_eq!(names, ["lo"], "a new namespace holds only lo");
            test()
        };
        thread::Builder::new()
            .spawn_scoped(scope, stage)
            .unwrap()
            .join()
    });
    match ended {
        Ok(value) => Some(value),
        Err(panic) => match panic.downcast::<Skipped>() {
            Ok(skipped) => {
                say_skipped(&skipped.0);
                None
            }
            Err(panic) => resume_unwind(panic),
        },
    }
}

/// Why a test cannot run here; unwinds its thread without a message about a panic.
struct Skipped(String);

/// Ends the test: it cannot run here.
pub fn skip(why: String) -> ! {
    resume_unwind(Box::new(Skipped(why)))
}

fn say_skipped(why: &str) {
    let required = std::env::var("BINDNET_REQUIRE").unwrap_or_default();
    let required = required.split(',').any(|what| what.trim() == "netns");
    assert!(!required, "BINDNET_REQUIRE has netns, but: {why}");
    let name = thread::current().name().unwrap_or("test").to_owned();
    // Not eprintln!, which the test runner keeps to itself where the test passes.
    let _ = writeln!(io::stderr(), "SKIPPED: {name}: {why}");
}

/// Runs `ip` with these words; it must succeed. A kind of link that the kernel was built without
/// ends the test.
pub fn ip(words: &str) -> Vec<u8> {
    ip_about(words, b"@")
}

/// The same with the word `@` standing for a name, which need not be text.
pub fn ip_about(words: &str, name: &[u8]) -> Vec<u8> {
    let word =
        |word: &str| OsStr::from_bytes(if word == "@" { name } else { word.as_bytes() }).to_owned();
    let args: Vec<_> = words.split_whitespace().map(word).collect();
    let done = Command::new("ip").args(&args).output().unwrap();
    let stderr = String::from_utf8_lossy(&done.stderr);
    if stderr.contains("Unknown device type") {
        skip(format!("ip {words}: {}", stderr.trim()));
    }
    assert!(done.status.success(), "ip {args:?}: {stderr}");
    done.stdout
}

/// Runs many `ip` commands in one process.
pub fn ip_batch(lines: impl IntoIterator<Item = String>) {
    let mut batch = lines.into_iter().collect::<Vec<_>>().join("\n");
    batch.push('\n');
    let mut child = Command::new("ip")
        .args(["-batch", "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(batch.as_bytes()).unwrap();
    drop(stdin);
    let done = child.wait_with_output().unwrap();
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "ip -batch: {stderr}");
}

/// Sets a sysctl of the staged host: `ipv4/conf/eth0/promote_secondaries`.
///
/// /proc/sys/net shows every task the settings of its own network namespace.
pub fn sysctl(name: &str, value: u32) {
    let path = format!("/proc/sys/net/{name}");
    if let Err(error) = std::fs::write(&path, value.to_string()) {
        skip(format!("{path}: {error}"));
    }
}

/// A link that is up and has a carrier, with `{name}-far` at the other end of its cable. No
/// address comes by itself, and IPv6 ones need not wait for duplicate address detection.
pub fn cable(name: &str) {
    ip(&format!("link add {name} type veth peer name {name}-far"));
    for end in [name.to_owned(), format!("{name}-far")] {
        ip(&format!("link set {end} addrgenmode none"));
        sysctl(&format!("ipv6/conf/{end}/accept_dad"), 0);
        ip(&format!("link set {end} up"));
    }
    until("the carrier is there", || {
        link(name).is_running() == Some(true)
    });
}

/// Waits until something is so; it becomes so by itself or the test fails.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !so() {
        assert!(Instant::now() < deadline, "never came about: {what}");
        thread::sleep(Duration::from_millis(10));
    }
}

/// Waits until no address is tentative: even where detection is off, the kernel says so only after
/// it has had a moment.
pub fn settle() {
    let tentative = |a: Address| a.flags().unwrap().contains(AddressFlags::TENTATIVE);
    until("no address is tentative", || {
        !capture().addresses().any(tentative)
    });
}

/// A capturer for a busy machine, where a dump may wait longer than a daemon would.
pub fn capturer() -> Capturer {
    Capturer::open().unwrap().timeout(PATIENCE).attempts(1000)
}

/// The staged host by rtnetlink.
pub fn capture() -> Snapshot {
    capturer().capture().unwrap()
}

/// The link with this name.
pub fn link(name: &str) -> Link {
    let name = name.parse().unwrap();
    capture().link_named(&name).unwrap().clone()
}

/// The entry of an address, which must be there once.
pub fn address(snapshot: &Snapshot, ip: &str) -> Address {
    let ip: IpAddr = ip.parse().unwrap();
    let found: Vec<_> = snapshot.addresses().filter(|a| a.ip() == ip).collect();
    assert_eq!(found.len(), 1, "{ip} in {snapshot:?}");
    found[0]
}

/// The addresses of a snapshot with their prefix lengths, less those of the loopback link.
pub fn listed(snapshot: &Snapshot) -> Vec<String> {
    let others = snapshot.addresses().filter(|a| !a.ip().is_loopback());
    others.map(|a| a.net().unwrap().to_string()).collect()
}

/// Captures the host by rtnetlink, by getifaddrs(3) and by `ip addr`, requires that all agree on
/// the order and on whatever more than one of them knows, and returns what rtnetlink says.
///
/// It waits for a host that holds still: carriers and address detection settle by themselves.
pub fn assert_sources_agree() -> Snapshot {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let before = capture();
        let detailed = ip("-d -j addr");
        let plain = ip("-j addr");
        let by_getifaddrs = Snapshot::capture_by_getifaddrs().unwrap();
        let after = capture();
        if !same_host(&before, &after) {
            assert!(Instant::now() < deadline, "{before:?} became {after:?}");
            continue;
        }
        assert_eq!(after.about().source, Some(Source::Netlink));
        assert_eq!(after.about().consistency, Some(Consistency::Consistent));
        let by_ip = Snapshot::from_json(&detailed).unwrap();
        assert_ip_agrees(&before, &by_ip, &after);
        let kinds =
            |s: &Snapshot| -> Vec<_> { s.links().iter().map(Link::kind).map(owned).collect() };
        assert_eq!(kinds(&after), kinds(&by_ip));
        assert_ip_agrees(&before, &Snapshot::from_json(&plain).unwrap(), &after);
        assert_ip_text_agrees(&after, &detailed);
        assert_getifaddrs_agrees(&after, &by_getifaddrs);
        for snapshot in [&after, &by_ip, &by_getifaddrs] {
            let replayed = Snapshot::from_json(snapshot.to_json().as_bytes()).unwrap();
            assert_eq!(replayed, *snapshot);
        }
        return after;
    }
}

fn owned(text: Option<&str>) -> Option<String> {
    text.map(str::to_owned)
}

/// Whether two snapshots show the same, but for lifetimes that run out.
fn same_host(a: &Snapshot, b: &Snapshot) -> bool {
    let lasting = |address: Address| {
        let forever = address.with_valid_lft(Lifetime::Forever);
        forever.with_preferred_lft(Lifetime::Forever)
    };
    a.links() == b.links() && a.addresses().map(lasting).eq(b.addresses().map(lasting))
}

/// `ip` was asked between two captures of a host that did not change.
fn assert_ip_agrees(before: &Snapshot, ip: &Snapshot, after: &Snapshot) {
    assert_eq!(ip.about().source, Some(Source::IpJson));
    let facts = |link: &Link| {
        let (name, mac) = (link.name(), link.mac().copied());
        let alt_names: Vec<_> = link.alt_names().collect();
        (
            link.index(),
            name,
            alt_names,
            link.flags(),
            mac,
            link.master(),
        )
    };
    assert_same(
        after.links().iter().map(facts),
        ip.links().iter().map(facts),
    );
    let facts = |a: Address| {
        let told = (a.ip(), a.netmask(), a.peer(), a.label());
        (told, a.link_index(), a.scope(), a.flags())
    };
    assert_same(after.addresses().map(facts), ip.addresses().map(facts));
    for ((earlier, ip), later) in before
        .addresses()
        .zip(ip.addresses())
        .zip(after.addresses())
    {
        assert!(ip.protocol().is_none() || ip.protocol() == later.protocol());
        for lifetime in [Address::valid_lft, Address::preferred_lft] {
            let [earlier, ip, later] = [&earlier, &ip, &later].map(|a| lifetime(a).map(seconds));
            assert!(earlier >= ip && ip >= later, "{earlier:?} {ip:?} {later:?}");
        }
    }
}

fn seconds(lifetime: Lifetime) -> u32 {
    match lifetime {
        Lifetime::Forever => u32::MAX,
        Lifetime::Seconds(seconds) => seconds,
    }
}

/// The output of `ip` read without the library, so that a mistake that its decoder and its parser
/// share is found.
pub fn assert_ip_text_agrees(host: &Snapshot, json: &[u8]) {
    // iproute2 does not escape every control character of a name, which is no JSON.
    let text = String::from_utf8_lossy(json.trim_ascii());
    let text = text.replace(char::is_control, "\u{fffd}");
    let links: Vec<Value> = serde_json::from_str(&text).unwrap();
    let mut told = Vec::new();
    for family in ["inet", "inet6"] {
        for link in &links {
            let addresses = link["addr_info"].as_array().unwrap();
            for address in addresses.iter().filter(|a| a["family"] == family) {
                let label = address["label"].as_str();
                told.push((
                    link["ifindex"].as_u64(),
                    address["local"].as_str().map(str::to_owned),
                    address["prefixlen"].as_u64(),
                    label.filter(|label| is_plain(label)).map(str::to_owned),
                    address["secondary"].as_bool().unwrap_or(false),
                ));
            }
        }
    }
    let captured = host.addresses().map(|address| {
        let label = address.label().map(|label| label.to_string());
        (
            address.link_index().map(u64::from),
            Some(address.ip().to_string()),
            address.netmask().prefix_len().map(u64::from),
            label.filter(|label| is_plain(label)),
            address.is_secondary().unwrap_or(false),
        )
    });
    assert_same(captured, told.into_iter());
}

fn is_plain(label: &str) -> bool {
    label.bytes().all(|b| b.is_ascii_graphic() && b != b'\\')
}

/// getifaddrs(3) knows less: it gives the label of an IPv4 address where the name of its link
/// belongs, and the peer only on a point-to-point link.
fn assert_getifaddrs_agrees(host: &Snapshot, getifaddrs: &Snapshot) {
    assert_eq!(getifaddrs.about().source, Some(Source::Getifaddrs));
    assert_eq!(getifaddrs.about().consistency, None);
    let facts = |link: &Link| {
        let mac = link.mac().copied();
        (link.index(), link.name(), link.flags(), mac)
    };
    let known = getifaddrs.links().iter().map(facts);
    assert_same(host.links().iter().map(facts), known);
    let names: BTreeMap<Name, u32> = host.links().iter().map(|l| (l.name(), l.index())).collect();
    let expected = host.addresses().map(|address| {
        let link = host.link_of(&address).unwrap();
        let flags = link.flags().unwrap();
        let label = address.label().unwrap_or(link.name());
        let label = Some(label).filter(|_| address.ip().is_ipv4());
        let index = label.map_or(Some(link.index()), |label| named_by(&label, &names));
        let peer = address.peer();
        let peer = peer.filter(|_| flags.contains(LinkFlags::POINTOPOINT));
        (address.ip(), address.netmask(), label, index, peer)
    });
    let told = getifaddrs.addresses().map(|a| {
        let unknown = (
            a.flags(),
            a.scope(),
            a.protocol(),
            a.valid_lft(),
            a.created(),
        );
        assert_eq!(unknown, (None, None, None, None, None));
        (a.ip(), a.netmask(), a.label(), a.link_index(), a.peer())
    });
    assert_same(expected, told);
}

/// The link that a label begins with, before a colon.
fn named_by(label: &Name, names: &BTreeMap<Name, u32>) -> Option<u32> {
    let known = |bytes: &[u8]| names.get(&Name::from_bytes(bytes).ok()?).copied();
    let mut parts = label.as_bytes().split(|b| *b == b':');
    known(label.as_bytes()).or_else(|| known(parts.next()?))
}

/// Two lists are the same; says where they part, as 10 000 addresses are too many to look through.
pub fn assert_same<T: PartialEq + Debug>(a: impl Iterator<Item = T>, b: impl Iterator<Item = T>) {
    let (a, b): (Vec<_>, Vec<_>) = (a.collect(), b.collect());
    if let Some(at) = a.iter().zip(&b).position(|(a, b)| a != b) {
        panic!("at {at}:\n  {:?}\n  {:?}", a[at], b[at]);
    }
    assert_eq!(a.len(), b.len(), "the longer one goes on with the same");
}

/// Requires that a capturer, which asks for little, decides as the selector does on a capture of
/// the whole host, and that what is chosen can be bound; for each bindnetaddr alone and
/// restricted to each link of the host or to one that does not exist.
pub fn assert_decides_alike(bindnets: &[&str]) {
    let mut links: Vec<Name> = capture().links().iter().map(Link::name).collect();
    links.truncate(8);
    links.push("absent".parse().unwrap());
    let mut live = capturer();
    for bindnet in bindnets {
        let selector = Selector::new(bindnet.parse().unwrap());
        let restricted = links
            .iter()
            .map(|link| selector.clone().interface((*link).into()));
        let strict = selector.clone().strict(true);
        let corosync = ["corosync:1.4.3", "corosync"].map(|profile| {
            let profile = profile.parse().unwrap();
            ProfileSelector::new(profile, selector.clone())
        });
        for corosync in corosync {
            let _ = decides_alike(&mut live, &corosync);
        }
        for selector in [selector.clone(), strict].into_iter().chain(restricted) {
            let _ = decides_alike(&mut live, &selector);
        }
    }
}

/// The same for one selector; returns the decision.
pub fn decides_alike(live: &mut Capturer, selector: &dyn Decide) -> Decision {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let before = selector.decide(&capture());
        let decision = live.decide(selector).unwrap();
        // The host may still be settling: the decision counts where the host's did not change.
        if before != selector.decide(&capture()) {
            assert!(Instant::now() < deadline, "the host does not hold still");
            continue;
        }
        assert_eq!(decision, before, "{:?}", selector.selector());
        assert_eq!(decision.to_json(), before.to_json());
        // Corosync may take the other end of a link, or what cannot be bound yet.
        let ours = decision.profile() == "default";
        if let Some(chosen) = decision.chosen().filter(|_| ours) {
            let socket = UdpSocket::bind(chosen.socket_addr(0)).unwrap();
            assert_eq!(socket.local_addr().unwrap().ip(), chosen.ip());
        }
        return decision;
    }
}

/// What a whole capture decides for a bindnetaddr, and the capturer alike.
pub fn decide(bindnet: &str) -> Decision {
    decides_alike(&mut capturer(), &Selector::new(bindnet.parse().unwrap()))
}

/// The address chosen for a bindnetaddr.
pub fn chosen(bindnet: &str) -> String {
    let decision = decide(bindnet);
    let chosen = decision.chosen();
    chosen.map_or("none".to_owned(), |chosen| chosen.ip().to_string())
}

/// Attributes of an address (linux/if_addr.h).
pub const IFA_LABEL: u16 = 3;
/// What configured an address; iproute2 6.1 cannot set it.
pub const IFA_PROTO: u16 = 11;

/// A request about one address, encoded by hand: independent of the library, and free of what
/// iproute2 insists on (rtnetlink(7)).
pub struct AddressRequest {
    body: Vec<u8>,
}

impl AddressRequest {
    /// The address on the link with this index.
    pub fn new(net: IpNet, link: u32) -> Self {
        let (family, ip) = match net.addr() {
            IpAddr::V4(ip) => (nix::libc::AF_INET, ip.octets().to_vec()),
            IpAddr::V6(ip) => (nix::libc::AF_INET6, ip.octets().to_vec()),
        };
        let mut body = vec![family as u8, net.prefix_len(), 0, 0];
        body.extend(link.to_ne_bytes());
        let local = 2;
        Self { body }.with(local, &ip)
    }

    /// With a scope other than global.
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.body[3] = scope.value();
        self
    }

    /// With an attribute.
    pub fn with(mut self, kind: u16, value: &[u8]) -> Self {
        self.body.extend((4 + value.len() as u16).to_ne_bytes());
        self.body.extend(kind.to_ne_bytes());
        self.body.extend(value);
        self.body.resize(self.body.len().next_multiple_of(4), 0);
        self
    }
}

/// A socket that changes addresses of the staged host.
pub struct Changer(OwnedFd);

impl Changer {
    /// Opens the socket.
    pub fn open() -> Self {
        let (flags, protocol) = (SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute);
        let fd = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol).unwrap();
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, 0)).unwrap();
        Self(fd)
    }

    /// Adds an address (`RTM_NEWADDR`).
    pub fn add(&self, request: &AddressRequest) -> io::Result<()> {
        let create_new = 0x400 | 0x200;
        self.ask(20, create_new, request)
    }

    /// Adds an address, or changes it where it is there (`RTM_NEWADDR`).
    pub fn replace(&self, request: &AddressRequest) -> io::Result<()> {
        let create_replace = 0x400 | 0x100;
        self.ask(20, create_replace, request)
    }

    /// Deletes an address (`RTM_DELADDR`).
    pub fn delete(&self, request: &AddressRequest) -> io::Result<()> {
        self.ask(21, 0, request)
    }

    fn ask(&self, kind: u16, flags: u16, request: &AddressRequest) -> io::Result<()> {
        let request_ack = 0x1 | 0x4;
        let mut bytes = (16 + request.body.len() as u32).to_ne_bytes().to_vec();
        bytes.extend(kind.to_ne_bytes());
        bytes.extend((request_ack | flags).to_ne_bytes());
        bytes.extend([0; 8]);
        bytes.extend(&request.body);
        send(self.0.as_raw_fd(), &bytes, MsgFlags::empty())?;
        let mut answer = [0; 4096];
        let len = recv(self.0.as_raw_fd(), &mut answer, MsgFlags::empty())?;
        // NLMSG_ERROR, and the errno(3) number negated behind the header.
        assert!(len >= 20 && answer[4..6] == 2u16.to_ne_bytes());
        match i32::from_ne_bytes(answer[16..20].try_into().unwrap()) {
            0 => Ok(()),
            errno => Err(io::Error::from_raw_os_error(-errno)),
        }
    }
}
