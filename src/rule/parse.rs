//! Reads addresses and networks, and explains why a text is none.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::bindnetaddr::{BindnetAddr, Target, Zone};
use super::problem::Problem;
use crate::snapshot::{Family, Netmask, ParseError};

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
    if bindnet.zone.is_some() {
        return Err(fail(Problem::ZoneInList));
    }
    Ok(bindnet.network().unwrap_or(bindnet.ip().into()))
}

/// Reads what an operator may ask for: an address, a network, or several networks with commas.
pub(super) fn parse_bindnet(text: &str) -> Result<BindnetAddr, Problem> {
    if is_list(text) {
        return parse_networks(text);
    }
    let bindnet = parse(text)?;
    if bindnet.network().is_none() && bindnet.ip().is_unspecified() {
        let family = Family::of(bindnet.ip());
        return Err(Problem::Unspecified {
            family,
            network: format!("{text}/0"),
        });
    }
    Ok(bindnet)
}

/// Whether commas are between networks. A comma may also belong to the name of a link, behind the % of a
/// zone and before the prefix.
fn is_list(text: &str) -> bool {
    text.split_once(',')
        .is_some_and(|(first, _)| !first.contains('%') || first.contains('/'))
}

fn parse_networks(text: &str) -> Result<BindnetAddr, Problem> {
    if text.contains(|c: char| c.is_whitespace()) {
        return Err(Problem::SpaceInNetworks);
    }
    let count = text.split(',').count();
    if count > BindnetAddr::MAX_NETWORKS {
        return Err(Problem::TooMany { count });
    }
    let mut nets = Vec::with_capacity(count);
    for (number, entry) in (1..).zip(text.split(',')) {
        let net = parse_entry(entry, nets.first());
        nets.push(net.map_err(|problem| Problem::Entry {
            number,
            entry: entry.to_owned(),
            problem: Box::new(problem),
        })?);
    }
    let target = match nets.as_slice() {
        [] => return Err(Problem::Empty),
        [first, ..] => Target::Networks {
            first: *first,
            all: nets.into(),
        },
    };
    Ok(BindnetAddr { target, zone: None })
}

/// Reads an entry of several networks; `first` is the first of them.
fn parse_entry(entry: &str, first: Option<&IpNet>) -> Result<IpNet, Problem> {
    if entry.is_empty() {
        return Err(Problem::EmptyEntry);
    }
    let bindnet = parse(entry).map_err(|problem| match problem {
        Problem::HostBits { net } => Problem::HostBitsInEntry { net },
        problem => problem,
    })?;
    if bindnet.zone.is_some() {
        return Err(Problem::ZoneInNetworks);
    }
    let ip = bindnet.ip();
    let Some(net) = bindnet.network() else {
        return Err(Problem::NoPrefix(ip));
    };
    match first {
        Some(first) if first.addr().is_ipv4() != ip.is_ipv4() => {
            let [first, other] = [first.addr(), ip].map(Family::of);
            Err(Problem::TwoFamilies { first, other })
        }
        _ => Ok(net),
    }
}

/// Reads one address, or one network with its prefix.
pub(crate) fn parse(text: &str) -> Result<BindnetAddr, Problem> {
    if text.is_empty() {
        return Err(Problem::Empty);
    }
    if text.contains(|c: char| c.is_whitespace()) {
        return Err(Problem::Space);
    }
    if is_list(text) {
        return Err(Problem::Comma);
    }
    if let Some(problem) = brackets(text) {
        return Err(problem);
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

/// The problem of an address in brackets, if it is one without them: `[fd00::1]:5405`.
fn brackets(text: &str) -> Option<Problem> {
    let (address, rest) = text.strip_prefix('[')?.split_once(']')?;
    let (prefix, port) = match rest.strip_prefix(':') {
        Some(port) => ("", port),
        None => (rest, ""),
    };
    let write = format!("{address}{prefix}");
    let is_port = port.bytes().all(|b| b.is_ascii_digit());
    let is_address = is_port && !address.starts_with('[') && parse(&write).is_ok();
    is_address.then_some(if port.is_empty() {
        Problem::Brackets(write)
    } else {
        Problem::BracketsAndPort(write)
    })
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
        return if text.contains(|c: char| c.is_alphabetic()) {
            Problem::HostName(text.to_owned())
        } else {
            Problem::NoAddress(text.to_owned())
        };
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
    let net = mask_len(ip, prefix).and_then(|len| IpNet::new(ip, len).ok());
    if let Some(net) = net {
        let prefix = prefix.to_owned();
        return Err(Problem::Mask { prefix, net });
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

/// The prefix length that a mask of the family of an address means: 24 for `255.255.255.0`.
fn mask_len(ip: IpAddr, mask: &str) -> Option<u8> {
    let mask: IpAddr = mask.parse().ok()?;
    let len = Netmask::from_ip(mask).prefix_len();
    len.filter(|_| mask.is_ipv4() == ip.is_ipv4())
}

/// A short form with zeros for the missing numbers, which most people mean.
fn pad(text: &str, parts: usize) -> Option<Ipv4Addr> {
    let zeros = ".0".repeat(4usize.saturating_sub(parts));
    format!("{text}{zeros}").parse().ok()
}
