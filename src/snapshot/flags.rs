//! Flags and scopes, by the kernel's names.

use std::fmt;

use super::ParseError;

/// A set of bits with the kernel's names for them.
macro_rules! flags {
    (
        $(#[$meta:meta])* $set:ident, $prefix:literal;
        $( $(#[$bit_meta:meta])* $bit:ident = $value:literal, $word:literal; )*
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
        pub struct $set(u32);

        impl $set {
            $(
                $(#[$bit_meta])*
                #[doc = concat!("\n\n`", $prefix, stringify!($bit), "`")]
                pub const $bit: Self = Self($value);
            )*

            /// The words for single bits, in ascending order of the bits.
            #[cfg(feature = "serde")]
            pub(crate) const WORDS: &[(u32, &'static str)] = &[$(($value, $word)),*];

            /// The set with these bits; bits that have no name here are kept.
            pub const fn from_bits(bits: u32) -> Self {
                Self(bits)
            }

            /// The bits as the kernel has them.
            pub const fn bits(self) -> u32 {
                self.0
            }

            /// Whether every bit of `other` is set here.
            pub const fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }
        }

        impl std::ops::BitOr for $set {
            type Output = Self;
            fn bitor(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
        }

        impl fmt::Debug for $set {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($set), "({:#x})"), self.0)
            }
        }
    };
}

flags! {
    /// The flags of an address (`IFA_FLAGS`, linux/if_addr.h).
    ///
    /// ```
    /// use bindnet::snapshot::AddressFlags;
    ///
    /// let flags = AddressFlags::PERMANENT | AddressFlags::NODAD;
    /// assert_eq!(flags.bits(), 0x82);
    /// assert!(flags.contains(AddressFlags::PERMANENT));
    /// ```
    AddressFlags, "IFA_F_";
    /// IPv4: not the first address of its subnet on the link. IPv6: [`Self::TEMPORARY`].
    SECONDARY = 0x01, "secondary";
    /// No duplicate address detection.
    NODAD = 0x02, "nodad";
    /// Usable although duplicate address detection is not over (RFC 4429).
    OPTIMISTIC = 0x04, "optimistic";
    /// Duplicate address detection found another holder (RFC 4862, section 5.4).
    DADFAILED = 0x08, "dadfailed";
    /// A mobile node's home address (RFC 6275).
    HOMEADDRESS = 0x10, "homeaddress";
    /// Not to be used for new communication (RFC 4862, section 5.5.4).
    DEPRECATED = 0x20, "deprecated";
    /// Duplicate address detection is not over; bind(2) refuses it.
    TENTATIVE = 0x40, "tentative";
    /// Its valid lifetime is infinite.
    PERMANENT = 0x80, "permanent";
    /// The template of temporary addresses.
    MANAGETEMPADDR = 0x100, "managetempaddr";
    /// The kernel made no prefix route for it.
    NOPREFIXROUTE = 0x200, "noprefixroute";
    /// Joins the multicast group it names.
    MCAUTOJOIN = 0x400, "mcautojoin";
    /// Its interface identifier is stable and opaque (RFC 7217).
    STABLE_PRIVACY = 0x800, "stable-privacy";
}

impl AddressFlags {
    /// IPv6: a privacy address (RFC 8981). The same bit as [`Self::SECONDARY`].
    #[doc(alias = "IFA_F_TEMPORARY")]
    pub const TEMPORARY: Self = Self::SECONDARY;
}

flags! {
    /// The flags of a link (`ifi_flags`, linux/if.h, netdevice(7)).
    LinkFlags, "IFF_";
    /// Administratively up.
    UP = 0x1, "up";
    /// Has a broadcast address.
    BROADCAST = 0x2, "broadcast";
    /// Debugging is on.
    DEBUG = 0x4, "debug";
    /// A loopback link.
    LOOPBACK = 0x8, "loopback";
    /// A point-to-point link.
    POINTOPOINT = 0x10, "pointopoint";
    /// No trailers.
    NOTRAILERS = 0x20, "notrailers";
    /// Operational (RFC 2863, OPER UP or UNKNOWN).
    RUNNING = 0x40, "running";
    /// No address resolution.
    NOARP = 0x80, "noarp";
    /// Receives all packets.
    PROMISC = 0x100, "promisc";
    /// Receives all multicast packets.
    ALLMULTI = 0x200, "allmulti";
    /// The master of a load balancer.
    MASTER = 0x400, "master";
    /// The slave of a load balancer.
    SLAVE = 0x800, "slave";
    /// Supports multicast.
    MULTICAST = 0x1000, "multicast";
    /// Can select its media type.
    PORTSEL = 0x2000, "portsel";
    /// Selects its media type by itself.
    AUTOMEDIA = 0x4000, "automedia";
    /// A dial-up link whose addresses change.
    DYNAMIC = 0x8000, "dynamic";
    /// The carrier is there.
    LOWER_UP = 0x1_0000, "lower-up";
    /// Waits for an external event before it is operational.
    DORMANT = 0x2_0000, "dormant";
    /// Echoes sent packets.
    ECHO = 0x4_0000, "echo";
}

/// The scope of an address (`ifa_scope`, linux/rtnetlink.h `rt_scope_t`).
///
/// ```
/// use bindnet::snapshot::Scope;
///
/// assert_eq!(Scope::LINK.to_string(), "link");
/// assert_eq!("global".parse(), Ok(Scope::GLOBAL));
/// assert_eq!("77".parse(), Ok(Scope::new(77)));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Scope(u8);

impl Scope {
    /// Valid everywhere.
    #[doc(alias = "RT_SCOPE_UNIVERSE")]
    pub const GLOBAL: Self = Self(0);
    /// Valid inside a site (IPv6, deprecated by RFC 3879).
    #[doc(alias = "RT_SCOPE_SITE")]
    pub const SITE: Self = Self(200);
    /// Valid on one link.
    #[doc(alias = "RT_SCOPE_LINK")]
    pub const LINK: Self = Self(253);
    /// Valid inside this host.
    #[doc(alias = "RT_SCOPE_HOST")]
    pub const HOST: Self = Self(254);
    /// Reserved for destinations that do not exist.
    #[doc(alias = "RT_SCOPE_NOWHERE")]
    pub const NOWHERE: Self = Self(255);

    const WORDS: [(Self, &'static str); 5] = [
        (Self::GLOBAL, "global"),
        (Self::SITE, "site"),
        (Self::LINK, "link"),
        (Self::HOST, "host"),
        (Self::NOWHERE, "nowhere"),
    ];

    /// The scope with this value; values between the named ones are the administrator's.
    pub const fn new(value: u8) -> Self {
        Self(value)
    }

    /// The value as the kernel has it.
    pub const fn value(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match Self::WORDS.iter().find(|(scope, _)| scope == self) {
            Some((_, word)) => f.pad(word),
            None => write!(f, "{}", self.0),
        }
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Scope({self})")
    }
}

impl std::str::FromStr for Scope {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let named = Self::WORDS.iter().find(|(_, word)| *word == text);
        match named {
            Some((scope, _)) => Ok(*scope),
            None => text.parse().map(Self).map_err(|_| {
                let problem =
                    "a scope is global, site, link, host, nowhere or a number from 0 to 255";
                ParseError::new("a scope", text, problem)
            }),
        }
    }
}
