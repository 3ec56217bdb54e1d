//! A host: links in their order, each with its addresses, and the operations on them.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::kernel::Kernel;
use super::link::{HostLink, Under, made};
use super::notification::Notification;
use super::operation::{AddressRequest, Kind, LinkRequest, Operation};
use super::refusal::Refusal;
use super::request::{address, is_link_name, is_word_of_ip, loopback_address};
use crate::snapshot::{About, Address, Family, Link, LinkFlags, Name, Snapshot};

/// The protocol of `::1` (linux/if_addr.h, `IFAPROT_KERNEL_LO`). The kernel sets none for
/// `127.0.0.1`.
const BY_THE_KERNEL_FOR_LOOPBACK: u8 = 1;

/// `ARPHRD_LOOPBACK` (linux/if_arp.h).
const LOOPBACK_HARDWARE: u16 = 772;

/// A host whose links and addresses are changed as `ip` changes them.
#[derive(Clone, Debug)]
pub struct Host {
    kernel: Kernel,
    links: Vec<HostLink>,
    /// Addresses whose link is not known.
    strays: Vec<Address>,
    about: About,
    created: u64,
}

impl Host {
    /// A host that has a loopback link and nothing else, as a new network namespace.
    pub fn new(kernel: Kernel) -> Self {
        let mut host = Self {
            kernel,
            links: Vec::new(),
            strays: Vec::new(),
            about: About::default(),
            created: 0,
        };
        if let Ok(name) = "lo".parse() {
            let lo = Link::new(1, name)
                .with_flags(LinkFlags::LOOPBACK)
                .with_hardware_type(LOOPBACK_HARDWARE);
            host.insert(lo, Under::Nothing);
        }
        host
    }

    /// A host that is as a snapshot shows it. Links stay in the order in which they are listed,
    /// and addresses in that of their links.
    ///
    /// Facts that a snapshot lacks are those of a new host: every link that is not up has a carrier
    /// when it is set up, and the settings are the kernel's defaults.
    pub fn of(snapshot: &Snapshot, kernel: Kernel) -> Self {
        let mut host = Self {
            kernel,
            links: Vec::new(),
            strays: Vec::new(),
            about: snapshot.about().clone(),
            created: 0,
        };
        for link in snapshot.links() {
            host.created += 1;
            let no_carrier = link.is_up() == Some(true) && link.is_running() == Some(false);
            let under = if no_carrier {
                Under::NoCarrier
            } else {
                Under::Nothing
            };
            let promotes = kernel.promote_secondaries;
            let link = HostLink::new(link.clone(), under, host.created, promotes);
            host.links.push(link);
        }
        let positions = host.links.iter().map(HostLink::index).zip(0..);
        let positions: BTreeMap<u32, usize> = positions.collect();
        for address in snapshot.addresses() {
            let link = address.link_index();
            let link = link.and_then(|index| positions.get(&index).copied());
            match link.and_then(|at| host.links.get_mut(at)) {
                Some(link) if address.ip().is_ipv4() => link.v4().push_listed(address),
                Some(link) => link.v6().push_listed(address),
                None => host.strays.push(address),
            }
        }
        host
    }

    /// The list of its links and addresses.
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_with(|address| address)
    }

    /// The same list with changed facts of an address, which stays on its link.
    pub(crate) fn snapshot_with(&self, facts: impl Fn(Address) -> Address) -> Snapshot {
        let mut snapshot = Snapshot::default();
        snapshot.set_links(self.links.iter().map(|link| link.link.clone()).collect());
        for family in [Family::V4, Family::V6] {
            for address in self.links.iter().flat_map(|link| link.addresses(family)) {
                snapshot.push(&facts(address));
            }
        }
        for address in &self.strays {
            snapshot.push(&facts(*address));
        }
        snapshot.with_about(self.about.clone())
    }

    /// Applies an operation, and returns the events of the kernel.
    ///
    /// # Errors
    /// If the kernel refuses the operation. The host does not change then.
    pub fn apply(&mut self, operation: &Operation) -> Result<Vec<Notification>, Refusal> {
        match operation {
            Operation::AddLink(request) => self.add_link(request),
            Operation::DeleteLink(name) => self.delete_link(*name),
            Operation::LinkUp(name) => self.set_up(*name),
            Operation::LinkDown(name) => self.set_down(*name),
            Operation::RenameLink { link, to } => self.rename(*link, *to),
            Operation::AddAddress(request) => self.add_address(request, false),
            Operation::ReplaceAddress(request) => self.add_address(request, true),
            Operation::DeleteAddress(request) => self.delete_address(request),
            Operation::PromoteSecondaries { link, on } => {
                self.named(*link)?.promotes = *on;
                Ok(Vec::new())
            }
            Operation::KeepAddressesOnDown { link, on } => {
                self.named(*link)?.keeps = *on;
                Ok(Vec::new())
            }
        }
    }

    /// Refuses in the order of `ip`, of `rtnl_newlink` and of `register_netdevice`, which makes the
    /// other end of a cable first.
    fn add_link(&mut self, request: &LinkRequest) -> Result<Vec<Notification>, Refusal> {
        if !request.names().all(is_word_of_ip) || request.index > i32::MAX as u32 {
            return Err(Refusal::Invalid);
        }
        let lower = match &request.kind {
            Kind::Macvlan { lower } => Some(self.lower(*lower)?),
            _ => None,
        };
        if self.position(request.index).is_some() {
            return Err(Refusal::Exists);
        }
        let lower = lower.transpose()?;
        let made = made(request, lower);
        for (at, (link, _)) in made.iter().enumerate() {
            let before = made.iter().take(at).map(|(other, _)| other);
            let mut taken = self.links.iter().map(|other| &other.link).chain(before);
            if !is_link_name(link.name()) {
                return Err(Refusal::Invalid);
            }
            if taken.clone().any(|other| other.name() == link.name()) {
                return Err(Refusal::Exists);
            }
            if taken.any(|other| other.index() == link.index()) {
                return Err(Refusal::NotWithThisLink);
            }
        }
        let made_links = made
            .iter()
            .map(|(link, _)| Notification::NewLink(link.clone()));
        let mut events: Vec<_> = made_links.collect();
        for (link, under) in made {
            self.insert(link, under);
        }
        events.extend(lower.and_then(|index| self.news_of(index)));
        Ok(events)
    }

    fn news_of(&self, index: u32) -> Option<Notification> {
        let link = self.links.get(self.position(index)?)?;
        Some(Notification::NewLink(link.link.clone()))
    }

    /// The index of the lower link of a macvlan on this one: for a macvlan, its own lower link. The
    /// inner result is whether that is allowed; `ip` first checks that it exists.
    fn lower(&mut self, name: Name) -> Result<Result<u32, Refusal>, Refusal> {
        let link = self.named(name)?;
        Ok(match link.stands_on {
            _ if link.is_loopback() => Err(Refusal::Invalid),
            Under::Lower(real) => Ok(real),
            _ => Ok(link.index()),
        })
    }

    /// Inserts a new link at its position in the list.
    fn insert(&mut self, link: Link, under: Under) {
        self.created += 1;
        let link = HostLink::new(link, under, self.created, self.kernel.promote_secondaries);
        let by_hash = self.kernel.links_by_hash;
        let key = |link: &HostLink| {
            if by_hash {
                (link.index() & 0xff, u64::MAX - link.created)
            } else {
                (link.index(), 0)
            }
        };
        let at = self.links.iter().position(|other| key(other) > key(&link));
        self.links.insert(at.unwrap_or(self.links.len()), link);
    }

    fn delete_link(&mut self, name: Name) -> Result<Vec<Notification>, Refusal> {
        let link = self.named(name)?;
        if link.is_loopback() {
            return Err(Refusal::NotWithThisLink);
        }
        let mut gone = vec![link.index()];
        let mut seen = 0;
        while let Some(index) = gone.get(seen).copied() {
            seen += 1;
            for link in &self.links {
                let goes = [Under::Peer(index), Under::Lower(index)].contains(&link.stands_on);
                if goes && !gone.contains(&link.index()) {
                    gone.push(link.index());
                }
            }
        }
        let mut events = Vec::new();
        let mut lowers = Vec::new();
        for index in &gone {
            events.extend(self.down(*index));
        }
        for index in &gone {
            if let Some(at) = self.position(*index) {
                let mut link = self.links.remove(at);
                events.extend(link.v4().clear());
                events.extend(link.v6().clear());
                events.push(Notification::DeletedLink(link.link));
                if let Under::Lower(lower) = link.stands_on {
                    lowers.push(lower);
                }
            }
        }
        events.extend(lowers.into_iter().filter_map(|lower| self.news_of(lower)));
        Ok(events)
    }

    fn set_up(&mut self, name: Name) -> Result<Vec<Notification>, Refusal> {
        let link = self.named(name)?;
        if !link.set_up(true) {
            return Ok(Vec::new());
        }
        let mut events = link.v6().link_up();
        if link.is_loopback() {
            let index = link.index();
            let address = loopback_address(Ipv4Addr::LOCALHOST.into(), 8, index)?;
            // If it is there, the kernel refuses it silently.
            let address = address.with_label(link.name());
            let added = link.v4().add(address, false);
            events.extend(added.into_iter().flatten());
            let address = loopback_address(Ipv6Addr::LOCALHOST.into(), 128, index)?;
            let address = address.with_protocol(BY_THE_KERNEL_FOR_LOOPBACK);
            events.extend(link.v6().add_loopback(address));
        }
        let index = link.index();
        events.extend(self.carry(index));
        Ok(events)
    }

    fn set_down(&mut self, name: Name) -> Result<Vec<Notification>, Refusal> {
        let index = self.named(name)?.index();
        if !self.named(name)?.is_up() {
            return Ok(Vec::new());
        }
        let mut events = self.down(index);
        events.extend(self.carry(index));
        Ok(events)
    }

    /// Sets a link down that is up.
    fn down(&mut self, index: u32) -> Vec<Notification> {
        let link = self.position(index).and_then(|at| self.links.get_mut(at));
        let Some(link) = link else { return Vec::new() };
        if !link.is_up() {
            return Vec::new();
        }
        link.set_up(false);
        let keeps = link.keeps;
        let mut events = link.v6().link_down(keeps);
        events.push(Notification::NewLink(link.link.clone()));
        events
    }

    fn rename(&mut self, name: Name, to: Name) -> Result<Vec<Notification>, Refusal> {
        let while_up = self.kernel.renames_while_up;
        let taken = self.links.iter().any(|link| link.name() == to);
        if !is_word_of_ip(to) {
            return Err(Refusal::Invalid);
        }
        let link = self.named(name)?;
        if name == to {
            return Ok(Vec::new());
        }
        if !while_up && link.is_up() {
            return Err(Refusal::NotWithThisLink);
        }
        if !is_link_name(to) {
            return Err(Refusal::Invalid);
        }
        if taken {
            return Err(Refusal::Exists);
        }
        link.rename(to);
        let mut events = link.v4().rename(to);
        events.push(Notification::NewLink(link.link.clone()));
        Ok(events)
    }

    fn add_address(
        &mut self,
        request: &AddressRequest,
        replaces: bool,
    ) -> Result<Vec<Notification>, Refusal> {
        let link = self.named(request.link)?;
        let address = address(request, link.index())?;
        match address.ip() {
            IpAddr::V4(_) => link.v4().add(address, replaces),
            IpAddr::V6(_) => {
                let loopback = link.is_loopback();
                link.v6().add(address, replaces, loopback)
            }
        }
    }

    fn delete_address(&mut self, request: &AddressRequest) -> Result<Vec<Notification>, Refusal> {
        let link = self.named(request.link)?;
        let of = request.peer.unwrap_or(request.net.addr());
        match request.net {
            IpNet::V4(_) => {
                let promotes = link.promotes;
                link.v4().delete(request.net, of, promotes)
            }
            IpNet::V6(_) => link.v6().delete(request.net),
        }
    }

    /// Sets the carrier of every link from its lower link. Returns an event for each link that this
    /// changes, and for the link with this index.
    fn carry(&mut self, index: u32) -> Vec<Notification> {
        let under = self
            .links
            .iter()
            .map(|link| (link.index(), (link.stands_on, link.is_up())));
        let under: BTreeMap<u32, (Under, bool)> = under.collect();
        let up = |index: u32| under.get(&index).is_some_and(|(_, up)| *up);
        let of_peer = |link: u32, peer: u32| up(link) && up(peer);
        let mut events = Vec::new();
        for link in &mut self.links {
            let carrier = match link.stands_on {
                Under::Nothing => true,
                Under::NoCarrier => false,
                Under::Peer(peer) => of_peer(link.index(), peer),
                Under::Lower(lower) => match under.get(&lower) {
                    Some((Under::Peer(peer), _)) => of_peer(lower, *peer),
                    Some((Under::NoCarrier, _)) | None => false,
                    Some(_) => true,
                },
            };
            if link.set_carrier(carrier) || link.index() == index {
                events.push(Notification::NewLink(link.link.clone()));
            }
        }
        events
    }

    fn named(&mut self, name: Name) -> Result<&mut HostLink, Refusal> {
        let mut links = self.links.iter_mut();
        links
            .find(|link| link.name() == name)
            .ok_or(Refusal::NoSuchLink)
    }

    fn position(&self, index: u32) -> Option<usize> {
        self.links.iter().position(|link| link.index() == index)
    }
}
