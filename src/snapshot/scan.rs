//! The scan: which addresses share a network with a target.
//!
//! Blocks without any match, nearly all of them, are passed over with one test a block, which the
//! compiler turns into vector instructions; `benches/match.rs` shows what that buys.

use super::netmask::Bits;

/// How many addresses are tested at once.
const BLOCK: usize = 16;

/// Calls `found` with the position of every address that is in one network with `target` under
/// the address's own mask: `(address ^ target) & mask == 0`.
pub(crate) fn own_mask<A: Bits>(
    addresses: &[A],
    masks: &[A],
    target: A,
    mut found: impl FnMut(usize),
) {
    let differ = |(address, mask): (&A, &A)| (*address ^ target) & *mask;
    let (address_blocks, address_rest) = addresses.as_chunks::<BLOCK>();
    let (mask_blocks, mask_rest) = masks.as_chunks::<BLOCK>();
    for (block, (addresses, masks)) in address_blocks.iter().zip(mask_blocks).enumerate() {
        let mut any = false;
        for pair in addresses.iter().zip(masks) {
            any |= differ(pair) == A::ZERO;
        }
        if any {
            locate(
                block * BLOCK,
                addresses.iter().zip(masks).map(differ),
                &mut found,
            );
        }
    }
    let rest = address_blocks.len() * BLOCK;
    locate(
        rest,
        address_rest.iter().zip(mask_rest).map(differ),
        &mut found,
    );
}

/// Calls `found` with the position of every address inside the network `target` under `mask`.
pub(crate) fn one_mask<A: Bits>(addresses: &[A], mask: A, target: A, mut found: impl FnMut(usize)) {
    let differ = |address: &A| (*address ^ target) & mask;
    let (blocks, rest) = addresses.as_chunks::<BLOCK>();
    for (block, addresses) in blocks.iter().enumerate() {
        let mut any = false;
        for address in addresses {
            any |= differ(address) == A::ZERO;
        }
        if any {
            locate(block * BLOCK, addresses.iter().map(differ), &mut found);
        }
    }
    locate(blocks.len() * BLOCK, rest.iter().map(differ), &mut found);
}

/// Calls `found` for each difference that is zero.
fn locate<A: Bits>(
    from: usize,
    differences: impl Iterator<Item = A>,
    found: &mut impl FnMut(usize),
) {
    for (offset, difference) in differences.enumerate() {
        if difference == A::ZERO {
            found(from + offset);
        }
    }
}
