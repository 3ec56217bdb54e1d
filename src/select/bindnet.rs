//! What the operator wrote: a bindnetaddr, and its reading.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::IpNet;
use thiserror::Error;

use crate::snapshot::{Link, Name, NameError, Snapshot};

/// A bindnetaddr: the address or network whose local address is looked for.
///
/// | text | means |
/// |---|---|
/// | `192.0.2.0` | Corosync's form: the address itself, or one whose own mask makes this its network |
/// | `192.0.2.0/24` | any address inside the network |
/// | `192.0.2.10/32` | this address and no other |
/// | `fe80::1%eth0`, `fe80::%2/64` | the same, on that link only (name or index) |
///
/// ```
/// use bindnet::Bindnet;
///
/// let bindnet: Bindnet = "192.0.2.0/24".parse()?;
/// assert_eq!(bindnet.to_string(), "192.0.2.0/24");
///
/// let error = "192.0.2.010".parse::<Bindnet>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "bindnetaddr \"192.0.2.010\": leading zero in \"010\"; Corosync reads it as octal, \
///      192.0.2.8.\nWrite 192.0.2.8 or 192.0.2.10.",
/// );
/// # Ok::<(), bindnet::ParseBindnetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bindnet {
    target: Target,
    zone: Option<Zone>,
}

/// What a [`Bindnet`] names on its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// An address without a prefix.
    Address(IpAddr),
    /// A network, without host bits; `/32` and `/128` are one address.
    Network(IpNet),
}

impl Bindnet {
    /// The address of the bindnetaddr, without prefix and zone.
    pub fn ip(&self) -> IpAddr {
        match self.target {
            Target::Address(ip) => ip,
            Target::Network(net) => net.addr(),
        }
    }

    /// The network, where it was written with its prefix.
    pub fn network(&self) -> Option<IpNet> {
        match self.target {
            Target::Address(_) => None,
            Target::Network(net) => Some(net),
        }
    }

    /// The link it is restricted to.
    pub fn zone(&self) -> Option<Zone> {
        self.zone
    }

    pub(crate) fn target(&self) -> Target {
        self.target
    }
}

impl FromStr for Bindnet {
    type Err = ParseBindnetError;

    fn from_str(text: &str) -> Result<Self, ParseBindnetError> {
        parse(text).map_err(|problem| ParseBindnetError {
            text: text.to_owned(),
            problem,
        })
    }
}

impl TryFrom<IpAddr> for Bindnet {
    type Error = ParseBindnetError;

    /// # Errors
    /// Where it is an IPv4-mapped IPv6 address.
    fn try_from(ip: IpAddr) -> Result<Self, ParseBindnetError> {
        ip.to_string().parse()
    }
}

impl TryFrom<IpNet> for Bindnet {
    type Error = ParseBindnetError;

    /// # Errors
    /// Where there are host bits behind the prefix, or it is an IPv4-mapped IPv6 address.
    fn try_from(net: IpNet) -> Result<Self, ParseBindnetError> {
        net.to_string().parse()
    }
}

impl fmt::Display for Bindnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ip())?;
        if let Some(zone) = self.zone {
            write!(f, "%{zone}")?;
        }
        match self.network() {
            Some(net) => write!(f, "/{}", net.prefix_len()),
            None => Ok(()),
        }
    }
}

/// A link by its name or index, as in `fe80::1%eth0` and `fe80::1%2` (RFC 4007, section 11).
///
/// Where a link has a number for its name, the name counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone(Name);

impl Zone {
    /// The link that the zone names on the host of a snapshot.
    pub fn link<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Link> {
        snapshot
            .link_named(&self.0)
            .or_else(|| snapshot.link(self.index()?))
    }

    /// The zone of a link by its name.
    pub(crate) fn named(name: Name) -> Self {
        Self(name)
    }

    /// The text of the zone, which may be the name of a link.
    pub fn name(&self) -> Name {
        self.0
    }

    /// The index, if the text is a number.
    pub fn index(&self) -> Option<u32> {
        let text = std::str::from_utf8(self.0.as_bytes()).ok()?;
        text.parse().ok().filter(|_| !text.starts_with('+'))
    }
}

impl FromStr for Zone {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// An address of a host, with its link where the address alone does not say enough:
/// `192.0.2.10`, `fe80::1%eth0`.
///
/// ```
/// use bindnet::HostAddress;
///
/// let remembered: HostAddress = "fe80::1%eth0".parse()?;
/// assert_eq!(remembered.to_string(), "fe80::1%eth0");
/// # Ok::<(), bindnet::ParseBindnetError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HostAddress {
    ip: IpAddr,
    zone: Option<Zone>,
}

impl HostAddress {
    pub(super) fn on(ip: IpAddr, zone: Option<Zone>) -> Self {
        Self { ip, zone }
    }

    /// The address.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The link it is on, if that was said.
    pub fn zone(&self) -> Option<Zone> {
        self.zone
    }
}

impl From<IpAddr> for HostAddress {
    fn from(ip: IpAddr) -> Self {
        Self { ip, zone: None }
    }
}

impl FromStr for HostAddress {
    type Err = ParseBindnetError;

    fn from_str(text: &str) -> Result<Self, ParseBindnetError> {
        let fail = |problem| ParseBindnetError {
            text: text.to_owned(),
            problem,
        };
        if let Some((address, prefix)) = text.split_once('/') {
            let (address, prefix) = (address.to_owned(), prefix.to_owned());
            return Err(fail(Problem::Prefix { address, prefix }));
        }
        let bindnet = parse(text).map_err(fail)?;
        Ok(Self {
            ip: bindnet.ip(),
            zone: bindnet.zone(),
        })
    }
}

impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ip)?;
        match self.zone {
            Some(zone) => write!(f, "%{zone}"),
            None => Ok(()),
        }
    }
}

/// Reads an address (as the network of one address) or a network with its prefix, as the
/// operator's lists of floating and fixed addresses have them.
///
/// ```
/// let net = bindnet::parse_net("192.0.2.20")?;
/// assert_eq!(net.to_string(), "192.0.2.20/32");
/// assert!(bindnet::parse_net("192.0.2.20/24").is_err());
/// # Ok::<(), bindnet::ParseBindnetError>(())
/// ```
///
/// # Errors
/// As for a [`Bindnet`]; a zone is refused.
pub fn parse_net(text: &str) -> Result<IpNet, ParseBindnetError> {
    let fail = |problem| ParseBindnetError {
        text: text.to_owned(),
        problem,
    };
    let bindnet = parse(text).map_err(fail)?;
    match (bindnet.target, bindnet.zone) {
        (_, Some(_)) => Err(fail(Problem::ZoneInList)),
        (Target::Address(ip), None) => Ok(IpNet::from(ip)),
        (Target::Network(net), None) => Ok(net),
    }
}

fn parse(text: &str) -> Result<Bindnet, Problem> {
    if text.is_empty() {
        return Err(Problem::Empty);
    }
    if text.contains(|c: char| c.is_whitespace()) {
        return Err(Problem::Space);
    }
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let (address, zone) = match address.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (address, None),
    };
    let ip = parse_ip(address)?;
    let zone = zone.map(|zone| parse_zone(ip, zone)).transpose()?;
    let target = match prefix {
        Some(prefix) => Target::Network(parse_prefix(ip, prefix)?),
        None => Target::Address(ip),
    };
    Ok(Bindnet { target, zone })
}

fn parse_ip(text: &str) -> Result<IpAddr, Problem> {
    if text.contains(':') {
        let ip = text
            .parse::<Ipv6Addr>()
            .map_err(|_| Problem::Ipv6(text.to_owned()))?;
        return match ip.to_ipv4_mapped() {
            Some(ipv4) => Err(Problem::Mapped(ipv4)),
            None => Ok(ip.into()),
        };
    }
    match text.parse::<Ipv4Addr>() {
        Ok(ip) => Ok(ip.into()),
        Err(_) => Err(ipv4_problem(text)),
    }
}

/// What is wrong with a text that is not four decimal numbers.
fn ipv4_problem(text: &str) -> Problem {
    let parts: Vec<&str> = text.split('.').collect();
    if !parts
        .iter()
        .all(|part| part.bytes().next().is_some_and(|b| b.is_ascii_digit()))
    {
        return Problem::NoAddress(text.to_owned());
    }
    let corosync = inet_aton(&parts);
    let is_decimal = |part: &&&str| part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() == 4 && parts.iter().filter(is_decimal).count() == 4 {
        let numbers: Option<Vec<u8>> = parts.iter().map(|part| part.parse().ok()).collect();
        let zero = parts
            .iter()
            .find(|part| part.len() > 1 && part.starts_with('0'));
        if let (Some([a, b, c, d]), Some(part)) = (numbers.as_deref(), zero) {
            return Problem::LeadingZero {
                part: (*part).to_owned(),
                corosync,
                decimal: Ipv4Addr::new(*a, *b, *c, *d),
            };
        }
        if let Some(part) = parts.iter().find(|part| part.parse::<u8>().is_err()) {
            return Problem::TooLarge((*part).to_owned());
        }
    }
    match corosync {
        Some(corosync) => Problem::ShortForm {
            parts: parts.len(),
            corosync,
            padded: pad(text, parts.len()),
        },
        None => Problem::NoAddress(text.to_owned()),
    }
}

/// The address as inet_aton(3) reads it, which getaddrinfo(3) and so Corosync does: one to four
/// numbers, decimal, octal or hexadecimal, the last filling the bytes that are left.
fn inet_aton(parts: &[&str]) -> Option<Ipv4Addr> {
    let number = |part: &str| match part.strip_prefix("0x").or(part.strip_prefix("0X")) {
        Some(hex) => u32::from_str_radix(hex, 16).ok(),
        None if part.len() > 1 && part.starts_with('0') => u32::from_str_radix(part, 8).ok(),
        None => part.parse().ok(),
    };
    let (last, first) = parts.split_last()?;
    let mut bits = 0u32;
    for (part, shift) in first.iter().zip([24u32, 16, 8]) {
        bits |= u32::from(u8::try_from(number(part)?).ok()?) << shift;
    }
    let room = match first.len() {
        0 => u32::MAX,
        1 => 0xff_ffff,
        2 => 0xffff,
        3 => 0xff,
        _ => return None,
    };
    let last = number(last).filter(|last| *last <= room)?;
    Some(Ipv4Addr::from_bits(bits | last))
}

fn parse_zone(ip: IpAddr, zone: &str) -> Result<Zone, Problem> {
    if ip.is_ipv4() {
        return Err(Problem::ZoneOnIpv4);
    }
    zone.parse().map_err(Problem::Zone)
}

fn parse_prefix(ip: IpAddr, prefix: &str) -> Result<IpNet, Problem> {
    let max = if ip.is_ipv4() { 32 } else { 128 };
    let digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
    let len = prefix
        .parse::<u8>()
        .ok()
        .filter(|len| digits && *len <= max);
    let net = len.and_then(|len| IpNet::new(ip, len).ok());
    let net = net.ok_or_else(|| Problem::PrefixLen {
        prefix: prefix.to_owned(),
        max,
    })?;
    if net.trunc() != net {
        return Err(Problem::HostBits { net });
    }
    Ok(net)
}

/// A text is not a bindnetaddr (or not an address, or not a network); says what would be.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("bindnetaddr {text:?}: {problem}")]
pub struct ParseBindnetError {
    text: String,
    problem: Problem,
}

impl ParseBindnetError {
    /// The text that cannot be read.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The message without the words «bindnetaddr» and the text, for a text that is something
    /// else: an entry of a list, a remembered address.
    pub fn problem(&self) -> impl fmt::Display + '_ {
        &self.problem
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
enum Problem {
    #[error("empty; write an address (192.168.1.0) or a network with its prefix (192.168.1.0/24)")]
    Empty,
    #[error("white space in it; write the address alone")]
    Space,
    #[error(
        "{0:?} is not an address; write an IPv4 or IPv6 address (192.168.1.0, fd00::), or a \
         network with its prefix (192.168.1.0/24)"
    )]
    NoAddress(String),
    #[error("{0:?} is not an IPv6 address; write for instance fd00:: or fd00::/64")]
    Ipv6(String),
    #[error("{0:?} is more than 255; an IPv4 address is four numbers from 0 to 255")]
    TooLarge(String),
    #[error("leading zero in {part:?}; {}{}", octal(*.corosync), write_one(*.corosync, *.decimal))]
    LeadingZero {
        part: String,
        corosync: Option<Ipv4Addr>,
        decimal: Ipv4Addr,
    },
    #[error(
        "{parts} of the 4 numbers of an IPv4 address{}; Corosync reads it as {corosync}.{}",
        radix(*.parts), write_all(*.padded, *.corosync)
    )]
    ShortForm {
        parts: usize,
        corosync: Ipv4Addr,
        /// With zeros for the numbers that are missing.
        padded: Option<Ipv4Addr>,
    },
    #[error("the IPv4 address {0} in an IPv6 one (IPv4-mapped); write {0}")]
    Mapped(Ipv4Addr),
    #[error("the zone after %: {0}; write the name or the index of a link (fe80::1%eth0)")]
    Zone(NameError),
    #[error("a zone (%) belongs to an IPv6 address; restrict the interface instead")]
    ZoneOnIpv4,
    #[error("a zone (%) has no place here; write the address or network alone")]
    ZoneInList,
    #[error("{prefix:?} is not a prefix length; write a number from 0 to {max}")]
    PrefixLen { prefix: String, max: u8 },
    #[error("a prefix length (/{prefix}) has no place here; write {address}")]
    Prefix { address: String, prefix: String },
    #[error("{net} names a host and a network; write {} or {}", net.addr(), net.trunc())]
    HostBits { net: IpNet },
}

fn octal(corosync: Option<Ipv4Addr>) -> String {
    match corosync {
        Some(ip) => format!("Corosync reads it as octal, {ip}."),
        None => "Corosync reads it as octal, which it is not.".to_owned(),
    }
}

fn write_one(corosync: Option<Ipv4Addr>, decimal: Ipv4Addr) -> String {
    match corosync.filter(|corosync| *corosync != decimal) {
        Some(corosync) => format!("\nWrite {corosync} or {decimal}."),
        None => format!("\nWrite {decimal}."),
    }
}

fn write_all(padded: Option<Ipv4Addr>, corosync: Ipv4Addr) -> String {
    match padded.filter(|padded| *padded != corosync) {
        Some(padded) => format!("\nWrite {padded} or {corosync}."),
        None => format!("\nWrite {corosync}."),
    }
}

/// A short form with zeros for the numbers that are missing, which is what most people mean.
fn pad(text: &str, parts: usize) -> Option<Ipv4Addr> {
    let zeros = ".0".repeat(4usize.saturating_sub(parts));
    format!("{text}{zeros}").parse().ok()
}

fn radix(parts: usize) -> &'static str {
    if parts == 4 { ", not all decimal" } else { "" }
}
