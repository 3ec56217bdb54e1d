//! What a keeper remembers in its state file, and when.

use std::time::{Duration, Instant};

use super::error::KernelError;
use super::state_error::StateError;
use super::state_file::StateFile;
use super::state_lock::PATIENCE;
use crate::choice::{Event, EventKind, State};
use crate::rule::{Candidate, Decision};
use crate::sys::wake::Timer;

/// How long after an attempt that failed the next one is made.
const PAUSE: Duration = Duration::from_secs(5);

/// A state file, and the choice that is still to be written there.
#[derive(Debug)]
pub(super) struct Memory {
    file: StateFile,
    follow: bool,
    owed: Option<Owed>,
    /// Why the last choice is not in the file.
    error: Option<StateError>,
    /// Runs until the next attempt.
    timer: Timer,
}

/// A choice that is not written yet.
#[derive(Debug)]
struct Owed {
    decision: Decision,
    /// Whether it takes the place of another choice.
    replaces: bool,
    next: Instant,
}

impl Memory {
    /// That of a file. A keeper that follows its choice writes a new one over the old one.
    pub fn new(file: StateFile, follow: bool) -> Result<Self, KernelError> {
        let timer = Timer::new();
        let timer = timer.map_err(|errno| KernelError::system("timerfd_create", errno))?;
        Ok(Self {
            file,
            follow,
            owed: None,
            error: None,
            timer,
        })
    }

    /// Is readable when it is time for the next attempt.
    pub fn timer(&self) -> &Timer {
        &self.timer
    }

    /// Why the last choice is not in the file, if it is not.
    pub fn error(&self) -> Option<&StateError> {
        self.error.as_ref()
    }

    /// What the file holds now.
    pub fn read(&self) -> Result<State, StateError> {
        self.file.read_all()
    }

    /// Remembers the choice of an event, which this decision made: the first one, and one that was
    /// moved to. The file says no to whatever else is not to be remembered.
    pub fn take(&mut self, event: &Event, decision: &Decision) -> Result<(), KernelError> {
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
        self.write(PATIENCE)
    }

    /// Makes the next attempt if it is time. It does not wait for the lock: the daemon has other
    /// things to do.
    pub fn try_again(&mut self) -> Result<(), KernelError> {
        let next = self.owed.as_ref().map(|owed| owed.next);
        if next.is_none_or(|next| Instant::now() < next) {
            return Ok(());
        }
        self.write(Duration::ZERO)
    }

    /// Makes the last attempt; fails if the choice is still not remembered.
    pub fn end(mut self) -> Result<(), StateError> {
        if self.owed.is_none() {
            return Ok(());
        }
        self.error = self.attempt(PATIENCE);
        self.error.map_or(Ok(()), Err)
    }

    /// Makes an attempt, and sets the timer for the next one if it fails.
    fn write(&mut self, patience: Duration) -> Result<(), KernelError> {
        self.error = self.attempt(patience);
        let set = match &mut self.owed {
            Some(owed) => {
                owed.next = Instant::now() + PAUSE;
                self.timer.after(PAUSE)
            }
            None => self.timer.no_more(),
        };
        set.map_err(|errno| KernelError::system("timerfd_settime", errno))
    }

    /// Writes what is owed, and waits for the lock for this long at the most; says why the choice is
    /// not in the file then, if it is not.
    fn attempt(&mut self, patience: Duration) -> Option<StateError> {
        let owed = self.owed.take()?;
        let decision = &owed.decision;
        let written = self.file.change(patience, |state| {
            if owed.replaces {
                state.replace(decision)
            } else {
                state.remember(decision)
            }
        });
        let there = match written {
            Ok(true) => Ok(None),
            Ok(false) => self.file.read(decision.bindnet()),
            Err(error) => Err(error),
        };
        let chosen = decision.chosen().map(Candidate::scoped_addr)?;
        match there {
            Ok(there) => {
                let remembered = there.filter(|there| *there != chosen)?;
                let path = self.file.path().to_owned();
                Some(StateError::Another {
                    path,
                    remembered,
                    chosen,
                })
            }
            Err(error) => {
                self.owed = Some(owed);
                Some(error)
            }
        }
    }
}
