//! The kinds of nodes.

use ipnet::IpNet;
use proptest::prelude::*;

use super::aim::{net, nth};
use super::plan::{BY_ROUTER, Plan, draw};
use super::{Node, name};
use crate::model::AddressRequest;
use crate::rule::Bindnet;
use crate::snapshot::{AddressFlags, Lifetime};

/// How long a lease is valid, and how long it is preferred, in seconds.
pub(super) const LEASE: (Lifetime, Lifetime) = (Lifetime::Seconds(3600), Lifetime::Seconds(1800));

/// A node whose cluster network is beside a management network, on the first link or on the
/// second.
///
/// ```
/// use bindnet::testing::strategies::cluster_node;
/// use proptest::prelude::*;
///
/// proptest!(|(node in cluster_node("2001:db8::/64".parse().unwrap()))| {
///     prop_assert_eq!(node.links().len(), 2);
///     prop_assert!(node.host().snapshot().len() <= 8);
/// });
/// ```
pub fn cluster_node(bindnet: Bindnet) -> BoxedStrategy<Node> {
    let made = (draw(), any::<bool>()).prop_map(move |(draw, first)| {
        let mut plan = Plan::of(bindnet, draw);
        plan.own_link(if first { 2 } else { 3 }, "eth1");
        let management = plan.nic(if first { 3 } else { 2 }, "eth0");
        plan.static_beside(management);
        plan.own_is(|request| request);
        plan.node()
    });
    made.boxed()
}

/// A host that has its address from a DHCP server: it is a lease, which ends.
///
/// An IPv6 lease is a /128, unless the bindnetaddr has no prefix, so that it would not be found.
///
/// ```
/// use bindnet::Lifetime;
/// use bindnet::testing::strategies::dhcp_node;
/// use proptest::prelude::*;
///
/// proptest!(|(node in dhcp_node("192.0.2.0".parse().unwrap()))| {
///     let host = node.host().snapshot();
///     let own = host.addresses().find(|a| a.net() == Some(node.own())).unwrap();
///     prop_assert_ne!(own.valid_lft(), Some(Lifetime::Forever));
/// });
/// ```
pub fn dhcp_node(bindnet: Bindnet) -> BoxedStrategy<Node> {
    let made = draw().prop_map(move |draw| {
        let mut plan = Plan::of(bindnet, draw);
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
    });
    made.boxed()
}

/// A node with IPv4 and IPv6: a static IPv4 address, and on IPv6 an autoconfigured one with a
/// privacy address beside it, a unique local and a link-local one.
///
/// ```
/// use bindnet::testing::strategies::dual_stack_node;
/// use proptest::prelude::*;
///
/// proptest!(|(node in dual_stack_node("2001:db8::/64".parse().unwrap()))| {
///     // The privacy address is in the same network, and stands first.
///     let host = node.host().snapshot();
///     let mut asked = host.addresses().filter(|a| node.bindnet().network().unwrap().contains(&a.ip()));
///     prop_assert!(!node.fixed().contains(&asked.next().unwrap().ip()));
///     prop_assert_eq!(asked.next().unwrap().ip(), node.own().addr());
/// });
/// ```
pub fn dual_stack_node(bindnet: Bindnet) -> BoxedStrategy<Node> {
    let made = draw().prop_map(move |draw| {
        let mut plan = Plan::of(bindnet, draw);
        let link = plan.own_link(2, "eth0");
        let by_router =
            |request: AddressRequest| request.protocol(BY_ROUTER).lifetimes(LEASE.0, LEASE.1);
        let mut beside = plan.aim.elsewhere(false);
        let beside = [beside.next(), beside.next()];
        let [routed, unique_local] = match plan.own.addr().is_ipv4() {
            true => beside,
            false => [None, beside[1]],
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
    });
    made.boxed()
}

/// A Kubernetes worker: a bridge with up to `size` links to pods, and up to `size` service
/// addresses as kube-proxy in IPVS mode has them.
///
/// ```
/// use bindnet::testing::strategies::worker;
/// use proptest::prelude::*;
///
/// proptest!(|(node in worker("192.0.2.0/24".parse().unwrap(), 100))| {
///     let host = node.host().snapshot();
///     prop_assert!(host.links().len() <= 104 && host.len() <= 208);
/// });
/// ```
pub fn worker(bindnet: Bindnet, size: usize) -> BoxedStrategy<Node> {
    let made = (draw(), 0..=size, 0..=size).prop_map(move |(draw, pods, services)| {
        let mut plan = Plan::of(bindnet, draw);
        plan.own_link(2, "eth0");
        plan.own_is(|request| request);
        plan.bridge_with(pods);
        plan.services(services);
        plan.node()
    });
    made.boxed()
}

/// A host that announces its address by BGP: it is a /32 or a /128 on `lo`, and the links have
/// transfer networks.
///
/// A bindnetaddr without a prefix finds it only where it is the address itself.
///
/// ```
/// use bindnet::testing::strategies::router;
/// use proptest::prelude::*;
///
/// proptest!(|(node in router("192.0.2.0/24".parse().unwrap()))| {
///     prop_assert_eq!(node.own().prefix_len(), 32);
///     prop_assert_eq!(node.own_link().to_string(), "lo");
/// });
/// ```
pub fn router(bindnet: Bindnet) -> BoxedStrategy<Node> {
    let made = draw().prop_map(move |draw| {
        let mut plan = Plan::of(bindnet, draw);
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
    });
    made.boxed()
}
