//! Many staged hosts by chance, on several threads, and a count of what came about on them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::corosync;
use crate::random::seed;

/// How often something came about.
pub type Tally = BTreeMap<String, usize>;

/// Runs a test on this many hosts, each by the seed and its number. Prints the seed, which
/// `BINDNET_SEED` repeats.
pub fn on_hosts(count: usize, test: impl Fn(u64, usize) -> Tally + Sync) -> Tally {
    let seed = seed();
    corosync::say(&format!("BINDNET_SEED={seed}"));
    let (next, tally) = (AtomicUsize::new(0), Mutex::new(Tally::new()));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            if at >= count {
                return;
            }
            let counted = corosync::run(|| test(seed, at));
            let mut tally = tally.lock().expect("no thread failed");
            for (what, times) in counted.expect("it ran a moment ago") {
                *tally.entry(what).or_default() += times;
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(work);
        }
    });
    let tally = tally.into_inner().expect("no thread failed");
    corosync::say(&format!("{count} hosts: {tally:#?}"));
    tally
}

/// Requires that a run showed enough: what came about less often than this proves little.
pub fn require(tally: &Tally, variety: &[(&str, usize)]) {
    for (what, least) in variety {
        let times = tally.get(*what).copied().unwrap_or(0);
        assert!(times >= *least, "{what}: {times} times, not {least}");
    }
}
