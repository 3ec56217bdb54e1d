//! The addresses of all nodes, in little memory: a thousand nodes may have a thousand each.

use std::net::IpAddr;

use crate::rule::{Candidate, Restriction, Selector, Verdict, View};
use crate::snapshot::{Bits, HardwareAddress, Link, Name, Snapshot, Table, is_link_local};

/// An address that a node has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Holding {
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

// A million of them must fit into memory.
const _: () = assert!(size_of::<Holding>() <= 48);

/// Adds those addresses of a node that can be a duplicate.
pub(super) fn gather(
    inventory: &mut Vec<Holding>,
    node: u32,
    host: &Snapshot,
    selector: &Selector,
) {
    gather_from(inventory, node, host, &host.v4, selector);
    gather_from(inventory, node, host, &host.v6, selector);
}

/// A restriction of the selector does not count: an address is a duplicate on any link.
fn gather_from<A: Bits>(
    inventory: &mut Vec<Holding>,
    node: u32,
    host: &Snapshot,
    table: &Table<A>,
    selector: &Selector,
) {
    let all = View::new(host, table, Restriction::None).all(selector, Verdict::OtherNetwork);
    inventory.extend(
        all.iter()
            .filter(|candidate| !may_be_shared(candidate.ip))
            .map(|candidate| holding(node, host, candidate)),
    );
}

fn holding(node: u32, host: &Snapshot, candidate: &Candidate) -> Holding {
    let link = candidate.link.and_then(|index| host.link(index));
    Holding {
        ip: candidate.ip,
        node,
        interface: candidate.interface,
        prefix_len: candidate.netmask.prefix_len(),
        mac: link
            .and_then(Link::mac)
            .and_then(|mac| machine_mac(mac, link)),
        is_floating: candidate.reasons.is_floating(),
        on_loopback: link.and_then(Link::is_loopback) == Some(true),
    }
}

/// Whether many nodes may have an address without a conflict: loopback, link-local (RFC 3927,
/// RFC 4291), multicast, or unspecified.
pub(super) fn may_be_shared(ip: IpAddr) -> bool {
    let link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        ip => is_link_local(ip),
    };
    let ip = ip.to_canonical();
    link_local || ip.is_loopback() || ip.is_multicast() || ip.is_unspecified()
}

/// A hardware address that no two machines should have.
///
/// It has six bytes, as on Ethernet; a tunnel has an IP address there. It is not a group's (IEEE
/// 802, the lowest bit of the first byte). It is not a VRRP router's, which each of its hosts may
/// have.
fn machine_mac(mac: &HardwareAddress, link: Option<&Link>) -> Option<[u8; 6]> {
    let other_hardware = link
        .and_then(Link::hardware_type)
        .is_some_and(|hardware_type| hardware_type != Link::ETHERNET);
    let bytes: [u8; 6] = mac.as_bytes().try_into().ok()?;
    let is_group = bytes[0] & 1 == 1;
    (!other_hardware && !is_group && !mac.is_vrrp()).then_some(bytes)
}

/// The holdings of an address in a sorted inventory.
pub(super) fn of(inventory: &[Holding], ip: IpAddr) -> &[Holding] {
    let start = inventory.partition_point(|row| row.ip < ip);
    let rest = inventory.get(start..).unwrap_or_default();
    let end = rest.partition_point(|row| row.ip == ip);
    rest.get(..end).unwrap_or_default()
}

/// The first holding of each node in a sorted inventory.
pub(super) fn first_per_node(inventory: &[Holding]) -> impl Iterator<Item = &Holding> {
    inventory
        .chunk_by(|a, b| a.node == b.node)
        .filter_map(<[Holding]>::first)
}
