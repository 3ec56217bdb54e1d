//! How often situations were met.

use std::collections::BTreeMap;
use std::net::IpAddr;

use bindnet::Snapshot;

use crate::ask::Ask;
use crate::model::Answer;

/// How often each situation was met.
#[derive(Debug, Default)]
pub struct Met(BTreeMap<String, usize>);

impl Met {
    pub fn count(&mut self, ask: &Ask, host: &Snapshot, answer: &Answer) {
        let separation = answer.separated_by.unwrap_or("nothing");
        self.add(format!("separated by {separation}"));
        self.add(format!("outcome {}", answer.outcome));
        for row in &answer.rows {
            self.add(format!("verdict {}", row.verdict));
            for reason in &row.reasons {
                self.add(format!("reason {reason}"));
            }
            let of_winner = row.verdict == "chosen";
            for reason in row.reasons.iter().filter(|_| of_winner) {
                self.add(format!("chosen though {reason}"));
            }
        }
        let bare = ask.prefix_len.is_none();
        let is_host = |ip: IpAddr| {
            let mut of_ip = host.addresses().filter(|address| address.ip() == ip);
            of_ip.all(|address| address.netmask().is_host())
        };
        let by_shown = |code| {
            let mut rows = answer.rows.iter().filter(|row| row.matched == Some(code));
            bare && rows.any(|row| is_host(row.ip))
        };
        for code in ["network", "same-network"] {
            if by_shown(code) {
                self.add(format!("a host prefix inside a {code}"));
            }
        }
        let alt_names = host.links().iter().flat_map(|link| link.alt_names());
        let alt_names: Vec<String> = alt_names.map(|name| name.to_string()).collect();
        let texts = [&ask.zone, &ask.interface];
        let by_alt_name = texts
            .into_iter()
            .flatten()
            .any(|text| alt_names.contains(text));
        if by_alt_name && answer.chosen.is_some() {
            self.add("chosen on a link of an alternative name".to_owned());
        }
        if !ask.others.is_empty() {
            self.add("a list".to_owned());
        }
    }

    fn add(&mut self, what: String) {
        *self.0.entry(what).or_default() += 1;
    }

    pub fn times(&self, what: &str) -> usize {
        self.0.get(what).copied().unwrap_or(0)
    }
}
