//! Whether another host has an IPv4 address, asked of real kernels on one wire.

use bindnet_tests::{elsewhere, frames, lan, netns};

use std::net::Ipv4Addr;
use std::thread;

use bindnet::conflict::{Detection, How, Timing};
use bindnet::live::Detector;
use elsewhere::Elsewhere;
use frames::{ARP, BROADCAST, Frame, REPLY, REQUEST, Tap, arp, frame};
use lan::{Lan, ask, assert_unknown, conflict, free, mac, own, own_on, verdict};
use netns::{ip, link, run, sysctl};

/// The address that is asked for.
const IP: &str = "192.0.2.10";

/// The test's host, and another one.
const A: [u8; 6] = mac(0x0a);
const B: [u8; 6] = mac(0x0b);

/// The test's host is plugged in, with the address that is asked for; another one is without.
fn two_hosts<T: Send>(test: impl FnOnce(&Lan, &Elsewhere) -> T + Send) {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        ip(&format!("addr add {IP}/24 dev eth0"));
        let b = lan.host("b", B);
        test(&lan, &b);
    });
}

/// Gives the other host the address, too.
fn take(host: &Elsewhere) {
    host.ip(&format!("addr add {IP}/24 dev eth0"));
}

fn leave(host: &Elsewhere) {
    host.ip(&format!("addr del {IP}/24 dev eth0"));
}

/// Whether a frame is an ARP reply about the address from this hardware address.
fn is_reply(heard: &Frame, from: [u8; 6]) -> bool {
    let ip: Ipv4Addr = IP.parse().unwrap();
    let start = [&from[..], &ip.octets()].concat();
    heard.kind() == ARP && heard.bytes[21] == REPLY as u8 && heard.bytes[22..32] == start
}

#[test]
fn another_host_that_has_our_address_is_named() {
    two_hosts(|_, b| {
        assert_eq!(ask(own(IP)), Detection::Clear);
        take(b);
        assert_eq!(ask(own(IP)), conflict(B, How::Reply));
        assert_eq!(ask(own_on(IP, "eth0")), conflict(B, How::Reply));
        // Asked as if it were to be taken, though it was already.
        assert_eq!(ask(free(IP, "eth0")), conflict(B, How::Reply));
        leave(b);
        assert_eq!(ask(own(IP)), Detection::Clear);
    });
}

#[test]
fn an_address_that_is_to_be_taken() {
    two_hosts(|_, b| {
        let at_b = |ip: &'static str| b.run(move || ask(free(ip, "eth0")));
        assert_eq!(at_b(IP), conflict(A, How::Reply));
        assert_eq!(at_b("192.0.2.99"), Detection::Clear);
        ip("addr add 192.0.2.99/24 dev eth0");
        assert_eq!(at_b("192.0.2.99"), conflict(A, How::Reply));
        ip(&format!("addr del {IP}/24 dev eth0"));
        assert_eq!(at_b(IP), Detection::Clear);
    });
}

#[test]
fn of_several_hosts_one_is_named() {
    two_hosts(|lan, b| {
        take(b);
        let c = lan.host("c", mac(0x0c));
        take(&c);
        let heard = ask(own(IP));
        let both = [B, mac(0x0c)].map(|mac| conflict(mac, How::Reply));
        assert!(both.contains(&heard), "{heard:?}");
    });
}

/// Each of the two sends its first probe before the other's has arrived: the wire is slow, that is,
/// it is the test that carries frames over it.
#[test]
fn two_hosts_that_are_about_to_take_an_address_both_see_it() {
    run(|| {
        let hosts = [("a", A), ("b", B)].map(|(name, mac)| {
            // A hub each.
            let lan = Lan::new();
            let host = lan.host(name, mac);
            let tap = lan.tap(name);
            (lan, host, tap)
        });
        let verdicts = thread::scope(|scope| {
            let asked = hosts.each_ref().map(|(_, host, _)| {
                let ask = || Detector::probe(free(IP, "eth0"), Timing::Rfc).unwrap();
                scope.spawn(move || host.run(move || verdict(&mut ask())))
            });
            let taps = hosts.each_ref().map(|(_, _, tap)| tap);
            let probes = taps.map(|tap| tap.expect("a probe", |heard| heard.kind() == ARP));
            assert_eq!(probes.each_ref().map(Frame::from), [A, B]);
            taps[0].send(&probes[1].bytes);
            taps[1].send(&probes[0].bytes);
            asked.map(|asked| asked.join().unwrap())
        });
        assert_eq!(verdicts, [B, A].map(|mac| conflict(mac, How::Probe)));
    });
}

#[test]
fn who_hears_a_probe_before_its_own_leaves_the_address_to_the_other() {
    two_hosts(|lan, b| {
        let tap = lan.tap("b");
        let late = || Detector::probe(free("192.0.2.99", "eth0"), Timing::Fast).unwrap();
        let mut late = b.run(late);
        assert_eq!(ask(free("192.0.2.99", "eth0")), Detection::Clear);
        assert_eq!(verdict(&mut late), conflict(A, How::Probe));
        // It has not sent any itself.
        let sent = tap.heard().into_iter().filter(|heard| !heard.is_outgoing);
        assert_eq!(sent.count(), 0);
    });
}

/// Our kernel answers whoever is about to take what is ours, so that is no conflict.
#[test]
fn a_probe_for_our_address_is_none() {
    two_hosts(|_, b| {
        let mut ours = Detector::probe(own(IP), Timing::Fast).unwrap();
        let late = b.run(|| ask(free(IP, "eth0")));
        assert_eq!(late, conflict(A, How::Reply));
        assert_eq!(verdict(&mut ours), Detection::Clear);
    });
}

/// By default Linux answers on any link for all of its addresses ("ARP flux").
#[test]
fn our_second_link_on_the_same_wire_is_not_another_host() {
    two_hosts(|lan, b| {
        let second = mac(0x1a);
        lan.plug("eth1", second);
        let tap = lan.tap("eth1");
        assert_eq!(ask(own(IP)), Detection::Clear);
        let answers = |tap: &Tap| tap.heard().iter().any(|heard| is_reply(heard, second));
        assert!(answers(&tap), "eth1 answers for the address of eth0");
        // Nor does it hide another one.
        take(b);
        assert_eq!(ask(own(IP)), conflict(B, How::Reply));
    });
}

#[test]
fn a_host_that_is_careful_what_it_answers_is_found() {
    two_hosts(|_, b| {
        take(b);
        let set = |name: &'static str, value| {
            b.run(move || sysctl(&format!("ipv4/conf/eth0/{name}"), value));
        };
        let careful = [
            ("arp_ignore", 1),
            ("arp_ignore", 2),
            ("arp_ignore", 3),
            ("arp_filter", 1),
            ("drop_gratuitous_arp", 1),
        ];
        for (name, value) in careful {
            set(name, value);
            assert_eq!(ask(own(IP)), conflict(B, How::Reply), "{name} {value}");
            set(name, 0);
        }
        // That the settings are heeded is seen where a host answers nobody: it is not found.
        set("arp_ignore", 8);
        assert_eq!(ask(own(IP)), Detection::Clear);
        set("arp_ignore", 0);
        b.ip("link set eth0 arp off");
        assert_eq!(ask(own(IP)), Detection::Clear);
        b.ip("link set eth0 arp on");
        assert_eq!(ask(own(IP)), conflict(B, How::Reply));
    });
}

/// A router that answers for others (`proxy_arp`) leaves those alone who ask from 0.0.0.0.
#[test]
fn a_proxy_is_not_taken_for_another_host() {
    two_hosts(|lan, b| {
        b.ip("link add behind type veth peer name behind-far");
        b.ip("link set behind up");
        b.ip("link set behind-far up");
        b.ip("addr add 192.0.2.1/24 dev eth0");
        b.ip(&format!("route add {IP}/32 dev behind"));
        b.run(|| {
            sysctl("ipv4/conf/all/forwarding", 1);
            sysctl("ipv4/conf/eth0/proxy_arp", 1);
            sysctl("ipv4/neigh/eth0/proxy_delay", 0);
        });
        assert_eq!(ask(own(IP)), Detection::Clear);
        let c = lan.host("c", mac(0x0c));
        let asks = arp(
            REQUEST,
            (mac(0x0c), "192.0.2.12".parse().unwrap()),
            ([0; 6], IP.parse().unwrap()),
        );
        let tap = c.run(|| Tap::on("eth0"));
        tap.send(&frame(BROADCAST, mac(0x0c), ARP, &asks));
        tap.expect("the proxy's answer", |heard| is_reply(heard, B));
    });
}

#[test]
fn it_is_asked_on_the_bridge_and_not_on_its_port() {
    two_hosts(|_, b| {
        ip("link add br0 type bridge stp_state 0");
        ip("link set br0 up");
        ip(&format!("addr del {IP}/24 dev eth0"));
        ip("link set eth0 master br0");
        ip(&format!("addr add {IP}/24 dev br0"));
        netns::until("the bridge has a carrier", || {
            link("br0").is_running() == Some(true)
        });
        assert_eq!(ask(own(IP)), Detection::Clear);
        take(b);
        assert_eq!(ask(own(IP)), conflict(B, How::Reply));
        assert_unknown(&ask(own_on(IP, "eth0")), "inconclusive", "it is on br0");
        assert_unknown(
            &ask(free(IP, "eth0")),
            "inconclusive",
            "the link is a port of br0",
        );
    });
}

#[test]
fn it_is_asked_on_the_upper_link_and_not_on_the_lower_one() {
    two_hosts(|_, b| {
        ip(&format!("addr del {IP}/24 dev eth0"));
        ip("link add mv0 link eth0 type macvlan mode bridge");
        ip("link set mv0 up");
        ip(&format!("addr add {IP}/24 dev mv0"));
        netns::until("it has a carrier", || {
            link("mv0").is_running() == Some(true)
        });
        assert_eq!(ask(own(IP)), Detection::Clear);
        take(b);
        assert_eq!(ask(own(IP)), conflict(B, How::Reply));
        assert_unknown(&ask(own_on(IP, "eth0")), "inconclusive", "it is on mv0");
    });
}

#[test]
fn an_address_that_is_nowhere() {
    two_hosts(|_, _| {
        assert_unknown(
            &ask(own("192.0.2.99")),
            "inconclusive",
            "this host does not have it",
        );
        assert_unknown(
            &ask(free(IP, "eth9")),
            "inconclusive",
            "there is no such link",
        );
        assert_eq!(ask(own(IP)), Detection::Clear);
    });
}
