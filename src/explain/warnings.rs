//! Warnings about a decision.

use crate::rule::{BindnetAddr, Candidate, Decision, Match, Reason, ScopedAddr, Separation};

/// The warning about an interrupted snapshot.
pub(crate) const INTERRUPTED: &str =
    "the addresses or links changed again and again while they were read: one may be missing.";

impl Decision {
    /// The warnings for the reader, a sentence each.
    ///
    /// ```
    /// use bindnet::{Address, Link, Selector, Snapshot};
    ///
    /// let vip = Address::new("192.0.2.20/24".parse()?, 2).with_label("eth0:vip".parse()?);
    /// let host = Snapshot::new([Link::new(2, "eth0".parse()?)], [vip])?;
    /// let decision = Selector::new("192.0.2.20".parse()?).decide(&host);
    /// assert!(decision.warnings()[0].starts_with("when 192.0.2.20 moves to another host,"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.is_interrupted() {
            warnings.push(INTERRUPTED.to_owned());
        }
        if let Some(rule) = &self.made_by {
            warnings.extend(rule.warnings.iter().cloned());
            return warnings;
        }
        warnings.extend(self.memory_warnings());
        let Some(first) = self.first() else {
            return warnings;
        };
        if self.separated_by() == Some(Separation::Floating) {
            // The sentence says that it looks floating.
            let moves = "moves to another host, what is bound to it is cut off.";
            warnings.push(format!("when {} {moves}", first.ip));
        } else {
            warnings.extend(self.floating_warning(first));
        }
        if let Some(previous) = self.previous
            && !first.is(Reason::Previous)
            && self.separated_by() != Some(Separation::PreviousAbsent)
        {
            warnings.push(format!("this is not the remembered choice, {previous}."));
        }
        if first.matched == Some(Match::SameNetwork) {
            let silently = "Corosync (udp, udpu) makes the same substitution silently.";
            warnings.push(match self.separated_by() {
                Some(Separation::SameNetwork) => silently.to_owned(),
                _ => format!("{} {silently}", self.same_network()),
            });
        }
        if let Some(interface) = first.interface {
            match (first.link_up, first.link_running) {
                (Some(false), _) => warnings.push(format!(
                    "{interface} is down: the address can be bound, but nothing gets through."
                )),
                (Some(true), Some(false)) => warnings.push(format!(
                    "{interface} has no carrier: the address can be bound, but nothing gets through."
                )),
                _ => {}
            }
        }
        warnings
    }

    /// The warning that an address looks floating.
    pub(crate) fn floating_warning(&self, first: &Candidate) -> Option<String> {
        let floating = self.looks_floating(first)?;
        Some(format!(
            "{} {floating}; when it moves to another host, what is bound to it is cut off.",
            first.ip
        ))
    }
}

/// The warning that the remembered choice for a different bindnetaddr was not used.
pub(crate) fn not_used(
    bindnet: &BindnetAddr,
    (other, address): &(BindnetAddr, ScopedAddr),
) -> String {
    format!(
        "nothing is remembered for {bindnet}; {address}, remembered for {other}, was not used. If both \
         mean the same, change the entry in the state file to bindnetaddr {bindnet}."
    )
}
