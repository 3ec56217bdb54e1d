//! The scan: which addresses share a network with a target.
//!
//! Blocks without any match, nearly all of them, are passed over with one test a block, which the
//! compiler turns into vector instructions; `benches/match.rs` shows what that buys.

use super::netmask::{Bits, Half};

/// How many addresses are tested at once: enough for the test to outweigh the loop around it.
const BLOCK: usize = 32;

/// Addresses or masks, laid out for the scan: in halves, because no vector instruction compares
/// 128 bits at once.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Column<A: Bits> {
    high: Vec<A::Half>,
    low: Vec<A::Half>,
}

impl<A: Bits> Default for Column<A> {
    fn default() -> Self {
        Self {
            high: Vec::new(),
            low: Vec::new(),
        }
    }
}

impl<A: Bits> Column<A> {
    pub fn len(&self) -> usize {
        self.low.len()
    }

    pub fn get(&self, at: usize) -> Option<A> {
        Some(A::join(*self.high.get(at)?, *self.low.get(at)?))
    }

    pub fn push(&mut self, bits: A) {
        let (high, low) = bits.halves();
        self.high.push(high);
        self.low.push(low);
    }

    fn halves(&self) -> [&[A::Half]; 2] {
        [&self.high, &self.low]
    }

    pub fn clear(&mut self) {
        self.high.clear();
        self.low.clear();
    }
}

/// Calls `found` with the position of every address that is in one network with `target` under
/// the address's own mask: `(address ^ target) & mask == 0`.
pub(crate) fn own_mask<A: Bits>(
    addresses: &Column<A>,
    masks: &Column<A>,
    target: A,
    found: impl FnMut(usize),
) {
    let (target_high, target_low) = target.halves();
    let differ = |high: A::Half, low, mask_high, mask_low| {
        (high ^ target_high) & mask_high | (low ^ target_low) & mask_low
    };
    scan([addresses, masks].map(Column::halves), differ, found);
}

/// Calls `found` with the position of every address inside the network `target` under `mask`.
pub(crate) fn one_mask<A: Bits>(
    addresses: &Column<A>,
    mask: A,
    target: A,
    found: impl FnMut(usize),
) {
    let (target_high, target_low) = target.halves();
    let (mask_high, mask_low) = mask.halves();
    let differ =
        |high: A::Half, low, _, _| (high ^ target_high) & mask_high | (low ^ target_low) & mask_low;
    scan([addresses, addresses].map(Column::halves), differ, found);
}

/// Calls `found` with the position of every row that does not differ from what is looked for.
fn scan<H: Half>(
    [[high, low], [mask_high, mask_low]]: [[&[H]; 2]; 2],
    differ: impl Fn(H, H, H, H) -> H,
    mut found: impl FnMut(usize),
) {
    let row = |at: usize| {
        let (high, low) = (*high.get(at)?, *low.get(at)?);
        Some(differ(high, low, *mask_high.get(at)?, *mask_low.get(at)?))
    };
    let same = |at: &usize| row(*at).is_some_and(|difference| difference == H::default());
    let (high, _) = high.as_chunks::<BLOCK>();
    let (low, _) = low.as_chunks::<BLOCK>();
    let (mask_high, _) = mask_high.as_chunks::<BLOCK>();
    let (mask_low, rest) = mask_low.as_chunks::<BLOCK>();
    let blocks = high.iter().zip(low).zip(mask_high).zip(mask_low);
    let mut blocks = blocks.enumerate();
    let any = |(_, (((high, low), mask_high), mask_low)): &Block<'_, H>| {
        let mut any = false;
        for (((high, low), mask_high), mask_low) in
            high.iter().zip(*low).zip(*mask_high).zip(*mask_low)
        {
            any |= differ(*high, *low, *mask_high, *mask_low) == H::default();
        }
        any
    };
    while let Some((block, _)) = blocks.find(any) {
        (block * BLOCK..(block + 1) * BLOCK)
            .filter(same)
            .for_each(&mut found);
    }
    let from = high.len() * BLOCK;
    (from..from + rest.len()).filter(same).for_each(found);
}

/// The number of a block, and what is in it.
type Block<'a, H> = (
    usize,
    (((Chunk<'a, H>, Chunk<'a, H>), Chunk<'a, H>), Chunk<'a, H>),
);
type Chunk<'a, H> = &'a [H; BLOCK];
