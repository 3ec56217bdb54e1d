//! A kept capturer beside random hosts, where kinds and masters of links matter:
//! macvlans, bridges with ports, NICs with the hardware address of a VRRP router, links without a
//! carrier. It decides as a selector on a whole capture does, also in JSON. `BINDNET_SEED` repeats a run.

use bindnet_tests::{netns, random, rows, running_ip};

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::thread;

use bindnet::corosync::ProfileSelector;
use bindnet::snapshot::HardwareAddress;
use bindnet::{Candidate, Decision, Link, Snapshot};
use netns::{capture, capturer, decides_alike, run, sysctl};
use random::{Random, seed};
use running_ip::RunningIp;

/// How many hosts, how many bursts of changes on each, and how many questions after each.
const HOSTS: u64 = 16;
const BURSTS: usize = 6;
const QUESTIONS: usize = 16;

const CABLES: [&str; 4] = ["eth0", "eth1", "eth2", "far0"];
const MASTERS: [&str; 3] = ["br0", "br1", "bond0"];
const LINKS: [&str; 9] = [
    "lo", "eth0", "eth1", "eth2", "br0", "br1", "mv0", "mv1", "bond0",
];

/// The first two are those of VRRP routers (RFC 9568, section 7.3).
const MACS: [&str; 4] = [
    "00:00:5e:00:01:33",
    "00:00:5e:00:02:33",
    "02:00:00:00:00:01",
    "02:00:00:00:00:02",
];

const V4: [&str; 7] = [
    "192.0.2.10/24",
    "192.0.2.20/24",
    "192.0.2.20/32",
    "192.0.2.30/32",
    "192.0.2.40/25",
    "198.51.100.10/24",
    "198.51.100.20/32",
];

const V6: [&str; 6] = [
    "2001:db8::10/64",
    "2001:db8::20/64",
    "2001:db8::20/128",
    "2001:db8::30/128",
    "fd00:1::10/64",
    "fe80::1/64",
];

const BINDNETS: [&str; 15] = [
    "192.0.2.0",
    "192.0.2.0",
    "192.0.2.0/24",
    // Host prefixes, and the network around them is no candidate.
    "192.0.2.16/28",
    "192.0.2.10",
    "192.0.2.20",
    "192.0.2.99",
    "0.0.0.0/0",
    "198.51.100.0/24,192.0.2.0/24",
    "2001:db8::",
    "2001:db8::/32",
    "2001:db8::20",
    "::/0",
    "fe80::1",
    "fe80::%eth0",
];

/// The links that a host begins with. A bond is left out if the kernel has none.
const BEGIN: [&str; 13] = [
    "link set lo up",
    "link add eth0 type veth peer name far0",
    "link add eth1 type veth peer name far1",
    "link add eth2 index 300 type veth peer name far2",
    "link set far0 up",
    "link set far1 up",
    "link set eth0 up",
    "link set eth1 up",
    "link set eth2 up",
    "link add br0 up type bridge stp_state 0",
    "link add br1 index 9 type bridge",
    "link add bond0 type bond",
    "link add mv0 link eth1 up address 00:00:5e:00:01:33 type macvlan mode private",
];

/// A change of a link, or an address.
fn line(random: &mut Random) -> String {
    let link = random.one_of(&LINKS);
    match random.below(20) {
        0 => format!("link set {link} address {}", random.one_of(&MACS)),
        1 => {
            let (parent, mac) = (
                random.one_of(&["eth0", "eth2", "br0"]),
                random.one_of(&MACS),
            );
            format!("link add mv1 link {parent} up address {mac} type macvlan mode private")
        }
        2 => format!("link del {}", random.one_of(&["mv0", "mv1"])),
        3..6 => {
            let (port, master) = (random.one_of(&CABLES), random.one_of(&MASTERS));
            format!("link set {port} master {master}")
        }
        6 => format!("link set {} nomaster", random.one_of(&CABLES)),
        // The other end of a cable has the carrier.
        7 => format!(
            "link set {} down",
            random.one_of(&["far0", "far1", "far2", link])
        ),
        8 => format!(
            "link set {} up",
            random.one_of(&["far0", "far1", "far2", link])
        ),
        9..15 => address(random, &V4, link, ""),
        _ => address(random, &V6, link, " nodad"),
    }
}

fn address(random: &mut Random, nets: &[&str], link: &str, nodad: &str) -> String {
    let net = random.one_of(nets);
    if random.percent(15) {
        return format!("addr del {net} dev {link}");
    }
    let lifetime = random.one_of(&["", "", "", " valid_lft 3600 preferred_lft 3600"]);
    // An address of eth2 that has to be detected stays tentative.
    let nodad = if random.percent(60) { nodad } else { "" };
    let label = if nets == V4 && random.percent(10) {
        format!(" label {link}:1")
    } else {
        String::new()
    };
    format!("addr add {net} dev {link}{label}{nodad}{lifetime}")
}

/// A question as [`rows::selector`] takes it.
fn question(random: &mut Random) -> String {
    let mut question = random.one_of(&BINDNETS).to_owned();
    for (percent, option, values) in [
        (20, "--interface", &LINKS[..]),
        (
            15,
            "--fixed",
            &["192.0.2.20", "198.51.100.99", "2001:db8::20"],
        ),
        (
            15,
            "--floating",
            &["192.0.2.10", "192.0.2.30", "2001:db8::10"],
        ),
        (
            25,
            "--previous",
            &["192.0.2.10", "192.0.2.20", "2001:db8::20"],
        ),
        (
            15,
            "--no-rule",
            &["vrrp-mac", "host-prefix-in-subnet", "secondary"],
        ),
        (10, "--profile", &["corosync", "corosync:1.4.3", "patched"]),
    ] {
        if random.percent(percent) {
            question += &format!(" {option} {}", random.one_of(values));
        }
    }
    for (percent, option) in [(15, " --strict"), (10, " --all")] {
        if random.percent(percent) {
            question += option;
        }
    }
    question
}

/// How often something was decided about.
type Tally = BTreeMap<String, usize>;

/// Counts the reasons of the candidates, what separated the first from the next, and NICs that wear the
/// hardware address of a router and are not floating by it.
fn count(tally: &mut Tally, host: &Snapshot, decision: &Decision) {
    let mut add = |what: &str| *tally.entry(what.to_owned()).or_default() += 1;
    let reasons = |c: &Candidate| c.reasons().iter().map(|reason| reason.code());
    for candidate in decision.candidates() {
        reasons(candidate).for_each(&mut add);
        let link = candidate
            .interface_index()
            .and_then(|index| host.link(index));
        let wears = link
            .and_then(Link::mac)
            .is_some_and(HardwareAddress::is_vrrp);
        if wears && !reasons(candidate).any(|code| code == "vrrp-mac") {
            add("a NIC with the hardware address of a router");
        }
    }
    if let Some(separation) = decision.separated_by() {
        add(&format!("by {}", separation.code()));
    }
}

/// What is printed if a test fails on a host.
struct Told {
    seed: u64,
    host: u64,
    done: Vec<String>,
}

impl Drop for Told {
    fn drop(&mut self) {
        if thread::panicking() {
            let (seed, host, done) = (self.seed, self.host, self.done.join("\n"));
            let _ = writeln!(io::stderr(), "BINDNET_SEED={seed}, host {host}\n{done}");
        }
    }
}

/// Plays one host, with one capturer.
fn play(seed: u64, host: u64) -> Tally {
    let (mut random, mut tally) = (Random::new(seed, host), Tally::new());
    let done = BEGIN.map(str::to_owned).to_vec();
    let mut told = Told { seed, host, done };
    for link in ["all", "default"] {
        sysctl(&format!("ipv6/conf/{link}/accept_dad"), 0);
        // No address comes by itself.
        sysctl(&format!("ipv6/conf/{link}/addr_gen_mode"), 1);
    }
    let mut ip = RunningIp::start();
    ip.run(&BEGIN);
    sysctl("ipv6/conf/eth2/accept_dad", 1);
    sysctl("ipv6/conf/eth2/dad_transmits", 1_000_000);
    let mut live = capturer();
    for _ in 0..BURSTS {
        let lines: Vec<_> = (0..12).map(|_| line(&mut random)).collect();
        told.done.extend(lines.iter().cloned());
        ip.run(&lines);
        for _ in 0..QUESTIONS {
            let question = question(&mut random);
            told.done.push(format!("preview {question}"));
            let selector: ProfileSelector = rows::selector(question.split(' '));
            let decision = decides_alike(&mut live, &selector);
            count(&mut tally, &capture(), &decision);
            told.done.pop();
        }
    }
    tally
}

#[test]
fn a_kept_capturer_decides_as_a_whole_snapshot_does() {
    let seed = seed();
    let _ = writeln!(io::stderr(), "BINDNET_SEED={seed}");
    let mut tally = Tally::new();
    let mut staged = false;
    for host in 0..HOSTS {
        if let Some(of_host) = run(|| play(seed, host)) {
            staged = true;
            for (what, count) in of_host {
                *tally.entry(what).or_default() += count;
            }
        }
    }
    let _ = writeln!(io::stderr(), "{tally:?}");
    for what in [
        "port",
        "vrrp-mac",
        "a NIC with the hardware address of a router",
        "no-carrier",
        "link-down",
        "tentative",
        "host-prefix-in-subnet",
        "host-prefix",
        "lease",
        "label",
    ] {
        // Nothing if no namespace can be made.
        assert!(!staged || tally.contains_key(what), "{what}: {tally:?}");
    }
}
