//! On which links it can be told whether another host has an address: not where nobody can be
//! asked, not where the link was away meanwhile.

use bindnet_tests::{frames, lan, netns};

use bindnet::conflict::{Detection, How, Timing};
use bindnet::live::Detector;
use frames::{Tap, arp_probe, solicitation};
use lan::{Lan, ask, assert_unknown, conflict, free, mac, own, own_on, verdict};
use netns::{ip, link, run, until};

/// The addresses that are asked for.
const IP: &str = "192.0.2.10";
const IP6: &str = "2001:db8::10";

const A: [u8; 6] = mac(0x0a);
const B: [u8; 6] = mac(0x0b);

/// The test's host with both addresses, on a wire where nobody else has them.
fn alone<T: Send>(test: impl FnOnce(&Lan) -> T + Send) {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        give();
        test(&lan);
    });
}

fn give() {
    ip(&format!("addr add {IP}/24 dev eth0"));
    ip(&format!("addr add {IP6}/64 dev eth0 nodad"));
}

fn carrier(is_there: bool) {
    until("the carrier changed", || {
        link("eth0").is_running() == Some(is_there)
    });
}

#[test]
fn without_a_carrier_it_cannot_be_told() {
    alone(|lan| {
        for ip in [IP, IP6] {
            lan.cut("eth0");
            carrier(false);
            let reason = "the link has no carrier";
            assert_unknown(&ask(own(ip)), "inconclusive", reason);
            assert_unknown(&ask(free(ip, "eth0")), "inconclusive", reason);
            lan.mend("eth0");
            carrier(true);
            assert_eq!(ask(own(ip)), Detection::Clear);
            assert_eq!(ask(free(ip, "eth0")), Detection::Clear);
        }
    });
}

#[test]
fn a_link_that_is_down() {
    alone(|_| {
        assert_eq!(ask(own(IP)), Detection::Clear);
        ip("link set eth0 down");
        let reason = "the link is down";
        assert_unknown(&ask(own(IP)), "inconclusive", reason);
        assert_unknown(&ask(free(IP, "eth0")), "inconclusive", reason);
        // It took its IPv6 addresses along.
        let reason = "this host does not have it";
        assert_unknown(&ask(own(IP6)), "inconclusive", reason);
        ip("link set eth0 up");
        carrier(true);
        assert_eq!(ask(own(IP)), Detection::Clear);
    });
}

/// Asks, and lets something happen when the first probe has been on the wire.
fn asked_while(lan: &Lan, ip: &str, happens: impl FnOnce()) -> Detection {
    let tap = lan.tap("eth0");
    let mut detector = Detector::probe(own(ip), Timing::Rfc).unwrap();
    dispatch_until_sent(&mut detector, &tap, ip);
    happens();
    verdict(&mut detector)
}

fn dispatch_until_sent(detector: &mut Detector, tap: &Tap, ip: &str) {
    let probe = match ip.parse() {
        Ok(ip) => arp_probe(A, ip),
        Err(_) => solicitation(A, ip.parse().unwrap()),
    };
    until("the first probe was sent", || {
        assert_eq!(detector.dispatch().unwrap(), None);
        tap.heard().iter().any(|frame| frame.bytes == probe)
    });
}

#[test]
fn a_carrier_that_is_lost_meanwhile() {
    alone(|lan| {
        for ip in [IP, IP6] {
            let lost = asked_while(lan, ip, || lan.cut("eth0"));
            assert_eq!(lost.code(), "inconclusive", "{lost:?}");
            carrier(false);
            lan.mend("eth0");
            carrier(true);
            assert_eq!(ask(own(ip)), Detection::Clear);
        }
    });
}

/// When the next probe is due all is as it was, but whoever might have answered may not have been
/// asked.
#[test]
fn a_link_that_flaps_meanwhile() {
    alone(|lan| {
        let reason = "went away for a moment";
        for ip in [IP, IP6] {
            let flapped = asked_while(lan, ip, || {
                lan.cut("eth0");
                lan.mend("eth0");
                carrier(true);
            });
            assert_unknown(&flapped, "inconclusive", reason);
            assert_eq!(asked_while(lan, ip, || ()), Detection::Clear);
        }
        let flapped = asked_while(lan, IP, || {
            ip("link set eth0 down");
            ip("link set eth0 up");
            carrier(true);
        });
        assert_unknown(&flapped, "inconclusive", reason);
    });
}

#[test]
fn a_link_that_is_made_again_meanwhile() {
    alone(|lan| {
        let again = asked_while(lan, IP, || {
            ip("link del eth0");
            lan.plug("eth0", A);
            give();
        });
        assert_eq!(again.code(), "inconclusive", "{again:?}");
        assert_eq!(ask(own(IP)), Detection::Clear);
    });
}

#[test]
fn an_address_that_goes_meanwhile() {
    alone(|lan| {
        let gone = asked_while(lan, IP, || drop(ip(&format!("addr del {IP}/24 dev eth0"))));
        assert_unknown(&gone, "inconclusive", "this host does not have it");
        ip(&format!("addr add {IP}/24 dev eth0"));
        assert_eq!(ask(own(IP)), Detection::Clear);
    });
}

#[test]
fn nobody_is_asked_on_a_loopback_link() {
    alone(|_| {
        ip("link set lo up");
        ip("addr add 198.51.100.1/32 dev lo");
        for address in ["127.0.0.1", "198.51.100.1", "::1"] {
            assert_unknown(&ask(own(address)), "not-applicable", "loopback");
        }
        assert_unknown(&ask(free(IP, "lo")), "not-applicable", "loopback");
        // Where it is on a link that resolves addresses, too, it is asked for there.
        ip(&format!("addr add {IP}/32 dev lo"));
        assert_eq!(ask(own(IP)), Detection::Clear);
        assert_unknown(&ask(own_on(IP, "lo")), "not-applicable", "loopback");
    });
}

#[test]
fn nobody_is_asked_on_a_tunnel() {
    alone(|lan| {
        ip("tuntap add dev tun0 mode tun");
        ip("link set tun0 up");
        ip("addr add 198.51.100.1/24 dev tun0");
        let reason = "point-to-point";
        assert_unknown(&ask(own("198.51.100.1")), "not-applicable", reason);
        assert_unknown(&ask(free(IP, "tun0")), "not-applicable", reason);
        // The address is on an Ethernet, too, where another host has it.
        ip("addr add 198.51.100.1/24 dev eth0");
        let b = lan.host("b", B);
        b.ip("addr add 198.51.100.1/24 dev eth0");
        assert_eq!(ask(own("198.51.100.1")), conflict(B, How::Reply));
    });
}

/// A tap is an Ethernet, but here nobody is at its other end.
#[test]
fn a_tap_without_a_program_has_no_carrier() {
    alone(|_| {
        ip("tuntap add dev tap0 mode tap");
        ip("link set tap0 up");
        ip("addr add 198.51.100.1/24 dev tap0");
        let reason = "the link has no carrier";
        assert_unknown(&ask(own("198.51.100.1")), "inconclusive", reason);
        assert_eq!(ask(own(IP)), Detection::Clear);
    });
}

#[test]
fn nobody_is_asked_where_addresses_are_not_resolved() {
    alone(|lan| {
        let b = lan.host("b", B);
        b.ip(&format!("addr add {IP}/24 dev eth0"));
        assert_eq!(ask(own(IP)), conflict(B, How::Reply));
        ip("link set eth0 arp off");
        assert_unknown(&ask(own(IP)), "not-applicable", "NOARP");
        ip("link set eth0 arp on");
        assert_eq!(ask(own(IP)), conflict(B, How::Reply));
    });
}
