//! Does another host claim an address? What is asked, when, and what the answers mean: pure; time,
//! random numbers, the host and what was heard are passed in.

#[cfg(feature = "serde")]
mod json;
mod probe;
mod report;
mod target;
mod verdict;
mod watch;

pub use probe::{PROBE_NUM, Probe, Timing, Transmit};
pub use report::Report;
pub use target::{Target, TargetError};
pub use verdict::{Conflict, Doubt, NotApplicable, Verdict};
pub use watch::{DEFEND_INTERVAL, Event, Watch};

pub use crate::wire::{How, Sighting};
