//! Reads the output of another program from a pipe, with limits of size and time.

use std::io::{self, ErrorKind, Read};
use std::os::fd::AsFd;
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Why there is no text.
#[derive(Debug)]
pub enum Trouble {
    /// The time is over, and the writer has not ended.
    Late,
    /// There is more than so many bytes.
    TooLong,
    /// A system call failed.
    System(io::Error),
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

/// Reads until the writer has closed the pipe. It waits until the deadline; bytes that are there
/// already are read after it as well.
pub fn read(mut pipe: impl Read + AsFd, deadline: Instant, max: usize) -> Result<Vec<u8>, Trouble> {
    let mut text = Vec::new();
    let mut piece = vec![0; 1 << 16];
    loop {
        wait(&pipe, deadline)?;
        match pipe.read(&mut piece) {
            Ok(0) => return Ok(text),
            Ok(len) => text.extend_from_slice(&piece[..len]),
            Err(error)
                if matches!(error.kind(), ErrorKind::Interrupted | ErrorKind::WouldBlock) => {}
            Err(error) => return Err(error.into()),
        }
        if text.len() > max {
            return Err(Trouble::TooLong);
        }
    }
}

/// Waits until there is something to read, or until the end of it is known.
fn wait(pipe: &impl AsFd, deadline: Instant) -> Result<(), Trouble> {
    loop {
        // Rounded up, so that a part of a millisecond is not waited for in a busy loop.
        let left = deadline.saturating_duration_since(Instant::now());
        let millis = left.as_nanos().div_ceil(1_000_000);
        let time = PollTimeout::from(u16::try_from(millis).unwrap_or(u16::MAX));
        let mut fds = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
        match poll(&mut fds, time) {
            Ok(0) if millis == 0 => return Err(Trouble::Late),
            Ok(0) | Err(Errno::EINTR) => {}
            Ok(_) => return Ok(()),
            Err(errno) => return Err(io::Error::from(errno).into()),
        }
    }
}
