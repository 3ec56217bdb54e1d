//! ping(8), without the program: an ICMP echo, and whether it is answered (RFC 792).

use std::net::{Ipv4Addr, SocketAddrV4};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrIn, recv, sendto, socket,
};

use crate::frames::checksum;

const ECHO_REPLY: u8 = 0;
const ECHO: u8 = 8;

/// A socket for echoes from the namespace of the thread that opened it.
pub struct Ping {
    fd: OwnedFd,
    sequence: u16,
}

impl Ping {
    /// Opens the socket.
    pub fn open() -> Self {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let protocol = SockProtocol::Icmp;
        let fd = socket(AddressFamily::Inet, SockType::Raw, flags, protocol).unwrap();
        Self { fd, sequence: 0 }
    }

    /// Sends an echo; it is no matter whether there is a way to the host.
    pub fn send(&mut self, to: Ipv4Addr) {
        self.sequence = self.sequence.wrapping_add(1);
        let mut message = vec![ECHO, 0, 0, 0, 0xb1, 0x4d];
        message.extend(self.sequence.to_be_bytes());
        message.extend([0x55; 48]);
        let sum = checksum(&message);
        message[2..4].copy_from_slice(&sum.to_be_bytes());
        let to = SockaddrIn::from(SocketAddrV4::new(to, 0));
        match sendto(self.fd.as_raw_fd(), &message, &to, MsgFlags::empty()) {
            Ok(_) => {}
            Err(Errno::EHOSTUNREACH | Errno::EAGAIN | Errno::ENOBUFS) => {}
            Err(errno) => panic!("{errno}"),
        }
    }

    /// Whether the last echo is answered in time.
    pub fn is_answered(&self, within: Duration) -> bool {
        let give_up = Instant::now() + within;
        let mut packet = [0; 2048];
        loop {
            match recv(self.fd.as_raw_fd(), &mut packet, MsgFlags::empty()) {
                Ok(len) if self.is_answer(&packet[..len]) => return true,
                Ok(_) | Err(Errno::EHOSTUNREACH) => continue,
                Err(Errno::EAGAIN) => {}
                Err(errno) => panic!("{errno}"),
            }
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let mut fds = [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)];
            let left = PollTimeout::try_from(left.as_millis() + 1).unwrap();
            poll(&mut fds, left).unwrap();
        }
    }

    fn is_answer(&self, packet: &[u8]) -> bool {
        // The IP header, whose length is the low half of its first byte, comes first.
        let header = usize::from(packet[0] & 0xf) * 4;
        let message = &packet[header..];
        message[0] == ECHO_REPLY && message[6..8] == self.sequence.to_be_bytes()
    }
}

/// Whether a host answers one of several echoes.
pub fn ping(to: Ipv4Addr, within: Duration) -> bool {
    let mut ping = Ping::open();
    (0..3).any(|_| {
        ping.send(to);
        ping.is_answered(within)
    })
}
