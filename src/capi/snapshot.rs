//! A host at one moment.

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;

use super::call::{Failure, bindnet_result, call, duration, free, hand_out, not_null};
use super::decision::bindnet_decision;
use super::selector::bindnet_selector;
use super::text::{block, put};
use crate::live::Capturer;
use crate::snapshot::Snapshot;

/// The addresses and links of a host at one moment.
pub struct bindnet_snapshot(pub(super) Snapshot);

/// A socket and buffers that are kept for deciding again and again.
pub struct bindnet_capturer(Capturer);

/// How a host is asked: for bindnet_snapshot_capture.
#[derive(Clone, Copy)]
#[repr(C)]
pub enum bindnet_sources {
    /// By rtnetlink(7).
    BINDNET_SOURCE_NETLINK = 0,
    /// By getifaddrs(3), which knows less.
    BINDNET_SOURCE_GETIFADDRS = 1,
}

/// Takes a snapshot of this host, whole; `source` is a number of enum bindnet_sources.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_snapshot_capture(
    source: c_int,
    snapshot: Option<&mut MaybeUninit<*mut bindnet_snapshot>>,
) -> bindnet_result {
    const NETLINK: c_int = bindnet_sources::BINDNET_SOURCE_NETLINK as c_int;
    const GETIFADDRS: c_int = bindnet_sources::BINDNET_SOURCE_GETIFADDRS as c_int;
    call(|| {
        let out = not_null(snapshot, "snapshot")?;
        let host = match source {
            NETLINK => Snapshot::capture()?,
            GETIFADDRS => Snapshot::capture_by_getifaddrs()?,
            _ => {
                return Err(Failure::invalid(format_args!(
                    "source {source}: a number of enum bindnet_sources is expected"
                )));
            }
        };
        hand_out(bindnet_snapshot(host), out);
        Ok(())
    })
}

/// Reads a snapshot, or the output of `ip -j addr`, from `len` bytes of JSON.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_snapshot_parse(
    json: *const c_char,
    len: usize,
    snapshot: Option<&mut MaybeUninit<*mut bindnet_snapshot>>,
) -> bindnet_result {
    call(|| {
        let json = block(json.cast(), len, "json")?;
        let host = Snapshot::from_json(json).map_err(Failure::invalid)?;
        hand_out(bindnet_snapshot(host), not_null(snapshot, "snapshot")?);
        Ok(())
    })
}

/// Writes a snapshot as JSON, bindnet-snapshot/1, on one line.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_snapshot_json(
    snapshot: Option<&bindnet_snapshot>,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let snapshot = not_null(snapshot, "snapshot")?;
        put(&snapshot.0.to_json(), buffer, size, needed)
    })
}

/// Frees a snapshot; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_snapshot_free(snapshot: Option<Box<bindnet_snapshot>>) {
    free(snapshot);
}

/// Decides on a snapshot.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_decide(
    selector: Option<&bindnet_selector>,
    snapshot: Option<&bindnet_snapshot>,
    decision: Option<&mut MaybeUninit<*mut bindnet_decision>>,
) -> bindnet_result {
    call(|| {
        let selector = not_null(selector, "selector")?;
        let snapshot = not_null(snapshot, "snapshot")?;
        let new = selector.selector.decide(&snapshot.0);
        hand_out(bindnet_decision::from(new), not_null(decision, "decision")?);
        Ok(())
    })
}

/// Opens a capturer, which a daemon keeps: it asks the kernel for no more than a selector needs.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_capturer_new(
    capturer: Option<&mut MaybeUninit<*mut bindnet_capturer>>,
) -> bindnet_result {
    call(|| {
        let out = not_null(capturer, "capturer")?;
        hand_out(bindnet_capturer(Capturer::open()?), out);
        Ok(())
    })
}

/// How long the kernel may take for an answer, in milliseconds, instead of 500; where it takes
/// longer bindnet_capturer_decide returns BINDNET_AGAIN.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_capturer_timeout(
    capturer: Option<&mut bindnet_capturer>,
    milliseconds: c_int,
) -> bindnet_result {
    call(|| {
        let timeout = duration(milliseconds)?;
        not_null(capturer, "capturer")?.0.set_timeout(timeout);
        Ok(())
    })
}

/// Decides on this host as it is now.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_capturer_decide(
    capturer: Option<&mut bindnet_capturer>,
    selector: Option<&bindnet_selector>,
    decision: Option<&mut MaybeUninit<*mut bindnet_decision>>,
) -> bindnet_result {
    call(|| {
        let capturer = not_null(capturer, "capturer")?;
        let selector = not_null(selector, "selector")?;
        let out = not_null(decision, "decision")?;
        let new = capturer.0.decide(&selector.selector)?;
        hand_out(bindnet_decision::from(new), out);
        Ok(())
    })
}

/// Frees a capturer; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_capturer_free(capturer: Option<Box<bindnet_capturer>>) {
    free(capturer);
}
