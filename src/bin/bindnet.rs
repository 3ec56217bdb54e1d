//! The program `bindnet`; `bindnet --help` lists its subcommands.

use std::process::ExitCode;

fn main() -> ExitCode {
    bindnet::cli::main()
}
