//! Evidence: what the kernel shows, and the operator declares, for or against an address floating.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use thiserror::Error;

use super::declared::{Declaration, Declared, TieError};
use crate::snapshot::{Address, AddressFlags, Lifetime, Link, Name};

/// A code that is true of an address, in the order in which codes are listed.
///
/// ```
/// use bindnet::Reason;
///
/// assert_eq!(Reason::Label.code(), "label");
/// assert!(Reason::Label.is_decisive());
/// assert!(Reason::Secondary.is_weak());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
#[repr(u8)]
pub enum Reason {
    /// The operator declares it floating. Decisive.
    DeclaredFloating,
    /// The operator declares it fixed, which overrides all evidence.
    DeclaredFixed,
    /// There is a colon in its label. Decisive.
    Label,
    /// Its link has the hardware address of a VRRP virtual router (RFC 9568, section 7.3).
    /// Decisive.
    VrrpMac,
    /// Its `IFA_PROTO` is that of a VIP manager. Decisive.
    AddressProtocol,
    /// It is a permanent /32 or /128 inside the network of another address. Decisive.
    HostPrefixInSubnet,
    /// It is deprecated and permanent. Decisive.
    DeprecatedPermanent,
    /// It is an IPv6 privacy address. Decisive.
    Temporary,
    /// IPv4: another address of its subnet came first, and it is no lease. Weak.
    Secondary,
    /// It is deprecated. Weak.
    Deprecated,
    /// IPv6: another address of its link and network is older. Weak.
    NewerThanSibling,
    /// It is on a loopback link.
    Loopback,
    /// Its link is administratively down.
    LinkDown,
    /// Duplicate address detection is not over, and bind(2) would fail.
    Tentative,
    /// Another host has it.
    Dadfailed,
    /// It is the remembered choice.
    Previous,
}

impl Reason {
    /// All codes, in their order.
    pub const ALL: &'static [Self] = &[
        Self::DeclaredFloating,
        Self::DeclaredFixed,
        Self::Label,
        Self::VrrpMac,
        Self::AddressProtocol,
        Self::HostPrefixInSubnet,
        Self::DeprecatedPermanent,
        Self::Temporary,
        Self::Secondary,
        Self::Deprecated,
        Self::NewerThanSibling,
        Self::Loopback,
        Self::LinkDown,
        Self::Tentative,
        Self::Dadfailed,
        Self::Previous,
    ];

    /// The code as JSON and command lines have it.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DeclaredFloating => "declared-floating",
            Self::DeclaredFixed => "declared-fixed",
            Self::Label => "label",
            Self::VrrpMac => "vrrp-mac",
            Self::AddressProtocol => "address-protocol",
            Self::HostPrefixInSubnet => "host-prefix-in-subnet",
            Self::DeprecatedPermanent => "deprecated-permanent",
            Self::Temporary => "temporary",
            Self::Secondary => "secondary",
            Self::Deprecated => "deprecated",
            Self::NewerThanSibling => "newer-than-sibling",
            Self::Loopback => "loopback",
            Self::LinkDown => "link-down",
            Self::Tentative => "tentative",
            Self::Dadfailed => "dadfailed",
            Self::Previous => "previous",
        }
    }

    /// Whether an address with it is floating, unless it is declared fixed.
    pub const fn is_decisive(self) -> bool {
        Reasons::DECISIVE.contains(self)
    }

    /// Whether it ranks an address behind those without, and no more.
    pub const fn is_weak(self) -> bool {
        Reasons::WEAK.contains(self)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}

/// The codes that are true of one address.
///
/// ```
/// use bindnet::{Reason, Reasons};
///
/// let reasons: Reasons = [Reason::LinkDown, Reason::Label].into_iter().collect();
/// assert_eq!(reasons.to_string(), "label, link-down");
/// assert!(reasons.is_floating() && !reasons.is_empty());
///
/// let none = Reasons::default();
/// assert_eq!(none.to_string(), "-");
/// assert!(!none.is_floating() && none.is_empty());
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Reasons(u16);

impl Reasons {
    /// Whatever makes an address floating that is not declared fixed.
    const DECISIVE: Self = Self::of(&[
        Reason::DeclaredFloating,
        Reason::Label,
        Reason::VrrpMac,
        Reason::AddressProtocol,
        Reason::HostPrefixInSubnet,
        Reason::DeprecatedPermanent,
        Reason::Temporary,
    ]);
    const WEAK: Self = Self::of(&[
        Reason::Secondary,
        Reason::Deprecated,
        Reason::NewerThanSibling,
    ]);
    const UNUSABLE: Self = Self::of(&[Reason::Tentative, Reason::Dadfailed]);

    const fn of(reasons: &[Reason]) -> Self {
        let mut set = 0;
        let mut at = 0;
        while at < reasons.len() {
            set |= 1 << reasons[at] as u16;
            at += 1;
        }
        Self(set)
    }

    /// Whether a code is among them.
    pub const fn contains(self, reason: Reason) -> bool {
        self.0 & (1 << reason as u16) != 0
    }

    /// The codes in their order.
    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL
            .iter()
            .copied()
            .filter(move |reason| self.contains(*reason))
    }

    /// Whether there is none.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether they make the address floating.
    pub const fn is_floating(self) -> bool {
        self.0 & Self::DECISIVE.0 != 0 && !self.contains(Reason::DeclaredFixed)
    }

    /// Whether bind(2) would fail.
    pub const fn is_unusable(self) -> bool {
        self.0 & Self::UNUSABLE.0 != 0
    }

    /// Whether there is weak evidence among them.
    pub const fn is_weak(self) -> bool {
        self.0 & Self::WEAK.0 != 0
    }

    /// The decisive evidence among them that nobody declared.
    pub(crate) fn inferred(self) -> impl Iterator<Item = Reason> {
        self.iter()
            .filter(|reason| reason.is_decisive() && *reason != Reason::DeclaredFloating)
    }

    pub(crate) fn insert(&mut self, reason: Reason) {
        self.0 |= 1 << reason as u16;
    }

    fn insert_if(&mut self, reason: Reason, holds: bool) {
        if holds {
            self.insert(reason);
        }
    }
}

impl FromIterator<Reason> for Reasons {
    fn from_iter<I: IntoIterator<Item = Reason>>(reasons: I) -> Self {
        let mut set = Self::default();
        for reason in reasons {
            set.insert(reason);
        }
        set
    }
}

impl fmt::Display for Reasons {
    /// The codes with commas between them; `-` if there is none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let codes: Vec<&str> = self.iter().map(Reason::code).collect();
        f.pad(&if codes.is_empty() {
            "-".to_owned()
        } else {
            codes.join(", ")
        })
    }
}

impl fmt::Debug for Reasons {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// A rule that infers evidence from what the kernel shows, and can be switched off.
///
/// ```
/// use bindnet::{Reason, Rule};
///
/// let rule: Rule = "label".parse()?;
/// assert_eq!(rule.reason(), Reason::Label);
/// assert!("declared-floating".parse::<Rule>().is_err());
/// # Ok::<(), bindnet::UnknownRule>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Rule(Reason);

impl Rule {
    /// The rule that infers this evidence; `None` for a code that is no inferred evidence.
    pub const fn of(reason: Reason) -> Option<Self> {
        match reason {
            Reason::DeclaredFloating => None,
            reason if reason.is_decisive() || reason.is_weak() => Some(Self(reason)),
            _ => None,
        }
    }

    /// All rules, in the order of their codes.
    pub fn all() -> impl Iterator<Item = Self> {
        Reason::ALL.iter().copied().filter_map(Self::of)
    }

    /// The evidence it infers.
    pub const fn reason(self) -> Reason {
        self.0
    }
}

impl FromStr for Rule {
    type Err = UnknownRule;

    fn from_str(code: &str) -> Result<Self, UnknownRule> {
        let unknown = || UnknownRule {
            code: code.to_owned(),
        };
        Self::all()
            .find(|rule| rule.reason().code() == code)
            .ok_or_else(unknown)
    }
}

/// A text is not the code of a [`Rule`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{code:?} is no evidence rule; the rules are {}", codes())]
pub struct UnknownRule {
    code: String,
}

fn codes() -> String {
    let codes: Vec<_> = Rule::all().map(|rule| rule.reason().code()).collect();
    codes.join(", ")
}

/// The rules in force: which evidence is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    off: Reasons,
    /// `IFA_PROTO` numbers that mark floating addresses.
    protocols: Vec<u8>,
    declared: Declared,
}

/// keepalived's `IFA_PROTO` (keepalived 2.3.2 and later, linux/rtnetlink.h `RTPROT_KEEPALIVED`).
const KEEPALIVED: u8 = 18;

impl Default for Rules {
    fn default() -> Self {
        Self {
            off: Reasons::default(),
            protocols: vec![KEEPALIVED],
            declared: Declared::default(),
        }
    }
}

impl Rules {
    pub fn declare(&mut self, declared: Declared) {
        self.declared = declared;
    }

    /// Declares one network more.
    pub fn declare_also(
        &mut self,
        net: ipnet::IpNet,
        declaration: Declaration,
    ) -> Result<(), TieError> {
        self.declared.declare(net, declaration)
    }

    /// What is declared of an address.
    pub fn declared(&self, ip: IpAddr) -> Option<Declaration> {
        self.declared.of(ip)
    }

    /// The networks on both lists.
    #[cfg(feature = "proptest")]
    pub fn declared_nets(&self) -> impl Iterator<Item = ipnet::IpNet> {
        self.declared.nets()
    }

    /// One of the protocols, if there is one.
    #[cfg(feature = "proptest")]
    pub fn a_protocol(&self) -> Option<u8> {
        self.protocols.first().copied()
    }

    /// Whether a mark is looked for, in an address with this `IFA_PROTO`.
    #[cfg(feature = "proptest")]
    pub fn heeds(&self, mark: Reason, protocol: Option<u8>) -> bool {
        let is_known = || protocol.is_some_and(|protocol| self.protocols.contains(&protocol));
        !self.off.contains(mark) && (mark != Reason::AddressProtocol || is_known())
    }

    pub fn switch_off(&mut self, rule: Rule) {
        self.off.insert(rule.reason());
    }

    pub fn set_protocols(&mut self, protocols: impl IntoIterator<Item = u8>) {
        self.protocols = protocols.into_iter().collect();
        // There are 256 at most, however often each is given.
        self.protocols.sort_unstable();
        self.protocols.dedup();
    }

    pub fn is_on(&self, reason: Reason) -> bool {
        !self.off.contains(reason)
    }

    /// Every code that is true of an address by itself: all but `host-prefix-in-subnet`,
    /// `newer-than-sibling` and `previous`. Unknown facts speak for nothing.
    pub fn weigh(&self, address: &Address, link: Option<&Link>) -> Reasons {
        let ipv4 = address.ip().is_ipv4();
        let flag = |flag| address.flags().is_some_and(|flags| flags.contains(flag));
        let colon = |label: Name| label.as_bytes().contains(&b':');
        let protocol = |protocol| self.protocols.contains(&protocol);
        let lease = matches!(address.valid_lft(), Some(Lifetime::Seconds(_)));
        let deprecated = flag(AddressFlags::DEPRECATED);
        let tentative = flag(AddressFlags::TENTATIVE) && !flag(AddressFlags::OPTIMISTIC);

        let mut inferred = Reasons::default();
        inferred.insert_if(Reason::Label, ipv4 && address.label().is_some_and(colon));
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

        let mut reasons = Reasons(inferred.0 & !self.off.0);
        match self.declared.of(address.ip()) {
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
