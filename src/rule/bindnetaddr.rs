//! The bindnetaddr, as the operator writes it.

use std::fmt;
use std::net::IpAddr;
use std::slice;
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;
use smallvec::{SmallVec, smallvec};

use super::parse::{parse, parse_bindnet};
use super::problem::Problem;
use super::scoped_addr::ScopedAddr;
use crate::snapshot::{Link, LinkName, Name, NameProblem, ParseError, Snapshot};

/// A bindnetaddr: names the network, or the address, of the local address to choose.
///
/// | text | means |
/// |---|---|
/// | `192.0.2.0` | Corosync's form: the address itself, or one whose own mask makes this its network |
/// | `192.0.2.0/24` | any address inside the network |
/// | `192.0.2.10/32` | this address and no other |
/// | `192.0.2.0/24,198.51.100.0/24` | any address inside one of them, which have no order of preference |
/// | `fe80::1%eth0`, `fe80::%2/64` | the same, on that link only (name, alternative name or index) |
///
/// A link-local IPv6 address matches only a bindnetaddr inside `fe80::/10`, and a loopback address only one
/// inside `127.0.0.0/8` or `::1`. So `::/0` means every other address.
///
/// ```
/// use bindnet::BindnetAddr;
///
/// let bindnet: BindnetAddr = "192.0.2.0/24".parse()?;
/// assert_eq!(bindnet.to_string(), "192.0.2.0/24");
///
/// let error = "192.0.2.010".parse::<BindnetAddr>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "bindnetaddr \"192.0.2.010\": leading zero in \"010\"; Corosync reads it as octal, \
///      192.0.2.8.\nWrite 192.0.2.8 or 192.0.2.10.",
/// );
/// # Ok::<(), bindnet::ParseError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct BindnetAddr {
    pub(crate) target: Target,
    pub(crate) zone: Option<Zone>,
}

/// The address or the networks that a [`BindnetAddr`] names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Target {
    /// An address without a prefix.
    Address(IpAddr),
    /// A network, without host bits; `/32` and `/128` are one address.
    Network(IpNet),
    /// Several such networks of one family, at most [`BindnetAddr::MAX_NETWORKS`]. A clone allocates nothing.
    Networks { first: IpNet, all: Arc<[IpNet]> },
}

impl BindnetAddr {
    /// How many networks a list may have.
    pub const MAX_NETWORKS: usize = 64;

    /// The address of the bindnetaddr, without prefix and zone. Of several networks, the address of the
    /// first.
    pub fn ip(&self) -> IpAddr {
        match &self.target {
            Target::Address(ip) => *ip,
            Target::Network(net) => net.addr(),
            Target::Networks { first, .. } => first.addr(),
        }
    }

    /// The network, if one was written with its prefix and no other.
    pub fn network(&self) -> Option<IpNet> {
        match self.target {
            Target::Network(net) => Some(net),
            Target::Address(_) | Target::Networks { .. } => None,
        }
    }

    /// The networks that were written with their prefixes, in the order of the text; none, if it is an
    /// address without a prefix.
    ///
    /// ```
    /// use bindnet::BindnetAddr;
    ///
    /// let racks: BindnetAddr = "192.0.2.0/24,198.51.100.0/24".parse()?;
    /// let lens = racks.networks().iter().map(|net| net.prefix_len());
    /// assert_eq!(lens.collect::<Vec<_>>(), [24, 24]);
    /// assert!("192.0.2.0".parse::<BindnetAddr>()?.networks().is_empty());
    /// # Ok::<(), bindnet::ParseError>(())
    /// ```
    pub fn networks(&self) -> &[IpNet] {
        match &self.target {
            Target::Address(_) => &[],
            Target::Network(net) => slice::from_ref(net),
            Target::Networks { all, .. } => all,
        }
    }

    /// Whether an address is inside one of the [`networks`](BindnetAddr::networks). The link and the kind of
    /// the address do not matter here.
    ///
    /// ```
    /// use bindnet::BindnetAddr;
    ///
    /// let racks: BindnetAddr = "192.0.2.0/24,198.51.100.0/24".parse()?;
    /// assert!(racks.contains("198.51.100.10".parse().unwrap()));
    /// assert!(!racks.contains("203.0.113.10".parse().unwrap()));
    /// # Ok::<(), bindnet::ParseError>(())
    /// ```
    pub fn contains(&self, ip: IpAddr) -> bool {
        self.networks().iter().any(|net| net.contains(&ip))
    }

    /// The link it is restricted to.
    pub fn zone(&self) -> Option<Zone> {
        self.zone
    }

    /// The narrowest network that was written with its prefix and that an address is inside of.
    pub(crate) fn network_around(&self, ip: IpAddr) -> Option<IpNet> {
        let around = self.networks().iter().filter(|net| net.contains(&ip));
        around.max_by_key(|net| net.prefix_len()).copied()
    }

    pub(crate) fn target(&self) -> &Target {
        &self.target
    }

    /// Whether an address is named exactly: without a prefix, or by one that leaves no other address.
    pub(crate) fn names(&self, ip: IpAddr) -> bool {
        match &self.target {
            Target::Address(address) => *address == ip,
            Target::Network(_) | Target::Networks { .. } => {
                self.networks().contains(&IpNet::from(ip))
            }
        }
    }

    /// An address without a prefix, which is not IPv4-mapped.
    pub(crate) fn of_ip(ip: IpAddr) -> Result<Self, Problem> {
        parse(&ip.to_string())
    }

    /// The same on the link with this name, or with this index if it is a number.
    pub(crate) fn in_zone(self, name: Name) -> Result<Self, Problem> {
        match self.ip() {
            IpAddr::V4(_) => Err(Problem::ZoneOnIpv4),
            IpAddr::V6(_) => Ok(Self {
                zone: Some(Zone::name_or_index(name.into())),
                ..self
            }),
        }
    }

    /// The networks as they were written; of an address alone, the network of this one address.
    pub(crate) fn written(&self) -> SmallVec<[IpNet; 1]> {
        match &self.target {
            Target::Address(ip) => smallvec![IpNet::from(*ip)],
            Target::Network(_) | Target::Networks { .. } => self.networks().into(),
        }
    }
}

impl FromStr for BindnetAddr {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        parse_bindnet(text).map_err(|problem| problem.of_bindnet(text))
    }
}

impl TryFrom<IpAddr> for BindnetAddr {
    type Error = ParseError;

    /// # Errors
    /// If it is an IPv4-mapped IPv6 address.
    fn try_from(ip: IpAddr) -> Result<Self, ParseError> {
        ip.to_string().parse()
    }
}

impl TryFrom<ScopedAddr> for BindnetAddr {
    type Error = ParseError;

    /// # Errors
    /// If it is an IPv4-mapped IPv6 address, or an IPv4 address with a link.
    fn try_from(address: ScopedAddr) -> Result<Self, ParseError> {
        let bindnet = Self::try_from(address.ip())?;
        match address.zone() {
            Some(_) if address.ip().is_ipv4() => {
                let text = address.to_string();
                Err(Problem::ZoneOnIpv4.of_bindnet(&text))
            }
            zone => Ok(Self { zone, ..bindnet }),
        }
    }
}

impl TryFrom<IpNet> for BindnetAddr {
    type Error = ParseError;

    /// # Errors
    /// If there are host bits behind the prefix, or it is an IPv4-mapped IPv6 address.
    fn try_from(net: IpNet) -> Result<Self, ParseError> {
        net.to_string().parse()
    }
}

impl fmt::Display for BindnetAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Target::Networks { first, all } = &self.target {
            write!(f, "{first}")?;
            let mut rest = all.iter().skip(1);
            return rest.try_for_each(|net| write!(f, ",{net}"));
        }
        write!(f, "{}", self.ip())?;
        if let Some(zone) = self.zone {
            write!(f, "%{zone}")?;
        }
        match self.network() {
            Some(net) => write!(f, "/{}", net.prefix_len()),
            None => Ok(()),
        }
    }
}

/// A link by its name or index, as in `fe80::1%eth0` and `fe80::1%2` (RFC 4007, section 11).
///
/// The name may be an alternative one. A number in a text may be either: the link of this name counts,
/// and without one the index does. [`Zone::from`] a [`Name`] or a [`LinkName`] is a name and nothing
/// else, and `Zone::from` a number is an index.
///
/// ```
/// use bindnet::rule::Zone;
/// use bindnet::snapshot::Name;
/// use bindnet::{Link, Snapshot};
///
/// let two: Name = "2".parse()?;
/// let host = Snapshot::new([Link::new(2, "eth0".parse()?), Link::new(5, two)], [])?;
/// let index = |zone: Zone, host: &Snapshot| zone.link(host).map(Link::index);
/// assert_eq!(index("2".parse()?, &host), Some(5));
/// assert_eq!(index(Zone::from(2), &host), Some(2));
///
/// let host = Snapshot::new([Link::new(2, "eth0".parse()?)], [])?;
/// assert_eq!(index("2".parse()?, &host), Some(2));
/// assert_eq!(index(Zone::from(two), &host), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Zone(Named);

/// How a zone names its link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Named {
    Index(u32),
    Name(LinkName),
    /// A number in a text.
    NameOrIndex(LinkName, u32),
}

impl Zone {
    /// The link that the zone names on the host of a snapshot.
    pub fn link<'a>(&self, snapshot: &'a Snapshot) -> Option<&'a Link> {
        let named = self.name().and_then(|name| snapshot.link_named(&name));
        named.or_else(|| snapshot.link(self.index()?))
    }

    /// The name of the link, if the zone is or may be a name.
    pub fn name(&self) -> Option<LinkName> {
        match self.0 {
            Named::Name(name) | Named::NameOrIndex(name, _) => Some(name),
            Named::Index(_) => None,
        }
    }

    /// The index of the link, if the zone is or may be an index. The name comes first.
    pub fn index(&self) -> Option<u32> {
        match self.0 {
            Named::Index(index) | Named::NameOrIndex(_, index) => Some(index),
            Named::Name(_) => None,
        }
    }

    /// The zone that a text means.
    pub(super) fn of_text(text: &str) -> Result<Self, NameProblem> {
        LinkName::of_text(text).map(Self::name_or_index)
    }

    /// The zone that a text with the bytes of this name means.
    fn name_or_index(name: LinkName) -> Self {
        let digits = str::from_utf8(name.as_bytes()).ok();
        let digits = digits.filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()));
        let index = digits.and_then(|digits| digits.parse().ok());
        Self(match index {
            Some(index) => Named::NameOrIndex(name, index),
            None => Named::Name(name),
        })
    }

    /// Whether two zones may name one link, as far as they tell: a number and a name may.
    pub(crate) fn may_be(&self, other: &Self) -> bool {
        self == other || self.index().is_some() != other.index().is_some()
    }
}

impl From<Name> for Zone {
    /// The zone of the link with this name, which is no index even if it is a number.
    fn from(name: Name) -> Self {
        Self::from(LinkName::from(name))
    }
}

impl From<LinkName> for Zone {
    /// The zone of the link with this name or alternative name, which is no index even if it is a number.
    fn from(name: LinkName) -> Self {
        Self(Named::Name(name))
    }
}

impl From<u32> for Zone {
    /// The zone of the link with this index, a scope id for instance.
    #[doc(alias = "sin6_scope_id")]
    fn from(index: u32) -> Self {
        Self(Named::Index(index))
    }
}

impl FromStr for Zone {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::of_text(text).map_err(|problem| ParseError::new("a zone", text, problem))
    }
}

impl fmt::Display for Zone {
    /// As [`Name`] prints, but with white space and `/`, which would end the zone, as `\xNN`. An index
    /// prints as a number.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.0 {
            Named::Index(index) => return write!(f, "{index}"),
            Named::Name(name) | Named::NameOrIndex(name, _) => name,
        };
        for c in name.to_string().chars() {
            if c.is_whitespace() || c == '/' {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    write!(f, "\\x{byte:02x}")?;
                }
            } else {
                write!(f, "{c}")?;
            }
        }
        Ok(())
    }
}
