//! A host printed as iproute2 prints it is read as that host, less what iproute2 leaves out.

use std::io::{Result, Write};

use arbitrary::Unstructured;
use bindnet::Snapshot;
use bindnet::snapshot::Source;
use bindnet::snapshot::{About, AddressFlags, Lifetime, LinkFlags, Name, Scope};
use bindnet::{Address, Link};

use super::input;

pub fn check(data: &[u8]) {
    let mut u = Unstructured::new(data);
    let Ok(drawn) = u.arbitrary().and_then(|v4| input::host(&mut u, v4)) else {
        return;
    };
    let links: Vec<_> = drawn
        .links()
        .iter()
        .map(|link| known(&drawn, link))
        .collect();
    let mut addresses = Vec::new();
    for link in &links {
        // iproute2 prints link by link, and within a link IPv4 before IPv6.
        let here = drawn
            .addresses()
            .filter(|a| a.link_index() == Some(link.index()));
        addresses.extend(here.filter_map(|address| complete(&address)));
    }
    let mut text = Vec::new();
    print(&mut text, &links, &addresses).expect("a Vec takes everything");
    let shown = String::from_utf8_lossy(&text);
    let mut about = About::default();
    about.source = Some(Source::IpJson);
    let host = Snapshot::new(links, addresses)
        .expect("as drawn")
        .with_about(about);
    assert_eq!(Snapshot::from_json(&text).expect(&shown), host, "{shown}");
}

/// A link as iproute2 tells it: IFF_RUNNING only of one that is up, a master only by its name,
/// and no name twice.
fn known(host: &Snapshot, link: &Link) -> Link {
    let name = [&[b'a' + link.index() as u8], link.name().as_bytes()].concat();
    let name = Name::from_bytes(&name).expect("short names are drawn");
    let mut flags = link.flags().unwrap_or_default().bits() & !LinkFlags::RUNNING.bits();
    if link.is_running() == Some(true) {
        flags |= LinkFlags::RUNNING.bits();
    }
    let mut known = Link::new(link.index(), name)
        .with_flags(LinkFlags::from_bits(flags))
        .with_hardware_type(Link::ETHERNET);
    known = link.alt_names().fold(known, Link::with_alt_name);
    if let Some(mac) = link.mac() {
        known = known.with_mac(*mac);
    }
    if let Some(kind) = link.kind() {
        known = known.with_kind(kind);
    }
    match link.master().filter(|master| host.link(*master).is_some()) {
        Some(master) => known.with_master(master),
        None => known,
    }
}

/// An address with everything that the kernel always says; it knows no mask with holes.
fn complete(address: &Address) -> Option<Address> {
    address.net()?;
    Some(
        address
            .with_flags(address.flags().unwrap_or(AddressFlags::PERMANENT))
            .with_scope(address.scope().unwrap_or(Scope::GLOBAL))
            .with_valid_lft(address.valid_lft().unwrap_or(Lifetime::Forever))
            .with_preferred_lft(address.preferred_lft().unwrap_or(Lifetime::Forever)),
    )
}

/// `ip -d -j addr`, after ip/ipaddress.c of iproute2 6.1.
fn print(out: &mut impl Write, links: &[Link], addresses: &[Address]) -> Result<()> {
    write!(out, "[")?;
    for (at, link) in links.iter().enumerate() {
        let comma = if at == 0 { "" } else { "," };
        write!(out, r#"{comma}{{"ifindex":{},"ifname":"#, link.index())?;
        string(out, link.name().as_bytes())?;
        write!(
            out,
            r#","flags":{},"mtu":1500,"qdisc":"noqueue""#,
            flags(link)
        )?;
        if let Some(master) = links.iter().find(|l| Some(l.index()) == link.master()) {
            write!(out, r#","master":"#)?;
            string(out, master.name().as_bytes())?;
        }
        write!(
            out,
            r#","operstate":"UP","txqlen":1000,"link_type":"ether""#
        )?;
        if let Some(mac) = link.mac() {
            write!(out, r#","address":"{mac}","broadcast":"ff:ff:ff:ff:ff:ff""#)?;
        }
        if let Some(kind) = link.kind() {
            write!(
                out,
                r#","linkinfo":{{"info_kind":"{kind}","info_data":{{"a":[1]}}}}"#
            )?;
        }
        for (at, name) in link.alt_names().enumerate() {
            write!(out, "{}", if at == 0 { r#","altnames":["# } else { "," })?;
            string(out, name.as_bytes())?;
        }
        if link.alt_names().next().is_some() {
            write!(out, "]")?;
        }
        write!(out, r#","addr_info":["#)?;
        let here = addresses
            .iter()
            .filter(|a| a.link_index() == Some(link.index()));
        for (at, address) in here.enumerate() {
            print_address(out, if at == 0 { "" } else { "," }, address)?;
        }
        write!(out, "]}}")?;
    }
    writeln!(out, "]")
}

/// print_link_flags().
#[rustfmt::skip]
const LINK_FLAGS: [(u32, &str); 18] = [
    (0x8, "LOOPBACK"), (0x2, "BROADCAST"), (0x10, "POINTOPOINT"), (0x1000, "MULTICAST"),
    (0x80, "NOARP"), (0x200, "ALLMULTI"), (0x100, "PROMISC"), (0x400, "MASTER"),
    (0x800, "SLAVE"), (0x4, "DEBUG"), (0x8000, "DYNAMIC"), (0x4000, "AUTOMEDIA"),
    (0x2000, "PORTSEL"), (0x20, "NOTRAILERS"), (0x1, "UP"), (0x1_0000, "LOWER_UP"),
    (0x2_0000, "DORMANT"), (0x4_0000, "ECHO"),
];

fn flags(link: &Link) -> String {
    let bits = link.flags().unwrap_or_default().bits();
    let mut words = Vec::new();
    if bits & 0x41 == 0x1 {
        words.push("\"NO-CARRIER\"".to_owned());
    }
    let set = LINK_FLAGS.iter().filter(|(bit, _)| bits & bit != 0);
    words.extend(set.map(|(_, word)| format!("{word:?}")));
    format!("[{}]", words.join(","))
}

/// print_ifa_flags(); `dynamic` stands for the absence of IFA_F_PERMANENT.
#[rustfmt::skip]
const ADDRESS_FLAGS: [(u32, &str); 11] = [
    (0x2, "nodad"), (0x4, "optimistic"), (0x8, "dadfailed"), (0x10, "home"),
    (0x20, "deprecated"), (0x40, "tentative"), (0x80, "dynamic"), (0x100, "mngtmpaddr"),
    (0x200, "noprefixroute"), (0x400, "autojoin"), (0x800, "stable-privacy"),
];

/// print_addrinfo().
fn print_address(out: &mut impl Write, comma: &str, address: &Address) -> Result<()> {
    let (ip, len) = (address.ip(), address.netmask());
    let family = if ip.is_ipv4() { "inet" } else { "inet6" };
    write!(out, r#"{comma}{{"family":"{family}","local":"{ip}""#)?;
    if let Some(peer) = address.peer() {
        write!(out, r#","address":"{peer}""#)?;
    }
    let scope = address.scope().unwrap_or(Scope::GLOBAL);
    write!(out, r#","prefixlen":{len},"scope":"{scope}""#)?;
    if let Some(protocol) = address.protocol() {
        write!(out, r#","protocol":"{protocol}""#)?;
    }
    let bits = address.flags().unwrap_or_default().bits();
    let first = (
        0x1,
        if ip.is_ipv4() {
            "secondary"
        } else {
            "temporary"
        },
    );
    for (bit, word) in [first].iter().chain(&ADDRESS_FLAGS) {
        if (bits & bit != 0) != (*bit == 0x80) {
            write!(out, r#","{word}":true"#)?;
        }
    }
    if let rest @ 1.. = bits & !0xfff {
        write!(out, r#","ifa_flags":"{rest:02x}""#)?;
    }
    if let Some(label) = address.label() {
        write!(out, r#","label":"#)?;
        string(out, label.as_bytes())?;
    }
    let seconds = |lifetime| match lifetime {
        Some(Lifetime::Seconds(seconds)) => seconds,
        _ => u32::MAX,
    };
    let (valid, preferred) = (
        seconds(address.valid_lft()),
        seconds(address.preferred_lft()),
    );
    write!(
        out,
        r#","valid_life_time":{valid},"preferred_life_time":{preferred}}}"#
    )
}

/// jsonw_puts(): it escapes seven bytes and no other.
fn string(out: &mut impl Write, bytes: &[u8]) -> Result<()> {
    out.write_all(b"\"")?;
    for byte in bytes {
        match byte {
            b'\t' => out.write_all(br"\t")?,
            b'\n' => out.write_all(br"\n")?,
            b'\r' => out.write_all(br"\r")?,
            0x0c => out.write_all(br"\f")?,
            0x08 => out.write_all(br"\b")?,
            b'\\' => out.write_all(br"\\")?,
            b'"' => out.write_all(br#"\""#)?,
            byte => out.write_all(&[*byte])?,
        }
    }
    out.write_all(b"\"")
}
