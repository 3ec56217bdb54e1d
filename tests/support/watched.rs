//! A monitor beside the host it watches.
//!
//! What must hold: if the snapshot that it holds is not what the kernel says now, its fd becomes
//! readable. So nothing here waits for a time: it dispatches while there is something to dispatch,
//! compares, and where the two differ it requires that more comes.

use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use bindnet::live::Monitor;
use bindnet::snapshot::{Consistency, Lifetime};
use bindnet::{Address, Link, Selector, Snapshot};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::netns::{assert_ip_text_agrees, assert_same, capture, capturer, ip};

/// How long the kernel may take to tell of a change. Reaching it is a failure, never a
/// measurement: a carrier is told of once a second.
const PATIENCE: Duration = Duration::from_secs(20);

/// What is asked of both snapshots.
const QUESTIONS: [&str; 10] = [
    "192.0.2.0",
    "192.0.2.10",
    "192.0.2.0/24",
    "198.51.100.0",
    "10.0.0.0",
    "203.0.113.7",
    "2001:db8::",
    "2001:db8::10",
    "fe80::1%eth0",
    "fd00::/8",
];

/// A monitor that acts on every change at once.
pub fn monitor() -> Monitor {
    debounced().debounce(Duration::ZERO)
}

/// A monitor as daemons have it.
pub fn debounced() -> Monitor {
    Monitor::with_capturer(capturer()).unwrap()
}

/// Whether the fd of a monitor becomes readable in this time.
pub fn is_readable(monitor: &Monitor, within: Duration) -> bool {
    let mut fds = [PollFd::new(monitor.as_fd(), PollFlags::POLLIN)];
    let within = PollTimeout::try_from(within.as_millis()).unwrap();
    poll(&mut fds, within).unwrap() == 1
}

/// Dispatches while the fd is readable, and says how many snapshots came of it.
pub fn dispatch(monitor: &mut Monitor) -> usize {
    let mut snapshots = 0;
    while is_readable(monitor, Duration::ZERO) {
        snapshots += usize::from(monitor.dispatch().unwrap().is_some());
    }
    snapshots
}

/// Dispatches until nothing has come for a while, longer than any burst is waited for here.
pub fn dispatch_until_quiet(monitor: &mut Monitor) -> usize {
    let mut snapshots = 0;
    while is_readable(monitor, Duration::from_millis(300)) {
        snapshots += usize::from(monitor.dispatch().unwrap().is_some());
    }
    snapshots
}

/// Requires that the monitor holds what a fresh capture says, now or when it has received what is
/// on its way; returns the capture.
pub fn catch_up(monitor: &mut Monitor) -> Snapshot {
    let give_up = Instant::now() + 3 * PATIENCE;
    loop {
        dispatch(monitor);
        let fresh = capture();
        let held = monitor.snapshot();
        let caught_up = held.about().consistency == Some(Consistency::Consistent);
        if caught_up && is_same(held, &fresh) {
            assert_tables_alike(held, &fresh);
            return fresh;
        }
        // Whatever differs is announced.
        if !is_readable(monitor, PATIENCE) || Instant::now() > give_up {
            assert!(caught_up, "interrupted");
            assert_same(steady(held), steady(&fresh));
            assert_same(lasting(held), lasting(&fresh));
        }
    }
}

/// Requires the same of `ip`, too, and of decisions; returns what all of them say.
pub fn assert_current(monitor: &mut Monitor) -> Snapshot {
    loop {
        let fresh = catch_up(monitor);
        let json = ip("-d -j addr");
        // Carriers, detection of duplicates and lifetimes change by themselves.
        if !is_same(&fresh, &capture()) {
            continue;
        }
        let held = monitor.snapshot();
        assert_ip_alike(held, &json);
        assert_decides_alike(held, &fresh);
        return fresh;
    }
}

/// Whether two snapshots show the same, but for lifetimes that count down and carriers that are
/// back before the kernel tells of them.
pub fn is_same(a: &Snapshot, b: &Snapshot) -> bool {
    steady(a).eq(steady(b)) && lasting(a).eq(lasting(b))
}

/// The links, whose carriers may have changed any number of times.
fn steady(host: &Snapshot) -> impl Iterator<Item = Link> {
    let links = host.links().iter().cloned();
    links.map(|link| link.with_carrier_changes(0))
}

/// The addresses, with lifetimes that are either for ever or not.
fn lasting(host: &Snapshot) -> impl Iterator<Item = Address> {
    let last = |lifetime| match lifetime {
        Lifetime::Seconds(_) => Lifetime::Seconds(1),
        forever => forever,
    };
    host.addresses().map(move |address| {
        let [valid, preferred] = [address.valid_lft(), address.preferred_lft()].map(Option::unwrap);
        let address = address.with_valid_lft(last(valid));
        address.with_preferred_lft(last(preferred))
    })
}

/// The tables inside are the same to the last bit, which a patched one need not be where it only
/// looks the same.
fn assert_tables_alike(held: &Snapshot, fresh: &Snapshot) {
    let forever = |a: Address| a.valid_lft() == Some(Lifetime::Forever);
    let stays = |a: Address| forever(a) && a.preferred_lft() == Some(Lifetime::Forever);
    if fresh.addresses().all(stays) && held.links() == fresh.links() {
        let held = held.clone().with_about(fresh.about().clone());
        assert!(held == *fresh, "{held:?} and {fresh:?}");
    }
}

/// Requires what `ip -d -j addr` says, read with the library and without.
fn assert_ip_alike(held: &Snapshot, json: &[u8]) {
    let told = Snapshot::from_json(json).unwrap();
    let facts = |link: &Link| {
        let kind = link.kind().map(str::to_owned);
        let (name, mac) = (link.name(), link.mac().copied());
        let about = (link.flags(), link.master());
        (link.index(), name, mac, kind, about)
    };
    assert_same(
        held.links().iter().map(facts),
        told.links().iter().map(facts),
    );
    let facts = |a: Address| {
        let net = (a.ip(), a.netmask(), a.peer(), a.label(), a.link_index());
        (net, a.scope(), a.flags(), a.valid_lft(), a.preferred_lft())
    };
    assert_same(lasting(held).map(facts), lasting(&told).map(facts));
    assert_ip_text_agrees(held, json);
}

fn assert_decides_alike(held: &Snapshot, fresh: &Snapshot) {
    for question in QUESTIONS {
        let selector = Selector::new(question.parse().unwrap());
        let on_eth0 = selector.clone().interface("eth0".parse().unwrap());
        let all = selector.clone().list_all(true);
        for selector in [selector.clone().strict(true), selector, on_eth0, all] {
            let [held, fresh] = [held, fresh].map(|host| selector.decide(host));
            assert!(held == fresh, "{held:#}\nand\n{fresh:#}");
        }
    }
}
