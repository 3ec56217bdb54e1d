//! The selection of evidence to look for.

use std::net::IpAddr;
use std::str::FromStr;

use super::declared::{Declaration, Declared};
use super::evidence::{Kind, Reason};
use super::reasons::Reasons;
use crate::snapshot::ParseError;

/// A rule that infers evidence from facts of the kernel, and can be switched off.
///
/// ```
/// use bindnet::rule::Evidence;
/// use bindnet::Reason;
///
/// let rule: Evidence = "label".parse()?;
/// assert_eq!(rule.reason(), Reason::Label);
/// assert!("declared-floating".parse::<Evidence>().is_err());
/// # Ok::<(), bindnet::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Evidence(Reason);

impl Evidence {
    /// The rule that infers this evidence; `None` for a code that is no inferred evidence.
    pub const fn of(reason: Reason) -> Option<Self> {
        match reason.kind() {
            Kind::Decisive | Kind::Weak => Some(Self(reason)),
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

impl FromStr for Evidence {
    type Err = ParseError;

    fn from_str(code: &str) -> Result<Self, ParseError> {
        Self::all()
            .find(|rule| rule.reason().code() == code)
            .ok_or_else(|| unknown(code))
    }
}

fn unknown(code: &str) -> ParseError {
    let codes = codes();
    let problem = format!("{code:?} is no evidence rule; the rules are {codes}");
    ParseError::new("an evidence rule", code, problem)
}

fn codes() -> String {
    let codes: Vec<_> = Evidence::all().map(|rule| rule.reason().code()).collect();
    codes.join(", ")
}

/// The rules in force: which evidence is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Rules {
    off: Reasons,
    /// `IFA_PROTO` numbers that mark floating addresses.
    protocols: Vec<u8>,
    pub(crate) declared: Declared,
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

    /// Declares one more network.
    pub fn declare_also(
        &mut self,
        net: ipnet::IpNet,
        declaration: Declaration,
    ) -> Result<(), ParseError> {
        self.declared.declare(net, declaration)
    }

    /// The declaration about an address.
    pub fn declared(&self, ip: IpAddr) -> Option<Declaration> {
        self.declared.of(ip)
    }

    pub fn switch_off(&mut self, rule: Evidence) {
        self.off.insert(rule.reason());
    }

    pub fn set_protocols(&mut self, protocols: impl IntoIterator<Item = u8>) {
        self.protocols = protocols.into_iter().collect();
        // At most 256 are left, however often a caller repeats one.
        self.protocols.sort_unstable();
        self.protocols.dedup();
    }

    pub fn is_on(&self, reason: Reason) -> bool {
        !self.off.contains(reason)
    }

    /// The `IFA_PROTO` numbers that mark floating addresses.
    pub fn protocols(&self) -> &[u8] {
        &self.protocols
    }

    /// This evidence without that of rules that are off.
    pub fn in_force(&self, evidence: Reasons) -> Reasons {
        evidence.without(self.off)
    }
}
