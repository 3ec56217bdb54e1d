//! The state file: a daemon remembers its choices across restarts.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, open, openat, renameat};
use nix::sys::stat::Mode;
use nix::unistd::{UnlinkatFlags, unlinkat};

use super::state_error::StateError;
use super::state_lock::{LockFile, PATIENCE, retry};
use crate::choice::State;
use crate::rule::{BindnetAddr, Decision, ScopedAddr};

/// A file in which a daemon remembers what it chose, so that it binds the same after a restart.
///
/// One file is for one daemon: choices are told apart by the bindnetaddr alone, and not by
/// [`Selector::interface`](crate::Selector::interface). It is for the folder of the daemon's own,
/// `/var/lib/NAME` (`StateDirectory=` in a systemd unit), and no other user may write there. The
/// text is a [`State`], and people may read and edit it. It is replaced as a whole: after a crash,
/// a full disk or a power cut it shows the old choices or the new ones.
///
/// Writers lock a file beside it, `.NAME.lock` (flock(2)). Only its owner may open it, who is the
/// owner of the folder, also if root was first to write. It stays there; do not remove it while
/// a writer runs. To have the state file in a container, mount its folder: a file that
/// is mounted by itself cannot be replaced.
///
/// ```
/// use bindnet::{Address, Link, Selector, Snapshot, StateFile};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let link = Link::new(2, "eth0".parse()?);
/// # let host = Snapshot::new([link], [Address::new("192.0.2.10/24".parse()?, 2)])?;
/// # let folder = std::env::temp_dir().join(format!("bindnet-doc-file-{}", std::process::id()));
/// # std::fs::create_dir(&folder)?;
/// let file = StateFile::new(folder.join("choices"));
/// let selector = Selector::new("192.0.2.0".parse()?).remembering(&file.read_all()?);
/// let decision = selector.decide(&host);
/// // Bind it first, then remember it.
/// assert!(file.remember(&decision)?);
/// assert_eq!(
///     std::fs::read_to_string(file.path())?,
///     "bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10 prefix 24 interface eth0\nend\n",
/// );
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFile {
    path: PathBuf,
}

impl StateFile {
    /// A state file by its path; nothing is opened yet, and it need not be there.
    ///
    /// ```
    /// use bindnet::StateFile;
    ///
    /// let file = StateFile::new("/var/lib/ringd/choices");
    /// assert_eq!(file.path().to_str(), Some("/var/lib/ringd/choices"));
    /// ```
    pub fn new(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Self { path }
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The remembered choice for a bindnetaddr; `None` if the file or the entry is missing.
    ///
    /// It waits for no writer.
    ///
    /// ```
    /// use bindnet::StateFile;
    ///
    /// let path = std::env::temp_dir().join(format!("bindnet-doc-read-{}", std::process::id()));
    /// let file = StateFile::new(&path);
    /// assert_eq!(file.read(&"192.0.2.0".parse()?)?, None);
    ///
    /// std::fs::write(&path, "bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10\nend\n")?;
    /// assert_eq!(file.read(&"192.0.2.0".parse()?)?, Some("192.0.2.10".parse()?));
    ///
    /// std::fs::write(&path, "bindnet-state/1\nbindnetaddr 192.0.2.0 addr")?;
    /// let error = file.read(&"192.0.2.0".parse()?).unwrap_err();
    /// assert!(error.to_string().contains("cut off"));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// If the file is damaged, is no regular file or cannot be read. A daemon does best to stop
    /// then, as it no longer knows where its peers expect it: the message says how to go on.
    pub fn read(&self, bindnet: &BindnetAddr) -> Result<Option<ScopedAddr>, StateError> {
        Ok(self.read_all()?.get(bindnet))
    }

    /// All that is remembered, for [`Selector::remembering`](crate::Selector::remembering); nothing
    /// if the file is missing. It waits for no writer.
    ///
    /// ```
    /// use bindnet::{Selector, StateFile};
    ///
    /// let path = std::env::temp_dir().join(format!("bindnet-doc-all-{}", std::process::id()));
    /// std::fs::write(&path, "bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10\nend\n")?;
    /// let state = StateFile::new(&path).read_all()?;
    /// let bindnet = "192.0.2.0/24".parse()?;
    /// // The entry is of another bindnetaddr, which overlaps this one.
    /// assert_eq!(state.get(&bindnet), None);
    /// assert_eq!(state.overlapping(&bindnet).count(), 1);
    /// // Decisions of this selector warn of it.
    /// let selector = Selector::new(bindnet).remembering(&state);
    /// # drop(selector);
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`read`](Self::read).
    pub fn read_all(&self) -> Result<State, StateError> {
        let _ = self.split_path()?;
        self.load(AT_FDCWD, self.path.as_os_str())
    }

    /// Remembers the choice of a decision if nothing is remembered for its bindnetaddr yet; says
    /// whether the file was written.
    ///
    /// It is not written over a different choice, nor if nothing was chosen. Nor is it written from
    /// an interrupted snapshot, which may lack the right address, or from a decision in the place
    /// of Corosync, which knows no memory. Nor is it written while the right address may still come:
    /// if the decision is ambiguous by a doubt that
    /// [may pass](crate::rule::Separation::may_pass). With any other doubt
    /// ([`Decision::unsettled`]) the entry is marked as a guess; if the same choice is settled later
    /// ([`State`] says when), the mark is taken away.
    ///
    /// ```
    /// use bindnet::{Address, Link, Selector, Snapshot, StateFile};
    ///
    /// # let link = Link::new(2, "eth0".parse()?);
    /// # let node = Address::new("192.0.2.10/24".parse()?, 2);
    /// # let other = Address::new("192.0.2.20/24".parse()?, 2);
    /// # let host = Snapshot::new([link.clone()], [node])?;
    /// # let renumbered = Snapshot::new([link], [other])?;
    /// # let folder = std::env::temp_dir().join(format!("bindnet-doc-rem-{}", std::process::id()));
    /// # std::fs::create_dir(&folder)?;
    /// let file = StateFile::new(folder.join("choices"));
    /// let selector = Selector::new("192.0.2.0".parse()?);
    /// assert!(file.remember(&selector.decide(&host))?);
    /// assert!(!file.remember(&selector.decide(&renumbered))?);
    /// assert_eq!(file.read(selector.bindnet())?, Some("192.0.2.10".parse()?));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`read`](Self::read), and if the file cannot be written. What was remembered stays then.
    /// [`StateError::Locked`] if another writer holds the lock for two seconds: that passes, so
    /// go on with what was chosen, and remember it later. Only if the last call fails,
    /// which makes the new name last (fsync(2) of the folder), or if the writer is killed just
    /// before it, is the new choice there, and a power cut soon after may undo it.
    pub fn remember(&self, decision: &Decision) -> Result<bool, StateError> {
        self.change(PATIENCE, |state| state.remember(decision))
    }

    /// Remembers the choice of a decision, also over an older one, for a daemon that has moved on
    /// purpose; returns whether the file was written.
    ///
    /// Nothing is written if the same choice is there already. For the rest it writes no more than
    /// [`remember`](Self::remember): the decision is to be one that remembers the new choice
    /// ([`Tracker::decision_of_choice`](crate::choice::Tracker::decision_of_choice)), not one that misses
    /// the old one.
    ///
    /// ```
    /// use bindnet::{Address, Link, Selector, Snapshot, StateFile};
    ///
    /// # let link = Link::new(2, "eth0".parse()?);
    /// # let other = Address::new("192.0.2.20/24".parse()?, 2);
    /// # let renumbered = Snapshot::new([link], [other])?;
    /// # let folder = std::env::temp_dir().join(format!("bindnet-doc-rep-{}", std::process::id()));
    /// # std::fs::create_dir(&folder)?;
    /// # let text = "bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10\nend\n";
    /// # std::fs::write(folder.join("choices"), text)?;
    /// let file = StateFile::new(folder.join("choices"));
    /// let selector = Selector::new("192.0.2.0".parse()?);
    /// assert_eq!(file.read(selector.bindnet())?, Some("192.0.2.10".parse()?));
    /// let decision = selector.decide(&renumbered);
    /// assert!(file.replace(&decision)?);
    /// assert!(!file.replace(&decision)?);
    /// assert_eq!(file.read(selector.bindnet())?, Some("192.0.2.20".parse()?));
    /// # std::fs::remove_dir_all(&folder)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As [`remember`](Self::remember).
    pub fn replace(&self, decision: &Decision) -> Result<bool, StateError> {
        self.change(PATIENCE, |state| state.replace(decision))
    }

    /// Changes the state, and waits for the lock for this long at the most; returns whether the
    /// file was written.
    pub(super) fn change(
        &self,
        patience: Duration,
        change: impl Fn(&mut State) -> bool,
    ) -> Result<bool, StateError> {
        let (folder, name) = self.split_path()?;
        // Most of the time nothing changes, which takes no lock.
        if !change(&mut self.load(AT_FDCWD, self.path.as_os_str())?) {
            return Ok(false);
        }
        let folder = self.open_folder(folder)?;
        let _lock = LockFile::new(&folder, name, &self.path).lock(patience)?;
        // Another writer may have been here since; from now on there is none.
        let mut state = self.load(folder.as_fd(), name)?;
        if !change(&mut state) {
            return Ok(false);
        }
        let text = state.to_string();
        if text.len() > State::MAX_LEN {
            let (path, len) = (self.path.clone(), text.len());
            return Err(StateError::Full { path, len });
        }
        self.store(&folder, name, text.as_bytes())?;
        Ok(true)
    }

    /// The folder of the file, and its name in there.
    fn split_path(&self) -> Result<(&Path, &OsStr), StateError> {
        let path = &self.path;
        let last = path.as_os_str().as_bytes().rsplit(|byte| *byte == b'/');
        let last = last.into_iter().next().unwrap_or_default();
        // Path::file_name() takes the name before a trailing slash.
        let name = path.file_name().filter(|name| name.as_bytes() == last);
        let name = name.ok_or_else(|| StateError::NoFileName { path: path.clone() })?;
        let folder = path.parent().filter(|path| !path.as_os_str().is_empty());
        Ok((folder.unwrap_or(Path::new(".")), name))
    }

    fn open_folder(&self, path: &Path) -> Result<File, StateError> {
        let flags = OFlag::O_RDONLY | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        let result = retry(|| open(path, flags, Mode::empty()));
        let folder = result.map_err(|errno| StateError::system("open the folder", path, errno))?;
        Ok(folder.into())
    }

    /// The content of the file; empty if there is no file.
    fn load(&self, folder: impl AsFd, name: &OsStr) -> Result<State, StateError> {
        // A FIFO or a terminal must neither keep us waiting nor become ours.
        let flags = OFlag::O_RDONLY | OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK | OFlag::O_NOCTTY;
        let flags = flags | OFlag::O_CLOEXEC;
        let file = match retry(|| openat(&folder, name, flags, Mode::empty())) {
            Err(Errno::ENOENT) => return Ok(State::default()),
            opened => File::from(opened.map_err(|errno| self.failed("open", errno))?),
        };
        let facts = file.metadata().map_err(|e| self.failed("fstat", e))?;
        let path = || self.path.clone();
        if !facts.is_file() {
            return Err(StateError::NotRegular { path: path() });
        }
        let most = State::MAX_LEN as u64;
        let mut text = Vec::with_capacity(State::MAX_LEN + 1);
        if facts.len() <= most {
            let read = file.take(most + 1).read_to_end(&mut text);
            read.map_err(|error| self.failed("read", error))?;
        }
        // It may have grown since.
        let len = facts.len().max(text.len() as u64);
        if len > most {
            return Err(StateError::TooLong { path: path(), len });
        }
        State::parse(&text).map_err(|error| StateError::Damaged {
            path: path(),
            error,
        })
    }

    /// Puts a new file in the place of the old one; the lock is ours.
    fn store(&self, folder: &File, name: &OsStr, text: &[u8]) -> Result<(), StateError> {
        let mut temporary = OsString::from(".");
        temporary.push(name);
        temporary.push(".new");
        let file = self.create(folder, &temporary)?;
        let filled = fill(file, text);
        let filled = filled.map_err(|(call, error)| self.failed_at(&temporary, call, error));
        let stored = filled.and_then(|()| {
            let renamed = renameat(folder, temporary.as_os_str(), folder, name);
            renamed.map_err(|errno| self.failed("rename the new file to", errno))
        });
        if stored.is_err() {
            // The first error is the one to report.
            let _ = unlinkat(folder, temporary.as_os_str(), UnlinkatFlags::NoRemoveDir);
            return stored;
        }
        match folder.sync_all() {
            // A file system that has nothing to write for a folder (fsync(2)).
            Err(error) if error.raw_os_error() == Some(Errno::EINVAL as i32) => Ok(()),
            synced => synced.map_err(|error| self.failed("make last (fsync the folder of)", error)),
        }
    }

    /// Makes the temporary file. The lock is ours, so an old one was left by a writer that was
    /// killed.
    fn create(&self, folder: &File, temporary: &OsStr) -> Result<File, StateError> {
        let flags = OFlag::O_WRONLY | OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_NOFOLLOW;
        let flags = flags | OFlag::O_CLOEXEC;
        let mode = Mode::from_bits_truncate(0o644);
        let create = || retry(|| openat(folder, temporary, flags, mode));
        let mut created = create();
        if matches!(created, Err(Errno::EEXIST)) {
            let removed = unlinkat(folder, temporary, UnlinkatFlags::NoRemoveDir);
            removed.map_err(|errno| self.failed_at(temporary, "remove", errno))?;
            created = create();
        }
        let created = created.map_err(|errno| self.failed_at(temporary, "create", errno));
        created.map(File::from)
    }

    fn failed(&self, call: &'static str, error: impl Into<io::Error>) -> StateError {
        StateError::system(call, &self.path, error)
    }

    /// The same for another file of the folder.
    fn failed_at(
        &self,
        name: &OsStr,
        call: &'static str,
        error: impl Into<io::Error>,
    ) -> StateError {
        StateError::system(call, &self.path.with_file_name(name), error)
    }
}

/// Writes the text where it lasts; an error comes with the call that failed.
fn fill(mut file: File, text: &[u8]) -> Result<(), (&'static str, io::Error)> {
    file.write_all(text).map_err(|error| ("write", error))?;
    // Before the rename: else a power cut could leave the new name without the text.
    file.sync_all().map_err(|error| ("fsync", error))
}
