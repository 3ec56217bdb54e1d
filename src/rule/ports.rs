//! Ports: links whose frames another link forwards.

use super::candidate::Candidate;
use super::evidence::Reason;
use super::view::{LinkIndexes, View};
use crate::snapshot::{Bits, Link, Snapshot};

/// The kinds of links that forward the frames of their ports. A VRF has links as well, and routes for
/// them; a link of an unknown kind is none of these.
const FORWARDERS: [&str; 4] = ["bridge", "bond", "team", "openvswitch"];

impl<A: Bits> View<'_, A> {
    /// Gives candidates the code `port`. It tells links apart, so that a decision about one link need not
    /// ask for its master.
    pub fn weigh_ports(&self, candidates: &mut [Candidate]) {
        if !are_several(candidates.iter().filter_map(|c| c.link)) {
            return;
        }
        for candidate in candidates {
            let link = candidate.link.and_then(|link| self.snapshot.link(link));
            let port = link.is_some_and(|link| is_port(link, self.snapshot));
            if port {
                candidate.reasons.insert(Reason::Port);
            }
        }
    }
}

/// The links whose masters a decision about so many links needs: all, or none if there is only one.
pub(super) fn masters_needed(links: LinkIndexes) -> LinkIndexes {
    if are_several(links.iter().copied()) {
        links
    } else {
        LinkIndexes::new()
    }
}

fn are_several(mut links: impl Iterator<Item = u32>) -> bool {
    let first = links.next();
    links.any(|link| Some(link) != first)
}

fn is_port(link: &Link, host: &Snapshot) -> bool {
    let master = link.master().and_then(|master| host.link(master));
    let kind = master.and_then(Link::kind);
    kind.is_some_and(|kind| FORWARDERS.contains(&kind))
}
