//! The errors of a state file.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use thiserror::Error;

use crate::choice::State;
use crate::rule::ScopedAddr;
use crate::snapshot::ParseError;

/// Why a state file could not be read or written.
///
/// The message names the path and says how to go on.
///
/// ```
/// use bindnet::{StateError, StateFile};
///
/// let folder = StateFile::new(std::env::temp_dir());
/// let error = folder.read(&"192.0.2.0".parse()?).unwrap_err();
/// assert!(matches!(error, StateError::NotRegular { .. }));
///
/// let error = StateFile::new("").read(&"192.0.2.0".parse()?).unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "state file \"\": the path ends with no file name; name a file in a folder of the \
///      daemon's own",
/// );
/// # Ok::<(), bindnet::ParseError>(())
/// ```
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StateError {
    /// A system call failed.
    #[error("cannot {call} {path:?}: {error}{}", hint(.error))]
    System {
        /// The call, in words.
        call: &'static str,
        /// The path of the call: the file, its folder, the temporary file or the lock file beside
        /// it.
        path: PathBuf,
        /// The error of the call.
        #[source]
        error: io::Error,
    },
    /// The path ends with `/`, `.` or `..`, or is empty.
    #[error(
        "state file {path:?}: the path ends with no file name; name a file in a folder of the \
         daemon's own"
    )]
    NoFileName {
        /// The path.
        path: PathBuf,
    },
    /// The path is no regular file but a folder, a FIFO or a device.
    #[error("state file {path:?}: not a regular file; name one, or one that does not exist yet")]
    NotRegular {
        /// The path.
        path: PathBuf,
    },
    /// The file is longer than any that was written here.
    #[error(
        "state file {path:?}: {len} bytes, of which at most {} are read; is it another file? \
         Correct it, or remove it to choose anew",
        State::MAX_LEN
    )]
    TooLong {
        /// The path.
        path: PathBuf,
        /// The length of the file in bytes, as far as it is known.
        len: u64,
    },
    /// With one more choice the file would be too long.
    #[error(
        "state file {path:?}: it would have {len} bytes, and at most {} are read; remove the lines \
         of bindnetaddrs that are no longer asked for",
        State::MAX_LEN
    )]
    Full {
        /// The path.
        path: PathBuf,
        /// The length that it would have in bytes.
        len: usize,
    },
    /// The text cannot be read.
    #[error("state file {path:?}: {error}")]
    Damaged {
        /// The path.
        path: PathBuf,
        /// The problem.
        #[source]
        error: ParseError,
    },
    /// Another writer held the lock all the time. It may be free later.
    #[error(
        "state file {path:?}: locked by another process for {} ms (flock), perhaps by a daemon that \
         writes there and was stopped; `fuser -v` with {lock:?} names it", waited.as_millis()
    )]
    Locked {
        /// The state file.
        path: PathBuf,
        /// The lock file beside it.
        lock: PathBuf,
        /// The time of the wait.
        waited: Duration,
    },
    /// Another choice is remembered for the bindnetaddr, and stays: another process wrote it, or
    /// the operator has named or declared another address since. Only a [`Keeper`](crate::Keeper)
    /// says so.
    #[error(
        "state file {path:?}: {remembered} stays remembered there, not {chosen}; remove its line to \
         remember {chosen}"
    )]
    Another {
        /// The path.
        path: PathBuf,
        /// The address in the file.
        remembered: Box<ScopedAddr>,
        /// The choice.
        chosen: Box<ScopedAddr>,
    },
    /// The lock file is no regular file, or a file that a different user can lock.
    #[error(
        "lock file {lock:?}: {problem}; remove it, and let only the owner of the folder write there"
    )]
    NoLock {
        /// The path of the lock file.
        lock: PathBuf,
        /// The problem.
        problem: String,
    },
}

impl StateError {
    pub(super) fn system(call: &'static str, path: &Path, error: impl Into<io::Error>) -> Self {
        let (path, error) = (path.to_owned(), error.into());
        Self::System { call, path, error }
    }
}

/// The remedy for an error of the system.
fn hint(error: &io::Error) -> &'static str {
    match error.raw_os_error().map(Errno::from_raw) {
        // EMLINK is what the BSDs say of O_NOFOLLOW.
        Some(Errno::ELOOP | Errno::EMLINK) => "; a symbolic link: name the file itself",
        Some(Errno::ENXIO | Errno::ENODEV) => "; a socket or device: name a regular file",
        Some(Errno::ENOENT) => "; make the folder first (StateDirectory= in a systemd unit)",
        Some(Errno::ENOTDIR) => "; a part of the path before the last is no folder",
        Some(Errno::EACCES | Errno::EPERM) => {
            "; let the daemon's user read and write there (StateDirectory= in a systemd unit)"
        }
        Some(Errno::EROFS) => {
            "; the file system is read-only here (in a systemd unit: StateDirectory= or \
             ReadWritePaths=)"
        }
        Some(Errno::EBUSY) => {
            "; it is mounted by itself (a volume of a container?) and cannot be replaced: mount its \
             folder instead"
        }
        Some(Errno::ENOSPC | Errno::EDQUOT) => "; the file system is full, make room",
        Some(Errno::ENAMETOOLONG) => "; choose a shorter name",
        _ => "",
    }
}
