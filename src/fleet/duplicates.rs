//! Addresses that several nodes have.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::inventory::{self, Holding, first_per_node};
use super::problem::{Code, Problem};
use super::report::Survey;
use super::words::{list, on};
use crate::explain::{Setting, Spelling};
use crate::rule::Decision;
use crate::snapshot::Name;

/// Addresses that one node chose and that another node has or chose.
pub(super) fn chosen(survey: &Survey<'_>) -> Vec<Problem> {
    let mut choices: Vec<Choice> = survey.choices().collect();
    choices.sort_unstable();
    let same = choices.chunk_by(|a, b| a.ip == b.ip);
    same.filter_map(|choices| duplicate(survey, choices))
        .collect()
}

/// Addresses that float and are on several nodes.
pub(super) fn floating(survey: &Survey<'_>) -> Vec<Problem> {
    let same = survey.inventory.chunk_by(|a, b| a.ip == b.ip);
    same.filter_map(|holdings| floats(survey, holdings))
        .collect()
}

/// Addresses in the networks asked for that several nodes have, also if none chose them.
///
/// An address is one of them if it is a candidate on any node. `known` are the problems that say it
/// of an address already.
pub(super) fn held_by_several(survey: &Survey<'_>, known: &[Problem]) -> Vec<Problem> {
    let mut candidates: Vec<(IpAddr, Option<u32>)> = survey
        .decisions()
        .flat_map(|(_, link, decision)| decision.candidates().iter().map(move |c| (c.ip, link)))
        .collect();
    candidates.sort_unstable();
    candidates.dedup();
    let known: BTreeSet<IpAddr> = known.iter().filter_map(Problem::address).collect();
    let same = candidates.chunk_by(|(a, _), (b, _)| a == b);
    let problem = |of_links: &[(IpAddr, Option<u32>)]| {
        let (ip, link) = *of_links.first().filter(|(ip, _)| !known.contains(ip))?;
        let link = link.filter(|_| of_links.len() == 1);
        Some(held(survey, ip)?.of_link(link))
    };
    same.filter_map(problem).collect()
}

/// An address that a node chose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Choice {
    pub ip: IpAddr,
    pub node: u32,
    pub link: Option<u32>,
    pub interface: Option<Name>,
    /// It floats, but was chosen: it was named exactly, or chosen as Corosync does.
    pub is_floating: bool,
}

impl Choice {
    pub fn of(node: u32, link: Option<u32>, decision: &Decision) -> Option<Self> {
        let chosen = decision.chosen()?;
        Some(Self {
            ip: chosen.ip,
            node,
            link,
            interface: chosen.interface,
            is_floating: chosen.reasons.is_floating(),
        })
    }
}

/// The problem of one address, given by all its choices.
fn duplicate(survey: &Survey<'_>, choices: &[Choice]) -> Option<Problem> {
    let first = choices.first()?;
    if inventory::may_be_shared(first.ip) {
        return None;
    }
    let choosers = || {
        choices
            .chunk_by(|a, b| a.node == b.node)
            .filter_map(<[_]>::first)
    };
    let chose = |node| {
        choices
            .binary_search_by_key(&node, |choice| choice.node)
            .is_ok()
    };
    let others: Vec<&Holding> = first_per_node(inventory::of(survey.inventory, first.ip))
        .filter(|holding| !chose(holding.node))
        .collect();
    let mut nodes: Vec<u32> = choosers().map(|choice| choice.node).collect();
    nodes.extend(others.iter().map(|holding| holding.node));
    nodes.sort_unstable();
    if nodes.len() < 2 {
        return None;
    }
    let chosen_by: Vec<_> = choosers()
        .map(|choice| on(survey.name(choice.node), choice.interface))
        .collect();
    let is_floating = choices.iter().any(|choice| choice.is_floating);
    let detail = words(survey, first.ip, &chosen_by, is_floating, &others);
    let link = first
        .link
        .filter(|_| choices.iter().all(|choice| choice.link == first.link));
    let problem = Problem::new(Code::DuplicateAddress, survey.names(&nodes), detail);
    Some(problem.of_link(link).about(Some(first.ip)))
}

fn words(
    survey: &Survey<'_>,
    ip: IpAddr,
    chosen_by: &[String],
    is_floating: bool,
    others: &[&Holding],
) -> String {
    let chosen_by = list(chosen_by.iter());
    let on_others = others
        .iter()
        .map(|holding| on(survey.name(holding.node), holding.interface));
    let on_others = list(on_others);
    if is_floating {
        // A declaration would change nothing.
        let and = if others.is_empty() {
            String::new()
        } else {
            format!(" and is on {on_others}, too")
        };
        return format!(
            "{ip}, which floats, was chosen by {chosen_by}{and}: have each node bind an address that \
             stays on it."
        );
    }
    let chosen = format!("{ip} was chosen by {chosen_by}");
    if others.is_empty() {
        format!("{chosen}: leave it to one of them, and give every other an address of its own.")
    } else if others.iter().any(|holding| holding.is_floating) {
        format!(
            "{chosen} and floats on {on_others}: if it is a cluster address, declare it {}, else \
             leave it to one of them.",
            declaration(survey.spelling, ip)
        )
    } else {
        format!("{chosen} and is on {on_others}, too: leave it to one of them.")
    }
}

/// `floating`, or the option of a program for it.
fn declaration(spelling: Spelling, ip: IpAddr) -> String {
    let option = spelling.option(&Setting::Floating(ip.into()));
    option.map_or("floating".to_owned(), |option| format!("({option})"))
}

/// The problem of one address, given by all its holdings.
fn floats(survey: &Survey<'_>, holdings: &[Holding]) -> Option<Problem> {
    let off_loopback = |holding: &&Holding| !holding.on_loopback;
    let mut off_loopback = holdings.iter().filter(off_loopback);
    let floating = off_loopback.find(|holding| holding.is_floating)?;
    let (ip, on_node) = (floating.ip, survey.name(floating.node));
    let (nodes, all) = on_several(survey, holdings)?;
    let detail = format!(
        "{ip} is floating (on {on_node}), and {all} have it at once: have the cluster manager take \
         it off all but one, or capture them again if it moved in between."
    );
    let problem = Problem::new(Code::FloatingOnSeveralNodes, nodes, detail);
    Some(problem.about(Some(ip)))
}

/// The problem of an address of which nothing else is known.
fn held(survey: &Survey<'_>, ip: IpAddr) -> Option<Problem> {
    let (nodes, all) = on_several(survey, inventory::of(survey.inventory, ip))?;
    let detail = format!(
        "{ip}, in the network asked for, is on {all} at once: leave it to one of them, and declare \
         it {} if it is a cluster address.",
        declaration(survey.spelling, ip)
    );
    let problem = Problem::new(Code::HeldBySeveral, nodes, detail);
    Some(problem.about(Some(ip)))
}

/// The nodes that have an address, and where, if they are several. The holdings are sorted.
///
/// Loopback links do not count: anycast and LVS have one address on those of many nodes on purpose.
fn on_several(survey: &Survey<'_>, holdings: &[Holding]) -> Option<(Vec<Arc<str>>, String)> {
    let mut holdings: Vec<_> = holdings.iter().filter(|h| !h.on_loopback).collect();
    holdings.dedup_by_key(|holding| holding.node);
    if holdings.len() < 2 {
        return None;
    }
    let all = holdings
        .iter()
        .map(|holding| on(survey.name(holding.node), holding.interface));
    let nodes: Vec<u32> = holdings.iter().map(|holding| holding.node).collect();
    Some((survey.names(&nodes), list(all)))
}
