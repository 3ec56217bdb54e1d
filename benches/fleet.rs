//! Many nodes judged together.
#![allow(missing_docs)]

use std::borrow::Borrow;
use std::hint::black_box;
use std::net::Ipv4Addr;

use bindnet::fleet::{Fleet, FleetReport};
use bindnet::snapshot::{AddressFlags, LinkFlags, Scope};
use bindnet::{Address, Link, Selector, Snapshot};
use criterion::{Criterion, criterion_group, criterion_main};
use ipnet::Ipv4Net;

/// How many addresses each node has.
const ADDRESSES: u32 = 1_000;

fn fleet(c: &mut Criterion) {
    let mut group = c.benchmark_group("fleet");
    group.sample_size(10);
    for count in [10, 100, 1_000] {
        let nodes: Vec<Snapshot> = (0..count).map(node).collect();
        let name = format!("{count} nodes of {ADDRESSES} addresses");
        group.bench_function(&name, |b| b.iter(|| judge(black_box(&nodes).iter())));
    }
    // Every node has all addresses of every other, and all of them float.
    let same: Vec<Snapshot> = (0..100).map(|_| node(0)).collect();
    group.bench_function("100 nodes with the same addresses", |b| {
        b.iter(|| judge(black_box(&same).iter()))
    });
    let texts: Vec<String> = (0..100).map(|at| node(at).to_json()).collect();
    group.bench_function("100 nodes from JSON", |b| {
        let read = |text: &String| Snapshot::from_json(text.as_bytes()).unwrap();
        b.iter(|| judge(black_box(&texts).iter().map(read)));
    });
    group.finish();
}

fn judge<S: Borrow<Snapshot>>(nodes: impl Iterator<Item = S>) -> FleetReport {
    let mut fleet = Fleet::new(Selector::new("192.0.0.0".parse().unwrap()));
    for (at, node) in nodes.enumerate() {
        fleet.add(format!("n{at}"), node.borrow()).unwrap();
    }
    fleet.judge()
}

/// A node with an address of the cluster's network, and service addresses inside another one.
fn node(number: u32) -> Snapshot {
    let eth0 = Link::new(2, "eth0".parse().unwrap())
        .with_flags(LinkFlags::UP | LinkFlags::RUNNING)
        .with_mac(
            format!("02:00:00:00:{:02x}:{:02x}", number >> 8, number & 0xff)
                .parse()
                .unwrap(),
        );
    let own = (Ipv4Addr::from_bits(0xc000_0000 + number), 16);
    let service = |at| {
        (
            Ipv4Addr::from_bits(0x0a00_0000 + number * ADDRESSES + at),
            if at == 1 { 8 } else { 32 },
        )
    };
    let addresses = [own].into_iter().chain((1..ADDRESSES).map(service));
    let addresses = addresses.map(|(ip, len)| {
        Address::new(Ipv4Net::new(ip, len).unwrap().into(), 2)
            .with_flags(AddressFlags::PERMANENT)
            .with_scope(Scope::GLOBAL)
    });
    Snapshot::new([eth0], addresses).unwrap()
}

criterion_group!(benches, fleet);
criterion_main!(benches);
