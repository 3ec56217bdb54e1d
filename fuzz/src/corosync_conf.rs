//! A corosync.conf is read, or refused in the same line, as by a reader that goes through it the
//! way the C code does and keeps what it finds under the names that corosync-cmapctl(8) prints.

use std::collections::BTreeMap;

use bindnet::corosync::{Conf, Hosts, Interface, Profile, Value};
use bindnet::snapshot::About;
use bindnet::{Address, Link, Selector, Snapshot};

pub fn check(data: &[u8]) {
    let mut naive = Naive {
        rest: data,
        ..Naive::default()
    };
    let taken = naive.section("", Kind::Other).map(|()| naive.map);
    match (Conf::parse(data), taken) {
        (Err(error), Err(line)) => {
            assert_eq!(error.line(), line, "{error}");
            assert!(error.to_string().starts_with(&format!("line {line}: ")));
        }
        (Ok(conf), Ok(map)) => {
            compare(&conf, &map);
            plan(&conf, data);
        }
        (conf, naive) => panic!("{conf:?}\n{naive:?}"),
    }
}

/// Whatever the file says, every age of Corosync has a plan or a problem in one of its lines.
fn plan(conf: &Conf, data: &[u8]) {
    let mut about = About::default();
    about.hostname = Some("n1".to_owned());
    let links =
        [(2, "eth0"), (3, "eth1")].map(|(at, name)| Link::new(at, super::input::name(name)));
    let addresses = [
        ("192.168.1.10/24", 2),
        ("10.0.0.10/24", 3),
        ("fe80::1/64", 3),
    ];
    let addresses = addresses.map(|(net, at)| Address::new(net.parse().expect("a literal"), at));
    let host = Snapshot::new(links, addresses).expect("both links are listed");
    let host = host.with_about(about);
    // Its lines may be read as a hosts file, too.
    let hosts = Hosts::parse(data);
    let lines = data.split(|byte| *byte == b'\n').count();
    for profile in [
        "default",
        "patched",
        "corosync:1.4.7",
        "corosync:2.4.2",
        "corosync:3.1.7",
    ] {
        let profile: Profile = profile.parse().expect("a literal");
        let plan = match conf.plan(profile, &host, &hosts) {
            Ok(plan) => plan,
            Err(error) => {
                assert!((1..=lines).contains(&error.line()), "{error}");
                continue;
            }
        };
        assert!(!plan.links().is_empty());
        let selector = Selector::new("192.168.1.0".parse().expect("a literal"));
        let decided = plan.decide(&host, &selector);
        for link in &decided {
            assert!((1..=lines).contains(&link.link.line()));
            assert!(!link.corosync.explanation.contains('\n'));
        }
        let json = plan.to_json("a", &decided);
        assert!(json.starts_with(r#"{"format":"bindnet-conf/1","file":"a","links":[{"link":"#));
        assert!(
            plan.warnings()
                .iter()
                .all(|warning| !warning.contains('\n'))
        );
    }
}

/// What is to be found in the map is in the file as it was read, and the other way round.
fn compare(conf: &Conf, map: &BTreeMap<String, (String, usize)>) {
    let mut links = BTreeMap::new();
    for interface in conf.interfaces() {
        let link = interface.get("linknumber").map_or("0", Value::text);
        let link: u32 = link.trim().parse().unwrap_or_default();
        for key in ["bindnetaddr", "ringnumber", "mcastaddr", "x"] {
            let old = links.remove(&(link, key));
            links.insert((link, key), interface.get(key).or(old.flatten()));
        }
    }
    for ((link, key), value) in links {
        same(value, map.get(&format!("totem.interface.{link}.{key}")));
    }
    for node in conf.nodes() {
        for key in ["name", "nodeid", "ring0_addr", "ring7_addr", "x"] {
            let name = format!("nodelist.node.{}.{key}", node.position());
            same(node.get(key), map.get(&name));
        }
        for (ring, value) in node.ring_addrs() {
            let name = format!("nodelist.node.{}.ring{ring}_addr", node.position());
            same(Some(value), map.get(&name));
        }
    }
    for key in ["version", "transport", "ip_version", "a", "x.y"] {
        same(conf.totem(key), map.get(&format!("totem.{key}")));
    }
    for name in map.keys() {
        let parts: Vec<_> = name.splitn(4, '.').collect();
        let plain = |text: &str| text.parse::<u32>().ok().filter(|n| n.to_string() == text);
        match parts[..] {
            ["totem", "interface", link, "bindnetaddr"] if plain(link).is_some() => {
                let with = |interface: &Interface| interface.get("bindnetaddr").is_some();
                assert!(conf.interfaces().iter().any(with), "{name}");
            }
            ["nodelist", "node", position, _] => {
                let there = |position| conf.nodes().iter().any(|n| n.position() == position);
                assert!(plain(position).is_none_or(there), "{name}");
            }
            _ => {}
        }
    }
}

fn same(value: Option<&Value>, naive: Option<&(String, usize)>) {
    let value = value.map(|value| (value.text(), value.line()));
    assert_eq!(value, naive.map(|(text, line)| (text.as_str(), *line)));
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Other,
    Interface,
    Member,
    Node(u32),
    Unread,
}

#[derive(Default)]
struct Naive<'a> {
    rest: &'a [u8],
    line: usize,
    nodes: u32,
    map: BTreeMap<String, (String, usize)>,
}

impl Naive<'_> {
    /// A section up to its end, and the sections in it; or the line that is wrong.
    fn section(&mut self, path: &str, kind: Kind) -> Result<(), usize> {
        let (mut link, mut interface) = ("0".to_owned(), Vec::new());
        while let Some(line) = self.fgets()? {
            let line = line.trim_matches(WHITE);
            if line.is_empty() || line.starts_with('#') {
            } else if let Some((name, after)) = line.split_once('{') {
                let name = name.trim_end_matches(WHITE);
                let first = name.chars().next().ok_or(self.line)?;
                let name = name.trim_end_matches(['\u{a0}', ' ', '\t', ':']);
                let name = if name.is_empty() {
                    first.to_string()
                } else {
                    name.to_owned()
                };
                let bad = !after.trim_matches(WHITE).is_empty() || kind == Kind::Member;
                let name = self.join(path, &name)?;
                if bad {
                    return Err(self.line);
                }
                let kind = match name.as_str() {
                    "totem.interface" => Kind::Interface,
                    "totem.interface.member" => Kind::Member,
                    "nodelist.node" => Kind::Node(self.nodes),
                    "uidgid" | "logging.logger_subsys" | "logging.logging_daemon" => Kind::Unread,
                    _ if matches!(kind, Kind::Node(_) | Kind::Unread) => Kind::Unread,
                    _ => Kind::Other,
                };
                if name == "nodelist" {
                    self.nodes = 0;
                }
                self.section(&name, kind)?;
            } else if let Some((key, value)) = line.split_once(':') {
                let key = key.trim_matches(WHITE);
                let value = lossy(value.trim_matches(WHITE));
                let name = self.join(path, key)?;
                if key.is_empty() || !valued(path, key, &value) {
                    return Err(self.line);
                }
                let value = (value, self.line);
                let plain = |c: char| c.is_ascii_alphanumeric() || "._-/:".contains(c);
                let known = name.len() > 2 && name.chars().all(plain);
                match kind {
                    Kind::Unread => {}
                    Kind::Member if key == "memberaddr" => {}
                    _ if kind == Kind::Member || !known => return Err(self.line),
                    Kind::Interface if key == "linknumber" => link = value.0,
                    Kind::Interface if !key.contains('.') => {
                        interface.push((key.to_owned(), value))
                    }
                    Kind::Node(node) => {
                        let name = format!("nodelist.node.{node}.{key}");
                        self.map.insert(name, value);
                    }
                    _ => _ = self.map.insert(name, value),
                }
            } else if line == "}" && !path.is_empty() {
                let link: u32 = link.trim().parse().unwrap_or_default();
                for (key, value) in interface {
                    self.map
                        .insert(format!("totem.interface.{link}.{key}"), value);
                }
                self.nodes += u32::from(matches!(kind, Kind::Node(_)));
                return Ok(());
            } else {
                return Err(self.line);
            }
        }
        if path.is_empty() {
            Ok(())
        } else {
            Err(self.line)
        }
    }

    /// A line as C sees it, a character for each byte.
    fn fgets(&mut self) -> Result<Option<String>, usize> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        let (mut read, mut eof) = (Vec::new(), false);
        while read.len() < 511 && read.last() != Some(&b'\n') {
            let Some((byte, rest)) = self.rest.split_first() else {
                eof = true;
                break;
            };
            read.push(*byte);
            self.rest = rest;
        }
        read.push(0);
        let string: String = read
            .iter()
            .take_while(|b| **b != 0)
            .map(|b| *b as char)
            .collect();
        if !string.is_empty() && !string.ends_with('\n') && !eof {
            return Err(self.line);
        }
        let string = string.strip_suffix('\n').unwrap_or(&string);
        Ok(Some(string.strip_suffix('\r').unwrap_or(string).to_owned()))
    }

    fn join(&self, path: &str, name: &str) -> Result<String, usize> {
        let (path_len, len) = (path.chars().count(), name.chars().count());
        if path_len + len + 1 >= 255 {
            return Err(self.line);
        }
        Ok(if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        })
    }
}

const WHITE: [char; 3] = [' ', '\t', '\u{a0}'];

/// The bytes that the characters stand for, as text.
fn lossy(text: &str) -> String {
    let bytes: Vec<u8> = text.chars().map(|c| c as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether a key may have this value.
fn valued(section: &str, key: &str, value: &str) -> bool {
    let within = |max: i128| {
        let digits = value.trim_start_matches([' ', '\t', '\n', '\x0b', '\x0c', '\r']);
        digits
            .parse::<i128>()
            .is_ok_and(|value| (0..=max).contains(&value))
    };
    match (section, key) {
        ("totem.interface", "linknumber") => within(255),
        ("totem", "version" | "nodeid") | ("nodelist.node", "nodeid") => within(u32::MAX.into()),
        ("totem", "ip_version") => ["ipv4", "ipv6", "ipv4-6", "ipv6-4"].contains(&value),
        _ => true,
    }
}
