//! Wrong ways of picking an address. Each was found in the field, and causes an outage.
//!
//! They show the purpose of the [`laws`](super::laws), and that the laws find them. "breaks" is
//! found with any seed, "some" in some networks or not always; the table is tested.
//!
//! | picker | determinism | vip_invariance | order | numbers | soundness | stickiness | patience | advice_settles | family | replay | failovers |
//! |---|---|---|---|---|---|---|---|---|---|---|---|
//! | [`reversed`] | | breaks | breaks | | breaks | breaks | | breaks | | | breaks |
//! | [`lowest`] | | breaks | breaks | breaks | breaks | breaks | | breaks | | | breaks |
//! | [`skip_secondary`] | | breaks | some | | breaks | breaks | | breaks | | | breaks |
//! | [`skip_labels`] | | breaks | some | | breaks | breaks | | breaks | | | breaks |
//! | [`longest_prefix`] | | breaks | breaks | | breaks | breaks | | breaks | | | breaks |
//! | [`hash_order`] | breaks | breaks | breaks | breaks | breaks | breaks | breaks | breaks | breaks | breaks | breaks |
//! | [`first_of_host`] | | breaks | breaks | | breaks | breaks | | breaks | breaks | | breaks |
//! | [`bindable_now`] | | breaks | some | | | breaks | breaks | breaks | | | breaks |
//! | [`trusts_memory`] | | | | | breaks | | | some | | | |
//! | [`forgets`] | | | | | | breaks | some | | | | breaks |
//! | [`ignores_lists`] | | | | | | | | breaks | | | |
//!
//! ```should_panic
//! use bindnet::{Selector, testing::{laws, wrong}};
//!
//! let selector = Selector::new("203.0.113.0".parse()?);
//! laws::VIP_INVARIANCE.assert(&wrong::picker(selector, wrong::longest_prefix));
//! # Ok::<(), bindnet::ParseError>(())
//! ```

use std::collections::HashSet;
use std::net::IpAddr;

use super::picker::Picker;
use crate::rule::{Declared, Selector};
use crate::snapshot::{Address, AddressFlags, Scope, Snapshot};

/// A wrong way: from a selector, a host and the remembered choice to an address.
pub type Wrong = fn(&Selector, &Snapshot, Option<IpAddr>) -> Option<IpAddr>;

/// All of them by name.
pub const ALL: &[(&str, Wrong)] = &[
    ("reversed", reversed),
    ("lowest", lowest),
    ("skip_secondary", skip_secondary),
    ("skip_labels", skip_labels),
    ("longest_prefix", longest_prefix),
    ("hash_order", hash_order),
    ("first_of_host", first_of_host),
    ("bindable_now", bindable_now),
    ("trusts_memory", trusts_memory),
    ("forgets", forgets),
    ("ignores_lists", ignores_lists),
];

/// A wrong way as a picker.
pub fn picker(selector: Selector, wrong: Wrong) -> impl Picker {
    Asked { selector, wrong }
}

/// A wrong way with the selector that it is asked with.
#[derive(Debug)]
struct Asked {
    selector: Selector,
    wrong: Wrong,
}

impl Picker for Asked {
    fn selector(&self) -> &Selector {
        &self.selector
    }

    fn pick(&self, host: &Snapshot, previous: Option<IpAddr>) -> Option<IpAddr> {
        let remembered = self.selector.previous.map(|previous| previous.ip());
        (self.wrong)(&self.selector, host, previous.or(remembered))
    }

    fn asking(&self, selector: Selector) -> Option<Box<dyn Picker + '_>> {
        Some(Box::new(picker(selector, self.wrong)))
    }
}

/// Takes the last one, as Corosync 2.0.0, which built its list from the end.
///
/// A floating address is added last and therefore taken at the next restart. This split a cluster
/// in May 2012: each node in turn bound the floating address after a rolling restart.
pub fn reversed(selector: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    matching(selector, host).last().map(Address::ip)
}

/// Takes the one with the lowest number.
///
/// It goes well as long as the node has a lower number than the floating addresses. If a floating address
/// has the lowest number, every node binds it after a failover, and its peers have never heard of it.
pub fn lowest(selector: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    matching(selector, host).iter().map(Address::ip).min()
}

/// Takes the first one that is not secondary.
///
/// A floating /32 is primary. And with `promote_secondaries=1`, systemd's default, one flap of the
/// node's address leaves the floating one primary and the node's own secondary: the daemon moves
/// at the next restart, and stays there.
pub fn skip_secondary(selector: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let addresses = matching(selector, host);
    let mut primary = addresses.iter().filter(|a| a.is_secondary() != Some(true));
    primary.next().map(Address::ip)
}

/// Takes the first one without a colon in its label.
///
/// This works only if `IPaddr2` of Pacemaker sets a label. keepalived sets none unless it is
/// configured to, and IPv6 has none.
pub fn skip_labels(selector: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let addresses = matching(selector, host);
    let mut unlabelled = addresses.iter().filter(|address| !is_labelled(address));
    unlabelled.next().map(Address::ip)
}

/// Takes the first one of those with the longest prefix, as routing does.
///
/// Most cluster managers can add a floating address as a /32 or a /128, and some do nothing else:
/// the node that has it binds it at the next restart.
pub fn longest_prefix(selector: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let addresses = matching(selector, host);
    let longest = addresses.iter().map(prefix_len).max();
    let mut found = addresses.iter().filter(|a| Some(prefix_len(a)) == longest);
    found.next().map(Address::ip)
}

/// Takes the first address of a hash map.
///
/// The same daemon on the same host binds a different address after each restart. A test with one
/// address does not find it.
pub fn hash_order(selector: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let addresses: HashSet<IpAddr> = matching(selector, host).iter().map(Address::ip).collect();
    addresses.into_iter().next()
}

/// Takes the first global address of the host, as a lookup of the hostname does.
///
/// After one more cable, or an address of the other family, the daemon binds a network without its
/// peers.
pub fn first_of_host(_: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let is_global = |address: &Address| address.scope().is_none_or(|scope| scope == Scope::GLOBAL);
    host.addresses().find(is_global).map(|address| address.ip())
}

/// Takes the first one that bind(2) accepts, as a loop over all addresses does.
///
/// At boot the own IPv6 address is tentative for a second or two, and a floating one that skips duplicate
/// address detection is not: the daemon binds that. The same host started a second later binds its own.
pub fn bindable_now(selector: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    let addresses = matching(selector, host);
    let mut bindable = addresses.iter().filter(|address| is_bindable(address));
    bindable.next().map(Address::ip)
}

/// Takes the remembered address without a look at the host, and decides well if there is none.
///
/// After the node was renumbered bind(2) fails with EADDRNOTAVAIL, at each start, until somebody
/// finds the state file.
pub fn trusts_memory(
    selector: &Selector,
    host: &Snapshot,
    previous: Option<IpAddr>,
) -> Option<IpAddr> {
    previous.or_else(|| selector.pick(host, None))
}

/// Decides well, but ignores the memory.
///
/// Not every floating address has evidence. One without label, protocol and /32 that is first after
/// a flap is taken at the next restart.
pub fn forgets(selector: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    selector.pick(host, None)
}

/// Decides well by the evidence, but ignores the lists of floating and fixed addresses.
///
/// Most floating addresses have no evidence. The operator declares one, the daemon binds it all the same,
/// and nothing that the operator writes helps.
pub fn ignores_lists(
    selector: &Selector,
    host: &Snapshot,
    previous: Option<IpAddr>,
) -> Option<IpAddr> {
    let without = selector.clone().declared(Declared::default());
    without.pick(host, previous)
}

/// The addresses that match, in kernel order, even if they cannot be bound.
fn matching(selector: &Selector, host: &Snapshot) -> Vec<Address> {
    let mut addresses = Vec::new();
    selector
        .bindnet()
        .each_match(host, |address, _| addresses.push(address));
    addresses
}

/// That of a mask with gaps is the shortest.
fn prefix_len(address: &Address) -> u8 {
    address.netmask().prefix_len().unwrap_or(0)
}

fn is_labelled(address: &Address) -> bool {
    address.label().is_some_and(|label| label.is_alias())
}

/// Whether bind(2) accepts it now.
fn is_bindable(address: &Address) -> bool {
    let has = |flag| address.flags().is_some_and(|flags| flags.contains(flag));
    let tentative = has(AddressFlags::TENTATIVE) && !has(AddressFlags::OPTIMISTIC);
    !tentative && !has(AddressFlags::DADFAILED)
}
