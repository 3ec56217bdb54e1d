//! Waiting: one fd that becomes readable for others or a timer, epoll(7) and timerfd_create(2), and
//! the time for poll(2).

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use nix::poll::PollTimeout;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};

/// The time for poll(2), rounded up: it would be called again and again for a part of a
/// millisecond.
pub(crate) fn poll_timeout(left: Duration) -> PollTimeout {
    let left = left.as_millis().saturating_add(1);
    PollTimeout::from(u16::try_from(left).unwrap_or(u16::MAX))
}

/// A timer, whose fd is readable when its time is over.
#[derive(Debug)]
pub(crate) struct Timer {
    fd: TimerFd,
    /// Whether it runs or has run out.
    is_set: bool,
}

impl Timer {
    pub fn new() -> nix::Result<Self> {
        let flags = TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC;
        let fd = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        Ok(Self { fd, is_set: false })
    }

    /// Makes the fd readable after this time, and not before.
    pub fn after(&mut self, time: Duration) -> nix::Result<()> {
        // A time of 0 would disarm it.
        let time = time.max(Duration::from_nanos(1));
        let once = Expiration::OneShot(TimeSpec::from_duration(time));
        self.fd.set(once, TimerSetTimeFlags::empty())?;
        self.is_set = true;
        Ok(())
    }

    /// Makes the fd unreadable.
    pub fn disarm(&mut self) -> nix::Result<()> {
        if self.is_set {
            self.fd.unset()?;
            self.is_set = false;
        }
        Ok(())
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

/// A timer and the fds that were added, behind one fd.
#[derive(Debug)]
pub(crate) struct Wake {
    epoll: Epoll,
    timer: Timer,
}

impl Wake {
    pub fn new() -> nix::Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let wake = Self {
            epoll,
            timer: Timer::new()?,
        };
        wake.add(&wake.timer)?;
        Ok(wake)
    }

    /// Makes the fd readable when this one is, for as long as this one is open.
    pub fn add(&self, fd: impl AsFd) -> nix::Result<()> {
        self.epoll.add(fd, EpollEvent::new(EpollFlags::EPOLLIN, 0))
    }

    /// Forgets an fd that was added. Call it before that fd is closed: a child of fork(2) may keep
    /// a copy open, and the fd would stay readable for it.
    pub fn remove(&self, fd: impl AsFd) {
        // It fails only for an fd that was not added.
        let _ = self.epoll.delete(fd);
    }

    /// Makes the fd readable after this time, and until then not for the timer.
    pub fn after(&mut self, time: Duration) -> nix::Result<()> {
        self.timer.after(time)
    }

    /// Makes the fd readable only for the fds that were added.
    pub fn disarm(&mut self) -> nix::Result<()> {
        self.timer.disarm()
    }
}

impl AsFd for Wake {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }
}
