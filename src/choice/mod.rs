//! The choice over time: the tracker that compares it with the host, and the text that remembers it.

mod event;
mod found;
#[cfg(feature = "serde")]
mod json;
pub(crate) mod state;
mod state_reader;
mod tracker;

pub use event::{Event, EventKind};
pub use state::State;
pub use tracker::Tracker;
