//! What other libraries need to find the address that bindnet finds, beside the floor F: what the
//! kernel needs to list the addresses.
//!
//! `cargo run --release`, as root, prints the ratios to F and whether bindnet is faster by what is
//! required, and writes docs/peers.md and docs/peers.svg. With `-- --test` it only checks that each
//! way finds the address.

// Shared with the benches and tests of bindnet, which take what they need.
#[path = "../../floor/hosts.rs"]
mod hosts;
#[path = "../../floor/kernel.rs"]
mod kernel;
#[path = "../../../tests/support/netns.rs"]
#[allow(dead_code)] // The tests use all of it.
mod netns;
#[path = "../../floor/timing.rs"]
mod timing;

mod chart;
mod measured;
mod page;
mod ways;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use hosts::HOSTS;
use measured::{Measured, table, verdict};
use timing::Patience;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let test = env::args().any(|arg| arg == "--test");
    let patience = if test { Patience::ONCE } else { Patience::FULL };
    let all = HOSTS.each_ref().map(|host| Measured::on(host, patience));
    if test {
        let right = all.iter().all(Measured::is_right);
        println!("each way finds the address on each host: {right}");
        return Ok(status(right));
    }
    let table = table(&all);
    let (verdict, reached) = verdict(&all);
    println!("{table}\n{verdict}");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs");
    fs::create_dir_all(&docs)?;
    fs::write(docs.join("peers.md"), page::page(&all, &table))?;
    chart::draw(&docs.join("peers.svg"), &all)?;
    Ok(status(reached))
}

fn status(good: bool) -> ExitCode {
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
