//! Keeps a snapshot of this host current.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::capturer::Capturer;
use super::dirty::Dirty;
use super::error::KernelError;
use super::wait::{A_YEAR, wake_for};
use crate::snapshot::Snapshot;
use crate::sys::netlink::{Datagram, Socket};
use crate::sys::wake::Wake;
use crate::wire::DecodeError;
use crate::wire::rtnetlink::frames;

/// A change is acted on when nothing has changed for this long.
pub(super) const QUIET: Duration = Duration::from_millis(50);

/// Or when it is this many times as long ago.
const PATIENCE: u32 = 10;

/// For how long a kernel that does not answer in time is asked again at the start, when there is no
/// older snapshot to go on with.
const OPENING: Duration = Duration::from_secs(5);

/// The number of datagrams that are received in a row. A process that changes addresses faster than
/// they are received must not keep the daemon from its work.
const DATAGRAMS: usize = 16 * 1024;

/// The size of the buffer for an event: an event about a link takes some 1.5 KB. After a longer
/// one, which cannot be read, the whole host is asked.
const EVENT_SIZE: usize = 8 * 1024;

/// Keeps a snapshot of this host current, behind one fd. A daemon that wants to stay with its
/// address has a [`Keeper`](crate::Keeper), which holds one.
///
/// It subscribes to the kernel's changes of links and addresses (rtnetlink(7)), captures the host,
/// and from then on asks again for whatever has changed. It has no thread and needs no runtime:
/// when its fd is readable, [`Monitor::dispatch`] is called, which does not block on events. The fd
/// works in poll(2), epoll(7), mio and tokio's `AsyncFd`; edge-triggered ones are cleared *before*
/// `dispatch`, which receives all there is.
///
/// A burst of changes gives one new snapshot: it is made when nothing has changed for 50 ms, and
/// after half a second in any case. Once it has caught up, the snapshot is what
/// [`Snapshot::capture`] would give, but for lifetimes, which are those of the last change, and
/// changes without an event of the kernel: some of tentative IPv6 addresses, the loss of a carrier
/// for less than a second, and the alternative names of a link that is down, until it comes up.
///
/// It belongs to the network namespace of its thread when it was opened; a thread that enters a
/// different one (setns(2)) opens a new monitor. It is not shared between threads; after fork(2)
/// the child opens its own.
///
/// ```
/// use std::os::fd::AsFd;
///
/// use bindnet::choice::Tracker;
/// use bindnet::live::Monitor;
/// use bindnet::Selector;
/// use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let mut monitor = Monitor::open()?;
/// let mut tracker = Tracker::new(Selector::new("127.0.0.1".parse()?));
/// let initial = tracker.update(monitor.snapshot()).unwrap();
/// println!("{initial}");
///
/// // The daemon's loop, here one round of it that waits for 10 ms.
/// let mut fds = [PollFd::new(monitor.as_fd(), PollFlags::POLLIN)];
/// poll(&mut fds, PollTimeout::from(10u8))?;
/// if let Some(host) = monitor.dispatch()? {
///     if let Some(event) = tracker.update(host) {
///         println!("{event}");
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "a monitor that is dropped watches nothing"]
#[derive(Debug)]
pub struct Monitor {
    pub(super) wake: Wake,
    socket: Socket,
    buffer: Box<[u8]>,
    pub(super) capturer: Capturer,
    pub(super) host: Snapshot,
    pub(super) dirty: Dirty,
    pub(super) burst: Option<Burst>,
    pub(super) quiet: Duration,
    overruns: u64,
    /// Whether events were left in the queue, so that the kernel may have dropped more.
    has_backlog: bool,
}

/// Changes that are not acted on yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct Burst {
    pub first: Instant,
    pub last: Instant,
    /// When the fd becomes readable for it.
    pub wakes: Instant,
}

impl Monitor {
    /// Subscribes to changes and captures this host. If the kernel is late, as it is while a host
    /// boots, it is asked again for five seconds.
    ///
    /// # Errors
    /// As for [`Snapshot::capture`]; and if four fds cannot be opened.
    pub fn open() -> Result<Self, KernelError> {
        Self::with_capturer(Capturer::open()?)
    }

    /// The same with a capturer of other bounds, which asks the kernel.
    ///
    /// # Errors
    /// As for [`Monitor::open`].
    pub fn with_capturer(capturer: Capturer) -> Result<Self, KernelError> {
        let socket = Socket::listen();
        let socket = socket.map_err(|errno| KernelError::system("socket(AF_NETLINK)", errno))?;
        let wake = wake_for(&socket)?;
        let mut monitor = Self {
            wake,
            socket,
            buffer: vec![0; EVENT_SIZE].into_boxed_slice(),
            capturer,
            host: Snapshot::default(),
            dirty: Dirty::everything(),
            burst: None,
            quiet: QUIET,
            overruns: 0,
            has_backlog: false,
        };
        let start = Instant::now();
        let caught_up = loop {
            match monitor.try_to_catch_up() {
                Err(error) if error.may_pass() && start.elapsed() < OPENING => {
                    monitor.dirty = Dirty::everything();
                }
                result => break result?,
            }
        };
        monitor.arm(caught_up, start.elapsed())?;
        Ok(monitor)
    }

    /// For how long nothing must change until a change is acted on, instead of 50 ms; after ten
    /// times as long it is in any case.
    pub fn debounce(mut self, quiet: Duration) -> Self {
        self.quiet = quiet.min(A_YEAR);
        self
    }

    /// Sets the size of the buffer that holds events until [`Monitor::dispatch`], in bytes
    /// (`SO_RCVBUF`; the kernel silently makes it no larger than net.core.rmem_max, socket(7)).
    /// Its default holds some 256 of them.
    ///
    /// # Errors
    /// If the system call fails.
    #[doc(alias = "SO_RCVBUF")]
    pub fn receive_buffer(self, bytes: usize) -> Result<Self, KernelError> {
        let result = self.socket.set_receive_buffer(bytes);
        result.map_err(|errno| KernelError::system("setsockopt(SO_RCVBUF)", errno))?;
        Ok(self)
    }

    /// This host as it was when it last changed.
    ///
    /// [`About::captured_at`](crate::snapshot::About::captured_at) is that time. If the host kept
    /// changing while it was asked, it says `interrupted`, and the next [`Monitor::dispatch`] asks
    /// again.
    pub fn snapshot(&self) -> &Snapshot {
        &self.host
    }

    /// How often events were lost because they came faster than they were received (`ENOBUFS`).
    /// Each time the whole host was asked again.
    #[doc(alias = "ENOBUFS")]
    pub fn overruns(&self) -> u64 {
        self.overruns
    }

    /// Receives changes, and brings the snapshot up to date if it is time for that: then it returns
    /// it.
    ///
    /// It is to be called when the fd is readable, and may be at any time.
    ///
    /// It does not wait for events, but for the kernel's answers: no more is asked when the timeout
    /// of the capturer is over. (A question about a link waits for the RTNL lock of the kernel,
    /// which no timeout bounds.) If the kernel does not answer in time, or the host kept changing,
    /// the snapshot says `interrupted`, and the fd becomes readable again for another try: that
    /// passes, and is no error.
    ///
    /// # Errors
    /// If a system call fails, or the kernel refuses to answer. No change is forgotten: the
    /// snapshot says `interrupted`, and the fd becomes readable again.
    pub fn dispatch(&mut self) -> Result<Option<&Snapshot>, KernelError> {
        let news = self.receive().or_else(|error| self.fail(error))?;
        if self.dirty.is_empty() {
            return Ok(None);
        }
        let now = Instant::now();
        let mut burst = self.burst.unwrap_or(Burst {
            first: now,
            last: now,
            wakes: now,
        });
        if news {
            burst.last = now;
        }
        let due = (burst.last + self.quiet).min(burst.first + self.quiet * PATIENCE);
        if now < due {
            // While changes come, the timer is left alone until it fires.
            let has_fired = burst.wakes <= now;
            if has_fired {
                burst.wakes = due;
            }
            self.burst = Some(burst);
            if has_fired {
                self.wake_after(due - now)?;
            }
            return Ok(None);
        }
        self.catch_up()?;
        Ok(Some(&self.host))
    }

    /// Also makes the fd readable when this one is.
    pub(super) fn add(&self, fd: impl AsFd) -> Result<(), KernelError> {
        let result = self.wake.add(fd);
        result.map_err(|errno| KernelError::system("epoll_ctl", errno))
    }

    /// Receives events until there is none, and returns whether there were any.
    pub(super) fn receive(&mut self) -> Result<bool, KernelError> {
        let mut news = false;
        for _ in 0..DATAGRAMS {
            match self.socket.try_receive(&mut self.buffer) {
                Ok(datagram) => news |= self.note(datagram),
                Err(Errno::EAGAIN) => {
                    if std::mem::take(&mut self.has_backlog) {
                        self.dirty = Dirty::everything();
                        news = true;
                    }
                    return Ok(news);
                }
                Err(Errno::EINTR) => {}
                // The newest are lost; those before it are still to be received.
                Err(Errno::ENOBUFS) => {
                    self.overruns += 1;
                    self.dirty = Dirty::everything();
                    news = true;
                }
                Err(errno) => return Err(KernelError::system("recvfrom", errno)),
            }
        }
        // Until the queue is empty the kernel drops events that do not fit, and says so only once.
        self.has_backlog = true;
        self.dirty = Dirty::everything();
        Ok(true)
    }

    /// Marks the changes of a datagram, and returns whether there were any.
    fn note(&mut self, datagram: Datagram) -> bool {
        // Any process may send to the socket; only the kernel is believed.
        if datagram.sender != 0 {
            return false;
        }
        let bytes = self.buffer.get(..datagram.len).unwrap_or(&self.buffer);
        let result = note_all(bytes, &mut self.dirty);
        if result.is_err() {
            self.dirty = Dirty::everything();
        }
        result.unwrap_or(true)
    }

    pub(super) fn wake_after(&mut self, time: Duration) -> Result<(), KernelError> {
        let result = self.wake.after(time);
        result.map_err(|errno| KernelError::system("timerfd_settime", errno))
    }
}

fn note_all(datagram: &[u8], dirty: &mut Dirty) -> Result<bool, DecodeError> {
    let mut has_change = false;
    for frame in frames(datagram) {
        if let Some(change) = frame?.change()? {
            dirty.mark(change);
            has_change = true;
        }
    }
    Ok(has_change)
}

impl AsFd for Monitor {
    /// The fd that is readable when [`Monitor::dispatch`] has something to do.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

impl AsRawFd for Monitor {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
