//! Alternative names of links, which the kernel keeps and `ip -j link` shows: they name a link in a
//! restriction and in a zone, live and replayed, and a monitor hears of them.

use std::net::IpAddr;
use std::time::Duration;

use bindnet::choice::Tracker;
use bindnet::conflict::Target;
use bindnet::live::Detector;
use bindnet::{BindnetAddr, EventKind, Keeper, Link, Selector, Snapshot};
use bindnet_tests::{netns, watched};
use netns::{
    assert_decides_alike, assert_sources_agree, cable, capture, capturer, decides_alike, ip,
    ip_about, link, run, settle,
};
use serde_json::Value;
use watched::{assert_current, is_readable, monitor};

/// One that is too long to be a link's own.
const LONG: &str = "long-name-of-more-than-fifteen";

/// Two links with addresses of one network; both names are those of `eth1`.
fn stage<T: Send>(test: impl FnOnce() -> T + Send) {
    run(|| {
        for (at, name) in ["eth0", "eth1"].into_iter().enumerate() {
            cable(name);
            ip(&format!("addr add 192.0.2.{}/24 dev {name}", 10 * (at + 1)));
            ip(&format!("addr add fe80::1/64 dev {name}"));
        }
        for name in [LONG, "short"] {
            ip(&format!("link property add dev eth1 altname {name}"));
        }
        settle();
        test()
    });
}

fn on(name: &str) -> Selector {
    Selector::new("192.0.2.0".parse().unwrap()).interface(name.parse().unwrap())
}

fn at(zone: &str) -> Selector {
    Selector::new(format!("fe80::1%{zone}").parse().unwrap())
}

/// Decides on the host, live and on a replay of a whole snapshot; the link of the choice.
fn link_of(selector: &Selector) -> Option<String> {
    let decision = decides_alike(&mut capturer(), selector);
    let host = capture();
    let replayed = Snapshot::from_json(host.to_json().as_bytes()).unwrap();
    let by_ip = Snapshot::from_json(&ip("-d -j addr")).unwrap();
    for host in [host, replayed, by_ip] {
        let again = selector.decide(&host);
        assert_eq!(again.candidates(), decision.candidates());
        assert_eq!(again.why_none(), decision.why_none());
    }
    let chosen = decision.chosen()?;
    Some(chosen.interface().unwrap().to_string())
}

#[test]
fn a_link_has_the_names_that_ip_shows() {
    stage(|| {
        ip_about(
            "link property add dev eth1 altname @",
            b"hostile\x1b\xff'\\",
        );
        let host = assert_sources_agree();
        let told: Vec<Value> = serde_json::from_slice(&ip("-j link show dev eth0")).unwrap();
        assert!(told[0].get("altnames").is_none());
        let names = |name: &str| -> Vec<String> {
            let link = host.link_named(&name.parse().unwrap()).unwrap();
            link.alt_names().map(|name| name.to_string()).collect()
        };
        assert_eq!(names("eth0"), [""; 0]);
        assert_eq!(names("eth1"), [LONG, "short", r"hostile\x1b\xff'\x5c"]);
        // It finds as many names as the kernel does.
        for name in names("eth1") {
            assert_eq!(link(&name).name().to_string(), "eth1");
            assert_eq!(link_of(&on(&name)).as_deref(), Some("eth1"), "{name}");
        }
        assert_decides_alike(&["192.0.2.0", "fe80::1%short", &format!("fe80::1%{LONG}")]);
    });
}

#[test]
fn a_restriction_takes_any_name_of_the_link() {
    stage(|| {
        let index = link("eth1").index().to_string();
        for name in ["eth1", "short", LONG] {
            assert_eq!(link_of(&on(name)).as_deref(), Some("eth1"), "{name}");
            assert_eq!(link_of(&at(name)).as_deref(), Some("eth1"), "{name}");
            let previous = at("eth0").interface(name.parse().unwrap());
            assert_eq!(link_of(&previous), None, "{name}");
            // One link by two names, in either order, and by its index.
            for other in ["eth1", "short", LONG, &index] {
                let both = at(other).interface(name.parse().unwrap());
                assert_eq!(link_of(&both).as_deref(), Some("eth1"), "{name} {other}");
            }
            let remembered = Selector::new("fe80::".parse().unwrap());
            let remembered = remembered.previous(format!("fe80::1%{name}").parse().unwrap());
            assert_eq!(link_of(&remembered).as_deref(), Some("eth1"), "{name}");
        }
        for absent in ["eth2", "a-name-that-no-link-of-this-host-has"] {
            assert_eq!(link_of(&on(absent)), None);
            assert_eq!(link_of(&at(absent)), None);
            let said = on(absent).decide(&capture()).to_string();
            assert!(said.contains(&format!("no link {absent}")), "{said}");
        }
    });
}

/// A number that is an alternative name is a name before it is an index.
#[test]
fn a_number_may_be_one() {
    stage(|| {
        let eth0 = link("eth0").index().to_string();
        assert_eq!(link_of(&at(&eth0)).as_deref(), Some("eth0"));
        ip(&format!("link property add dev eth1 altname {eth0}"));
        assert_eq!(link_of(&at(&eth0)).as_deref(), Some("eth1"));
        assert_eq!(link_of(&on(&eth0)).as_deref(), Some("eth1"));
        ip(&format!("link property del dev eth1 altname {eth0}"));
        assert_eq!(link_of(&at(&eth0)).as_deref(), Some("eth0"));
    });
}

/// A kept capturer has seen where the names were, which move.
#[test]
fn a_kept_capturer_follows_them() {
    stage(|| {
        let mut live = capturer();
        let mut chosen = |name: &str| {
            let decision = decides_alike(&mut live, &on(name));
            decision
                .chosen()
                .map(|chosen| chosen.interface().unwrap().to_string())
        };
        for name in [LONG, "short"] {
            assert_eq!(chosen(name).as_deref(), Some("eth1"));
            ip(&format!("link property del dev eth1 altname {name}"));
            assert_eq!(chosen(name), None);
            ip(&format!("link property add dev eth0 altname {name}"));
            assert_eq!(chosen(name).as_deref(), Some("eth0"));
        }
        // What was a link's own name becomes an alternative one, and back.
        assert_eq!(chosen("eth1").as_deref(), Some("eth1"));
        ip("link set eth1 name was1");
        ip("link property add dev eth0 altname eth1");
        assert_eq!(chosen("eth1").as_deref(), Some("eth0"));
        ip("link property del dev eth0 altname eth1");
        ip("link set was1 name eth1");
        assert_eq!(chosen("eth1").as_deref(), Some("eth1"));
        ip("link del eth0");
        assert_eq!(chosen(LONG), None);
    });
}

/// The kernel sends an event for an alternative name of a link that is up, and none for that of one
/// that is down, until it comes up.
#[test]
fn a_monitor_hears_of_them() {
    stage(|| {
        let mut monitor = monitor();
        let mut tracker = Tracker::new(on("third-name-that-is-long"));
        let first = tracker.update(monitor.snapshot()).unwrap();
        assert_eq!((first.kind(), first.address()), (EventKind::Initial, None));
        let mut step = |words: &str| {
            ip(words);
            tracker.update(&assert_current(&mut monitor)).map(|event| {
                let address = event.address().map(|address| address.ip());
                (event.kind(), address)
            })
        };
        let ours: Option<IpAddr> = Some("192.0.2.20".parse().unwrap());
        let gained = step("link property add dev eth1 altname third-name-that-is-long");
        assert_eq!(gained, Some((EventKind::Gained, ours)));
        // The choice stays where it is, whatever the name does.
        step("link property del dev eth1 altname third-name-that-is-long");
        step("link set eth1 down");
        ip("link property add dev eth1 altname third-name-that-is-long");
        step("link set eth1 up");
        let names: Vec<_> = link("eth1")
            .alt_names()
            .map(|name| name.to_string())
            .collect();
        assert_eq!(names, [LONG, "short", "third-name-that-is-long"]);
        assert!(!is_readable(&monitor, Duration::from_millis(100)));
    });
}

#[test]
fn a_keeper_and_a_detector_take_them() {
    stage(|| {
        let mut keeper = Keeper::builder(on(LONG)).open_with(monitor()).unwrap();
        let first = keeper.wait(Duration::from_secs(60)).unwrap().unwrap();
        assert_eq!(first.address().unwrap().to_string(), "192.0.2.20");
        assert_eq!(first.interface(), Some("eth1".parse().unwrap()));

        let target = Target::own_on("192.0.2.20".parse().unwrap(), LONG.parse().unwrap()).unwrap();
        assert_eq!(
            target.link(&capture()).map(Link::name),
            Some("eth1".parse().unwrap())
        );
        let detector = Detector::probe(target, bindnet::conflict::Timing::Fast);
        let mut detector = detector.unwrap();
        let event = detector.wait(Duration::from_secs(60)).unwrap().unwrap();
        let report = detector.report(event);
        assert_eq!(report.interface(), Some("eth1".parse().unwrap()));

        // Of one that is not there, the name is that which was asked for.
        let absent = "a-name-that-no-link-of-this-host-has";
        let target = Target::free("192.0.2.30".parse().unwrap(), absent.parse().unwrap()).unwrap();
        let mut detector = Detector::probe(target, bindnet::conflict::Timing::Fast).unwrap();
        let event = detector.wait(Duration::from_secs(60)).unwrap().unwrap();
        let report = detector.report(event);
        assert_eq!(report.interface(), Some(absent.parse().unwrap()));
        assert_eq!(report.verdict().code(), "inconclusive");
    });
}

/// A zone that is asked for is remembered as it was asked for; the link-local choice has the real name.
#[test]
fn a_choice_has_the_real_name() {
    stage(|| {
        let selector = at(LONG);
        let decision = decides_alike(&mut capturer(), &selector);
        let asked: BindnetAddr = format!("fe80::1%{LONG}").parse().unwrap();
        assert_eq!(*decision.bindnet(), asked);
        assert_eq!(
            decision.chosen().unwrap().scoped_addr().to_string(),
            "fe80::1%eth1"
        );
        assert!(decision.to_json().contains(r#""interface":"eth1""#));
    });
}
