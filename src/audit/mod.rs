//! Finds the failovers, flaps and restarts that would move a choice. They are simulated on the
//! model of the kernel's address list.

mod finding;
#[cfg(feature = "serde")]
mod json;
mod newcomer;
mod sandbox;
mod scenarios;

use std::net::IpAddr;
use std::ops::ControlFlow;

use sandbox::after_dad;
use scenarios::{Run, Setup, vips};

pub use finding::*;

use crate::explain::{Advice, Setting};
use crate::rule::{Candidate, Decide, Decision, ScopedAddr, Verdict};
use crate::snapshot::{Name, Snapshot};

/// The highest number of simulated addresses that float or may float. Each costs about as much as a
/// decision on the whole host.
const MOST_VIPS: usize = 100;

/// The highest number of other addresses that advice names: they fit on a screen.
const MOST_OTHERS: usize = 19;

impl Audit {
    /// Simulates cluster life on a model of the kernel's address list. The result has the scenarios
    /// that would move the choice of a daemon that restarts after them.
    ///
    /// `None` if nothing is chosen. The snapshot must be the list of a kernel, and must have the
    /// link of the choice. The daemon decides by the selector as it is: it still has its memory
    /// ([`Selector::previous`](crate::Selector::previous)), and a strict one binds nothing if its
    /// decision is ambiguous.
    ///
    /// A scenario is left out if the host has no free address or no link for it. It is also left
    /// out if the kernel would refuse it, or if the chosen address is gone after it, except
    /// [`Scenario::ChosenVipLeaves`]: a choice that floats never passes.
    ///
    /// The other candidates may float, and so may addresses that float by evidence or declaration.
    /// At most a hundred are simulated ([`Audit::left_out`]): first those that match, then the
    /// others, in kernel order. Primary addresses take others along when they go; they come before
    /// their secondaries.
    ///
    /// ```
    /// use bindnet::audit::{Audit, Fate, Scenario};
    /// use bindnet::explain::Setting;
    /// use bindnet::snapshot::AddressFlags;
    /// use bindnet::{Address, Link, Selector, Snapshot};
    ///
    /// let permanent = AddressFlags::PERMANENT;
    /// let node = Address::new("192.0.2.10/24".parse()?, 2).with_flags(permanent);
    /// let vip = Address::new("192.0.2.20/24".parse()?, 2)
    ///     .with_flags(permanent | AddressFlags::SECONDARY);
    /// let host = Snapshot::new([Link::new(2, "eth0".parse()?)], [node, vip])?;
    ///
    /// let selector = Selector::new("192.0.2.0".parse()?);
    /// let audit = Audit::of(&selector, &host).unwrap();
    /// let flap = audit.findings.iter().find(|f| f.scenario == Scenario::OwnAddressFlapPromoted);
    /// assert_eq!(flap.unwrap().fate, Fate::Moves("192.0.2.20".parse()?));
    /// assert_eq!(audit.advice[0].setting, Setting::Fixed("192.0.2.10/32".parse()?));
    ///
    /// // A daemon that remembers does not move.
    /// let selector = selector.previous("192.0.2.10".parse()?);
    /// assert!(!Audit::of(&selector, &host).unwrap().moves());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of<D: Decide + Clone>(selector: &D, host: &Snapshot) -> Option<Self> {
        let mut selector = selector.clone();
        selector.selector_mut().list_all = true;
        let selector = &selector;
        let decision = selector.decide(host);
        let chosen = decision.chosen()?;
        let after_dad = after_dad(host)?;
        let check = Check {
            host,
            after_dad: &after_dad,
            chosen: chosen.scoped_addr(),
            others: others(&decision),
            interface: chosen.interface(),
            is_ours: decision.is_ours(),
            setup: Setup::new(&after_dad, &decision)?,
        };
        let mut forgetful = selector.clone();
        let remembers = forgetful.selector_mut().previous.take().is_some();
        let mut vips = vips(&decision);
        let mut audit = Self {
            left_out: vips.len().saturating_sub(MOST_VIPS),
            ..Self::default()
        };
        vips.truncate(MOST_VIPS);
        let _ = check.setup.run_each(&vips, &mut |run| {
            let fate = check.fate(run, selector, check.chosen);
            let mut found = Finding::new(run.scenario, run.about.clone(), fate);
            found.interrupts = run.interrupts;
            found.network = run.network;
            if remembers {
                found.without_memory = check.fate(run, &forgetful, check.chosen);
            }
            audit.findings.push(found);
            ControlFlow::Continue(())
        });
        if audit.moves() {
            audit.advice = check.advice(selector, &audit);
        }
        for found in &mut audit.findings {
            let advice = audit.advice.first().filter(|_| found.fate.moves());
            found.advice = advice.cloned();
        }
        Some(audit)
    }
}

/// The other addresses that are left beside the choice, each once.
fn others(decision: &Decision) -> Vec<ScopedAddr> {
    let left = decision.candidates().iter();
    let left = left.filter(|candidate| candidate.verdict() == Verdict::Outranked);
    let chosen = decision.chosen().map(Candidate::scoped_addr);
    let mut others: Vec<ScopedAddr> = Vec::new();
    for address in left.map(Candidate::scoped_addr) {
        if Some(address) != chosen && !others.contains(&address) && others.len() < MOST_OTHERS {
            others.push(address);
        }
    }
    others
}

/// The check of every run: whether the choice is still this one.
struct Check<'a> {
    host: &'a Snapshot,
    /// The host when duplicate address detection is over.
    after_dad: &'a Snapshot,
    chosen: ScopedAddr,
    /// The other addresses that are left.
    others: Vec<ScopedAddr>,
    interface: Option<Name>,
    /// Whether our rule chose, which follows all advice.
    is_ours: bool,
    setup: Setup<'a>,
}

impl Check<'_> {
    /// The first moment at which the choice is a different one than this counts.
    fn fate(&self, run: &Run, selector: &dyn Decide, choice: ScopedAddr) -> Fate {
        let fates = run.hosts.iter().map(|host| {
            let decision = selector.decide(host);
            match decision.chosen().map(Candidate::scoped_addr) {
                Some(chosen) if chosen == choice => Fate::Stays,
                Some(other) => Fate::Moves(other),
                None => Fate::Nothing,
            }
        });
        fates
            .into_iter()
            .find(|fate| fate.moves())
            .unwrap_or(Fate::Stays)
    }

    /// The settings of which each settles the choice, on the address that it names, in every
    /// scenario. A second run of all scenarios proves it.
    fn advice<D: Decide + Clone>(&self, selector: &D, audit: &Audit) -> Vec<Advice> {
        let tried = |setting: Option<Setting>, choice: ScopedAddr, why: &str| {
            let setting = setting.filter(|setting| self.holds(selector, setting, choice));
            setting.map(|setting| Advice::new(setting, why))
        };
        let (chosen, mut advice) = (self.chosen, Vec::new());
        if self.is_ours {
            let rival = self.only_rival(audit).and_then(Setting::floating);
            advice.extend(tried(rival, chosen, "if it is a VIP"));
            // Only the operator knows which of the addresses that are left is the host's own.
            for own in std::iter::once(&chosen).chain(&self.others) {
                let why = "if it is this host's own";
                let fixed = tried(Setting::fixed(own.ip()), *own, why);
                // A declaration cannot choose between the links of a link-local address, and makes no
                // host prefix match.
                let exactly = || tried(Setting::bindnetaddr(*own), *own, why);
                advice.extend(fixed.or_else(exactly));
            }
            let previous = Setting::previous(chosen);
            advice.extend(tried(previous, chosen, "if the daemon is to stay with it"));
            let interface = self.interface.map(Setting::Interface);
            let why = "if the daemon is to use this link";
            advice.extend(tried(interface, chosen, why));
        } else {
            let exactly = Setting::bindnetaddr(chosen);
            advice.extend(tried(exactly, chosen, "this address and no other"));
        }
        advice
    }

    /// The address to which the choice moves, if there is only one, and it is on the host.
    fn only_rival(&self, audit: &Audit) -> Option<IpAddr> {
        let moves = audit.findings.iter().filter(|found| found.fate.moves());
        let mut to = moves.map(|found| found.fate.to().map(|to| to.ip()));
        let first = to.next()??;
        let alone = to.all(|to| to == Some(first));
        let here = self
            .after_dad
            .addresses()
            .any(|address| address.ip() == first);
        (alone && here).then_some(first)
    }

    /// Whether a setting makes this the choice, and keeps it in every scenario.
    fn holds<D: Decide + Clone>(
        &self,
        selector: &D,
        setting: &Setting,
        choice: ScopedAddr,
    ) -> bool {
        let Some(following) = selector.selector().following(setting) else {
            return false;
        };
        let mut selector = selector.clone();
        *selector.selector_mut() = following;
        let decision = selector.decide(self.host);
        if decision.chosen().map(Candidate::scoped_addr) != Some(choice) {
            return false;
        }
        let mut vips = vips(&decision);
        vips.truncate(MOST_VIPS);
        let stays = &mut |run: &Run| {
            if self.fate(run, &selector, choice).moves() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        let done = if self.setup.is_of(&decision) {
            self.setup.run_each(&vips, stays)
        } else {
            match Setup::new(self.after_dad, &decision) {
                Some(setup) => setup.run_each(&vips, stays),
                None => ControlFlow::Break(()),
            }
        };
        done.is_continue()
    }
}
