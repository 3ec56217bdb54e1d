//! How many instructions decoding and matching take, which a busy machine does not change.
//!
//! `cargo bench` prints them, and fails where there are more than a fifth above what was counted
//! when the limit was set. It takes valgrind and `gungraun-runner`.

#[path = "../made/dumps.rs"]
mod dumps;

use std::hint::black_box;
use std::net::{Ipv4Addr, Ipv6Addr};

use bindnet::wire::rtnetlink::{Message, messages};
use bindnet::{Address, BindnetAddr, Decision, Link, Selector, Snapshot};
use gungraun::prelude::*;
use gungraun::{Callgrind, EventKind};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// How many addresses a snapshot has.
const MANY: u32 = 10_000;

/// At most so many instructions.
fn at_most(instructions: u64) -> LibraryBenchmarkConfig {
    let limit = [(EventKind::Ir, instructions)];
    let mut callgrind = Callgrind::default();
    callgrind.hard_limits(limit);
    let mut config = LibraryBenchmarkConfig::default();
    config.tool(callgrind);
    config
}

// The addresses of a dump of 1 000.
#[library_benchmark]
#[bench::ipv4(args = (dumps::v4()), config = at_most(700_000))]
#[bench::ipv6(args = (dumps::v6()), config = at_most(610_000))]
fn decode(dump: Vec<u8>) -> usize {
    let decoded = messages(black_box(&dump)).map(|message| message.expect("a message").1);
    let addresses = decoded.filter(|message| matches!(message, Message::NewAddress(_)));
    addresses.count()
}

// A scan of 10 000 addresses without a hit.
#[library_benchmark]
#[bench::ipv4(args = ("192.0.2.0", ipv4()), config = at_most(20_000))]
#[bench::ipv6(args = ("2001:db8::", ipv6()), config = at_most(68_000))]
fn matching(bindnet: &str, host: Snapshot) -> usize {
    let bindnet: BindnetAddr = bindnet.parse().expect("a bindnetaddr");
    let mut count = 0;
    black_box(bindnet).each_match(black_box(&host), |_, _| count += 1);
    count
}

// A decision about 10 000 addresses, one of which is a candidate.
#[library_benchmark]
#[bench::ipv4(args = ("10.0.0.10", ipv4()), config = at_most(43_000))]
#[bench::ipv6(args = ("fd00:0:0:a::", ipv6()), config = at_most(72_000))]
fn decide(bindnet: &str, host: Snapshot) -> Decision {
    let selector = Selector::new(bindnet.parse().expect("a bindnetaddr"));
    black_box(selector).decide(black_box(&host))
}

fn ipv4() -> Snapshot {
    let ip = |at| Ipv4Addr::from_bits(0x0a00_0000 + at);
    host((0..MANY).map(|at| Ipv4Net::from(ip(at)).into()))
}

fn ipv6() -> Snapshot {
    let ip = |at| Ipv6Addr::from_bits(0xfd00 << 112 | u128::from(at) << 64 | 1);
    host((0..MANY).map(|at| Ipv6Net::new(ip(at), 64).expect("a prefix").into()))
}

fn host(nets: impl Iterator<Item = IpNet>) -> Snapshot {
    let link = Link::new(2, "eth0".parse().expect("a name"));
    Snapshot::new([link], nets.map(|net| Address::new(net, 2))).expect("a snapshot")
}

library_benchmark_group!(name = all, benchmarks = [decode, matching, decide]);
main!(library_benchmark_groups = all);
