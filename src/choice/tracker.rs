//! The choice over time: compares an address that is bound with each new snapshot.

use super::event::{Event, EventKind, changes, sentence};
use super::found::{Found, entries_of, find};
use crate::explain::{on_link, why_unusable};
use crate::rule::{
    Candidate, Decide, Decision, Declaration, Reason, Restriction, ScopedAddr, Selector,
    Separation, Verdict,
};
use crate::snapshot::{Snapshot, is_link_local};

/// Keeps a choice while the host changes, and reports when it is gone.
///
/// The first snapshot gives the choice, which is the remembered one ([`Selector::previous`]) from then
/// on. It stays as long as its address is configured and can be bound. New addresses and new evidence
/// are reported, and change nothing. If the choice is gone, the tracker waits for it: a daemon that
/// silently changes its address splits its cluster. [`Tracker::follow`] replaces it instead.
///
/// If a remembered choice is not here at the start, the tracker waits for it, too. It does not if the
/// operator declares that address floating, or a different address that is here fixed. An interrupted
/// snapshot never leads to a choice, and proves no address missing.
///
/// The doubt under which it has chosen stays with the choice, and its decisions say so
/// ([`Decision::unsettled`]), also if a better address comes later: this one was never settled.
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
    /// The selector or profile that decides. Its remembered choice is the address that is bound, or was.
    rule: D,
    follow: bool,
    current: Option<Candidate>,
    lost: bool,
    last: Option<Decision>,
}

impl<D: Decide> Tracker<D> {
    /// Tracks the choice of a selector, whose remembered choice is that of the last run.
    pub fn new(selector: D) -> Self {
        Self {
            rule: selector,
            follow: false,
            current: None,
            lost: false,
            last: None,
        }
    }

    /// If true, the choice follows the rule with the last choice remembered, and the next address
    /// replaces one that is gone. A strict selector never replaces a lost choice, because any
    /// substitute is ambiguous.
    pub fn follow(mut self, follow: bool) -> Self {
        self.follow = follow;
        self
    }

    /// The address that the daemon should be bound to; `None` if it is not here.
    ///
    /// Its reasons are those of the last snapshot that showed it.
    pub fn choice(&self) -> Option<&Candidate> {
        self.current.as_ref().filter(|_| !self.lost)
    }

    /// The last decision, with the choice remembered; `None` before the first [`Tracker::update`]. It
    /// may choose a different address than the tracker.
    pub fn decision(&self) -> Option<&Decision> {
        self.last.as_ref()
    }

    /// The last decision, if it chooses the same address as the tracker: for
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

    /// Compares the choice with a new snapshot of the host; `None` if nothing that matters has changed.
    ///
    /// The first event is always [`EventKind::Initial`].
    pub fn update(&mut self, host: &Snapshot) -> Option<Event> {
        let previous = self.rule.selector().previous;
        let found = self
            .current
            .as_ref()
            .map(|current| find(current, &self.rule, host));
        let (kind, reason) = match found {
            None => self.begin(host),
            Some(found) if host.is_interrupted() => self.update_interrupted(found, host),
            Some(Found::Here(found)) if !self.lost => self.stay(&found, host),
            Some(Found::Here(found) | Found::OtherLink(found)) => Some(self.regain(&found, host)),
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

    /// Makes the first choice.
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
                self.choose(chosen, &decision, host);
                self.rule.decide(host)
            }
            None => decision,
        });
        news
    }

    /// The address to take from a decision if none is bound yet.
    fn takes<'a>(&self, decision: &'a Decision) -> Option<&'a Candidate> {
        let chosen = decision.chosen().filter(|c| can_be_bound(c))?;
        // An interrupted snapshot may lack the address that was named exactly, or the network that makes
        // a /32 float. The choice stays for good, so it must not depend on that.
        let interrupted = decision.is_interrupted();
        // The cluster knows this node by the remembered address, so that one is waited for.
        let declared = |previous: ScopedAddr| self.rule.selector().rules.declared(previous.ip());
        let replaces = match self.rule.selector().previous.and_then(declared) {
            // It was a mistake to choose it.
            Some(Declaration::Floating) => false,
            // A different fixed address has no precedence over it.
            Some(Declaration::Fixed) if !chosen.is_exact() => !chosen.is(Reason::Previous),
            _ => decision.separated_by() == Some(Separation::PreviousAbsent),
        };
        let waits = replaces && !self.follow && decision.is_ours();
        (!waits && !interrupted).then_some(chosen)
    }

    /// The reason why no address is bound at the start.
    fn why_none(&self, decision: &Decision, host: &Snapshot) -> String {
        let waited_for = match self.rule.selector().previous {
            Some(previous) if decision.is_ours() => {
                let entries = entries_of(self.rule.selector(), host, previous.ip());
                let but = match entries.first().filter(|_| decision.misses_previous()) {
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

    /// Uses an interrupted snapshot only for what it shows: an address that it lacks may be here all
    /// the same. So the choice may return by it, and may become unusable, and nothing is chosen.
    fn update_interrupted(&mut self, found: Found, host: &Snapshot) -> Option<News> {
        let link = self.current.as_ref().and_then(|current| current.link);
        match found {
            Found::Here(found) | Found::OtherLink(found) if self.lost => {
                Some(self.regain(&found, host))
            }
            // An entry on a different link proves nothing about the one that is bound.
            Found::Unusable(found) if found.link == link => self.lose(Some(&found), host),
            _ => None,
        }
    }

    /// The choice is where it was.
    fn stay(&mut self, found: &Candidate, host: &Snapshot) -> Option<News> {
        self.set_current(found);
        let decision = self.rule.decide(host);
        if let Some(next) = self.next(&decision) {
            let on_link = on_link(found);
            let instead = format!("It is taken instead of {found}{on_link}, which is still here.");
            return Some(self.move_to(next, &decision, format!("{decision} {instead}"), host));
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
        self.set_current(found);
        let decision = self.rule.decide(host);
        if let Some(next) = self.next(&decision) {
            let reason = format!("{reason} But instead of it {decision}");
            return self.move_to(next, &decision, reason, host);
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
            let reason = format!("{gone} In its place {decision}");
            return Some(self.move_to(next, &decision, reason, host));
        }
        let gone = format!("{gone} It is waited for.");
        self.last = Some(decision);
        let was_lost = std::mem::replace(&mut self.lost, true);
        (!was_lost).then_some((EventKind::Lost, gone))
    }

    /// `on eth0`, if the rule sees the address on no other link.
    fn where_it_was(&self, host: &Snapshot) -> String {
        let anywhere = self.rule.needs().restriction(host) == Restriction::None;
        let current = self.current.as_ref();
        let on_link = current.filter(|current| !anywhere || is_link_local(current.ip));
        match on_link.and_then(|current| current.interface) {
            Some(interface) => format!("on {interface}"),
            None => "here".to_owned(),
        }
    }

    /// The choice of the rule, if the tracker follows it and it is a different address.
    fn next<'a>(&self, decision: &'a Decision) -> Option<&'a Candidate> {
        let is_whole = !decision.is_interrupted();
        let chosen = decision.chosen().filter(|_| self.follow && is_whole)?;
        // If the link is unknown, two link-local addresses cannot be told apart.
        let same_link = |current: &Candidate| current.link.is_none() || current.link == chosen.link;
        let is_current = self.current.as_ref().is_some_and(|current| {
            current.ip == chosen.ip && (!is_link_local(current.ip) || same_link(current))
        });
        (!is_current && can_be_bound(chosen)).then_some(chosen)
    }

    /// Makes a different address the choice.
    fn move_to(
        &mut self,
        next: &Candidate,
        decision: &Decision,
        reason: String,
        host: &Snapshot,
    ) -> News {
        self.choose(next, decision, host);
        self.last = Some(self.rule.decide(host));
        (EventKind::Moved, reason)
    }

    /// Makes an address the choice, with the doubt that the decision leaves about it. The doubt stays as
    /// long as the choice does: a later address can be better, but this one was never settled.
    fn choose(&mut self, chosen: &Candidate, decision: &Decision, host: &Snapshot) {
        let doubt = if decision.separated_by() == Some(Separation::PreviousAbsent) && self.follow {
            // It may move, so the doubt is that of a daemon that remembers nothing.
            self.rule.selector_mut().previous = None;
            self.rule.decide(host).doubt()
        } else {
            decision.doubt()
        };
        self.set_current(chosen);
        self.rule.selector_mut().unsettled = doubt;
    }

    fn set_current(&mut self, chosen: &Candidate) {
        self.lost = false;
        self.current = Some(Candidate {
            verdict: Verdict::Chosen,
            ..chosen.clone()
        });
        self.rule.selector_mut().previous = Some(chosen.scoped_addr());
    }
}

/// The kind of an event, and its reason.
type News = (EventKind, String);

/// The reason of a first choice that comes late.
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

/// Whether bind(2) can succeed. Corosync's rule may choose a tentative address, or the other end of a
/// link.
fn can_be_bound(chosen: &Candidate) -> bool {
    !chosen.is_unusable() && chosen.local == chosen.ip
}
