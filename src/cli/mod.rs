//! The program `bindnet`, and the examples, which are its subcommands as programs of their own.
//!
//! This room alone reads the command line and the environment, prints, and executes (`corosync -v`).
//! It is no API: `src/bin/bindnet.rs` and the examples call it.

mod called;
mod conflict;
mod corosync;
mod fleet;
mod input;
mod options;
mod output;
mod pipe;
mod preview;
mod state;
mod time;
#[cfg(target_os = "linux")]
mod wait;
mod watch;
mod words;

use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use called::Called;
use options::parse;

/// Chooses the local address a cluster daemon binds for a bindnetaddr, and says why
#[derive(Debug, Parser)]
#[command(name = "bindnet", version)]
struct Program {
    #[command(subcommand)]
    subcommand: Subcommand,
}

#[derive(Debug, clap::Subcommand)]
enum Subcommand {
    Preview(Box<preview::Options>),
    Watch(Box<watch::Options>),
    Conflict(Box<conflict::Options>),
    Fleet(Box<fleet::Options>),
}

/// The program `bindnet`.
pub fn main() -> ExitCode {
    let called = Called::Subcommand;
    let command = Program::command().mut_subcommand("fleet", |fleet| fleet::name(fleet, called));
    let program: Program = parse(command);
    match program.subcommand {
        Subcommand::Preview(options) => preview::main(&options),
        Subcommand::Watch(options) => watch::main(&options),
        Subcommand::Conflict(options) => conflict::main(&options, called),
        Subcommand::Fleet(options) => fleet::main(&options, called),
    }
}

/// The example `preview`: which address would be bound for a bindnetaddr, and why.
pub fn preview() -> ExitCode {
    preview::main(&parse(preview::Options::command()))
}

/// The example `watch`: follows a choice, and says when it changes.
pub fn watch() -> ExitCode {
    watch::main(&parse(watch::Options::command()))
}

/// The example `conflict`: does another host claim an address?
pub fn conflict() -> ExitCode {
    conflict::main(&parse(conflict::Options::command()), Called::Example)
}

/// The example `fleet`: do the nodes of a cluster agree?
pub fn fleet() -> ExitCode {
    let called = Called::Example;
    let command = fleet::name(fleet::Options::command(), called);
    fleet::main(&parse(command), called)
}
