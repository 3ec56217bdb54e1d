//! The floor F: what the kernel needs to list the IPv4 addresses, and nothing else.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::libc;
use nix::sys::socket::sockopt::SetBool;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, setsockopt, socket,
};

/// How much the kernel puts into a datagram at the most.
pub const BUFFER: usize = 32 << 10;

const NLMSG_HDRLEN: usize = 16;
const NLMSG_DONE: u16 = 3;

/// `RTM_GETADDR`, a dump: `struct nlmsghdr` and `struct ifaddrmsg`. Link 0 are all of them.
fn request(family: libc::c_int, link: u32) -> [u8; 24] {
    let mut request = [0; 24];
    request[..4].copy_from_slice(&24u32.to_ne_bytes());
    request[4..6].copy_from_slice(&22u16.to_ne_bytes());
    request[6..8].copy_from_slice(&0x301u16.to_ne_bytes());
    request[16] = family as u8;
    request[20..].copy_from_slice(&link.to_ne_bytes());
    request
}

#[derive(Clone, Copy)]
struct StrictCheck;

nix::setsockopt_impl!(
    StrictCheck,
    libc::SOL_NETLINK,
    libc::NETLINK_GET_STRICT_CHK,
    bool,
    SetBool
);

/// What is asked for, and the buffer that it is received into, again and again.
pub struct Floor {
    request: [u8; 24],
    buffer: Box<[u8]>,
}

impl Floor {
    /// Of IPv4.
    pub fn new() -> Self {
        Self::of(libc::AF_INET)
    }

    /// Of a family.
    pub fn of(family: libc::c_int) -> Self {
        Self::on_link(family, 0)
    }

    /// Of a family, on one link.
    pub fn on_link(family: libc::c_int, link: u32) -> Self {
        Self {
            request: request(family, link),
            buffer: vec![0; BUFFER].into(),
        }
    }

    /// F: opens a socket, asks for the addresses, throws away what comes, and closes the socket.
    pub fn dump(&mut self) {
        self.dump_on(&route_socket());
    }

    /// The same on a socket that is kept.
    pub fn dump_on(&mut self, socket: &OwnedFd) {
        send(socket.as_raw_fd(), &self.request, MsgFlags::empty()).expect("a request");
        while !self.ends(socket) {}
    }

    /// Receives a datagram; whether it ends the dump. `NLMSG_DONE` stands last in one.
    fn ends(&mut self, socket: &OwnedFd) -> bool {
        let len =
            recv(socket.as_raw_fd(), &mut self.buffer, MsgFlags::empty()).expect("a datagram");
        let mut rest = &self.buffer[..len];
        while let Some(header) = rest.get(..NLMSG_HDRLEN) {
            let length = u32::from_ne_bytes([header[0], header[1], header[2], header[3]]) as usize;
            if u16::from_ne_bytes([header[4], header[5]]) == NLMSG_DONE {
                return true;
            }
            let next = length.next_multiple_of(4).max(NLMSG_HDRLEN);
            rest = rest.get(next..).unwrap_or_default();
        }
        false
    }
}

/// A socket for requests.
pub fn route_socket() -> OwnedFd {
    let (family, protocol) = (AddressFamily::Netlink, SockProtocol::NetlinkRoute);
    let socket = socket(family, SockType::Raw, SockFlag::SOCK_CLOEXEC, protocol);
    let socket = socket.expect("a netlink socket");
    setsockopt(&socket, StrictCheck, &true).expect("NETLINK_GET_STRICT_CHK (Linux 4.20)");
    socket
}
