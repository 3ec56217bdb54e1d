//! Hosts to be staged for Corosync: steps for ip(8) and sysctl(8), which print as a shell would
//! take them.

use std::fmt;
use std::io::Write;
use std::net::IpAddr;
use std::process::{Command, Stdio};

use serde_json::Value;

/// What is done to a host that has only a loopback link, which is up.
#[derive(Clone, Debug, Default)]
pub struct Topology {
    steps: Vec<Step>,
}

#[derive(Clone, Debug)]
enum Step {
    Ip(String),
    Sysctl(String, u32),
}

impl Topology {
    /// Adds a command of ip(8), without the word `ip`.
    pub fn ip(&mut self, words: impl Into<String>) {
        self.steps.push(Step::Ip(words.into()));
    }

    /// Adds a setting below `/proc/sys/net/`.
    pub fn sysctl(&mut self, name: impl Into<String>, value: u32) {
        self.steps.push(Step::Sysctl(name.into(), value));
    }

    /// A veth link that gives itself no address; its other end is `{name}_p`.
    pub fn veth(&mut self, name: &str, index: Option<u64>) {
        // The other end is made first and would take a low index.
        let (near, far) = index.map_or_else(Default::default, |index| {
            (
                format!("index {index} "),
                format!(" index {}", 1000 + index),
            )
        });
        let words = format!("link add name {name} {near}type veth peer name {name}_p{far}");
        self.link(name, &words);
        self.ip(format!("link set {name}_p addrgenmode none"));
        self.ip(format!("link set {name}_p up"));
    }

    /// A link that gives itself no address, by the words that add it.
    pub fn link(&mut self, name: &str, words: &str) {
        self.ip(words);
        self.ip(format!("link set {name} addrgenmode none"));
    }

    /// The topology of a recorded case.
    pub fn of_case(case: &Value) -> Self {
        let mut topology = Self::default();
        for link in array(&case["links"]) {
            let name = text(&link["name"]);
            if name != "lo" {
                topology.veth(name, link["index"].as_u64());
            }
            if link["up"] != false {
                topology.ip(format!("link set {name} up"));
            }
        }
        for link in array(&case["links"]) {
            for address in array(&link["addrs"]) {
                topology.address(text(&link["name"]), address);
            }
        }
        for op in array(&case["ops"]) {
            let words: Vec<_> = array(op).iter().skip(1).map(word).collect();
            match text(&op[0]) {
                "addr_add" => topology.address(text(&op[1]), &op[2]),
                "addr_del" => topology.ip(format!("addr del {} dev {}", words[1], words[0])),
                "ip" => topology.ip(words.join(" ")),
                "sysctl" => {
                    let name = words[0].trim_start_matches("net.").replace('.', "/");
                    topology.sysctl(name, words[1].parse().expect("a number"));
                }
                other => panic!("{other} is no step of a recorded case"),
            }
        }
        topology
    }

    fn address(&mut self, link: &str, address: &Value) {
        let net = text(match address {
            Value::String(_) => address,
            detailed => &detailed["cidr"],
        });
        let mut words = match address["peer"].as_str() {
            Some(peer) => {
                let local = net.split('/').next().unwrap_or(net);
                format!("addr add {local} peer {peer} dev {link}")
            }
            None => format!("addr add {net} dev {link}"),
        };
        if let Some(label) = address["label"].as_str() {
            words += &format!(" label {label}");
        }
        if net.contains(':') {
            words += " nodad";
        }
        self.ip(words);
    }

    /// Does it in the namespace of this thread; returns the steps that the kernel refused, each
    /// with what it answered.
    pub fn build(&self) -> Vec<String> {
        let mut refused = Vec::new();
        let mut batch = Vec::new();
        for step in &self.steps {
            match step {
                Step::Ip(words) => batch.push(words.as_str()),
                Step::Sysctl(name, value) => {
                    refused.extend(ip_batch(&std::mem::take(&mut batch)));
                    let path = format!("/proc/sys/net/{name}");
                    if let Err(error) = std::fs::write(&path, value.to_string()) {
                        refused.push(format!("{path}: {error}"));
                    }
                }
            }
        }
        refused.extend(ip_batch(&batch));
        refused
    }

    /// How many steps it takes.
    pub fn len(&self) -> usize {
        self.steps.len()
    }
}

impl fmt::Display for Topology {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "ip link set lo up")?;
        for step in &self.steps {
            match step {
                Step::Ip(words) => writeln!(f, "ip {words}")?,
                Step::Sysctl(name, value) => {
                    writeln!(f, "sysctl -w net/{name}={value}")?;
                }
            }
        }
        Ok(())
    }
}

/// Runs `ip` commands in one process, all of them; returns those that failed.
fn ip_batch(lines: &[&str]) -> Vec<String> {
    if lines.is_empty() {
        return Vec::new();
    }
    let mut child = Command::new("ip")
        .args(["-force", "-batch", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("ip (iproute2) starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    let batch = lines.join("\n") + "\n";
    stdin.write_all(batch.as_bytes()).expect("ip reads");
    drop(stdin);
    let done = child.wait_with_output().expect("ip ends");
    let mut refused = Vec::new();
    let mut why = String::new();
    for line in String::from_utf8_lossy(&done.stderr).lines() {
        let number = line.strip_prefix("Command failed -:");
        match number.and_then(|number| number.parse::<usize>().ok()) {
            Some(number) => {
                let step = lines.get(number - 1).unwrap_or(&"?");
                refused.push(format!("ip {step}: {}", std::mem::take(&mut why).trim()));
            }
            None => why += &format!("{line} "),
        }
    }
    let told = done.status.success() || !refused.is_empty();
    assert!(told, "ip -batch: {} {why} in {lines:?}", done.status);
    refused
}

/// An address of the staged host, as `ip -j addr` or a recording tells of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// `IFA_LOCAL`.
    pub ip: IpAddr,
    pub prefix_len: u8,
    /// `IFA_ADDRESS`, where it is another one.
    pub peer: Option<IpAddr>,
    pub label: Option<String>,
    pub link: String,
    pub index: u32,
    pub up: bool,
    pub tentative: bool,
}

/// The addresses of the staged host in kernel order: IPv4, then IPv6.
pub fn listed() -> Vec<Entry> {
    let done = Command::new("ip").args(["-j", "addr"]).output();
    let done = done.expect("ip (iproute2) runs");
    assert!(done.status.success(), "ip -j addr: {}", done.status);
    let links: Value = serde_json::from_slice(&done.stdout).expect("JSON of ip");
    let mut entries = Vec::new();
    for family in ["inet", "inet6"] {
        for link in array(&links) {
            let up = array(&link["flags"]).contains(&Value::from("UP"));
            let told = array(&link["addr_info"]);
            for address in told.iter().filter(|a| a["family"] == family) {
                entries.push(Entry {
                    ip: parse(&address["local"]),
                    prefix_len: number(&address["prefixlen"]) as u8,
                    peer: address.get("address").map(parse),
                    label: address["label"].as_str().map(str::to_owned),
                    link: text(&link["ifname"]).to_owned(),
                    index: number(&link["ifindex"]) as u32,
                    up,
                    tentative: address["tentative"] == true,
                });
            }
        }
    }
    entries
}

/// The elements of a list; none where there is no list.
pub fn array(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A text of a recording.
pub fn text(value: &Value) -> &str {
    let told = value.as_str();
    told.unwrap_or_else(|| panic!("{value} is no text"))
}

fn word(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn number(value: &Value) -> u64 {
    let told = value.as_u64();
    told.unwrap_or_else(|| panic!("{value} is no number"))
}

/// An address of a recording.
pub fn parse(value: &Value) -> IpAddr {
    let told = text(value).parse();
    told.unwrap_or_else(|error| panic!("{value}: {error}"))
}
