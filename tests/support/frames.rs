//! Frames as they are on the wire (packet(7)): what comes by, and what anybody may send. Nothing
//! here is read or written with the codecs of the library.

#![allow(unsafe_code)]

use std::io::IoSliceMut;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;
use nix::libc;
use nix::net::if_::if_nametoindex;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{
    AddressFamily, ControlMessageOwned, LinkAddr, MsgFlags, SockFlag, SockType, recvmsg, send,
    setsockopt, socket, sockopt,
};
use nix::sys::time::TimeSpec;

pub use crate::bytes::frames::*;

/// A place on the wire where every frame is heard, and any may be sent.
pub struct Tap(OwnedFd);

/// A frame that came by.
#[derive(Clone, Debug)]
pub struct Frame {
    /// When, by the kernel.
    pub at: SystemTime,
    /// Whether this end of the wire sent it.
    pub is_outgoing: bool,
    /// From the Ethernet header on.
    pub bytes: Vec<u8>,
}

impl Frame {
    /// Who sent it.
    pub fn from(&self) -> Mac {
        self.bytes[6..12].try_into().unwrap()
    }

    /// What it carries.
    pub fn kind(&self) -> u16 {
        u16::from_be_bytes([self.bytes[12], self.bytes[13]])
    }
}

impl Tap {
    /// On a link of the namespace of this thread, from now on.
    pub fn on(link: &str) -> Self {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let fd = socket(AddressFamily::Packet, SockType::Raw, flags, None).unwrap();
        setsockopt(&fd, sockopt::ReceiveTimestampns, &true).unwrap();
        setsockopt(&fd, sockopt::RcvBufForce, &(8 << 20)).unwrap();
        // SAFETY: all bytes zero is a value of this struct of integers.
        let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        address.sll_family = libc::AF_PACKET as u16;
        address.sll_protocol = (libc::ETH_P_ALL as u16).to_be();
        address.sll_ifindex = if_nametoindex(link).unwrap() as i32;
        let len = size_of_val(&address) as libc::socklen_t;
        // SAFETY: the fd is open, and the address is as long as the kernel is told.
        let bound = unsafe { libc::bind(fd.as_raw_fd(), (&raw const address).cast(), len) };
        Errno::result(bound).unwrap();
        Self(fd)
    }

    /// Sends a frame.
    pub fn send(&self, frame: &[u8]) {
        match send(self.0.as_raw_fd(), frame, MsgFlags::empty()) {
            Ok(sent) => assert_eq!(sent, frame.len()),
            // The queue is full, as it may be on any wire.
            Err(Errno::ENOBUFS | Errno::EAGAIN) => {}
            Err(errno) => panic!("{errno}: {frame:02x?}"),
        }
    }

    /// The next frame, if one comes by in time.
    pub fn next(&self, within: Duration) -> Option<Frame> {
        let give_up = Instant::now() + within;
        loop {
            if let Some(frame) = self.receive() {
                return Some(frame);
            }
            let left = give_up.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            let mut fds = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
            let left = PollTimeout::try_from(left.as_millis() + 1).unwrap();
            poll(&mut fds, left).unwrap();
        }
    }

    /// The next frame for which this holds; it comes, or the test fails.
    pub fn expect(&self, what: &str, mut holds: impl FnMut(&Frame) -> bool) -> Frame {
        let give_up = Instant::now() + Duration::from_secs(60);
        while let Some(frame) = self.next(give_up.saturating_duration_since(Instant::now())) {
            if holds(&frame) {
                return frame;
            }
        }
        panic!("never came by: {what}");
    }

    /// What has come by until now.
    pub fn heard(&self) -> Vec<Frame> {
        std::iter::from_fn(|| self.receive()).collect()
    }

    fn receive(&self) -> Option<Frame> {
        let mut bytes = vec![0; 65536];
        let mut control = nix::cmsg_space!(TimeSpec);
        let mut room = [IoSliceMut::new(&mut bytes)];
        let flags = MsgFlags::empty();
        let fd = self.0.as_raw_fd();
        let message = match recvmsg::<LinkAddr>(fd, &mut room, Some(&mut control), flags) {
            Ok(message) => message,
            Err(Errno::EAGAIN) => return None,
            // Of a link that went down it is told once.
            Err(Errno::ENETDOWN) => return self.receive(),
            Err(errno) => panic!("{errno}"),
        };
        let stamp = message.cmsgs().unwrap().find_map(|message| match message {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(Duration::from(stamp)),
            _ => None,
        });
        let at = SystemTime::UNIX_EPOCH + stamp.expect("a time");
        let from = message.address.expect("a sender");
        let is_outgoing = from.pkttype() == libc::PACKET_OUTGOING;
        let len = message.bytes;
        bytes.truncate(len);
        Some(Frame {
            at,
            is_outgoing,
            bytes,
        })
    }
}
