//! Strategies for proptest: nodes, what cluster life does to them, and the bytes that tell of it.

pub mod bytes;
mod failovers;
mod managers;
mod nodes;
mod operations;

pub use failovers::{Failover, Moment, Step, Vips, failover, with_vips};
pub use managers::{Manager, Vip};
pub use nodes::{Node, cluster_node, dhcp_node, dual_stack_node, node, router, worker};
pub use operations::{Pool, operations};
