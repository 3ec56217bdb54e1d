//! How a node is put together.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;
use proptest::prelude::*;
use proptest::sample::Index;

use super::aim::{Aim, net, nth};
use super::kinds::LEASE;
use super::{ClusterHost, name};
use crate::model::{AddressRequest, Host, Kernel, LinkRequest, Operation};
use crate::rule::BindnetAddr;
use crate::snapshot::{
    About, AddressFlags, Consistency, HardwareAddress, Link, LinkFlags, LinkName, Name, Scope,
    Snapshot, Source,
};

/// `ARPHRD_LOOPBACK` (linux/if_arp.h).
const LOOPBACK: u16 = 772;

/// `IFAPROT_KERNEL_RA` and `IFAPROT_KERNEL_LL` (linux/if_addr.h): by a router's advertisement, and
/// the link-local address.
pub(super) const BY_ROUTER: u8 = 2;
const LINK_LOCAL: u8 = 3;

/// The indexes of the link of the services and of the bridge of the pods, which come behind it.
const SERVICES: u32 = 4000;
const BRIDGE: u32 = 5000;

/// What is drawn for every node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Draw {
    own: Index,
    narrow: bool,
    promotes: bool,
    by_hash: bool,
}

pub(super) fn draw() -> impl Strategy<Value = Draw> {
    let unlikely = || proptest::bool::weighted(0.2);
    (any::<Index>(), unlikely(), any::<bool>(), unlikely()).prop_map(
        |(own, narrow, promotes, by_hash)| Draw {
            own,
            narrow,
            promotes,
            by_hash,
        },
    )
}

/// A node that is being put together.
pub(super) struct Plan {
    pub aim: Aim,
    promotes: bool,
    by_hash: bool,
    pub own: IpNet,
    /// The link of its own address.
    pub link: Name,
    request: Option<AddressRequest>,
    /// Links with which the host begins, up.
    nics: Vec<Link>,
    /// What is done to it then.
    operations: Vec<Operation>,
    temporary: Option<IpAddr>,
}

impl Plan {
    pub fn of(bindnet: BindnetAddr, draw: Draw) -> Self {
        let ip = bindnet.ip();
        let aim = Aim::at(bindnet, draw.narrow);
        let hosts = aim.hosts();
        let own = hosts.get(draw.own.index(hosts.len().max(1))).copied();
        let lo = name("lo");
        let loopback = Link::new(1, lo)
            .with_flags(LinkFlags::LOOPBACK)
            .with_hardware_type(LOOPBACK);
        Self {
            promotes: draw.promotes,
            by_hash: draw.by_hash,
            own: own.unwrap_or(net(ip, aim.network.prefix_len())),
            aim,
            link: lo,
            request: None,
            nics: vec![loopback],
            operations: vec![Operation::LinkUp(lo)],
            temporary: None,
        }
    }

    /// The link of its own address: the one that is asked for, or else this one.
    pub fn own_link(&mut self, index: u32, otherwise: &str) -> Name {
        let (asked_index, asked_name) = self.aim.link();
        let own = asked_name.and_then(|asked| asked.name());
        let link = own.unwrap_or(name(otherwise));
        self.link = link;
        // What is too long for its own name is an alternative one.
        let alternative = asked_name.filter(|_| own.is_none());
        self.insert_nic(asked_index.unwrap_or(index), link, alternative);
        link
    }

    /// Another link.
    pub fn nic(&mut self, index: u32, called: &str) -> Name {
        let taken = |n: &Name| self.nics.iter().any(|nic| nic.name() == *n);
        let names = [called, "eth8", "eth9"].map(name);
        let link = names
            .into_iter()
            .find(|n| !taken(n))
            .unwrap_or(name(called));
        let taken = |index: u32| self.nics.iter().any(|nic| nic.index() == index);
        let index = (index..).find(|index| !taken(*index)).unwrap_or(index);
        self.insert_nic(index, link, None);
        link
    }

    fn insert_nic(&mut self, index: u32, link: Name, alternative: Option<LinkName>) {
        let flags = LinkFlags::UP | LinkFlags::BROADCAST | LinkFlags::MULTICAST;
        let flags = flags | LinkFlags::RUNNING | LinkFlags::LOWER_UP;
        let [.., high, low] = index.to_be_bytes();
        let mut nic = Link::new(index, link)
            .with_flags(flags)
            .with_hardware_type(Link::ETHERNET);
        if let Ok(mac) = HardwareAddress::from_bytes(&[2, 0, 0, 0, high, low]) {
            nic = nic.with_mac(mac);
        }
        if let Some(alternative) = alternative {
            nic = nic.with_alt_name(alternative);
        }
        self.nics.push(nic);
        self.add_link_local(link, index);
    }

    /// The link-local address that the kernel gives a link.
    fn add_link_local(&mut self, link: Name, index: u32) {
        if !self.aim.is_link_local() {
            let [a, b] = [index >> 16, index & 0xffff].map(|part| part as u16);
            let ip = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0xff, 0xfe00 | a, b);
            let request = AddressRequest::new(net(ip.into(), 64), link);
            self.add(request.protocol(LINK_LOCAL).scope(Scope::LINK));
        }
    }

    pub fn add(&mut self, request: AddressRequest) {
        self.operations.push(Operation::AddAddress(request));
    }

    /// A static IPv4 address in a network beside that of the cluster.
    pub fn static_beside(&mut self, link: Name) {
        for of in self.aim.elsewhere(true).take(1) {
            self.add(AddressRequest::new(net(nth(of.addr(), 10), 24), link));
        }
    }

    /// Its own address comes.
    pub fn own_is(&mut self, with: impl FnOnce(AddressRequest) -> AddressRequest) {
        let request = with(AddressRequest::new(self.own, self.link));
        self.add(request.clone());
        self.request = Some(request);
    }

    /// A privacy address (RFC 8981), made after the address it belongs to.
    pub fn add_temporary(&mut self, of: IpNet) {
        let ip = nth(of.addr(), 0x9eda_d22f);
        self.temporary = Some(ip);
        let request = AddressRequest::new(net(ip, of.prefix_len()), self.link);
        self.add(request.protocol(BY_ROUTER).lifetimes(LEASE.0, LEASE.1));
    }

    pub fn bridge_with(&mut self, pods: usize) {
        let bridge = self.nic(BRIDGE, "cni0");
        self.last_nic(|nic| nic.with_kind("bridge"));
        for of in self.aim.elsewhere(true).skip(1).take(1) {
            self.add(AddressRequest::new(net(nth(of.addr(), 1), 24), bridge));
        }
        for pod in 0..u32::try_from(pods).unwrap_or(u32::MAX) {
            self.nic(BRIDGE.saturating_add(pod + 1), &format!("veth{pod}"));
            self.last_nic(|nic| nic.with_kind("veth").with_master(BRIDGE));
        }
    }

    fn last_nic(&mut self, with: impl FnOnce(Link) -> Link) {
        if let Some(nic) = self.nics.pop() {
            self.nics.push(with(nic));
        }
    }

    pub fn services(&mut self, services: usize) {
        let ipvs = name("kube-ipvs0");
        let made = LinkRequest::dummy(ipvs, SERVICES);
        self.operations.push(Operation::AddLink(made));
        let Some(of) = self.aim.services() else {
            return;
        };
        for service in 0..u32::try_from(services).unwrap_or(u32::MAX) {
            let ip = nth(of.addr(), service.saturating_add(1));
            self.add(AddressRequest::new(IpNet::from(ip), ipvs));
        }
    }

    pub fn node(self) -> ClusterHost {
        let host = self.host();
        let own = self
            .request
            .unwrap_or(AddressRequest::new(self.own, self.link));
        let services = self.aim.services();
        let is_fixed = |ip: &IpAddr| {
            Some(*ip) != self.temporary && !services.is_some_and(|of| of.contains(ip))
        };
        let listed = host.snapshot();
        let fixed = listed.addresses().map(|address| address.ip());
        let fixed = fixed.filter(is_fixed).collect();
        let is_service = |link: &&Link| link.is_loopback() != Some(true);
        let mut links: Vec<Name> = self
            .nics
            .iter()
            .filter(is_service)
            .map(Link::name)
            .collect();
        links.truncate(2);
        ClusterHost {
            bindnet: self.aim.bindnet.clone(),
            host,
            own,
            own_net: self.own,
            own_link: self.link,
            links,
            free: self.aim.free(self.own),
            fixed,
            vips: Vec::new(),
        }
    }

    fn host(&self) -> Host {
        let about = About {
            source: Some(Source::Netlink),
            consistency: Some(Consistency::Consistent),
            ..About::default()
        };
        let kernel = Kernel::default()
            .promote_secondaries(self.promotes)
            .links_by_hash(self.by_hash);
        let mut nics = self.nics.clone();
        nics.sort_by_key(|nic| {
            if self.by_hash {
                (nic.index() & 0xff, u32::MAX - nic.index())
            } else {
                (nic.index(), 0)
            }
        });
        let bare = Snapshot::new(nics, [])
            .unwrap_or_default()
            .with_about(about);
        let mut host = Host::of(&bare, kernel);
        for operation in &self.operations {
            let done = host.apply(operation);
            debug_assert!(done.is_ok(), "{operation}: {done:?}");
        }
        let Some(temporary) = self.temporary else {
            return host;
        };
        // The kernel makes it by itself, so that no request of ours can.
        let listed = host.snapshot();
        let addresses = listed.addresses().map(|address| match address.flags() {
            Some(flags) if address.ip() == temporary => {
                address.with_flags(flags | AddressFlags::TEMPORARY)
            }
            _ => address,
        });
        let with = Snapshot::new(listed.links().to_vec(), addresses.collect::<Vec<_>>());
        let with = with.unwrap_or_default().with_about(listed.about().clone());
        Host::of(&with, kernel)
    }
}
