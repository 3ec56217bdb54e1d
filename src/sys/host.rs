//! The host of a snapshot: name, kernel, time; and the user of this process.

use std::fmt::Write;
use std::time::{SystemTime, UNIX_EPOCH};

use nix::libc;

/// The name of the host (gethostname(2)), if it has one.
pub(crate) fn hostname() -> Option<String> {
    let name = nix::unistd::gethostname().ok()?;
    Some(name.to_string_lossy().into_owned()).filter(|name| !name.is_empty())
}

/// The release of the kernel (uname(2)).
pub(crate) fn kernel() -> Option<String> {
    let uname = nix::sys::utsname::uname().ok()?;
    Some(uname.release().to_string_lossy().into_owned())
}

/// The user whose permissions this process has (geteuid(2)).
pub(crate) fn user() -> u32 {
    // SAFETY: it takes nothing, touches no memory and cannot fail.
    unsafe { libc::geteuid() }
}

/// The time now in UTC as RFC 3339 writes it: `2026-11-21T20:00:00Z`.
pub(crate) fn now() -> Option<String> {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).ok()?.as_secs();
    let seconds = seconds.try_into().ok()?;
    let mut tm = std::mem::MaybeUninit::<libc::tm>::uninit();
    // SAFETY: both pointers are to live memory of their types, for as long as the call.
    let done = unsafe { libc::gmtime_r(&seconds, tm.as_mut_ptr()) };
    if done.is_null() {
        return None;
    }
    // SAFETY: gmtime_r(3) returned no NULL, so it has written all of `tm`.
    let tm = unsafe { tm.assume_init() };
    let mut text = String::with_capacity("2026-11-21T20:00:00Z".len());
    write!(
        text,
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        i64::from(tm.tm_year) + 1900,
        tm.tm_mon + 1,
        tm.tm_mday,
        tm.tm_hour,
        tm.tm_min,
        tm.tm_sec
    )
    .ok()?;
    Some(text)
}
