//! The recorded hosts, made anew in namespaces: what is decided live is what `rule/fixtures.txt`
//! says, as recorded and with the numbers of own and floating addresses exchanged.

use bindnet_tests::{expected, made, netns, recordings};

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use bindnet::{Address, Snapshot};
use expected::{Table, told};
use made::{address_facts, is_link_local, link_facts, make};
use netns::{assert_same, capture, capturer, decides_alike, run};
use recordings::{RECORDINGS, Recording};

/// Each host waits for the kernel most of the time.
const THREADS: usize = 4;

#[test]
fn the_recorded_hosts_are_decided_alike_live() {
    let (table, recordings, next) = (Table::read(), Recording::all(), AtomicUsize::new(0));
    let work = || {
        while let at @ ..RECORDINGS = next.fetch_add(1, Ordering::Relaxed) {
            let recording = &recordings[at];
            run(|| assert_decided(recording, recording, &table));
            run(|| assert_decided(recording, &recording.exchanged(), &table));
        }
    };
    thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(work))));
}

/// Makes the host, as recorded or exchanged, and decides.
fn assert_decided(recording: &Recording, to_make: &Recording, table: &Table) {
    let host = to_make.snapshot();
    let drawn = make(&host);
    assert_made(&host, &drawn, &recording.name);
    let numbers = recording.exchanged_numbers();
    for (case, made) in recording.cases.iter().zip(&to_make.cases) {
        let decision = decides_alike(&mut capturer(), &made.selector());
        let mut live = told(&decision);
        for (made, recorded) in &drawn {
            live = live.replace(&made.to_string(), &recorded.to_string());
        }
        let mut expected = table.of(recording, case).clone();
        if case.fixed != made.fixed || case.bindnetaddr != made.bindnetaddr {
            expected = expected.renumbered(&numbers);
        }
        assert_eq!(live, expected.decision, "{}\n{decision:#}", recording.name);
    }
}

/// The kernel lists the host as it was recorded.
fn assert_made(host: &Snapshot, drawn: &HashMap<IpAddr, IpAddr>, name: &str) {
    let made = capture();
    for link in host.links() {
        let like = made.link(link.index()).unwrap();
        assert_eq!(link_facts(like), link_facts(link), "{name}");
    }
    let asked = |address: &Address| !is_link_local(address);
    let as_made = |address: Address| {
        let ip = address.ip();
        address_facts(&address, *drawn.get(&ip).unwrap_or(&ip))
    };
    assert_same(
        made.addresses().filter(asked).map(as_made),
        host.addresses()
            .filter(asked)
            .map(|address| address_facts(&address, address.ip())),
    );
}
