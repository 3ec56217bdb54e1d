//! What is not settled: what is never written, what is written with a mark, when the mark goes, and
//! what is said of it later.

use bindnet_tests::{rows, state};

use bindnet::choice::{State, Tracker};
use bindnet::rule::{Decide, Separation};
use bindnet::{Decision, EventKind};

use super::state_file::row;
use state::{Folder, ONE};

const PAIR: &str = "eth0 192.0.2.10/24\neth0 192.0.2.20/24";

/// One choice, and the same as a guess.
fn guess(code: &str) -> String {
    ONE.replace("eth0", &format!("eth0 unsettled {code}"))
}

/// What is decided with this state file in the place of the remembered choice.
fn decide_with(text: &str, options: &str, host: &str) -> Decision {
    let mut selector = rows::selector(options.split_whitespace());
    let state = State::parse(text.as_bytes()).unwrap();
    *selector.selector_mut() = selector.selector().clone().remembering(&state);
    selector.decide(&rows::host(host))
}

#[test]
fn a_guess_is_written_with_its_code() {
    for (code, host) in [
        ("kernel-order", PAIR),
        (
            "weak-evidence",
            "eth0 192.0.2.10/24\neth0 192.0.2.20/24 secondary",
        ),
        (
            "link-state",
            "link eth1 down\neth0 192.0.2.10/24\neth1 192.0.2.20/24",
        ),
    ] {
        let decision = rows::decide("192.0.2.0", host);
        assert_eq!(decision.unsettled(), Some(code));
        let guess = guess(code);
        row(None, &decision, Some(&guess), Some(&guess));
        // What was settled stays so.
        row(Some(ONE), &decision, Some(ONE), Some(ONE));
        // The first doubt counts.
        let other = guess.replace(code, "of-a-later-version");
        row(Some(&other), &decision, Some(&other), Some(&other));
    }
    let neighbour = rows::decide("192.0.2.99", "eth0 192.0.2.10/24");
    let text = guess("same-network").replace("192.0.2.0 ", "192.0.2.99 ");
    row(None, &neighbour, Some(&text), Some(&text));
}

/// The right address may come.
#[test]
fn a_doubt_that_may_pass_keeps_a_choice_out_of_the_file() {
    let host = "eth0 192.0.2.10/24\neth0 192.0.2.20/24 tentative";
    let other = ONE.replace("192.0.2.10", "192.0.2.20");
    for (options, code) in [
        (
            "192.0.2.0 --previous 192.0.2.99",
            Separation::PreviousAbsent,
        ),
        ("192.0.2.0 --fixed 192.0.2.99", Separation::FixedAbsent),
        ("192.0.2.0 --fixed 192.0.2.20", Separation::FixedAbsent),
        ("192.0.2.0", Separation::Pending),
    ] {
        let decision = rows::decide(options, host);
        assert!(code.may_pass() && !decision.is_final());
        assert_eq!(decision.separated_by(), Some(code), "{decision}");
        assert_eq!(decision.unsettled(), Some(code.code()));
        for before in [None, Some(ONE), Some(&other)] {
            row(before, &decision, before, before);
        }
    }
}

#[test]
fn a_mark_goes_when_the_choice_is_settled_without_memory() {
    let guess = &guess("kernel-order");
    let again = |options, host, after: &str| {
        let decision = decide_with(guess, options, host);
        assert!(!decision.is_ambiguous(), "{decision}");
        row(Some(guess), &decision, Some(after), Some(after));
    };
    // Memory alone settles nothing, not even where the other one is away for a while.
    again("192.0.2.0", PAIR, guess);
    again("192.0.2.0", "eth0 192.0.2.10/24", guess);
    again("192.0.2.0 --floating 192.0.2.20", PAIR, guess);
    again("192.0.2.0 --fixed 192.0.2.10", PAIR, ONE);
    // A daemon that remembers nothing is certain, or not.
    let certain = rows::decide("192.0.2.0", "eth0 192.0.2.10/24");
    row(Some(guess), &certain, Some(ONE), Some(ONE));
    let guessed = rows::decide("192.0.2.0", PAIR);
    row(Some(guess), &guessed, Some(guess), Some(guess));
    // Another address comes with its own doubt, or with none.
    let other = rows::decide("192.0.2.0 --fixed 192.0.2.20", PAIR);
    let moved = ONE.replace("192.0.2.10", "192.0.2.20");
    row(Some(guess), &other, Some(guess), Some(&moved));
    let swapped = rows::decide("192.0.2.0", "eth0 192.0.2.20/24\neth0 192.0.2.10/24");
    let moved = guess.replace("192.0.2.10", "192.0.2.20");
    row(Some(guess), &swapped, Some(guess), Some(&moved));
    // One that an operator names is settled.
    let named = rows::decide("192.0.2.0 --previous 192.0.2.10", PAIR);
    assert_eq!(named.unsettled(), None);
    row(None, &named, Some(ONE), Some(ONE));
}

/// The interface of other than link-local addresses is only for people, and is replaced.
#[test]
fn a_mark_stays_when_the_entry_is_written_anew() {
    let guess = guess("kernel-order");
    let moved = decide_with(&guess, "192.0.2.0", "bond0 192.0.2.10/25");
    let after = guess.replace("24 interface eth0", "25 interface bond0");
    row(Some(&guess), &moved, Some(&guess), Some(&after));
}

#[test]
fn the_reader_of_a_guess_is_warned() {
    let words = "192.0.2.10, was a guess";
    let warns = |code, options, host| {
        let decision = decide_with(&guess(code), options, host);
        let warnings = decision.warnings().join("\n");
        let report = format!("{decision:#}");
        assert_eq!(warnings.contains(words), report.contains(words));
        warnings.contains(words)
    };
    for host in [PAIR, "eth0 192.0.2.10/24", "eth0 192.0.2.20/24", ""] {
        assert!(warns("kernel-order", "192.0.2.0", host), "{host}");
        assert!(warns("of-a-later-version", "192.0.2.0", host), "{host}");
    }
    assert!(!warns("lease", "192.0.2.0 --fixed 192.0.2.10", PAIR));
    assert!(!warns("lease", "192.0.2.0 --fixed 192.0.2.20", PAIR));
    assert!(!warns("lease", "192.0.2.0 --profile corosync:3.1.7", PAIR));

    // The state alone says the same.
    let asked = "192.0.2.0".parse().unwrap();
    for (code, says) in [
        (
            "kernel-order",
            "it was only first in kernel order (kernel-order). To settle it, declare",
        ),
        (
            "same-network",
            "(same-network). To settle it, ask for the very address",
        ),
        (
            "of-a-later-version",
            "guess: of-a-later-version. To settle it",
        ),
        ("9", "guess: 9. To settle it"),
        // Only a person writes that.
        ("pending", "address was not over (pending). No state file"),
    ] {
        let text = guess(code);
        let warnings = State::parse(text.as_bytes()).unwrap().warnings(&asked);
        assert_eq!(warnings.len(), 1);
        assert!(warnings[0].contains(says), "{warnings:?}");
        assert_eq!(decide_with(&text, "192.0.2.0", PAIR).warnings(), warnings);
    }
    assert_eq!(
        State::parse(ONE.as_bytes()).unwrap().warnings(&asked),
        [""; 0]
    );
}

/// What a tracker hands out to be remembered has the doubt that the choice was made with.
#[test]
fn a_tracker_knows_how_its_choice_was_made() {
    let written = |tracker: &Tracker<_>| {
        let folder = Folder::new();
        let decision = tracker.decision_of_choice()?;
        folder.file().remember(decision).unwrap();
        folder.text()
    };
    let tracker = |options: &str| Tracker::new(rows::selector(options.split_whitespace()));
    let mut guessed = tracker("192.0.2.0");
    let mut declared = tracker("192.0.2.0 --fixed 192.0.2.10");
    for host in [PAIR, "eth0 192.0.2.10/24", "eth0 192.0.2.20/24", PAIR] {
        let host = rows::host(host);
        for tracker in [&mut guessed, &mut declared] {
            tracker.update(&host);
        }
        if guessed.choice().is_some() {
            let guess = guess("kernel-order");
            assert_eq!(written(&guessed), Some(guess));
            assert_eq!(written(&declared), Some(ONE.to_owned()));
        }
    }
}

/// The choice of a start whose time is over is not remembered in the same run, whatever comes.
#[test]
fn a_choice_whose_doubt_could_have_passed_is_not_remembered_later() {
    for (options, then) in [
        (
            "192.0.2.0",
            "eth0 192.0.2.10/24\neth0 192.0.2.20/24 tentative",
        ),
        ("192.0.2.0 --fixed 192.0.2.20", "eth0 192.0.2.10/24"),
    ] {
        let selector = rows::selector(options.split_whitespace());
        let mut tracker = Tracker::new(selector);
        assert!(!tracker.may_begin(&rows::host(then)));
        for host in [then, PAIR, "eth0 192.0.2.10/24", "", PAIR] {
            tracker.update(&rows::host(host));
            // With another one that is declared fixed the rule would move, and the tracker stays.
            let Some(decision) = tracker.decision_of_choice() else {
                continue;
            };
            assert!(decision.unsettled().is_some(), "{host}");
            row(None, decision, None, None);
            row(Some(ONE), decision, Some(ONE), Some(ONE));
        }
        assert!(tracker.choice().is_some());
    }
}

/// The choice of a tracker that follows is a guess if it would be one without the address that went.
#[test]
fn a_move_has_the_doubt_of_a_first_choice() {
    let moved = |after: &str| {
        let mut tracker = Tracker::new(rows::selector(["192.0.2.0"])).follow(true);
        tracker.update(&rows::host("eth0 192.0.2.99/24"));
        let event = tracker.update(&rows::host(after)).unwrap();
        assert_eq!(event.kind(), EventKind::Moved);
        let folder = Folder::with(&guess("lease").replace("192.0.2.10", "192.0.2.99"));
        let decision = tracker.decision_of_choice().unwrap();
        assert!(folder.file().replace(decision).unwrap());
        folder.text().unwrap()
    };
    assert_eq!(moved("eth0 192.0.2.10/24"), ONE);
    assert_eq!(moved(PAIR), guess("kernel-order"));
}

/// Every entry with a mark, and still some forty of them.
#[test]
fn there_is_room_for_marks() {
    let entry = |at| {
        format!(
            "bindnetaddr 192.0.{at}.0 address 192.0.{at}.10 prefix 24 interface eth0 unsettled weak-evidence\n"
        )
    };
    let entries: String = (0..42).map(entry).collect();
    let text = format!("bindnet-state/1\n{entries}end\n");
    assert_eq!(State::parse(text.as_bytes()).unwrap().to_string(), text);
}
