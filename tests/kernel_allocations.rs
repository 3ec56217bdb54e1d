//! A kept capturer allocates nothing for an address.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use bindnet::Selector;

#[path = "support/netns.rs"]
mod netns;

use netns::{cable, capturer, ip, ip_batch, run};

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
}

/// The system's allocator, which counts for each thread.
struct Counting;

// SAFETY: every call is passed on to the system's allocator as it came.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // A thread that is ending has no counter any more, and counts no more.
        let _ = ALLOCATIONS.try_with(|count| count.set(count.get() + 1));
        // SAFETY: the caller keeps the contract.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        // SAFETY: the caller keeps the contract.
        unsafe { System.dealloc(memory, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

#[test]
fn ten_times_the_addresses_take_no_more_allocations() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        let selector = Selector::new("192.0.2.0".parse().unwrap());
        let mut live = capturer();
        let mut count = || {
            // Room is made once.
            let _ = live.decide(&selector).unwrap();
            let before = ALLOCATIONS.get();
            let decision = live.decide(&selector).unwrap();
            let count = ALLOCATIONS.get() - before;
            assert!(decision.chosen().is_some());
            count
        };
        let few = count();
        assert!(few > 0, "the counter counts nothing");
        ip_batch((0..3000).map(|n| format!("addr add 10.{}.{}.1/24 dev eth0", n / 250, n % 250)));
        assert_eq!(count(), few);
    });
}
