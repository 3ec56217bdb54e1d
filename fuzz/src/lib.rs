//! The laws that the fuzz targets run, a module each.
//!
//! Each has one function, `check`, which panics where its law is broken. The ordinary tests of
//! the library include this file and run the laws over `fuzz/seeds`, on a stable toolchain.

pub mod bindnetaddr;
#[cfg(target_os = "linux")]
pub mod capi;
pub mod conflict;
pub mod conflict_frames;
pub mod corosync;
pub mod corosync_conf;
pub mod fleet;
pub mod ip_json;
pub mod laws;
pub mod mask_scan;
pub mod model;
pub mod rtnetlink;
pub mod snapshot;
pub mod state;
pub mod tracker;

mod clean;
mod input;
