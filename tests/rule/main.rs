//! The rule: what it decides, clause by clause and as laws, and how it says so.

mod advice;
mod beside_model;
mod evidence;
mod exact;
mod fixtures;
mod host_prefixes;
mod laws;
mod lists;
mod matcher;
mod matching;
mod parse;
mod previous;
mod rank;
mod rightness;
mod sentences;
