//! Hosts and questions out of a fuzzer's bytes: from few links, networks and names, so that they
//! meet, and now and then from anywhere.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use arbitrary::{Result, Unstructured};
use bindnet::rule::{Declared, Evidence, ScopedAddr, parse_net};
use bindnet::snapshot::{
    About, AddressFlags, Consistency, Lifetime, LinkFlags, LinkName, Name, Netmask, Scope,
};
use bindnet::{Address, BindnetAddr, Link, Selector, Snapshot};

const V4: [&str; 5] = [
    "192.0.2.0",
    "192.0.2.128",
    "198.51.100.0",
    "127.0.0.0",
    "169.254.0.0",
];
const V6: [&str; 5] = ["2001:db8::", "2001:db8:0:1::", "fd00::", "fe80::", "::"];
const LENS_V4: [u8; 6] = [24, 25, 32, 8, 31, 0];
const LENS_V6: [u8; 6] = [64, 128, 48, 127, 10, 0];
const MACS: [&str; 4] = [
    "02:00:00:00:00:01",
    "00:00:5e:00:01:07",
    "00:00:5e:00:02:07",
    "0a:0b",
];
const NAMES: [&str; 6] = ["lo", "eth0", "eth1", "eth0:vip", "3", r"\x1b[31m\xff"];
const ZONES: [&str; 3] = ["%eth0", "%3", "%9"];

/// What is asked of a host: a selector whose parts the laws can name.
#[derive(Clone, Debug)]
pub struct Question {
    pub bindnet: BindnetAddr,
    pub interface: Option<LinkName>,
    pub previous: Option<ScopedAddr>,
    pub declared: Declared,
    pub off: Vec<Evidence>,
    pub protocol: u8,
    pub strict: bool,
}

impl Question {
    pub fn selector(&self) -> Selector {
        let mut selector = Selector::new(self.bindnet.clone())
            .declared(self.declared.clone())
            .without(self.off.iter().copied())
            .floating_protocols([self.protocol])
            .strict(self.strict);
        if let Some(interface) = self.interface {
            selector = selector.interface(interface);
        }
        match self.previous {
            Some(previous) => selector.previous(previous),
            None => selector,
        }
    }
}

pub fn question(u: &mut Unstructured<'_>) -> Result<Question> {
    let v4 = u.ratio(1, 2)?;
    Ok(Question {
        bindnet: bindnet(u, v4)?,
        interface: maybe(u, 8, |u| u.choose(&NAMES).map(|text| name(text).into()))?,
        previous: maybe(u, 3, |u| scoped_addr(u, v4))?,
        declared: declared(u, v4)?,
        off: Evidence::all()
            .filter(|_| u.ratio(11, 12) == Ok(false))
            .collect(),
        protocol: *u.choose(&[18, 2])?,
        strict: !u.ratio(7, 8)?,
    })
}

/// A host with addresses of one family for the most part.
pub fn host(u: &mut Unstructured<'_>, v4: bool) -> Result<Snapshot> {
    let mut links = Vec::new();
    for index in 1..=u.int_in_range(1..=4)? {
        links.push(link(u, index)?);
    }
    let mut addresses = Vec::new();
    for _ in 0..u.int_in_range(0..=12)? {
        addresses.push(address(u, &links, v4)?);
    }
    let mut about = About::default();
    let interrupted = Some(Consistency::Interrupted);
    about.consistency = *u.choose(&[Some(Consistency::Consistent), None, interrupted])?;
    let host = Snapshot::new(links, addresses).expect("indexes are distinct and listed");
    Ok(host.with_about(about))
}

pub fn link(u: &mut Unstructured<'_>, index: u32) -> Result<Link> {
    let any = LinkFlags::from_bits(u.int_in_range(0..=0x7_ffff)?);
    let up = LinkFlags::UP | LinkFlags::RUNNING;
    let loopback = LinkFlags::LOOPBACK | up;
    let mut link = Link::new(index, name(u.choose(&NAMES)?));
    if let Some(flags) = *mostly(u, &[Some(up), Some(any), None, Some(loopback)])? {
        link = link.with_flags(flags);
        // Two flags that decide nothing stand for alternative names: a draw of their own would change
        // what older seeds mean.
        for (flag, alt_name) in [(0x2000, "eth1"), (0x4000, "9")] {
            if flags.bits() & flag != 0 {
                link = link.with_alt_name(name(alt_name).into());
            }
        }
    }
    if let Some(mac) = maybe(u, 2, |u| u.choose(&MACS).copied())? {
        link = link.with_mac(mac.parse().expect("a literal"));
    }
    if let Some(kind) = maybe(u, 3, |u| u.choose(&["veth", "bridge"]).copied())? {
        link = link.with_kind(kind);
    }
    Ok(match maybe(u, 4, |u| u.int_in_range(1..=4))? {
        Some(master) => link.with_master(master),
        None => link,
    })
}

/// An address on one of these links, of this family for the most part.
pub fn address(u: &mut Unstructured<'_>, links: &[Link], v4: bool) -> Result<Address> {
    let v4 = v4 == u.ratio(7, 8)?;
    let (ip, mask, link) = (ip(u, v4)?, mask(u, v4)?, mostly(u, links)?.index());
    let mut address = Address::with_netmask(ip, mask, link).expect("of one family");
    let permanent = Some(AddressFlags::PERMANENT);
    let any = Some(AddressFlags::from_bits(u.int_in_range(0..=0x1fff)?));
    if let Some(flags) = *u.choose(&[permanent, any, None, permanent])? {
        address = address.with_flags(flags);
    }
    if let Some(label) = maybe(u, 4, |u| u.choose(&NAMES).copied())? {
        address = address.with_label(name(label));
    }
    if let Some(scope) = *mostly(
        u,
        &[Some(0), None, Some(253), Some(200), Some(254), Some(77)],
    )? {
        address = address.with_scope(Scope::new(scope));
    }
    if let Some(protocol) = maybe(u, 6, |u| u.choose(&[18, 2, 3]).copied())? {
        address = address.with_protocol(protocol);
    }
    if let Some(peer) = maybe(u, 10, |u| self::ip(u, v4))?.filter(|peer| *peer != ip) {
        address = address.with_peer(peer).expect("of one family");
    }
    if let Some(lifetime) = maybe(u, 2, |u| u.choose(&[0, 600, u32::MAX]).copied())? {
        let lifetime = match lifetime {
            u32::MAX => Lifetime::Forever,
            seconds => Lifetime::Seconds(seconds),
        };
        address = address
            .with_valid_lft(lifetime)
            .with_preferred_lft(lifetime);
    }
    Ok(address)
}

pub fn bindnet(u: &mut Unstructured<'_>, v4: bool) -> Result<BindnetAddr> {
    let ip = ip(u, v4)?;
    let prefix = maybe(u, 3, |u| u.choose(lens(v4)).copied())?;
    let zone = maybe(u, 6, |u| u.choose(&ZONES).copied())?;
    let zone = zone.filter(|_| !v4).unwrap_or_default();
    let text = match prefix {
        Some(len) => format!("{}{zone}/{len}", network(ip, len)),
        None => format!("{ip}{zone}"),
    };
    // An IPv4-mapped address is none, and neither is the unspecified one.
    let other = if v4 { "192.0.2.0" } else { "fd00::" };
    Ok(text
        .parse()
        .unwrap_or_else(|_| other.parse().expect("a literal")))
}

/// An address of one of the networks, mostly the first: its last bits set somehow, or none.
pub fn ip(u: &mut Unstructured<'_>, v4: bool) -> Result<IpAddr> {
    let network = mostly(u, if v4 { &V4 } else { &V6 })?;
    let host = *u.choose(&[0, 1, 2, 10, 20, 255])?;
    let anywhere = !u.ratio(63, 64)?;
    Ok(match network.parse().expect("a literal") {
        IpAddr::V4(ip) => {
            let bits: u32 = if anywhere { u.arbitrary()? } else { host };
            Ipv4Addr::from_bits(ip.to_bits() ^ bits).into()
        }
        IpAddr::V6(ip) => {
            let bits: u128 = if anywhere {
                u.arbitrary()?
            } else {
                host.into()
            };
            Ipv6Addr::from_bits(ip.to_bits() ^ bits).into()
        }
    })
}

/// The same address with one bit the other way.
pub fn flip(u: &mut Unstructured<'_>, ip: IpAddr) -> Result<IpAddr> {
    Ok(match ip {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() ^ 1 << u.int_in_range(0..=31)?).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() ^ 1 << u.int_in_range(0..=127)?).into(),
    })
}

/// A usual mask, any contiguous one, or one with holes.
pub fn mask(u: &mut Unstructured<'_>, v4: bool) -> Result<Netmask> {
    let len = match (u.int_in_range(0..=15)?, v4) {
        (15, true) => return Ok(Netmask::V4(u.arbitrary()?)),
        (15, false) => return Ok(Netmask::V6(u.arbitrary()?)),
        (13 | 14, true) => u.int_in_range(0..=32)?,
        (13 | 14, false) => u.int_in_range(0..=128)?,
        _ => *mostly(u, lens(v4))?,
    };
    Ok(contiguous(v4, len))
}

pub fn name(text: &str) -> Name {
    text.parse().expect("a literal")
}

fn scoped_addr(u: &mut Unstructured<'_>, v4: bool) -> Result<ScopedAddr> {
    let same = u.ratio(15, 16)?;
    let ip = ip(u, v4 == same)?;
    let zone = maybe(u, 2, |u| u.choose(&ZONES).copied())?;
    let zone = zone.filter(|_| ip.is_ipv6()).unwrap_or_default();
    Ok(format!("{ip}{zone}").parse().unwrap_or(ip.into()))
}

fn declared(u: &mut Unstructured<'_>, v4: bool) -> Result<Declared> {
    let mut lists = [Vec::new(), Vec::new()];
    for _ in 0..maybe(u, 2, |u| u.int_in_range(1..=4))?.unwrap_or(0) {
        let len = *u.choose(lens(v4))?;
        let network = network(ip(u, v4)?, len);
        lists[u.choose_index(2)?].extend(parse_net(&format!("{network}/{len}")));
    }
    let [floating, fixed] = lists;
    // A network on both lists is refused.
    let declared = Declared::default().floating(floating);
    Ok(declared
        .and_then(|declared| declared.fixed(fixed))
        .unwrap_or_default())
}

fn lens(v4: bool) -> &'static [u8] {
    if v4 { &LENS_V4 } else { &LENS_V6 }
}

fn contiguous(v4: bool, len: u8) -> Netmask {
    let len = u32::from(len);
    if v4 {
        Netmask::V4(u32::MAX.checked_shl(32 - len).unwrap_or(0))
    } else {
        Netmask::V6(u128::MAX.checked_shl(128 - len).unwrap_or(0))
    }
}

fn network(ip: IpAddr, len: u8) -> IpAddr {
    let mask = contiguous(ip.is_ipv4(), len);
    mask.network(ip).expect("of one family")
}

/// The first of some things most of the time, and where the bytes run out.
fn mostly<'a, T>(u: &mut Unstructured<'_>, things: &'a [T]) -> Result<&'a T> {
    let at = if u.ratio(3, 4)? {
        0
    } else {
        u.choose_index(things.len())?
    };
    Ok(&things[at])
}

/// Nothing most of the time, and where the bytes run out: something in one of `n` cases.
fn maybe<'a, T>(
    u: &mut Unstructured<'a>,
    n: u8,
    draw: impl FnOnce(&mut Unstructured<'a>) -> Result<T>,
) -> Result<Option<T>> {
    let nothing = u.ratio(n - 1, n)?;
    (!nothing).then(|| draw(u)).transpose()
}
