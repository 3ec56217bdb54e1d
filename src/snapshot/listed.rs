//! Builds a snapshot from parts, in the order in which a reader finds them.

use thiserror::Error;

#[cfg(feature = "serde")]
use super::Facts;
use super::{Link, ParseError, Snapshot};

impl Snapshot {
    /// Lists these links. The snapshot may have addresses already.
    pub(crate) fn list_links(&mut self, links: Vec<Link>) -> Result<(), Contradiction> {
        self.links = links;
        self.index_links();
        match self.repeated_link() {
            Some(at) => {
                let index = self.links.get(at).map_or(0, Link::index);
                Err(Contradiction::SameIndex { at, index })
            }
            None => Ok(()),
        }
    }

    /// Replaces the links; of several with one index, which only an interrupted dump lists, the
    /// first stays.
    pub(crate) fn set_links(&mut self, links: Vec<Link>) {
        self.links = links;
        self.index_links();
        if self.repeated_link().is_some() {
            let mut seen = std::collections::BTreeSet::new();
            self.links.retain(|link| seen.insert(link.index()));
            self.index_links();
        }
    }

    /// Adds a link, unless its index is listed already.
    pub(crate) fn add_link(&mut self, link: Link) {
        let at = self.links.len();
        let index = |(index, _): &(u32, usize)| *index;
        if let Err(row) = self.by_index.binary_search_by_key(&link.index(), index) {
            self.by_index.insert(row, (link.index(), at));
            self.links.push(link);
        }
    }

    /// Adds a link, in the place of one with its index if there is one.
    pub(crate) fn add_or_replace_link(&mut self, link: Link) {
        if self.link(link.index()).is_some() {
            self.replace_link(link);
        } else {
            self.add_link(link);
        }
    }

    /// Replaces the link with the same index, which must be listed.
    pub(crate) fn replace_link(&mut self, link: Link) {
        let at = self.link_position(link.index());
        if let Some(old) = at.and_then(|at| self.links.get_mut(at)) {
            *old = link;
        }
    }

    /// Requires that the link of every address is listed; `is_v4` has the family of each, in the
    /// order in which they were pushed.
    #[cfg(feature = "serde")]
    pub(crate) fn require_links(&self, is_v4: &[bool]) -> Result<(), Contradiction> {
        let (mut v4, mut v6) = (self.v4.facts(), self.v6.facts());
        for (at, is_v4) in is_v4.iter().enumerate() {
            let facts = if *is_v4 { v4.next() } else { v6.next() };
            if let Some(index) = facts.and_then(Facts::link)
                && self.link(index).is_none()
            {
                return Err(Contradiction::UnlistedLink { at, index });
            }
        }
        Ok(())
    }

    /// Appends the addresses of another snapshot, which are on this link.
    #[cfg(feature = "serde")]
    pub(crate) fn adopt(&mut self, mut other: Self, link: u32) {
        other.v4.set_link(link);
        other.v6.set_link(link);
        self.v4.append(other.v4);
        self.v6.append(other.v6);
    }
}

/// Why links and addresses are not a [`Snapshot`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum Contradiction {
    /// Two links have one index.
    #[error("links[{at}]: index {index} is that of an earlier link; every link has its own")]
    SameIndex {
        /// The position of the second one.
        at: usize,
        /// The index they share.
        index: u32,
    },
    /// An address is on a link that is not listed.
    #[error("addresses[{at}]: interface_index {index}: no link with this index is listed")]
    UnlistedLink {
        /// The position of the address.
        at: usize,
        /// The index of its link.
        index: u32,
    },
}

impl From<Contradiction> for ParseError {
    fn from(contradiction: Contradiction) -> Self {
        let index = match contradiction {
            Contradiction::SameIndex { index, .. } | Contradiction::UnlistedLink { index, .. } => {
                index
            }
        };
        Self::new("a snapshot", index.to_string(), contradiction)
    }
}
