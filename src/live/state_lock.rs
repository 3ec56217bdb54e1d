//! The lock of the writers of a state file, on a file of its own beside it.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, fchown};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FlockArg, OFlag, openat};
use nix::sys::stat::Mode;

use super::state_error::StateError;
use crate::sys::host;

/// How long to wait for another writer, which needs a few fsync(2)s.
pub(super) const PATIENCE: Duration = Duration::from_secs(2);

/// How long to sleep between two looks at the lock.
const PAUSE: Duration = Duration::from_millis(5);

/// The lock file of a state file.
///
/// It is never renamed or removed: a writer that waits for it would get the lock of a file that no
/// other writer finds. The lock is not on the state file, which is about to be replaced. It is not
/// on the folder either: flock(2) asks for no permission to write, so that every user who may list
/// the folder could hold it.
pub(super) struct LockFile<'a> {
    folder: &'a File,
    name: OsString,
    path: PathBuf,
    state: &'a Path,
}

impl<'a> LockFile<'a> {
    /// The lock file of a state file, which has this name in this folder.
    pub fn new(folder: &'a File, name: &OsStr, state: &'a Path) -> Self {
        let mut lock = OsString::from(".");
        lock.push(name);
        lock.push(".lock");
        Self {
            folder,
            path: state.with_file_name(&lock),
            name: lock,
            state,
        }
    }

    /// Waits for the lock for this long at the most; it ends with the file that is returned.
    pub fn lock(&self, patience: Duration) -> Result<File, StateError> {
        let file = self.open()?;
        let begun = Instant::now();
        loop {
            match retry(|| try_lock(&file)) {
                Ok(()) => return Ok(file),
                Err(Errno::EWOULDBLOCK) if begun.elapsed() < patience => sleep(PAUSE),
                Err(Errno::EWOULDBLOCK) => {
                    let (path, lock) = (self.state.to_owned(), self.path.clone());
                    let waited = patience;
                    return Err(StateError::Locked { path, lock, waited });
                }
                Err(errno) => return Err(self.failed("lock (flock)", errno)),
            }
        }
    }

    /// Opens the lock file, or makes it.
    fn open(&self) -> Result<File, StateError> {
        let mut opened = self.try_open(OFlag::empty());
        if matches!(opened, Err(Errno::ENOENT)) {
            match self.try_open(OFlag::O_CREAT | OFlag::O_EXCL) {
                // Another writer was faster.
                Err(Errno::EEXIST) => opened = self.try_open(OFlag::empty()),
                made => {
                    let made = made.map_err(|e| self.failed("create the lock file", e))?;
                    self.hand_over(&made)?;
                    return Ok(made);
                }
            }
        }
        let file = match opened {
            Ok(file) => file,
            // The BSDs return EMLINK for O_NOFOLLOW.
            Err(Errno::ELOOP | Errno::EMLINK) => return Err(self.refused("a symbolic link")),
            Err(Errno::EISDIR | Errno::ENXIO | Errno::ENODEV) => {
                return Err(self.refused("not a regular file"));
            }
            Err(errno) => return Err(self.failed("open the lock file", errno)),
        };
        self.check(&file)?;
        Ok(file)
    }

    /// Opens it for writing, without which some network file systems give no lock (flock(2)).
    fn try_open(&self, create: OFlag) -> nix::Result<File> {
        let flags = OFlag::O_RDWR | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let flags = flags | OFlag::O_CLOEXEC | create;
        let mode = Mode::S_IRUSR | Mode::S_IWUSR;
        retry(|| openat(self.folder, self.name.as_os_str(), flags, mode)).map(File::from)
    }

    /// Gives a lock file that root has just made to the daemon, which owns the folder. (Only a new
    /// file: an old one may be a hard link to a file that is not the daemon's.)
    fn hand_over(&self, made: &File) -> Result<(), StateError> {
        let (file, folder) = (self.owner(made)?, self.owner(self.folder)?);
        if file != folder {
            // Without the permission of root the owner stays.
            let _ = fchown(made, Some(folder), None);
        }
        Ok(())
    }

    /// Refuses a lock file that a different user could lock.
    fn check(&self, file: &File) -> Result<(), StateError> {
        let facts = file.metadata().map_err(|e| self.failed("fstat", e))?;
        if !facts.is_file() {
            return Err(self.refused("not a regular file"));
        }
        let (owner, folder) = (facts.uid(), self.owner(self.folder)?);
        if [folder, 0, host::user()].contains(&owner) {
            return Ok(());
        }
        let problem = format!("belongs to user {owner}, and its folder to user {folder}");
        Err(self.refused(&problem))
    }

    fn owner(&self, file: &File) -> Result<u32, StateError> {
        let facts = file.metadata().map_err(|e| self.failed("fstat", e))?;
        Ok(facts.uid())
    }

    fn refused(&self, problem: &str) -> StateError {
        let (lock, problem) = (self.path.clone(), problem.to_owned());
        StateError::NoLock { lock, problem }
    }

    fn failed(&self, call: &'static str, error: impl Into<io::Error>) -> StateError {
        StateError::system(call, &self.path, error)
    }
}

// nix::fcntl::Flock panics if the lock cannot be given back; a close always gives it back.
#[expect(deprecated)]
fn try_lock(file: &File) -> nix::Result<()> {
    nix::fcntl::flock(file.as_raw_fd(), FlockArg::LockExclusiveNonblock)
}

/// Repeats a call that a signal has interrupted.
pub(super) fn retry<T>(mut call: impl FnMut() -> nix::Result<T>) -> nix::Result<T> {
    loop {
        match call() {
            Err(Errno::EINTR) => {}
            done => return done,
        }
    }
}
