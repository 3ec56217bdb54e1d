//! Advice: settings that would make a decision certain, or lead to a choice.

use std::time::Duration;

use super::report::on_link;
use super::setting::{Setting, Spelling};
use crate::rule::{
    Candidate, Decision, Declaration, Evidence, Match, Reason, ScopedAddr, Selector, Separation,
    Verdict, WhyNone,
};

/// A setting that would make an ambiguous decision certain, or lead to a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// The setting.
    pub setting: Setting,
    /// The statement that the operator makes by it.
    pub why: String,
}

impl Advice {
    /// Advice to set this.
    pub fn new(setting: Setting, why: impl Into<String>) -> Self {
        let why = why.into();
        Self { setting, why }
    }
}

/// How long to wait for duplicate address detection.
const WAIT: Duration = Duration::from_secs(10);

impl Decision {
    /// The settings that would make an ambiguous decision certain, or lead to a choice.
    ///
    /// ```
    /// use bindnet::explain::Setting;
    /// use bindnet::{Address, Link, Selector, Snapshot};
    ///
    /// let host = Snapshot::new(
    ///     [Link::new(2, "eth0".parse()?)],
    ///     [Address::new("192.0.2.10/24".parse()?, 2), Address::new("192.0.2.20/24".parse()?, 2)],
    /// )?;
    /// let advice = Selector::new("192.0.2.0".parse()?).decide(&host).advice();
    /// assert_eq!(advice[0].setting, Setting::Floating("192.0.2.20/32".parse()?));
    /// assert_eq!(advice[0].why, "it is a cluster address");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn advice(&self) -> Vec<Advice> {
        match self.result {
            Ok(winner) => match winner.separated_by {
                Some(separation) if winner.ambiguous => self.how_to_make_certain(separation),
                _ => Vec::new(),
            },
            Err(why) => self.how_to_get_one(why),
        }
    }

    /// The advice as lines, with the sentence that introduces it.
    pub(super) fn advice_text(&self, spelling: Spelling) -> Option<String> {
        // The line about the nearest miss gives the same advice.
        let nearest = self.why_none() == Some(WhyNone::NoMatch);
        let advice = if nearest { Vec::new() } else { self.advice() };
        if advice.is_empty() {
            return None;
        }
        Some(self.introduce_advice() + &advice_lines(&advice, spelling))
    }

    fn introduce_advice(&self) -> String {
        let close = matches!(
            self.separated_by(),
            Some(Separation::WeakEvidence | Separation::KernelOrder)
        );
        let flap = match (self.first(), self.runner_up()) {
            // Across links the order does not depend on who came first.
            (Some(first), Some(other)) if close && first.link == other.link => {
                format!("A flap of {} can swap the two. ", first.ip)
            }
            _ => String::new(),
        };
        match self.result {
            Ok(_) => format!("{flap}Settle it with one of:\n"),
            Err(_) => "What would change that:\n".to_owned(),
        }
    }

    fn how_to_make_certain(&self, separation: Separation) -> Vec<Advice> {
        let Some(first) = self.first() else {
            return Vec::new();
        };
        let exactly = first.scoped_addr();
        let previous = |why| advise(Setting::previous(exactly), why);
        let guess = first.matched == Some(Match::SameNetwork);
        if guess || first.is_exact() {
            let this = advise(Setting::bindnetaddr(exactly), "this address and no other");
            let network = || {
                let network = Setting::bindnetaddr(self.network_of(first));
                advise(network, "any address of this network")
            };
            let network = if guess { network() } else { None };
            return this.into_iter().chain(network).collect();
        }
        let others = self.other_addresses(first);
        // A declaration applies to the address on every link, so it cannot choose between links.
        let alone = |c: &Candidate| c.ip != first.ip || c.identity() == first.identity();
        let fixed = advise(Setting::fixed(first.ip), "it belongs to this host");
        let fixed =
            fixed.filter(|_| !first.is(Reason::DeclaredFixed) && self.candidates.iter().all(alone));
        if separation == Separation::PreviousAbsent {
            let previous = previous("let the daemon move to it");
            return previous.into_iter().chain(fixed).collect();
        }
        let mut advice = Vec::new();
        let is_close =
            |c: &Candidate| self.runner_up().map(Candidate::identity) == Some(c.identity());
        if let [other] = others.as_slice()
            && is_close(other)
            && other.ip != first.ip
            && !other.is(Reason::DeclaredFixed)
        {
            advice.extend(advise(
                Setting::floating(other.ip),
                "it is a cluster address",
            ));
        }
        advice.extend(fixed);
        advice.extend(previous("it is what the daemon was bound to"));
        advice
    }

    /// One candidate for each address that qualifies, except the winner's.
    fn other_addresses(&self, first: &Candidate) -> Vec<&Candidate> {
        let qualifies =
            |c: &&Candidate| matches!(c.verdict, Verdict::Outranked | Verdict::Eligible);
        let mut others: Vec<_> = self.candidates.iter().filter(qualifies).collect();
        others.retain(|c| c.identity() != first.identity());
        others.sort_by_key(|c| c.identity());
        others.dedup_by_key(|c| c.identity());
        others
    }

    fn how_to_get_one(&self, why: WhyNone) -> Vec<Advice> {
        let mut advice = match why {
            WhyNone::AllTurnedDown if !self.is_ours() => Vec::new(),
            WhyNone::AllTurnedDown => self.how_to_admit(),
            WhyNone::ExactUnusable => {
                let other = self
                    .candidates
                    .iter()
                    .find(|c| c.verdict == Verdict::Eligible);
                let network = |c| {
                    let network = Setting::bindnetaddr(self.network_of(c));
                    advise(network, "any address of its network")
                };
                other.and_then(network).into_iter().collect()
            }
            WhyNone::NoMatch => {
                let advice = |c: &Candidate| {
                    let why = format!("{c}{} matches it", on_link(c));
                    advise(Setting::bindnetaddr(self.bindnet_for(c)?), why)
                };
                self.nearest.iter().filter_map(advice).collect()
            }
            WhyNone::Refused => {
                let address = ScopedAddr::new(self.bindnet.ip(), None);
                let why = "the network without its prefix";
                advise(Setting::bindnetaddr(address), why)
                    .into_iter()
                    .collect()
            }
            WhyNone::NoSuchLink | WhyNone::NoAddress | WhyNone::PreviousUnknown => Vec::new(),
        };
        let waits = |c: &Candidate| c.is(Reason::Tentative) && !c.is(Reason::Dadfailed);
        if self.candidates.iter().any(waits) && self.is_ours() {
            let why = "duplicate address detection takes a second or two";
            advice.push(Advice::new(Setting::Wait(WAIT), why));
        }
        advice
    }

    /// Settings that would admit one of the floating candidates.
    fn how_to_admit(&self) -> Vec<Advice> {
        let floating =
            |c: &&Candidate| c.verdict == Verdict::Floating && !c.is(Reason::DeclaredFloating);
        let floating = self.candidates.iter().filter(floating);
        let mut advice = Vec::new();
        if let Some(one) = floating.clone().next() {
            let why = "it belongs to this host after all";
            advice.extend(advise(Setting::fixed(one.ip), why));
        }
        let only_reason = |c: &Candidate| {
            let mut reasons = c.reasons.inferred();
            reasons.next().filter(|_| reasons.next().is_none())
        };
        if let Some(rule) = floating
            .clone()
            .find_map(only_reason)
            .and_then(Evidence::of)
        {
            let why = "this evidence misleads on this host";
            advice.push(Advice::new(Setting::NoRule(rule), why));
        }
        advice
    }
}

/// Advice to set this, if it can be set.
fn advise(setting: Option<Setting>, why: impl Into<String>) -> Option<Advice> {
    Some(Advice::new(setting?, why))
}

impl Selector {
    /// The selector after following a piece of advice. `None` if an address were on both lists then, or if
    /// the advice is to wait.
    pub(crate) fn following(&self, setting: &Setting) -> Option<Self> {
        let mut selector = self.clone();
        Some(match setting {
            Setting::Bindnetaddr(bindnet) => selector.with_bindnet(*bindnet),
            Setting::Floating(net) => {
                selector.declare(*net, Declaration::Floating).ok()?;
                selector
            }
            Setting::Fixed(net) => {
                selector.declare(*net, Declaration::Fixed).ok()?;
                selector
            }
            Setting::Previous(address) => selector.previous(*address),
            Setting::Interface(name) => selector.interface(*name),
            Setting::NoRule(rule) => selector.without([*rule]),
            Setting::Wait(_) => return None,
        })
    }
}

/// Each piece of advice as a line, with the reasons aligned.
pub(crate) fn advice_lines(advice: &[Advice], spelling: Spelling) -> String {
    let settings: Vec<_> = advice.iter().map(|a| spelling.of(&a.setting)).collect();
    let width = settings.iter().map(|text| text.chars().count()).max();
    let width = width.unwrap_or(0);
    let lines = settings.iter().zip(advice);
    let line = |(text, a): (&String, &Advice)| format!("    {text:<width$}    {}\n", a.why);
    lines.map(line).collect()
}
