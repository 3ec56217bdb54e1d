//! What watch remembers in a state file, now or when the lock is free.

use std::time::{Duration, Instant};

use bindnet::{Decision, Event, EventKind, StateError, StateFile};

use super::common::input::shown;
use super::common::output::{Failure, print_error};
use super::common::state::not_remembered;

/// How long to wait before the next attempt where another process holds the lock. An attempt itself
/// waits two seconds, in which nothing else is done.
const PAUSE: Duration = Duration::from_secs(5);

/// A state file, and what is still to be written there.
pub struct Memory {
    file: StateFile,
    follow: bool,
    owed: Option<Owed>,
}

/// A choice that is not written yet.
struct Owed {
    decision: Decision,
    /// Whether it takes the place of another choice.
    replaces: bool,
    next: Instant,
}

impl Memory {
    /// That of this file.
    pub fn new(file: StateFile, follow: bool) -> Self {
        let owed = None;
        Self { file, follow, owed }
    }

    /// Remembers the choice of an event, which this decision made.
    pub fn take(&mut self, event: &Event, decision: &Decision) -> Result<(), Failure> {
        let other = event.address().is_some() && event.address() != event.previous();
        let replaces = self.follow && other;
        if replaces || event.kind() != EventKind::Kept {
            self.owed = Some(Owed {
                decision: decision.clone(),
                replaces: replaces || self.owed.as_ref().is_some_and(|owed| owed.replaces),
                next: Instant::now(),
            });
            let written = self.write().map_err(|error| not_remembered(&error));
            let later = written.map_err(|failure| failure.of(&event.to_string()))?;
            if let Some(later) = later {
                let address = self.address();
                let failure = not_remembered(&later);
                print_error(&format!(
                    "warning: {address} is not remembered yet: {failure}\n"
                ));
            }
        }
        if let Some(previous) = event.previous().filter(|_| other && !self.follow) {
            let path = shown(self.file.path());
            print_error(&format!("warning: {path} still remembers {previous}\n"));
        }
        Ok(())
    }

    /// How long it is until the next attempt, if one is to be made.
    pub fn again(&self) -> Option<Duration> {
        let owed = self.owed.as_ref()?;
        Some(owed.next.saturating_duration_since(Instant::now()))
    }

    /// Makes the next attempt if it is time.
    pub fn try_again(&mut self) -> Result<(), Failure> {
        if self.again().is_none_or(|left| !left.is_zero()) {
            return Ok(());
        }
        let address = self.address();
        let later = self.write().map_err(|error| not_remembered(&error))?;
        if later.is_none() {
            print_error(&format!("watch: {address} is remembered now\n"));
        }
        Ok(())
    }

    /// Makes the last attempt; fails if the choice is still not remembered.
    pub fn end(&mut self) -> Result<(), Failure> {
        let address = self.address();
        match self.write() {
            Ok(None) => Ok(()),
            Ok(Some(error)) | Err(error) => {
                let of = format!("{address} is not remembered:");
                Err(not_remembered(&error).of(&of))
            }
        }
    }

    /// Writes what is owed. A lock that another process holds puts it off, and is returned.
    fn write(&mut self) -> Result<Option<StateError>, StateError> {
        let Some(owed) = &mut self.owed else {
            return Ok(None);
        };
        let written = match owed.replaces {
            true => self.file.replace(&owed.decision),
            false => self.file.remember(&owed.decision),
        };
        match written {
            Err(error @ StateError::Locked { .. }) => {
                owed.next = Instant::now() + PAUSE;
                Ok(Some(error))
            }
            Err(error) => Err(error),
            Ok(_) => {
                self.owed = None;
                Ok(None)
            }
        }
    }

    /// The address that is owed, for messages.
    fn address(&self) -> String {
        let chosen = self.owed.as_ref().and_then(|owed| owed.decision.chosen());
        chosen.map_or(String::new(), |chosen| chosen.host_address().to_string())
    }
}
