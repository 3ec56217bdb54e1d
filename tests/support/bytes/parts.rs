//! A datagram in its parts, which are put together again.

use super::netlink::{RTM_DELADDR, RTM_DELLINK, RTM_NEWADDR, RTM_NEWLINK};

/// The length of `struct nlmsghdr`.
const HEADER: usize = 16;

/// A message.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// The header, and what stands before the attributes.
    head: Vec<u8>,
    /// Each with its header and its padding.
    pub attributes: Vec<Vec<u8>>,
}

/// The messages of a sound datagram. Of one that is not, those before the first unsound length.
pub(super) fn parts(mut datagram: &[u8]) -> Vec<Part> {
    let mut parts = Vec::new();
    while let Some((len, kind)) = header(datagram) {
        let end = len.next_multiple_of(4).min(datagram.len());
        let (message, rest) = datagram.split_at(end);
        let fixed = match kind {
            RTM_NEWADDR | RTM_DELADDR => 8,
            RTM_NEWLINK | RTM_DELLINK => 16,
            _ => message.len(),
        };
        let (head, attributes) = message.split_at((HEADER + fixed).min(message.len()));
        parts.push(Part {
            head: head.to_vec(),
            attributes: split(attributes),
        });
        datagram = rest;
    }
    parts
}

/// The datagram of these messages, with the lengths that they have.
pub(super) fn joined(parts: &[Part]) -> Vec<u8> {
    let mut datagram = Vec::new();
    for part in parts {
        let message = [&part.head[..], &part.attributes.concat()].concat();
        let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
        datagram.extend(len.to_ne_bytes());
        datagram.extend(message.iter().skip(4));
    }
    datagram
}

/// The length and the type of the next message, if there is one.
fn header(datagram: &[u8]) -> Option<(usize, u16)> {
    let [a, b, c, d, e, f, ..] = *datagram else {
        return None;
    };
    let len = usize::try_from(u32::from_ne_bytes([a, b, c, d])).ok()?;
    let fits = (HEADER..=datagram.len()).contains(&len);
    fits.then_some((len, u16::from_ne_bytes([e, f])))
}

fn split(mut attributes: &[u8]) -> Vec<Vec<u8>> {
    let mut split = Vec::new();
    while let [a, b, ..] = *attributes {
        let len = usize::from(u16::from_ne_bytes([a, b])).next_multiple_of(4);
        let (attribute, rest) = attributes.split_at(len.max(4).min(attributes.len()));
        split.push(attribute.to_vec());
        attributes = rest;
    }
    split
}
