//! Recorded hosts: what the real Corosync 3.1.7 did on each, and what the selection functions of
//! eight releases picked from the addresses it had.

use bindnet_tests::{corosync, decided, netns, recorded, topology, totemip};

use std::net::IpAddr;

use bindnet::Snapshot;
use corosync::{Answer, Daemon, Setup, Transport};
use decided::{choice, plan, profile, selector};
use recorded::{cases, recorded, snapshot};
use serde_json::Value;
use topology::{Entry, Topology, array, listed, parse, text};
use totemip::{Pick, naive_pick};

#[test]
fn every_release_picks_as_recorded() {
    let (mut compared, mut none) = (0, 0);
    for case in cases() {
        let Some(picks) = case["picks"].as_object() else {
            continue;
        };
        let bindnet = parse(&case["bindnetaddr"]);
        let entries = recorded(&case);
        let snapshot = snapshot(&entries);
        assert_eq!(picks.len(), 8, "{case}");
        for (version, pick) in picks {
            let about = format!("{version} of {bindnet} in {case}");
            let expected = pick["address"].is_string().then(|| {
                let up = pick["interface_up"].as_bool();
                (parse(&pick["address"]), up)
            });
            let facts = |pick: Option<Pick>| pick.map(|pick| (pick.ip, pick.up));
            let decision = selector(profile(version), bindnet).decide(&snapshot);
            assert_eq!(facts(choice(&decision)), expected, "{about}");
            let version = version.trim_start_matches('v').replace("main", "3.1.10");
            let naive = naive_pick(&version, &entries, bindnet);
            assert_eq!(facts(naive), expected, "the naive rule: {about}");
            compared += 1;
            none += usize::from(expected.is_none());
        }
    }
    assert_eq!((compared, none), (352, 43));
}

#[test]
fn the_daemon_does_what_was_recorded_and_what_is_decided() {
    let Some(version) = corosync::controlled_version() else {
        return;
    };
    let (mut decided, mut refused) = (0, 0);
    for case in cases() {
        let read = corosync::run(|| assert_case(&version, &case));
        match read.expect("it ran a moment ago") {
            Some(_) => decided += 1,
            None => refused += 1,
        }
    }
    // A prefix, two families that are not asked for, a nodelist without this host.
    assert_eq!((decided, refused), (46, 4));
}

/// Builds the host of a case, and compares what the daemon does there with what was recorded and
/// with what is decided; returns the address that is looked for, if the file is not refused.
fn assert_case(version: &str, case: &Value) -> Option<IpAddr> {
    let (host, setup) = (Topology::of_case(case), setup(case));
    let about = format!("{}:\n{host}{setup}", case["name"]);
    assert_eq!(host.build(), [""; 0], "{about}");
    let before = listed();
    let mut daemon = Daemon::start(&setup);
    let answer = daemon.answer();
    let about = format!("{about}{}", corosync::tail(&corosync::log()));
    drop(daemon);
    assert_eq!(before, listed(), "the host does not hold still: {about}");
    let addresses = |entries: &[Entry]| -> Vec<_> {
        let facts = entries.iter().map(|e| (e.ip, e.prefix_len, e.up));
        facts.collect()
    };
    assert_eq!(addresses(&before), addresses(&recorded(case)), "{about}");
    assert_eq!(answer, observed(case), "{about}");

    let profile = profile(version);
    let by_netlink = netns::capture();
    let (bindnet, taken) = match plan(&setup, profile, &by_netlink) {
        Ok(planned) => planned,
        Err(error) => {
            assert!(matches!(answer, Answer::Error(_)), "{error}: {about}");
            return None;
        }
    };
    let naive = naive_pick(version, &before, bindnet);
    let expected = Answer::to(naive, &before, setup.transport);
    assert_eq!(answer, expected, "the naive rule: {about}");
    let decided = choice(&selector(profile, bindnet).decide(&by_netlink));
    assert_eq!(decided, naive, "{about}");
    let ip = decided.map(|pick| pick.ip);
    assert_eq!(taken, ip, "the link of corosync.conf: {about}");

    let by_getifaddrs = Snapshot::capture_by_getifaddrs().expect("getifaddrs(3)");
    let by_getifaddrs = choice(&selector(profile, bindnet).decide(&by_getifaddrs));
    // Of an address whose label is the name of no link it does not know the link.
    let expected = decided.map(|pick| Pick {
        up: pick
            .up
            .filter(|_| by_getifaddrs.is_none_or(|p| p.up.is_some())),
        index: pick
            .index
            .filter(|_| by_getifaddrs.is_none_or(|p| p.index.is_some())),
        ..pick
    });
    assert_eq!(by_getifaddrs, expected, "by getifaddrs: {about}");
    Some(bindnet)
}

fn setup(case: &Value) -> Setup {
    let transport = match text(&case["transport"]) {
        "udp" => Transport::Udp,
        "udpu" => Transport::Udpu,
        other => panic!("transport {other}"),
    };
    let bindnetaddr = case["bindnetaddr"].as_str();
    let mut setup = Setup::new(bindnetaddr.unwrap_or_default(), transport);
    setup.bindnetaddr = bindnetaddr.map(str::to_owned);
    if let Some(ip_version) = case["ip_version"].as_str() {
        setup.ip_version = Some(ip_version.to_owned());
    }
    if case["nodelist"].is_array() {
        let nodes = array(&case["nodelist"]).iter().filter_map(Value::as_object);
        let keys = nodes.map(|node| {
            let word = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
            let keys = node
                .iter()
                .map(|(key, value)| corosync::key(key, &word(value)));
            keys.collect()
        });
        setup.nodes = keys.collect();
    }
    setup
}

/// The recorded answer.
fn observed(case: &Value) -> Answer {
    let observed = &case["observed"];
    match text(&observed["event"]) {
        "up" => Answer::Bound(parse(&observed["address"])),
        "down" => Answer::Down,
        // Recorded was the end of its attempts.
        _ if text(&observed["error"]).contains("Cannot assign") => Answer::Refused,
        _ => Answer::Error(text(&observed["error"]).to_owned()),
    }
}
