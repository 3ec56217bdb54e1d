//! The choice over time.

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;
use std::os::fd::AsRawFd;

use super::address::{AddressOut, bindnet_address};
use super::call::{Failure, bindnet_result, call, duration, flag, free, hand_out, not_null};
use super::decision::bindnet_decision;
use super::selector::bindnet_selector;
use super::text::{Buffer, put};
use crate::choice::{Event, EventKind};
use crate::corosync::ProfileSelector;
use crate::live::Keeper;

/// Watches this host, and holds on to a choice.
pub struct bindnet_monitor(Keeper<ProfileSelector>);

/// Something has happened to the choice, or could have.
pub struct bindnet_event {
    event: Event,
    overruns: u64,
}

/// What has happened to the choice.
#[derive(Clone, Copy)]
#[repr(C)]
pub enum bindnet_event_kinds {
    /// The first look at the host: an address was chosen, or none was.
    BINDNET_EVENT_INITIAL = 0,
    /// The choice stays, though something happened that could have changed it.
    BINDNET_EVENT_KEPT = 1,
    /// Another address was chosen.
    BINDNET_EVENT_MOVED = 2,
    /// The choice is gone, and nothing was chosen in its place.
    BINDNET_EVENT_LOST = 3,
    /// There is a choice again, or the first one.
    BINDNET_EVENT_GAINED = 4,
}

/// Subscribes to the changes of this host and captures it. Nothing is chosen before the first
/// bindnet_monitor_wait or bindnet_monitor_dispatch.
///
/// Where `follow` is not 0, a choice that is gone is replaced; else it is waited for.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_monitor_new(
    selector: Option<&bindnet_selector>,
    follow: c_int,
    monitor: Option<&mut MaybeUninit<*mut bindnet_monitor>>,
) -> bindnet_result {
    call(|| {
        let selector = not_null(selector, "selector")?;
        let out = not_null(monitor, "monitor")?;
        let keeper = Keeper::builder(selector.selector.clone()).follow(flag(follow));
        hand_out(bindnet_monitor(keeper.open()?), out);
        Ok(())
    })
}

/// Waits for the next event, for this many milliseconds at the most; bindnet_monitor_next_event gives
/// it.
///
/// The first one is the choice. An address that is remembered, pending, or declared fixed and not here
/// is waited for, and so is an unambiguous choice of a strict selector. When the time is over, what is
/// here counts; bindnet_state_remember does not write a choice that was still waited for. Later events
/// may be waited for in poll(2) as well.
///
/// This blocks, also while signals come, unless `milliseconds` is 0 or there are events that were
/// not taken yet; and for what the kernel says of this host as bindnet_monitor_dispatch does.
/// `milliseconds` is 0 or more: there is no number for ever.
///
/// BINDNET_SYSTEM: it can be called again.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_monitor_wait(
    monitor: Option<&mut bindnet_monitor>,
    milliseconds: c_int,
) -> bindnet_result {
    call(|| {
        let keeper = &mut not_null(monitor, "monitor")?.0;
        keeper.wait_for_event(duration(milliseconds)?)?;
        Ok(())
    })
}

/// The fd to wait for in poll(2) or epoll(7): when it is readable, bindnet_monitor_dispatch is to be
/// called. It belongs to the monitor: do not read from it, do not close it.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_monitor_fd(
    monitor: Option<&bindnet_monitor>,
    fd: Option<&mut MaybeUninit<c_int>>,
) -> bindnet_result {
    call(|| {
        let number = not_null(monitor, "monitor")?.0.as_raw_fd();
        not_null(fd, "fd")?.write(number);
        Ok(())
    })
}

/// Receives what has changed. Call bindnet_monitor_next_event until it has no event afterwards.
///
/// A daemon that does not begin with bindnet_monitor_wait calls it once at the start, too: the first
/// event comes when there is a choice that need not be waited for.
///
/// It does not wait for changes, but for what the kernel says of this host: half a second at the
/// most, and where other processes change links without end for the kernel's lock, too.
///
/// BINDNET_SYSTEM and BINDNET_AGAIN: it can be called again, and the fd becomes readable for that.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_monitor_dispatch(
    monitor: Option<&mut bindnet_monitor>,
) -> bindnet_result {
    call(|| {
        not_null(monitor, "monitor")?.0.dispatch()?;
        Ok(())
    })
}

/// The next event; BINDNET_NONE where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_monitor_next_event(
    monitor: Option<&mut bindnet_monitor>,
    event: Option<&mut MaybeUninit<*mut bindnet_event>>,
) -> bindnet_result {
    call(|| {
        let keeper = &mut not_null(monitor, "monitor")?.0;
        let out = not_null(event, "event")?;
        let event = keeper.take_event();
        let event = event.ok_or_else(|| Failure::none("no event has happened"))?;
        let overruns = keeper.overruns();
        hand_out(bindnet_event { event, overruns }, out);
        Ok(())
    })
}

/// The choice as it is now; BINDNET_NONE where there is none or it is not here.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_monitor_choice(
    monitor: Option<&bindnet_monitor>,
    address: *mut bindnet_address,
) -> bindnet_result {
    call(|| {
        let choice = not_null(monitor, "monitor")?.0.choice();
        let out = AddressOut::of(address)?;
        let choice = choice.ok_or_else(|| Failure::none("there is no choice"))?;
        out.put(choice);
        Ok(())
    })
}

/// The decision about the host as it is now, which need not be for the choice: it may be kept
/// although another one would be chosen today. BINDNET_NONE before the first look.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_monitor_decision(
    monitor: Option<&bindnet_monitor>,
    decision: Option<&mut MaybeUninit<*mut bindnet_decision>>,
) -> bindnet_result {
    call(|| {
        let last = not_null(monitor, "monitor")?.0.decision();
        let out = not_null(decision, "decision")?;
        let last = last.ok_or_else(|| Failure::none("nothing was decided yet"))?;
        hand_out(bindnet_decision::from(last.clone()), out);
        Ok(())
    })
}

/// The last decision if it chooses what the choice is, to be remembered; BINDNET_NONE where there is
/// no choice, it is not here, or another one would be chosen today.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_monitor_decision_of_choice(
    monitor: Option<&bindnet_monitor>,
    decision: Option<&mut MaybeUninit<*mut bindnet_decision>>,
) -> bindnet_result {
    call(|| {
        let last = not_null(monitor, "monitor")?.0.decision_of_choice();
        let out = not_null(decision, "decision")?;
        let last = last.ok_or_else(|| Failure::none("there is no choice"))?;
        hand_out(bindnet_decision::from(last.clone()), out);
        Ok(())
    })
}

/// How often changes were lost because they came faster than they were received. Each time the whole
/// host was asked again.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_monitor_overruns(
    monitor: Option<&bindnet_monitor>,
    overruns: Option<&mut MaybeUninit<u64>>,
) -> bindnet_result {
    call(|| {
        let count = not_null(monitor, "monitor")?.0.overruns();
        not_null(overruns, "overruns")?.write(count);
        Ok(())
    })
}

/// Frees a monitor and closes its fds; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_monitor_free(monitor: Option<Box<bindnet_monitor>>) {
    free(monitor);
}

/// What has happened: a number of enum bindnet_event_kinds.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_event_kind(
    event: Option<&bindnet_event>,
    kind: Option<&mut MaybeUninit<c_int>>,
) -> bindnet_result {
    use bindnet_event_kinds::*;
    call(|| {
        let number = match not_null(event, "event")?.event.kind() {
            EventKind::Initial => BINDNET_EVENT_INITIAL,
            EventKind::Kept => BINDNET_EVENT_KEPT,
            EventKind::Moved => BINDNET_EVENT_MOVED,
            EventKind::Lost => BINDNET_EVENT_LOST,
            EventKind::Gained => BINDNET_EVENT_GAINED,
        };
        not_null(kind, "kind")?.write(number as c_int);
        Ok(())
    })
}

/// Tells the event on one line, for a log.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_event_text(
    event: Option<&bindnet_event>,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let event = not_null(event, "event")?;
        put(&event.event.to_string(), buffer, size, needed)
    })
}

/// Writes the event as JSON, bindnet-watch/1, on one line.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_event_json(
    event: Option<&bindnet_event>,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let event = not_null(event, "event")?;
        put(&event.event.to_json(event.overruns), buffer, size, needed)
    })
}

/// The choice now, "192.168.1.10" or "fe80::1%eth0"; BINDNET_NONE where there is none or it is not
/// here.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_event_address(
    event: Option<&bindnet_event>,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let address = not_null(event, "event")?.event.address();
        let out = Buffer::of(buffer, size, needed)?;
        let address = address.ok_or_else(|| Failure::none("there is no choice"))?;
        out.put(&address.to_string())
    })
}

/// The choice before, here or not, at the start the remembered one; BINDNET_NONE where there was
/// none.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_event_previous(
    event: Option<&bindnet_event>,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let previous = not_null(event, "event")?.event.previous();
        let out = Buffer::of(buffer, size, needed)?;
        let previous = previous.ok_or_else(|| Failure::none("there was no choice"))?;
        out.put(&previous.to_string())
    })
}

/// Frees an event; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_event_free(event: Option<Box<bindnet_event>>) {
    free(event);
}
