//! Ways of picking an address that are wrong, each found in the field, and the outage that it
//! causes.
//!
//! They show what the [`laws`](super::laws) are for, and that these find it. "breaks" is found with
//! any seed, "some" in some networks or not always; the table is tested.
//!
//! | picker | determinism | vip_invariance | order | soundness | stickiness | family | replay | failovers |
//! |---|---|---|---|---|---|---|---|---|
//! | [`first_match`] | | breaks | | breaks | breaks | | | breaks |
//! | [`reversed`] | | breaks | breaks | breaks | breaks | | | breaks |
//! | [`patched`] | | breaks | breaks | breaks | breaks | | | breaks |
//! | [`skip_secondary`] | | breaks | some | breaks | breaks | | | breaks |
//! | [`skip_labels`] | | breaks | | breaks | breaks | | | breaks |
//! | [`lowest_address`] | | breaks | breaks | breaks | breaks | | | breaks |
//! | [`hash_order`] | breaks | breaks | breaks | breaks | breaks | breaks | breaks | breaks |
//! | [`round_robin`] | breaks | breaks | breaks | breaks | breaks | breaks | breaks | breaks |
//! | [`at_random`] | breaks | breaks | breaks | breaks | breaks | breaks | breaks | breaks |
//! | [`by_text`] | | breaks | some | breaks | breaks | | | breaks |
//! | [`first_of_host`] | | breaks | breaks | breaks | breaks | breaks | | breaks |
//! | [`busiest_link`] | | breaks | some | breaks | breaks | breaks | | breaks |
//! | [`trusts_memory`] | | | | breaks | | | | |
//! | [`forgets`] | | | | | breaks | | | breaks |
//! | [`too_careful`] | | breaks | | | breaks | | | breaks |
//! | [`nothing`] | | | | breaks | breaks | | | breaks |
//!
//! ```should_panic
//! use bindnet::{Selector, testing::{laws, wrong}};
//!
//! let asked = Selector::new("203.0.113.0".parse()?);
//! laws::vip_invariance(&wrong::picker(asked, wrong::first_match));
//! # Ok::<(), bindnet::ParseBindnetError>(())
//! ```

use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::picker::{PickBy, Picker};
use crate::rule::{Bindnet, Selector};
use crate::snapshot::{Address, Scope, Snapshot};

/// A wrong way: what is asked, the host and the remembered choice in, an address out.
pub type Wrong = fn(&Selector, &Snapshot, Option<IpAddr>) -> Option<IpAddr>;

/// All of them by name.
pub const ALL: &[(&str, Wrong)] = &[
    ("first_match", first_match),
    ("reversed", reversed),
    ("patched", patched),
    ("skip_secondary", skip_secondary),
    ("skip_labels", skip_labels),
    ("lowest_address", lowest_address),
    ("hash_order", hash_order),
    ("round_robin", round_robin),
    ("at_random", at_random),
    ("by_text", by_text),
    ("first_of_host", first_of_host),
    ("busiest_link", busiest_link),
    ("trusts_memory", trusts_memory),
    ("forgets", forgets),
    ("too_careful", too_careful),
    ("nothing", nothing),
];

/// A wrong way as a picker.
pub fn picker(asked: Selector, wrong: Wrong) -> impl Picker {
    let by = asked.clone();
    PickBy::new(asked, move |host, previous| wrong(&by, host, previous))
}

/// Takes the first address that matches: Corosync from 2.0.1 on, and most programs that walk
/// getifaddrs(3).
///
/// A floating address comes first where it is a /32, whose label nobody reads, and after one
/// flap of the node's own address wherever it is. At the next restart the daemon binds it, and
/// its peers, who have never heard of it, fence the node.
pub fn first_match(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    matching(asked, host).first().map(Address::ip)
}

/// Takes the last one: Corosync 2.0.0, which built its list from behind.
///
/// A floating address is added last and therefore taken at the next restart. This split a cluster
/// in May 2012: each node in turn bound the floating address after a rolling restart.
pub fn reversed(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    matching(asked, host).last().map(Address::ip)
}

/// Takes the last one without a colon in its label: the patch of 2012.
///
/// Most managers give their addresses no label, and IPv6 has none.
pub fn patched(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let addresses = matching(asked, host);
    let mut unlabelled = addresses.iter().filter(|address| !is_labelled(address));
    unlabelled.next_back().map(Address::ip)
}

/// Takes the first one that is not secondary.
///
/// A floating /32 is primary. And with `promote_secondaries=1`, systemd's default, one flap of the
/// node's address leaves the floating one primary and the node's own secondary: the daemon moves
/// at the next restart, and stays there.
pub fn skip_secondary(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let addresses = matching(asked, host);
    let mut primary = addresses.iter().filter(|a| a.is_secondary() != Some(true));
    primary.next().map(Address::ip)
}

/// Takes the first one without a colon in its label.
///
/// It does where `IPaddr2` of Pacemaker sets a label, and nowhere else: keepalived sets none
/// unless it is told to, and IPv6 has none.
pub fn skip_labels(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let addresses = matching(asked, host);
    let mut unlabelled = addresses.iter().filter(|address| !is_labelled(address));
    unlabelled.next().map(Address::ip)
}

/// Takes the lowest one, so that the order of the list does not matter.
///
/// Whoever plans networks gives floating addresses the low numbers, .1 and .5, as gateways have
/// them: the node with the floating address binds it, and after a failover two nodes change
/// their address at once.
pub fn lowest_address(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    matching(asked, host).iter().map(Address::ip).min()
}

/// Takes what a hash map yields first.
///
/// The same daemon on the same host binds another address after each restart, and no test that
/// has one address finds it.
pub fn hash_order(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let addresses: HashSet<IpAddr> = matching(asked, host).iter().map(Address::ip).collect();
    addresses.into_iter().next()
}

/// Takes one after the other, to spread the load.
///
/// Right for a client, and for the sockets of a server; the peers of a cluster member that comes
/// from an address which is not in their list drop what it sends.
pub fn round_robin(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let addresses = matching(asked, host);
    let at = NEXT
        .fetch_add(1, Ordering::Relaxed)
        .checked_rem(addresses.len())?;
    addresses.get(at).map(Address::ip)
}

/// Begins at a random place of the list, so that not every node takes its first.
///
/// As with [`hash_order`] each restart is a draw; where it only breaks ties, the tie is between the
/// node's own address and the floating one.
pub fn at_random(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let addresses = matching(asked, host);
    let drawn = RandomState::new().build_hasher().finish() as usize;
    addresses
        .get(drawn.checked_rem(addresses.len())?)
        .map(Address::ip)
}

/// Takes the first one that begins with the same letters: a script with `grep 192.168.1`.
///
/// `192.168.1` is the beginning of `192.168.10.1`, too: the daemon binds the storage network when
/// that comes up first.
pub fn by_text(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let text = asked.bindnet().ip().to_string();
    let start = text.trim_end_matches(".0").trim_end_matches(':');
    let mut ips = host.addresses().map(|address| address.ip());
    ips.find(|ip| ip.to_string().starts_with(start))
}

/// Takes the first global address of the host, whatever is asked: what its name resolves to.
///
/// One cable more, or an address of another family, and the daemon binds a network in which it
/// has no peers.
pub fn first_of_host(_: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let is_global = |address: &Address| address.scope().is_none_or(|scope| scope == Scope::GLOBAL);
    host.addresses().find(is_global).map(|address| address.ip())
}

/// Takes the first one on the link that has most addresses.
///
/// A worker of Kubernetes gets a link and some addresses with each pod.
pub fn busiest_link(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let addresses = matching(asked, host);
    let on = |link| host.addresses().filter(|a| a.link_index() == link).count();
    // Of several that have as many the first: max_by_key would take the last.
    let mut best: Option<(usize, IpAddr)> = None;
    for address in &addresses {
        let count = on(address.link_index());
        if best.is_none_or(|(most, _)| count > most) {
            best = Some((count, address.ip()));
        }
    }
    best.map(|(_, ip)| ip)
}

/// Takes what is remembered without looking whether it is there, and decides well else.
///
/// After the node was renumbered bind(2) fails with EADDRNOTAVAIL, at each start, until somebody
/// finds the state file.
pub fn trusts_memory(
    asked: &Selector,
    host: &Snapshot,
    previous: Option<IpAddr>,
) -> Option<IpAddr> {
    previous.or_else(|| asked.pick(host, None))
}

/// Decides well, and heeds no memory.
///
/// Evidence is not everywhere: a floating address without label, protocol and /32 that stands
/// first after a flap is taken at the next restart.
pub fn forgets(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    asked.pick(host, None)
}

/// Takes an address where it is the only one that matches, and none otherwise.
///
/// The node that holds the floating address does not start again, which is when it is needed most.
pub fn too_careful(asked: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let only = matching(asked, host).len() == 1;
    asked.pick(host, None).filter(|_| only)
}

/// Takes none: it does nothing wrong, and the daemon never starts.
pub fn nothing(_: &Selector, _: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    None
}

/// What matches, in kernel order, whether or not it can be bound.
fn matching(asked: &Selector, host: &Snapshot) -> Vec<Address> {
    let bindnet: &Bindnet = asked.bindnet();
    let mut addresses = Vec::new();
    bindnet.each_match(host, |address, _| addresses.push(address));
    addresses
}

fn is_labelled(address: &Address) -> bool {
    address
        .label()
        .is_some_and(|label| label.as_bytes().contains(&b':'))
}
