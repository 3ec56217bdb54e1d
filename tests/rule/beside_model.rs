//! The rule beside a naive model of it, on hostile hosts and on plain ones with a few situations.

use std::cell::RefCell;

use bindnet_tests::{model, questions, situations};

use bindnet::rule::Separation;
use bindnet::{Candidate, Reason, Snapshot};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use model::{REASONS, Row, SEPARATIONS};
use situations::Met;

/// The library and the model agree on everything; and each clause of the rule has mattered.
#[test]
fn it_decides_as_the_model_does() {
    let config = questions::config(8_000);
    let cases = config.cases as usize;
    let met = RefCell::new(Met::default());
    let run = TestRunner::new(config).run(&situations::case(), |(host, ask)| {
        let snapshot = host.snapshot();
        let answer = model::decide(&ask, &snapshot);
        met.borrow_mut().count(&ask, &snapshot, &answer);
        let decision = ask.selector().decide(&snapshot);
        let mut rows: Vec<&Candidate> = decision.candidates().iter().collect();
        rows.extend(decision.others());
        let shown: Vec<Row> = sorted(&snapshot, rows);
        prop_assert_eq!(
            &shown,
            &answer.rows,
            "{}\n{:#}",
            ask.bindnetaddr(),
            decision
        );
        prop_assert_eq!(decision.outcome().code(), answer.outcome, "{:#}", decision);
        let chosen = shown.iter().position(|row| row.verdict == "chosen");
        prop_assert_eq!(chosen, answer.chosen, "{:#}", decision);
        let separated_by = decision.separated_by().map(Separation::code);
        prop_assert_eq!(separated_by, answer.separated_by, "{:#}", decision);
        prop_assert_eq!(decision.is_ambiguous(), answer.ambiguous, "{:#}", decision);
        Ok(())
    });
    let met = met.into_inner();
    run.unwrap_or_else(|broken| panic!("{broken}"));
    let rare = situations().filter(|what| met.times(what) * 400 < cases);
    assert_eq!(rare.collect::<Vec<_>>(), Vec::<String>::new(), "{met:#?}");
}

/// What a run must have met.
fn situations() -> impl Iterator<Item = String> {
    let separations = SEPARATIONS.map(|code| format!("separated by {code}"));
    let reasons = REASONS.map(|code| format!("reason {code}"));
    let others = [
        "outcome none",
        "outcome ambiguous",
        "separated by nothing",
        "a host prefix inside a network",
        "a host prefix inside a same-network",
        "a list",
        "chosen on a link of an alternative name",
        "chosen though host-prefix",
        "chosen though no-carrier",
        "chosen though loopback",
        "chosen though deprecated",
    ];
    let others = others.map(str::to_owned);
    separations.into_iter().chain(reasons).chain(others)
}

/// The library's rows in kernel order: candidates and others are each in it.
fn sorted(snapshot: &Snapshot, mut rows: Vec<&Candidate>) -> Vec<Row> {
    let mut sorted = Vec::new();
    for address in snapshot.addresses() {
        let is = |row: &&Candidate| {
            (row.ip(), row.netmask(), row.interface_index(), row.label())
                == (
                    address.ip(),
                    address.netmask(),
                    address.link_index(),
                    address.label(),
                )
        };
        if let Some(at) = rows.iter().position(is) {
            let row = rows.remove(at);
            sorted.push(Row {
                ip: row.ip(),
                link: row.interface_index(),
                matched: row.matched().map(|matched| matched.code()),
                verdict: row.verdict().code(),
                reasons: row.reasons().iter().map(Reason::code).collect(),
            });
        }
    }
    assert_eq!(
        rows,
        Vec::<&Candidate>::new(),
        "rows that are not of the snapshot"
    );
    sorted
}
