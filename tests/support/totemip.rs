//! Corosync's choice once more: `totemip_iface_check` (exec/totemip.c) of each age, line by line
//! and as slow as there. It shares no code with the library.

use std::net::IpAddr;

use crate::topology::Entry;

/// What is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pick {
    pub ip: IpAddr,
    /// Whether its link is up; known to all but getifaddrs(3).
    pub up: Option<bool>,
    /// The index of its link; likewise.
    pub index: Option<u32>,
}

impl Pick {
    fn of(entry: &Entry, ip: IpAddr) -> Option<Self> {
        let (up, index) = (Some(entry.up), Some(entry.index));
        Some(Self { ip, up, index })
    }
}

/// Releases of every rule.
pub const RELEASES: [&str; 8] = [
    "1.4.1", "1.4.7", "1.4.10", "2.0.0", "2.0.2", "2.4.6", "3.1.7", "3.1.10",
];

/// What a version of Corosync takes from a list in kernel order.
pub fn naive_pick(version: &str, list: &[Entry], bindnet: IpAddr) -> Option<Pick> {
    let numbers: Vec<u32> = version.split('.').map(|n| n.parse().unwrap()).collect();
    if numbers < vec![1, 4, 4] {
        netlink_first(list, bindnet)
    } else if numbers < vec![1, 4, 8] {
        netlink_exact(list, bindnet, false)
    } else if numbers < vec![1, 99, 0] {
        netlink_exact(list, bindnet, true)
    } else if numbers < vec![2, 0, 2] {
        prepended(list, bindnet)
    } else {
        newest(list, bindnet)
    }
}

/// Version 2.0.0 with the workaround of 2012: the list in its own order, labels with a colon
/// skipped.
pub fn naive_patched(list: &[Entry], bindnet: IpAddr) -> Option<Pick> {
    for entry in list {
        let colon = entry.label.as_ref().is_some_and(|l| l.contains(':'));
        if same_family(entry, bindnet) && !colon && same_net(entry, bindnet) {
            return Pick::of(entry, entry.ip);
        }
    }
    None
}

/// The addresses of one network with a bindnetaddr, each by its own mask.
pub fn same_nets(list: &[Entry], bindnet: IpAddr) -> Vec<IpAddr> {
    let matching = |entry: &&Entry| same_family(entry, bindnet) && same_net(entry, bindnet);
    list.iter().filter(matching).map(|entry| entry.ip).collect()
}

fn newest(list: &[Entry], bindnet: IpAddr) -> Option<Pick> {
    let mut net_match = None;
    for entry in list {
        if !same_family(entry, bindnet) {
            continue;
        }
        if entry.ip == bindnet {
            return Pick::of(entry, entry.ip);
        }
        if net_match.is_none() && same_net(entry, bindnet) {
            net_match = Pick::of(entry, entry.ip);
        }
    }
    net_match
}

/// `list_add` where `list_add_tail` was meant.
fn prepended(list: &[Entry], bindnet: IpAddr) -> Option<Pick> {
    for entry in list.iter().rev() {
        if same_family(entry, bindnet) && same_net(entry, bindnet) {
            return Pick::of(entry, entry.ip);
        }
    }
    None
}

fn netlink_first(list: &[Entry], bindnet: IpAddr) -> Option<Pick> {
    for entry in list {
        if !same_family(entry, bindnet) {
            continue;
        }
        let ifa_address = entry.peer.unwrap_or(entry.ip);
        if ifa_address == bindnet {
            return Pick::of(entry, ifa_address);
        }
        if bindnet.is_ipv4() {
            let mask = shifted_mask(entry.prefix_len);
            if bits(entry.ip) & mask == bits(bindnet) & mask {
                return Pick::of(entry, ifa_address);
            }
        }
    }
    None
}

fn netlink_exact(list: &[Entry], bindnet: IpAddr, strict: bool) -> Option<Pick> {
    let mut net_match = None;
    for entry in list {
        if !same_family(entry, bindnet) {
            continue;
        }
        let ifa_address = entry.peer.unwrap_or(entry.ip);
        // Of IPv6 IFA_ADDRESS is compared, too, and then overwritten.
        if entry.ip == bindnet || (bindnet.is_ipv6() && ifa_address == bindnet) {
            return Pick::of(entry, entry.ip);
        }
        if net_match.is_none() && bindnet.is_ipv4() {
            let mask = shifted_mask(entry.prefix_len);
            let wanted = if strict {
                bits(bindnet)
            } else {
                bits(bindnet) & mask
            };
            if wanted == bits(entry.ip) & mask {
                net_match = Pick::of(entry, ifa_address);
            }
        }
    }
    net_match
}

/// `htonl(~((1<<(32-ifa->ifa_prefixlen))-1))` on x86, which shifts by 32 bits not at all.
fn shifted_mask(prefix_len: u8) -> u128 {
    u128::from(
        !(1u32
            .wrapping_shl(32 - u32::from(prefix_len))
            .wrapping_sub(1)),
    )
}

fn same_family(entry: &Entry, bindnet: IpAddr) -> bool {
    entry.ip.is_ipv4() == bindnet.is_ipv4()
}

/// Byte by byte, as the C code does it.
fn same_net(entry: &Entry, bindnet: IpAddr) -> bool {
    let mask = |at: usize| {
        let left = usize::from(entry.prefix_len).saturating_sub(8 * at);
        if left >= 8 { 0xff } else { !(0xff_u8 >> left) }
    };
    let pairs = bytes(entry.ip).into_iter().zip(bytes(bindnet));
    pairs
        .enumerate()
        .all(|(at, (a, b))| a & mask(at) == b & mask(at))
}

fn bytes(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

fn bits(ip: IpAddr) -> u128 {
    bytes(ip)
        .into_iter()
        .fold(0, |bits, byte| bits << 8 | u128::from(byte))
}
