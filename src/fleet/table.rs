//! The table of nodes, for people.

use std::collections::{BTreeMap, BTreeSet};

use super::problem::Code;
use super::report::FleetReport;
use super::{Choices, Node};
use crate::explain::aligned;
use crate::rule::Decision;

/// A row for each node, or for each of its links if a corosync.conf was judged.
pub(super) fn of(report: &FleetReport) -> String {
    let of_conf = report.bindnet.is_none();
    let head = ["NODE", "LINK", "ADDRESS", "INTERFACE", "PROBLEMS"].map(str::to_owned);
    let rows = std::iter::once(head).chain(body(report));
    let shown = |[node, link, address, interface, problems]: [String; 5]| {
        let link = of_conf.then_some(link);
        let cells = [
            Some(node),
            link,
            Some(address),
            Some(interface),
            Some(problems),
        ];
        ("    ", cells.into_iter().flatten().collect())
    };
    let rows: Vec<_> = rows.map(shown).collect();
    aligned(&rows)
}

fn body(report: &FleetReport) -> Vec<[String; 5]> {
    let mut codes: BTreeMap<&str, Codes> = BTreeMap::new();
    for problem in report.problems() {
        for node in problem.nodes() {
            codes
                .entry(node)
                .or_default()
                .insert((problem.code, problem.link));
        }
    }
    let row = |node: &str, link: Option<u32>, [address, interface]: [String; 2]| {
        let number = link.map_or("-".to_owned(), |link| link.to_string());
        let codes = codes
            .get(node)
            .map_or("-".to_owned(), |codes| of_link(codes, link));
        [node.to_owned(), number, address, interface, codes]
    };
    let nothing = |why: &str| [why.to_owned(), "-".to_owned()];
    let mut rows = Vec::new();
    for node in report.nodes() {
        let decisions = node.decisions();
        rows.extend(decisions.map(|(link, decision)| row(node.name(), link, choice(decision))));
        if let Choices::NoPlan(_) = node.choices {
            rows.push(row(Node::name(node), None, nothing("none")));
        }
    }
    rows.extend(
        report
            .unread()
            .map(|node| row(node, None, nothing("unread"))),
    );
    rows
}

type Codes = BTreeSet<(Code, Option<u32>)>;

/// The codes of a node. For a row of one link, those of other links are left out.
fn of_link(codes: &Codes, link: Option<u32>) -> String {
    let of = |(_, of): &&(Code, Option<u32>)| of.is_none() || link.is_none() || *of == link;
    let codes: BTreeSet<Code> = codes.iter().filter(of).map(|(code, _)| *code).collect();
    if codes.is_empty() {
        return "-".to_owned();
    }
    let codes: Vec<_> = codes.into_iter().map(Code::code).collect();
    codes.join(", ")
}

/// The address and its link.
fn choice(decision: &Decision) -> [String; 2] {
    let Some(chosen) = decision.chosen() else {
        return ["none", "-"].map(str::to_owned);
    };
    let interface = chosen.interface().map(|name| name.to_string());
    [chosen.to_string(), interface.unwrap_or("-".to_owned())]
}
