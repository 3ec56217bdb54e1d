//! The settings that make one candidate the certain choice.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::setting::Setting;
use crate::rule::{Candidate, Decision, Match, Reason};

/// What the settings for each candidate of a decision depend on, found in one pass.
pub(super) struct Settling {
    /// The entries of each address, told apart by link if it is link-local.
    entries: BTreeMap<Identity, Entries>,
    /// On how many links each address is, as far as the link is a part of it.
    links: BTreeMap<IpAddr, usize>,
    fixed: Holders,
    exact: Holders,
    /// Whether the first candidate is a neighbour of the host that was named.
    is_guess: bool,
}

type Identity = (IpAddr, Option<u32>);

#[derive(Clone, Copy, Default)]
struct Entries {
    is_guess: bool,
    floats: bool,
}

/// The addresses that have a property, as far as it matters: one of them, and whether there are others.
#[derive(Clone, Copy, Default)]
struct Holders {
    one: Option<Identity>,
    several: bool,
}

impl Holders {
    fn add(&mut self, identity: Identity) {
        let one = *self.one.get_or_insert(identity);
        self.several |= one != identity;
    }

    fn has(self, identity: Identity) -> bool {
        self.one == Some(identity)
    }

    /// Whether there is a different one.
    fn has_other(self, identity: Identity) -> bool {
        self.several || self.one.is_some_and(|one| one != identity)
    }
}

impl Settling {
    pub fn of(decision: &Decision) -> Self {
        let guess = |c: &Candidate| c.matched == Some(Match::SameNetwork);
        let mut settling = Self {
            entries: BTreeMap::new(),
            links: BTreeMap::new(),
            fixed: Holders::default(),
            exact: Holders::default(),
            is_guess: decision.first().is_some_and(guess),
        };
        for c in &decision.candidates {
            let identity = c.identity();
            let entries = settling.entries.entry(identity).or_insert_with(|| {
                *settling.links.entry(c.ip).or_default() += 1;
                Entries::default()
            });
            entries.is_guess |= guess(c);
            entries.floats |= c.reasons.is_floating();
            if c.is(Reason::DeclaredFixed) && (!c.is_unusable() || c.is_pending()) {
                settling.fixed.add(identity);
            }
            if c.is_exact() {
                settling.exact.add(identity);
            }
        }
        settling
    }

    /// The setting that makes a candidate the certain choice: a declaration or, if none can settle it,
    /// the question for this address alone.
    pub fn on(&self, c: &Candidate) -> Option<Setting> {
        let identity = c.identity();
        let entries = self.entries.get(&identity).copied().unwrap_or_default();
        // A declaration applies to the address on every link.
        let has_twin = self.links.get(&c.ip).is_some_and(|links| *links > 1);
        // The question cannot name a link that is not known.
        if has_twin && c.scoped_addr().zone().is_none() {
            return None;
        }
        // Two that are declared fixed settle nothing.
        let is_fixed = self.fixed.has(identity) || self.fixed.has_other(identity);
        let is_guess = self.is_guess || entries.is_guess;
        let other_is_named = self.exact.has_other(identity) && !c.is_exact();
        let is_asked = has_twin || is_guess || other_is_named || is_fixed;
        if !is_asked && !c.is(Reason::DeclaredFloating) {
            return Setting::fixed(c.ip);
        }
        // An exact address is taken though an entry of it floats. That is a doubt, unless it is remembered.
        let is_kept = c.is(Reason::Previous) && !c.is(Reason::DeclaredFloating);
        if entries.floats && !is_kept {
            return None;
        }
        Setting::bindnetaddr(c.scoped_addr())
    }
}
