//! The remembered choice, in a file.

use std::ffi::{OsStr, c_char, c_int};
use std::mem::MaybeUninit;
use std::os::unix::ffi::OsStrExt;

use super::call::{Failure, bindnet_result, call, not_null};
use super::decision::bindnet_decision;
use super::selector::bindnet_selector;
use super::text::bytes;
use crate::live::StateFile;

/// Reads what is remembered for the bindnetaddr of a selector, and makes it the selector's previous
/// choice. `found` gets 1, or 0 where nothing is remembered or the file is missing; it may be NULL.
///
/// If nothing is remembered for this bindnetaddr, but something for one that overlaps it
/// ("192.168.1.0" and "192.168.1.0/24"), bindnet_decision_report and bindnet_decision_json warn of it.
/// They warn, too, if the remembered choice was a guess, until its address is declared fixed.
///
/// BINDNET_STATE: the file is damaged, or no file of ours. A daemon stops then; it must not choose
/// anew silently.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_state_read(
    path: *const c_char,
    selector: Option<&mut bindnet_selector>,
    found: Option<&mut MaybeUninit<c_int>>,
) -> bindnet_result {
    call(|| {
        let selector = not_null(selector, "selector")?;
        let state = file(path)?.read_all()?;
        let is_known = state.get(selector.selector.selector.bindnet()).is_some();
        selector.set(|selector| selector.remembering(&state));
        if let Some(found) = found {
            found.write(is_known.into());
        }
        Ok(())
    })
}

/// Remembers the choice of a decision if none is remembered for its bindnetaddr. `written` gets 1,
/// or 0 where one is, or where there is nothing to remember: nothing was chosen, the host changed
/// while it was read, the right address may still come (the choice is ambiguous by "pending",
/// "fixed-absent" or "previous-absent"), or the rule was one of Corosync's. It may be NULL.
///
/// Any other ambiguous choice is written as a guess ("unsettled"). If it is in the file and is certain
/// now, because its address is declared fixed, it is written once more without that, and `written` is 1.
///
/// It waits for the disk, and up to two seconds for another writer, which holds the lock of the
/// file `.NAME.lock` beside it; then it is BINDNET_AGAIN. Go on with the choice then, and remember
/// it later.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_state_remember(
    path: *const c_char,
    decision: Option<&bindnet_decision>,
    written: Option<&mut MaybeUninit<c_int>>,
) -> bindnet_result {
    call(|| write(path, decision, written, StateFile::remember))
}

/// The same, in the place of another choice that is remembered: for a daemon that moved.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_state_replace(
    path: *const c_char,
    decision: Option<&bindnet_decision>,
    written: Option<&mut MaybeUninit<c_int>>,
) -> bindnet_result {
    call(|| write(path, decision, written, StateFile::replace))
}

fn write(
    path: *const c_char,
    decision: Option<&bindnet_decision>,
    written: Option<&mut MaybeUninit<c_int>>,
    how: fn(&StateFile, &crate::rule::Decision) -> Result<bool, crate::live::StateError>,
) -> Result<(), Failure> {
    let decision = not_null(decision, "decision")?;
    let is_written = how(&file(path)?, &decision.decision)?;
    if let Some(written) = written {
        written.write(is_written.into());
    }
    Ok(())
}

fn file(path: *const c_char) -> Result<StateFile, Failure> {
    Ok(StateFile::new(OsStr::from_bytes(bytes(path, "path")?)))
}
