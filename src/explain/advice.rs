//! Advice: what would settle an ambiguous decision, or bring about a choice.

use super::report::place;
use crate::rule::{
    Bindnet, Candidate, Decision, Declaration, HostAddress, Match, Reason, Selector, Separation,
    Verdict, WhyNone, parse_net,
};

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

impl Advice {
    /// Advice to give this option this value.
    pub fn new(option: &'static str, value: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            option,
            value: value.into(),
            why: why.into(),
        }
    }

    /// Whether the value can be given: an IPv4-mapped address may stand on a link, and is refused
    /// wherever an address is written.
    fn can_be_followed(&self) -> bool {
        let value = self.value.as_str();
        match self.option {
            "bindnetaddr" => value.parse::<Bindnet>().is_ok(),
            "--previous" => value.parse::<HostAddress>().is_ok(),
            "--floating" | "--fixed" => parse_net(value).is_ok(),
            _ => true,
        }
    }
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
        let mut advice = match self.result {
            Ok(winner) => match winner.separated_by {
                Some(separation) if winner.ambiguous => self.how_to_settle(separation),
                _ => Vec::new(),
            },
            Err(why) => self.how_to_get_one(why),
        };
        advice.retain(Advice::can_be_followed);
        advice
    }

    /// The advice as lines, with the sentence that introduces it; empty if there is none.
    pub fn advice_text(&self) -> String {
        // The nearest miss says the same in its line.
        let nearest = self.why_none() == Some(WhyNone::NoMatch);
        let advice = if nearest { Vec::new() } else { self.advice() };
        match advice.is_empty() {
            true => String::new(),
            false => self.introduce_advice() + &advice_lines(&advice),
        }
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

    fn how_to_settle(&self, separation: Separation) -> Vec<Advice> {
        let Some(first) = self.first() else {
            return Vec::new();
        };
        let exactly = first.host_address().to_string();
        let previous = |why| Advice::new("--previous", exactly.as_str(), why);
        let fixed = Advice::new("--fixed", first.ip.to_string(), "it belongs to this host");
        let guess = first.matched == Some(Match::SameNetwork);
        if guess || first.is_exact() {
            let mut advice = vec![Advice::new(
                "bindnetaddr",
                exactly,
                "this address and no other",
            )];
            if guess {
                let why = "any address of this network";
                advice.push(Advice::new("bindnetaddr", self.network_of(first), why));
            }
            return advice;
        }
        let left = self.left_but(first);
        // Declared fixed are all that share the address, on other links, too.
        let alone = |c: &Candidate| c.ip != first.ip || c.identity() == first.identity();
        let fixed = (!first.is(Reason::DeclaredFixed) && self.candidates.iter().all(alone))
            .then_some(fixed);
        let mut advice = Vec::new();
        if separation == Separation::PreviousAbsent {
            advice.push(previous("let the daemon move to it"));
            advice.extend(fixed);
            return advice;
        }
        let is_close =
            |c: &Candidate| self.runner_up().map(Candidate::identity) == Some(c.identity());
        if let [other] = left.as_slice()
            && is_close(other)
            && other.ip != first.ip
            && !other.is(Reason::DeclaredFixed)
        {
            let other = other.ip.to_string();
            advice.push(Advice::new("--floating", other, "it is a cluster address"));
        }
        advice.extend(fixed);
        advice.push(previous("it is what the daemon was bound to"));
        advice
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
        let mut advice = match why {
            WhyNone::AllTurnedDown if !self.is_ours() => Vec::new(),
            WhyNone::AllTurnedDown => self.how_to_admit(),
            WhyNone::ExactUnusable => {
                let other = self
                    .candidates
                    .iter()
                    .find(|c| c.verdict == Verdict::Eligible);
                let network = |c| {
                    Advice::new(
                        "bindnetaddr",
                        self.network_of(c),
                        "any address of its network",
                    )
                };
                other.map(network).into_iter().collect()
            }
            WhyNone::NoMatch => {
                let advice = |c: &Candidate| {
                    let why = format!("{c}{} matches it", place(c));
                    Some(Advice::new("bindnetaddr", self.bindnet_for(c)?, why))
                };
                self.nearest.iter().filter_map(advice).collect()
            }
            WhyNone::Refused => {
                let ip = self.bindnet.ip().to_string();
                vec![Advice::new(
                    "bindnetaddr",
                    ip,
                    "the network without its prefix",
                )]
            }
            WhyNone::NoSuchLink | WhyNone::NoAddress | WhyNone::PreviousUnknown => Vec::new(),
        };
        let waits = |c: &Candidate| c.is(Reason::Tentative) && !c.is(Reason::Dadfailed);
        if self.candidates.iter().any(waits) && self.is_ours() {
            let why = "duplicate address detection takes a second or two";
            advice.push(Advice::new("--wait", "10".to_owned(), why));
        }
        advice
    }

    /// What would let one of the floating candidates in.
    fn how_to_admit(&self) -> Vec<Advice> {
        let floating =
            |c: &&Candidate| c.verdict == Verdict::Floating && !c.is(Reason::DeclaredFloating);
        let floating = self.candidates.iter().filter(floating);
        let mut advice = Vec::new();
        if let Some(one) = floating.clone().next() {
            let why = "it belongs to this host after all";
            advice.push(Advice::new("--fixed", one.ip.to_string(), why));
        }
        let only_reason = |c: &Candidate| {
            let mut reasons = c.reasons.inferred();
            reasons.next().filter(|_| reasons.next().is_none())
        };
        if let Some(rule) = floating.clone().find_map(only_reason) {
            let why = "this evidence misleads on this host";
            advice.push(Advice::new("--no-rule", rule.code().to_owned(), why));
        }
        advice
    }
}

impl Selector {
    /// The selector of who follows a piece of advice; `None` where it cannot be followed.
    pub(crate) fn following(&self, advice: &Advice) -> Option<Self> {
        let value = advice.value.as_str();
        let declared = |declaration| {
            let mut selector = self.clone();
            let net = parse_net(value).ok()?;
            selector.declare(net, declaration).ok()?;
            Some(selector)
        };
        match advice.option {
            "--floating" => declared(Declaration::Floating),
            "--fixed" => declared(Declaration::Fixed),
            "--previous" => Some(self.clone().previous(value.parse().ok()?)),
            "--interface" => Some(self.clone().interface(value.parse().ok()?)),
            "bindnetaddr" => Some(self.clone().with_bindnet(value.parse().ok()?)),
            _ => None,
        }
    }
}

/// Each piece of advice as a line, the reasons one below the other.
pub(crate) fn advice_lines(advice: &[Advice]) -> String {
    let given = |a: &Advice| format!("{} {}", a.option, a.value);
    let width = advice.iter().map(|a| given(a).chars().count()).max();
    let width = width.unwrap_or(0);
    let line = |a: &Advice| format!("    {:<width$}    {}\n", given(a), a.why);
    advice.iter().map(line).collect()
}
