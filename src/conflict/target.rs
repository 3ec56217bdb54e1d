//! The address of a probe, and the link on which it is asked for.

use std::net::{IpAddr, Ipv4Addr};

use thiserror::Error;

use super::detection::{Detection, Inconclusive, NotApplicable};
use crate::rule::{BindnetAddr, Candidate, Reasons, ScopedAddr, Selector, Zone};
use crate::snapshot::{
    Address, AddressFlags, HardwareAddress, Link, LinkFlags, LinkName, Name, Snapshot,
};

/// An address to ask for: this host has it, or is about to take it.
///
/// ```
/// use bindnet::conflict::Target;
///
/// let own = Target::own("192.0.2.10".parse()?)?;
/// assert!(!own.is_free());
/// let free = Target::free("192.0.2.10".parse()?, "eth0".parse()?)?;
/// assert_eq!(free.address().to_string(), "192.0.2.10%eth0");
/// assert!(Target::own("224.0.0.1".parse()?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    address: ScopedAddr,
    is_free: bool,
}

impl Target {
    /// An address of this host, on the link of its zone if it has one: does anybody else have it?
    /// Without a zone it is asked for on the first link that has it and resolves addresses.
    ///
    /// # Errors
    /// If it is no address of one host: `0.0.0.0`, `::`, multicast, broadcast.
    pub fn own(address: ScopedAddr) -> Result<Self, TargetError> {
        let is_free = false;
        check(address.ip()).map(|()| Self { address, is_free })
    }

    /// An address of this host, on the link of this name or alternative name.
    ///
    /// # Errors
    /// As for [`Target::own`], and if the zone of the address is a different name, or an index. The
    /// names of one link are not known here.
    pub fn own_on(address: ScopedAddr, link: LinkName) -> Result<Self, TargetError> {
        Self::own(on_link(address, link)?)
    }

    /// The chosen address, on its link: does anybody else have it?
    ///
    /// # Errors
    /// As for [`Target::own`].
    pub fn of(chosen: &Candidate) -> Result<Self, TargetError> {
        let link = chosen.interface().map(Zone::from);
        Self::own(ScopedAddr::new(chosen.ip(), link))
    }

    /// An address that this host is about to take, on this link: does anybody have it?
    ///
    /// Ask right before this host takes it. If another host is about to take the same address, the
    /// probe makes that host give it up (RFC 5227, section 2.1.1; RFC 4862, section 5.4.3).
    ///
    /// # Errors
    /// As for [`Target::own_on`].
    pub fn free(address: ScopedAddr, link: LinkName) -> Result<Self, TargetError> {
        let address = on_link(address, link)?;
        let is_free = true;
        check(address.ip()).map(|()| Self { address, is_free })
    }

    /// The address, with its link if it was named.
    pub fn address(&self) -> ScopedAddr {
        self.address
    }

    /// Whether this host is about to take it.
    pub fn is_free(&self) -> bool {
        self.is_free
    }

    /// The link on which to ask for it: the named link, or the first link that has the address and
    /// can resolve addresses.
    pub fn link<'a>(&self, host: &'a Snapshot) -> Option<&'a Link> {
        if let Some(zone) = self.address.zone() {
            return zone.link(host);
        }
        let entries = host.addresses();
        let entries = entries.filter(|address| address.ip() == self.address.ip());
        let links = entries.filter_map(|address| host.link_of(&address));
        links.min_by_key(|link| match usable(link, host) {
            Ok(_) => 0,
            Err(Detection::Inconclusive(_)) => 1,
            Err(_) => 2,
        })
    }

    /// The same address on any link of this host; `None` if the link is a part of it, or if this
    /// host does not have it yet.
    pub(super) fn anywhere(&self) -> Option<Self> {
        let is_link_local = match self.address.ip() {
            IpAddr::V4(_) => false,
            IpAddr::V6(ip) => ip.is_unicast_link_local(),
        };
        let address = ScopedAddr::from(self.address.ip());
        (!is_link_local && !self.is_free).then_some(Self { address, ..*self })
    }

    /// The same address on a link of another name.
    pub(super) fn on(&self, name: Name) -> Self {
        let address = ScopedAddr::new(self.address.ip(), Some(name.into()));
        Self { address, ..*self }
    }

    /// The reasons that a decision about the address has, if it is here.
    pub fn reasons(&self, host: &Snapshot) -> Option<Reasons> {
        let link = self.link(host)?;
        let bindnet = BindnetAddr::try_from(self.address.ip()).ok()?;
        let selector = Selector::new(bindnet).interface(link.name().into());
        selector.decide(host).chosen().map(Candidate::reasons)
    }

    /// Whether this host has it, on any link.
    pub(super) fn is_here(&self, host: &Snapshot) -> bool {
        host.addresses()
            .any(|address| address.ip() == self.address.ip())
    }

    /// Its entry on a link.
    pub(super) fn entry(&self, link: &Link, host: &Snapshot) -> Option<Address> {
        let ip = self.address.ip();
        host.addresses()
            .find(|address| address.ip() == ip && address.link_index() == Some(link.index()))
    }

    /// The link on which it can be asked for now; an error is the reason why it cannot.
    pub(super) fn probe_link(&self, host: &Snapshot) -> Result<ProbeLink, Detection> {
        let Some(link) = self.link(host) else {
            let reason = match self.address.zone() {
                Some(_) => Inconclusive::NoLink,
                None => Inconclusive::NotHere(None),
            };
            return Err(missing(reason, host));
        };
        let entry = self.entry(link, host);
        if entry.is_none() && !self.is_free {
            let elsewhere = self.anywhere().and_then(|target| target.link(host));
            let reason = Inconclusive::NotHere(elsewhere.map(Link::name));
            return Err(missing(reason, host));
        }
        let mac = usable(link, host)?;
        let flags = entry.and_then(|entry| entry.flags()).unwrap_or_default();
        Ok(ProbeLink {
            index: link.index(),
            name: link.name(),
            mac,
            carrier_changes: link.carrier_changes(),
            is_tentative: flags.contains(AddressFlags::TENTATIVE)
                && !flags.contains(AddressFlags::DADFAILED),
        })
    }

    /// Whether the kernel's own duplicate address detection found another host.
    pub(super) fn is_dadfailed(&self, host: &Snapshot) -> bool {
        let entry = self.link(host).and_then(|link| self.entry(link, host));
        let flags = entry.and_then(|entry| entry.flags()).unwrap_or_default();
        flags.contains(AddressFlags::DADFAILED)
    }
}

/// A link on which an address can be asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ProbeLink {
    pub index: u32,
    pub name: Name,
    pub mac: [u8; 6],
    carrier_changes: Option<u32>,
    pub is_tentative: bool,
}

impl ProbeLink {
    /// Whether it is the same link as `before`, and was up all the time since. It then received all
    /// frames for it.
    pub fn is_unchanged_since(&self, before: &Self) -> bool {
        let facts = |link: &Self| (link.index, link.mac, link.carrier_changes);
        facts(self) == facts(before)
    }
}

/// The result if the address or its link is not on the host. A snapshot that is incomplete may lack
/// it.
fn missing(reason: Inconclusive, host: &Snapshot) -> Detection {
    Detection::Inconclusive(if host.is_interrupted() {
        Inconclusive::Interrupted
    } else {
        reason
    })
}

/// Whether a hardware address is another host's; `None` if some links could not be read, since it
/// may be one of theirs.
pub(super) fn is_foreign(mac: HardwareAddress, host: &Snapshot) -> Option<bool> {
    let nobody = |byte| mac.as_bytes().iter().all(|b| *b == byte);
    let is_ours = host.links().iter().any(|link| link.mac() == Some(&mac));
    if is_ours || nobody(0) || nobody(0xff) {
        return Some(false);
    }
    (!host.is_interrupted()).then_some(true)
}

/// The hardware address from which to ask on a link; an error is the reason why nobody can be
/// asked.
fn usable(link: &Link, host: &Snapshot) -> Result<[u8; 6], Detection> {
    if let Some(why) = not_applicable(link) {
        return Err(Detection::NotApplicable(why));
    }
    let mac = link.mac().map(|mac| <[u8; 6]>::try_from(mac.as_bytes()));
    let Some(Ok(mac)) = mac else {
        return Err(Detection::NotApplicable(NotApplicable::NotEthernet));
    };
    let flags = link.flags().unwrap_or_default();
    let doubt = if let Some(name) = master(link, host) {
        Inconclusive::Port(name)
    } else if !flags.contains(LinkFlags::UP) {
        Inconclusive::LinkDown
    } else if !flags.contains(LinkFlags::RUNNING | LinkFlags::LOWER_UP) {
        Inconclusive::NoCarrier
    } else {
        return Ok(mac);
    };
    Err(Detection::Inconclusive(doubt))
}

fn not_applicable(link: &Link) -> Option<NotApplicable> {
    let flags = link.flags().unwrap_or_default();
    if flags.contains(LinkFlags::LOOPBACK) {
        Some(NotApplicable::Loopback)
    } else if flags.contains(LinkFlags::POINTOPOINT) {
        Some(NotApplicable::PointToPoint)
    } else if link.hardware_type().is_some_and(|is| is != Link::ETHERNET) {
        Some(NotApplicable::NotEthernet)
    } else if flags.contains(LinkFlags::NOARP) {
        Some(NotApplicable::NoArp)
    } else {
        None
    }
}

/// The master of a link, if the master takes its frames. Every kind does except a VRF, which takes
/// IP and leaves ARP.
fn master(link: &Link, host: &Snapshot) -> Option<Name> {
    let master = host.link(link.master()?)?;
    (master.kind() != Some("vrf")).then(|| master.name())
}

fn on_link(address: ScopedAddr, link: LinkName) -> Result<ScopedAddr, TargetError> {
    match address.zone().filter(|zone| zone.name() != Some(link)) {
        Some(_) => Err(TargetError::OtherLink {
            address: Box::new(address),
            link: Box::new(link),
        }),
        None => Ok(ScopedAddr::new(
            address.ip().to_canonical(),
            Some(link.into()),
        )),
    }
}

fn check(ip: IpAddr) -> Result<(), TargetError> {
    let is_broadcast = ip == IpAddr::V4(Ipv4Addr::BROADCAST);
    if ip.is_unspecified() || ip.is_multicast() || is_broadcast {
        return Err(TargetError::NotOneHost { ip });
    }
    Ok(())
}

/// Why an address cannot be asked for.
///
/// A second attempt does not help: ask for a different address, or leave out the zone.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TargetError {
    /// It is no address of one host.
    #[error("{ip} is no address of one host; a unicast address is expected")]
    NotOneHost {
        /// The address.
        ip: IpAddr,
    },
    /// Its zone names a different link than the one on which to ask.
    #[error("{address} on {link}: it names another link; write the same one, or none")]
    OtherLink {
        /// The address.
        address: Box<ScopedAddr>,
        /// The link.
        link: Box<LinkName>,
    },
}
