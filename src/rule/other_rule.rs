//! A decision that another rule made: Corosync's.

use super::decision::Decision;

/// What another rule says of a decision that it made. The room of that rule fills it in; who prints
/// a decision knows no other rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherRule {
    /// Its code in JSON: `corosync:3.1.7`.
    pub code: String,
    /// What was chosen and why, or why nothing was.
    pub sentence: String,
    /// What the reader should know, a sentence each.
    pub warnings: Vec<String>,
    /// Whether it takes an address of this family only if the bindnetaddr is that address.
    pub wants_exact: bool,
}

impl Decision {
    /// The code of the rule that decided: `default`, or that of a
    /// [`corosync::Profile`](crate::corosync::Profile).
    ///
    /// ```
    /// use bindnet::{Selector, Snapshot};
    ///
    /// let decision = Selector::new("192.0.2.0".parse()?).decide(&Snapshot::new([], [])?);
    /// assert_eq!(decision.profile(), "default");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn profile(&self) -> &str {
        self.made_by.as_ref().map_or("default", |rule| &rule.code)
    }

    /// Whether our rule decided.
    pub(crate) fn is_ours(&self) -> bool {
        self.made_by.is_none()
    }
}
