//! Laws that a daemon's way of picking its address keeps.
//!
//! Each is a function that is called with a [`Picker`]: the daemon's own [`Selector`], or any
//! function with the selector that says what it was asked. It draws hosts that are aimed at the
//! bindnetaddr, whatever network that is, and panics with the smallest case that breaks the law:
//! both choices and the reasons, the host as a file for `preview --from` and as commands that make
//! it, and the number that repeats the run.
//!
//! ```
//! use bindnet::{Selector, testing::laws};
//!
//! let selector = Selector::new("203.0.113.0".parse()?);
//! laws::all(&selector);
//! # Ok::<(), bindnet::ParseBindnetError>(())
//! ```
//!
//! What Corosync 2.0.0 did, and a production cluster was split by in May 2012, does not pass:
//!
//! ```should_panic
//! use bindnet::{Profile, Selector, testing::laws};
//!
//! let corosync: Profile = "corosync:2.0.0".parse()?;
//! laws::failovers(&Selector::new("203.0.113.0".parse()?).profile(corosync));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Cases, time and seed
//!
//! A law is tried on [`Run::CASES`] cases, or as many as `PROPTEST_CASES` says. All of them together
//! take some two seconds in a debug build; a picker that starts a program for each host starts it
//! some 6 000 times. The cases are drawn by chance. A failure prints the number that draws them
//! again where `PROPTEST_RNG_SEED` says it. proptest knows both variables, so that they hold for the
//! other properties of a test program, too.
//!
//! # What a law knows
//!
//! What matches, what floats and what can be bound, the laws have from the selector of the picker
//! ([`Picker::asked`]), by [the rule](crate::rule::Selector) of this crate. A rule that is switched off
//! is no evidence, and a floating address that only a switched-off rule would tell is none.
//! [`stickiness`] and [`failovers`] do not ask the rule what it would choose: that the remembered
//! address is here, and which manager's marks the others have, is known of the case itself.
//!
//! [`check`] has each law on one case, and [`wrong`](super::wrong) what breaks which.

mod broken;
mod cases;
pub mod check;
mod judge;
mod law;
mod run;
mod settled;

pub use broken::Broken;
pub use law::Law;
pub use run::{Failure, Run};

use super::picker::Picker;
#[cfg(doc)]
use crate::rule::Selector;

/// The same host and the same question give the same choice, whatever else was asked in between.
///
/// # Panics
/// Where they do not.
#[track_caller]
pub fn determinism(picker: &dyn Picker) {
    hold(Law::Determinism, picker);
}

/// A floating address that is neither the bindnetaddr nor the remembered choice nor declared fixed
/// comes, goes and moves: neither the choice nor whether it is ambiguous changes.
///
/// # Panics
/// Where the choice changes.
#[track_caller]
pub fn vip_invariance(picker: &dyn Picker) {
    hold(Law::VipInvariance, picker);
}

/// Among candidates with equal rank the kernel's first wins, and the order of addresses that do not
/// match changes nothing.
///
/// # Panics
/// Where that is not so.
#[track_caller]
pub fn order(picker: &dyn Picker) {
    hold(Law::Order, picker);
}

/// What is chosen is on the host, can be bound and matches; and the one address that matches is
/// chosen where nothing speaks against it.
///
/// # Panics
/// Where that is not so.
#[track_caller]
pub fn soundness(picker: &dyn Picker) {
    hold(Law::Soundness, picker);
}

/// With the remembered choice kept, adding an address that is neither the bindnetaddr nor declared
/// fixed nor the same address again cannot change the choice.
///
/// A picker without a memory cannot keep this law; [`all`] leaves it out for one that says so
/// ([`PickBy::without_memory`](super::PickBy::without_memory)).
///
/// # Panics
/// Where the choice changes.
#[track_caller]
pub fn stickiness(picker: &dyn Picker) {
    hold(Law::Stickiness, picker);
}

/// Addresses of the other family never matter.
///
/// # Panics
/// Where they do.
#[track_caller]
pub fn family(picker: &dyn Picker) {
    hold(Law::Family, picker);
}

/// A decision is replayed from a file: a host that was written and read again gives the same.
///
/// # Panics
/// Where it does not.
#[track_caller]
pub fn replay(picker: &dyn Picker) {
    hold(Law::Replay, picker);
}

/// Whatever floating addresses cluster managers throw at the host, in whatever order, the daemon
/// keeps its address as long as that is there.
///
/// One that remembers does so whatever they look like, also where its own address flaps. One
/// without a memory, or that lost it, does so where every other candidate floats for certain.
///
/// # Panics
/// Where another address is picked.
#[track_caller]
pub fn failovers(picker: &dyn Picker) {
    hold(Law::Failovers, picker);
}

/// All laws; of a picker without a memory all but [`stickiness`].
///
/// # Panics
/// With the first that is broken.
#[track_caller]
pub fn all(picker: &dyn Picker) {
    for &law in Law::ALL {
        if law != Law::Stickiness || picker.remembers() {
            hold(law, picker);
        }
    }
}

#[track_caller]
fn hold(law: Law, picker: &dyn Picker) {
    if let Err(failure) = law.run(picker, Run::from_env()) {
        panic!("{failure}");
    }
}
