//! Hosts and bindnetaddrs by chance. Everything is drawn from small pools, so that addresses share
//! networks and masks overlap all the time.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::corosync::{NODE, Setup, Transport, key};
use crate::random::Random;
use crate::topology::Topology;

const V4: [[u8; 4]; 16] = [
    [192, 0, 2, 1],
    [192, 0, 2, 10],
    [192, 0, 2, 11],
    [192, 0, 2, 20],
    [192, 0, 2, 130],
    [192, 0, 2, 200],
    [192, 0, 2, 0],
    [192, 0, 2, 255],
    [192, 0, 3, 10],
    [192, 1, 2, 10],
    [198, 51, 100, 10],
    [198, 51, 100, 11],
    [198, 51, 101, 10],
    [10, 0, 0, 5],
    [127, 0, 0, 2],
    [64, 0, 2, 10],
];
const V4_LENS: [u8; 20] = [
    24, 24, 24, 24, 24, 24, 32, 32, 32, 25, 23, 22, 31, 30, 16, 8, 26, 1, 0, 28,
];
const V6: [&str; 14] = [
    "2001:db8::",
    "2001:db8::1",
    "2001:db8::2",
    "2001:db8::3",
    "2001:db8::10",
    "2001:db8::ff",
    "2001:db8:0:1::1",
    "2001:db8:1::1",
    "fd00:1::5",
    "fd00:1::6",
    "fd00:2::5",
    "fe80::a",
    "fe80::b",
    "a001:db8::1",
];
const V6_LENS: [u8; 18] = [
    64, 64, 64, 64, 64, 64, 128, 128, 128, 127, 126, 112, 65, 48, 32, 16, 1, 0,
];

/// The second is the first with a letter, as a label of the first may be.
const LINKS: [&str; 3] = ["eth0", "eth0a", "eth1"];

/// An address that was added to a link.
#[derive(Clone, Copy, Debug)]
pub struct Added {
    pub ip: IpAddr,
    pub prefix_len: u8,
    pub peer: Option<IpAddr>,
    link: &'static str,
}

/// A host by chance.
#[derive(Debug)]
pub struct RandomHost {
    pub topology: Topology,
    pub added: Vec<Added>,
    /// Links whose IPv6 addresses stay tentative.
    tentative: Vec<&'static str>,
    v6_percent: usize,
}

impl RandomHost {
    /// One to three links besides lo, and up to eight addresses.
    pub fn new(random: &mut Random) -> Self {
        let mut host = Self {
            topology: Topology::default(),
            added: Vec::new(),
            tentative: Vec::new(),
            v6_percent: random.one_of(&[0, 0, 20, 40, 100]),
        };
        let first = random.below(LINKS.len());
        let count = 1 + random.below(LINKS.len());
        let mut links: Vec<_> = (0..count).map(|at| LINKS[(first + at) % 3]).collect();
        for (at, link) in links.iter().enumerate() {
            host.link(random, link, at == 0);
        }
        links.push("lo");
        for _ in 0..1 + random.below(8) {
            // Addresses on lo are rarer.
            let link = match random.percent(10) {
                true => "lo",
                false => links[random.below(count)],
            };
            host.step(random, link);
        }
        host
    }

    fn link(&mut self, random: &mut Random, link: &'static str, first: bool) {
        let kind = random.below(10);
        match kind {
            0..=6 => {
                // Scope id 2 is what Corosync gives to any IPv6 address.
                let index = first && random.percent(40);
                self.topology.veth(link, index.then_some(2));
            }
            7..=8 => self
                .topology
                .link(link, &format!("link add {link} type bridge")),
            _ => self
                .topology
                .link(link, &format!("tuntap add {link} mode tun")),
        }
        let sysctl = |family: &str, name: &str| format!("{family}/conf/{link}/{name}");
        if random.percent(50) {
            let name = sysctl("ipv4", "promote_secondaries");
            self.topology.sysctl(name, 1);
        }
        if random.percent(30) {
            let name = sysctl("ipv6", "keep_addr_on_down");
            self.topology.sysctl(name, 1);
        }
        // tun detects no duplicates.
        if kind < 9 && random.percent(15) {
            // Seconds.
            self.topology.sysctl(sysctl("ipv6", "dad_transmits"), 1000);
            self.tentative.push(link);
        }
        if random.percent(80) {
            self.topology.ip(format!("link set {link} up"));
        }
    }

    fn step(&mut self, random: &mut Random, link: &'static str) {
        match random.below(20) {
            0..=15 => self.add(random, link),
            16..=17 if !self.added.is_empty() => {
                let at = random.below(self.added.len());
                let of = self.added[at];
                let place = format!("{}/{} dev {}", of.ip, of.prefix_len, of.link);
                self.topology.ip(format!("addr del {place}"));
                // Mostly it comes back, behind the others.
                if random.percent(60) {
                    let nodad = self.nodad(of.ip, of.link);
                    self.topology.ip(format!("addr add {place}{nodad}"));
                }
            }
            18 if link != "lo" => {
                self.topology.ip(format!("link set {link} down"));
                if random.percent(50) {
                    self.topology.ip(format!("link set {link} up"));
                }
            }
            _ => self.add(random, link),
        }
    }

    fn add(&mut self, random: &mut Random, link: &'static str) {
        let v6 = random.percent(self.v6_percent);
        let (ip, prefix_len) = place(random, v6);
        let taken = |a: &Added| a.link == link && a.ip == ip;
        if self.added.iter().any(taken) {
            return;
        }
        let peer = random.percent(12).then(|| place(random, v6).0);
        let peer = peer.filter(|peer| *peer != ip);
        self.added.push(Added {
            ip,
            prefix_len,
            peer,
            link,
        });
        let mut words = match peer {
            Some(peer) => format!("addr add {ip} peer {peer}/{prefix_len} dev {link}"),
            None => format!("addr add {ip}/{prefix_len} dev {link}"),
        };
        if !v6 && random.percent(35) {
            // iproute2 wants the name of the link in front.
            words += &match random.below(4) {
                0 => format!(" label {link}a"),
                1 => format!(" label {link}:vip"),
                2 => format!(" label {link}:0"),
                _ => format!(" label {link}a:0"),
            };
        }
        words += self.nodad(ip, link);
        if !v6 && random.percent(30) {
            words += " brd +";
        }
        if !v6 && random.percent(10) {
            words += random.one_of(&[" scope link", " scope host", " scope 77"]);
        }
        if random.percent(8) {
            words += " noprefixroute";
        }
        if random.percent(15) {
            words += random.one_of(&[
                " valid_lft 3600 preferred_lft 1800",
                " preferred_lft 0",
                " valid_lft 3600 preferred_lft 0",
            ]);
        }
        self.topology.ip(words);
    }

    fn nodad(&self, ip: IpAddr, link: &str) -> &'static str {
        match ip.is_ipv6() && !self.tentative.contains(&link) {
            true => " nodad",
            false => "",
        }
    }

    /// A bindnetaddr, and of what kind.
    pub fn bindnetaddr(&self, random: &mut Random) -> (&'static str, IpAddr) {
        if let Some(of) = self.added.get(random.below(self.added.len().max(1))) {
            match random.below(100) {
                0..=29 => return ("network", of.part(|ip, mask| ip & mask)),
                30..=44 => return ("exact", of.ip),
                45..=59 => {
                    let host = u128::from(random.next());
                    return ("host", of.part(|ip, mask| (ip & mask) | (host & !mask)));
                }
                60..=66 => return ("broadcast", of.part(|ip, mask| ip | !mask)),
                67..=72 => return ("peer", of.peer.unwrap_or(of.ip)),
                73..=80 => return ("other family", neighbour(of.ip)),
                _ => {}
            }
        }
        let v6 = random.percent(self.v6_percent);
        match random.below(4) {
            0 if v6 => ("loopback", Ipv6Addr::LOCALHOST.into()),
            0 => ("loopback", [127, 0, 0, random.below(4) as u8].into()),
            1 if v6 => ("unspecified", Ipv6Addr::UNSPECIFIED.into()),
            1 => ("unspecified", Ipv4Addr::UNSPECIFIED.into()),
            2 => ("pool", place(random, v6).0),
            _ if v6 => ("elsewhere", Ipv6Addr::from(0x3fff << 112).into()),
            _ => ("elsewhere", [203, 0, 113, 0].into()),
        }
    }
}

/// A corosync.conf that means a bindnetaddr, and how it is written there.
pub fn setup(random: &mut Random, bindnet: IpAddr) -> (&'static str, Setup) {
    let transport = random.one_of(&[Transport::Udp, Transport::Udpu]);
    let mut setup = Setup::new(&bindnet.to_string(), transport);
    let node = |ring0_addr: IpAddr| {
        let ring0_addr = key("ring0_addr", &ring0_addr.to_string());
        vec![vec![key("name", NODE), key("nodeid", "1"), ring0_addr]]
    };
    let elsewhere = |bindnet: IpAddr| match bindnet {
        IpAddr::V4(_) => "203.0.113.0".to_owned(),
        IpAddr::V6(_) => "3fff::".to_owned(),
    };
    let how = match random.below(20) {
        0 => {
            setup.nodes = node(bindnet);
            setup.bindnetaddr = None;
            "by ring0_addr"
        }
        1 => {
            setup.nodes = node(bindnet);
            setup.bindnetaddr = Some(elsewhere(bindnet));
            "by ring0_addr, bindnetaddr overruled"
        }
        2..=4 => {
            setup.bindnetaddr = Some(odd_form(random, bindnet));
            "in an odd form"
        }
        _ => "plainly",
    };
    (how, setup)
}

/// An address as getaddrinfo(3) takes it, too.
fn odd_form(random: &mut Random, ip: IpAddr) -> String {
    let IpAddr::V4(ip) = ip else {
        return ip.to_string().to_uppercase();
    };
    let [a, b, c, d] = ip.octets();
    match random.below(5) {
        0 => format!("{a:#o}.{b}.{c}.0{d:o}").replace("0o", "0"),
        1 => format!("{a}.{b:#x}.{c}.{d:#X}"),
        2 => ip.to_bits().to_string(),
        3 => format!("{a}.{b}.{}", u16::from_be_bytes([c, d])),
        _ => format!("{a:#x}.{}", ip.to_bits() & 0xff_ffff),
    }
}

impl Added {
    /// Another address from its bits and those of its mask, left-aligned.
    fn part(&self, part: impl Fn(u128, u128) -> u128) -> IpAddr {
        match self.ip {
            IpAddr::V4(ip) => {
                let mask = !u32::MAX.checked_shr(self.prefix_len.into()).unwrap_or(0);
                let bits = part(ip.to_bits().into(), mask.into());
                Ipv4Addr::from_bits(bits as u32).into()
            }
            IpAddr::V6(ip) => {
                let mask = !u128::MAX.checked_shr(self.prefix_len.into()).unwrap_or(0);
                Ipv6Addr::from_bits(part(ip.to_bits(), mask)).into()
            }
        }
    }
}

fn place(random: &mut Random, v6: bool) -> (IpAddr, u8) {
    if v6 {
        let ip = random.one_of(&V6).parse().expect("an address");
        return (ip, random.one_of(&V6_LENS));
    }
    (random.one_of(&V4).into(), random.one_of(&V4_LENS))
}

/// An address of the other family that begins with the same bytes.
fn neighbour(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => Ipv6Addr::from_bits(u128::from(ip.to_bits()) << 96).into(),
        IpAddr::V6(ip) => Ipv4Addr::from_bits((ip.to_bits() >> 96) as u32).into(),
    }
}
