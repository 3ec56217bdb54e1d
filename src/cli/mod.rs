//! The program `bindnet`, and the examples, which are its subcommands as programs of their own.
//!
//! This room alone reads the command line and the environment, prints, and executes (`corosync -v`).
//! It is no API: `src/bin/bindnet.rs` and the examples call it.

mod conflict;
mod corosync;
mod fleet;
mod input;
mod invocation;
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

use invocation::Invocation;
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
    let invocation = Invocation::Subcommand;
    let command =
        Program::command().mut_subcommand("fleet", |fleet| fleet::name(fleet, invocation));
    let program: Program = parse(command);
    match program.subcommand {
        Subcommand::Preview(options) => preview::main(&options),
        Subcommand::Watch(options) => watch::main(&options),
        Subcommand::Conflict(options) => conflict::main(&options, invocation),
        Subcommand::Fleet(options) => fleet::main(&options, invocation),
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
    conflict::main(&parse(conflict::Options::command()), Invocation::Example)
}

/// The example `fleet`: do the nodes of a cluster agree?
pub fn fleet() -> ExitCode {
    let invocation = Invocation::Example;
    let command = fleet::name(fleet::Options::command(), invocation);
    fleet::main(&parse(command), invocation)
}
