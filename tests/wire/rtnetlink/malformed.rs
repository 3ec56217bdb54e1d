//! Messages at the edge of what can be, byte by byte.

use bindnet::wire::DecodeError;
use bindnet::wire::rtnetlink::{Message, messages};
use bindnet_tests::bytes::netlink::*;

use super::decode;

const FIXED: [u8; 4] = [AF_INET, 24, 0x80, 0];
const LOCAL: [u8; 4] = [192, 0, 2, 10];
/// Where the attributes of an address start in the first message.
const ATTRIBUTES: usize = 24;

fn address(attributes: &[Vec<u8>]) -> Vec<u8> {
    message(
        RTM_NEWADDR,
        NLM_F_MULTI,
        &address_body(FIXED, 2, attributes),
    )
}

fn good() -> Vec<u8> {
    address(&[attribute(IFA_LOCAL, &LOCAL)])
}

fn only(datagram: &[u8]) -> Message {
    let mut decoded = decode(datagram);
    assert_eq!(decoded.len(), 1);
    decoded.remove(0).2
}

fn first_error(datagram: &[u8]) -> DecodeError {
    messages(datagram).find_map(Result::err).expect("an error")
}

#[test]
fn nothing_in_an_empty_datagram() {
    assert_eq!(messages(&[]).count(), 0);
}

#[test]
fn a_message_length_that_cannot_be() {
    for len in [0u32, 15, 37, u32::MAX] {
        let mut datagram = good();
        datagram[..4].copy_from_slice(&len.to_ne_bytes());
        datagram.truncate(36);
        let what = "nlmsg_len";
        let error = DecodeError::Length {
            what,
            len: len as usize,
            offset: 0,
        };
        assert_eq!(messages(&datagram).collect::<Vec<_>>(), [Err(error)]);
    }
}

#[test]
fn a_datagram_that_ends_in_a_header() {
    let mut datagram = good();
    let end = datagram.len();
    datagram.extend([0, 0, 0]);
    let what = "nlmsg_len";
    assert_eq!(
        first_error(&datagram),
        DecodeError::Short {
            what,
            need: 4,
            offset: end
        }
    );
    datagram.extend([0; 9]);
    assert_eq!(
        first_error(&datagram),
        DecodeError::Length {
            what,
            len: 0,
            offset: end
        }
    );
    assert_eq!(messages(&datagram).count(), 2);
}

#[test]
fn padding_between_messages_and_none_behind_the_last() {
    let label = address(&[attribute(IFA_LOCAL, &LOCAL), attribute(IFA_LABEL, b"e\0")]);
    let mut unpadded = label.clone();
    let len = unpadded.len() - 2;
    unpadded.truncate(len);
    unpadded[..4].copy_from_slice(&(len as u32).to_ne_bytes());
    let mut padded = unpadded.clone();
    padded.resize(label.len(), 0xff);
    let both = decode(&[padded, unpadded].concat());
    assert_eq!(both, decode(&[label.clone(), label].concat()));
}

#[test]
fn bytes_behind_the_attributes_are_padding() {
    for padding in 1..4 {
        let body = address_body(
            FIXED,
            2,
            &[attribute(IFA_LOCAL, &LOCAL), vec![0xff; padding]],
        );
        assert_eq!(only(&message(RTM_NEWADDR, 0, &body)), only(&good()));
    }
}

#[test]
fn an_attribute_length_that_cannot_be() {
    for len in [0u16, 1, 2, 3, 9, u16::MAX] {
        let mut local = attribute(IFA_LOCAL, &LOCAL);
        local[..2].copy_from_slice(&len.to_ne_bytes());
        let what = "rta_len";
        let error = DecodeError::Length {
            what,
            len: len.into(),
            offset: ATTRIBUTES,
        };
        assert_eq!(first_error(&address(&[local])), error);
    }
}

#[test]
fn an_attribute_with_too_little_in_it() {
    let cases: [(u16, usize, &str, usize); 8] = [
        (IFA_LOCAL, 3, "IFA_LOCAL", 4),
        (IFA_ADDRESS, 0, "IFA_ADDRESS", 4),
        (IFA_FLAGS, 3, "IFA_FLAGS", 4),
        (IFA_PROTO, 0, "IFA_PROTO", 1),
        (IFA_CACHEINFO, 3, "ifa_prefered", 4),
        (IFA_CACHEINFO, 7, "ifa_valid", 4),
        (IFA_CACHEINFO, 11, "cstamp", 4),
        (IFA_CACHEINFO, 0, "ifa_prefered", 4),
    ];
    for (kind, len, short, bytes) in cases {
        let error = first_error(&address(&[attribute(kind, &vec![1; len])]));
        let DecodeError::Short { what, need, offset } = error else {
            panic!("{error}");
        };
        assert_eq!((what, need), (short, bytes));
        assert!((ATTRIBUTES + 4..=ATTRIBUTES + 4 + len).contains(&offset));
    }
}

#[test]
fn an_error_in_a_message_does_not_end_the_datagram() {
    let bad = message(RTM_NEWADDR, 0, &address_body([AF_INET, 33, 0, 0], 2, &[]));
    let decoded: Vec<_> = messages(&[good(), bad, good()].concat())
        .map(|m| m.is_ok())
        .collect();
    assert_eq!(decoded, [true, false, true]);
}

#[test]
fn a_prefix_longer_than_the_address() {
    for (family, most, len) in [(AF_INET, 32u8, 4), (AF_INET6, 128, 16)] {
        let with = |prefix_len| {
            let local = attribute(IFA_LOCAL, &vec![1; len]);
            message(
                RTM_NEWADDR,
                0,
                &address_body([family, prefix_len, 0, 0], 2, &[local]),
            )
        };
        assert!(matches!(only(&with(most)), Message::NewAddress(_)));
        for prefix_len in [most + 1, u8::MAX] {
            let error = DecodeError::PrefixLen {
                prefix_len,
                offset: ATTRIBUTES,
            };
            assert_eq!(first_error(&with(prefix_len)), error);
        }
    }
}

#[test]
fn what_is_missing_is_said() {
    let offset = ATTRIBUTES;
    assert_eq!(
        first_error(&address(&[])),
        DecodeError::NoAddress { offset }
    );
    let nameless = message(
        RTM_NEWLINK,
        0,
        &link_body(1, 2, 1, &[attribute(IFLA_IFNAME, b"\0")]),
    );
    assert_eq!(first_error(&nameless), DecodeError::NoName { offset: 16 });
    for len in 0..8 {
        let short = message(RTM_NEWADDR, 0, &vec![0; len]);
        assert!(matches!(
            first_error(&short),
            DecodeError::Short {
                what: "ifaddrmsg",
                ..
            }
        ));
    }
    for len in 0..16 {
        let short = message(RTM_NEWLINK, 0, &vec![0; len]);
        assert!(super::offset(&first_error(&short)) <= short.len(), "{len}");
    }
}

#[test]
fn a_name_longer_than_the_kernel_keeps() {
    for (name, sound) in [("123456789012345", true), ("1234567890123456", false)] {
        let link = message(
            RTM_NEWLINK,
            0,
            &link_body(1, 2, 1, &[attribute(IFLA_IFNAME, &text(name))]),
        );
        assert_eq!(messages(&link).all(|message| message.is_ok()), sound);
    }
    // Without its NUL, and with more behind it.
    for bytes in [b"eth0".as_slice(), b"eth0\0eth1"] {
        let link = message(
            RTM_NEWLINK,
            0,
            &link_body(1, 2, 1, &[attribute(IFLA_IFNAME, bytes)]),
        );
        let Message::NewLink(link) = only(&link) else {
            panic!("no link")
        };
        assert_eq!(link.name().as_bytes(), b"eth0");
    }
}

#[test]
fn another_family_and_another_type_are_of_no_concern() {
    let bridge = message(RTM_NEWADDR, 0, &address_body([7, 200, 0, 0], 2, &[]));
    assert_eq!(only(&bridge), Message::Other);
    assert_eq!(only(&message(24, 0, &[])), Message::Other);
    assert_eq!(only(&message(NLMSG_NOOP, 0, &[])), Message::Other);
}

#[test]
fn the_end_of_a_dump() {
    assert_eq!(
        only(&message(NLMSG_DONE, 0, &0i32.to_ne_bytes())),
        Message::Done(0)
    );
    assert_eq!(
        only(&message(NLMSG_DONE, 0, &(-105i32).to_ne_bytes())),
        Message::Done(105)
    );
    assert_eq!(only(&message(NLMSG_OVERRUN, 0, &[])), Message::Overrun);
    let cut = first_error(&message(NLMSG_DONE, 0, &[]));
    assert_eq!(
        cut,
        DecodeError::Short {
            what: "error number",
            need: 4,
            offset: 16
        }
    );
    // No errno(3) is the negation of this one, and it does not overflow.
    assert_eq!(
        only(&message(NLMSG_DONE, 0, &i32::MIN.to_ne_bytes())),
        Message::Done(i32::MAX)
    );
}

/// `NLM_F_CAPPED` and `NLM_F_ACK_TLVS` (linux/netlink.h).
const CAPPED: u16 = 0x100;
const ACK_TLVS: u16 = 0x200;
/// `NLMSGERR_ATTR_MSG` and `NLMSGERR_ATTR_OFFS`.
const ATTR_MSG: u16 = 1;
const ATTR_OFFS: u16 = 2;

/// An NLMSG_ERROR: the number, the request that it is about, whole or not, and attributes.
fn error(flags: u16, attributes: &[Vec<u8>]) -> Message {
    let request = message(22, 0x301, &[AF_INET, 0, 0, 0, 0, 0, 0, 0, 0xee]);
    let kept = if flags & CAPPED != 0 {
        16
    } else {
        request.len()
    };
    let body = [
        &(-22i32).to_ne_bytes(),
        &request[..kept],
        &attributes.concat(),
    ]
    .concat();
    only(&message(NLMSG_ERROR, flags, &body))
}

#[test]
fn an_error_with_and_without_words() {
    let words = attribute(ATTR_MSG, b"Invalid \x1b header\0");
    let place = attribute(ATTR_OFFS, &[4, 0, 0, 0]);
    let said = Some(r"Invalid \x1b header".to_owned());
    for capped in [0, CAPPED] {
        assert_eq!(error(capped, &[]), Message::Error(22, None));
        // Without the flag these are not attributes.
        assert_eq!(
            error(capped, std::slice::from_ref(&words)),
            Message::Error(22, None)
        );
        let both = [place.clone(), words.clone()];
        assert_eq!(
            error(capped | ACK_TLVS, &both),
            Message::Error(22, said.clone())
        );
        assert_eq!(
            error(capped | ACK_TLVS, std::slice::from_ref(&place)),
            Message::Error(22, None)
        );
        // Words that cannot be read are no reason to lose the error.
        let damaged = [vec![0xff; 4], words.clone()];
        assert_eq!(error(capped | ACK_TLVS, &damaged), Message::Error(22, None));
    }
    assert_eq!(
        only(&message(NLMSG_ERROR, ACK_TLVS, &0i32.to_ne_bytes())),
        Message::Error(0, None)
    );
}

#[test]
fn an_interruption_stands_on_its_message() {
    let mut later = good();
    later[6..8].copy_from_slice(&(NLM_F_MULTI | NLM_F_DUMP_INTR).to_ne_bytes());
    let datagram = [good(), later, good()].concat();
    let flagged: Vec<_> = messages(&datagram)
        .map(|m| m.unwrap().0.interrupted)
        .collect();
    assert_eq!(flagged, [false, true, false]);
}

#[test]
fn the_wide_flags_count_wherever_they_stand() {
    let flags = attribute(IFA_FLAGS, &0x280u32.to_ne_bytes());
    let local = attribute(IFA_LOCAL, &LOCAL);
    for order in [[flags.clone(), local.clone()], [local, flags]] {
        let Message::NewAddress(address) = only(&address(&order)) else {
            panic!("no address")
        };
        assert_eq!(address.flags().map(|flags| flags.bits()), Some(0x280));
    }
    let Message::NewAddress(address) = only(&good()) else {
        panic!("no address")
    };
    assert_eq!(address.flags().map(|flags| flags.bits()), Some(0x80));
    assert_eq!((address.valid_lft(), address.created()), (None, None));
}
