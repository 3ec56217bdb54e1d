//! The choice of Corosync in words.

use std::net::IpAddr;

use super::profile::Profile;
use super::walk::Walk;
use crate::explain::on_link;
use crate::rule::{Candidate, Decision, Match, OtherRule, Separation, WhyNone};
use crate::snapshot::{Family, is_link_local};

/// Describes a decision that Corosync's rule made.
pub(super) fn describe(decision: &Decision, profile: Profile, walk: Walk) -> OtherRule {
    let words = Words {
        decision,
        profile,
        wants_exact: decision.bindnet.ip().is_ipv6() && walk.wants_exact_v6(),
    };
    OtherRule {
        code: profile.to_string(),
        sentence: words.sentence(),
        warnings: words.warnings(),
        wants_exact: words.wants_exact,
    }
}

struct Words<'a> {
    decision: &'a Decision,
    profile: Profile,
    wants_exact: bool,
}

impl Words<'_> {
    /// One sentence: the address that Corosync takes and the reason, or why it finds nothing.
    fn sentence(&self) -> String {
        let corosync = self.profile.corosync();
        let Some(first) = self.decision.first() else {
            return format!("none: {}", self.why_none(&corosync));
        };
        let taken = format!("{first}{}: taken by {corosync}", on_link(first));
        let other = self.decision.runner_up().map(|other| {
            if other.ip() == first.ip() {
                format!("{}{}", other.ip(), on_link(other))
            } else {
                other.ip().to_string()
            }
        });
        let other = other.unwrap_or_default();
        let bindnet = self.decision.bindnet.ip();
        let reason = if first.ip() == bindnet {
            "you named it exactly".to_owned()
        } else {
            format!("you named the other end of its link, {bindnet}")
        };
        match self.decision.separated_by() {
            Some(Separation::Exact) => format!("{taken}: {reason}, and {other} is passed over."),
            Some(Separation::ReversedOrder) => {
                format!("{taken}, which walks the list from its end and meets it before {other}.")
            }
            Some(_) => format!("{taken}, which meets it in the list before {other}."),
            None if first.is_exact() => format!("{taken}: {reason}."),
            None => format!("{taken}, the only address that matches {bindnet}."),
        }
    }

    fn why_none(&self, corosync: &str) -> String {
        let ip = self.decision.bindnet.ip();
        let family = Family::of(ip);
        match self.decision.why_none() {
            Some(WhyNone::Refused) => format!(
                "{corosync} refuses {}: a bindnetaddr is an address without a prefix; write {ip}",
                self.decision.bindnet
            ),
            Some(WhyNone::NoSuchLink) => {
                let name = self.decision.interface.map(|name| name.to_string());
                format!(
                    "there is no link {} on this host (yet)",
                    name.unwrap_or_default()
                )
            }
            Some(WhyNone::NoAddress) => {
                format!("{corosync} finds no {family} address on this host")
            }
            Some(WhyNone::AllTurnedDown) => {
                format!("{corosync} skips every address that matches {ip}: each has a label")
            }
            _ if self.wants_exact => format!(
                "{corosync} finds no address {ip} on this host, and it does not look for networks \
                 of IPv6"
            ),
            _ => format!("{corosync} finds no address of this host that matches {ip}"),
        }
    }

    /// Sentences about Corosync's choice that the reader should know.
    fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let Profile::Corosync(Some(version)) = self.profile {
            warnings.extend(version.warning());
        }
        if let Some(zone) = self.decision.bindnet.zone() {
            warnings.push(format!(
                "Corosync drops the zone %{zone}: addresses of other links match, too."
            ));
        }
        let Some(first) = self.decision.first() else {
            return warnings;
        };
        let is_peer = first.local != first.ip;
        if is_peer {
            warnings.push(format!(
                "{} is the other end of {}, not an address of this host: bind(2) fails.",
                first.ip(),
                first
                    .interface()
                    .map_or("the link".to_owned(), |name| name.to_string()),
            ));
        }
        if first.is_unusable() {
            warnings.push(format!(
                "{} cannot be bound (yet), which Corosync does not ask: bind(2) fails.",
                first.ip()
            ));
        }
        if first.matched() == Some(Match::SameNetwork) {
            warnings.push(format!(
                "{} is not configured here; Corosync takes this address of the same network \
                 silently.",
                self.decision.bindnet.ip()
            ));
        }
        let scoped = is_link_local(first.ip()) && first.interface_index() != Some(2);
        if scoped && first.ip().is_ipv6() {
            warnings.push(format!(
                "Corosync binds a link-local address with scope id 2, whatever its link: it works \
                 on the link with index 2 only{}.",
                first
                    .interface_index()
                    .map_or(String::new(), |index| format!(", and this one has {index}")),
            ));
        }
        // The evidence is about the address of this host, not about the other end.
        if !is_peer {
            warnings.extend(self.decision.floating_warning(first));
        }
        warnings.extend(self.link_warning(first));
        warnings
    }

    /// Corosync's reaction to a link that carries nothing.
    fn link_warning(&self, first: &Candidate) -> Option<String> {
        let interface = first.interface()?;
        match (first.link_up, first.link_running) {
            (Some(false), _) => Some(format!(
                "{interface} is down: Corosync binds {} and looks again (udp), or exits (udpu).",
                localhost(first.ip())
            )),
            (Some(true), Some(false)) => Some(format!(
                "{interface} has no carrier: Corosync binds the address all the same, but nothing \
                 gets through."
            )),
            _ => None,
        }
    }
}

/// The address that Corosync binds if it finds nothing.
fn localhost(ip: IpAddr) -> &'static str {
    if ip.is_ipv4() { "127.0.0.1" } else { "::1" }
}
