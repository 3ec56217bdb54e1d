//! Waits: the fd of a driver, and what daemons do that do nothing else meanwhile.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use super::detector::Detector;
use super::error::CaptureError;
use super::monitor::Monitor;
use crate::choice::{Event, Tracker};
use crate::conflict;
use crate::rule::Decide;
use crate::sys::wake::Wake;

impl Monitor {
    /// Waits for the next event of a tracker; none where the time is over before. With a time of
    /// zero it looks at once, without waiting for quiet.
    ///
    /// The first one, [`EventKind::Initial`](crate::EventKind::Initial), waits for a choice that is
    /// settled ([`Decision::is_settled`](crate::Decision::is_settled)), and comes in any case when
    /// the time is over: a daemon may start before its address is there.
    ///
    /// This blocks. A daemon that has other things to do calls [`Tracker::update`] with
    /// [`Monitor::snapshot`] at the start and with what [`Monitor::dispatch`] returns.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use bindnet::{EventKind, Monitor, Selector, Tracker};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut tracker = Tracker::new(Selector::new("127.0.0.1".parse()?));
    /// let mut monitor = Monitor::open()?;
    /// let event = monitor.wait(&mut tracker, Duration::from_millis(10))?.unwrap();
    /// assert_eq!(event.kind(), EventKind::Initial);
    /// if let Some(choice) = tracker.choice() {
    ///     let socket = std::net::UdpSocket::bind(choice.socket_addr(0))?;
    ///     assert_eq!(socket.local_addr()?.ip(), choice.ip());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`Monitor::dispatch`].
    pub fn wait<D: Decide>(
        &mut self,
        tracker: &mut Tracker<D>,
        timeout: Duration,
    ) -> Result<Option<Event>, CaptureError> {
        let start = Instant::now();
        // At the start what is here counts, and it may be long ago that anybody looked; later a
        // burst of changes is waited for.
        let at_once = timeout.is_zero() || !tracker.has_begun();
        if at_once {
            self.look()?;
        }
        loop {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() && at_once {
                self.look()?;
            }
            if left.is_zero() || tracker.may_begin(self.snapshot()) {
                let event = tracker.update(self.snapshot());
                if event.is_some() || left.is_zero() {
                    return Ok(event);
                }
            }
            wait_for(self, left)?;
            self.dispatch()?;
        }
    }
}

impl Detector {
    /// Waits for the next event; none where the time is over before.
    ///
    /// This blocks. A daemon that has other things to do waits for the fd and calls
    /// [`Detector::dispatch`].
    ///
    /// # Errors
    /// As for [`Detector::dispatch`].
    pub fn wait(&mut self, timeout: Duration) -> Result<Option<conflict::Event>, CaptureError> {
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
pub(super) fn wait_for(fd: &impl AsFd, left: Duration) -> Result<(), CaptureError> {
    let mut fds = [PollFd::new(fd.as_fd(), PollFlags::POLLIN)];
    // Rounded up, so that a part of a millisecond is not waited for in a busy loop.
    let left = u16::try_from(left.as_millis().saturating_add(1)).unwrap_or(u16::MAX);
    match poll(&mut fds, PollTimeout::from(left)) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(CaptureError::system("poll", errno)),
    }
}

/// The fd of a driver: for a timer, this socket and others.
pub(super) fn wake_for(first: &impl AsFd) -> Result<Wake, CaptureError> {
    let wake = Wake::new().and_then(|wake| wake.add(first).map(|()| wake));
    wake.map_err(|errno| CaptureError::system("epoll_create1, timerfd_create, epoll_ctl", errno))
}
