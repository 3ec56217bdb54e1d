//! A broken law in words: the events, and the host.

use std::fmt;
use std::net::IpAddr;

use super::law::Law;
use crate::rule::{Decision, Selector};
use crate::snapshot::Snapshot;
use crate::testing::commands;
use crate::testing::picker::{Picker, remembering};
use crate::testing::strategies::Step;

/// A law that does not hold, with the case in which it does not.
#[derive(Clone, Debug)]
pub struct Violation {
    law: Law,
    what: String,
    trials: Vec<Trial>,
    history: Option<Box<(Snapshot, String)>>,
}

impl Violation {
    pub(super) fn new(law: Law, what: impl Into<String>, trials: impl Into<Vec<Trial>>) -> Self {
        Self {
            law,
            what: what.into(),
            trials: trials.into(),
            history: None,
        }
    }

    /// With what happened to a host before.
    pub(super) fn after<'a>(
        mut self,
        start: Snapshot,
        steps: impl Iterator<Item = &'a Step>,
    ) -> Self {
        let steps: Vec<String> = steps.map(|step| format!("{step}\n")).collect();
        self.history = Some(Box::new((start, steps.concat())));
        self
    }

    /// The law.
    pub fn law(&self) -> Law {
        self.law
    }

    /// The hosts, and the picked address of each.
    pub fn picks(&self) -> impl Iterator<Item = (&Snapshot, Option<IpAddr>)> {
        self.trials.iter().map(|trial| (&trial.host, trial.ip))
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} is broken: {}", self.law, self.what)?;
        writeln!(f, "The law: {}", self.law.sentence())?;
        self.trials
            .iter()
            .try_for_each(|trial| write!(f, "\n{trial}"))?;
        match self.history.as_deref() {
            Some((_, steps)) if steps.is_empty() => {
                writeln!(f, "\nNothing has happened to the host.")
            }
            Some((start, steps)) => {
                let made = commands::for_host(start);
                let json = start.to_json();
                writeln!(f, "\nWhat had happened:\n{steps}to this host:\n{json}")?;
                write!(f, "As commands:\n{made}")
            }
            None => Ok(()),
        }
    }
}

/// A question to a picker, and its answer.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    /// The special fact of the host: `with the floating address`.
    what: &'static str,
    pub host: Snapshot,
    previous: Option<IpAddr>,
    pub ip: Option<IpAddr>,
    /// The decision, if a selector picked.
    pub decision: Option<Decision>,
    selector: Selector,
}

impl Trial {
    /// Asks a picker.
    pub fn of(
        picker: &dyn Picker,
        what: &'static str,
        host: &Snapshot,
        previous: Option<IpAddr>,
    ) -> Self {
        let decision = picker.decision(host, previous);
        let ip = match &decision {
            Some(decision) => decision.chosen().map(|chosen| chosen.ip()),
            None => picker.pick(host, previous),
        };
        Self {
            what,
            host: host.clone(),
            previous,
            ip,
            decision,
            selector: picker.selector().clone(),
        }
    }

    /// The choice. If a selector decided, also its link (if that counts), and whether it was close.
    pub fn choice(&self) -> (Option<IpAddr>, Option<(u32, bool)>) {
        let more = self.decision.as_ref().map(|decision| {
            let scope_id = decision.chosen().map_or(0, |chosen| chosen.scope_id());
            (scope_id, decision.is_ambiguous())
        });
        (self.ip, more)
    }

    /// The choice with its link, if that counts. A strict selector that is not sure has one, too.
    pub fn first(&self) -> Option<(IpAddr, u32)> {
        match &self.decision {
            Some(decision) => decision.first().map(|first| (first.ip(), first.scope_id())),
            None => self.ip.map(|ip| (ip, 0)),
        }
    }

    /// The decision, or that of our own rule about the same case if a function picked.
    pub fn judged(&self) -> Decision {
        let ours = || remembering(&self.selector, self.previous).decide(&self.host);
        self.decision.clone().unwrap_or_else(ours)
    }

    /// Whether the choice of another trial is still this one. A function that asks strictly picks nothing
    /// if the decision has become ambiguous.
    pub fn keeps_choice_of(&self, before: &Self) -> bool {
        let refuses = self.decision.is_none() && self.ip.is_none() && self.selector.strict;
        self.first() == before.first() || refuses && self.judged().is_ambiguous()
    }
}

impl fmt::Display for Trial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let picked = match self.ip {
            Some(ip) => ip.to_string(),
            None => "nothing".to_owned(),
        };
        write!(f, "== {}: picks {picked}", self.what)?;
        match self.previous {
            Some(previous) => writeln!(f, " ({previous} was remembered)")?,
            None => writeln!(f)?,
        }
        match &self.decision {
            Some(decision) => writeln!(f, "{decision:#}")?,
            None => {
                let ours = remembering(&self.selector, self.previous).decide(&self.host);
                writeln!(f, "bindnet says:\n{ours:#}")?;
            }
        }
        let (json, commands) = (self.host.to_json(), commands::for_host(&self.host));
        writeln!(f, "As a snapshot in JSON:\n{json}")?;
        write!(f, "As commands:\n{commands}")
    }
}
