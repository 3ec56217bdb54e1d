//! The messages of watch about its state file.

use crate::choice::{Event, EventKind};
use crate::corosync::ProfileSelector;
use crate::live::{Keeper, StateError};
use crate::rule::ScopedAddr;

use crate::cli::input::shown;
use crate::cli::output::{Failure, print_error};
use crate::cli::state::not_remembered;

/// The state of the messages about the state file.
#[derive(Default)]
pub struct Memory {
    /// The address that is not written yet.
    pending: Option<ScopedAddr>,
    /// The warnings about what is remembered, each of which is printed once.
    warnings: Vec<String>,
}

impl Memory {
    /// Prints the warnings that are new.
    pub fn warn(&mut self, warnings: Vec<String>) {
        for warning in warnings {
            if !self.warnings.contains(&warning) {
                warn(&warning);
                self.warnings.push(warning);
            }
        }
    }

    /// Reports whether the choice of an event was written, or an older one that was still pending.
    pub fn report(
        &mut self,
        event: Option<&Event>,
        keeper: &Keeper<ProfileSelector>,
    ) -> Result<(), Failure> {
        let chosen = event.filter(|event| {
            event.kind() != EventKind::Kept && keeper.decision_of_choice().is_some()
        });
        let pending = self.pending.take();
        match (keeper.state_error(), chosen) {
            (None, Some(_)) => {}
            (None, None) => {
                if let Some(address) = pending {
                    print_error(&format!("watch: {address} is remembered now\n"));
                }
            }
            (Some(error @ StateError::Another { .. }), chosen) => {
                if chosen.is_some() || pending.is_some() {
                    warn_of(error);
                }
            }
            (Some(error @ StateError::Locked { .. }), Some(event)) => {
                self.pending = event.address();
                let address = shown_address(self.pending);
                let failure = not_remembered(error);
                warn(&format!("{address} is not remembered yet: {failure}"));
            }
            (Some(StateError::Locked { .. }), None) => self.pending = pending,
            (Some(error), chosen) => {
                let failure = not_remembered(error);
                return Err(match chosen {
                    Some(event) => failure.of(&event.to_string()),
                    None => failure,
                });
            }
        }
        Ok(())
    }

    /// Makes the last attempt; fails if the choice is still not remembered.
    pub fn end(&self, keeper: Keeper<ProfileSelector>) -> Result<(), Failure> {
        match keeper.close() {
            Ok(()) => Ok(()),
            Err(error @ StateError::Another { .. }) => {
                warn_of(&error);
                Ok(())
            }
            Err(error) => {
                let of = format!("{} is not remembered:", shown_address(self.pending));
                Err(not_remembered(&error).of(&of))
            }
        }
    }
}

fn shown_address(address: Option<ScopedAddr>) -> String {
    address.map_or(String::new(), |address| address.to_string())
}

/// Warns that the file holds another choice, which stays.
fn warn_of(error: &StateError) {
    if let StateError::Another {
        path, remembered, ..
    } = error
    {
        warn(&format!("{} still remembers {remembered}", shown(path)));
    }
}

fn warn(text: &str) {
    print_error(&format!("warning: {text}\n"));
}
