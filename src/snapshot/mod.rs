//! The facts: addresses and links of one host at one moment, in kernel order.

mod address;
mod escape;
mod facts;
mod family;
mod flags;
mod link;
mod link_name;
mod listed;
mod name;
mod netmask;
mod parse_error;
mod scan;
mod table;

use std::fmt;

pub use address::{Address, Lifetime};
pub use family::Family;
pub use flags::{AddressFlags, LinkFlags, Scope};
pub use link::{HardwareAddress, Link};
pub use link_name::LinkName;
pub use name::Name;
pub use netmask::Netmask;
pub use parse_error::ParseError;

pub(crate) use address::is_link_local;
#[cfg(feature = "serde")]
pub(crate) use escape::unescape;
pub(crate) use escape::{escape, escape_rest};
pub(crate) use facts::Facts;
pub(crate) use link_name::AltNames;
pub(crate) use listed::Contradiction;
pub(crate) use name::NameProblem;
pub(crate) use netmask::Bits;
pub(crate) use parse_error::beginning;
pub(crate) use table::{Entry, Table};

/// The addresses and links of one host at one moment, in kernel order.
///
/// Kernel order is IPv4 before IPv6 and, within a family, the order in which the kernel lists the
/// addresses. It is kept from the dump to the decision.
///
/// ```
/// use bindnet::{Address, Link, Snapshot};
///
/// let snapshot = Snapshot::new(
///     [Link::new(2, "eth0".parse()?)],
///     [
///         Address::new("192.0.2.10/24".parse()?, 2),
///         Address::new("2001:db8::10/64".parse()?, 2),
///     ],
/// )?;
/// for address in snapshot.addresses() {
///     let link = snapshot.link_of(&address).unwrap();
///     println!("{} on {}", address.ip(), link.name());
/// }
/// assert_eq!(snapshot.len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    pub(crate) v4: Table<u32>,
    pub(crate) v6: Table<u128>,
    links: Vec<Link>,
    /// Index of a link and its position in `links`, sorted, because 10 000 addresses may look up theirs.
    by_index: Vec<(u32, usize)>,
    about: About,
}

/// The origin and the reliability of a snapshot; `None` means that it is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct About {
    /// The source of the list of addresses.
    pub source: Option<Source>,
    /// Whether the list is that of one moment.
    pub consistency: Option<Consistency>,
    /// The name of the host.
    pub hostname: Option<String>,
    /// When it was captured, as RFC 3339 writes it: `2026-11-21T20:00:00Z`.
    pub captured_at: Option<String>,
    /// The release of the kernel: `6.1.0-18-amd64`.
    pub kernel: Option<String>,
}

/// The source of a list of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Source {
    /// A dump by rtnetlink(7).
    Netlink,
    /// getifaddrs(3): no flags, scopes or lifetimes.
    Getifaddrs,
    /// The output of `ip -j addr`.
    IpJson,
}

impl Source {
    /// The code in JSON and on command lines.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Netlink => "netlink",
            Self::Getifaddrs => "getifaddrs",
            Self::IpJson => "ip-json",
        }
    }
}

/// Whether a list is that of one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Consistency {
    /// It is, as far as the kernel tells: it reported no change while it listed.
    Consistent,
    /// It changed while it was read, again and again: an address may be missing or be listed
    /// twice (`NLM_F_DUMP_INTR`).
    Interrupted,
}

impl Consistency {
    /// The code in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Consistent => "consistent",
            Self::Interrupted => "interrupted",
        }
    }
}

impl Snapshot {
    /// The snapshot of these links and addresses, both in kernel order.
    ///
    /// The order of IPv4 addresses among the IPv6 ones does not matter: IPv4 comes first.
    ///
    /// # Errors
    /// If two links have one index, or an address is on a link that is not listed.
    pub fn new(
        links: impl IntoIterator<Item = Link>,
        addresses: impl IntoIterator<Item = Address>,
    ) -> Result<Self, ParseError> {
        let mut snapshot = Self::default();
        snapshot.list_links(links.into_iter().collect())?;
        for (at, address) in addresses.into_iter().enumerate() {
            if let Some(index) = address.link_index()
                && snapshot.link(index).is_none()
            {
                return Err(Contradiction::UnlistedLink { at, index }.into());
            }
            snapshot.push(&address);
        }
        Ok(snapshot)
    }

    /// With its origin.
    #[must_use]
    pub fn with_about(mut self, about: About) -> Self {
        self.about = about;
        self
    }

    /// The addresses in kernel order.
    pub fn addresses(&self) -> impl Iterator<Item = Address> + '_ {
        self.v4.iter().chain(self.v6.iter())
    }

    /// The links in the order the kernel listed them.
    pub fn links(&self) -> &[Link] {
        &self.links
    }

    /// How many addresses there are.
    pub fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    /// Whether there is no address.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The link with this index.
    pub fn link(&self, index: u32) -> Option<&Link> {
        self.links.get(self.link_position(index)?)
    }

    fn link_position(&self, index: u32) -> Option<usize> {
        let found = self.by_index.binary_search_by_key(&index, |(i, _)| *i);
        let (_, position) = self.by_index.get(found.ok()?)?;
        Some(*position)
    }

    /// The link with this name; without one, the link with this alternative name.
    ///
    /// ```
    /// use bindnet::{Link, Snapshot};
    ///
    /// let eth0 = Link::new(2, "eth0".parse()?).with_alt_name("enp0s3".parse()?);
    /// let host = Snapshot::new([eth0], [])?;
    /// for name in ["eth0", "enp0s3"] {
    ///     assert_eq!(host.link_named(&name.parse()?).unwrap().index(), 2);
    /// }
    /// assert_eq!(host.link_named(&"enp0s4".parse()?), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn link_named(&self, name: &LinkName) -> Option<&Link> {
        let is_own = |name| self.links.iter().find(|link| link.name() == name);
        let is_alternative = || self.links.iter().find(|link| link.has_alt_name(name));
        name.name().and_then(is_own).or_else(is_alternative)
    }

    /// The link that an address of this snapshot is on.
    pub fn link_of(&self, address: &Address) -> Option<&Link> {
        self.link(address.link_index()?)
    }

    /// The origin and the reliability of the snapshot.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Whether the list changed while it was read, so that an address may be missing in it.
    pub(crate) fn is_interrupted(&self) -> bool {
        self.about.consistency == Some(Consistency::Interrupted)
    }

    pub(crate) fn about_mut(&mut self) -> &mut About {
        &mut self.about
    }

    /// Replaces the addresses of a family on a link, which must be listed, by those of another snapshot.
    /// Addresses are in the order of their links, as the kernel lists both.
    pub(crate) fn replace_addresses_on(&mut self, index: u32, family: Family, other: &Self) {
        let position = |link| self.link_position(link);
        match family {
            Family::V4 => {
                let range = self.v4.range_of(index, position);
                self.v4.replace(range, &other.v4);
            }
            Family::V6 => {
                let range = self.v6.range_of(index, position);
                self.v6.replace(range, &other.v6);
            }
        }
    }

    /// Drops a link and its addresses.
    pub(crate) fn remove_link(&mut self, index: u32) {
        if self.link_position(index).is_some() {
            let nothing = Self::default();
            self.replace_addresses_on(index, Family::V4, &nothing);
            self.replace_addresses_on(index, Family::V6, &nothing);
            self.drop_link(index);
        }
    }

    /// Drops a link, but not its addresses.
    pub(crate) fn drop_link(&mut self, index: u32) {
        self.links.retain(|link| link.index() != index);
        self.index_links();
    }

    fn index_links(&mut self) {
        self.by_index.clear();
        let indexes = self.links.iter().enumerate();
        self.by_index
            .extend(indexes.map(|(at, link)| (link.index(), at)));
        self.by_index.sort_unstable();
    }

    /// The position of a link whose index is that of an earlier one.
    fn repeated_link(&self) -> Option<usize> {
        self.by_index.windows(2).find_map(|pair| match pair {
            [(a, _), (b, at)] if a == b => Some(*at),
            _ => None,
        })
    }

    /// Appends an address to its family.
    pub(crate) fn push(&mut self, address: &Address) {
        match address.netmask() {
            Netmask::V4(mask) => self.v4.push_address(address, mask),
            Netmask::V6(mask) => self.v6.push_address(address, mask),
        }
    }

    /// Whether the link of every address is listed.
    pub(crate) fn is_complete(&self) -> bool {
        let mut links = self.v4.facts().chain(self.v6.facts()).map(Facts::link);
        // The addresses of one link are neighbours.
        let mut last = None;
        links.all(|link| {
            let known = link == last || link.is_some_and(|index| self.link(index).is_some());
            last = link;
            known
        })
    }

    /// Whether the addresses of each family are in the order of their links. All known kernels list both
    /// in one order, but do not promise it.
    pub(crate) fn is_in_link_order(&self) -> bool {
        self.are_in_link_order(self.v4.facts()) && self.are_in_link_order(self.v6.facts())
    }

    fn are_in_link_order<'a>(&self, mut facts: impl Iterator<Item = &'a Facts>) -> bool {
        let mut last = (None, None);
        facts.all(|facts| {
            let link = facts.link();
            // The addresses of one link are neighbours.
            if link != last.0 {
                let position = link.and_then(|index| self.link_position(index));
                if position < last.1 {
                    return false;
                }
                last = (link, position);
            }
            true
        })
    }

    /// Drops the addresses whose link is not listed.
    pub(crate) fn drop_orphans(&mut self) {
        let listed = self
            .addresses()
            .filter(|address| self.link_of(address).is_some());
        self.replace_addresses(listed.collect());
    }

    /// Drops the addresses of one link.
    pub(crate) fn drop_addresses_on(&mut self, index: u32) {
        let others = self
            .addresses()
            .filter(|address| address.link_index() != Some(index));
        self.replace_addresses(others.collect());
    }

    fn replace_addresses(&mut self, addresses: Vec<Address>) {
        self.v4.clear();
        self.v6.clear();
        for address in addresses {
            self.push(&address);
        }
    }

    /// Clears the addresses of one family, and keeps their memory.
    pub(crate) fn clear_addresses(&mut self, family: Family) {
        match family {
            Family::V4 => self.v4.clear(),
            Family::V6 => self.v6.clear(),
        }
    }

    /// Clears addresses and links, and keeps their memory.
    pub(crate) fn clear(&mut self) {
        self.v4.clear();
        self.v6.clear();
        self.links.clear();
        self.by_index.clear();
    }
}

impl fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Snapshot")
            .field("about", &self.about)
            .field("links", &self.links)
            .field("addresses", &self.addresses().collect::<Vec<_>>())
            .finish()
    }
}
