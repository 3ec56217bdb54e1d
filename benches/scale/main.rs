//! What public calls cost for ten times as much: each row should grow about tenfold.
//!
//! ```sh
//! cargo bench --all-features --bench scale
//! ```
//! With `--all-features` the calls of the C API that are made many times are among them. Words
//! behind `--` name the rows to run.

#[cfg(feature = "capi")]
#[path = "../../tests/support/extern_c.rs"]
#[allow(dead_code)] // The tests use all of it.
mod extern_c;
mod made;

use std::hint::black_box;
use std::time::Duration;

use bindnet::audit::Audit;
use bindnet::choice::Tracker;
use bindnet::corosync::{Conf, Hosts, Profile};
use bindnet::fleet::Fleet;
use bindnet::model::{Host, Kernel};
use bindnet::rule::Declared;
use bindnet::{Selector, Snapshot};
use nix::time::{ClockId, clock_gettime};

/// How many addresses, networks or nodes.
const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// A call is repeated for so long; one that takes longer is made once.
const LONG: Duration = Duration::from_millis(300);

struct Table {
    sizes: Vec<usize>,
    wanted: Vec<String>,
}

impl Table {
    /// A row: the time of some work on what is made of each size up to `most`.
    fn row<T>(&self, name: &str, most: usize, make: impl Fn(usize) -> T, work: impl Fn(&T)) {
        if !self.wanted.is_empty() && !self.wanted.iter().any(|part| name.contains(part)) {
            return;
        }
        let sizes = self.sizes.iter().filter(|size| **size <= most);
        let times: Vec<Duration> = sizes.map(|size| time(&make(*size), &work)).collect();
        let mut line = format!("| {name} |");
        for at in 0..self.sizes.len() {
            let cell = times.get(at).map(|time| milliseconds(*time));
            line += &format!(" {} |", cell.unwrap_or_default());
        }
        if let [.., before, last] = times[..] {
            line += &format!(" {:.1} |", last.as_secs_f64() / before.as_secs_f64());
        }
        println!("{line}");
    }
}

/// The least time of several.
fn time<T>(made: &T, work: impl Fn(&T)) -> Duration {
    let (begun, mut least) = (processor_time(), Duration::MAX);
    loop {
        let start = processor_time();
        work(black_box(made));
        let end = processor_time();
        least = least.min(end - start);
        if end - begun > LONG {
            return least;
        }
    }
}

/// Of this process: what else the machine does counts little.
fn processor_time() -> Duration {
    clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)
        .unwrap()
        .into()
}

fn milliseconds(time: Duration) -> String {
    let time = time.as_secs_f64() * 1e3;
    match time {
        ..0.1 => format!("{time:.4}"),
        ..10.0 => format!("{time:.2}"),
        _ => format!("{time:.0}"),
    }
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_test = arguments.iter().any(|argument| argument == "--test");
    let sizes = if is_test {
        vec![10, 100]
    } else {
        SIZES.to_vec()
    };
    let wanted = arguments.into_iter().filter(|a| !a.starts_with("--"));
    let table = Table {
        wanted: wanted.collect(),
        sizes,
    };
    let heads = table.sizes.iter().map(|size| format!(" {size} |"));
    println!(
        "| ms of processor time | {} last tenfold |",
        heads.collect::<String>()
    );
    println!("|---|{}---:|", "---:|".repeat(table.sizes.len()));
    reading(&table);
    deciding(&table);
    many_calls(&table);
    model(&table);
    nodes(&table);
}

const ALL: usize = usize::MAX;

fn v4() -> Selector {
    Selector::new("10.0.0.0/8".parse().unwrap())
}

fn reading(table: &Table) {
    let json = |size| made::one_network(size).to_json();
    let read = |text: &String| drop(Snapshot::from_json(text.as_bytes()).unwrap());
    table.row("`Snapshot::from_json`", ALL, json, read);
    table.row("the same of `ip -j addr`", ALL, made::ip_json, read);
    let hostile = |size| format!("[{}]", vec![r#"{"flags":["",""]}"#; size].join(","));
    let refused = |text: &String| drop(Snapshot::from_json(text.as_bytes()).unwrap_err());
    table.row("the same of empty objects", ALL, hostile, refused);
    table.row("`Snapshot::to_json`", ALL, made::one_network, |host| {
        drop(host.to_json());
    });
    table.row("`Hosts::parse`", ALL, made::hosts, |text| {
        drop(Hosts::parse(text.as_bytes()));
    });
    table.row("`Conf::parse`", 10_000, made::conf, |text| {
        drop(Conf::parse(text.as_bytes()).unwrap());
    });
}

fn deciding(table: &Table) {
    let decide = |host: &Snapshot| drop(v4().list_all(true).decide(host));
    table.row(
        "`Selector::decide`, one network",
        ALL,
        made::one_network,
        decide,
    );
    table.row(
        "the same, host prefixes in networks",
        ALL,
        made::host_prefixes,
        decide,
    );
    table.row(
        "the same, a link for each address",
        ALL,
        made::links,
        decide,
    );
    let v6 = Selector::new("2001:db8::/32".parse().unwrap());
    table.row("the same, IPv6", ALL, made::v6, |host| {
        drop(v6.decide(host))
    });
    let decided = |size| v4().decide(&made::one_network(size));
    table.row("`Decision` as a report", ALL, decided, |decision| {
        drop(format!("{decision:#}"));
    });
    table.row("`Decision::to_json`", ALL, decided, |decision| {
        drop(decision.to_json());
    });
    table.row("`Tracker::update`, twice", ALL, made::one_network, |host| {
        let mut tracker = Tracker::new(v4());
        drop(tracker.update(host));
        drop(tracker.update(host));
    });
    let audit = |host: &Snapshot| drop(Audit::of(&v4(), host).unwrap());
    table.row("`Audit::of`, one network", ALL, made::one_network, audit);
    table.row("the same, a link for each address", ALL, made::links, audit);
    let audit_v6 = |host: &Snapshot| drop(Audit::of(&v6, host).unwrap());
    table.row("the same, IPv6", ALL, made::v6, audit_v6);
}

fn many_calls(table: &Table) {
    table.row("`Declared::floating`", ALL, made::nets, |nets| {
        drop(Declared::default().floating(nets.iter().copied()).unwrap());
    });
    let declared = |size| {
        let declared = Declared::default().floating(made::nets(size)).unwrap();
        (v4().declared(declared), made::one_network(size))
    };
    table.row(
        "`Selector::decide`, as many declared",
        ALL,
        declared,
        |(selector, host)| {
            drop(selector.decide(host));
        },
    );
    #[cfg(feature = "capi")]
    by_c::rows(table);
}

fn model(table: &Table) {
    let play = |operations: &Vec<_>| {
        let mut host = Host::new(Kernel::default());
        for operation in operations {
            drop(host.apply(operation).unwrap());
        }
        drop(host.snapshot());
    };
    table.row("`Host::apply`, primaries", ALL, made::primaries, play);
    table.row("the same, secondaries", ALL, made::secondaries, play);
    table.row("the same, IPv6", ALL, made::adds_v6, play);
    table.row("`Host::of`", ALL, made::links, |host| {
        drop(Host::of(host, Kernel::default()));
    });
}

fn nodes(table: &Table) {
    let nodes = |size| (0..size).map(made::node).collect::<Vec<_>>();
    table.row("`Fleet::judge`", ALL, nodes, |nodes| {
        judge(Fleet::new(v4()), nodes);
    });
    let listed = |size| (made::conf(size), nodes(size));
    table.row(
        "the same with a corosync.conf",
        10_000,
        listed,
        |(conf, nodes)| {
            let conf = Conf::parse(conf.as_bytes()).unwrap();
            let hosts = Hosts::default();
            let fleet = Fleet::of_conf("corosync.conf", conf, Profile::Default, v4(), hosts);
            judge(fleet.unwrap(), nodes);
        },
    );
}

fn judge(mut fleet: Fleet, nodes: &[Snapshot]) {
    for (at, node) in nodes.iter().enumerate() {
        fleet.add(format!("n{at}"), node).unwrap();
    }
    drop(black_box(fleet.judge()));
}

/// What a program in C does in a loop.
#[cfg(feature = "capi")]
#[allow(unsafe_code)]
mod by_c {
    use super::extern_c::*;
    use super::*;

    pub fn rows(table: &Table) {
        let nets = |size| made::nets(size).iter().map(ToString::to_string).collect();
        table.row(
            "`bindnet_selector_floating` for each",
            ALL,
            nets,
            |nets: &Vec<String>| {
                let mut selector = Owned::selector("10.0.0.0/8");
                for net in nets {
                    selector.set(bindnet_selector_floating, net);
                }
            },
        );
        for (name, list_all) in [
            ("`bindnet_decision_candidate` for each", 0),
            ("the same with `bindnet_selector_list_all`", 1),
        ] {
            table.row(name, ALL, |size| decision(size, list_all), walk);
        }
    }

    fn decision(size: usize, list_all: i32) -> (usize, Owned) {
        let selector = Owned::selector("10.0.0.0/8");
        // SAFETY: a handle that lives.
        let set = unsafe { bindnet_selector_list_all(selector.0.as_ptr(), list_all) };
        assert_eq!(set, OK);
        let host = Owned::snapshot(&made::one_network(size).to_json());
        (size, Owned::decision(&selector, &host))
    }

    fn walk((size, decision): &(usize, Owned)) {
        for number in 0..*size {
            // SAFETY: all bytes zero is a value of this struct of integers.
            let mut room: Address = unsafe { std::mem::zeroed() };
            room.size = size_of::<Address>();
            let handle = decision.0.as_ptr();
            // SAFETY: a handle that lives, and room for a struct that says its size.
            let found = unsafe { bindnet_decision_candidate(handle, number, &raw mut room) };
            assert_eq!(found, OK);
        }
    }
}
