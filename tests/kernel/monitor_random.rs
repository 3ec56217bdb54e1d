//! Monitors beside hosts that change by chance: after every burst they hold what a fresh capture
//! and `ip` say. `BINDNET_SEED` repeats a run.

use bindnet_tests::{netns, random, random_changes, running_ip, watched};

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use bindnet::Snapshot;
use bindnet::live::Monitor;
use netns::run;
use random::{Random, seed};
use random_changes::{BEGIN, burst, setting};
use running_ip::RunningIp;
use watched::{assert_current, debounced, dispatch, is_same};

/// How many hosts, on some threads, and how many bursts on each.
const HOSTS: usize = 36;
const THREADS: usize = 3;
const BURSTS: usize = 12;

/// What came about.
#[derive(Debug, Default)]
struct Tally {
    bursts: AtomicUsize,
    /// Bursts after which the host was not what it had been.
    changed: AtomicUsize,
    /// Bursts that a monitor which was not dispatched did not see: what the others are compared
    /// with tells the difference.
    unseen: AtomicUsize,
    overruns: AtomicUsize,
}

impl Tally {
    fn count(of: &AtomicUsize, so: bool) {
        of.fetch_add(usize::from(so), Ordering::Relaxed);
    }
}

/// What is printed where a test fails on a host.
struct Told {
    seed: u64,
    host: usize,
    done: Vec<String>,
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "BINDNET_SEED={}, host {}", self.seed, self.host)?;
        writeln!(f, "{}", self.done.join("\n"))
    }
}

impl Drop for Told {
    fn drop(&mut self) {
        if thread::panicking() {
            let _ = write!(io::stderr(), "{self}");
        }
    }
}

/// How a monitor is used.
#[derive(Clone, Copy, Debug)]
struct Way {
    quiet: u64,
    little: bool,
    /// Whether it dispatches while the host changes.
    meanwhile: bool,
}

impl Way {
    fn by_chance(random: &mut Random) -> Self {
        Self {
            quiet: random.one_of(&[0, 5, 50]),
            little: random.percent(40),
            meanwhile: random.percent(60),
        }
    }

    fn open(self) -> Monitor {
        let monitor = debounced().debounce(Duration::from_millis(self.quiet));
        match self.little {
            true => monitor.receive_buffer(4096).unwrap(),
            false => monitor,
        }
    }
}

/// Does a burst, and dispatches meanwhile as it comes.
fn change(lines: &[String], way: Way, monitor: &mut Monitor, random: &mut Random) {
    let mut ip = RunningIp::start();
    let pauses: Vec<_> = (0..3).map(|_| random.below(2000) as u64).collect();
    ip.begin(lines);
    if way.meanwhile {
        for pause in pauses {
            let _ = monitor.dispatch().unwrap();
            thread::sleep(Duration::from_micros(pause));
            dispatch(monitor);
        }
    }
    ip.end();
}

fn watch(seed: u64, host: usize, tally: &Tally) {
    let mut random = Random::new(seed, host as u64);
    let way = Way::by_chance(&mut random);
    let done = vec![format!("{way:?}")];
    let mut told = Told { seed, host, done };
    RunningIp::start().run(&BEGIN);
    let mut monitor = way.open();
    let mut before = assert_current(&mut monitor);
    for _ in 0..BURSTS {
        if random.percent(30) {
            let (name, value) = setting(&mut random);
            told.done.push(format!("{name} = {value}"));
            // The link need not be there.
            let _ = std::fs::write(format!("/proc/sys/net/{name}"), value.to_string());
        }
        let lines = burst(&mut random);
        told.done.push(format!("# {} lines", lines.len()));
        told.done.extend(lines.iter().cloned());
        let idle = debounced();
        change(&lines, way, &mut monitor, &mut random);
        let now: Snapshot = assert_current(&mut monitor);
        Tally::count(&tally.bursts, true);
        Tally::count(&tally.changed, !is_same(&before, &now));
        Tally::count(&tally.unseen, !is_same(idle.snapshot(), &now));
        before = now;
    }
    tally
        .overruns
        .fetch_add(monitor.overruns() as usize, Ordering::Relaxed);
}

#[test]
fn a_monitor_holds_what_a_fresh_capture_says() {
    let (seed, tally, next) = (seed(), Tally::default(), AtomicUsize::new(0));
    let _ = writeln!(io::stderr(), "BINDNET_SEED={seed}");
    let work = || {
        while let host @ ..HOSTS = next.fetch_add(1, Ordering::Relaxed) {
            run(|| watch(seed, host, &tally));
        }
    };
    thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(work))));
    let _ = writeln!(io::stderr(), "{tally:?}");
    let [bursts, changed, unseen, overruns] =
        [tally.bursts, tally.changed, tally.unseen, tally.overruns].map(AtomicUsize::into_inner);
    // Nothing where no namespace can be made.
    assert!(bursts == 0 || bursts == HOSTS * BURSTS);
    assert!(
        changed >= bursts / 3 && unseen >= bursts / 3,
        "{changed}, {unseen}"
    );
    assert!(overruns >= bursts / 100);
}
