//! The error for bytes from the kernel or the wire that cannot be decoded.

use thiserror::Error;

use super::arp;

/// The reason why a codec cannot read some bytes. Offsets count bytes from their start.
///
/// A receiver drops such a packet and goes on: anybody on a link can send one. A datagram of the
/// kernel that cannot be decoded is worth a report with this message.
///
/// ```
/// use bindnet::wire::{DecodeError, arp};
///
/// let error = arp::Packet::parse(&[0, 1, 8, 0]).unwrap_err();
/// assert_eq!(error, DecodeError::ShortPacket { len: 4 });
/// assert_eq!(error.to_string(), "an ARP packet takes 28 bytes, and there are 4");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// Something ends before it should.
    #[error("{what} at byte {offset} is short: it takes {need} bytes")]
    Short {
        /// The name of the part; rtnetlink: the kernel's name.
        what: &'static str,
        /// How many bytes it takes.
        need: usize,
        /// The offset of its start.
        offset: usize,
    },
    /// rtnetlink: a length does not fit the part around it.
    #[error("{what} at byte {offset}: {len} bytes cannot be")]
    Length {
        /// The kernel's name of it.
        what: &'static str,
        /// The length in bytes.
        len: usize,
        /// The offset of its start.
        offset: usize,
    },
    /// rtnetlink: a prefix is longer than an address of its family.
    #[error("the prefix length {prefix_len} before byte {offset} is longer than the address")]
    PrefixLen {
        /// The prefix length.
        prefix_len: u8,
        /// The offset of the attributes of the address.
        offset: usize,
    },
    /// rtnetlink: a message about an address has neither `IFA_LOCAL` nor `IFA_ADDRESS`.
    #[error("neither IFA_LOCAL nor IFA_ADDRESS after byte {offset}")]
    NoAddress {
        /// The offset of the attributes of the address.
        offset: usize,
    },
    /// rtnetlink: a message about a link has no `IFLA_IFNAME`.
    #[error("no IFLA_IFNAME after byte {offset}")]
    NoName {
        /// The offset of the message.
        offset: usize,
    },
    /// ARP: there are too few bytes for a packet.
    #[error("an ARP packet takes {} bytes, and there are {len}", arp::LEN)]
    ShortPacket {
        /// How many there are.
        len: usize,
    },
    /// ARP: the packet is not about IPv4 on Ethernet.
    #[error("{field} at byte {offset} is {found:#x}; IPv4 on Ethernet has {expected:#x}")]
    Field {
        /// RFC 826's name of the field.
        field: &'static str,
        /// The value that was found.
        found: u16,
        /// The value that was expected.
        expected: u16,
        /// The offset of its start.
        offset: usize,
    },
    /// Neighbour Discovery: it is another kind of packet.
    #[error("no Neighbour Solicitation or Advertisement")]
    Other,
    /// Neighbour Discovery: a receiver discards it (RFC 4861, sections 7.1.1 and 7.1.2).
    #[error("not valid by RFC 4861, section 7.1: hop limit, checksum, code, addresses, options")]
    Invalid,
}
