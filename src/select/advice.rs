//! Advice: what would settle an ambiguous decision, or bring about a choice.

use super::decision::{Candidate, Decision, Separation, Verdict, WhyNone};
use super::evidence::Reason;
use super::report::{network_of, place};

/// What would settle an ambiguous decision, or bring about a choice.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Advice {
    /// The option of the examples that says it, or `bindnetaddr`.
    pub option: &'static str,
    /// The value to give it.
    pub value: String,
    /// What giving it means.
    pub why: String,
}

impl Decision {
    /// What would settle an ambiguous decision, or bring about a choice.
    ///
    /// ```
    /// use bindnet::{Address, Link, Selector, Snapshot};
    ///
    /// let host = Snapshot::new(
    ///     [Link::new(2, "eth0".parse()?)],
    ///     [Address::new("192.0.2.10/24".parse()?, 2), Address::new("192.0.2.20/24".parse()?, 2)],
    /// )?;
    /// let advice = Selector::new("192.0.2.0".parse()?).decide(&host).advice();
    /// assert_eq!((advice[0].option, advice[0].value.as_str()), ("--floating", "192.0.2.20"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn advice(&self) -> Vec<Advice> {
        match self.result {
            Ok(winner) => match winner.separated_by {
                Some(separation) if separation.is_ambiguous() => self.how_to_settle(separation),
                _ => Vec::new(),
            },
            Err(why) => self.how_to_get_one(why),
        }
    }

    /// The advice as lines, with the sentence that introduces it; empty if there is none.
    pub fn advice_text(&self) -> String {
        // The nearest miss says the same in its line.
        let nearest = self.why_none() == Some(WhyNone::NoMatch);
        let advice = if nearest { Vec::new() } else { self.advice() };
        let width = advice
            .iter()
            .map(|a| a.option.len() + 1 + a.value.chars().count())
            .max();
        let mut text = match width {
            None => return String::new(),
            Some(_) => self.introduce_advice(),
        };
        for Advice { option, value, why } in advice {
            let option = format!("{option} {value}");
            let width = width.unwrap_or(0);
            text.push_str(&format!("    {option:<width$}    {why}\n"));
        }
        text
    }

    fn introduce_advice(&self) -> String {
        let flap = match (self.first(), self.runner_up(), self.separated_by()) {
            (Some(first), Some(_), Some(Separation::WeakEvidence | Separation::KernelOrder)) => {
                format!("A flap of {} can swap the two. ", first.ip)
            }
            _ => String::new(),
        };
        match self.result {
            Ok(_) => format!("{flap}Settle it with one of:\n"),
            Err(_) => "What would change that:\n".to_owned(),
        }
    }

    fn how_to_settle(&self, separation: Separation) -> Vec<Advice> {
        let Some(first) = self.first() else {
            return Vec::new();
        };
        let previous = advise(
            "--previous",
            first.host_address().to_string(),
            "it is what the daemon was bound to",
        );
        let fixed = advise("--fixed", first.ip.to_string(), "it belongs to this host");
        match separation {
            Separation::SameNetwork => {
                let exactly = advise(
                    "bindnetaddr",
                    first.host_address().to_string(),
                    "this address and no other",
                );
                let network = "any address of this network";
                vec![exactly, advise("bindnetaddr", network_of(first), network)]
            }
            Separation::PreviousAbsent => vec![previous, fixed],
            _ => {
                let left = self.left_but(first);
                let link_local = first.identity().1.is_some();
                let mut advice = Vec::new();
                if let [only] = left.as_slice()
                    && only.ip != first.ip
                {
                    let only = only.ip.to_string();
                    advice.push(advise("--floating", only, "it is a cluster address"));
                }
                if !first.is(Reason::DeclaredFixed) && !link_local {
                    advice.push(fixed);
                }
                advice.push(previous);
                advice
            }
        }
    }

    /// One candidate for each address that is left besides the winner's.
    fn left_but(&self, first: &Candidate) -> Vec<&Candidate> {
        let is_left = |c: &&Candidate| matches!(c.verdict, Verdict::Outranked | Verdict::Eligible);
        let mut left: Vec<_> = self.candidates.iter().filter(is_left).collect();
        left.retain(|c| c.identity() != first.identity());
        left.sort_by_key(|c| c.identity());
        left.dedup_by_key(|c| c.identity());
        left
    }

    fn how_to_get_one(&self, why: WhyNone) -> Vec<Advice> {
        let floating = self
            .candidates
            .iter()
            .filter(|c| c.verdict == Verdict::Floating);
        let tentative = self
            .candidates
            .iter()
            .any(|c| c.is(Reason::Tentative) && !c.is(Reason::Dadfailed));
        let mut advice = Vec::new();
        match why {
            WhyNone::AllTurnedDown | WhyNone::ExactUnusable => {
                let declared = |c: &&Candidate| c.is(Reason::DeclaredFloating);
                if let Some(one) = floating.clone().find(|c| !declared(c)) {
                    let why = "it belongs to this host after all";
                    advice.push(advise("--fixed", one.ip.to_string(), why));
                }
                if let Some(rule) = floating.clone().flat_map(|c| c.reasons.inferred()).next() {
                    let why = "this evidence misleads on this host";
                    advice.push(advise("--no-rule", rule.code().to_owned(), why));
                }
                if why == WhyNone::ExactUnusable
                    && let Some(exact) = self.candidates.iter().find(|c| c.is_exact())
                    && self
                        .candidates
                        .iter()
                        .any(|c| c.verdict == Verdict::Eligible)
                {
                    let why = "any address of its network";
                    advice.push(advise("bindnetaddr", network_of(exact), why));
                }
                if tentative {
                    let why = "duplicate address detection takes a second or two";
                    advice.push(advise("--wait", "10".to_owned(), why));
                }
            }
            WhyNone::NoMatch => {
                if let Some(nearest) = &self.nearest {
                    let why = format!("{nearest}{} matches it", place(nearest));
                    advice.push(advise("bindnetaddr", network_of(nearest), &why));
                }
            }
            WhyNone::NoSuchLink | WhyNone::NoAddress | WhyNone::PreviousUnknown => {}
        }
        advice
    }
}

fn advise(option: &'static str, value: String, why: &str) -> Advice {
    let why = why.to_owned();
    Advice { option, value, why }
}
