//! Test support for crates that depend on this one (feature `proptest`).
//!
//! A daemon's own CI can test this: a cluster manager brings any floating addresses to the host, in
//! any order, and the daemon still binds the same address.
//!
//! ```
//! use bindnet::testing::{PickBy, laws};
//! use bindnet::{Selector, Snapshot};
//! use std::net::IpAddr;
//!
//! /// The daemon's own code.
//! fn address_to_bind(host: &Snapshot, remembered: Option<IpAddr>) -> Option<IpAddr> {
//!     let mut selector = Selector::new("203.0.113.0/24".parse().ok()?);
//!     if let Some(remembered) = remembered {
//!         selector = selector.previous(remembered.into());
//!     }
//!     selector.decide(host).chosen().map(|chosen| chosen.ip())
//! }
//!
//! // In a #[test]: the network, and the daemon's way to pick.
//! let selector = Selector::new("203.0.113.0/24".parse()?);
//! laws::all(&PickBy::new(selector, address_to_bind));
//! # Ok::<(), bindnet::ParseError>(())
//! ```
//!
//! # The tour
//!
//! **[`laws`]** judge a [`Picker`]: a [`Selector`](crate::rule::Selector), or any function, which
//! may ask a program in another language (`examples/downstream` of the repository does). They draw
//! hosts around the network of the selector, and panic with the smallest one that breaks the
//! law.
//!
//! **[`wrong`]** has ways of picking that are in use and break the laws, each with the outage that
//! it causes, and a table of the laws that each breaks.
//!
//! **[`strategies`]** make random hosts and events for a daemon's own properties: typical nodes,
//! hostile hosts, bindnetaddrs that hit and miss, the actions of each cluster manager, and
//! failovers.
//!
//! **[`commands`]** print these hosts and events as commands for a shell.
//! [`Audit::of`](crate::audit::Audit::of) simulates on the [`model`](crate::model) what cluster
//! life will do to a choice.
//!
//! Nothing here looks at the host it runs on, and nothing is executed.

pub mod commands;
pub mod laws;
mod picker;
pub mod strategies;
pub mod wrong;

pub use picker::{PickBy, Picker};
