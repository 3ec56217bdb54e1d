//! Fleets written by hand: what is asked, the nodes, and the problems that are found.
//!
//! ```text
//! # two machines have one address
//! fleet 192.0.2.0
//! node a: eth0 192.0.2.10/24
//! node b: link eth0 mac=02:00:00:00:00:01; eth0 192.0.2.10/24; interrupted
//! unread c
//! => duplicate-address 192.0.2.10 a b
//! ```
//!
//! Behind `fleet` stand the options of the example. A node is the lines of `rows.rs` with `;` between
//! them; `interrupted` and `hostname NAME` are of its snapshot. A problem is its code, its link
//! (`link=0`), its address or hardware address and its nodes.

use bindnet::Snapshot;
use bindnet::fleet::{Fleet, FleetReport, Problem};
use bindnet::snapshot::{About, Consistency};

use crate::rows;

/// Judges every fleet of a table, and compares, in the order in which the nodes stand there and in the
/// opposite one.
pub fn table(table: &str, new: impl Fn(&str) -> Fleet) {
    for story in table.split("# ").skip(1) {
        let (title, story) = story.split_once('\n').unwrap();
        let expected: Vec<_> = of(story, "=> ").collect();
        let options = of(story, "fleet ").next().unwrap_or_default();
        for reversed in [false, true] {
            let report = judge(new(options), story, reversed);
            let found: Vec<_> = report.problems().iter().map(told).collect();
            assert_eq!(found, expected, "{title}\n{report}");
        }
    }
}

/// A fleet that is judged by these options.
pub fn by(options: &str) -> Fleet {
    Fleet::new(rows::selector(options.split_whitespace()))
}

/// Adds the nodes of a story to a fleet, and judges it.
pub fn judge(mut fleet: Fleet, story: &str, reversed: bool) -> FleetReport {
    let mut nodes: Vec<_> = of(story, "node ").collect();
    if reversed {
        nodes.reverse();
    }
    for node in nodes {
        let (name, host) = node.split_once(':').expect("a name");
        fleet.add(name, &snapshot(host)).unwrap();
    }
    for name in of(story, "unread ") {
        fleet.add_unread(name).unwrap();
    }
    fleet.judge()
}

/// A problem as a table has it.
pub fn told(problem: &Problem) -> String {
    let mut words = vec![problem.code().code().to_owned()];
    words.extend(problem.link().map(|link| format!("link={link}")));
    words.extend(problem.address().map(|ip| ip.to_string()));
    words.extend(problem.mac().map(|mac| mac.to_string()));
    words.extend(problem.nodes().map(str::to_owned));
    words.join(" ")
}

/// The lines that begin so.
fn of<'a>(story: &'a str, start: &'a str) -> impl Iterator<Item = &'a str> {
    let lines = story.lines().map(str::trim);
    lines.filter_map(move |line| line.strip_prefix(start))
}

/// The host of these lines.
pub fn snapshot(text: &str) -> Snapshot {
    let mut about = About::default();
    let mut lines = Vec::new();
    for line in text.split(';').map(str::trim) {
        match line.split_once(' ') {
            Some(("hostname", name)) => about.hostname = Some(name.to_owned()),
            _ if line == "interrupted" => about.consistency = Some(Consistency::Interrupted),
            _ => lines.push(line),
        }
    }
    rows::host(&lines.join("\n")).with_about(about)
}
