//! Addresses declared fixed: each belongs to one node, and no other node misses it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::words::Remarks;
use super::{Choices, Fleet, Node};
use crate::rule::{Declared, Selector, Separation};

/// Whether a decision is ambiguous because an address declared fixed is not on its node.
pub(super) fn is_missed(node: &Node) -> bool {
    let mut decisions = node.decisions();
    decisions.any(|(_, decision)| decision.separated_by() == Some(Separation::FixedAbsent))
}

impl Fleet {
    /// Decides again for the nodes that miss an address that another node has. The declaration is of that
    /// node's address. The selector is the same for all, so that each node was asked about all of them.
    pub(super) fn give_fixed_to_their_nodes(&mut self) {
        if self.missing.is_empty() {
            return;
        }
        let owners = self.owners_of_fixed();
        for (number, host) in std::mem::take(&mut self.missing) {
            let is_others = |ip: &IpAddr| {
                let owners = owners.get(ip);
                owners.is_some_and(|nodes| !nodes.contains(&number))
            };
            let mut selector = self.selector.clone();
            selector.selector = without_fixed(&selector.selector, is_others);
            let Some(node) = self.nodes.get_mut(number as usize) else {
                continue;
            };
            node.choices = match &self.conf {
                None => Choices::One(Box::new(selector.decide(&host))),
                Some(listed) => {
                    // The remarks were made the first time.
                    let remarks = &mut Remarks::default();
                    match listed.decide(&selector.selector, &node.name, &host, remarks) {
                        Ok((choices, _)) => choices,
                        Err(_) => continue,
                    }
                }
            };
        }
    }

    /// The nodes that have each address declared fixed.
    fn owners_of_fixed(&self) -> BTreeMap<IpAddr, BTreeSet<u32>> {
        let fixed: BTreeSet<IpAddr> = self
            .selector
            .selector
            .rules
            .declared
            .fixed_hosts()
            .collect();
        let mut owners: BTreeMap<IpAddr, BTreeSet<u32>> = BTreeMap::new();
        for holding in self.inventory.iter().filter(|h| fixed.contains(&h.ip)) {
            owners.entry(holding.ip).or_default().insert(holding.node);
        }
        owners
    }
}

/// The selector without the declarations of some single addresses as fixed.
fn without_fixed(selector: &Selector, leaves: impl Fn(&IpAddr) -> bool) -> Selector {
    let declared = &selector.rules.declared;
    let gone: BTreeSet<IpAddr> = declared.fixed_hosts().filter(leaves).collect();
    let mut rest = Declared::default();
    for (net, declaration) in &declared.entries {
        let is_host = net.prefix_len() == net.max_prefix_len();
        if !(is_host && gone.contains(&net.addr())) {
            // No network was on both lists before, so none is now.
            let _ = rest.declare(*net, *declaration);
        }
    }
    selector.clone().declared(rest)
}
