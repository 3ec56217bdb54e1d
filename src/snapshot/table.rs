//! The addresses of one family.

use std::ops::Range;

use super::address::{Address, other_end};
use super::facts::Facts;
use super::netmask::Bits;
use super::scan::Nets;

/// The addresses of one family in kernel order.
///
/// Addresses and masks are apart from the rest, because the scan reads only them.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Table<A: Bits> {
    pub nets: Nets<A>,
    rest: Vec<(Option<A>, Facts)>,
}

/// A row of a [`Table`].
#[derive(Clone, Copy)]
pub(crate) struct Entry<A> {
    pub ip: A,
    pub mask: A,
    pub peer: Option<A>,
    pub facts: Facts,
}

impl<A: Bits> Default for Table<A> {
    fn default() -> Self {
        Self {
            nets: Nets::default(),
            rest: Vec::new(),
        }
    }
}

impl<A: Bits> Table<A> {
    pub fn len(&self) -> usize {
        self.nets.len()
    }

    pub fn facts(&self) -> impl Iterator<Item = &Facts> {
        self.rest.iter().map(|(_, facts)| facts)
    }

    pub fn get(&self, at: usize) -> Option<Address> {
        let (peer, facts) = self.rest.get(at)?;
        let (ip, mask) = self.nets.get(at)?;
        Some(Address::from_bits(Entry {
            ip,
            mask,
            peer: *peer,
            facts: *facts,
        }))
    }

    pub fn iter(&self) -> impl Iterator<Item = Address> + '_ {
        (0..self.len()).filter_map(|at| self.get(at))
    }

    /// `mask` is that of `address`.
    pub fn push_address(&mut self, address: &Address, mask: A) {
        let Some(ip) = A::from_ip(address.ip()) else {
            debug_assert!(false, "address and mask of an Address are of one family");
            return;
        };
        self.push(Entry {
            ip,
            mask,
            peer: address.peer().and_then(A::from_ip),
            facts: address.facts,
        });
    }

    #[inline]
    pub fn push(&mut self, entry: Entry<A>) {
        self.nets.push(entry.ip, entry.mask);
        let peer = other_end(entry.ip, entry.peer);
        self.rest.push((peer, entry.facts));
    }

    /// Puts all rows on one link.
    #[cfg(feature = "serde")]
    pub fn set_link(&mut self, link: u32) {
        for (_, facts) in &mut self.rest {
            facts.set_link(link);
        }
    }

    /// Appends the rows of another table.
    #[cfg(feature = "serde")]
    pub fn append(&mut self, mut other: Self) {
        if self.rest.is_empty() {
            *self = other;
            return;
        }
        let len = self.len();
        self.nets.replace(len..len, &other.nets);
        self.rest.append(&mut other.rest);
    }

    /// Replaces a range of rows by those of another table.
    pub fn replace(&mut self, range: Range<usize>, rows: &Self) {
        self.nets.replace(range.clone(), &rows.nets);
        self.rest.splice(range, rows.rest.iter().copied());
    }

    /// The range of the rows of a link, maybe empty, if links are in the order of `position`.
    pub fn range_of(&self, link: u32, position: impl Fn(u32) -> Option<usize>) -> Range<usize> {
        let (at, of) = (position(link), |facts: &Facts| position(facts.link()?));
        let start = self.rest.partition_point(|(_, facts)| of(facts) < at);
        let tail = self.rest.get(start..).unwrap_or_default();
        start..start + tail.partition_point(|(_, facts)| of(facts) == at)
    }

    pub fn clear(&mut self) {
        self.nets.clear();
        self.rest.clear();
    }
}
