//! The part of a daemon that picks the address it binds.

use std::net::IpAddr;

use bindnet::rule::Declared;
use bindnet::{Selector, Snapshot};

/// What is asked of any host, as the daemon's configuration says it: the cluster network, and a
/// floating address in it that nothing but the operator knows for one.
pub fn selector() -> Selector {
    let cluster = "203.0.113.0/24".parse().expect("a literal");
    let floating = "203.0.113.20/32".parse().expect("a literal");
    let declared = Declared::default().floating([floating]).expect("one list");
    Selector::new(cluster).declared(declared)
}

/// The address that is bound; `previous` is what the daemon's own state remembers.
pub fn pick(host: &Snapshot, previous: Option<IpAddr>) -> Option<IpAddr> {
    let selector = match previous {
        Some(previous) => selector().previous(previous.into()),
        None => selector(),
    };
    let decision = selector.decide(host);
    if decision.is_ambiguous() {
        // A daemon has a log for this.
        let _ = format!("{decision:#}");
    }
    decision.chosen().map(|chosen| chosen.ip())
}
