//! Addresses that several nodes have.

use std::net::IpAddr;

use super::held::{self, Held, one_each};
use super::problem::{Code, Problem};
use super::report::Survey;
use super::words::{list, on};
use crate::explain::{Setting, Spelling};
use crate::snapshot::Name;

/// Addresses that a node chose and another one holds or chose, too.
pub(super) fn chosen(survey: &Survey<'_>) -> Vec<Problem> {
    let mut choices: Vec<Choice> = survey.choices().collect();
    choices.sort_unstable();
    let same = choices.chunk_by(|a, b| a.ip == b.ip);
    same.filter_map(|choices| duplicate(survey, choices))
        .collect()
}

/// Addresses that float and are on several nodes.
pub(super) fn floating(survey: &Survey<'_>) -> Vec<Problem> {
    let same = survey.held.chunk_by(|a, b| a.ip == b.ip);
    same.filter_map(|held| floats(survey, held)).collect()
}

/// An address that a node chose.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Choice {
    pub ip: IpAddr,
    pub node: u32,
    pub link: Option<u32>,
    pub interface: Option<Name>,
    /// Chosen all the same: it was named exactly, or chosen as Corosync does.
    pub is_floating: bool,
}

/// Of one address.
fn duplicate(survey: &Survey<'_>, choices: &[Choice]) -> Option<Problem> {
    let first = choices.first()?;
    if held::is_nobodys(first.ip) {
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
    let others: Vec<&Held> = one_each(held::of(survey.held, first.ip))
        .filter(|held| !chose(held.node))
        .collect();
    let mut nodes: Vec<u32> = choosers().map(|choice| choice.node).collect();
    nodes.extend(others.iter().map(|held| held.node));
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
    others: &[&Held],
) -> String {
    let chosen_by = list(chosen_by.iter());
    let on_others = others
        .iter()
        .map(|held| on(survey.name(held.node), held.interface));
    let on_others = list(on_others);
    if is_floating {
        // To declare it would change nothing.
        let and = match others.is_empty() {
            true => String::new(),
            false => format!(" and is on {on_others}, too"),
        };
        return format!(
            "{ip}, which floats, was chosen by {chosen_by}{and}: have each node bind an address that \
             stays on it."
        );
    }
    let chosen = format!("{ip} was chosen by {chosen_by}");
    match others.iter().any(|held| held.is_floating) {
        _ if others.is_empty() => format!(
            "{chosen}: leave it to one of them, and give every other an address of its own."
        ),
        true => format!(
            "{chosen} and floats on {on_others}: if it is a cluster address, declare it {}, else \
             leave it to one of them.",
            declaration(survey.spelling, ip)
        ),
        false => format!("{chosen} and is on {on_others}, too: leave it to one of them."),
    }
}

/// `floating`, or how a program takes that.
fn declaration(spelling: Spelling, ip: IpAddr) -> String {
    let option = spelling.option(&Setting::Floating(ip.into()));
    option.map_or("floating".to_owned(), |option| format!("({option})"))
}

/// Of one address, all that hold it.
fn floats(survey: &Survey<'_>, held: &[Held]) -> Option<Problem> {
    let counts = |held: &&Held| !held.on_loopback;
    let mut held: Vec<_> = held.iter().filter(counts).collect();
    let floating = held.iter().find(|held| held.is_floating)?;
    let (ip, on_node) = (floating.ip, survey.name(floating.node));
    held.dedup_by_key(|held| held.node);
    if held.len() < 2 {
        return None;
    }
    let all = list(
        held.iter()
            .map(|held| on(survey.name(held.node), held.interface)),
    );
    let detail = format!(
        "{ip} is floating (on {on_node}), and {all} have it at once: have the cluster manager take \
         it off all but one, or capture them again if it moved in between."
    );
    let nodes: Vec<u32> = held.iter().map(|held| held.node).collect();
    let problem = Problem::new(Code::FloatingOnSeveralNodes, survey.names(&nodes), detail);
    Some(problem.about(Some(ip)))
}
