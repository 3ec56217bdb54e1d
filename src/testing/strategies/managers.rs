//! The operations of cluster managers when a floating address comes, and when it goes.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::nodes::name;
use crate::model::{AddressRequest, LinkRequest, Operation};
use crate::rule::Reason;
use crate::snapshot::{AddressFlags, HardwareAddress, Lifetime, Name};

/// `IFA_PROTO` of keepalived (`RTPROT_KEEPALIVED`, linux/rtnetlink.h).
const KEEPALIVED: u8 = 18;

/// The number of a [`Vip`] that has not been given one.
const NUMBER: u8 = 51;

/// A cluster manager with its settings, as far as the kernel can tell them apart.
///
/// If "recorded" and a version are given, the marks were recorded from the program; if not, they
/// were read in its source. A manager that answers ARP itself, as MetalLB in layer 2 mode does,
/// leaves no marks, and is not here.
///
/// ```
/// use bindnet::Reason;
/// use bindnet::testing::strategies::{Manager, Vip};
///
/// let vip = Vip::new("192.0.2.20/24".parse()?, "eth0".parse()?);
/// let comes: Vec<_> = Manager::Pgpool.take(&vip).iter().map(ToString::to_string).collect();
/// assert_eq!(comes, ["ip addr add 192.0.2.20/24 dev eth0 scope global label eth0:0"]);
/// let goes: Vec<_> = Manager::Pgpool.give_up(&vip).iter().map(ToString::to_string).collect();
/// assert_eq!(goes, ["ip addr del 192.0.2.20/24 dev eth0"]);
/// assert_eq!(Manager::Pgpool.evidence(&vip), Some(Reason::Label));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Manager {
    /// Pacemaker's IPaddr2, which takes the prefix length of the route (recorded:
    /// resource-agents 4.12.0). IPv4: a secondary address like any other.
    Ipaddr2,
    /// IPaddr2 with `iflabel=vip` (recorded: resource-agents 4.12.0). IPv4 only.
    Ipaddr2Label,
    /// IPaddr2 with `cidr_netmask=32`, or 128 (recorded: resource-agents 4.12.0).
    Ipaddr2HostPrefix,
    /// IPaddr2 with `noprefixroute=true` (recorded: resource-agents 4.12.0).
    Ipaddr2NoPrefixRoute,
    /// IPaddr2 with `preferred_lft=0` (resource-agents 4.12.0). IPv6 only.
    Ipaddr2Deprecated,
    /// keepalived with an address without a prefix length: /32 (recorded: keepalived 2.2.7); /128,
    /// deprecated, for which duplicates are not detected.
    Keepalived,
    /// keepalived with an address and its prefix length (recorded: keepalived 2.2.7).
    KeepalivedPrefix,
    /// keepalived from 2.3.2 on with an address and its prefix length: it says that it is from
    /// keepalived (`IFA_PROTO`).
    KeepalivedProtocol,
    /// keepalived with `use_vmac` and a prefix length (recorded: keepalived 2.2.7): on a macvlan
    /// with the hardware address of the virtual router (RFC 9568, section 7.3).
    KeepalivedVmac,
    /// The `if_up_cmd` of pgpool-II's sample configuration (4.x): a label `eth0:0`. IPv4 only.
    Pgpool,
    /// ucarp as Debian starts it (1.5.2): ifupdown's `eth0:ucarp` with the mask of a host. IPv4
    /// only.
    Ucarp,
    /// ifupdown's alias (0.8): `eth0:1` with the mask of the network. IPv4 only. An ordinary
    /// second address looks the same.
    Ifupdown,
    /// kube-vip from 1.0 on: /32 or /128, deprecated on IPv4, too.
    KubeVip,
    /// kube-proxy in IPVS mode (Kubernetes 1.8 to 1.34): /32 or /128 on `kube-ipvs0`, a link that
    /// is never up.
    KubeProxyIpvs,
    /// A real server of LVS in direct routing: /32 on `lo`, by custom labelled `lo:0`. IPv4 only.
    LvsDr,
    /// Docker swarm (libnetwork of Docker 28): /32 on the link. IPv4 only.
    Swarm,
    /// Docker swarm with direct server return (libnetwork of Docker 28): /32 on `lo`. IPv4 only.
    SwarmDsr,
}

impl Manager {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Ipaddr2,
        Self::Ipaddr2Label,
        Self::Ipaddr2HostPrefix,
        Self::Ipaddr2NoPrefixRoute,
        Self::Ipaddr2Deprecated,
        Self::Keepalived,
        Self::KeepalivedPrefix,
        Self::KeepalivedProtocol,
        Self::KeepalivedVmac,
        Self::Pgpool,
        Self::Ucarp,
        Self::Ifupdown,
        Self::KubeVip,
        Self::KubeProxyIpvs,
        Self::LvsDr,
        Self::Swarm,
        Self::SwarmDsr,
    ];

    /// Whether it manages addresses of the family of this one.
    ///
    /// ```
    /// use bindnet::testing::strategies::Manager;
    ///
    /// assert!(Manager::Keepalived.manages("2001:db8::20".parse()?));
    /// assert!(!Manager::Pgpool.manages("2001:db8::20".parse()?));
    /// # Ok::<(), std::net::AddrParseError>(())
    /// ```
    pub fn manages(self, ip: IpAddr) -> bool {
        match self {
            Self::Ipaddr2Deprecated => ip.is_ipv6(),
            Self::Ipaddr2Label | Self::Pgpool | Self::Ucarp | Self::Ifupdown => ip.is_ipv4(),
            Self::LvsDr | Self::Swarm | Self::SwarmDsr => ip.is_ipv4(),
            _ => true,
        }
    }

    /// Its operations when the address comes to this host; empty if it does not
    /// [manage](Self::manages) such addresses.
    ///
    /// A link that is there already is made by several: the kernel refuses that, and nothing is
    /// lost by it.
    pub fn take(self, vip: &Vip) -> Vec<Operation> {
        if !self.manages(vip.ip()) {
            return Vec::new();
        }
        let link = self.link(vip);
        let mut operations = match self {
            Self::KeepalivedVmac => {
                let made = LinkRequest::macvlan(link, vip.index, vip.link);
                let made = vip.router_mac().into_iter().fold(made, LinkRequest::mac);
                vec![Operation::AddLink(made), Operation::LinkUp(link)]
            }
            Self::KubeProxyIpvs => {
                vec![Operation::AddLink(LinkRequest::dummy(link, vip.index))]
            }
            _ => Vec::new(),
        };
        let request = self.request(vip);
        operations.push(match self {
            Self::KubeVip => Operation::ReplaceAddress(request),
            _ => Operation::AddAddress(request),
        });
        operations
    }

    /// Its operations when the address goes from this host; empty if it does not
    /// [manage](Self::manages) such addresses.
    ///
    /// keepalived is stopped, and takes its macvlan along; kube-proxy keeps its link.
    pub fn give_up(self, vip: &Vip) -> Vec<Operation> {
        if !self.manages(vip.ip()) {
            return Vec::new();
        }
        let mut operations = vec![Operation::DeleteAddress(self.request(vip))];
        if self == Self::KeepalivedVmac {
            operations.push(Operation::DeleteLink(self.link(vip)));
        }
        operations
    }

    /// The link that has the address.
    pub fn link(self, vip: &Vip) -> Name {
        let family = if vip.ip().is_ipv4() { "" } else { "6" };
        match self {
            Self::KeepalivedVmac => name(&format!("vrrp{family}.{}", vip.number)),
            Self::KubeProxyIpvs => name("kube-ipvs0"),
            Self::LvsDr | Self::SwarmDsr => name("lo"),
            _ => vip.link,
        }
    }

    /// The address with the prefix length that it is given.
    pub fn net(self, vip: &Vip) -> IpNet {
        match self {
            Self::Ipaddr2HostPrefix | Self::Keepalived => vip.host(),
            Self::Ucarp | Self::KubeVip | Self::KubeProxyIpvs => vip.host(),
            Self::LvsDr | Self::Swarm | Self::SwarmDsr => vip.host(),
            _ => vip.net,
        }
    }

    /// The decisive evidence by which the rule knows the address for a floating one, if there is
    /// any.
    ///
    /// [`Reason::HostPrefixInSubnet`] holds only while the address stands in the network of
    /// another one of this host, which has a shorter prefix, is of global scope and does not
    /// float. The others hold wherever the address is.
    ///
    /// ```
    /// use bindnet::Reason;
    /// use bindnet::testing::strategies::{Manager, Vip};
    ///
    /// let vip = Vip::new("192.0.2.20/24".parse()?, "eth0".parse()?);
    /// assert_eq!(Manager::KeepalivedVmac.evidence(&vip), Some(Reason::VrrpMac));
    /// assert_eq!(Manager::Keepalived.evidence(&vip), Some(Reason::HostPrefixInSubnet));
    /// assert_eq!(Manager::Ipaddr2.evidence(&vip), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn evidence(self, vip: &Vip) -> Option<Reason> {
        let v6 = vip.ip().is_ipv6();
        match self {
            _ if !self.manages(vip.ip()) => None,
            Self::Ipaddr2 | Self::Ipaddr2NoPrefixRoute | Self::KeepalivedPrefix => None,
            Self::Ipaddr2Label | Self::Pgpool | Self::Ucarp => Some(Reason::Label),
            Self::Ifupdown | Self::LvsDr => Some(Reason::Label),
            Self::Ipaddr2Deprecated | Self::KubeVip => Some(Reason::DeprecatedPermanent),
            Self::Keepalived if v6 => Some(Reason::DeprecatedPermanent),
            Self::KeepalivedProtocol => Some(Reason::AddressProtocol),
            Self::KeepalivedVmac => Some(Reason::VrrpMac),
            // A static /128 looks the same.
            Self::Ipaddr2HostPrefix | Self::KubeProxyIpvs if v6 => None,
            Self::Ipaddr2HostPrefix | Self::Keepalived => Some(Reason::HostPrefixInSubnet),
            Self::KubeProxyIpvs | Self::Swarm | Self::SwarmDsr => Some(Reason::HostPrefixInSubnet),
        }
    }

    /// What it asks of the kernel for the address.
    fn request(self, vip: &Vip) -> AddressRequest {
        let request = AddressRequest::new(self.net(vip), self.link(vip));
        let deprecated =
            |request: AddressRequest| request.lifetimes(Lifetime::Forever, Lifetime::Seconds(0));
        let v6 = vip.ip().is_ipv6();
        match self {
            Self::Ipaddr2Label => request.label(self.label(vip, "vip")),
            Self::Pgpool | Self::LvsDr => request.label(self.label(vip, "0")),
            Self::Ucarp => request.label(self.label(vip, "ucarp")),
            Self::Ifupdown => request.label(self.label(vip, "1")),
            Self::Ipaddr2NoPrefixRoute => request.flags(AddressFlags::NOPREFIXROUTE),
            Self::Ipaddr2Deprecated | Self::KubeVip => deprecated(request),
            Self::Keepalived if v6 => deprecated(request.flags(AddressFlags::NODAD)),
            Self::KeepalivedProtocol if v6 => {
                request.flags(AddressFlags::NODAD).protocol(KEEPALIVED)
            }
            Self::KeepalivedProtocol => request.protocol(KEEPALIVED),
            Self::KeepalivedPrefix | Self::KeepalivedVmac if v6 => {
                request.flags(AddressFlags::NODAD)
            }
            _ => request,
        }
    }

    /// The name of the link with a colon and this suffix. The name is cut off if both are too long.
    fn label(self, vip: &Vip, suffix: &str) -> Name {
        let link = self.link(vip);
        let len = Name::MAX_LEN.saturating_sub(suffix.len() + 1);
        let link = link.as_bytes();
        let link = link.get(..len).unwrap_or(link);
        let bytes = [link, b":", suffix.as_bytes()].concat();
        Name::from_bytes(&bytes).unwrap_or(vip.link)
    }
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Ipaddr2 => "IPaddr2",
            Self::Ipaddr2Label => "IPaddr2 iflabel",
            Self::Ipaddr2HostPrefix => "IPaddr2 cidr_netmask=32",
            Self::Ipaddr2NoPrefixRoute => "IPaddr2 noprefixroute",
            Self::Ipaddr2Deprecated => "IPaddr2 preferred_lft=0",
            Self::Keepalived => "keepalived",
            Self::KeepalivedPrefix => "keepalived with a prefix length",
            Self::KeepalivedProtocol => "keepalived 2.3.2",
            Self::KeepalivedVmac => "keepalived use_vmac",
            Self::Pgpool => "pgpool",
            Self::Ucarp => "ucarp",
            Self::Ifupdown => "ifupdown",
            Self::KubeVip => "kube-vip",
            Self::KubeProxyIpvs => "kube-proxy",
            Self::LvsDr => "LVS-DR",
            Self::Swarm => "swarm",
            Self::SwarmDsr => "swarm with DSR",
        })
    }
}

/// A floating address: which, and for which link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Vip {
    net: IpNet,
    link: Name,
    number: u8,
    index: u32,
}

impl Vip {
    /// A floating address with the prefix length of its network, for the link with this name.
    pub fn new(net: IpNet, link: Name) -> Self {
        Self {
            net,
            link,
            number: NUMBER,
            index: 1000 + u32::from(NUMBER),
        }
    }

    /// The number of its virtual router (VRID), 51 otherwise.
    #[must_use]
    pub fn router(mut self, number: u8) -> Self {
        self.number = number;
        self
    }

    /// The index of a link that is made for it, 1051 otherwise.
    #[must_use]
    pub fn made_index(mut self, index: u32) -> Self {
        self.index = index;
        self
    }

    /// The same address for another link.
    #[must_use]
    pub fn on(mut self, link: Name) -> Self {
        self.link = link;
        self
    }

    /// The address.
    pub fn ip(&self) -> IpAddr {
        self.net.addr()
    }

    /// The link it is for; which one has it is the [manager's](Manager::link) affair.
    pub fn link(&self) -> Name {
        self.link
    }

    /// The address with the prefix length of one host.
    fn host(&self) -> IpNet {
        IpNet::from(self.ip())
    }

    /// The hardware address of its virtual router (RFC 9568, section 7.3).
    fn router_mac(&self) -> Option<HardwareAddress> {
        let family = if self.ip().is_ipv4() { 1 } else { 2 };
        HardwareAddress::from_bytes(&[0, 0, 0x5e, 0, family, self.number]).ok()
    }
}
