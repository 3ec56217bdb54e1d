//! What a decision costs beside what the kernel needs to list the addresses: the floor F.
#![allow(missing_docs)]

#[path = "../../tests/support/netns.rs"]
mod netns;

mod hosts;
mod kernel;
mod timing;

use std::hint::black_box;
use std::net::Ipv4Addr;

use bindnet::{Capturer, Selector};
use hosts::{BINDNET, HOSTS};
use kernel::Floor;
use nix::ifaddrs::getifaddrs;
use timing::{Patience, medians, ratio};

fn main() {
    let target: Ipv4Addr = BINDNET.parse().unwrap();
    for host in &HOSTS {
        host.run(|| {
            let selector = Selector::new(BINDNET.parse().expect("a bindnetaddr"));
            let mut floor = Floor::new();
            let mut between = Floor::new();
            let mut kept = Capturer::open().expect("a capturer");
            let [f, fresh, again, libc] = medians(
                Patience::FULL,
                || between.dump(),
                [
                    Box::new(|| floor.dump()),
                    Box::new(|| {
                        let mut capturer = Capturer::open().expect("a capturer");
                        black_box(capturer.decide(&selector).expect("a decision"));
                    }),
                    Box::new(|| {
                        black_box(kept.decide(&selector).expect("a decision"));
                    }),
                    Box::new(|| {
                        let found = getifaddrs().expect("getifaddrs(3)").filter(|entry| {
                            let of = |a: Option<nix::sys::socket::SockaddrStorage>| {
                                a.and_then(|a| a.as_sockaddr_in().map(|a| a.ip().to_bits()))
                            };
                            let (Some(a), Some(m)) = (of(entry.address), of(entry.netmask)) else {
                                return false;
                            };
                            (a ^ target.to_bits()) & m == 0
                        });
                        assert_eq!(black_box(found.count()), 1);
                    }),
                ],
            );
            println!(
                "{:>24}: F {f:?} new {:.2} kept {:.2} getifaddrs {:.2}",
                host.name,
                ratio(fresh, f),
                ratio(again, f),
                ratio(libc, f)
            );
        });
    }
}
