//! Decoding a dump of 1 000 addresses, from bytes to addresses in a list, beside
//! netlink-packet-route from bytes to its messages.
#![allow(missing_docs)]

use std::hint::black_box;

use bindnet::wire::rtnetlink::{Message, messages};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;

#[path = "made/dumps.rs"]
mod dumps;

use dumps::{COUNT, v4, v6};

fn decode(c: &mut Criterion) {
    for (family, dump) in [("IPv4", v4()), ("IPv6", v6())] {
        let mut group = c.benchmark_group(format!("decode 1 000 {family}"));
        group.throughput(Throughput::Elements(COUNT.into()));
        group.bench_function("bindnet", |b| b.iter(|| ours(black_box(&dump))));
        group.bench_function("netlink-packet-route", |b| {
            b.iter(|| theirs(black_box(&dump)))
        });
        assert_eq!(ours(&dump).len(), theirs(&dump).len());
        group.finish();
    }
}

fn ours(dump: &[u8]) -> Vec<bindnet::Address> {
    let decoded = messages(dump).map(|message| message.unwrap().1);
    let addresses = decoded.filter_map(|message| match message {
        Message::NewAddress(address) => Some(address),
        _ => None,
    });
    addresses.collect()
}

fn theirs(dump: &[u8]) -> Vec<RouteNetlinkMessage> {
    let mut addresses = Vec::new();
    let mut rest = dump;
    while !rest.is_empty() {
        let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest).unwrap();
        let len = message.header.length as usize;
        if let NetlinkPayload::InnerMessage(address) = message.payload {
            addresses.push(address);
        }
        rest = &rest[len.next_multiple_of(4)..];
    }
    addresses
}

criterion_group!(benches, decode);
criterion_main!(benches);
