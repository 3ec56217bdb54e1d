//! A naive model of a listener: a row for each hardware address it tells apart, and where it listens.
//! It shares no code with the library, only the words of an event.

use bindnet::conflict::{Detection, How, Inconclusive};

use crate::conflict_hosts::{Ask, Host};
use crate::probe_model::place;

/// Nanoseconds of DEFEND_INTERVAL (RFC 5227, section 1.1).
const DEFEND_INTERVAL: u128 = 10_000_000_000;
const ROOM: usize = 16;

/// What is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    Claim {
        mac: [u8; 6],
        how: How,
        count: u64,
        others: u64,
    },
    NotListening(Detection),
    Listening(u32),
}

struct Row {
    mac: [u8; 6],
    told: u128,
    count: u64,
}

pub struct Model {
    ask: Ask,
    /// The link: its name, its index, how often its carrier changed.
    last: Option<(&'static str, (u32, Option<u32>))>,
    deaf: bool,
    refused: bool,
    rows: Vec<Row>,
    others: u64,
}

impl Model {
    pub fn new(ask: Ask) -> Self {
        Self {
            ask,
            last: None,
            deaf: false,
            refused: false,
            rows: Vec::new(),
            others: 0,
        }
    }

    /// The link that is listened on.
    pub fn link(&self) -> Option<u32> {
        let (_, (index, _)) = self.last.filter(|_| !self.deaf)?;
        Some(index)
    }

    pub fn see(&mut self, host: &Host) -> Option<News> {
        if self.refused {
            return None;
        }
        let here = match place(self.ask, host) {
            // What is missing from a list that is not whole is not gone.
            Err(Detection::Inconclusive(Inconclusive::Interrupted)) => return None,
            // It may have moved.
            here @ Err(Detection::Inconclusive(
                Inconclusive::NoLink | Inconclusive::NotHere(_) | Inconclusive::Port(_),
            )) if self.ask == Ask::OwnOnEth0 => place(Ask::Own, host).or(here),
            here => here,
        };
        match here {
            Err(why) => self.deafen(why),
            Ok(here) => {
                let name = if here.0 == 3 { "eth1" } else { "eth0" };
                let was_deaf = std::mem::take(&mut self.deaf);
                let before = self.last.replace((name, here));
                let is_new = before.is_some_and(|(_, before)| before != here);
                (was_deaf || is_new).then_some(News::Listening(here.0))
            }
        }
    }

    pub fn deafen(&mut self, why: Detection) -> Option<News> {
        if self.deaf {
            return None;
        }
        self.deaf = true;
        Some(News::NotListening(why))
    }

    pub fn refuse(&mut self, said: &str) -> Option<News> {
        self.refused = true;
        self.deafen(Detection::NotPermitted(said.to_owned()))
    }

    pub fn hear(&mut self, (mac, how): ([u8; 6], How), now: u128, host: &Host) -> Option<News> {
        let is_nobody = mac == [0; 6] || mac == [0xff; 6];
        let is_ours = self.ask == Ask::Free || host.entry().is_some();
        if !is_ours || how == How::Probe || host.has_mac(mac) || is_nobody || host.interrupted {
            return None;
        }
        let row = self.rows.iter().position(|row| row.mac == mac);
        let row = match row {
            Some(at) => {
                self.rows[at].count += 1;
                if now.saturating_sub(self.rows[at].told) < DEFEND_INTERVAL {
                    return None;
                }
                at
            }
            None => match self.make_room(now) {
                Some(at) => {
                    self.rows.insert(
                        at,
                        Row {
                            mac,
                            told: now,
                            count: 1,
                        },
                    );
                    at
                }
                None => {
                    self.others += 1;
                    return None;
                }
            },
        };
        self.rows[row].told = now;
        let count = self.rows[row].count;
        let others = self.others;
        Some(News::Claim {
            mac,
            how,
            count,
            others,
        })
    }

    /// A verdict has told of somebody.
    pub fn note(&mut self, mac: [u8; 6], now: u128) {
        if let Some(row) = self.rows.iter_mut().find(|row| row.mac == mac) {
            row.count += 1;
            row.told = now;
        } else if let Some(at) = self.make_room(now) {
            self.rows.insert(
                at,
                Row {
                    mac,
                    told: now,
                    count: 1,
                },
            );
        }
    }

    /// Where a row may be put in: the one that is forgotten for it was told longest ago.
    fn make_room(&mut self, now: u128) -> Option<usize> {
        if self.rows.len() < ROOM {
            return Some(self.rows.len());
        }
        let oldest = self.rows.iter().map(|row| row.told).min()?;
        let at = self.rows.iter().position(|row| row.told == oldest)?;
        (now.saturating_sub(oldest) >= DEFEND_INTERVAL).then(|| {
            self.rows.remove(at);
            at
        })
    }
}
