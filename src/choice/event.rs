//! The events of a [`Tracker`](super::Tracker), and their reasons in words.

use std::fmt;

use crate::explain::on_link;
use crate::rule::{Candidate, Decision, Reason, ScopedAddr, Verdict};
use crate::snapshot::Name;

/// A change of the choice, or of something that could have changed it.
///
/// `{}` is one line for a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub(crate) kind: EventKind,
    pub(crate) address: Option<ScopedAddr>,
    pub(crate) previous: Option<ScopedAddr>,
    pub(crate) interface: Option<Name>,
    pub(crate) reason: String,
}

/// The kind of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EventKind {
    /// The first look at the host: an address was chosen, or none was.
    Initial,
    /// The choice stays, though something happened that could have changed it.
    Kept,
    /// A different address was chosen.
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
    /// The kind of change.
    pub fn kind(&self) -> EventKind {
        self.kind
    }

    /// The choice now, if it is here.
    pub fn address(&self) -> Option<ScopedAddr> {
        self.address
    }

    /// The choice before, here or not; at the start the remembered one.
    pub fn previous(&self) -> Option<ScopedAddr> {
        self.previous
    }

    /// The link that the choice is on now.
    pub fn interface(&self) -> Option<Name> {
        self.interface
    }

    /// The reason, in one sentence or more.
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

/// How many changes are listed one by one.
const LISTED: usize = 4;

/// With more candidates than this, the changed ones are not looked for.
const MANY: usize = 64;

/// The changes from one decision to the next, in sentences; empty if none of them matters to the
/// choice, `current`.
pub(crate) fn changes(last: &Decision, now: &Decision, current: &Candidate) -> String {
    if last.candidates == now.candidates && last.result == now.result {
        return String::new();
    }
    let effects = effect_on_choice(last, now, current);
    let count = now.candidates.len();
    let mut sentences = if count.max(last.candidates.len()) > MANY {
        vec![format!(
            "Something has changed among the addresses that match, {count} of them now."
        )]
    } else {
        one_by_one(last, now, current)
    };
    // The warning `eth0 is down: ...` repeats the sentence `eth0 is down.`.
    let is_repeated = |sentence: &String| {
        let start = sentence.strip_suffix('.').unwrap_or(sentence);
        let more = |b: &String| b.strip_prefix(start).is_some_and(|b| b.starts_with(':'));
        effects.iter().any(more)
    };
    sentences.retain(|sentence| !is_repeated(sentence));
    if sentences.is_empty() && effects.is_empty() {
        let mut same = now.candidates.iter().map(|c| last.candidates.contains(c));
        sentences.push(
            if last.result.is_ok() == now.result.is_ok() && same.all(|same| same) {
                "The kernel lists the addresses in another order now.".to_owned()
            } else {
                format!("Now it is {}", sentence(now))
            },
        );
    }
    if let Some(more) = sentences.len().checked_sub(LISTED).filter(|more| *more > 0) {
        sentences.truncate(LISTED);
        let s = if more == 1 { "" } else { "s" };
        sentences.push(format!("And {more} more change{s}."));
    }
    sentences.extend(effects);
    sentences.join(" ")
}

/// A sentence for each candidate that has changed.
fn one_by_one(last: &Decision, now: &Decision, current: &Candidate) -> Vec<String> {
    let mut found = Vec::new();
    for candidate in &now.candidates {
        found.push(match entry(last, candidate) {
            Some(before) => change(before, candidate),
            None => Some(arrival(last, now, candidate)),
        });
    }
    for old in last.candidates.iter().filter(|c| entry(now, c).is_none()) {
        let mut new = now.candidates.iter();
        let is_listed = new.any(|new| replaces(new, old, last, now)) || is_same(old, current);
        let gone = || format!("{old}{} has gone.", on_link(old));
        found.push((!is_listed).then(gone));
    }
    let mut sentences: Vec<String> = Vec::new();
    for sentence in found.into_iter().flatten() {
        // A change of a link is the same sentence for each of its addresses: once is enough.
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences
}

/// The effect on the choice, in sentences: new warnings if the rule still chooses it, or else what the
/// rule would do.
fn effect_on_choice(last: &Decision, now: &Decision, current: &Candidate) -> Vec<String> {
    let is_current = |c: &Candidate| is_same(c, current);
    if now.first().is_some_and(is_current) {
        let (warnings, old) = (now.warnings(), last.warnings());
        let new = warnings.into_iter().filter(|text| !old.contains(text));
        return new.collect();
    }
    let on_link = on_link(current);
    let differs = |d: &Decision| d.chosen().map(|c| (c.identity(), c.netmask));
    let mut sentences = Vec::new();
    if last.candidates.iter().any(is_current) && !now.candidates.iter().any(is_current) {
        let bindnet = &now.bindnet;
        sentences.push(format!(
            "{current}{on_link} is here, but no candidate for {bindnet} any more."
        ));
    }
    if let Some(chosen) = now.chosen().filter(|_| differs(now) != differs(last)) {
        let other = self::on_link(chosen);
        sentences.push(format!(
            "The rule would take {chosen}{other} now; {} stays.",
            current.ip
        ));
    }
    sentences
}

/// Whether two are the same address. The link counts for link-local addresses only.
fn is_same(a: &Candidate, b: &Candidate) -> bool {
    a.identity() == b.identity()
}

/// Whether two are the same entry of the host's list: link, address, prefix length.
fn is_entry(a: &Candidate, b: &Candidate) -> bool {
    (a.ip, a.netmask, a.link) == (b.ip, b.netmask, b.link)
}

fn entry<'a>(decision: &'a Decision, of: &Candidate) -> Option<&'a Candidate> {
    decision.candidates.iter().find(|c| is_entry(c, of))
}

/// Whether a new entry is an old one with another prefix length or on another link.
fn replaces(new: &Candidate, old: &Candidate, last: &Decision, now: &Decision) -> bool {
    new.ip == old.ip && entry(last, new).is_none() && entry(now, old).is_none()
}

/// `192.0.2.20/24 on eth0 has come: floating (label, secondary).`
fn arrival(last: &Decision, now: &Decision, new: &Candidate) -> String {
    let on_link = on_link(new);
    let old = last
        .candidates
        .iter()
        .find(|old| replaces(new, old, last, now));
    if let Some(old) = old {
        return format!("{old}{} is {new}{on_link} now.", self::on_link(old));
    }
    let reasons = shown(new);
    let reasons = if reasons.is_empty() {
        String::new()
    } else {
        format!(" ({reasons})")
    };
    match new.verdict {
        // The rule chose it; the kind of the event says whether it is bound.
        Verdict::Chosen => format!("{new}{on_link} has come{reasons}."),
        verdict => format!("{new}{on_link} has come: {}{reasons}.", verdict.code()),
    }
}

fn change(before: &Candidate, now: &Candidate) -> Option<String> {
    if before == now {
        return None;
    }
    let name = |name: Option<Name>| name.map_or("its link".to_owned(), |name| name.to_string());
    let interface = name(now.interface);
    Some(if before.interface != now.interface {
        format!("{} is called {interface} now.", name(before.interface))
    } else if before.link_up != now.link_up || before.link_running != now.link_running {
        match (now.link_up, now.link_running) {
            (Some(false), _) => format!("{interface} is down."),
            (_, Some(false)) => format!("{interface} has no carrier."),
            _ => format!("{interface} is up."),
        }
    } else if before.reasons == now.reasons && before.verdict == now.verdict {
        match now.label {
            Some(label) => format!("{now}{} has the label {label} now.", on_link(now)),
            None => format!("{now}{} has no label now.", on_link(now)),
        }
    } else {
        return change_of_findings(before, now);
    })
}

/// `192.0.2.20/24 on eth0 is floating and shows label now (before: nothing).`
fn change_of_findings(before: &Candidate, now: &Candidate) -> Option<String> {
    let [was, is] = [before, now].map(|c| or_nothing(shown(c)));
    let shows = format!("{is} now (before: {was}).");
    let on_link = on_link(now);
    // A sentence of its own names the choice of the rule.
    let by_choice = [before, now].iter().any(|c| c.verdict == Verdict::Chosen);
    let verdict = Some(now.verdict.code()).filter(|_| before.verdict != now.verdict && !by_choice);
    match (verdict, was == is) {
        (None, true) => None,
        (None, false) => Some(format!("{now}{on_link} shows {shows}")),
        (Some(verdict), true) => Some(format!("{now}{on_link} is {verdict} now.")),
        (Some(verdict), false) => Some(format!("{now}{on_link} is {verdict} and shows {shows}")),
    }
}

fn or_nothing(reasons: String) -> String {
    if reasons.is_empty() {
        "nothing".to_owned()
    } else {
        reasons
    }
}

/// The reasons except `previous`, which the kind of the event implies.
fn shown(candidate: &Candidate) -> String {
    let reasons = candidate.reasons.iter().filter(|r| *r != Reason::Previous);
    reasons.map(Reason::code).collect::<Vec<_>>().join(", ")
}

/// The sentence of a decision, with a full stop.
pub(crate) fn sentence(decision: &Decision) -> String {
    let mut sentence = decision.to_string();
    if !sentence.ends_with('.') {
        sentence.push('.');
    }
    sentence
}
