//! What cluster life would do to what was chosen.

use crate::audit::{Audit, Finding, Scenario};
use crate::rule::{Decide, Decision};
use crate::snapshot::Snapshot;

use super::Options;

/// What is said where nothing was chosen.
pub const NOTHING: &str = "preview: audit: nothing was chosen, so that nothing can move.\n";

/// A decision with what an audit found, if there is a choice.
pub fn audit<D: Decide + Clone>(decision: Decision, selector: &D, host: &Snapshot) -> Decision {
    match Audit::of(selector, host) {
        Some(audit) => decision.with_audit(audit),
        None => decision,
    }
}

/// Whether anything would move the choice that counts for the exit status.
pub fn objects(decision: &Decision, options: &Options) -> bool {
    let counts = |found: &Finding| found.fate.moves() && counts(found.scenario, options);
    let audit = decision.audit();
    audit.is_some_and(|audit| audit.findings.iter().any(counts))
}

/// A new VIP moves the choice of any host on which nothing is remembered or declared: only a strict
/// daemon is held to it.
fn counts(scenario: Scenario, options: &Options) -> bool {
    let new = matches!(scenario, Scenario::NewVip | Scenario::NewVipFirst);
    options.selector.strict || !new
}

/// What is to be said of what was found, unless nothing counts.
pub fn complaint(decision: &Decision, options: &Options) -> Option<String> {
    let audit = decision.audit().map(Audit::summary);
    audit.filter(|_| objects(decision, options))
}
