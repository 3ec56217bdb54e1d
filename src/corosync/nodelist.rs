//! What a nodelist lists, for those who look at all nodes at once.

use std::net::IpAddr;

use super::conf::{Conf, ConfError, ConfNode};
use super::local_node::LocalNodes;
use super::members::MembersRead;
use super::names::{Hosts, read_address};
use super::plan::Plan;
use super::planner::Planner;
use super::version::Version;
use crate::corosync::Profile;
use crate::snapshot::Snapshot;

/// A node of a nodelist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListedNode {
    /// Its name, or else its ring0_addr, if it has one.
    pub name: Option<String>,
    /// Where it begins, from 1.
    pub line: usize,
    pub addresses: Vec<ListedAddress>,
}

/// A `ringX_addr` that could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ListedAddress {
    /// The X, which is the number of the link.
    pub link: u32,
    pub line: usize,
    pub ip: IpAddr,
}

impl Conf {
    /// The nodelist as the version of a profile reads it; nothing where it reads none.
    pub(crate) fn nodelist(
        &self,
        profile: Profile,
        hosts: &Hosts,
    ) -> Result<Vec<ListedNode>, ConfError> {
        let planner = Planner::new(self, profile)?;
        if planner.version < Version::new(1, 99, 0) {
            return Ok(Vec::new());
        }
        let address = |(link, value): (u32, &super::Value)| {
            let read = read_address(value.text(), planner.ip_version, hosts).ok()?;
            let (line, ip) = (value.line(), read.ip);
            Some(ListedAddress { link, line, ip })
        };
        let listed = |node: &ConfNode| ListedNode {
            name: node
                .get("name")
                .or(node.get("ring0_addr"))
                .map(|value| value.text().to_owned()),
            line: node.line(),
            addresses: node.ring_addrs().filter_map(address).collect(),
        };
        Ok(self.nodes().iter().map(listed).collect())
    }

    /// What the nodelist says to the version of a profile, whichever node is this host.
    pub(crate) fn nodes_read(
        &self,
        profile: Profile,
        hosts: &Hosts,
    ) -> Result<NodesRead, ConfError> {
        Ok(Planner::new(self, profile)?.nodes_read(hosts))
    }

    /// The links of a host, as [`Conf::plan`] has them.
    pub(crate) fn plan_with(
        &self,
        nodes: &NodesRead,
        profile: Profile,
        host: &Snapshot,
        hosts: &Hosts,
    ) -> Result<Plan, ConfError> {
        Planner::new(self, profile)?.plan(nodes, host, hosts)
    }
}

/// What a nodelist says, whichever node is this host: read once for many hosts.
#[derive(Clone, Debug)]
pub(crate) struct NodesRead {
    pub(super) local: LocalNodes,
    /// The first address of a link that there cannot be.
    pub(super) wrong_ring: Option<ConfError>,
    pub(super) members: MembersRead,
}

impl Planner<'_> {
    /// What the nodelist says, whichever node is this host.
    pub fn nodes_read(&self, hosts: &Hosts) -> NodesRead {
        let nodes = self.conf.nodes();
        let mut rings = nodes.iter().flat_map(ConfNode::ring_addrs);
        NodesRead {
            local: LocalNodes::of(nodes, self.ip_version, hosts),
            wrong_ring: rings.find_map(|(number, value)| self.check_ring(number, value).err()),
            members: self.members(hosts).read(),
        }
    }
}

impl NodesRead {
    /// The position of the node that Corosync takes for this host, as the newest version finds it:
    /// by the name of the host, or by an address where the name is not known.
    pub fn position_of(&self, host: &Snapshot, hosts: &Hosts) -> Option<usize> {
        self.local.by_name(Version::NEWEST, host, hosts)
    }
}
