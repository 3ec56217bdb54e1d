//! Floating addresses that come, go and move, on a node whose own address flaps.

use std::collections::BTreeSet;
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::managers::{Manager, Vip};
use super::nodes::ClusterHost;
use crate::model::{Host, Operation};
use crate::rule::Reason;
use crate::snapshot::{Link, Snapshot, is_link_local};

/// The highest number of floating addresses of a node.
const VIPS: usize = 3;

/// The highest number of events; each has up to four operations.
const HAPPENINGS: usize = 8;

/// The kind of floating addresses that come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vips {
    /// Addresses with decisive evidence: the rule sees that they float by the kernel's facts, as
    /// long as the node's own address is there.
    Marked,
    /// Any addresses, even unlabelled ones with the prefix length of the network. After a flap, no
    /// fact of the kernel distinguishes these from the node's own address.
    Any,
}

/// A node, and the events on it.
///
/// Printed, it is a script of `ip` commands; printed for debugging, the node as a snapshot before
/// it.
#[derive(Clone)]
pub struct Failover {
    node: ClusterHost,
    vips: Vec<(Manager, Vip)>,
    steps: Vec<Step>,
}

/// A step of a [`Failover`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// The host is changed. The kernel does not refuse it.
    Do(Operation),
    /// The daemon is started again, and the host stays as it is.
    Restart,
}

/// A moment of a [`Failover`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Moment {
    /// The number of steps that were taken.
    pub steps: usize,
    /// The list of the host.
    pub snapshot: Snapshot,
    /// Whether the node's own address is there, and its link is up.
    pub has_own: bool,
    /// Whether the daemon has just been started: at the beginning, and after [`Step::Restart`].
    pub starts: bool,
}

impl Failover {
    /// The node as it is at the start.
    pub fn node(&self) -> &ClusterHost {
        &self.node
    }

    /// The floating addresses of the failover, each with its manager.
    pub fn vips(&self) -> &[(Manager, Vip)] {
        &self.vips
    }

    /// By what the kernel shows that a floating address is one, as long as the node's own is there.
    pub(crate) fn mark_of(&self, ip: IpAddr) -> Option<Reason> {
        let (manager, vip) = self.vips.iter().find(|(_, vip)| vip.ip() == ip)?;
        mark(&self.node, *manager, vip)
    }

    /// The steps.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The moments before the first step and after each.
    pub fn moments(&self) -> impl Iterator<Item = Moment> + '_ {
        let mut host = self.node.host().clone();
        let steps = std::iter::once(None).chain(self.steps.iter().map(Some));
        steps.enumerate().map(move |(steps, step)| {
            if let Some(Step::Do(operation)) = step {
                let done = host.apply(operation);
                debug_assert!(done.is_ok(), "{operation}: {done:?}");
            }
            let snapshot = host.snapshot();
            Moment {
                steps,
                has_own: self.node.has_own(&snapshot),
                starts: matches!(step, None | Some(Step::Restart)),
                snapshot,
            }
        })
    }
}

impl fmt::Display for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.steps.iter().try_for_each(|step| writeln!(f, "{step}"))
    }
}

impl fmt::Debug for Failover {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}\n{self}", self.node)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Do(operation) => write!(f, "{operation}"),
            Self::Restart => f.write_str("# the daemon is started again"),
        }
    }
}

/// The events that may happen to a node of a strategy: floating addresses come, go and move to
/// another link, its own address goes and comes back, secondary addresses are promoted from now on
/// or not, the daemon is started again.
///
/// At most 3 floating addresses and 8 such events, of up to four operations each. It shrinks to
/// fewer of them, and to the first of the managers.
///
/// ```
/// use bindnet::Selector;
/// use bindnet::testing::strategies::{Vips, failover, node};
/// use proptest::prelude::*;
///
/// let nodes = node("192.0.2.0/24".parse().unwrap());
/// proptest!(|(failover in failover(nodes, Vips::Marked))| {
///     for moment in failover.moments().filter(|moment| moment.has_own) {
///         let decision = Selector::new(failover.node().bindnet()).decide(&moment.snapshot);
///         let own = failover.node().own().addr();
///         prop_assert_eq!(decision.chosen().map(|c| c.ip()), Some(own), "{:#}", decision);
///     }
/// });
/// ```
pub fn failover(
    nodes: impl Strategy<Value = ClusterHost> + 'static,
    vips: Vips,
) -> BoxedStrategy<Failover> {
    let drawn = (
        nodes,
        vec(managed(), 1..=VIPS),
        vec(happening(), 0..=HAPPENINGS),
    );
    let made = drawn.prop_map(move |(node, managed, happenings)| {
        let mut vips = drawn_vips(&node, managed, vips);
        vips.splice(0..0, node.vips.iter().copied());
        let mut course = Course::on(&node, &vips);
        for happening in happenings {
            course.happens(happening);
        }
        let Course { steps, touched, .. } = course;
        let has_to_do = |(at, vip)| (at < node.vips.len() || touched.contains(&at)).then_some(vip);
        let vips = vips.into_iter().enumerate().filter_map(has_to_do).collect();
        Failover { node, vips, steps }
    });
    made.boxed()
}

/// Nodes on which floating addresses are already, as their managers leave them; some came before
/// the node's own address.
///
/// ```
/// use bindnet::Selector;
/// use bindnet::testing::strategies::{Vips, node, with_vips};
/// use proptest::prelude::*;
///
/// let nodes = node("2001:db8::/64".parse().unwrap());
/// proptest!(|(node in with_vips(nodes, Vips::Marked))| {
///     prop_assert!(!node.vips().is_empty());
///     let decision = Selector::new(node.bindnet()).decide(&node.host().snapshot());
///     prop_assert_eq!(decision.chosen().map(|c| c.ip()), Some(node.own().addr()));
/// });
/// ```
pub fn with_vips(
    nodes: impl Strategy<Value = ClusterHost> + 'static,
    vips: Vips,
) -> BoxedStrategy<ClusterHost> {
    let managed = (managed(), any::<bool>());
    let made = (nodes, vec(managed, 1..=VIPS)).prop_map(move |(mut node, managed)| {
        let (managed, before): (Vec<_>, Vec<_>) = managed.into_iter().unzip();
        let drawn = drawn_vips(&node, managed, vips);
        let mut course = Course::on(&node, &[]);
        let takes = |before: bool, of: &[bool]| {
            let fit = drawn.iter().zip(of).filter(|(_, b)| **b == before);
            fit.flat_map(|((manager, vip), _)| manager.take(vip))
                .collect::<Vec<_>>()
        };
        if before.contains(&true) {
            course.extend([node.own_goes()]);
            course.extend(takes(true, &before));
            course.extend([node.own_comes()]);
        }
        course.extend(takes(false, &before));
        node.host = course.host;
        let taken = |net: &IpNet| drawn.iter().any(|(_, vip)| vip.ip() == net.addr());
        node.free.retain(|net| !taken(net));
        node.vips.extend(drawn);
        node
    });
    made.boxed()
}

fn managed() -> impl Strategy<Value = (Manager, Index)> {
    (select(Manager::ALL), any::<Index>())
}

/// Something that happens, to the floating address with this index.
#[derive(Clone, Copy, Debug)]
enum Happening {
    /// The address comes, or goes if it is there.
    Toggle(Index),
    /// The address goes, and comes to the other link.
    Move(Index),
    /// The node's own address goes, or comes if it is gone.
    ToggleOwn,
    /// The node's own address goes, and comes back.
    Flap,
    /// Secondary addresses of the link of the node are promoted from now on, or not.
    Promote(bool),
    Restart,
}

fn happening() -> impl Strategy<Value = Happening> {
    prop_oneof![
        6 => any::<Index>().prop_map(Happening::Toggle),
        2 => any::<Index>().prop_map(Happening::Move),
        2 => Just(Happening::Flap),
        1 => Just(Happening::ToggleOwn),
        1 => any::<bool>().prop_map(Happening::Promote),
        1 => Just(Happening::Restart),
    ]
}

/// Free addresses of a node with managers that may have them.
fn drawn_vips(
    node: &ClusterHost,
    managed: Vec<(Manager, Index)>,
    which: Vips,
) -> Vec<(Manager, Vip)> {
    let Some(link) = node.links().first().copied() else {
        return Vec::new();
    };
    let listed = node.host().snapshot();
    let last = listed.links().iter().map(Link::index).max().unwrap_or(0);
    let mut free = node.free().to_vec();
    let mut vips = Vec::new();
    for ((manager, at), number) in managed.into_iter().zip(node.vips.len()..) {
        let number = u8::try_from(number).unwrap_or(u8::MAX);
        if free.is_empty() {
            break;
        }
        let vip = Vip::new(free.remove(at.index(free.len())), link)
            .router(number.saturating_add(51))
            .made_index(last.saturating_add(u32::from(number) + 1));
        // Those that may not come give way to the next that may.
        let from = Manager::ALL.iter().position(|m| *m == manager).unwrap_or(0);
        let managers = Manager::ALL.iter().cycle().skip(from);
        let mut fit = managers.take(Manager::ALL.len()).filter(|manager| {
            manager.manages(vip.ip())
                && (which == Vips::Any || mark(node, **manager, &vip).is_some())
        });
        vips.extend(fit.next().map(|manager| (*manager, vip)));
    }
    vips
}

/// The decisive evidence against the address that there is as long as the node's own is there.
fn mark(node: &ClusterHost, manager: Manager, vip: &Vip) -> Option<Reason> {
    let own = node.own();
    manager.evidence(vip).filter(|reason| {
        let is_host = own.prefix_len() == own.max_prefix_len();
        let contains = !is_host && !is_link_local(own.addr()) && own.contains(&vip.ip());
        *reason != Reason::HostPrefixInSubnet || contains
    })
}

/// Steps in the making.
struct Course<'a> {
    node: &'a ClusterHost,
    vips: Vec<(Manager, Vip)>,
    /// The floating addresses to which anything happened.
    touched: BTreeSet<usize>,
    host: Host,
    steps: Vec<Step>,
}

impl<'a> Course<'a> {
    fn on(node: &'a ClusterHost, vips: &[(Manager, Vip)]) -> Self {
        Self {
            node,
            vips: vips.to_vec(),
            touched: BTreeSet::new(),
            host: node.host().clone(),
            steps: Vec::new(),
        }
    }

    fn happens(&mut self, happening: Happening) {
        match happening {
            Happening::Toggle(at) => {
                if let Some((manager, vip)) = self.at(at).copied() {
                    let operations = if self.is_there(manager, &vip) {
                        manager.give_up(&vip)
                    } else {
                        manager.take(&vip)
                    };
                    self.extend(operations);
                }
            }
            Happening::Move(at) => {
                let links = self.node.links().to_vec();
                if let Some((manager, vip)) = self.at(at) {
                    let (manager, from) = (*manager, *vip);
                    let other = links.iter().find(|link| **link != from.link());
                    *vip = vip.on(other.copied().unwrap_or(from.link()));
                    let to = *vip;
                    self.extend(manager.give_up(&from));
                    self.extend(manager.take(&to));
                }
            }
            Happening::ToggleOwn => {
                let operation = if self.node.has_own(&self.host.snapshot()) {
                    self.node.own_goes()
                } else {
                    self.node.own_comes()
                };
                self.extend([operation]);
            }
            Happening::Flap => self.extend([self.node.own_goes(), self.node.own_comes()]),
            Happening::Promote(on) => {
                let link = self.node.own_link();
                self.extend([Operation::PromoteSecondaries { link, on }]);
            }
            Happening::Restart => self.steps.push(Step::Restart),
        }
    }

    fn at(&mut self, at: Index) -> Option<&mut (Manager, Vip)> {
        let at = at.index(self.vips.len().max(1));
        self.touched.insert(at);
        self.vips.get_mut(at)
    }

    fn is_there(&self, manager: Manager, vip: &Vip) -> bool {
        let host = self.host.snapshot();
        let link = host.link_named(&manager.link(vip).into()).map(Link::index);
        let mut addresses = host.addresses();
        addresses.any(|a| a.net() == Some(manager.net(vip)) && a.link_index() == link)
    }

    /// Adds the operations that the kernel does not refuse.
    fn extend(&mut self, operations: impl IntoIterator<Item = Operation>) {
        for operation in operations {
            if self.host.apply(&operation).is_ok() {
                self.steps.push(Step::Do(operation));
            }
        }
    }
}
