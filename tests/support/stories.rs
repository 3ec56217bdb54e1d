//! Stories of a tracked choice: what is asked, then snapshot by snapshot what is told.
//!
//! ```text
//! # the node's address flaps
//! watch 192.0.2.0
//! eth0 192.0.2.10/24; eth0 192.0.2.20/24     => initial 192.0.2.10 on eth0
//! eth0 192.0.2.20/24                         => lost none was 192.0.2.10: no longer configured
//! interrupted; eth0 192.0.2.20/24            => -
//! ```
//!
//! Behind `watch` stand the options of `preview`, and `--follow`. A snapshot is the lines of
//! `rows.rs` with `;` between them, or `nothing`; `interrupted` stands before them. Behind the
//! arrow stand the kind of the event, its address, its link and the choice before, and behind a
//! colon what its reason says, or behind ` = ` all that it says; `-` is no event. `was` is left out
//! where there was no choice, and of `kept` where it is the same.

use bindnet::choice::Tracker;
use bindnet::corosync::ProfileSelector;
use bindnet::snapshot::{About, Consistency};
use bindnet::{Candidate, Event, EventKind, Snapshot};

use crate::rows;

/// Runs every story of a table. A snapshot that comes again never tells anything.
pub fn stories(table: &str) {
    for story in table.split("# ").skip(1) {
        let mut lines = story.lines().map(str::trim).filter(|l| !l.is_empty());
        let title = lines.next().unwrap();
        let mut tracker = tracker(lines.next().unwrap());
        for (at, line) in lines.enumerate() {
            let at = format!("{title}, snapshot {}: {line}", at + 1);
            let (host, expected) = line.split_once("=>").expect("an arrow");
            let host = snapshot(host);
            let event = tracker.update(&host);
            assert_told(event.as_ref(), expected.trim(), &at);
            let again = tracker.update(&host);
            assert_eq!(again, None, "the same once more: {at}");
            let address = event.and_then(|event| event.address());
            assert!(
                address.is_none() || address == tracker.choice().map(Candidate::scoped_addr),
                "{at}"
            );
        }
    }
}

fn tracker(line: &str) -> Tracker<ProfileSelector> {
    let options = line.strip_prefix("watch ").expect("what is asked");
    let options: Vec<&str> = options.split_whitespace().collect();
    let follow = options.contains(&"--follow");
    let options = options.into_iter().filter(|option| *option != "--follow");
    Tracker::new(rows::selector(options)).follow(follow)
}

fn snapshot(text: &str) -> Snapshot {
    let mut lines: Vec<&str> = text.split(';').map(str::trim).collect();
    lines.retain(|line| *line != "nothing");
    let mut about = About::default();
    let interrupted = lines.first() == Some(&"interrupted");
    about.consistency = Some(match interrupted {
        true => Consistency::Interrupted,
        false => Consistency::Consistent,
    });
    let lines = &lines[usize::from(interrupted)..];
    rows::host(&lines.join("\n")).with_about(about)
}

fn assert_told(event: Option<&Event>, expected: &str, at: &str) {
    let told = event.map_or("-".to_owned(), told);
    let said = event.map_or("", Event::reason);
    if let Some((expected, reason)) = expected.split_once(" = ") {
        assert_eq!((told.as_str(), said), (expected, reason), "{at}");
        return;
    }
    let (expected, reason) = expected.split_once(": ").unwrap_or((expected, ""));
    assert_eq!(told, expected, "{at}\n{said}");
    assert!(said.contains(reason), "{at}\n{said}");
}

fn told(event: &Event) -> String {
    let mut words = event.kind().code().to_owned();
    match event.address() {
        Some(address) => words += &format!(" {address}"),
        None => words += " none",
    }
    if let Some(interface) = event.interface() {
        words += &format!(" on {interface}");
    }
    let same = event.kind() == EventKind::Kept && event.previous() == event.address();
    if let Some(previous) = event.previous().filter(|_| !same) {
        words += &format!(" was {previous}");
    }
    words
}
