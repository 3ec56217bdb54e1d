//! Bytes to snapshots: rtnetlink, ARP, Neighbour Discovery.

mod arp;
mod ndisc;
mod rtnetlink;
