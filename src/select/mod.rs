//! The decision, pure: a snapshot and a selector in, a decision out.

mod advice;
pub mod audit;
mod bindnet;
pub mod conflict;
pub mod corosync;
mod decision;
mod declared;
mod event;
mod evidence;
pub mod fleet;
mod host_address;
#[cfg(feature = "serde")]
mod json;
mod matching;
mod parse;
mod profile;
mod report;
mod rule;
mod selector;
mod separation;
mod state;
mod state_reader;
mod subnets;
mod table;
mod tracker;
mod view;
mod warnings;

pub use advice::Advice;
pub use bindnet::{Bindnet, Zone};
pub use decision::{Candidate, Decision, Match, Outcome, Verdict, WhyNone};
pub use declared::{Declaration, Declared, TieError};
pub use event::{Event, EventKind};
pub use evidence::{Reason, Reasons, Rule, UnknownRule};
pub use host_address::HostAddress;
pub use parse::{ParseAddressError, ParseBindnetError, parse_net};
pub use profile::{ParseProfileError, Profile};
pub use selector::Selector;
pub use separation::Separation;
pub use state::State;
pub use state_reader::ParseStateError;
pub use table::Table;
pub use tracker::Tracker;

pub(crate) use view::Restriction;
