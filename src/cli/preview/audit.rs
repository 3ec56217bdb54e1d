//! What cluster life would do to what was chosen.

use crate::audit::{Audit, Finding, Scenario};

use super::Options;
use super::judged::Judged;

/// What is said where nothing was chosen.
pub const NOTHING: &str = "preview: audit: nothing was chosen, so that nothing can move.\n";

/// Whether anything would move the choice that counts for the exit status.
pub fn objects(judged: &Judged, options: &Options) -> bool {
    let counts = |found: &Finding| found.fate.moves() && counts(found.scenario, options);
    let audit = judged.audit.as_ref();
    audit.is_some_and(|audit| audit.findings.iter().any(counts))
}

/// A new VIP moves the choice of any host on which nothing is remembered or declared: only a strict
/// daemon is held to it.
fn counts(scenario: Scenario, options: &Options) -> bool {
    let new = matches!(scenario, Scenario::NewVip | Scenario::NewVipFirst);
    options.selector.strict || !new
}

/// What is to be said of what was found, unless nothing counts.
pub fn complaint(judged: &Judged, options: &Options) -> Option<String> {
    let audit = judged.audit.as_ref().map(Audit::summary);
    audit.filter(|_| objects(judged, options))
}
