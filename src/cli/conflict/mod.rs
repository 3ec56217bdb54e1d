//! Asks whether another host claims an address.

#[cfg(target_os = "linux")]
mod ask;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::cli::invocation::Invocation;

/// Does another host claim this address?
///
/// Asks its link three times (RFC 5227), and says clear; conflict, and who; or why it cannot tell.
/// It takes CAP_NET_RAW.
///
/// Exit status: 0 clear; 1 conflict; 2 the command line cannot be understood; 3 anything else.
#[derive(Debug, clap::Parser)]
#[command(name = "conflict", version)]
pub struct Options {
    /// An address of this host; or with --free one that is to be taken
    #[arg(value_name = "ADDRESS")]
    address: String,
    /// The link to ask on, by a name or an alternative name, instead of the one that has the address
    #[arg(long, value_name = "NAME")]
    interface: Option<OsString>,
    /// The address is not here yet: does anybody have it? Ask right before it is taken: another
    /// host that is just about to take it gives it up when it is asked
    #[arg(long, requires = "interface")]
    free: bool,
    /// How long to take: rfc, 4 to 7 seconds as in RFC 5227; fast, under a second, for the wired
    /// links of a cluster
    #[arg(long, value_name = "T", default_value = "rfc")]
    timing: Timing,
    /// Then listen for claims for so many seconds
    #[arg(long, value_name = "SECONDS")]
    watch: Option<String>,
    /// Print JSON objects, one a line
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Timing {
    Rfc,
    Fast,
}

/// Does another host claim an address?
pub fn main(options: &Options, invocation: Invocation) -> ExitCode {
    #[cfg(target_os = "linux")]
    let ended = ask::run(options, invocation);
    #[cfg(not(target_os = "linux"))]
    let ended: Result<ExitCode, _> = {
        let _ = (options, invocation);
        Err(crate::cli::output::Failure::system(
            "packet sockets are needed, which Linux alone has",
        ))
    };
    match ended {
        Ok(status) => status,
        Err(failure) => failure.report("conflict"),
    }
}
