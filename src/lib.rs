//! Chooses the local address a cluster daemon binds for a `bindnetaddr`, and says why.
//!
//! One path leads from the kernel to bind(2): a [`Snapshot`] of the host's addresses, a
//! [`Selector`] that holds the rule, a [`Decision`] that holds the choice and the reasons.
//!
//! ```
//! use bindnet::{Selector, Snapshot};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let host = Snapshot::capture()?;
//! let decision = Selector::new("127.0.0.1".parse()?).decide(&host);
//! println!("{decision}"); // 127.0.0.1/8 on lo: you named it exactly.
//! if let Some(chosen) = decision.chosen() {
//!     let socket = std::net::UdpSocket::bind(chosen.socket_addr(0))?;
//!     assert_eq!(socket.local_addr()?.ip(), chosen.ip());
//! }
//! # Ok(())
//! # }
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]
// Elsewhere the capturer by rtnetlink is missing, and what only it uses is left over.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports))]

mod live;
mod select;
mod snapshot;
#[allow(unsafe_code)]
mod sys;
pub mod wire;

pub use live::CaptureError;
#[cfg(target_os = "linux")]
pub use live::Capturer;
pub use select::{
    Advice, Bindnet, Candidate, Decision, Declaration, Declared, HostAddress, Match, Outcome,
    ParseBindnetError, Reason, Reasons, Rule, Selector, Separation, Table, TieError, UnknownRule,
    Verdict, WhyNone, Zone, parse_net,
};
pub use snapshot::{
    About, Address, AddressFlags, Consistency, FamilyError, HardwareAddress, HardwareAddressError,
    Lifetime, Link, LinkFlags, Name, NameError, Netmask, Scope, Snapshot, SnapshotError, Source,
    UnknownScope,
};
#[cfg(feature = "serde")]
pub use wire::ParseError;
