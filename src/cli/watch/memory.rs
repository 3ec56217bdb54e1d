//! What watch remembers in a state file, now or when the lock is free.

use std::time::{Duration, Instant};

use crate::choice::{Event, EventKind};
use crate::live::{StateError, StateFile};
use crate::rule::{Candidate, Decision, HostAddress};

use crate::cli::input::shown;
use crate::cli::output::{Failure, print_error};
use crate::cli::state::not_remembered;

/// How long to wait before the next attempt if another process holds the lock. An attempt itself
/// waits two seconds, and nothing else is done then.
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

/// What became of a choice that was to be written.
enum Written {
    /// It is in the file, or there was nothing to write.
    Done,
    /// Another process holds the lock.
    Later(StateError),
    /// The file holds another choice, which stays.
    AnotherIs(HostAddress),
}

impl Memory {
    /// That of this file.
    pub fn new(file: StateFile, follow: bool) -> Self {
        let owed = None;
        Self { file, follow, owed }
    }

    /// Remembers the choice of an event, which this decision made.
    pub fn take(&mut self, event: &Event, decision: &Decision) -> Result<(), Failure> {
        let moved = event.address().is_some()
            && event.previous().is_some()
            && event.address() != event.previous();
        let replaces = self.follow && moved;
        if !replaces && event.kind() == EventKind::Kept {
            return Ok(());
        }
        self.owed = Some(Owed {
            decision: decision.clone(),
            replaces: replaces || self.owed.as_ref().is_some_and(|owed| owed.replaces),
            next: Instant::now(),
        });
        let address = self.address();
        let written = self.write().map_err(|error| not_remembered(&error));
        match written.map_err(|failure| failure.of(&event.to_string()))? {
            Written::Later(error) => {
                let failure = not_remembered(&error);
                warn(&format!("{address} is not remembered yet: {failure}"));
            }
            Written::AnotherIs(other) => self.warn_of(other),
            Written::Done => {}
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
        match self.write().map_err(|error| not_remembered(&error))? {
            Written::Done => print_error(&format!("watch: {address} is remembered now\n")),
            Written::AnotherIs(other) => self.warn_of(other),
            Written::Later(_) => {}
        }
        Ok(())
    }

    /// Makes the last attempt; fails if the choice is still not remembered.
    pub fn end(&mut self) -> Result<(), Failure> {
        let address = self.address();
        match self.write() {
            Ok(Written::Done) => Ok(()),
            Ok(Written::AnotherIs(other)) => {
                self.warn_of(other);
                Ok(())
            }
            Ok(Written::Later(error)) | Err(error) => {
                let of = format!("{address} is not remembered:");
                Err(not_remembered(&error).of(&of))
            }
        }
    }

    /// Writes what is owed.
    fn write(&mut self) -> Result<Written, StateError> {
        let Some(owed) = &mut self.owed else {
            return Ok(Written::Done);
        };
        let written = match owed.replaces {
            true => self.file.replace(&owed.decision),
            false => self.file.remember(&owed.decision),
        };
        let another = match written {
            Err(error @ StateError::Locked { .. }) => {
                owed.next = Instant::now() + PAUSE;
                return Ok(Written::Later(error));
            }
            Ok(false) => self.file.read(owed.decision.bindnet())?,
            written => written.map(|_| None)?,
        };
        let chosen = owed.decision.chosen().map(Candidate::host_address);
        self.owed = None;
        let another = another.filter(|address| Some(*address) != chosen);
        Ok(another.map_or(Written::Done, Written::AnotherIs))
    }

    fn warn_of(&self, other: HostAddress) {
        let path = shown(self.file.path());
        warn(&format!("{path} still remembers {other}"));
    }

    /// The address that is owed, for messages.
    fn address(&self) -> String {
        let chosen = self.owed.as_ref().and_then(|owed| owed.decision.chosen());
        chosen.map_or(String::new(), |chosen| chosen.host_address().to_string())
    }
}

fn warn(text: &str) {
    print_error(&format!("warning: {text}\n"));
}
