//! Asks the link whether another host claims an address, and listens for it.

use std::collections::VecDeque;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;

use super::error::KernelError;
use super::monitor::Monitor;
use super::wait::wake_for;
use crate::conflict::{
    ConflictReport, Inconclusive, Listener, Notice, PROBE_NUM, Probe, Sighting, Target, Timing,
};
use crate::rule::Reasons;
use crate::snapshot::Snapshot;
use crate::sys::packet::PacketSocket;
use crate::sys::wake::Wake;

/// The pause after a system call that failed.
const RETRY: Duration = Duration::from_secs(1);

/// After so many calls in a row with more packets than one call receives, the answers to a probe
/// are given up.
const FLOODS: u32 = 16;

/// The size of the buffer for a packet. The fields that are read end after 72 bytes. Of a longer
/// packet only the length and the options of Neighbour Discovery are checked.
const PACKET_SIZE: usize = 1500;

/// Asks the link whether another host claims an address, and listens for hosts that do, behind one
/// fd (RFC 5227; RFC 4862 and 4861 for IPv6).
///
/// A probe is three requests, the times between them are those of its [`Timing`], and there is
/// never a second probe. After the verdict the detector only listens, until it is dropped. It takes
/// CAP_NET_RAW, also in a user namespace of the process. A process without it gets
/// [`Detection::NotPermitted`](crate::conflict::Detection::NotPermitted).
///
/// As for a [`Monitor`], there is no thread and no runtime: when the fd is readable,
/// [`Detector::dispatch`] is called, and again until it has no event.
///
/// **Limits.** A detector cannot see: a host that does not answer ARP (`arp_ignore=8`, `NOARP`); a
/// macvlan child of the same parent in another namespace; a cloned machine with a hardware address
/// of ours; a host behind a switch port that does not forward yet; while it only listens, a host
/// that has no reason to broadcast. ARP is not authenticated: any host on the link can forge a
/// conflict, or hide one behind a hardware address of ours. So a verdict is advice, and nothing
/// here moves a choice. A failover of a floating address may look like a conflict: listen for the
/// fixed one.
///
/// ```
/// use std::time::Duration;
///
/// use bindnet::conflict::{Notice, Target, Timing, Detection};
/// use bindnet::live::Detector;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let target = Target::own("127.0.0.1".parse()?)?;
/// let mut detector = Detector::probe(target, Timing::Fast)?;
/// let event = detector.wait(Duration::from_secs(2))?;
/// // No other host can be asked on a loopback link.
/// let Some(Notice::Detection(verdict)) = event else { panic!("{event:?}") };
/// assert_eq!(verdict.code(), "not-applicable");
/// # Ok(())
/// # }
/// ```
#[doc(alias = "ACD")]
#[must_use = "a detector that is dropped hears nothing"]
#[derive(Debug)]
pub struct Detector {
    pub(super) target: Target,
    pub(super) wake: Wake,
    pub(super) monitor: Monitor,
    pub(super) socket: Option<PacketSocket>,
    pub(super) buffer: Box<[u8]>,
    pub(super) start: Instant,
    /// Until there is a verdict.
    pub(super) probe: Option<Probe>,
    pub(super) listener: Listener,
    /// The reasons of the address when it was here last.
    reasons: Reasons,
    events: VecDeque<Notice>,
    /// A notice about the listening that waits for the verdict.
    pub(super) pending: Option<Notice>,
    /// The number of calls in a row with more packets than one call receives.
    floods: u32,
}

impl Detector {
    /// Asks once whether another host claims an address, and listens from then on.
    ///
    /// # Errors
    /// As for [`Monitor::open`], and if three more fds cannot be opened. A link that cannot be
    /// asked, or a missing permission, is no error but a verdict.
    pub fn probe(target: Target, timing: Timing) -> Result<Self, KernelError> {
        Self::open(target, Some(timing))
    }

    /// Sends nothing, and listens only.
    ///
    /// # Errors
    /// As for [`Detector::probe`].
    pub fn watch(target: Target) -> Result<Self, KernelError> {
        Self::open(target, None)
    }

    fn open(target: Target, timing: Option<Timing>) -> Result<Self, KernelError> {
        let monitor = Monitor::open()?;
        let wake = wake_for(&monitor)?;
        let probe = timing.map(|timing| Probe::new(target, timing, random(), Duration::ZERO));
        let mut detector = Self {
            target,
            wake,
            monitor,
            socket: None,
            buffer: vec![0; PACKET_SIZE].into_boxed_slice(),
            start: Instant::now(),
            probe,
            listener: Listener::new(target),
            reasons: Reasons::default(),
            events: VecDeque::new(),
            pending: None,
            floods: 0,
        };
        detector.follow()?;
        detector.conclude();
        detector.arm(false)?;
        Ok(detector)
    }

    /// The address that is asked for.
    pub fn target(&self) -> Target {
        self.target
    }

    /// This host as it was when it last changed.
    pub fn snapshot(&self) -> &Snapshot {
        self.monitor.snapshot()
    }

    /// When the fd becomes readable by itself, for the next probe or the verdict.
    pub fn deadline(&self) -> Option<Instant> {
        let deadline = self.probe.as_ref()?.deadline()?;
        Some(self.start + deadline)
    }

    /// An event with its address and its link, for people and as JSON. If there is evidence that
    /// the address floats, or there was when it was here last, a conflict is maybe a failover.
    pub fn report(&self, event: Notice) -> ConflictReport {
        let name = self.listener.interface();
        let interface = name.or_else(|| Some(self.target.link(self.snapshot())?.name()));
        let elapsed = self.start.elapsed();
        ConflictReport::new(&self.target, interface, event, elapsed).with_reasons(self.reasons)
    }

    /// Receives packets, sends the probes that are due, and returns the next event; `None` if there
    /// is no more, and the caller waits for the fd.
    ///
    /// It is to be called when the fd is readable, and may be at any time. It does not wait for
    /// packets, but as [`Monitor::dispatch`] does for the kernel's answers about this host. Under a
    /// flood it handles a bounded number of packets, and the fd stays readable for the others.
    ///
    /// # Errors
    /// If a system call fails. It may be called again.
    pub fn dispatch(&mut self) -> Result<Option<Notice>, KernelError> {
        if self.events.is_empty() {
            let result = self.step().and_then(|more| self.arm(more));
            if let Err(error) = result {
                // The step is tried again.
                self.wake.after(RETRY).map_err(timer_failed)?;
                return Err(error);
            }
        }
        Ok(self.events.pop_front())
    }

    /// Does one step, and returns whether there may be more packets.
    fn step(&mut self) -> Result<bool, KernelError> {
        let more = self.receive()?;
        let changed = self.monitor.dispatch()?.is_some();
        if changed || self.socket.is_none() && self.listener.link().is_some() {
            self.follow()?;
        }
        self.floods = if more {
            self.floods.saturating_add(1)
        } else {
            0
        };
        let is_due = |deadline: Instant| deadline <= Instant::now();
        if self.deadline().is_some_and(is_due) {
            if !more {
                self.ask()?;
            } else if self.floods >= FLOODS {
                self.fail(Inconclusive::Lost);
            }
        }
        self.conclude();
        Ok(more)
    }

    /// Listens on the link that has the address now.
    pub(super) fn follow(&mut self) -> Result<(), KernelError> {
        let host = self.monitor.snapshot();
        self.reasons = self.target.reasons(host).unwrap_or(self.reasons);
        let notice = self.listener.handle_host(host);
        self.pending = notice.or(self.pending.take());
        let link = self.listener.link();
        if link.is_none() || link != self.socket.as_ref().map(PacketSocket::link) {
            self.close();
        }
        if let (Some(link), None) = (link, &self.socket) {
            self.listen(link)?;
        }
        self.notify();
        Ok(())
    }

    pub(super) fn handle_sighting(&mut self, sighting: Sighting) {
        let host = self.monitor.snapshot();
        match &mut self.probe {
            Some(probe) => {
                probe.handle_sighting(sighting, host);
                self.conclude();
            }
            None => {
                let elapsed = self.start.elapsed();
                let notice = self.listener.handle_sighting(sighting, elapsed, host);
                self.events.extend(notice);
            }
        }
    }

    /// The link was down, even if it is up again.
    pub(super) fn go_down(&mut self) {
        let host = self.monitor.snapshot();
        if let Some(probe) = &mut self.probe {
            probe.handle_down(host);
        }
        let notice = self.listener.handle_down(host);
        self.pending = notice.or(self.pending.take());
        self.conclude();
        self.notify();
        // A new link may have the index of the old one. The old socket receives nothing of it.
        self.close();
    }

    pub(super) fn fail(&mut self, doubt: Inconclusive) {
        if let Some(probe) = &mut self.probe {
            probe.handle_failure(doubt, self.monitor.snapshot());
        }
    }

    /// Notes the verdict once there is one.
    fn conclude(&mut self) {
        let verdict = self.probe.as_ref().and_then(Probe::verdict).cloned();
        if let Some(verdict) = verdict {
            self.probe = None;
            self.listener.note(&verdict, self.start.elapsed());
            if verdict.conflict().is_none() {
                // The verdict says why nothing is received, if that is so.
                self.pending = None;
            }
            self.events.push_back(Notice::Detection(verdict));
            self.notify();
        }
    }

    /// Notes the pending notice, but not before the verdict.
    fn notify(&mut self) {
        if self.probe.is_none() {
            self.events.extend(self.pending.take());
        }
    }

    /// Makes the fd readable when there is something to do.
    fn arm(&mut self, more: bool) -> Result<(), KernelError> {
        let now = Instant::now();
        let result = if more || !self.events.is_empty() {
            self.wake.after(Duration::ZERO)
        } else if let Some(deadline) = self.deadline() {
            self.wake.after(deadline.saturating_duration_since(now))
        } else {
            self.wake.disarm()
        };
        result.map_err(timer_failed)
    }
}

fn timer_failed(errno: Errno) -> KernelError {
    KernelError::system("timerfd_settime", errno)
}

/// Random numbers that no two hosts share. They spread probes, and need not be secret.
fn random() -> [u32; PROBE_NUM] {
    std::array::from_fn(|_| RandomState::new().build_hasher().finish() as u32)
}

impl AsFd for Detector {
    /// The fd that is readable when [`Detector::dispatch`] has something to do.
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}

impl AsRawFd for Detector {
    fn as_raw_fd(&self) -> RawFd {
        self.as_fd().as_raw_fd()
    }
}
