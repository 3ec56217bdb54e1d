//! Detects another host that claims an address (RFC 5227 for IPv4; RFC 4862 and 4861 for IPv6): the
//! probes, their times, and the meaning of the answers.
//!
//! A [`Detector`](crate::live::Detector) asks the link once, and listens from then on. [`Probe`]
//! and [`Listener`] are the same without the socket and the clock, for a helper that has
//! CAP_NET_RAW, or for a test: time, random numbers, the host and the sightings are passed in.
//!
//! A [`Detection`] is advice. It never moves a choice: ARP is not authenticated.

mod detection;
#[cfg(feature = "serde")]
mod json;
mod listener;
mod probe;
mod report;
mod target;

pub use detection::{Conflict, Detection, Inconclusive, NotApplicable};
pub use listener::{DEFEND_INTERVAL, Listener, Notice};
pub use probe::{PROBE_NUM, Probe, Timing, Transmit};
pub use report::ConflictReport;
pub use target::{Target, TargetError};

pub use crate::wire::{How, Sighting};
