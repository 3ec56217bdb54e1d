//! Keeps a daemon at its address, behind one fd.

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use super::error::KernelError;
use super::keeper_builder::KeeperBuilder;
use super::memory::Memory;
use super::monitor::Monitor;
use super::state_error::StateError;
use super::wait::wait_for;
use crate::choice::{Event, Tracker};
use crate::rule::{Candidate, Decide, Decision, Selector};
use crate::snapshot::Snapshot;

/// Keeps the choice of a daemon: a [`Selector`], a [`StateFile`](crate::StateFile), a [`Monitor`]
/// and a [`Tracker`] behind one fd.
///
/// [`Keeper::wait`] gives the first choice. If one is remembered, the first choice is that one.
/// It waits for an address that is expected; when the time is over, the present host counts. From
/// then on the choice stays while its address is here. If it is gone, it is waited for, or
/// replaced ([`KeeperBuilder::follow`]). The daemon polls the fd beside its own, and
/// [`Keeper::next_event`] says what has happened.
///
/// ```
/// use std::net::UdpSocket;
/// use std::os::fd::AsFd;
/// use std::time::Duration;
///
/// use bindnet::{EventKind, Keeper, Selector};
/// use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("bindnet-doc-keep-{}", std::process::id()));
/// # std::fs::create_dir(&folder)?;
/// # let path = folder.join("choices");
/// let selector = Selector::new("127.0.0.1".parse()?);
/// let mut keeper = Keeper::builder(selector).remember_in(&path)?.open()?;
///
/// // The address may come later than the daemon; here 10 ms later at the most.
/// let first = keeper.wait(Duration::from_millis(10))?.unwrap();
/// assert_eq!(first.kind(), EventKind::Initial);
/// println!("{first}"); // initial: 127.0.0.1/8 on lo: you named it exactly.
/// if let Some(choice) = keeper.choice() {
///     let socket = UdpSocket::bind(choice.socket_addr(0))?;
///     assert_eq!(socket.local_addr()?.ip(), choice.ip());
///     // The next start binds the same.
///     assert!(keeper.state_error().is_none());
///     assert!(std::fs::read_to_string(&path)?.contains("bindnetaddr 127.0.0.1 address 127.0.0.1"));
/// }
///
/// // The daemon's loop, here one round of it that waits for 10 ms.
/// poll(&mut [PollFd::new(keeper.as_fd(), PollFlags::POLLIN)], PollTimeout::from(10u8))?;
/// while let Some(event) = keeper.next_event()? {
///     println!("{event}");
///     match event.kind() {
///         EventKind::Lost => {}   // leave the cluster, or wait
///         EventKind::Gained => {} // join again, with a new socket
///         _ => {}
///     }
/// }
/// # drop(keeper);
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(())
/// # }
/// ```
///
/// **The memory.** It remembers the first choice, if none is remembered for this bindnetaddr, and
/// with [`KeeperBuilder::follow`] every choice that the daemon moves to. It is written before the
/// event is given, so that a daemon that is killed right after it binds the same at its next start.
/// It is never written over another choice, but for a move; never if nothing was chosen; never from
/// an interrupted snapshot; never if the right address might still have come when it was chosen; and
/// never with a profile of Corosync, which knows no memory. Any other choice that was ambiguous is
/// written as a guess, and each [`Keeper::decision`] says so ([`Decision::unsettled`] and its warnings).
///
/// **If it cannot be written**, the choice stands, [`Keeper::state_error`] says why, and it is
/// tried again every five seconds, for which the fd becomes readable. A daemon that would rather
/// not run without a memory stops there. A state file that is damaged at the start is an error of
/// [`KeeperBuilder::remember_in`]: the daemon no longer knows where its peers expect it.
///
/// The fd works in poll(2), epoll(7), mio and tokio's `AsyncFd`; edge-triggered ones are cleared
/// *before* [`Keeper::next_event`]. In tokio, which is no dependency of this crate:
///
/// ```ignore
/// async fn keep(keeper: Keeper) -> Result<(), Box<dyn std::error::Error>> {
///     let mut keeper = tokio::io::unix::AsyncFd::new(keeper)?;
///     loop {
///         keeper.readable_mut().await?.clear_ready();
///         while let Some(event) = keeper.get_mut().next_event()? {
///             println!("{event}");
///         }
///     }
/// }
/// ```
///
/// A keeper is of one network namespace and one thread, as a [`Monitor`] is; after fork(2) the
/// child opens its own.
#[must_use = "a keeper that is dropped watches nothing"]
#[derive(Debug)]
pub struct Keeper<D = Selector> {
    monitor: Monitor,
    tracker: Tracker<D>,
    memory: Option<Memory>,
    /// Its options, for the first choice.
    options: KeeperBuilder<D>,
    /// The events that were not returned yet.
    events: VecDeque<Event>,
}

impl<D: Decide + Clone> Keeper<D> {
    /// A keeper of the choice of this selector, which [`KeeperBuilder::open`] opens.
    pub fn builder(selector: D) -> KeeperBuilder<D> {
        KeeperBuilder::new(selector)
    }

    pub(super) fn new(options: KeeperBuilder<D>, monitor: Monitor, memory: Option<Memory>) -> Self {
        Self {
            monitor,
            tracker: options.tracker(),
            memory,
            options,
            events: VecDeque::new(),
        }
    }

    /// Waits for the next event; `None` if the time is over before. With a time of zero it looks at
    /// once, without waiting for quiet.
    ///
    /// The first event is [`EventKind::Initial`](crate::EventKind::Initial). It comes when there is
    /// a choice that is final ([`Decision::is_final`]), a remembered one above all; and in any
    /// case when the time is over, with whatever is here then, maybe nothing: a daemon may start
    /// before its address is there. A choice that was not final then is not remembered.
    ///
    /// This blocks, for up to two seconds more if another process holds the lock of the state file.
    ///
    /// # Errors
    /// As for [`Keeper::next_event`]. It can be called again.
    pub fn wait(&mut self, timeout: Duration) -> Result<Option<Event>, KernelError> {
        self.wait_for_event(timeout)?;
        Ok(self.take_event())
    }

    /// The next event; `None` if nothing has happened. It does not wait for one. It is to be called
    /// when the fd is readable, and may be at any time. After it the fd becomes readable only for
    /// something new.
    ///
    /// A daemon that does not begin with [`Keeper::wait`] calls it once at the start: the first
    /// event comes when there is a choice that is settled, and `wait` with a time of zero takes
    /// what is here.
    ///
    /// It waits for the kernel's answers, as [`Monitor::dispatch`] does, and for the disk if there
    /// is a choice to remember: then up to two seconds, once for each choice, if another process
    /// holds the lock of the state file.
    ///
    /// # Errors
    /// If a system call fails, or the kernel refuses to answer. The choice stays, nothing that has
    /// changed is forgotten, and the fd becomes readable again: log it and go on.
    pub fn next_event(&mut self) -> Result<Option<Event>, KernelError> {
        if self.events.is_empty() {
            self.dispatch()?;
        }
        Ok(self.take_event())
    }

    /// The choice, if it is here: the address that the daemon is to bind.
    pub fn choice(&self) -> Option<&Candidate> {
        self.tracker.choice()
    }

    /// The last decision about this host; `None` before the first event. Its address need not be
    /// the choice, which may be kept although a new decision would choose a different address.
    pub fn decision(&self) -> Option<&Decision> {
        self.tracker.decision()
    }

    /// The last decision if it chooses the choice, as [`Tracker::decision_of_choice`].
    pub fn decision_of_choice(&self) -> Option<&Decision> {
        self.tracker.decision_of_choice()
    }

    /// This host as it was when it last changed.
    pub fn snapshot(&self) -> &Snapshot {
        self.monitor.snapshot()
    }

    /// How often changes were lost because they came faster than they were received. Each time the
    /// whole host was asked again.
    pub fn overruns(&self) -> u64 {
        self.monitor.overruns()
    }

    /// Why the choice is not in the state file; `None` if it is there, or if none was to be
    /// written.
    ///
    /// The choice stands all the same. It is tried again every five seconds, but for
    /// [`StateError::Another`]: that other choice stays remembered until a person removes it.
    pub fn state_error(&self) -> Option<&StateError> {
        self.memory.as_ref().and_then(Memory::error)
    }

    /// Tries for the last time to remember a choice that could not be written yet, and waits up to
    /// two seconds for the lock: for a daemon that ends.
    ///
    /// ```
    /// use bindnet::{Keeper, Selector};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let keeper = Keeper::builder(Selector::new("127.0.0.1".parse()?)).open()?;
    /// assert!(keeper.close().is_ok()); // nothing was to be written
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the choice is still not remembered.
    pub fn close(self) -> Result<(), StateError> {
        self.memory.map_or(Ok(()), Memory::end)
    }

    /// Waits until there is an event to give, or the time is over.
    pub(crate) fn wait_for_event(&mut self, timeout: Duration) -> Result<(), KernelError> {
        if !self.events.is_empty() {
            return Ok(());
        }
        let start = Instant::now();
        // At the start the present host counts, and the last look may be long ago. Later it waits
        // for the end of a burst of changes.
        let at_once = timeout.is_zero() || !self.tracker.has_begun();
        if at_once {
            self.monitor.look()?;
        }
        loop {
            let left = timeout.saturating_sub(start.elapsed());
            if left.is_zero() && at_once {
                self.monitor.look()?;
            }
            self.update(left.is_zero())?;
            if left.is_zero() || !self.events.is_empty() {
                return Ok(());
            }
            wait_for(self, left)?;
            self.try_again()?;
            self.monitor.dispatch()?;
        }
    }

    /// Receives changes, and notes the event that follows from them.
    pub(crate) fn dispatch(&mut self) -> Result<(), KernelError> {
        self.try_again()?;
        let changed = self.monitor.dispatch()?.is_some();
        if changed || !self.tracker.has_begun() {
            self.update(false)?;
        }
        Ok(())
    }

    /// The next event that was noted.
    pub(crate) fn take_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Makes the first choice, if it is settled or the time for it is over; later updates it. A
    /// choice is remembered before its event is returned.
    fn update(&mut self, is_over: bool) -> Result<(), KernelError> {
        if !self.tracker.has_begun() {
            self.recall();
            if !is_over && !self.tracker.may_begin(self.monitor.snapshot()) {
                return Ok(());
            }
        }
        let Some(event) = self.tracker.update(self.monitor.snapshot()) else {
            return Ok(());
        };
        let result = match (&mut self.memory, self.tracker.decision_of_choice()) {
            (Some(memory), Some(decision)) => memory.take(&event, decision),
            _ => Ok(()),
        };
        self.events.push_back(event);
        result
    }

    /// Takes over a choice that another process has remembered since the file was read: nothing is
    /// bound yet, and so both bind the same.
    fn recall(&mut self) {
        // If it cannot be read now, it cannot be written either, which is an error then.
        let Some(Ok(state)) = self.memory.as_ref().map(Memory::read) else {
            return;
        };
        if self.options.recall(&state) {
            self.tracker = self.options.tracker();
        }
    }

    fn try_again(&mut self) -> Result<(), KernelError> {
        self.memory.as_mut().map_or(Ok(()), Memory::try_again)
    }
}

impl<D> AsFd for Keeper<D> {
    /// The fd that is readable when [`Keeper::next_event`] has something to do.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.monitor.as_fd()
    }
}

impl<D> AsRawFd for Keeper<D> {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
