//! Hosts and texts of any size.

use std::net::{Ipv4Addr, Ipv6Addr};

use bindnet::model::{AddressRequest, Operation};
use bindnet::snapshot::{About, AddressFlags, LinkFlags, Scope};
use bindnet::{Address, Link, Snapshot};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

fn ip(at: usize) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0001 + at as u32)
}

fn net(at: usize, len: u8) -> IpNet {
    Ipv4Net::new(ip(at), len).unwrap().into()
}

fn net_v6(at: usize) -> IpNet {
    let ip = Ipv6Addr::from_bits(0x2001_0db8 << 96 | (at as u128 + 1));
    Ipv6Net::new(ip, 64).unwrap().into()
}

fn link(index: u32) -> Link {
    let flags = LinkFlags::UP | LinkFlags::RUNNING | LinkFlags::LOWER_UP;
    Link::new(index, format!("e{index}").parse().unwrap()).with_flags(flags)
}

fn address(net: IpNet, link: u32) -> Address {
    Address::new(net, link)
        .with_flags(AddressFlags::PERMANENT)
        .with_scope(Scope::GLOBAL)
}

/// A primary address and secondaries.
pub fn one_network(size: usize) -> Snapshot {
    let secondary = AddressFlags::PERMANENT | AddressFlags::SECONDARY;
    let all = (0..size).map(|at| match at {
        0 => address(net(0, 8), 2),
        at => address(net(at, 8), 2).with_flags(secondary),
    });
    Snapshot::new([link(2)], all).unwrap()
}

/// Networks of all sizes, and as many host prefixes.
pub fn host_prefixes(size: usize) -> Snapshot {
    let len = |at| if at % 2 == 0 { 8 + (at % 23) as u8 } else { 32 };
    let all = (0..size).map(|at| address(net(at, len(at)), 2));
    Snapshot::new([link(2)], all).unwrap()
}

/// A link for each address.
pub fn links(size: usize) -> Snapshot {
    let indexes = (0..size).map(|at| at as u32 + 2);
    let all = indexes
        .clone()
        .zip(0..)
        .map(|(index, at)| address(net(at, 8), index));
    Snapshot::new(indexes.map(link), all).unwrap()
}

pub fn v6(size: usize) -> Snapshot {
    Snapshot::new([link(2)], (0..size).map(|at| address(net_v6(at), 2))).unwrap()
}

/// A node with its own address and a VIP.
pub fn node(at: usize) -> Snapshot {
    let vip = address(net(at + 1_000_000, 32), 2);
    let host = Snapshot::new([link(2)], [address(net(at, 8), 2), vip]).unwrap();
    let mut about = About::default();
    about.hostname = Some(format!("n{at}"));
    host.with_about(about)
}

pub fn nets(size: usize) -> Vec<IpNet> {
    (0..size).map(|at| net(at, 32)).collect()
}

/// As `ip -d -j addr` prints it.
pub fn ip_json(size: usize) -> String {
    let one = |at| {
        format!(
            r#"{{"family":"inet","local":"{}","prefixlen":8,"scope":"global","label":"eth0",
               "valid_life_time":4294967295,"preferred_life_time":4294967295}}"#,
            ip(at)
        )
    };
    let all: Vec<String> = (0..size).map(one).collect();
    let all = all.join(",");
    format!(r#"[{{"ifindex":2,"ifname":"eth0","flags":["UP"],"addr_info":[{all}]}}]"#)
}

pub fn hosts(size: usize) -> String {
    (0..size).map(|at| format!("{} n{at}\n", ip(at))).collect()
}

/// A nodelist; of more than 14 000 nodes none is read.
pub fn conf(size: usize) -> String {
    let node = |at| {
        let (nodeid, ip) = (at + 1, ip(at));
        format!("node {{\nname: n{at}\nnodeid: {nodeid}\nring0_addr: {ip}\n}}\n")
    };
    let nodes: String = (0..size).map(node).collect();
    format!("totem {{\nversion: 2\ntransport: knet\n}}\nnodelist {{\n{nodes}}}\n")
}

fn adds(size: usize, net: impl Fn(usize) -> IpNet) -> Vec<Operation> {
    let lo = "lo".parse().unwrap();
    let add = |at| Operation::AddAddress(AddressRequest::new(net(at), lo));
    (0..size).map(add).collect()
}

pub fn primaries(size: usize) -> Vec<Operation> {
    adds(size, |at| net(at, 32))
}

pub fn secondaries(size: usize) -> Vec<Operation> {
    adds(size, |at| net(at, 8))
}

pub fn adds_v6(size: usize) -> Vec<Operation> {
    adds(size, net_v6)
}
