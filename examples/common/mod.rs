//! What the examples share: options, input and output.

pub mod corosync;
pub mod input;
pub mod options;
pub mod output;
pub mod pipe;
pub mod state;
pub mod time;
#[cfg(target_os = "linux")]
pub mod wait;
