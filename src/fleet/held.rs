//! The addresses of all nodes, in little room: a thousand nodes may have a thousand each.

use std::net::IpAddr;

use crate::rule::{Candidate, Restriction, Selector, Verdict, View};
use crate::snapshot::{Bits, HardwareAddress, Link, Name, Snapshot, Table, is_link_local};

/// An address that a node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Held {
    pub ip: IpAddr,
    pub node: u32,
    pub interface: Option<Name>,
    /// `None` for a mask with holes.
    pub prefix_len: Option<u8>,
    /// The hardware address of its link, if it can tell cloned machines.
    pub mac: Option<[u8; 6]>,
    pub is_floating: bool,
    pub on_loopback: bool,
}

// A million of them are to fit.
const _: () = assert!(size_of::<Held>() <= 48);

/// Adds the addresses of a node, those that can be a duplicate.
pub(super) fn gather(held: &mut Vec<Held>, node: u32, host: &Snapshot, selector: &Selector) {
    gather_from(held, node, host, &host.v4, selector);
    gather_from(held, node, host, &host.v6, selector);
}

/// Whatever the selector is restricted to: another node's link is of no concern to a duplicate.
fn gather_from<A: Bits>(
    held: &mut Vec<Held>,
    node: u32,
    host: &Snapshot,
    table: &Table<A>,
    selector: &Selector,
) {
    let all = View::new(host, table, Restriction::None).all(selector, Verdict::OtherNetwork);
    let row = |candidate: &Candidate| {
        let link = candidate.link.and_then(|index| host.link(index));
        Held {
            ip: candidate.ip,
            node,
            interface: candidate.interface,
            prefix_len: candidate.netmask.prefix_len(),
            mac: link
                .and_then(Link::mac)
                .and_then(|mac| of_a_machine(mac, link)),
            is_floating: candidate.reasons.is_floating(),
            on_loopback: link.and_then(Link::is_loopback) == Some(true),
        }
    };
    held.extend(
        all.iter()
            .filter(|candidate| !is_nobodys(candidate.ip))
            .map(row),
    );
}

/// Whether many nodes may have an address without getting in each other's way: loopback, link-local
/// (RFC 3927, RFC 4291), a group, or none.
pub(super) fn is_nobodys(ip: IpAddr) -> bool {
    let link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        ip => is_link_local(ip),
    };
    let ip = ip.to_canonical();
    link_local || ip.is_loopback() || ip.is_multicast() || ip.is_unspecified()
}

/// A hardware address that no two machines should have: of six bytes, as on Ethernet, where tunnels
/// have an IP address; neither a group's (IEEE 802, the lowest bit of the first byte) nor that of a
/// VRRP router, which each of its hosts may have.
fn of_a_machine(mac: &HardwareAddress, link: Option<&Link>) -> Option<[u8; 6]> {
    let other_hardware = link
        .and_then(Link::hardware_type)
        .is_some_and(|hardware_type| hardware_type != Link::ETHERNET);
    let bytes: [u8; 6] = mac.as_bytes().try_into().ok()?;
    let is_group = bytes[0] & 1 == 1;
    (!other_hardware && !is_group && !mac.is_vrrp()).then_some(bytes)
}

/// The holdings of an address; they are sorted.
pub(super) fn of(held: &[Held], ip: IpAddr) -> &[Held] {
    let start = held.partition_point(|row| row.ip < ip);
    let behind = held.get(start..).unwrap_or_default();
    let end = behind.partition_point(|row| row.ip == ip);
    behind.get(..end).unwrap_or_default()
}

/// One holding for each node; they are sorted.
pub(super) fn one_each(held: &[Held]) -> impl Iterator<Item = &Held> {
    held.chunk_by(|a, b| a.node == b.node)
        .filter_map(<[Held]>::first)
}
