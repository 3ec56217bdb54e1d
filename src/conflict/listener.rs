//! Listens for other hosts that claim an address.

use std::time::Duration;

use super::detection::{Conflict, Detection, Inconclusive};
use super::target::{ProbeLink, Target, is_foreign};
use crate::snapshot::{HardwareAddress, Name, Snapshot};
use crate::wire::{How, Sighting};

/// The shortest time between two notices about one hardware address. RFC 5227, section 1.1, has it
/// as the shortest time between two defences.
pub const DEFEND_INTERVAL: Duration = Duration::from_secs(10);

/// The number of hardware addresses that are distinguished. An attacker can invent any number.
const TABLE: usize = 16;

/// News about an address: the result of a probe, or a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The result of the probes.
    Detection(Detection),
    /// Another host claimed the address while the detector listened.
    #[non_exhaustive]
    Claim {
        /// The hardware address of the other host, and the kind of the claim.
        sighting: Sighting,
        /// The number of claims from this hardware address until now.
        count: u64,
        /// The number of claims from hardware addresses that did not fit into the table.
        others: u64,
    },
    /// Nothing is heard until [`Notice::Listening`], for this reason.
    NotListening(Detection),
    /// The detector listens again, on the link with this index. It missed the claims in between.
    Listening(u32),
}

/// Reports hosts that claim an address (RFC 5227, section 2.4), without a socket. The caller passes
/// in the sightings, the host, and the time as a duration since a fixed moment.
///
/// It neither defends the address nor probes for it again: section 2.1 forbids routine probes.
///
/// ```
/// use std::time::Duration;
///
/// use bindnet::conflict::{Notice, How, Sighting, Target, Listener};
/// use bindnet::snapshot::LinkFlags;
/// use bindnet::{Address, Link, Snapshot};
///
/// let eth0 = Link::new(2, "eth0".parse()?)
///     .with_flags(LinkFlags::UP | LinkFlags::RUNNING | LinkFlags::LOWER_UP)
///     .with_mac("02:00:00:00:00:01".parse()?);
/// let host = Snapshot::new([eth0], [Address::new("192.0.2.10/24".parse()?, 2)])?;
///
/// let mut listener = Listener::new(Target::own("192.0.2.10".parse()?)?);
/// assert_eq!(listener.handle_host(&host), None);
/// assert_eq!(listener.link(), Some(2));
///
/// let claim = Sighting { mac: "02:00:00:00:00:0b".parse()?, how: How::Claim };
/// let at = Duration::from_secs;
/// assert!(listener.handle_sighting(claim, at(1), &host).is_some());
/// assert_eq!(listener.handle_sighting(claim, at(2), &host), None); // too soon
/// let Some(Notice::Claim { count, .. }) = listener.handle_sighting(claim, at(11), &host) else {
///     panic!();
/// };
/// assert_eq!(count, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Listener {
    target: Target,
    /// The link on which it listened last.
    link: Option<ProbeLink>,
    is_deaf: bool,
    is_refused: bool,
    claimants: Vec<Claimant>,
    others: u64,
}

/// A hardware address that claims the address.
#[derive(Clone, Copy, Debug)]
struct Claimant {
    mac: HardwareAddress,
    /// The time of the last notice about it.
    reported: Duration,
    count: u64,
}

impl Claimant {
    /// Whether the next claim is reported.
    fn is_due(&self, now: Duration) -> bool {
        now.saturating_sub(self.reported) >= DEFEND_INTERVAL
    }
}

impl Listener {
    /// Listens for claims of an address; nothing is heard before [`Listener::handle_host`].
    pub fn new(target: Target) -> Self {
        Self {
            target,
            link: None,
            is_deaf: false,
            is_refused: false,
            claimants: Vec::new(),
            others: 0,
        }
    }

    /// The index of the link to listen on, if it is possible to listen.
    pub fn link(&self) -> Option<u32> {
        self.link.filter(|_| !self.is_deaf).map(|link| link.index)
    }

    /// The name of the link on which it listened last.
    pub fn interface(&self) -> Option<Name> {
        self.link.map(|link| link.name)
    }

    /// Looks at this host, and reports if it stops to listen or listens again.
    ///
    /// If an address of this host is gone, any host may take it: the listener waits until it is
    /// back.
    pub fn handle_host(&mut self, host: &Snapshot) -> Option<Notice> {
        if self.is_refused {
            return None;
        }
        let was_deaf = self.is_deaf;
        match self.look(host) {
            Ok(link) => {
                let before = self.link.replace(link);
                self.is_deaf = false;
                let is_same = before.is_none_or(|before| link.is_unchanged_since(&before));
                (was_deaf || !is_same).then_some(Notice::Listening(link.index))
            }
            // The snapshot is incomplete: the address or the link may exist.
            Err(Detection::Inconclusive(Inconclusive::Interrupted)) => None,
            Err(detection) => self.go_deaf(detection),
        }
    }

    /// The link went down, even if it is up again by now.
    pub fn handle_down(&mut self, host: &Snapshot) -> Option<Notice> {
        let flapped = Detection::Inconclusive(Inconclusive::LinkFlapped);
        let why = self.look(host).err().unwrap_or(flapped);
        self.go_deaf(why)
    }

    /// Listening failed, for a reason that the host does not show.
    pub fn handle_failure(&mut self, doubt: Inconclusive) -> Option<Notice> {
        self.go_deaf(Detection::Inconclusive(doubt))
    }

    /// Listening is forbidden, and is not tried again. `message` is the kernel's.
    pub fn handle_refusal(&mut self, message: String) -> Option<Notice> {
        self.is_refused = true;
        self.go_deaf(Detection::NotPermitted(message))
    }

    fn go_deaf(&mut self, why: Detection) -> Option<Notice> {
        let was_deaf = std::mem::replace(&mut self.is_deaf, true);
        (!was_deaf).then_some(Notice::NotListening(why))
    }

    /// Handles a packet on the link, and reports a claim of the address. There is at most one
    /// notice for a hardware address in [`DEFEND_INTERVAL`], and for no more than 16 of them.
    ///
    /// A host that is about to take the address does not claim it yet. Another host may take an
    /// address that this host lost. If some links of this host could not be read, nothing is
    /// reported, because the packet may come from one of them.
    pub fn handle_sighting(
        &mut self,
        sighting: Sighting,
        now: Duration,
        host: &Snapshot,
    ) -> Option<Notice> {
        let is_nobodys = !self.target.is_free() && !self.target.is_here(host);
        if is_nobodys || sighting.how == How::Probe || is_foreign(sighting.mac, host) != Some(true)
        {
            return None;
        }
        let count = match self.claimant(sighting.mac) {
            Some(claimant) => {
                claimant.count = claimant.count.saturating_add(1);
                if !claimant.is_due(now) {
                    return None;
                }
                claimant.reported = now;
                claimant.count
            }
            None => {
                if !self.add(sighting.mac, now) {
                    self.others = self.others.saturating_add(1);
                    return None;
                }
                1
            }
        };
        Some(Notice::Claim {
            sighting,
            count,
            others: self.others,
        })
    }

    /// Notes the conflict of a result, which was already reported.
    pub fn note(&mut self, detection: &Detection, now: Duration) {
        if let Some(Conflict::Heard(sighting)) = detection.conflict() {
            match self.claimant(sighting.mac) {
                Some(claimant) => {
                    claimant.count = claimant.count.saturating_add(1);
                    claimant.reported = now;
                }
                None => {
                    self.add(sighting.mac, now);
                }
            }
        }
    }

    fn claimant(&mut self, mac: HardwareAddress) -> Option<&mut Claimant> {
        let mut claimants = self.claimants.iter_mut();
        claimants.find(|claimant| claimant.mac == mac)
    }

    /// Adds a hardware address to the table, and returns whether there was an entry for it. In a
    /// full table it replaces the address that was reported the longest time ago, if that one is
    /// due.
    fn add(&mut self, mac: HardwareAddress, now: Duration) -> bool {
        let claimant = Claimant {
            mac,
            reported: now,
            count: 1,
        };
        if self.claimants.len() < TABLE {
            self.claimants.push(claimant);
            return true;
        }
        let oldest = self.claimants.iter_mut().min_by_key(|other| other.reported);
        match oldest.filter(|oldest| oldest.is_due(now)) {
            Some(oldest) => *oldest = claimant,
            None => return false,
        }
        true
    }

    /// The link on which it can listen now. The address may have moved to a different link, for
    /// instance into a bridge. A link that was renamed is the same link.
    fn look(&self, host: &Snapshot) -> Result<ProbeLink, Detection> {
        let found = self.target.probe_link(host);
        let Err(Detection::Inconclusive(
            Inconclusive::NoLink | Inconclusive::NotHere(_) | Inconclusive::Port(_),
        )) = found
        else {
            return found;
        };
        let renamed = self.link.and_then(|link| host.link(link.index));
        let elsewhere = match self.target.anywhere() {
            Some(anywhere) => Some(anywhere),
            None => renamed.map(|link| self.target.on(link.name())),
        };
        elsewhere.map_or(found.clone(), |target| target.probe_link(host).or(found))
    }
}
