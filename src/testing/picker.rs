//! The picker that a law judges: a daemon's way to pick its address.

use std::fmt;
use std::net::IpAddr;

use crate::rule::{Decide, Decision, Selector};
use crate::snapshot::Snapshot;

/// A way to pick the address of a host that a daemon binds.
///
/// Everything that [decides](Decide) is a picker, for example a [`Selector`]. [`PickBy`] makes one
/// of any function.
pub trait Picker {
    /// The question: the bindnetaddr, the lists and the rules by which a law knows what matches,
    /// what floats and what can be bound.
    fn selector(&self) -> &Selector;

    /// The address to bind on a host, if there is one; `previous` is the remembered choice.
    fn pick(&self, host: &Snapshot, previous: Option<IpAddr>) -> Option<IpAddr>;

    /// The decision that stands behind it, where a [`Selector`] picks: a law then looks at the
    /// reasons, too, and at whether it was close.
    fn decision(&self, host: &Snapshot, previous: Option<IpAddr>) -> Option<Decision> {
        let _ = (host, previous);
        None
    }

    /// The same way to pick, asked with another selector, as after a line of advice was followed. `None`
    /// if it answers one question only, as a [`PickBy`] does.
    fn asking(&self, selector: Selector) -> Option<Box<dyn Picker + '_>> {
        let _ = selector;
        None
    }

    /// Whether it heeds the remembered choice. Of one that does not,
    /// [`laws::all`](super::laws::all) and [`laws::FAILOVERS`](super::laws::FAILOVERS) expect less.
    fn remembers(&self) -> bool {
        true
    }
}

impl<D: Decide + Clone> Picker for D {
    fn selector(&self) -> &Selector {
        Decide::selector(self)
    }

    fn pick(&self, host: &Snapshot, previous: Option<IpAddr>) -> Option<IpAddr> {
        let decision = remembering(self, previous).decide(host);
        decision.chosen().map(|chosen| chosen.ip())
    }

    fn decision(&self, host: &Snapshot, previous: Option<IpAddr>) -> Option<Decision> {
        Some(remembering(self, previous).decide(host))
    }

    fn asking(&self, selector: Selector) -> Option<Box<dyn Picker + '_>> {
        let mut same = self.clone();
        *same.selector_mut() = selector;
        Some(Box::new(same))
    }
}

/// The same selector with the remembered choice; its own one, if it has one, where there is none.
pub(super) fn remembering<D: Decide + Clone>(selector: &D, previous: Option<IpAddr>) -> D {
    let mut selector = selector.clone();
    if let Some(previous) = previous {
        selector.selector_mut().previous = Some(previous.into());
    }
    selector
}

/// A function as a [`Picker`], with the selector that says what it was asked.
///
/// ```
/// use bindnet::testing::{PickBy, Picker};
/// use bindnet::{Address, Link, Selector, Snapshot};
///
/// let asked = Selector::new("192.0.2.0".parse()?);
/// let bindnet = asked.bindnet().clone();
/// let first = PickBy::new(asked, |host, _previous| {
///     let mut found = Vec::new();
///     bindnet.each_match(host, |address, _| found.push(address.ip()));
///     found.first().copied()
/// });
///
/// let eth0 = Link::new(2, "eth0".parse()?);
/// let host = Snapshot::new([eth0], [Address::new("192.0.2.10/24".parse()?, 2)])?;
/// assert_eq!(first.pick(&host, None), Some("192.0.2.10".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct PickBy<F> {
    selector: Selector,
    pick: F,
    remembers: bool,
}

impl<F: Fn(&Snapshot, Option<IpAddr>) -> Option<IpAddr>> PickBy<F> {
    /// Picks by this function, whose second argument is the remembered choice.
    pub fn new(selector: Selector, pick: F) -> Self {
        Self {
            selector,
            pick,
            remembers: true,
        }
    }

    /// The same of a daemon that remembers nothing.
    ///
    /// It cannot keep the law of stickiness, and with a floating address that nothing gives away
    /// it loses its own. What can be expected of it all the same is expected.
    #[must_use]
    pub fn without_memory(mut self) -> Self {
        self.remembers = false;
        self
    }
}

impl<F: Fn(&Snapshot, Option<IpAddr>) -> Option<IpAddr>> Picker for PickBy<F> {
    fn selector(&self) -> &Selector {
        &self.selector
    }

    fn pick(&self, host: &Snapshot, previous: Option<IpAddr>) -> Option<IpAddr> {
        (self.pick)(host, previous)
    }

    fn remembers(&self) -> bool {
        self.remembers
    }
}

impl<F> fmt::Debug for PickBy<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PickBy")
            .field("selector", &self.selector)
            .field("remembers", &self.remembers)
            .finish_non_exhaustive()
    }
}
