//! Strategies for proptest: hosts, and the events of cluster life on them.
//!
//! [`node`] makes typical nodes, and a [`failover`] has the actions of managers of floating
//! addresses on one. [`hosts`] are hostile: small pools of addresses, networks, names and flags,
//! so that everything collides. [`bindnets`] hit, nearly hit and miss a host.

pub mod bindnets;
mod facts;
mod failovers;
pub mod hosts;
mod managers;
mod nodes;
mod operations;
pub(crate) mod pools;

pub use failovers::{Failover, Moment, Step, Vips, failover, with_vips};
pub use managers::{Manager, Vip};
pub use nodes::{ClusterHost, node};
pub use operations::{Pool, operations};
