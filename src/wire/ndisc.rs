//! The codec of Neighbour Solicitations and Advertisements (RFC 4861, sections 4.3 and 4.4), and
//! their meaning for duplicate address detection (RFC 4862, section 5.4).
//!
//! A packet starts with the IPv6 header; all numbers are in network byte order. A packet with extension
//! headers is an error.
//!
//! ```
//! use bindnet::conflict::How;
//! use bindnet::wire::ndisc::Packet;
//!
//! let ip = "2001:db8::10".parse().unwrap();
//! let probe = Packet::probe(ip);
//! assert_eq!(probe.destination.to_string(), "ff02::1:ff00:10");
//! let bytes = probe.to_bytes();
//! assert_eq!(bytes.len(), 64);
//! let read = Packet::parse(&bytes)?;
//! assert_eq!(read, probe);
//! assert_eq!(read.sighting(ip, [2, 0, 0, 0, 0, 1]).unwrap().how, How::Probe);
//! # Ok::<(), bindnet::wire::DecodeError>(())
//! ```

use std::net::Ipv6Addr;

use super::DecodeError;
use super::sighting::{How, Sighting};
use crate::snapshot::HardwareAddress;

// RFC 8200, section 3: the IPv6 header.
const HEADER_LEN: usize = 40;
pub(super) const NEXT_HEADER_ICMPV6: u8 = 58;
// RFC 4861, sections 4.3, 4.4, 4.6.1 and 7.1.
pub(super) const NEIGHBOR_SOLICITATION: u8 = 135;
pub(super) const NEIGHBOR_ADVERTISEMENT: u8 = 136;
const MESSAGE_LEN: usize = 24;
const SOURCE_LINK_LAYER_ADDRESS: u8 = 1;
const TARGET_LINK_LAYER_ADDRESS: u8 = 2;
const HOP_LIMIT: u8 = 255;
const SOLICITED: u8 = 0x40;

/// A Neighbour Solicitation or Advertisement in its IPv6 packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Packet {
    /// The sender; `::` in duplicate address detection.
    pub source: Ipv6Addr,
    /// The receiver.
    pub destination: Ipv6Addr,
    /// Which of the two it is.
    pub kind: Kind,
    /// The address it is about.
    pub target: Ipv6Addr,
    /// The link-layer address option: of the source in a solicitation, of the target in an
    /// advertisement; the first one if there are several.
    pub mac: Option<[u8; 6]>,
}

/// A solicitation or an advertisement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// Asks who has the target.
    #[doc(alias = "ND_NEIGHBOR_SOLICIT")]
    Solicitation,
    /// Says that the sender has the target.
    #[doc(alias = "ND_NEIGHBOR_ADVERT")]
    Advertisement {
        /// The flags, in the high three bits: router, solicited, override.
        flags: u8,
    },
}

impl Packet {
    /// A packet without a link-layer address.
    pub fn new(kind: Kind, source: Ipv6Addr, destination: Ipv6Addr, target: Ipv6Addr) -> Self {
        Self {
            source,
            destination,
            kind,
            target,
            mac: None,
        }
    }

    /// With a link-layer address.
    #[must_use]
    pub fn with_mac(mut self, mac: [u8; 6]) -> Self {
        self.mac = Some(mac);
        self
    }

    /// The solicitation that asks whether anybody has an address (RFC 4862, section 5.4.2): from
    /// `::`, to its solicited-node group.
    pub fn probe(ip: Ipv6Addr) -> Self {
        let group = solicited_node(ip);
        Self::new(Kind::Solicitation, Ipv6Addr::UNSPECIFIED, group, ip)
    }

    /// Reads a packet, and validates it as RFC 4861 (sections 7.1.1 and 7.1.2) requires.
    ///
    /// # Errors
    /// If it is short, something else, or not valid.
    pub fn parse(bytes: &[u8]) -> Result<Self, DecodeError> {
        let short = |what, need, offset| DecodeError::Short { what, need, offset };
        let (header, rest) = bytes.split_first_chunk::<HEADER_LEN>().ok_or(short(
            "the IPv6 header",
            HEADER_LEN,
            0,
        ))?;
        let [first, _, _, _, len_0, len_1, next, hops, ends @ ..] = *header;
        let len = usize::from(u16::from_be_bytes([len_0, len_1]));
        if first >> 4 != 6 || next != NEXT_HEADER_ICMPV6 {
            return Err(DecodeError::Other);
        }
        // Bytes after the payload are padding.
        let payload = rest
            .get(..len)
            .ok_or(short("the payload", len, HEADER_LEN))?;
        let (message, options) = payload.split_first_chunk::<MESSAGE_LEN>().ok_or(short(
            "the message",
            MESSAGE_LEN,
            HEADER_LEN,
        ))?;
        let [kind, code, _, _, flags, _, _, _, target @ ..] = *message;
        let kind = match kind {
            NEIGHBOR_SOLICITATION => Kind::Solicitation,
            NEIGHBOR_ADVERTISEMENT => Kind::Advertisement {
                flags: flags & 0xe0,
            },
            _ => return Err(DecodeError::Other),
        };
        let [source, destination] = halves(ends);
        let target = Ipv6Addr::from(target);
        let is_sound = hops == HOP_LIMIT
            && code == 0
            && !target.is_multicast()
            && !source.is_multicast()
            && checksum(source, destination, payload) == 0;
        let (is_named, mac) = link_layer_address(kind, options)?;
        let is_sound = is_sound
            && match kind {
                Kind::Solicitation if source.is_unspecified() => {
                    !is_named && destination == solicited_node(target)
                }
                Kind::Solicitation => true,
                Kind::Advertisement { flags } => {
                    let is_answer = flags & SOLICITED != 0;
                    !(source.is_unspecified() || is_answer && destination.is_multicast())
                }
            };
        if !is_sound {
            return Err(DecodeError::Invalid);
        }
        Ok(Self {
            source,
            destination,
            kind,
            target,
            mac,
        })
    }

    /// The bytes of the packet, with its checksum.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (kind, flags, option) = match self.kind {
            Kind::Solicitation => (NEIGHBOR_SOLICITATION, 0, SOURCE_LINK_LAYER_ADDRESS),
            Kind::Advertisement { flags } => {
                (NEIGHBOR_ADVERTISEMENT, flags, TARGET_LINK_LAYER_ADDRESS)
            }
        };
        let mut message = vec![kind, 0, 0, 0, flags, 0, 0, 0];
        message.extend(self.target.octets());
        if let Some(mac) = self.mac {
            // Type, and length in units of 8 bytes.
            message.extend([option, 1]);
            message.extend(mac);
        }
        let checksum = checksum(self.source, self.destination, &message);
        if let Some(field) = message.get_mut(2..4) {
            field.copy_from_slice(&checksum.to_be_bytes());
        }
        // Version 6, no traffic class and no flow label. A message has at most 32 bytes.
        let mut bytes = vec![0x60, 0, 0, 0, 0, message.len() as u8];
        bytes.extend([NEXT_HEADER_ICMPV6, HOP_LIMIT]);
        bytes.extend(self.source.octets());
        bytes.extend(self.destination.octets());
        bytes.extend(message);
        bytes
    }

    /// The meaning of the packet for an address, if it concerns it; `from` is the sender on the
    /// link, for packets that do not name a link-layer address.
    pub fn sighting(&self, ip: Ipv6Addr, from: [u8; 6]) -> Option<Sighting> {
        let how = match self.kind {
            Kind::Advertisement { .. } if self.target == ip => How::Reply,
            Kind::Solicitation if self.source == ip => How::Claim,
            Kind::Solicitation if self.source.is_unspecified() && self.target == ip => How::Probe,
            _ => return None,
        };
        let mac = HardwareAddress::from_bytes(&self.mac.unwrap_or(from)).ok()?;
        Some(Sighting { mac, how })
    }
}

/// The group of all nodes on a link (RFC 4291, section 2.7.1).
pub const ALL_NODES: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);

/// The solicited-node multicast address of an address (RFC 4291, section 2.7.1).
pub fn solicited_node(ip: Ipv6Addr) -> Ipv6Addr {
    let [.., a, b, c] = ip.octets();
    Ipv6Addr::from([0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0xff, a, b, c])
}

/// The Ethernet address of an IPv6 multicast address (RFC 2464, section 7).
pub fn multicast_mac(group: Ipv6Addr) -> [u8; 6] {
    let [.., a, b, c, d] = group.octets();
    [0x33, 0x33, a, b, c, d]
}

/// Whether a message has an option for the link-layer address that belongs to it, and the address.
/// Options have to be whole; unknown ones are skipped.
fn link_layer_address(
    kind: Kind,
    mut options: &[u8],
) -> Result<(bool, Option<[u8; 6]>), DecodeError> {
    let wanted = match kind {
        Kind::Solicitation => SOURCE_LINK_LAYER_ADDRESS,
        Kind::Advertisement { .. } => TARGET_LINK_LAYER_ADDRESS,
    };
    let mut is_named = false;
    let mut found = None;
    while let [option, units, ..] = *options {
        let len = usize::from(units) * 8;
        let Some((this, rest)) = options.split_at_checked(len).filter(|_| len > 0) else {
            return Err(DecodeError::Invalid);
        };
        is_named |= option == wanted;
        if option == wanted && found.is_none() {
            // On Ethernet the option has 8 bytes (RFC 2464, section 6).
            found = match this {
                [_, _, mac @ ..] => <[u8; 6]>::try_from(mac).ok(),
                _ => None,
            };
        }
        options = rest;
    }
    if options.is_empty() {
        Ok((is_named, found))
    } else {
        Err(DecodeError::Invalid)
    }
}

/// The ICMPv6 checksum (RFC 4443, section 2.3) of a message; zero if the message has a correct one.
fn checksum(source: Ipv6Addr, destination: Ipv6Addr, message: &[u8]) -> u16 {
    let len = u32::try_from(message.len()).unwrap_or(u32::MAX);
    let pseudo = [source.octets(), destination.octets()];
    let end = [u32::from(NEXT_HEADER_ICMPV6), len].map(u32::to_be_bytes);
    let fields = [pseudo.as_flattened(), end.as_flattened(), message];
    let mut sum: u64 = 0;
    for field in fields {
        for word in field.chunks(2) {
            let low = word.get(1).copied().unwrap_or(0);
            let word = word.first().map(|high| u16::from_be_bytes([*high, low]));
            sum += u64::from(word.unwrap_or(0));
        }
    }
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    !(sum as u16)
}

/// The source and the destination at the end of an IPv6 header.
fn halves(ends: [u8; 32]) -> [Ipv6Addr; 2] {
    let (source, destination) = ends.split_at(16);
    [address(source), address(destination)]
}

/// The address with these bytes.
fn address(bytes: &[u8]) -> Ipv6Addr {
    let fold = |sum: u128, byte: &u8| sum << 8 | u128::from(*byte);
    Ipv6Addr::from(bytes.iter().fold(0, fold))
}
