//! The rule. It is numbered as in DESIGN.md, and to be read from top to bottom.

use std::net::IpAddr;

use super::bindnet::{Bindnet, HostAddress, Zone};
use super::decision::{Candidate, Decision, Match, Separation, Verdict, WhyNone, Winner};
use super::declared::Declared;
use super::evidence::{Reason, Rule, Rules};
use super::view::{Restriction, View};
use crate::snapshot::{Bits, Consistency, Link, Name, Snapshot, Table};
use crate::wire::rtnetlink::Family;

/// Chooses the address of a snapshot for a bindnetaddr.
///
/// The same snapshot and the same selector give the same decision on any machine.
///
/// ```
/// use bindnet::{Address, Link, Rule, Selector, Snapshot};
///
/// let host = Snapshot::new(
///     [Link::new(2, "eth0".parse()?)],
///     [
///         Address::new("192.0.2.20/24".parse()?, 2).with_label("eth0:vip".parse()?),
///         Address::new("192.0.2.10/24".parse()?, 2),
///     ],
/// )?;
/// let selector = Selector::new("192.0.2.0".parse()?);
/// assert_eq!(selector.decide(&host).chosen().unwrap().ip().to_string(), "192.0.2.10");
///
/// let selector = selector.without(Rule::all());
/// assert_eq!(selector.decide(&host).chosen().unwrap().ip().to_string(), "192.0.2.20");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    bindnet: Bindnet,
    interface: Option<Name>,
    pub(super) previous: Option<HostAddress>,
    pub(super) rules: Rules,
    strict: bool,
    list_all: bool,
}

impl Selector {
    /// The rule for a bindnetaddr, with every piece of evidence looked for.
    pub fn new(bindnet: Bindnet) -> Self {
        Self {
            bindnet,
            interface: None,
            previous: None,
            rules: Rules::default(),
            strict: false,
            list_all: false,
        }
    }

    /// Restricts the whole rule to the addresses of one link.
    #[must_use]
    pub fn interface(mut self, name: Name) -> Self {
        self.interface = Some(name);
        self
    }

    /// The remembered choice: kept as long as it is there and can be bound.
    ///
    /// ```
    /// # use bindnet::{Address, Link, Selector, Snapshot};
    /// # let host = Snapshot::new([Link::new(2, "eth0".parse()?)], [
    /// #     Address::new("192.0.2.20/24".parse()?, 2), Address::new("192.0.2.10/24".parse()?, 2)])?;
    /// let decision = Selector::new("192.0.2.0".parse()?).previous("192.0.2.10".parse()?).decide(&host);
    /// assert_eq!(decision.chosen().unwrap().ip().to_string(), "192.0.2.10");
    /// assert!(!decision.is_ambiguous());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn previous(mut self, address: HostAddress) -> Self {
        self.previous = Some(address);
        self
    }

    /// What the operator declares floating and fixed.
    #[must_use]
    pub fn declared(mut self, declared: Declared) -> Self {
        self.rules.declare(declared);
        self
    }

    /// Switches evidence rules off.
    #[must_use]
    pub fn without(mut self, rules: impl IntoIterator<Item = Rule>) -> Self {
        for rule in rules {
            self.rules.switch_off(rule);
        }
        self
    }

    /// The `IFA_PROTO` numbers that mark floating addresses, instead of 18 (keepalived).
    #[must_use]
    #[doc(alias = "IFA_PROTO")]
    pub fn floating_protocols(mut self, protocols: impl IntoIterator<Item = u8>) -> Self {
        self.rules.set_protocols(protocols);
        self
    }

    /// Whether nothing is chosen where the decision is ambiguous.
    #[must_use]
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Whether [`Decision::others`] lists the addresses that do not match.
    #[must_use]
    pub fn list_all(mut self, list_all: bool) -> Self {
        self.list_all = list_all;
        self
    }

    /// What is decided about.
    pub fn bindnet(&self) -> &Bindnet {
        &self.bindnet
    }

    /// The family of the bindnetaddr.
    pub(crate) fn family(&self) -> Family {
        Family::of(self.bindnet.ip())
    }

    /// The links that a selector names: the interface, the zone of the bindnetaddr and that of
    /// the remembered choice.
    pub(crate) fn zones(&self) -> [Option<Zone>; 3] {
        let previous = self.previous.and_then(|previous| previous.zone());
        [
            self.interface.map(Zone::named),
            self.bindnet.zone(),
            previous,
        ]
    }

    /// The links that a decision about a snapshot without links asks about.
    pub(crate) fn links_needed(&self, snapshot: &Snapshot) -> Vec<u32> {
        let target = self.bindnet.target();
        match self.bindnet.ip() {
            IpAddr::V4(ip) => View::new(snapshot, &snapshot.v4, Restriction::None)
                .links_needed(target, ip.to_bits()),
            IpAddr::V6(ip) => View::new(snapshot, &snapshot.v6, Restriction::None)
                .links_needed(target, ip.to_bits()),
        }
    }

    /// Decides.
    pub fn decide(&self, snapshot: &Snapshot) -> Decision {
        match self.bindnet.ip() {
            IpAddr::V4(ip) => self.decide_in(snapshot, &snapshot.v4, ip.to_bits()),
            IpAddr::V6(ip) => self.decide_in(snapshot, &snapshot.v6, ip.to_bits()),
        }
    }

    fn decide_in<A: Bits>(&self, snapshot: &Snapshot, table: &Table<A>, ip: A) -> Decision {
        let sees = self.restriction(snapshot);
        let view = View::new(snapshot, table, sees);
        // 1. Match.
        let mut candidates = view.matching(self.bindnet.target(), ip);
        view.weigh(self, &mut candidates);
        // 2. Unusable candidates are rejected. 4. Floating ones are skipped.
        for candidate in &mut candidates {
            candidate.verdict = match candidate.reasons {
                reasons if reasons.is_unusable() => Verdict::Unusable,
                reasons if reasons.is_floating() => Verdict::Floating,
                _ => Verdict::Eligible,
            };
        }
        view.weigh_siblings(self, &mut candidates);
        let about = snapshot.about();
        let interrupted = about.consistency == Some(Consistency::Interrupted);
        let seen = view.count();
        let mut result = self.first(&candidates, interrupted);
        let mut nearest = None;
        // 8. None is an outcome with reasons.
        if result == Err(WhyNone::NoMatch) {
            nearest = view.nearest(self, ip);
            result = Err(match (sees, seen) {
                (Restriction::NoSuchLink, _) => WhyNone::NoSuchLink,
                (_, 0) => WhyNone::NoAddress,
                _ => WhyNone::NoMatch,
            });
        }
        let ambiguous = result.is_ok_and(|winner| winner.is_ambiguous());
        if let Ok(winner) = result
            && !(ambiguous && self.strict)
        {
            settle(&mut candidates, winner.at);
        }
        let others = if self.list_all {
            self.others(snapshot, sees, &candidates)
        } else {
            Vec::new()
        };
        Decision {
            bindnet: self.bindnet,
            interface: self.interface,
            previous: self.previous,
            strict: self.strict,
            source: about.source,
            consistency: about.consistency,
            seen,
            nearest,
            candidates,
            others,
            result,
        }
    }

    /// Which candidate comes first, and what put it there.
    fn first(&self, candidates: &[Candidate], interrupted: bool) -> Result<Winner, WhyNone> {
        let usable = |c: &Candidate| c.verdict != Verdict::Unusable;
        let is_previous = |c: &Candidate| c.is(Reason::Previous);

        // 3. Exact wins over everything, floating or not.
        let exact = candidates.iter().any(Candidate::is_exact);
        let left = |c: &Candidate| match exact {
            true => c.is_exact() && usable(c),
            false => c.verdict == Verdict::Eligible,
        };

        // 5. The remembered choice is kept, unless the operator declares otherwise.
        let remembered = self.previous.is_some() && !exact;
        if remembered && interrupted && !candidates.iter().any(is_previous) {
            return Err(WhyNone::PreviousUnknown);
        }
        let fixed = |c: &Candidate| usable(c) && c.is(Reason::DeclaredFixed);
        let another_fixed = candidates.iter().any(|c| fixed(c) && !is_previous(c));
        let kept = |c: &Candidate| {
            is_previous(c)
                && if exact {
                    left(c)
                } else {
                    usable(c) && !c.is(Reason::DeclaredFloating) && (fixed(c) || !another_fixed)
                }
        };
        let keeps = candidates.iter().any(kept);

        // 6. Rank what is left.
        let best = |of: &dyn Fn(&Candidate) -> bool| {
            let of = candidates.iter().enumerate().filter(|(_, c)| of(c));
            of.min_by_key(|(_, c)| rank(c))
        };
        let first = if keeps { best(&kept) } else { best(&left) };
        let (at, winner) = first.ok_or(match (exact, candidates) {
            (true, _) => WhyNone::ExactUnusable,
            (false, []) => WhyNone::NoMatch,
            (false, _) => WhyNone::AllTurnedDown,
        })?;

        // 7. Say when it was close.
        let runner_up = best(&|c| left(c) && c.identity() != winner.identity());
        let absent = remembered && !candidates.iter().any(|c| is_previous(c) && usable(c));
        let separated_by = if absent && !winner.is(Reason::DeclaredFixed) {
            Some(Separation::PreviousAbsent)
        } else if winner.matched == Some(Match::SameNetwork) {
            Some(Separation::SameNetwork)
        } else if keeps {
            runner_up.map(|_| Separation::Previous)
        } else {
            runner_up.map(|(_, other)| separation(winner, other))
        };
        let runner_up = runner_up.map(|(at, _)| at);
        Ok(Winner {
            at,
            runner_up,
            separated_by,
        })
    }

    /// The addresses that do not match, of both families.
    fn others(
        &self,
        snapshot: &Snapshot,
        sees: Restriction,
        candidates: &[Candidate],
    ) -> Vec<Candidate> {
        let (other_v4, other_v6) = match self.bindnet.ip() {
            IpAddr::V4(_) => (Verdict::OtherNetwork, Verdict::OtherFamily),
            IpAddr::V6(_) => (Verdict::OtherFamily, Verdict::OtherNetwork),
        };
        let mut others = View::new(snapshot, &snapshot.v4, sees).all(self, other_v4);
        others.extend(View::new(snapshot, &snapshot.v6, sees).all(self, other_v6));
        others.retain(|other| {
            candidates
                .binary_search_by_key(&other.position, |c| c.position)
                .is_err()
        });
        others
    }

    /// An interface or a zone hides the addresses of all other links.
    pub(crate) fn restriction(&self, snapshot: &Snapshot) -> Restriction {
        let interface = self.interface.map(|name| snapshot.link_named(&name));
        let zone = self.bindnet.zone().map(|zone| zone.link(snapshot));
        let index = |link: Option<&Link>| link.map(Link::index);
        match (interface.map(index), zone.map(index)) {
            (None, None) => Restriction::None,
            (Some(Some(index)), None) | (None, Some(Some(index))) => Restriction::Link(index),
            (Some(Some(a)), Some(Some(b))) if a == b => Restriction::Link(a),
            _ => Restriction::NoSuchLink,
        }
    }
}

/// Gives the winner and whatever else was left their verdicts.
fn settle(candidates: &mut [Candidate], winner: usize) {
    for (at, candidate) in candidates.iter_mut().enumerate() {
        if at == winner {
            candidate.verdict = Verdict::Chosen;
        } else if candidate.verdict == Verdict::Eligible {
            candidate.verdict = Verdict::Outranked;
        }
    }
}

/// The fields that rank a candidate; the smaller rank comes first.
fn rank(c: &Candidate) -> (bool, bool, bool, bool, usize) {
    (
        !c.is(Reason::DeclaredFixed),
        c.is(Reason::Loopback),
        c.reasons.is_weak(),
        c.is(Reason::LinkDown),
        c.position,
    )
}

/// The first field of the rank in which two candidates differ.
fn separation(a: &Candidate, b: &Candidate) -> Separation {
    let (a, b) = (rank(a), rank(b));
    if a.0 != b.0 {
        Separation::DeclaredFixed
    } else if a.1 != b.1 {
        Separation::Loopback
    } else if a.2 != b.2 {
        Separation::WeakEvidence
    } else if a.3 != b.3 {
        Separation::LinkState
    } else {
        Separation::KernelOrder
    }
}
