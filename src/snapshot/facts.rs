//! The packed attributes of an address of either family: a dump may write 10 000 of them.

use std::fmt;

use super::address::Lifetime;
use super::flags::{AddressFlags, Scope};
use super::name::Name;

/// The attributes of an address of either family. Unknown ones are zero.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(crate) struct Facts {
    known: u8,
    scope: u8,
    protocol: u8,
    pub label: Option<Name>,
    link: u32,
    flags: u32,
    /// As the kernel writes them: [`Lifetime::INFINITY`] is no number of seconds.
    valid_lft: u32,
    preferred_lft: u32,
    created: u32,
}

// With the address of the other end and 8 bytes for the scan, all that an IPv4 address takes.
const _: () = assert!(size_of::<Facts>() <= 40);

// The bits of `known`.
const LINK: u8 = 1;
const SCOPE: u8 = 1 << 1;
const FLAGS: u8 = 1 << 2;
const PROTOCOL: u8 = 1 << 3;
const VALID_LFT: u8 = 1 << 4;
const PREFERRED_LFT: u8 = 1 << 5;
const CREATED: u8 = 1 << 6;

impl Facts {
    /// From the fields that every message about an address has (`struct ifaddrmsg`).
    #[inline]
    pub fn new(link: u32, flags: AddressFlags, scope: Scope) -> Self {
        Self {
            known: LINK | FLAGS | SCOPE,
            link,
            flags: flags.bits(),
            scope: scope.value(),
            ..Self::default()
        }
    }

    fn known<T>(&self, what: u8, value: T) -> Option<T> {
        (self.known & what != 0).then_some(value)
    }

    pub fn link(&self) -> Option<u32> {
        self.known(LINK, self.link)
    }

    pub fn scope(&self) -> Option<Scope> {
        self.known(SCOPE, Scope::new(self.scope))
    }

    pub fn flags(&self) -> Option<AddressFlags> {
        self.known(FLAGS, AddressFlags::from_bits(self.flags))
    }

    pub fn protocol(&self) -> Option<u8> {
        self.known(PROTOCOL, self.protocol)
    }

    pub fn valid_lft(&self) -> Option<Lifetime> {
        self.known(VALID_LFT, Lifetime::from_kernel(self.valid_lft))
    }

    pub fn preferred_lft(&self) -> Option<Lifetime> {
        self.known(PREFERRED_LFT, Lifetime::from_kernel(self.preferred_lft))
    }

    pub fn created(&self) -> Option<u32> {
        self.known(CREATED, self.created)
    }

    pub fn set_link(&mut self, index: u32) {
        self.known |= LINK;
        self.link = index;
    }

    pub fn forget_link(&mut self) {
        self.known &= !LINK;
        self.link = 0;
    }

    pub fn set_scope(&mut self, scope: Scope) {
        self.known |= SCOPE;
        self.scope = scope.value();
    }

    #[inline]
    pub fn set_flags(&mut self, flags: AddressFlags) {
        self.known |= FLAGS;
        self.flags = flags.bits();
    }

    /// 0 is none (`IFAPROT_UNSPEC`, linux/if_addr.h).
    pub fn set_protocol(&mut self, protocol: u8) {
        self.known = match protocol {
            0 => self.known & !PROTOCOL,
            _ => self.known | PROTOCOL,
        };
        self.protocol = protocol;
    }

    pub fn set_valid_lft(&mut self, lifetime: Lifetime) {
        self.known |= VALID_LFT;
        self.valid_lft = lifetime.to_kernel();
    }

    pub fn set_preferred_lft(&mut self, lifetime: Lifetime) {
        self.known |= PREFERRED_LFT;
        self.preferred_lft = lifetime.to_kernel();
    }

    pub fn set_created(&mut self, created: u32) {
        self.known |= CREATED;
        self.created = created;
    }

    /// From `struct ifa_cacheinfo`: `ifa_prefered`, `ifa_valid` and `cstamp`.
    #[inline]
    pub fn set_cache_info(&mut self, preferred_lft: u32, valid_lft: u32, created: u32) {
        self.known |= PREFERRED_LFT | VALID_LFT | CREATED;
        self.preferred_lft = preferred_lft;
        self.valid_lft = valid_lft;
        self.created = created;
    }
}

impl fmt::Debug for Facts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Facts")
            .field("link", &self.link())
            .field("label", &self.label)
            .field("scope", &self.scope())
            .field("flags", &self.flags())
            .field("protocol", &self.protocol())
            .field("valid_lft", &self.valid_lft())
            .field("preferred_lft", &self.preferred_lft())
            .field("created", &self.created())
            .finish()
    }
}
