//! The laws of a fleet, and the comparison with a naive model.

use bindnet_tests::{ask, fleet_model, fleets, questions};

use std::net::IpAddr;

use bindnet::fleet::{Code, Fleet, FleetReport};
use bindnet::testing::strategies::hosts::{Draft, host, loose_address};
use bindnet::{Address, Link, Snapshot};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use ask::Ask;
use questions::{case, config};

/// A fleet of up to five hosts, and a question that is mostly aimed at one of them.
fn fleet() -> impl Strategy<Value = (Ask, Vec<(String, Draft)>)> {
    // Unboxed, the trees of so many values overflow the stack of a test.
    (case().boxed(), vec(host().boxed(), 0..5)).prop_map(|((first, ask), mut hosts)| {
        hosts.push(first);
        let name = |(at, host)| (format!("n{at}"), host);
        (ask, hosts.into_iter().enumerate().map(name).collect())
    })
}

fn judge(ask: &Ask, nodes: &[(String, Draft)]) -> FleetReport {
    let mut fleet = Fleet::new(ask.selector());
    for (name, host) in nodes {
        fleet.add(name, &host.snapshot()).unwrap();
    }
    fleet.judge()
}

proptest! {
    #![proptest_config(config(250))]

    /// The order in which nodes are added changes nothing.
    #[test]
    fn order((ask, mut nodes) in fleet(), swaps in vec((any::<Index>(), any::<Index>()), 5)) {
        let report = judge(&ask, &nodes);
        for (a, b) in swaps {
            let (a, b) = (a.index(nodes.len()), b.index(nodes.len()));
            nodes.swap(a, b);
        }
        let other = judge(&ask, &nodes);
        prop_assert_eq!(&other, &report);
        prop_assert_eq!(other.to_json(), report.to_json());
        prop_assert_eq!(other.to_string(), report.to_string());
    }

    /// A fleet of one is never in conflict.
    #[test]
    fn alone((host, ask) in case()) {
        let report = judge(&ask, &[("n1".to_owned(), host.clone())]);
        let decision = ask.selector().decide(&host.snapshot());
        prop_assert_eq!(report.nodes()[0].decision(), Some(&decision));
        let of_one = |code| matches!(code, Code::NoChoice | Code::Ambiguous);
        prop_assert!(report.problems().iter().all(|problem| of_one(problem.code())), "{}", report);
    }

    /// An address that a node chose is found on whatever other node it is planted, wherever it stands
    /// there and whatever is said of it.
    #[test]
    fn a_planted_duplicate_is_found(
        (ask, mut nodes) in fleet(),
        thief in host().boxed(),
        (extra, at) in (loose_address().boxed(), any::<Index>()),
        chooser in any::<Index>(),
    ) {
        let report = judge(&ask, &nodes);
        let chose: Vec<_> = report.nodes().iter().filter(|n| n.decision().unwrap().chosen().is_some()).collect();
        prop_assume!(!chose.is_empty());
        let chooser = chooser.get(&chose);
        let ip = chooser.decision().unwrap().chosen().unwrap().ip();
        prop_assume!(!is_nobodys(ip));
        nodes.push(("thief".to_owned(), with(thief, ip, &extra.on(&[Link::new(1, "lo".parse().unwrap())]), at)));
        let found = judge(&ask, &nodes);
        let duplicate = |problem: &&bindnet::fleet::Problem| {
            problem.code() == Code::DuplicateAddress && problem.address() == Some(ip)
        };
        let problem = found.problems().iter().find(duplicate);
        let problem = problem.ok_or_else(|| TestCaseError::fail(found.to_string()))?;
        let named: Vec<_> = problem.nodes().collect();
        prop_assert!(named.contains(&"thief") && named.contains(&chooser.name()), "{}", found);
    }

    /// A candidate that is on another node as well is in one problem, also if no node chose it.
    #[test]
    fn a_candidate_on_two_nodes_is_found((ask, mut nodes) in fleet(), of in any::<Index>(), at in any::<Index>()) {
        let report = judge(&ask, &nodes);
        let node = of.get(report.nodes());
        let on_loopback = |index| {
            let snapshot = nodes[of.index(nodes.len())].1.snapshot();
            snapshot.link(index).and_then(Link::is_loopback) == Some(true)
        };
        let counts = |c: &&bindnet::Candidate| {
            !is_nobodys(c.ip()) && c.interface_index().is_some_and(|index| !on_loopback(index))
        };
        let candidates: Vec<_> = node.decision().unwrap().candidates().iter().filter(counts).collect();
        prop_assume!(!candidates.is_empty());
        let ip = at.get(&candidates).ip();
        let eth0 = Link::new(1, "eth0".parse().unwrap());
        let address = Address::new(ipnet::IpNet::new(ip, if ip.is_ipv4() { 24 } else { 64 }).unwrap(), 1);
        let other = Draft { links: vec![eth0], addresses: vec![address], about: Default::default() };
        nodes.push(("other".to_owned(), other));
        let found = judge(&ask, &nodes);
        let codes = [Code::DuplicateAddress, Code::FloatingOnSeveralNodes, Code::HeldBySeveral];
        let told = found.problems().iter().filter(|p| p.address() == Some(ip) && codes.contains(&p.code()));
        let told: Vec<_> = told.collect();
        prop_assert!(!told.is_empty(), "{} {}", ip, found);
        for problem in &told {
            let named: Vec<_> = problem.nodes().collect();
            prop_assert!(named.contains(&"other") && named.contains(&node.name()), "{}", found);
        }
        let held = told.iter().any(|problem| problem.code() == Code::HeldBySeveral);
        prop_assert!(!held || told.len() == 1, "{}", found);
    }

    /// With a prefix no choices are in different networks.
    #[test]
    fn a_prefix_holds_all_choices((ask, nodes) in fleet()) {
        prop_assume!(ask.prefix_len.is_some());
        let report = judge(&ask, &nodes);
        let apart = report.problems().iter().any(|p| p.code() == Code::DifferentNetwork);
        prop_assert!(!apart, "{}", report);
    }

    /// Addresses that no other node has, and a MAC of its own: such a node changes no problem of the
    /// others.
    #[test]
    fn a_stranger_changes_nothing((ask, mut nodes) in fleet()) {
        let others = |report: &FleetReport| {
            let of_others = report.problems().iter().filter(|p| p.nodes().all(|node| node != "stranger"));
            of_others.map(ToString::to_string).collect::<Vec<_>>()
        };
        let report = judge(&ask, &nodes);
        let address = |net: &str| Address::new(net.parse().unwrap(), 1);
        let host = Draft {
            links: vec![Link::new(1, "eth0".parse().unwrap()).with_mac("02:77:00:00:00:77".parse().unwrap())],
            addresses: vec![address("203.0.113.77/32"), address("2001:db8:77::77/128")],
            about: Default::default(),
        };
        nodes.push(("stranger".to_owned(), host));
        let found = judge(&ask, &nodes);
        let chose = found.nodes().iter().any(|n| {
            n.name() == "stranger" && n.decision().unwrap().chosen().is_some()
        });
        prop_assume!(!chose);
        prop_assert_eq!(others(&found), others(&report));
    }
}

proptest! {
    #![proptest_config(config(600))]

    /// The library and the model find the same.
    #[test]
    fn it_finds_what_the_model_finds((ask, nodes) in fleet()) {
        let report = judge(&ask, &nodes);
        let mut found: Vec<_> = report.problems().iter().map(fleets::told).collect();
        found.sort();
        let hosts: Vec<(String, Snapshot)> = nodes.iter().map(|(name, host)| (name.clone(), host.snapshot())).collect();
        prop_assert_eq!(found, fleet_model::problems(&ask, &hosts), "{}\n{}", ask.bindnetaddr(), report);
    }
}

/// A host with one address more, which has the mask and the facts of another.
fn with(mut host: Draft, ip: IpAddr, like: &Address, at: Index) -> Draft {
    let len = if ip.is_ipv4() { 24 } else { 64 };
    let mut address = Address::new(ipnet::IpNet::new(ip, len).unwrap(), host.links[0].index());
    if let Some(flags) = like.flags() {
        address = address.with_flags(flags);
    }
    let at = at.index(host.addresses.len() + 1);
    host.addresses.insert(at, address);
    host
}

fn is_nobodys(ip: IpAddr) -> bool {
    let of_link = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    of_link || ip.is_loopback() || ip.is_unspecified() || ip.is_multicast()
}
