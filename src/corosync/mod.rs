//! The choice of Corosync itself, by version, and the links of a corosync.conf.
//!
//! This module shows which address a version of Corosync takes on this host. It also shows what
//! changes with an upgrade, or with a daemon that links this crate. A [`ProfileSelector`] decides
//! as Corosync does, and [`Conf::plan`] reads a corosync.conf as Corosync does. [`Plan::decide`]
//! compares its choice with ours.
//!
//! ```
//! use bindnet::corosync::{Conf, Hosts, Profile};
//! use bindnet::snapshot::About;
//! use bindnet::{Address, Link, Selector, Snapshot};
//!
//! let host = Snapshot::new(
//!     [Link::new(2, "eth0".parse()?)],
//!     [
//!         Address::new("192.0.2.20/24".parse()?, 2).with_label("eth0:vip".parse()?),
//!         Address::new("192.0.2.10/24".parse()?, 2).with_label("eth0".parse()?),
//!     ],
//! )?;
//! let mut about = About::default();
//! about.hostname = Some("n1".to_owned());
//! let host = host.with_about(about);
//! let conf = Conf::parse(
//!     b"totem {
//!         version: 2
//!         transport: udpu
//!         interface {
//!             linknumber: 0
//!             bindnetaddr: 192.0.2.0
//!         }
//!     }
//!     nodelist {
//!         node {
//!             name: n1
//!             nodeid: 1
//!         }
//!     }",
//! )?;
//! let plan = conf.plan(Profile::Corosync(Some("3.1.7".parse()?)), &host, &Hosts::default())?;
//! let link = &plan.decide(&host, &Selector::new(plan.links()[0].bindnet()))[0];
//! assert_eq!(link.decision.chosen().unwrap().ip().to_string(), "192.0.2.10");
//! assert_eq!(link.corosync.address, Some("192.0.2.20".parse()?));
//! assert!(link.differs());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Corosync's five rules
//!
//! `totemip_iface_check` (exec/totemip.c) walks the addresses of the host and takes one. Its
//! releases do so in five ways:
//!
//! | releases | walks | exact before network | network match | IPv6 |
//! |---|---|---|---|---|
//! | up to 1.4.3 | kernel order | no, the first of either | by the address's own mask | exact only |
//! | 1.4.4 to 1.4.7 | kernel order | yes | by the address's own mask | exact only |
//! | 1.4.8 to 1.4.10 | kernel order | yes | bindnetaddr is the network's address | exact only |
//! | 1.99.5 to 2.0.1 | getifaddrs(3), from its end | no, the first of either | by the address's own mask | as IPv4 |
//! | from 2.0.2 | getifaddrs(3) | yes | by the address's own mask | as IPv4 |
//!
//! No rule looks at labels, flags, scopes, lifetimes or carrier. None prefers a longer prefix, and
//! none remembers a choice. Only the link of the winner must be up: if it is down, Corosync binds
//! localhost and looks again (udp), or exits (udpu). Before 1.4.4 it takes `IFA_ADDRESS`, which is
//! the other end on a point-to-point link; up to 1.4.10 a network match still does. A /0 matches
//! everything, but up to 1.4.10 it matches nothing.
//!
//! `patched` is a 2.0.0 that was patched by hand in 2012: it walks the list in its own order and
//! skips labels with a colon.
//!
//! ## The choice of each rule
//!
//! Each row is one host. `-` is no choice; the last column is this crate's own choice, with `?` if
//! it is ambiguous. The addresses are in the order of the kernel.
//!
#![doc = include_str!("picks.md")]
//!
//! # corosync.conf
//!
//! | question | answer |
//! |---|---|
//! | which transport | knet from 3.0, udp before |
//! | whose address on knet | ringX_addr of the node that is this host, configured or not (`IP_FREEBIND`); bindnetaddr is ignored |
//! | and on udp, udpu | bindnetaddr, by one of the five rules; without one, or from 2.4.3 (2.99.0) beside a nodelist whose first node has a ring0_addr, the ringX_addr of the node that is this host, by the same rule |
//! | which node is this host | from 3.0: the node with its name (from 3.1.1 also up to the first dot), with an address of it, or with a name that the hosts file resolves to one; before: the node whose ring0_addr is an address of it |
//! | what is an address | what getaddrinfo(3) takes: octal numbers, short forms, names; no prefix |
//! | of which family | `ip_version`; without one IPv4 on udp and before 3.0, else IPv6 before IPv4 |
//! | which number | linknumber from 3.0 (ringnumber is ignored), ringnumber before |
//! | what is refused | faults in the addresses of links, as observed with 3.1.7: a prefix, a family other than `ip_version`, nodes without this host, without an address on a link or with two families on one, a second link on udp |
//! | does the daemon start | only `corosync -t` knows. Multicast groups, cryptography, node ids, ports, timeouts, votes and the like are not read: a plan says what Corosync binds if it starts ([`Plan::NOTE`]) |

mod conf;
mod conf_reader;
#[cfg(feature = "serde")]
pub(crate) mod json;
mod link;
mod local_node;
mod members;
mod names;
mod nodelist;
mod plan;
mod planner;
mod profile;
mod report;
mod selector;
mod totem;
mod version;
mod walk;

pub use conf::{Conf, ConfError, ConfNode, Interface, Value};
pub use link::{ConfLink, Origin, Transport};
pub use names::{Hosts, How, IpVersion, ReadAddress, read_address};
pub use plan::{LinkDecision, Plan, Taken, TakenOutcome};
pub use profile::Profile;
pub use selector::ProfileSelector;
pub use version::{Rule, Version};

pub(crate) use nodelist::{ListedAddress, ListedNode, NodesRead};
