//! Hosts and operations as commands of iproute2, to be tried at a shell.
//!
//! ```
//! use bindnet::testing::commands;
//! use bindnet::snapshot::{LinkFlags, Scope};
//! use bindnet::{Address, Link, Snapshot};
//!
//! let eth0 = Link::new(2, "eth0".parse()?).with_flags(LinkFlags::UP | LinkFlags::RUNNING);
//! let node = Address::new("192.0.2.10/24".parse()?, 2).with_scope(Scope::GLOBAL);
//! let vip = Address::new("192.0.2.20/24".parse()?, 2).with_label("eth0:vip".parse()?);
//! let host = Snapshot::new([eth0], [node, vip])?;
//! let commands = commands::for_host(&host);
//! assert!(commands.ends_with(
//!     "ip link add eth0 index 2 type veth peer name far2 index 3\n\
//!      ip link set eth0 up\n\
//!      ip link set far2 up\n\
//!      ip addr add 192.0.2.10/24 dev eth0 scope global\n\
//!      ip addr add 192.0.2.20/24 dev eth0 scope global label eth0:vip\n"
//! ));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{HashMap, HashSet};
use std::fmt::Write;

use crate::model::{AddressRequest, Host, Kernel, LinkRequest, Operation};
use crate::snapshot::{Address, AddressFlags, Lifetime, Link, LinkFlags, Name, Scope, Snapshot};

/// The first commands: no address comes by itself, and none has to be detected.
const QUIET: &str = "\
sysctl -w net/ipv6/conf/all/accept_dad=0
sysctl -w net/ipv6/conf/default/accept_dad=0
sysctl -w net/ipv6/conf/default/addr_gen_mode=1
";

/// The highest index: the kernel counts with `int`.
const MAX_INDEX: u32 = i32::MAX as u32;

/// The commands that make such a host in a new network namespace (`unshare --net`), one a line,
/// for sh(1).
///
/// Every link but the loopback link becomes one end of a cable, with a far end that the host did
/// not have; its kind does not count. Lines that begin with `#` have the facts that no command can
/// set, or that the kernel would not list.
pub fn for_host(host: &Snapshot) -> String {
    let mut script = Script {
        host: Host::new(Kernel::default()),
        text: QUIET.to_owned(),
    };
    let names = script.links(host);
    let (v4, v6): (Vec<_>, Vec<_>) = host.addresses().partition(|a| a.ip().is_ipv4());
    // Of two IPv6 addresses the newer one is listed first.
    for address in v4.iter().chain(v6.iter().rev()) {
        script.address(address, &names);
    }
    if !lists_alike(host, &script.host.snapshot()) {
        script.text += "# The kernel lists these addresses otherwise than the host did.\n";
    }
    script.text
}

/// The commands of these operations, one a line, for sh(1).
///
/// ```
/// use bindnet::testing::commands;
/// use bindnet::model::{LinkRequest, Operation};
///
/// let br0 = "br0".parse()?;
/// let operations = [Operation::AddLink(LinkRequest::bridge(br0, 2)), Operation::LinkUp(br0)];
/// assert_eq!(
///     commands::for_operations(&operations),
///     "ip link add br0 index 2 type bridge\nip link set br0 up\n",
/// );
/// # Ok::<(), bindnet::ParseError>(())
/// ```
pub fn for_operations<'a>(operations: impl IntoIterator<Item = &'a Operation>) -> String {
    let mut text = String::new();
    for operation in operations {
        // Writing to a String does not fail.
        let _ = writeln!(text, "{operation}");
    }
    text
}

/// Commands, and the host that they make.
struct Script {
    host: Host,
    text: String,
}

impl Script {
    /// Writes a command, as a comment if it would be refused. Returns whether it is done.
    fn add(&mut self, operation: &Operation) -> bool {
        let done = self.host.apply(operation);
        let _ = match &done {
            Ok(_) => writeln!(self.text, "{operation}"),
            Err(refusal) => writeln!(self.text, "# {operation}: {refusal}"),
        };
        done.is_ok()
    }

    fn remark(&mut self, about: impl std::fmt::Display, what: &str) {
        let _ = writeln!(self.text, "# {about}: {what}");
    }

    /// Makes the links. Returns their names here, by their index.
    fn links(&mut self, host: &Snapshot) -> HashMap<u32, Name> {
        let mut free = Free::of(host);
        let mut names = HashMap::new();
        let is_loopback = |link: &&Link| link.is_loopback() == Some(true);
        // Its name may be another link's.
        for link in host.links().iter().filter(is_loopback) {
            let Some(name) = self.loopback(link) else {
                continue;
            };
            if link.is_up() != Some(false) {
                self.loopback_up(name);
            }
            names.insert(link.index(), name);
        }
        for link in host.links().iter().filter(|link| !is_loopback(link)) {
            let name = self.cable(link, &mut free);
            names.extend(name.map(|name| (link.index(), name)));
        }
        // The kernel refuses those that another link has.
        for link in host.links() {
            for name in link.alt_names() {
                self.remark(link.name(), &format!("without its altname {name}"));
            }
        }
        names
    }

    /// The loopback link of the namespace, which has no address after this.
    fn loopback(&mut self, link: &Link) -> Option<Name> {
        let snapshot = self.host.snapshot();
        let lo = snapshot.links().first()?;
        if lo.index() != link.index() {
            self.remark(link.name(), "the loopback link has the index 1");
        }
        let (link, to) = (lo.name(), link.name());
        let renamed = link != to && self.add(&Operation::RenameLink { link, to });
        Some(if renamed { to } else { link })
    }

    fn loopback_up(&mut self, name: Name) {
        self.add(&Operation::LinkUp(name));
        for address in self.host.snapshot().addresses() {
            if let Some(net) = address.net() {
                self.add(&Operation::DeleteAddress(AddressRequest::new(net, name)));
            }
        }
    }

    /// A cable in place of a link, and its name.
    fn cable(&mut self, link: &Link, free: &mut Free) -> Option<Name> {
        if !(1..=MAX_INDEX).contains(&link.index()) {
            self.remark(link.name(), "no link has such an index");
            return None;
        }
        let far = free.link("far", link.index())?;
        let request = |name| LinkRequest::veth(name, link.index(), far.0, far.1);
        let with_mac = |name| match link.mac() {
            Some(mac) if mac.as_bytes().len() == 6 && is_unicast(mac.as_bytes()) => {
                request(name).mac(*mac)
            }
            _ => request(name),
        };
        let mut name = link.name();
        if !self.add(&Operation::AddLink(with_mac(name))) {
            name = free.link("link", link.index())?.0;
            if !self.add(&Operation::AddLink(with_mac(name))) {
                return None;
            }
        }
        if let Some(kind) = link.kind().filter(|kind| *kind != "veth") {
            self.remark(name, &format!("it was a {}", kind.escape_debug()));
        }
        if link.master().is_some() {
            self.remark(name, "it belonged to another link");
        }
        if link.is_up() != Some(false) {
            self.add(&Operation::LinkUp(name));
        }
        let carrier = |flags: LinkFlags| flags.bits() & LinkFlags::RUNNING.bits() != 0;
        if link.flags().is_none_or(carrier) {
            self.add(&Operation::LinkUp(far.0));
        }
        Some(name)
    }

    fn address(&mut self, address: &Address, names: &HashMap<u32, Name>) {
        let name = address.link_index().and_then(|index| names.get(&index));
        let (Some(net), Some(name)) = (address.net(), name) else {
            self.remark(
                address.ip(),
                "a mask with holes, or a link that is not known",
            );
            return;
        };
        let mut request = AddressRequest::new(net, *name);
        if let Some(peer) = address.peer() {
            request = request.peer(peer);
        }
        // The label that an address has of itself is the name of its link.
        let label = address.label().filter(|label| label != name);
        if let Some(label) = label.filter(|_| net.addr().is_ipv4()) {
            request = request.label(label);
        }
        if let Some(scope) = address.scope() {
            request = request.scope(scope);
        }
        if let Some(flags) = address.flags() {
            request = request.flags(flags);
            let unsaid = flags.bits() & !SAID;
            if unsaid != 0 {
                let unsaid = AddressFlags::from_bits(unsaid);
                self.remark(address.ip(), &format!("without its {unsaid:?}"));
            }
        }
        // This is no command: iproute2 before 6.3 refuses it.
        if let Some(protocol) = address.protocol() {
            self.remark(address.ip(), &format!("without its proto {protocol}"));
        }
        let over = Some(Lifetime::Seconds(0));
        let valid = address
            .valid_lft()
            .filter(|lifetime| Some(*lifetime) != over);
        let deprecated = address
            .flags()
            .is_some_and(|f| f.contains(AddressFlags::DEPRECATED));
        let preferred = address.preferred_lft().filter(|_| !deprecated);
        let preferred = preferred.unwrap_or(if deprecated {
            Lifetime::Seconds(0)
        } else {
            Lifetime::Forever
        });
        request = request.lifetimes(valid.unwrap_or(Lifetime::Forever), preferred);
        self.add(&Operation::AddAddress(request));
    }
}

/// The flags that a command sets, and the flags that the kernel sets.
const SAID: u32 = AddressFlags::SECONDARY.bits()
    | AddressFlags::PERMANENT.bits()
    | AddressFlags::DEPRECATED.bits()
    | AddressFlags::NODAD.bits()
    | AddressFlags::HOMEADDRESS.bits()
    | AddressFlags::NOPREFIXROUTE.bits();

/// Names and indexes that no link of a host has.
struct Free {
    names: HashSet<Name>,
    indexes: HashSet<u32>,
    next: u32,
}

impl Free {
    fn of(host: &Snapshot) -> Self {
        let indexes: HashSet<u32> = host.links().iter().map(Link::index).collect();
        Self {
            names: host.links().iter().map(Link::name).collect(),
            next: indexes.iter().copied().max().unwrap_or(1),
            indexes,
        }
    }

    /// A name that shows its link, and an index.
    fn link(&mut self, prefix: &str, of: u32) -> Option<(Name, u32)> {
        let names = (0u32..).map(|again| match again {
            0 => format!("{prefix}{of}"),
            again => format!("{again}{prefix}{of}"),
        });
        let mut names = names.filter_map(|name| name.parse().ok());
        let name = names.find(|name| self.names.insert(*name))?;
        self.next = self.next % MAX_INDEX + 1;
        while !self.indexes.insert(self.next) {
            self.next = self.next % MAX_INDEX + 1;
        }
        Some((name, self.next))
    }
}

fn is_unicast(mac: &[u8]) -> bool {
    mac.first().is_some_and(|first| first & 1 == 0) && mac.iter().any(|byte| *byte != 0)
}

/// Whether two hosts list the same addresses in the same order.
fn lists_alike(a: &Snapshot, b: &Snapshot) -> bool {
    let entry = |address: Address| {
        let net = (address.ip(), address.netmask(), address.peer());
        let of_v4 = address.ip().is_ipv4();
        let scope = address.scope().unwrap_or(Scope::GLOBAL);
        (net, address.link_index(), of_v4.then_some(scope))
    };
    a.addresses().map(entry).eq(b.addresses().map(entry))
}
