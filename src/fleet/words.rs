//! Nodes in words: few of them are named, the others counted.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;

use crate::snapshot::Name;

/// How many are named before the others are counted.
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

/// What is said of nodes, each text once.
#[derive(Clone, Debug, Default)]
pub(super) struct Said(BTreeMap<String, Vec<Arc<str>>>);

impl Said {
    pub fn say(&mut self, node: &Arc<str>, text: impl Into<String>) {
        let nodes = self.0.entry(text.into()).or_default();
        if nodes.last() != Some(node) {
            nodes.push(node.clone());
        }
    }

    /// Each with the nodes it is of, but for what is said of all of them.
    pub fn texts(self, all: usize) -> Vec<String> {
        let text = |(text, mut nodes): (String, Vec<Arc<str>>)| {
            nodes.sort();
            nodes.dedup();
            match nodes.len() == all {
                true => text,
                false => format!("{}: {text}", list(nodes.iter())),
            }
        };
        self.0.into_iter().map(text).collect()
    }
}
