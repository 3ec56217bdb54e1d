//! What the tests share: hosts to decide about, naive models to compare with, programs to run.
#![cfg(feature = "all")]

use std::path::Path;

pub mod ask;
pub mod audited;
pub mod beside;
pub mod by_chance;
pub mod bytes;
pub mod c;
pub mod cli;
pub mod cluster;
pub mod conflict_hosts;
pub mod confs;
pub mod corosync;
pub mod corosync_parser;
pub mod decided;
pub mod edits;
pub mod elsewhere;
pub mod expected;
pub mod extern_c;
pub mod fleet_model;
pub mod fleets;
pub mod folder;
pub mod frames;
pub mod heard;
pub mod hostile;
pub mod inject;
pub mod ip_answers;
pub mod ip_json;
pub mod lan;
pub mod made;
pub mod many;
pub mod model;
pub mod n1;
pub mod netns;
pub mod outcome;
pub mod ping;
pub mod plans;
pub mod power;
pub mod probe_model;
pub mod questions;
pub mod random;
pub mod random_changes;
pub mod random_conf;
pub mod random_host;
pub mod recorded;
pub mod recordings;
pub mod ring;
pub mod ring_watch;
pub mod rows;
pub mod running_ip;
pub mod same;
pub mod sightings;
pub mod situations;
pub mod staged;
pub mod state;
pub mod stories;
pub mod strace;
pub mod topology;
pub mod totemip;
pub mod tracker_model;
pub mod watch_model;
pub mod watched;
pub mod wire_sim;

/// The folder of the repository.
pub fn package() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// A test of this program by its whole name, as libtest lists it, from `module_path!()`.
pub fn test_name(module: &str, test: &str) -> String {
    let (_, within) = module.split_once("::").expect("a module of a test program");
    format!("{within}::{test}")
}
