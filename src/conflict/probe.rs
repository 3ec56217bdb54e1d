//! Asks for an address: three probes, and what is heard meanwhile.

use std::net::IpAddr;
use std::time::Duration;

use super::target::{Place, Target, is_foreign};
use super::verdict::{Conflict, Detection, Inconclusive};
use crate::snapshot::Snapshot;
use crate::wire::{How, Sighting, arp, ndisc};

/// How many probes are sent (RFC 5227, section 1.1).
pub const PROBE_NUM: usize = 3;

/// How long the kernel's own duplicate address detection is waited for. It takes two seconds at
/// the most where nobody changed its settings: `MAX_RTR_SOLICITATION_DELAY` and one `RETRANS_TIMER`
/// (RFC 4862, section 5.4.2; RFC 4861, section 10).
const TENTATIVE_AT_MOST: Duration = Duration::from_secs(5);

/// How often it is looked meanwhile: the kernel does not always tell.
const LOOK_AGAIN: Duration = Duration::from_millis(100);

/// How long a probe takes its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Timing {
    /// As RFC 5227 has it: a silent verdict after 4 to 7 seconds.
    #[default]
    Rfc,
    /// A deviation from RFC 5227: a silent verdict within 0.9 seconds. Section 2.2 of it foresees
    /// shorter times for faster kinds of links, leaves their values to a later document, and says
    /// that hosts with different ones on a link do no harm. It is for the wired links of a cluster,
    /// on which a host answers within milliseconds. A switch port that has just come up and does
    /// not forward yet makes a silent verdict worthless.
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

    /// How long answers to the last probe are waited for (`ANNOUNCE_WAIT`).
    #[doc(alias = "ANNOUNCE_WAIT")]
    pub const fn announce_wait(self) -> Duration {
        match self {
            Self::Rfc => Duration::from_secs(2),
            Self::Fast => Duration::from_millis(400),
        }
    }
}

/// Asks once whether another host claims an address (RFC 5227, section 2.1; RFC 4862, section 5.4),
/// without doing it: whoever drives it sends what it wants sent and passes in what is heard, and
/// the time, as a duration since any moment that stays.
///
/// Each input comes with this host as it is *now*, since a verdict depends on it: the link must
/// have been up and running throughout, and none of its hardware addresses is another's.
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
    /// What is to be done when it is due.
    next: Next,
    due: Duration,
    /// What speaks against saying that nobody answered.
    doubt: Option<Inconclusive>,
    verdict: Option<Detection>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Look at the link, until the address is not tentative any more or this time is over.
    Begin(Duration),
    /// Send a probe; so many were sent on the link as it was.
    Send(usize, Place),
    /// Say that nobody answered.
    End(Place),
}

/// A packet that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transmit {
    /// The link, by its index.
    pub link: u32,
    /// The hardware address it goes to.
    pub destination: [u8; 6],
    /// What stands behind the Ethernet header: ARP for an IPv4 address, IPv6 for an IPv6 one.
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

    /// When [`Probe::handle_timeout`] is to be called; none when there is a verdict.
    pub fn deadline(&self) -> Option<Duration> {
        self.verdict.is_none().then_some(self.due)
    }

    /// The verdict, once there is one; it does not change.
    pub fn verdict(&self) -> Option<&Detection> {
        self.verdict.as_ref()
    }

    /// Does what is due, and returns what is to be sent.
    ///
    /// What was received before is to be passed in before.
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
        let place = match self.target.place(host) {
            Ok(place) => place,
            Err(verdict) => {
                self.conclude(verdict, host);
                return None;
            }
        };
        match self.next {
            Next::Begin(until) if place.is_tentative => {
                self.due = now.saturating_add(LOOK_AGAIN);
                if now >= until {
                    self.conclude(Detection::Inconclusive(Inconclusive::Tentative), host);
                }
                None
            }
            Next::Begin(_) => {
                self.next = Next::Send(0, place);
                self.wait(now, Duration::ZERO, self.timing.probe_wait(), 0);
                None
            }
            Next::Send(_, before) | Next::End(before) if !place.has_held_since(&before) => {
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
                Some(transmit(self.target.address().ip(), &place))
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

    /// Hears a packet on the link: one from another host that has the address, or where the
    /// address is to be taken one that is about to take it, is a conflict.
    ///
    /// Where the address is ours, a probe from elsewhere is none. The kernel answers it, and there
    /// are switches that keep sending them (device tracking).
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
            let verdict = self.target.place(host).err().unwrap_or(flapped);
            self.conclude(verdict, host);
        }
    }

    /// Gives up, since something went wrong that the host does not show: a probe could not be
    /// sent, frames were lost.
    pub fn handle_failure(&mut self, doubt: Inconclusive, host: &Snapshot) {
        if self.verdict.is_none() {
            self.conclude(Detection::Inconclusive(doubt), host);
        }
    }

    /// The driver may not send and receive at all: what the kernel said.
    pub fn handle_refusal(&mut self, said: String, host: &Snapshot) {
        if self.verdict.is_none() {
            self.conclude(Detection::NotPermitted(said), host);
        }
    }

    /// Sees whether the link is still the one that is asked on, and up. What is missing from a
    /// snapshot that is not whole may be there: it may yet be heard who has the address.
    fn look(&mut self, host: &Snapshot) {
        let (Next::Send(_, before) | Next::End(before)) = self.next else {
            return;
        };
        match self.target.place(host) {
            Ok(place) if place.has_held_since(&before) => {}
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

    /// What the kernel has found before stands where nothing else was found.
    fn conclude(&mut self, verdict: Detection, host: &Snapshot) {
        let is_heard = matches!(verdict, Detection::Conflict(_));
        self.verdict = Some(match !is_heard && self.target.is_dadfailed(host) {
            true => Detection::Conflict(Conflict::DadFailed),
            false => verdict,
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

fn transmit(ip: IpAddr, place: &Place) -> Transmit {
    let (destination, packet) = match ip {
        IpAddr::V4(ip) => (
            [0xff; 6],
            arp::Packet::probe(place.mac, ip).to_bytes().to_vec(),
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
        link: place.index,
        destination,
        packet,
    }
}
