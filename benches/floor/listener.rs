//! What the kernel needs to tell of a change.

use std::os::fd::{AsRawFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{MsgFlags, NetlinkAddr, bind, recv};

use crate::kernel::{BUFFER, route_socket};

/// Hears of every change of links and addresses, and throws away what it hears.
pub struct Listener {
    pub socket: OwnedFd,
    buffer: Box<[u8]>,
}

impl Listener {
    pub fn open() -> Self {
        let socket = route_socket();
        let groups = libc::RTMGRP_LINK | libc::RTMGRP_IPV4_IFADDR | libc::RTMGRP_IPV6_IFADDR;
        bind(socket.as_raw_fd(), &NetlinkAddr::new(0, groups as u32)).expect("the groups");
        Self {
            socket,
            buffer: vec![0; BUFFER].into(),
        }
    }

    /// Receives until there is nothing more, and says how many events there were. Those that are
    /// lost are not counted.
    pub fn discard(&mut self) -> usize {
        let mut count = 0;
        loop {
            match recv(
                self.socket.as_raw_fd(),
                &mut self.buffer,
                MsgFlags::MSG_DONTWAIT,
            ) {
                Ok(_) => count += 1,
                Err(Errno::ENOBUFS) => {}
                Err(Errno::EAGAIN) => return count,
                Err(errno) => panic!("recv: {errno}"),
            }
        }
    }
}
