//! An address of the host.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::Entry;
use super::ParseError;
use super::facts::Facts;
use super::flags::{AddressFlags, Scope};
use super::name::Name;
use super::netmask::{Bits, Netmask};

/// How much longer something lasts (`IFA_CACHEINFO`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Lifetime {
    /// For ever (`INFINITY_LIFE_TIME`).
    Forever,
    /// For so many seconds; `u32::MAX` is for ever, as the kernel has it.
    Seconds(u32),
}

impl Lifetime {
    /// `INFINITY_LIFE_TIME` (linux/if_addr.h).
    pub(crate) const INFINITY: u32 = u32::MAX;

    /// From the seconds of `struct ifa_cacheinfo`.
    #[inline]
    pub(crate) fn from_kernel(seconds: u32) -> Self {
        if seconds == Self::INFINITY {
            Self::Forever
        } else {
            Self::Seconds(seconds)
        }
    }

    /// The seconds of `struct ifa_cacheinfo`.
    #[inline]
    pub(crate) fn to_kernel(self) -> u32 {
        match self {
            Self::Forever => Self::INFINITY,
            Self::Seconds(seconds) => seconds,
        }
    }
}

/// An address of the host, with its attributes.
///
/// An unknown attribute is `None`: getifaddrs(3), for instance, has neither flags nor scope.
///
/// ```
/// use bindnet::snapshot::{AddressFlags, Lifetime, Scope};
/// use bindnet::Address;
///
/// let vip = Address::new("192.0.2.20/24".parse()?, 2)
///     .with_label("eth0:vip".parse()?)
///     .with_scope(Scope::GLOBAL)
///     .with_flags(AddressFlags::SECONDARY | AddressFlags::PERMANENT)
///     .with_valid_lft(Lifetime::Forever);
/// assert_eq!(vip.net().unwrap().to_string(), "192.0.2.20/24");
/// assert_eq!(vip.is_secondary(), Some(true));
/// assert_eq!(vip.peer(), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address {
    ip: IpAddr,
    netmask: Netmask,
    peer: Option<IpAddr>,
    pub(super) facts: Facts,
}

impl Address {
    /// An address with its prefix length, on the link with this index.
    pub fn new(net: IpNet, link: u32) -> Self {
        Self::without_link(net.addr(), Netmask::from_ip(net.netmask())).with_link(link)
    }

    /// An address on a link with this index, with a mask that may have holes.
    ///
    /// # Errors
    /// If the two are of different families.
    pub fn with_netmask(ip: IpAddr, mask: Netmask, link: u32) -> Result<Self, ParseError> {
        match (ip, mask) {
            (IpAddr::V4(_), Netmask::V4(_)) | (IpAddr::V6(_), Netmask::V6(_)) => {
                Ok(Self::without_link(ip, mask).with_link(link))
            }
            _ => Err(mixed(ip, mask.to_ip())),
        }
    }

    /// Both of the same family, on an unknown link.
    fn without_link(ip: IpAddr, netmask: Netmask) -> Self {
        Self {
            ip,
            netmask,
            peer: None,
            facts: Facts::default(),
        }
    }

    /// From the bits of one family.
    pub(crate) fn from_bits<A: Bits>(entry: Entry<A>) -> Self {
        Self {
            ip: entry.ip.to_ip(),
            netmask: entry.mask.to_netmask(),
            peer: other_end(entry.ip, entry.peer).map(Bits::to_ip),
            facts: entry.facts,
        }
    }

    /// On an unknown link. Only getifaddrs(3) causes that: it has the label of an IPv4 address instead of
    /// its link.
    #[must_use]
    pub fn on_unknown_link(mut self) -> Self {
        self.facts.forget_link();
        self
    }

    /// On the link with this index.
    pub(crate) fn with_link(mut self, index: u32) -> Self {
        self.facts.set_link(index);
        self
    }

    /// With its label.
    #[must_use]
    pub fn with_label(mut self, label: Name) -> Self {
        self.facts.label = Some(label);
        self
    }

    /// With the address of the other end of a point-to-point link. The address itself is no other
    /// end: the kernel writes it as `IFA_ADDRESS` of every IPv4 address that has none.
    ///
    /// ```
    /// use bindnet::Address;
    ///
    /// let address = Address::new("192.0.2.10/32".parse()?, 2);
    /// assert_eq!(address.with_peer("192.0.2.1".parse()?)?.peer(), Some("192.0.2.1".parse()?));
    /// assert_eq!(address.with_peer("192.0.2.10".parse()?)?.peer(), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If it is of the other family.
    pub fn with_peer(mut self, peer: IpAddr) -> Result<Self, ParseError> {
        if peer.is_ipv4() != self.ip.is_ipv4() {
            return Err(mixed(self.ip, peer));
        }
        self.peer = other_end(self.ip, Some(peer));
        Ok(self)
    }

    /// With its scope.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope) -> Self {
        self.facts.set_scope(scope);
        self
    }

    /// With its flags.
    #[must_use]
    pub fn with_flags(mut self, flags: AddressFlags) -> Self {
        self.facts.set_flags(flags);
        self
    }

    /// With the protocol that configured it; 0 is none (`IFAPROT_UNSPEC`, linux/if_addr.h).
    #[must_use]
    pub fn with_protocol(mut self, protocol: u8) -> Self {
        self.facts.set_protocol(protocol);
        self
    }

    /// With its valid lifetime.
    #[must_use]
    pub fn with_valid_lft(mut self, lifetime: Lifetime) -> Self {
        self.facts.set_valid_lft(lifetime);
        self
    }

    /// With its preferred lifetime.
    #[must_use]
    pub fn with_preferred_lft(mut self, lifetime: Lifetime) -> Self {
        self.facts.set_preferred_lft(lifetime);
        self
    }

    /// With the time it was created, in hundredths of a second since boot.
    #[must_use]
    pub fn with_created(mut self, created: u32) -> Self {
        self.facts.set_created(created);
        self
    }

    /// The address itself: `IFA_LOCAL`, or `IFA_ADDRESS` if that is absent.
    #[doc(alias = "IFA_LOCAL")]
    pub fn ip(&self) -> IpAddr {
        self.ip
    }

    /// The mask. On a point-to-point link it is that of the peer's network.
    pub fn netmask(&self) -> Netmask {
        self.netmask
    }

    /// The address with its prefix length; `None` for a mask with holes.
    pub fn net(&self) -> Option<IpNet> {
        IpNet::new(self.ip, self.netmask.prefix_len()?).ok()
    }

    /// The index of its link; `None` if that is not known.
    pub fn link_index(&self) -> Option<u32> {
        self.facts.link()
    }

    /// The label; IPv4 only.
    #[doc(alias = "IFA_LABEL")]
    pub fn label(&self) -> Option<Name> {
        self.facts.label
    }

    /// The address of the other end of a point-to-point link.
    #[doc(alias = "IFA_ADDRESS")]
    pub fn peer(&self) -> Option<IpAddr> {
        self.peer
    }

    /// The scope, if it is known.
    pub fn scope(&self) -> Option<Scope> {
        self.facts.scope()
    }

    /// The flags, if they are known.
    #[doc(alias = "IFA_FLAGS")]
    pub fn flags(&self) -> Option<AddressFlags> {
        self.facts.flags()
    }

    /// The protocol that configured it: 1 the kernel for loopback, 2 a router advertisement, 3 the kernel for
    /// link-local, others by agreement (linux/if_addr.h, Linux 5.18 and later).
    #[doc(alias = "IFA_PROTO")]
    pub fn protocol(&self) -> Option<u8> {
        self.facts.protocol()
    }

    /// How long it stays configured, if that is known.
    pub fn valid_lft(&self) -> Option<Lifetime> {
        self.facts.valid_lft()
    }

    /// How long it stays preferred, if that is known.
    pub fn preferred_lft(&self) -> Option<Lifetime> {
        self.facts.preferred_lft()
    }

    /// When it was created, in hundredths of a second since boot (`cstamp` of `IFA_CACHEINFO`).
    #[doc(alias = "cstamp")]
    pub fn created(&self) -> Option<u32> {
        self.facts.created()
    }

    /// Whether a different address of the same subnet came first on its link. IPv4 only: `None` for IPv6,
    /// and if the flags are not known.
    #[doc(alias = "IFA_F_SECONDARY")]
    pub fn is_secondary(&self) -> Option<bool> {
        let flags = self.facts.flags().filter(|_| self.ip.is_ipv4())?;
        Some(flags.contains(AddressFlags::SECONDARY))
    }

    /// Whether the address is a different one on each link: IPv6 link-local unicast,
    /// `fe80::/10` (RFC 4291, section 2.5.6).
    pub fn is_link_local(&self) -> bool {
        is_link_local(self.ip)
    }
}

/// The other end of a point-to-point link, unless it is this address itself.
#[inline]
pub(super) fn other_end<A: PartialEq>(ip: A, peer: Option<A>) -> Option<A> {
    peer.filter(|peer| *peer != ip)
}

/// See [`Address::is_link_local`].
pub(crate) fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if Ipv6Addr::is_unicast_link_local(&ip))
}

/// Two parts of an address are of different families.
fn mixed(ip: IpAddr, other: IpAddr) -> ParseError {
    let problem = "an IPv4 and an IPv6 part in one address";
    ParseError::new("an address", format!("{ip} {other}"), problem)
}
