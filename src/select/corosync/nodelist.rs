//! What a nodelist lists, for whoever looks at all nodes at once.

use std::net::IpAddr;

use super::conf::{Conf, ConfError, Node};
use super::names::{Hosts, read_address};
use super::plan::Plan;
use super::planner::{NodesRead, Planner};
use super::version::Version;
use crate::select::Profile;
use crate::snapshot::Snapshot;

/// A node of a nodelist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::select) struct ListedNode {
    /// Its name, or else its ring0_addr, if it has one.
    pub name: Option<String>,
    /// Where it begins, from 1.
    pub line: usize,
    pub addresses: Vec<ListedAddress>,
}

/// A `ringX_addr` that could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::select) struct ListedAddress {
    /// The X, which is the number of the link.
    pub link: u32,
    pub line: usize,
    pub ip: IpAddr,
}

impl Conf {
    /// The nodelist as the version of a profile reads it; nothing where it reads none.
    pub(in crate::select) fn nodelist(
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
        let listed = |node: &Node| ListedNode {
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
    pub(in crate::select) fn nodes_read(
        &self,
        profile: Profile,
        hosts: &Hosts,
    ) -> Result<NodesRead, ConfError> {
        Ok(Planner::new(self, profile)?.nodes_read(hosts))
    }

    /// The links of a host, as [`Conf::plan`] has them.
    pub(in crate::select) fn plan_with(
        &self,
        nodes: &NodesRead,
        profile: Profile,
        host: &Snapshot,
        hosts: &Hosts,
    ) -> Result<Plan, ConfError> {
        Planner::new(self, profile)?.plan(nodes, host, hosts)
    }
}

impl NodesRead {
    /// The position of the node that Corosync takes for this host, as the newest version finds it:
    /// by the name of the host, or by an address where the name is not known.
    pub fn position_of(&self, host: &Snapshot, hosts: &Hosts) -> Option<usize> {
        self.local.by_name(Version::NEWEST, host, hosts)
    }
}
