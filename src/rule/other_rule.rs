//! A decision that another rule made: Corosync's.

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
