//! Capture and decide beside the floor and beside getifaddrs(3), host by host.

use std::hint::black_box;
use std::net::Ipv4Addr;

use bindnet::Selector;
use bindnet::live::Capturer;
use nix::ifaddrs::getifaddrs;
use nix::libc;
use nix::sys::socket::SockaddrStorage;

use crate::hosts::{self, BINDNET, BINDNET_V6, HOSTS, Host};
use crate::kernel::Floor;
use crate::netns;
use crate::report::{Limit, Report};
use crate::timing::{Patience, medians, ratio};

/// How many times faster than getifaddrs a host must be read, if the kernel leaves room for it.
fn beside_getifaddrs(host: &str) -> Option<f64> {
    match host {
        "1 000 addresses" => Some(2.0),
        "10 000 addresses" => Some(3.5),
        "1 000 links" => Some(20.0),
        "100 links + 10 000 /32" => Some(4.0),
        _ => None,
    }
}

/// All hosts.
pub fn run(report: &mut Report, patience: Patience) {
    for host in &HOSTS {
        host.run(|| one(report, patience, host));
    }
    let host = || {
        hosts::ipv6(10_000);
        ipv6(report, patience);
    };
    netns::run(host).expect("a network namespace");
}

/// IPv6 beside its own floor.
fn ipv6(report: &mut Report, patience: Patience) {
    let selector = Selector::new(BINDNET_V6.parse().expect("a bindnetaddr"));
    let [mut floor, mut before] = [(); 2].map(|()| Floor::of(libc::AF_INET6));
    let mut kept = Capturer::open().expect("a capturer");
    let [f, fresh, again] = medians(
        patience,
        || (0..8).for_each(|_| before.dump()),
        [
            Box::new(|| floor.dump()),
            Box::new(|| decide(&mut Capturer::open().expect("a capturer"), &selector)),
            Box::new(|| decide(&mut kept, &selector)),
        ],
    );
    report.heading(&format!("10 000 IPv6 addresses: F of AF_INET6 is {f:.1?}"));
    report.row(
        "a new socket and fresh memory, in F",
        ratio(fresh, f),
        Limit::AtMost(1.20),
    );
    report.row(
        "a kept capturer, in F",
        ratio(again, f),
        Limit::AtMost(1.15),
    );
}

fn one(report: &mut Report, patience: Patience, host: &Host) {
    let selector = selector();
    let (mut floor, mut before) = (Floor::new(), Floor::new());
    let mut kept = Capturer::open().expect("a capturer");
    let [f, fresh, again, libc] = medians(
        patience,
        || (0..8).for_each(|_| before.dump()),
        [
            Box::new(|| floor.dump()),
            Box::new(|| {
                let mut capturer = Capturer::open().expect("a capturer");
                decide(&mut capturer, &selector);
            }),
            Box::new(|| decide(&mut kept, &selector)),
            Box::new(scan_getifaddrs),
        ],
    );
    report.heading(&format!("{}: F is {f:.1?}", host.name));
    let most = |most| match beside_getifaddrs(host.name) {
        Some(_) => Limit::AtMost(most),
        None => Limit::None,
    };
    report.row(
        "a new socket and fresh memory, in F",
        ratio(fresh, f),
        most(1.20),
    );
    report.row("a kept capturer, in F", ratio(again, f), most(1.15));
    report.row(
        "nix getifaddrs and a scan, in F",
        ratio(libc, f),
        Limit::None,
    );
    let wanted = beside_getifaddrs(host.name);
    // Nothing can be faster than F, and the first row allows 1.20 F.
    let limit = wanted.map(|wanted| wanted.min(ratio(libc, f) / 1.20));
    let what = match wanted {
        Some(wanted) => format!("times faster than getifaddrs (wanted: {wanted}, or F x 1.20)"),
        None => "times faster than getifaddrs".to_owned(),
    };
    let limit = limit.map_or(Limit::None, Limit::AtLeast);
    report.row(&what, ratio(libc, fresh), limit);
    if host.name == "100 links + 10 000 /32" {
        one_link(report, patience, &selector);
    }
}

/// The kernel is asked for one link, and leaves 10 000 addresses out.
fn one_link(report: &mut Report, patience: Patience, selector: &Selector) {
    let restricted = selector.clone().interface("v0".parse().expect("a name"));
    let mut capturers = [(); 2].map(|()| Capturer::open().expect("a capturer"));
    let [whole, link] = &mut capturers;
    let [whole, link] = medians(
        patience,
        || {},
        [
            Box::new(|| decide(whole, selector)),
            Box::new(|| decide(link, &restricted)),
        ],
    );
    let what = "times cheaper with --interface";
    report.row(what, ratio(whole, link), Limit::AtLeast(100.0));
}

/// Selects the one address in [`BINDNET`].
pub fn selector() -> Selector {
    Selector::new(BINDNET.parse().expect("a bindnetaddr"))
}

/// Captures and decides, and finds the address.
pub fn decide(capturer: &mut Capturer, selector: &Selector) {
    let decision = capturer.decide(selector).expect("a decision");
    assert!(black_box(&decision).chosen().is_some(), "{decision}");
}

/// What a program without this library does.
pub fn scan_getifaddrs() {
    let target: Ipv4Addr = BINDNET.parse().expect("an address");
    let bits = |address: Option<SockaddrStorage>| {
        address.and_then(|address| address.as_sockaddr_in().map(|a| a.ip().to_bits()))
    };
    let entries = getifaddrs().expect("getifaddrs(3)");
    let found = entries.filter(|entry| match (bits(entry.address), bits(entry.netmask)) {
        (Some(ip), Some(mask)) => (ip ^ target.to_bits()) & mask == 0,
        _ => false,
    });
    assert_eq!(black_box(found.count()), 1);
}
