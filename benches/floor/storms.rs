//! Addresses that come and go while they are read, and other namespaces that hold the RTNL lock.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bindnet::live::Capturer;
use bindnet::snapshot::Consistency;

use crate::dumps::{scan_getifaddrs, selector};
use crate::hosts;
use crate::kernel::Floor;
use crate::netns::{self, AddressRequest, Changer};
use crate::report::{Limit, Report};
use crate::timing::{Patience, quantile, ratio};

/// How many addresses change in a second.
const CHANGES: u32 = 300;

/// How long a call that may never end is waited for.
const ENOUGH: Duration = Duration::from_secs(4);

/// Reads a link of 10 000 addresses while others on it come and go.
pub fn churn(report: &mut Report, patience: Patience) {
    let host = || {
        hosts::addresses(10_000);
        let over = AtomicBool::new(false);
        thread::scope(|scope| {
            let stop = Stop(&over);
            scope.spawn(|| change(&over, Duration::from_secs(1) / CHANGES));
            let f = read(report, patience);
            let libc = scope.spawn(|| time(scan_getifaddrs));
            // It repeats until nothing changes, which may be never.
            let start = Instant::now();
            while !libc.is_finished() && start.elapsed() < ENOUGH {
                thread::sleep(Duration::from_millis(1));
            }
            drop(stop);
            let libc = libc.join().expect("getifaddrs(3)");
            let what = "one call of getifaddrs there, in F, at the least";
            report.row(what, ratio(libc, f), Limit::None);
        });
    };
    netns::run(host).expect("a network namespace");
}

/// Ends a storm also where a measurement panics.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Adds and deletes an address by turns, at this pace.
fn change(over: &AtomicBool, pace: Duration) {
    let changer = Changer::open();
    let link = netns::link("eth0").index();
    let come_and_go = AddressRequest::new("198.51.100.1/24".parse().expect("an address"), link);
    let mut next = Instant::now();
    while !over.load(Ordering::Relaxed) {
        changer.add(&come_and_go).expect("it is not there");
        thread::sleep((next + pace).saturating_duration_since(Instant::now()));
        changer.delete(&come_and_go).expect("it is there");
        next += 2 * pace;
        thread::sleep(next.saturating_duration_since(Instant::now()));
    }
}

/// Says what it costs, and returns F in the storm.
fn read(report: &mut Report, patience: Patience) -> Duration {
    let (selector, mut floor) = (selector(), Floor::new());
    let mut kept = Capturer::open().expect("a capturer");
    let (mut floors, mut clean, mut interrupted) = (Vec::new(), Vec::new(), 0);
    for _ in patience.rounds() {
        floors.push(time(|| floor.dump()));
        let mut consistency = None;
        let took = time(|| {
            let decision = kept.decide(&selector).expect("a decision");
            assert!(decision.chosen().is_some());
            consistency = decision.consistency();
        });
        match consistency {
            Some(Consistency::Consistent) => clean.push(took),
            _ => interrupted += 1,
        }
    }
    let f = quantile(floors, 0.5);
    report.heading(&format!(
        "{CHANGES} changes a second on a link with 10 000 addresses: F is {f:.1?}"
    ));
    let median = (!clean.is_empty()).then(|| quantile(clean.clone(), 0.5));
    let share = clean.len() as f64 / (clean.len() + interrupted) as f64;
    report.row(
        "a clean snapshot, median, in F",
        median.map_or(f64::INFINITY, |median| ratio(median, f)),
        Limit::AtMost(3.0),
    );
    report.row("share of clean ones; the others say so", share, Limit::None);
    f
}

/// Reads a host of 250 addresses while another namespace keeps the RTNL lock busy, by turns with
/// quiet times.
pub fn rtnl(report: &mut Report, patience: Patience) {
    let (over, stormy) = (AtomicBool::new(false), AtomicBool::new(false));
    let (over, stormy) = (&over, &stormy);
    thread::scope(|scope| {
        let _stop = Stop(over);
        scope.spawn(|| netns::run(|| hold_rtnl(over, stormy)));
        netns::run(|| beside_rtnl(report, patience, stormy)).expect("a network namespace");
    });
}

/// Adds and deletes the last of many addresses, for which the kernel walks its list under the lock.
fn hold_rtnl(over: &AtomicBool, stormy: &AtomicBool) {
    hosts::addresses(4_000);
    let changer = Changer::open();
    let link = netns::link("eth0").index();
    let last = AddressRequest::new("198.51.100.1/24".parse().expect("an address"), link);
    while !over.load(Ordering::Relaxed) {
        if !stormy.load(Ordering::Relaxed) {
            thread::sleep(Duration::from_micros(200));
            continue;
        }
        changer.add(&last).expect("it is not there");
        changer.delete(&last).expect("it is there");
    }
}

fn beside_rtnl(report: &mut Report, patience: Patience, stormy: &AtomicBool) {
    hosts::addresses(250);
    let selector = selector();
    let mut kept = Capturer::open().expect("a capturer");
    let mut times = [Vec::new(), Vec::new()];
    for _ in patience.rounds() {
        for (storm, times) in [false, true].into_iter().zip(&mut times) {
            stormy.store(storm, Ordering::Relaxed);
            thread::sleep(Duration::from_millis(2));
            for _ in 0..20 {
                times.push(time(|| drop(kept.decide(&selector).expect("a decision"))));
            }
        }
    }
    let [quiet, storm] = times;
    let what = "RTNL held by others: p90 beside p90 of quiet times";
    let limit = match kernel_leaves_rtnl_alone() {
        true => Limit::AtMost(2.0),
        false => Limit::None,
    };
    report.heading("250 addresses while another namespace inserts addresses");
    report.row(
        what,
        ratio(quantile(storm, 0.9), quantile(quiet, 0.9)),
        limit,
    );
}

/// Since Linux 6.9 a dump of addresses does not take the RTNL lock.
fn kernel_leaves_rtnl_alone() -> bool {
    let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut numbers = release
        .split(['.', '-'])
        .map(|number| number.parse().unwrap_or(0));
    let version: (u32, u32) = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    version >= (6, 9)
}

fn time(mut way: impl FnMut()) -> Duration {
    let start = Instant::now();
    way();
    start.elapsed()
}
