//! The codec of Neighbour Discovery: packets written by hand from the RFCs and recorded from a
//! kernel, the rules by which a node discards one, and what a packet says about an address by a
//! reading that looks at single bytes.

use bindnet_tests::sightings;

use std::net::Ipv6Addr;

use bindnet::conflict::How;
use bindnet::wire::DecodeError;
use bindnet::wire::ndisc::{Kind, Packet, multicast_mac, solicited_node};
use bindnet_tests::bytes::damaged;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use sightings::{icmpv6_checksum, nd_is_valid, nd_says, said};

const B: [u8; 6] = [2, 0, 0, 0, 0, 0x0b];
/// The sender on the link, where a packet does not name one.
const FROM: [u8; 6] = [2, 0, 0, 0, 0, 0x0f];

/// RFC 4862, section 5.4.2, and RFC 4861, section 4.3: from `::`, to the solicited-node group, hop
/// limit 255, no option.
const PROBE: [u8; 64] = [
    0x60, 0x00, 0x00, 0x00, 0x00, 0x18, 0x3a, 0xff, // version 6, 24 bytes, ICMPv6, 255 hops
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // from ::
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, //
    0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, // to ff02::1:ff00:10
    0x00, 0x00, 0x00, 0x01, 0xff, 0x00, 0x00, 0x10, //
    0x87, 0x00, 0x4c, 0xcf, 0x00, 0x00, 0x00, 0x00, // a solicitation, code 0, its checksum
    0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, // for 2001:db8::10
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, //
];

/// Duplicate address detection of 2001:db8::10 by Linux 6.18, with a nonce (RFC 7527).
const RECORDED_DAD: [u8; 72] = [
    0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x01, 0xff, 0x00, 0x00, 0x10, 0x87, 0x00, 0xcb, 0xa1, 0x00, 0x00, 0x00, 0x00,
    0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
    0x0e, 0x01, 0x68, 0xeb, 0x90, 0xa1, 0x79, 0x97,
];

/// What the kernel that had the address answered to all nodes: an advertisement, override.
const RECORDED_DEFENCE: [u8; 72] = [
    0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x88, 0x00, 0xf9, 0x02, 0x20, 0x00, 0x00, 0x00,
    0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
    0x02, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0b,
];

/// What it asked before it sent a datagram from 2001:db8::10 to 2001:db8::1.
const RECORDED_QUESTION: [u8; 72] = [
    0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0xff, 0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x01, 0xff, 0x00, 0x00, 0x01, 0x87, 0x00, 0x1c, 0x10, 0x00, 0x00, 0x00, 0x00,
    0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01,
    0x01, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0b,
];

/// What it answered to one who wanted to send to it: an advertisement, solicited.
const RECORDED_ANSWER: [u8; 72] = [
    0x60, 0x00, 0x00, 0x00, 0x00, 0x20, 0x3a, 0xff, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10, 0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00,
    0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x01, 0x88, 0x00, 0x8a, 0x4c, 0x60, 0x00, 0x00, 0x00,
    0x20, 0x01, 0x0d, 0xb8, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x10,
    0x02, 0x01, 0x02, 0x00, 0x00, 0x00, 0x00, 0x0b,
];

const RECORDED: [[u8; 72]; 4] = [
    RECORDED_DAD,
    RECORDED_DEFENCE,
    RECORDED_QUESTION,
    RECORDED_ANSWER,
];

fn ip(text: &str) -> Ipv6Addr {
    text.parse().unwrap()
}

fn heard(bytes: &[u8]) -> Option<(How, [u8; 6])> {
    said(
        Packet::parse(bytes)
            .unwrap()
            .sighting(ip("2001:db8::10"), FROM),
    )
}

/// The packet with its length and its checksum made right, so that only one thing is wrong.
fn sealed(mut packet: Vec<u8>) -> Vec<u8> {
    let len = packet.len() as u16 - 40;
    packet[4..6].copy_from_slice(&len.to_be_bytes());
    packet[42..44].fill(0);
    let checksum = icmpv6_checksum(&packet);
    packet[42..44].copy_from_slice(&checksum.to_be_bytes());
    packet
}

/// A packet with some bytes changed, sealed again.
fn with(packet: &[u8], at: usize, bytes: &[u8]) -> Vec<u8> {
    let mut changed = packet.to_vec();
    changed[at..at + bytes.len()].copy_from_slice(bytes);
    sealed(changed)
}

fn refused(packet: &[u8]) -> DecodeError {
    assert!(!nd_is_valid(packet), "{packet:02x?}");
    Packet::parse(packet).unwrap_err()
}

fn accepted(packet: &[u8]) -> Packet {
    assert!(nd_is_valid(packet), "{packet:02x?}");
    Packet::parse(packet).unwrap()
}

#[test]
fn a_probe_is_what_the_rfc_says() {
    assert_eq!(icmpv6_checksum(&PROBE), 0);
    assert_eq!(Packet::probe(ip("2001:db8::10")).to_bytes(), PROBE);
    assert_eq!(accepted(&PROBE), Packet::probe(ip("2001:db8::10")));
    assert_eq!(heard(&PROBE), Some((How::Probe, FROM)));
}

#[test]
fn groups_and_where_they_go() {
    // The examples of RFC 4291, section 2.7.1, and RFC 2464, section 7.
    let group = solicited_node(ip("4037::1:800:200e:8c6c"));
    assert_eq!(group, ip("ff02::1:ff0e:8c6c"));
    assert_eq!(multicast_mac(group), [0x33, 0x33, 0xff, 0x0e, 0x8c, 0x6c]);
}

#[test]
fn what_a_kernel_sends() {
    assert_eq!(heard(&RECORDED_DAD), Some((How::Probe, FROM)));
    assert_eq!(heard(&RECORDED_DEFENCE), Some((How::Reply, B)));
    assert_eq!(heard(&RECORDED_QUESTION), Some((How::Claim, B)));
    assert_eq!(heard(&RECORDED_ANSWER), Some((How::Reply, B)));
    let read = accepted(&RECORDED_DEFENCE);
    assert_eq!(read.kind, Kind::Advertisement { flags: 0x20 });
    assert_eq!((read.destination, read.mac), (ip("ff02::1"), Some(B)));
    assert_eq!(
        accepted(&RECORDED_ANSWER).kind,
        Kind::Advertisement { flags: 0x60 }
    );
    // The nonce is skipped; the others have nothing else, and are written as they are read.
    for packet in &RECORDED[1..] {
        assert_eq!(accepted(packet).to_bytes(), packet);
    }
    assert_eq!(accepted(&RECORDED_DAD), Packet::probe(ip("2001:db8::10")));
}

#[test]
fn every_proper_prefix_is_short_and_says_where() {
    for packet in RECORDED {
        for len in 0..packet.len() {
            let error = Packet::parse(&packet[..len]).unwrap_err();
            let DecodeError::Short { need, offset, .. } = error else {
                panic!("{error}");
            };
            let expected = if len < 40 { (40, 0) } else { (32, 40) };
            assert_eq!((need, offset), expected);
            assert!(offset <= len && len < offset + need, "{error}");
            assert!(error.to_string().contains(&format!("byte {offset}")));
        }
    }
}

#[test]
fn another_kind_of_packet_is_no_error_of_the_sender() {
    for (at, byte) in [(0, 0x45), (6, 17), (6, 0), (40, 134), (40, 137), (40, 128)] {
        assert_eq!(
            refused(&with(&RECORDED_ANSWER, at, &[byte])),
            DecodeError::Other
        );
    }
    // The traffic class and the flow label are nobody's concern.
    accepted(&with(&RECORDED_ANSWER, 0, &[0x6f, 0xff, 0xff, 0xff]));
}

/// RFC 4861, sections 7.1.1 and 7.1.2: the rules that both kinds have.
#[test]
fn rules_for_both() {
    for packet in RECORDED {
        for hops in [0, 1, 64, 254] {
            assert_eq!(refused(&with(&packet, 7, &[hops])), DecodeError::Invalid);
        }
        for code in [1, 255] {
            assert_eq!(refused(&with(&packet, 41, &[code])), DecodeError::Invalid);
        }
        // The target is not a group.
        assert_eq!(refused(&with(&packet, 48, &[0xff])), DecodeError::Invalid);
        // The ICMP length is 24 or more.
        for len in 0..24 {
            let mut short = packet.to_vec();
            short[4..6].copy_from_slice(&[0, len]);
            let DecodeError::Short {
                need: 24,
                offset: 40,
                ..
            } = refused(&short)
            else {
                panic!("{len}");
            };
        }
        // An option has a length that is not zero, and is whole.
        for units in [0, 2, 255] {
            assert_eq!(refused(&with(&packet, 65, &[units])), DecodeError::Invalid);
        }
        for rest in 1..8 {
            let cut = sealed(packet[..64 + rest].to_vec());
            assert_eq!(refused(&cut), DecodeError::Invalid);
            // Each option behind the first one, too.
            let more = sealed([&packet[..], &packet[64..64 + rest]].concat());
            assert_eq!(refused(&more), DecodeError::Invalid);
        }
    }
}

#[test]
fn every_wrong_bit_breaks_the_checksum() {
    for packet in RECORDED {
        // The addresses and the message; the length and the next header are about the packet.
        for bit in 8 * 8..packet.len() * 8 {
            let mut wrong = packet;
            wrong[bit / 8] ^= 1 << (bit % 8);
            refused(&wrong);
        }
    }
}

/// RFC 4861, section 7.1.1.
#[test]
fn rules_for_a_solicitation_from_nobody() {
    // To the group of the target.
    for destination in [
        "ff02::1",
        "2001:db8::10",
        "ff02::1:ff00:11",
        "ff05::1:ff00:10",
    ] {
        let packet = with(&PROBE, 24, &ip(destination).octets());
        assert_eq!(refused(&packet), DecodeError::Invalid, "{destination}");
    }
    // Without a link-layer address of a source that there is not, whatever its length is.
    for units in [1, 2, 3] {
        let mut option = vec![0; 8 * units];
        option[..2].copy_from_slice(&[1, units as u8]);
        let packet = sealed([&PROBE[..], &option].concat());
        assert_eq!(refused(&packet), DecodeError::Invalid, "{units}");
        // Any other option is ignored, the target's among them.
        for other in [0, 2, 3, 14, 255] {
            let packet = with(&packet, 64, &[other]);
            assert_eq!(
                accepted(&packet),
                Packet::probe(ip("2001:db8::10")),
                "{other}"
            );
        }
    }
    // From somebody, all that may be.
    for destination in ["ff02::1", "2001:db8::1", "ff02::1:ff00:11"] {
        accepted(&with(&RECORDED_QUESTION, 24, &ip(destination).octets()));
    }
}

/// RFC 4861, section 7.1.2.
#[test]
fn rules_for_an_advertisement() {
    for flags in 0..=255u8 {
        let to_all = with(&RECORDED_DEFENCE, 44, &[flags]);
        match flags & 0x40 {
            0 => assert_eq!(
                accepted(&to_all).kind,
                Kind::Advertisement {
                    flags: flags & 0xe0
                }
            ),
            _ => assert_eq!(refused(&to_all), DecodeError::Invalid),
        }
        accepted(&with(&RECORDED_ANSWER, 44, &[flags]));
    }
    assert_eq!(
        refused(&with(&RECORDED_ANSWER, 8, &[0; 16])),
        DecodeError::Invalid
    );
}

#[test]
fn a_source_is_no_group() {
    for packet in RECORDED {
        let from = with(&packet, 8, &ip("ff02::1").octets());
        assert_eq!(refused(&from), DecodeError::Invalid);
    }
}

/// A link-layer address of another length is not one of Ethernet's (RFC 2464, section 6); of
/// several the first one counts.
#[test]
fn options_that_do_not_count() {
    let long = [2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1];
    let second = [2, 1, 9, 9, 9, 9, 9, 9];
    let source = [1, 1, 8, 8, 8, 8, 8, 8];
    let ours = &RECORDED_ANSWER[64..];
    let rows = [
        (vec![&long[..], ours, &second], Some(B)),
        (vec![ours, &second], Some(B)),
        (vec![&source[..], ours], Some(B)),
        (vec![&long[..], &source], None),
        (vec![], None),
    ];
    for (options, mac) in rows {
        let packet = sealed([&RECORDED_ANSWER[..64], &options.concat()].concat());
        assert_eq!(accepted(&packet).mac, mac);
        assert_eq!(heard(&packet), Some((How::Reply, mac.unwrap_or(FROM))));
    }
}

fn address() -> impl Strategy<Value = Ipv6Addr> {
    let known = [
        "2001:db8::10",
        "2001:db8::11",
        "fe80::1",
        "::",
        "ff02::1",
        "ff02::1:ff00:10",
    ];
    prop_oneof![5 => select(known.map(ip).to_vec()), 1 => any::<Ipv6Addr>()]
}

/// A packet that a node would send.
fn sound() -> impl Strategy<Value = Packet> {
    let kind = prop_oneof![
        Just(Kind::Solicitation),
        (0..8u8).prop_map(|flags| Kind::Advertisement { flags: flags << 5 }),
    ];
    let mac = proptest::option::of(any::<[u8; 6]>());
    (kind, address(), address(), address(), mac)
        .prop_map(|(kind, source, mut destination, target, mac)| {
            if source.is_unspecified() && kind == Kind::Solicitation {
                destination = solicited_node(target);
                return Packet::new(kind, source, destination, target);
            }
            let packet = Packet::new(kind, source, destination, target);
            mac.map_or(packet, |mac| packet.with_mac(mac))
        })
        .prop_filter("a node would send it", |packet| {
            nd_is_valid(&packet.to_bytes())
        })
}

/// Bytes that are nearly a packet: sealed, with a few wrong bytes and any options.
fn nearly() -> impl Strategy<Value = Vec<u8>> {
    let option = (0..4u8, 0..4u8, vec(any::<u8>(), 30)).prop_map(|(kind, units, bytes)| {
        let len = usize::from(units) * 8;
        let mut option = vec![kind, units];
        option.extend(&bytes[..len.saturating_sub(2)]);
        option
    });
    let damage = vec((any::<Index>(), any::<u8>()), 0..2);
    let options = vec(option, 0..4);
    (sound(), options, damage, any::<bool>(), any::<Index>()).prop_map(
        |(packet, options, damage, seal, len)| {
            let mut bytes = packet.to_bytes();
            bytes.extend(options.concat());
            for (at, byte) in damage {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if seal {
                return sealed(bytes);
            }
            let len = len.index(2 * bytes.len());
            bytes.truncate(len.max(1));
            bytes
        },
    )
}

proptest! {
    /// What is written is read, whatever stands behind it, and has a right checksum.
    #[test]
    fn round_trip_with_padding(packet in sound(), padding in vec(any::<u8>(), 0..40)) {
        let bytes = packet.to_bytes();
        prop_assert_eq!(icmpv6_checksum(&bytes), 0);
        prop_assert_eq!(Packet::parse(&bytes), Ok(packet));
        let padded = [&bytes[..], &padding].concat();
        prop_assert_eq!(Packet::parse(&padded), Ok(packet));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    /// A packet is read if and only if the rules let it be, and says what its bytes say.
    #[test]
    fn as_the_rules_have_it(bytes in nearly()) {
        let read = Packet::parse(&bytes);
        prop_assert_eq!(read.is_ok(), nd_is_valid(&bytes), "{:?}", read);
        for ip in [ip("2001:db8::10"), ip("fe80::1")] {
            let sighting = read.ok().and_then(|packet| packet.sighting(ip, FROM));
            prop_assert_eq!(said(sighting), nd_says(&bytes, ip.octets(), FROM));
        }
    }

    /// A damaged packet, too.
    #[test]
    fn damaged_as_the_rules_have_it(bytes in damaged(sound().prop_map(|p| p.to_bytes()))) {
        prop_assert_eq!(Packet::parse(&bytes).is_ok(), nd_is_valid(&bytes));
    }

    /// Any bytes are read without a panic, and what is short says where.
    #[test]
    fn any_bytes(bytes in vec(any::<u8>(), 0..100)) {
        if let Err(DecodeError::Short { need, offset, .. }) = Packet::parse(&bytes) {
            prop_assert!(offset <= bytes.len() && need > 0);
        }
    }
}
