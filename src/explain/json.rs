//! The format `bindnet-decision/1`.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::advice::Advice;
use crate::rule::{Candidate, Decision};
use crate::snapshot::{Consistency, Source};

#[derive(Serialize)]
struct DecisionJson<'a> {
    format: &'static str,
    bindnetaddr: String,
    profile: &'a str,
    source: Option<&'static str>,
    consistency: Option<&'static str>,
    outcome: &'static str,
    ambiguous: bool,
    separated_by: Option<&'static str>,
    explanation: String,
    warnings: Vec<String>,
    advice: Vec<AdviceJson>,
    chosen: Option<ChosenJson>,
    candidates: Vec<CandidateJson>,
}

/// A piece of advice, of any report.
#[derive(Serialize)]
pub(crate) struct AdviceJson {
    option: String,
    value: String,
    why: String,
}

#[derive(Serialize)]
struct AddressJson {
    address: IpAddr,
    prefix_len: Option<u8>,
    interface: Option<String>,
    interface_index: Option<u32>,
    label: Option<String>,
    #[serde(rename = "match")]
    matched: Option<&'static str>,
}

#[derive(Serialize)]
struct ChosenJson {
    #[serde(flatten)]
    address: AddressJson,
    link_up: Option<bool>,
    scope_id: u32,
}

#[derive(Serialize)]
struct CandidateJson {
    #[serde(flatten)]
    address: AddressJson,
    verdict: &'static str,
    reasons: Vec<&'static str>,
}

impl Serialize for Decision {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let json = DecisionJson {
            format: "bindnet-decision/1",
            bindnetaddr: self.bindnet().to_string(),
            profile: self.profile(),
            source: self.source().map(Source::code),
            consistency: self.consistency().map(Consistency::code),
            outcome: self.outcome().code(),
            ambiguous: self.is_ambiguous(),
            separated_by: self.separated_by().map(|separation| separation.code()),
            explanation: self.to_string(),
            warnings: self.warnings(),
            advice: self.advice().into_iter().map(AdviceJson::from).collect(),
            chosen: self.chosen().map(chosen_json),
            candidates: self.rows().map(candidate_json).collect(),
        };
        json.serialize(to)
    }
}

impl Decision {
    /// Writes the decision as JSON, `bindnet-decision/1`, on one line.
    ///
    /// ```
    /// use bindnet::{Selector, Snapshot};
    ///
    /// let nothing = Snapshot::new([], [])?;
    /// let json = Selector::new("192.0.2.0".parse()?).decide(&nothing).to_json();
    /// assert!(json.contains(r#""outcome":"none""#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_json(&self) -> String {
        // Serializing to a string fails only if an implementation of Serialize does.
        serde_json::to_string(self).unwrap_or_default()
    }
}

fn address_json(candidate: &Candidate) -> AddressJson {
    AddressJson {
        address: candidate.ip(),
        prefix_len: candidate.netmask().prefix_len(),
        interface: candidate.interface().map(|name| name.to_string()),
        interface_index: candidate.interface_index(),
        label: candidate.label().map(|label| label.to_string()),
        matched: candidate.matched().map(|matched| matched.code()),
    }
}

fn chosen_json(candidate: &Candidate) -> ChosenJson {
    ChosenJson {
        address: address_json(candidate),
        link_up: candidate.link_up(),
        scope_id: candidate.scope_id(),
    }
}

fn candidate_json(candidate: &Candidate) -> CandidateJson {
    CandidateJson {
        address: address_json(candidate),
        verdict: candidate.verdict().code(),
        reasons: candidate
            .reasons()
            .iter()
            .map(|reason| reason.code())
            .collect(),
    }
}

impl From<Advice> for AdviceJson {
    fn from(advice: Advice) -> Self {
        Self {
            option: advice.setting.json_option(),
            value: advice.setting.value(),
            why: advice.why,
        }
    }
}
