//! Requests to the kernel.

use super::{AF_INET, AF_INET6, Family, IFINFOMSG_LEN, IFLA_ALT_IFNAME, IFLA_IFNAME};
use crate::snapshot::{LinkName, Name};

// linux/netlink.h
const NLM_F_REQUEST: u16 = 0x01;
const NLM_F_ACK: u16 = 0x04;
const NLM_F_DUMP: u16 = 0x300;

// linux/rtnetlink.h
const RTM_GETLINK: u16 = 18;
const RTM_GETADDR: u16 = 22;
const RTEXT_FILTER_SKIP_STATS: u32 = 1 << 3;

// linux/if_link.h
const IFLA_EXT_MASK: u16 = 29;

// linux/if.h
const IFNAMSIZ: usize = Name::MAX_LEN + 1;
const ALTIFNAMSIZ: usize = LinkName::MAX_LEN + 1;

/// The request to dump the addresses of one family, of all links or of one.
///
/// The kernel reads `link` only on a socket with `NETLINK_GET_STRICT_CHK`; on another it dumps
/// all links, and the receiver filters.
#[doc(alias = "RTM_GETADDR")]
pub fn request_addresses(family: Family, link: Option<u32>, sequence: u32) -> [u8; 24] {
    let family = match family {
        Family::V4 => AF_INET,
        Family::V6 => AF_INET6,
    };
    let index = link.unwrap_or(0).to_ne_bytes();
    let body = [family, 0, 0, 0].into_iter().chain(index);
    request(RTM_GETADDR, NLM_F_DUMP, sequence, body)
}

/// The request to dump all links, without their statistics.
#[doc(alias = "RTM_GETLINK")]
pub fn request_links(sequence: u32) -> [u8; 40] {
    request_link_of(0, NLM_F_DUMP, sequence, [])
}

/// The request for one link, without its statistics; behind the answer comes a
/// [`Message::Error`](super::Message::Error) with 0.
#[doc(alias = "RTM_GETLINK")]
pub fn request_link(index: u32, sequence: u32) -> [u8; 40] {
    request_link_of(index, NLM_F_ACK, sequence, [])
}

/// The request for the link with this name, which may also be an alternative one. Otherwise it is
/// like [`request_link`].
///
/// The ioctls of netdevice(7) also find a link by its name, but if there is none the kernel
/// loads a module of that name, if the caller may. This request has no such effect.
///
/// ```
/// use bindnet::wire::rtnetlink::request_link_named;
///
/// let request = request_link_named("eth0".parse()?, 1);
/// assert_eq!(request[44..], *b"eth0\0\0\0\0\0\0\0\0\0\0\0\0");
/// # Ok::<(), bindnet::ParseError>(())
/// ```
#[doc(alias = "RTM_GETLINK")]
#[doc(alias = "IFLA_IFNAME")]
pub fn request_link_named(name: Name, sequence: u32) -> [u8; 60] {
    // The name is no longer than 15 bytes, so that a NUL ends it.
    let attribute = attribute(IFLA_IFNAME, IFNAMSIZ, name.as_bytes());
    request_link_of(0, NLM_F_ACK, sequence, attribute)
}

/// The request for the link with this alternative name (Linux 5.5), which may be longer than any that
/// [`request_link_named`] can ask for. Otherwise it is like that one.
///
/// ```
/// use bindnet::wire::rtnetlink::request_link_alt_named;
///
/// let request = request_link_alt_named("longer-than-any-own-name".parse()?, 1);
/// assert_eq!(request[44..68], *b"longer-than-any-own-name");
/// assert_eq!(request[68..], [0; 104]);
/// # Ok::<(), bindnet::ParseError>(())
/// ```
#[doc(alias = "RTM_GETLINK")]
#[doc(alias = "IFLA_ALT_IFNAME")]
pub fn request_link_alt_named(name: LinkName, sequence: u32) -> [u8; 172] {
    // The name is no longer than 127 bytes, so that a NUL ends it.
    let attribute = attribute(IFLA_ALT_IFNAME, ALTIFNAMSIZ, name.as_bytes());
    request_link_of(0, NLM_F_ACK, sequence, attribute)
}

/// The last attribute of a request (struct rtattr); what is missing of its size is NUL.
fn attribute(kind: u16, size: usize, value: &[u8]) -> impl Iterator<Item = u8> + '_ {
    // No size is more than 128.
    let len = 4 + size as u16;
    let header = len.to_ne_bytes().into_iter().chain(kind.to_ne_bytes());
    header.chain(value.iter().copied())
}

fn request_link_of<const N: usize>(
    index: u32,
    flags: u16,
    sequence: u32,
    more: impl IntoIterator<Item = u8>,
) -> [u8; N] {
    // struct ifinfomsg: the index follows family and type.
    let body = [0; 4].into_iter().chain(index.to_ne_bytes());
    let body = body.chain([0; IFINFOMSG_LEN - 8]);
    let body = body.chain(8u16.to_ne_bytes());
    let body = body.chain(IFLA_EXT_MASK.to_ne_bytes());
    let body = body.chain(RTEXT_FILTER_SKIP_STATS.to_ne_bytes());
    request(RTM_GETLINK, flags, sequence, body.chain(more))
}

/// A request that the kernel refuses at once: it asks for one IPv4 address, which only a dump can list.
/// Security modules know its type, unlike that of `NLMSG_NOOP`.
pub(crate) fn request_refusal(sequence: u32) -> [u8; 24] {
    let body = [AF_INET, 0, 0, 0, 0, 0, 0, 0];
    request(RTM_GETADDR, 0, sequence, body)
}

/// A request of `N` bytes.
fn request<const N: usize>(
    kind: u16,
    flags: u16,
    sequence: u32,
    body: impl IntoIterator<Item = u8>,
) -> [u8; N] {
    let len = (N as u32).to_ne_bytes().into_iter();
    let header = len
        .chain(kind.to_ne_bytes())
        .chain((NLM_F_REQUEST | flags).to_ne_bytes())
        .chain(sequence.to_ne_bytes())
        .chain(0u32.to_ne_bytes());
    let mut bytes = header.chain(body);
    std::array::from_fn(|_| bytes.next().unwrap_or(0))
}
