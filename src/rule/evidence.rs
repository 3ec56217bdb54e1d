//! The evidence for or against an address floating, from the kernel and from the operator.
//!
//! All evidence is defined here. To add a rule, add three things:
//!
//! 1. a variant of [`Reason`] with a bit that no reason ever had,
//! 2. its row in [`TABLE`], at its position in lists,
//! 3. its line in [`Rules::weigh`], or in `view` or `subnets` if it compares addresses.
//!
//! JSON, `--no-rule`, the header of the C API, its man page and the table of the README are made from
//! the row, or checked against it.

use std::fmt;

use super::declared::Declaration;
use super::reasons::Reasons;
use super::rules::Rules;
use crate::snapshot::{Address, AddressFlags, HardwareAddress, Lifetime, Link, Scope};

/// A code that is true of an address.
///
/// Its number is its bit in the C API. No number is ever used for a different reason.
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
    /// Its link has the hardware address of a VRRP virtual router (RFC 9568, section 7.3), and is a
    /// macvlan or of unknown kind. Decisive.
    VrrpMac = 3,
    /// Its `IFA_PROTO` is that of a VIP manager. Decisive.
    AddressProtocol = 4,
    /// It is a permanent /32 inside the network of another address, or such a /128 that is deprecated
    /// or skips duplicate address detection (`IFA_F_NODAD`). Decisive.
    HostPrefixInSubnet = 5,
    /// It is deprecated and permanent. Decisive.
    DeprecatedPermanent = 6,
    /// It is an IPv6 privacy address (RFC 8981). Decisive.
    Temporary = 7,
    /// IPv4: an address of the same subnet came first, and this one is no lease. Weak.
    Secondary = 8,
    /// It is deprecated. Weak.
    Deprecated = 9,
    /// IPv6: an address of the same link and network is older. Weak.
    NewerThanSibling = 10,
    /// It is on a loopback link, or a loopback address: 127.0.0.0/8, ::1, or of scope host.
    Loopback = 11,
    /// Its link is administratively down.
    LinkDown = 12,
    /// Duplicate address detection is not over, and bind(2) would fail.
    Tentative = 13,
    /// Another host has it.
    Dadfailed = 14,
    /// It is the remembered choice.
    Previous = 15,
    /// It is a permanent /32 or /128 without a peer, beside an address of its link that shows a network.
    /// Weak.
    HostPrefix = 16,
    /// It is leased (DHCP, SLAAC): its lifetime is finite, and it is neither temporary nor deprecated.
    Lease = 17,
    /// Its link is a port: of a bridge, a bond, a team or an Open vSwitch. It is listed only if the
    /// candidates are on more than one link.
    Port = 18,
    /// Its link is up without a carrier.
    NoCarrier = 19,
}

/// The effect of a reason on an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// The operator's list of floating addresses has it.
    Declared,
    /// Evidence that makes it floating.
    Decisive,
    /// Evidence that ranks it behind addresses without it.
    Weak,
    /// bind(2) would fail.
    Unusable,
    /// None by itself, though a step of the rule may use it.
    Fact,
}

/// All that is to know about a reason.
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
const TABLE: [Row; 20] = {
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
            "its link has the MAC of a VRRP virtual router, and is a macvlan or of unknown kind",
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
            "a permanent /32, or a /128 that is deprecated or nodad, inside the network of another \
             address here",
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
        row(
            HostPrefix,
            "host-prefix",
            Weak,
            "a permanent /32 or /128 beside an address of its link with a network",
        ),
        row(Lease, "lease", Fact, "leased by DHCP or SLAAC"),
        row(
            Loopback,
            "loopback",
            Fact,
            "a loopback address, or on a loopback link",
        ),
        row(
            Port,
            "port",
            Fact,
            "on a port of a bridge, a bond or a team",
        ),
        row(
            LinkDown,
            "link-down",
            Fact,
            "its link is administratively down",
        ),
        row(NoCarrier, "no-carrier", Fact, "its link has no carrier"),
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

    /// The code in JSON and on command lines.
    pub const fn code(self) -> &'static str {
        self.row().code
    }

    /// Describes an address that has it, in words.
    pub const fn about(self) -> &'static str {
        self.row().about
    }

    /// Whether an address with it is floating, unless it is declared fixed.
    pub const fn is_decisive(self) -> bool {
        matches!(self.kind(), Kind::Decisive | Kind::Declared)
    }

    /// Whether all it does is to rank an address behind those without it.
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
    /// Every code that is true of an address by itself: all except `host-prefix-in-subnet`,
    /// `newer-than-sibling`, `host-prefix`, `port` and `previous`, which need other addresses, other links
    /// or the memory.
    ///
    /// An unknown fact is no evidence, neither for nor against. `kinds_known`: a link without a kind is
    /// a device, and not one of unknown kind.
    pub fn weigh(&self, address: &Address, link: Option<&Link>, kinds_known: bool) -> Reasons {
        let ipv4 = address.ip().is_ipv4();
        let flag = |flag| address.flags().is_some_and(|flags| flags.contains(flag));

        let mut inferred = Reasons::default();
        // An alias, as ifconfig(8) and IPaddr2 of Pacemaker label it. The address of the host itself has
        // the plain name of its link. IPv6 has no labels.
        let alias = ipv4 && address.label().is_some_and(|label| label.is_alias());
        inferred.insert_if(Reason::Label, alias);
        // keepalived with `use_vmac` puts the VIP on a macvlan of its own. A device or a bridge that wears
        // such an address has the host's own addresses as well.
        let vrrp_mac = link.is_some_and(|link| {
            let macvlan = link.kind().map_or(!kinds_known, |kind| kind == "macvlan");
            macvlan && link.mac().is_some_and(HardwareAddress::is_vrrp)
        });
        inferred.insert_if(Reason::VrrpMac, vrrp_mac);
        let protocol = address.protocol();
        let manager = protocol.is_some_and(|protocol| self.protocols().contains(&protocol));
        inferred.insert_if(Reason::AddressProtocol, manager);
        // SLAAC and DHCP deprecate addresses that expire. A permanent one was deprecated on purpose, so
        // that no connection of the host itself starts from it: keepalived does so with IPv6 VIPs.
        let deprecated = flag(AddressFlags::DEPRECATED);
        let permanent = flag(AddressFlags::PERMANENT);
        inferred.insert_if(Reason::DeprecatedPermanent, deprecated && permanent);
        // For IPv6 the bit of IFA_F_SECONDARY means IFA_F_TEMPORARY.
        let temporary = !ipv4 && flag(AddressFlags::TEMPORARY);
        inferred.insert_if(Reason::Temporary, temporary);
        // kube-vip renews a deprecated address with a finite lifetime again and again: that is no lease.
        let finite = matches!(address.valid_lft(), Some(Lifetime::Seconds(_)));
        let lease = finite && !temporary && !deprecated;
        // Weak only: after a flap the node's own address may be the secondary one. No VIP manager
        // leases addresses, so a lease is not evidence at all.
        let secondary = ipv4 && flag(AddressFlags::SECONDARY) && !lease;
        inferred.insert_if(Reason::Secondary, secondary);
        inferred.insert_if(Reason::Deprecated, deprecated);

        // The operator may switch off rules, but not the facts below.
        let mut reasons = self.in_force(inferred);
        match self.declared(address.ip()) {
            Some(Declaration::Floating) => reasons.insert(Reason::DeclaredFloating),
            Some(Declaration::Fixed) => reasons.insert(Reason::DeclaredFixed),
            None => {}
        }
        reasons.insert_if(Reason::Lease, lease);
        let on_loopback = link.and_then(Link::is_loopback) == Some(true);
        let loopback = address.ip().is_loopback() || address.scope() == Some(Scope::HOST);
        reasons.insert_if(Reason::Loopback, on_loopback || loopback);
        let up = link.and_then(Link::is_up);
        reasons.insert_if(Reason::LinkDown, up == Some(false));
        // networkd takes its address away if the cable is out, and a VIP stays.
        let runs = link.and_then(Link::is_running);
        let no_carrier = up == Some(true) && runs == Some(false) && !on_loopback;
        reasons.insert_if(Reason::NoCarrier, no_carrier);
        // An optimistic address can be bound before duplicate address detection is over (RFC 4429).
        let tentative = flag(AddressFlags::TENTATIVE) && !flag(AddressFlags::OPTIMISTIC);
        reasons.insert_if(Reason::Tentative, tentative);
        reasons.insert_if(Reason::Dadfailed, flag(AddressFlags::DADFAILED));
        reasons
    }
}
