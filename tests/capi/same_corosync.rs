//! The C API reads a corosync.conf as the Rust API does: over the recorded hosts and over random
//! files, the plans are the same, or the refusals.

#![allow(unsafe_code)]

use std::ffi::c_int;

#[allow(dead_code)] // It counts kinds, too.
use bindnet::corosync::{Conf, Hosts, IpVersion, Profile, ProfileSelector, read_address};
use bindnet::{About, Address, Declared, Link, Selector, Snapshot, parse_net};
use bindnet_tests::{extern_c, random, random_conf, random_host, recorded};
use extern_c::*;
use ipnet::IpNet;
use random::Random;
use random_conf::RandomConf;
use random_host::RandomHost;
use serde_json::Value;

/// BINDNET_INVALID, BINDNET_NONE and BINDNET_AGAIN.
const INVALID: c_int = 1;
const NONE: c_int = 5;
const AGAIN: c_int = 7;

/// Of every age, by their names in both APIs.
const PROFILES: [&str; 6] = [
    "default",
    "patched",
    "corosync:1.4.7",
    "corosync:2.4.2",
    "corosync:2.4.6",
    "corosync:3.1.7",
];

/// The name of every host, and names that its hosts file knows.
const NODE: &str = "node1";
const HOSTS: &str = "127.0.0.1 localhost\n192.168.1.10 fixed\n192.168.1.0 net\n";

/// How a file ended with a profile.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    planned: usize,
    differing: usize,
    of_another_host: usize,
    refused: usize,
}

/// Reads and plans a file by both, with every profile.
fn same(text: &str, names: &str, host: &Snapshot, tally: &mut Tally) {
    let read = match (Conf::parse(text.as_bytes()), Owned::conf(text)) {
        (Ok(conf), Ok(by_c)) => (conf, by_c),
        (Err(error), Err(by_c)) => {
            assert_eq!(by_c, (INVALID, error.to_string()));
            tally.refused += 1;
            return;
        }
        (rust, by_c) => panic!("{rust:?}, {}: {text}", by_c.is_ok()),
    };
    let host_by_c = Owned::snapshot(&host.to_json());
    for profile in PROFILES {
        same_plan(
            (&read.0, &read.1),
            profile,
            (host, &host_by_c),
            names,
            tally,
        );
    }
}

fn same_plan(
    conf: (&Conf, &Owned),
    profile: &str,
    host: (&Snapshot, &Owned),
    names: &str,
    tally: &mut Tally,
) {
    // What it is asked for is of no account; all else is.
    let floating = "192.168.1.20";
    let declared = Declared::new([parse_net(floating).unwrap()], []).unwrap();
    let selector = Selector::new("203.0.113.0".parse().unwrap()).declared(declared);
    let mut asked = Owned::selector("203.0.113.0");
    asked.set(bindnet_selector_floating, floating);
    asked.set(bindnet_selector_profile, profile);

    let profile: Profile = profile.parse().unwrap();
    let planned = conf
        .0
        .plan(profile, host.0, &Hosts::parse(names.as_bytes()));
    let (plan, by_c) = match (planned, Owned::plan(conf.1, &asked, host.1, names)) {
        (Ok(plan), Ok(by_c)) => (plan, by_c),
        (Err(error), Err(by_c)) => {
            let (result, count) = match error.is_of_this_host() {
                true => (AGAIN, &mut tally.of_another_host),
                false => (INVALID, &mut tally.refused),
            };
            assert_eq!(by_c, (result, error.to_string()));
            *count += 1;
            return;
        }
        (rust, by_c) => panic!("{rust:?}, {}", by_c.is_ok()),
    };
    tally.planned += 1;
    let links = plan.decide(host.0, &selector);
    let json = by_c.text_by(|plan, to, size, needed| {
        // SAFETY: a handle that lives, a text with a NUL, a buffer of this size, room for a number.
        unsafe { bindnet_plan_json(plan, c"a.conf".as_ptr(), to, size, needed) }
    });
    assert_eq!(json, plan.to_json("a.conf", &links));
    for (place, link) in links.iter().enumerate() {
        let (number, decision) = by_c.link(place).unwrap();
        assert_eq!(number, link.link.number());
        assert_eq!(
            decision.text(bindnet_decision_json),
            link.decision.to_json()
        );
        let mut differs = -1;
        // SAFETY: a handle that lives, and room for a number.
        let result = unsafe { bindnet_plan_differs(by_c.0.as_ptr(), place, &raw mut differs) };
        assert_eq!((result, differs), (OK, link.differs().into()));
        tally.differing += usize::from(link.differs());
        let taken = by_c.text_by(|plan, to, size, needed| {
            // SAFETY: a handle that lives, a buffer of this size and room for a number.
            unsafe { bindnet_plan_corosync_text(plan, place, to, size, needed) }
        });
        assert_eq!(taken, link.corosync.explanation);
    }
    let behind = by_c.link(links.len()).map(|(number, _)| number);
    assert_eq!(behind.unwrap_err().0, NONE);
}

/// A bindnetaddr as Corosync reads it, by both: the same rule for the same address.
fn same_address(text: &str, names: &str, host: &Snapshot) -> bool {
    let hosts = Hosts::parse(names.as_bytes());
    let by_c = Owned::selector_of_corosync(text, names);
    let read = match read_address(text, IpVersion::Any, &hosts) {
        Ok(read) => read.bindnet().map_err(|error| error.to_string()),
        Err(problem) => Err(format!("bindnetaddr {problem}")),
    };
    match (read, by_c) {
        (Ok(bindnet), Ok(by_c)) => {
            let selector = ProfileSelector::new(Profile::Corosync(None), Selector::new(bindnet));
            let by_c = Owned::decision(&by_c, &Owned::snapshot(&host.to_json()));
            let decision = selector.decide(host);
            assert_eq!(by_c.text(bindnet_decision_json), decision.to_json());
            true
        }
        (Err(words), Err(by_c)) => {
            assert_eq!(by_c, (INVALID, words));
            false
        }
        (read, by_c) => panic!("{text:?}: {read:?}, {}", by_c.is_ok()),
    }
}

/// The same host by this name.
fn named(host: Snapshot, name: &str) -> Snapshot {
    let mut about = host.about().clone();
    about.hostname = Some(name.to_owned());
    host.with_about(about)
}

/// Files that mean an address, or a network, on each transport.
fn files(text: &str) -> [String; 5] {
    let totem = "totem {\nversion: 2\ncluster_name: c\n";
    let interface = format!("interface {{\nbindnetaddr: {text}\n}}\n}}\n");
    let name = format!("nodelist {{\nnode {{\nname: {NODE}\nnodeid: 1\n");
    let ring = format!("ring0_addr: {text}\n}}\n}}\n");
    [
        format!("{totem}transport: udp\n{interface}{name}}}\n}}\n"),
        format!("{totem}transport: udpu\n{interface}{name}}}\n}}\n"),
        format!("{totem}transport: udpu\n}}\n{name}{ring}"),
        format!("{totem}}}\n{name}{ring}"),
        format!("{totem}}}\nnodelist {{\nnode {{\nname: stranger\nnodeid: 1\n{ring}"),
    ]
}

#[test]
fn the_recorded_hosts() {
    let mut tally = Tally::default();
    let folder = bindnet_tests::package().join("tests/fixtures");
    for entry in std::fs::read_dir(folder).unwrap() {
        let json = std::fs::read(entry.unwrap().path()).unwrap();
        let json: Value = serde_json::from_slice(&json).unwrap();
        let host = Snapshot::from_json(json["snapshot"].to_string().as_bytes()).unwrap();
        let host = named(host, NODE);
        for case in json["cases"].as_array().unwrap() {
            for text in [&case["bindnetaddr"], &case["fixed"][0]] {
                let text = text.as_str().unwrap();
                same_address(text, HOSTS, &host);
                for file in files(text) {
                    same(&file, HOSTS, &host, &mut tally);
                }
            }
        }
    }
    assert!(tally.planned > 500 && tally.differing > 50, "{tally:?}");
    assert!(
        tally.of_another_host > 50 && tally.refused > 50,
        "{tally:?}"
    );
}

#[test]
fn the_recorded_cases_of_corosync() {
    let (mut tally, mut read) = (Tally::default(), 0);
    for case in recorded::cases() {
        let host = named(recorded::snapshot(&recorded::recorded(&case)), NODE);
        let Some(text) = case["bindnetaddr"].as_str() else {
            continue;
        };
        for text in [text, "fixed", "net", "nobody", "", "::ffff:192.0.2.1"] {
            read += usize::from(same_address(text, HOSTS, &host));
            for file in files(text) {
                same(&file, HOSTS, &host, &mut tally);
            }
        }
    }
    assert!(read > 100, "{read}");
    assert!(tally.planned > 500 && tally.differing > 50, "{tally:?}");
}

/// As random tests do that ask the real Corosync; `BINDNET_SEED` repeats a run.
#[test]
fn random_files() {
    let seed = random::seed();
    println!("BINDNET_SEED={seed}");
    let mut tally = Tally::default();
    for run in 0..200 {
        let mut random = Random::new(seed, run);
        let added = RandomHost::new(&mut random);
        for _ in 0..4 {
            let conf = RandomConf::new(&mut random, &added);
            let host = named(snapshot(&mut random, &added), conf.hostname);
            same(&conf.text, &conf.hosts, &host, &mut tally);
        }
    }
    assert!(tally.planned > 400 && tally.refused > 100, "{tally:?}");
    assert!(tally.of_another_host > 100, "{tally:?}");
}

/// The addresses on links by chance, without asking a kernel.
fn snapshot(random: &mut Random, host: &RandomHost) -> Snapshot {
    let links = ["lo", "eth0", "eth1"].into_iter().zip(1..);
    let links: Vec<_> = links
        .map(|(name, index)| Link::new(index, name.parse().unwrap()))
        .collect();
    let addresses = host.added.iter().map(|added| {
        let net = IpNet::new(added.ip, added.prefix_len).unwrap();
        let address = Address::new(net, 2 + random.below(2) as u32);
        match random.percent(20) {
            true => address.with_label("eth0:vip".parse().unwrap()),
            false => address,
        }
    });
    let addresses: Vec<_> = addresses.collect();
    let host = Snapshot::new(links, addresses).unwrap();
    host.with_about(About::default())
}
