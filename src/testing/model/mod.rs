//! A model of the kernel's address list: what a host lists after `ip` has changed it.
//!
//! It is pure and fast, and compared with the kernel in namespaces on random sequences of
//! operations: the list, its order, flags, labels, and the events that tell of it.
//!
//! ```
//! use bindnet::testing::model::{AddressRequest, Host, Kernel, LinkRequest, Operation};
//!
//! let mut host = Host::new(Kernel::default().promote_secondaries(true));
//! let eth0 = "eth0".parse()?;
//! host.apply(&Operation::AddLink(LinkRequest::bridge(eth0, 2)))?;
//! let node = AddressRequest::new("192.0.2.10/24".parse()?, eth0);
//! let vip = AddressRequest::new("192.0.2.20/24".parse()?, eth0);
//! host.apply(&Operation::AddAddress(node.clone()))?;
//! host.apply(&Operation::AddAddress(vip))?;
//! // The node's own address flaps: deleted, and added again.
//! host.apply(&Operation::DeleteAddress(node.clone()))?;
//! host.apply(&Operation::AddAddress(node))?;
//! let listed: Vec<_> = host.snapshot().addresses().map(|a| a.ip().to_string()).collect();
//! assert_eq!(listed, ["192.0.2.20", "192.0.2.10"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! What it leaves out: addresses that come by themselves (autoconfiguration is off: addrgenmode
//! none), lifetimes that run out (there is no clock), and the time that duplicate address
//! detection takes (accept_dad is 0, so that it is over before the next operation).

mod event;
mod host;
mod kernel;
mod link;
mod operation;
mod v4;
mod v6;

pub use event::Event;
pub use host::{Host, Refusal};
pub use kernel::Kernel;
pub use operation::{AddressRequest, Kind, LinkRequest, Operation};
