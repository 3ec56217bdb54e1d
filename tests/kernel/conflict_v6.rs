//! Whether another host has an IPv6 address, asked of real kernels on one wire; what their own
//! duplicate address detection has found counts.

use bindnet_tests::{elsewhere, frames, lan, netns};

use std::net::Ipv6Addr;
use std::thread;

use bindnet::conflict::{Conflict, Detection, How, Timing};
use bindnet::live::Detector;
use bindnet::snapshot::AddressFlags;
use elsewhere::Elsewhere;
use frames::{Frame, IPV6, solicitation};
use lan::{Lan, ask, assert_unknown, conflict, free, mac, own, verdict};
use netns::{address, capture, ip, run, sysctl, until};

/// The address that is asked for.
const IP: &str = "2001:db8::10";

/// The test's host, and another one.
const A: [u8; 6] = mac(0x0a);
const B: [u8; 6] = mac(0x0b);

/// Two hosts, both without the address.
fn two_hosts<T: Send>(test: impl FnOnce(&Lan, &Elsewhere) -> T + Send) {
    run(|| {
        let lan = Lan::new();
        lan.plug("eth0", A);
        let b = lan.host("b", B);
        test(&lan, &b);
    });
}

fn take(host: &Elsewhere) {
    host.ip(&format!("addr add {IP}/64 dev eth0 nodad"));
}

fn leave(host: &Elsewhere) {
    host.ip(&format!("addr del {IP}/64 dev eth0"));
}

/// Has the kernel detect duplicates of addresses of `eth0` that are added from now on, with so many
/// solicitations, one a second.
fn detect(count: u32) {
    sysctl("ipv6/conf/eth0/accept_dad", 1);
    sysctl("ipv6/conf/eth0/dad_transmits", count);
}

fn has(flag: AddressFlags) -> bool {
    address(&capture(), IP).flags().unwrap().contains(flag)
}

#[test]
fn another_host_that_has_our_address_is_named() {
    two_hosts(|_, b| {
        ip(&format!("addr add {IP}/64 dev eth0 nodad"));
        assert_eq!(ask(own(IP)), Detection::Clear);
        take(b);
        assert_eq!(ask(own(IP)), conflict(B, How::Reply));
        leave(b);
        assert_eq!(ask(own(IP)), Detection::Clear);
    });
}

#[test]
fn an_address_that_is_to_be_taken() {
    two_hosts(|_, b| {
        assert_eq!(ask(free(IP, "eth0")), Detection::Clear);
        take(b);
        assert_eq!(ask(free(IP, "eth0")), conflict(B, How::Reply));
        leave(b);
        assert_eq!(ask(free(IP, "eth0")), Detection::Clear);
    });
}

/// A link-local address may be on several links, and is asked for on that of its zone.
#[test]
fn a_link_local_address_has_a_zone() {
    two_hosts(|_, b| {
        let quiet = Lan::new();
        quiet.plug("eth1", mac(0x1a));
        for name in ["eth0", "eth1"] {
            ip(&format!("addr add fe80::10/64 dev {name} nodad"));
        }
        b.ip("addr add fe80::10/64 dev eth0 nodad");
        assert_eq!(ask(own("fe80::10%eth0")), conflict(B, How::Reply));
        assert_eq!(ask(own("fe80::10%eth1")), Detection::Clear);
    });
}

/// Whoever came second has been told by its kernel, which does not say by whom. As long as that
/// host answers it is named.
#[test]
fn what_the_kernel_has_found_is_a_conflict() {
    two_hosts(|lan, b| {
        take(b);
        detect(1);
        ip(&format!("addr add {IP}/64 dev eth0"));
        until("the kernel has found it", || has(AddressFlags::DADFAILED));
        assert_eq!(ask(own(IP)), conflict(B, How::Reply));
        lan.cut("b");
        assert_eq!(ask(own(IP)), Detection::Conflict(Conflict::DadFailed));
        lan.cut("eth0");
        assert_eq!(ask(own(IP)), Detection::Conflict(Conflict::DadFailed));
        lan.mend("eth0");
        ip(&format!("addr del {IP}/64 dev eth0"));
        ip(&format!("addr add {IP}/64 dev eth0 nodad"));
        assert_eq!(ask(own(IP)), Detection::Clear);
    });
}

/// The second holder learns of it, the first one does not: it has to ask.
#[test]
fn the_first_holder_is_told_nothing_and_finds_the_second() {
    two_hosts(|lan, b| {
        detect(1);
        ip(&format!("addr add {IP}/64 dev eth0"));
        until("it is taken", || !has(AddressFlags::TENTATIVE));
        // Two parts of a network in which each has taken it are joined.
        lan.cut("b");
        take(b);
        lan.mend("b");
        assert!(!has(AddressFlags::DADFAILED));
        assert_eq!(ask(own(IP)), conflict(B, How::Reply));
    });
}

/// The kernel's solicitations have the option of RFC 7527, and ours have none, so that they are
/// told apart on the wire.
#[test]
fn an_address_that_is_tentative_is_waited_for() {
    two_hosts(|lan, _| {
        let tap = lan.tap("eth0");
        detect(2);
        ip(&format!("addr add {IP}/64 dev eth0"));
        let mut detector = Detector::probe(own(IP), Timing::Fast).unwrap();
        assert!(has(AddressFlags::TENTATIVE));
        assert_eq!(verdict(&mut detector), Detection::Clear);
        assert!(!has(AddressFlags::TENTATIVE));
        let sent = tap.heard();
        let ours = solicitation(A, IP.parse().unwrap());
        let about_it = sent.iter().filter(|frame| is_about_it(frame));
        let order: Vec<_> = about_it.map(|frame| frame.bytes == ours).collect();
        assert_eq!(order, [false, false, true, true, true]);
    });
}

#[test]
fn an_address_that_stays_tentative() {
    two_hosts(|_, _| {
        detect(100);
        ip(&format!("addr add {IP}/64 dev eth0"));
        assert_unknown(&ask(own(IP)), "inconclusive", "it stays tentative");
        ip(&format!("addr del {IP}/64 dev eth0"));
        detect(1);
        ip(&format!("addr add {IP}/64 dev eth0"));
        assert_eq!(ask(own(IP)), Detection::Clear);
    });
}

/// As for IPv4: the test carries the frames, so that both have sent before they hear.
#[test]
fn two_hosts_that_are_about_to_take_an_address_both_see_it() {
    run(|| {
        let hosts = [("a", A), ("b", B)].map(|(name, mac)| {
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
            for (tap, mac) in [(&hosts[0].2, A), (&hosts[1].2, B)] {
                let probe = solicitation(mac, IP.parse().unwrap());
                tap.expect("a probe", |heard| heard.bytes == probe);
            }
            hosts[0].2.send(&solicitation(B, IP.parse().unwrap()));
            hosts[1].2.send(&solicitation(A, IP.parse().unwrap()));
            asked.map(|asked| asked.join().unwrap())
        });
        assert_eq!(verdicts, [B, A].map(|mac| conflict(mac, How::Probe)));
    });
}

/// The kernel's own detection is a probe like ours: whoever hears the other's first leaves the
/// address to it.
#[test]
fn a_kernel_that_is_about_to_take_the_address_is_heard() {
    two_hosts(|lan, b| {
        let tap = lan.tap("b");
        b.run(|| detect(1));
        let mut detector = Detector::probe(free(IP, "eth0"), Timing::Rfc).unwrap();
        b.ip(&format!("addr add {IP}/64 dev eth0"));
        tap.expect("its solicitation", is_about_it);
        assert_eq!(verdict(&mut detector), conflict(B, How::Probe));
        b.run(|| until("it has taken it", || !has(AddressFlags::TENTATIVE)));
    });
}

/// Whether a frame is a solicitation of the address.
fn is_about_it(frame: &Frame) -> bool {
    let ip: Ipv6Addr = IP.parse().unwrap();
    frame.kind() == IPV6 && frame.bytes[54] == 135 && frame.bytes[62..78] == ip.octets()
}
