//! Writes the choice of `--remember`.

use crate::choice::State;
use crate::explain::guess;
use crate::live::{StateError, StateFile};
use crate::rule::Decision;

use super::Wait;
use crate::cli::output::Failure;
use crate::cli::state::{not_remembered, recall};

/// The result of writing a choice.
pub enum WriteResult {
    /// It is in the file, or there was nothing to write. There is a warning about a choice that is new,
    /// if it is a guess.
    Done(Option<String>),
    /// It is not, for this reason. The choice is printed nevertheless.
    Not(String),
    /// Another process has remembered a different choice since the file was read. This is the present
    /// content of the file: decide again, so that both bind the same.
    AnotherIs(State),
}

/// Remembers a choice if there is a file, and waits for the lock as long as `--wait` says. `known`
/// is what the file held when the choice was made.
pub fn write(
    file: Option<&StateFile>,
    decision: &Decision,
    known: &State,
    wait: &Wait,
) -> Result<WriteResult, Failure> {
    let (Some(file), Some(chosen)) = (file, decision.chosen()) else {
        return Ok(WriteResult::Done(None));
    };
    let chosen = chosen.scoped_addr();
    let bindnet = decision.bindnet();
    let error = loop {
        match file.remember(decision) {
            Ok(false) if known.get(bindnet).is_none() => {
                let now = recall(Some(file))?;
                if now.get(bindnet).is_some_and(|address| address != chosen) {
                    return Ok(WriteResult::AnotherIs(now));
                }
                break None;
            }
            Ok(_) => break None,
            // An attempt waits for a while itself.
            Err(StateError::Locked { .. }) if !wait.left().is_zero() => {}
            Err(error) => break Some(error),
        }
    };
    let Some(error) = error else {
        // The decision itself warns of a guess that was remembered before.
        let is_new = known.get(bindnet).is_none();
        let code = decision.unsettled().filter(|_| is_new);
        let warning = code.map(|code| guess(&chosen, code));
        return Ok(WriteResult::Done(warning));
    };
    let failure = not_remembered(&error);
    if failure.is_systems() {
        Ok(WriteResult::Not(format!(
            "{chosen} is not remembered: {failure}"
        )))
    } else {
        Err(failure)
    }
}
