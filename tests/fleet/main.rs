//! Do the nodes agree.

mod conf;
mod laws;
mod problems;
mod report;
