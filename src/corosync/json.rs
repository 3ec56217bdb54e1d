//! The format `bindnet-conf/1`.

use std::net::IpAddr;

use serde::Serialize;

use super::plan::{LinkDecision, Plan};
use crate::snapshot::escape_rest;

#[derive(Serialize)]
struct ConfJson<'a, D> {
    format: &'static str,
    file: String,
    links: Vec<LinkJson<'a, D>>,
    warnings: Vec<&'a str>,
    note: &'static str,
}

#[derive(Serialize)]
pub(crate) struct LinkJson<'a, D> {
    link: u32,
    origin: &'static str,
    line: usize,
    text: String,
    decision: D,
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
        self.to_json_with(file, links, links.iter().map(|link| &link.decision))
    }

    /// The same, with a value in the place of each decision: for example the decision with more
    /// members from a second report.
    ///
    /// ```
    /// use bindnet::corosync::{Conf, Hosts, Profile};
    /// use bindnet::{Selector, Snapshot};
    ///
    /// let conf = Conf::parse(
    ///     b"totem {\n version: 2\n transport: udp\n interface {\n bindnetaddr: 192.0.2.0\n }\n}\n",
    /// )?;
    /// let host = Snapshot::new([], [])?;
    /// let profile = Profile::Corosync(Some("2.4.5".parse()?));
    /// let plan = conf.plan(profile, &host, &Hosts::default())?;
    /// let links = plan.decide(&host, &Selector::new("192.0.2.0".parse()?));
    /// let json = plan.to_json_with("corosync.conf", &links, ["none"]);
    /// assert!(json.contains(r#","decision":"none","corosync":{"#));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_json_with<D: Serialize>(
        &self,
        file: &str,
        links: &[LinkDecision],
        decisions: impl IntoIterator<Item = D>,
    ) -> String {
        let links = links.iter().zip(decisions);
        let json = ConfJson {
            format: "bindnet-conf/1",
            file: escape_rest(file),
            links: links
                .map(|(link, decision)| self.link_json(link, decision))
                .collect(),
            warnings: self.warnings().iter().map(String::as_str).collect(),
            note: Self::NOTE,
        };
        // Serializing to a string fails only if an implementation of Serialize fails.
        serde_json::to_string(&json).unwrap_or_default()
    }

    pub(crate) fn link_json<'a, D>(
        &self,
        decided: &'a LinkDecision,
        decision: D,
    ) -> LinkJson<'a, D> {
        let LinkDecision { link, corosync, .. } = decided;
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
