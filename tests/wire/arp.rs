//! The ARP codec: packets written by hand from the RFCs and recorded from a kernel, and what they
//! say about an address by a reading that looks at single bytes.

use bindnet_tests::sightings;

use std::net::Ipv4Addr;

use bindnet::conflict::How;
use bindnet::wire::DecodeError;
use bindnet::wire::arp::{LEN, Packet, REPLY, REQUEST};
use bindnet_tests::bytes::{arp_packet, damaged};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use sightings::{arp_says, said};

const IP: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
const A: [u8; 6] = [2, 0, 0, 0, 0, 0x0a];
const B: [u8; 6] = [2, 0, 0, 0, 0, 0x0b];

/// RFC 5227, section 1.1: a request, the sender's address all zeros, the target's hardware address
/// zeros, too.
const PROBE: [u8; LEN] = [
    0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, // a request for IPv4 on Ethernet
    0x02, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x00, // from A, 0.0.0.0
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x02, 0x0a, // 192.0.2.10
];

/// RFC 5227, section 1.1: as a probe, but with the address as the sender's, too.
const ANNOUNCEMENT: [u8; LEN] = [
    0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, // a request
    0x02, 0x00, 0x00, 0x00, 0x00, 0x0b, 0xc0, 0x00, 0x02, 0x0a, // from B, 192.0.2.10
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x02, 0x0a, // 192.0.2.10
];

/// What Linux 6.18 answered to a probe of A for the address of B.
const RECORDED_ANSWER: [u8; LEN] = [
    0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x02, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0b, 0xc0, 0x00,
    0x02, 0x0a, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x00,
];

/// What it asked before it sent a datagram from 192.0.2.10 to 192.0.2.1.
const RECORDED_REQUEST: [u8; LEN] = [
    0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0b, 0xc0, 0x00,
    0x02, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x02, 0x01,
];

/// What it announced when a link came up, with `arp_notify`.
const RECORDED_ANNOUNCEMENT: [u8; LEN] = [
    0x00, 0x01, 0x08, 0x00, 0x06, 0x04, 0x00, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0b, 0xc0, 0x00,
    0x02, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xc0, 0x00, 0x02, 0x0a,
];

fn packet(operation: u16, sender_ip: Ipv4Addr, target_ip: Ipv4Addr) -> Packet {
    Packet::new(operation, (B, sender_ip), (A, target_ip))
}

fn heard(bytes: &[u8]) -> Option<(How, [u8; 6])> {
    said(Packet::parse(bytes).unwrap().sighting(IP))
}

#[test]
fn a_probe_is_what_the_rfc_says() {
    assert_eq!(Packet::probe(A, IP).to_bytes(), PROBE);
    assert_eq!(Packet::parse(&PROBE), Ok(Packet::probe(A, IP)));
    assert_eq!(heard(&PROBE), Some((How::Probe, A)));
}

#[test]
fn an_announcement_is_a_claim() {
    assert_eq!(heard(&ANNOUNCEMENT), Some((How::Claim, B)));
    assert_eq!(RECORDED_ANNOUNCEMENT, ANNOUNCEMENT);
}

#[test]
fn what_a_kernel_sends() {
    let read = Packet::parse(&RECORDED_ANSWER).unwrap();
    let expected = Packet::new(REPLY, (B, IP), (A, Ipv4Addr::UNSPECIFIED));
    assert_eq!(read, expected);
    assert_eq!(read.to_bytes(), RECORDED_ANSWER);
    assert_eq!(heard(&RECORDED_ANSWER), Some((How::Reply, B)));
    assert_eq!(heard(&RECORDED_REQUEST), Some((How::Claim, B)));
    let asked = Packet::parse(&RECORDED_REQUEST).unwrap();
    assert_eq!(asked.target_ip, Ipv4Addr::new(192, 0, 2, 1));
    assert_eq!(asked.sighting(asked.target_ip), None);
}

/// RFC 5227, section 2.1.1: by the sender's address, whatever the operation is, of the two that are
/// known; by the target's only in a probe. Section 3: an announcement may be a reply.
#[test]
fn what_each_packet_says() {
    let other = Ipv4Addr::new(192, 0, 2, 99);
    let nobody = Ipv4Addr::UNSPECIFIED;
    let rows = [
        (REQUEST, IP, other, Some(How::Claim)),
        (REQUEST, IP, IP, Some(How::Claim)),
        (REQUEST, IP, nobody, Some(How::Claim)),
        (REQUEST, nobody, IP, Some(How::Probe)),
        (REQUEST, other, IP, None),
        (REQUEST, nobody, other, None),
        (REQUEST, other, other, None),
        (REPLY, IP, other, Some(How::Reply)),
        (REPLY, IP, nobody, Some(How::Reply)),
        (REPLY, IP, IP, Some(How::Claim)),
        (REPLY, nobody, IP, None),
        (REPLY, other, IP, None),
        // Reverse ARP (RFC 903) and others.
        (0, IP, IP, None),
        (3, IP, other, None),
        (4, nobody, IP, None),
        (0x0100, IP, other, None),
    ];
    for (operation, sender, target, how) in rows {
        let sighting = packet(operation, sender, target).sighting(IP);
        assert_eq!(
            said(sighting),
            how.map(|how| (how, B)),
            "{operation} {sender} {target}"
        );
    }
}

#[test]
fn every_proper_prefix_is_short() {
    for packet in [PROBE, RECORDED_ANSWER] {
        for len in 0..LEN {
            let error = Packet::parse(&packet[..len]).unwrap_err();
            assert_eq!(error, DecodeError::ShortPacket { len });
            assert!(error.to_string().contains(&format!("there are {len}")));
        }
    }
}

/// One wrong bit in the four fields that say IPv4 on Ethernet, and the error names the field.
#[test]
fn every_wrong_field_is_refused_by_its_name() {
    let names = ["ar$hrd", "ar$hrd", "ar$pro", "ar$pro", "ar$hln", "ar$pln"];
    let starts = [0, 0, 2, 2, 4, 5];
    let right = [1, 1, 0x0800, 0x0800, 6, 4];
    for (at, name) in names.into_iter().enumerate() {
        for bit in 0..8 {
            let mut bytes = RECORDED_ANSWER;
            bytes[at] ^= 1 << bit;
            let error = Packet::parse(&bytes).unwrap_err();
            let DecodeError::Field {
                field,
                found,
                expected,
                offset,
            } = error
            else {
                panic!("{error}");
            };
            assert_eq!((field, expected, offset), (name, right[at], starts[at]));
            assert_eq!((found ^ expected).count_ones(), 1, "{error}");
            assert!(
                error.to_string().contains(&format!("byte {offset}")),
                "{error}"
            );
        }
    }
}

/// A packet whose addresses are mostly those that matter.
fn any_packet() -> impl Strategy<Value = Packet> {
    let ip = || {
        let known = [IP, Ipv4Addr::UNSPECIFIED, Ipv4Addr::new(192, 0, 2, 11)];
        prop_oneof![4 => select(known.to_vec()), 1 => any::<Ipv4Addr>()]
    };
    let operation = prop_oneof![4 => 0..5u16, 1 => any::<u16>()];
    (operation, any::<[u8; 6]>(), ip(), any::<[u8; 6]>(), ip()).prop_map(
        |(operation, sender_mac, sender_ip, target_mac, target_ip)| {
            Packet::new(operation, (sender_mac, sender_ip), (target_mac, target_ip))
        },
    )
}

proptest! {
    /// What is written is read, whatever stands behind it.
    #[test]
    fn round_trip_with_padding(packet in any_packet(), padding in vec(any::<u8>(), 0..40)) {
        let bytes = packet.to_bytes();
        prop_assert_eq!(Packet::parse(&bytes), Ok(packet));
        let padded = [&bytes[..], &padding].concat();
        prop_assert_eq!(Packet::parse(&padded), Ok(packet));
    }

    /// Any bytes are refused, or are those that the packet is written as.
    #[test]
    fn any_bytes(mut bytes in vec(any::<u8>(), 0..60), fix in any::<bool>()) {
        if let (true, Some(kind)) = (fix, bytes.get_mut(..6)) {
            kind.copy_from_slice(&PROBE[..6]);
        }
        match Packet::parse(&bytes) {
            Ok(packet) => prop_assert_eq!(&packet.to_bytes()[..], &bytes[..LEN]),
            Err(DecodeError::ShortPacket { len }) => prop_assert!(len == bytes.len() && len < LEN),
            Err(_) => prop_assert!(bytes.len() >= LEN && bytes[..6] != PROBE[..6]),
        }
    }

    /// Damaged packets, too, and what is left of one says what its bytes say.
    #[test]
    fn damaged_bytes(bytes in damaged(arp_packet())) {
        match Packet::parse(&bytes) {
            Ok(packet) => {
                prop_assert_eq!(&packet.to_bytes()[..], &bytes[..LEN]);
                prop_assert_eq!(said(packet.sighting(IP)), arp_says(&bytes, IP.octets()));
            }
            Err(_) => prop_assert!(bytes.len() < LEN || bytes[..6] != PROBE[..6]),
        }
    }

    /// It says about an address what its bytes say.
    #[test]
    fn sightings_as_the_bytes_have_them(packet in any_packet(), ip in any::<Ipv4Addr>()) {
        for ip in [IP, packet.sender_ip, packet.target_ip, ip] {
            let sighting = said(packet.sighting(ip));
            prop_assert_eq!(sighting, arp_says(&packet.to_bytes(), ip.octets()), "{}", ip);
        }
    }
}
