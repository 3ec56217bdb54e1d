//! Numbers by chance, which can be drawn again.

use std::time::SystemTime;

/// Numbers by chance (splitmix64), the same for the same seed.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The numbers of one of many runs with a seed.
    pub fn new(seed: u64, run: u64) -> Self {
        let mut random = Self(seed ^ run.wrapping_mul(0xd134_2543_de82_ef95));
        random.next();
        random
    }

    /// Any number.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Less than a number.
    pub fn below(&mut self, end: usize) -> usize {
        (self.next() % end as u64) as usize
    }

    /// True so often in a hundred.
    pub fn percent(&mut self, often: usize) -> bool {
        self.below(100) < often
    }

    /// One of some.
    pub fn one_of<T: Copy>(&mut self, some: &[T]) -> T {
        some[self.below(some.len())]
    }
}

/// The seed of this run, or that of `BINDNET_SEED`, which repeats one.
pub fn seed() -> u64 {
    match std::env::var("BINDNET_SEED") {
        Ok(seed) => seed.parse().expect("BINDNET_SEED is a number"),
        Err(_) => {
            let now = SystemTime::UNIX_EPOCH.elapsed().expect("after 1970");
            now.as_nanos() as u64
        }
    }
}
