//! What is expected of the recorded hosts: the table `tests/rule/fixtures.txt`.

use std::collections::BTreeMap;

use bindnet::Decision;
use bindnet::rule::Separation;

use crate::recordings::{Case, Recording, renumbered};

const TABLE: &str = include_str!("../rule/fixtures.txt");

/// What is expected of one question about one recorded host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// What the choice is worth.
    pub worth: String,
    /// What separates the choice from the runner-up, and the candidates with their reasons.
    pub decision: String,
    /// The lines above that say why the choice is not right.
    pub why: Vec<String>,
}

/// The table, by recording and bindnetaddr.
pub struct Table {
    by_snapshot: BTreeMap<(String, String), Expected>,
    /// The lines about the output of iproute2, where it says less.
    by_ip: BTreeMap<(String, String), Expected>,
}

impl Table {
    pub fn read() -> Self {
        let (mut by_snapshot, mut by_ip) = (BTreeMap::new(), BTreeMap::new());
        let (mut name, mut why) = ("", Vec::new());
        let lines = TABLE.lines().skip_while(|line| line.starts_with('#'));
        for line in lines.filter(|line| !line.is_empty()) {
            let words = line.trim();
            if !line.starts_with(' ') {
                name = line.split_once(": ").expect("a name and what it is").0;
            } else if let Some(words) = words.strip_prefix("# ") {
                why.push(words.to_owned());
            } else {
                let (rows, words) = match words.strip_prefix("ip ") {
                    Some(words) => (&mut by_ip, words),
                    None => (&mut by_snapshot, words),
                };
                let (bindnetaddrs, expected) = row(words, std::mem::take(&mut why));
                for bindnetaddr in bindnetaddrs {
                    let key = (name.to_owned(), bindnetaddr);
                    let before = rows.insert(key, expected.clone());
                    assert_eq!(before, None, "{name}: {words}");
                }
            }
        }
        Self { by_snapshot, by_ip }
    }

    /// The questions that it answers.
    pub fn questions(&self) -> impl Iterator<Item = &(String, String)> {
        self.by_snapshot.keys().chain(self.by_ip.keys())
    }

    /// What is expected of a recorded host, as recorded.
    pub fn of(&self, recording: &Recording, case: &Case) -> &Expected {
        let key = (recording.name.clone(), case.bindnetaddr.clone());
        let missing = || panic!("{key:?} is not in the table");
        self.by_snapshot.get(&key).unwrap_or_else(missing)
    }

    /// What is expected of what iproute2 printed of it.
    pub fn by_ip(&self, recording: &Recording, case: &Case) -> &Expected {
        let key = (recording.name.clone(), case.bindnetaddr.clone());
        let same = || self.of(recording, case);
        self.by_ip.get(&key).unwrap_or_else(same)
    }
}

impl Expected {
    /// The same with other numbers.
    pub fn renumbered(&self, numbers: &BTreeMap<String, String>) -> Self {
        let word = |word: &str| {
            let ip = word.trim_start_matches('>').trim_end_matches(',');
            word.replace(ip, &renumbered(ip, numbers))
        };
        let words: Vec<_> = self.decision.split(' ').map(word).collect();
        Self {
            decision: words.join(" "),
            ..self.clone()
        }
    }
}

/// A line: the bindnetaddrs, two if the network is asked for with its prefix, too, and the rest.
fn row(line: &str, why: Vec<String>) -> (Vec<String>, Expected) {
    let mut words = line.split_whitespace().peekable();
    let address = words.next().expect("a bindnetaddr").to_owned();
    let prefix = words.next_if(|word| word.starts_with('/'));
    let network = prefix.map(|prefix| format!("{address}{prefix}"));
    let worth = words.next().expect("a worth").to_owned();
    let decision = words.collect::<Vec<_>>().join(" ");
    let expected = Expected {
        worth,
        decision,
        why,
    };
    ([address].into_iter().chain(network).collect(), expected)
}

/// A decision as the table has it.
pub fn told(decision: &Decision) -> String {
    let alone = match decision.chosen() {
        Some(_) => "alone",
        None => "none",
    };
    let separated_by = decision.separated_by().map_or(alone, Separation::code);
    let candidates = decision.candidates().iter().map(|candidate| {
        let is_chosen = Some(candidate) == decision.chosen();
        let mark = if is_chosen { ">" } else { "" };
        let reasons = candidate.reasons().iter();
        let reasons: String = reasons.map(|reason| format!(" {reason}")).collect();
        format!("{mark}{}{reasons}", candidate.ip())
    });
    let candidates: Vec<_> = candidates.collect();
    format!("{separated_by} {}", candidates.join(", "))
        .trim_end()
        .to_owned()
}
