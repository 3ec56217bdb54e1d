//! A question about a host as plain data: what a selector and the naive model are made from.

use std::net::IpAddr;

use bindnet::Selector;
use bindnet::rule::{Declared, Evidence};
use ipnet::IpNet;

/// What is asked, as plain data: the model reads the data, the library gets a [`Selector`].
#[derive(Clone, Debug)]
pub struct Ask {
    pub ip: IpAddr,
    pub prefix_len: Option<u8>,
    /// The other networks of a list, if there is a prefix.
    pub others: Vec<IpNet>,
    pub zone: Option<String>,
    pub interface: Option<String>,
    pub previous: Option<(IpAddr, Option<String>)>,
    pub floating: Vec<IpNet>,
    pub fixed: Vec<IpNet>,
    /// The codes of the rules that are switched off.
    pub off: Vec<&'static str>,
    pub protocols: Vec<u8>,
    pub strict: bool,
}

impl Ask {
    pub fn new(ip: IpAddr) -> Self {
        Self {
            ip,
            prefix_len: None,
            others: Vec::new(),
            zone: None,
            interface: None,
            previous: None,
            floating: Vec::new(),
            fixed: Vec::new(),
            off: Vec::new(),
            protocols: vec![18],
            strict: false,
        }
    }

    pub fn bindnetaddr(&self) -> String {
        let zone = self.zone.iter().map(|zone| format!("%{zone}"));
        let prefix = self.prefix_len.iter().map(|len| format!("/{len}"));
        let others = self.others.iter().map(|net| format!(",{net}"));
        let parts = zone.chain(prefix).chain(others).collect::<String>();
        format!("{}{parts}", self.ip)
    }

    /// The networks that are written with their prefixes.
    pub fn networks(&self) -> Vec<(IpAddr, u8)> {
        let Some(len) = self.prefix_len else {
            return Vec::new();
        };
        let others = self.others.iter().map(|net| (net.addr(), net.prefix_len()));
        [(self.ip, len)].into_iter().chain(others).collect()
    }

    /// Whether an address is named by itself.
    pub fn names(&self, ip: IpAddr) -> bool {
        let networks = self.networks();
        let host = |(net, len): &(IpAddr, u8)| *net == ip && IpNet::from(ip).prefix_len() == *len;
        networks.iter().any(host) || networks.is_empty() && self.ip == ip
    }

    /// The same question for the library; lists every address.
    pub fn selector(&self) -> Selector {
        let off = self
            .off
            .iter()
            .map(|code| code.parse::<Evidence>().unwrap());
        let mut selector = Selector::new(self.bindnetaddr().parse().unwrap())
            .declared(self.declared())
            .without(off)
            .floating_protocols(self.protocols.iter().copied())
            .strict(self.strict)
            .list_all(true);
        if let Some(name) = &self.interface {
            selector = selector.interface(name.parse().unwrap());
        }
        if let Some((ip, zone)) = &self.previous {
            let text = match zone {
                Some(zone) => format!("{ip}%{zone}"),
                None => ip.to_string(),
            };
            selector = selector.previous(text.parse().unwrap());
        }
        selector
    }

    pub fn declared(&self) -> Declared {
        let (floating, fixed) = (self.floating.iter(), self.fixed.iter());
        Declared::default()
            .floating(floating.copied())
            .unwrap()
            .fixed(fixed.copied())
            .unwrap()
    }
}
