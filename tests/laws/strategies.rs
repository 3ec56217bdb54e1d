//! The strategies of `testing::strategies`: that nodes are what they are said to be, that failovers
//! hold everything that may happen, and that they shrink to what a person can read.

use std::collections::BTreeSet;
use std::net::IpAddr;

use bindnet::ipnet::IpNet;
use bindnet::model::Operation;
use bindnet::rule::Separation;
use bindnet::snapshot::Lifetime;
use bindnet::testing::strategies::{
    ClusterHost, Failover, Manager, Step, Vips, failover, node, with_vips,
};
use bindnet::{BindnetAddr, Selector, Snapshot};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, TestError, TestRng, TestRunner};

/// Every form of a bindnetaddr: a network with its prefix and without, wide and narrow ones, one
/// address, a link.
const BINDNETS: [&str; 19] = [
    "192.0.2.0",
    "192.0.2.128",
    "192.0.2.0/24",
    "192.0.2.64/26",
    "192.0.2.4/30",
    "192.0.2.4/31",
    "192.0.2.10",
    "192.0.2.10/32",
    "192.0.0.0/16",
    "10.0.0.0/8",
    "2001:db8::",
    "2001:db8::/32",
    "2001:db8::/64",
    "2001:db8::10",
    "2001:db8::10/128",
    "fe80::%eth7",
    "fe80::%7/64",
    "192.0.2.0/24,198.51.100.0/24",
    "2001:db8::/64,2001:db8::/32",
];

fn bindnets() -> impl Iterator<Item = BindnetAddr> {
    BINDNETS.iter().map(|text| text.parse().unwrap())
}

/// The same values in every run, so that what is drawn at all is no matter of luck.
fn drawn<S: Strategy>(strategy: &S, count: usize) -> Vec<S::Value> {
    let mut runner = TestRunner::deterministic();
    let mut one = || strategy.new_tree(&mut runner).unwrap().current();
    (0..count).map(|_| one()).collect()
}

fn is_asked(bindnet: &BindnetAddr, host: &Snapshot, ip: IpAddr) -> bool {
    let decision = Selector::new(bindnet.clone()).list_all(true).decide(host);
    let mut candidates = decision.candidates().iter();
    candidates.any(|candidate| candidate.ip() == ip)
}

/// The own address of a node answers its bindnetaddr, is there once, and belongs to the host; no
/// other that belongs to it answers; and the rule takes it and is sure of it.
#[test]
fn a_node_has_one_answer() {
    for bindnet in bindnets() {
        for node in drawn(&node(bindnet.clone()), 30) {
            let host = node.host().snapshot();
            assert!(node.has_own(&host), "{node:?}");
            let own = node.own().addr();
            let answers = host.addresses().map(|address| address.ip());
            let answers = answers.filter(|ip| node.fixed().contains(ip));
            let answers: Vec<_> = answers
                .filter(|ip| is_asked(&bindnet, &host, *ip))
                .collect();
            assert_eq!(answers, [own], "{node:?}");
            let decision = Selector::new(bindnet.clone()).decide(&host);
            assert_eq!(decision.chosen().map(|c| c.ip()), Some(own), "{decision:#}");
            assert!(!decision.is_ambiguous(), "{decision:#}\n{node:?}");
        }
    }
}

/// Floating addresses are of the network of the node, unless a node is asked for by name.
#[test]
fn floating_addresses_are_answers_too() {
    let mut other = 0;
    for bindnet in bindnets() {
        for node in drawn(&with_vips(node(bindnet.clone()), Vips::Any), 30) {
            let host = node.host().snapshot();
            for (manager, vip) in node.vips() {
                assert!(!node.fixed().contains(&vip.ip()) && vip.ip() != bindnet.ip());
                let net = manager.net(vip);
                assert!(host.addresses().any(|address| address.net() == Some(net)));
                other += usize::from(is_asked(&bindnet, &host, vip.ip()));
            }
        }
    }
    assert!(other > 600, "{other}");
}

/// Whoever knows the floating addresses finds the node's own one in any state it is left in, and
/// who sees decisive evidence needs not know them.
#[test]
fn marked_addresses_mislead_nobody_who_sees_the_evidence() {
    for bindnet in bindnets() {
        for failover in drawn(
            &failover(with_vips(node(bindnet.clone()), Vips::Marked), Vips::Marked),
            60,
        ) {
            for moment in failover.moments().filter(|moment| moment.has_own) {
                let decision = Selector::new(bindnet.clone()).decide(&moment.snapshot);
                let own = failover.node().own().addr();
                let chosen = decision.chosen().map(|chosen| chosen.ip());
                assert_eq!(chosen, Some(own), "{failover:?}{decision:#}");
                // One that came first is a doubt, whatever its marks.
                let skipped = decision.separated_by() == Some(Separation::SkippedFirst);
                assert!(
                    !decision.is_ambiguous() || skipped,
                    "{failover:?}{decision:#}"
                );
            }
        }
    }
}

/// Without evidence some are taken for the node's own, or nearly.
#[test]
fn any_address_misleads() {
    let bindnet: BindnetAddr = "192.0.2.0/24".parse().unwrap();
    let wrong = |failover: &Failover| {
        failover.moments().filter(|moment| moment.has_own).any(|m| {
            let decision = Selector::new(bindnet.clone()).decide(&m.snapshot);
            decision.chosen().map(|c| c.ip()) != Some(failover.node().own().addr())
        })
    };
    let failovers = drawn(&failover(node(bindnet.clone()), Vips::Any), 300);
    let wrong = failovers.iter().filter(|failover| wrong(failover)).count();
    assert!((1..150).contains(&wrong), "{wrong}");
}

/// Everything that may happen does, by every manager that can be there; and no step is refused.
#[test]
fn everything_happens() {
    let mut seen = BTreeSet::new();
    let mut managers = BTreeSet::new();
    for bindnet in ["192.0.2.0/24", "2001:db8::/64"] {
        let nodes = node(bindnet.parse().unwrap());
        for failover in drawn(&failover(nodes, Vips::Any), 200) {
            let mut host = failover.node().host().clone();
            for step in failover.steps() {
                let Step::Do(operation) = step else {
                    seen.insert("restart");
                    continue;
                };
                host.apply(operation).unwrap();
                seen.insert(match operation {
                    Operation::AddAddress(_) => "add",
                    Operation::ReplaceAddress(_) => "replace",
                    Operation::DeleteAddress(_) => "delete",
                    Operation::PromoteSecondaries { on: true, .. } => "promote",
                    Operation::PromoteSecondaries { on: false, .. } => "do not",
                    Operation::AddLink(_) => "add link",
                    Operation::DeleteLink(_) => "delete link",
                    Operation::LinkUp(_) => "up",
                    other => panic!("{other}"),
                });
            }
            managers.extend(failover.vips().iter().map(|(manager, _)| *manager));
            let moments: Vec<_> = failover.moments().collect();
            assert_eq!(moments.len(), failover.steps().len() + 1);
            assert_eq!(moments.last().unwrap().snapshot, host.snapshot());
            assert!(failover.steps().len() <= 8 * 5 && failover.vips().len() <= 3);
        }
    }
    assert_eq!(managers, Manager::ALL.iter().copied().collect());
    assert_eq!(seen.len(), 9, "{seen:?}");
}

/// The smallest network that holds a node and one floating address.
#[test]
fn a_network_of_two_hosts_has_room_for_one_floating_address() {
    let bindnet: BindnetAddr = "192.0.2.252/30".parse().unwrap();
    for node in drawn(&with_vips(node(bindnet.clone()), Vips::Any), 20) {
        assert_eq!(node.vips().len(), 1, "{node:?}");
    }
}

/// A node whose address is a lease.
fn leased(bindnet: BindnetAddr) -> BoxedStrategy<ClusterHost> {
    let is_lease = |node: &ClusterHost| {
        let host = node.host().snapshot();
        let own = host.addresses().find(|a| a.net() == Some(node.own()));
        own.is_some_and(|own| own.valid_lft() != Some(Lifetime::Forever))
    };
    let nodes = node(bindnet).prop_filter("its address is no lease", is_lease);
    nodes.boxed()
}

/// The first failover on which a way of picking goes wrong, as it is when it has shrunk.
fn shrunk(
    failovers: &BoxedStrategy<Failover>,
    pick: impl Fn(&Snapshot) -> Option<IpAddr>,
) -> Failover {
    let config = Config {
        failure_persistence: None,
        ..Config::default()
    };
    let seed = TestRng::deterministic_rng(config.rng_algorithm);
    let mut runner = TestRunner::new_with_rng(config, seed);
    let run = runner.run(failovers, |failover| {
        let own = failover.node().own().addr();
        for moment in failover.moments().filter(|moment| moment.has_own) {
            prop_assert_eq!(pick(&moment.snapshot), Some(own));
        }
        Ok(())
    });
    match run {
        Err(TestError::Fail(_, failover)) => failover,
        other => panic!("{other:?}"),
    }
}

/// The IPv4 addresses of 192.0.2.0/24, as Corosync finds them: by their own mask.
fn found(host: &Snapshot) -> Vec<IpAddr> {
    let network: IpAddr = "192.0.2.0".parse().unwrap();
    let is_asked = |a: &bindnet::Address| a.netmask().network(a.ip()) == Some(network);
    host.addresses().filter(is_asked).map(|a| a.ip()).collect()
}

proptest! {
    /// Whatever can be asked, nodes can be drawn, also where none could have the address.
    #[test]
    fn any_bindnetaddr_has_nodes(
        (ip, len) in prop_oneof![
            (any::<u32>().prop_map(|bits| IpAddr::V4(bits.into())), 0..=32u8),
            (any::<u128>().prop_map(|bits| IpAddr::V6(bits.into())), 0..=128u8),
            (odd(), 0..=128u8),
        ],
        has_prefix: bool,
        seed: [u8; 32],
    ) {
        let net = IpNet::new(ip, len).unwrap_or(ip.into()).trunc();
        let text = if has_prefix { net.to_string() } else { ip.to_string() };
        // An IPv4-mapped address is none.
        let Ok(bindnet) = text.parse::<BindnetAddr>() else { return Ok(()) };
        let config = Config::default();
        let seed = TestRng::from_seed(config.rng_algorithm, &seed);
        let mut runner = TestRunner::new_with_rng(config, seed);
        let nodes = with_vips(node(bindnet.clone()), Vips::Any);
        let failover = failover(nodes, Vips::Any).new_tree(&mut runner).unwrap().current();
        prop_assert!(failover.moments().next().unwrap().has_own, "{failover:?}");
    }
}

/// Addresses that no node has on a link, and their like.
fn odd() -> impl Strategy<Value = IpAddr> {
    let texts = [
        "0.0.0.0",
        "0.0.0.1",
        "127.0.0.0",
        "127.0.0.1",
        "224.0.0.1",
        "240.0.0.0",
        "255.255.255.255",
        "169.254.0.0",
        "::",
        "::1",
        "::2",
        "::10",
        "ff02::1",
        "ff00::",
        "fe80::",
        "fec0::",
        "::ffff:0:0",
        "64:ff9b::",
        "8000::",
        "fd00::",
    ];
    let ips = texts.map(|text| text.parse::<IpAddr>().unwrap());
    proptest::sample::select(ips.to_vec())
}

fn script(failover: &Failover) -> Vec<String> {
    failover.to_string().lines().map(str::to_owned).collect()
}

/// Corosync 2.0.0 took the last address: one floating address is enough to mislead it, and the
/// first that is drawn is what is left.
#[test]
fn a_failover_shrinks_to_the_one_address_that_misleads() {
    let nodes = node("192.0.2.0".parse().unwrap());
    let failover = shrunk(&failover(nodes, Vips::Any), |host| {
        found(host).last().copied()
    });
    let expected = ["ip addr add 192.0.2.20/24 dev eth1 scope global"];
    assert_eq!(script(&failover), expected, "{failover:?}");
    assert_eq!(failover.vips().len(), 1);
    assert_eq!(failover.node().own(), "192.0.2.10/24".parse().unwrap());
}

/// Who takes the first is misled by a flap where secondary addresses are promoted. What is left
/// of a failover is short, but no step fewer is not promised.
#[test]
fn a_flap_shrinks_to_itself() {
    let nodes = leased("192.0.2.0".parse().unwrap());
    let failover = shrunk(&failover(nodes, Vips::Any), |host| {
        found(host).first().copied()
    });
    let steps = script(&failover);
    let expected = [
        "ip addr del 192.0.2.10/24 dev eth0",
        "ip addr add 192.0.2.10/24 dev eth0 scope global valid_lft 3600 preferred_lft 1800",
    ];
    assert_eq!(steps[steps.len() - 2..], expected, "{failover:?}");
    let comes = "ip addr add 192.0.2.20/24 dev eth0 scope global".to_owned();
    assert!(steps.contains(&comes) && steps.len() <= 6, "{failover:?}");
}
