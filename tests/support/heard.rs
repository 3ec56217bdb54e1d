//! What the kernel tells of changes, as it tells it.

use std::os::fd::{AsRawFd, OwnedFd};

use bindnet::wire::rtnetlink::{self, Message};
use nix::errno::Errno;
use nix::sys::socket::sockopt::RcvBuf;
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, recv, send,
    setsockopt, socket,
};

/// `RTNLGRP_LINK`, `RTNLGRP_IPV4_IFADDR` and `RTNLGRP_IPV6_IFADDR` (linux/rtnetlink.h), a bit each.
const GROUPS: u32 = 1 | 1 << 4 | 1 << 8;

/// A socket that hears of links and addresses.
pub struct Ear(OwnedFd);

impl Ear {
    /// Opens it in the namespace of this thread.
    pub fn open() -> Self {
        let (flags, protocol) = (SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute);
        let fd = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol).unwrap();
        setsockopt(&fd, RcvBuf, &(1 << 20)).unwrap();
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, GROUPS)).unwrap();
        Self(fd)
    }

    /// Lets the kernel tell now of a carrier that it would tell of within a second.
    ///
    /// It does where one link is asked about (`rtnl_getlink` in net/core/rtnetlink.c calls
    /// `linkwatch_sync_dev`), and else not more often than that.
    pub fn hurry(&self, link: u32) {
        let request = rtnetlink::request_link(link, 1);
        send(self.0.as_raw_fd(), &request, MsgFlags::empty()).unwrap();
    }

    /// What has been told and not yet been heard.
    pub fn hear(&self) -> Vec<Message> {
        let mut heard = Vec::new();
        let mut buffer = vec![0; 1 << 16];
        loop {
            match recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
                Ok(len) => heard
                    .extend(rtnetlink::messages(&buffer[..len]).map(|message| message.unwrap().1)),
                Err(Errno::EAGAIN) => return heard,
                Err(errno) => panic!("{errno}"),
            }
        }
    }
}
