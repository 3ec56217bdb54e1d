//! A model of the kernel's address list: the list of a host after changes by `ip`.
//!
//! It is pure and fast, and compared with the kernel in namespaces on random sequences of
//! operations: the list, its order, flags, labels, and the events of it.
//!
//! ```
//! use bindnet::model::{AddressRequest, Host, Kernel, LinkRequest, Operation};
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
//! # What it models
//! - the order of links and of their addresses;
//! - primary and secondary addresses, and the successor of a primary that is deleted;
//! - labels, also after a rename, scopes, flags, and lifetimes that were set;
//! - the other ends of point-to-point links;
//! - IPv6 addresses that go or stay when their link is set down;
//! - carriers of cables, bridges and macvlans;
//! - refused operations, and the reason of each;
//! - the notifications of `RTNLGRP_LINK`, `RTNLGRP_IPV4_IFADDR` and `RTNLGRP_IPV6_IFADDR`.
//!
//! # What it leaves out
//! Addresses that come by themselves (autoconfiguration is off: addrgenmode none), lifetimes that
//! run out (there is no clock), the time that duplicate address detection takes (accept_dad is 0,
//! so that it is over before the next operation), ports of bridges and bonds, names with `%d`,
//! which ask for a number, a macvlan with the hardware address of another, and how often a carrier
//! changed.
//!
//! An operation is refused if `ip` or the kernel refuses it. If there are two reasons, the model
//! gives the one that `ip` finds first.
//!
//! # How it is checked
//! `tests/kernel/model.rs` applies random sequences of operations to the model. It runs their
//! commands in a network namespace. After each operation it compares the refusals, a capture,
//! `ip -d -j addr` and the notifications. Kernels before 6.9 differ, see [`Kernel`].

mod host;
mod kernel;
mod link;
mod notification;
mod operation;
mod ordered;
mod refusal;
mod request;
mod shell;
mod v4;
mod v6;

pub use host::Host;
pub use kernel::Kernel;
pub use notification::Notification;
pub use operation::{AddressRequest, Kind, LinkRequest, Operation};
pub use refusal::Refusal;
