//! Bytes to snapshots: rtnetlink, ARP, Neighbour Discovery.

mod altnames;
mod arp;
mod bytes;
mod ndisc;
mod rtnetlink;
