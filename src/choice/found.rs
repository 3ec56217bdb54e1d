//! Looks for the chosen address in a snapshot.

use std::net::IpAddr;

use crate::rule::{Candidate, Candidates, Decide, Restriction, Selector, View};
use crate::snapshot::{Snapshot, is_link_local};

/// The state of the chosen address in a snapshot.
pub(super) enum Found {
    /// It is here.
    Here(Candidate),
    /// It is here on a new link of the same name: a socket bound to the old link is dead.
    OtherLink(Candidate),
    /// It is here, and bind(2) would fail.
    Unusable(Candidate),
    /// It is not here.
    Absent,
}

/// The entries of an address on any link, whether they match or not.
pub(super) fn entries_of(selector: &Selector, host: &Snapshot, ip: IpAddr) -> Candidates {
    match ip {
        IpAddr::V4(ip) => {
            View::new(host, &host.v4, Restriction::None).entries_of(selector, ip.to_bits())
        }
        IpAddr::V6(ip) => {
            View::new(host, &host.v6, Restriction::None).entries_of(selector, ip.to_bits())
        }
    }
}

/// Looks for the chosen address: its own entry first, or else an entry that can be bound.
pub(super) fn find(current: &Candidate, rule: &impl Decide, host: &Snapshot) -> Found {
    let link_local = is_link_local(current.ip);
    let restriction = rule.needs().restriction(host);
    let anywhere = restriction == Restriction::None && !link_local;
    let mut entries = entries_of(rule.selector(), host, current.ip);
    let admitted = |link| anywhere || link == current.link || restriction.admits_only(link);
    let on_same_name = |c: &Candidate| c.interface.is_some() && c.interface == current.interface;
    entries.retain(|c| admitted(c.link) || on_same_name(c));
    entries.sort_by_key(|c| (c.link != current.link, !admitted(c.link)));
    let usable = entries.iter().find(|c| !c.is_unusable());
    match (usable, entries.first()) {
        (Some(found), _) if link_local && found.link != current.link => {
            Found::OtherLink(found.clone())
        }
        (Some(found), _) => Found::Here(found.clone()),
        (None, Some(found)) => Found::Unusable(found.clone()),
        (None, None) => Found::Absent,
    }
}
