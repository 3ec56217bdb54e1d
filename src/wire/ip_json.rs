//! The output of `ip -j addr` and `ip -d -j addr`, iproute2 5 and 6.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::Deserialize;

use super::json::Problem;
use super::listed::{Collect, Listed, Text};
use super::names::{AltNamesOfIp, Bytes, name};
use super::snapshot_json::{prefix, read};
use super::words::few;
use crate::snapshot::{
    About, Address, AddressFlags, HardwareAddress, Lifetime, Link, LinkFlags, Name, Snapshot,
    Source,
};

#[derive(Deserialize)]
#[serde(expecting = "a link")]
struct LinkJson {
    /// Absent from empty objects: iproute2 5 prints one for each link that a filter excludes.
    ifindex: Option<u32>,
    ifname: Option<Bytes>,
    altnames: Option<Listed<AltNamesOfIp>>,
    #[serde(default, deserialize_with = "few")]
    flags: Option<Vec<String>>,
    address: Option<String>,
    link_type: Option<String>,
    master: Option<Bytes>,
    linkinfo: Option<LinkInfoJson>,
    addr_info: Option<Listed<AddrInfo>>,
}

#[derive(Deserialize)]
struct LinkInfoJson {
    info_kind: Option<Bytes>,
}

#[derive(Deserialize)]
#[serde(expecting = "an address")]
struct AddressJson {
    family: Option<String>,
    local: Option<String>,
    /// The peer.
    address: Option<String>,
    prefixlen: Option<u8>,
    scope: Option<String>,
    label: Option<Bytes>,
    protocol: Option<String>,
    valid_life_time: Option<u32>,
    preferred_life_time: Option<u32>,
    /// The bits that iproute2 has no word for, in hexadecimal.
    ifa_flags: Option<String>,
    #[serde(default)]
    secondary: bool,
    #[serde(default)]
    temporary: bool,
    #[serde(default)]
    nodad: bool,
    #[serde(default)]
    optimistic: bool,
    #[serde(default)]
    dadfailed: bool,
    #[serde(default)]
    home: bool,
    #[serde(default)]
    deprecated: bool,
    #[serde(default)]
    tentative: bool,
    #[serde(default)]
    dynamic: bool,
    #[serde(default)]
    mngtmpaddr: bool,
    #[serde(default)]
    noprefixroute: bool,
    #[serde(default)]
    autojoin: bool,
    #[serde(default, rename = "stable-privacy")]
    stable_privacy: bool,
}

pub(super) fn parse(text: &Text<'_>) -> Result<Snapshot, Problem> {
    let Host {
        mut list,
        mut links,
        masters,
    } = text.read::<Listed<Host>>()?.value()?;
    if links.is_empty() {
        let problem = "no link in it; run ip -d -j addr";
        return Err(Problem::value("the list", problem));
    }
    enslave(&mut links, masters);
    list.list_links(links)?;
    let about = About {
        source: Some(Source::IpJson),
        ..About::default()
    };
    Ok(list.with_about(about))
}

/// The snapshot that the list becomes.
#[derive(Default)]
struct Host {
    list: Snapshot,
    links: Vec<Link>,
    /// The links that have a master: their position, and its name.
    masters: Vec<(usize, Name)>,
}

impl Collect for Host {
    type Item = LinkJson;

    fn add(&mut self, at: usize, mut json: LinkJson) -> Result<(), Problem> {
        let path = format!("[{at}]");
        let addr_info = json.addr_info.take().map(Listed::value);
        let has_address = match &addr_info {
            Some(Ok(info)) => info.has_address,
            Some(Err(_)) => true,
            None => false,
        };
        // iproute2 5 prints an empty object for a link that a filter excludes.
        if json.ifindex.is_none() && json.ifname.is_none() && !has_address {
            return Ok(());
        }
        let (Some(index), Some(addr_info)) = (json.ifindex, addr_info) else {
            let problem =
                "no link with its addresses; run ip -d -j addr (no other command, no -br)";
            return Err(Problem::value(path, problem));
        };
        let mut new_link = link(&path, index, &json)?;
        if let Some(names) = json.altnames.take() {
            let names = names.value().map_err(|error| error.within(&path))?;
            new_link = new_link.with_alt_names(names.0);
        }
        // No link has a name that is not valid.
        let master = json
            .master
            .and_then(|master| Name::from_bytes(&master.0).ok());
        self.masters
            .extend(master.map(|master| (self.links.len(), master)));
        self.links.push(new_link);
        let info = addr_info.map_err(|error| error.within(&path))?;
        self.list.adopt(info.list, index);
        Ok(())
    }
}

/// The addresses of a link whose index may follow them.
#[derive(Default)]
struct AddrInfo {
    list: Snapshot,
    /// Whether there is an address, of whatever family.
    has_address: bool,
}

impl Collect for AddrInfo {
    type Item = AddressJson;

    fn add(&mut self, at: usize, json: AddressJson) -> Result<(), Problem> {
        let path = format!("addr_info[{at}]");
        self.has_address |= json.local.is_some();
        match json.family.as_deref() {
            Some("inet" | "inet6") => self.list.push(&address(&path, &json)?),
            // iproute2 5 prints an empty object for an address that a filter excludes. Other families do
            // not matter.
            None if json.local.is_some() => {
                return Err(Problem::value(format!("{path}.family"), "it is missing"));
            }
            _ => {}
        }
        Ok(())
    }
}

/// Finds the master of each link by its name. If several links have the name, the last counts.
fn enslave(links: &mut [Link], masters: Vec<(usize, Name)>) {
    if masters.is_empty() {
        return;
    }
    let mut by_name: Vec<(Name, usize, u32)> = links
        .iter()
        .enumerate()
        .map(|(at, link)| (link.name(), at, link.index()))
        .collect();
    by_name.sort_unstable();
    for (at, master) in masters {
        let behind = by_name.partition_point(|(name, ..)| *name <= master);
        let last = behind.checked_sub(1).and_then(|last| by_name.get(last));
        if let (Some((_, _, index)), Some(link)) =
            (last.filter(|(name, ..)| *name == master), links.get_mut(at))
        {
            *link = link.clone().with_master(*index);
        }
    }
}

fn link(path: &str, index: u32, json: &LinkJson) -> Result<Link, Problem> {
    let missing = || Problem::value(format!("{path}.ifname"), "it is missing");
    let bytes = &json.ifname.as_ref().ok_or_else(missing)?.0;
    let mut link = Link::new(index, name(bytes, || format!("{path}.ifname"))?);
    if let Some(words) = &json.flags {
        link = link.with_flags(link_flags(words, || format!("{path}.flags"))?);
    }
    if let Some(mac) = json.address.as_deref().and_then(hardware_address) {
        link = link.with_mac(mac);
    }
    let info = json.linkinfo.as_ref();
    let kind = info.and_then(|info| std::str::from_utf8(&info.info_kind.as_ref()?.0).ok());
    if let Some(kind) = kind {
        link = link.with_kind(kind);
    }
    if let Some(hardware_type) = json.link_type.as_deref().and_then(hardware_type) {
        link = link.with_hardware_type(hardware_type);
    }
    Ok(link)
}

/// iproute2's words for the commonest types of linux/if_arp.h.
fn hardware_type(word: &str) -> Option<u16> {
    let known = match word {
        "ether" => Link::ETHERNET,
        "infiniband" => 32,
        "ppp" => 512,
        "ipip" => 768,
        "loopback" => 772,
        "sit" => 776,
        "gre" => 778,
        "tunnel6" => 769,
        "gre6" => 823,
        "none" => 65534,
        // It prints the number of a type without a word.
        word => return word.strip_prefix('[')?.strip_suffix(']')?.parse().ok(),
    };
    Some(known)
}

/// iproute2 has the kernel's words in capitals, tells IFF_RUNNING only by `NO-CARRIER` on a link
/// that is up, and adds `M-DOWN` about the lower link.
fn link_flags(words: &[String], path: impl Fn() -> String) -> Result<LinkFlags, Problem> {
    let mut bits = 0;
    let mut no_carrier = false;
    for (at, word) in words.iter().enumerate() {
        let lower = word.to_ascii_lowercase().replace('_', "-");
        let known = LinkFlags::WORDS.iter().find(|(_, known)| *known == lower);
        match (word.as_str(), known) {
            ("NO-CARRIER", _) => no_carrier = true,
            ("M-DOWN", _) => {}
            (_, Some((bit, _))) => bits |= bit,
            (word, None) => {
                let hex = u32::from_str_radix(word.trim_start_matches("0x"), 16);
                bits |= hex.map_err(|_| {
                    let path = format!("{}[{at}]", path());
                    Problem::value(path, format!("{word:?}: no flag that iproute2 prints"))
                })?;
            }
        }
    }
    let flags = LinkFlags::from_bits(bits);
    let running = flags.contains(LinkFlags::UP) && !no_carrier;
    Ok(if running {
        flags | LinkFlags::RUNNING
    } else {
        flags
    })
}

/// Tunnels have an IP address for a hardware address, and iproute2 prints it as one.
fn hardware_address(text: &str) -> Option<HardwareAddress> {
    let ipv4 = || text.parse::<Ipv4Addr>().ok().map(|ip| ip.octets().to_vec());
    let ipv6 = || text.parse::<Ipv6Addr>().ok().map(|ip| ip.octets().to_vec());
    let tunnel = || HardwareAddress::from_bytes(&ipv4().or_else(ipv6)?).ok();
    text.parse().ok().or_else(tunnel)
}

/// An address, whose link is set later.
fn address(path: &str, json: &AddressJson) -> Result<Address, Problem> {
    let missing = |member: &str| Problem::value(format!("{path}.{member}"), "it is missing");
    let text = json.local.as_deref().ok_or_else(|| missing("local"))?;
    let ip: IpAddr = read(text, || format!("{path}.local"))?;
    let len = json.prefixlen.ok_or_else(|| missing("prefixlen"))?;
    let mask = prefix(ip, len).map_err(|p| Problem::value(format!("{path}.prefixlen"), p))?;
    let family = |_| Problem::value(format!("{path}.address"), "it is of the other family");
    let mut address = Address::with_netmask(ip, mask, 0)
        .map_err(|error| Problem::value(path, error.to_string()))?
        .with_flags(address_flags(path, json)?);
    if let Some(label) = json.label.as_ref().filter(|label| !label.0.is_empty()) {
        address = address.with_label(name(&label.0, || format!("{path}.label"))?);
    }
    if let Some(peer) = json.address.as_deref() {
        let peer = read(peer, || format!("{path}.address"))?;
        address = address.with_peer(peer).map_err(family)?;
    }
    if let Some(scope) = &json.scope {
        // A name that only the other host's rt_scopes defines stays unknown.
        if let Ok(scope) = scope.parse() {
            address = address.with_scope(scope);
        }
    }
    if let Some(protocol) = json.protocol.as_deref().and_then(protocol) {
        address = address.with_protocol(protocol);
    }
    if let Some(seconds) = json.valid_life_time {
        address = address.with_valid_lft(Lifetime::from_kernel(seconds));
    }
    if let Some(seconds) = json.preferred_life_time {
        address = address.with_preferred_lft(Lifetime::from_kernel(seconds));
    }
    Ok(address)
}

/// iproute2 prints every flag it knows, IFA_F_PERMANENT by the absence of `dynamic`.
fn address_flags(path: &str, json: &AddressJson) -> Result<AddressFlags, Problem> {
    let known = [
        (json.secondary, AddressFlags::SECONDARY),
        (json.temporary, AddressFlags::TEMPORARY),
        (json.nodad, AddressFlags::NODAD),
        (json.optimistic, AddressFlags::OPTIMISTIC),
        (json.dadfailed, AddressFlags::DADFAILED),
        (json.home, AddressFlags::HOMEADDRESS),
        (json.deprecated, AddressFlags::DEPRECATED),
        (json.tentative, AddressFlags::TENTATIVE),
        (!json.dynamic, AddressFlags::PERMANENT),
        (json.mngtmpaddr, AddressFlags::MANAGETEMPADDR),
        (json.noprefixroute, AddressFlags::NOPREFIXROUTE),
        (json.autojoin, AddressFlags::MCAUTOJOIN),
        (json.stable_privacy, AddressFlags::STABLE_PRIVACY),
    ];
    let set = known
        .into_iter()
        .filter(|(set, _)| *set)
        .map(|(_, flag)| flag);
    let flags = set.fold(AddressFlags::default(), |flags, flag| flags | flag);
    let Some(rest) = json.ifa_flags.as_deref() else {
        return Ok(flags);
    };
    let hex = u32::from_str_radix(rest.trim_start_matches("0x"), 16);
    let hex = hex.map_err(|_| {
        let problem = format!("{rest:?}: a hexadecimal number is expected");
        Problem::value(format!("{path}.ifa_flags"), problem)
    })?;
    Ok(flags | AddressFlags::from_bits(hex))
}

/// The protocol by iproute2's names (etc/iproute2/rt_addrprotos) and keepalived's, or by number;
/// a name that only the other host's own files define stays unknown.
fn protocol(text: &str) -> Option<u8> {
    match text {
        "kernel_lo" => Some(1),
        "kernel_ra" => Some(2),
        "kernel_ll" => Some(3),
        "keepalived" => Some(18),
        text => match text.strip_prefix("0x") {
            Some(hex) => u8::from_str_radix(hex, 16).ok(),
            None => text.parse().ok(),
        },
    }
}
