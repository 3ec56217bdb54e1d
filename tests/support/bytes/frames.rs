//! Frames as they are on the wire, written byte by byte from the RFCs and not with the codecs.

use std::net::{Ipv4Addr, Ipv6Addr};

/// An Ethernet address.
pub type Mac = [u8; 6];

/// Everybody on the wire.
pub const BROADCAST: Mac = [0xff; 6];

/// What a frame carries: ARP (linux/if_ether.h).
pub const ARP: u16 = 0x0806;
/// IPv6.
pub const IPV6: u16 = 0x86dd;
/// A frame of a VLAN (IEEE 802.1Q).
pub const VLAN: u16 = 0x8100;

/// The operation of ARP (RFC 826): a question.
pub const REQUEST: u16 = 1;
/// An answer.
pub const REPLY: u16 = 2;

/// A frame.
pub fn frame(to: Mac, from: Mac, kind: u16, payload: &[u8]) -> Vec<u8> {
    [&to[..], &from, &kind.to_be_bytes(), payload].concat()
}

/// An ARP packet for IPv4 on Ethernet (RFC 826).
pub fn arp(operation: u16, sender: (Mac, Ipv4Addr), target: (Mac, Ipv4Addr)) -> Vec<u8> {
    let mut packet = vec![0, 1, 8, 0, 6, 4];
    packet.extend(operation.to_be_bytes());
    for (mac, ip) in [sender, target] {
        packet.extend(mac);
        packet.extend(ip.octets());
    }
    packet
}

/// The frame that announces an address (RFC 5227, section 2.3): a request from it for itself.
pub fn announcement(mac: Mac, ip: Ipv4Addr) -> Vec<u8> {
    let packet = arp(REQUEST, (mac, ip), ([0; 6], ip));
    frame(BROADCAST, mac, ARP, &packet)
}

/// The frame that asks whether anybody has an address (RFC 5227, section 2.1.1).
pub fn arp_probe(mac: Mac, ip: Ipv4Addr) -> Vec<u8> {
    let packet = arp(REQUEST, (mac, Ipv4Addr::UNSPECIFIED), ([0; 6], ip));
    frame(BROADCAST, mac, ARP, &packet)
}

/// The same for IPv6 (RFC 4862, section 5.4.2): a Neighbour Solicitation from `::` to the
/// solicited-node group, without an option.
pub fn solicitation(mac: Mac, ip: Ipv6Addr) -> Vec<u8> {
    let [.., a, b, c] = ip.octets();
    let group = Ipv6Addr::new(
        0xff02,
        0,
        0,
        0,
        0,
        1,
        0xff00 | u16::from(a),
        u16::from_be_bytes([b, c]),
    );
    let mut message = vec![135, 0, 0, 0, 0, 0, 0, 0];
    message.extend(ip.octets());
    let pseudo = [&[0; 16][..], &group.octets(), &[0, 0, 0, 24, 0, 0, 0, 58]].concat();
    let sum = checksum(&[&pseudo[..], &message].concat());
    message.splice(2..4, sum.to_be_bytes());
    let mut packet = vec![0x60, 0, 0, 0, 0, 24, 58, 255];
    packet.extend([0; 16]);
    packet.extend(group.octets());
    packet.extend(message);
    frame([0x33, 0x33, 0xff, a, b, c], mac, IPV6, &packet)
}

/// The checksum of the Internet protocols (RFC 1071).
pub fn checksum(bytes: &[u8]) -> u16 {
    let words = bytes.chunks(2).map(|pair| match *pair {
        [high, low] => u32::from(u16::from_be_bytes([high, low])),
        [high] => u32::from(high) << 8,
        _ => 0,
    });
    let mut sum: u32 = words.sum();
    while sum >> 16 != 0 {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}
