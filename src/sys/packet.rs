//! A packet socket for ARP or IPv6 on one link (packet(7)), with a filter in the kernel.

use std::net::IpAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::libc;
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};

use crate::wire::{Instruction, about};

/// A socket that receives the packets about an address on a link: non-blocking, close-on-exec,
/// without Ethernet headers.
#[derive(Debug)]
pub(crate) struct PacketSocket {
    fd: OwnedFd,
    link: u32,
    protocol: u16,
}

impl PacketSocket {
    /// Opens a socket for an address on the link of this index.
    ///
    /// It has no protocol until it is bound: before, the filter is not there, and the socket would
    /// receive frames of every link.
    pub fn open(link: u32, ip: IpAddr) -> nix::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
        let fd = socket(AddressFamily::Packet, SockType::Datagram, flags, None)?;
        let protocol = match ip {
            IpAddr::V4(_) => libc::ETH_P_ARP,
            IpAddr::V6(_) => libc::ETH_P_IPV6,
        } as u16;
        let socket = Self { fd, link, protocol };
        socket.set_filter(&about(ip))?;
        socket.bind()?;
        Ok(socket)
    }

    /// The link it is bound to, by its index.
    pub fn link(&self) -> u32 {
        self.link
    }

    /// Also receives frames for a hardware address of a group (`PACKET_ADD_MEMBERSHIP`).
    pub fn join(&self, group: [u8; 6]) -> nix::Result<()> {
        // SAFETY: all bytes zero is a value of this struct of integers.
        let mut request: libc::packet_mreq = unsafe { std::mem::zeroed() };
        request.mr_ifindex = self.link as libc::c_int;
        request.mr_type = libc::PACKET_MR_MULTICAST as libc::c_ushort;
        request.mr_alen = 6;
        for (to, from) in request.mr_address.iter_mut().zip(group) {
            *to = from;
        }
        self.set(libc::SOL_PACKET, libc::PACKET_ADD_MEMBERSHIP, &request)
    }

    /// Sends a packet to a hardware address.
    pub fn send(&self, packet: &[u8], to: [u8; 6]) -> nix::Result<()> {
        let mut address = self.address();
        address.sll_halen = 6;
        for (to, from) in address.sll_addr.iter_mut().zip(to) {
            *to = from;
        }
        loop {
            // SAFETY: the fd is open, and the kernel reads the packet and the address, which are
            // as long as it is told.
            let result = unsafe {
                libc::sendto(
                    self.fd.as_raw_fd(),
                    packet.as_ptr().cast(),
                    packet.len(),
                    0,
                    (&raw const address).cast(),
                    size_of_val(&address) as libc::socklen_t,
                )
            };
            match Errno::result(result) {
                Err(Errno::EINTR) => {}
                result => return result.map(drop),
            }
        }
    }

    /// Receives a packet. Returns its length, at most that of the buffer, and the Ethernet address
    /// of its sender; `EAGAIN` if there is none.
    pub fn try_receive(&self, buffer: &mut [u8]) -> nix::Result<(usize, [u8; 6])> {
        // SAFETY: all bytes zero is a value of this struct of integers.
        let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        let mut address_len = size_of_val(&address) as libc::socklen_t;
        // SAFETY: the fd is open, and the kernel writes no more than the given lengths to memory
        // that is ours alone as long as the call takes.
        let result = unsafe {
            libc::recvfrom(
                self.fd.as_raw_fd(),
                buffer.as_mut_ptr().cast(),
                buffer.len(),
                0,
                (&raw mut address).cast(),
                &raw mut address_len,
            )
        };
        let len = Errno::result(result)?.unsigned_abs();
        let [a, b, c, d, e, f, ..] = address.sll_addr;
        Ok((len, [a, b, c, d, e, f]))
    }

    /// The number of packets that were lost since the last call, because they came faster than they
    /// were received (`PACKET_STATISTICS`).
    pub fn lost(&self) -> nix::Result<u32> {
        // SAFETY: all bytes zero is a value of this struct of integers.
        let mut statistics: libc::tpacket_stats = unsafe { std::mem::zeroed() };
        let mut len = size_of_val(&statistics) as libc::socklen_t;
        // SAFETY: the fd is open, and the kernel writes no more than the given length.
        let result = unsafe {
            libc::getsockopt(
                self.fd.as_raw_fd(),
                libc::SOL_PACKET,
                libc::PACKET_STATISTICS,
                (&raw mut statistics).cast(),
                &raw mut len,
            )
        };
        Errno::result(result).map(|_| statistics.tp_drops)
    }

    fn bind(&self) -> nix::Result<()> {
        let address = self.address();
        // SAFETY: the fd is open, and the kernel reads an address that is as long as it is told.
        let result = unsafe {
            libc::bind(
                self.fd.as_raw_fd(),
                (&raw const address).cast(),
                size_of_val(&address) as libc::socklen_t,
            )
        };
        Errno::result(result).map(drop)
    }

    fn address(&self) -> libc::sockaddr_ll {
        // SAFETY: all bytes zero is a value of this struct of integers.
        let mut address: libc::sockaddr_ll = unsafe { std::mem::zeroed() };
        address.sll_family = libc::AF_PACKET as libc::c_ushort;
        address.sll_protocol = self.protocol.to_be();
        address.sll_ifindex = self.link as libc::c_int;
        address
    }

    fn set_filter(&self, program: &[Instruction]) -> nix::Result<()> {
        let mut program: Vec<_> = program
            .iter()
            .map(|i| libc::sock_filter {
                code: i.code,
                jt: i.jt,
                jf: i.jf,
                k: i.k,
            })
            .collect();
        let program = libc::sock_fprog {
            // A filter for an address has some 25 instructions.
            len: program.len() as libc::c_ushort,
            filter: program.as_mut_ptr(),
        };
        self.set(libc::SOL_SOCKET, libc::SO_ATTACH_FILTER, &program)
    }

    /// Sets an option whose value is a struct.
    fn set<T>(&self, level: libc::c_int, option: libc::c_int, value: &T) -> nix::Result<()> {
        // SAFETY: the fd is open, and the kernel reads no more than the value and what it points
        // to, which both live as long as the call takes.
        let result = unsafe {
            libc::setsockopt(
                self.fd.as_raw_fd(),
                level,
                option,
                (&raw const *value).cast(),
                size_of::<T>() as libc::socklen_t,
            )
        };
        Errno::result(result).map(drop)
    }
}

impl AsFd for PacketSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
