//! What a decision costs beside what the kernel needs to list the addresses: the floor F.
//!
//! F is a dump of the IPv4 addresses whose bytes are thrown away: a socket opened,
//! `NETLINK_GET_STRICT_CHK` set, `RTM_GETADDR` sent, everything received into 32 KiB, the socket
//! closed. What is compared is run by turns in this process, and the medians are compared.
//!
//! `cargo bench --bench floor` prints a table and fails where a row misses what it must reach. It
//! takes root, because it stages its hosts in network namespaces, and some minutes on a machine
//! that has nothing else to do. `-- dumps` prints one part of it: `kept`, `dumps`, `churn`, `rtnl`,
//! `events` or `programs`. With `-- --test` everything is run once and nothing is judged.
#![allow(missing_docs)]

#[path = "../../tests/support/netns.rs"]
#[allow(dead_code)] // The tests use all of it.
mod netns;
#[path = "../made/reading.rs"]
mod reading;

mod dumps;
mod events;
mod hosts;
mod kept;
mod kernel;
mod listener;
mod programs;
mod report;
mod storms;
mod timing;

use std::process::ExitCode;

use report::Report;
use timing::Patience;

/// The parts of the table, by the word that asks for one alone.
type Part = (&'static str, fn(&mut Report, Patience));
const PARTS: [Part; 6] = [
    ("kept", kept::run),
    ("dumps", dumps::run),
    ("churn", storms::churn),
    ("rtnl", storms::rtnl),
    ("events", events::run),
    ("programs", programs::run),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let once = words.iter().any(|word| word == "--test");
    let patience = if once { Patience::ONCE } else { Patience::FULL };
    let mut report = Report::new(!once);
    let asked = |name| words.iter().any(|word| word == name);
    let all = !PARTS.iter().any(|(name, _)| asked(*name));
    for (name, run) in PARTS {
        if all || asked(name) {
            run(&mut report, patience);
        }
    }
    match report.end() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
