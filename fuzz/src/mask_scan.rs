//! The scan finds what a loop over single bytes finds, in the same order, whatever the masks and
//! wherever the table ends within a block of the scan.

use std::net::{IpAddr, Ipv6Addr};

use arbitrary::{Result, Unstructured};
use bindnet::ipnet::IpNet;
use bindnet::rule::{Match, Zone};
use bindnet::{Address, BindnetAddr, Link, Snapshot};

use super::input;

/// More than four blocks of 16.
const MOST: usize = 70;

pub fn check(data: &[u8]) {
    let Ok((bindnet, host)) = draw(&mut Unstructured::new(data)) else {
        return;
    };
    let mut found = Vec::new();
    bindnet.each_match(&host, |address, matched| found.push((address, matched)));
    let naive: Vec<_> = host
        .addresses()
        .filter(|address| visible(&bindnet, &host, address))
        .filter_map(|address| Some((address, naive(&bindnet, &address)?)))
        .collect();
    assert_eq!(found, naive, "{bindnet}");
}

fn draw(u: &mut Unstructured<'_>) -> Result<(BindnetAddr, Snapshot)> {
    let len = u.int_in_range(0..=MOST)?;
    let v4 = u.arbitrary()?;
    let bindnet = input::bindnet(u, v4)?;
    let mut addresses = Vec::new();
    for _ in 0..len {
        let family = v4 == u.ratio(15, 16)?;
        let near = bindnet.ip().is_ipv4() == family && u.ratio(3, 4)?;
        let ip = if near {
            input::flip(u, bindnet.ip())?
        } else {
            input::ip(u, family)?
        };
        let mask = input::mask(u, family)?;
        addresses.extend(Address::with_netmask(ip, mask, u.int_in_range(1..=2)?));
    }
    let links = [(1, "lo"), (2, "eth0")].map(|(index, name)| Link::new(index, input::name(name)));
    let host = Snapshot::new(links, addresses).expect("both links are listed");
    Ok((with_others(u, bindnet)?, host))
}

/// The same network and up to three others, some of which overlap it.
fn with_others(u: &mut Unstructured<'_>, bindnet: BindnetAddr) -> Result<BindnetAddr> {
    let Some(net) = bindnet.network().filter(|_| bindnet.zone().is_none()) else {
        return Ok(bindnet);
    };
    let mut text = net.to_string();
    for _ in 0..u.int_in_range(0..=3)? {
        let ip = input::flip(u, net.addr())?;
        let len = u.int_in_range(0..=net.max_prefix_len())?;
        let other = IpNet::new(ip, len).expect("of this family").trunc();
        text.push_str(&format!(",{other}"));
    }
    // A network of IPv4-mapped addresses is refused.
    Ok(text.parse().unwrap_or(bindnet))
}

/// Whether the zone of a bindnetaddr, if it has one, is the link of an address.
pub fn visible(bindnet: &BindnetAddr, host: &Snapshot, address: &Address) -> bool {
    let on = |zone: Zone| zone.link(host).map(Link::index);
    bindnet
        .zone()
        .is_none_or(|zone| on(zone).is_some_and(|index| address.link_index() == Some(index)))
}

/// Step 1 of the rule, byte by byte. Several networks match what each of them does.
pub fn naive(bindnet: &BindnetAddr, address: &Address) -> Option<Match> {
    if bindnet.networks().len() > 1 {
        let one = |net: &IpNet| BindnetAddr::try_from(*net).expect("a network");
        let matches = bindnet.networks().iter();
        let matches = matches.filter_map(|net| naive(&one(net), address));
        return matches.max_by_key(|matched| *matched == Match::Exact);
    }
    let (ip, target) = (octets(address.ip()), octets(bindnet.ip()));
    let (mask, whole) = match bindnet.network() {
        Some(net) => (
            octets(net.netmask()),
            net.prefix_len() == net.max_prefix_len(),
        ),
        None => (octets(address.netmask().to_ip()), false),
    };
    let same = |(at, byte): (usize, &u8)| (byte ^ target[at]) & mask[at] == 0;
    if ip.len() != target.len() || !ip.iter().enumerate().all(same) {
        return None;
    }
    let len = bindnet.network().map_or(u8::MAX, |net| net.prefix_len());
    if !may_reach(address.ip(), bindnet.ip(), len) {
        return None;
    }
    let host_bits = (0..mask.len()).any(|at| target[at] & !mask[at] != 0);
    Some(match bindnet.network() {
        Some(_) if whole => Match::Exact,
        Some(_) => Match::Network,
        None if ip == target => Match::Exact,
        None if host_bits => Match::SameNetwork,
        None => Match::Network,
    })
}

/// A link-local or loopback address matches only a bindnetaddr inside fe80::/10, 127.0.0.0/8 or ::1.
pub fn may_reach(ip: IpAddr, target: IpAddr, len: u8) -> bool {
    match (ip, target) {
        (IpAddr::V4(ip), IpAddr::V4(target)) => {
            !ip.is_loopback() || target.is_loopback() && len >= 8
        }
        (IpAddr::V6(ip), IpAddr::V6(target)) => {
            let local = |ip: Ipv6Addr| ip.is_unicast_link_local();
            (!local(ip) || local(target) && len >= 10)
                && (!ip.is_loopback() || target.is_loopback() && len >= 128)
        }
        _ => true,
    }
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}
