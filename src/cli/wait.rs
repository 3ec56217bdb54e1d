//! Waits for an fd of the library, and for the end of a program.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

use super::output::Failure;

/// Why the loop goes on or ends.
#[derive(PartialEq, Eq)]
pub enum Next {
    /// The host may have changed, or the time is over.
    Look,
    /// A signal asked to end, or nobody reads what is printed.
    Stop,
}

/// SIGTERM and SIGINT, to be read instead of dying of them.
pub fn signals() -> Result<SignalFd, Failure> {
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGINT);
    let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
    let result = signals.thread_block();
    let fd = result.and_then(|()| SignalFd::with_flags(&signals, flags));
    fd.map_err(|errno| Failure::system(format!("signalfd: {errno}")))
}

/// Waits until something happens, for this long at the most.
pub fn sleep(fd: &impl AsFd, signals: &SignalFd, time: Option<Duration>) -> Result<Next, Failure> {
    let stdout = io::stdout();
    let mut fds = [
        PollFd::new(fd.as_fd(), PollFlags::POLLIN),
        PollFd::new(signals.as_fd(), PollFlags::POLLIN),
        // A pipe or a socket reports that its other end is closed.
        PollFd::new(stdout.as_fd(), PollFlags::empty()),
    ];
    // Rounded up, so that a part of a millisecond is not waited for in a busy loop.
    let time = time.map(|time| time.as_millis().saturating_add(1));
    let time = time.map_or(PollTimeout::NONE, |time| {
        PollTimeout::from(u16::try_from(time).unwrap_or(u16::MAX))
    });
    match poll(&mut fds, time) {
        Ok(_) | Err(Errno::EINTR) => {}
        Err(errno) => return Err(Failure::system(format!("poll: {errno}"))),
    }
    let [_, signal, stdout] = fds.map(|fd| fd.revents().unwrap_or(PollFlags::empty()));
    let gone = PollFlags::POLLERR | PollFlags::POLLHUP | PollFlags::POLLNVAL;
    let stop = !signal.is_empty() || stdout.intersects(gone);
    Ok(if stop { Next::Stop } else { Next::Look })
}
