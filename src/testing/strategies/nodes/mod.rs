//! Typical hosts, aimed at the bindnetaddr of a daemon.

mod aim;
mod kinds;
mod plan;

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use proptest::prelude::*;

use super::managers::{Manager, Vip};
use crate::model::{AddressRequest, Host, Operation};
use crate::rule::BindnetAddr;
use crate::snapshot::{Name, Snapshot};

use kinds::{cluster_node, dhcp_node, dual_stack_node, router, worker};

/// A node of a cluster, with one address of its own that answers a bindnetaddr.
///
/// Its debug text is the snapshot as JSON, which `preview` replays.
///
/// ```
/// use bindnet::Selector;
/// use bindnet::testing::strategies::node;
/// use proptest::prelude::*;
///
/// let nodes = node("192.0.2.0/24".parse().unwrap());
/// proptest!(|(node in nodes)| {
///     let host = node.host().snapshot();
///     prop_assert!(node.has_own(&host));
///     let decision = Selector::new(node.bindnet()).decide(&host);
///     prop_assert_eq!(decision.chosen().map(|c| c.ip()), Some(node.own().addr()));
/// });
/// ```
#[derive(Clone)]
pub struct ClusterHost {
    pub(super) bindnet: BindnetAddr,
    pub(super) host: Host,
    pub(super) own: AddressRequest,
    pub(super) own_net: IpNet,
    pub(super) own_link: Name,
    /// The links for floating addresses.
    pub(super) links: Vec<Name>,
    /// Addresses of its network that nobody has.
    pub(super) free: Vec<IpNet>,
    pub(super) fixed: Vec<IpAddr>,
    pub(super) vips: Vec<(Manager, Vip)>,
}

impl ClusterHost {
    /// The bindnetaddr of the daemon.
    pub fn bindnet(&self) -> BindnetAddr {
        self.bindnet.clone()
    }

    /// The node as it is before anything happens to it.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Its own address, which is the right answer as long as it is there.
    pub fn own(&self) -> IpNet {
        self.own_net
    }

    /// The link of its own address.
    pub fn own_link(&self) -> Name {
        self.own_link
    }

    /// Every address that belongs to this host, including its own. IPv6 privacy addresses are not
    /// here, nor the addresses of a manager, such as the services of a worker.
    pub fn fixed(&self) -> &[IpAddr] {
        &self.fixed
    }

    /// The floating addresses that are there from the start, each with its manager.
    pub fn vips(&self) -> &[(Manager, Vip)] {
        &self.vips
    }

    /// The links that floating addresses are put on, its own first.
    pub fn links(&self) -> &[Name] {
        &self.links
    }

    /// Addresses that nobody has, with the prefix length of the network that they share with the
    /// node's own.
    pub fn free(&self) -> &[IpNet] {
        &self.free
    }

    /// Whether its own address is there.
    pub fn has_own(&self, host: &Snapshot) -> bool {
        let link = host
            .link_named(&self.own_link.into())
            .map(|link| link.index());
        host.addresses().any(|address| {
            address.net() == Some(self.own_net) && link.is_some() && address.link_index() == link
        })
    }

    /// Its own address goes.
    pub fn own_goes(&self) -> Operation {
        Operation::DeleteAddress(self.own.clone())
    }

    /// Its own address comes.
    pub fn own_comes(&self) -> Operation {
        Operation::AddAddress(self.own.clone())
    }
}

impl fmt::Debug for ClusterHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (own, link) = (self.own_net, self.own_link);
        writeln!(f, "{own} on {link}, asked for {}", self.bindnet)?;
        f.write_str(&self.host.snapshot().to_json())
    }
}

/// A node that may be any of these:
///
/// - its cluster network is beside a management network, on the first link or on the second;
/// - it has IPv4 and IPv6: a static IPv4 address, and on IPv6 an autoconfigured one with a privacy
///   address beside it, a unique local and a link-local one;
/// - it has its address from a DHCP server: a lease, which ends; an IPv6 one is a /128, unless the
///   bindnetaddr has no prefix, so that it would not be found;
/// - it is a Kubernetes worker: a bridge with up to 20 links to pods, and up to 20 addresses of
///   services;
/// - it announces its address by BGP, a /32 or /128 on `lo`, if the bindnetaddr finds such a one.
pub fn node(bindnet: BindnetAddr) -> BoxedStrategy<ClusterHost> {
    let mut kinds = vec![
        (3, cluster_node(bindnet.clone()).boxed()),
        (2, dual_stack_node(bindnet.clone()).boxed()),
        (2, dhcp_node(bindnet.clone()).boxed()),
        (1, worker(bindnet.clone()).boxed()),
    ];
    if aim::Aim::at(bindnet.clone(), false).finds_host_prefix() {
        kinds.push((1, router(bindnet).boxed()));
    }
    proptest::strategy::Union::new_weighted(kinds).boxed()
}

/// The name in a text that is one.
pub(super) fn name(text: &str) -> Name {
    Name::from_bytes(text.as_bytes()).unwrap_or_else(|_| name("x"))
}
