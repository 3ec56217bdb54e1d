//! A random corosync.conf: if the real Corosync starts with it, it binds on every link what the
//! plan says. If the plan refuses it, which is for the addresses of links alone, Corosync does, too;
//! and what Corosync refuses of these the plan refuses.
//!
//! `BINDNET_SEED` repeats a run.

use bindnet_tests::{
    by_chance, corosync, decided, netns, outcome, random, random_conf, random_host, topology,
};

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::time::Instant;

use bindnet::corosync::{Conf, Hosts, Interface, Plan, Transport};
use bindnet::{Selector, Snapshot};
use by_chance::{Tally, on_hosts, require};
use corosync::{Answer, NODE};
use decided::{choice, profile, selector};
use nix::mount::{MsFlags, mount};
use nix::unistd::sethostname;
use outcome::{Outcome, PATIENCE, ask, ask_until_it_ends};
use random::Random;
use random_conf::{REST, RandomConf};
use random_host::RandomHost;
use topology::{Topology, listed};

/// How many hosts a run makes, and how many files it writes for each.
const HOSTS: usize = 120;
const CONFS: usize = 4;

/// How often something must come about at least in a run; most do three times as often. A run that
/// shows little proves little.
const VARIETY: [(&str, usize); 47] = [
    ("knet, unwritten", 25),
    ("knet, written", 50),
    ("udp", 25),
    ("udpu", 25),
    ("several links", 50),
    ("1 node", 25),
    ("2 nodes", 25),
    ("3 nodes", 25),
    ("4 nodes", 25),
    ("ip_version ipv4", 10),
    ("ip_version ipv6", 10),
    ("ip_version ipv4-6", 10),
    ("ip_version ipv6-4", 10),
    ("no ip_version", 50),
    ("local: the host's name", 25),
    ("local: without domain", 5),
    ("local: with another domain", 5),
    ("local: an alias", 3),
    ("local: the name of an address", 3),
    ("local: its short form", 3),
    ("local: an address", 3),
    ("local: a name elsewhere", 3),
    ("local: another name", 8),
    ("local: no name", 15),
    ("bindnetaddr by name", 3),
    ("bindnetaddr beside a nodelist", 15),
    ("ringX_addr by name", 20),
    ("ringX_addr of a neighbour", 20),
    ("ringX_addr elsewhere", 20),
    ("odd spacing and comments", 50),
    ("knet: taken", 20),
    ("knet: several links taken", 10),
    ("knet: not an address of this host", 15),
    ("bound", 10),
    ("down or exit", 5),
    ("refused: No valid name found for local host", 20),
    ("refused: failed to parse bindnet address", 6),
    ("plan refused", 40),
    ("mcastaddr", 40),
    ("broadcast", 3),
    ("a cipher", 3),
    ("no cluster_name", 5),
    ("refused: failed to parse mcast address", 8),
    ("not read, and refused", 25),
    ("not read, and refused on knet", 10),
    ("not read, and refused on udp", 2),
    ("not read, and refused on udpu", 1),
];

#[test]
fn the_daemon_takes_a_file_as_its_plan_says() {
    let Some(version) = corosync::controlled_version() else {
        return;
    };
    if corosync::run(control).is_none() {
        return;
    }
    let tally = on_hosts(HOSTS, |seed, at| {
        let mut tally = Tally::new();
        for what in on_a_host(&version, seed, at) {
            *tally.entry(what).or_default() += 1;
        }
        tally
    });
    require(&tally, &VARIETY);
}

/// Without it no other answer is believed: a file that is taken on knet, with a name that only our
/// hosts file has, and one that is refused.
fn control() {
    hide_names();
    fs::write("/run/hosts", "192.0.2.7 only-here\n").expect("a file in /run");
    let conf = |ring0_addr: &str| {
        let node = format!("node {{\nname: {NODE}\nnodeid: 1\nring0_addr: {ring0_addr}\n}}\n}}\n");
        let rest = REST.join("\n");
        format!("totem {{\nversion: 2\n}}\nnodelist {{\n{node}{rest}\n")
    };
    let taken = BTreeMap::from([(0, Some([192, 0, 2, 7].into()))]);
    assert_eq!(ask(&conf("only-here")), Outcome::Knet(taken));
    let started = Instant::now();
    let refused = "failed to parse bindnet address 'nowhere'".to_owned();
    assert_eq!(ask(&conf("nowhere")), Outcome::Refused(refused));
    assert!(started.elapsed() < PATIENCE / 5, "a name server is asked");
}

/// Names are those of the files alone: no name server is in reach.
fn hide_names() {
    let nothing = None::<&str>;
    for (path, text) in [
        ("/etc/hosts", ""),
        ("/etc/resolv.conf", ""),
        ("/etc/nsswitch.conf", "hosts: files\n"),
    ] {
        let own = path.replace("/etc", "/run");
        fs::write(&own, text).expect("a file in /run");
        if let Err(errno) = mount(Some(own.as_str()), path, nothing, MsFlags::MS_BIND, nothing) {
            netns::skip(format!("mount --bind {own} {path}: {errno}"));
        }
    }
}

fn on_a_host(version: &str, seed: u64, at: usize) -> Vec<String> {
    hide_names();
    let mut random = Random::new(seed, at as u64);
    let host = RandomHost::new(&mut random);
    host.topology.build();
    let confs = (0..CONFS).map(|_| RandomConf::new(&mut random, &host));
    let confs: Vec<_> = confs.collect();
    let compare = |conf| compare(version, &host.topology, conf);
    confs.iter().flat_map(compare).collect()
}

/// Requires that daemon and plan agree on the addresses of a file; says of what kinds it was.
fn compare(version: &str, topology: &Topology, conf: &RandomConf) -> BTreeSet<String> {
    fs::write("/run/hosts", &conf.hosts).expect("a file in /run");
    sethostname(conf.hostname).expect("a host name");
    let host = netns::capture();
    let hosts = Hosts::parse(conf.hosts.as_bytes());
    let read = Conf::parse(conf.text.as_bytes()).expect("no line of it is odd");
    let plan = read.plan(profile(version), &host, &hosts);
    let outcome = match &plan {
        Err(_) if ends(&read) => ask_until_it_ends(&conf.text),
        _ => ask(&conf.text),
    };

    let mut kinds: BTreeSet<_> = conf.kinds.iter().map(|&kind| kind.to_owned()).collect();
    kinds.insert(kind_of(&outcome, &host));
    if matches!(&outcome, Outcome::Knet(links) if links.len() > 1) {
        kinds.insert("knet: several links taken".to_owned());
    }
    let agree = match (&plan, &outcome) {
        // What it refuses beside the addresses of links we do not read.
        (Ok(plan), outcome) if is_unread(&read, outcome) => {
            let what = "not read, and refused";
            kinds.insert(what.to_owned());
            kinds.insert(format!("{what} on {}", plan.transport()));
            true
        }
        // Another node has a name that a name server could know; none is in reach.
        (Ok(plan), Outcome::Refused(why)) if asks_dns(plan) => {
            kinds.insert("laxer: a name for DNS".to_owned());
            why.contains("failed to parse node address")
        }
        (Ok(plan), outcome) => match (planned(plan, &host), outcome) {
            (Outcome::Knet(planned), Outcome::Knet(links)) => {
                // An interface section alone makes a link that has nothing to be planned.
                let mut own = links.clone();
                own.retain(|number, ip| ip.is_some() || planned.contains_key(number));
                if own.len() < links.len() {
                    kinds.insert("a link without an address left out".to_owned());
                }
                own == planned
            }
            (planned, outcome) => planned == *outcome,
        },
        (Err(_), Outcome::Refused(_)) => true,
        (Err(_), outcome) => {
            let stricter = stricter(&read, outcome);
            kinds.extend(stricter.map(str::to_owned));
            stricter.is_some()
        }
    };
    if plan.is_err() {
        kinds.insert("plan refused".to_owned());
    }
    assert!(
        agree,
        "the daemon: {outcome:?}\nthe plan: {:?}\n{topology}hostname {}\n# /etc/hosts\n{}\n{}\n{}",
        plan.map(|plan| planned(&plan, &host)),
        conf.hostname,
        conf.hosts,
        conf.text,
        corosync::tail(&corosync::log()),
    );
    kinds
}

/// Whether the daemon does not start for a reason that has nothing to do with the addresses of
/// links: a plan says nothing of it.
fn is_unread(conf: &Conf, outcome: &Outcome) -> bool {
    let why = match outcome {
        Outcome::Refused(why) => why,
        // An IPv6 group that is none, or a broadcast over IPv6, is refused by the kernel.
        Outcome::Only(Answer::Error(why)) => {
            let written = |interface: &Interface| interface.get("mcastaddr").is_some();
            let group = conf.interfaces().iter().any(written);
            return group && why.contains("Unable to create sockets");
        }
        _ => return false,
    };
    let unread = [
        "failed to parse mcast address",
        "mcastaddr is not a correct multicast address",
        "Multicast address family does not match",
        "No multicast address specified",
        "crypto_",
        "/etc/corosync/authkey",
        "appears twice in corosync.conf",
        "requires an explicit nodeid",
        "requires that a node ID be specified",
        "all nodes must have a 'name' attribute",
    ];
    unread.iter().any(|reason| why.contains(reason))
}

/// Whether a plan warns of a name that it does not ask DNS for.
fn asks_dns(plan: &Plan) -> bool {
    let mut warnings = plan.warnings().iter();
    warnings.any(|warning| warning.contains("Corosync would ask DNS"))
}

/// What we refuse and the daemon does not, and which of these it is.
fn stricter(conf: &Conf, outcome: &Outcome) -> Option<&'static str> {
    match outcome {
        // An interface section with a port, say, makes a link without any address. On knet it
        // talks to nobody, on udpu the daemon finds nothing to bind and exits, and on udp, where
        // that is because there is no link 0, it runs without a socket.
        Outcome::Knet(links) => {
            let none = links.values().all(Option::is_none);
            none.then_some("stricter: a link without an address on knet")
        }
        Outcome::Only(Answer::Exit) => Some("stricter: nothing to bind on udpu"),
        Outcome::Only(Answer::Unclear(_)) => Some("stricter: nothing to bind on udp"),
        // It takes the file, may even bind, and does not survive that.
        Outcome::Ended if ends(conf) => Some("stricter: the daemon soon ends"),
        _ => None,
    }
}

/// Whether the daemon looks at no node, even where it starts: it does not know who it is, and is
/// aborted by an assertion, or finds nothing to bind.
fn ends(conf: &Conf) -> bool {
    let first = conf.nodes().first();
    first.is_some_and(|first| first.get("name").or(first.get("ring0_addr")).is_none())
}

/// What a plan says will come of it.
fn planned(plan: &Plan, host: &Snapshot) -> Outcome {
    let default = Selector::new("192.0.2.0".parse().expect("a bindnetaddr"));
    let decisions = plan.decide(host, &default);
    let transport = match plan.transport() {
        Transport::Udp => corosync::Transport::Udp,
        Transport::Udpu => corosync::Transport::Udpu,
        _ => {
            let links = decisions.iter();
            let links = links.map(|link| (link.link.number(), link.corosync.address));
            return Outcome::Knet(links.collect());
        }
    };
    let [decision] = decisions.as_slice() else {
        panic!("one link on {transport:?}, not {decisions:?}");
    };
    let profile = profile(&plan.version().to_string());
    let pick = choice(&selector(profile, decision.link.address().ip).decide(host));
    let taken = decision.corosync.address;
    assert_eq!(pick.map(|pick| pick.ip), taken, "{decision:?}");
    Outcome::Only(Answer::to(pick, &listed(), transport))
}

/// What came of it, for the count.
fn kind_of(outcome: &Outcome, host: &Snapshot) -> String {
    let kind = match outcome {
        Outcome::Refused(why) => {
            let why = why.trim_start_matches("parse error in config: ");
            let words = why.split(['\'', '(']).next().unwrap_or(why);
            let words = words.trim_end_matches(|c: char| !c.is_alphabetic());
            let known = VARIETY.iter().map(|(kind, _)| *kind);
            let mut known = known.filter_map(|kind| kind.strip_prefix("refused: "));
            let kind = known.find(|kind| why.starts_with(kind)).unwrap_or(words);
            return format!("refused: {kind}");
        }
        Outcome::Knet(links) => {
            let here = |ip: &IpAddr| host.addresses().any(|address| address.ip() == *ip);
            match links.values().flatten().all(here) {
                true => "knet: taken",
                false => "knet: not an address of this host",
            }
        }
        Outcome::Only(Answer::Bound(_)) => "bound",
        Outcome::Only(Answer::Down | Answer::Exit) => "down or exit",
        Outcome::Only(other) => return format!("{other:?}"),
        Outcome::Ended => "soon ended",
    };
    kind.to_owned()
}
