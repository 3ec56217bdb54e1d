//! The format `bindnet-snapshot/1`.

use std::borrow::Cow;
use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::json::Problem;
use super::listed::{Collect, Listed, Text};
use super::names::AltNamesRead;
use super::words::{self, address_words, bits, words};
use crate::snapshot::{
    About, Address, AddressFlags, Bits, Consistency, HardwareAddress, Lifetime, Link, LinkFlags,
    Netmask, Snapshot, Source, escape, unescape,
};

const FORMAT: &str = "bindnet-snapshot/1";

#[derive(Serialize, Deserialize)]
#[serde(expecting = "a snapshot")]
struct SnapshotJson<L, A> {
    format: Cow<'static, str>,
    #[serde(default)]
    source: Option<Cow<'static, str>>,
    #[serde(default)]
    consistency: Option<Cow<'static, str>>,
    #[serde(default)]
    hostname: Option<String>,
    #[serde(default)]
    captured_at: Option<String>,
    #[serde(default)]
    kernel: Option<String>,
    links: L,
    addresses: A,
}

/// The form that is written.
type Written = SnapshotJson<Vec<LinkJson<Vec<String>>>, Vec<AddressJson>>;

/// The form that is read.
type Read = SnapshotJson<Listed<Links>, Listed<Addresses>>;

#[derive(Serialize, Deserialize)]
#[serde(expecting = "a link")]
struct LinkJson<N> {
    index: u32,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    altnames: Option<N>,
    #[serde(default, deserialize_with = "words::few")]
    flags: Option<Vec<String>>,
    #[serde(default)]
    mac: Option<String>,
    #[serde(default)]
    kind: Option<String>,
    #[serde(default)]
    master: Option<u32>,
    #[serde(default)]
    hardware_type: Option<u16>,
    #[serde(default)]
    carrier_changes: Option<u32>,
}

#[derive(Serialize, Deserialize)]
#[serde(expecting = "an address")]
struct AddressJson {
    interface_index: Option<u32>,
    address: String,
    prefix_len: Option<u8>,
    /// Instead of a prefix length, for a mask with holes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    netmask: Option<String>,
    #[serde(default)]
    label: Option<String>,
    #[serde(default)]
    peer: Option<String>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default, deserialize_with = "words::few")]
    flags: Option<Vec<String>>,
    #[serde(default)]
    protocol: Option<u8>,
    #[serde(default, with = "lifetime", skip_serializing_if = "Option::is_none")]
    valid_lft: Option<Lifetime>,
    #[serde(default, with = "lifetime", skip_serializing_if = "Option::is_none")]
    preferred_lft: Option<Lifetime>,
    #[serde(default)]
    created: Option<u32>,
}

/// Seconds; `null` is for ever, an absent member is unknown.
mod lifetime {
    use super::{Deserialize, Deserializer, Lifetime, Serializer};

    pub fn serialize<S: Serializer>(lft: &Option<Lifetime>, to: S) -> Result<S::Ok, S::Error> {
        match lft {
            Some(Lifetime::Seconds(seconds)) => to.serialize_u32(*seconds),
            Some(Lifetime::Forever) | None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Lifetime>, D::Error> {
        let seconds = Option::<u32>::deserialize(from)?;
        Ok(Some(seconds.map_or(Lifetime::Forever, Lifetime::Seconds)))
    }
}

pub(super) fn print(snapshot: &Snapshot) -> String {
    // Serializing to a string fails only if an implementation of Serialize does.
    serde_json::to_string(&to_json(snapshot)).unwrap_or_default()
}

pub(super) fn parse(text: &Text<'_>) -> Result<Snapshot, Problem> {
    #[derive(Deserialize)]
    struct Format {
        format: Option<String>,
    }
    let Format { format } = text.read()?;
    if format.as_deref() != Some(FORMAT) {
        return Err(Problem::Format { found: format });
    }
    from_json(text.read()?)
}

impl Serialize for Snapshot {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to_json(self).serialize(to)
    }
}

impl<'de> Deserialize<'de> for Snapshot {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from_json(Read::deserialize(from)?).map_err(serde::de::Error::custom)
    }
}

fn to_json(snapshot: &Snapshot) -> Written {
    let about = snapshot.about().clone();
    SnapshotJson {
        format: FORMAT.into(),
        source: about.source.map(|source| source.code().into()),
        consistency: about
            .consistency
            .map(|consistency| consistency.code().into()),
        hostname: about.hostname.map(written),
        captured_at: about.captured_at.map(written),
        kernel: about.kernel.map(written),
        links: snapshot.links().iter().map(link_to_json).collect(),
        addresses: snapshot
            .addresses()
            .map(|address| address_to_json(&address))
            .collect(),
    }
}

/// A text of the host, escaped as names are: JSON itself escapes few of the characters that a terminal
/// obeys.
fn written(text: String) -> String {
    escape(text.as_bytes())
}

/// Reads a text that was [`written`]; other texts do not change.
fn plain(text: String) -> String {
    let bytes = unescape(&text).ok();
    let read = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    read.unwrap_or(text)
}

fn link_to_json(link: &Link) -> LinkJson<Vec<String>> {
    let altnames: Vec<_> = link.alt_names().map(|name| name.to_string()).collect();
    LinkJson {
        index: link.index(),
        name: link.name().to_string(),
        altnames: Some(altnames).filter(|names| !names.is_empty()),
        flags: link
            .flags()
            .map(|flags| words(flags.bits(), LinkFlags::WORDS)),
        mac: link.mac().map(HardwareAddress::to_string),
        kind: link.kind().map(|kind| escape(kind.as_bytes())),
        master: link.master(),
        hardware_type: link.hardware_type(),
        carrier_changes: link.carrier_changes(),
    }
}

fn address_to_json(address: &Address) -> AddressJson {
    let prefix_len = address.netmask().prefix_len();
    AddressJson {
        interface_index: address.link_index(),
        address: address.ip().to_string(),
        prefix_len,
        netmask: prefix_len
            .is_none()
            .then(|| address.netmask().to_ip().to_string()),
        label: address.label().map(|label| label.to_string()),
        peer: address.peer().map(|peer| peer.to_string()),
        scope: address.scope().map(|scope| scope.to_string()),
        flags: address
            .flags()
            .map(|flags| words(flags.bits(), address_words(address.ip()))),
        protocol: address.protocol(),
        valid_lft: address.valid_lft(),
        preferred_lft: address.preferred_lft(),
        created: address.created(),
    }
}

fn from_json(json: Read) -> Result<Snapshot, Problem> {
    if json.format != FORMAT {
        let found = Some(json.format.into_owned());
        return Err(Problem::Format { found });
    }
    let about = About {
        source: json.source.map(|code| source(&code)).transpose()?,
        consistency: json
            .consistency
            .map(|code| consistency(&code))
            .transpose()?,
        hostname: json.hostname.map(plain),
        captured_at: json.captured_at.map(plain),
        kernel: json.kernel.map(plain),
    };
    let Links(links) = json.links.value()?;
    let Addresses { mut list, is_v4 } = json.addresses.value()?;
    list.list_links(links)?;
    list.require_links(&is_v4)?;
    Ok(list.with_about(about))
}

#[derive(Default)]
struct Links(Vec<Link>);

impl Collect for Links {
    type Item = LinkJson<Listed<AltNamesRead>>;

    fn add(&mut self, at: usize, json: Self::Item) -> Result<(), Problem> {
        self.0.push(link_from_json(at, json)?);
        Ok(())
    }
}

/// Addresses whose links may follow them.
#[derive(Default)]
struct Addresses {
    list: Snapshot,
    /// The family of each, in the order of the text.
    is_v4: Vec<bool>,
}

impl Collect for Addresses {
    type Item = AddressJson;

    fn add(&mut self, at: usize, json: AddressJson) -> Result<(), Problem> {
        let address = address_from_json(at, json)?;
        self.list.push(&address);
        self.is_v4.push(address.ip().is_ipv4());
        Ok(())
    }
}

fn source(code: &str) -> Result<Source, Problem> {
    let known = [Source::Netlink, Source::Getifaddrs, Source::IpJson];
    known
        .into_iter()
        .find(|source| source.code() == code)
        .ok_or_else(|| {
            let problem = format!("{code:?}; netlink, getifaddrs, ip-json or null is expected");
            Problem::value("source", problem)
        })
}

fn consistency(code: &str) -> Result<Consistency, Problem> {
    let known = [Consistency::Consistent, Consistency::Interrupted];
    known
        .into_iter()
        .find(|consistency| consistency.code() == code)
        .ok_or_else(|| {
            let problem = format!("{code:?}; consistent, interrupted or null is expected");
            Problem::value("consistency", problem)
        })
}

fn link_from_json(at: usize, json: LinkJson<Listed<AltNamesRead>>) -> Result<Link, Problem> {
    let path = |member: &str| format!("links[{at}].{member}");
    let mut link = Link::new(json.index, read(&json.name, || path("name"))?);
    if let Some(names) = json.altnames {
        let names = names.value();
        let names = names.map_err(|error| error.within(&format!("links[{at}]")))?;
        link = link.with_alt_names(names.0);
    }
    if let Some(flags) = json.flags {
        let bits = bits(&flags, LinkFlags::WORDS, || path("flags"))?;
        link = link.with_flags(LinkFlags::from_bits(bits));
    }
    if let Some(mac) = json.mac.filter(|mac| !mac.is_empty()) {
        link = link.with_mac(read(&mac, || path("mac"))?);
    }
    if let Some(kind) = json.kind {
        link = link.with_kind(plain(kind));
    }
    if let Some(master) = json.master {
        link = link.with_master(master);
    }
    if let Some(hardware_type) = json.hardware_type {
        link = link.with_hardware_type(hardware_type);
    }
    if let Some(carrier_changes) = json.carrier_changes {
        link = link.with_carrier_changes(carrier_changes);
    }
    Ok(link)
}

fn address_from_json(at: usize, json: AddressJson) -> Result<Address, Problem> {
    let path = |member: &str| format!("addresses[{at}].{member}");
    let ip: IpAddr = read(&json.address, || path("address"))?;
    let netmask = netmask(ip, json.prefix_len, json.netmask, path)?;
    let family = |_| Problem::value(path("peer"), "it is of the other family");
    let mut address = Address::with_netmask(ip, netmask, json.interface_index.unwrap_or(0))
        .map_err(|error| Problem::value(path("netmask"), error.to_string()))?;
    if json.interface_index.is_none() {
        address = address.on_unknown_link();
    }
    if let Some(label) = json.label.filter(|label| !label.is_empty()) {
        address = address.with_label(read(&label, || path("label"))?);
    }
    if let Some(peer) = json.peer {
        address = address
            .with_peer(read(&peer, || path("peer"))?)
            .map_err(family)?;
    }
    if let Some(scope) = json.scope {
        address = address.with_scope(read(&scope, || path("scope"))?);
    }
    if let Some(flags) = json.flags {
        let bits = bits(&flags, address_words(ip), || path("flags"))?;
        address = address.with_flags(AddressFlags::from_bits(bits));
    }
    if let Some(protocol) = json.protocol {
        address = address.with_protocol(protocol);
    }
    if let Some(lifetime) = json.valid_lft {
        address = address.with_valid_lft(lifetime);
    }
    if let Some(lifetime) = json.preferred_lft {
        address = address.with_preferred_lft(lifetime);
    }
    if let Some(created) = json.created {
        address = address.with_created(created);
    }
    Ok(address)
}

fn netmask(
    ip: IpAddr,
    prefix_len: Option<u8>,
    netmask: Option<String>,
    path: impl Fn(&str) -> String,
) -> Result<Netmask, Problem> {
    match (prefix_len, netmask) {
        (Some(len), None) => prefix(ip, len).map_err(|p| Problem::value(path("prefix_len"), p)),
        (None, Some(mask)) => Ok(Netmask::from_ip(read(&mask, || path("netmask"))?)),
        (None, None) => Err(Problem::value(path("prefix_len"), "it is missing")),
        (Some(_), Some(_)) => {
            let problem = "a mask with holes has no prefix_len; give one of the two";
            Err(Problem::value(path("netmask"), problem))
        }
    }
}

/// The mask of a prefix length, which the family of the address bounds.
pub(super) fn prefix(ip: IpAddr, len: u8) -> Result<Netmask, String> {
    let (mask, longest) = match ip {
        IpAddr::V4(_) => (<u32 as Bits>::mask(len).map(Netmask::V4), "IPv4 0 to 32"),
        IpAddr::V6(_) => (<u128 as Bits>::mask(len).map(Netmask::V6), "IPv6 0 to 128"),
    };
    mask.ok_or_else(|| format!("{len} is too long for {ip}; a prefix length is {longest}"))
}

/// Reads a value from its text; the error names the text and the place.
pub(super) fn read<T>(text: &str, path: impl Fn() -> String) -> Result<T, Problem>
where
    T: FromStr<Err: Display>,
{
    text.parse()
        .map_err(|error| Problem::value(path(), format!("{text:?}: {error}")))
}
