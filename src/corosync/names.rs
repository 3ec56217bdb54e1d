//! Addresses as getaddrinfo(3) reads them for Corosync, and the hosts(5) file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use thiserror::Error;

use crate::rule::inet_aton;
use crate::snapshot::{ParseError, escape, is_link_local};

/// Reads the address in a `bindnetaddr` or a `ringX_addr`, as `totemip_parse` (exec/totemip.c of
/// Corosync) does through getaddrinfo(3).
///
/// getaddrinfo(3) takes more than addresses: octal and hexadecimal numbers, short forms, names, and
/// a zone, which Corosync then drops. Names are looked up in the hosts file only, not in DNS. If a
/// name has several addresses, the first in the file is taken; getaddrinfo(3) may sort them by the
/// host's routes (gai.conf(5)). The link of a zone need not exist.
///
/// ```
/// use bindnet::corosync::{Hosts, How, IpVersion, read_address};
///
/// let hosts = Hosts::parse(b"192.0.2.1 alice.example alice\n");
/// let read = read_address("192.0.2.010", IpVersion::V6Then4, &hosts)?;
/// assert_eq!((read.ip.to_string(), read.how), ("192.0.2.8".to_owned(), How::Octal));
///
/// let read = read_address("Alice", IpVersion::V6Then4, &hosts)?;
/// assert_eq!((read.ip.to_string(), read.how), ("192.0.2.1".to_owned(), How::HostsFile));
///
/// let error = read_address("192.0.2.0/24", IpVersion::V4, &hosts).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "\"192.0.2.0/24\": Corosync refuses a prefix; write 192.0.2.0",
/// );
/// # Ok::<(), bindnet::ParseError>(())
/// ```
///
/// # Errors
/// If getaddrinfo(3) finds nothing. Corosync then does not start: it "failed to parse".
pub fn read_address(
    text: &str,
    version: IpVersion,
    hosts: &Hosts,
) -> Result<ReadAddress, ParseError> {
    let fail = |problem| ParseError::new("an address in corosync.conf", text, problem);
    try_read(text, version, hosts).map_err(fail)
}

/// The same, with the kind of the problem as error.
pub(super) fn try_read(
    text: &str,
    version: IpVersion,
    hosts: &Hosts,
) -> Result<ReadAddress, AddressProblem> {
    if text.is_empty() {
        return Err(AddressProblem::Empty);
    }
    if let Some(read) = read_number(text) {
        return of_family(read, version).ok_or_else(|| AddressProblem::Family {
            text: text.to_owned(),
            version,
        });
    }
    // An address with an impossible zone is not looked up as a name.
    let address = text.split_once('%').map(|(address, _)| address);
    let has_bad_zone = address.is_some_and(|address| address.parse::<Ipv6Addr>().is_ok());
    if let Some(ip) = hosts.find(text, version).filter(|_| !has_bad_zone) {
        let (how, zone) = (How::HostsFile, None);
        return Ok(ReadAddress { ip, how, zone });
    }
    Err(problem(text.to_owned(), version, hosts))
}

/// The problem of a text that is neither an address nor a name with one.
fn problem(text: String, version: IpVersion, hosts: &Hosts) -> AddressProblem {
    if let Some((address, prefix)) = text.split_once('/') {
        let is_prefix = !prefix.is_empty() && prefix.bytes().all(|b| b.is_ascii_digit());
        if read_number(address).is_some() && is_prefix {
            let address = address.to_owned();
            return AddressProblem::Prefix { text, address };
        }
    }
    if !is_name(&text) {
        AddressProblem::NoAddress { text }
    } else if hosts.addresses(&text).next().is_some() {
        AddressProblem::FamilyOfName { text, version }
    } else {
        AddressProblem::Unknown { text }
    }
}

/// An address, and the way in which the text was read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReadAddress {
    /// The address.
    pub ip: IpAddr,
    /// How it was read.
    pub how: How,
    /// The text after `%`: a name or an index of a link. Corosync drops it.
    pub zone: Option<String>,
}

/// How getaddrinfo(3) reads a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum How {
    /// As an ordinary address.
    Plain,
    /// A number with a leading zero is octal: `192.168.010.0` is 192.168.8.0 (inet_aton(3)).
    Octal,
    /// A number with `0x` is hexadecimal: `0xc0.0.2.1` is 192.0.2.1 (inet_aton(3)).
    Hexadecimal,
    /// Fewer than four numbers, the last of which fills the bytes that are left: `192.168.1` is
    /// 192.168.0.1, `3232235776` is 192.168.1.0 (inet_aton(3)).
    ShortForm,
    /// A name in the hosts file.
    HostsFile,
}

/// Reads an address, without a look at names.
fn read_number(text: &str) -> Option<ReadAddress> {
    if let Some((ip, how)) = read_ipv4(text) {
        let (ip, zone) = (ip.into(), None);
        return Some(ReadAddress { ip, how, zone });
    }
    let (address, zone) = match text.split_once('%') {
        Some((address, zone)) => (address, Some(zone)),
        None => (text, None),
    };
    let ip: Ipv6Addr = address.parse().ok()?;
    if zone.is_some_and(|zone| !is_zone(zone, ip)) {
        return None;
    }
    Some(ReadAddress {
        ip: ip.into(),
        how: How::Plain,
        zone: zone.map(str::to_owned),
    })
}

fn read_ipv4(text: &str) -> Option<(Ipv4Addr, How)> {
    if let Ok(ip) = text.parse() {
        return Some((ip, How::Plain));
    }
    let parts: Vec<&str> = text.split('.').take(5).collect();
    let ip = inet_aton(&parts)?;
    let zero = |part: &&str| part.len() > 1 && part.starts_with('0');
    let hexadecimal = |part: &&str| zero(part) && part.contains(['x', 'X']);
    let how = if parts.iter().any(|part| zero(part) && !hexadecimal(part)) {
        How::Octal
    } else if parts.iter().any(hexadecimal) {
        How::Hexadecimal
    } else {
        How::ShortForm
    };
    Some((ip, how))
}

/// Whether `__inet6_scopeid_pton` of glibc may take the zone: an index, or a name if the address is
/// of one link (a multicast address: of one interface or link).
fn is_zone(zone: &str, ip: Ipv6Addr) -> bool {
    let index = zone.bytes().all(|b| b.is_ascii_digit()) && zone.parse::<u32>().is_ok();
    // RFC 4291, section 2.7: the scope of a multicast address.
    let multicast = matches!(ip.octets(), [0xff, scope, ..] if matches!(scope & 0xf, 1 | 2));
    // No link has a slash in its name (dev_valid_name, net/core/dev.c).
    let name = !zone.is_empty() && !zone.contains('/');
    index || ((is_link_local(ip.into()) || multicast) && name)
}

/// The address, if it is of the wanted family; an IPv4-mapped one is of both.
fn of_family(read: ReadAddress, version: IpVersion) -> Option<ReadAddress> {
    let ip = match (version, read.ip) {
        (IpVersion::V4, IpAddr::V6(ip)) => ip.to_ipv4_mapped()?.into(),
        (IpVersion::V6, IpAddr::V4(_)) => return None,
        (_, ip) => ip,
    };
    Some(ReadAddress { ip, ..read })
}

/// Whether a text can be the name of a host (hosts(5)), and is no mistyped number.
fn is_name(text: &str) -> bool {
    let known = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    let last = text.strip_suffix('.').unwrap_or(text).rsplit('.').next();
    let number = last.is_none_or(|last| last.bytes().all(|b| b.is_ascii_digit()));
    text.bytes().all(known) && !number
}

/// `totem.ip_version`: addresses of which family Corosync takes for a name (corosync.conf(5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IpVersion {
    /// `ipv4`: IPv4 alone.
    V4,
    /// `ipv6`: IPv6 alone.
    V6,
    /// `ipv6-4`: IPv6, or IPv4 if there is none.
    V6Then4,
    /// `ipv4-6`: IPv4, or IPv6 if there is none.
    V4Then6,
    /// The first of either family: what Corosync before 3.0 does without an `ip_version`.
    Any,
}

impl FromStr for IpVersion {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        match text {
            "ipv4" => Ok(Self::V4),
            "ipv6" => Ok(Self::V6),
            "ipv6-4" => Ok(Self::V6Then4),
            "ipv4-6" => Ok(Self::V4Then6),
            _ => {
                let problem = format!("ip_version {text:?}: write ipv4, ipv6, ipv4-6 or ipv6-4");
                Err(ParseError::new("an ip_version", text, problem))
            }
        }
    }
}

impl fmt::Display for IpVersion {
    /// The value in corosync.conf; `any` has no value there.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "ipv4",
            Self::V6 => "ipv6",
            Self::V6Then4 => "ipv6-4",
            Self::V4Then6 => "ipv4-6",
            Self::Any => "any",
        })
    }
}

/// Corosync gets no address out of a text, for this reason.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum AddressProblem {
    /// It is empty.
    #[error("empty; write an address, for instance 192.168.1.0")]
    Empty,
    /// It has a prefix length.
    #[error("{text:?}: Corosync refuses a prefix; write {}", escape(.address.as_bytes()))]
    Prefix {
        /// The whole text.
        text: String,
        /// The part before the slash.
        address: String,
    },
    /// The address is not of the wanted family.
    #[error(
        "{text:?} is not of the family of ip_version {version}; write an address that is, or \
         another ip_version"
    )]
    Family {
        /// The whole text.
        text: String,
        /// The wanted family.
        version: IpVersion,
    },
    /// The hosts file has addresses for the name, but none of the wanted family. Corosync would ask
    /// DNS, which this library does not.
    #[error(
        "the name {text:?} has no address in the hosts file that ip_version {version} allows; \
         Corosync would ask DNS. Write such an address, or give the name one in the hosts file"
    )]
    FamilyOfName {
        /// The name.
        text: String,
        /// The wanted family.
        version: IpVersion,
    },
    /// The name is not in the hosts file. Corosync would ask DNS, which this library does not.
    #[error(
        "the name {text:?} is not in the hosts file; Corosync would ask DNS. Write the address, \
         or the name into the hosts file"
    )]
    Unknown {
        /// The name.
        text: String,
    },
    /// It is neither an address nor the name of a host.
    #[error("{text:?} is not an address; write an IPv4 or IPv6 address (192.168.1.0, fd00::)")]
    NoAddress {
        /// The whole text.
        text: String,
    },
}

/// A hosts(5) file: names and their addresses.
///
/// Lines that getaddrinfo(3) cannot read are left out. It takes as much memory as the text, times
/// a small number.
///
/// ```
/// use std::net::IpAddr;
///
/// use bindnet::corosync::Hosts;
///
/// let hosts = Hosts::parse(b"192.0.2.1  alice.example alice # the first\n2001:db8::1 alice");
/// let addresses: Vec<String> = hosts.addresses("ALICE").map(|ip| ip.to_string()).collect();
/// assert_eq!(addresses, ["192.0.2.1", "2001:db8::1"]);
/// assert_eq!(hosts.name_of("192.0.2.1".parse().unwrap()), Some("alice.example"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hosts {
    /// The addresses of each name, which is in lower case.
    addresses: BTreeMap<String, Vec<IpAddr>>,
    /// The canonical name of each address.
    names: BTreeMap<IpAddr, String>,
}

impl Hosts {
    /// Reads the text of a hosts file. What is not UTF-8 in a name is replaced by U+FFFD.
    pub fn parse(text: &[u8]) -> Self {
        let mut hosts = Self::default();
        for line in text.split(|b| *b == b'\n') {
            // A string of C ends at a zero byte.
            let line = line.split(|b| matches!(b, b'#' | 0)).next();
            let line = String::from_utf8_lossy(line.unwrap_or_default());
            let mut words = line.split(is_space).filter(|word| !word.is_empty());
            let Some(Ok(ip)) = words.next().map(str::parse) else {
                continue;
            };
            let names: Vec<_> = words.collect();
            if let Some(name) = names.first() {
                let name = || (*name).to_owned();
                hosts.names.entry(ip).or_insert_with(name);
            }
            let names: BTreeSet<_> = names.iter().map(|name| name.to_ascii_lowercase()).collect();
            for name in names {
                hosts.addresses.entry(name).or_default().push(ip);
            }
        }
        hosts
    }

    /// The addresses of a name or alias, in the order of the file. Case does not count.
    pub fn addresses(&self, name: &str) -> impl Iterator<Item = IpAddr> {
        let found = self.addresses.get(&name.to_ascii_lowercase());
        found.into_iter().flatten().copied()
    }

    /// The canonical name of an address: the first name of its first line.
    pub fn name_of(&self, ip: IpAddr) -> Option<&str> {
        self.names.get(&ip).map(String::as_str)
    }

    /// The address of a name in the wanted family.
    fn find(&self, name: &str, version: IpVersion) -> Option<IpAddr> {
        let addresses = || self.addresses(name);
        let ipv4 = || addresses().find(IpAddr::is_ipv4);
        let ipv6 = || addresses().find(IpAddr::is_ipv6);
        match version {
            // gethostbyname2_r of glibc takes these for mistyped addresses if IPv4 is wanted.
            IpVersion::V4 if is_numeric(name) => None,
            IpVersion::V4 => addresses().find_map(as_ipv4),
            IpVersion::V6 => ipv6(),
            IpVersion::V6Then4 => ipv6().or_else(ipv4),
            IpVersion::V4Then6 => ipv4().or_else(ipv6),
            IpVersion::Any => addresses().next(),
        }
    }
}

/// An address of the hosts file if only IPv4 is wanted: nss_files of glibc reads ::1 as 127.0.0.1,
/// and an IPv4-mapped address as the IPv4 one.
fn as_ipv4(ip: IpAddr) -> Option<IpAddr> {
    match ip {
        IpAddr::V4(_) => Some(ip),
        IpAddr::V6(Ipv6Addr::LOCALHOST) => Some(Ipv4Addr::LOCALHOST.into()),
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map(IpAddr::from),
    }
}

/// Digits and dots, and no dot at the end; or something with a colon.
fn is_numeric(name: &str) -> bool {
    let number = name.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    (number && !name.ends_with('.')) || name.contains(':')
}

/// isspace(3) in the C locale.
fn is_space(c: char) -> bool {
    c.is_ascii_whitespace() || c == '\x0b'
}
