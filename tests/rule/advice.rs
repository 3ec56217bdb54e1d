//! Whatever is decided can be printed, and whoever follows its advice gets what it promises.

use bindnet_tests::{ask, questions};

use std::net::IpAddr;

use bindnet::explain::Setting;
use bindnet::rule::{Match, Verdict};
use bindnet::{Candidate, Decision};
use bindnet_tests::hostile::is_hostile;
use proptest::prelude::*;
use serde_json::Value;

use ask::Ask;
use questions::{case, config, decide, follow, told};

proptest! {
    #![proptest_config(config(2_000))]

    /// Every decision can be printed in every way.
    #[test]
    fn it_prints((host, ask) in case()) {
        let decision = decide(&host, &ask);
        let line = decision.to_string();
        prop_assert_eq!(line.lines().count(), 1, "{}", line);
        prop_assert!(!line.contains(is_hostile), "{:?}", line);
        let report = format!("{decision:#}");
        prop_assert!(report.starts_with(&format!("{line}\n")), "{}", report);
        prop_assert!(!report.contains("  \n") && report.ends_with('\n'), "{:?}", report);
        for sentence in decision.warnings().into_iter().chain(decision.explain().detail) {
            prop_assert!(!sentence.is_empty() && !sentence.contains('\n'), "{}", sentence);
        }
        has_documented_members(&decision, &ask)?;
    }

    /// Whoever follows a piece of advice about a close choice has settled it, on the address that it
    /// names. There is one for every address that is left.
    #[test]
    fn advice_settles((host, ask) in case()) {
        let decision = decide(&host, &ask);
        prop_assume!(decision.is_ambiguous());
        // An IPv6 address on a link without a name cannot be told from another.
        let is_nameless = |c: &Candidate| is_link_local(c.ip()) && c.interface().is_none();
        prop_assume!(!decision.candidates().iter().any(is_nameless));
        let mut named = Vec::new();
        for advice in decision.advice() {
            let ip = match &advice.setting {
                Setting::Fixed(net) => net.addr(),
                Setting::Bindnetaddr(bindnet) => bindnet.ip(),
                Setting::Wait(_) => continue,
                other => panic!("{other}"),
            };
            // Two entries of one address may differ in all but that, and a question is for both.
            let entries = host.addresses.iter().filter(|address| address.ip() == ip);
            if advice.setting.code() == "bindnetaddr" && entries.count() > 1 {
                continue;
            }
            let settled = decide(&host, &follow(&ask, &advice));
            prop_assert!(!settled.is_ambiguous(), "{:?}\n{:#}\n{:#}", advice, decision, settled);
            let chosen = settled.chosen().map(Candidate::ip);
            prop_assert_eq!(chosen, Some(ip), "{:?}\n{:#}\n{:#}", advice, decision, settled);
            named.push(ip);
        }
        let exact = decision.candidates().iter().any(|c| c.matched() == Some(Match::Exact));
        let is_left = |c: &&Candidate| {
            let left = [Verdict::Chosen, Verdict::Outranked, Verdict::Eligible];
            let entries = host.addresses.iter().filter(|other| other.ip() == c.ip());
            left.contains(&c.verdict()) && entries.count() == 1 && !exact
        };
        for left in decision.candidates().iter().filter(is_left) {
            prop_assert!(named.contains(&left.ip()), "{}\n{:#}", left, decision);
        }
    }

    /// Whoever follows a piece of advice about no choice gets one, or comes closer to it.
    #[test]
    fn advice_helps((host, ask) in case()) {
        let decision = decide(&host, &ask);
        prop_assume!(decision.why_none().is_some() && !decision.advice().is_empty());
        for advice in decision.advice() {
            if advice.setting.code() == "wait" {
                prop_assert!(decision.candidates().iter().any(|c| c.reasons().is_unusable()));
                continue;
            }
            let helped = decide(&host, &follow(&ask, &advice));
            match advice.setting.code() {
                "fixed" => prop_assert!(helped.why_none().is_none(), "{:?}\n{:#}", advice, helped),
                "bindnetaddr" => prop_assert!(!helped.candidates().is_empty(), "{:?}", advice),
                _ => prop_assert_ne!(told(&helped), told(&decision), "{:?}", advice),
            }
        }
    }
}

/// CLI.md names the members of the JSON; a script may count on each.
fn has_documented_members(decision: &Decision, ask: &Ask) -> Result<(), TestCaseError> {
    let text = decision.to_json();
    prop_assert!(!text.contains('\n'));
    let json: Value = serde_json::from_str(&text).unwrap();
    let members = |json: &Value| {
        json.as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    let whole = [
        "advice",
        "ambiguous",
        "bindnetaddr",
        "candidates",
        "chosen",
        "consistency",
        "explanation",
        "format",
        "outcome",
        "profile",
        "separated_by",
        "source",
        "warnings",
    ];
    prop_assert_eq!(members(&json), whole);
    prop_assert_eq!(&json["format"], "bindnet-decision/1");
    prop_assert_eq!(&json["bindnetaddr"], &ask.bindnetaddr());
    prop_assert_eq!(&json["explanation"], &decision.to_string());
    prop_assert_eq!(&json["outcome"], decision.outcome().code());
    if let Some(chosen) = decision.chosen() {
        let of_chosen = [
            "address",
            "interface",
            "interface_index",
            "label",
            "link_up",
            "match",
            "prefix_len",
            "scope_id",
        ];
        prop_assert_eq!(members(&json["chosen"]), of_chosen);
        prop_assert_eq!(&json["chosen"]["address"], &chosen.ip().to_string());
        prop_assert_eq!(&json["chosen"]["scope_id"], chosen.scope_id());
    } else {
        prop_assert!(json["chosen"].is_null());
    }
    for row in json["candidates"].as_array().unwrap() {
        let of_candidate = [
            "address",
            "interface",
            "interface_index",
            "label",
            "match",
            "prefix_len",
            "reasons",
            "verdict",
        ];
        prop_assert_eq!(members(row), of_candidate);
    }
    for piece in json["advice"].as_array().unwrap() {
        prop_assert_eq!(members(piece), ["option", "value", "why"]);
    }
    Ok(())
}

fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}
