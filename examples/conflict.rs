//! Asks whether another host claims an address: `bindnet conflict` as a program of its own.

use std::process::ExitCode;

fn main() -> ExitCode {
    bindnet::cli::conflict()
}
