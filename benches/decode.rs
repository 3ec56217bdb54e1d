//! Decoding a dump of 1 000 addresses, from bytes to addresses in a list, beside
//! netlink-packet-route from bytes to its messages.
#![allow(missing_docs)]

use std::hint::black_box;

use bindnet::wire::rtnetlink::{Message, messages};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use netlink_packet_core::{NetlinkMessage, NetlinkPayload};
use netlink_packet_route::RouteNetlinkMessage;

#[path = "../tests/rtnetlink/build.rs"]
#[allow(dead_code)]
mod build;

use build::*;

const COUNT: u32 = 1_000;
/// `IFA_BROADCAST`, which is of no concern here and which every dump has.
const IFA_BROADCAST: u16 = 4;

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

/// As the kernel sends them: attributes and their order are those of inet_fill_ifaddr().
fn v4() -> Vec<u8> {
    let one = |at: u32| {
        let ip = (0x0a00_0000 + at).to_be_bytes();
        let attributes = [
            attribute(IFA_ADDRESS, &ip),
            attribute(IFA_LOCAL, &ip),
            attribute(IFA_BROADCAST, &[10, 0, 255, 255]),
            attribute(IFA_LABEL, &text("eth0")),
            attribute(IFA_FLAGS, &0x80u32.to_ne_bytes()),
            attribute(IFA_CACHEINFO, &[0xff; 16]),
        ];
        let body = address_body([AF_INET, 16, 0x80, 0], 2, &attributes);
        message(RTM_NEWADDR, NLM_F_MULTI, &body)
    };
    dump(one)
}

/// As inet6_fill_ifaddr() sends them.
fn v6() -> Vec<u8> {
    let one = |at: u32| {
        let ip = (0xfd00 << 112 | u128::from(at)).to_be_bytes();
        let attributes = [
            attribute(IFA_ADDRESS, &ip),
            attribute(IFA_CACHEINFO, &[0xff; 16]),
            attribute(IFA_FLAGS, &0x80u32.to_ne_bytes()),
        ];
        let body = address_body([AF_INET6, 64, 0x80, 0], 2, &attributes);
        message(RTM_NEWADDR, NLM_F_MULTI, &body)
    };
    dump(one)
}

fn dump(one: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..COUNT).flat_map(one).collect();
    bytes.extend(message(NLMSG_DONE, NLM_F_MULTI, &0i32.to_ne_bytes()));
    bytes
}

criterion_group!(benches, decode);
criterion_main!(benches);
