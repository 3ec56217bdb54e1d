//! How a call ends.

use std::cell::RefCell;
use std::ffi::{c_char, c_int};
use std::fmt::Display;
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::text::put;
use crate::live::{KernelError, StateError};

/// How a call ended. A number keeps its meaning for ever; a later version may have more of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C)]
pub enum bindnet_result {
    /// It did what it says, and has written its outputs.
    BINDNET_OK = 0,
    /// An argument is NULL that must not be, out of range, or a text that cannot be understood.
    BINDNET_INVALID = 1,
    /// A system call failed, or the kernel refused to answer.
    BINDNET_SYSTEM = 2,
    /// The state file cannot be used as it is. Nothing was written to it.
    BINDNET_STATE = 3,
    /// The buffer is too small. Nothing was written to it, but how much is needed is known.
    BINDNET_SPACE = 4,
    /// There is nothing to give: no address was chosen, no event has happened, no such number.
    BINDNET_NONE = 5,
    /// A bug of the library, which has caught its panic. The handles of the call may only be freed.
    BINDNET_PANIC = 6,
    /// Not now; the same call may do it later: the kernel did not answer in time or its answer was
    /// lost, or another process holds the state file.
    BINDNET_AGAIN = 7,
}

const _: () = assert!(size_of::<bindnet_result>() == size_of::<c_int>());

use bindnet_result::{
    BINDNET_AGAIN, BINDNET_INVALID, BINDNET_NONE, BINDNET_OK, BINDNET_PANIC, BINDNET_STATE,
    BINDNET_SYSTEM,
};

/// The reason of a call that failed.
pub(super) struct Failure {
    pub result: bindnet_result,
    pub message: String,
}

impl Failure {
    pub fn new(result: bindnet_result, message: impl Display) -> Self {
        let message = message.to_string();
        Self { result, message }
    }

    pub fn invalid(message: impl Display) -> Self {
        Self::new(BINDNET_INVALID, message)
    }

    pub fn none(message: impl Display) -> Self {
        Self::new(BINDNET_NONE, message)
    }
}

impl From<KernelError> for Failure {
    fn from(error: KernelError) -> Self {
        let result = if error.may_pass() {
            BINDNET_AGAIN
        } else {
            BINDNET_SYSTEM
        };
        Self::new(result, error)
    }
}

impl From<StateError> for Failure {
    fn from(error: StateError) -> Self {
        match error {
            StateError::System { .. } => Self::new(BINDNET_SYSTEM, error),
            StateError::Locked { .. } => Self::new(BINDNET_AGAIN, error),
            error => Self::new(BINDNET_STATE, error),
        }
    }
}

thread_local! {
    /// The message of the last call of this thread that failed.
    static LAST: RefCell<String> = const { RefCell::new(String::new()) };
}

/// Runs the body of a call; no panic gets out of it.
pub(super) fn call(body: impl FnOnce() -> Result<(), Failure>) -> bindnet_result {
    match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => BINDNET_OK,
        Ok(Err(Failure { result, message })) => {
            remember(message);
            result
        }
        Err(_) => {
            remember("a bug of bindnet: it panicked".to_owned());
            BINDNET_PANIC
        }
    }
}

/// Keeps the message of a call. A thread that ends may call when this is gone already: from a
/// destructor of pthread_key_create(3).
fn remember(message: String) {
    let _ = LAST.try_with(|last| last.replace(message));
}

/// Drops a handle that its caller needs no longer.
pub(super) fn free<T>(handle: Option<Box<T>>) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(handle)));
}

/// An argument that must not be NULL.
pub(super) fn not_null<T>(argument: Option<T>, name: &str) -> Result<T, Failure> {
    argument.ok_or_else(|| Failure::invalid(format_args!("{name} is NULL")))
}

/// Hands a new handle out to the caller.
pub(super) fn hand_out<T>(handle: T, out: &mut MaybeUninit<*mut T>) {
    out.write(Box::into_raw(Box::new(handle)));
}

/// Copies the message of the last call of this thread that did not return BINDNET_OK into a buffer
/// of `size` bytes, NUL included. It says what is wrong with which text, and what would be accepted.
///
/// `needed` may be NULL; it gets the length in bytes, NUL included, also where there is not enough
/// room (BINDNET_SPACE).
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_error(
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    // Not by `call`, which would overwrite it.
    let copied = catch_unwind(AssertUnwindSafe(|| {
        let message = LAST.try_with(RefCell::take).unwrap_or_default();
        let copied = put(&message, buffer, size, needed);
        remember(message);
        copied
    }));
    match copied {
        Ok(Ok(())) => BINDNET_OK,
        Ok(Err(failure)) => failure.result,
        Err(_) => BINDNET_PANIC,
    }
}

/// A flag of the caller, which is set unless it is 0.
pub(super) fn flag(value: c_int) -> bool {
    value != 0
}

/// A time of the caller.
pub(super) fn duration(milliseconds: c_int) -> Result<Duration, Failure> {
    let milliseconds = u64::try_from(milliseconds).map_err(|_| {
        Failure::invalid(format_args!(
            "milliseconds {milliseconds}: 0 or more is expected"
        ))
    })?;
    Ok(Duration::from_millis(milliseconds))
}

/// Panics on purpose, for the test that no panic crosses: only with `--cfg bindnet_test`.
#[cfg(bindnet_test)]
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_test_panic() -> bindnet_result {
    call(|| panic!("on purpose"))
}
