//! The recorded hosts of `tests/fixtures`: what cluster managers and ordinary networks leave on a
//! host, and which of its addresses a person knows to be its own.

use std::collections::BTreeMap;
use std::fs;

use bindnet::{Selector, Snapshot};
use serde_json::Value;

/// How many there are.
pub const RECORDINGS: usize = 68;

/// A recorded host, as a snapshot and as `ip -d -j addr` printed it.
#[derive(Clone, Debug)]
pub struct Recording {
    /// The name of the file.
    pub name: String,
    /// The questions about it.
    pub cases: Vec<Case>,
    snapshot: Value,
    ip: Value,
}

/// A question about a recorded host, and the truth, which was known before anything was decided.
#[derive(Clone, Debug)]
pub struct Case {
    pub bindnetaddr: String,
    /// The addresses that belong to this host.
    pub fixed: Vec<String>,
    /// The addresses that a cluster manager moves, whether they are here now or not.
    pub floating: Vec<String>,
}

/// What a choice is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Worth {
    /// An address of the host's own, or none if it has none here.
    Right,
    /// None, although there is one.
    Refuses,
    /// Another one, and the decision says that it may be wrong.
    Marks,
    /// Another one without a word.
    Wrong,
}

impl Worth {
    /// The word of the tables.
    pub fn word(self) -> &'static str {
        match self {
            Self::Right => "right",
            Self::Refuses => "refuses",
            Self::Marks => "marks",
            Self::Wrong => "WRONG",
        }
    }
}

impl Case {
    /// What the choice of this address is worth; `sure` if it does not say that it was close.
    pub fn worth(&self, chosen: Option<&str>, sure: bool) -> Worth {
        let is_fixed = |ip: &str| self.fixed.iter().any(|fixed| fixed == ip);
        match chosen {
            None if self.fixed.is_empty() => Worth::Right,
            None => Worth::Refuses,
            Some(ip) if is_fixed(ip) => Worth::Right,
            Some(_) if sure => Worth::Wrong,
            Some(_) => Worth::Marks,
        }
    }

    pub fn selector(&self) -> Selector {
        Selector::new(self.bindnetaddr.parse().expect("a bindnetaddr"))
    }
}

impl Recording {
    /// All of them, by name.
    pub fn all() -> Vec<Self> {
        let folder = crate::package().join("tests/fixtures");
        let mut paths: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        paths.sort();
        assert_eq!(paths.len(), RECORDINGS);
        let read = |path| Self::read(&serde_json::from_slice(&fs::read(path).unwrap()).unwrap());
        paths.iter().map(read).collect()
    }

    fn read(json: &Value) -> Self {
        let cases = json["cases"].as_array().unwrap().iter();
        Self {
            name: json["name"].as_str().expect("a name").to_owned(),
            cases: cases.map(Case::read).collect(),
            snapshot: json["snapshot"].clone(),
            ip: json["ip_d_j_addr"].clone(),
        }
    }

    pub fn snapshot(&self) -> Snapshot {
        Snapshot::from_json(self.snapshot.to_string().as_bytes()).unwrap()
    }

    /// The host as iproute2 printed it.
    pub fn by_ip(&self) -> Snapshot {
        Snapshot::from_json(self.ip.to_string().as_bytes()).unwrap()
    }

    /// Whether an address that a manager moves is here, for one of the questions.
    pub fn has_vip(&self) -> bool {
        self.cases.iter().any(|case| self.has_vip_of(case))
    }

    /// Whether an address that a manager moves is here, for this question.
    pub fn has_vip_of(&self, case: &Case) -> bool {
        let host = self.snapshot();
        let here = |ip: &String| host.addresses().any(|a| a.ip().to_string() == *ip);
        case.floating.iter().any(here)
    }

    /// The host with the numbers of its own addresses and of the floating ones exchanged, and all
    /// else in its place: prefix lengths, labels, flags, order. The truth is exchanged, too.
    ///
    /// On most of these hosts the own address has the lower number. A rule that goes by the number
    /// is right there for no reason, and wrong here.
    pub fn exchanged(&self) -> Self {
        let numbers = self.exchanged_numbers();
        let cases = self.cases.iter().map(|case| Case {
            bindnetaddr: renumbered(&case.bindnetaddr, &numbers),
            fixed: renumbered_all(&case.fixed, &numbers),
            floating: renumbered_all(&case.floating, &numbers),
        });
        let mut exchanged = Self {
            cases: cases.collect(),
            ..self.clone()
        };
        let in_snapshot = exchanged.snapshot["addresses"].as_array_mut().unwrap();
        for address in in_snapshot {
            renumber(&mut address["address"], &numbers);
            renumber(&mut address["peer"], &numbers);
        }
        for link in exchanged.ip.as_array_mut().unwrap() {
            for address in link["addr_info"].as_array_mut().into_iter().flatten() {
                renumber(&mut address["local"], &numbers);
                renumber(&mut address["address"], &numbers);
            }
        }
        exchanged
    }

    /// For each address whose number is exchanged the other one: the first fixed address of a case
    /// with its first floating one, and so on.
    pub fn exchanged_numbers(&self) -> BTreeMap<String, String> {
        let pairs = self
            .cases
            .iter()
            .flat_map(|case| case.fixed.iter().zip(&case.floating));
        let both = pairs.flat_map(|(a, b)| [(a.clone(), b.clone()), (b.clone(), a.clone())]);
        both.collect()
    }
}

impl Case {
    fn read(json: &Value) -> Self {
        let texts = |member: &str| {
            let texts = json[member].as_array().unwrap().iter();
            texts
                .map(|text| text.as_str().unwrap().to_owned())
                .collect()
        };
        Self {
            bindnetaddr: json["bindnetaddr"].as_str().unwrap().to_owned(),
            fixed: texts("fixed"),
            floating: texts("floating"),
        }
    }
}

/// The other number of an address; its own one if it is not exchanged.
pub fn renumbered(ip: &str, numbers: &BTreeMap<String, String>) -> String {
    numbers.get(ip).map_or(ip, String::as_str).to_owned()
}

fn renumbered_all(ips: &[String], numbers: &BTreeMap<String, String>) -> Vec<String> {
    ips.iter().map(|ip| renumbered(ip, numbers)).collect()
}

fn renumber(member: &mut Value, numbers: &BTreeMap<String, String>) {
    if let Some(other) = member.as_str().and_then(|ip| numbers.get(ip)) {
        *member = Value::from(other.as_str());
    }
}
