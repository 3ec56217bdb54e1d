//! Problems of the choices: no choice, an ambiguous one, different networks.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::problem::{Code, Problem};
use super::report::Survey;
use super::words::list;
use super::{Choices, Node};
use crate::explain::{Advice, Setting, Spelling};
use crate::rule::{BindnetAddr, Decision, Outcome, Separation};
use crate::snapshot::{Bits, Netmask};

/// Nodes that chose nothing.
pub(super) fn none(node: &Node, spelling: Spelling) -> Vec<Problem> {
    let problem = |detail| Problem::new(Code::NoChoice, vec![node.name.clone()], detail);
    // A node that is not listed gets the code node-not-listed instead.
    if let (Choices::NoPlan(why), true) = (&node.choices, node.listed().is_some()) {
        return vec![problem(format!("{}: {why}.", node.name))];
    }
    let decisions = node.decisions().filter(|_| !node.claims_other_node());
    let none = decisions.filter(|(_, d)| d.outcome() == Outcome::None);
    none.map(|(link, decision)| {
        let detail = format!(
            "{}: {}.",
            node.name,
            why_none(decision, node.is_listed(link), spelling)
        );
        problem(detail).of_link(link)
    })
    .collect()
}

/// Nodes whose decision was ambiguous.
pub(super) fn ambiguous(node: &Node, spelling: Spelling) -> Vec<Problem> {
    // A choice beside the listed address gets the code choice-not-listed instead.
    let is_other = |link, decision: &Decision| {
        decision.separated_by() == Some(Separation::SameNetwork) && node.is_listed(link)
    };
    let decisions = node.decisions().filter(|_| !node.claims_other_node());
    decisions
        .filter(|(link, decision)| decision.is_ambiguous() && !is_other(*link, decision))
        .map(|(link, decision)| {
            let detail = why_ambiguous(node, decision, node.is_listed(link), spelling);
            let problem = Problem::new(Code::Ambiguous, vec![node.name.clone()], detail);
            let first = decision.first().map(|first| first.ip);
            problem.of_link(link).about(first)
        })
        .collect()
}

/// The links whose choices do not share a network.
pub(super) fn apart(survey: &Survey<'_>) -> Vec<Problem> {
    let mut links: BTreeMap<Option<u32>, Vec<Chosen<'_>>> = BTreeMap::new();
    for (node, link, decision) in survey.decisions() {
        links
            .entry(link)
            .or_default()
            .extend(Chosen::of(node, link, decision));
    }
    links
        .into_iter()
        .filter_map(|(link, chosen)| Some(of_one_link(survey, &chosen)?.of_link(link)))
        .collect()
}

/// The network of all choices: their own if they have one mask, or that of bindnetaddr.
pub(super) fn common_network(nodes: &[Node], link: Option<u32>) -> Option<String> {
    let of_link = |node| Node::decisions(node).filter(|(l, _)| *l == link);
    let chosen = nodes.iter().flat_map(of_link);
    let chosen: Vec<_> = chosen
        .filter_map(|(link, d)| Chosen::of(0, link, d))
        .collect();
    let networks: BTreeSet<_> = chosen
        .iter()
        .map(|c| (c.mask.network(c.ip), c.mask))
        .collect();
    match networks.into_iter().collect::<Vec<_>>().as_slice() {
        [(Some(network), mask)] => Some(format!("{network}/{mask}")),
        _ => asked_for_all(&chosen).map(ToString::to_string),
    }
}

struct Chosen<'a> {
    node: u32,
    ip: IpAddr,
    mask: Netmask,
    /// The bindnetaddr, which may name networks with their prefixes.
    asked: &'a BindnetAddr,
    /// Whether the operator can write a prefix: neither Corosync nor its configuration takes one.
    takes_prefix: bool,
}

impl<'a> Chosen<'a> {
    fn of(node: u32, link: Option<u32>, decision: &'a Decision) -> Option<Self> {
        let chosen = decision.chosen()?;
        Some(Self {
            node,
            ip: chosen.ip,
            mask: chosen.netmask,
            asked: decision.bindnet(),
            takes_prefix: link.is_none() && decision.is_ours(),
        })
    }
}

/// The bindnetaddr, if it names networks with their prefixes that hold all choices.
fn asked_for_all<'a>(chosen: &[Chosen<'a>]) -> Option<&'a BindnetAddr> {
    let holds = |asked: &BindnetAddr| chosen.iter().all(|chosen| asked.contains(chosen.ip));
    let mut asked = chosen.iter().map(|chosen| chosen.asked);
    // All are the same, except in a nodelist, which names single addresses.
    asked.next().filter(|asked| holds(asked))
}

/// Each choice must be in the network of every other: they must agree in the bits of every mask.
fn of_one_link(survey: &Survey<'_>, chosen: &[Chosen<'_>]) -> Option<Problem> {
    let is_v4 = |chosen: &Chosen<'_>| chosen.ip.is_ipv4();
    let both = chosen.iter().any(is_v4) && !chosen.iter().all(is_v4);
    if !both && !differ::<u32>(chosen) && !differ::<u128>(chosen) {
        return None;
    }
    // The operator named the networks that hold them all: that is what they want.
    if asked_for_all(chosen).is_some() {
        return None;
    }
    let mut networks: BTreeMap<_, Vec<u32>> = BTreeMap::new();
    for Chosen { node, ip, mask, .. } in chosen {
        let network = mask.network(*ip).unwrap_or(*ip);
        networks.entry((network, *mask)).or_default().push(*node);
    }
    // The network with the fewest nodes is probably the wrong one: it comes first.
    let mut networks: Vec<_> = networks.into_iter().collect();
    networks.sort_by_key(|(_, nodes)| nodes.len());
    let words = networks.iter().map(|((network, mask), nodes)| {
        let nodes = list(nodes.iter().map(|node| survey.name(*node)));
        format!("{network}/{mask} ({nodes})")
    });
    let or_all = if chosen.iter().all(|chosen| chosen.takes_prefix) {
        ", or the one that holds them all, with its prefix"
    } else {
        ""
    };
    let detail = format!(
        "the choices are not all of one network but of {}: correct the addresses or prefixes that \
         are wrong, or name one of the networks{or_all}.",
        list(words)
    );
    let nodes: Vec<u32> = chosen.iter().map(|chosen| chosen.node).collect();
    Some(Problem::new(
        Code::DifferentNetwork,
        survey.names(&nodes),
        detail,
    ))
}

fn differ<A: Bits>(chosen: &[Chosen<'_>]) -> bool {
    let bits = || chosen.iter().filter_map(|chosen| A::from_ip(chosen.ip));
    let ones = bits().fold(A::ZERO, |ones, ip| ones | ip);
    let always = bits().fold(A::ONES, |always, ip| always & ip);
    let differing = ones & !always;
    let masks = chosen.iter().filter(|chosen| !chosen.mask.is_host());
    masks
        .filter_map(|chosen| A::from_netmask(chosen.mask))
        .any(|mask| differing & mask != A::ZERO)
}

/// The advice if duplicate address detection is not over.
const CAPTURE_AGAIN: &str = "capture it again when duplicate address detection is over";

fn why_none(decision: &Decision, is_listed: bool, spelling: Spelling) -> String {
    let text = decision.to_string();
    let why = text
        .strip_prefix("none: ")
        .unwrap_or(&text)
        .trim_end_matches('.');
    let advice = decision.advice().into_iter().next();
    match (decision.detail(), advice) {
        _ if is_listed => format!("{why}; give it the address that is listed, or list its own"),
        (Some(detail), _) => format!("{why}; {detail}"),
        (None, Some(advice)) => {
            let setting = match (&advice.setting, spelling.option(&advice.setting)) {
                // A snapshot does not change while one waits.
                (Setting::Wait(_), _) => return format!("{why}; {CAPTURE_AGAIN}"),
                (_, Some(option)) => format!("give {option}"),
                (setting, None) => setting.to_string(),
            };
            format!("{why}; {setting} {}", advice.why)
        }
        (None, None) => format!("{why}; give it one, or capture it again when it has one"),
    }
}

fn why_ambiguous(node: &Node, decision: &Decision, is_listed: bool, spelling: Spelling) -> String {
    let text = decision.to_string();
    let text = text.trim_end_matches('.').replace("AMBIGUOUS; ", "");
    let advice = if is_listed {
        "give it the address that is listed, or list its own".to_owned()
    } else {
        advice(decision, spelling)
    };
    format!("{}: {text}; {advice}.", node.name)
}

/// At most this many settings are named.
const FEW: usize = 4;

fn advice(decision: &Decision, spelling: Spelling) -> String {
    let mut advice = decision.advice();
    // Not every setting is one for the fleet: the others have not this address, nor were they bound to
    // it, and a snapshot does not change.
    advice.retain(|advice| {
        let setting = &advice.setting;
        !matches!(
            setting,
            Setting::Bindnetaddr(_) | Setting::Previous(_) | Setting::Wait(_)
        )
    });
    if decision.separated_by() == Some(Separation::SameNetwork) {
        let network = decision.first().map(|first| decision.network_of(first));
        let network = network.and_then(Setting::bindnetaddr);
        advice.extend(network.map(|network| Advice::new(network, "any address of this network")));
    }
    let named = if advice.len() > FEW {
        FEW - 1
    } else {
        advice.len()
    };
    let ways = advice
        .iter()
        .take(named)
        .map(|advice| format!("{} ({})", spelling.of(&advice.setting), advice.why));
    let mut ways = ways.collect::<Vec<_>>().join(" or ");
    if advice.len() > named {
        ways.push_str(&format!(" or one of {} more", advice.len() - named));
    }
    let settle = match (ways.is_empty(), spelling.program()) {
        (false, Some(_)) => format!("settle it with {ways}"),
        (false, None) => format!("to settle it, {ways}"),
        (true, Some(program)) => format!("ask {program} for what would settle it"),
        (true, None) => "its own decision says what would settle it".to_owned(),
    };
    if decision.separated_by() == Some(Separation::Pending) {
        format!("{CAPTURE_AGAIN}, or {settle}")
    } else {
        settle
    }
}
