//! Follows the address that a cluster daemon has chosen for a bindnetaddr, and says when it
//! changes.

#[cfg(target_os = "linux")]
mod follow;
#[cfg(target_os = "linux")]
mod memory;

use std::process::ExitCode;

use crate::cli::options::SelectorOptions;
use crate::cli::state::StateOptions;

/// A line at the start and at every change of the decision
///
/// The choice stays as long as its address is here, and is waited for when it is gone.
///
/// Exit status, at the end of --for, on SIGTERM or SIGINT: 0 the choice is here, 1 it is lost or
/// there is none. 2 the command line or the state file cannot be understood; 3 the kernel could
/// not be asked, or the choice could not be remembered. If another process holds the lock of the
/// state file it goes on, and tries again until the end.
#[derive(Debug, clap::Parser)]
#[command(name = "watch", version)]
pub struct Options {
    /// An address without a prefix (192.168.1.0), a network with its prefix (192.168.1.0/24), or several
    /// networks with commas; may be left out with --interface
    #[arg(value_name = "BINDNETADDR", required_unless_present = "interface")]
    bindnetaddr: Option<String>,
    /// Without a BINDNETADDR: any IPv6 address of the link of --interface, instead of any IPv4 address
    #[arg(short = '6', requires = "interface", conflicts_with = "bindnetaddr")]
    ipv6: bool,
    #[command(flatten)]
    selector: SelectorOptions,
    /// Also written: the first choice, and with --follow one that was moved to
    #[command(flatten)]
    state: StateOptions,
    /// Replace a choice that is gone
    #[arg(long)]
    follow: bool,
    /// At the start, wait for a choice for this many seconds; an address that is pending, or declared
    /// fixed and not here, is waited for as long
    #[arg(long, value_name = "SECONDS")]
    wait: Option<String>,
    /// Stop after this many seconds
    #[arg(long = "for", value_name = "SECONDS")]
    time: Option<String>,
    /// Print JSON objects, one a line
    #[arg(long)]
    json: bool,
}

/// Follows a choice, and says when it changes.
pub fn main(options: &Options) -> ExitCode {
    #[cfg(target_os = "linux")]
    let ended = follow::run(options);
    #[cfg(not(target_os = "linux"))]
    let ended: Result<ExitCode, _> = {
        let _ = options;
        Err(crate::cli::output::Failure::system(
            "rtnetlink is needed, which Linux alone has",
        ))
    };
    match ended {
        Ok(status) => status,
        Err(failure) => failure.report("watch"),
    }
}
