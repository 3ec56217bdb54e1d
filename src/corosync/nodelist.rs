//! The nodes and addresses of a nodelist, for code that looks at all nodes at once.

use std::net::IpAddr;

use super::conf::{Conf, ConfError, ConfNode};
use super::local_node::LocalNodes;
use super::members::MembersRead;
use super::names::{Hosts, IpVersion, read_address};
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
    /// The line where it begins, from 1.
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

impl ListedNode {
    fn read(node: &ConfNode, ip_version: IpVersion, hosts: &Hosts) -> Self {
        let name = node.get("name").or(node.get("ring0_addr"));
        let addresses = node.ring_addrs().filter_map(|(link, value)| {
            let read = read_address(value.text(), ip_version, hosts).ok()?;
            let (line, ip) = (value.line(), read.ip);
            Some(ListedAddress { link, line, ip })
        });
        Self {
            name: name.map(|value| value.text().to_owned()),
            line: node.line(),
            addresses: addresses.collect(),
        }
    }
}

impl Conf {
    /// The nodelist as the version of a profile reads it; empty if that version reads none.
    pub(crate) fn nodelist(
        &self,
        profile: Profile,
        hosts: &Hosts,
    ) -> Result<Vec<ListedNode>, ConfError> {
        let planner = Planner::new(self, profile)?;
        if planner.version < Version::new(1, 99, 0) {
            return Ok(Vec::new());
        }
        let nodes = self.nodes().iter();
        Ok(nodes
            .map(|node| ListedNode::read(node, planner.ip_version, hosts))
            .collect())
    }

    /// The nodelist as the version of a profile reads it for any host.
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

/// A nodelist that was read once for many hosts: any node may be this host.
#[derive(Clone, Debug)]
pub(crate) struct NodesRead {
    pub(super) local: LocalNodes,
    /// The first address whose link number is too large.
    pub(super) wrong_ring: Option<ConfError>,
    pub(super) members: MembersRead,
}

impl Planner<'_> {
    /// Reads the nodelist for any host.
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
    /// The position of the node that the newest version of Corosync takes for this host. It looks
    /// for the name of the host, and for an address if the name is not known.
    pub fn position_of(&self, host: &Snapshot, hosts: &Hosts) -> Option<usize> {
        self.local.by_name(Version::NEWEST, host, hosts)
    }
}
