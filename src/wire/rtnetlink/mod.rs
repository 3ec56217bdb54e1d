//! The rtnetlink codec: requests for dumps, and their answers (rtnetlink(7), netlink(7)).
//!
//! All numbers are in the byte order of the host, except addresses. Unknown attributes are skipped;
//! attributes and messages that are too short are errors with their offset.
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
//! # Ok::<(), bindnet::wire::DecodeError>(())
//! ```

mod frame;
mod part;
mod request;

use crate::snapshot::{
    Address, AddressFlags, AltNames, Bits, Entry, Facts, HardwareAddress, Link, LinkFlags, Scope,
    escape,
};
use crate::wire::DecodeError;

pub use crate::snapshot::Family;
pub(crate) use frame::{Change, Changed, Frame, Frames, frames};
use part::Part;
pub(crate) use request::request_refusal;
pub use request::{
    request_addresses, request_link, request_link_alt_named, request_link_named, request_links,
};

// linux/netlink.h
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLMSG_OVERRUN: u16 = 4;
const NLMSG_MIN_TYPE: u16 = 0x10;
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLM_F_CAPPED: u16 = 0x100;
const NLM_F_ACK_TLVS: u16 = 0x200;
const NLMSGERR_ATTR_MSG: u16 = 1;
const NLMSG_HDRLEN: usize = 16;

// linux/rtnetlink.h
const RTM_NEWLINK: u16 = 16;
const RTM_DELLINK: u16 = 17;
const RTM_NEWADDR: u16 = 20;
const RTM_DELADDR: u16 = 21;

// linux/if_addr.h
const IFADDRMSG_LEN: usize = 8;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_LABEL: u16 = 3;
const IFA_CACHEINFO: u16 = 6;
const IFA_FLAGS: u16 = 8;
const IFA_PROTO: u16 = 11;

// linux/if_link.h
const IFINFOMSG_LEN: usize = 16;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_CARRIER_CHANGES: u16 = 35;
const IFLA_PROP_LIST: u16 = 52;
const IFLA_ALT_IFNAME: u16 = 53;
const IFLA_INFO_KIND: u16 = 1;

// linux/socket.h
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;

/// The header of a message (`struct nlmsghdr`).
#[doc(alias = "nlmsghdr")]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Header {
    /// The sequence number of the request it answers. For an event it is 0, or that of the request that
    /// caused the change.
    #[doc(alias = "nlmsg_seq")]
    pub sequence: u32,
    /// The port id of the socket it is for. For an event it is 0, or that of the process that caused the
    /// change.
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

/// The content of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Message {
    /// An address is there (`RTM_NEWADDR`).
    NewAddress(Address),
    /// An address is gone (`RTM_DELADDR`).
    DeletedAddress(Address),
    /// A link is there (`RTM_NEWLINK`).
    NewLink(Link),
    /// A link is gone (`RTM_DELLINK`). If the family is AF_BRIDGE, it has left its bridge.
    DeletedLink(Link),
    /// The end of a dump (`NLMSG_DONE`), with an errno(3) number if it failed on the way.
    Done(i32),
    /// The answer to a request (`NLMSG_ERROR`): an errno(3) number, 0 for success, and the
    /// kernel's own words if it had any.
    Error(i32, Option<String>),
    /// Messages were lost (`NLMSG_OVERRUN`).
    Overrun,
    /// A message of a different family or type, which does not matter here.
    Other,
}

/// The messages of one datagram, in order.
///
/// After an error in a message's framing there is no next message.
pub fn messages(datagram: &[u8]) -> Messages<'_> {
    Messages {
        frames: frames(datagram),
    }
}

/// The iterator that [`messages`] returns.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    frames: Frames<'a>,
}

impl Iterator for Messages<'_> {
    type Item = Result<(Header, Message), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        let frame = self.frames.next()?;
        Some(frame.and_then(|frame| Ok((frame.header, frame.message()?))))
    }
}

/// An address (`struct ifaddrmsg`); `None` for a family other than IPv4 and IPv6.
fn address(body: Part<'_>) -> Result<Option<Address>, DecodeError> {
    if let Some(entry) = entry::<u32>(body)? {
        return Ok(Some(Address::from_bits(entry)));
    }
    Ok(entry::<u128>(body)?.map(Address::from_bits))
}

/// An address of one family; `None` if it is of a different one.
#[inline(always)]
fn entry<A: Wire>(body: Part<'_>) -> Result<Option<Entry<A>>, DecodeError> {
    let fixed = body.array::<IFADDRMSG_LEN>(0, "ifaddrmsg")?;
    let [family, prefix_len, flags, scope, index @ ..] = fixed;
    if family != A::FAMILY {
        return Ok(None);
    }
    let flags = AddressFlags::from_bits(flags.into());
    let mut facts = Facts::new(u32::from_ne_bytes(index), flags, Scope::new(scope));
    let attributes = body.rest(IFADDRMSG_LEN);
    let Some(mask) = A::mask(prefix_len) else {
        let offset = attributes.offset();
        return Err(DecodeError::PrefixLen { prefix_len, offset });
    };
    let mut ifa_address = None;
    let mut ifa_local = None;
    for attribute in attributes.attributes() {
        let (kind, value) = attribute?;
        match kind {
            IFA_ADDRESS => ifa_address = Some(A::read(value, "IFA_ADDRESS")?),
            IFA_LOCAL => ifa_local = Some(A::read(value, "IFA_LOCAL")?),
            IFA_LABEL => facts.label = value.name("IFA_LABEL")?,
            IFA_CACHEINFO => facts.set_cache_info(
                value.u32(0, "ifa_prefered")?,
                value.u32(4, "ifa_valid")?,
                value.u32(8, "cstamp")?,
            ),
            IFA_FLAGS => facts.set_flags(AddressFlags::from_bits(value.u32(0, "IFA_FLAGS")?)),
            IFA_PROTO => {
                let [protocol] = value.array(0, "IFA_PROTO")?;
                facts.set_protocol(protocol);
            }
            _ => {}
        }
    }
    let Some(ip) = ifa_local.or(ifa_address) else {
        let offset = attributes.offset();
        return Err(DecodeError::NoAddress { offset });
    };
    Ok(Some(Entry {
        ip,
        mask,
        peer: ifa_address,
        facts,
    }))
}

/// A link (`struct ifinfomsg`).
fn link(body: Part<'_>) -> Result<Link, DecodeError> {
    let attributes = body.after(IFINFOMSG_LEN, "ifinfomsg")?;
    let hardware_type = body.u16(2, "ifi_type")?;
    let index = body.u32(4, "ifi_index")?;
    let flags = body.u32(8, "ifi_flags")?;
    let offset = body.offset();
    let (mut name, mut mac, mut kind, mut master) = (None, None, None, None);
    let (mut carrier_changes, mut alt_names) = (None, AltNames::default());
    for attribute in attributes.attributes() {
        let (attribute, value) = attribute?;
        match attribute {
            IFLA_IFNAME => name = value.name("IFLA_IFNAME")?,
            IFLA_ADDRESS => mac = HardwareAddress::of(value.bytes),
            IFLA_MASTER => master = Some(value.u32(0, "IFLA_MASTER")?),
            IFLA_LINKINFO => kind = info_kind(value)?,
            IFLA_CARRIER_CHANGES => {
                carrier_changes = Some(value.u32(0, "IFLA_CARRIER_CHANGES")?);
            }
            IFLA_PROP_LIST => add_alt_names(value, &mut alt_names)?,
            _ => {}
        }
    }
    let mut link = Link::new(index, name.ok_or(DecodeError::NoName { offset })?)
        .with_alt_names(alt_names)
        .with_flags(LinkFlags::from_bits(flags))
        .with_hardware_type(hardware_type);
    if let Some(mac) = mac {
        link = link.with_mac(mac);
    }
    if let Some(kind) = kind {
        link = link.with_kind(kind);
    }
    if let Some(master) = master {
        link = link.with_master(master);
    }
    if let Some(carrier_changes) = carrier_changes {
        link = link.with_carrier_changes(carrier_changes);
    }
    Ok(link)
}

/// The alternative names among the properties of a link; there is no other property yet.
#[cold]
fn add_alt_names(properties: Part<'_>, to: &mut AltNames) -> Result<(), DecodeError> {
    for property in properties.attributes() {
        let (kind, value) = property?;
        if kind == IFLA_ALT_IFNAME
            && let Some(name) = value.link_name("IFLA_ALT_IFNAME")?
        {
            to.push(&name);
        }
    }
    Ok(())
}

fn info_kind(info: Part<'_>) -> Result<Option<String>, DecodeError> {
    for attribute in info.attributes() {
        let (kind, value) = attribute?;
        if kind == IFLA_INFO_KIND {
            let text = value.bytes.split(|b| *b == 0).next().unwrap_or_default();
            return Ok(std::str::from_utf8(text).ok().map(str::to_owned));
        }
    }
    Ok(None)
}

/// An address on the wire, in network byte order.
pub(crate) trait Wire: Bits {
    const FAMILY: u8;

    fn read(value: Part<'_>, what: &'static str) -> Result<Self, DecodeError>;
}

impl Wire for u32 {
    const FAMILY: u8 = AF_INET;

    fn read(value: Part<'_>, what: &'static str) -> Result<Self, DecodeError> {
        value.array(0, what).map(Self::from_be_bytes)
    }
}

impl Wire for u128 {
    const FAMILY: u8 = AF_INET6;

    fn read(value: Part<'_>, what: &'static str) -> Result<Self, DecodeError> {
        value.array(0, what).map(Self::from_be_bytes)
    }
}
