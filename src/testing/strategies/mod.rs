//! Strategies for proptest: hosts, and what cluster life does to them.
//!
//! Nodes are as one meets them: [`node`] makes any, and a [`failover`] is what managers of floating
//! addresses do to one. [`hosts`] are hostile: small pools of addresses, networks, names and flags,
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
