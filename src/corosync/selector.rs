//! A selector that decides by a profile.

use std::net::IpAddr;

use super::profile::Profile;
use super::report::describe;
use super::walk::Walk;
use crate::rule::{
    Candidates, Decide, Decision, LinkIndexes, Needs, Restriction, Selector, View, WhyNone,
};
use crate::snapshot::{Bits, Snapshot, Table};

/// A [`Selector`] that decides by a [`Profile`]: as Corosync does, or by our rule.
///
/// Corosync knows no memory and no strictness; evidence and declarations are reported, and change
/// nothing.
///
/// ```
/// use bindnet::corosync::{Profile, ProfileSelector};
/// use bindnet::choice::Tracker;
/// use bindnet::{Address, EventKind, Link, Selector, Snapshot};
///
/// let host = Snapshot::new(
///     [Link::new(2, "eth0".parse()?)],
///     [
///         Address::new("192.0.2.20/24".parse()?, 2).with_label("eth0:vip".parse()?),
///         Address::new("192.0.2.10/24".parse()?, 2).with_label("eth0".parse()?),
///     ],
/// )?;
/// let selector = Selector::new("192.0.2.0".parse()?);
/// let corosync = ProfileSelector::new("corosync:3.1.7".parse()?, selector);
/// let decision = corosync.decide(&host);
/// assert_eq!(decision.profile(), "corosync:3.1.7");
/// assert_eq!(decision.chosen().unwrap().ip().to_string(), "192.0.2.20");
///
/// let mut tracker = Tracker::new(corosync);
/// assert_eq!(tracker.update(&host).unwrap().kind(), EventKind::Initial);
/// assert_eq!(tracker.choice().unwrap().ip().to_string(), "192.0.2.20");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a selector decides nothing by itself"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProfileSelector {
    pub(crate) profile: Profile,
    pub(crate) selector: Selector,
}

impl ProfileSelector {
    /// A selector that decides by the rule of a profile.
    pub fn new(profile: Profile, selector: Selector) -> Self {
        Self { profile, selector }
    }

    /// The rule that decides.
    pub fn profile(&self) -> Profile {
        self.profile
    }

    /// Decides.
    pub fn decide(&self, host: &Snapshot) -> Decision {
        let Some(walk) = Walk::of(self.profile) else {
            return self.selector.decide(host);
        };
        match self.selector.bindnet.ip() {
            IpAddr::V4(ip) => self.walk(walk, host, &host.v4, ip.to_bits()),
            IpAddr::V6(ip) => self.walk(walk, host, &host.v6, ip.to_bits()),
        }
    }

    fn walk<A: Bits>(&self, walk: Walk, host: &Snapshot, table: &Table<A>, ip: A) -> Decision {
        let selector = &self.selector;
        let view = View::new(host, table, self.needs().restriction(host));
        let choice = if !selector.bindnet.networks().is_empty() {
            (Candidates::new(), Err(WhyNone::Refused))
        } else {
            // The reasons are reported; nothing is skipped because of them.
            let mut candidates = walk.candidates(&view, ip);
            view.weigh(selector, &mut candidates);
            walk.skip(&mut candidates);
            view.weigh_siblings(selector, &mut candidates);
            let result = walk.first(&candidates);
            (candidates, result)
        };
        let mut decision = selector.conclude(&view, ip, choice);
        decision.made_by = Some(Box::new(describe(&decision, self.profile, walk)));
        decision
    }
}

impl Decide for ProfileSelector {
    fn decide(&self, host: &Snapshot) -> Decision {
        ProfileSelector::decide(self, host)
    }

    fn selector(&self) -> &Selector {
        &self.selector
    }

    fn selector_mut(&mut self) -> &mut Selector {
        &mut self.selector
    }

    fn needs(&self) -> Needs {
        let needs = self.selector.needs();
        match self.profile {
            Profile::Default => needs,
            // Corosync reads the zone of a link-local address and drops it.
            _ => Needs {
                zone: None,
                ..needs
            },
        }
    }

    fn links_needed(&self, addresses: &Snapshot) -> LinkIndexes {
        let Some(walk) = Walk::of(self.profile) else {
            return self.selector.links_needed(addresses);
        };
        let (rules, all) = (&self.selector.rules, Restriction::None);
        match self.selector.bindnet.ip() {
            IpAddr::V4(ip) => {
                let (view, ip) = (View::new(addresses, &addresses.v4, all), ip.to_bits());
                view.links_needed(rules, |found| walk.each(&view, ip, found), ip)
            }
            IpAddr::V6(ip) => {
                let (view, ip) = (View::new(addresses, &addresses.v6, all), ip.to_bits());
                view.links_needed(rules, |found| walk.each(&view, ip, found), ip)
            }
        }
    }

    fn masters_needed(&self, addresses: &Snapshot) -> LinkIndexes {
        match self.profile {
            Profile::Default => self.selector.masters_needed(addresses),
            _ => LinkIndexes::new(),
        }
    }
}

impl From<Selector> for ProfileSelector {
    /// By our rule.
    fn from(selector: Selector) -> Self {
        Self::new(Profile::Default, selector)
    }
}
