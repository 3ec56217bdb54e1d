//! The bytes that the tests of the decoders draw: sound ones are read, and damage leaves some of
//! them sound.

use bindnet::testing::strategies::node;
use bindnet::wire::arp::Packet;
use bindnet::wire::rtnetlink::{Message, messages};
use bindnet::{Address, Link, Snapshot};
use bindnet_tests::bytes::frames::{ARP, announcement};
use bindnet_tests::bytes::netlink::{
    AF_INET, IFA_LOCAL, NLM_F_MULTI, RTM_NEWADDR, address_body, attribute, message,
};
use bindnet_tests::bytes::{arp_packet, damaged, damaged_netlink, datagram, dumps};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;

fn host() -> Snapshot {
    let eth0 = Link::new(2, "eth0".parse().unwrap());
    let node = Address::new("192.0.2.10/24".parse().unwrap(), 2);
    Snapshot::new([eth0], [node]).unwrap()
}

/// The first message of a datagram.
fn first(datagram: &[u8]) -> Message {
    let (_, message) = messages(datagram).next().unwrap().unwrap();
    message
}

/// The same values in every run.
fn drawn(strategy: &impl Strategy<Value = Vec<u8>>) -> Vec<Vec<u8>> {
    let mut runner = TestRunner::deterministic();
    let mut one = || strategy.new_tree(&mut runner).unwrap().current();
    (0..300).map(|_| one()).collect()
}

#[test]
fn a_message_is_an_address() {
    let local = attribute(IFA_LOCAL, &[192, 0, 2, 10]);
    let body = address_body([AF_INET, 24, 0x80, 0], 2, &[local]);
    let datagram = message(RTM_NEWADDR, NLM_F_MULTI, &body);
    let message = first(&datagram);
    assert!(matches!(message, Message::NewAddress(a) if a.ip().to_string() == "192.0.2.10"));
}

#[test]
fn a_dump_has_a_family_each() {
    let [_, v4, v6] = dumps(&host());
    assert!(matches!(first(&v4), Message::NewAddress(a) if a.ip().to_string() == "192.0.2.10"));
    assert_eq!(first(&v6), Message::Done(0));
}

#[test]
fn an_announcement_names_one_address_twice() {
    let frame = announcement([2, 0, 0, 0, 0, 1], [192, 0, 2, 10].into());
    assert_eq!(frame[12..14], ARP.to_be_bytes());
    let packet = Packet::parse(&frame[14..]).unwrap();
    assert_eq!(packet.sender_ip, packet.target_ip);
}

proptest! {
    #[test]
    fn sound_packets_are_read(bytes in arp_packet()) {
        let packet = Packet::parse(&bytes).unwrap();
        prop_assert_eq!(&packet.to_bytes()[..], &bytes[..]);
    }

    #[test]
    fn sound_datagrams_are_read(datagram in datagram()) {
        prop_assert!(messages(&datagram).all(|message| message.is_ok()));
        prop_assert!(datagram.len() <= 1024);
    }

    #[test]
    fn damage_adds_little(bytes in damaged(arp_packet())) {
        prop_assert!(bytes.len() <= 28 + 256);
    }

    /// A datagram has at most as many messages as headers fit into it.
    #[test]
    fn damaged_datagrams_end(
        random in damaged_netlink(datagram()),
        dump in damaged_netlink(Just(dumps(&host()).concat())),
    ) {
        for bytes in [random, dump] {
            prop_assert!(messages(&bytes).count() <= bytes.len() / 16 + 1);
        }
    }
}

/// What decoders get is damaged so far that they refuse some, and not so far that they read none.
#[test]
fn damage_leaves_something_to_read() {
    let nodes = node("192.0.2.0/24".parse().unwrap());
    let sound = nodes.prop_map(|node| dumps(&node.host().snapshot()).concat());
    let is_sound = |datagram: &Vec<u8>| messages(datagram).all(|message| message.is_ok());
    let datagrams = drawn(&damaged_netlink(sound));
    let read = datagrams.iter().filter(|bytes| is_sound(bytes)).count();
    assert!((51..250).contains(&read), "{read}");
    let packets = drawn(&damaged(arp_packet()));
    let read = packets.iter().filter(|bytes| Packet::parse(bytes).is_ok());
    assert!((51..250).contains(&read.count()));
}
