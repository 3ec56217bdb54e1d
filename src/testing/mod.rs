//! For the tests of who links this crate (feature `proptest`).
//!
//! A daemon's own CI can say: whatever floating addresses a cluster manager throws at the host, in
//! whatever order, our daemon binds the same address.
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
//! // In a #[test]: which network it is asked for, and how it picks.
//! let asked = Selector::new("203.0.113.0/24".parse()?);
//! laws::all(&PickBy::new(asked, address_to_bind));
//! # Ok::<(), bindnet::ParseError>(())
//! ```
//!
//! # The tour
//!
//! **[`laws`]** judge a [`Picker`]: a [`Selector`](crate::rule::Selector), or any function, which may ask
//! a program in another language (`examples/downstream` of the repository does). They draw hosts
//! around the network that is asked for, and panic with the smallest one that breaks the law.
//!
//! **[`wrong`]** has ways of picking that are in use and break them, each with the outage that it
//! causes, and a table of which breaks what.
//!
//! **[`strategies`]** make hosts, and what happens to them, by chance, for a daemon's own
//! properties: nodes as one meets them, hostile hosts, bindnetaddrs that hit and miss, what each
//! cluster manager does, and failovers.
//!
//! **[`commands`]** say at a shell what all these made. [`Audit::of`](crate::audit::Audit::of) simulates
//! on the [`model`](crate::model) what cluster life will do to a choice.
//!
//! Nothing here looks at the host it runs on, and nothing is executed.

pub mod commands;
pub mod laws;
mod picker;
pub mod strategies;
pub mod wrong;

pub use picker::{PickBy, Picker};
