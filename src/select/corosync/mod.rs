//! What Corosync itself chooses, by version, and what a corosync.conf asks for.

mod report;
mod version;
mod walk;

pub use version::{ParseVersionError, Rule, Version};

pub(super) use walk::Walk;
