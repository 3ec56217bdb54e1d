//! The kinds of nodes.

use ipnet::IpNet;
use proptest::prelude::*;

use super::aim::{net, nth};
use super::plan::{BY_ROUTER, Plan, draw};
use super::{ClusterHost, name};
use crate::model::AddressRequest;
use crate::rule::BindnetAddr;
use crate::snapshot::{AddressFlags, Lifetime};

/// How long a lease is valid, and how long it is preferred, in seconds.
pub(super) const LEASE: (Lifetime, Lifetime) = (Lifetime::Seconds(3600), Lifetime::Seconds(1800));

/// How many links to pods and how many service addresses a worker has at the most.
const WORKER: usize = 20;

/// A node whose cluster network is beside a management network, on the first link or on the
/// second.
pub(super) fn cluster_node(bindnet: BindnetAddr) -> impl Strategy<Value = ClusterHost> {
    (draw(), any::<bool>()).prop_map(move |(draw, first)| {
        let mut plan = Plan::of(bindnet.clone(), draw);
        plan.own_link(if first { 2 } else { 3 }, "eth1");
        let management = plan.nic(if first { 3 } else { 2 }, "eth0");
        plan.static_beside(management);
        plan.own_is(|request| request);
        plan.node()
    })
}

/// A host that has its address from a DHCP server: it is a lease, which ends.
///
/// An IPv6 lease is a /128, unless the bindnetaddr has no prefix, so that it would not be found.
pub(super) fn dhcp_node(bindnet: BindnetAddr) -> impl Strategy<Value = ClusterHost> {
    draw().prop_map(move |draw| {
        let mut plan = Plan::of(bindnet.clone(), draw);
        plan.own_link(2, "eth0");
        let v6 = plan.own.addr().is_ipv6();
        if v6 && plan.aim.finds_host_prefix() {
            plan.own = IpNet::from(plan.own.addr());
        }
        let flags = if v6 {
            AddressFlags::NODAD
        } else {
            AddressFlags::default()
        };
        plan.own_is(|request| request.flags(flags).lifetimes(LEASE.0, LEASE.1));
        plan.node()
    })
}

/// A node with IPv4 and IPv6: a static IPv4 address, and on IPv6 an autoconfigured one with a
/// privacy address beside it, a unique local and a link-local one.
pub(super) fn dual_stack_node(bindnet: BindnetAddr) -> impl Strategy<Value = ClusterHost> {
    draw().prop_map(move |draw| {
        let mut plan = Plan::of(bindnet.clone(), draw);
        let link = plan.own_link(2, "eth0");
        let by_router =
            |request: AddressRequest| request.protocol(BY_ROUTER).lifetimes(LEASE.0, LEASE.1);
        let mut beside = plan.aim.elsewhere(false);
        let beside = [beside.next(), beside.next()];
        let [routed, unique_local] = if plan.own.addr().is_ipv4() {
            beside
        } else {
            [None, beside[1]]
        };
        if let Some(of) = unique_local {
            plan.add(AddressRequest::new(net(nth(of.addr(), 10), 64), link));
        }
        if let Some(of) = routed {
            let request = AddressRequest::new(net(nth(of.addr(), 10), 64), link);
            plan.add(by_router(request));
            plan.add_temporary(of);
        }
        if plan.own.addr().is_ipv4() {
            plan.own_is(|request| request);
        } else if plan.aim.is_link_local() {
            plan.static_beside(link);
            plan.own_is(|request| request);
        } else {
            plan.static_beside(link);
            plan.own_is(by_router);
            plan.add_temporary(plan.aim.network);
        }
        plan.node()
    })
}

/// A Kubernetes worker: a bridge with links to pods, and as many service addresses as kube-proxy in
/// IPVS mode has them; up to [`WORKER`] of each.
pub(super) fn worker(bindnet: BindnetAddr) -> impl Strategy<Value = ClusterHost> {
    (draw(), 0..=WORKER, 0..=WORKER).prop_map(move |(draw, pods, services)| {
        let mut plan = Plan::of(bindnet.clone(), draw);
        plan.own_link(2, "eth0");
        plan.own_is(|request| request);
        plan.bridge_with(pods);
        plan.services(services);
        plan.node()
    })
}

/// A host that announces its address by BGP: it is a /32 or a /128 on `lo`, and the links have
/// transfer networks.
///
/// A bindnetaddr without a prefix finds it only where it is the address itself.
pub(super) fn router(bindnet: BindnetAddr) -> impl Strategy<Value = ClusterHost> {
    draw().prop_map(move |draw| {
        let mut plan = Plan::of(bindnet.clone(), draw);
        plan.own = IpNet::from(plan.own.addr());
        plan.link = name("lo");
        let v4 = plan.own.addr().is_ipv4();
        let transfer: Vec<IpNet> = plan.aim.elsewhere(v4).take(2).collect();
        let links = [plan.nic(2, "eth0"), plan.nic(3, "eth1")];
        for (of, link) in transfer.into_iter().zip(links) {
            let len = of.max_prefix_len().saturating_sub(1);
            plan.add(AddressRequest::new(net(of.addr(), len), link));
        }
        plan.own_is(|request| request);
        plan.node()
    })
}

#[cfg(test)]
mod tests {
    use proptest::strategy::ValueTree as _;
    use proptest::test_runner::TestRunner;

    use super::*;
    use crate::snapshot::{Address, Snapshot};

    const V4: &str = "192.0.2.0/24";
    const V6: &str = "2001:db8::/64";

    /// The same nodes in every run.
    fn drawn<S: Strategy<Value = ClusterHost>>(
        kind: fn(BindnetAddr) -> S,
        bindnet: &str,
    ) -> Vec<ClusterHost> {
        let mut runner = TestRunner::deterministic();
        let strategy = kind(bindnet.parse().expect("a bindnetaddr"));
        let mut one = || strategy.new_tree(&mut runner).expect("a node").current();
        (0..30).map(|_| one()).collect()
    }

    /// The most links and the most addresses.
    fn largest(nodes: &[ClusterHost]) -> Option<(usize, usize)> {
        let hosts = nodes.iter().map(|node| node.host().snapshot());
        let sizes = hosts.map(|host| (host.links().len(), host.len()));
        sizes.max_by_key(|(_, addresses)| *addresses)
    }

    fn own(node: &ClusterHost, host: &Snapshot) -> Option<Address> {
        host.addresses().find(|a| a.net() == Some(node.own()))
    }

    /// Each kind of node is as large as it may be, and not larger.
    #[test]
    fn sizes_have_bounds() {
        assert_eq!(largest(&drawn(cluster_node, V4)), Some((3, 6)));
        assert_eq!(largest(&drawn(dhcp_node, V4)), Some((2, 4)));
        assert_eq!(largest(&drawn(dual_stack_node, V4)), Some((2, 7)));
        assert_eq!(largest(&drawn(router, V4)), Some((3, 7)));
        let (links, addresses) = largest(&drawn(worker, V4)).expect("a worker");
        assert!((WORKER..=WORKER + 4).contains(&links), "{links}");
        assert!(
            (WORKER + 10..=2 * WORKER + 8).contains(&addresses),
            "{addresses}"
        );
    }

    #[test]
    fn a_cluster_node_has_two_links() {
        for node in drawn(cluster_node, V6) {
            assert_eq!(node.links().len(), 2);
            assert!(node.host().snapshot().len() <= 8);
        }
    }

    #[test]
    fn a_lease_ends() {
        for node in drawn(dhcp_node, "192.0.2.0") {
            let own = own(&node, &node.host().snapshot()).expect("its own address");
            assert_ne!(own.valid_lft(), Some(Lifetime::Forever));
        }
    }

    /// It is in the network of the own address, and stands first.
    #[test]
    fn a_privacy_address_stands_before_the_own_one() {
        for node in drawn(dual_stack_node, V6) {
            let host = node.host().snapshot();
            let network = node.bindnet().network().expect("a network");
            let in_network = host.addresses().filter(|a| network.contains(&a.ip()));
            let ips: Vec<_> = in_network.map(|address| address.ip()).collect();
            assert!(!node.fixed().contains(&ips[0]));
            assert_eq!(ips[1], node.own().addr());
        }
    }

    #[test]
    fn a_router_has_its_address_on_loopback() {
        for node in drawn(router, V4) {
            assert_eq!(node.own().prefix_len(), 32);
            assert_eq!(node.own_link().to_string(), "lo");
        }
    }
}
