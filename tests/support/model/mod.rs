//! A naive model of the rule: a transliteration of DESIGN.md's eight steps that is as slow and as
//! literal as can be, to compare the library with. It shares no code with it, only the data types
//! of a snapshot.

mod bits;
mod doubt;
mod evidence;
mod host;
mod matching;
mod rank;

use std::net::IpAddr;

use bindnet::Snapshot;

use crate::ask::Ask;
use host::Model;
pub use host::named;

/// The codes of the reasons, in the order in which they are listed.
pub const REASONS: [&str; 20] = [
    "declared-floating",
    "declared-fixed",
    "label",
    "vrrp-mac",
    "address-protocol",
    "host-prefix-in-subnet",
    "deprecated-permanent",
    "temporary",
    "secondary",
    "deprecated",
    "newer-than-sibling",
    "host-prefix",
    "lease",
    "loopback",
    "port",
    "link-down",
    "no-carrier",
    "tentative",
    "dadfailed",
    "previous",
];

/// What separates a choice from the others, or makes it doubtful.
pub const SEPARATIONS: [&str; 15] = [
    "previous-absent",
    "fixed-absent",
    "pending",
    "same-network",
    "floating",
    "skipped-first",
    "evidence-against",
    "declared-fixed",
    "loopback",
    "weak-evidence",
    "lease",
    "port",
    "link-state",
    "kernel-order",
    "previous",
];

/// What the rule says of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub ip: IpAddr,
    pub link: Option<u32>,
    pub matched: Option<&'static str>,
    pub verdict: &'static str,
    pub reasons: Vec<&'static str>,
}

/// What the rule says of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub outcome: &'static str,
    /// The position of the choice among the rows.
    pub chosen: Option<usize>,
    pub ambiguous: bool,
    pub separated_by: Option<&'static str>,
    /// Every address that the rule sees, in kernel order.
    pub rows: Vec<Row>,
}

/// Decides as DESIGN.md says.
pub fn decide(ask: &Ask, snapshot: &Snapshot) -> Answer {
    let model = Model::see(ask, snapshot);
    let winner = model.winner();
    let doubt = winner.and_then(|winner| model.doubt(winner));
    let ambiguous = doubt.is_some();
    let chosen = winner.filter(|_| !(ask.strict && ambiguous));
    Answer {
        outcome: match (winner, chosen) {
            (None, _) => "none",
            (Some(_), None) => "ambiguous",
            (Some(_), Some(_)) => "chosen",
        },
        chosen,
        ambiguous,
        separated_by: doubt.or(winner.and_then(|winner| model.settled_by(winner))),
        rows: model.all().map(|at| row(&model, at, chosen)).collect(),
    }
}

fn row(model: &Model<'_>, at: usize, chosen: Option<usize>) -> Row {
    let other_family = model.ip(at).is_ipv4() != model.ask.ip.is_ipv4();
    Row {
        ip: model.ip(at),
        link: model.link_index(at),
        matched: model.matched(at),
        verdict: match model.matched(at) {
            None if other_family => "other-family",
            None => "other-network",
            Some(_) if chosen == Some(at) => "chosen",
            Some(_) if !model.usable(at) => "unusable",
            Some(_) if model.floating(at) => "floating",
            Some(_) if chosen.is_some() => "outranked",
            Some(_) => "eligible",
        },
        reasons: REASONS
            .into_iter()
            .filter(|code| model.holds(at, code))
            .collect(),
    }
}
