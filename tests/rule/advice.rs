//! Whatever is decided can be printed, and whoever follows its advice gets what it promises.

use bindnet_tests::{ask, questions};

use std::net::IpAddr;

use bindnet::rule::Match;
use bindnet::{Candidate, Decision, Reason};
use bindnet_tests::hostile::is_hostile;
use proptest::prelude::*;
use serde_json::Value;

use ask::Ask;
use questions::{case, choice, config, decide, follow, told};

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

    /// Whoever follows a piece of advice about a close choice has settled it.
    #[test]
    fn advice_settles((host, ask) in case()) {
        let decision = decide(&host, &ask);
        prop_assume!(decision.is_ambiguous());
        let loose = decide(&host, &Ask { strict: false, ..ask.clone() });
        let Some(first) = loose.chosen() else { panic!("{loose:#}") };
        // An IPv6 address on a link without a name cannot be told from another.
        prop_assume!(!is_link_local(first.ip()) || first.interface().is_some());
        // An address with two masks may be a guess by one of them and none by the other.
        let same_ip = loose.candidates().iter().filter(|c| c.ip() == first.ip());
        prop_assume!(same_ip.map(Candidate::matched).all(|matched| matched == first.matched()));
        prop_assert!(!decision.advice().is_empty());
        for advice in decision.advice() {
            let followed = follow(&ask, &advice);
            let settled = decide(&host, &followed);
            let kept = decide(&host, &Ask { strict: false, ..followed.clone() });
            let chosen = kept.chosen().and_then(Candidate::matched);
            if advice.setting.code() == "bindnetaddr" && followed.ip != first.ip() {
                // The network itself may be an address; else it does not name another host.
                let is_guess = chosen == Some(Match::SameNetwork);
                prop_assert!(!is_guess && !kept.candidates().is_empty(), "{:?}", advice);
                continue;
            }
            // A host prefix is left once the network around it floats: then there is more to say.
            if advice.setting.code() == "floating" && loose.candidates().iter().any(is_in_subnet) {
                continue;
            }
            prop_assert_eq!(choice(&kept).0, choice(&loose).0, "{:?}\n{:#}", advice, kept);
            let settled = !settled.is_ambiguous() || advice.setting.code() == "previous";
            prop_assert!(settled, "{:?}\n{:#}", advice, kept);
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

fn is_in_subnet(candidate: &Candidate) -> bool {
    candidate.reasons().contains(Reason::HostPrefixInSubnet)
}

fn is_link_local(ip: IpAddr) -> bool {
    matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local())
}
