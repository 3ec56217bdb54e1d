//! The doubts about a choice, in words.

use super::report::why_unusable;
use crate::rule::{About, Candidate, Decision, Reason};

impl Decision {
    /// The candidate that the doubt about the winner is about.
    fn doubted(&self) -> Option<&Candidate> {
        match self.result.ok()?.about {
            About::Candidate(at) => self.candidates.get(at),
            About::Itself | About::Address(_) => None,
        }
    }

    /// An address that is declared fixed is not here.
    pub(super) fn fixed_absent(&self) -> String {
        let Ok(About::Address(ip)) = self.result.map(|winner| winner.about) else {
            return String::new();
        };
        match self.candidates.iter().find(|c| c.ip == ip) {
            Some(c) => format!(
                "{ip}, declared fixed, cannot be bound: {}.",
                why_unusable(c)
            ),
            None => format!("{ip}, declared fixed, is not here."),
        }
    }

    /// Duplicate address detection of another address is not over.
    pub(super) fn pending(&self, first: &Candidate) -> String {
        if let Some(other) = self.doubted() {
            let other = self.distinct_name(other, first);
            return format!("{other} matches as well, and cannot be bound yet (tentative).");
        }
        let Ok(About::Address(ip)) = self.result.map(|winner| winner.about) else {
            return String::new();
        };
        format!("{ip} cannot be bound yet (tentative), and once it can this one looks floating.")
    }

    /// An older address floats by evidence that the order contradicts.
    pub(super) fn skipped_first(&self, first: &Candidate) -> String {
        let Some(other) = self.doubted() else {
            return String::new();
        };
        let floating = self.looks_floating(other).unwrap_or_default();
        let other = self.distinct_name(other, first);
        format!("{other} {floating}, yet it is older than this address.")
    }

    /// There is evidence against the winner itself.
    pub(super) fn evidence_against(&self, first: &Candidate) -> String {
        let against = [
            (Reason::Deprecated, "it is deprecated"),
            (
                Reason::HostPrefix,
                "it has no network of its own, and another address of its link has",
            ),
            (Reason::NoCarrier, "its link has no carrier"),
        ];
        let against = against.into_iter().filter(|(reason, _)| first.is(*reason));
        let against: Vec<_> = against.map(|(_, words)| words).collect();
        format!("no address comes before it, but {}.", against.join(" and "))
    }
}
