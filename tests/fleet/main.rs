//! Do the nodes agree.

mod conf;
mod fixed;
mod laws;
mod problems;
mod report;
mod several;
