//! Lists of nodes in words: a few are named, the others are counted.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use crate::snapshot::Name;

/// A list names at most this many nodes, and counts the others.
const FEW: usize = 4;

/// `a, b and c`; `a, b, c and 9 more`.
pub(super) fn list<T: Display>(things: impl ExactSizeIterator<Item = T>) -> String {
    let count = things.len();
    let shown = if count > FEW { FEW - 1 } else { count };
    let mut text = String::new();
    for (at, thing) in things.take(shown).enumerate() {
        let between = match at {
            0 => "",
            at if at + 1 == count => " and ",
            _ => ", ",
        };
        text.push_str(&format!("{between}{thing}"));
    }
    if count > shown {
        text.push_str(&format!(" and {} more", count - shown));
    }
    text
}

/// `1 node`, `2 nodes`.
pub(super) fn count(number: usize, what: &str) -> String {
    let s = if number == 1 { "" } else { "s" };
    format!("{number} {what}{s}")
}

/// A node with the link that matters there.
pub(super) fn on(node: &str, interface: Option<Name>) -> String {
    match interface {
        Some(interface) => format!("{node} ({interface})"),
        None => node.to_owned(),
    }
}

/// Remarks about nodes. Each text is kept once, with the nodes it is about.
#[derive(Clone, Debug, Default)]
pub(super) struct Remarks(BTreeMap<String, Vec<Arc<str>>>);

impl Remarks {
    pub fn add(&mut self, node: &Arc<str>, text: impl Into<String>) {
        let nodes = self.0.entry(text.into()).or_default();
        if nodes.last() != Some(node) {
            nodes.push(node.clone());
        }
    }

    /// Each remark with its nodes; a remark about all nodes has no list of them.
    pub fn texts(self, all: usize) -> Vec<String> {
        self.0
            .into_iter()
            .map(|(text, nodes)| with_nodes(text, nodes, all))
            .collect()
    }
}

fn with_nodes(text: String, mut nodes: Vec<Arc<str>>, all: usize) -> String {
    nodes.sort();
    nodes.dedup();
    if nodes.len() == all {
        text
    } else {
        format!("{}: {text}", list(nodes.iter()))
    }
}
