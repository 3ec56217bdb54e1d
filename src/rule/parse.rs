//! Reads addresses and networks, and explains why a text is none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use thiserror::Error;

use super::bindnetaddr::{BindnetAddr, Target, Zone};
use crate::snapshot::{NameProblem, ParseError, escape_rest};

/// Reads an address (as the network of one address) or a network with its prefix, as the
/// operator's lists of floating and fixed addresses have them.
///
/// ```
/// let net = bindnet::rule::parse_net("192.0.2.20")?;
/// assert_eq!(net.to_string(), "192.0.2.20/32");
/// assert!(bindnet::rule::parse_net("192.0.2.20/24").is_err());
/// # Ok::<(), bindnet::ParseError>(())
/// ```
///
/// # Errors
/// As for a [`BindnetAddr`]; a zone is refused.
pub fn parse_net(text: &str) -> Result<IpNet, ParseError> {
    let fail = |problem: Problem| problem.of_text("an address or a network", text);
    let bindnet = parse(text).map_err(fail)?;
    match (bindnet.target, bindnet.zone) {
        (_, Some(_)) => Err(fail(Problem::ZoneInList)),
        (Target::Address(ip), None) => Ok(IpNet::from(ip)),
        (Target::Network(net), None) => Ok(net),
    }
}

pub(crate) fn parse(text: &str) -> Result<BindnetAddr, Problem> {
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
    Ok(BindnetAddr { target, zone })
}

fn parse_ip(text: &str) -> Result<IpAddr, Problem> {
    if let Some((address, port)) = text.split_once(':')
        && address.parse::<Ipv4Addr>().is_ok()
        && port.bytes().all(|b| b.is_ascii_digit())
    {
        return Err(Problem::Port(address.to_owned()));
    }
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

/// The problem of a text that is not four decimal numbers.
fn ipv4_problem(text: &str) -> Problem {
    let parts: Vec<&str> = text.split('.').collect();
    if !parts
        .iter()
        .all(|part| part.bytes().next().is_some_and(|b| b.is_ascii_digit()))
    {
        return Problem::NoAddress(text.to_owned());
    }
    let corosync = inet_aton(&parts);
    let is_decimal = |part: &&str| part.bytes().all(|b| b.is_ascii_digit());
    if parts.len() == 4 && parts.iter().all(is_decimal) {
        let zero = |part: &&&str| part.len() > 1 && part.starts_with('0');
        // The one that is no octal number, if that is the trouble.
        let not_octal = |part: &&&str| zero(part) && u32::from_str_radix(part, 8).is_err();
        let zero = parts.iter().find(not_octal).or(parts.iter().find(zero));
        if let Some(part) = zero {
            let numbers: Option<Vec<u8>> = parts.iter().map(|part| part.parse().ok()).collect();
            let decimal = numbers.and_then(|numbers| <[u8; 4]>::try_from(numbers).ok());
            return Problem::LeadingZero {
                part: (*part).to_owned(),
                corosync,
                decimal: decimal.map(Ipv4Addr::from),
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
pub(crate) fn inet_aton(parts: &[&str]) -> Option<Ipv4Addr> {
    let (last, first) = parts.split_last()?;
    let mut bits = 0u32;
    for (part, shift) in first.iter().zip([24u32, 16, 8]) {
        bits |= u32::from(u8::try_from(number(part)?).ok()?) << shift;
    }
    let max = match first.len() {
        0 => u32::MAX,
        1 => 0xff_ffff,
        2 => 0xffff,
        3 => 0xff,
        _ => return None,
    };
    let last = number(last).filter(|last| *last <= max)?;
    Some(Ipv4Addr::from_bits(bits | last))
}

fn number(part: &str) -> Option<u32> {
    let (digits, radix) = match part.strip_prefix("0x").or(part.strip_prefix("0X")) {
        Some(hex) => (hex, 16),
        None if part.starts_with('0') => (part, 8),
        None => (part, 10),
    };
    // No sign: inet_aton(3) takes none.
    let number = u32::from_str_radix(digits, radix).ok();
    number.filter(|_| !digits.starts_with('+'))
}

fn parse_zone(ip: IpAddr, zone: &str) -> Result<Zone, Problem> {
    if ip.is_ipv4() {
        return Err(Problem::ZoneOnIpv4);
    }
    Zone::of_text(zone).map_err(Problem::Zone)
}

fn parse_prefix(ip: IpAddr, prefix: &str) -> Result<IpNet, Problem> {
    let max = if ip.is_ipv4() { 32 } else { 128 };
    if let Some((len, zone)) = prefix.split_once('%') {
        // A network, if it is one, so that host bits are not the next problem.
        let net = len.parse().ok().and_then(|len| IpNet::new(ip, len).ok());
        let ip = net.map_or(ip, |net| net.network());
        let whole = format!("{ip}%{zone}/{len}");
        return Err(Problem::ZoneBehindPrefix { whole });
    }
    let digits = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
    let zero = prefix.len() > 1 && prefix.starts_with('0');
    let len = prefix.parse::<u8>().ok();
    let len = len.filter(|len| digits && !zero && *len <= max);
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

/// The problem of a text that is no address or network.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Problem {
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
    #[error("leading zero in {part:?}; {}{}", octal(*.corosync), write(*.corosync, *.decimal))]
    LeadingZero {
        part: String,
        corosync: Option<Ipv4Addr>,
        decimal: Option<Ipv4Addr>,
    },
    #[error(
        "{}; Corosync reads it as {corosync}.{}",
        short(*.parts), write(*.padded, Some(*.corosync))
    )]
    ShortForm {
        parts: usize,
        corosync: Ipv4Addr,
        /// With zeros for the numbers that are missing.
        padded: Option<Ipv4Addr>,
    },
    #[error("a port has no place here; write {0}")]
    Port(String),
    #[error("the IPv4 address {0} in an IPv6 one (IPv4-mapped); write {0}")]
    Mapped(Ipv4Addr),
    #[error("the zone after %: {0}; write the name or the index of a link (fe80::1%eth0)")]
    Zone(NameProblem),
    #[error("a zone (%) belongs to an IPv6 address; restrict the interface")]
    ZoneOnIpv4,
    #[error("a zone (%) has no place here; write the address or network alone")]
    ZoneInList,
    #[error("{prefix:?} is not a prefix length; write a number from 0 to {max}")]
    PrefixLen { prefix: String, max: u8 },
    #[error("the zone (%) stands before the prefix: write {}", escape_rest(.whole))]
    ZoneBehindPrefix { whole: String },
    #[error(
        "a prefix length (/{}) has no place here; write {}",
        escape_rest(.prefix), escape_rest(.address)
    )]
    Prefix { address: String, prefix: String },
    #[error("{net} names a host and a network; write {} or {}", net.addr(), net.trunc())]
    HostBits { net: IpNet },
}

impl Problem {
    /// With a text that should have been a bindnetaddr.
    pub(crate) fn of_bindnet(&self, text: &str) -> ParseError {
        let message = format!("bindnetaddr {text:?}: {self}");
        ParseError::new("a bindnetaddr", text, message).wanting_interface(self.wants_interface())
    }

    /// With a text that should have been this.
    pub(super) fn of_text(&self, what: &'static str, text: &str) -> ParseError {
        let message = format!("{text:?}: {self}");
        ParseError::new(what, text, message).wanting_interface(self.wants_interface())
    }

    fn wants_interface(&self) -> bool {
        *self == Self::ZoneOnIpv4
    }
}

fn octal(corosync: Option<Ipv4Addr>) -> String {
    match corosync {
        Some(ip) => format!("Corosync reads it as octal, {ip}."),
        None => "Corosync reads it as octal, which it is not.".to_owned(),
    }
}

fn write(one: Option<Ipv4Addr>, other: Option<Ipv4Addr>) -> String {
    match (one, other.filter(|other| Some(*other) != one)) {
        (Some(one), Some(other)) => format!("\nWrite {one} or {other}."),
        (Some(only), None) | (None, Some(only)) => format!("\nWrite {only}."),
        (None, None) => String::new(),
    }
}

/// A short form with zeros for the missing numbers, which most people mean.
fn pad(text: &str, parts: usize) -> Option<Ipv4Addr> {
    let zeros = ".0".repeat(4usize.saturating_sub(parts));
    format!("{text}{zeros}").parse().ok()
}

fn short(parts: usize) -> String {
    match parts {
        4 => "an IPv4 address is four decimal numbers".to_owned(),
        parts => format!("{parts} of the 4 numbers of an IPv4 address"),
    }
}
