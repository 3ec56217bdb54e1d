//! The memory of a keeper: it writes choices to the state file, and tries again if that fails.

use std::time::{Duration, Instant};

use super::error::KernelError;
use super::state_error::StateError;
use super::state_file::StateFile;
use super::state_lock::PATIENCE;
use crate::choice::{Event, EventKind, State};
use crate::rule::{Candidate, Decision};
use crate::sys::wake::Timer;

/// The pause between an attempt that failed and the next one.
const PAUSE: Duration = Duration::from_secs(5);

/// A state file, and the choice that is still to be written there.
#[derive(Debug)]
pub(super) struct Memory {
    file: StateFile,
    follow: bool,
    pending: Option<Pending>,
    /// Why the last choice is not in the file.
    error: Option<StateError>,
    /// Runs until the next attempt.
    timer: Timer,
}

/// A choice that is not written yet.
#[derive(Debug)]
struct Pending {
    decision: Decision,
    /// Whether it takes the place of another choice.
    replaces: bool,
    next: Instant,
}

impl Memory {
    /// The memory in a file. A keeper that follows its choice writes a new one over the old one.
    pub fn new(file: StateFile, follow: bool) -> Result<Self, KernelError> {
        let timer = Timer::new();
        let timer = timer.map_err(|errno| KernelError::system("timerfd_create", errno))?;
        Ok(Self {
            file,
            follow,
            pending: None,
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

    /// The present content of the file.
    pub fn read(&self) -> Result<State, StateError> {
        self.file.read_all()
    }

    /// Remembers the choice of an event, which this decision made: the first one, and one that was
    /// moved to. The file refuses every other decision that must not be remembered.
    pub fn take(&mut self, event: &Event, decision: &Decision) -> Result<(), KernelError> {
        let moved = event.address().is_some()
            && event.previous().is_some()
            && event.address() != event.previous();
        let replaces = self.follow && moved;
        if !replaces && event.kind() == EventKind::Kept {
            return Ok(());
        }
        self.pending = Some(Pending {
            decision: decision.clone(),
            replaces: replaces
                || self
                    .pending
                    .as_ref()
                    .is_some_and(|pending| pending.replaces),
            next: Instant::now(),
        });
        self.write(PATIENCE)
    }

    /// Makes the next attempt if it is time. It does not wait for the lock: the daemon has other
    /// things to do.
    pub fn try_again(&mut self) -> Result<(), KernelError> {
        let next = self.pending.as_ref().map(|pending| pending.next);
        if next.is_none_or(|next| Instant::now() < next) {
            return Ok(());
        }
        self.write(Duration::ZERO)
    }

    /// Makes the last attempt; fails if the choice is still not remembered.
    pub fn end(mut self) -> Result<(), StateError> {
        if self.pending.is_none() {
            return Ok(());
        }
        self.error = self.attempt(PATIENCE);
        self.error.map_or(Ok(()), Err)
    }

    /// Makes an attempt, and sets the timer for the next one if it fails.
    fn write(&mut self, patience: Duration) -> Result<(), KernelError> {
        self.error = self.attempt(patience);
        let result = match &mut self.pending {
            Some(pending) => {
                pending.next = Instant::now() + PAUSE;
                self.timer.after(PAUSE)
            }
            None => self.timer.disarm(),
        };
        result.map_err(|errno| KernelError::system("timerfd_settime", errno))
    }

    /// Writes the pending choice, and waits for the lock for this long at the most; says why the
    /// choice is not in the file then, if it is not.
    fn attempt(&mut self, patience: Duration) -> Option<StateError> {
        let pending = self.pending.take()?;
        let decision = &pending.decision;
        let result = self.file.change(patience, |state| {
            if pending.replaces {
                state.replace(decision)
            } else {
                state.remember(decision)
            }
        });
        let entry = match result {
            Ok(true) => Ok(None),
            Ok(false) => self.file.read(decision.bindnet()),
            Err(error) => Err(error),
        };
        let chosen = decision.chosen().map(Candidate::scoped_addr)?;
        match entry {
            Ok(entry) => {
                let remembered = entry.filter(|remembered| *remembered != chosen)?;
                let path = self.file.path().to_owned();
                Some(StateError::Another {
                    path,
                    remembered: remembered.into(),
                    chosen: chosen.into(),
                })
            }
            Err(error) => {
                self.pending = Some(pending);
                Some(error)
            }
        }
    }
}
