//! The hosts that are measured, each in a network namespace of its own.

use crate::netns::{self, cable, ip_batch};

/// The network that every host has one address in, the last that the kernel lists.
pub const BINDNET: &str = "192.0.2.0";
const OURS: &str = "192.0.2.10/24";

/// A host and what it is called.
pub struct Host {
    pub name: &'static str,
    stage: fn(),
}

/// All of them, the small ones first.
pub const HOSTS: [Host; 5] = [
    Host {
        name: "100 addresses",
        stage: || addresses(100),
    },
    Host {
        name: "1 000 addresses",
        stage: || addresses(1_000),
    },
    Host {
        name: "10 000 addresses",
        stage: || addresses(10_000),
    },
    Host {
        name: "1 000 links",
        stage: || links(1_000),
    },
    Host {
        name: "100 links + 10 000 /32",
        stage: || service_addresses(100, 10_000),
    },
];

impl Host {
    /// Stages the host and runs something on it.
    ///
    /// # Panics
    /// Where no network namespace can be made: then nothing is measured.
    pub fn run<T: Send>(&self, on_it: impl FnOnce() -> T + Send) -> T {
        let stage = || {
            (self.stage)();
            on_it()
        };
        netns::run(stage).expect("a network namespace, for which it takes root")
    }
}

/// As many addresses on one link, each in a network of its own.
pub fn addresses(count: usize) {
    cable("eth0");
    let others = (1..count).map(|at| format!("addr add {}/24 dev eth0", nth(at << 8 | 1)));
    ip_batch(others.chain([format!("addr add {OURS} dev eth0")]));
}

/// As many links with an address each.
fn links(count: usize) {
    many_links(count);
    ip_batch((1..count).map(|at| format!("addr add {}/24 dev {}", nth(at << 8 | 1), end(at))));
    netns::ip(&format!("addr add {OURS} dev {}", end(0)));
}

/// Links with an address each, and one with service addresses, as Kubernetes keeps them.
fn service_addresses(links: usize, count: usize) {
    many_links(links - 2);
    netns::ip("link add ipvs0 type bridge");
    ip_batch((0..count).map(|at| format!("addr add {}/32 dev ipvs0", nth(at + 1))));
    netns::ip(&format!("addr add {OURS} dev {}", end(0)));
}

fn many_links(count: usize) {
    let pairs =
        (0..count.div_ceil(2)).map(|at| format!("link add v{at} type veth peer name w{at}"));
    ip_batch(pairs);
}

/// The name of a link: pairs of veth count as two.
fn end(at: usize) -> String {
    format!("{}{}", ["v", "w"][at % 2], at / 2)
}

/// The address at this place of 10.0.0.0/8.
fn nth(at: usize) -> std::net::Ipv4Addr {
    std::net::Ipv4Addr::from_bits(0x0a00_0000 + at as u32)
}

/// The IPv6 network that [`ipv6`] has one address in.
#[allow(dead_code)] // The peers are asked for IPv4.
pub const BINDNET_V6: &str = "2001:db8:0:1::";

/// As many IPv6 addresses on one link, each in a network of its own, and one on another.
#[allow(dead_code)]
pub fn ipv6(count: usize) {
    // On a link that is down the kernel takes them at once.
    netns::ip("link add many0 type bridge");
    let net = |at: usize| format!("addr add 2001:db8:1:{at:x}::1/64 dev many0 nodad");
    ip_batch((1..count).map(net));
    cable("eth0");
    netns::ip("addr add 2001:db8:0:1::10/64 dev eth0 nodad");
}
