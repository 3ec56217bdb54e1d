//! What a decision costs beside what the kernel needs to list the addresses: the floor F.
//!
//! F is a dump of the IPv4 addresses whose bytes are thrown away: a socket opened,
//! `NETLINK_GET_STRICT_CHK` set, `RTM_GETADDR` sent, everything received into 32 KiB, the socket
//! closed. What is compared is run by turns in this process, and the medians are compared.
//!
//! `cargo bench --bench floor` prints a table and fails where a row misses what it must reach. It
//! takes root, because it stages its hosts in network namespaces, and some minutes on a machine
//! that has nothing else to do. With `-- --test` everything is run once and nothing is judged.
#![allow(missing_docs)]

#[path = "../../tests/support/netns.rs"]
mod netns;

mod dumps;
mod hosts;
mod kept;
mod kernel;
mod programs;
mod report;
mod storms;
mod timing;

use std::process::ExitCode;

use report::Report;
use timing::Patience;

fn main() -> ExitCode {
    let once = std::env::args().any(|word| word == "--test");
    let patience = if once { Patience::ONCE } else { Patience::FULL };
    let mut report = Report::new(!once);
    kept::run(&mut report, patience);
    dumps::run(&mut report, patience);
    storms::churn(&mut report, patience);
    storms::rtnl(&mut report, patience);
    programs::run(&mut report, patience);
    match report.end() {
        true => ExitCode::SUCCESS,
        false => ExitCode::FAILURE,
    }
}
