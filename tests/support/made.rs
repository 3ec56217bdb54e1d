//! Hosts that are made from snapshots: links and addresses of the real kernel, in the namespace of
//! the test.

use std::collections::HashMap;
use std::net::IpAddr;

use bindnet::snapshot::{AddressFlags, Lifetime, LinkFlags};
use bindnet::{Address, Link, Snapshot};

use crate::netns::{
    AddressRequest, Changer, IFA_LABEL, IFA_PROTO, capture, ip, ip_batch, sysctl, until,
};

/// Attributes of an address (linux/if_addr.h).
const IFA_ADDRESS: u16 = 1;
const IFA_CACHEINFO: u16 = 6;
const IFA_FLAGS: u16 = 8;

/// The first index of the links that only carry those of the host: far ends of cables, and what is
/// below a macvlan.
const BELOW: u32 = 10_000;

/// Makes the links and addresses of a host. For each address whose number the kernel draws it returns
/// the number: that of an IPv6 privacy address.
///
/// A cable stands for a tun, a vxlan and an ifb, and for a bridge without ports: no rule knows them
/// from one another. IPv6 link-local addresses are not made.
pub fn make(host: &Snapshot) -> HashMap<IpAddr, IpAddr> {
    // No address comes by itself, and none has to be detected unless it is said.
    for name in ["all", "default"] {
        sysctl(&format!("ipv6/conf/{name}/accept_dad"), 0);
    }
    sysctl("ipv6/conf/default/addr_gen_mode", 1);
    host.links().iter().for_each(|link| make_link(host, link));
    let is_running = |link: &Link| capture().link(link.index()).unwrap().is_running();
    for link in host.links() {
        until(
            &format!("the carrier of {} is as it was", link.name()),
            || is_running(link) == link.is_running(),
        );
    }
    for address in host.addresses().filter(is_temporary) {
        let link = host.link_of(&address).unwrap().name();
        sysctl(&format!("ipv6/conf/{link}/use_tempaddr"), 2);
    }
    let changer = Changer::open();
    let (v4, v6): (Vec<_>, Vec<_>) = host.addresses().partition(|a| a.ip().is_ipv4());
    let mut drawn = HashMap::new();
    // Of two IPv6 addresses the newer one is listed first.
    for address in v4.iter().chain(v6.iter().rev()) {
        if is_made_by_itself(address) {
            continue;
        }
        let link = host.link_of(address).unwrap().name().to_string();
        if is_temporary(address) {
            drawn.insert(drawn_for(address).ip(), address.ip());
        } else if has(address, AddressFlags::DADFAILED) {
            add_failed(&changer, address, &link);
        } else {
            add(&changer, address, &link);
        }
    }
    drawn
}

fn make_link(host: &Snapshot, link: &Link) {
    let (name, index) = (link.name(), link.index());
    if link.is_loopback() == Some(true) {
        ip(&format!("link set {name} up"));
        return;
    }
    let is_running = link.is_running() == Some(true);
    let is_port_of_it = |port: &Link| port.master() == Some(index);
    let (far, below) = (far_end(index), BELOW + index);
    let cable = |name: &str, index| {
        format!("link add {name} index {index} type veth peer name {far} index {below}")
    };
    let mut commands = Vec::new();
    match link.kind() {
        Some("bridge") if host.links().iter().any(is_port_of_it) => {
            commands.push(format!("link add {name} index {index} type bridge"));
        }
        Some("macvlan") => {
            let parent = format!("parent{index}");
            commands.push(cable(&parent, 2 * BELOW + index));
            commands.push(format!("link set {parent} up"));
            commands.push(format!(
                "link add {name} index {index} link {parent} type macvlan mode bridge"
            ));
            commands.push(format!("link set {far} up"));
        }
        _ => {
            commands.push(cable(&name.to_string(), index));
            if is_running {
                commands.push(format!("link set {far} up"));
            }
        }
    }
    if let Some(mac) = link.mac() {
        commands.push(format!("link set {name} address {mac}"));
    }
    if let Some(master) = link.master() {
        commands.push(format!("link set {name} master {}", name_of(master)));
    }
    if link.is_up() == Some(true) {
        commands.push(format!("link set {name} up"));
    }
    ip_batch(commands);
}

/// The other end of the cable of the link with this index.
fn far_end(index: u32) -> String {
    format!("far{index}")
}

/// The name of a link that is made already.
fn name_of(index: u32) -> String {
    capture().link(index).unwrap().name().to_string()
}

fn has(address: &Address, flag: AddressFlags) -> bool {
    address.flags().unwrap().contains(flag)
}

/// The flag is SECONDARY of an IPv4 address.
fn is_temporary(address: &Address) -> bool {
    address.ip().is_ipv6() && has(address, AddressFlags::TEMPORARY)
}

/// The loopback link has its own from the start, and nobody asks for link-local ones.
fn is_made_by_itself(address: &Address) -> bool {
    let ip = address.ip();
    ["127.0.0.1", "::1"].contains(&ip.to_string().as_str()) || is_link_local(address)
}

/// Whether an address is link-local, IPv6.
pub fn is_link_local(address: &Address) -> bool {
    address.ip().is_ipv6() && address.is_link_local()
}

/// Adds an address, and waits until it is as it was: ready, or being detected for days.
fn add(changer: &Changer, address: &Address, link: &str) {
    let tentative = has(address, AddressFlags::TENTATIVE);
    if address.ip().is_ipv6() && link != "lo" {
        let (detects, probes) = if tentative { (1, 1_000_000) } else { (0, 1) };
        sysctl(&format!("ipv6/conf/{link}/accept_dad"), detects);
        sysctl(&format!("ipv6/conf/{link}/dad_transmits"), probes);
    }
    changer.add(&request(address)).unwrap();
    if !tentative {
        until("detection is over", || {
            !has(&entry(address), AddressFlags::TENTATIVE)
        });
    }
}

/// The privacy address that the kernel has made beside the one of the same network.
fn drawn_for(address: &Address) -> Address {
    let net = address.net().unwrap();
    let is_it = |made: &Address| is_temporary(made) && net.contains(&made.ip());
    let drawn = || capture().addresses().find(is_it).unwrap();
    until("detection is over", || {
        !has(&drawn(), AddressFlags::TENTATIVE)
    });
    drawn()
}

/// Adds an address that the far end has, too, until the kernel has found that out.
fn add_failed(changer: &Changer, address: &Address, link: &str) {
    let net = address.net().unwrap();
    let far = far_end(address.link_index().unwrap());
    ip(&format!("addr add {net} dev {far} nodad"));
    sysctl(&format!("ipv6/conf/{link}/accept_dad"), 1);
    sysctl(&format!("ipv6/conf/{link}/dad_transmits"), 1);
    changer.add(&request(address)).unwrap();
    until("detection has failed", || {
        has(&entry(address), AddressFlags::DADFAILED)
    });
    ip(&format!("addr del {net} dev {far}"));
}

/// The entry of the same address on the same link.
fn entry(address: &Address) -> Address {
    let same = |made: &Address| {
        (made.ip(), made.netmask(), made.link_index())
            == (address.ip(), address.netmask(), address.link_index())
    };
    let host = capture();
    let entry = host.addresses().find(same);
    entry.unwrap_or_else(|| panic!("{} was not added", address.ip()))
}

fn request(address: &Address) -> AddressRequest {
    let set = AddressFlags::NODAD | AddressFlags::NOPREFIXROUTE | AddressFlags::MANAGETEMPADDR;
    let flags = address.flags().unwrap().bits() & set.bits();
    let mut request = AddressRequest::new(address.net().unwrap(), address.link_index().unwrap())
        .with_scope(address.scope().unwrap())
        .with(IFA_FLAGS, &flags.to_ne_bytes())
        .with(IFA_CACHEINFO, &lifetimes(address));
    if let Some(peer) = address.peer() {
        request = match peer {
            IpAddr::V4(peer) => request.with(IFA_ADDRESS, &peer.octets()),
            IpAddr::V6(peer) => request.with(IFA_ADDRESS, &peer.octets()),
        };
    }
    if let Some(label) = address.label() {
        let text = [label.as_bytes(), b"\0"].concat();
        request = request.with(IFA_LABEL, &text);
    }
    if let Some(protocol) = address.protocol() {
        request = request.with(IFA_PROTO, &[protocol]);
    }
    request
}

/// A `struct ifa_cacheinfo`: preferred and valid lifetime, and two times that the kernel sets.
fn lifetimes(address: &Address) -> Vec<u8> {
    let seconds = |lifetime: Option<Lifetime>| match lifetime {
        Some(Lifetime::Seconds(seconds)) => seconds,
        _ => u32::MAX,
    };
    let preferred = if has(address, AddressFlags::DEPRECATED) {
        0
    } else {
        seconds(address.preferred_lft())
    };
    let times = [preferred, seconds(address.valid_lft()), 0, 0];
    times.iter().flat_map(|time| time.to_ne_bytes()).collect()
}

/// Whether a link is as a rule sees it.
pub fn link_facts(link: &Link) -> impl PartialEq + std::fmt::Debug + use<> {
    let flags = [LinkFlags::UP, LinkFlags::RUNNING, LinkFlags::LOOPBACK];
    let has = flags.map(|flag| link.flags().unwrap().contains(flag));
    let mac = link.mac().copied().filter(|mac| mac.is_vrrp());
    (link.index(), link.name(), has, mac, link.master())
}

/// What a rule sees of an address, which may have another number.
pub fn address_facts(address: &Address, ip: IpAddr) -> impl PartialEq + std::fmt::Debug + use<> {
    // What the kernel keeps of how an address came about is not for others to set.
    let flags = address.flags().unwrap().bits() & !AddressFlags::STABLE_PRIVACY.bits();
    let is_finite = |lifetime: Option<Lifetime>| matches!(lifetime, Some(Lifetime::Seconds(_)));
    (
        (ip, address.netmask(), address.peer()),
        (address.link_index(), address.label(), address.scope()),
        (flags, address.protocol(), is_finite(address.valid_lft())),
    )
}
