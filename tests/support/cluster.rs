//! The cluster of the second story as files, and the example that judges it.

use std::ffi::OsStr;

use serde_json::Value;

use crate::cli::{Run, example};
use crate::fleets::snapshot;
use crate::folder::Folder;

/// Runs the example.
pub fn fleet<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Run {
    example("fleet")
        .args(args)
        .output()
        .expect("fleet runs")
        .into()
}

/// A snapshot file of these lines.
pub fn host(lines: &str) -> String {
    snapshot(lines).to_json()
}

/// The cluster of the second story.
pub fn cluster() -> Folder {
    Folder::new()
        .with("pgpool_0.json", host("eth0 10.8.52.191/24"))
        .with("pgpool_1.json", host("eth0 10.8.52.192/24"))
}

/// The forgotten machine, in another folder.
pub fn forgotten() -> Folder {
    Folder::new().with("bosh_init.json", host("eth0 10.8.52.191/24"))
}

pub fn json_of(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap_or_else(|error| panic!("{error}: {run:?}"))
}
