//! The order of nodes changes nothing; a fleet of one is never in conflict; an address that is chosen
//! and on two nodes is told, with both, and no other is.

use std::collections::BTreeSet;
use std::net::IpAddr;

use arbitrary::{Result, Unstructured};
use bindnet::Snapshot;
use bindnet::fleet::{Code, Fleet, FleetReport, Problem, shown};

use super::clean::is_hostile;
use super::input::{Question, host, question};

pub fn check(data: &[u8]) {
    let mut u = Unstructured::new(data);
    if let Ok((question, nodes)) = draw(&mut u) {
        laws(&question, &nodes);
    }
}

type Named = (Vec<u8>, Snapshot);

fn draw(u: &mut Unstructured<'_>) -> Result<(Question, Vec<Named>)> {
    let question = question(u)?;
    let v4 = question.bindnet.ip().is_ipv4();
    let mut nodes: Vec<Named> = Vec::new();
    for number in 0..u.int_in_range(1..=4)? {
        let host = host(u, v4)?;
        // Any bytes are a name.
        let mut name: Vec<u8> = vec![b'a' + number];
        let more = u.int_in_range(0..=3)?;
        name.extend(u.bytes(more)?);
        nodes.push((name, host));
    }
    Ok((question, nodes))
}

fn laws(question: &Question, nodes: &[Named]) {
    let report = judge(question, nodes.iter());
    let reversed = judge(question, nodes.iter().rev());
    assert_eq!(report, reversed);
    assert_eq!(report.to_string(), reversed.to_string());
    assert_eq!(report.to_json(), reversed.to_json());
    assert!(!report.to_string().contains(is_hostile), "{report:?}");
    for node in nodes {
        let alone = judge(question, [node].into_iter());
        let of_one = |problem: &Problem| matches!(problem.code(), Code::NoChoice | Code::Ambiguous);
        assert!(alone.problems().iter().all(of_one), "{alone}");
    }
    let told: BTreeSet<(IpAddr, Vec<String>)> = report
        .problems()
        .iter()
        .filter(|problem| problem.code() == Code::DuplicateAddress)
        .map(|problem| {
            (
                problem.address().expect("one"),
                problem.nodes().map(str::to_owned).collect(),
            )
        })
        .collect();
    assert_eq!(told, duplicates(&report, nodes), "{report}");
    let names: BTreeSet<&str> = report.nodes().iter().map(|node| node.name()).collect();
    for problem in report.problems() {
        assert!(problem.nodes().all(|node| names.contains(node)));
        assert!(problem.nodes().is_sorted() && problem.nodes().next().is_some());
        assert!(problem.detail().ends_with('.') && !problem.detail().contains('\n'));
    }
}

fn judge<'a>(question: &Question, nodes: impl Iterator<Item = &'a Named>) -> FleetReport {
    let mut fleet = Fleet::new(question.selector());
    for (name, host) in nodes {
        fleet.add(name, host).expect("each has its own name");
        let again = fleet.add_unread(name).expect_err("it is there twice");
        assert_eq!(again.text(), shown(name));
        assert!(again.to_string().contains(" is there twice; "), "{again}");
    }
    fleet.judge()
}

/// Every choice, looked for on every node.
fn duplicates(report: &FleetReport, nodes: &[Named]) -> BTreeSet<(IpAddr, Vec<String>)> {
    let choices = report
        .nodes()
        .iter()
        .filter_map(|node| node.decision()?.chosen());
    let of = |ip: IpAddr| {
        let has = |host: &Snapshot| host.addresses().any(|address| address.ip() == ip);
        let mut holders: Vec<String> = nodes
            .iter()
            .filter(|(_, host)| has(host))
            .map(|(name, _)| shown(name))
            .collect();
        holders.sort();
        (ip, holders)
    };
    let counts = |(ip, holders): &(IpAddr, Vec<String>)| {
        let link_local = match ip {
            IpAddr::V4(ip) => ip.is_link_local(),
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        let ip = ip.to_canonical();
        let nobodys = link_local || ip.is_loopback() || ip.is_multicast() || ip.is_unspecified();
        holders.len() > 1 && !nobodys
    };
    choices
        .map(|chosen| of(chosen.ip()))
        .filter(counts)
        .collect()
}
