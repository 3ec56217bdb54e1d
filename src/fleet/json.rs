//! The format `bindnet-fleet/1`.

use std::net::IpAddr;

use serde::{Serialize, Serializer};

use super::problem::Problem;
use super::report::FleetReport;
use super::{Choices, Node};
use crate::corosync::json::LinkJson;
use crate::rule::Decision;

#[derive(Serialize)]
struct ReportJson<'a> {
    format: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    bindnetaddr: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    nodes: &'a [Node],
    unread: Vec<&'a str>,
    problems: &'a [Problem],
    warnings: &'a [String],
}

#[derive(Serialize)]
struct NodeJson<'a> {
    node: &'a str,
    decision: &'a Decision,
}

#[derive(Serialize)]
struct LinksJson<'a> {
    node: &'a str,
    /// Its name in the nodelist.
    listed: Option<&'a str>,
    links: Vec<LinkJson<'a, &'a Decision>>,
}

#[derive(Serialize)]
struct ProblemJson<'a> {
    code: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<u32>,
    nodes: Vec<&'a str>,
    address: Option<IpAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mac: Option<String>,
    detail: &'a str,
}

/// Writes node by node: the text of a thousand nodes need not fit into memory.
impl Serialize for FleetReport {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let json = ReportJson {
            format: "bindnet-fleet/1",
            bindnetaddr: self.bindnet.as_ref().map(|bindnet| bindnet.to_string()),
            file: self.file.as_deref(),
            nodes: &self.nodes,
            unread: self.unread().collect(),
            problems: &self.problems,
            warnings: &self.warnings,
        };
        json.serialize(to)
    }
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let (node, listed) = (self.name(), self.listed());
        let links = match &self.choices {
            Choices::One(decision) => return NodeJson { node, decision }.serialize(to),
            Choices::Links(plan, links) => links
                .iter()
                .map(|link| plan.link_json(link, &link.decision))
                .collect(),
            Choices::NoPlan(_) => Vec::new(),
        };
        LinksJson {
            node,
            listed,
            links,
        }
        .serialize(to)
    }
}

impl Serialize for Problem {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let json = ProblemJson {
            code: self.code.code(),
            link: self.link,
            nodes: self.nodes().collect(),
            address: self.address,
            mac: self.mac.map(|mac| mac.to_string()),
            detail: &self.detail,
        };
        json.serialize(to)
    }
}

impl FleetReport {
    /// Writes the report as JSON, `bindnet-fleet/1`, on one line.
    ///
    /// Write a large report with serde instead, which needs no string.
    ///
    /// ```
    /// use bindnet::Selector;
    /// use bindnet::fleet::Fleet;
    ///
    /// let report = Fleet::new(Selector::new("192.0.2.0".parse()?)).judge();
    /// assert_eq!(
    ///     report.to_json(),
    ///     r#"{"format":"bindnet-fleet/1","bindnetaddr":"192.0.2.0","nodes":[],"unread":[],"problems":[],"warnings":[]}"#,
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_json(&self) -> String {
        // Serializing to a string fails only if an implementation of Serialize fails.
        serde_json::to_string(self).unwrap_or_default()
    }
}
