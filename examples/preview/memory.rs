//! What `--remember` writes down.

use bindnet::{Decision, StateError, StateFile};

use super::Wait;
use super::common::output::Failure;
use super::common::state::not_remembered;

/// Remembers a choice, and waits for the lock as long as `--wait` says. Where it cannot be written
/// the choice stands, and what hinders it is returned.
pub fn write(
    file: &StateFile,
    decision: &Decision,
    wait: &Wait,
) -> Result<Option<String>, Failure> {
    let error = loop {
        match file.remember(decision) {
            Ok(_) => return Ok(None),
            // An attempt waits for a while itself.
            Err(StateError::Locked { .. }) if !wait.left().is_zero() => {}
            Err(error) => break error,
        }
    };
    let failure = not_remembered(&error);
    match decision.chosen() {
        Some(chosen) if failure.is_systems() => {
            let address = chosen.host_address();
            Ok(Some(format!("{address} is not remembered: {failure}")))
        }
        _ => Err(failure),
    }
}
