//! Step 1 of the rule: the scan for matching addresses where nothing matches, beside ipnet's
//! `contains` and the floor, which is reading every address and mask once.
#![allow(missing_docs)]

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bindnet::{Address, BindnetAddr, Link, Snapshot};
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reading::read;

#[path = "made/reading.rs"]
mod reading;

const SIZES: [usize; 3] = [1, 1_000, 100_000];

fn v4(c: &mut Criterion) {
    let target = Ipv4Addr::new(192, 0, 2, 0);
    let net = |at| Ipv4Net::new(Ipv4Addr::from_bits(0x0a00_0000 + at as u32), 24).unwrap();
    let contains = |net: &Ipv4Net| net.contains(&target);
    family(c, "IPv4", 8, net, target.into(), contains);
}

fn v6(c: &mut Criterion) {
    let target = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
    let net = |at| Ipv6Net::new(Ipv6Addr::from_bits(0xfd00 << 112 | at as u128), 64).unwrap();
    let contains = |net: &Ipv6Net| net.contains(&target);
    family(c, "IPv6", 32, net, target.into(), contains);
}

/// One family, in which an address and a mask take so many bytes.
fn family<N: Copy + Into<IpNet>>(
    c: &mut Criterion,
    name: &str,
    bytes: usize,
    net: impl Fn(usize) -> N,
    target: IpAddr,
    contains: impl Fn(&N) -> bool,
) {
    let mut group = c.benchmark_group(format!("match {name}"));
    let bindnet: BindnetAddr = target.to_string().parse().unwrap();
    for size in SIZES {
        group.throughput(Throughput::Elements(size as u64));
        let nets: Vec<N> = (0..size).map(&net).collect();
        let any: Vec<IpNet> = nets.iter().map(|net| (*net).into()).collect();
        let words: Vec<u64> = (0..(size * bytes / 8) as u64).collect();
        let host = host(&any);
        group.bench_function(BenchmarkId::new("each_match", size), |b| {
            b.iter(|| count_matches(black_box(&bindnet), black_box(&host)));
        });
        group.bench_function(BenchmarkId::new("ipnet, of the family", size), |b| {
            b.iter(|| black_box(&nets).iter().filter(|net| contains(net)).count());
        });
        group.bench_function(BenchmarkId::new("ipnet, of any", size), |b| {
            let target = black_box(target);
            b.iter(|| {
                let nets = black_box(&any).iter();
                nets.filter(|net| net.contains(&target)).count()
            });
        });
        group.bench_function(BenchmarkId::new("floor", size), |b| {
            b.iter(|| read(black_box(&words)));
        });
    }
    group.finish();
}

fn count_matches(bindnet: &BindnetAddr, host: &Snapshot) -> usize {
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
