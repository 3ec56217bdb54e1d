//! The scan: which addresses share a network with a target.
//!
//! Blocks without any match, nearly all of them, are passed over with one test a block, which the
//! compiler turns into vector instructions; `benches/match.rs` has it beside reading the bytes.

use std::ops::Range;

use super::netmask::{Bits, Quarter};

/// How many addresses are tested at once: enough for the test to outweigh the loop around it.
const BLOCK: usize = 32;

/// Addresses with their masks, laid out for the scan.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Nets<A: Bits> {
    blocks: Vec<Block<A::Quarter>>,
    len: usize,
    /// How many masks leave one address.
    hosts: usize,
}

/// Some addresses and masks, quarter by quarter: vector instructions do not compare 128 bits. The
/// quarters of the addresses come first. Zeros follow the last address.
type Block<Q> = [[Q; BLOCK]; COLUMNS];

const COLUMNS: usize = 2 * MASKS;

/// The first column of the masks.
const MASKS: usize = 4;

impl<A: Bits> Default for Nets<A> {
    fn default() -> Self {
        let (blocks, len, hosts) = Default::default();
        Self { blocks, len, hosts }
    }
}

impl<A: Bits> Nets<A> {
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is any /32 or /128, except `::1`, which every host has.
    pub fn has_hosts(&self) -> bool {
        self.hosts > 0
    }

    /// The address at a position, and its mask.
    pub fn get(&self, at: usize) -> Option<(A, A)> {
        let block = self.blocks.get(at / BLOCK).filter(|_| at < self.len)?;
        let lane = at % BLOCK;
        let join =
            |from: usize| A::join(std::array::from_fn(|quarter| block[from + quarter][lane]));
        Some((join(0), join(MASKS)))
    }

    #[inline]
    pub fn push(&mut self, ip: A, mask: A) {
        let lane = self.len % BLOCK;
        if lane == 0 {
            self.blocks.push([[A::Quarter::default(); BLOCK]; COLUMNS]);
        }
        if let Some(block) = self.blocks.last_mut() {
            set(block, lane, ip.quarters(), mask.quarters());
            self.len += 1;
            self.hosts += usize::from(is_host(ip, mask));
        }
    }

    /// Replaces a range of rows. The rows that follow move up or down.
    pub fn replace(&mut self, range: Range<usize>, rows: &Self) {
        let Range { start, end } = range;
        let gone =
            (start..end).filter(|at| self.get(*at).is_some_and(|(ip, mask)| is_host(ip, mask)));
        let hosts = self.hosts - gone.count() + rows.hosts;
        let new_end = start + rows.len();
        if new_end.abs_diff(end) < BLOCK {
            self.shift(end, new_end);
            for (at, (ip, mask)) in (start..).zip(rows.iter()) {
                if let Some(block) = self.blocks.get_mut(at / BLOCK) {
                    set(block, at % BLOCK, ip.quarters(), mask.quarters());
                }
            }
            self.hosts = hosts;
            return;
        }
        let tail: Vec<_> = (end..self.len).filter_map(|at| self.get(at)).collect();
        self.truncate(start);
        for (ip, mask) in rows.iter().chain(tail) {
            self.push(ip, mask);
        }
        self.hosts = hosts;
    }

    /// Moves all rows from one position on to another, less than a block away. The rows between the two
    /// have arbitrary values then.
    fn shift(&mut self, from: usize, to: usize) {
        if from == to {
            return;
        }
        let len = self.len - from + to;
        let zeros = [[A::Quarter::default(); BLOCK]; COLUMNS];
        self.blocks
            .resize(self.blocks.len().max(len.div_ceil(BLOCK)), zeros);
        let first = from.min(to) / BLOCK;
        let blocks = self.blocks.get_mut(first..).unwrap_or_default();
        let before = blocks.first().copied();
        let lanes = blocks.as_flattened_mut().as_flattened_mut();
        // All lanes move at once. Those that leave their column belong into the same one of the
        // next block or the one before, seven columns on.
        const APART: usize = (COLUMNS - 1) * BLOCK;
        if from < to {
            let by = to - from;
            lanes.copy_within(..lanes.len() - by, by);
            for lane in 0..by {
                for at in (COLUMNS * BLOCK + lane..lanes.len()).step_by(BLOCK).rev() {
                    lanes[at] = lanes[at - APART];
                }
            }
        } else {
            let by = from - to;
            lanes.copy_within(by.., 0);
            for lane in BLOCK - by..BLOCK {
                for at in (lane..lanes.len().saturating_sub(APART)).step_by(BLOCK) {
                    lanes[at] = lanes[at + APART];
                }
            }
        }
        if let (Some(block), Some(before)) = (blocks.first_mut(), before) {
            for (column, before) in block.iter_mut().zip(before) {
                let kept = from.min(to) % BLOCK;
                column[..kept].copy_from_slice(&before[..kept]);
            }
        }
        self.len = self.len.max(len);
        self.truncate(len);
    }

    fn iter(&self) -> impl Iterator<Item = (A, A)> + '_ {
        (0..self.len).filter_map(|at| self.get(at))
    }

    fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
        self.blocks.truncate(self.len.div_ceil(BLOCK));
        let zeros = [A::Quarter::default(); 4];
        if let Some(block) = self.blocks.last_mut()
            && !self.len.is_multiple_of(BLOCK)
        {
            for lane in self.len % BLOCK..BLOCK {
                set(block, lane, zeros, zeros);
            }
        }
    }

    pub fn clear(&mut self) {
        self.blocks.clear();
        self.len = 0;
        self.hosts = 0;
    }

    /// Calls `found` with the position of every address that is in one network with `target` under
    /// the address's own mask: `(address ^ target) & mask == 0`.
    pub fn own_mask(&self, target: A, found: impl FnMut(usize)) {
        let target = target.quarters();
        self.scan(|quarter, ip, mask| (ip ^ target[quarter]) & mask, found);
    }

    /// Calls `found` with the position of every address inside the network `target` under `mask`.
    pub fn one_mask(&self, mask: A, target: A, found: impl FnMut(usize)) {
        let (target, mask) = (target.quarters(), mask.quarters());
        self.scan(
            |quarter, ip, _| (ip ^ target[quarter]) & mask[quarter],
            found,
        );
    }

    /// Calls `found` with the position of every address inside one of several networks, each a mask and an
    /// address.
    pub fn any_mask(&self, nets: &[(A, A)], mut found: impl FnMut(usize)) {
        for (number, block) in self.blocks.iter().enumerate() {
            let mut inside = [false; BLOCK];
            for (mask, target) in nets {
                let (target, mask) = (target.quarters(), mask.quarters());
                let differ = |quarter: usize, ip, _| (ip ^ target[quarter]) & mask[quarter];
                for (lane, inside) in inside.iter_mut().enumerate() {
                    *inside |= is_same(block, lane, &differ);
                }
            }
            let lanes = (number * BLOCK..self.len).zip(inside);
            lanes
                .filter(|(_, inside)| *inside)
                .for_each(|(at, _)| found(at));
        }
    }

    /// Calls `found` with the position of every address that differs in none of its quarters.
    fn scan(
        &self,
        differ: impl Fn(usize, A::Quarter, A::Quarter) -> A::Quarter,
        mut found: impl FnMut(usize),
    ) {
        let mut from = 0;
        while let Some(skipped) = next(self.blocks.get(from..).unwrap_or_default(), &differ) {
            from += skipped + 1;
            let first = (from - 1) * BLOCK;
            for (lane, at) in (first..self.len).take(BLOCK).enumerate() {
                if self
                    .blocks
                    .get(from - 1)
                    .is_some_and(|block| is_same(block, lane, &differ))
                {
                    found(at);
                }
            }
        }
    }
}

/// Whether an address and its mask are a host prefix that [`Nets::has_hosts`] counts.
#[inline]
fn is_host<A: Bits>(ip: A, mask: A) -> bool {
    mask == A::ONES && (A::IS_V4 || ip != A::LOOPBACK)
}

/// The first block in which an address differs in none of its quarters. On its own, the loop keeps
/// all it needs in registers.
#[inline(never)]
fn next<Q: Quarter>(blocks: &[Block<Q>], differ: &impl Fn(usize, Q, Q) -> Q) -> Option<usize> {
    let any =
        |block: &Block<Q>| (0..BLOCK).fold(false, |any, lane| any | is_same(block, lane, differ));
    blocks.iter().position(any)
}

#[inline(always)]
fn set<Q: Quarter>(block: &mut Block<Q>, lane: usize, ip: [Q; 4], mask: [Q; 4]) {
    for quarter in 0..4 {
        block[quarter][lane] = ip[quarter];
        block[MASKS + quarter][lane] = mask[quarter];
    }
}

#[inline(always)]
fn is_same<Q: Quarter>(block: &Block<Q>, lane: usize, differ: &impl Fn(usize, Q, Q) -> Q) -> bool {
    let mut difference = Q::default();
    for quarter in 0..4 {
        let (ip, mask) = (block[quarter][lane], block[MASKS + quarter][lane]);
        difference = difference | differ(quarter, ip, mask);
    }
    difference == Q::default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nets<A: Bits>(of: &[A]) -> Nets<A> {
        let mut nets = Nets::default();
        of.iter().for_each(|bits| nets.push(*bits, *bits));
        nets
    }

    /// Requires that a replacement gives the same as a list that is written from scratch.
    fn assert_replaces<A: Bits>(bits: impl Fn(usize) -> A) {
        let numbers = |range: Range<usize>| -> Vec<A> { range.map(&bits).collect() };
        for len in [0, 1, 31, 32, 33, 64, 100, 200] {
            for start in (0..=len).step_by(7) {
                for count in [0, 1, 2, 33, 64].into_iter().filter(|n| start + n <= len) {
                    for with in [0, 1, 2, 3, 31, 32, 33, 65] {
                        let range = start..start + count;
                        let mut expected = numbers(0..len);
                        let with = numbers(1000..1000 + with);
                        let mut replaced = nets(&expected);
                        replaced.replace(range.clone(), &nets(&with));
                        expected.splice(range.clone(), with.iter().copied());
                        let what = format!("{range:?} of {len} by {}", with.len());
                        assert!(replaced == nets(&expected), "{what}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_replaced_is_as_if_written_anew() {
        assert_replaces(|at| (at as u32 + 1).wrapping_mul(0x9e37_79b9));
        assert_replaces(|at| {
            (at as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)
        });
    }
}
