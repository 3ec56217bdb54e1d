//! The filter run as the kernel would, over random packets, beside a reading of single bytes.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::*;
use crate::wire::{arp, ndisc};

/// linux/if_packet.h.
const PACKET_HOST: u32 = 0;
const PACKET_BROADCAST: u32 = 1;
const PACKET_OTHERHOST: u32 = 3;
const PACKET_OUTGOING: u32 = 4;

/// The value that a program returns for a packet of a type. A load behind the end of the packet ends it with
/// zero, as the kernel's filters do; a jump out of the program, and an instruction that this does
/// not know, is a panic.
fn run(program: &[Instruction], packet: &[u8], packet_type: u32) -> u32 {
    let mut accumulator = 0;
    let mut at = 0;
    loop {
        let Instruction { code, jt, jf, k } = program[at];
        at += 1;
        let jump = |holds: bool| usize::from(if holds { jt } else { jf });
        match code {
            // ld [k]
            0x20 => {
                let end = k as usize + 4;
                let Some(word) = packet.get(k as usize..end) else {
                    return 0;
                };
                accumulator = word.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte));
            }
            // ldb [k], or ldb type
            0x30 if k == 0xffff_f004 => accumulator = packet_type,
            0x30 => match packet.get(k as usize) {
                Some(byte) => accumulator = u32::from(*byte),
                None => return 0,
            },
            0x15 => at += jump(accumulator == k),
            0x25 => at += jump(accumulator > k),
            0x06 => return k,
            other => panic!("{other:#x}"),
        }
    }
}

/// Whether a packet may have to do with an address.
fn may_matter(packet: &[u8], ip: IpAddr) -> bool {
    let is_at = |at: usize, bytes: &[u8]| packet.get(at..at + bytes.len()) == Some(bytes);
    match ip {
        IpAddr::V4(ip) => {
            let is_about = is_at(14, &[0; 4]) && is_at(24, &ip.octets());
            is_at(14, &ip.octets()) || is_about
        }
        IpAddr::V6(ip) => {
            let is_from = is_at(40, &[135]) && is_at(8, &ip.octets());
            let is_about = is_at(48, &ip.octets()) && (is_at(40, &[135]) || is_at(40, &[136]));
            is_at(6, &[58]) && (is_from || is_about)
        }
    }
}

/// Addresses that differ in any one of their words, or in none.
fn v6() -> impl Strategy<Value = Ipv6Addr> {
    let near = (0..128u32, any::<bool>()).prop_map(|(bit, flip)| {
        let ip: u128 = 0x2001_0db8_0000_0001_0000_0002_0000_0010;
        Ipv6Addr::from_bits(ip ^ u128::from(flip) << bit)
    });
    // One that ends like a type of ICMPv6, which a jump that is one off compares with it.
    let like_a_type = Just(Ipv6Addr::new(0x2001, 0xdb8, 0, 1, 0, 2, 0, 136));
    let nobody = Just(Ipv6Addr::UNSPECIFIED);
    prop_oneof![6 => near, 2 => like_a_type, 1 => nobody, 1 => any::<Ipv6Addr>()]
}

fn v4() -> impl Strategy<Value = Ipv4Addr> {
    let known = [[192, 0, 2, 10], [0; 4], [192, 0, 2, 11]].map(Ipv4Addr::from);
    prop_oneof![6 => select(known.to_vec()), 1 => any::<Ipv4Addr>()]
}

/// A packet that is about addresses like these, or any, and maybe damaged and cut.
fn packet() -> impl Strategy<Value = Vec<u8>> {
    let mac = any::<[u8; 6]>;
    let arp = (0..4u16, (mac(), v4()), (mac(), v4())).prop_map(|(operation, sender, target)| {
        arp::Packet::new(operation, sender, target)
            .to_bytes()
            .to_vec()
    });
    let kind = select(vec![
        ndisc::Kind::Solicitation,
        ndisc::Kind::Advertisement { flags: 0x20 },
    ]);
    let ndisc = (kind, v6(), v6(), v6()).prop_map(|(kind, source, destination, target)| {
        ndisc::Packet::new(kind, source, destination, target).to_bytes()
    });
    let noise = vec(any::<u8>(), 0..100);
    let damage = vec((any::<Index>(), any::<u8>()), 0..2);
    let cut = proptest::option::weighted(0.2, any::<Index>());
    (prop_oneof![3 => arp, 3 => ndisc, 1 => noise], damage, cut).prop_map(
        |(mut packet, damage, cut)| {
            for (at, byte) in damage {
                if !packet.is_empty() {
                    let at = at.index(packet.len());
                    packet[at] = byte;
                }
            }
            packet.truncate(cut.map_or(packet.len(), |cut| cut.index(packet.len() + 1)));
            packet
        },
    )
}

fn ip() -> impl Strategy<Value = IpAddr> {
    let v4 = v4().prop_map(IpAddr::V4);
    let v6 = v6().prop_map(IpAddr::V6);
    prop_oneof![v4, v6].prop_filter("somebody's", |ip| !ip.is_unspecified())
}

/// The meaning of a packet for an address, whatever its carrier.
fn has_sighting(packet: &[u8], ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => {
            let packet = arp::Packet::parse(packet);
            packet.is_ok_and(|packet| packet.sighting(ip).is_some())
        }
        IpAddr::V6(ip) => {
            let packet = ndisc::Packet::parse(packet);
            packet.is_ok_and(|packet| packet.sighting(ip, [2; 6]).is_some())
        }
    }
}

#[test]
fn no_jump_leaves_a_program_and_every_way_ends() {
    for ip in [
        "192.0.2.10",
        "255.255.255.255",
        "2001:db8::10",
        "ffff::ffff",
    ] {
        let program = about(ip.parse().unwrap());
        for (at, instruction) in program.iter().enumerate() {
            let far = usize::from(instruction.jt.max(instruction.jf));
            match instruction.code {
                RETURN => assert!(at + 2 >= program.len()),
                // Jumps go forwards only, so a program that does not jump out of itself ends.
                _ => assert!(at + 1 + far < program.len(), "{ip}: {at}"),
            }
        }
        // Far from the 4096 that the kernel takes (BPF_MAXINSNS), so that a jump fits in a byte.
        assert!(program.len() <= 32, "{ip}: {}", program.len());
    }
}

#[test]
fn packets_for_others_and_our_own_are_refused() {
    let ip = Ipv4Addr::new(192, 0, 2, 10);
    let packet = arp::Packet::probe([2, 0, 0, 0, 0, 1], ip).to_bytes();
    let program = about(ip.into());
    for packet_type in [PACKET_HOST, PACKET_BROADCAST, PACKET_MULTICAST] {
        assert_eq!(run(&program, &packet, packet_type), u32::MAX);
    }
    for packet_type in [PACKET_OTHERHOST, PACKET_OUTGOING, 5, 7] {
        assert_eq!(run(&program, &packet, packet_type), 0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::with_cases(10_000)
    })]

    /// A packet is let through, and whole, if and only if it came to us, to all or to a group, and
    /// may have to do with the address; so all that concern it are.
    #[test]
    fn what_may_matter_is_let_through(packet in packet(), ip in ip(), packet_type in 0..8u32) {
        let accepted = run(&about(ip), &packet, packet_type);
        let is_for_us = [PACKET_HOST, PACKET_BROADCAST, PACKET_MULTICAST].contains(&packet_type);
        let expected = is_for_us && may_matter(&packet, ip);
        prop_assert_eq!(accepted, if expected { u32::MAX } else { 0 });
        if is_for_us && has_sighting(&packet, ip) {
            prop_assert!(accepted > 0);
        }
    }
}
