//! Bytes from the kernel and from the wire for decoders, sound and damaged.
//!
//! [`datagram`] and [`dumps`] are sound rtnetlink, [`arp_packet`] is sound ARP. [`damaged`] does to any
//! bytes what happens to bytes; [`damaged_netlink`] knows messages and attributes, too.

mod arp;
mod damage;
mod datagrams;
mod dump;
pub mod frames;
pub mod netlink;
mod parts;

pub use arp::arp_packet;
pub use damage::{damaged, damaged_netlink};
pub use datagrams::datagram;
pub use dump::dumps;
