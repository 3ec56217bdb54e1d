//! Any bytes are read by both codecs without a panic: refused, or as what they are written as
//! again; and what they say about an address is what a reading of single bytes says.

use std::net::{Ipv4Addr, Ipv6Addr};

use bindnet::conflict::How;
use bindnet::wire::{DecodeError, arp, ndisc};

#[path = "../../tests/support/sightings.rs"]
mod sightings;

use sightings::{arp_says, icmpv6_checksum, nd_is_valid, nd_says, said};

/// The sender on the link, where a packet does not name one.
const FROM: [u8; 6] = [2, 0, 0, 0, 0, 0x0f];
/// Of IPv6's header.
const HEADER: usize = 40;

pub fn check(packet: &[u8]) {
    arp(packet);
    nd(packet);
    // A fuzzer does not find a checksum: put right, the packet says more.
    if let Some(sealed) = sealed(packet) {
        nd(&sealed);
    }
}

fn arp(bytes: &[u8]) {
    let packet = match arp::Packet::parse(bytes) {
        Ok(packet) => packet,
        Err(error) => return arp_refused(bytes, error),
    };
    let (whole, padding) = bytes.split_at(arp::LEN);
    assert_eq!(packet.to_bytes(), whole);
    assert_eq!(arp::Packet::parse(whole), Ok(packet), "{padding:?}");
    for len in [0, 1, arp::LEN / 2, arp::LEN - 1] {
        let short = arp::Packet::parse(&whole[..len]);
        assert_eq!(short, Err(DecodeError::ShortPacket { len }));
    }
    let known = Ipv4Addr::new(192, 0, 2, 10);
    for ip in [known, packet.sender_ip, packet.target_ip] {
        assert_eq!(said(packet.sighting(ip)), arp_says(bytes, ip.octets()));
    }
}

fn arp_refused(bytes: &[u8], error: DecodeError) {
    match error {
        DecodeError::ShortPacket { len } => assert!(len == bytes.len() && len < arp::LEN),
        DecodeError::Field {
            found,
            expected,
            offset,
            ..
        } => {
            assert!(found != expected && offset < 6, "{error}");
            assert!(error.to_string().contains(&offset.to_string()));
        }
        other => panic!("{other}"),
    }
}

fn nd(bytes: &[u8]) {
    let read = ndisc::Packet::parse(bytes);
    assert_eq!(read.is_ok(), nd_is_valid(bytes), "{read:?}");
    let packet = match read {
        Ok(packet) => packet,
        Err(DecodeError::Short { need, offset, .. }) => {
            return assert!(offset <= bytes.len() && need > 0);
        }
        Err(_) => return,
    };
    let end = HEADER + usize::from(bytes[4]) * 256 + usize::from(bytes[5]);
    assert_eq!(ndisc::Packet::parse(&bytes[..end]), Ok(packet));
    assert!(ndisc::Packet::parse(&bytes[..end - 1]).is_err());
    // What is written lacks only options that are not read.
    let written = packet.to_bytes();
    assert_eq!(ndisc::Packet::parse(&written), Ok(packet));
    assert_eq!(icmpv6_checksum(&written), 0);
    assert!(written.len() <= end);
    let known = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10);
    for ip in [known, packet.source, packet.target] {
        let says = said(packet.sighting(ip, FROM));
        assert_eq!(says, nd_says(bytes, ip.octets(), FROM));
        let is_from_nobody = packet.source.is_unspecified();
        assert!(is_from_nobody || !matches!(says, Some((How::Probe, _))));
    }
}

/// The same as Neighbour Discovery, with its length and checksum right.
fn sealed(packet: &[u8]) -> Option<Vec<u8>> {
    let mut packet = packet.to_vec();
    let len = u16::try_from(packet.len().checked_sub(HEADER)?).ok()?;
    packet.get_mut(4..7)?.copy_from_slice(&[0, 0, 58]);
    packet.get_mut(4..6)?.copy_from_slice(&len.to_be_bytes());
    packet.get_mut(42..44)?.fill(0);
    let checksum = icmpv6_checksum(&packet);
    packet
        .get_mut(42..44)?
        .copy_from_slice(&checksum.to_be_bytes());
    Some(packet)
}
