//! The ways to find the address, each as its library's documentation begins.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr};

use bindnet::live::Capturer;
use bindnet::{Decision, Selector};
use ipnet::Ipv4Net;
use netlink_packet_core::{NLM_F_DUMP, NLM_F_REQUEST, NetlinkMessage, NetlinkPayload};
use netlink_packet_route::address::{AddressAttribute, AddressMessage};
use netlink_packet_route::{AddressFamily, RouteNetlinkMessage};
use netlink_sys::{Socket, SocketAddr, protocols::NETLINK_ROUTE};
use network_interface::{NetworkInterface, NetworkInterfaceConfig};
use nix::sys::socket::SockaddrStorage;

use crate::hosts::BINDNET;

/// How many ways there are.
pub const COUNT: usize = 8;

/// The way that is compared with the others.
pub const OURS: &str = "bindnet, new Capturer";

/// How many addresses were found: 1, or the way is wrong.
pub type Found = Result<usize, Box<dyn Error>>;

/// A way and what it is called: its library first.
pub type Named = (&'static str, Box<dyn FnMut() -> Found>);

/// All ways, on the host that this is called on.
pub fn all() -> [Named; COUNT] {
    let target = BINDNET.parse().expect("an IPv4 address");
    let selector = Selector::new(BINDNET.parse().expect("a bindnetaddr"));
    let again = selector.clone();
    let mut kept = Capturer::open().expect("a capturer");
    [
        (
            OURS,
            Box::new(move || Ok(chosen(target, &Capturer::open()?.decide(&selector)?))),
        ),
        (
            "bindnet, kept Capturer",
            Box::new(move || Ok(chosen(target, &kept.decide(&again)?))),
        ),
        ("nix getifaddrs", Box::new(move || nix(target))),
        ("getifs", Box::new(move || getifs(target))),
        ("netlink-packet-route", Box::new(move || packets(target))),
        ("if-addrs", Box::new(move || if_addrs(target))),
        (
            "network-interface",
            Box::new(move || network_interface(target)),
        ),
        ("netdev", Box::new(move || Ok(netdev(target)))),
    ]
}

/// How many addresses have the target in their network, as a bindnetaddr is understood.
fn count(target: Ipv4Addr, addresses: impl Iterator<Item = (Ipv4Addr, Ipv4Addr)>) -> usize {
    let target = target.to_bits();
    let ours = addresses.filter(|(ip, mask)| (ip.to_bits() ^ target) & mask.to_bits() == 0);
    ours.count()
}

fn chosen(target: Ipv4Addr, decision: &Decision) -> usize {
    let chosen = decision.chosen().map(|c| (c.ip(), c.netmask().to_ip()));
    let v4 = chosen.and_then(|pair| match pair {
        (IpAddr::V4(ip), IpAddr::V4(mask)) => Some((ip, mask)),
        _ => None,
    });
    count(target, v4.into_iter())
}

fn nix(target: Ipv4Addr) -> Found {
    let v4 = |address: SockaddrStorage| Some(address.as_sockaddr_in()?.ip());
    let entries = nix::ifaddrs::getifaddrs()?;
    let v4 = entries.filter_map(|entry| Some((v4(entry.address?)?, v4(entry.netmask?)?)));
    Ok(count(target, v4))
}

fn getifs(target: Ipv4Addr) -> Found {
    let addresses = getifs::interface_ipv4_addrs()?;
    let v4 = addresses.iter().map(|a| (a.addr(), a.net().netmask()));
    Ok(count(target, v4))
}

/// The dump that the library's examples make, with a buffer that the kernel can fill.
fn packets(target: Ipv4Addr) -> Found {
    let mut socket = Socket::new(NETLINK_ROUTE)?;
    socket.bind_auto()?;
    socket.connect(&SocketAddr::new(0, 0))?;

    let mut message = AddressMessage::default();
    message.header.family = AddressFamily::Inet;
    let mut request = NetlinkMessage::from(RouteNetlinkMessage::GetAddress(message));
    request.header.flags = NLM_F_DUMP | NLM_F_REQUEST;
    request.header.sequence_number = 1;
    request.finalize();
    let mut bytes = vec![0; request.buffer_len()];
    request.serialize(&mut bytes);
    socket.send(&bytes, 0)?;

    let mut found = 0;
    let mut buffer = vec![0; 32 << 10];
    loop {
        let len = socket.recv(&mut &mut buffer[..], 0)?;
        let mut rest = &buffer[..len];
        while !rest.is_empty() {
            let message = NetlinkMessage::<RouteNetlinkMessage>::deserialize(rest)?;
            rest = rest.get(message.header.length as usize..).unwrap_or(&[]);
            match message.payload {
                NetlinkPayload::InnerMessage(RouteNetlinkMessage::NewAddress(address)) => {
                    found += count(target, local(&address).into_iter());
                }
                NetlinkPayload::Done(_) => return Ok(found),
                NetlinkPayload::Error(error) => return Err(error.to_io().into()),
                _ => (),
            }
        }
    }
}

fn local(message: &AddressMessage) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let mut attributes = message.attributes.iter();
    let ip = attributes.find_map(|attribute| match attribute {
        AddressAttribute::Local(IpAddr::V4(ip)) => Some(*ip),
        _ => None,
    })?;
    let net = Ipv4Net::new(ip, message.header.prefix_len).ok()?;
    Some((ip, net.netmask()))
}

fn if_addrs(target: Ipv4Addr) -> Found {
    let interfaces = if_addrs::get_if_addrs()?;
    let v4 = interfaces.iter().filter_map(|i| match &i.addr {
        if_addrs::IfAddr::V4(v4) => Some((v4.ip, v4.netmask)),
        if_addrs::IfAddr::V6(_) => None,
    });
    Ok(count(target, v4))
}

fn network_interface(target: Ipv4Addr) -> Found {
    let interfaces = NetworkInterface::show()?;
    let addresses = interfaces.iter().flat_map(|interface| &interface.addr);
    let v4 = addresses.filter_map(|address| match address {
        network_interface::Addr::V4(v4) => Some((v4.ip, v4.netmask?)),
        network_interface::Addr::V6(_) => None,
    });
    Ok(count(target, v4))
}

fn netdev(target: Ipv4Addr) -> usize {
    let interfaces = netdev::get_interfaces();
    let nets = interfaces.iter().flat_map(|interface| &interface.ipv4);
    count(target, nets.map(|net| (net.addr(), net.netmask())))
}
