//! The choice over time: what a new snapshot means for an address that is bound already.

use std::net::IpAddr;

use super::event::{Event, EventKind, changes, sentence};
use crate::explain::{on_link, why_unusable};
use crate::rule::{
    Candidate, Candidates, Decide, Decision, Declaration, Reason, Restriction, ScopedAddr,
    Selector, Separation, Verdict, View,
};
use crate::snapshot::{Snapshot, is_link_local};

/// Holds on to a choice while the host changes, and says when it is gone.
///
/// The first snapshot gives the choice, and from then on it is the remembered one
/// ([`Selector::previous`]). It stays as long as its address is configured and can be bound,
/// whatever else comes, and whatever evidence appears against it: that is told, not acted on. When
/// it is gone it is waited for, not replaced, because a daemon that silently changes its address
/// splits its cluster; [`Tracker::follow`] replaces it.
///
/// A remembered choice that is not here at the start is waited for likewise, unless the operator
/// declares it floating, or another address that is here fixed and not it. Nothing is chosen by a
/// snapshot that is interrupted, and that an address is missing from it says nothing.
///
/// It is pure: the same snapshots give the same events.
///
/// ```
/// use bindnet::choice::Tracker;
/// use bindnet::{Address, EventKind, Link, Selector, Snapshot};
///
/// let host = |addresses: &[&str]| {
///     let address = |net: &&str| Address::new(net.parse().unwrap(), 2);
///     let eth0 = Link::new(2, "eth0".parse().unwrap());
///     Snapshot::new([eth0], addresses.iter().map(address)).unwrap()
/// };
/// let mut tracker = Tracker::new(Selector::new("192.0.2.0".parse()?));
///
/// let event = tracker.update(&host(&["192.0.2.10/24"])).unwrap();
/// assert_eq!(event.kind(), EventKind::Initial);
/// assert_eq!(event.address(), Some("192.0.2.10".parse()?));
///
/// // Another address comes first: nothing moves.
/// let event = tracker.update(&host(&["192.0.2.20/24", "192.0.2.10/24"])).unwrap();
/// assert_eq!(event.kind(), EventKind::Kept);
/// assert_eq!(event.reason(), "192.0.2.20/24 on eth0 has come: outranked.");
///
/// let event = tracker.update(&host(&["192.0.2.20/24"])).unwrap();
/// assert_eq!(event.kind(), EventKind::Lost);
/// assert!(tracker.choice().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a tracker tells nothing by itself"]
#[derive(Clone, Debug)]
pub struct Tracker<D = Selector> {
    /// What decides. Its remembered choice is what is bound, or was.
    rule: D,
    follow: bool,
    held: Option<Candidate>,
    lost: bool,
    last: Option<Decision>,
}

/// What became of an address that was chosen.
enum Found {
    /// It is here.
    Here(Candidate),
    /// It is here on a link of the same name, which is another one: what was bound is not.
    Anew(Candidate),
    /// It is here, and bind(2) would fail.
    Unusable(Candidate),
    /// It is not here.
    Absent,
}

impl<D: Decide> Tracker<D> {
    /// Tracks the choice of a selector, whose remembered choice is that of the last run.
    pub fn new(selector: D) -> Self {
        Self {
            rule: selector,
            follow: false,
            held: None,
            lost: false,
            last: None,
        }
    }

    /// Whether a choice that is gone is replaced by the next one, and the choice is whatever the
    /// rule gives with the last one remembered. With a strict selector none is replaced: in the
    /// place of a remembered one any other is ambiguous.
    pub fn follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    /// The choice, if it is here: what the daemon is to be bound to.
    ///
    /// Its reasons are those of when it was last looked at.
    pub fn choice(&self) -> Option<&Candidate> {
        self.held.as_ref().filter(|_| !self.lost)
    }

    /// The last decision that was made, with the choice remembered; none before the first
    /// [`Tracker::update`]. What it chooses need not be the choice.
    pub fn decision(&self) -> Option<&Decision> {
        self.last.as_ref()
    }

    /// The last decision if it chooses what the choice is: for
    /// [`StateFile::remember`](crate::StateFile::remember).
    pub fn decision_of_choice(&self) -> Option<&Decision> {
        let choice = self.choice()?.identity();
        let chooses = |decision: &&Decision| {
            let chosen = decision.chosen();
            chosen.is_some_and(|chosen| chosen.identity() == choice)
        };
        self.last.as_ref().filter(chooses)
    }

    /// Whether there was an update.
    pub(crate) fn has_begun(&self) -> bool {
        self.last.is_some()
    }

    /// Whether the first update with this snapshot would give a choice that waiting could not improve
    /// ([`Decision::is_final`]). After that update it is always true.
    pub fn may_begin(&self, host: &Snapshot) -> bool {
        if self.has_begun() {
            return true;
        }
        let decision = self.rule.decide(host);
        decision.is_final() && self.takes(&decision).is_some()
    }

    /// What a new snapshot of the host means for the choice; none where it means nothing.
    ///
    /// The first event is always [`EventKind::Initial`].
    pub fn update(&mut self, host: &Snapshot) -> Option<Event> {
        let previous = self.rule.selector().previous;
        let found = self.held.as_ref().map(|held| find(held, &self.rule, host));
        let (kind, reason) = match found {
            None => self.begin(host),
            Some(found) if host.is_interrupted() => self.peek(found, host),
            Some(Found::Here(found)) if !self.lost => self.stay(&found, host),
            Some(Found::Here(found) | Found::Anew(found)) => Some(self.regain(&found, host)),
            Some(Found::Unusable(found)) => self.lose(Some(&found), host),
            Some(Found::Absent) => self.lose(None, host),
        }?;
        let choice = self.choice();
        Some(Event {
            kind,
            address: choice.map(Candidate::scoped_addr),
            previous,
            interface: choice.and_then(Candidate::interface),
            reason,
        })
    }

    /// Nothing is bound yet.
    fn begin(&mut self, host: &Snapshot) -> Option<News> {
        let first = !self.has_begun();
        let decision = self.rule.decide(host);
        let chosen = self.takes(&decision);
        let news = match (chosen, first) {
            (Some(_), true) => Some((EventKind::Initial, sentence(&decision))),
            (Some(chosen), false) => Some((EventKind::Gained, arrived(chosen, &decision))),
            (None, true) => Some((EventKind::Initial, self.why_none(&decision, host))),
            (None, false) => None,
        };
        self.last = Some(match chosen {
            Some(chosen) => {
                self.hold(chosen);
                self.rule.decide(host)
            }
            None => decision,
        });
        news
    }

    /// What is taken from a decision where nothing is bound yet.
    fn takes<'a>(&self, decision: &'a Decision) -> Option<&'a Candidate> {
        let chosen = decision.chosen().filter(|c| can_be_bound(c))?;
        // What an interrupted snapshot lacks might decide otherwise (the address that was named
        // exactly, the network that makes a /32 float), and the choice is held for good.
        let interrupted = decision.is_interrupted();
        // What is remembered is waited for; a cluster knows this node by it.
        let declared = |previous: ScopedAddr| self.rule.selector().rules.declared(previous.ip());
        let replaces = match self.rule.selector().previous.and_then(declared) {
            // It was a mistake to choose it.
            Some(Declaration::Floating) => false,
            // No other one that is declared fixed is more so.
            Some(Declaration::Fixed) if !chosen.is_exact() => !chosen.is(Reason::Previous),
            _ => decision.separated_by() == Some(Separation::PreviousAbsent),
        };
        let waits = replaces && !self.follow && decision.is_ours();
        (!waits && !interrupted).then_some(chosen)
    }

    /// Why nothing is bound at the start.
    fn why_none(&self, decision: &Decision, host: &Snapshot) -> String {
        let waited_for = match self.rule.selector().previous {
            Some(previous) if decision.is_ours() => {
                let of_it = entries(self.rule.selector(), host, previous.ip());
                let but = match of_it.first().filter(|_| decision.misses_previous()) {
                    Some(entry) => {
                        let (on_link, bindnet) = (on_link(entry), decision.bindnet());
                        format!(" It is here as {entry}{on_link}, but no candidate for {bindnet}.")
                    }
                    None => String::new(),
                };
                format!(" The remembered choice, {previous}, is waited for.{but}")
            }
            _ => String::new(),
        };
        match decision.chosen() {
            None => sentence(decision) + &waited_for,
            Some(chosen) if decision.is_interrupted() => {
                let on_link = on_link(chosen);
                format!(
                    "none: the host kept changing while it was read, which is no ground to choose \
                     {chosen}{on_link}. The next look decides."
                )
            }
            Some(chosen) if !can_be_bound(chosen) => {
                format!("{} It cannot be bound (yet).", sentence(decision))
            }
            Some(chosen) => {
                let why = decision.previous_absent();
                let on_link = on_link(chosen);
                format!("none: {why}.{waited_for} {chosen}{on_link} could be bound.")
            }
        }
    }

    /// What an interrupted snapshot shows is so. What it lacks may be here all the same, and decide
    /// otherwise: nothing is chosen by it.
    fn peek(&mut self, found: Found, host: &Snapshot) -> Option<News> {
        let link = self.held.as_ref().and_then(|held| held.link);
        match found {
            Found::Here(found) | Found::Anew(found) if self.lost => Some(self.regain(&found, host)),
            // Another entry of the address says nothing of the one that was bound.
            Found::Unusable(found) if found.link == link => self.lose(Some(&found), host),
            _ => None,
        }
    }

    /// The choice is where it was.
    fn stay(&mut self, found: &Candidate, host: &Snapshot) -> Option<News> {
        self.hold(found);
        let decision = self.rule.decide(host);
        if let Some(next) = self.next(&decision) {
            let on_link = on_link(found);
            let instead = format!("It is taken instead of {found}{on_link}, which is still here.");
            return Some(self.go(next, format!("{decision} {instead}"), host));
        }
        let changes = self
            .last
            .as_ref()
            .map(|last| changes(last, &decision, found));
        self.last = Some(decision);
        let changes = changes.filter(|changes| !changes.is_empty())?;
        Some((EventKind::Kept, changes))
    }

    /// The choice is back.
    fn regain(&mut self, found: &Candidate, host: &Snapshot) -> News {
        let on_link = on_link(found);
        let reason = if self.lost {
            format!("{found}{on_link} is back and can be bound again.")
        } else {
            format!("{found}{on_link}: the link was made anew, bind it again.")
        };
        self.hold(found);
        let decision = self.rule.decide(host);
        if let Some(next) = self.next(&decision) {
            let reason = format!("{reason} But instead of it {decision}");
            return self.go(next, reason, host);
        }
        self.last = Some(decision);
        (EventKind::Gained, reason)
    }

    /// The choice is not here, or it cannot be bound.
    fn lose(&mut self, found: Option<&Candidate>, host: &Snapshot) -> Option<News> {
        let decision = self.rule.decide(host);
        let previous = self
            .rule
            .selector()
            .previous
            .map(|address| address.to_string());
        let previous = previous.unwrap_or_default();
        let gone = match found {
            Some(found) => format!(
                "{previous} cannot be bound any more: {}.",
                why_unusable(found)
            ),
            None => format!(
                "{previous} is no longer configured {}.",
                self.where_it_was(host)
            ),
        };
        if let Some(next) = self.next(&decision) {
            return Some(self.go(next, format!("{gone} In its place {decision}"), host));
        }
        let gone = format!("{gone} It is waited for.");
        self.last = Some(decision);
        let again = std::mem::replace(&mut self.lost, true);
        (!again).then_some((EventKind::Lost, gone))
    }

    /// On its link, where no other one counts.
    fn where_it_was(&self, host: &Snapshot) -> String {
        let anywhere = self.rule.needs().restriction(host) == Restriction::None;
        let held = self.held.as_ref();
        let on_link = held.filter(|held| !anywhere || is_link_local(held.ip));
        match on_link.and_then(|held| held.interface) {
            Some(interface) => format!("on {interface}"),
            None => "here".to_owned(),
        }
    }

    /// The choice of the rule, where it is to be followed and is another one.
    fn next<'a>(&self, decision: &'a Decision) -> Option<&'a Candidate> {
        let is_whole = !decision.is_interrupted();
        let chosen = decision.chosen().filter(|_| self.follow && is_whole)?;
        // Of a link-local address on an unknown link nobody can say that it is another one.
        let same_link = |held: &Candidate| held.link.is_none() || held.link == chosen.link;
        let is_held = self.held.as_ref().is_some_and(|held| {
            held.ip == chosen.ip && (!is_link_local(held.ip) || same_link(held))
        });
        (!is_held && can_be_bound(chosen)).then_some(chosen)
    }

    /// The choice is another one now.
    fn go(&mut self, next: &Candidate, reason: String, host: &Snapshot) -> News {
        self.hold(next);
        self.last = Some(self.rule.decide(host));
        (EventKind::Moved, reason)
    }

    fn hold(&mut self, chosen: &Candidate) {
        self.lost = false;
        self.held = Some(Candidate {
            verdict: Verdict::Chosen,
            ..chosen.clone()
        });
        self.rule.selector_mut().previous = Some(chosen.scoped_addr());
    }
}

/// What has happened to the choice, and why.
type News = (EventKind, String);

/// Why there is a choice at last.
fn arrived(chosen: &Candidate, decision: &Decision) -> String {
    if chosen.is(Reason::Previous) {
        format!(
            "{chosen}{}: the remembered choice is here now.",
            on_link(chosen)
        )
    } else {
        sentence(decision)
    }
}

/// Another rule may take what is tentative, or the other end of a link.
fn can_be_bound(chosen: &Candidate) -> bool {
    !chosen.is_unusable() && chosen.local == chosen.ip
}

/// The entries of an address on any link, whether they match or not.
fn entries(selector: &Selector, host: &Snapshot, ip: IpAddr) -> Candidates {
    match ip {
        IpAddr::V4(ip) => {
            View::new(host, &host.v4, Restriction::None).entries_of(selector, ip.to_bits())
        }
        IpAddr::V6(ip) => {
            View::new(host, &host.v6, Restriction::None).entries_of(selector, ip.to_bits())
        }
    }
}

/// Looks for an address that was chosen: its own entry if it is there, else another one that can be
/// bound.
fn find(held: &Candidate, rule: &impl Decide, host: &Snapshot) -> Found {
    let link_local = is_link_local(held.ip);
    let restriction = rule.needs().restriction(host);
    let anywhere = restriction == Restriction::None && !link_local;
    let mut entries = entries(rule.selector(), host, held.ip);
    let admitted = |link| anywhere || link == held.link || restriction.admits_only(link);
    let on_same_name = |c: &Candidate| c.interface.is_some() && c.interface == held.interface;
    entries.retain(|c| admitted(c.link) || on_same_name(c));
    entries.sort_by_key(|c| (c.link != held.link, !admitted(c.link)));
    let usable = entries.iter().find(|c| !c.is_unusable());
    match (usable, entries.first()) {
        (Some(found), _) if link_local && found.link != held.link => Found::Anew(found.clone()),
        (Some(found), _) => Found::Here(found.clone()),
        (None, Some(found)) => Found::Unusable(found.clone()),
        (None, None) => Found::Absent,
    }
}
