//! A set of reasons.

use std::fmt;

use super::evidence::{Kind, Reason};

/// The codes that are true of one address.
///
/// ```
/// use bindnet::rule::Reasons;
/// use bindnet::Reason;
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
pub struct Reasons(u32);

impl Reasons {
    const DECLARED: Self = Self::of(Kind::Declared);
    const DECISIVE: Self = Self::of(Kind::Decisive);
    const WEAK: Self = Self::of(Kind::Weak);
    const UNUSABLE: Self = Self::of(Kind::Unusable);

    /// All reasons of a kind.
    const fn of(kind: Kind) -> Self {
        let mut set = Self(0);
        let mut at = 0;
        while at < Reason::ALL.len() {
            let reason = Reason::ALL[at];
            if reason.kind() as u8 == kind as u8 {
                set.0 |= reason.bit();
            }
            at += 1;
        }
        set
    }

    const fn has_any(self, of: Self) -> bool {
        self.0 & of.0 != 0
    }

    /// Whether a code is among them.
    pub const fn contains(self, reason: Reason) -> bool {
        self.0 & reason.bit() != 0
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
        let floats = self.has_any(Self::DECISIVE) || self.has_any(Self::DECLARED);
        floats && !self.contains(Reason::DeclaredFixed)
    }

    /// Whether bind(2) would fail.
    pub const fn is_unusable(self) -> bool {
        self.has_any(Self::UNUSABLE)
    }

    /// Whether bind(2) would fail now and may succeed soon: duplicate address detection is not over.
    /// It does not float.
    pub(crate) fn is_pending(self) -> bool {
        self.awaits_detection() && !self.is_floating()
    }

    /// The same, floating or not.
    pub(super) fn awaits_detection(self) -> bool {
        self.contains(Reason::Tentative) && !self.contains(Reason::Dadfailed)
    }

    /// Whether there is weak evidence among them.
    pub const fn is_weak(self) -> bool {
        self.has_any(Self::WEAK)
    }

    /// The decisive evidence among them that nobody declared.
    pub(crate) fn inferred(self) -> impl Iterator<Item = Reason> {
        self.iter().filter(|reason| reason.kind() == Kind::Decisive)
    }

    /// The set as the C API has it: for each reason the bit of its number.
    ///
    /// ```
    /// use bindnet::rule::Reasons;
    /// use bindnet::Reason;
    ///
    /// let reasons: Reasons = [Reason::Label].into_iter().collect();
    /// assert_eq!(reasons.bits(), 1 << Reason::Label as u8);
    /// ```
    pub const fn bits(self) -> u32 {
        self.0
    }

    /// The reasons that the other set does not have.
    pub(super) const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }

    pub(crate) fn insert(&mut self, reason: Reason) {
        self.0 |= reason.bit();
    }

    pub(super) fn insert_if(&mut self, reason: Reason, holds: bool) {
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
