//! A wire with hosts on it, under a virtual clock: whoever has the address answers for it as a
//! kernel does, whoever probes sends and hears real frames, and each frame has its fate.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bindnet::conflict::{Detection, Probe, Sighting, Target, Timing};
use bindnet::snapshot::LinkFlags;
use bindnet::wire::{arp, ndisc};
use bindnet::{Address, Link, Snapshot};

use crate::conflict_hosts::mac;

pub const V4: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 10);
pub const V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0x10);

/// What becomes of a frame on its way to everybody.
#[derive(Clone, Copy, Debug)]
pub struct Fate {
    pub lost: bool,
    pub delay: Duration,
    /// How often it comes a second time, right behind the first.
    pub again: u8,
    /// Whether a switch sends it back to where it came from, too.
    pub back: bool,
}

/// A host on the wire: its hardware address follows from its place.
#[derive(Clone, Copy, Debug)]
pub struct Station {
    /// Whether it has the address.
    pub has_it: bool,
    /// When it begins to probe, if it does.
    pub probes: Option<Duration>,
    pub random: [u32; 3],
}

/// Hosts, what is asked, and the fates of the frames in the order in which they are sent.
#[derive(Clone, Debug)]
pub struct Wire {
    pub v4: bool,
    pub timing: Timing,
    pub stations: Vec<Station>,
    pub fates: Vec<Fate>,
}

/// What a host came to, and how many probes it sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    pub verdict: Option<Detection>,
    pub sent: usize,
}

struct Host {
    mac: [u8; 6],
    has_it: bool,
    begins: Option<Duration>,
    random: [u32; 3],
    probe: Option<Probe>,
    sent: usize,
}

/// A frame that arrives.
struct Arrival {
    at: Duration,
    to: usize,
    from: [u8; 6],
    packet: Vec<u8>,
}

/// The hardware address of a host by its place.
pub fn mac_of(place: usize) -> [u8; 6] {
    [2, 0, 0, 0, 1, place as u8]
}

impl Wire {
    /// Runs until everybody who probes has a verdict.
    pub fn run(&self) -> Vec<Ended> {
        let mut hosts: Vec<Host> = self.stations.iter().enumerate().map(host).collect();
        let mut arrivals: Vec<Arrival> = Vec::new();
        let mut sent = 0;
        loop {
            // What arrived is heard before what is due is done.
            let arrival = (0..arrivals.len()).min_by_key(|at| (arrivals[*at].at, *at));
            let due = (0..hosts.len())
                .filter_map(|at| Some((hosts[at].due()?, at)))
                .min();
            let (from, frames) = match (arrival, due) {
                (Some(arrival), due) if due.is_none_or(|(due, _)| arrivals[arrival].at <= due) => {
                    let arrival = arrivals.remove(arrival);
                    let answers = self.hear(&mut hosts[arrival.to], &arrival);
                    (arrival.to, answers.map(|answer| (arrival.at, answer)))
                }
                (_, Some((due, at))) => {
                    let sent = self.act(&mut hosts[at], due);
                    (at, sent.map(|frame| (due, frame)))
                }
                _ => break,
            };
            let Some((now, (destination, packet))) = frames else {
                continue;
            };
            let fate = self.fates[sent % self.fates.len()];
            sent += 1;
            for to in 0..hosts.len() {
                let is_for = destination[0] & 1 == 1 || destination == hosts[to].mac;
                if fate.lost || !is_for || to == from && !fate.back {
                    continue;
                }
                for _ in 0..=fate.again {
                    let at = now + fate.delay;
                    let (from, packet) = (hosts[from].mac, packet.clone());
                    arrivals.push(Arrival {
                        at,
                        to,
                        from,
                        packet,
                    });
                }
            }
            assert!(sent < 1_000, "a storm");
        }
        let ended = hosts.into_iter().map(|host| Ended {
            verdict: host.probe.and_then(|probe| probe.verdict().cloned()),
            sent: host.sent,
        });
        ended.collect()
    }

    /// A host hears a frame: its probe does, and its kernel answers if it has the address.
    fn hear(&self, host: &mut Host, arrival: &Arrival) -> Option<([u8; 6], Vec<u8>)> {
        let shown = self.snapshot(host);
        if let (Some(probe), Some(sighting)) = (&mut host.probe, self.sighting(arrival)) {
            probe.handle_sighting(sighting, &shown);
        }
        if !host.has_it || arrival.from == host.mac {
            return None;
        }
        if self.v4 {
            let asked = arp::Packet::parse(&arrival.packet).ok()?;
            let is_asked = asked.operation == arp::REQUEST && asked.target_ip == V4;
            let asker = (asked.sender_mac, asked.sender_ip);
            let answer = arp::Packet::new(arp::REPLY, (host.mac, V4), asker);
            is_asked.then(|| (asked.sender_mac, answer.to_bytes().to_vec()))
        } else {
            let asked = ndisc::Packet::parse(&arrival.packet).ok()?;
            let is_asked = asked.kind == ndisc::Kind::Solicitation && asked.target == V6;
            let all = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 1);
            let kind = ndisc::Kind::Advertisement { flags: 0x20 };
            let answer = ndisc::Packet::new(kind, V6, all, V6).with_mac(host.mac);
            is_asked.then(|| (ndisc::multicast_mac(all), answer.to_bytes()))
        }
    }

    /// A host does what is due; whoever is told that nobody has the address takes it.
    fn act(&self, host: &mut Host, now: Duration) -> Option<([u8; 6], Vec<u8>)> {
        let shown = self.snapshot(host);
        let Some(probe) = &mut host.probe else {
            let ip = match self.v4 {
                true => IpAddr::from(V4),
                false => IpAddr::from(V6),
            };
            let target = match host.has_it {
                true => Target::own(ip.into()),
                false => Target::free(ip.into(), "eth0".parse().unwrap()),
            };
            let probe = Probe::new(target.unwrap(), self.timing, host.random, now);
            host.probe = Some(probe);
            return None;
        };
        let transmit = probe.handle_timeout(now, &shown);
        host.sent += usize::from(transmit.is_some());
        host.has_it |= probe.verdict() == Some(&Detection::Clear);
        transmit.map(|transmit| (transmit.destination, transmit.packet))
    }

    fn sighting(&self, arrival: &Arrival) -> Option<Sighting> {
        match self.v4 {
            true => arp::Packet::parse(&arrival.packet).ok()?.sighting(V4),
            false => ndisc::Packet::parse(&arrival.packet)
                .ok()?
                .sighting(V6, arrival.from),
        }
    }

    fn snapshot(&self, host: &Host) -> Snapshot {
        let flags = LinkFlags::UP | LinkFlags::RUNNING | LinkFlags::LOWER_UP;
        let link = Link::new(2, "eth0".parse().unwrap()).with_flags(flags);
        let link = link.with_mac(mac(host.mac)).with_hardware_type(1);
        let net = if self.v4 {
            "192.0.2.10/24"
        } else {
            "2001:db8::10/64"
        };
        let address = host.has_it.then(|| Address::new(net.parse().unwrap(), 2));
        Snapshot::new([link], address).unwrap()
    }
}

fn host((at, station): (usize, &Station)) -> Host {
    Host {
        mac: mac_of(at),
        has_it: station.has_it,
        begins: station.probes,
        random: station.random,
        probe: None,
        sent: 0,
    }
}

impl Host {
    /// When it does something by itself.
    fn due(&self) -> Option<Duration> {
        match &self.probe {
            Some(probe) => probe.deadline(),
            None => self.begins,
        }
    }
}
