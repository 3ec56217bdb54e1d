//! A naive model of a probe: it keeps all that it was shown and reads the verdict from that. It
//! shares no code with the library, only the words of a verdict.

use std::time::Duration;

use bindnet::conflict::{Conflict, Detection, How, Inconclusive, NotApplicable, Timing};

use crate::conflict_hosts::{Ask, Host, Is, sighting};

const NANOS: u128 = 1_000_000_000;
const LOOK_AGAIN: u128 = NANOS / 10;
const TENTATIVE_AT_MOST: u128 = 5 * NANOS;

/// RFC 5227, section 1.1, in nanoseconds: PROBE_WAIT, PROBE_MIN, PROBE_MAX, ANNOUNCE_WAIT; and the
/// deviation from it.
pub fn times(timing: Timing) -> [u128; 4] {
    match timing {
        Timing::Fast => [50, 150, 200, 400].map(|millis| millis * NANOS / 1000),
        _ => [1, 1, 2, 2].map(|seconds| seconds * NANOS),
    }
}

/// The link that was asked on: its index, and how often its carrier changed.
type Place = (u32, Option<u32>);

/// Where an address can be asked for; or why it cannot.
pub fn place(ask: Ask, host: &Host) -> Result<Place, Detection> {
    let doubt = |doubt| Err(Detection::Inconclusive(doubt));
    let on_eth0 = host.entry().is_some_and(|entry| !entry.on_second);
    let on_eth1 = host.entry().is_some_and(|entry| entry.on_second);
    if ask == Ask::Own && on_eth1 {
        return Ok((3, None));
    }
    let Some(eth0) = host.eth0.filter(|_| ask != Ask::Own || on_eth0) else {
        return doubt(match ask {
            _ if host.interrupted => Inconclusive::Interrupted,
            Ask::Own => Inconclusive::NotHere(None),
            _ => Inconclusive::NoLink,
        });
    };
    if ask == Ask::OwnOnEth0 && !on_eth0 {
        let elsewhere = on_eth1.then(|| "eth1".parse().unwrap());
        return doubt(match host.interrupted {
            true => Inconclusive::Interrupted,
            false => Inconclusive::NotHere(elsewhere),
        });
    }
    let why = match eth0.is {
        Is::Loopback => Some(NotApplicable::Loopback),
        Is::PointToPoint => Some(NotApplicable::PointToPoint),
        Is::NoArp => Some(NotApplicable::NoArp),
        Is::OtherHardware | Is::WithoutMac => Some(NotApplicable::NotEthernet),
        Is::Ethernet | Is::Unsaid => None,
    };
    if let Some(why) = why {
        return Err(Detection::NotApplicable(why));
    }
    if eth0.port_of.is_some_and(|kind| kind != "vrf") {
        return doubt(Inconclusive::Port("br0".parse().unwrap()));
    }
    match (eth0.up, eth0.running && eth0.lower_up) {
        (false, _) => doubt(Inconclusive::LinkDown),
        (true, false) => doubt(Inconclusive::NoCarrier),
        (true, true) => Ok((eth0.index, eth0.changes)),
    }
}

pub struct Model {
    ask: Ask,
    times: [u128; 4],
    random: [u32; 3],
    /// When it began, when each probe was sent.
    born: u128,
    began: Option<u128>,
    sent: Vec<u128>,
    /// When it is looked again, while the address is tentative.
    look: u128,
    /// The link, each time that it was shown since it was first found good.
    places: Vec<Result<Place, Detection>>,
    doubtful: bool,
    pub verdict: Option<Detection>,
}

impl Model {
    pub fn new(ask: Ask, timing: Timing, random: [u32; 3], now: Duration) -> Self {
        let now = now.as_nanos();
        Self {
            ask,
            times: times(timing),
            random,
            born: now,
            began: None,
            sent: Vec::new(),
            look: now,
            places: Vec::new(),
            doubtful: false,
            verdict: None,
        }
    }

    /// When something is to be done, in nanoseconds.
    pub fn deadline(&self) -> Option<u128> {
        if self.verdict.is_some() {
            return None;
        }
        let [wait, min, max, end] = self.times;
        let part = |at: usize, of: u128| of * u128::from(self.random[at]) / (1 << 32);
        let last = self.sent.last();
        Some(match (self.began, self.sent.len()) {
            (None, _) => self.look,
            (Some(began), 0) => began + part(0, wait),
            (_, 3) => last? + end,
            (_, sent) => last? + min + part(sent, max - min),
        })
    }

    /// Whether a probe is sent.
    pub fn timeout(&mut self, now: Duration, host: &Host) -> bool {
        let now = now.as_nanos();
        let Some(due) = self.deadline() else {
            return false;
        };
        if now < due {
            self.show(host);
            return false;
        }
        self.doubtful |= host.interrupted;
        let here = place(self.ask, host);
        let verdict = match here {
            Err(verdict) => verdict,
            Ok(_) if self.began.is_none() => {
                if !self.waits(host) {
                    self.began = Some(now);
                    self.places = vec![here];
                    return false;
                }
                self.look = now + LOOK_AGAIN;
                if now < self.born + TENTATIVE_AT_MOST {
                    return false;
                }
                Detection::Inconclusive(Inconclusive::Tentative)
            }
            Ok(_) => {
                self.places.push(here);
                if self.places.iter().any(|place| *place != self.places[0]) {
                    Detection::Inconclusive(Inconclusive::LinkFlapped)
                } else if self.sent.len() < 3 {
                    self.sent.push(now);
                    return true;
                } else if self.doubtful {
                    Detection::Inconclusive(Inconclusive::Interrupted)
                } else {
                    Detection::Clear
                }
            }
        };
        self.decide(verdict, host);
        false
    }

    pub fn hear(&mut self, (mac, how): ([u8; 6], How), host: &Host) {
        let is_here = host.eth0.is_some() && host.entry().is_some_and(|entry| !entry.on_second);
        let matters = how != How::Probe || self.ask == Ask::Free && !is_here;
        let nobody = mac == [0; 6] || mac == [0xff; 6];
        if matters && !host.has_mac(mac) && !nobody {
            if !host.interrupted {
                self.decide(
                    Detection::Conflict(Conflict::Heard(sighting(mac, how))),
                    host,
                );
            }
            self.doubtful = true;
        }
        self.show(host);
    }

    pub fn down(&mut self, host: &Host) {
        let flapped = Detection::Inconclusive(Inconclusive::LinkFlapped);
        self.decide(place(self.ask, host).err().unwrap_or(flapped), host);
    }

    /// The first verdict stands; one without a witness gives way to the kernel's.
    pub fn decide(&mut self, verdict: Detection, host: &Host) {
        let is_heard = verdict.conflict().is_some();
        let kernels = Detection::Conflict(Conflict::DadFailed);
        let verdict = if !is_heard && self.has_failed(host) {
            kernels
        } else {
            verdict
        };
        self.verdict.get_or_insert(verdict);
    }

    /// A host is shown while nothing is due: the link must be as it was.
    fn show(&mut self, host: &Host) {
        let interrupted = Err(Detection::Inconclusive(Inconclusive::Interrupted));
        let here = place(self.ask, host);
        if self.began.is_none() || self.places.contains(&here) {
            return;
        }
        if here == interrupted {
            self.doubtful = true;
            return;
        }
        let flapped = Detection::Inconclusive(Inconclusive::LinkFlapped);
        self.decide(here.err().unwrap_or(flapped), host);
    }

    /// Whether the kernel still looks for another holder.
    fn waits(&self, host: &Host) -> bool {
        let entry = self.asked_for(host);
        entry.is_some_and(|entry| entry.tentative && !entry.dadfailed)
    }

    fn has_failed(&self, host: &Host) -> bool {
        self.asked_for(host).is_some_and(|entry| entry.dadfailed)
    }

    /// The entry on the link that is asked for.
    fn asked_for(&self, host: &Host) -> Option<crate::conflict_hosts::Entry> {
        let is_asked = |on_second: bool| self.ask == Ask::Own || !on_second;
        host.entry().filter(|entry| is_asked(entry.on_second))
    }
}
