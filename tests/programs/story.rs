//! The outage that this library comes from, from end to end: a cluster of two nodes and an address
//! that floats between them, each node a network namespace of its own.
//!
//! In May 2012 a Corosync cluster split. A node was restarted while it held the floating address,
//! Corosync 2.0.0 walked the list of addresses from its tail, met that one first and bound it, and
//! the peers had never heard of it.

use bindnet_tests::{cli, netns, ring, ring_watch};

use bindnet::Selector;
use bindnet::corosync::ProfileSelector;
use cli::TempFile;
use netns::{capture, listed, run};
use ring::{MEMBERS, Node, nodes, ring_is_broken, ring_turns};
use ring_watch::Watch;

/// The address of the first node.
const OWN: &str = "192.168.1.10";

/// The floating address.
const VIP: &str = "192.168.1.20";

#[test]
fn a_floating_address_splits_a_cluster_and_with_bindnet_does_not() {
    run(|| {
        let [mut a, mut b] = nodes();
        both_start(&mut a, &mut b);
        for label in [None, Some("eth0:vip")] {
            vip_start(&a, label);
            restarted_beside_the_vip(&mut a, &mut b, label);
            vip_stop(&a);
            vip_start(&b, label);
            restarted_beside_the_vip(&mut b, &mut a, label);
            vip_stop(&b);
        }
        let memory = TempFile::missing();
        flapped(&mut a, &mut b, memory.path());
        restarted_after_the_flap(&mut a, &mut b, memory.path());
    });
}

/// Chapter 1: before there is a floating address there is nothing to mistake.
fn both_start(a: &mut Node, b: &mut Node) {
    for (node, own) in [&mut *a, b].into_iter().zip(MEMBERS) {
        let decision = node.restart(&bindnet());
        assert_eq!(node.bound().ip(), own, "{decision:#}");
        assert!(!decision.is_ambiguous(), "{decision:#}");
    }
    ring_turns([a, b]);
    for node in [a, b] {
        assert!(node.heard().dropped.is_empty(), "{:?}", node.heard());
    }
}

/// Chapters 2 and 3: the node, whichever it is, is restarted while it holds the floating address.
/// Corosync 2.0.0 binds that and is cut off; bindnet does not, with a memory or without.
fn restarted_beside_the_vip(node: &mut Node, peer: &mut Node, label: Option<&str>) {
    let own = node.bound();
    // Who does not look again is not harmed.
    ring_turns([node, peer]);

    let decision = node.restart(&corosync("2.0.0"));
    assert_eq!(node.bound(), VIP.parse().unwrap(), "{decision:#}");
    ring_is_broken(node, peer);

    // Here the order is on our side, too: the floating address is the secondary one.
    let decision = node.restart(&bindnet());
    assert_eq!(node.bound(), own, "{decision:#}");
    assert_eq!(decision.is_ambiguous(), label.is_none(), "{decision:#}");
    ring_turns([node, peer]);

    let decision = node.restart(&bindnet().previous(own));
    assert_eq!(node.bound(), own, "{decision:#}");
    assert!(!decision.is_ambiguous(), "{decision:#}");
    ring_turns([node, peer]);
}

/// Chapter 4: the node's own address goes and comes back while the node holds the floating one.
/// Now the kernel lists the floating address first and the node's own behind it as secondary; but
/// the daemon runs and has its socket, and what watches the host for it never tells it to move.
fn flapped(a: &mut Node, b: &mut Node, memory: &str) {
    let mut watch = Watch::restart(a, bindnet(), memory);
    a.sysctl("ipv4/conf/eth0/promote_secondaries", 1);
    vip_start(a, None);
    lists(a, &mut watch, &[OWN, VIP]);
    vip_stop(a);
    lists(a, &mut watch, &[OWN]);
    vip_start(a, None);
    lists(a, &mut watch, &[OWN, VIP]);
    ring_turns([a, b]);

    a.ip(&format!("addr del {OWN}/24 dev eth0"));
    lists(a, &mut watch, &[VIP]);
    a.ip(&format!("addr add {OWN}/24 brd + dev eth0"));
    lists(a, &mut watch, &[VIP, OWN]);
    watch.stayed(OWN.parse().unwrap());
    ring_turns([a, b]);
}

/// Chapter 5: a restart after the flap. Nothing that the kernel shows tells a floating address
/// from the other any more, and its order is the wrong one. Only the memory knows.
fn restarted_after_the_flap(a: &mut Node, b: &mut Node, memory: &str) {
    let decision = a.restart(&corosync("3.1.7"));
    assert_eq!(a.bound(), VIP.parse().unwrap(), "{decision:#}");
    ring_is_broken(a, b);

    // Without it bindnet can but say so, and choose nothing where that is wanted.
    let decision = a.decide(&bindnet());
    assert!(decision.is_ambiguous(), "{decision:#}");
    let decision = a.decide(&bindnet().strict(true));
    assert!(decision.chosen().is_none(), "{decision:#}");

    let mut watch = Watch::restart(a, bindnet(), memory);
    assert_eq!(a.bound(), OWN.parse().unwrap());
    watch.stayed(a.bound());
    ring_turns([a, b]);
}

/// What the daemons are configured with.
fn bindnet() -> Selector {
    Selector::new("192.168.1.0".parse().unwrap())
}

/// The same to a version of Corosync.
fn corosync(version: &str) -> ProfileSelector {
    ProfileSelector::new(format!("corosync:{version}").parse().unwrap(), bindnet())
}

/// Brings the floating address up as a cluster manager does: the commands of the resource agent
/// IPaddr2 (resource-agents 4.12, `add_interface`).
fn vip_start(node: &Node, label: Option<&str>) {
    let label = label.map_or_else(String::new, |label| format!(" label {label}"));
    node.ip(&format!(
        "-f inet addr add {VIP}/24 brd 192.168.1.255 dev eth0{label}"
    ));
    node.ip("link set eth0 up");
}

/// Takes it down (`delete_interface`).
fn vip_stop(node: &Node) {
    node.ip(&format!("-f inet addr delete {VIP}/24 dev eth0"));
}

/// Requires that the host has these addresses, in this order, and that the daemon sees it.
fn lists(node: &Node, watch: &mut Watch, addresses: &[&str]) {
    let nets: Vec<_> = addresses.iter().map(|ip| format!("{ip}/24")).collect();
    assert_eq!(node.on(|| listed(&capture())), nets);
    watch.sees(&nets);
}
