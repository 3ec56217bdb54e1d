//! Bytes to snapshots and back, pure: nothing here asks the kernel or opens a file.

mod decode_error;
mod filter;
#[cfg(feature = "serde")]
mod ip_json;
#[cfg(feature = "serde")]
mod json;
#[cfg(feature = "serde")]
mod listed;
#[cfg(feature = "serde")]
mod names;
mod sighting;
#[cfg(feature = "serde")]
mod snapshot_json;
#[cfg(feature = "serde")]
mod words;

pub mod arp;
pub mod ndisc;
pub mod rtnetlink;

pub use decode_error::DecodeError;
pub(crate) use filter::{Instruction, about};
pub use sighting::{How, Sighting};
