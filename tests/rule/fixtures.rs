//! The recorded hosts: what floating addresses of real cluster managers look like, and that the
//! rule finds the host's own one or says that it may be wrong.
//!
//! `fixtures.txt` has what is expected. Each host is decided as recorded and with the numbers of its
//! own and of its floating addresses exchanged; `kernel/recordings.rs` does the same on hosts that
//! are made from the recordings.

use bindnet_tests::{expected, recordings};

use std::collections::{BTreeMap, BTreeSet};

use bindnet::rule::{Declared, Match, ScopedAddr};
use bindnet::snapshot::{AddressFlags, Lifetime, LinkFlags};
use bindnet::{Address, Decision, Reason, Snapshot};
use expected::{Table, told};
use recordings::{Case, Recording, Worth};

/// The only questions that are answered with a floating address and without a word: nothing that the
/// kernel shows tells it from an address of the host's own.
const WRONG: [(&str, &str); 2] = [
    ("ctdb_public_flap1", "192.168.1.0"),
    ("ctdb_public_flap1", "192.168.1.0/24"),
];

/// The worth of all choices. "none of its own" is counted as right.
const WORTH: [(Worth, usize); 4] = [
    (Worth::Right, 172),
    (Worth::Refuses, 11),
    (Worth::Marks, 21),
    (Worth::Wrong, 2),
];

/// All recordings as recorded, and all exchanged.
fn both_ways() -> [Vec<Recording>; 2] {
    let recorded = Recording::all();
    let exchanged = recorded.iter().map(Recording::exchanged).collect();
    [recorded, exchanged]
}

/// Each question about a recording, with the recording.
fn questions(recordings: &[Recording]) -> impl Iterator<Item = (&Recording, &Case)> {
    recordings
        .iter()
        .flat_map(|recording| recording.cases.iter().map(move |case| (recording, case)))
}

fn worth(case: &Case, decision: &Decision) -> Worth {
    let chosen = decision.chosen().map(|chosen| chosen.ip().to_string());
    case.worth(chosen.as_deref(), !decision.is_ambiguous())
}

#[test]
fn the_table_has_a_line_for_each_question_and_a_reason_for_each_that_is_not_right() {
    let (table, recordings) = (Table::read(), Recording::all());
    let asked = questions(&recordings);
    let asked = asked.map(|(recording, case)| (recording.name.clone(), case.bindnetaddr.clone()));
    let asked: BTreeSet<_> = asked.collect();
    let answered: BTreeSet<_> = table.questions().cloned().collect();
    assert_eq!(answered, asked);
    for (recording, case) in questions(&recordings) {
        let expected = table.of(recording, case);
        let is_right = expected.worth == Worth::Right.word();
        assert_eq!(is_right, expected.why.is_empty(), "{}", recording.name);
    }
}

#[test]
fn each_choice_is_worth_what_the_table_says() {
    let (table, recordings) = (Table::read(), Recording::all());
    for ((recording, case), (exchanged, exchanged_case)) in
        questions(&recordings).zip(questions(&both_ways()[1]))
    {
        let expected = table.of(recording, case);
        let by_ip = table.by_ip(recording, case);
        for (case, host, expected) in [
            (case, recording.snapshot(), expected),
            (exchanged_case, exchanged.snapshot(), expected),
            (case, recording.by_ip(), by_ip),
            (exchanged_case, exchanged.by_ip(), by_ip),
        ] {
            let decision = case.selector().decide(&host);
            let found = worth(case, &decision).word();
            assert_eq!(found, expected.worth, "{}\n{decision:#}", recording.name);
        }
    }
}

#[test]
fn nothing_is_wrong_without_a_mark_but_what_nothing_tells() {
    for recordings in both_ways() {
        let mut wrong = BTreeSet::new();
        let mut counts = BTreeMap::new();
        for (recording, case) in questions(&recordings) {
            for (host, is_counted) in [(recording.snapshot(), true), (recording.by_ip(), false)] {
                let decision = case.selector().decide(&host);
                let worth = worth(case, &decision);
                if worth == Worth::Wrong {
                    wrong.insert((recording.name.as_str(), case.bindnetaddr.as_str()));
                }
                *counts.entry(worth).or_default() += usize::from(is_counted);
            }
        }
        assert_eq!(wrong, BTreeSet::from(WRONG));
        assert_eq!(counts, BTreeMap::from(WORTH));
    }
}

#[test]
fn strict_mode_binds_no_floating_address_but_what_nothing_tells() {
    for recordings in both_ways() {
        let mut floating = BTreeSet::new();
        for (recording, case) in questions(&recordings) {
            for host in [recording.snapshot(), recording.by_ip()] {
                let strict = case.selector().strict(true).decide(&host);
                let chosen = strict.chosen().map(|chosen| chosen.ip().to_string());
                if chosen.is_some_and(|ip| case.floating.contains(&ip)) {
                    floating.insert((recording.name.as_str(), case.bindnetaddr.as_str()));
                }
            }
        }
        assert_eq!(floating, BTreeSet::from(WRONG));
    }
}

/// What a person knows settles every question: declared fixed, an address of the host's own is chosen.
#[test]
fn an_address_that_is_declared_fixed_is_chosen() {
    for recordings in both_ways() {
        for (recording, case) in questions(&recordings) {
            for host in [recording.snapshot(), recording.by_ip()] {
                for fixed in own_candidates(case, &host) {
                    let net = fixed.ip().into();
                    let declared = Declared::default().fixed([net]).unwrap();
                    let decision = case.selector().declared(declared).decide(&host);
                    assert_settled(recording, case, fixed, &decision, &host);
                }
            }
        }
    }
}

#[test]
fn the_decisions_are_those_of_the_table() {
    let table = Table::read();
    let (mut found, mut expected) = (BTreeMap::new(), BTreeMap::new());
    for recording in Recording::all() {
        let exchanged = recording.exchanged();
        let numbers = recording.exchanged_numbers();
        for (case, exchanged_case) in recording.cases.iter().zip(&exchanged.cases) {
            let by_snapshot = table.of(&recording, case);
            let by_ip = table.by_ip(&recording, case);
            for (how, case, host, row) in [
                ("recorded", case, recording.snapshot(), by_snapshot.clone()),
                (
                    "exchanged",
                    exchanged_case,
                    exchanged.snapshot(),
                    by_snapshot.renumbered(&numbers),
                ),
                ("recorded, ip", case, recording.by_ip(), by_ip.clone()),
                (
                    "exchanged, ip",
                    exchanged_case,
                    exchanged.by_ip(),
                    by_ip.renumbered(&numbers),
                ),
            ] {
                let key = format!("{} {} {how}", recording.name, case.bindnetaddr);
                let decision = told(&case.selector().decide(&host));
                if decision != row.decision {
                    expected.insert(key.clone(), row.decision);
                    found.insert(key, decision);
                }
            }
        }
    }
    for (k, v) in &found {
        eprintln!("D {k}\n   code  {v}\n   table {}", expected[k]);
    }
    assert_eq!(found, expected);
}

/// On a host where no manager has put an address, there is an address to bind; the questions that
/// are refused are those whose line says why.
#[test]
fn an_ordinary_host_binds_an_address_of_its_own() {
    let table = Table::read();
    let mut ordinary = 0;
    for recordings in both_ways() {
        for recording in recordings.iter().filter(|recording| !recording.has_vip()) {
            let host = recording.snapshot();
            for case in &recording.cases {
                let decision = case.selector().decide(&host);
                let expected = table.of(recording, case);
                let is_right = worth(case, &decision) == Worth::Right;
                assert!(
                    is_right || !expected.why.is_empty(),
                    "{}\n{decision:#}",
                    recording.name
                );
                ordinary += usize::from(is_right && decision.chosen().is_some());
            }
        }
    }
    assert!(ordinary > 100, "{ordinary}");
}

#[test]
fn the_remembered_address_is_kept() {
    for recordings in both_ways() {
        for (recording, case) in questions(&recordings) {
            for host in [recording.snapshot(), recording.by_ip()] {
                for fixed in own_candidates(case, &host) {
                    let decision = case.selector().previous(fixed).decide(&host);
                    assert_settled(recording, case, fixed, &decision, &host);
                    let chosen = decision.chosen().unwrap();
                    let kept = chosen.reasons().contains(Reason::Previous);
                    let exact = chosen.matched() == Some(Match::Exact);
                    assert!(kept || exact, "{}\n{decision:#}", recording.name);
                }
            }
        }
    }
}

/// The host's own addresses that match.
fn own_candidates(case: &Case, host: &Snapshot) -> Vec<ScopedAddr> {
    let decision = case.selector().decide(host);
    let matches = |fixed: &ScopedAddr| decision.candidates().iter().any(|c| c.ip() == fixed.ip());
    let fixed = case.fixed.iter().map(|fixed| fixed.parse().unwrap());
    fixed.filter(matches).collect()
}

/// The address is chosen, and the decision is not ambiguous: unless bindnetaddr names an address, which
/// is chosen if it is here, and may still come if it is not.
fn assert_settled(
    recording: &Recording,
    case: &Case,
    fixed: ScopedAddr,
    decision: &Decision,
    host: &Snapshot,
) {
    let name = &recording.name;
    let mut here = host.addresses().map(|address| address.ip());
    let named = here.find(|ip| ip.to_string() == case.bindnetaddr);
    let chosen = decision.chosen().unwrap();
    assert_eq!(
        chosen.ip(),
        named.unwrap_or(fixed.ip()),
        "{name}\n{decision:#}"
    );
    if named.is_none_or(|named| named == fixed.ip()) {
        let same_network = chosen.matched() == Some(Match::SameNetwork);
        assert_eq!(
            decision.is_ambiguous(),
            same_network,
            "{name}\n{decision:#}"
        );
    }
}

/// Two ways of recording one host agree on the order and on every field that both have.
#[test]
fn both_inputs_of_a_recording_agree() {
    for recording in both_ways().iter().flatten() {
        let (snapshot, ip, name) = (recording.snapshot(), recording.by_ip(), &recording.name);
        let links = |snapshot: &Snapshot| {
            let link = |link: &bindnet::Link| {
                // iproute2 does not say IFF_RUNNING where it says IFF_UP and IFF_LOWER_UP.
                let flags = link.flags().unwrap().bits() & !LinkFlags::RUNNING.bits();
                let mac = link.mac().copied();
                (
                    link.index(),
                    link.name(),
                    flags,
                    mac,
                    link.kind().map(str::to_owned),
                    link.master(),
                )
            };
            snapshot.links().iter().map(link).collect::<Vec<_>>()
        };
        assert_eq!(links(&ip), links(&snapshot), "{name}");
        let addresses = |snapshot: &Snapshot| snapshot.addresses().map(shared).collect::<Vec<_>>();
        assert_eq!(addresses(&ip), addresses(&snapshot), "{name}");
    }
}

/// What both inputs have of an address: not IFA_PROTO, and a lifetime counts down between the two.
fn shared(address: Address) -> impl PartialEq + std::fmt::Debug {
    let is_finite = |lifetime: Option<Lifetime>| lifetime.map(|l| l != Lifetime::Forever);
    let place = (
        address.ip(),
        address.netmask(),
        address.peer(),
        address.link_index(),
    );
    let facts = (
        address.label(),
        address.scope(),
        address.flags().map(AddressFlags::bits),
    );
    let lifetimes = (
        is_finite(address.valid_lft()),
        is_finite(address.preferred_lft()),
    );
    (place, facts, lifetimes)
}
