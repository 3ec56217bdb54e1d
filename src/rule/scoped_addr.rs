//! An address of a host.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use super::bindnetaddr::Zone;
use super::parse::parse;
use super::problem::Problem;
use crate::snapshot::ParseError;

/// An address of a host, with its link if it is link-local:
/// `192.0.2.10`, `fe80::1%eth0`.
///
/// ```
/// use bindnet::rule::ScopedAddr;
///
/// let remembered: ScopedAddr = "fe80::1%eth0".parse()?;
/// assert_eq!(remembered.to_string(), "fe80::1%eth0");
///
/// let bound: std::net::SocketAddr = "[fe80::1%2]:5405".parse().unwrap();
/// assert_eq!(ScopedAddr::from(bound).to_string(), "fe80::1%2");
/// # Ok::<(), bindnet::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ScopedAddr {
    ip: IpAddr,
    zone: Option<Zone>,
}

impl ScopedAddr {
    /// An address, on a link if it matters which.
    pub fn new(ip: IpAddr, zone: Option<Zone>) -> Self {
        Self { ip, zone }
    }

    /// The address.
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The link it is on, if it names one.
    pub fn zone(&self) -> Option<Zone> {
        self.zone
    }
}

impl From<IpAddr> for ScopedAddr {
    /// An IPv4-mapped IPv6 address is the IPv4 address.
    fn from(ip: IpAddr) -> Self {
        Self::new(ip.to_canonical(), None)
    }
}

impl From<SocketAddr> for ScopedAddr {
    /// The address of a socket, as `local_addr()` returns it: the zone is the scope id, an index
    /// and not a name. The text of it is read as a name first ([`Zone`]).
    fn from(address: SocketAddr) -> Self {
        let zone = match address {
            SocketAddr::V6(v6) if v6.scope_id() != 0 => Some(Zone::from(v6.scope_id())),
            _ => None,
        };
        Self::new(address.ip().to_canonical(), zone)
    }
}

impl FromStr for ScopedAddr {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let fail = |problem: Problem| problem.of_text("an address", text);
        if let Some((address, prefix)) = text.split_once('/')
            && !prefix.contains(',')
            && parse(address).is_ok()
        {
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

impl fmt::Display for ScopedAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ip)?;
        match self.zone {
            Some(zone) => write!(f, "%{zone}"),
            None => Ok(()),
        }
    }
}
