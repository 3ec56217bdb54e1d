//! An ordered list: an entry is found, inserted and removed in logarithmic time.

use std::collections::BTreeMap;
use std::ops::RangeBounds;

/// Entries in their order, each with a mark that is between those of its neighbours.
#[derive(Clone, Debug)]
pub(super) struct Ordered<E>(BTreeMap<Mark, E>);

/// The position of an entry.
pub(super) type Mark = u64;

/// The distance between the marks of entries that are appended.
const FAR: Mark = 1 << 32;

/// The distance between the marks of entries that are inserted into a gap one after the other.
const NEAR: Mark = 1 << 12;

impl<E> Default for Ordered<E> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<E> Ordered<E> {
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Mark, &E)> {
        self.0.iter().map(|(mark, entry)| (*mark, entry))
    }

    pub fn values(&self) -> impl DoubleEndedIterator<Item = &E> {
        self.0.values()
    }

    pub fn values_mut(&mut self) -> impl DoubleEndedIterator<Item = &mut E> {
        self.0.values_mut()
    }

    pub fn get(&self, mark: Mark) -> Option<&E> {
        self.0.get(&mark)
    }

    pub fn get_mut(&mut self, mark: Mark) -> Option<&mut E> {
        self.0.get_mut(&mark)
    }

    pub fn remove(&mut self, mark: Mark) -> Option<E> {
        self.0.remove(&mark)
    }

    pub fn range(&self, marks: impl RangeBounds<Mark>) -> impl DoubleEndedIterator<Item = Mark> {
        self.0.range(marks).map(|(mark, _)| *mark)
    }

    /// Inserts an entry after a mark, or before all. Returns its mark; `None` if there was no gap,
    /// and all entries have new marks now.
    pub fn insert_after(&mut self, mark: Option<Mark>, entry: E) -> Option<Mark> {
        let found = self.gap_after(mark);
        let after = match found {
            Some(_) => mark,
            None => self.spread(mark),
        };
        let gap = found.or_else(|| self.gap_after(after));
        // There is a gap after a spread.
        self.0.insert(gap.unwrap_or(Mark::MAX), entry);
        found
    }

    fn gap_after(&self, mark: Option<Mark>) -> Option<Mark> {
        let next = match mark {
            Some(mark) => self.range(mark.saturating_add(1)..).next(),
            None => self.range(..).next(),
        };
        match (mark, next) {
            (None, None) => Some(Mark::MAX / 2),
            (None, Some(next)) => next.checked_sub(NEAR),
            (Some(mark), None) => mark.checked_add(FAR),
            (Some(mark), Some(next)) => match (next - mark) / 2 {
                0 => None,
                half => Some(mark + half.min(NEAR)),
            },
        }
    }

    /// Gives all entries marks that are far from each other. Returns the new mark of the entry
    /// that had this one, or of the last before it.
    fn spread(&mut self, mark: Option<Mark>) -> Option<Mark> {
        let rank = mark.map_or(0, |mark| self.range(..=mark).count());
        let marks = (0..).map(|at| Mark::MAX / 4 + at * FAR);
        let entries = std::mem::take(&mut self.0).into_values();
        self.0 = marks.zip(entries).collect();
        self.range(..).nth(rank.checked_sub(1)?)
    }
}

#[cfg(all(test, feature = "proptest"))]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// The order is that of a `Vec`, even if one gap is filled again and again.
        #[test]
        fn entries_keep_their_place(
            steps in prop::collection::vec((0usize..6, 1usize..40, any::<bool>()), 0..30),
        ) {
            let (mut naive, mut ordered) = (Vec::new(), Ordered::default());
            for (at, times, removes) in steps {
                let at = at.min(naive.len());
                for number in 0..times {
                    let mark = at.checked_sub(1).and_then(|last| ordered.range(..).nth(last));
                    let noted = ordered.insert_after(mark, number);
                    naive.insert(at, number);
                    let placed = ordered.range(..).nth(at);
                    prop_assert!(noted.is_none() || noted == placed);
                }
                let first = ordered.range(..).next();
                if let (true, Some(first)) = (removes, first) {
                    prop_assert_eq!(ordered.remove(first), Some(naive.remove(0)));
                }
                let now: Vec<usize> = ordered.values().copied().collect();
                prop_assert_eq!(&now, &naive);
            }
        }
    }
}
