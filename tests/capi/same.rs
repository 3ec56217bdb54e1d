//! The C API decides as the Rust API does: over the recorded hosts and over random ones, with the
//! options of both, the JSON is the same, and the structs say what the candidates say.

#![allow(unsafe_code)]

use std::ffi::c_int;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};

use bindnet_tests::{ask, extern_c, questions, recordings};

use ask::Ask;
use bindnet::corosync::{Profile, ProfileSelector};
use bindnet::snapshot::Name;
use bindnet::{Candidate, Decision, Snapshot};
use extern_c::*;
use nix::libc;
use proptest::prelude::*;
use questions::{case, config, odd_links};
use recordings::RECORDINGS;
use serde_json::Value;

/// BINDNET_NONE.
const NONE: c_int = 5;

/// The question for the C API.
fn asked(ask: &Ask, profile: Option<&str>, list_all: bool) -> Owned {
    let mut selector = Owned::selector(&ask.bindnetaddr());
    let handle = selector.0.as_ptr();
    // SAFETY: a handle that lives, and a number or room for one.
    let result = unsafe { bindnet_selector_strict(handle, ask.strict.into()) };
    assert_eq!(result, OK);
    // SAFETY: a handle that lives, and a number or room for one.
    let result = unsafe { bindnet_selector_list_all(handle, list_all.into()) };
    assert_eq!(result, OK);
    let (numbers, count) = (ask.protocols.as_ptr(), ask.protocols.len());
    // SAFETY: a handle that lives, and so many bytes.
    let result = unsafe { bindnet_selector_floating_protocols(handle, numbers, count) };
    assert_eq!(result, OK);
    for net in &ask.floating {
        selector.set(bindnet_selector_floating, &net.to_string());
    }
    for net in &ask.fixed {
        selector.set(bindnet_selector_fixed, &net.to_string());
    }
    for code in &ask.off {
        selector.set(bindnet_selector_without_rule, code);
    }
    if let Some(name) = &ask.interface {
        let name: Name = name.parse().unwrap();
        selector.set_bytes(bindnet_selector_interface, name.as_bytes());
    }
    if let Some((ip, zone)) = &ask.previous {
        let zone = zone.iter().map(|zone| format!("%{zone}"));
        selector.set(
            bindnet_selector_previous,
            &format!("{ip}{}", zone.collect::<String>()),
        );
    }
    if let Some(profile) = profile {
        selector.set(bindnet_selector_profile, profile);
    }
    selector
}

/// Requires that both say the same, and say it of the same structs.
fn same(decision: &Decision, by_c: &Owned) {
    assert_eq!(by_c.text(bindnet_decision_json), decision.to_json());
    assert_eq!(by_c.text(bindnet_decision_text), decision.to_string());
    assert_eq!(by_c.text(bindnet_decision_report), format!("{decision:#}"));
    let handle = by_c.0.as_ptr();
    let (mut outcome, mut ambiguous) = (-1, -1);
    // SAFETY: a handle that lives, and a number or room for one.
    let result = unsafe { bindnet_decision_outcome(handle, &raw mut outcome) };
    assert_eq!(result, OK);
    // SAFETY: a handle that lives, and a number or room for one.
    let result = unsafe { bindnet_decision_ambiguous(handle, &raw mut ambiguous) };
    assert_eq!(result, OK);
    let json: Value = serde_json::from_str(&decision.to_json()).unwrap();
    let outcomes = ["chosen", "none", "ambiguous"];
    assert_eq!(json["outcome"], outcomes[outcome as usize]);
    assert_eq!(ambiguous, c_int::from(decision.is_ambiguous()));

    let chosen = address(|to| {
        // SAFETY: a handle that lives, and room for a struct that says its size.
        unsafe { bindnet_decision_chosen(handle, to) }
    });
    assert_eq!(chosen.map(told), decision.chosen().map(expected));
    let mut rows = Vec::new();
    while let Some(row) = address(|to| {
        // SAFETY: the same.
        unsafe { bindnet_decision_candidate(handle, rows.len(), to) }
    }) {
        rows.push(told(row));
    }
    let listed = json["candidates"].as_array().unwrap().iter();
    let listed: Vec<_> = listed.map(|row| row["address"].as_str().unwrap()).collect();
    let ips: Vec<_> = rows.iter().map(|row| row.0.ip().to_string()).collect();
    assert_eq!(ips, listed);
    let all = decision.candidates().iter().chain(decision.others());
    let mut all: Vec<_> = all.map(expected).collect();
    all.sort();
    rows.sort();
    assert_eq!(rows, all);
}

/// What a function fills in, or none where it has none.
fn address(call: impl FnOnce(*mut Address) -> c_int) -> Option<Address> {
    // SAFETY: all bytes zero is a value of this struct of integers.
    let mut address: Address = unsafe { std::mem::zeroed() };
    address.size = size_of::<Address>();
    match call(&raw mut address) {
        OK => Some(address),
        result => {
            assert_eq!(result, NONE);
            None
        }
    }
}

/// An address for bind(2) with its length, the numbers of the struct, and its names.
type Told = (SocketAddr, usize, [i64; 5], [Vec<u8>; 2]);

fn told(address: Address) -> Told {
    let storage = &raw const address.address;
    let (socket, len) = match c_int::from(address.address.ss_family) {
        libc::AF_INET => {
            // SAFETY: the family says what it is.
            let v4 = unsafe { storage.cast::<libc::sockaddr_in>().read() };
            let ip = Ipv4Addr::from_bits(u32::from_be(v4.sin_addr.s_addr));
            let socket = SocketAddrV4::new(ip, u16::from_be(v4.sin_port));
            (socket.into(), size_of_val(&v4))
        }
        libc::AF_INET6 => {
            // SAFETY: the family says what it is.
            let v6 = unsafe { storage.cast::<libc::sockaddr_in6>().read() };
            let (ip, port) = (
                Ipv6Addr::from(v6.sin6_addr.s6_addr),
                u16::from_be(v6.sin6_port),
            );
            let socket = SocketAddrV6::new(ip, port, v6.sin6_flowinfo, v6.sin6_scope_id);
            (socket.into(), size_of_val(&v6))
        }
        family => panic!("family {family}"),
    };
    assert_eq!(address.address_len as usize, len);
    let numbers = [
        address.prefix_len.into(),
        address.interface_index.into(),
        address.link_up.into(),
        address.verdict.into(),
        address.reasons.into(),
    ];
    let name = |name: [u8; 16]| {
        let end = name.iter().position(|byte| *byte == 0).expect("a NUL");
        assert!(name[end..].iter().all(|byte| *byte == 0));
        name[..end].to_vec()
    };
    (
        socket,
        len,
        numbers,
        [name(address.interface_name), name(address.label)],
    )
}

/// The codes of the verdicts by their numbers, and of the reasons by their bits.
const VERDICTS: [&str; 7] = [
    "chosen",
    "outranked",
    "eligible",
    "floating",
    "unusable",
    "other-network",
    "other-family",
];
const REASONS: [&str; 20] = [
    "declared-floating",
    "declared-fixed",
    "label",
    "vrrp-mac",
    "address-protocol",
    "host-prefix-in-subnet",
    "deprecated-permanent",
    "temporary",
    "secondary",
    "deprecated",
    "newer-than-sibling",
    "loopback",
    "link-down",
    "tentative",
    "dadfailed",
    "previous",
    "host-prefix",
    "lease",
    "port",
    "no-carrier",
];

fn expected(candidate: &Candidate) -> Told {
    let socket = candidate.socket_addr(0);
    let at = |codes: &[&str], code: &str| {
        let at = codes.iter().position(|known| *known == code);
        at.unwrap_or_else(|| panic!("{code} has no number"))
    };
    let reasons = candidate.reasons();
    let bits = reasons
        .iter()
        .map(|reason| 1 << at(&REASONS, reason.code()));
    let numbers = [
        candidate.netmask().prefix_len().map_or(-1, i64::from),
        candidate.interface_index().map_or(0, i64::from),
        candidate.link_up().map_or(-1, i64::from),
        at(&VERDICTS, candidate.verdict().code()) as i64,
        bits.sum(),
    ];
    let names = [candidate.interface(), candidate.label()];
    let names = names.map(|name| name.map_or(Vec::new(), |name| name.as_bytes().to_vec()));
    let len = match socket {
        SocketAddr::V4(_) => size_of::<libc::sockaddr_in>(),
        SocketAddr::V6(_) => size_of::<libc::sockaddr_in6>(),
    };
    (socket, len, numbers, names)
}

/// Decides by both with every profile, on one snapshot.
fn same_for_every_profile(ask: &Ask, host: &Snapshot) {
    let by_c = Owned::snapshot(&host.to_json());
    assert_eq!(by_c.text(bindnet_snapshot_json), host.to_json());
    for profile in [
        None,
        Some("default"),
        Some("corosync"),
        Some("corosync:2.4.5"),
        Some("patched"),
    ] {
        for list_all in [true, false] {
            let rule: Profile = profile.unwrap_or("default").parse().unwrap();
            let selector = ProfileSelector::new(rule, ask.selector().list_all(list_all));
            let decision = Owned::decision(&asked(ask, profile, list_all), &by_c);
            same(&selector.decide(host), &decision);
        }
    }
}

#[test]
fn the_recorded_hosts() {
    let folder = bindnet_tests::package().join("tests/fixtures");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let json = std::fs::read(entry.unwrap().path()).unwrap();
        let json: Value = serde_json::from_slice(&json).unwrap();
        for member in ["snapshot", "ip_d_j_addr"] {
            let text = json[member].to_string();
            let host = Snapshot::from_json(text.as_bytes()).unwrap();
            // Read by both from the same text.
            assert_eq!(
                Owned::snapshot(&text).text(bindnet_snapshot_json),
                host.to_json()
            );
            for ask in questions_of(&json) {
                same_for_every_profile(&ask, &host);
            }
        }
        count += 1;
    }
    assert_eq!(count, RECORDINGS);
}

/// The bindnetaddrs of a recording, and some options for each of them.
fn questions_of(json: &Value) -> Vec<Ask> {
    let mut questions = Vec::new();
    for case in json["cases"].as_array().unwrap() {
        let text = case["bindnetaddr"].as_str().unwrap();
        let (ip, prefix) = text.split_once('/').unwrap_or((text, ""));
        let mut ask = Ask::new(ip.parse().unwrap());
        ask.prefix_len = prefix.parse().ok();
        questions.push(ask.clone());
        questions.push(Ask {
            strict: true,
            ..ask.clone()
        });
        questions.push(Ask {
            off: vec!["label"],
            ..ask.clone()
        });
        questions.push(Ask {
            interface: Some("eth0".to_owned()),
            ..ask.clone()
        });
        let known = case["fixed"][0].as_str().or(case["floating"][0].as_str());
        let Some(known) = known.map(|ip| ip.parse::<IpAddr>().unwrap()) else {
            continue;
        };
        questions.push(Ask {
            previous: Some((known, None)),
            ..ask.clone()
        });
        questions.push(Ask {
            floating: vec![known.into()],
            ..ask
        });
    }
    questions
}

proptest! {
    #![proptest_config(config(300))]

    #[test]
    fn random_hosts((host, ask) in case()) {
        same_for_every_profile(&ask, &host.snapshot());
    }
    /// The name of an interface and the text of an address go in again as they came out, and are of
    /// the same interface.
    #[test]
    fn what_came_out_goes_in_again(host in odd_links()) {
        let by_c = Owned::snapshot(&host.to_json());
        for link in host.links() {
            let mut on_link = Owned::selector("fe80::");
            on_link.set_bytes(bindnet_selector_interface, link.name().as_bytes());
            let chosen = chosen(&on_link, &by_c);
            prop_assert_eq!(chosen.interface_index, link.index());

            let text = address_text(&chosen);
            let [name, _] = told(chosen).3;
            let mut again = Owned::selector("192.0.2.0");
            again.set_bytes(bindnet_selector_interface, &name);
            let mut after = Owned::selector("fe80::");
            after.set(bindnet_selector_previous, &text);
            for selector in [again, after] {
                let index = self::chosen(&selector, &by_c).interface_index;
                prop_assert_eq!(index, link.index(), "{:?} {}", name, text);
            }
        }
    }
}

/// The choice of a selector on a host.
fn chosen(selector: &Owned, host: &Owned) -> Address {
    let decision = Owned::decision(selector, host);
    let chosen = address(|to| {
        // SAFETY: a handle that lives, and room for a struct that says its size.
        unsafe { bindnet_decision_chosen(decision.0.as_ptr(), to) }
    });
    chosen.expect("a choice")
}

/// A caller may declare many networks, one by one: none before is copied.
#[test]
fn declaring_one_more_costs_the_same_whatever_is_declared() {
    let mut selector = Owned::selector("10.0.0.0");
    let declare = |selector: &mut Owned, from: u32, count: u32| {
        for at in from..from + count {
            let net = Ipv4Addr::from_bits(0x0a00_0000 + at).to_string();
            selector.set(bindnet_selector_floating, &net);
        }
    };
    let mut cost = |from| {
        let info = allocation_counter::measure(|| declare(&mut selector, from, 1_000));
        info.bytes_total
    };
    let few = cost(0);
    for at in 1..10 {
        let _ = cost(1_000 * at);
    }
    let many = cost(10_000);
    assert!(many < 2 * few, "{few} bytes, then {many}");
}
