//! The members `audit` and `audit_left_out` of the format `bindnet-decision/1`.

use serde::{Serialize, Serializer};

use super::finding::{Audit, Fate, Finding};
use crate::explain::json::AdviceJson;

#[derive(Serialize)]
struct AuditJson {
    audit: Vec<FindingJson>,
    audit_left_out: usize,
}

#[derive(Serialize)]
struct FindingJson {
    scenario: &'static str,
    about: Option<String>,
    moves: bool,
    to: Option<String>,
    without_memory: FateJson,
    interrupts: bool,
    network: Option<String>,
    advice: Option<AdviceJson>,
}

#[derive(Serialize)]
struct FateJson {
    moves: bool,
    to: Option<String>,
}

/// The members that it adds to the JSON of the decision: `audit` and `audit_left_out`.
impl Serialize for Audit {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let json = AuditJson {
            audit: self.findings.iter().map(finding_json).collect(),
            audit_left_out: self.left_out,
        };
        json.serialize(to)
    }
}

fn finding_json(found: &Finding) -> FindingJson {
    let FateJson { moves, to } = fate_json(found.fate);
    FindingJson {
        scenario: found.scenario.code(),
        about: found.about.clone(),
        moves,
        to,
        without_memory: fate_json(found.without_memory),
        interrupts: found.interrupts,
        network: found.network.map(|network| network.to_string()),
        advice: found.advice.clone().map(AdviceJson::from),
    }
}

fn fate_json(fate: Fate) -> FateJson {
    FateJson {
        moves: fate.moves(),
        to: fate.to().map(|to| to.to_string()),
    }
}
