//! Previews the address that a cluster daemon would bind: `bindnet preview` as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    bindnet::cli::preview()
}
