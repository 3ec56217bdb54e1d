//! The doubt about a choice, which stays with the choice that is remembered.

use std::sync::Arc;

use super::warnings::not_used;
use crate::rule::{Decision, Reason, ScopedAddr, Separation};

/// Every doubt with which a choice can be made, in words.
const WORDS: [(Separation, &str); 13] = [
    (Separation::Loopback, "the others were on a loopback link"),
    (
        Separation::WeakEvidence,
        "there was weak evidence against the others",
    ),
    (Separation::Lease, "the others were no leases"),
    (
        Separation::Port,
        "the others were on a port of another link",
    ),
    (Separation::LinkState, "the links of the others were down"),
    (Separation::KernelOrder, "it was only first in kernel order"),
    (
        Separation::SameNetwork,
        "it was not the address that was asked for",
    ),
    (
        Separation::PreviousAbsent,
        "the choice that was remembered was not here",
    ),
    (
        Separation::FixedAbsent,
        "the address that is declared fixed was not here",
    ),
    (
        Separation::Pending,
        "duplicate address detection of another address was not over",
    ),
    (Separation::Floating, "it looked floating"),
    (
        Separation::SkippedFirst,
        "an older address of its link looked floating",
    ),
    (Separation::EvidenceAgainst, "there was evidence against it"),
];

impl Decision {
    /// The code of the doubt about the choice, [`Separation::code`]; `None` if it is settled, or if
    /// there is no choice of our rule.
    ///
    /// If the choice is the remembered one and was a guess ([`State::unsettled`]), it is the doubt of
    /// that time: memory alone settles nothing. A declaration settles it ([`Declared::fixed`]). Or else it
    /// is the doubt of this decision, if it is ambiguous.
    ///
    /// [`State::unsettled`]: crate::choice::State::unsettled
    /// [`Declared::fixed`]: crate::rule::Declared::fixed
    ///
    /// ```
    /// use bindnet::choice::State;
    /// use bindnet::{Address, Link, Selector, Snapshot};
    ///
    /// let host = Snapshot::new(
    ///     [Link::new(2, "eth0".parse()?)],
    ///     [Address::new("192.0.2.10/24".parse()?, 2), Address::new("192.0.2.20/24".parse()?, 2)],
    /// )?;
    /// let selector = Selector::new("192.0.2.0".parse()?);
    /// assert_eq!(selector.decide(&host).unsettled(), Some("kernel-order"));
    ///
    /// let text = "bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10 unsettled lease\nend\n";
    /// let decision = selector.remembering(&State::parse(text.as_bytes())?).decide(&host);
    /// assert!(!decision.is_ambiguous());
    /// assert_eq!(decision.unsettled(), Some("lease"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn unsettled(&self) -> Option<&str> {
        if !self.is_ours() || self.chosen().is_none() {
            return None;
        }
        let remembered = self.unsettled.as_deref().filter(|_| self.rests_on_memory());
        let own = self.separated_by().filter(|_| self.is_ambiguous());
        remembered.or(own.map(Separation::code))
    }

    /// The same, to be kept.
    pub(crate) fn doubt(&self) -> Option<Arc<str>> {
        match (self.unsettled(), &self.unsettled) {
            (Some(code), Some(known)) if **known == *code => Some(known.clone()),
            (code, _) => code.map(Arc::from),
        }
    }

    /// Whether the choice is the remembered one, and no declaration settles it.
    pub(crate) fn rests_on_memory(&self) -> bool {
        self.first()
            .is_some_and(|c| c.is(Reason::Previous) && !c.is(Reason::DeclaredFixed))
    }

    /// The warnings about what is remembered: it is for a different bindnetaddr, or it was a guess.
    pub(crate) fn memory_warnings(&self) -> Vec<String> {
        let Some(previous) = self.previous else {
            let entries = self.not_used.iter();
            return entries
                .map(|entry| not_used(&self.bindnet, entry))
                .collect();
        };
        let is_absent = self.separated_by() == Some(Separation::PreviousAbsent);
        let counts = self.first().is_none() || is_absent || self.rests_on_memory();
        let code = self.unsettled.as_deref().filter(|_| counts);
        code.map(|code| guess(&previous, code))
            .into_iter()
            .collect()
    }
}

/// The warning about a choice that is remembered and was a guess, for this reason; or that is not
/// remembered for it.
pub(crate) fn guess(address: &ScopedAddr, code: &str) -> String {
    let why = why(code);
    if may_pass(code) {
        return format!(
            "the choice, {address}, was a guess: {why}. No state file is written with it."
        );
    }
    let how = how_to_settle(code);
    format!("the remembered choice, {address}, was a guess: {why}. {how}")
}

/// Whether the doubt of this code may end by itself ([`Separation::may_pass`]). A choice is not written
/// to a state file with it.
pub(crate) fn may_pass(code: &str) -> bool {
    known(code).is_some_and(|(separation, _)| separation.may_pass())
}

/// A code in words; a later version may have written one that is not known here.
fn why(code: &str) -> String {
    known(code).map_or_else(|| code.to_owned(), |(_, words)| format!("{words} ({code})"))
}

fn how_to_settle(code: &str) -> &'static str {
    match known(code) {
        Some((Separation::SameNetwork, _)) => {
            "To settle it, ask for the very address of this host, or for its network."
        }
        _ => "To settle it, declare the address of this host fixed.",
    }
}

fn known(code: &str) -> Option<&'static (Separation, &'static str)> {
    WORDS
        .iter()
        .find(|(separation, _)| separation.code() == code)
}
