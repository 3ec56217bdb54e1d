//! The C API: its header, programs in C, and the same decisions as in Rust.

mod header;
mod pages;
mod programs;
mod same;
