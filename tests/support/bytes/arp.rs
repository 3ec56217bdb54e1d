//! ARP packets.

use std::net::Ipv4Addr;

use proptest::prelude::*;
use proptest::sample::select;

use super::frames::{self, Mac, REPLY, REQUEST};

/// Hosts that hear each other, and nobody.
const MACS: [Mac; 4] = [
    [2, 0, 0, 0, 0, 0x0a],
    [2, 0, 0, 0, 0, 0x0b],
    [0, 0, 0x5e, 0, 1, 0x33],
    [0; 6],
];
const IPS: [Ipv4Addr; 4] = [
    Ipv4Addr::new(192, 0, 2, 10),
    Ipv4Addr::new(192, 0, 2, 20),
    Ipv4Addr::new(192, 0, 2, 99),
    Ipv4Addr::UNSPECIFIED,
];

/// Sound ARP packets for IPv4 on Ethernet (28 bytes, without the Ethernet header) between few
/// hosts: probes, announcements, requests, replies, and a few operations that nobody knows.
pub fn arp_packet() -> impl Strategy<Value = Vec<u8>> {
    let operation = prop_oneof![
        4 => select(vec![REQUEST, REPLY]),
        1 => any::<u16>(),
    ];
    let end = || (select(&MACS[..]), select(&IPS[..]));
    (operation, end(), end())
        .prop_map(|(operation, sender, target)| frames::arp(operation, sender, target))
}
