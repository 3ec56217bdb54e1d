//! The choice over time: what becomes of it when the host changes, and the text that remembers it.

mod event;
#[cfg(feature = "serde")]
mod json;
pub(crate) mod state;
mod state_reader;
mod tracker;

pub use event::{Event, EventKind};
pub use state::State;
pub use tracker::Tracker;
