//! What cluster life would do to what was chosen.

use bindnet::audit::Audit;
use bindnet::{Decision, Selector, Snapshot};

/// What is said where nothing was chosen.
pub const NOTHING: &str = "preview: audit: nothing was chosen, so that nothing can move.\n";

/// A decision with what an audit found, if there is a choice.
pub fn audit(decision: Decision, selector: &Selector, host: &Snapshot) -> Decision {
    match Audit::of(selector, host) {
        Some(audit) => decision.with_audit(audit),
        None => decision,
    }
}

/// Whether anything would move the choice.
pub fn objects(decision: &Decision) -> bool {
    decision.audit().is_some_and(Audit::moves)
}

/// What is to be said of what was found, unless all is well.
pub fn complaint(decision: &Decision) -> Option<String> {
    let found = decision.audit()?;
    found.moves().then(|| found.summary())
}
