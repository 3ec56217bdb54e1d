//! Waits: the fd of a driver, and calls that block.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};

use super::detector::Detector;
use super::error::KernelError;
use crate::conflict;
use crate::sys::wake::{Wake, poll_timeout};

/// The longest time that is added to a clock: sums with it do not overflow.
pub(super) const A_YEAR: Duration = Duration::from_secs(365 * 24 * 3600);

impl Detector {
    /// Waits for the next event; `None` if the time is over before.
    ///
    /// This blocks. A daemon that has other things to do waits for the fd and calls
    /// [`Detector::dispatch`].
    ///
    /// # Errors
    /// As for [`Detector::dispatch`].
    pub fn wait(&mut self, timeout: Duration) -> Result<Option<conflict::Notice>, KernelError> {
        let start = Instant::now();
        loop {
            if let Some(event) = self.dispatch()? {
                return Ok(Some(event));
            }
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() {
                return Ok(None);
            }
            wait_for(self, left)?;
        }
    }
}

/// Waits until an fd is readable, or a signal comes, for this long at the most.
pub(super) fn wait_for(fd: &impl AsFd, left: Duration) -> Result<(), KernelError> {
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    match poll(&mut fds, poll_timeout(left)) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(KernelError::system("poll", errno)),
    }
}

/// The fd of a driver: for a timer, this socket and others.
pub(super) fn wake_for(first: &impl AsFd) -> Result<Wake, KernelError> {
    let wake = Wake::new().and_then(|wake| wake.add(first).map(|()| wake));
    wake.map_err(|errno| KernelError::system("epoll_create1, timerfd_create, epoll_ctl", errno))
}
