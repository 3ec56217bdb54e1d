//! Which addresses answer a bindnetaddr.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::rule::BindnetAddr;
use crate::snapshot::{LinkName, is_link_local};

/// The numbers of hosts in their network, as one meets them; the first is that of the node, where
/// nothing else is drawn.
const NUMBERS: [u8; 12] = [10, 20, 30, 5, 40, 21, 100, 200, 4, 1, 2, 3];

/// Networks beside that of the cluster (RFC 5737, RFC 3849).
const ELSEWHERE_V4: [Ipv4Addr; 3] = [
    Ipv4Addr::new(198, 51, 100, 0),
    Ipv4Addr::new(203, 0, 113, 0),
    Ipv4Addr::new(192, 0, 2, 0),
];
const ELSEWHERE_V6: [Ipv6Addr; 3] = [
    Ipv6Addr::new(0x2001, 0xdb8, 0xff, 0, 0, 0, 0, 0),
    Ipv6Addr::new(0xfd00, 0, 0, 0xff, 0, 0, 0, 0),
    Ipv6Addr::new(0x2001, 0xdb8, 0xfe, 0, 0, 0, 0, 0),
];

/// Where services have their addresses (RFC 2544, RFC 3849, RFC 4193).
const SERVICES_V4: [(Ipv4Addr, u8); 2] = [
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(10, 96, 0, 0), 12),
];
const SERVICES_V6: [(Ipv6Addr, u8); 2] = [
    (Ipv6Addr::new(0x2001, 0xdb8, 0xf00, 0, 0, 0, 0, 0), 108),
    (Ipv6Addr::new(0xfd00, 0xf00, 0, 0, 0, 0, 0, 0), 108),
];

/// RFC 3849.
const DOCUMENTATION_V6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);

/// A bindnetaddr, and the network in which a node's address answers it; of several networks, the first.
#[derive(Clone)]
pub(super) struct Aim {
    pub bindnet: BindnetAddr,
    /// The network of the node and of its floating addresses.
    pub network: IpNet,
    /// Whether it names one address, which is the node's own.
    exact: bool,
}

impl Aim {
    /// `narrow` is for a node whose network is a part of the one that is asked for.
    ///
    /// Where no address of a node is in what is named, a network that is kept for documentation
    /// stands in: the node has to have some.
    pub fn at(bindnet: BindnetAddr, narrow: bool) -> Self {
        let ip = bindnet.ip();
        if is_nobodys(ip) {
            let network = match ip {
                IpAddr::V4(_) => net(Ipv4Addr::new(192, 0, 2, 0).into(), 24),
                IpAddr::V6(_) => net(DOCUMENTATION_V6.into(), 64),
            };
            return Self {
                bindnet,
                network,
                exact: false,
            };
        }
        let (all, usual) = if ip.is_ipv4() { (32, 24) } else { (128, 64) };
        let zeros = match ip {
            IpAddr::V4(ip) => ip.to_bits().trailing_zeros(),
            IpAddr::V6(ip) => ip.to_bits().trailing_zeros(),
        };
        let zeros = u8::try_from(zeros).unwrap_or(all);
        let (len, exact) = match bindnet.networks().first().map(IpNet::prefix_len) {
            Some(len) if len + 2 > all => (usual, true),
            Some(len) if narrow => (len.max(usual), false),
            Some(len) => (len, false),
            None if zeros < 2 => (usual, true),
            None => (usual.max(all.saturating_sub(zeros)), false),
        };
        let network = IpNet::new(ip, len).unwrap_or(IpNet::from(ip)).trunc();
        Self {
            bindnet,
            network,
            exact,
        }
    }

    /// Whether a /32 or /128 on any link answers it.
    pub fn finds_host_prefix(&self) -> bool {
        let anywhere = self.bindnet.zone().is_none() && !self.is_link_local();
        anywhere && (self.exact || !self.bindnet.networks().is_empty())
    }

    /// The addresses that a node may have, with the prefix length of their network.
    pub fn hosts(&self) -> Vec<IpNet> {
        if self.exact {
            vec![net(self.bindnet.ip(), self.network.prefix_len())]
        } else {
            self.numbered()
        }
    }

    /// The addresses of the network that nobody has.
    pub fn free(&self, own: IpNet) -> Vec<IpNet> {
        let mut free = self.numbered();
        let is_named = |ip| ip == self.bindnet.ip() || self.bindnet.names(ip);
        free.retain(|net| net.addr() != own.addr() && !is_named(net.addr()));
        free
    }

    fn numbered(&self) -> Vec<IpNet> {
        let len = self.network.prefix_len();
        let bits = self.network.max_prefix_len().saturating_sub(len);
        let size = 1u64.checked_shl(bits.into()).unwrap_or(u64::MAX);
        // The last one is for broadcasts.
        let fit = NUMBERS.iter().filter(|n| u64::from(**n) + 1 < size);
        fit.map(|n| net(nth(self.network.addr(), (*n).into()), len))
            .collect()
    }

    /// The networks that do not overlap what is asked for.
    pub fn elsewhere(&self, v4: bool) -> impl Iterator<Item = IpNet> + use<> {
        let networks: Vec<IpNet> = if v4 {
            ELSEWHERE_V4.map(|ip| net(ip.into(), 24)).to_vec()
        } else {
            ELSEWHERE_V6.map(|ip| net(ip.into(), 64)).to_vec()
        };
        let aim = self.clone();
        networks.into_iter().filter(move |net| aim.is_beside(net))
    }

    /// A network of services, of the family that is asked for.
    pub fn services(&self) -> Option<IpNet> {
        let networks = match self.network {
            IpNet::V4(_) => SERVICES_V4.map(|(ip, len)| net(ip.into(), len)),
            IpNet::V6(_) => SERVICES_V6.map(|(ip, len)| net(ip.into(), len)),
        };
        networks.into_iter().find(|net| self.is_beside(net))
    }

    fn is_beside(&self, net: &IpNet) -> bool {
        let overlaps = |network: &IpNet| net.contains(network) || network.contains(net);
        match self.bindnet.networks() {
            [] => !overlaps(&self.network),
            networks => !networks.iter().any(overlaps),
        }
    }

    /// Whether it asks for addresses of the link.
    pub fn is_link_local(&self) -> bool {
        is_link_local(self.network.addr())
    }

    /// The link that it names, by its index or by its name; `lo` is none.
    pub fn link(&self) -> (Option<u32>, Option<LinkName>) {
        match self.bindnet.zone() {
            None => (None, None),
            Some(zone) => match zone.index() {
                Some(index) => (Some(index).filter(|index| (2..4000).contains(index)), None),
                None => (None, zone.name().filter(|n| n.as_bytes() != b"lo")),
            },
        }
    }
}

/// Whether no link of a node but loopback can have the address.
fn is_nobodys(ip: IpAddr) -> bool {
    ip.is_unspecified() || ip.is_multicast() || ip.is_ipv6() && ip.is_loopback()
}

/// The address that stands so far behind another one.
pub(super) fn nth(ip: IpAddr, n: u32) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits().wrapping_add(n)).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits().wrapping_add(n.into())).into(),
    }
}

/// An address with a prefix length that it can have, or else its longest.
pub(super) fn net(ip: IpAddr, len: u8) -> IpNet {
    IpNet::new(ip, len).unwrap_or(IpNet::from(ip))
}
