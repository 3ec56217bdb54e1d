//! Each wrong picker breaks the laws of which the table in `testing::wrong` says so, and each law is
//! broken by one at least; Corosync's own rules break them, too.

use std::collections::{BTreeMap, BTreeSet};

use bindnet::Selector;
use bindnet::corosync::ProfileSelector;
use bindnet::testing::laws::{
    DETERMINISM, FAILOVERS, FAMILY, LAWS, Law, REPLAY, Run, SOUNDNESS, VIP_INVARIANCE,
};
use bindnet::testing::wrong;

/// What the table says of a picker and a law.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    /// It is found with any seed.
    Breaks,
    /// It depends on the network, or on luck.
    Sometimes,
    Keeps,
}

type Table = BTreeMap<&'static str, Vec<Said>>;

/// The table in the documentation, by the names of pickers.
fn table() -> Table {
    let page = include_str!("../../src/testing/wrong.rs");
    let mut lines = page.lines().filter_map(|line| line.strip_prefix("//! | "));
    let cells = |line: &'static str| line.trim_end_matches("|").split("|").map(str::trim);
    let head: Vec<_> = cells(lines.next().unwrap()).skip(1).collect();
    assert!(head.iter().copied().eq(LAWS.iter().map(|law| law.name())));
    let rows = lines.map(|line| {
        let mut cells = cells(line);
        let name = cells.next().unwrap();
        let name = name.trim_matches(['[', ']', '`']);
        let said = cells.map(|cell| match cell {
            "breaks" => Said::Breaks,
            "some" => Said::Sometimes,
            "" => Said::Keeps,
            other => panic!("{other:?} in the row of {name}"),
        });
        (name, said.collect())
    });
    rows.collect()
}

fn breaks(law: Law, name: &str, bindnet: &str, seed: u64) -> bool {
    let (_, wrong) = wrong::ALL.iter().find(|(n, _)| *n == name).unwrap();
    let asked = Selector::new(bindnet.parse().unwrap());
    let cases = Run::CASES;
    let run = Run {
        cases,
        seed,
        shrink: false,
    };
    law.run(&wrong::picker(asked, *wrong), run).is_err()
}

#[test]
fn every_law_has_one_that_breaks_it() {
    let table = table();
    assert!(
        table.keys().copied().eq(wrong::ALL
            .iter()
            .map(|(name, _)| *name)
            .collect::<BTreeSet<_>>())
    );
    for (at, law) in LAWS.iter().enumerate() {
        let count = table.values().filter(|row| row[at] == Said::Breaks).count();
        assert!(count >= 1, "{law} is broken by none");
    }
}

#[test]
fn whoever_breaks_a_law_is_found_whatever_the_seed() {
    for (name, row) in table() {
        for (law, said) in LAWS.iter().copied().zip(row) {
            for (bindnet, seeds) in [("203.0.113.0", 0..5), ("2001:db8:7::/64", 5..10)] {
                for seed in seeds.filter(|_| said == Said::Breaks) {
                    let found = breaks(law, name, bindnet, seed);
                    assert!(
                        found,
                        "{name} keeps {law} for {bindnet} with the seed {seed}"
                    );
                }
            }
        }
    }
}

#[test]
fn whoever_keeps_a_law_is_not_accused() {
    for (name, row) in table() {
        for (law, said) in LAWS.iter().copied().zip(row) {
            if said == Said::Keeps {
                let bindnet = if name.len() % 2 == 0 {
                    "10.1.0.0/16"
                } else {
                    "fd00:7::"
                };
                assert!(
                    !breaks(law, name, bindnet, 0),
                    "{name} breaks {law} for {bindnet}"
                );
            }
        }
    }
}

/// Corosync 2.0.0 binds the floating address after a restart, and the patch of 2012 did where there
/// was no label; ours keeps every law.
#[test]
fn corosync_breaks_what_ours_keeps() {
    let ours = Selector::new("203.0.113.0".parse().unwrap());
    let run = Run {
        cases: Run::CASES,
        seed: 2012,
        shrink: true,
    };
    for profile in ["corosync:2.0.0", "corosync:3.1.7", "patched"] {
        let theirs = ProfileSelector::new(profile.parse().unwrap(), ours.clone());
        for law in [VIP_INVARIANCE, SOUNDNESS, FAILOVERS] {
            let failure = law.run(&theirs, run).expect_err("broken");
            let said = failure.to_string();
            assert!(said.contains(law.sentence()), "{said}");
            assert!(said.contains("PROPTEST_RNG_SEED=2012"), "{said}");
        }
        for law in [DETERMINISM, FAMILY, REPLAY] {
            law.run(&theirs, run)
                .unwrap_or_else(|failure| panic!("{failure}"));
        }
    }
    for law in LAWS {
        law.run(&ours, run)
            .unwrap_or_else(|failure| panic!("{failure}"));
    }
}
