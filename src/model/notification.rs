//! What the kernel reports of a change.

use crate::snapshot::{Address, Link};

/// What the kernel sends to a listener of `RTNLGRP_LINK` and `RTNLGRP_IPV4_IFADDR` and its sibling.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notification {
    /// An address is new, or is not what it was (`RTM_NEWADDR`).
    NewAddress(Address),
    /// An address is gone; as it was (`RTM_DELADDR`).
    DeletedAddress(Address),
    /// A link is new, or is not what it was (`RTM_NEWLINK`). The kernel may say it more than once.
    NewLink(Link),
    /// A link is gone; as it was (`RTM_DELLINK`).
    DeletedLink(Link),
}
