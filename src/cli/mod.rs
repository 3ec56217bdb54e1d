//! The program `bindnet`: what its subcommands share, and each of them.

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

pub use conflict::main as conflict;
pub use fleet::main as fleet;
pub use preview::main as preview;
pub use watch::main as watch;
