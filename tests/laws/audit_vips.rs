//! The audit of a choice that floats, and the networks from which new VIPs are drawn.

use bindnet_tests::{audited, questions};

use std::net::IpAddr;

use bindnet::audit::{Audit, Fate, Finding, Scenario};
use bindnet::ipnet::IpNet;
use bindnet::rule::Declared;
use bindnet::snapshot::{AddressFlags, Lifetime, LinkFlags};
use bindnet::{Address, Candidate, Selector, Snapshot};
use proptest::prelude::*;

use audited::{address, audit, host, link, secondary, selector, told};
use questions::{case, config, decide};

proptest! {
    #![proptest_config(config(1_000))]

    /// A choice that floats never passes. No other choice is the VIP that leaves.
    #[test]
    fn a_choice_that_floats_never_passes((host, ask) in case()) {
        let Some(audit) = Audit::of(&ask.selector(), &host.snapshot()) else { return Ok(()) };
        let decision = decide(&host, &ask);
        let chosen = decision.chosen().unwrap();
        let leaves = audit.findings.iter().filter(|f| f.scenario == Scenario::ChosenVipLeaves);
        let leaves: Vec<&Finding> = leaves.collect();
        prop_assert_eq!(leaves.len(), usize::from(chosen.reasons().is_floating()), "{}", audit);
        for found in leaves {
            prop_assert!(found.fate.moves() && found.without_memory.moves(), "{}", audit);
            prop_assert!(found.interrupts);
            prop_assert_eq!(found.about.clone(), Some(chosen.ip().to_string()));
            prop_assert_ne!(found.fate.to(), Some(chosen.scoped_addr()));
        }
    }

    /// A new VIP is of the network of the choice. If that is a host prefix, it is of the network of another
    /// address around it, or of the one that was asked for.
    #[test]
    fn a_new_vip_is_of_a_network_of_the_choice((host, ask) in case()) {
        let snapshot = host.snapshot();
        let Some(audit) = Audit::of(&ask.selector(), &snapshot) else { return Ok(()) };
        let decision = decide(&host, &ask);
        let chosen = decision.chosen().unwrap();
        let (own, asked) = (chosen.netmask(), decision.bindnet().networks());
        let comes = |f: &&Finding| matches!(f.scenario, Scenario::NewVip | Scenario::NewVipFirst);
        for found in audit.findings.iter().filter(comes) {
            let ip: IpAddr = found.about.as_deref().unwrap().parse().unwrap();
            prop_assert!(snapshot.addresses().all(|address| address.ip() != ip));
            let Some(network) = found.network else {
                prop_assert!(!own.is_host());
                prop_assert_eq!(own.network(ip), own.network(chosen.ip()));
                continue;
            };
            prop_assert!(own.is_host());
            prop_assert!(network.contains(&ip) && network.contains(&chosen.ip()), "{}", audit);
            let has_it = |address: Address| {
                let net = address.net().filter(|_| !address.netmask().is_host());
                net.is_some_and(|net| net.trunc() == network)
            };
            prop_assert!(asked.contains(&network) || snapshot.addresses().any(has_it), "{}", audit);
        }
    }
}

fn settings(audit: &Audit) -> Vec<String> {
    audit
        .advice
        .iter()
        .map(|advice| advice.setting.to_string())
        .collect()
}

fn fixed(net: &str) -> Declared {
    Declared::default().fixed([net.parse().unwrap()]).unwrap()
}

/// A VIP with a label behind the address of the node.
fn labelled() -> Snapshot {
    let eth0 = link(2, "eth0");
    let vip = secondary("192.0.2.20/24", &eth0).with_label("eth0:vip".parse().unwrap());
    host(&[&eth0], &[address("192.0.2.10/24", &eth0), vip])
}

#[test]
fn a_vip_that_was_named_or_remembered_leaves() {
    let leaves = "chosen-vip-leaves 192.0.2.10";
    let exact = audit(&selector("192.0.2.20"), &labelled());
    assert_eq!(told(&exact), leaves);
    let own = ["declare 192.0.2.20 fixed", "set bindnetaddr to 192.0.2.10"];
    assert_eq!(settings(&exact), own);
    let remembers = selector("192.0.2.0").previous("192.0.2.20".parse().unwrap());
    assert_eq!(told(&audit(&remembers, &labelled())), leaves);

    // It is the operator who knows.
    let fixed = selector("192.0.2.20").declared(fixed("192.0.2.20/32"));
    assert_eq!(told(&audit(&fixed, &labelled())), "");
    let floating = Declared::default().floating(["192.0.2.10/32".parse().unwrap()]);
    let floating = selector("192.0.2.10").declared(floating.unwrap());
    assert_eq!(
        told(&audit(&floating, &labelled())),
        "chosen-vip-leaves none"
    );
    let own = audit(&selector("192.0.2.10"), &labelled());
    assert_eq!(told(&own), "");
}

/// Its secondaries are brought back by whoever configured them, as in any other scenario.
#[test]
fn a_vip_that_leaves_takes_no_one_else_along() {
    let eth0 = link(2, "eth0");
    let vip = address("192.0.2.20/24", &eth0).with_label("eth0:vip".parse().unwrap());
    let first = host(&[&eth0], &[vip, secondary("192.0.2.10/24", &eth0)]);
    let found = audit(&selector("192.0.2.20"), &first);
    assert_eq!(told(&found), "chosen-vip-leaves 192.0.2.10");

    // It leaves every link.
    let eth1 = link(3, "eth1");
    let twin = address("192.0.2.20/24", &eth1);
    let two = host(&[&eth0, &eth1], &[vip, twin]);
    let found = audit(&selector("192.0.2.20"), &two);
    let leaves = |f: &&Finding| f.scenario == Scenario::ChosenVipLeaves;
    let found: Vec<_> = found.findings.iter().filter(leaves).collect();
    assert_eq!((found.len(), found[0].fate), (1, Fate::Nothing));
}

/// What a new VIP is, and where it comes from.
fn newcomer(found: &Audit) -> Option<(&str, Option<IpNet>)> {
    let new = found
        .findings
        .iter()
        .find(|f| f.scenario == Scenario::NewVip)?;
    Some((new.about.as_deref().unwrap(), new.network))
}

fn of(selector: &Selector, host: &Snapshot) -> Option<(String, Option<String>)> {
    let found = audit(selector, host);
    let (ip, network) = newcomer(&found)?;
    Some((ip.to_owned(), network.map(|network| network.to_string())))
}

fn drawn(ip: &str, network: &str) -> Option<(String, Option<String>)> {
    Some((ip.to_owned(), Some(network.to_owned())))
}

#[test]
fn a_host_prefix_meets_new_vips_in_the_network_around_it() {
    let (eth0, eth1) = (link(2, "eth0"), link(3, "eth1"));
    let lease = address("192.0.2.10/32", &eth0)
        .with_flags(AddressFlags::NODAD)
        .with_valid_lft(Lifetime::Seconds(3600));
    // The longest network of another address, and no longer than what is asked for.
    let around = [
        address("192.0.0.1/16", &eth1),
        address("192.0.2.77/25", &eth1),
    ];
    let both = host(&[&eth0, &eth1], &[&[lease][..], &around].concat());
    assert_eq!(
        of(&selector("192.0.2.0/24"), &both),
        drawn("192.0.2.126", "192.0.2.0/25")
    );
    assert_eq!(
        of(&selector("192.0.2.0/26"), &both),
        drawn("192.0.2.62", "192.0.2.0/26")
    );

    // Of none, the network that was asked for: near the choice.
    let alone = host(&[&eth0], &[lease]);
    for (bindnet, expected) in [
        ("192.0.2.0/24", drawn("192.0.2.254", "192.0.2.0/24")),
        ("192.0.0.0/16", drawn("192.0.2.254", "192.0.0.0/16")),
        ("0.0.0.0/0", drawn("192.0.2.254", "0.0.0.0/0")),
        ("192.0.2.8/30", drawn("192.0.2.9", "192.0.2.8/30")),
        ("192.0.2.10/31", None),
        ("192.0.2.10/32", None),
        ("192.0.2.10", None),
    ] {
        assert_eq!(of(&selector(bindnet), &alone), expected, "{bindnet}");
    }
    let v6 = host(&[&eth0], &[address("2001:db8:0:7::10/128", &eth0)]);
    let expected = drawn("2001:db8:0:7::fffe", "2001:db8::/32");
    assert_eq!(of(&selector("2001:db8::/32"), &v6), expected);

    // Such a VIP may be routed to a loopback link, as the choice is. In a network it comes to a link.
    let flags = LinkFlags::LOOPBACK | LinkFlags::UP | LinkFlags::RUNNING;
    let lo = link(1, "lo").with_flags(flags);
    let routed = host(&[&lo], &[address("192.0.2.10/32", &lo)]);
    let expected = drawn("192.0.2.254", "192.0.2.0/24");
    assert_eq!(of(&selector("192.0.2.0/24"), &routed), expected);
    let loopback = host(&[&lo], &[address("192.0.2.10/24", &lo)]);
    assert_eq!(of(&selector("192.0.2.0/24"), &loopback), None);
}

/// It counts like any other: without a mark it looks like a second address of the host.
#[test]
fn a_new_vip_moves_a_host_prefix() {
    let eth0 = link(2, "eth0");
    let two = host(&[&eth0], &[address("192.0.2.10/32", &eth0)]);
    let found = audit(&selector("192.0.2.0/24"), &two);
    assert_eq!(told(&found), "new-vip-first 192.0.2.254");
    let both = [
        "declare 192.0.2.10 fixed",
        "remember 192.0.2.10 as the choice",
    ];
    assert_eq!(settings(&found), both);
    let row = "  ! new-vip-first              192.0.2.254 in 192.0.2.0/24  MOVES to 192.0.2.254\n";
    assert!(found.to_string().contains(row), "{found}");
    let chosen = selector("192.0.2.0/24").decide(&two);
    assert_eq!(
        chosen.chosen().map(Candidate::ip),
        "192.0.2.10".parse().ok()
    );
}
