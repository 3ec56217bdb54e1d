//! Advice: settings that would make a decision certain, or lead to a choice.

use std::collections::BTreeSet;
use std::time::Duration;

use super::report::on_link;
use super::setting::{Setting, Spelling};
use super::settling::Settling;
use crate::rule::{
    About, Candidate, Decision, Declaration, Reason, ScopedAddr, Selector, Separation, Verdict,
    WhyNone,
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

/// The statement that the operator makes about an address. Nobody else can know it.
const OWN: &str = "if it is this host's own";

/// How many lines of advice a text has at the most, so that it fits a screen.
const SHOWN: usize = 20;

/// How long to wait for duplicate address detection.
const WAIT: Duration = Duration::from_secs(10);

impl Decision {
    /// The settings that would make an ambiguous decision certain, or lead to a choice.
    ///
    /// There is a setting for every address that is left, because only the operator knows which of
    /// them is this host's own. Any one of them settles the decision, and chooses that address.
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
    /// assert_eq!(advice[0].setting, Setting::Fixed("192.0.2.10/32".parse()?));
    /// assert_eq!(advice[1].setting, Setting::Fixed("192.0.2.20/32".parse()?));
    /// assert_eq!(advice[0].why, "if it is this host's own");
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
        let shown = advice.get(..SHOWN).unwrap_or(&advice);
        let mut text = self.introduce_advice(&advice) + &advice_lines(shown, spelling);
        let more = advice.len() - shown.len();
        if more > 0 {
            text.push_str(&format!(
                "    and {more} more, for the addresses below these\n"
            ));
        }
        Some(text)
    }

    fn introduce_advice(&self, advice: &[Advice]) -> String {
        if self.result.is_err() {
            return "What would change that:\n".to_owned();
        }
        let asked = |advice: &&Advice| matches!(advice.setting, Setting::Bindnetaddr(_));
        let declares = |advice: &&Advice| !matches!(advice.setting, Setting::Wait(_));
        let mut lines = advice.iter().filter(declares);
        let question = match (lines.next(), lines.count()) {
            (None, _) => "".to_owned(),
            (Some(only), 0) => match &only.setting {
                Setting::Fixed(net) => return format!("Is {} this host's own?\n", net.addr()),
                _ => return "What would settle it:\n".to_owned(),
            },
            // Two that are declared fixed are both this host's own.
            _ if advice.iter().all(|a| asked(&a)) => "Which of these is to be bound? ".to_owned(),
            (_, 1) => "Which of the two is this host's own? ".to_owned(),
            _ => "Which of these is this host's own? ".to_owned(),
        };
        let close = matches!(
            self.separated_by(),
            Some(Separation::WeakEvidence | Separation::KernelOrder)
        );
        let flap = match (self.first(), self.runner_up()) {
            // Across links the order does not depend on who came first.
            (Some(first), Some(other)) if close && first.link == other.link => {
                "A flap can swap them. "
            }
            _ => "",
        };
        format!("{question}{flap}Settle it with one of:\n")
    }

    /// For each address that is left, the setting to make if that one is this host's own. Any one of
    /// them settles the decision.
    fn how_to_make_certain(&self, separation: Separation) -> Vec<Advice> {
        let mut advice = self.settings_for(self.doubtful());
        let may_come = separation.may_pass() && !self.is_about_failed();
        if may_come || self.candidates.iter().any(Candidate::is_pending) {
            advice.push(self.wait());
        }
        advice
    }

    /// Whether another host has the address that is missed.
    fn is_about_failed(&self) -> bool {
        let Ok(About::Address(ip)) = self.result.map(|winner| winner.about) else {
            return false;
        };
        let mut entries = self.candidates.iter().filter(|c| c.ip == ip);
        entries.any(|c| c.is(Reason::Dadfailed))
    }

    /// The addresses among which the operator has to decide, one entry for each, in kernel order.
    fn doubtful(&self) -> Vec<&Candidate> {
        let Ok(winner) = self.result else {
            return Vec::new();
        };
        let named = self.candidates.iter().any(Candidate::is_exact);
        let only_exact = named && winner.separated_by != Some(Separation::Floating);
        let is_doubtful = |(at, c): &(usize, &Candidate)| {
            let is_left = matches!(c.verdict, Verdict::Outranked | Verdict::Eligible);
            let is_left = is_left && (c.is_exact() || !only_exact);
            is_left || *at == winner.at || winner.about == About::Candidate(*at)
        };
        let candidates = self.candidates.iter().enumerate();
        let mut seen = BTreeSet::new();
        candidates
            .filter(is_doubtful)
            .map(|(_, c)| c)
            .filter(|c| !c.is_unusable() && seen.insert(c.identity()))
            .collect()
    }

    /// To wait for an address that may come, or may be bound soon.
    fn wait(&self) -> Advice {
        let why = if self.candidates.iter().any(awaits_detection) {
            "duplicate address detection takes a second or two".to_owned()
        } else if let Ok(About::Address(ip)) = self.result.map(|winner| winner.about) {
            format!("{ip} may come")
        } else {
            "the remembered choice may come".to_owned()
        };
        Advice::new(Setting::Wait(WAIT), why)
    }

    fn how_to_get_one(&self, why: WhyNone) -> Vec<Advice> {
        let mut advice = match why {
            WhyNone::AllTurnedDown if !self.is_ours() => Vec::new(),
            WhyNone::AllTurnedDown | WhyNone::ExactUnusable => self.how_to_admit(),
            WhyNone::NoMatch => {
                let advice = |c: &Candidate| {
                    let why = format!("{c}{} matches it", on_link(c));
                    advise(Setting::bindnetaddr(self.bindnet_for(c)?), why)
                };
                let network = |c: &Candidate| {
                    let setting = Setting::Bindnetaddr(self.network_around(c)?);
                    Some(Advice::new(setting, "any address of this network"))
                };
                let nearest = self.nearest.iter();
                let networks = nearest.clone().filter_map(network);
                nearest.filter_map(advice).chain(networks).collect()
            }
            WhyNone::Refused => {
                let address = ScopedAddr::new(self.bindnet.ip(), None);
                let why = "the network without its prefix";
                advise(Setting::bindnetaddr(address), why)
                    .into_iter()
                    .collect()
            }
            WhyNone::NoSuchLink => {
                let link = self
                    .nearest
                    .iter()
                    .filter_map(|labelled| labelled.interface);
                let why = "the link of this label";
                link.map(|link| Advice::new(Setting::Interface(link), why))
                    .collect()
            }
            WhyNone::NoAddress | WhyNone::PreviousUnknown => Vec::new(),
        };
        if self.candidates.iter().any(awaits_detection) && self.is_ours() {
            advice.push(self.wait());
        }
        advice
    }

    /// For each usable candidate, the setting to make if it is this host's own.
    fn how_to_admit(&self) -> Vec<Advice> {
        let mut seen = BTreeSet::new();
        let usable = self.candidates.iter().filter(|c| !c.is_unusable());
        self.settings_for(usable.filter(|c| seen.insert(c.identity())))
    }

    fn settings_for<'a>(&self, each: impl IntoIterator<Item = &'a Candidate>) -> Vec<Advice> {
        let settling = Settling::of(self);
        let settings = each.into_iter().filter_map(|c| settling.on(c));
        let advice = settings.map(|setting| {
            let why = if matches!(setting, Setting::Bindnetaddr(_)) {
                "this address and no other"
            } else {
                OWN
            };
            Advice::new(setting, why)
        });
        advice.collect()
    }
}

/// Whether duplicate address detection of a candidate is not over.
fn awaits_detection(c: &Candidate) -> bool {
    c.is(Reason::Tentative) && !c.is(Reason::Dadfailed)
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
            Setting::Bindnetaddr(bindnet) => selector.with_bindnet(bindnet.clone()),
            Setting::Floating(net) => {
                selector.declare(*net, Declaration::Floating).ok()?;
                selector
            }
            Setting::Fixed(net) => {
                selector.declare(*net, Declaration::Fixed).ok()?;
                selector
            }
            Setting::Previous(address) => selector.previous(*address),
            Setting::Interface(name) => selector.interface((*name).into()),
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
