//! The kernel's notifications of changes.

use crate::snapshot::{Address, Link};

/// A message of the kernel to the groups `RTNLGRP_LINK`, `RTNLGRP_IPV4_IFADDR` and
/// `RTNLGRP_IPV6_IFADDR`, see rtnetlink(7).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notification {
    /// An address is new or has changed (`RTM_NEWADDR`).
    NewAddress(Address),
    /// An address is gone; these were its last facts (`RTM_DELADDR`).
    DeletedAddress(Address),
    /// A link is new or has changed (`RTM_NEWLINK`). The kernel may send it more than once.
    NewLink(Link),
    /// A link is gone; these were its last facts (`RTM_DELLINK`).
    DeletedLink(Link),
}
