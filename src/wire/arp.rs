//! The ARP codec (RFC 826), for IPv4 on Ethernet, and the meaning of packets by RFC 5227.
//!
//! A packet starts after the Ethernet header; all numbers are in network byte order.
//!
//! ```
//! use bindnet::conflict::How;
//! use bindnet::wire::arp::{Packet, REPLY};
//!
//! // A reply: 192.0.2.10 is at 02:00:00:00:00:0b.
//! let bytes = [
//!     0, 1, 8, 0, 6, 4, 0, 2, // Ethernet, IPv4, 6 and 4 bytes long; a reply
//!     2, 0, 0, 0, 0, 0x0b, 192, 0, 2, 10, // the sender
//!     2, 0, 0, 0, 0, 0x0a, 0, 0, 0, 0, // the target
//! ];
//! let packet = Packet::parse(&bytes)?;
//! assert_eq!(packet.operation, REPLY);
//! assert_eq!(packet.to_bytes(), bytes);
//! let sighting = packet.sighting([192, 0, 2, 10].into()).unwrap();
//! assert_eq!(sighting.how, How::Reply);
//! assert_eq!(sighting.mac.to_string(), "02:00:00:00:00:0b");
//! # Ok::<(), bindnet::wire::DecodeError>(())
//! ```

use std::net::Ipv4Addr;

use super::DecodeError;
use super::sighting::{How, Sighting};
use crate::snapshot::HardwareAddress;

/// The length of a packet in bytes; the rest of a frame is padding.
pub const LEN: usize = 28;

/// The operation of a request (`ares_op$REQUEST`).
#[doc(alias = "ARPOP_REQUEST")]
pub const REQUEST: u16 = 1;

/// The operation of a reply (`ares_op$REPLY`).
#[doc(alias = "ARPOP_REPLY")]
pub const REPLY: u16 = 2;

// RFC 826: `ar$hrd` of Ethernet, `ar$pro` of IPv4, `ar$hln`, `ar$pln`.
const KIND: [u8; 6] = [0, 1, 8, 0, 6, 4];
const FIELDS: [(&str, usize, usize); 4] = [
    ("ar$hrd", 0, 2),
    ("ar$pro", 2, 2),
    ("ar$hln", 4, 1),
    ("ar$pln", 5, 1),
];

/// An ARP packet for IPv4 on Ethernet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Packet {
    /// [`REQUEST`], [`REPLY`], or one that does not matter here.
    #[doc(alias = "ar$op")]
    pub operation: u16,
    /// The hardware address of the sender.
    #[doc(alias = "ar$sha")]
    pub sender_mac: [u8; 6],
    /// The address of the sender; 0.0.0.0 in a probe.
    #[doc(alias = "ar$spa")]
    pub sender_ip: Ipv4Addr,
    /// The hardware address of the target; zeros in a request.
    #[doc(alias = "ar$tha")]
    pub target_mac: [u8; 6],
    /// The address of the target.
    #[doc(alias = "ar$tpa")]
    pub target_ip: Ipv4Addr,
}

impl Packet {
    /// The packet from a sender to a target, hardware address and address each.
    pub fn new(operation: u16, sender: ([u8; 6], Ipv4Addr), target: ([u8; 6], Ipv4Addr)) -> Self {
        Self {
            operation,
            sender_mac: sender.0,
            sender_ip: sender.1,
            target_mac: target.0,
            target_ip: target.1,
        }
    }

    /// The probe that asks whether anybody has an address (RFC 5227, section 2.1.1): a request
    /// from 0.0.0.0, so that nobody learns a wrong hardware address from it.
    ///
    /// ```
    /// use bindnet::wire::arp::Packet;
    ///
    /// let probe = Packet::probe([2, 0, 0, 0, 0, 1], [192, 0, 2, 10].into());
    /// assert!(probe.sender_ip.is_unspecified());
    /// assert_eq!(probe.target_mac, [0; 6]);
    /// ```
    pub fn probe(sender_mac: [u8; 6], ip: Ipv4Addr) -> Self {
        Self::new(REQUEST, (sender_mac, Ipv4Addr::UNSPECIFIED), ([0; 6], ip))
    }

    /// Reads a packet; bytes that follow it are padding.
    ///
    /// # Errors
    /// If it is short, or not about IPv4 on Ethernet.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        let Some(packet) = bytes.first_chunk::<LEN>() else {
            return Err(DecodeError::ShortPacket { len: bytes.len() });
        };
        for (field, offset, len) in FIELDS {
            let [found, expected] = [&packet[..], &KIND].map(|of| number(of, offset, len));
            if found != expected {
                return Err(DecodeError::Field {
                    field,
                    found,
                    expected,
                    offset,
                });
            }
        }
        let [_, _, _, _, _, _, op_0, op_1, rest @ ..] = *packet;
        let [s0, s1, s2, s3, s4, s5, a, b, c, d, rest @ ..] = rest;
        let [t0, t1, t2, t3, t4, t5, e, f, g, h] = rest;
        Ok(Self {
            operation: u16::from_be_bytes([op_0, op_1]),
            sender_mac: [s0, s1, s2, s3, s4, s5],
            sender_ip: Ipv4Addr::new(a, b, c, d),
            target_mac: [t0, t1, t2, t3, t4, t5],
            target_ip: Ipv4Addr::new(e, f, g, h),
        })
    }

    /// The bytes of the packet.
    pub fn to_bytes(&self) -> [u8; LEN] {
        let mut bytes = KIND
            .into_iter()
            .chain(self.operation.to_be_bytes())
            .chain(self.sender_mac)
            .chain(self.sender_ip.octets())
            .chain(self.target_mac)
            .chain(self.target_ip.octets());
        std::array::from_fn(|_| bytes.next().unwrap_or(0))
    }

    /// The meaning of the packet for an address, if it concerns it.
    ///
    /// A reply to itself is an announcement by other means (RFC 5227, section 3): a claim.
    pub fn sighting(&self, ip: Ipv4Addr) -> Option<Sighting> {
        let from = self.sender_ip == ip;
        let how = match self.operation {
            REPLY if from && self.target_ip != ip => How::Reply,
            REQUEST | REPLY if from => How::Claim,
            REQUEST if self.sender_ip.is_unspecified() && self.target_ip == ip => How::Probe,
            _ => return None,
        };
        let mac = HardwareAddress::from_bytes(&self.sender_mac).ok()?;
        Some(Sighting { mac, how })
    }
}

/// The number in some bytes at an offset; zero if there are none.
fn number(bytes: &[u8], offset: usize, len: usize) -> u16 {
    let bytes = bytes.get(offset..offset + len).unwrap_or_default();
    bytes
        .iter()
        .fold(0, |sum, byte| sum << 8 | u16::from(*byte))
}
