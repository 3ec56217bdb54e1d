//! Step 1: match.

use std::net::IpAddr;

use super::bits::{
    all_bits, bytes, is_inside, is_link_local, is_loopback, leading_ones, same_under,
};
use super::host::Model;

impl Model<'_> {
    pub fn matched(&self, at: usize) -> Option<&'static str> {
        let ip = self.ip(at);
        if !self.ask.networks().is_empty() {
            return self.inside_networks(ip);
        }
        if !is_admitted(ip, self.ask.ip, all_bits(self.ask.ip)) {
            return None;
        }
        if ip == self.ask.ip {
            return Some("exact");
        }
        if self.is_host_prefix(at) {
            return self.inside_shown_network(ip);
        }
        self.under_own_mask(at)
    }

    pub fn candidates(&self) -> Vec<usize> {
        self.positions(|at| self.matched(at).is_some())
    }

    pub fn exact(&self) -> Vec<usize> {
        self.positions(|at| self.matched(at) == Some("exact"))
    }

    /// Whether bindnetaddr asks for an address that is not here.
    /// A choice shows its network though it floats: one that is remembered may.
    pub fn asks_for(&self, ip: IpAddr, winner: usize) -> bool {
        if !self.ask.networks().is_empty() {
            return self.inside_networks(ip).is_some();
        }
        let admitted = is_admitted(ip, self.ask.ip, all_bits(self.ask.ip));
        let (mask, winner_s) = (self.mask(winner), bytes(self.ip(winner)));
        let beside = !self.is_host_prefix(winner) && same_under(&bytes(ip), &winner_s, &mask);
        admitted && (ip == self.ask.ip || beside || self.inside_shown_network(ip).is_some())
    }

    /// A network with its prefix, or several: any address inside any of them.
    fn inside_networks(&self, ip: IpAddr) -> Option<&'static str> {
        let networks = self.ask.networks();
        let hits = networks.iter().filter(|(network, len)| {
            let mask = leading_ones(*len, bytes(*network).len());
            is_admitted(ip, *network, *len) && same_under(&bytes(ip), &bytes(*network), &mask)
        });
        let hits: Vec<_> = hits.collect();
        if hits.iter().any(|(network, len)| *len == all_bits(*network)) {
            return Some("exact");
        }
        (!hits.is_empty()).then_some("network")
    }

    /// `(address ^ bindnetaddr) & mask == 0` under the address's own mask.
    fn under_own_mask(&self, at: usize) -> Option<&'static str> {
        let (mask, target) = (self.mask(at), bytes(self.ask.ip));
        if !same_under(&bytes(self.ip(at)), &target, &mask) {
            return None;
        }
        let no_host_bits = target.iter().zip(&mask).all(|(b, mask)| b & !mask == 0);
        Some(if no_host_bits {
            "network"
        } else {
            "same-network"
        })
    }

    /// Where another address of this host that is not floating matches by its own mask, every /32
    /// and /128 inside that network matches as bindnetaddr does under that mask.
    fn inside_shown_network(&self, ip: IpAddr) -> Option<&'static str> {
        let mut found = Vec::new();
        for other in self.all() {
            let around = self.ip(other);
            if !self.is_host_prefix(other)
                && !self.floating(other)
                && is_admitted(around, self.ask.ip, all_bits(self.ask.ip))
                && same_under(&bytes(ip), &bytes(around), &self.mask(other))
            {
                found.extend(self.under_own_mask(other));
            }
        }
        let codes = ["network", "same-network"];
        codes.into_iter().find(|code| found.contains(code))
    }
}

/// A link-local IPv6 address matches only a link-local bindnetaddr, and 127.0.0.0/8 and ::1 only a
/// bindnetaddr inside them.
fn is_admitted(ip: IpAddr, network: IpAddr, len: u8) -> bool {
    let asked_inside = |of: &str, at_least: u8| is_inside(network, of) && len >= at_least;
    if is_link_local(ip) {
        return asked_inside("fe80::/10", 10);
    }
    if is_loopback(ip) {
        return asked_inside("127.0.0.0/8", 8) || asked_inside("::1/128", 128);
    }
    true
}
