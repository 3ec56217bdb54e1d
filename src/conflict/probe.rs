//! Asks for an address: three probes, and the sightings after them.

use std::net::IpAddr;
use std::time::Duration;

use super::detection::{Conflict, Detection, Inconclusive};
use super::target::{ProbeLink, Target, is_foreign};
use crate::snapshot::Snapshot;
use crate::wire::{How, Sighting, arp, ndisc};

/// The number of probes (RFC 5227, section 1.1).
pub const PROBE_NUM: usize = 3;

/// The longest wait for the kernel's own duplicate address detection. With the default settings it
/// takes two seconds at most: `MAX_RTR_SOLICITATION_DELAY` and one `RETRANS_TIMER` (RFC 4862,
/// section 5.4.2; RFC 4861, section 10).
const TENTATIVE_AT_MOST: Duration = Duration::from_secs(5);

/// The time between two looks during that wait: the kernel does not always send an event.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// The times of a probe.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timing {
    /// The times of RFC 5227: without an answer, the result comes after 4 to 7 seconds.
    #[default]
    Rfc,
    /// A deviation from RFC 5227: without an answer, the result comes within 0.9 seconds.
    ///
    /// Section 2.2 of the RFC foresees shorter times for faster kinds of links, and leaves their
    /// values to a later document. It also says that hosts with different times on one link do no
    /// harm. `Fast` is for the wired links of a cluster, on which a host answers within
    /// milliseconds. A switch port that has just come up may not forward yet: silence then means
    /// nothing.
    Fast,
}

impl Timing {
    /// The longest that the first probe waits (`PROBE_WAIT`).
    #[doc(alias = "PROBE_WAIT")]
    pub const fn probe_wait(self) -> Duration {
        match self {
            Self::Rfc => Duration::from_secs(1),
            Self::Fast => Duration::from_millis(50),
        }
    }

    /// The shortest time between two probes (`PROBE_MIN`).
    #[doc(alias = "PROBE_MIN")]
    pub const fn probe_min(self) -> Duration {
        match self {
            Self::Rfc => Duration::from_secs(1),
            Self::Fast => Duration::from_millis(150),
        }
    }

    /// The longest time between two probes (`PROBE_MAX`).
    #[doc(alias = "PROBE_MAX")]
    pub const fn probe_max(self) -> Duration {
        match self {
            Self::Rfc => Duration::from_secs(2),
            Self::Fast => Duration::from_millis(200),
        }
    }

    /// The wait for answers to the last probe (`ANNOUNCE_WAIT`).
    #[doc(alias = "ANNOUNCE_WAIT")]
    pub const fn announce_wait(self) -> Duration {
        match self {
            Self::Rfc => Duration::from_secs(2),
            Self::Fast => Duration::from_millis(400),
        }
    }
}

/// Asks once whether another host claims an address (RFC 5227, section 2.1; RFC 4862, section 5.4),
/// without a socket. The caller sends its packets, and passes in the sightings and the time as a
/// duration since a fixed moment.
///
/// Each input comes with this host as it is *now*, since the result depends on it: the link must
/// have been up and running throughout, and its own hardware addresses are no conflict.
///
/// ```
/// use std::time::Duration;
///
/// use bindnet::conflict::{Probe, Target, Timing, Detection};
/// use bindnet::snapshot::LinkFlags;
/// use bindnet::{Address, Link, Snapshot};
///
/// let eth0 = Link::new(2, "eth0".parse()?)
///     .with_flags(LinkFlags::UP | LinkFlags::RUNNING | LinkFlags::LOWER_UP)
///     .with_mac("02:00:00:00:00:01".parse()?);
/// let host = Snapshot::new([eth0], [Address::new("192.0.2.10/24".parse()?, 2)])?;
///
/// let target = Target::own("192.0.2.10".parse()?)?;
/// let mut probe = Probe::new(target, Timing::Fast, [0; 3], Duration::ZERO);
/// let mut sent = 0;
/// while let Some(now) = probe.deadline() {
///     sent += usize::from(probe.handle_timeout(now, &host).is_some());
/// }
/// assert_eq!(sent, 3);
/// assert_eq!(probe.verdict(), Some(&Detection::Clear));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Probe {
    target: Target,
    timing: Timing,
    random: [u32; PROBE_NUM],
    /// The next step, at the time `due`.
    next: Next,
    due: Duration,
    /// A reason to distrust the silence.
    doubt: Option<Inconclusive>,
    verdict: Option<Detection>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Look at the link until the address is no longer tentative, or until this time.
    Begin(Duration),
    /// Send a probe: the number of probes sent, and the link at the first of them.
    Send(usize, ProbeLink),
    /// Conclude that nobody answered.
    End(ProbeLink),
}

/// A packet that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transmit {
    /// The link, by its index.
    pub link: u32,
    /// The hardware address of the destination.
    pub destination: [u8; 6],
    /// The payload of the Ethernet frame: ARP for an IPv4 address, IPv6 for an IPv6 one.
    pub packet: Vec<u8>,
}

impl Probe {
    /// Begins. The random numbers, each a fraction of 2³², spread the probes of hosts that start
    /// together.
    pub fn new(target: Target, timing: Timing, random: [u32; PROBE_NUM], now: Duration) -> Self {
        Self {
            target,
            timing,
            random,
            next: Next::Begin(now.saturating_add(TENTATIVE_AT_MOST)),
            due: now,
            doubt: None,
            verdict: None,
        }
    }

    /// The address that is asked for.
    pub fn target(&self) -> Target {
        self.target
    }

    /// The time at which to call [`Probe::handle_timeout`]; `None` if there is a result.
    pub fn deadline(&self) -> Option<Duration> {
        self.verdict.is_none().then_some(self.due)
    }

    /// The result, once there is one; it does not change.
    pub fn verdict(&self) -> Option<&Detection> {
        self.verdict.as_ref()
    }

    /// Takes the step that is due, and returns a packet to send.
    ///
    /// Pass in all packets that were received before, then call this.
    pub fn handle_timeout(&mut self, now: Duration, host: &Snapshot) -> Option<Transmit> {
        if self.verdict.is_some() {
            return None;
        }
        if now < self.due {
            self.look(host);
            return None;
        }
        if host.is_interrupted() {
            self.doubt = Some(Inconclusive::Interrupted);
        }
        let link = match self.target.probe_link(host) {
            Ok(link) => link,
            Err(verdict) => {
                self.conclude(verdict, host);
                return None;
            }
        };
        match self.next {
            Next::Begin(until) if link.is_tentative => {
                self.due = now.saturating_add(LOOK_AGAIN);
                if now >= until {
                    self.conclude(Detection::Inconclusive(Inconclusive::Tentative), host);
                }
                None
            }
            Next::Begin(_) => {
                self.next = Next::Send(0, link);
                self.wait(now, Duration::ZERO, self.timing.probe_wait(), 0);
                None
            }
            Next::Send(_, before) | Next::End(before) if !link.is_unchanged_since(&before) => {
                self.conclude(Detection::Inconclusive(Inconclusive::LinkFlapped), host);
                None
            }
            Next::Send(sent, before) => {
                let sent = sent + 1;
                if sent < PROBE_NUM {
                    self.next = Next::Send(sent, before);
                    self.wait(now, self.timing.probe_min(), self.timing.probe_max(), sent);
                } else {
                    self.next = Next::End(before);
                    self.due = now.saturating_add(self.timing.announce_wait());
                }
                Some(transmit(self.target.address().ip(), &link))
            }
            Next::End(_) => {
                let verdict = self
                    .doubt
                    .take()
                    .map_or(Detection::Clear, Detection::Inconclusive);
                self.conclude(verdict, host);
                None
            }
        }
    }

    /// Handles a packet on the link. A packet from another host that has the address is a conflict.
    /// For a free address, a probe of another host that is about to take it is a conflict as well.
    ///
    /// For our own address, a probe of another host is no conflict. The kernel answers it, and some
    /// switches send such probes all the time (device tracking).
    pub fn handle_sighting(&mut self, sighting: Sighting, host: &Snapshot) {
        if self.verdict.is_some() {
            return;
        }
        if sighting.how != How::Probe || self.is_taking(host) {
            match is_foreign(sighting.mac, host) {
                Some(true) => {
                    return self.conclude(Detection::Conflict(Conflict::Heard(sighting)), host);
                }
                Some(false) => {}
                None => self.doubt = Some(Inconclusive::Interrupted),
            }
        }
        self.look(host);
    }

    /// The link went down, even if it is up again by now.
    pub fn handle_down(&mut self, host: &Snapshot) {
        if self.verdict.is_none() {
            let flapped = Detection::Inconclusive(Inconclusive::LinkFlapped);
            let verdict = self.target.probe_link(host).err().unwrap_or(flapped);
            self.conclude(verdict, host);
        }
    }

    /// Gives up after a failure that the host does not show: a probe could not be sent, or frames
    /// were lost.
    pub fn handle_failure(&mut self, doubt: Inconclusive, host: &Snapshot) {
        if self.verdict.is_none() {
            self.conclude(Detection::Inconclusive(doubt), host);
        }
    }

    /// The caller may not send and receive. `message` is the kernel's.
    pub fn handle_refusal(&mut self, message: String, host: &Snapshot) {
        if self.verdict.is_none() {
            self.conclude(Detection::NotPermitted(message), host);
        }
    }

    /// Checks that the link is the same and still up. A snapshot that is incomplete may lack it:
    /// the probe goes on, since an answer may still come.
    fn look(&mut self, host: &Snapshot) {
        let (Next::Send(_, before) | Next::End(before)) = self.next else {
            return;
        };
        match self.target.probe_link(host) {
            Ok(link) if link.is_unchanged_since(&before) => {}
            Ok(_) => self.conclude(Detection::Inconclusive(Inconclusive::LinkFlapped), host),
            Err(Detection::Inconclusive(doubt @ Inconclusive::Interrupted)) => {
                self.doubt = Some(doubt)
            }
            Err(verdict) => self.conclude(verdict, host),
        }
    }

    /// Whether the address is not here yet.
    fn is_taking(&self, host: &Snapshot) -> bool {
        let link = self.target.link(host);
        self.target.is_free() && link.is_none_or(|link| self.target.entry(link, host).is_none())
    }

    /// Ends with this result. If it is no conflict, an earlier finding of the kernel wins.
    fn conclude(&mut self, verdict: Detection, host: &Snapshot) {
        let is_conflict = matches!(verdict, Detection::Conflict(_));
        self.verdict = Some(if !is_conflict && self.target.is_dadfailed(host) {
            Detection::Conflict(Conflict::DadFailed)
        } else {
            verdict
        });
    }

    /// Waits for a time between two bounds.
    fn wait(&mut self, now: Duration, min: Duration, max: Duration, at: usize) {
        let random = self.random.get(at).copied().unwrap_or(0);
        let spread = max.saturating_sub(min).as_nanos() as u64;
        let part = (u128::from(spread) * u128::from(random)) >> 32;
        let wait = min.saturating_add(Duration::from_nanos(part as u64));
        self.due = now.saturating_add(wait);
    }
}

fn transmit(ip: IpAddr, link: &ProbeLink) -> Transmit {
    let (destination, packet) = match ip {
        IpAddr::V4(ip) => (
            [0xff; 6],
            arp::Packet::probe(link.mac, ip).to_bytes().to_vec(),
        ),
        IpAddr::V6(ip) => {
            let group = ndisc::solicited_node(ip);
            (
                ndisc::multicast_mac(group),
                ndisc::Packet::probe(ip).to_bytes(),
            )
        }
    };
    Transmit {
        link: link.index,
        destination,
        packet,
    }
}
