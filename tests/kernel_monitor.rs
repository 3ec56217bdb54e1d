//! The monitor beside fresh captures of the same host.

use std::os::fd::AsFd;
use std::time::Duration;

use bindnet::{Monitor, Snapshot};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

#[path = "support/netns.rs"]
mod netns;

use netns::{assert_same, cable, capture, capturer, ip, ip_batch, run};

fn monitor() -> Monitor {
    Monitor::with_capturer(capturer()).unwrap()
}

/// Dispatches until nothing has come for a while.
fn catch_up(monitor: &mut Monitor) -> usize {
    let mut snapshots = 0;
    loop {
        let mut fds = [PollFd::new(monitor.as_fd(), PollFlags::POLLIN)];
        if poll(&mut fds, PollTimeout::from(200u8)).unwrap() == 0 {
            return snapshots;
        }
        snapshots += usize::from(monitor.dispatch().unwrap().is_some());
    }
}

fn assert_current(monitor: &Monitor) {
    let fresh = capture();
    let held: &Snapshot = monitor.snapshot();
    assert_same(held.links().iter(), fresh.links().iter());
    assert_same(held.addresses(), fresh.addresses());
}

#[test]
fn a_burst_gives_one_snapshot() {
    run(|| {
        cable("eth0");
        let mut monitor = monitor();
        catch_up(&mut monitor);
        ip_batch((1..=100).map(|n| format!("addr add 192.0.2.{n}/24 dev eth0")));
        assert_eq!(catch_up(&mut monitor), 1);
        assert_eq!(monitor.overruns(), 0);
        assert_current(&monitor);
        ip("link set eth0 down");
        catch_up(&mut monitor);
        assert_current(&monitor);
    });
}

#[test]
fn five_thousand_changes_overrun_the_buffer() {
    run(|| {
        cable("eth0");
        let mut monitor = monitor().debounce(Duration::ZERO);
        ip_batch((0..5000).map(|n| format!("addr add 10.{}.{}.1/24 dev eth0", n / 250, n % 250)));
        catch_up(&mut monitor);
        assert_eq!(monitor.overruns(), 1);
        assert_current(&monitor);
    });
}
