//! Address conflicts.

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

use super::call::{Failure, bindnet_result, call, free, hand_out, not_null};
use super::selector::interface;
use super::text::{Block, Buffer, put, text};
use crate::conflict::{ConflictReport, Detection, How, Notice, Target, TargetError, Timing};
use crate::live::Detector;
use crate::rule::ScopedAddr;

/// Asks whether another host claims an address, and listens.
pub struct bindnet_detector(Detector);

/// A verdict, or what was heard after it.
pub struct bindnet_conflict(pub(super) ConflictReport);

/// How long a probe takes: for bindnet_detector_new.
#[derive(Clone, Copy)]
#[repr(C)]
pub enum bindnet_timings {
    /// As RFC 5227 has it: 4 to 7 seconds.
    BINDNET_TIMING_RFC = 0,
    /// Less than a second, for the wired links of a cluster.
    BINDNET_TIMING_FAST = 1,
    /// It is not asked, only listened.
    BINDNET_TIMING_LISTEN = 2,
}

/// Whether another host claims the address. It is advice: ARP is not authenticated.
#[derive(Clone, Copy)]
#[repr(C)]
pub enum bindnet_conflict_verdicts {
    /// Nobody else answered.
    BINDNET_CONFLICT_CLEAR = 0,
    /// Another host claims it.
    BINDNET_CONFLICT_FOUND = 1,
    /// It cannot be told.
    BINDNET_CONFLICT_INCONCLUSIVE = 2,
    /// Nobody can be asked on the link.
    BINDNET_CONFLICT_NOT_APPLICABLE = 3,
    /// It takes CAP_NET_RAW.
    BINDNET_CONFLICT_NOT_PERMITTED = 4,
}

/// How a claim was heard.
#[derive(Clone, Copy)]
#[repr(C)]
pub enum bindnet_sightings {
    /// As an answer.
    BINDNET_SIGHTING_REPLY = 0,
    /// As a use of the address.
    BINDNET_SIGHTING_CLAIM = 1,
    /// As a question of somebody who is about to take it.
    BINDNET_SIGHTING_PROBE = 2,
}

/// Begins to ask whether another host claims an address of this host.
///
/// `interface_name` is NULL for the interface that has the address, or a name or an alternative name
/// as the kernel has it, byte for byte. `timing` is a number of enum bindnet_timings.
///
/// That it may not be asked, or cannot on this link, is no error but a verdict.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_detector_new(
    address: *const c_char,
    interface_name: *const c_char,
    timing: c_int,
    detector: Option<&mut MaybeUninit<*mut bindnet_detector>>,
) -> bindnet_result {
    call(|| {
        let address = scoped_addr(address)?;
        let target = if interface_name.is_null() {
            Target::own(address)
        } else {
            Target::own_on(address, interface(interface_name)?)
        };
        open(target, timing, detector)
    })
}

/// Begins to ask whether another host claims an address that this host is about to take, on the
/// interface of this name or alternative name, which is as the kernel has it, byte for byte. Ask right
/// before it is taken, and no sooner.
///
/// `timing` is a number of enum bindnet_timings. That it may not be asked, or cannot on this link, is
/// no error but a verdict.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_detector_new_before_use(
    address: *const c_char,
    interface_name: *const c_char,
    timing: c_int,
    detector: Option<&mut MaybeUninit<*mut bindnet_detector>>,
) -> bindnet_result {
    call(|| {
        let target = Target::free(scoped_addr(address)?, interface(interface_name)?);
        open(target, timing, detector)
    })
}

fn scoped_addr(address: *const c_char) -> Result<ScopedAddr, Failure> {
    let address = text(address, "address")?;
    address.parse().map_err(Failure::invalid)
}

fn open(
    target: Result<Target, TargetError>,
    timing: c_int,
    detector: Option<&mut MaybeUninit<*mut bindnet_detector>>,
) -> Result<(), Failure> {
    const RFC: c_int = bindnet_timings::BINDNET_TIMING_RFC as c_int;
    const FAST: c_int = bindnet_timings::BINDNET_TIMING_FAST as c_int;
    const LISTEN: c_int = bindnet_timings::BINDNET_TIMING_LISTEN as c_int;
    let target = target.map_err(Failure::invalid)?;
    let out = not_null(detector, "detector")?;
    let new = match timing {
        RFC => Detector::probe(target, Timing::Rfc)?,
        FAST => Detector::probe(target, Timing::Fast)?,
        LISTEN => Detector::watch(target)?,
        _ => {
            return Err(Failure::invalid(format_args!(
                "timing {timing}: a number of enum bindnet_timings is expected"
            )));
        }
    };
    hand_out(bindnet_detector(new), out);
    Ok(())
}

/// The fd to wait for: when it is readable, bindnet_detector_next_event is to be called until it has
/// no event. It belongs to the detector: do not read from it, do not close it.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_detector_fd(
    detector: Option<&bindnet_detector>,
    fd: Option<&mut MaybeUninit<c_int>>,
) -> bindnet_result {
    call(|| {
        let number = not_null(detector, "detector")?.0.as_raw_fd();
        not_null(fd, "fd")?.write(number);
        Ok(())
    })
}

/// Receives what there is, sends what is due, and gives the next event; BINDNET_NONE where there is
/// none. It does not wait.
///
/// BINDNET_SYSTEM and BINDNET_AGAIN: it can be called again, and the fd becomes readable for that.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_detector_next_event(
    detector: Option<&mut bindnet_detector>,
    conflict: Option<&mut MaybeUninit<*mut bindnet_conflict>>,
) -> bindnet_result {
    call(|| {
        let detector = &mut not_null(detector, "detector")?.0;
        let out = not_null(conflict, "conflict")?;
        let event: Option<Notice> = detector.dispatch()?;
        let event = event.ok_or_else(|| Failure::none("no event has happened"))?;
        hand_out(bindnet_conflict(detector.report(event)), out);
        Ok(())
    })
}

/// Frees a detector and closes its fds; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_detector_free(detector: Option<Box<bindnet_detector>>) {
    free(detector);
}

/// The verdict: a number of enum bindnet_conflict_verdicts. A claim that is heard afterwards is a
/// conflict, and while nothing can be heard it is inconclusive.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_conflict_verdict(
    conflict: Option<&bindnet_conflict>,
    verdict: Option<&mut MaybeUninit<c_int>>,
) -> bindnet_result {
    use bindnet_conflict_verdicts::*;
    call(|| {
        let number = match not_null(conflict, "conflict")?.0.verdict() {
            Detection::Clear => BINDNET_CONFLICT_CLEAR,
            Detection::Conflict(_) => BINDNET_CONFLICT_FOUND,
            Detection::Inconclusive(_) => BINDNET_CONFLICT_INCONCLUSIVE,
            Detection::NotApplicable(_) => BINDNET_CONFLICT_NOT_APPLICABLE,
            Detection::NotPermitted(_) => BINDNET_CONFLICT_NOT_PERMITTED,
        };
        not_null(verdict, "verdict")?.write(number as c_int);
        Ok(())
    })
}

/// The hardware address that claims the address, 6 bytes, and how that was heard: a number of enum
/// bindnet_sightings. `how` may be NULL. BINDNET_NONE where nobody does, or it is not known who.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_conflict_mac(
    conflict: Option<&bindnet_conflict>,
    mac: *mut u8,
    how: Option<&mut MaybeUninit<c_int>>,
) -> bindnet_result {
    use bindnet_sightings::*;
    call(|| {
        let report = &not_null(conflict, "conflict")?.0;
        let out = Block::of(mac, "mac")?;
        let claim = report.mac().zip(report.how());
        let (from, sighting) = claim.ok_or_else(|| Failure::none("nobody is known to claim it"))?;
        let from: [u8; 6] = (from.as_bytes().try_into())
            .map_err(|_| Failure::none("its hardware address has not 6 bytes"))?;
        out.put(from);
        if let Some(how) = how {
            let number = match sighting {
                How::Reply => BINDNET_SIGHTING_REPLY,
                How::Claim => BINDNET_SIGHTING_CLAIM,
                How::Probe => BINDNET_SIGHTING_PROBE,
            };
            how.write(number as c_int);
        }
        Ok(())
    })
}

/// How often the claim was heard from that hardware address until now: 1 or more. BINDNET_NONE for
/// what is no claim: a verdict, and that nothing can be heard.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_conflict_count(
    conflict: Option<&bindnet_conflict>,
    count: Option<&mut MaybeUninit<u64>>,
) -> bindnet_result {
    call(|| {
        let claim = not_null(conflict, "conflict")?.0.count();
        let out = not_null(count, "count")?;
        let (times, _) = claim.ok_or_else(|| Failure::none("it is no claim"))?;
        out.write(times);
        Ok(())
    })
}

/// How long after the detector was made, in milliseconds.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_conflict_elapsed(
    conflict: Option<&bindnet_conflict>,
    milliseconds: Option<&mut MaybeUninit<u64>>,
) -> bindnet_result {
    call(|| {
        let elapsed = not_null(conflict, "conflict")?.0.elapsed().as_millis();
        let elapsed = u64::try_from(elapsed).unwrap_or(u64::MAX);
        not_null(milliseconds, "milliseconds")?.write(elapsed);
        Ok(())
    })
}

/// Why, in words; BINDNET_NONE where the verdict is clear.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_conflict_reason(
    conflict: Option<&bindnet_conflict>,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let reason = not_null(conflict, "conflict")?.0.reason();
        let out = Buffer::of(buffer, size, needed)?;
        let reason = reason.ok_or_else(|| Failure::none("the verdict is clear"))?;
        out.put(&reason)
    })
}

/// Tells what was found on one line, for a log.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_conflict_text(
    conflict: Option<&bindnet_conflict>,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let conflict = not_null(conflict, "conflict")?;
        put(&conflict.0.to_string(), buffer, size, needed)
    })
}

/// Writes what was found as JSON, bindnet-conflict/1, on one line.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_conflict_json(
    conflict: Option<&bindnet_conflict>,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let conflict = not_null(conflict, "conflict")?;
        put(&conflict.0.to_json(), buffer, size, needed)
    })
}

/// Frees what was found; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_conflict_free(conflict: Option<Box<bindnet_conflict>>) {
    free(conflict);
}
