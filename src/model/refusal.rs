//! The kernel's reasons to refuse.

use thiserror::Error;

/// The kernel's reason to refuse an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Error)]
#[non_exhaustive]
pub enum Refusal {
    /// No link has this name (`ENODEV`).
    #[error("no such link (ENODEV)")]
    NoSuchLink,
    /// A link has this name or index, or the link this address (`EEXIST`).
    #[error("it exists (EEXIST)")]
    Exists,
    /// The link has no such address, or cannot have it (`EADDRNOTAVAIL`).
    #[error("not an address of this link (EADDRNOTAVAIL)")]
    NotAvailable,
    /// The words do not go together (`EINVAL`).
    #[error("it cannot be (EINVAL)")]
    Invalid,
    /// The link is up, or cannot be deleted (`EBUSY`, `EOPNOTSUPP`).
    #[error("not with this link (EBUSY, EOPNOTSUPP)")]
    NotWithThisLink,
}
