//! What a [`Tracker`](super::Tracker) tells.

use std::fmt;

use super::decision::{Candidate, Decision};
use super::host_address::HostAddress;
use super::report::place;
use crate::snapshot::Name;

/// Something has happened to the choice, or could have.
///
/// `{}` is one line for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub(super) kind: EventKind,
    pub(super) address: Option<HostAddress>,
    pub(super) previous: Option<HostAddress>,
    pub(super) interface: Option<Name>,
    pub(super) reason: String,
}

/// What has happened to the choice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// The first look at the host: an address was chosen, or none was.
    Initial,
    /// The choice stays, though something happened that could have changed it.
    Kept,
    /// Another address was chosen.
    Moved,
    /// The choice is gone, and nothing was chosen in its place.
    Lost,
    /// There is a choice again, or the first one.
    Gained,
}

impl EventKind {
    /// The code in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Initial => "initial",
            Self::Kept => "kept",
            Self::Moved => "moved",
            Self::Lost => "lost",
            Self::Gained => "gained",
        }
    }
}

impl Event {
    /// What has happened.
    pub fn kind(&self) -> EventKind {
        self.kind
    }

    /// The choice now, if it is here.
    pub fn address(&self) -> Option<HostAddress> {
        self.address
    }

    /// The choice before, here or not; at the start the remembered one.
    pub fn previous(&self) -> Option<HostAddress> {
        self.previous
    }

    /// The link that the choice is on now.
    pub fn interface(&self) -> Option<Name> {
        self.interface
    }

    /// Why, in a sentence or some.
    pub fn reason(&self) -> &str {
        &self.reason
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.code())?;
        if let (EventKind::Kept, Some(address)) = (self.kind, self.address) {
            write!(f, " {address}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// How many changes are told one by one.
const TOLD: usize = 4;

/// What has changed from one decision to the next, in sentences; nothing where nothing of it bears
/// on the choice.
pub(super) fn changes(last: &Decision, now: &Decision) -> String {
    if last.candidates == now.candidates && last.result == now.result {
        return String::new();
    }
    let mut changes: Vec<String> = Vec::new();
    for candidate in &now.candidates {
        let before = last.candidates.iter().find(|c| is_entry(c, candidate));
        let change = match before {
            None => Some(with_findings(candidate, "has come")),
            Some(before) => change(before, candidate),
        };
        // A link is down for every address that is on it.
        changes.extend(change.filter(|change| !changes.contains(change)));
    }
    for candidate in &last.candidates {
        if !now.candidates.iter().any(|c| is_entry(c, candidate)) {
            changes.push(format!("{candidate}{} has gone.", place(candidate)));
        }
    }
    if changes.is_empty() {
        changes.push(format!("Now it is: {now}"));
    }
    if let Some(more) = changes.len().checked_sub(TOLD).filter(|more| *more > 0) {
        changes.truncate(TOLD);
        changes.push(format!("And {more} more changes."));
    }
    let warnings = now.warnings();
    let said = last.warnings();
    changes.extend(warnings.into_iter().filter(|text| !said.contains(text)));
    changes.join(" ")
}

/// Whether two are the same entry of the host's list: link, address, prefix length.
fn is_entry(a: &Candidate, b: &Candidate) -> bool {
    (a.ip, a.netmask, a.link) == (b.ip, b.netmask, b.link)
}

fn change(before: &Candidate, now: &Candidate) -> Option<String> {
    if before == now {
        return None;
    }
    let name = |c: &Candidate| format!("{c}{}", place(c));
    Some(if before.interface != now.interface {
        format!("{} is {} now.", name(before), name(now))
    } else if before.link_up != now.link_up || before.link_running != now.link_running {
        let state = match (now.link_up, now.link_running) {
            (Some(false), _) => "down",
            (_, Some(false)) => "up, without a carrier",
            _ => "up",
        };
        let interface = now.interface.map(|name| name.to_string());
        format!("{} is {state}.", interface.as_deref().unwrap_or("its link"))
    } else if before.reasons == now.reasons && before.verdict == now.verdict {
        let label = now.label.map(|label| label.to_string());
        let label = label.as_deref().unwrap_or("none");
        format!("{} has the label {label} now.", name(now))
    } else {
        with_findings(now, "is now")
    })
}

/// `192.0.2.20/24 on eth0 has come, floating (label, secondary).`
fn with_findings(candidate: &Candidate, what: &str) -> String {
    let comma = if what == "is now" { "" } else { "," };
    let verdict = candidate.verdict.code();
    let reasons = match candidate.reasons.is_empty() {
        true => String::new(),
        false => format!(" ({})", candidate.reasons),
    };
    let place = place(candidate);
    format!("{candidate}{place} {what}{comma} {verdict}{reasons}.")
}
