//! Laws that a daemon's way of picking its address keeps.
//!
//! [`all`] tries the laws on a [`Picker`], [`Law::assert`] one of them: the daemon's own
//! [`Selector`], or any function with the selector that says what it was asked. They draw hosts
//! around the bindnetaddr, whatever network that is, and panic with the smallest case that breaks
//! the law: both choices and the reasons, the host as a file for `preview --from` and as commands
//! that make it, and the number that repeats the run.
//!
//! ```
//! use bindnet::{Selector, testing::laws};
//!
//! let selector = Selector::new("203.0.113.0".parse()?);
//! laws::all(&selector);
//! # Ok::<(), bindnet::ParseError>(())
//! ```
//!
//! The rule of Corosync 2.0.0, which split a production cluster in May 2012, does not pass:
//!
//! ```should_panic
//! use bindnet::{Selector, corosync::ProfileSelector, testing::laws::FAILOVERS};
//!
//! let selector = Selector::new("203.0.113.0".parse()?);
//! FAILOVERS.assert(&ProfileSelector::new("corosync:2.0.0".parse()?, selector));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Cases, time and seed
//!
//! A law is tried on [`Run::CASES`] cases, or as many as `PROPTEST_CASES` says. All of them
//! together take some two seconds in a debug build; a picker that starts a program for each host
//! starts it some 8 000 times. The cases are random. A failure prints their seed: set
//! `PROPTEST_RNG_SEED` to it to draw them again. proptest knows both variables, so that they also
//! hold for the other properties of a test program.
//!
//! # What a law knows
//!
//! The selector of the picker ([`Picker::selector`]) defines which addresses match, float and can
//! be bound, by [the rule](crate::rule::Selector) of this crate. An evidence rule that is switched
//! off does not count: an address that floats by that rule alone does not float.
//!
//! [`STICKINESS`] and [`FAILOVERS`] do not use the choice of the rule. The case itself shows
//! whether the remembered address is here, and which manager's marks the others have.
//!
//! [`check`] has each law on one case, and [`wrong`](super::wrong) a table of pickers and laws.

mod cases;
pub mod check;
mod expected;
mod law;
mod reference;
mod renumbering;
mod run;
mod settled;
mod violation;

pub use law::*;
pub use run::{Failure, Run};
pub use violation::Violation;

use super::picker::Picker;
#[cfg(doc)]
use crate::rule::Selector;

/// All laws; of a picker without a memory all but [`STICKINESS`], which it cannot keep
/// ([`PickBy::without_memory`](super::PickBy::without_memory)).
///
/// # Panics
/// If a law is broken, with the first such law.
#[track_caller]
pub fn all(picker: &dyn Picker) {
    for &law in LAWS {
        if law != STICKINESS || picker.remembers() {
            law.assert(picker);
        }
    }
}
