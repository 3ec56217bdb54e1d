//! Decisions in words and in JSON: the report, advice and warnings.

mod advice;
#[cfg(feature = "serde")]
mod json;
mod report;
mod table;
mod warnings;

pub use advice::Advice;
pub use table::Table;

pub(crate) use advice::advice_lines;
pub(crate) use report::place;
pub(crate) use warnings::{INTERRUPTED, not_used};
