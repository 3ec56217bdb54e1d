//! The format `bindnet-conf/1`.

use std::net::IpAddr;

use serde::Serialize;

use super::plan::{LinkDecision, Plan};
use crate::rule::Decision;
use crate::snapshot::escape_rest;

#[derive(Serialize)]
struct ConfJson<'a> {
    format: &'static str,
    file: String,
    links: Vec<LinkJson<'a>>,
    warnings: Vec<&'a str>,
    note: &'static str,
}

#[derive(Serialize)]
pub(crate) struct LinkJson<'a> {
    link: u32,
    origin: &'static str,
    line: usize,
    text: String,
    decision: &'a Decision,
    corosync: CorosyncJson<'a>,
}

#[derive(Serialize)]
struct CorosyncJson<'a> {
    version: String,
    transport: &'static str,
    address: Option<IpAddr>,
    outcome: &'static str,
    differs: bool,
    explanation: &'a str,
    warnings: &'a [String],
}

impl Plan {
    /// Writes the decided links as JSON, `bindnet-conf/1`, on one line; `file` is the name of the
    /// corosync.conf. The member `note` is [`Plan::NOTE`].
    pub fn to_json(&self, file: &str, links: &[LinkDecision]) -> String {
        let json = ConfJson {
            format: "bindnet-conf/1",
            file: escape_rest(file),
            links: links.iter().map(|link| self.link_json(link)).collect(),
            warnings: self.warnings().iter().map(String::as_str).collect(),
            note: Self::NOTE,
        };
        // Serializing to a string fails only where an implementation of Serialize does.
        serde_json::to_string(&json).unwrap_or_default()
    }

    pub(crate) fn link_json<'a>(&self, decided: &'a LinkDecision) -> LinkJson<'a> {
        let LinkDecision {
            link,
            decision,
            corosync,
        } = decided;
        LinkJson {
            link: link.number(),
            origin: link.origin().code(),
            line: link.line(),
            text: link.shown(),
            decision,
            corosync: CorosyncJson {
                version: self.version().to_string(),
                transport: self.transport().code(),
                address: corosync.address,
                outcome: corosync.outcome.code(),
                differs: decided.differs(),
                explanation: &corosync.explanation,
                warnings: &corosync.warnings,
            },
        }
    }
}
