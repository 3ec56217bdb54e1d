//! IPv4 or IPv6.

use std::fmt;
use std::net::IpAddr;

/// A family of addresses.
///
/// ```
/// use bindnet::wire::rtnetlink::Family;
///
/// let family = Family::of("192.0.2.10".parse()?);
/// assert_eq!(family, Family::V4);
/// assert_eq!(family.to_string(), "IPv4");
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// IPv4.
    #[doc(alias = "AF_INET")]
    V4,
    /// IPv6.
    #[doc(alias = "AF_INET6")]
    V6,
}

impl Family {
    /// The family of an address.
    pub const fn of(ip: IpAddr) -> Self {
        match ip {
            IpAddr::V4(_) => Self::V4,
            IpAddr::V6(_) => Self::V6,
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}
