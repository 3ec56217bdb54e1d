//! What a tracker tells of recorded hosts.
//!
//! `data/streams/NAME.jsonl` are the snapshots that a monitor gave while commands ran in a network
//! namespace (`support/staged.rs`), `NAME.txt` what is told of them: behind each question, with the
//! number of the snapshot, the event. As root,
//!
//! ```sh
//! BINDNET_WRITE=1 cargo test --all-features --test choice tracker_streams -- --include-ignored
//! ```
//!
//! records them anew; without `--include-ignored` it writes only what is told. Look at the diff.

use bindnet_tests::{netns, rows, staged};

use std::fs;
use std::path::PathBuf;

use bindnet::Snapshot;
use bindnet::choice::Tracker;

use staged::STAGED;

fn path(name: &str, ending: &str) -> PathBuf {
    let folder = bindnet_tests::package().join("tests/data/streams");
    folder.join(format!("{name}.{ending}"))
}

fn writes() -> bool {
    std::env::var_os("BINDNET_WRITE").is_some()
}

/// What is asked of a stream.
fn questions(name: &str) -> &'static [&'static str] {
    match name {
        "v6_kept_on_down" | "v6_removed_on_down" => &["2001:db8::", "2001:db8:: --follow"],
        "rename" | "made_again" => &["192.0.2.0", "fe80::", "192.0.2.0 --interface eth0"],
        "promote" | "no_promote" => &[
            "192.0.2.0",
            "192.0.2.0 --follow",
            "192.0.2.0 --previous 192.0.2.20",
            "192.0.2.0 --profile corosync:3.1.7 --follow",
        ],
        "bridge" => &["192.0.2.0", "192.0.2.0 --interface eth0"],
        _ => &["192.0.2.0", "192.0.2.0 --follow"],
    }
}

/// The events of a question, one a line.
fn told(question: &str, stream: &[Snapshot]) -> String {
    let follow = question.contains(" --follow");
    let words = question.split_whitespace().filter(|w| *w != "--follow");
    let mut tracker = Tracker::new(rows::selector(words)).follow(follow);
    let mut told = format!("watch {question}\n");
    for (at, host) in stream.iter().enumerate() {
        if let Some(event) = tracker.update(host) {
            let on = event.interface().map(|name| format!(" [{name}]"));
            let was = event.previous().map(|was| format!(" [was {was}]"));
            let (on, was) = (on.unwrap_or_default(), was.unwrap_or_default());
            told += &format!("{:>4}{on}{was} {event}\n", at + 1);
        }
    }
    told
}

#[test]
fn recorded_streams() {
    for (name, _) in STAGED {
        let lines = fs::read_to_string(path(name, "jsonl")).expect("a stream");
        let read = |line: &str| Snapshot::from_json(line.as_bytes()).expect("a snapshot");
        let stream: Vec<Snapshot> = lines.lines().map(read).collect();
        let told: Vec<String> = questions(name).iter().map(|q| told(q, &stream)).collect();
        let told = told.join("\n");
        if writes() {
            fs::write(path(name, "txt"), &told).expect("what is told");
        }
        let expected = fs::read_to_string(path(name, "txt")).expect("what is told");
        assert_eq!(told, expected, "{name}");
    }
}

/// Records the streams, where that is asked for.
#[test]
#[ignore = "writes tests/data/streams"]
fn a_record() {
    for (name, stage) in STAGED.into_iter().filter(|_| writes()) {
        let Some(recorder) = netns::run(stage) else {
            return;
        };
        let mut lines = String::new();
        for host in recorder.snapshots {
            // Where it was recorded is of no interest.
            let mut about = host.about().clone();
            about.hostname = Some("node1".to_owned());
            about.kernel = None;
            about.captured_at = None;
            lines += &host.with_about(about).to_json();
            lines.push('\n');
        }
        assert!(lines.len() < 40_000, "{name} is too long: {}", lines.len());
        fs::write(path(name, "jsonl"), lines).expect("a stream");
    }
}
