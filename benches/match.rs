//! Step 1 of the rule: the scan for matching addresses where nothing matches, beside ipnet's
//! `contains` and the floor, which is reading every address and mask once.
#![allow(missing_docs)]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bindnet::{Address, Bindnet, Link, Snapshot};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reading::read;

#[path = "made/reading.rs"]
mod reading;

const SIZES: [usize; 3] = [1, 1_000, 100_000];

fn v4(c: &mut Criterion) {
    let mut group = c.benchmark_group("match IPv4");
    for size in SIZES {
        group.throughput(Throughput::Elements(size as u64));
        let ip = |at: usize| Ipv4Addr::from_bits(0x0a00_0000 + at as u32);
        let nets: Vec<Ipv4Net> = (0..size)
            .map(|at| Ipv4Net::new(ip(at), 24).unwrap())
            .collect();
        let any: Vec<IpNet> = nets.iter().copied().map(IpNet::from).collect();
        // An address and a mask of four bytes each.
        let words: Vec<u64> = (0..size as u64).collect();
        let host = host(&any);
        let bindnet: Bindnet = "192.0.2.0".parse().unwrap();
        let target = Ipv4Addr::new(192, 0, 2, 0);
        group.bench_function(BenchmarkId::new("each_match", size), |b| {
            b.iter(|| count_matches(black_box(&bindnet), black_box(&host)));
        });
        group.bench_function(BenchmarkId::new("Ipv4Net", size), |b| {
            b.iter(|| {
                black_box(&nets)
                    .iter()
                    .filter(|net| net.contains(&target))
                    .count()
            });
        });
        group.bench_function(BenchmarkId::new("IpNet", size), |b| {
            let target = black_box(IpAddr::V4(target));
            b.iter(|| {
                black_box(&any)
                    .iter()
                    .filter(|net| net.contains(&target))
                    .count()
            });
        });
        group.bench_function(BenchmarkId::new("floor", size), |b| {
            b.iter(|| read(black_box(&words)));
        });
    }
    group.finish();
}

fn v6(c: &mut Criterion) {
    let mut group = c.benchmark_group("match IPv6");
    for size in SIZES {
        group.throughput(Throughput::Elements(size as u64));
        let ip = |at: usize| Ipv6Addr::from_bits(0xfd00 << 112 | at as u128);
        let nets: Vec<Ipv6Net> = (0..size)
            .map(|at| Ipv6Net::new(ip(at), 64).unwrap())
            .collect();
        let any: Vec<IpNet> = nets.iter().copied().map(IpNet::from).collect();
        // An address and a mask of sixteen bytes each.
        let words: Vec<u64> = (0..4 * size as u64).collect();
        let host = host(&any);
        let bindnet: Bindnet = "2001:db8::".parse().unwrap();
        let target = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
        group.bench_function(BenchmarkId::new("each_match", size), |b| {
            b.iter(|| count_matches(black_box(&bindnet), black_box(&host)));
        });
        group.bench_function(BenchmarkId::new("Ipv6Net", size), |b| {
            b.iter(|| {
                black_box(&nets)
                    .iter()
                    .filter(|net| net.contains(&target))
                    .count()
            });
        });
        group.bench_function(BenchmarkId::new("IpNet", size), |b| {
            let target = black_box(IpAddr::V6(target));
            b.iter(|| {
                black_box(&any)
                    .iter()
                    .filter(|net| net.contains(&target))
                    .count()
            });
        });
        group.bench_function(BenchmarkId::new("floor", size), |b| {
            b.iter(|| read(black_box(&words)));
        });
    }
    group.finish();
}

fn count_matches(bindnet: &Bindnet, host: &Snapshot) -> usize {
    let mut count = 0;
    bindnet.each_match(host, |_, _| count += 1);
    count
}

fn host(nets: &[IpNet]) -> Snapshot {
    let addresses = nets.iter().map(|net| Address::new(*net, 2));
    Snapshot::new([Link::new(2, "eth0".parse().unwrap())], addresses).unwrap()
}

criterion_group!(benches, v4, v6);
criterion_main!(benches);
