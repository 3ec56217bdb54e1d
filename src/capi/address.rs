//! An address, ready for bind(2).

use std::ffi::{c_char, c_int};
use std::mem::{MaybeUninit, offset_of};
use std::net::{SocketAddr, SocketAddrV4, SocketAddrV6};

use nix::libc;
use nix::sys::socket::{SockaddrLike, SockaddrStorage};

use super::call::{Failure, bindnet_result, call};
use super::text::put;
use crate::rule::{Candidate, ScopedAddr, Verdict};
use crate::snapshot::Name;

/// The size of a name of an interface, with a NUL at its end: IFNAMSIZ.
pub const BINDNET_NAME_SIZE: usize = 16;

/// A candidate of a decision, or the choice.
///
/// Set `size` to sizeof(struct bindnet_address) before it is passed: a later version has more
/// members behind these, and fills in no more than the caller knows. What the caller knows and the
/// library does not is 0.
#[derive(Clone, Copy)]
#[repr(C)]
pub struct bindnet_address {
    /// sizeof(struct bindnet_address), set by the caller.
    pub size: usize,
    /// The address for bind(2): a struct sockaddr_in or sockaddr_in6, with the scope id of a
    /// link-local address. The port is 0.
    pub address: libc::sockaddr_storage,
    /// The length of the address, for bind(2).
    pub address_len: libc::socklen_t,
    /// The prefix length; -1 for a netmask with holes.
    pub prefix_len: c_int,
    /// The index of the interface; 0 where it is not known.
    pub interface_index: u32,
    /// 1 if the interface is up, 0 if not, -1 where that is not known.
    pub link_up: c_int,
    /// What became of it: a number of enum bindnet_verdicts.
    pub verdict: c_int,
    /// What is true of it: bits of enum bindnet_reasons.
    pub reasons: u32,
    /// The name of the interface, as the kernel has it; empty where it is not known.
    pub interface_name: [c_char; BINDNET_NAME_SIZE],
    /// The label, as the kernel has it; empty where there is none.
    pub label: [c_char; BINDNET_NAME_SIZE],
}

/// What became of a candidate.
#[derive(Clone, Copy)]
#[repr(C)]
pub enum bindnet_verdicts {
    /// It is the choice.
    BINDNET_VERDICT_CHOSEN = 0,
    /// Another one ranks before it.
    BINDNET_VERDICT_OUTRANKED = 1,
    /// It was left, but nothing was chosen.
    BINDNET_VERDICT_ELIGIBLE = 2,
    /// It is floating.
    BINDNET_VERDICT_FLOATING = 3,
    /// bind(2) would fail.
    BINDNET_VERDICT_UNUSABLE = 4,
    /// It is of another network than the bindnetaddr.
    BINDNET_VERDICT_OTHER_NETWORK = 5,
    /// It is of another family than the bindnetaddr.
    BINDNET_VERDICT_OTHER_FAMILY = 6,
}

use bindnet_verdicts::*;

/// The size of the struct in the first version of the library, which every caller has.
const FIRST: usize = offset_of!(bindnet_address, label) + BINDNET_NAME_SIZE;

/// More than any version will have.
const LARGEST: usize = 4096;

/// A struct of the caller to write an address to. Nothing but its size is set.
pub(super) struct AddressOut {
    address: *mut bindnet_address,
    size: usize,
}

impl AddressOut {
    pub fn of(address: *mut bindnet_address) -> Result<Self, Failure> {
        if address.is_null() {
            return Err(Failure::invalid("address is NULL"));
        }
        // SAFETY: it is not NULL, and the contract of the API says that it points to a struct whose
        // first member, the size, is set.
        let size = unsafe { address.cast::<usize>().read() };
        if !(FIRST..=LARGEST).contains(&size) {
            return Err(Failure::invalid(format_args!(
                "address->size is {size}; sizeof(struct bindnet_address) is expected"
            )));
        }
        Ok(Self { address, size })
    }

    /// Fills in the members that the caller knows of; those that the library does not know are 0.
    pub fn put(self, candidate: &Candidate) {
        let mut known = known(candidate);
        known.size = self.size;
        let len = size_of_val(&known).min(self.size);
        let (from, to) = ((&raw const known).cast::<u8>(), self.address.cast::<u8>());
        // SAFETY: the contract of the API says that the struct is as long as it says and the
        // library does not have it for anything else; ours is no shorter than what is copied.
        unsafe { std::ptr::copy_nonoverlapping(from, to, len) };
        // SAFETY: as above.
        let rest = unsafe { to.add(len) };
        // SAFETY: as above.
        unsafe { rest.write_bytes(0, self.size - len) };
    }
}

/// Writes an address as bindnet_selector_previous and bindnet_detector_new take it: "192.168.1.10",
/// "fe80::1%eth0". Of an interface without a known name it writes the index: "fe80::1%2".
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_address_text(
    address: *const bindnet_address,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        AddressOut::of(address.cast_mut())?;
        // SAFETY: all bytes zero is a value of this struct of integers.
        let mut known: bindnet_address = unsafe { std::mem::zeroed() };
        let (from, to) = (address.cast::<u8>(), (&raw mut known).cast::<u8>());
        // SAFETY: both are at least as long as the first version of the struct, which every
        // caller has filled in.
        unsafe { std::ptr::copy_nonoverlapping(from, to, FIRST) };
        let text = match socket_addr(&known.address)? {
            // The name of the interface is not known.
            SocketAddr::V6(v6) if v6.scope_id() != 0 && known.interface_name.starts_with(&[0]) => {
                ScopedAddr::from(SocketAddr::V6(v6)).to_string()
            }
            SocketAddr::V6(v6) if v6.scope_id() != 0 => {
                let name = known.interface_name.iter().take_while(|byte| **byte != 0);
                let name: Vec<u8> = name.map(|byte| *byte as u8).collect();
                let name = Name::from_bytes(&name).map_err(Failure::invalid)?;
                ScopedAddr::new(v6.ip().to_owned().into(), Some(name.into())).to_string()
            }
            other => other.ip().to_string(),
        };
        put(&text, buffer, size, needed)
    })
}

fn known(candidate: &Candidate) -> bindnet_address {
    let (address, address_len) = storage(candidate.socket_addr(0));
    bindnet_address {
        size: 0,
        address,
        address_len,
        prefix_len: candidate.netmask().prefix_len().map_or(-1, c_int::from),
        interface_index: candidate.interface_index().unwrap_or(0),
        link_up: candidate.link_up().map_or(-1, c_int::from),
        verdict: verdict(candidate.verdict()) as c_int,
        reasons: candidate.reasons().bits(),
        interface_name: name(candidate.interface()),
        label: name(candidate.label()),
    }
}

/// A name of the kernel, with a NUL at its end; empty if there is none.
fn name(name: Option<Name>) -> [c_char; BINDNET_NAME_SIZE] {
    let mut bytes = [0; BINDNET_NAME_SIZE];
    // A name has 15 bytes at the most, so that a NUL is left of the 16.
    let name = name.iter().flat_map(|name| name.as_bytes());
    for (to, from) in bytes.iter_mut().zip(name) {
        *to = *from as c_char;
    }
    bytes
}

/// An address as the system calls take it.
fn storage(address: SocketAddr) -> (libc::sockaddr_storage, libc::socklen_t) {
    let len = match address {
        SocketAddr::V4(_) => size_of::<libc::sockaddr_in>(),
        SocketAddr::V6(_) => size_of::<libc::sockaddr_in6>(),
    };
    let address = SockaddrStorage::from(address);
    // SAFETY: all bytes zero is a value of this struct of integers.
    let mut storage: libc::sockaddr_storage = unsafe { std::mem::zeroed() };
    let from = address.as_ptr().cast::<u8>();
    let to = (&raw mut storage).cast::<u8>();
    // SAFETY: the address is of its family, which is so long, no longer than a sockaddr_storage,
    // and the two are different places.
    unsafe { std::ptr::copy_nonoverlapping(from, to, len) };
    (storage, len as libc::socklen_t)
}

fn socket_addr(storage: &libc::sockaddr_storage) -> Result<SocketAddr, Failure> {
    let storage: *const libc::sockaddr = (&raw const *storage).cast();
    // SAFETY: it is as long as every address is, and its family, which is a number, says which one
    // it is.
    let address = unsafe { SockaddrStorage::from_raw(storage, None) };
    let v4 = address.and_then(|address| address.as_sockaddr_in().map(|v4| SocketAddrV4::from(*v4)));
    let v6 =
        address.and_then(|address| address.as_sockaddr_in6().map(|v6| SocketAddrV6::from(*v6)));
    let read = v4.map(SocketAddr::V4).or(v6.map(SocketAddr::V6));
    read.ok_or_else(|| Failure::invalid("address->address is neither AF_INET nor AF_INET6"))
}

fn verdict(verdict: Verdict) -> bindnet_verdicts {
    match verdict {
        Verdict::Chosen => BINDNET_VERDICT_CHOSEN,
        Verdict::Outranked => BINDNET_VERDICT_OUTRANKED,
        Verdict::Eligible => BINDNET_VERDICT_ELIGIBLE,
        Verdict::Floating => BINDNET_VERDICT_FLOATING,
        Verdict::Unusable => BINDNET_VERDICT_UNUSABLE,
        Verdict::OtherNetwork => BINDNET_VERDICT_OTHER_NETWORK,
        Verdict::OtherFamily => BINDNET_VERDICT_OTHER_FAMILY,
    }
}

const _: () = assert!(BINDNET_NAME_SIZE == libc::IFNAMSIZ && FIRST <= LARGEST);

/// A member of the first version keeps its offset. These are the offsets with pointers of 64 bits.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(FIRST == 192);
    assert!(offset_of!(bindnet_address, size) == 0);
    assert!(offset_of!(bindnet_address, address) == 8);
    assert!(offset_of!(bindnet_address, address_len) == 136);
    assert!(offset_of!(bindnet_address, prefix_len) == 140);
    assert!(offset_of!(bindnet_address, interface_index) == 144);
    assert!(offset_of!(bindnet_address, link_up) == 148);
    assert!(offset_of!(bindnet_address, verdict) == 152);
    assert!(offset_of!(bindnet_address, reasons) == 156);
    assert!(offset_of!(bindnet_address, interface_name) == 160);
    assert!(offset_of!(bindnet_address, label) == 176);
};
