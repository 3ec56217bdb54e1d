//! The sentence of a decision, and more about a decision without a choice.

use std::fmt;
use std::net::IpAddr;

use crate::rule::{
    BindnetAddr, Candidate, Decision, Outcome, Reason, ScopedAddr, Separation, Verdict, WhyNone,
    Zone, may_match,
};
use crate::snapshot::Family;

impl fmt::Display for Candidate {
    /// The address with its prefix length.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.ip, self.netmask)
    }
}

impl Decision {
    /// More about why there is no choice.
    pub(crate) fn detail(&self) -> Option<String> {
        match (self.result, &self.nearest) {
            (Err(WhyNone::NoMatch), Some(nearest)) => {
                let family = Family::of(self.bindnet.ip());
                let (count, s) = (self.seen, if self.seen == 1 { "" } else { "es" });
                let network = self.network_around(nearest);
                let or = network.map(|network| format!(" or \"{network}\""));
                let or = or.unwrap_or_default();
                let would = self
                    .bindnet_for(nearest)
                    .map(|text| format!("; \"{text}\"{or} would match it"));
                let would = would.unwrap_or_default();
                let on_link = on_link(nearest);
                let but = match self.looks_floating(nearest) {
                    Some(floating) => format!(", but it {floating}"),
                    None => String::new(),
                };
                let line = format!("nearest of {count} {family} address{s}: {nearest}{on_link}");
                Some(format!("{line}{would}{but}"))
            }
            (Err(WhyNone::AllTurnedDown), _)
                if self
                    .candidates
                    .iter()
                    .any(|c| c.is(Reason::DeclaredFloating)) =>
            {
                let line = "an address that is declared floating is never chosen for a network: \
                            take it off the list, or, if a network is declared, declare the address \
                            fixed";
                Some(line.to_owned())
            }
            _ => None,
        }
    }

    /// The network of an address as a bindnetaddr, or the address if its network does not match it: on the
    /// link that was named, or on the address's own link if it is link-local.
    pub(crate) fn network_of(&self, candidate: &Candidate) -> ScopedAddr {
        let network = candidate.netmask.network(candidate.ip);
        // Our rule matches a loopback or link-local address only from inside its special network.
        let matches =
            |network: &IpAddr| !self.is_ours() || may_match(&(*network).into(), candidate.ip);
        let network = network.filter(matches).unwrap_or(candidate.ip);
        let own = candidate
            .interface
            .filter(|_| candidate.identity().1.is_some());
        let zone = self.bindnet.zone().or(own.map(Zone::from));
        ScopedAddr::new(network, zone)
    }

    /// The same, unless it is no bindnetaddr: IPv4-mapped, for instance.
    pub(crate) fn bindnet_for(&self, candidate: &Candidate) -> Option<ScopedAddr> {
        let wants_exact = self.made_by.as_ref().is_some_and(|rule| rule.wants_exact);
        let network = if wants_exact {
            candidate.ip
        } else {
            candidate.netmask.network(candidate.ip)?
        };
        BindnetAddr::try_from(network)
            .ok()
            .map(|_| self.network_of(candidate))
    }

    /// One sentence: the choice and the reason for it, or the reason why there is none.
    pub(super) fn sentence(&self) -> String {
        if let Some(rule) = &self.made_by {
            return rule.sentence.clone();
        }
        let Some(first) = self.first() else {
            return format!("none: {}", self.why_none_text());
        };
        let (on_link, why) = (on_link(first), self.why_first(first));
        if self.outcome() == Outcome::Ambiguous {
            format!("none: AMBIGUOUS; {first}{on_link} would be it: {why}")
        } else if self.is_ambiguous() {
            format!("{first}{on_link}: AMBIGUOUS; {why}")
        } else {
            format!("{first}{on_link}: {why}")
        }
    }

    fn why_first(&self, first: &Candidate) -> String {
        let other = self
            .runner_up()
            .map(|other| self.distinct_name(other, first))
            .unwrap_or_default();
        match self.separated_by() {
            Some(Separation::PreviousAbsent) => format!("{}.", self.previous_absent()),
            Some(Separation::SameNetwork) => self.same_network(),
            Some(Separation::Previous) => self.kept(first),
            Some(Separation::DeclaredFixed) => {
                format!(
                    "the only address of {} declared fixed.",
                    self.network(first)
                )
            }
            Some(Separation::WeakEvidence) => {
                format!("first only because there is weak evidence against {other}.")
            }
            Some(Separation::Loopback) => {
                format!("first only because {other} is on a loopback link.")
            }
            Some(Separation::LinkState) => {
                format!("first only because the link of {other} is down.")
            }
            Some(Separation::Lease) => {
                format!("first only because it is leased and {other} is not.")
            }
            Some(Separation::Port) => {
                format!("first only because {other} is on a port of a bridge or a bond.")
            }
            Some(Separation::FixedAbsent) => self.fixed_absent(),
            Some(Separation::Pending) => self.pending(first),
            Some(Separation::Floating) => {
                let floating = self.looks_floating(first).unwrap_or_default();
                format!("you named it exactly, but it {floating}.")
            }
            Some(Separation::SkippedFirst) => self.skipped_first(first),
            Some(Separation::EvidenceAgainst) => self.evidence_against(first),
            // The last two belong to Corosync's rule.
            Some(Separation::KernelOrder | Separation::Exact | Separation::ReversedOrder) => {
                format!("first only because the kernel lists it before {other}.")
            }
            None if first.is_exact() => "you named it exactly.".to_owned(),
            None if first.is(Reason::Previous) => self.kept(first),
            None => self.alone(first),
        }
    }

    /// The reason if no other address qualifies.
    fn alone(&self, first: &Candidate) -> String {
        let is_other = |c: &&Candidate| c.identity() != first.identity();
        let others = self.candidates.iter().filter(is_other);
        let floating = others.clone().any(|c| c.verdict == Verdict::Floating);
        let unusable = others.clone().any(|c| c.verdict == Verdict::Unusable);
        let that = match (floating, unusable) {
            (false, false) => "",
            (true, false) => " that is not floating",
            (false, true) => " that can be bound",
            (true, true) => " that is not floating and can be bound",
        };
        format!("the only address of {} here{that}.", self.network(first))
    }

    fn kept(&self, first: &Candidate) -> String {
        match self.looks_floating(first) {
            Some(floating) => format!("the remembered choice, kept although it {floating}."),
            None => "the remembered choice, still here.".to_owned(),
        }
    }

    pub(crate) fn same_network(&self) -> String {
        let bindnet = &self.bindnet;
        let others = self
            .candidates
            .iter()
            .filter(|c| c.verdict != Verdict::Unusable)
            .count()
            > 1;
        let article = if others { "an" } else { "the" };
        format!("{bindnet} is not configured here, this is {article} address of the same network.")
    }

    pub(crate) fn previous_absent(&self) -> String {
        let Some(previous) = self.previous else {
            return String::new();
        };
        let there = self.candidates.iter().find(|c| c.is(Reason::Previous));
        match there {
            Some(candidate) => {
                format!(
                    "the remembered choice {previous} is here but {}",
                    unusable(candidate)
                )
            }
            None => {
                format!("the remembered choice {previous} is not among the addresses that match")
            }
        }
    }

    fn why_none_text(&self) -> String {
        let (bindnet, family) = (&self.bindnet, Family::of(self.bindnet.ip()));
        let here = match self.restriction() {
            Some(link) => format!("on {link}"),
            None => "of this host".to_owned(),
        };
        match self.result.err() {
            Some(WhyNone::NoSuchLink) if self.nearest.is_some() => {
                let label = self.interface.map(|name| name.to_string());
                let label = label.unwrap_or_default();
                let labelled = self.nearest.as_ref();
                let address = labelled.map(|c| format!("{c}{}", on_link(c)));
                let address = address.unwrap_or_default();
                format!("{label} is no link, but the label of {address}")
            }
            Some(WhyNone::NoSuchLink) => {
                let link = self.restriction().unwrap_or_default();
                format!("there is no link {link} on this host (yet)")
            }
            Some(WhyNone::NoAddress) => format!("no {family} address {here}"),
            Some(WhyNone::NoMatch) => match bindnet.networks() {
                [] => format!("no address {here} is in the network of {bindnet}"),
                [_] if bindnet.names(bindnet.ip()) => {
                    format!("no address {here} is {}", bindnet.ip())
                }
                _ => {
                    let except = self.except();
                    format!("no address {here} is in {bindnet}{except}")
                }
            },
            Some(WhyNone::ExactUnusable) => {
                let exact = self.candidates.iter().find(|c| c.is_exact());
                let why = exact.map(unusable).unwrap_or_default();
                let ip = exact.map_or(bindnet.ip(), |exact| exact.ip);
                format!("{ip} is here but {why}")
            }
            Some(WhyNone::PreviousUnknown) => {
                let previous = self.previous.map(|previous| previous.to_string());
                let previous = previous.unwrap_or_default();
                format!(
                    "the list of addresses is interrupted, so that it proves nothing that the \
                     remembered choice {previous} is not among those that match; read it again"
                )
            }
            Some(WhyNone::AllTurnedDown | WhyNone::Refused) | None => self.all_rejected(),
        }
    }

    /// The addresses inside the network that it does not match.
    fn except(&self) -> &'static str {
        let is_inside = |nearest: &Candidate| self.bindnet.contains(nearest.ip);
        match &self.nearest {
            Some(nearest) if is_inside(nearest) && nearest.ip.is_ipv4() => {
                ", except loopback addresses"
            }
            Some(nearest) if is_inside(nearest) => ", except loopback and link-local addresses",
            _ => "",
        }
    }

    fn count(&self, verdict: Verdict) -> usize {
        let candidates = self.candidates.iter();
        candidates.filter(|c| c.verdict == verdict).count()
    }

    fn all_rejected(&self) -> String {
        let bindnet = &self.bindnet;
        let (floating, unusable_ones) =
            (self.count(Verdict::Floating), self.count(Verdict::Unusable));
        match (self.candidates.as_slice(), floating, unusable_ones) {
            ([one], 1, _) => {
                let floating = self.looks_floating(one).unwrap_or_default();
                format!(
                    "{one}{}, the only address that matches {bindnet}, {floating}",
                    on_link(one)
                )
            }
            ([one], _, _) => {
                let why = unusable(one);
                format!(
                    "{one}{}, the only address that matches {bindnet}, {why}",
                    on_link(one)
                )
            }
            (_, all, 0) => format!("all {all} addresses that match {bindnet} are floating"),
            (_, 0, all) => format!("none of the {all} addresses that match {bindnet} can be bound"),
            (_, floating, unusable) => format!(
                "none of the addresses that match {bindnet} is left: {floating} floating, \
                 {unusable} not to be bound (yet)"
            ),
        }
    }

    /// The evidence that makes an address floating, in words; `None` if there is none.
    pub(crate) fn looks_floating(&self, candidate: &Candidate) -> Option<String> {
        if !candidate.reasons.is_floating() {
            return None;
        }
        if candidate.is(Reason::DeclaredFloating) {
            return Some("is declared floating".to_owned());
        }
        let evidence: Vec<_> = candidate
            .reasons
            .inferred()
            .map(|reason| match (reason, candidate.label) {
                (Reason::Label, Some(label)) => format!("label {label}"),
                (reason, _) => reason.code().to_owned(),
            })
            .collect();
        Some(format!("looks floating ({})", evidence.join(", ")))
    }

    /// The network that the winner is the only address of.
    fn network(&self, first: &Candidate) -> String {
        if !self.bindnet.networks().is_empty() {
            return self.bindnet.to_string();
        }
        let network = first.netmask.network(first.ip).unwrap_or(first.ip);
        format!("{network}/{}", first.netmask)
    }

    /// A candidate, with its link if it has the same address as the winner.
    pub(super) fn distinct_name(&self, other: &Candidate, first: &Candidate) -> String {
        let on_link = if other.ip == first.ip {
            on_link(other)
        } else {
            String::new()
        };
        format!("{}{on_link}", other.ip)
    }

    fn restriction(&self) -> Option<String> {
        let zone = self.bindnet.zone().map(|zone| zone.to_string());
        let interface = self.interface.map(|name| name.to_string());
        match (interface, zone) {
            (Some(a), Some(b)) if a != b => Some(format!("that is both {a} and {b}")),
            (a, b) => a.or(b),
        }
    }
}

/// ` on eth0`, or nothing if the link is not known.
pub(crate) fn on_link(candidate: &Candidate) -> String {
    candidate
        .interface
        .map(|name| format!(" on {name}"))
        .unwrap_or_default()
}

/// Says that bind(2) would fail, and why.
fn unusable(candidate: &Candidate) -> String {
    let yet = if candidate.is(Reason::Dadfailed) {
        ""
    } else {
        " yet"
    };
    format!("cannot be bound{yet}: {}", why_unusable(candidate))
}

/// Why bind(2) would fail.
pub(crate) fn why_unusable(candidate: &Candidate) -> &'static str {
    if candidate.is(Reason::Dadfailed) {
        "another host has it (dadfailed)"
    } else {
        "duplicate address detection is not over (tentative)"
    }
}
