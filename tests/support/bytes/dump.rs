//! A host as the kernel dumps it.

use std::net::IpAddr;

use bindnet::snapshot::{AddressFlags, HardwareAddress, Lifetime, LinkFlags, Scope};
use bindnet::{Address, Link, Snapshot};

use super::netlink::*;

/// A host as the kernel dumps it: links, IPv4 addresses, IPv6 addresses, each with the end of the
/// dump.
///
/// It can say what the kernel can: an address whose mask has gaps, or whose link is not known, is
/// left out, and an unknown flag is none.
pub fn dumps(host: &Snapshot) -> [Vec<u8>; 3] {
    let links = host.links().iter().map(link);
    let of = |v4: bool| {
        let of_family = host.addresses().filter(move |a| a.ip().is_ipv4() == v4);
        of_family.filter_map(|a| address(&a))
    };
    [ended(links), ended(of(true)), ended(of(false))]
}

fn ended(messages: impl Iterator<Item = Vec<u8>>) -> Vec<u8> {
    let done = message(NLMSG_DONE, NLM_F_MULTI, &0i32.to_ne_bytes());
    messages.chain([done]).flatten().collect()
}

/// The attributes and their order are those of `inet_fill_ifaddr` and `inet6_fill_ifaddr`.
fn address(address: &Address) -> Option<Vec<u8>> {
    let flags = address.flags().map_or(0, AddressFlags::bits);
    let scope = address.scope().map_or(0, Scope::value);
    let family = if address.ip().is_ipv4() {
        AF_INET
    } else {
        AF_INET6
    };
    let prefix_len = address.netmask().prefix_len()?;
    let [narrow, ..] = flags.to_le_bytes();
    let peer = octets(address.peer().unwrap_or(address.ip()));
    let mut attributes = vec![attribute(IFA_ADDRESS, &peer)];
    if address.ip().is_ipv4() || address.peer().is_some() {
        attributes.push(attribute(IFA_LOCAL, &octets(address.ip())));
    }
    if let Some(label) = address.label() {
        attributes.push(attribute(IFA_LABEL, &[label.as_bytes(), b"\0"].concat()));
    }
    attributes.extend(address.protocol().map(|p| attribute(IFA_PROTO, &[p])));
    attributes.push(attribute(IFA_FLAGS, &flags.to_ne_bytes()));
    if let (Some(preferred), Some(valid)) = (address.preferred_lft(), address.valid_lft()) {
        let created = address.created().unwrap_or(0);
        let info = [seconds(preferred), seconds(valid), created, created];
        let info = info.map(u32::to_ne_bytes).concat();
        attributes.push(attribute(IFA_CACHEINFO, &info));
    }
    let fixed = [family, prefix_len, narrow, scope];
    let body = address_body(fixed, address.link_index()?, &attributes);
    Some(message(RTM_NEWADDR, NLM_F_MULTI, &body))
}

fn link(link: &Link) -> Vec<u8> {
    let mut attributes = vec![attribute(
        IFLA_IFNAME,
        &[link.name().as_bytes(), b"\0"].concat(),
    )];
    let number = |kind, number: u32| attribute(kind, &number.to_ne_bytes());
    attributes.extend(link.master().map(|master| number(IFLA_MASTER, master)));
    let changes = link.carrier_changes();
    attributes.extend(changes.map(|changes| number(IFLA_CARRIER_CHANGES, changes)));
    let mac = link.mac().map(HardwareAddress::as_bytes);
    attributes.extend(mac.map(|mac| attribute(IFLA_ADDRESS, mac)));
    if let Some(kind) = link.kind() {
        let kind = attribute(IFLA_INFO_KIND, &text(kind));
        attributes.push(attribute(IFLA_LINKINFO, &kind));
    }
    let alt_names = link.alt_names().map(|name| {
        let name = [name.as_bytes(), b"\0"].concat();
        attribute(IFLA_ALT_IFNAME, &name)
    });
    let alt_names = alt_names.collect::<Vec<_>>().concat();
    if !alt_names.is_empty() {
        attributes.push(attribute(IFLA_PROP_LIST, &alt_names));
    }
    let flags = link.flags().map_or(0, LinkFlags::bits);
    let hardware_type = link.hardware_type().unwrap_or(0);
    let body = link_body(hardware_type, link.index(), flags, &attributes);
    message(RTM_NEWLINK, NLM_F_MULTI, &body)
}

fn octets(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

fn seconds(lifetime: Lifetime) -> u32 {
    match lifetime {
        Lifetime::Forever => u32::MAX,
        Lifetime::Seconds(seconds) => seconds,
    }
}
