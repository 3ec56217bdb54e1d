//! Netmasks as they are stored: the bits, not the prefix length.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The netmask of an address.
///
/// Linux knows contiguous masks only; others can come from the getifaddrs(3) of a
/// different system. The bits are kept, because `(a ^ b) & mask == 0` needs no special case for `/0` and
/// none for a mask with holes, and the prefix length is derived.
///
/// ```
/// use bindnet::snapshot::Netmask;
///
/// let mask = Netmask::from_ip("255.255.255.0".parse()?);
/// assert_eq!(mask.prefix_len(), Some(24));
/// assert_eq!(Netmask::from_ip("255.0.255.0".parse()?).prefix_len(), None);
/// # Ok::<(), std::net::AddrParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Netmask {
    /// The mask of an IPv4 address; the first byte of the address is the most significant.
    V4(u32),
    /// The mask of an IPv6 address; the first byte of the address is the most significant.
    V6(u128),
}

impl Netmask {
    /// The mask whose bits are those of `mask`, `255.255.255.0` for instance.
    pub fn from_ip(mask: IpAddr) -> Self {
        match mask {
            IpAddr::V4(mask) => Self::V4(mask.to_bits()),
            IpAddr::V6(mask) => Self::V6(mask.to_bits()),
        }
    }

    /// The number of leading ones, if only zeros follow.
    pub fn prefix_len(self) -> Option<u8> {
        match self {
            Self::V4(mask) => Bits::prefix_len(mask),
            Self::V6(mask) => Bits::prefix_len(mask),
        }
    }

    /// Whether all bits are ones, as in a `/32` or `/128`.
    pub fn is_host(self) -> bool {
        matches!(self, Self::V4(u32::MAX) | Self::V6(u128::MAX))
    }

    /// The network that an address is in under this mask; `None` if the families differ.
    ///
    /// ```
    /// # use bindnet::snapshot::Netmask;
    /// let mask = Netmask::from_ip("255.255.255.0".parse()?);
    /// assert_eq!(mask.network("192.0.2.10".parse()?), Some("192.0.2.0".parse()?));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn network(self, ip: IpAddr) -> Option<IpAddr> {
        match self {
            Self::V4(mask) => Some((u32::from_ip(ip)? & mask).to_ip()),
            Self::V6(mask) => Some((u128::from_ip(ip)? & mask).to_ip()),
        }
    }

    /// The mask written as an address.
    pub fn to_ip(self) -> IpAddr {
        match self {
            Self::V4(mask) => IpAddr::V4(Ipv4Addr::from_bits(mask)),
            Self::V6(mask) => IpAddr::V6(Ipv6Addr::from_bits(mask)),
        }
    }
}

impl fmt::Display for Netmask {
    /// The prefix length, or the mask as an address if it has holes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix_len() {
            Some(len) => write!(f, "{len}"),
            None => write!(f, "{}", self.to_ip()),
        }
    }
}

impl fmt::Debug for Netmask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/{self}")
    }
}

/// The bits of an address or a mask of one family, first byte most significant.
pub(crate) trait Bits:
    Copy
    + Ord
    + std::hash::Hash
    + std::ops::BitXor<Output = Self>
    + std::ops::BitAnd<Output = Self>
    + std::ops::BitOr<Output = Self>
    + std::ops::Not<Output = Self>
{
    /// Whether this is the family of IPv4.
    const IS_V4: bool;

    /// No bit set.
    const ZERO: Self;

    /// All bits.
    const ONES: Self;

    /// 127.0.0.1 or ::1.
    const LOOPBACK: Self;

    /// An integer of a quarter of the bits.
    type Quarter: Quarter;

    /// The quarters, the most significant first.
    fn quarters(self) -> [Self::Quarter; 4];

    /// All quarters together.
    fn join(quarters: [Self::Quarter; 4]) -> Self;

    /// The mask with `len` leading ones; `None` if the family has fewer bits.
    fn mask(len: u8) -> Option<Self>;

    /// The number of leading ones, if only zeros follow.
    fn prefix_len(self) -> Option<u8>;

    /// How many leading bits two addresses share.
    fn common_prefix_len(self, other: Self) -> u8;

    /// The bits of an address, if it is of this family.
    fn from_ip(ip: IpAddr) -> Option<Self>;

    /// The bits as an address.
    fn to_ip(self) -> IpAddr;

    /// The bits of a mask, if it is of this family.
    fn from_netmask(mask: Netmask) -> Option<Self>;

    /// The bits as a mask.
    fn to_netmask(self) -> Netmask;
}

/// A quarter of the bits of an address or a mask.
pub(crate) trait Quarter:
    Copy
    + Default
    + Eq
    + std::ops::BitXor<Output = Self>
    + std::ops::BitAnd<Output = Self>
    + std::ops::BitOr<Output = Self>
{
}

macro_rules! bits {
    ($int:ty, $quarter:ty, $address:ty, $family:ident) => {
        impl Quarter for $quarter {}

        impl Bits for $int {
            const IS_V4: bool = <$int>::BITS == 32;
            const ZERO: Self = 0;
            const ONES: Self = <$int>::MAX;
            const LOOPBACK: Self = <$address>::LOCALHOST.to_bits();

            type Quarter = $quarter;

            fn quarters(self) -> [$quarter; 4] {
                [3, 2, 1, 0].map(|behind| (self >> (behind * <$quarter>::BITS)) as $quarter)
            }

            fn join(quarters: [$quarter; 4]) -> Self {
                let join = |joined, quarter| joined << <$quarter>::BITS | Self::from(quarter);
                quarters.into_iter().fold(0, join)
            }

            fn mask(len: u8) -> Option<Self> {
                let zeros = <$int>::BITS.checked_sub(len.into())?;
                Some(<$int>::MAX.checked_shl(zeros).unwrap_or(0))
            }

            fn prefix_len(self) -> Option<u8> {
                let contiguous = self.leading_ones() + self.trailing_zeros() >= <$int>::BITS;
                contiguous.then(|| self.leading_ones() as u8)
            }

            fn common_prefix_len(self, other: Self) -> u8 {
                (self ^ other).leading_zeros() as u8
            }

            fn from_ip(ip: IpAddr) -> Option<Self> {
                match ip {
                    IpAddr::$family(ip) => Some(ip.to_bits()),
                    _ => None,
                }
            }

            fn to_ip(self) -> IpAddr {
                IpAddr::$family(<$address>::from_bits(self))
            }

            fn from_netmask(mask: Netmask) -> Option<Self> {
                match mask {
                    Netmask::$family(mask) => Some(mask),
                    _ => None,
                }
            }

            fn to_netmask(self) -> Netmask {
                Netmask::$family(self)
            }
        }
    };
}

bits!(u32, u8, Ipv4Addr, V4);
bits!(u128, u32, Ipv6Addr, V6);
