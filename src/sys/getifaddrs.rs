//! getifaddrs(3), with names as bytes.
//!
//! `nix::ifaddrs` makes lossy text of names and drops the flags it does not know, so that its
//! addresses could not be compared with those of rtnetlink.

use std::ffi::CStr;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use nix::errno::Errno;
use nix::libc;

/// An entry of the list, in its order.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// `ifa_name`: the name of the link, on Linux the label of an IPv4 address.
    pub name: Vec<u8>,
    /// `ifa_flags`: those of the link.
    pub flags: u32,
    pub what: What,
}

#[derive(Clone, Debug)]
pub(crate) enum What {
    /// A link (`AF_PACKET`): its index and hardware address.
    #[cfg(target_os = "linux")]
    Link(u32, Vec<u8>),
    /// A link without a hardware address, of which glibc reports nothing else.
    #[cfg(target_os = "linux")]
    BareLink,
    /// An address, its mask, and the other end of a point-to-point link.
    Address {
        ip: IpAddr,
        mask: IpAddr,
        peer: Option<IpAddr>,
    },
}

/// The list of this host. Entries of other families, or without a mask, are left out.
pub(crate) fn list() -> nix::Result<Vec<Entry>> {
    let mut head = std::ptr::null_mut();
    // SAFETY: `head` is a live pointer that the call may set.
    let result = unsafe { libc::getifaddrs(&mut head) };
    Errno::result(result)?;
    let list = List(head);
    let mut entries = Vec::new();
    let mut next = list.0;
    // SAFETY: getifaddrs(3) gives a list that ends in NULL, which lives as long as `list`.
    while let Some(entry) = unsafe { next.as_ref() } {
        entries.extend(read(entry));
        next = entry.ifa_next;
    }
    Ok(entries)
}

/// Frees the list, also if reading it panics.
struct List(*mut libc::ifaddrs);

impl Drop for List {
    fn drop(&mut self) {
        // SAFETY: the pointer comes from getifaddrs(3) and is freed once.
        unsafe { libc::freeifaddrs(self.0) };
    }
}

fn read(entry: &libc::ifaddrs) -> Option<Entry> {
    if entry.ifa_name.is_null() {
        return None;
    }
    // SAFETY: `ifa_name` is not NULL, ends in NUL and lives as long as the list.
    let name = unsafe { CStr::from_ptr(entry.ifa_name) }
        .to_bytes()
        .to_vec();
    let flags = flags(entry);
    // SAFETY: `ifa_addr` is NULL or a sockaddr that lives as long as the list.
    let Some(address) = (unsafe { entry.ifa_addr.as_ref() }) else {
        #[cfg(target_os = "linux")]
        let what = Some(What::BareLink);
        #[cfg(not(target_os = "linux"))]
        let what = None;
        return what.map(|what| Entry { name, flags, what });
    };
    // The mask of some systems has no family: it has that of the address.
    let family = i32::from(address.sa_family);
    let what = match family {
        #[cfg(target_os = "linux")]
        libc::AF_PACKET => {
            let link: *const libc::sockaddr_ll = entry.ifa_addr.cast();
            // SAFETY: a sockaddr of AF_PACKET is a sockaddr_ll; the list aligns it.
            let link = unsafe { link.read_unaligned() };
            let mac = link
                .sll_addr
                .get(..link.sll_halen.into())
                .unwrap_or_default();
            What::Link(u32::try_from(link.sll_ifindex).ok()?, mac.to_vec())
        }
        libc::AF_INET | libc::AF_INET6 => What::Address {
            ip: ip(entry.ifa_addr, family)?,
            mask: ip(entry.ifa_netmask, family)?,
            peer: peer(entry, family),
        },
        _ => return None,
    };
    Some(Entry { name, flags, what })
}

/// The flags of the link. Elsewhere than on Linux only those that mean the same everywhere:
/// IFF_UP to IFF_ALLMULTI, the low ten bits.
fn flags(entry: &libc::ifaddrs) -> u32 {
    #[cfg(target_os = "linux")]
    let flags = entry.ifa_flags;
    #[cfg(not(target_os = "linux"))]
    let flags = (entry.ifa_flags & 0x3ff) as u32;
    flags
}

fn peer(entry: &libc::ifaddrs, family: i32) -> Option<IpAddr> {
    if flags(entry) & libc::IFF_POINTOPOINT as u32 == 0 {
        return None;
    }
    #[cfg(target_os = "linux")]
    let peer = entry.ifa_ifu;
    #[cfg(not(target_os = "linux"))]
    let peer = entry.ifa_dstaddr;
    ip(peer, family)
}

/// The address in a sockaddr of this family; `None` for NULL.
fn ip(address: *const libc::sockaddr, family: i32) -> Option<IpAddr> {
    if address.is_null() {
        return None;
    }
    if family == libc::AF_INET {
        let bytes = prefix::<{ size_of::<libc::sockaddr_in>() }>(address);
        let at = std::mem::offset_of!(libc::sockaddr_in, sin_addr);
        let ip: [u8; 4] = *bytes.get(at..)?.first_chunk()?;
        return Some(Ipv4Addr::from(ip).into());
    }
    let bytes = prefix::<{ size_of::<libc::sockaddr_in6>() }>(address);
    let at = std::mem::offset_of!(libc::sockaddr_in6, sin6_addr);
    let ip: [u8; 16] = *bytes.get(at..)?.first_chunk()?;
    Some(Ipv6Addr::from(ip).into())
}

/// The bytes of a sockaddr of `N` bytes; those it does not have are zero.
fn prefix<const N: usize>(address: *const libc::sockaddr) -> [u8; N] {
    // BSD and macOS cut the zeros at the end of a mask off, and say so in the length.
    #[cfg(not(any(
        target_os = "linux",
        target_os = "android",
        target_os = "illumos",
        target_os = "solaris"
    )))]
    // SAFETY: `address` is not NULL and has its length in the first byte.
    let len = usize::from(unsafe { address.cast::<u8>().read() });
    #[cfg(any(
        target_os = "linux",
        target_os = "android",
        target_os = "illumos",
        target_os = "solaris"
    ))]
    let len = N;
    let mut bytes = [0; N];
    let len = len.min(N);
    // SAFETY: the sockaddr has at least `len` bytes, `bytes` has N, and they are apart.
    unsafe { std::ptr::copy_nonoverlapping(address.cast(), bytes.as_mut_ptr(), len) };
    bytes
}
