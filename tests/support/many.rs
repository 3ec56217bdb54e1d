//! Hosts with very many addresses or links, of which few matter, and what is asked about them.

use std::net::SocketAddr;
use std::time::Duration;

use bindnet::Selector;
use bindnet::live::Capturer;
use bindnet::snapshot::Consistency;

use crate::netns::{cable, ip, ip_batch, until};

/// How many addresses are compared with how many.
pub const SIZES: [usize; 3] = [100, 1_000, 10_000];

/// Up to so many links of candidates are asked about one by one; above, all links are dumped.
pub const ASK_AT_MOST: usize = 64;

/// How many links [`links`] makes.
pub const LINKS: usize = 1_000;

/// The selector for a question in words: `192.0.2.0`, `192.0.2.0 on eth0` (restricted to a link),
/// `192.0.2.0 after 192.0.2.10` (which was chosen before), `fe80:: bound [fe80::1%2]:0` (the same, by
/// the address of a socket).
pub fn selector(question: &str) -> Selector {
    let mut words = question.split_whitespace();
    let bindnet = words.next().expect("a bindnetaddr");
    let mut selector = Selector::new(bindnet.parse().unwrap());
    while let (Some(what), Some(which)) = (words.next(), words.next()) {
        selector = match what {
            "on" => selector.interface(which.parse().unwrap()),
            "after" => selector.previous(which.parse().unwrap()),
            "bound" => selector.previous(which.parse::<SocketAddr>().unwrap().into()),
            _ => panic!("{question}"),
        };
    }
    selector
}

/// A host with many addresses of one family. The one that is looked for, `192.0.2.10/24` or
/// `2001:db8::10/64`, is on `eth0`. All others are on a link that is down, with which the kernel
/// is quicker; one of them, `10.0.0.1/32` or `2001:db8:2::1/128`, is like a service address.
pub struct Many {
    ipv6: bool,
    others: usize,
}

impl Many {
    /// A host with IPv4 addresses, or with IPv6 ones.
    pub fn stage(ipv6: bool) -> Self {
        cable("eth0");
        ip("link add many0 type bridge");
        ip("link set many0 addrgenmode none");
        let (ours, service) = match ipv6 {
            false => ("192.0.2.10/24", "10.0.0.1/32"),
            true => ("2001:db8::10/64", "2001:db8:2::1/128"),
        };
        let nodad = if ipv6 { "nodad" } else { "" };
        ip(&format!("addr add {ours} dev eth0 {nodad}"));
        ip(&format!("addr add {service} dev many0 {nodad}"));
        Self { ipv6, others: 1 }
    }

    /// Adds addresses until there are so many.
    pub fn grow(&mut self, count: usize) {
        let add = |n: usize| match self.ipv6 {
            false => format!("addr add 10.{}.{}.1/24 dev many0", n / 250, n % 250),
            true => format!("addr add 2001:db8:1::{n:x}/64 dev many0 nodad"),
        };
        ip_batch((self.others..count - 1).map(add));
        self.others = count - 1;
        hold_still(if self.ipv6 {
            "2001:db8:ffff::"
        } else {
            "198.18.0.0"
        });
    }
}

/// A host with [`LINKS`] links. Each has an address in a network of its own, `10.0.0.1/24` and on.
/// The first also has `203.0.113.10/24`, and the second the host prefix `203.0.113.77/32` inside it;
/// [`ASK_AT_MOST`] of them are in `192.0.2.0/24`, and one
/// more is in `198.51.100.0/24`.
pub fn links() {
    ip_batch((0..LINKS / 2).map(|n| format!("link add v{n} type veth peer name p{n}")));
    let name = |n: usize| format!("{}{}", ["v", "p"][n % 2], n / 2);
    let own = |n| format!("addr add 10.{}.{}.1/24 dev {}", n / 250, n % 250, name(n));
    ip_batch((0..LINKS).map(own));
    let asked = |n| format!("addr add 192.0.2.{n}/24 dev {}", name(n));
    ip_batch((0..ASK_AT_MOST).map(asked));
    let dumped = |n| format!("addr add 198.51.100.{n}/24 dev {}", name(n));
    ip_batch((0..=ASK_AT_MOST).map(dumped));
    ip("addr add 203.0.113.10/24 dev v0");
    ip("addr add 203.0.113.77/32 dev p0");
    hold_still("198.18.0.0");
}

/// Waits until the kernel lists the addresses without an interruption: what is counted is one
/// dump.
fn hold_still(bindnet: &str) {
    let patience = Duration::from_secs(60);
    let mut live = Capturer::open().unwrap().timeout(patience).attempts(1);
    until("the host holds still", || {
        let decision = live.decide(&selector(bindnet)).unwrap();
        decision.consistency() == Some(Consistency::Consistent)
    });
}
