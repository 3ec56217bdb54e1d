//! The laws of the fuzz targets over their seeds: what fuzzing found stays found.
//!
//! A finding goes into `fuzz/seeds` under the name of its target, and from then on it is tested
//! here, on a stable toolchain.

#[path = "../../fuzz/src/lib.rs"]
mod fuzz;

use std::fs;
use std::panic::catch_unwind;

/// Runs a law over every seed of its target, and says which ones break it.
fn replay(target: &str, law: fn(&[u8])) {
    let seeds = bindnet_tests::package().join("fuzz/seeds");
    let mut broken = Vec::new();
    let mut count = 0;
    for seed in fs::read_dir(seeds.join(target)).expect("a folder of seeds") {
        let path = seed.expect("an entry").path();
        let bytes = fs::read(&path).expect("a file");
        count += 1;
        if catch_unwind(|| law(&bytes)).is_err() {
            broken.push(path);
        }
    }
    assert!(count > 0, "no seed of {target}");
    assert!(broken.is_empty(), "{broken:#?}");
}

#[test]
fn mask_scan() {
    replay("mask_scan", fuzz::mask_scan::check);
}

#[test]
fn rtnetlink() {
    replay("rtnetlink", fuzz::rtnetlink::check);
}

#[test]
fn bindnetaddr() {
    replay("bindnetaddr", fuzz::bindnetaddr::check);
}

#[test]
fn snapshot() {
    replay("snapshot", fuzz::snapshot::check);
}

#[test]
fn ip_json() {
    replay("ip_json", fuzz::ip_json::check);
}

#[test]
fn laws() {
    replay("laws", fuzz::laws::check);
}

#[test]
fn corosync() {
    replay("corosync", fuzz::corosync::check);
}

#[test]
fn corosync_conf() {
    replay("corosync_conf", fuzz::corosync_conf::check);
}

#[test]
fn state() {
    replay("state", fuzz::state::check);
}

#[test]
fn tracker() {
    replay("tracker", fuzz::tracker::check);
}

#[test]
fn conflict_frames() {
    replay("conflict_frames", fuzz::conflict_frames::check);
}

#[test]
fn conflict() {
    replay("conflict", fuzz::conflict::check);
}

#[test]
fn model() {
    replay("model", fuzz::model::check);
}

#[test]
fn fleet() {
    replay("fleet", fuzz::fleet::check);
}

#[test]
fn capi() {
    replay("capi", fuzz::capi::check);
}
