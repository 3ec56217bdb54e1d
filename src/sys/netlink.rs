//! A `NETLINK_ROUTE` socket (netlink(7)), and its questions about a link (netdevice(7)).

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::libc;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, bind, getsockname,
    recv, send, setsockopt, socket, sockopt, sockopt::SetBool,
};

use super::wake::poll_timeout;
use crate::snapshot::{HardwareAddress, Link, LinkFlags, Name};
use crate::wire::rtnetlink::request_refusal;

/// A bound `NETLINK_ROUTE` socket: non-blocking, close-on-exec.
#[derive(Debug)]
pub(crate) struct Socket {
    fd: OwnedFd,
    port: u32,
}

/// A datagram in a buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Datagram {
    /// The length of the datagram in bytes, which may be more than the length of the buffer.
    pub len: usize,
    /// The port id of the sender; the kernel's is 0.
    pub sender: u32,
}

impl Socket {
    /// Opens a socket, with `NETLINK_GET_STRICT_CHK` if the kernel has it.
    ///
    /// The kernel allots little space to its first datagram for a socket, and to later ones as much
    /// as the socket had ready before. A request that it refuses here tells it the size of
    /// `buffer`. If it does not answer, only the first datagram is small.
    pub fn open(buffer: &mut [u8]) -> nix::Result<Self> {
        let fd = route_socket()?;
        // Without it (before Linux 4.20) the kernel dumps more than was asked for, and the
        // receiver filters.
        let _ = setsockopt(&fd, StrictCheck, &true);
        let mut socket = Self { fd, port: 0 };
        // This also binds the socket.
        if socket.send(&request_refusal(0)).is_err() {
            bind(socket.fd.as_raw_fd(), &NetlinkAddr::new(0, 0))?;
        }
        let _ = recv(socket.fd.as_raw_fd(), buffer, MsgFlags::empty());
        socket.port = getsockname::<NetlinkAddr>(socket.fd.as_raw_fd())?.pid();
        Ok(socket)
    }

    /// Opens a socket that receives every change of links and addresses.
    pub fn listen() -> nix::Result<Self> {
        let fd = route_socket()?;
        // The bits of groups below 32 (linux/rtnetlink.h); they need no privilege.
        let groups = libc::RTMGRP_LINK | libc::RTMGRP_IPV4_IFADDR | libc::RTMGRP_IPV6_IFADDR;
        bind(fd.as_raw_fd(), &NetlinkAddr::new(0, groups as u32))?;
        Ok(Self { fd, port: 0 })
    }

    /// Sets the size of the receive buffer in bytes (`SO_RCVBUF`, socket(7)).
    pub fn set_receive_buffer(&self, bytes: usize) -> nix::Result<()> {
        // The option is an int.
        let bytes = bytes.min(i32::MAX as usize);
        setsockopt(&self.fd, sockopt::RcvBuf, &bytes)
    }

    /// The port id that the kernel gave this socket.
    pub fn port(&self) -> u32 {
        self.port
    }

    /// Sends a request to the kernel.
    pub fn send(&self, request: &[u8]) -> nix::Result<()> {
        loop {
            match send(self.fd.as_raw_fd(), request, MsgFlags::empty()) {
                Err(Errno::EINTR) => {}
                result => return result.map(drop),
            }
        }
    }

    /// Receives a datagram; `ETIMEDOUT` if none came until the deadline, `EINTR` if a signal came
    /// first.
    pub fn receive(&self, buffer: &mut [u8], deadline: Instant) -> nix::Result<Datagram> {
        loop {
            match self.try_receive(buffer) {
                Err(Errno::EAGAIN) => self.wait(deadline)?,
                result => return result,
            }
        }
    }

    /// Receives a datagram; `EAGAIN` if there is none.
    pub fn try_receive(&self, buffer: &mut [u8]) -> nix::Result<Datagram> {
        // SAFETY: all bytes zero is a value of this struct of integers.
        let mut address: libc::sockaddr_nl = unsafe { std::mem::zeroed() };
        let size = size_of_val(&address) as libc::socklen_t;
        let mut address_len = size;
        // nix has it without flags, and recvmsg(2), which takes longer.
        // SAFETY: the fd is open, and the kernel writes no more than the given lengths to memory
        // that is ours alone as long as the call takes.
        let result = unsafe {
            libc::recvfrom(
                self.fd.as_raw_fd(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                libc::MSG_TRUNC,
                (&raw mut address).cast(),
                &raw mut address_len,
            )
        };
        let len = Errno::result(result)?.unsigned_abs();
        // A sender without an address is not the kernel.
        let known = address_len >= size && address.nl_family == libc::AF_NETLINK as u16;
        let sender = if known { address.nl_pid } else { u32::MAX };
        Ok(Datagram { len, sender })
    }

    fn wait(&self, deadline: Instant) -> nix::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(Errno::ETIMEDOUT);
        }
        let mut fds = [PollFd::new(self.fd.as_fd(), PollFlags::POLLIN)];
        poll(&mut fds, poll_timeout(left)).map(drop)
    }

    /// A link by its index: name, flags and hardware address, by four ioctls that do not wait
    /// for the RTNL lock; `ENODEV` if there is none.
    ///
    /// A name from outside must not come this way: if no link has the name that an ioctl is
    /// about, the kernel loads a module of that name (`dev_load` in net/core/dev_ioctl.c). These
    /// names are the kernel's own.
    ///
    /// Only the low 16 bits of the flags come this way; IFF_LOWER_UP is not among them.
    pub fn link(&self, index: u32) -> nix::Result<Link> {
        // A rename between the calls would mix two links up: read the name again afterwards.
        for _ in 0..8 {
            let name = self.link_name(index)?;
            let mut request = IfReq::named(&name);
            let flags = request.ask(self, Ask::Flags).map(|()| request.flags());
            let mut request = IfReq::named(&name);
            let mac = request
                .ask(self, Ask::HardwareAddress)
                .map(|()| request.mac());
            if self.link_name(index)? != name {
                continue;
            }
            let mut link = Link::new(index, name).with_flags(flags?);
            if let Some(mac) = mac? {
                link = link.with_mac(mac);
            }
            return Ok(link);
        }
        Err(Errno::EAGAIN)
    }

    fn link_name(&self, index: u32) -> nix::Result<Name> {
        let mut request = IfReq::indexed(index);
        request.ask(self, Ask::Name)?;
        request.name().ok_or(Errno::ENODEV)
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn route_socket() -> nix::Result<OwnedFd> {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let protocol = SockProtocol::NetlinkRoute;
    socket(AddressFamily::Netlink, SockType::Raw, flags, protocol)
}

/// `NETLINK_GET_STRICT_CHK` (linux/netlink.h, Linux 4.20), which nix does not have.
#[derive(Clone, Copy)]
struct StrictCheck;

nix::setsockopt_impl!(
    StrictCheck,
    libc::SOL_NETLINK,
    libc::NETLINK_GET_STRICT_CHK,
    bool,
    SetBool
);

/// `struct ifreq` (netdevice(7)), and the requests that fill it.
struct IfReq(libc::ifreq);

enum Ask {
    Name,
    Flags,
    HardwareAddress,
}

mod ioctl {
    use nix::libc;

    nix::ioctl_readwrite_bad!(name, libc::SIOCGIFNAME, libc::ifreq);
    nix::ioctl_readwrite_bad!(flags, libc::SIOCGIFFLAGS, libc::ifreq);
    nix::ioctl_readwrite_bad!(hardware_address, libc::SIOCGIFHWADDR, libc::ifreq);
}

impl IfReq {
    fn zeroed() -> Self {
        // SAFETY: all bytes zero is a value of this struct of integers and a pointer.
        Self(unsafe { std::mem::zeroed() })
    }

    fn named(name: &Name) -> Self {
        let mut request = Self::zeroed();
        // A Name is at most 15 bytes long, so that a NUL is left of the 16.
        for (to, from) in request.0.ifr_name.iter_mut().zip(name.as_bytes()) {
            *to = *from as libc::c_char;
        }
        request
    }

    fn indexed(index: u32) -> Self {
        let mut request = Self::zeroed();
        request.0.ifr_ifru.ifru_ifindex = index as libc::c_int;
        request
    }

    fn ask(&mut self, socket: &Socket, ask: Ask) -> nix::Result<()> {
        let fd = socket.fd.as_raw_fd();
        let result = match ask {
            // SAFETY: the fd is open, and the kernel reads and writes one `struct ifreq`.
            Ask::Name => unsafe { ioctl::name(fd, &mut self.0) },
            // SAFETY: as above.
            Ask::Flags => unsafe { ioctl::flags(fd, &mut self.0) },
            // SAFETY: as above.
            Ask::HardwareAddress => unsafe { ioctl::hardware_address(fd, &mut self.0) },
        };
        result.map(drop)
    }

    fn name(&self) -> Option<Name> {
        let bytes = self.0.ifr_name.map(|c| c as u8);
        Name::from_bytes(bytes.split(|b| *b == 0).next()?).ok()
    }

    fn flags(&self) -> LinkFlags {
        // SAFETY: SIOCGIFFLAGS has set this field, and any bits are an integer.
        let flags = unsafe { self.0.ifr_ifru.ifru_flags };
        LinkFlags::from_bits((flags as u16).into())
    }

    /// An address of six bytes, as Ethernet and loopback have; the length of others is not known.
    fn mac(&self) -> Option<HardwareAddress> {
        // SAFETY: SIOCGIFHWADDR has set this field, and any bits are a sockaddr.
        let address = unsafe { self.0.ifr_ifru.ifru_hwaddr };
        let mac = address.sa_data.map(|c| c as u8);
        let six = matches!(
            address.sa_family,
            libc::ARPHRD_ETHER | libc::ARPHRD_LOOPBACK
        );
        HardwareAddress::from_bytes(mac.get(..6).filter(|_| six)?).ok()
    }
}
