//! The effect of cluster life on the choice.

use crate::audit::{Audit, Finding, Scenario};

use super::Options;
use super::assessment::Assessment;

/// The message if nothing was chosen.
pub const NOTHING: &str = "preview: audit: nothing was chosen, so that nothing can move.\n";

/// Whether anything would move the choice that counts for the exit status.
pub fn objects(assessment: &Assessment, options: &Options) -> bool {
    let audit = assessment.audit.as_ref();
    let moves = |finding: &Finding| finding.fate.moves() && counts(finding.scenario, options);
    audit.is_some_and(|audit| audit.findings.iter().any(moves))
}

/// A new VIP moves the choice of any host on which nothing is remembered or declared: only a strict
/// daemon is held to it.
fn counts(scenario: Scenario, options: &Options) -> bool {
    let new = matches!(scenario, Scenario::NewVip | Scenario::NewVipFirst);
    options.selector.strict || !new
}

/// The summary of the findings, unless none counts.
pub fn complaint(assessment: &Assessment, options: &Options) -> Option<String> {
    let audit = assessment.audit.as_ref().map(Audit::summary);
    audit.filter(|_| objects(assessment, options))
}
