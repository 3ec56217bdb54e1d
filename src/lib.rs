//! Chooses the local address a cluster daemon binds for a `bindnetaddr`, and says why.
//!
//! One path leads from the kernel to bind(2): a [`Snapshot`] of the host's addresses, a
//! [`Selector`] that holds the rule, a [`Decision`] that holds the choice and the reasons.
//!
//! ```
//! use bindnet::{Selector, Snapshot};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let host = Snapshot::capture()?;
//! let decision = Selector::new("127.0.0.1".parse()?).decide(&host);
//! println!("{decision}"); // 127.0.0.1/8 on lo: you named it exactly.
//! if let Some(chosen) = decision.chosen() {
//!     let socket = std::net::UdpSocket::bind(chosen.socket_addr(0))?;
//!     assert_eq!(socket.local_addr()?.ip(), chosen.ip());
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # The tour
//!
//! **A snapshot** is the host at one moment: addresses and links in the kernel's order. A daemon
//! that only wants to enumerate needs nothing else. [`Snapshot::capture`] asks rtnetlink,
//! [`Snapshot::capture_by_getifaddrs`] getifaddrs(3), `Snapshot::from_json` (feature `serde`)
//! reads a file or the output of `ip -j addr`, and [`Snapshot::new`] takes the addresses and links
//! of a test:
//!
//! ```
//! use bindnet::snapshot::{AddressFlags, LinkFlags};
//! use bindnet::{Address, Link, Snapshot};
//!
//! let eth0 = Link::new(2, "eth0".parse()?).with_flags(LinkFlags::UP | LinkFlags::RUNNING);
//! let node = Address::new("192.0.2.10/24".parse()?, 2).with_label("eth0".parse()?);
//! let vip = Address::new("192.0.2.20/24".parse()?, 2)
//!     .with_label("eth0:vip".parse()?)
//!     .with_flags(AddressFlags::SECONDARY | AddressFlags::PERMANENT);
//! let host = Snapshot::new([eth0], [node, vip])?;
//! let listed: Vec<_> = host.addresses().map(|address| address.ip().to_string()).collect();
//! assert_eq!(listed, ["192.0.2.10", "192.0.2.20"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **A selector** is the rule for one [`BindnetAddr`]: match, leave out addresses that cannot be
//! bound, skip floating ones, keep the remembered choice, rank the rest. [`Selector::declared`]
//! takes the knowledge of the operator, [`Selector::previous`] the memory of the daemon.
//!
//! ```
//! use bindnet::rule::Declared;
//! use bindnet::{BindnetAddr, Selector};
//!
//! let bindnet: BindnetAddr = "192.0.2.0/24".parse()?;
//! let selector = Selector::new(bindnet)
//!     .declared(Declared::default().floating(["192.0.2.20/32".parse()?])?)
//!     .previous("192.0.2.10".parse()?)
//!     .strict(true);
//! # let _ = selector;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **A decision** has the choice, and the [`Verdict`] and the [`Reasons`](rule::Reasons) of every
//! [`Candidate`]. `{}` is one line for a log, `{:#}` the whole report.
//!
//! ```
//! # use bindnet::{Address, Link, Reason, Selector, Snapshot, Verdict};
//! # let host = Snapshot::new([Link::new(2, "eth0".parse()?)], [
//! #     Address::new("192.0.2.10/24".parse()?, 2),
//! #     Address::new("192.0.2.20/24".parse()?, 2).with_label("eth0:vip".parse()?)])?;
//! let decision = Selector::new("192.0.2.0".parse()?).decide(&host);
//! let vip = &decision.candidates()[1];
//! assert_eq!(vip.verdict(), Verdict::Floating);
//! assert!(vip.reasons().contains(Reason::Label));
//! assert!(!decision.is_ambiguous());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **A daemon** binds once and keeps its choice: a `Keeper` is one fd that reports changes of it.
//! Nothing moves while the address is here, and an event reports that it is gone.
//!
//! ```
//! # #[cfg(target_os = "linux")] {
//! use std::time::Duration;
//!
//! use bindnet::{EventKind, Keeper, Selector};
//!
//! # let folder = std::env::temp_dir().join(format!("bindnet-doc-tour-{}", std::process::id()));
//! # std::fs::create_dir(&folder)?;
//! # let path = folder.join("choices");
//! let selector = Selector::new("127.0.0.1".parse()?);
//! let mut keeper = Keeper::builder(selector).remember_in(path)?.open()?;
//! let first = keeper.wait(Duration::from_millis(10))?.unwrap();
//! assert_eq!(first.kind(), EventKind::Initial);
//! assert_eq!(keeper.next_event()?, None); // and whenever its fd is readable
//! # drop(keeper);
//! # std::fs::remove_dir_all(&folder)?;
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! You can also use its parts: a [`StateFile`] remembers the choice across restarts, a `Monitor`
//! keeps a snapshot current behind one fd, and a [`Tracker`](choice::Tracker) reports the effect on
//! the choice.
//!
//! ```
//! use bindnet::choice::Tracker;
//! use bindnet::{EventKind, Link, Address, Selector, Snapshot};
//!
//! # let eth0 = Link::new(2, "eth0".parse()?);
//! # let node = Address::new("192.0.2.10/24".parse()?, 2);
//! # let vip = Address::new("192.0.2.20/24".parse()?, 2);
//! # let before = Snapshot::new([eth0.clone()], [node])?;
//! # let after = Snapshot::new([eth0.clone()], [vip, node])?;
//! # let without = Snapshot::new([eth0], [vip])?;
//! let mut tracker = Tracker::new(Selector::new("192.0.2.0".parse()?));
//! let event = |tracker: &mut Tracker, host| tracker.update(host).unwrap().kind();
//! assert_eq!(event(&mut tracker, &before), EventKind::Initial);
//! assert_eq!(event(&mut tracker, &after), EventKind::Kept); // a VIP comes first in the list now
//! assert_eq!(event(&mut tracker, &without), EventKind::Lost);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Another host** may have the same address, and no snapshot of this host shows it.
//! [`live::Detector`] asks the link, and listens; the answer is advice and moves nothing.
//!
//! ```
//! # #[cfg(target_os = "linux")] {
//! use std::time::Duration;
//!
//! use bindnet::conflict::{Target, Timing};
//! use bindnet::live::Detector;
//!
//! let target = Target::own("127.0.0.1".parse()?)?;
//! let mut detector = Detector::probe(target, Timing::Fast)?;
//! let event = detector.wait(Duration::from_secs(2))?.unwrap();
//! let report = detector.report(event);
//! assert_eq!(report.verdict().code(), "not-applicable"); // nobody can be asked on lo
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! **Many nodes** are judged together by a [`fleet::Fleet`], from their snapshots: two that have
//! one address, choices in different networks, a node that is not in the nodelist.
//!
//! A program that decides several times can keep a [`Capturer`](live::Capturer): one socket and its
//! buffers. It asks the kernel for no more than the selector needs.
//!
//! # The rooms
//!
//! What is not at the crate's root is in its room. A room uses only those below it.
//!
//! | room | has |
//! |---|---|
//! | [`live`] | what holds fds: capturer, monitor, keeper, conflict detector, state file |
//! | [`audit`] · [`fleet`] | what failovers would do to a choice; whether the nodes agree |
//! | [`model`] · [`corosync`] · [`conflict`] | the kernel's address list without a kernel; what Corosync takes; RFC 5227 and 4862 |
//! | [`choice`] · [`explain`] | the choice over time; decisions in words and JSON |
//! | [`rule`] | the decision: bindnetaddr, selector, evidence, rank |
//! | [`wire`] · [`snapshot`] | the codecs; the facts |
//!
//! # Scope of this crate
//!
//! It does not configure addresses, does not bind, starts no thread, prints nothing and logs
//! nothing. The codecs of rtnetlink, ARP and Neighbour Discovery are in [`wire`], for bytes
//! without a kernel.
//!
//! # Features
//!
//! - `serde`: snapshots, decisions and reports as JSON, and the output of `ip -j addr` as a source.
//! - `proptest`: `testing`, laws and strategies for the tests of dependent crates; implies `serde`.
//! - `capi`: the C API, `include/bindnet.h`, where the library is built as cdylib or staticlib;
//!   implies `serde`. In Rust it shows nothing.
//! - `cli`: the program `bindnet`, which alone prints; implies `serde`. In Rust it shows nothing.
#![cfg_attr(docsrs, feature(doc_cfg))]
// On other systems the capturer by rtnetlink is missing, and some items are then unused.
#![cfg_attr(not(target_os = "linux"), allow(dead_code, unused_imports))]

pub mod audit;
// Not in the unit tests: they are linked with the library, so that every symbol would exist twice.
#[cfg(all(feature = "capi", target_os = "linux", not(test)))]
#[allow(unsafe_code)]
mod capi;
pub mod choice;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod conflict;
pub mod corosync;
pub mod explain;
pub mod fleet;
pub mod live;
pub mod model;
pub mod rule;
pub mod snapshot;
#[allow(unsafe_code)]
mod sys;
#[cfg(feature = "proptest")]
pub mod testing;
pub mod wire;

pub use choice::{Event, EventKind};
pub use ipnet;
#[cfg(target_os = "linux")]
pub use live::Keeper;
pub use live::{KernelError, StateError, StateFile};
pub use rule::{BindnetAddr, Candidate, Decision, Reason, Selector, Verdict};
pub use snapshot::{Address, Link, ParseError, Snapshot};

/// The examples of the README, compiled and run.
#[cfg(all(doctest, target_os = "linux", feature = "proptest"))]
#[doc = include_str!("../README.md")]
struct Readme;
