//! What Corosync itself chooses, by version, and what a corosync.conf asks for.

mod conf;
mod conf_reader;
#[cfg(feature = "serde")]
mod json;
mod links;
mod local_node;
mod names;
mod planner;
mod report;
mod version;
mod walk;

pub use conf::{Conf, ConfError, Interface, Node, Value};
pub use links::{ConfLink, LinkDecision, Origin, Plan, Taken, Transport};
pub use names::{
    AddressProblem, Hosts, How, IpVersion, ParseIpVersionError, ReadAddress, read_address,
};
pub use version::{ParseVersionError, Rule, Version};

pub(super) use walk::Walk;
