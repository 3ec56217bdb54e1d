//! Messages built byte by byte, from the structures of linux/netlink.h and linux/rtnetlink.h.

// Self-contained: the benchmarks, which do not link the tests, take this file as it is.

/// Nothing.
pub const NLMSG_NOOP: u16 = 1;
/// The answer to a request.
pub const NLMSG_ERROR: u16 = 2;
/// The end of a dump.
pub const NLMSG_DONE: u16 = 3;
/// Messages were lost.
pub const NLMSG_OVERRUN: u16 = 4;
/// A link is there.
pub const RTM_NEWLINK: u16 = 16;
/// A link is gone.
pub const RTM_DELLINK: u16 = 17;
/// An address is there.
pub const RTM_NEWADDR: u16 = 20;
/// An address is gone.
pub const RTM_DELADDR: u16 = 21;

/// One of several messages.
pub const NLM_F_MULTI: u16 = 0x02;
/// The list changed while it was dumped.
pub const NLM_F_DUMP_INTR: u16 = 0x10;

/// The address, or that of the other end.
pub const IFA_ADDRESS: u16 = 1;
/// The address.
pub const IFA_LOCAL: u16 = 2;
/// The label, with a NUL.
pub const IFA_LABEL: u16 = 3;
/// Lifetimes: preferred, valid, when it was made, when it was changed.
pub const IFA_CACHEINFO: u16 = 6;
/// All 32 flags.
pub const IFA_FLAGS: u16 = 8;
/// What configured it.
pub const IFA_PROTO: u16 = 11;

/// The hardware address.
pub const IFLA_ADDRESS: u16 = 1;
/// The name, with a NUL.
pub const IFLA_IFNAME: u16 = 3;
/// The index of the link it belongs to.
pub const IFLA_MASTER: u16 = 10;
/// Attributes about its kind.
pub const IFLA_LINKINFO: u16 = 18;
/// How often the carrier came or went.
pub const IFLA_CARRIER_CHANGES: u16 = 35;
/// Attributes about its properties, with the flag of nested ones.
pub const IFLA_PROP_LIST: u16 = 52 | NLA_F_NESTED;
/// An alternative name, with a NUL, within `IFLA_PROP_LIST`.
pub const IFLA_ALT_IFNAME: u16 = 53;
/// Attributes are within it.
pub const NLA_F_NESTED: u16 = 1 << 15;
/// Its kind, within `IFLA_LINKINFO`.
pub const IFLA_INFO_KIND: u16 = 1;

/// IPv4.
pub const AF_INET: u8 = 2;
/// IPv6.
pub const AF_INET6: u8 = 10;

/// The sequence number of every message built here.
pub const SEQUENCE: u32 = 5;
/// The port id of every message built here.
pub const PORT: u32 = 7;

/// A message, padded to four bytes as in a datagram.
pub fn message(kind: u16, flags: u16, body: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend((16 + body.len() as u32).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(flags.to_ne_bytes());
    bytes.extend(SEQUENCE.to_ne_bytes());
    bytes.extend(PORT.to_ne_bytes());
    bytes.extend(body);
    pad(bytes)
}

/// An attribute, padded to four bytes.
pub fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    bytes.extend((4 + value.len() as u16).to_ne_bytes());
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(value);
    pad(bytes)
}

/// `struct ifaddrmsg` and attributes.
pub fn address_body(fixed: [u8; 4], index: u32, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut body = fixed.to_vec();
    body.extend(index.to_ne_bytes());
    body.extend(attributes.concat());
    body
}

/// `struct ifinfomsg` and attributes.
pub fn link_body(hardware_type: u16, index: u32, flags: u32, attributes: &[Vec<u8>]) -> Vec<u8> {
    let mut body = vec![0, 0];
    body.extend(hardware_type.to_ne_bytes());
    body.extend(index.to_ne_bytes());
    body.extend(flags.to_ne_bytes());
    body.extend([0; 4]);
    body.extend(attributes.concat());
    body
}

/// A name with its NUL.
pub fn text(name: &str) -> Vec<u8> {
    [name.as_bytes(), b"\0"].concat()
}

fn pad(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}
