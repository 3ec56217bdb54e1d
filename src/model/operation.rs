//! Operations on a host, in the words of `ip`.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

use super::shell::Word;
use crate::snapshot::{AddressFlags, HardwareAddress, Lifetime, Name, Scope};

/// An operation on a host; its text is the command for it.
///
/// ```
/// use bindnet::model::{AddressRequest, Operation};
///
/// let eth0 = "eth0".parse()?;
/// let vip = AddressRequest::new("192.0.2.20/24".parse()?, eth0).label("eth0:vip".parse()?);
/// assert_eq!(
///     Operation::AddAddress(vip).to_string(),
///     "ip addr add 192.0.2.20/24 dev eth0 scope global label eth0:vip",
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Operation {
    /// A link is made, which is down.
    AddLink(LinkRequest),
    /// A link is deleted, together with the other end of a cable and the links on top of it.
    DeleteLink(Name),
    /// A link is set up.
    LinkUp(Name),
    /// A link is set down: its IPv6 addresses go.
    LinkDown(Name),
    /// A link is renamed: the labels of its addresses change.
    RenameLink {
        /// The link.
        link: Name,
        /// Its new name.
        to: Name,
    },
    /// An address is added; refused if it is there.
    AddAddress(AddressRequest),
    /// An address is added. If it is there, it gets the new lifetimes, and its label stays.
    ReplaceAddress(AddressRequest),
    /// An address is deleted: the first with this address, prefix length and other end.
    DeleteAddress(AddressRequest),
    /// Whether a secondary address of this link replaces its primary when that goes.
    #[doc(alias = "net.ipv4.conf.*.promote_secondaries")]
    PromoteSecondaries {
        /// The link.
        link: Name,
        /// Whether it does.
        on: bool,
    },
    /// Whether permanent IPv6 addresses of this link stay when it is set down.
    #[doc(alias = "net.ipv6.conf.*.keep_addr_on_down")]
    KeepAddressesOnDown {
        /// The link.
        link: Name,
        /// Whether they do.
        on: bool,
    },
}

/// A link to be made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LinkRequest {
    pub(super) name: Name,
    pub(super) index: u32,
    pub(super) mac: Option<HardwareAddress>,
    pub(super) kind: Kind,
}

/// The kind of a link to be made.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Kind {
    /// A cable, whose other end is a link of the same host.
    Veth {
        /// The name of the other end.
        peer: Name,
        /// Its index.
        peer_index: u32,
    },
    /// A bridge without ports. It has a carrier unless it is given a hardware address.
    Bridge,
    /// A link with a hardware address of its own on another link, as VRRP has it.
    Macvlan {
        /// The lower link.
        lower: Name,
    },
    /// A link that leads nowhere, which always has a carrier.
    Dummy,
}

impl LinkRequest {
    /// A cable between two links with these names and indexes.
    pub fn veth(name: Name, index: u32, peer: Name, peer_index: u32) -> Self {
        Self::of_kind(name, index, Kind::Veth { peer, peer_index })
    }

    /// A bridge.
    pub fn bridge(name: Name, index: u32) -> Self {
        Self::of_kind(name, index, Kind::Bridge)
    }

    /// A link on top of a different link.
    pub fn macvlan(name: Name, index: u32, lower: Name) -> Self {
        Self::of_kind(name, index, Kind::Macvlan { lower })
    }

    /// A link that leads nowhere.
    pub fn dummy(name: Name, index: u32) -> Self {
        Self::of_kind(name, index, Kind::Dummy)
    }

    /// The name of the link; of a cable, that of the near end.
    pub fn name(&self) -> Name {
        self.name
    }

    /// The index of the link; of a cable, that of the near end.
    pub fn index(&self) -> u32 {
        self.index
    }

    /// The names of all links to be made.
    pub(super) fn names(&self) -> impl Iterator<Item = Name> {
        let peer = match self.kind {
            Kind::Veth { peer, .. } => Some(peer),
            _ => None,
        };
        [self.name].into_iter().chain(peer)
    }

    /// The kind of the link.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    fn of_kind(name: Name, index: u32, kind: Kind) -> Self {
        Self {
            name,
            index,
            mac: None,
            kind,
        }
    }

    /// Sets its hardware address; without it the address is random, and not known here.
    #[must_use]
    pub fn mac(mut self, mac: HardwareAddress) -> Self {
        self.mac = Some(mac);
        self
    }
}

/// An address to be configured, or deleted.
///
/// By default it has global scope, no end, and the name of its link as label.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AddressRequest {
    pub(super) net: IpNet,
    pub(super) link: Name,
    pub(super) peer: Option<IpAddr>,
    pub(super) label: Option<Name>,
    pub(super) scope: Scope,
    pub(super) flags: AddressFlags,
    pub(super) protocol: Option<u8>,
    pub(super) valid_lft: Lifetime,
    pub(super) preferred_lft: Lifetime,
}

impl AddressRequest {
    /// An address on the link with this name; a loopback address is of the scope host.
    pub fn new(net: IpNet, link: Name) -> Self {
        let scope = match net.addr() {
            IpAddr::V4(ip) if ip.is_loopback() => Scope::HOST,
            _ => Scope::GLOBAL,
        };
        Self {
            net,
            link,
            peer: None,
            label: None,
            scope,
            flags: AddressFlags::default(),
            protocol: None,
            valid_lft: Lifetime::Forever,
            preferred_lft: Lifetime::Forever,
        }
    }

    /// With the other end of a point-to-point link; the prefix length is that of its network.
    #[must_use]
    pub fn peer(mut self, peer: IpAddr) -> Self {
        self.peer = Some(peer);
        self
    }

    /// With a label (IPv4).
    #[must_use]
    pub fn label(mut self, label: Name) -> Self {
        self.label = Some(label);
        self
    }

    /// With a scope (IPv4; the scope of an IPv6 address is in its first bits).
    #[must_use]
    pub fn scope(mut self, scope: Scope) -> Self {
        self.scope = scope;
        self
    }

    /// With flags: [`AddressFlags::NODAD`], [`AddressFlags::NOPREFIXROUTE`].
    #[must_use]
    pub fn flags(mut self, flags: AddressFlags) -> Self {
        self.flags = flags;
        self
    }

    /// With the number of its configurator (`IFA_PROTO`; iproute2 supports it since 6.3).
    #[must_use]
    pub fn protocol(mut self, protocol: u8) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// With the valid and the preferred lifetime.
    #[must_use]
    pub fn lifetimes(mut self, valid: Lifetime, preferred: Lifetime) -> Self {
        (self.valid_lft, self.preferred_lft) = (valid, preferred);
        self
    }
}

impl AddressRequest {
    /// The address and its prefix length.
    pub fn net(&self) -> IpNet {
        self.net
    }

    /// The name of the link.
    pub fn link(&self) -> Name {
        self.link
    }

    /// The same request for another link.
    #[must_use]
    pub fn on(mut self, link: Name) -> Self {
        self.link = link;
        self
    }

    /// The same request for the address of a different request.
    #[must_use]
    pub fn in_place_of(mut self, other: &Self) -> Self {
        (self.net, self.link, self.peer) = (other.net, other.link, other.peer);
        self
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let number = |on: &bool| u8::from(*on);
        match self {
            Self::AddLink(link) => write!(f, "ip link add {link}"),
            Self::DeleteLink(link) => write!(f, "ip link del {}", Word(*link)),
            Self::LinkUp(link) => write!(f, "ip link set {} up", Word(*link)),
            Self::LinkDown(link) => write!(f, "ip link set {} down", Word(*link)),
            Self::RenameLink { link, to } => {
                write!(f, "ip link set {} name {}", Word(*link), Word(*to))
            }
            Self::AddAddress(address) => write!(f, "ip addr add {address}"),
            Self::ReplaceAddress(address) => write!(f, "ip addr replace {address}"),
            Self::DeleteAddress(address) => {
                f.write_str("ip addr del ")?;
                address.write_place(f)
            }
            Self::PromoteSecondaries { link, on } => {
                let (link, on) = (Word(*link), number(on));
                write!(f, "sysctl -w net/ipv4/conf/{link}/promote_secondaries={on}")
            }
            Self::KeepAddressesOnDown { link, on } => {
                let (link, on) = (Word(*link), number(on));
                write!(f, "sysctl -w net/ipv6/conf/{link}/keep_addr_on_down={on}")
            }
        }
    }
}

impl fmt::Display for LinkRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} index {}", Word(self.name), self.index)?;
        if let Kind::Macvlan { lower } = &self.kind {
            write!(f, " link {}", Word(*lower))?;
        }
        if let Some(mac) = self.mac {
            write!(f, " address {mac}")?;
        }
        match &self.kind {
            Kind::Veth { peer, peer_index } => {
                let peer = Word(*peer);
                write!(f, " type veth peer name {peer} index {peer_index}")
            }
            Kind::Bridge => f.write_str(" type bridge"),
            Kind::Macvlan { .. } => f.write_str(" type macvlan"),
            Kind::Dummy => f.write_str(" type dummy"),
        }
    }
}

impl AddressRequest {
    /// The address and its link, as words of the command.
    fn write_place(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (ip, len) = (self.net.addr(), self.net.prefix_len());
        let link = Word(self.link);
        match self.peer {
            // iproute2 takes the length of the local address if that of the peer is 0.
            Some(peer) if len == 0 => write!(f, "{ip}/0 peer {peer}/0 dev {link}"),
            Some(peer) => write!(f, "{ip} peer {peer}/{len} dev {link}"),
            None => write!(f, "{ip}/{len} dev {link}"),
        }
    }
}

impl fmt::Display for AddressRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_place(f)?;
        if self.net.addr().is_ipv4() {
            write!(f, " scope {}", self.scope)?;
            if let Some(label) = self.label {
                write!(f, " label {}", Word(label))?;
            }
        }
        if let Some(protocol) = self.protocol {
            write!(f, " proto {protocol}")?;
        }
        let v6 = self.net.addr().is_ipv6();
        for (flag, word, of_v4) in [
            (AddressFlags::NODAD, "nodad", false),
            (AddressFlags::HOMEADDRESS, "home", false),
            (AddressFlags::NOPREFIXROUTE, "noprefixroute", true),
        ] {
            if self.flags.contains(flag) && (v6 || of_v4) {
                write!(f, " {word}")?;
            }
        }
        for (word, lifetime) in [
            ("valid_lft", self.valid_lft),
            ("preferred_lft", self.preferred_lft),
        ] {
            if let Lifetime::Seconds(seconds) = lifetime {
                write!(f, " {word} {seconds}")?;
            }
        }
        Ok(())
    }
}
