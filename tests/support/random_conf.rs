//! Files for corosync.conf(5) and hosts(5) by chance, about a host by chance. Most are near to
//! what an operator writes; each oddity is rare, or nothing would ever be taken.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::random::Random;
use crate::random_host::RandomHost;

/// A corosync.conf, and what else of the host it depends on.
#[derive(Debug)]
pub struct RandomConf {
    pub text: String,
    /// `/etc/hosts`.
    pub hosts: String,
    pub hostname: &'static str,
    /// What is in it, for the count.
    pub kinds: BTreeSet<&'static str>,
}

const HOSTNAMES: [&str; 4] = ["node1", "node1", "node1.example", "node1.lab.example"];

/// Names that are in the hosts file, each with one address of a family at most: getaddrinfo(3)
/// would sort several. The first three have an address of the host.
const NAMES: [&str; 6] = ["me.lab.example", "me", "alias", "four", "six", "both"];

/// How a node is written.
#[derive(Debug, Default)]
struct Node {
    name: Option<String>,
    nodeid: Option<usize>,
    rings: Vec<(usize, String)>,
}

/// A file in the making.
struct Writer<'a> {
    random: &'a mut Random,
    own: Vec<IpAddr>,
    hostname: &'static str,
    kinds: BTreeSet<&'static str>,
}

impl RandomConf {
    pub fn new(random: &mut Random, host: &RandomHost) -> Self {
        let own = host.added.iter().map(|added| added.ip).collect();
        let hostname = random.one_of(&HOSTNAMES);
        let kinds = BTreeSet::new();
        let mut writer = Writer {
            random,
            own,
            hostname,
            kinds,
        };
        let hosts = writer.hosts();
        let text = writer.conf(host);
        Self {
            text,
            hosts,
            hostname,
            kinds: writer.kinds,
        }
    }
}

impl Writer<'_> {
    fn is(&mut self, kind: &'static str) {
        self.kinds.insert(kind);
    }

    /// True so often in a hundred; then it is of this kind.
    fn may(&mut self, often: usize, kind: &'static str) -> bool {
        let so = self.random.percent(often);
        if so {
            self.is(kind);
        }
        so
    }

    fn own(&mut self) -> IpAddr {
        match self.own.len() {
            0 => Ipv4Addr::new(192, 0, 2, 10).into(),
            len => self.own[self.random.below(len)],
        }
    }

    fn hosts(&mut self) -> String {
        let me = self.own();
        let mut hosts = "127.0.0.1 localhost\n192.0.2.77 four both\n".to_owned();
        hosts += "2001:db8::77\tsix  both # of both families\n";
        let _ = writeln!(hosts, "{me} me.lab.example me alias");
        hosts
    }

    fn conf(&mut self, host: &RandomHost) -> String {
        let transport = self.random.one_of(&["", "knet", "knet", "udp", "udpu"]);
        let knet = matches!(transport, "" | "knet");
        self.is(match transport {
            "" => "knet, unwritten",
            written => written_kind(written),
        });
        let links = match knet {
            true => self.random.one_of(&[1, 1, 2, 2, 3, 4]),
            false if self.may(8, "two links on udp or udpu") => 2,
            false => 1,
        };
        if links > 1 {
            self.is("several links");
        }
        let by_nodelist = knet || self.random.percent(50);
        let own: Vec<IpAddr> = (0..links).map(|_| self.own()).collect();
        let bindnet = host.bindnetaddr(self.random).1;
        let v6 = if by_nodelist { own[0] } else { bindnet }.is_ipv6();
        let mut lines = vec!["totem {".to_owned(), "version: 2".to_owned()];
        if !self.may(5, "no cluster_name") {
            lines.push("cluster_name: c".to_owned());
        }
        let (cipher, hash) = match self.may(3, "a cipher") {
            true => ("aes256", "sha256"),
            false => ("none", "none"),
        };
        lines.push(format!("crypto_cipher: {cipher}"));
        lines.push(format!("crypto_hash: {hash}"));
        // Short, for an answer soon.
        lines.extend(["downcheck: 30", "token: 400"].map(str::to_owned));
        if !transport.is_empty() {
            lines.push(format!("transport: {transport}"));
        }
        if let Some(version) = self.ip_version(v6, transport == "udp") {
            lines.push(format!("ip_version: {version}"));
        }
        self.interfaces(&mut lines, links, (!by_nodelist).then_some(bindnet));
        lines.push("}".to_owned());
        lines.push("nodelist {".to_owned());
        for node in self.nodes(&own, by_nodelist) {
            self.node(&mut lines, node);
        }
        lines.push("}".to_owned());
        lines.extend(REST.map(str::to_owned));
        self.spaced(&lines)
    }

    fn ip_version(&mut self, v6: bool, udp: bool) -> Option<&'static str> {
        let (v4, v6_4) = ("ip_version ipv4", "ip_version ipv6-4");
        let kinds = [v4, "ip_version ipv6", "ip_version ipv4-6", v6_4];
        let at = match self.random.below(100) {
            // Without it udp takes no IPv6.
            0..=49 if udp && v6 => 1,
            0..=49 => {
                self.is("no ip_version");
                return None;
            }
            50..=69 if v6 => self.random.one_of(&[1, 3]),
            50..=69 => self.random.one_of(&[0, 2, 3]),
            _ => self.random.below(4),
        };
        self.is(kinds[at]);
        kinds[at].split(' ').next_back()
    }

    /// A multicast group, whatever the transport and the families.
    fn group(&mut self, lines: &mut Vec<String>) {
        let group = match self.random.below(16) {
            0..=2 => "239.192.1.1",
            3..=5 => "ff15::1",
            6 => "192.0.2.99",
            7..=8 => self.random.one_of(&["four", "six", "both", "nowhere"]),
            9..=10 => "239.192.1.1/24",
            _ => return,
        };
        self.is("mcastaddr");
        lines.push(format!("mcastaddr: {group}"));
        if self.may(10, "broadcast") {
            lines.push("broadcast: yes".to_owned());
        }
    }

    /// With a bindnetaddr, or without one mostly.
    fn interfaces(&mut self, lines: &mut Vec<String>, links: usize, bindnet: Option<IpAddr>) {
        let some = bindnet.is_some() || self.random.percent(40);
        let extra = self.may(3, "an interface of no node");
        let count = if some { links } else { 0 } + usize::from(extra);
        if count == 0 {
            self.is("no interface section");
        }
        for number in 0..count {
            lines.push("interface {".to_owned());
            if number > 0 || !self.may(30, "no linknumber") {
                let number = match self.may(2, "linknumber too high") {
                    true => 8,
                    false => number,
                };
                lines.push(format!("linknumber: {number}"));
            }
            if self.may(10, "ringnumber") {
                let number = self.random.below(3);
                lines.push(format!("ringnumber: {number}"));
            }
            match bindnet {
                Some(ip) if !self.may(3, "an interface without a key that counts") => {
                    let text = self.bindnetaddr(ip);
                    lines.push(format!("bindnetaddr: {text}"));
                }
                None if self.may(30, "bindnetaddr beside a nodelist") => {
                    let ip = self.own();
                    lines.push(format!("bindnetaddr: {ip}"));
                }
                _ => {}
            }
            self.group(lines);
            if self.random.percent(50) {
                lines.push(format!("mcastport: {}", 5500 + 2 * number));
            }
            lines.push("}".to_owned());
        }
    }

    fn bindnetaddr(&mut self, ip: IpAddr) -> String {
        match self.random.below(20) {
            0..=3 => {
                self.is("bindnetaddr by name");
                self.random.one_of(&NAMES).to_owned()
            }
            4 if self.may(50, "bindnetaddr with a prefix") => format!("{ip}/24"),
            _ => ip.to_string(),
        }
    }

    fn nodes(&mut self, own: &[IpAddr], by_nodelist: bool) -> Vec<Node> {
        if self.may(2, "no nodelist") {
            return Vec::new();
        }
        let count = 1 + self.random.below(4);
        let local = self.random.below(count);
        let named = own.len() > 1 || self.random.percent(70);
        let mut nodes = Vec::new();
        for at in 0..count {
            let nodeid = match self.random.below(60) {
                0..=1 => None,
                2..=3 => Some(1),
                _ => Some(at + 1),
            };
            let mut node = Node {
                nodeid,
                ..Node::default()
            };
            if nodeid.is_none() {
                self.is("a node without nodeid");
            }
            if at == local {
                node.name = self.local_name(named);
            } else if named || self.random.percent(20) {
                node.name = Some(format!("other{at}"));
            }
            if node.name.is_some() && self.may(1, "a node without name") {
                node.name = None;
            }
            let with_rings = match by_nodelist {
                true => !self.may(2, "a node without address"),
                false => at > 0 && self.random.percent(10),
            };
            for (ring, ip) in own.iter().enumerate().filter(|_| with_rings) {
                if self.may(2, "a ringX_addr is missing") {
                    continue;
                }
                let text = self.ring_addr(*ip, at == local);
                node.rings.push((ring, text));
            }
            if at == 0 && local > 0 && self.may(12, "a first node of nothing") {
                (node.name, node.rings) = (None, Vec::new());
            }
            nodes.push(node);
        }
        self.is(["1 node", "2 nodes", "3 nodes", "4 nodes"][count - 1]);
        nodes
    }

    fn local_name(&mut self, named: bool) -> Option<String> {
        if !named {
            self.is("local: no name");
            return None;
        }
        let (short, domain) = match self.hostname.split_once('.') {
            Some((short, _)) => (short, true),
            None => (self.hostname, false),
        };
        let (kind, name) = match self.random.below(16) {
            0..=4 => ("local: the host's name", self.hostname.to_owned()),
            5..=7 if domain => ("local: without domain", short.to_owned()),
            5..=7 => ("local: with another domain", format!("{short}.lab.example")),
            8 => ("local: an alias", "alias".to_owned()),
            9 => ("local: the name of an address", "me.lab.example".to_owned()),
            10 => ("local: its short form", "me".to_owned()),
            11 => ("local: an address", self.own().to_string()),
            12 => ("local: the first part", "node1.lab".to_owned()),
            13 => ("local: a name elsewhere", "both".to_owned()),
            _ => ("local: another name", "stranger".to_owned()),
        };
        self.is(kind);
        Some(name)
    }

    fn ring_addr(&mut self, ip: IpAddr, local: bool) -> String {
        let other: IpAddr = match ip {
            IpAddr::V4(_) => [203, 0, 113, 1 + self.random.below(200) as u8].into(),
            IpAddr::V6(_) => Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 1).into(),
        };
        match self.random.below(100) {
            0..=1 => {
                self.is("ringX_addr unresolvable");
                "nowhere".to_owned()
            }
            2..=5 => {
                self.is("ringX_addr of the other family, mostly");
                self.own().to_string()
            }
            6..=12 => {
                self.is("ringX_addr by name");
                let names = match (local, ip) {
                    (true, _) => &NAMES[..3],
                    (false, IpAddr::V4(_)) => &NAMES[3..4],
                    (false, IpAddr::V6(_)) => &NAMES[4..],
                };
                self.random.one_of(names).to_owned()
            }
            13..=25 if local => {
                self.is("ringX_addr elsewhere");
                other.to_string()
            }
            26..=45 if local => {
                self.is("ringX_addr of a neighbour");
                neighbour(ip).to_string()
            }
            _ if local => ip.to_string(),
            13..=60 => neighbour(ip).to_string(),
            _ => other.to_string(),
        }
    }

    fn node(&mut self, lines: &mut Vec<String>, node: Node) {
        lines.push("node {".to_owned());
        let mut keys = Vec::new();
        for (ring, text) in node.rings {
            keys.push(format!("ring{ring}_addr: {text}"));
        }
        keys.extend(node.nodeid.map(|nodeid| format!("nodeid: {nodeid}")));
        keys.extend(node.name.map(|name| format!("name: {name}")));
        if self.random.percent(50) {
            keys.reverse();
        }
        if let Some(first) = keys.first().cloned()
            && self.may(3, "a key twice")
        {
            keys.push(first);
        }
        lines.extend(keys);
        lines.push("}".to_owned());
    }

    /// As a hand may have written it.
    fn spaced(&mut self, lines: &[String]) -> String {
        let odd = self.may(50, "odd spacing and comments");
        let mut text = String::new();
        for line in lines {
            if odd && self.random.percent(10) {
                text += self
                    .random
                    .one_of(&["# version: 1\n", "\n", " \t# }\n", "\t\n"]);
            }
            let indent = match odd {
                true => self.random.one_of(&["", " ", "\t", "  \t "]),
                false => "",
            };
            let line = match (odd, line.split_once(": ")) {
                (true, Some((key, value))) => {
                    let colon = self.random.one_of(&[":", ": ", " : ", "\t:\t  "]);
                    format!("{key}{colon}{value}")
                }
                _ => line.clone(),
            };
            let end = match odd {
                true => self.random.one_of(&["\n", "\n", " \n", "\t\n", "\r\n"]),
                false => "\n",
            };
            text += &format!("{indent}{line}{end}");
        }
        text
    }
}

/// It stays in its control group, waits its turn and leaves the watchdog alone.
pub const REST: [&str; 13] = [
    "system {",
    "sched_rr: no",
    "move_to_root_cgroup: no",
    "}",
    "resources {",
    "watchdog_device: off",
    "}",
    "logging {",
    "to_stderr: yes",
    "to_syslog: no",
    "to_logfile: no",
    "timestamp: off",
    "}",
];

fn written_kind(transport: &str) -> &'static str {
    match transport {
        "knet" => "knet, written",
        "udp" => "udp",
        _ => "udpu",
    }
}

/// Another address of the same network, mostly.
fn neighbour(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() ^ 0x40).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() ^ 0x40).into(),
    }
}
