//! Bytes to snapshots and back, pure: nothing here asks the kernel or opens a file.

#[cfg(feature = "serde")]
mod ip_json;
#[cfg(feature = "serde")]
mod json;
#[cfg(feature = "serde")]
mod snapshot_json;
#[cfg(feature = "serde")]
mod words;

pub mod rtnetlink;

#[cfg(feature = "serde")]
pub use json::ParseError;
