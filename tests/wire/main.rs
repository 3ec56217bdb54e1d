//! Bytes to snapshots: rtnetlink, ARP, Neighbour Discovery.

mod arp;
mod bytes;
mod ndisc;
mod rtnetlink;
