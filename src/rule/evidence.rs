//! Evidence: what the kernel shows, and the operator declares, for or against an address floating.
//!
//! This is the one place for it. A new rule is a variant of [`Reason`] with a bit that was never given,
//! its row in [`TABLE`] at the place where it is to be listed, and its line in [`Rules::weigh`], or in
//! `view` if it compares addresses. JSON, `--no-rule`, the header of the C API, its man page and the
//! table of the README are made from the row, or checked against it.

use std::fmt;

use super::declared::Declaration;
use super::reasons::Reasons;
use super::rules::Rules;
use crate::snapshot::{Address, AddressFlags, Lifetime, Link};

/// A code that is true of an address.
///
/// Its number is its bit in the C API, and never another reason's.
///
/// ```
/// use bindnet::Reason;
///
/// assert_eq!(Reason::Label.code(), "label");
/// assert_eq!(Reason::Label.about(), "a colon in its label");
/// assert!(Reason::Label.is_decisive());
/// assert!(Reason::Secondary.is_weak());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Reason {
    /// The operator declares it floating. Decisive.
    DeclaredFloating = 0,
    /// The operator declares it fixed, which overrides all evidence.
    DeclaredFixed = 1,
    /// There is a colon in its label (`IFA_LABEL`). Decisive.
    Label = 2,
    /// Its link has the hardware address of a VRRP virtual router (RFC 9568, section 7.3).
    /// Decisive.
    VrrpMac = 3,
    /// Its `IFA_PROTO` is that of a VIP manager. Decisive.
    AddressProtocol = 4,
    /// It is a permanent /32 or /128 inside the network of another address. Decisive.
    HostPrefixInSubnet = 5,
    /// It is deprecated and permanent. Decisive.
    DeprecatedPermanent = 6,
    /// It is an IPv6 privacy address (RFC 8981). Decisive.
    Temporary = 7,
    /// IPv4: another address of its subnet came first, and it is no lease. Weak.
    Secondary = 8,
    /// It is deprecated. Weak.
    Deprecated = 9,
    /// IPv6: another address of its link and network is older. Weak.
    NewerThanSibling = 10,
    /// It is on a loopback link.
    Loopback = 11,
    /// Its link is administratively down.
    LinkDown = 12,
    /// Duplicate address detection is not over, and bind(2) would fail.
    Tentative = 13,
    /// Another host has it.
    Dadfailed = 14,
    /// It is the remembered choice.
    Previous = 15,
}

/// What a reason does to an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The operator said it, in the list of floating addresses.
    Declared,
    /// Evidence that makes it floating.
    Decisive,
    /// Evidence that ranks it behind addresses without it.
    Weak,
    /// bind(2) would fail.
    Unusable,
    /// Anything else.
    Fact,
}

/// A reason as it is listed.
struct Row {
    reason: Reason,
    code: &'static str,
    kind: Kind,
    about: &'static str,
}

const fn row(reason: Reason, code: &'static str, kind: Kind, about: &'static str) -> Row {
    Row {
        reason,
        code,
        kind,
        about,
    }
}

/// Every reason, in the order in which reasons are listed.
const TABLE: [Row; 16] = {
    use Kind::*;
    use Reason::*;
    [
        row(
            DeclaredFloating,
            "declared-floating",
            Kind::Declared,
            "the operator declares it floating",
        ),
        row(
            DeclaredFixed,
            "declared-fixed",
            Fact,
            "the operator declares it fixed, which overrides all else",
        ),
        row(Label, "label", Decisive, "a colon in its label"),
        row(
            VrrpMac,
            "vrrp-mac",
            Decisive,
            "its link has the MAC of a VRRP virtual router",
        ),
        row(
            AddressProtocol,
            "address-protocol",
            Decisive,
            "its IFA_PROTO is a VIP manager's, 18 for keepalived",
        ),
        row(
            HostPrefixInSubnet,
            "host-prefix-in-subnet",
            Decisive,
            "a permanent /32 or /128 inside the network of another address here",
        ),
        row(
            DeprecatedPermanent,
            "deprecated-permanent",
            Decisive,
            "deprecated and permanent",
        ),
        row(Temporary, "temporary", Decisive, "an IPv6 privacy address"),
        row(
            Secondary,
            "secondary",
            Weak,
            "IPv4: another address of its subnet came first",
        ),
        row(Deprecated, "deprecated", Weak, "deprecated"),
        row(
            NewerThanSibling,
            "newer-than-sibling",
            Weak,
            "IPv6: another address of its link and network is older",
        ),
        row(Loopback, "loopback", Fact, "on a loopback link"),
        row(
            LinkDown,
            "link-down",
            Fact,
            "its link is administratively down",
        ),
        row(
            Tentative,
            "tentative",
            Unusable,
            "duplicate address detection is not over",
        ),
        row(Dadfailed, "dadfailed", Unusable, "another host has it"),
        row(Previous, "previous", Fact, "the remembered choice"),
    ]
};

/// The reasons of the table, in its order.
const ALL: [Reason; TABLE.len()] = {
    let mut all = [Reason::Previous; TABLE.len()];
    let mut at = 0;
    while at < TABLE.len() {
        all[at] = TABLE[at].reason;
        at += 1;
    }
    all
};

impl Reason {
    /// All of them, in the order in which they are listed.
    pub const ALL: &'static [Self] = &ALL;

    const fn row(self) -> &'static Row {
        let mut at = 0;
        while TABLE[at].reason as u8 != self as u8 {
            at += 1;
        }
        &TABLE[at]
    }

    /// The code as JSON and command lines have it.
    pub const fn code(self) -> &'static str {
        self.row().code
    }

    /// What is true of an address that has it, in words.
    pub const fn about(self) -> &'static str {
        self.row().about
    }

    /// Whether an address with it is floating, unless it is declared fixed.
    pub const fn is_decisive(self) -> bool {
        matches!(self.kind(), Kind::Decisive | Kind::Declared)
    }

    /// Whether it ranks an address behind those without, and no more.
    pub const fn is_weak(self) -> bool {
        matches!(self.kind(), Kind::Weak)
    }

    pub(super) const fn kind(self) -> Kind {
        self.row().kind
    }

    /// The bit in a set of reasons, and in the C API.
    pub(crate) const fn bit(self) -> u32 {
        1 << self as u32
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

impl Rules {
    /// Every code that is true of an address by itself: all but `host-prefix-in-subnet`,
    /// `newer-than-sibling` and `previous`. Unknown facts speak for nothing.
    pub fn weigh(&self, address: &Address, link: Option<&Link>) -> Reasons {
        let ipv4 = address.ip().is_ipv4();
        let flag = |flag| address.flags().is_some_and(|flags| flags.contains(flag));
        let protocol = |protocol| self.protocols().contains(&protocol);
        let lease = matches!(address.valid_lft(), Some(Lifetime::Seconds(_)));
        let deprecated = flag(AddressFlags::DEPRECATED);
        let tentative = flag(AddressFlags::TENTATIVE) && !flag(AddressFlags::OPTIMISTIC);

        let mut inferred = Reasons::default();
        inferred.insert_if(
            Reason::Label,
            ipv4 && address.label().is_some_and(|label| label.is_alias()),
        );
        let vrrp = link.and_then(Link::mac).is_some_and(|mac| mac.is_vrrp());
        inferred.insert_if(Reason::VrrpMac, vrrp);
        inferred.insert_if(
            Reason::AddressProtocol,
            address.protocol().is_some_and(protocol),
        );
        let permanent = flag(AddressFlags::PERMANENT);
        inferred.insert_if(Reason::DeprecatedPermanent, deprecated && permanent);
        inferred.insert_if(Reason::Temporary, !ipv4 && flag(AddressFlags::TEMPORARY));
        let secondary = ipv4 && flag(AddressFlags::SECONDARY) && !lease;
        inferred.insert_if(Reason::Secondary, secondary);
        inferred.insert_if(Reason::Deprecated, deprecated);

        let mut reasons = self.in_force(inferred);
        match self.declared(address.ip()) {
            Some(Declaration::Floating) => reasons.insert(Reason::DeclaredFloating),
            Some(Declaration::Fixed) => reasons.insert(Reason::DeclaredFixed),
            None => {}
        }
        reasons.insert_if(
            Reason::Loopback,
            link.and_then(Link::is_loopback) == Some(true),
        );
        reasons.insert_if(Reason::LinkDown, link.and_then(Link::is_up) == Some(false));
        reasons.insert_if(Reason::Tentative, tentative);
        reasons.insert_if(Reason::Dadfailed, flag(AddressFlags::DADFAILED));
        reasons
    }
}
