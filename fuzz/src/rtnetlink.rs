//! Any bytes decode without a panic: to a bounded number of messages, with errors that point into
//! the datagram, the same again wherever the datagram is cut, and replayed from a snapshot.

use bindnet::wire::DecodeError;
use bindnet::wire::rtnetlink::{Message, messages};
use bindnet::{Address, Link, Snapshot};

use super::input;

/// `NLMSG_HDRLEN`: no message is shorter.
const HEADER: usize = 16;

pub fn check(datagram: &[u8]) {
    let decoded: Vec<_> = messages(datagram).collect();
    assert!(decoded.len() <= datagram.len() / HEADER + 1);
    for message in &decoded {
        match message {
            Err(error) => {
                let offset = offset(error);
                assert!(offset <= datagram.len(), "{error}, of {}", datagram.len());
                assert!(error.to_string().contains(&offset.to_string()));
            }
            Ok((_, Message::NewAddress(address) | Message::DeletedAddress(address))) => {
                assert!(address.net().is_some(), "{address:?}");
                let link = address.link_index().expect("the kernel names the link");
                replays(Link::new(link, input::name("eth0")), Some(*address));
            }
            Ok((_, Message::NewLink(link) | Message::DeletedLink(link))) => {
                replays(link.clone(), None);
            }
            Ok(_) => {}
        }
    }
    // A cut ends the messages with an error, and changes none before it.
    for cut in [
        datagram.len() / 3,
        datagram.len() / 2,
        datagram.len().saturating_sub(1),
    ] {
        let part: Vec<_> = messages(&datagram[..cut]).collect();
        let pairs = part.iter().zip(&decoded);
        let same = pairs.take_while(|(a, b)| a == b).count();
        assert!(same == part.len() || same + 1 == part.len() && part[same].is_err());
    }
}

fn offset(error: &DecodeError) -> usize {
    match *error {
        DecodeError::Short { offset, .. }
        | DecodeError::Length { offset, .. }
        | DecodeError::PrefixLen { offset, .. }
        | DecodeError::NoAddress { offset }
        | DecodeError::NoName { offset } => offset,
        _ => panic!("an error without an offset: {error}"),
    }
}

fn replays(link: Link, address: Option<Address>) {
    let snapshot = Snapshot::new([link], address).expect("its link is listed");
    let again = Snapshot::from_json(snapshot.to_json().as_bytes());
    assert_eq!(again.expect("our own format"), snapshot);
}
