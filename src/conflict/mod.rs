//! Whether another host claims an address (RFC 5227 for IPv4; RFC 4862 and 4861 for IPv6): what is
//! asked, when, and what the answers mean.
//!
//! A [`Detector`](crate::live::Detector) asks the link once, and listens from then on. [`Probe`] and
//! [`Listener`] are the same without the socket and the clock, for a helper that holds CAP_NET_RAW, or
//! for a test: time, random numbers, the host and what was heard are passed in.
//!
//! A verdict is advice. It never moves a choice: ARP is not authenticated. ([`Detection`] and [`Notice`]
//! here are about that; those of the crate's root are about a decision and about a choice.)

#[cfg(feature = "serde")]
mod json;
mod listener;
mod probe;
mod report;
mod target;
mod verdict;

pub use listener::{DEFEND_INTERVAL, Listener, Notice};
pub use probe::{PROBE_NUM, Probe, Timing, Transmit};
pub use report::ConflictReport;
pub use target::{Target, TargetError};
pub use verdict::{Conflict, Detection, Inconclusive, NotApplicable};

pub use crate::wire::{How, Sighting};
