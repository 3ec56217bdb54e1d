//! For the tests of who links this crate (feature `proptest`).
//!
//! [`model`] is the kernel's address list, without a kernel: a [`Host`](model::Host) whose links
//! and addresses are changed as `ip` changes them, and which lists them as Linux does.
//! [`strategies`] make hosts, and what happens to them, by chance; [`commands`] say at a shell what
//! they made. [`Audit::of`](crate::audit::Audit::of) plays on the model what cluster life will do to
//! a choice.

mod audit;
pub mod commands;
pub mod model;
pub mod strategies;
