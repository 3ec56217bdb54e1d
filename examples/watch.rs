//! Follows the address that a cluster daemon has chosen: `bindnet watch` as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    bindnet::cli::watch()
}
