//! The problems of a text that is no address and no network, in words.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use thiserror::Error;

use super::bindnetaddr::BindnetAddr;
use crate::snapshot::{Family, NameProblem, ParseError, escape_rest};

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
    #[error(
        "{0:?} is not an address, and names are not resolved; write an IPv4 or IPv6 address \
         (192.168.1.0, fd00::), or a network with its prefix (192.168.1.0/24)"
    )]
    HostName(String),
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
    #[error("brackets have no place here; write {}", escape_rest(.0))]
    Brackets(String),
    #[error("brackets and a port have no place here; write {}", escape_rest(.0))]
    BracketsAndPort(String),
    #[error("a list has no place here; write one address or network")]
    Comma,
    #[error(
        "it is the address of no network; for any {family} address of a link write {} and restrict \
         the interface", escape_rest(.network)
    )]
    Unspecified { family: Family, network: String },
    #[error("white space in it; write nothing but a comma between two networks")]
    SpaceInNetworks,
    #[error("{count} networks; a list has room for {}", BindnetAddr::MAX_NETWORKS)]
    TooMany { count: usize },
    #[error("entry {number}, {entry:?}: {problem}")]
    Entry {
        number: usize,
        entry: String,
        problem: Box<Self>,
    },
    #[error(
        "nothing between two commas or at an end; write a network with its prefix (192.168.1.0/24)"
    )]
    EmptyEntry,
    #[error(
        "no prefix length; in a list write a network with its prefix ({}), or {} for this address \
         alone", around(*.0), IpNet::from(*.0)
    )]
    NoPrefix(IpAddr),
    #[error(
        "an {other} network behind an {first} one; a list is of one family, ask for each alone"
    )]
    TwoFamilies { first: Family, other: Family },
    #[error("a zone (%) has no place in a list; restrict the interface")]
    ZoneInNetworks,
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
    #[error(
        "{prefix:?} is a mask; the prefix length is a number from 0 to {}: write {}",
        net.max_prefix_len(), without_host_bits(*.net)
    )]
    Mask {
        prefix: String,
        /// It may have host bits.
        net: IpNet,
    },
    #[error("the zone (%) stands before the prefix: write {}", escape_rest(.whole))]
    ZoneBehindPrefix { whole: String },
    #[error(
        "a prefix length (/{}) has no place here; write {}",
        escape_rest(.prefix), escape_rest(.address)
    )]
    Prefix { address: String, prefix: String },
    #[error("{net} names a host and a network; write {} or {}", net.addr(), net.trunc())]
    HostBits { net: IpNet },
    #[error(
        "{net} names a host and a network; write {} or {}",
        IpNet::from(net.addr()), net.trunc()
    )]
    HostBitsInEntry { net: IpNet },
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
        match self {
            Self::ZoneOnIpv4 | Self::ZoneInNetworks | Self::Unspecified { .. } => true,
            Self::Entry { problem, .. } => problem.wants_interface(),
            _ => false,
        }
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

/// The network, and the address alone if there are host bits.
fn without_host_bits(net: IpNet) -> String {
    if net == net.trunc() {
        net.to_string()
    } else {
        format!("{} or {}", net.addr(), net.trunc())
    }
}

/// A network around an address, with the usual prefix.
fn around(ip: IpAddr) -> String {
    let len = if ip.is_ipv4() { 24 } else { 64 };
    let net = IpNet::new(ip, len).unwrap_or(ip.into());
    net.trunc().to_string()
}

fn short(parts: usize) -> String {
    match parts {
        4 => "an IPv4 address is four decimal numbers".to_owned(),
        parts => format!("{parts} of the 4 numbers of an IPv4 address"),
    }
}
