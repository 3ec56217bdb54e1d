//! A snapshot by getifaddrs(3): no flags, scopes, lifetimes or protocols.

use std::collections::BTreeMap;

use nix::net::if_::if_nametoindex;

use super::error::KernelError;
use crate::snapshot::{
    About, Address, HardwareAddress, Link, LinkFlags, Name, Netmask, Snapshot, Source,
};
use crate::sys::getifaddrs::{Entry, What, list};
use crate::sys::host;

impl Snapshot {
    /// Captures this host; there is no rtnetlink on this system, so it is by getifaddrs(3).
    ///
    /// # Errors
    /// If the call fails.
    #[cfg(not(target_os = "linux"))]
    pub fn capture() -> Result<Self, KernelError> {
        Self::capture_by_getifaddrs()
    }

    /// Captures this host by getifaddrs(3), which works on any Unix and knows less: no flags,
    /// scopes, lifetimes or protocols, no alternative names of links, no consistency, and a peer only on a
    /// point-to-point link.
    ///
    /// On Linux glibc and musl ask rtnetlink themselves, so this is no way around a refused
    /// AF_NETLINK; glibc repeats an interrupted dump without bound.
    ///
    /// ```no_run
    /// let snapshot = bindnet::Snapshot::capture_by_getifaddrs()?;
    /// assert!(snapshot.addresses().all(|address| address.flags().is_none()));
    /// # Ok::<(), bindnet::KernelError>(())
    /// ```
    ///
    /// # Errors
    /// If the call fails. If AF_NETLINK is refused, the error names the setting to change.
    #[doc(alias = "getifaddrs")]
    pub fn capture_by_getifaddrs() -> Result<Self, KernelError> {
        let call = "getifaddrs (a socket of AF_NETLINK)";
        let entries = list().map_err(|errno| KernelError::system(call, errno))?;
        let mut snapshot = from_entries(entries);
        *snapshot.about_mut() = About {
            source: Some(Source::Getifaddrs),
            hostname: host::hostname(),
            captured_at: host::now(),
            kernel: host::kernel(),
            ..About::default()
        };
        Ok(snapshot)
    }
}

fn from_entries(entries: Vec<Entry>) -> Snapshot {
    let links: Vec<Link> = links(&entries);
    let by_name: BTreeMap<Name, u32> = links.iter().map(|l| (l.name(), l.index())).collect();
    let mut snapshot = Snapshot::default();
    snapshot.set_links(links);
    for entry in entries {
        if let Some(address) = address(&entry, &by_name) {
            snapshot.push(&address);
        }
    }
    snapshot
}

#[cfg(target_os = "linux")]
fn links(entries: &[Entry]) -> Vec<Link> {
    entries.iter().filter_map(link).collect()
}

#[cfg(target_os = "linux")]
fn link(entry: &Entry) -> Option<Link> {
    let (index, mac) = match &entry.what {
        What::Link(index, mac) => (*index, mac.as_slice()),
        What::BareLink => (if_nametoindex(entry.name.as_slice()).ok()?, &[][..]),
        What::Address { .. } => return None,
    };
    let name = Name::from_bytes(&entry.name).ok()?;
    let link = Link::new(index, name).with_flags(LinkFlags::from_bits(entry.flags));
    Some(match HardwareAddress::from_bytes(mac) {
        Ok(mac) => link.with_mac(mac),
        Err(_) => link,
    })
}

/// Elsewhere an entry has the name of its link, and if_nametoindex(3) its index.
#[cfg(not(target_os = "linux"))]
fn links(entries: &[Entry]) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    let mut seen = std::collections::BTreeSet::new();
    for entry in entries {
        let Ok(name) = Name::from_bytes(&entry.name) else {
            continue;
        };
        if !seen.insert(name) {
            continue;
        }
        if let Ok(index) = if_nametoindex(entry.name.as_slice()) {
            links.push(Link::new(index, name).with_flags(LinkFlags::from_bits(entry.flags)));
        }
    }
    links
}

fn address(entry: &Entry, by_name: &BTreeMap<Name, u32>) -> Option<Address> {
    let (ip, mask, peer) = match entry.what {
        What::Address { ip, mask, peer } => (ip, mask, peer),
        #[cfg(target_os = "linux")]
        What::Link(..) | What::BareLink => return None,
    };
    let name = Name::from_bytes(&entry.name).ok();
    // A label is not the name of a link, but usually begins with it, before a colon.
    let base = entry.name.split(|b| *b == b':').next();
    let base = base.and_then(|base| Name::from_bytes(base).ok());
    let link = [name, base]
        .into_iter()
        .flatten()
        .find_map(|name| by_name.get(&name));
    let address = Address::with_netmask(ip, Netmask::from_ip(mask), link.copied().unwrap_or(0));
    let mut address = address.ok()?;
    if link.is_none() {
        address = address.on_unknown_link();
    }
    if let Some(label) = name.filter(|_| cfg!(target_os = "linux") && ip.is_ipv4()) {
        address = address.with_label(label);
    }
    match peer {
        Some(peer) => address.with_peer(peer).ok(),
        None => Some(address),
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    /// As rtnetlink's reader and the JSON readers have it (tests/wire/rtnetlink/one_reading.rs).
    #[test]
    fn the_address_itself_is_no_peer() {
        let entry = |peer: Option<&str>| Entry {
            name: b"tun0".to_vec(),
            flags: 0x11,
            what: What::Address {
                ip: "192.0.2.10".parse().unwrap(),
                mask: "255.255.255.255".parse().unwrap(),
                peer: peer.map(|peer| peer.parse().unwrap()),
            },
        };
        let peers = [None, Some("192.0.2.10"), Some("192.0.2.1")];
        let host = from_entries(peers.map(entry).into());
        let read: Vec<_> = host.addresses().map(|address| address.peer()).collect();
        assert_eq!(read, [None, None, Some("192.0.2.1".parse().unwrap())]);
    }
}
