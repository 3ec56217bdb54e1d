//! The errors of questions to the kernel.

use std::io;
use std::time::Duration;

use thiserror::Error;

use crate::wire::DecodeError;

/// Why the addresses of this host could not be captured.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KernelError {
    /// A system call failed.
    #[error("{call}: {error}{}", hint(.call, .error))]
    System {
        /// The call, in words.
        call: &'static str,
        /// The error of the call.
        #[source]
        error: io::Error,
    },
    /// The kernel refused a request.
    #[error("the kernel refused {request}: {error}{}", words.as_deref().map(|w| format!(" ({w})")).unwrap_or_default())]
    Refused {
        /// The request.
        request: &'static str,
        /// The error of the call.
        #[source]
        error: io::Error,
        /// The kernel's own words, if it had any.
        words: Option<String>,
    },
    /// The kernel's answer cannot be read.
    #[error("the kernel's answer to {request} cannot be read: {error}")]
    Decode {
        /// The request.
        request: &'static str,
        /// The problem.
        #[source]
        error: DecodeError,
    },
    /// A datagram is longer than the buffer.
    #[error(
        "the kernel's answer to {request} has a datagram of {len} bytes; there is room for {room}"
    )]
    Truncated {
        /// The request.
        request: &'static str,
        /// The length of the datagram in bytes.
        len: usize,
        /// The length of the buffer in bytes.
        room: usize,
    },
    /// Datagrams of the answer were lost, again and again.
    #[error("the kernel's answer to {request} was lost on the way, again and again (ENOBUFS)")]
    Lost {
        /// The request.
        request: &'static str,
    },
    /// No whole answer came in time.
    #[error("the kernel did not answer {request} within {} ms", timeout.as_millis())]
    Timeout {
        /// The request.
        request: &'static str,
        /// The time there was.
        timeout: Duration,
    },
}

impl KernelError {
    pub(crate) fn system(call: &'static str, errno: nix::errno::Errno) -> Self {
        let error = io::Error::from(errno);
        Self::System { call, error }
    }

    /// Whether the error may pass by itself, so that a second question helps: the kernel was late,
    /// or its answer was lost.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use bindnet::KernelError;
    ///
    /// let (request, timeout) = ("RTM_GETADDR", Duration::from_millis(500));
    /// assert!(KernelError::Timeout { request, timeout }.may_pass());
    /// ```
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Timeout { .. } | Self::Lost { .. })
    }

    /// Whether the kernel refused a request because there is no such link.
    pub(crate) fn is_no_device(&self) -> bool {
        self.is_refused_with(nix::errno::Errno::ENODEV)
    }

    /// Whether the kernel refused a request with this error.
    pub(crate) fn is_refused_with(&self, errno: nix::errno::Errno) -> bool {
        let errno = Some(errno as i32);
        matches!(self, Self::Refused { error, .. } if error.raw_os_error() == errno)
    }
}

/// The setting that refuses a socket.
fn hint(call: &str, error: &io::Error) -> &'static str {
    use nix::errno::Errno;
    let errno = error.raw_os_error().map(Errno::from_raw);
    let refused = matches!(
        errno,
        Some(Errno::EAFNOSUPPORT | Errno::EPERM | Errno::EACCES)
    );
    if refused && call.contains("AF_NETLINK") {
        "; allow AF_NETLINK: RestrictAddressFamilies=AF_NETLINK … in the systemd unit, or the \
         seccomp profile of the container"
    } else {
        ""
    }
}
