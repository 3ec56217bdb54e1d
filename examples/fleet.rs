//! Judges the snapshots of all nodes of a cluster: `bindnet fleet` as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    bindnet::cli::fleet()
}
