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
}

/// Some addresses and masks, quarter by quarter: vector instructions do not compare 128 bits.
/// Behind the last address stand zeros.
#[derive(Clone, PartialEq, Eq)]
struct Block<Q> {
    ips: [[Q; BLOCK]; 4],
    masks: [[Q; BLOCK]; 4],
}

impl<A: Bits> Default for Nets<A> {
    fn default() -> Self {
        let (blocks, len) = Default::default();
        Self { blocks, len }
    }
}

impl<A: Bits> Nets<A> {
    pub fn len(&self) -> usize {
        self.len
    }

    /// The address at a position, and its mask.
    pub fn get(&self, at: usize) -> Option<(A, A)> {
        let block = self.blocks.get(at / BLOCK).filter(|_| at < self.len)?;
        let lane = at % BLOCK;
        let join = |columns: &[[A::Quarter; BLOCK]; 4]| A::join(columns.map(|column| column[lane]));
        Some((join(&block.ips), join(&block.masks)))
    }

    #[inline]
    pub fn push(&mut self, ip: A, mask: A) {
        let lane = self.len % BLOCK;
        if lane == 0 {
            let zeros = [[A::Quarter::default(); BLOCK]; 4];
            let (ips, masks) = (zeros, zeros);
            self.blocks.push(Block { ips, masks });
        }
        if let Some(block) = self.blocks.last_mut() {
            block.set(lane, ip.quarters(), mask.quarters());
            self.len += 1;
        }
    }

    /// Puts others into the place of some; those behind move up or down.
    pub fn replace(&mut self, range: Range<usize>, with: &Self) {
        if range.len() == with.len() {
            for (at, (ip, mask)) in range.zip(with.iter()) {
                if let Some(block) = self.blocks.get_mut(at / BLOCK) {
                    block.set(at % BLOCK, ip.quarters(), mask.quarters());
                }
            }
            return;
        }
        let behind: Vec<_> = (range.end..self.len)
            .filter_map(|at| self.get(at))
            .collect();
        self.truncate(range.start);
        for (ip, mask) in with.iter().chain(behind) {
            self.push(ip, mask);
        }
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
                block.set(lane, zeros, zeros);
            }
        }
    }

    pub fn clear(&mut self) {
        self.blocks.clear();
        self.len = 0;
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
                    .is_some_and(|block| block.is_same(lane, &differ))
                {
                    found(at);
                }
            }
        }
    }
}

/// The first block in which an address differs in none of its quarters. On its own, the loop keeps
/// all it needs in registers.
#[inline(never)]
fn next<Q: Quarter>(blocks: &[Block<Q>], differ: &impl Fn(usize, Q, Q) -> Q) -> Option<usize> {
    let any =
        |block: &Block<Q>| (0..BLOCK).fold(false, |any, lane| any | block.is_same(lane, differ));
    blocks.iter().position(any)
}

impl<Q: Quarter> Block<Q> {
    #[inline(always)]
    fn set(&mut self, lane: usize, ip: [Q; 4], mask: [Q; 4]) {
        for quarter in 0..4 {
            self.ips[quarter][lane] = ip[quarter];
            self.masks[quarter][lane] = mask[quarter];
        }
    }

    #[inline(always)]
    fn is_same(&self, lane: usize, differ: &impl Fn(usize, Q, Q) -> Q) -> bool {
        let mut difference = Q::default();
        for quarter in 0..4 {
            let (ip, mask) = (self.ips[quarter][lane], self.masks[quarter][lane]);
            difference = difference | differ(quarter, ip, mask);
        }
        difference == Q::default()
    }
}
