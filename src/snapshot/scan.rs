//! The scan: which addresses share a network with a target.
//!
//! Blocks without any match, nearly all of them, are passed over with one test a block, which the
//! compiler turns into vector instructions; `benches/match.rs` shows what that buys.

use super::netmask::{Bits, Half};

/// How many addresses are tested at once.
const BLOCK: usize = 16;

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
    mut found: impl FnMut(usize),
) {
    let (target_high, target_low) = target.halves();
    let differ = |(((high, low), mask_high), mask_low): Row<'_, A::Half>| {
        (*high ^ target_high) & *mask_high | (*low ^ target_low) & *mask_low
    };
    let (high, high_rest) = addresses.high.as_chunks::<BLOCK>();
    let (low, low_rest) = addresses.low.as_chunks::<BLOCK>();
    let (mask_high, mask_high_rest) = masks.high.as_chunks::<BLOCK>();
    let (mask_low, mask_low_rest) = masks.low.as_chunks::<BLOCK>();
    let blocks = high.iter().zip(low).zip(mask_high).zip(mask_low);
    for (block, (((high, low), mask_high), mask_low)) in blocks.enumerate() {
        let rows = high.iter().zip(low).zip(mask_high).zip(mask_low);
        zeros(block * BLOCK, rows.map(differ), &mut found);
    }
    let rest = high_rest.iter().zip(low_rest);
    let rest = rest.zip(mask_high_rest).zip(mask_low_rest);
    locate(high.len() * BLOCK, rest.map(differ), &mut found);
}

/// An address and its mask, in halves.
type Row<'a, H> = (((&'a H, &'a H), &'a H), &'a H);

/// Calls `found` with the position of every address inside the network `target` under `mask`.
pub(crate) fn one_mask<A: Bits>(
    addresses: &Column<A>,
    mask: A,
    target: A,
    mut found: impl FnMut(usize),
) {
    let (target_high, target_low) = target.halves();
    let (mask_high, mask_low) = mask.halves();
    let differ = |(high, low): (&A::Half, &A::Half)| {
        (*high ^ target_high) & mask_high | (*low ^ target_low) & mask_low
    };
    let (high, high_rest) = addresses.high.as_chunks::<BLOCK>();
    let (low, low_rest) = addresses.low.as_chunks::<BLOCK>();
    for (block, (high, low)) in high.iter().zip(low).enumerate() {
        zeros(block * BLOCK, high.iter().zip(low).map(differ), &mut found);
    }
    let rest = high_rest.iter().zip(low_rest);
    locate(high.len() * BLOCK, rest.map(differ), &mut found);
}

/// Calls `found` for each difference that is zero; there are a block of them, and mostly none is.
#[inline(always)]
fn zeros<H: Half>(
    from: usize,
    differences: impl Iterator<Item = H> + Clone,
    found: &mut impl FnMut(usize),
) {
    let mut any = false;
    for difference in differences.clone() {
        any |= difference == H::default();
    }
    if any {
        locate(from, differences, found);
    }
}

/// Calls `found` for each difference that is zero.
fn locate<H: Half>(
    from: usize,
    differences: impl Iterator<Item = H>,
    found: &mut impl FnMut(usize),
) {
    for (offset, difference) in differences.enumerate() {
        if difference == H::default() {
            found(from + offset);
        }
    }
}
