//! Listens for hosts that claim an address.

use std::time::Duration;

use super::target::{Place, Target, is_foreign};
use super::verdict::{Conflict, Detection, Inconclusive};
use crate::snapshot::{HardwareAddress, Name, Snapshot};
use crate::wire::{How, Sighting};

/// How long nothing more is said of a hardware address that claims an address (RFC 5227,
/// section 1.1, where it is the shortest time between two defences).
pub const DEFEND_INTERVAL: Duration = Duration::from_secs(10);

/// How many hardware addresses are told apart. Anybody can make up any number of them.
const TABLE: usize = 16;

/// What is told of an address.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// The address was asked for: the verdict.
    Detection(Detection),
    /// Another host claims the address while it is listened for.
    #[non_exhaustive]
    Claim {
        /// Who, and how.
        sighting: Sighting,
        /// How often it was heard from this hardware address until now, and counting.
        count: u64,
        /// How often claims were heard from hardware addresses that there was no room for.
        others: u64,
    },
    /// Nothing is heard until [`Notice::Listening`]: why.
    NotListening(Detection),
    /// It is listened again, on the link of this index. What was claimed meanwhile was not heard.
    Listening(u32),
}

/// Tells of hosts that claim an address (RFC 5227, section 2.4), without hearing them itself:
/// whoever drives it passes in what is heard, the host, and the time as a duration since any moment
/// that stays.
///
/// It neither defends the address nor asks for it again: section 2.1 forbids to do so as a matter
/// of routine.
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
/// let mut watch = Listener::new(Target::own("192.0.2.10".parse()?)?);
/// assert_eq!(watch.handle_host(&host), None);
/// assert_eq!(watch.link(), Some(2));
///
/// let claim = Sighting { mac: "02:00:00:00:00:0b".parse()?, how: How::Claim };
/// let at = Duration::from_secs;
/// assert!(watch.handle_sighting(claim, at(1), &host).is_some());
/// assert_eq!(watch.handle_sighting(claim, at(2), &host), None); // too soon
/// let Some(Notice::Claim { count, .. }) = watch.handle_sighting(claim, at(11), &host) else {
///     panic!();
/// };
/// assert_eq!(count, 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Listener {
    target: Target,
    /// Where it was listened last.
    place: Option<Place>,
    is_deaf: bool,
    is_refused: bool,
    heard: Vec<Heard>,
    others: u64,
}

/// A hardware address that claims the address.
#[derive(Clone, Copy, Debug)]
struct Heard {
    mac: HardwareAddress,
    told: Duration,
    count: u64,
}

impl Heard {
    fn may_be_told(&self, now: Duration) -> bool {
        now.saturating_sub(self.told) >= DEFEND_INTERVAL
    }
}

impl Listener {
    /// Listens for claims of an address; nothing is heard before [`Listener::handle_host`].
    pub fn new(target: Target) -> Self {
        Self {
            target,
            place: None,
            is_deaf: false,
            is_refused: false,
            heard: Vec::new(),
            others: 0,
        }
    }

    /// The link to listen on, by its index, if it can be listened for the address.
    pub fn link(&self) -> Option<u32> {
        self.place
            .filter(|_| !self.is_deaf)
            .map(|place| place.index)
    }

    /// The link it was listened on last, by its name.
    pub fn interface(&self) -> Option<Name> {
        self.place.map(|place| place.name)
    }

    /// Looks at this host, and says if it is not listened any more, or again.
    ///
    /// An address of this host that is gone is nobody's to claim: it is not listened for until it
    /// is back.
    pub fn handle_host(&mut self, host: &Snapshot) -> Option<Notice> {
        if self.is_refused {
            return None;
        }
        let was_deaf = self.is_deaf;
        match self.look(host) {
            Ok(place) => {
                let before = self.place.replace(place);
                self.is_deaf = false;
                let held = before.is_none_or(|before| place.has_held_since(&before));
                (was_deaf || !held).then_some(Notice::Listening(place.index))
            }
            // What is missing from a snapshot that is not whole may be there all the same.
            Err(Detection::Inconclusive(Inconclusive::Interrupted)) => None,
            Err(verdict) => self.go_deaf(verdict),
        }
    }

    /// The link went down, even if it is up again by now.
    pub fn handle_down(&mut self, host: &Snapshot) -> Option<Notice> {
        let flapped = Detection::Inconclusive(Inconclusive::LinkFlapped);
        let why = self.look(host).err().unwrap_or(flapped);
        self.go_deaf(why)
    }

    /// It could not be listened, for a reason that the host does not show.
    pub fn handle_failure(&mut self, doubt: Inconclusive) -> Option<Notice> {
        self.go_deaf(Detection::Inconclusive(doubt))
    }

    /// It may not be listened at all, and is not tried again: what the kernel said.
    pub fn handle_refusal(&mut self, said: String) -> Option<Notice> {
        self.is_refused = true;
        self.go_deaf(Detection::NotPermitted(said))
    }

    fn go_deaf(&mut self, why: Detection) -> Option<Notice> {
        let was_deaf = std::mem::replace(&mut self.is_deaf, true);
        (!was_deaf).then_some(Notice::NotListening(why))
    }

    /// Hears a packet on the link, and says if somebody claims the address: one event for a
    /// hardware address in [`DEFEND_INTERVAL`], and no more than 16 of them.
    ///
    /// Who is about to take the address claims nothing yet, and what this host does not have any
    /// more another may take. Where the links of this host could not all be read, nothing is told
    /// either: it may be one of them.
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
        let known = self
            .heard
            .iter_mut()
            .find(|heard| heard.mac == sighting.mac);
        let count = match known {
            Some(heard) => {
                heard.count = heard.count.saturating_add(1);
                if !heard.may_be_told(now) {
                    return None;
                }
                heard.told = now;
                heard.count
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

    /// Notes what a verdict has told already.
    pub fn note(&mut self, verdict: &Detection, now: Duration) {
        if let Some(Conflict::Heard(sighting)) = verdict.conflict() {
            match self
                .heard
                .iter_mut()
                .find(|heard| heard.mac == sighting.mac)
            {
                Some(heard) => {
                    heard.count = heard.count.saturating_add(1);
                    heard.told = now;
                }
                None => {
                    self.add(sighting.mac, now);
                }
            }
        }
    }

    /// Adds a hardware address to the table, and says if there was room: that of one of which
    /// something may be told again, but nothing was for the longest time, is taken.
    fn add(&mut self, mac: HardwareAddress, now: Duration) -> bool {
        let heard = Heard {
            mac,
            told: now,
            count: 1,
        };
        if self.heard.len() < TABLE {
            self.heard.push(heard);
            return true;
        }
        let oldest = self.heard.iter_mut().min_by_key(|heard| heard.told);
        match oldest.filter(|oldest| oldest.may_be_told(now)) {
            Some(oldest) => *oldest = heard,
            None => return false,
        }
        true
    }

    /// Where it can be listened now. An address that has moved to another link, into a bridge for
    /// instance, is listened for there; a link that has another name is the same link.
    fn look(&self, host: &Snapshot) -> Result<Place, Detection> {
        let place = self.target.place(host);
        let Err(Detection::Inconclusive(
            Inconclusive::NoLink | Inconclusive::NotHere(_) | Inconclusive::Port(_),
        )) = place
        else {
            return place;
        };
        let renamed = self.place.and_then(|place| host.link(place.index));
        let elsewhere = match self.target.anywhere() {
            Some(anywhere) => Some(anywhere),
            None => renamed.map(|link| self.target.on(link.name())),
        };
        elsewhere.map_or(place.clone(), |target| target.place(host).or(place))
    }
}
