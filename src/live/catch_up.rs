//! Brings the snapshot of a monitor up to date.

use std::time::{Duration, Instant};

use super::dirty::Dirty;
use super::error::KernelError;
use super::monitor::{Burst, Monitor, QUIET};
use crate::snapshot::Consistency;
use crate::sys::host;

/// The number of times that changes are asked for again until nothing changes during the questions.
const ATTEMPTS: u32 = 10;

impl Monitor {
    /// Brings the snapshot up to date without waiting for quiet.
    pub(super) fn look(&mut self) -> Result<(), KernelError> {
        self.receive().or_else(|error| self.fail(error))?;
        if self.dirty.is_empty() {
            Ok(())
        } else {
            self.catch_up()
        }
    }

    /// The same, and asks for everything again: for some changes the kernel sends no event, or a
    /// late one.
    pub(super) fn look_again(&mut self) -> Result<(), KernelError> {
        self.dirty = Dirty::everything();
        self.look()
    }

    pub(super) fn catch_up(&mut self) -> Result<(), KernelError> {
        let start = Instant::now();
        match self.try_to_catch_up() {
            Ok(caught_up) => self.arm(caught_up, start.elapsed()),
            // The kernel was busy.
            Err(error) if error.may_pass() => self.ask_everything_later(start.elapsed()),
            Err(error) => self.fail(error),
        }
    }

    pub(super) fn fail<T>(&mut self, error: KernelError) -> Result<T, KernelError> {
        self.ask_everything_later(Duration::ZERO)?;
        Err(error)
    }

    /// Nothing of the snapshot is certain until everything was asked again.
    fn ask_everything_later(&mut self, took: Duration) -> Result<(), KernelError> {
        self.dirty = Dirty::everything();
        self.host.about_mut().consistency = Some(Consistency::Interrupted);
        self.arm(false, took)
    }

    /// Makes the fd wait for events. If the snapshot is not current, it also becomes readable after
    /// the time that the last try took: there may be no further event, and the daemon has other
    /// things to do.
    pub(super) fn arm(&mut self, caught_up: bool, took: Duration) -> Result<(), KernelError> {
        if caught_up {
            self.burst = None;
            let result = self.wake.disarm();
            return result.map_err(|errno| KernelError::system("timerfd_settime", errno));
        }
        let now = Instant::now();
        let again = self.quiet.max(QUIET).max(took);
        self.burst = Some(Burst {
            first: now,
            last: now,
            wakes: now + again,
        });
        self.wake_after(again)
    }

    /// Asks for changes until nothing changes during the questions, for a bounded time. Returns
    /// whether the snapshot is current then.
    pub(super) fn try_to_catch_up(&mut self) -> Result<bool, KernelError> {
        let start = Instant::now();
        let mut caught_up = false;
        for _ in 0..ATTEMPTS {
            let dirty = std::mem::take(&mut self.dirty);
            if !self.capturer.refresh(&dirty, &mut self.host)? {
                // A list of links that is not whole has taken the addresses of others along.
                self.dirty = Dirty::everything();
            }
            self.receive()?;
            // A change during the questions may be in the snapshot by half.
            caught_up = self.dirty.is_empty();
            if caught_up || start.elapsed() >= self.capturer.bound.timeout {
                break;
            }
        }
        let about = self.host.about_mut();
        about.consistency = Some(if caught_up {
            Consistency::Consistent
        } else {
            Consistency::Interrupted
        });
        about.captured_at = host::now();
        Ok(caught_up)
    }
}
