//! What was measured on a host, and the tables of it.

use std::cell::Cell;
use std::fmt::Write;
use std::time::Duration;

use crate::hosts::Host;
use crate::kernel::Floor;
use crate::timing::{Patience, Way, medians, ratio};
use crate::ways;

/// How many dumps come before each measurement. After a peer that lists the links it takes as many
/// until the kernel's addresses are in the caches again.
const BEFORE: usize = 8;

/// What was measured on a host.
pub struct Measured {
    pub host: &'static str,
    /// What the kernel needs, F.
    pub floor: Duration,
    /// The median of each way, or none where it ever failed or did not find the one address.
    pub ways: Vec<(&'static str, Option<Duration>)>,
}

impl Measured {
    /// Runs all ways on the host.
    pub fn on(host: &Host, patience: Patience) -> Self {
        let name = host.name;
        host.run(|| {
            let (mut floor, mut between) = (Floor::new(), Floor::new());
            let ways = ways::all();
            let names = ways.each_ref().map(|(name, _)| *name);
            let wrong = [const { Cell::new(false) }; ways::COUNT];
            let finds = ways
                .into_iter()
                .zip(&wrong)
                .map(|((way, mut find), wrong)| {
                    let find = move || {
                        let found = find();
                        if !matches!(found, Ok(1)) && !wrong.replace(true) {
                            eprintln!("{way} on {name}: {found:?}");
                        }
                    };
                    Box::new(find) as Way
                });
            let f: Way = Box::new(|| floor.dump());
            let mut all = [f].into_iter().chain(finds);
            let all: [Way; 1 + ways::COUNT] = std::array::from_fn(|_| all.next().expect("a way"));
            let before = || (0..BEFORE).for_each(|_| between.dump());
            let [floor, times @ ..] = medians(patience, before, all);
            let right = |(time, wrong): (Duration, &Cell<bool>)| (!wrong.get()).then_some(time);
            let times = times.into_iter().zip(&wrong).map(right);
            Self {
                host: name,
                floor,
                ways: names.into_iter().zip(times).collect(),
            }
        })
    }

    /// Whether every way found the address.
    pub fn is_right(&self) -> bool {
        self.ways.iter().all(|(_, time)| time.is_some())
    }

    /// How many times longer than F a way took.
    pub fn ratio(&self, way: &str) -> Option<f64> {
        Some(ratio(self.time(way)?, self.floor))
    }

    fn time(&self, way: &str) -> Option<Duration> {
        self.ways.iter().find(|(name, _)| *name == way)?.1
    }
}

/// The ratios to F, as Markdown.
pub fn table(all: &[Measured]) -> String {
    let hosts = all.iter().map(|on| on.host.to_owned());
    let mut table = row("way", hosts);
    table += &format!("|---|{}\n", "---:|".repeat(all.len()));
    let floors = all.iter().map(|on| digits(on.floor.as_secs_f64() * 1e6));
    table += &row("F, µs", floors);
    for (way, _) in all.first().into_iter().flat_map(|on| &on.ways) {
        let cell = |on: &Measured| on.ratio(way).map_or("wrong".to_owned(), digits);
        table += &row(way, all.iter().map(cell));
    }
    table
}

fn row(first: &str, cells: impl Iterator<Item = String>) -> String {
    let cells = cells.fold(String::new(), |cells, cell| cells + " " + &cell + " |");
    format!("| {first} |{cells}\n")
}

/// A number with three significant digits.
fn digits(number: f64) -> String {
    let decimals = (2.0 - number.log10().floor()).clamp(0.0, 2.0);
    format!("{number:.*}", decimals as usize)
}

/// By how much bindnet is faster than a peer, at the least.
struct Goal(&'static str, &'static str, f64);

const GOALS: [Goal; 9] = [
    Goal("10 000 addresses", "if-addrs", 15.0),
    Goal("10 000 addresses", "network-interface", 15.0),
    Goal("10 000 addresses", "netdev", 18.0),
    Goal("10 000 addresses", "getifs", 3.5),
    Goal("10 000 addresses", "netlink-packet-route", 3.5),
    Goal("1 000 addresses", "nix getifaddrs", 2.0),
    Goal("10 000 addresses", "nix getifaddrs", 3.5),
    Goal("1 000 links", "nix getifaddrs", 20.0),
    Goal("100 links + 10 000 /32", "nix getifaddrs", 4.0),
];

/// By how much bindnet is faster, beside by how much it must be and by how much F itself is, which
/// no library can beat; as Markdown. And whether all is reached: what is wrong reaches nothing.
/// Where F itself leaves no room for it, bindnet must come within 1.20 F.
pub fn verdict(all: &[Measured]) -> (String, bool) {
    let mut table =
        "| host | peer | at least | bindnet | F | |\n|---|---|---:|---:|---:|---|\n".to_owned();
    let mut reached = true;
    for Goal(host, peer, least) in GOALS {
        let on = all.iter().find(|on| on.host == host);
        let ratios = on.and_then(|on| Some((on.ratio(peer)?, on.ratio(ways::OURS)?)));
        let times = ratios.map(|(peer, ours)| peer / ours);
        let pass = ratios.is_some_and(|(peer, ours)| peer / ours >= least.min(peer / 1.20));
        reached &= pass;
        let [times, most] = [times, ratios.map(|(peer, _)| peer)]
            .map(|times| times.map_or("wrong".to_owned(), digits));
        let word = if pass { "pass" } else { "MISS" };
        let _ = writeln!(
            table,
            "| {host} | {peer} | {least} | {times} | {most} | {word} |"
        );
    }
    (table, reached)
}
