//! What hosts are drawn from: few addresses, so that they collide and share networks all the time.
//!
//! What stands first is what a failing case shrinks to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use proptest::sample::select;

use super::hosts::{LINKS, V4, V6};
use crate::rule::{BindnetAddr, Decide, Selector, Zone};
use crate::snapshot::{LinkName, Name, Netmask};

/// A mask, and how often it is drawn.
type Weighted = (u32, Netmask);

/// An address, its mask, and the other end of a point-to-point link.
type Located = (IpAddr, Netmask, Option<IpAddr>);

/// The addresses, masks and links of a host to be drawn.
#[derive(Clone, Debug)]
pub(crate) struct Pools {
    pub v4: Vec<IpAddr>,
    pub v6: Vec<IpAddr>,
    v4_masks: Vec<Weighted>,
    v6_masks: Vec<Weighted>,
    /// How often an address is of either family.
    ratio: (u32, u32),
    /// Names and indexes.
    pub links: Vec<(u32, Name)>,
    /// The alternative names that links have for certain, with the indexes of the links.
    pub alt_names: Vec<(u32, LinkName)>,
    /// The indexes of those that are always there.
    pub needed: Vec<u32>,
}

impl Pools {
    /// Pools of the networks of RFC 5737 and RFC 3849, for any question.
    pub fn any() -> Self {
        Self {
            v4: V4.map(IpAddr::from).to_vec(),
            v6: V6.map(IpAddr::from).to_vec(),
            v4_masks: masks(true, &[24], &[25, 23, 8, 31, 0]),
            v6_masks: masks(false, &[64], &[48, 127, 112, 0]),
            ratio: (1, 1),
            links: (1..)
                .zip(LINKS.iter().filter_map(|n| n.parse().ok()))
                .collect(),
            alt_names: Vec::new(),
            needed: Vec::new(),
        }
    }

    /// Pools that hit and nearly hit what a selector asks for.
    pub fn aimed_at(selector: &Selector) -> Self {
        let mut pools = Self::any();
        let v4 = selector.bindnet().ip().is_ipv4();
        pools.ratio = if v4 { (3, 1) } else { (1, 3) };
        // Every address is of the network 0.0.0.0/0.
        if !selector.bindnet().ip().is_unspecified() {
            let (addresses, masks) = around(selector.bindnet());
            let (into, kept) = if v4 {
                (&mut pools.v4, 7)
            } else {
                (&mut pools.v6, 6)
            };
            // Of the others those that are far away.
            let far = into.split_off(kept);
            *into = addresses;
            into.extend(far);
            *(if v4 {
                &mut pools.v4_masks
            } else {
                &mut pools.v6_masks
            }) = masks;
        }
        for net in selector.rules.declared.entries.keys() {
            let bits = if net.addr().is_ipv4() { 32 } else { 128 };
            let host = if net.prefix_len() + 4 > bits { 0 } else { 10 };
            let ip = with_bits(net.addr(), bits_of(net.addr()) | host);
            let into = if ip.is_ipv4() {
                &mut pools.v4
            } else {
                &mut pools.v6
            };
            into.push(ip);
        }
        for zone in selector.needs().zones().into_iter().flatten() {
            pools.need(zone);
        }
        pools
    }

    /// Has a link always there.
    fn need(&mut self, zone: Zone) {
        let own = zone.name().and_then(|name| name.name());
        let named = |(_, name): &&(u32, Name)| Some(*name) == own;
        let at = |(index, _): &&(u32, Name)| Some(*index) == zone.index();
        let known = self.links.iter().find(named).or(self.links.iter().find(at));
        let index = match known {
            Some((index, _)) => *index,
            None => {
                let index = zone.index().unwrap_or(6);
                let name = own.or_else(|| format!("link{index}").parse().ok());
                self.links.extend(name.map(|name| (index, name)));
                index
            }
        };
        // What is too long for its own name is an alternative one.
        let alternative = zone.name().filter(|_| own.is_none());
        self.alt_names.extend(alternative.map(|name| (index, name)));
        self.needed.push(index);
    }

    /// An address with its mask and, now and then, the other end of a point-to-point link.
    pub fn located(&self) -> impl Strategy<Value = Located> + use<> {
        prop_oneof![
            self.ratio.0 => self.located_of(true),
            self.ratio.1 => self.located_of(false),
        ]
    }

    /// The same of one family.
    pub fn located_of(&self, v4: bool) -> impl Strategy<Value = Located> + use<> {
        let (ips, masks) = if v4 {
            (&self.v4, &self.v4_masks)
        } else {
            (&self.v6, &self.v6_masks)
        };
        let ips = select(ips.clone());
        let peer = proptest::option::weighted(0.1, ips.clone());
        (ips, mask(masks), peer)
    }
}

fn mask(masks: &[Weighted]) -> impl Strategy<Value = Netmask> + use<> {
    let masks = masks.iter().map(|(weight, mask)| (*weight, Just(*mask)));
    proptest::strategy::Union::new_weighted(masks.collect())
}

/// Masks of usual lengths, those of one host, and now and then odd ones, some of them with holes.
fn masks(v4: bool, usual: &[u8], odd: &[u8]) -> Vec<Weighted> {
    let host = if v4 { 32 } else { 128 };
    let mut masks = Vec::new();
    masks.extend(
        usual
            .iter()
            .map(|len| (42 / usual.len() as u32, netmask(v4, *len))),
    );
    masks.push((12, netmask(v4, host)));
    masks.extend(odd.iter().map(|len| (2, netmask(v4, *len))));
    masks.extend(if v4 {
        [0xff00_ff00, 0xffff_00ff].map(|mask| (1, Netmask::V4(mask)))
    } else {
        [(0xffff << 112) | 0xffff, (0xffff_ffff_0000_ffff << 64)].map(|mask| (1, Netmask::V6(mask)))
    });
    masks
}

/// Addresses inside the network that a bindnetaddr names or might name, beside it and outside, and
/// masks that make this its network, with longer and shorter ones.
fn around(bindnet: &BindnetAddr) -> (Vec<IpAddr>, Vec<Weighted>) {
    let ip = bindnet.ip();
    let v4 = ip.is_ipv4();
    let (all, wide) = if v4 { (32, 24) } else { (128, 64) };
    let written = bindnet.networks().first().map(|net| net.prefix_len());
    let zeros = bits_of(ip).trailing_zeros() as u8;
    let len = match written {
        Some(len) if len + 2 <= all => len,
        _ if zeros >= all - wide || zeros < 2 => wide,
        _ => all - zeros,
    };
    let half = 1_u128 << (all - len - 1);
    let base = bits_of(ip) & !(half * 2 - 1);
    let hosts = if v4 { [10, 20, 11, 5] } else { [1, 2, 3, 5] };
    let [a, b, c, d] = hosts.map(|host| base | (host % half).max(1));
    let mut bits = vec![a, b, a, b, c, d, base | half | 2];
    // The next network.
    bits.push((base ^ (half * 2)) | (10 % half));
    let mut ips: Vec<IpAddr> = bits.into_iter().map(|bits| with_bits(ip, bits)).collect();
    ips.push(ip);
    // An address of each other network of a list.
    let others = bindnet.networks().iter().skip(1);
    ips.extend(others.filter_map(|net| net.hosts().nth(4).or(net.hosts().next())));
    let usual = if len == wide {
        vec![len]
    } else {
        vec![len, wide]
    };
    (
        ips,
        masks(
            v4,
            &usual,
            &[len + 1, len.saturating_sub(1), all - 1, len / 2, 0],
        ),
    )
}

pub(crate) fn netmask(v4: bool, len: u8) -> Netmask {
    let len = u32::from(len);
    if v4 {
        Netmask::V4(u32::MAX.checked_shl(32 - len).unwrap_or(0))
    } else {
        Netmask::V6(u128::MAX.checked_shl(128 - len).unwrap_or(0))
    }
}

fn bits_of(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_bits().into(),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

/// The address with these bits, of the family of another one.
fn with_bits(like: IpAddr, bits: u128) -> IpAddr {
    match like {
        IpAddr::V4(_) => Ipv4Addr::from_bits(bits as u32).into(),
        IpAddr::V6(_) => Ipv6Addr::from_bits(bits).into(),
    }
}
