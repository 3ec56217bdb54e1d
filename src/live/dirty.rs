//! The changes since the last questions to the kernel.

use std::collections::BTreeMap;

use crate::snapshot::Family;
use crate::wire::rtnetlink::{Change, Changed};

/// The parts of the host to ask for again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Dirty {
    everything: bool,
    links: BTreeMap<u32, Marks>,
}

/// The parts of a link to ask for again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Marks {
    pub link: bool,
    /// Whether it may have gone and come again, which moves it in the list.
    pub gone: bool,
    pub v4: bool,
    pub v6: bool,
}

/// With more links to be asked about, the whole host is asked.
const LINKS_AT_MOST: usize = 64;

impl Dirty {
    pub fn everything() -> Self {
        Self {
            everything: true,
            ..Self::default()
        }
    }

    pub fn is_empty(&self) -> bool {
        !self.everything && self.links.is_empty()
    }

    pub fn is_everything(&self) -> bool {
        self.everything
    }

    /// The links, by their indexes.
    pub fn links(&self) -> impl Iterator<Item = (u32, Marks)> + '_ {
        self.links.iter().map(|(index, marks)| (*index, *marks))
    }

    pub fn mark(&mut self, change: Change) {
        if self.everything {
            return;
        }
        let marks = self.links.entry(change.index).or_default();
        match change.what {
            Changed::Addresses(Family::V4) => marks.v4 = true,
            Changed::Addresses(Family::V6) => marks.v6 = true,
            // Addresses may change with their link (a rename gives new labels), and the kernel does
            // not always send an event for them.
            Changed::Link => (marks.link, marks.v4, marks.v6) = (true, true, true),
            Changed::Gone => {
                *marks = Marks {
                    link: true,
                    gone: true,
                    v4: true,
                    v6: true,
                }
            }
        }
        if self.links.len() > LINKS_AT_MOST {
            *self = Self::everything();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(index: u32, what: Changed) -> Change {
        Change { index, what }
    }

    #[test]
    fn an_address_dirties_its_family_and_a_link_both() {
        let mut dirty = Dirty::default();
        assert!(dirty.is_empty());
        dirty.mark(change(2, Changed::Addresses(Family::V4)));
        dirty.mark(change(3, Changed::Addresses(Family::V6)));
        dirty.mark(change(4, Changed::Link));
        dirty.mark(change(4, Changed::Gone));
        let marks = |(index, m): (u32, Marks)| (index, m.link, m.gone, m.v4, m.v6);
        let marked: Vec<_> = dirty.links().map(marks).collect();
        let expected = [
            (2, false, false, true, false),
            (3, false, false, false, true),
            (4, true, true, true, true),
        ];
        assert_eq!(marked, expected);
    }

    #[test]
    fn many_links_are_everything() {
        let mut dirty = Dirty::default();
        for index in 0..LINKS_AT_MOST as u32 {
            dirty.mark(change(index, Changed::Link));
        }
        assert!(!dirty.is_everything());
        dirty.mark(change(1000, Changed::Link));
        dirty.mark(change(1001, Changed::Link));
        assert_eq!(dirty, Dirty::everything());
        assert!(!dirty.is_empty());
    }
}
