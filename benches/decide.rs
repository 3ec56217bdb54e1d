//! The decision about hosts of unusual size.
#![allow(missing_docs)]

use std::hint::black_box;
use std::net::{Ipv4Addr, Ipv6Addr};

use bindnet::snapshot::{AddressFlags, LinkFlags, Scope};
use bindnet::{Address, Link, Selector, Snapshot};
use criterion::{Criterion, criterion_group, criterion_main};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

const MANY: u32 = 10_000;

fn decide(c: &mut Criterion) {
    let one = host(1, [v4([192, 0, 2, 10], 24)].into_iter().chain(spread()));
    bench(c, "1 candidate of 10 000", "192.0.2.0", &one);

    let inside = (0..MANY).map(|at| v4((0x0a00_0100 + at).to_be_bytes(), 32));
    let service = host(1, [v4([10, 0, 0, 10], 16)].into_iter().chain(inside));
    bench(c, "10 000 service addresses /32", "10.0.0.0/16", &service);

    let siblings = host(1, (1..=MANY).map(|at| v6(u128::from(at), 64)));
    bench(c, "10 000 IPv6 siblings", "fd00::", &siblings);

    let all = host(
        1,
        (1..=MANY).map(|at| v4((0x0a00_0000 + at).to_be_bytes(), 16)),
    );
    bench(c, "10 000 candidates of one network", "10.0.0.0", &all);

    let wide = host(1_000, (0..1_000).map(one_each));
    bench(c, "1 000 links", "10.3.0.0", &wide);
    bench(c, "1 000 links, 1 000 candidates", "10.0.0.0/8", &wide);
    bench(c, "1 000 links, no candidate", "192.0.2.0", &wide);
}

fn bench(c: &mut Criterion, name: &str, bindnet: &str, host: &Snapshot) {
    let selector = Selector::new(bindnet.parse().unwrap());
    c.bench_function(&format!("decide: {name}"), |b| {
        b.iter(|| black_box(&selector).decide(black_box(host)));
    });
}

fn spread() -> impl Iterator<Item = (IpNet, u32)> {
    (0..MANY - 1).map(|at| v4((0x0a00_0000 + at).to_be_bytes(), 24))
}

/// A network of its own on a link of its own.
fn one_each(at: u32) -> (IpNet, u32) {
    let (net, _) = v4((0x0a00_0001 + (at << 8)).to_be_bytes(), 24);
    (net, at + 1)
}

fn v4(ip: [u8; 4], len: u8) -> (IpNet, u32) {
    (Ipv4Net::new(Ipv4Addr::from(ip), len).unwrap().into(), 1)
}

fn v6(host: u128, len: u8) -> (IpNet, u32) {
    let ip = Ipv6Addr::from_bits(0xfd00 << 112 | host);
    (Ipv6Net::new(ip, len).unwrap().into(), 1)
}

/// A host as the kernel lists it, on links 1 to `links`.
fn host(links: u32, addresses: impl Iterator<Item = (IpNet, u32)>) -> Snapshot {
    let links = (1..=links).map(|index| {
        let name = format!("eth{index}").parse().unwrap();
        Link::new(index, name).with_flags(LinkFlags::UP | LinkFlags::RUNNING)
    });
    let addresses = addresses.map(|(net, link)| {
        Address::new(net, link)
            .with_flags(AddressFlags::PERMANENT)
            .with_scope(Scope::GLOBAL)
    });
    Snapshot::new(links, addresses).unwrap()
}

criterion_group!(benches, decide);
criterion_main!(benches);
