//! Decisions in words and in JSON: the sentence, warnings, the table, advice.

mod advice;
mod columns;
mod doubts;
mod explanation;
#[cfg(feature = "serde")]
pub(crate) mod json;
mod nearest;
mod report;
mod setting;
mod settling;
mod table;
mod unsettled;
mod warnings;

pub use advice::Advice;
pub use explanation::Explanation;
pub use setting::{Setting, Spelling};

pub(crate) use advice::advice_lines;
pub(crate) use columns::aligned;
pub(crate) use report::{on_link, why_unusable};
pub(crate) use unsettled::{guess, may_pass};
pub(crate) use warnings::{INTERRUPTED, not_used};
