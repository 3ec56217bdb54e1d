//! The packets of a detector: it listens on the link of an address, and sends its probes there.

use std::net::IpAddr;

use nix::errno::Errno;

use super::detector::Detector;
use super::error::KernelError;
use crate::conflict::{Inconclusive, Sighting, Transmit};
use crate::sys::packet::PacketSocket;
use crate::wire::{arp, ndisc};

/// The number of packets that are received in a row: a flood on the link must not keep the daemon
/// from its work.
const PACKETS: usize = 256;

impl Detector {
    pub(super) fn listen(&mut self, link: u32) -> Result<(), KernelError> {
        match self.open_on(link) {
            Ok(socket) => self.socket = Some(socket),
            Err(errno @ (Errno::EPERM | Errno::EACCES | Errno::EAFNOSUPPORT)) => {
                let problem = format!("socket(AF_PACKET): {}", errno.desc());
                if let Some(probe) = &mut self.probe {
                    probe.handle_refusal(problem.clone(), self.monitor.snapshot());
                }
                self.pending = self.listener.handle_refusal(problem);
            }
            // The link has gone since the last look at the host. The monitor will report that.
            Err(Errno::ENODEV | Errno::ENXIO) => {
                self.fail(Inconclusive::LinkFlapped);
                self.pending = self.listener.handle_failure(Inconclusive::LinkFlapped);
            }
            Err(errno) => return Err(KernelError::system("socket(AF_PACKET), bind", errno)),
        }
        Ok(())
    }

    fn open_on(&self, link: u32) -> nix::Result<PacketSocket> {
        let ip = self.target.address().ip();
        let socket = PacketSocket::open(link, ip)?;
        if let IpAddr::V6(ip) = ip {
            // The groups of duplicate address detection (RFC 4862, section 5.4.2). The kernel has
            // not joined them if the address is not ours or the link has no IPv6.
            for group in [ndisc::ALL_NODES, ndisc::solicited_node(ip)] {
                socket.join(ndisc::multicast_mac(group))?;
            }
        }
        self.wake.add(&socket)?;
        Ok(socket)
    }

    pub(super) fn close(&mut self) {
        if let Some(socket) = self.socket.take() {
            self.wake.remove(&socket);
        }
    }

    /// Receives packets, and returns whether there may be more.
    pub(super) fn receive(&mut self) -> Result<bool, KernelError> {
        let mut sightings = Vec::new();
        let mut went_down = false;
        let mut error = None;
        let mut more = true;
        for _ in 0..PACKETS {
            let result = match &self.socket {
                Some(socket) => socket.try_receive(&mut self.buffer),
                None => Err(Errno::EAGAIN),
            };
            match result {
                Ok((len, from)) => {
                    let packet = self.buffer.get(..len).unwrap_or_default();
                    sightings.extend(sighting(self.target.address().ip(), packet, from));
                }
                Err(Errno::EINTR) => {}
                Err(Errno::ENETDOWN) => went_down = true,
                Err(errno) => {
                    error = Some(errno).filter(|errno| *errno != Errno::EAGAIN);
                    more = false;
                    break;
                }
            }
        }
        if went_down || !sightings.is_empty() {
            // The hardware addresses of this host may just have changed.
            let result = self.monitor.look();
            sightings
                .into_iter()
                .for_each(|sighting| self.handle_sighting(sighting));
            result?;
            if went_down {
                self.go_down();
            }
            self.follow()?;
        }
        match error {
            Some(errno) => Err(KernelError::system("recvfrom", errno)),
            None => Ok(more),
        }
    }

    /// Does the next step of the probe.
    pub(super) fn ask(&mut self) -> Result<(), KernelError> {
        self.monitor.look_again()?;
        self.follow()?;
        if self.has_lost()? {
            // The answer may be among the lost packets. The queue holds less than twice as many as
            // are received in a row.
            for _ in 0..2 {
                self.receive()?;
            }
            self.fail(Inconclusive::Lost);
            return Ok(());
        }
        let host = self.monitor.snapshot();
        let Some(probe) = &mut self.probe else {
            return Ok(());
        };
        let Some(transmit) = probe.handle_timeout(self.start.elapsed(), host) else {
            return Ok(());
        };
        match send(self.socket.as_ref(), &transmit) {
            Ok(()) => {}
            Err(Errno::ENETDOWN | Errno::ENXIO | Errno::ENODEV) => probe.handle_down(host),
            Err(errno) => probe.handle_failure(
                Inconclusive::NotAsked(format!("sendto: {}", errno.desc())),
                host,
            ),
        }
        Ok(())
    }

    /// Whether packets were lost since the last call.
    fn has_lost(&self) -> Result<bool, KernelError> {
        let lost = self.socket.as_ref().map_or(Ok(0), PacketSocket::lost);
        let lost = lost.map_err(|errno| KernelError::system("getsockopt", errno))?;
        Ok(lost > 0)
    }
}

fn send(socket: Option<&PacketSocket>, transmit: &Transmit) -> nix::Result<()> {
    let socket = socket.filter(|socket| socket.link() == transmit.link);
    let socket = socket.ok_or(Errno::ENODEV)?;
    socket.send(&transmit.packet, transmit.destination)
}

/// The sighting of an address in a packet, if there is one.
fn sighting(ip: IpAddr, packet: &[u8], from: [u8; 6]) -> Option<Sighting> {
    match ip {
        IpAddr::V4(ip) => arp::Packet::parse(packet).ok()?.sighting(ip),
        IpAddr::V6(ip) => ndisc::Packet::parse(packet).ok()?.sighting(ip, from),
    }
}
