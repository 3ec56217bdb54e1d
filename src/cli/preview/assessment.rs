//! A decision, with the findings about its choice.

use serde::Serialize;

use super::check;
use crate::audit::Audit;
use crate::cli::words::OPTIONS;
use crate::conflict::ConflictReport;
use crate::rule::{Candidate, Decision};

/// A decision, with the findings of `--check` and `--audit` about its choice. In JSON their members
/// follow those of the decision.
#[derive(Serialize)]
pub struct Assessment {
    #[serde(flatten)]
    pub decision: Decision,
    /// Whether another host claims the choice, if that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub conflict: Option<ConflictReport>,
    /// The effect of cluster life on the choice, if that was asked.
    #[serde(flatten)]
    pub audit: Option<Audit>,
}

impl Assessment {
    /// The address to bind.
    pub fn chosen(&self) -> Option<&Candidate> {
        self.decision.chosen()
    }

    /// The findings, each after an empty line.
    pub fn findings(&self) -> String {
        // If nobody can be asked, a warning says so.
        let conflict = self.conflict.as_ref();
        let conflict = conflict.filter(|_| check::warning(self).is_none());
        let conflict = conflict.map(|report| format!("\n{report}\n"));
        let audit = self.audit.as_ref();
        let audit = audit.map(|audit| format!("\n{}", audit.explain_in(OPTIONS)));
        conflict.into_iter().chain(audit).collect()
    }

    /// Everything as JSON, `bindnet-decision/1`, on one line.
    pub fn to_json(&self) -> String {
        // Serializing to a string fails only if an implementation of Serialize does.
        serde_json::to_string(self).unwrap_or_default()
    }
}
