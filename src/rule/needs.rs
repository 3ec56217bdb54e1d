//! The trait of everything that decides, and the facts that a decision needs of a host.
//!
//! A live decision asks the kernel for these facts and no more.

use std::net::IpAddr;

use smallvec::SmallVec;

use super::bindnetaddr::{Target, Zone};
use super::decision::Decision;
use super::host_prefixes::shown_by;
use super::ports::masters_needed;
use super::selector::Selector;
use super::view::{LinkIndexes, View};
use crate::snapshot::{Address, Bits, Family, Link, Snapshot};

/// A way to decide: a [`Selector`] decides by our rule, a
/// [`corosync::ProfileSelector`](crate::corosync::ProfileSelector) by Corosync's.
///
/// [`Capturer::decide`](crate::live::Capturer::decide) and [`Tracker`](crate::choice::Tracker) take either. No
/// other type can implement it, because only this crate makes a [`Decision`].
///
/// ```
/// use bindnet::corosync::{Profile, ProfileSelector};
/// use bindnet::rule::Decide;
/// use bindnet::{Address, Link, Selector, Snapshot};
///
/// fn chosen(by: &dyn Decide, host: &Snapshot) -> String {
///     by.decide(host).chosen().unwrap().ip().to_string()
/// }
///
/// let host = Snapshot::new(
///     [Link::new(2, "eth0".parse()?)],
///     [
///         Address::new("192.0.2.20/24".parse()?, 2).with_label("eth0:vip".parse()?),
///         Address::new("192.0.2.10/24".parse()?, 2).with_label("eth0".parse()?),
///     ],
/// )?;
/// let selector = Selector::new("192.0.2.0".parse()?);
/// assert_eq!(chosen(&selector, &host), "192.0.2.10");
/// let corosync = ProfileSelector::new(Profile::Corosync(None), selector);
/// assert_eq!(chosen(&corosync, &host), "192.0.2.20");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Decide {
    /// Decides.
    fn decide(&self, host: &Snapshot) -> Decision;

    /// The bindnetaddr, and all other input except the host.
    fn selector(&self) -> &Selector;

    /// The same, to change it.
    #[doc(hidden)]
    fn selector_mut(&mut self) -> &mut Selector;

    /// The facts of the host that a decision needs.
    #[doc(hidden)]
    fn needs(&self) -> Needs;

    /// The indexes of the links that a decision about the addresses of a snapshot needs. They are the
    /// links of candidates, of the nearest miss, and of networks that contain a host prefix.
    #[doc(hidden)]
    fn links_needed(&self, addresses: &Snapshot) -> LinkIndexes;

    /// The indexes of the links whose masters such a decision needs.
    #[doc(hidden)]
    fn masters_needed(&self, _addresses: &Snapshot) -> LinkIndexes {
        LinkIndexes::new()
    }
}

impl Decide for Selector {
    fn decide(&self, host: &Snapshot) -> Decision {
        Selector::decide(self, host)
    }

    fn selector(&self) -> &Selector {
        self
    }

    fn selector_mut(&mut self) -> &mut Selector {
        self
    }

    fn needs(&self) -> Needs {
        Needs {
            family: Family::of(self.bindnet.ip()),
            all: self.list_all,
            interface: self.interface.map(Zone::from),
            zone: self.bindnet.zone(),
            previous: self.previous.and_then(|previous| previous.zone()),
        }
    }

    fn links_needed(&self, addresses: &Snapshot) -> LinkIndexes {
        let all = Restriction::None;
        match self.bindnet.ip() {
            IpAddr::V4(ip) => {
                let (view, ip) = (View::new(addresses, &addresses.v4, all), ip.to_bits());
                view.links_needed(
                    &self.rules,
                    |found| self.each_possible(&view, ip, found),
                    ip,
                )
            }
            IpAddr::V6(ip) => {
                let (view, ip) = (View::new(addresses, &addresses.v6, all), ip.to_bits());
                view.links_needed(
                    &self.rules,
                    |found| self.each_possible(&view, ip, found),
                    ip,
                )
            }
        }
    }

    fn masters_needed(&self, addresses: &Snapshot) -> LinkIndexes {
        let all = Restriction::None;
        let mut links = LinkIndexes::new();
        let mut add = |address: &Address| links.extend(address.link_index());
        match self.bindnet.ip() {
            IpAddr::V4(ip) => {
                let view = View::new(addresses, &addresses.v4, all);
                self.each_possible(&view, ip.to_bits(), &mut add);
            }
            IpAddr::V6(ip) => {
                let view = View::new(addresses, &addresses.v6, all);
                self.each_possible(&view, ip.to_bits(), &mut add);
            }
        }
        links.sort_unstable();
        links.dedup();
        masters_needed(links)
    }
}

impl Selector {
    /// Calls `found` for every address that may be a candidate, whatever its evidence.
    fn each_possible<A: Bits>(&self, view: &View<'_, A>, ip: A, found: &mut dyn FnMut(&Address)) {
        let mut shown: SmallVec<[A; 4]> = SmallVec::new();
        view.each_match(self.bindnet.target(), ip, &mut |address| {
            let mask = shown_by(address.netmask());
            shown.extend(mask.filter(|mask| !shown.contains(mask)));
            found(address);
        });
        if matches!(self.bindnet.target(), Target::Address(_)) {
            view.each_possible_host(ip, &shown, found);
        }
    }
}

/// The facts that a decision needs of a host.
#[derive(Clone, Copy, Debug)]
pub struct Needs {
    /// The family of the addresses that can match.
    pub family: Family,
    /// Whether all addresses and links are listed.
    pub all: bool,
    /// The only link whose addresses the rule sees.
    pub interface: Option<Zone>,
    /// The same, if the bindnetaddr names it.
    pub zone: Option<Zone>,
    /// The link of the remembered choice.
    pub previous: Option<Zone>,
}

impl Needs {
    /// Whether the interface may be a label of the addresses that can match.
    pub fn may_name_label(&self) -> bool {
        let name = self
            .interface
            .and_then(|interface| interface.name()?.name());
        self.family == Family::V4 && name.is_some_and(|name| name.may_be_label())
    }

    /// The links that are named.
    pub fn zones(&self) -> [Option<Zone>; 3] {
        [self.interface, self.zone, self.previous]
    }

    /// An interface or a zone hides the addresses of all other links.
    pub fn restriction(&self, host: &Snapshot) -> Restriction {
        let index = |zone: Zone| zone.link(host).map(Link::index);
        match (self.interface.map(index), self.zone.map(index)) {
            (None, None) => Restriction::None,
            (Some(Some(index)), None) | (None, Some(Some(index))) => Restriction::Link(index),
            (Some(Some(a)), Some(Some(b))) if a == b => Restriction::Link(a),
            _ => Restriction::NoSuchLink,
        }
    }
}

/// The links whose addresses the rule sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restriction {
    /// All.
    None,
    /// The one with this index.
    Link(u32),
    /// None, because the link that is named does not exist, or because two links are named.
    NoSuchLink,
}

impl Restriction {
    /// To the link of a zone.
    pub(super) fn to(zone: Zone, host: &Snapshot) -> Self {
        zone.link(host)
            .map_or(Self::NoSuchLink, |link| Self::Link(link.index()))
    }

    /// Whether the rule sees this link's addresses and not all.
    pub fn admits_only(self, link: Option<u32>) -> bool {
        self != Self::None && self.admits(link)
    }

    pub(super) fn admits(self, link: Option<u32>) -> bool {
        match self {
            Self::None => true,
            Self::Link(index) => link == Some(index),
            Self::NoSuchLink => false,
        }
    }
}
