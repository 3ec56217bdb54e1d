//! The options of a keeper.

use std::path::PathBuf;

use super::error::KernelError;
use super::keeper::Keeper;
use super::memory::Memory;
use super::monitor::Monitor;
use super::state_error::StateError;
use super::state_file::StateFile;
use crate::choice::{State, Tracker};
use crate::rule::{Decide, ScopedAddr, Selector};

/// The options of a [`Keeper`], from [`Keeper::builder`].
///
/// ```
/// use bindnet::{Keeper, Selector};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let path = std::env::temp_dir().join(format!("bindnet-doc-build-{}", std::process::id()));
/// let selector = Selector::new("127.0.0.0".parse()?);
/// let keeper = Keeper::builder(selector).remember_in(path)?.follow(true).open()?;
/// assert!(keeper.choice().is_none()); // nothing is chosen before the first wait or next_event
/// # Ok(())
/// # }
/// ```
#[must_use = "it opens nothing by itself"]
#[derive(Clone, Debug)]
pub struct KeeperBuilder<D = Selector> {
    selector: D,
    file: Option<StateFile>,
    /// The entry of the file for the bindnetaddr.
    remembered: Option<ScopedAddr>,
    follow: bool,
}

impl<D: Decide + Clone> KeeperBuilder<D> {
    pub(super) fn new(selector: D) -> Self {
        Self {
            selector,
            file: None,
            remembered: None,
            follow: false,
        }
    }

    /// Remembers the choice in this file, and begins with the choice that is remembered there; a
    /// missing file remembers none. It is read at once, and again when the first choice is made:
    /// another process may write there in between.
    ///
    /// ```
    /// use bindnet::{Keeper, Selector, StateError};
    ///
    /// # let path = std::env::temp_dir().join(format!("bindnet-doc-damaged-{}", std::process::id()));
    /// std::fs::write(&path, "bindnet-state/1\nbindnetaddr 192.0.2.0 addr")?;
    /// let keeper = Keeper::builder(Selector::new("192.0.2.0".parse()?));
    /// let error = keeper.remember_in(&path).unwrap_err();
    /// assert!(matches!(error, StateError::Damaged { .. }));
    /// # std::fs::remove_file(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// As for [`StateFile::read`].
    pub fn remember_in(mut self, path: impl Into<PathBuf>) -> Result<Self, StateError> {
        let file = StateFile::new(path);
        let state = file.read_all()?;
        self.take_over(&state);
        self.file = Some(file);
        Ok(self)
    }

    /// Whether a choice that is gone is replaced by the next one, as by [`Tracker::follow`],
    /// instead of waited for.
    pub fn follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    /// Subscribes to the changes of this host and captures it. Nothing is chosen yet.
    ///
    /// # Errors
    /// As for [`Monitor::open`]; and with a state file if a fifth fd cannot be opened.
    pub fn open(self) -> Result<Keeper<D>, KernelError> {
        self.open_with(Monitor::open()?)
    }

    /// The same with a monitor of other bounds.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use bindnet::live::{Capturer, Monitor};
    /// use bindnet::{Keeper, Selector};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let capturer = Capturer::open()?.timeout(Duration::from_secs(5));
    /// let monitor = Monitor::with_capturer(capturer)?.debounce(Duration::from_millis(200));
    /// let selector = Selector::new("127.0.0.0".parse()?);
    /// let keeper = Keeper::builder(selector).open_with(monitor)?;
    /// assert_eq!(keeper.overruns(), 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// With a state file if one more fd cannot be opened.
    pub fn open_with(self, monitor: Monitor) -> Result<Keeper<D>, KernelError> {
        let memory = self.file.clone();
        let memory = memory.map(|file| Memory::new(file, self.follow));
        let memory = memory.transpose()?;
        if let Some(memory) = &memory {
            monitor.add(memory.timer())?;
        }
        Ok(Keeper::new(self, monitor, memory))
    }

    /// Takes over the present choice of the file, if it is a different one; returns whether it is.
    pub(super) fn recall(&mut self, state: &State) -> bool {
        let entry = state.get(self.selector.selector().bindnet());
        let is_new = entry.is_some() && entry != self.remembered;
        if is_new {
            self.take_over(state);
        }
        is_new
    }

    fn take_over(&mut self, state: &State) {
        let selector = self.selector.selector_mut();
        self.remembered = state.get(selector.bindnet());
        *selector = selector.clone().remembering(state);
    }

    /// A tracker that has seen nothing yet.
    pub(super) fn tracker(&self) -> Tracker<D> {
        Tracker::new(self.selector.clone()).follow(self.follow)
    }
}
