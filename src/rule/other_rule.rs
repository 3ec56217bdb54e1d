//! A decision that Corosync's rule made.

use super::decision::Decision;

/// The words of another rule about its decision. The module of that rule fills them in, so that the code
/// that prints a decision need not know that rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherRule {
    /// Its code in JSON: `corosync:3.1.7`.
    pub code: String,
    /// The choice and the reason for it, or the reason why there is none.
    pub sentence: String,
    /// The warnings, a sentence each.
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
