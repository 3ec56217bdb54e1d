//! The rtnetlink codec: requests for dumps, and what comes back (rtnetlink(7), netlink(7)).
//!
//! All numbers are in the byte order of the host unless said otherwise. Attributes that are not
//! known are skipped; attributes and messages that are too short are errors with their offset.
//!
//! ```
//! use bindnet::wire::rtnetlink::{self, Message};
//!
//! // One message of a dump: 192.0.2.10/24 on link 2.
//! let mut bytes = Vec::new();
//! bytes.extend(32u32.to_ne_bytes()); // nlmsg_len
//! bytes.extend(20u16.to_ne_bytes()); // nlmsg_type: RTM_NEWADDR
//! bytes.extend(2u16.to_ne_bytes()); // nlmsg_flags: NLM_F_MULTI
//! bytes.extend(1u32.to_ne_bytes()); // nlmsg_seq
//! bytes.extend(7u32.to_ne_bytes()); // nlmsg_pid
//! bytes.extend([2, 24, 0x80, 0]); // ifa_family, ifa_prefixlen, ifa_flags, ifa_scope
//! bytes.extend(2u32.to_ne_bytes()); // ifa_index
//! bytes.extend(8u16.to_ne_bytes()); // rta_len
//! bytes.extend(2u16.to_ne_bytes()); // rta_type: IFA_LOCAL
//! bytes.extend([192, 0, 2, 10]);
//!
//! let (header, message) = rtnetlink::messages(&bytes).next().unwrap()?;
//! assert_eq!(header.sequence, 1);
//! let Message::NewAddress(address) = message else { panic!("{message:?}") };
//! assert_eq!(address.net(), Some("192.0.2.10/24".parse().unwrap()));
//! # Ok::<(), rtnetlink::DecodeError>(())
//! ```

mod view;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::snapshot::{
    Address, AddressFlags, Bits, Facts, HardwareAddress, Lifetime, Link, LinkFlags, Scope, escape,
};

pub use view::DecodeError;
use view::View;

// linux/netlink.h
const NLMSG_NOOP: u16 = 1;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLMSG_OVERRUN: u16 = 4;
const NLM_F_REQUEST: u16 = 0x01;
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLM_F_CAPPED: u16 = 0x100;
const NLM_F_DUMP: u16 = 0x300;
const NLM_F_ACK_TLVS: u16 = 0x200;
const NLMSGERR_ATTR_MSG: u16 = 1;
const NLMSG_HDRLEN: usize = 16;

// linux/rtnetlink.h
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_GETLINK: u16 = 18;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;
const RTM_GETADDR: u16 = 22;
const RTEXT_FILTER_SKIP_STATS: u32 = 1 << 3;

// linux/if_addr.h
const IFADDRMSG_LEN: usize = 8;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_LABEL: u16 = 3;
const IFA_CACHEINFO: u16 = 6;
const IFA_FLAGS: u16 = 8;
const IFA_PROTO: u16 = 11;
const INFINITY_LIFE_TIME: u32 = u32::MAX;

// linux/if_link.h
const IFINFOMSG_LEN: usize = 16;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_EXT_MASK: u16 = 29;
const IFLA_INFO_KIND: u16 = 1;

// linux/socket.h
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// A family of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    #[doc(alias = "AF_INET")]
    V4,
    /// IPv6.
    #[doc(alias = "AF_INET6")]
    V6,
}

impl Family {
    /// The family of an address.
    pub const fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

/// The request to dump the addresses of one family, of all links or of one.
///
/// The kernel heeds `link` only on a socket with `NETLINK_GET_STRICT_CHK`; on another it dumps
/// all links, and the receiver filters.
#[doc(alias = "RTM_GETADDR")]
pub fn request_addresses(family: Family, link: Option<u32>, sequence: u32) -> Vec<u8> {
    let family = match family {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    };
    let mut body = vec![family, 0, 0, 0];
    body.extend(link.unwrap_or(0).to_ne_bytes());
    request(RTM_GETADDR, &body, sequence)
}

/// The request to dump all links, without their statistics.
#[doc(alias = "RTM_GETLINK")]
pub fn request_links(sequence: u32) -> Vec<u8> {
    let mut body = vec![0; IFINFOMSG_LEN];
    body.extend(8u16.to_ne_bytes());
    body.extend(IFLA_EXT_MASK.to_ne_bytes());
    body.extend(RTEXT_FILTER_SKIP_STATS.to_ne_bytes());
    request(RTM_GETLINK, &body, sequence)
}

fn request(kind: u16, body: &[u8], sequence: u32) -> Vec<u8> {
    let len = NLMSG_HDRLEN + body.len();
    let mut bytes = Vec::with_capacity(len);
    bytes.extend((len as u32).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend((NLM_F_REQUEST | NLM_F_DUMP).to_ne_bytes());
    bytes.extend(sequence.to_ne_bytes());
    bytes.extend(0u32.to_ne_bytes());
    bytes.extend(body);
    bytes
}

/// The header of a message (`struct nlmsghdr`).
#[doc(alias = "nlmsghdr")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The sequence number of the request it answers; 0 for an event.
    #[doc(alias = "nlmsg_seq")]
    pub sequence: u32,
    /// The port id of the socket it is for; 0 for an event.
    #[doc(alias = "nlmsg_pid")]
    pub port: u32,
    /// Whether the list changed while it was dumped (`NLM_F_DUMP_INTR`).
    #[doc(alias = "NLM_F_DUMP_INTR")]
    pub interrupted: bool,
}

impl Header {
    /// The header of an answer to a request of the socket with this port id.
    pub fn new(sequence: u32, port: u32) -> Self {
        Self {
            sequence,
            port,
            interrupted: false,
        }
    }
}

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// An address is there (`RTM_NEWADDR`).
    NewAddress(Address),
    /// An address is gone (`RTM_DELADDR`).
    DeletedAddress(Address),
    /// A link is there (`RTM_NEWLINK`).
    NewLink(Link),
    /// A link is gone (`RTM_DELLINK`).
    DeletedLink(Link),
    /// The end of a dump (`NLMSG_DONE`), with an errno(3) number if it failed on the way.
    Done(i32),
    /// The answer to a request (`NLMSG_ERROR`): an errno(3) number, 0 for success, and the
    /// kernel's own words if it had any.
    Error(i32, Option<String>),
    /// Messages were lost (`NLMSG_OVERRUN`).
    Overrun,
    /// Something that is of no concern here: another family, another type.
    Other,
}

/// The messages of one datagram, in order.
///
/// After an error in a message's framing there is no next message.
pub fn messages(datagram: &[u8]) -> Messages<'_> {
    Messages {
        datagram,
        offset: 0,
    }
}

/// The iterator that [`messages`] returns.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    datagram: &'a [u8],
    offset: usize,
}

impl Iterator for Messages<'_> {
    type Item = Result<(Header, Message), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let offset = self.offset;
        let rest = self
            .datagram
            .get(offset..)
            .filter(|rest| !rest.is_empty())?;
        // Until the length is known to be sound, an error ends the iteration.
        self.offset = self.datagram.len();
        let view = View {
            bytes: rest,
            offset,
        };
        let len = match view.u32(0, "nlmsg_len") {
            Ok(len) => len as usize,
            Err(error) => return Some(Err(error)),
        };
        if len < NLMSG_HDRLEN || len > rest.len() {
            return Some(Err(DecodeError::Length {
                what: "nlmsg_len",
                len,
                offset,
            }));
        }
        self.offset = offset + len.next_multiple_of(4);
        Some(message(View {
            bytes: rest.get(..len).unwrap_or_default(),
            offset,
        }))
    }
}

fn message(view: View<'_>) -> Result<(Header, Message), DecodeError> {
    let kind = view.u16(4, "nlmsg_type")?;
    let flags = view.u16(6, "nlmsg_flags")?;
    let header = Header {
        sequence: view.u32(8, "nlmsg_seq")?,
        port: view.u32(12, "nlmsg_pid")?,
        interrupted: flags & NLM_F_DUMP_INTR != 0,
    };
    let body = view.rest(NLMSG_HDRLEN);
    let message = match kind {
        RTM_NEWADDR => address(body)?.map_or(Message::Other, Message::NewAddress),
        RTM_DELADDR => address(body)?.map_or(Message::Other, Message::DeletedAddress),
        RTM_NEWLINK => Message::NewLink(link(body)?),
        RTM_DELLINK => Message::DeletedLink(link(body)?),
        NLMSG_DONE => Message::Done(errno(body)?),
        NLMSG_ERROR => Message::Error(errno(body)?, words(body, flags)),
        NLMSG_OVERRUN => Message::Overrun,
        NLMSG_NOOP => Message::Other,
        _ => Message::Other,
    };
    Ok((header, message))
}

/// The error number of a `NLMSG_DONE` or `NLMSG_ERROR`, which carry it negated.
fn errno(body: View<'_>) -> Result<i32, DecodeError> {
    Ok((body.u32(0, "error number")? as i32).saturating_neg())
}

/// The kernel's own words for an error (`NLMSGERR_ATTR_MSG`), which are no reason to fail.
fn words(body: View<'_>, flags: u16) -> Option<String> {
    if flags & NLM_F_ACK_TLVS == 0 {
        return None;
    }
    // The request comes back: its header alone if the answer is capped, else all of it.
    let request = if flags & NLM_F_CAPPED != 0 {
        NLMSG_HDRLEN
    } else {
        body.u32(4, "nlmsg_len").ok()? as usize
    };
    let attributes = body.rest(request.next_multiple_of(4).checked_add(4)?);
    let text = attributes
        .attributes()
        .map_while(Result::ok)
        .find(|(kind, _)| *kind == NLMSGERR_ATTR_MSG);
    let (_, text) = text?;
    Some(escape(text.bytes.split(|b| *b == 0).next()?))
}

/// An address (`struct ifaddrmsg`); `None` for a family other than IPv4 and IPv6.
fn address(body: View<'_>) -> Result<Option<Address>, DecodeError> {
    let fixed = body.array::<IFADDRMSG_LEN>(0, "ifaddrmsg")?;
    let [family, prefix_len, flags, scope, ..] = fixed;
    let facts = Facts {
        link: Some(body.u32(4, "ifa_index")?),
        flags: Some(AddressFlags::from_bits(flags.into())),
        scope: Some(Scope::new(scope)),
        ..Facts::default()
    };
    let attributes = body.rest(IFADDRMSG_LEN);
    match family {
        AF_INET => address_of::<u32, 4>(attributes, prefix_len, facts).map(Some),
        AF_INET6 => address_of::<u128, 16>(attributes, prefix_len, facts).map(Some),
        _ => Ok(None),
    }
}

fn address_of<A: Bits + FromWire<N>, const N: usize>(
    attributes: View<'_>,
    prefix_len: u8,
    mut facts: Facts,
) -> Result<Address, DecodeError> {
    let offset = attributes.offset;
    let mask = A::mask(prefix_len).ok_or(DecodeError::PrefixLen { prefix_len, offset })?;
    let mut ifa_address = None;
    let mut ifa_local = None;
    for attribute in attributes.attributes() {
        let (kind, value) = attribute?;
        match kind {
            IFA_ADDRESS => ifa_address = Some(A::from_wire(value.array(0, "IFA_ADDRESS")?)),
            IFA_LOCAL => ifa_local = Some(A::from_wire(value.array(0, "IFA_LOCAL")?)),
            IFA_LABEL => facts.label = value.name("IFA_LABEL")?,
            IFA_CACHEINFO => {
                facts.preferred_lft = Some(lifetime(value.u32(0, "ifa_prefered")?));
                facts.valid_lft = Some(lifetime(value.u32(4, "ifa_valid")?));
                facts.created = Some(value.u32(8, "cstamp")?);
            }
            IFA_FLAGS => facts.flags = Some(AddressFlags::from_bits(value.u32(0, "IFA_FLAGS")?)),
            IFA_PROTO => {
                let [protocol] = value.array(0, "IFA_PROTO")?;
                facts.protocol = Some(protocol).filter(|p| *p != 0);
            }
            _ => {}
        }
    }
    let missing = DecodeError::NoAddress { offset };
    let ip = ifa_local.or(ifa_address).ok_or(missing)?;
    let peer = ifa_address.filter(|address| *address != ip);
    Ok(Address::from_bits(ip, mask, peer, facts))
}

/// Lifetimes are in seconds (`struct ifa_cacheinfo`).
fn lifetime(seconds: u32) -> Lifetime {
    match seconds {
        INFINITY_LIFE_TIME => Lifetime::Forever,
        seconds => Lifetime::Seconds(seconds),
    }
}

/// A link (`struct ifinfomsg`).
fn link(body: View<'_>) -> Result<Link, DecodeError> {
    let attributes = body.after(IFINFOMSG_LEN, "ifinfomsg")?;
    let index = body.u32(4, "ifi_index")?;
    let flags = body.u32(8, "ifi_flags")?;
    let offset = body.offset;
    let (mut name, mut mac, mut kind, mut master) = (None, None, None, None);
    for attribute in attributes.attributes() {
        let (attribute, value) = attribute?;
        match attribute {
            IFLA_IFNAME => name = value.name("IFLA_IFNAME")?,
            IFLA_ADDRESS => mac = HardwareAddress::from_bytes(value.bytes).ok(),
            IFLA_MASTER => master = Some(value.u32(0, "IFLA_MASTER")?).filter(|m| *m != 0),
            IFLA_LINKINFO => kind = info_kind(value)?,
            _ => {}
        }
    }
    let mut link = Link::new(index, name.ok_or(DecodeError::NoName { offset })?)
        .with_flags(LinkFlags::from_bits(flags));
    if let Some(mac) = mac {
        link = link.with_mac(mac);
    }
    if let Some(kind) = kind {
        link = link.with_kind(kind);
    }
    if let Some(master) = master {
        link = link.with_master(master);
    }
    Ok(link)
}

fn info_kind(info: View<'_>) -> Result<Option<String>, DecodeError> {
    for attribute in info.attributes() {
        let (kind, value) = attribute?;
        if kind == IFLA_INFO_KIND {
            let text = value.bytes.split(|b| *b == 0).next().unwrap_or_default();
            return Ok(Some(escape(text)));
        }
    }
    Ok(None)
}

/// Addresses stand on the wire in network byte order.
trait FromWire<const N: usize> {
    fn from_wire(bytes: [u8; N]) -> Self;
}

impl FromWire<4> for u32 {
    fn from_wire(bytes: [u8; 4]) -> Self {
        Ipv4Addr::from(bytes).to_bits()
    }
}

impl FromWire<16> for u128 {
    fn from_wire(bytes: [u8; 16]) -> Self {
        Ipv6Addr::from(bytes).to_bits()
    }
}
