//! A law over all outputs: whatever bytes an input has, no character that a terminal would obey, hide
//! or reorder ever leaves the library or a program.

use bindnet_tests::{extern_c, hostile};

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

use bindnet::audit::Audit;
use bindnet::choice::{State, Tracker};
use bindnet::conflict::{ConflictReport, Detection, Inconclusive, Notice, Target};
use bindnet::corosync::{Conf, Hosts, IpVersion, Profile, ProfileSelector, Version, read_address};
use bindnet::fleet::{self, Fleet};
use bindnet::rule::{Evidence, ScopedAddr, parse_net};
use bindnet::snapshot::{About, HardwareAddress, LinkFlags, Name, Scope};
use bindnet::testing::commands;
use bindnet::{Address, BindnetAddr, Decision, Link, Selector, Snapshot, StateFile};
use proptest::prelude::*;

use hostile::{assert_clean, assert_clean_json, bytes, text};

/// A name of at most 15 bytes out of hostile ones.
fn name(bytes: &[u8]) -> Name {
    let bytes: Vec<u8> = bytes.iter().copied().filter(|b| *b != 0).collect();
    let bytes = bytes.get(..Name::MAX_LEN).unwrap_or(&bytes);
    Name::from_bytes(bytes).unwrap_or_else(|_| "e".parse().unwrap())
}

/// A host on which every text is hostile.
fn host(names: &[Vec<u8>], text: &str) -> Snapshot {
    let links = (1u32..).zip(names).map(|(index, bytes)| {
        let link = Link::new(index, name(bytes)).with_kind(text);
        link.with_flags(LinkFlags::UP | LinkFlags::RUNNING)
    });
    let address = |net: &str, index: u32| Address::new(net.parse().unwrap(), index);
    let label = |at: usize| name(&[b":", names[at].as_slice()].concat());
    let addresses = [
        address("192.0.2.20/24", 1).with_label(label(0)),
        address("192.0.2.10/24", 1).with_label(label(1)),
        address("192.0.2.30/24", 2).with_scope(Scope::GLOBAL),
        address("2001:db8::1/64", 2),
        address("fe80::1/64", 1),
        address("fe80::1/64", 2),
    ];
    let mut about = About::default();
    about.hostname = Some(text.to_owned());
    about.captured_at = Some(text.to_owned());
    about.kernel = Some(text.to_owned());
    Snapshot::new(links, addresses).unwrap().with_about(about)
}

fn about_decision(decision: &Decision) {
    assert_clean(&decision.to_string());
    assert_clean(&format!("{decision:#}"));
    assert_clean(&format!("{decision:?}"));
    decision
        .warnings()
        .iter()
        .for_each(|text| assert_clean(text));
    for advice in decision.advice() {
        assert_clean(&advice.setting.value());
        assert_clean(&advice.setting.to_string());
        assert_clean(&advice.why);
    }
    assert_clean_json(&decision.to_json());
}

/// Questions that find one address, several, none, and links by their names.
fn selectors(host: &Snapshot) -> Vec<ProfileSelector> {
    let zone = host.links()[0].name().to_string();
    let zoned: Option<BindnetAddr> = format!("fe80::1%{zone}").parse().ok();
    let mut bindnets: Vec<BindnetAddr> = ["192.0.2.0", "192.0.2.83", "198.51.100.1", "fe80::1"]
        .iter()
        .map(|text| text.parse().unwrap())
        .collect();
    bindnets.extend(zoned);
    let mut selectors: Vec<_> = bindnets.into_iter().map(Selector::new).collect();
    let missing = name(b"\x1b\xc2\x9b\xe2\x80\xae");
    let first = || selectors[0].clone();
    let more = [
        first().list_all(true),
        first().interface(host.links()[1].name().into()),
        first().interface(missing.into()),
        first().previous(format!("fe80::1%{missing}").parse().unwrap()),
    ];
    selectors.extend(more);
    let corosync = |profile| ProfileSelector::new(profile, selectors[0].clone());
    let corosync = [Profile::Corosync(None), Profile::Patched].map(corosync);
    let ours = selectors.iter().cloned().map(ProfileSelector::from);
    ours.chain(corosync).collect()
}

fn refusals(text: &str) {
    let clean = |error: Option<String>| assert_clean(&error.unwrap_or_default());
    for text in [
        text.to_owned(),
        format!("192.0.2.10/{text}"),
        format!("192.0.2.0{text}/24"),
        format!("192.0.2.{text}"),
        format!("0{text}.1"),
        format!("fe80::1%{text}"),
        format!("fe80::1%{text}/64"),
        format!("fe80::/64%{text}"),
        format!("fe80::1/{text}%eth0"),
        format!("fe80::1/x%{text}"),
    ] {
        clean(text.parse::<BindnetAddr>().err().map(|e| e.to_string()));
        clean(text.parse::<BindnetAddr>().ok().map(|b| b.to_string()));
        clean(text.parse::<ScopedAddr>().err().map(|e| e.to_string()));
        clean(text.parse::<ScopedAddr>().ok().map(|a| a.to_string()));
        clean(parse_net(&text).err().map(|e| e.to_string()));
        for version in [IpVersion::Any, IpVersion::V4] {
            let read = read_address(&text, version, &Hosts::default());
            clean(read.err().map(|e| e.to_string()));
        }
    }
    clean(text.parse::<Name>().err().map(|e| e.to_string()));
    clean(text.parse::<Profile>().err().map(|e| e.to_string()));
    let profile = format!("corosync:{text}");
    clean(profile.parse::<Profile>().err().map(|e| e.to_string()));
    clean(text.parse::<Version>().err().map(|e| e.to_string()));
    clean(text.parse::<IpVersion>().err().map(|e| e.to_string()));
    clean(text.parse::<Evidence>().err().map(|e| e.to_string()));
    clean(text.parse::<Scope>().err().map(|e| e.to_string()));
    clean(text.parse::<HardwareAddress>().err().map(|e| e.to_string()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(hostile::cases()))]

    #[test]
    fn of_a_host(names in [bytes(), bytes()], text in text()) {
        let host = host(&names, &text);
        assert_clean_json(&host.to_json());
        prop_assert_eq!(Snapshot::from_json(host.to_json().as_bytes()).unwrap(), host.clone());
        assert_clean(&format!("{host:?}"));
        assert_clean(&commands::for_host(&host));
        for selector in selectors(&host) {
            let decision = selector.decide(&host);
            about_decision(&decision);
            if let Some(audit) = Audit::of(&selector, &host) {
                assert_clean(&audit.to_string());
                assert_clean(&audit.summary());
                assert_clean_json(&serde_json::to_string(&audit).unwrap());
            }
            let mut state = format!("bindnet-state/1\nbindnetaddr {} address ", decision.bindnet());
            if let Some(chosen) = decision.chosen() {
                let target = Target::of(chosen).unwrap();
                let said = Notice::Detection(Detection::Inconclusive(Inconclusive::NotAsked(text.clone())));
                let report = ConflictReport::new(&target, chosen.interface(), said, Duration::ZERO);
                assert_clean(&report.to_string());
                assert_clean_json(&report.to_json());
                let zone = bindnet::rule::Zone::from(chosen.interface().unwrap());
                writeln!(state, "{} interface {zone}\nend", chosen.ip()).unwrap();
                assert_clean(&State::parse(state.as_bytes()).unwrap().to_string());
            }
        }
    }

    #[test]
    fn of_events(before in [bytes(), bytes()], after in [bytes(), bytes()], text in text()) {
        let (before, after) = (host(&before, &text), host(&after, &text));
        let mut tracker = Tracker::new(Selector::new("192.0.2.0".parse().unwrap()));
        for host in [&before, &after, &Snapshot::default(), &before] {
            if let Some(event) = tracker.update(host) {
                assert_clean(&event.to_string());
                assert_clean_json(&event.to_json(0));
            }
        }
    }

    #[test]
    fn of_what_cannot_be_read(text in text(), bytes in bytes()) {
        refusals(&text);
        let mut state = b"bindnet-state/1\n".to_vec();
        state.extend(&bytes);
        state.extend(b"\nend\n");
        for line in [state, bytes.clone(), format!("bindnet-state/1\nbindnetaddr {text} x").into()] {
            if let Err(error) = State::parse(&line) {
                assert_clean(&error.to_string());
            }
        }
        let file = StateFile::new(Path::new("/nonexistent").join(OsStr::from_bytes(&bytes)));
        if let Err(error) = file.read(&"192.0.2.0".parse().unwrap()) {
            assert_clean(&error.to_string());
        }
    }

    /// Each text of a snapshot, and of the output of `ip -j addr`, in turn.
    #[test]
    fn of_json(text in text()) {
        let own = r#"{"format":"bindnet-snapshot/1","source":"netlink","consistency":null,"hostname":"?",
            "links":[{"index":2,"name":"eth0","flags":["up"],"mac":"02:00:00:00:00:01","kind":"?"}],
            "addresses":[{"interface_index":2,"address":"192.0.2.10","prefix_len":24,"label":"eth0",
                          "scope":"global","flags":["permanent"],"peer":"192.0.2.11"}]}"#;
        let ip = r#"[{"ifindex":2,"ifname":"eth0","flags":["UP"],"link_type":"ether","address":"x",
            "linkinfo":{"info_kind":"veth"},"master":"br0","addr_info":[{"family":"inet",
            "local":"192.0.2.10","prefixlen":24,"scope":"global","label":"eth0","protocol":"x",
            "ifa_flags":"80"}]}]"#;
        let hostile = serde_json::to_string(&text).unwrap();
        for json in [own, ip] {
            let parts: Vec<&str> = json.split('"').collect();
            for at in (1..parts.len()).step_by(2) {
                let (before, behind) = (parts[..at].join("\""), parts[at + 1..].join("\""));
                let json = format!("{before}{hostile}{behind}");
                match Snapshot::from_json(json.as_bytes()) {
                    Ok(host) => assert_clean_json(&host.to_json()),
                    Err(error) => assert_clean(&error.to_string()),
                }
            }
        }
        if let Err(error) = Snapshot::from_json(text.as_bytes()) {
            assert_clean(&error.to_string());
        }
    }

    #[test]
    fn of_a_fleet(text in text(), names in [bytes(), bytes()]) {
        let fleet = Fleet::new(Selector::new("192.0.2.0".parse().unwrap()));
        about_fleet(fleet, &host(&names, &text), &names);
        assert_clean(&fleet::shown(&names[0]));
    }
}

proptest! {
    // Each case reads a hundred files, by the rules of several versions.
    #![proptest_config(ProptestConfig::with_cases(hostile::cases().div_ceil(8)))]

    /// Each value and name of a corosync.conf in turn.
    #[test]
    fn of_a_corosync_conf(text in text(), names in [bytes(), bytes()]) {
        let host = host(&names, &text);
        let line = text.replace('\n', " ");
        let hosts = Hosts::parse(format!("192.0.2.10 {line}\n192.0.2.30 {line}\n").as_bytes());
        for conf in hostile::confs(&line) {
            let conf = match Conf::parse(conf.as_bytes()) {
                Ok(conf) => conf,
                Err(error) => {
                    assert_clean(&error.to_string());
                    continue;
                }
            };
            for version in ["1.4.1", "2.4.2", "2.4.6", "3.1.7"] {
                let profile = Profile::Corosync(Some(version.parse().unwrap()));
                about_plan(&conf, profile, &host, &hosts, &text);
            }
            about_plan(&conf, Profile::Default, &host, &Hosts::default(), &text);
            let any = Selector::new("192.0.2.0".parse().unwrap());
            match Fleet::of_conf(&text, conf, Profile::Default, any, hosts.clone()) {
                Ok(fleet) => about_fleet(fleet, &host, &names),
                Err(error) => assert_clean(&error.to_string()),
            }
        }
    }
}

/// What the C API writes of a decision, and of a bindnetaddr that it refuses.
#[cfg(target_os = "linux")]
#[test]
fn of_the_c_api() {
    use extern_c::{Owned, bindnet_decision_json, bindnet_decision_report};

    for text in hostile::TEXTS {
        let names = [text.as_bytes().to_vec(), text.as_bytes().to_vec()];
        let host = Owned::snapshot(&host(&names, text).to_json());
        let decision = Owned::decision(&Owned::selector("192.0.2.0"), &host);
        assert_clean(&decision.text(bindnet_decision_report));
        assert_clean_json(&decision.text(bindnet_decision_json));
        let refused = Owned::try_selector(&format!("fe80::1%{text}/64"));
        assert_clean(&refused.map(|_| ()).unwrap_err());
    }
}

fn about_plan(conf: &Conf, profile: Profile, host: &Snapshot, hosts: &Hosts, file: &str) {
    let plan = match conf.plan(profile, host, hosts) {
        Ok(plan) => plan,
        Err(error) => return assert_clean(&error.to_string()),
    };
    plan.warnings().iter().for_each(|text| assert_clean(text));
    assert_clean(&plan.corosync());
    plan.links()
        .iter()
        .for_each(|link| assert_clean(&link.to_string()));
    let links = plan.decide(host, &Selector::new("192.0.2.0".parse().unwrap()));
    for link in &links {
        about_decision(&link.decision);
        assert_clean(&link.corosync.explanation);
        link.corosync
            .warnings
            .iter()
            .for_each(|text| assert_clean(text));
    }
    assert_clean_json(&plan.to_json(file, &links));
}

fn about_fleet(mut fleet: Fleet, host: &Snapshot, names: &[Vec<u8>; 2]) {
    let other = Snapshot::default().with_about(host.about().clone());
    let added = [fleet.add(&names[0], host), fleet.add(&names[1], &other)];
    let added = added.into_iter().chain([
        fleet.add(b"c", host),
        fleet.add_unread([&names[0][..], b"d"].concat()),
        fleet.add_unread(&names[0]),
    ]);
    for error in added.filter_map(Result::err) {
        assert_clean(&error.to_string());
    }
    let report = fleet.judge();
    assert_clean(&report.to_string());
    assert_clean_json(&report.to_json());
    report.warnings().iter().for_each(|text| assert_clean(text));
    for problem in report.problems() {
        assert_clean(&problem.to_string());
        assert_clean(problem.detail());
        problem.nodes().for_each(assert_clean);
    }
    report.unread().for_each(assert_clean);
    report
        .nodes()
        .iter()
        .for_each(|node| assert_clean(node.name()));
}
