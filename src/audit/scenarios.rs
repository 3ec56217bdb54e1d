//! The scenarios, simulated on a host.

use std::ops::ControlFlow;

use ipnet::IpNet;

use super::newcomer::{Newcomer, newcomer};
use super::sandbox::{Sandbox, reordered, without};
use crate::audit::Scenario;
use crate::rule::{Candidate, Decision, Reason};
use crate::snapshot::{Address, Snapshot};

/// A scenario, and the host at each moment at which the daemon is started again.
pub(super) struct Run {
    pub scenario: Scenario,
    pub about: Option<String>,
    pub hosts: Vec<Snapshot>,
    pub interrupts: bool,
    /// The network of a new VIP, if the chosen address has none of its own.
    pub network: Option<IpNet>,
}

/// Looks at each run, and breaks off when it has seen enough.
pub(super) type Visit<'a> = dyn FnMut(&Run) -> ControlFlow<()> + 'a;

/// A host, the address that was chosen on it, and one that may come.
pub(super) struct Setup<'a> {
    host: &'a Snapshot,
    subject: Subject,
    sandbox: Sandbox<'a>,
    /// The runs that are about no other address of the host: each is simulated once.
    runs: Vec<Run>,
}

/// The facts of a decision that the scenarios depend on.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Subject {
    chosen: Address,
    /// Its link, if it is link-local.
    link: Option<u32>,
    floats: bool,
    newcomer: Option<Newcomer>,
}

impl Subject {
    /// `None` if the choice is not on the host.
    fn of(host: &Snapshot, decision: &Decision) -> Option<Self> {
        let candidate = decision.chosen()?;
        let chosen = candidate.entry(host)?;
        Some(Self {
            chosen,
            link: candidate
                .scoped_addr()
                .zone()
                .and(candidate.interface_index()),
            floats: candidate.reasons().is_floating(),
            newcomer: newcomer(
                host,
                &chosen,
                decision.bindnet().network_around(chosen.ip()),
            ),
        })
    }

    /// Whether an entry is of the chosen address. A link-local address is a different one on each link
    /// with a name.
    fn is_chosen(&self, address: &Address) -> bool {
        let on_link = self
            .link
            .is_none_or(|link| address.link_index() == Some(link));
        address.ip() == self.chosen.ip() && on_link
    }
}

impl<'a> Setup<'a> {
    /// The setup of a decision; `None` if the choice is not on the host.
    pub fn new(host: &'a Snapshot, decision: &Decision) -> Option<Self> {
        let subject = Subject::of(host, decision)?;
        let mut setup = Self {
            host,
            subject,
            sandbox: Sandbox::new(host),
            runs: Vec::new(),
        };
        let restart = Run::new(Scenario::Restart, None, vec![host.clone()]);
        let mut runs = vec![restart];
        runs.extend(setup.flaps());
        runs.extend(setup.new_vips());
        let reordered = reordered(host).map(|host| vec![host]);
        runs.extend(reordered.map(|hosts| Run::new(Scenario::LinksReordered, None, hosts)));
        runs.extend(setup.link_flaps());
        // A chosen address that is gone is no move, except on links with other indexes.
        let is_there = |host: &Snapshot| is_there(&subject.chosen, host);
        runs.retain(|run| {
            run.scenario == Scenario::LinksReordered || run.hosts.iter().all(is_there)
        });
        // One that floats is not there for good.
        runs.extend(setup.chosen_leaves());
        setup.runs = runs;
        Some(setup)
    }

    /// Whether a decision has the same setup.
    pub fn is_of(&self, decision: &Decision) -> bool {
        Subject::of(self.host, decision) == Some(self.subject)
    }

    /// Runs every scenario that is possible, with these addresses, which float or may float.
    pub fn run_each(&self, vips: &[&Candidate], visit: &mut Visit) -> ControlFlow<()> {
        self.runs.iter().try_for_each(&mut *visit)?;
        let listed = vips.iter().filter_map(|vip| vip.entry(self.host));
        for run in listed.flat_map(|vip| self.away_and_back(&vip)) {
            visit(&run)?;
        }
        ControlFlow::Continue(())
    }

    fn flaps(&self) -> Vec<Run> {
        let both = [
            (Scenario::OwnAddressFlap, false),
            (Scenario::OwnAddressFlapPromoted, true),
        ];
        // IPv6 has no secondaries.
        let settings = if self.subject.chosen.ip().is_ipv4() {
            2
        } else {
            1
        };
        let run = |(scenario, promotes)| {
            let hosts = vec![self.flapped(promotes)?];
            Some(Run::of(scenario, &self.subject.chosen, hosts).interrupting(true))
        };
        both.into_iter().take(settings).filter_map(run).collect()
    }

    fn flapped(&self, promotes: bool) -> Option<Snapshot> {
        let mut sandbox = self.sandbox.clone();
        sandbox.promote(&self.subject.chosen, promotes)?;
        let gone = sandbox.delete(&self.subject.chosen)?;
        sandbox.add(&self.subject.chosen)?;
        sandbox.add_all(&gone)?;
        sandbox.snapshot()
    }

    fn away_and_back(&self, vip: &Address) -> Vec<Run> {
        let Some((hosts, gone)) = self.without(vip, false) else {
            return Vec::new();
        };
        let run = Run::of(Scenario::VipAwayAndBack, vip, hosts);
        let mut runs = vec![run.interrupting(gone.contains(&self.subject.chosen))];
        if !gone.is_empty()
            && let Some((hosts, _)) = self.without(vip, true)
        {
            runs.push(Run::of(Scenario::VipAwayAndBackPromoted, vip, hosts));
        }
        let is_there = |host: &Snapshot| is_there(&self.subject.chosen, host);
        runs.retain(|run| run.hosts.iter().all(is_there));
        runs
    }

    /// The host while a VIP is away and when it is back, and the addresses that went along with it.
    fn without(&self, vip: &Address, promotes: bool) -> Option<(Vec<Snapshot>, Vec<Address>)> {
        let mut sandbox = self.sandbox.clone();
        sandbox.promote(vip, promotes)?;
        let gone = sandbox.delete(vip)?;
        sandbox.add_all(&gone)?;
        let away = sandbox.snapshot()?;
        sandbox.add(vip)?;
        Some((vec![away, sandbox.snapshot()?], gone))
    }

    fn new_vips(&self) -> Vec<Run> {
        let Some(Newcomer { address, network }) = &self.subject.newcomer else {
            return Vec::new();
        };
        let both = [
            (Scenario::NewVip, self.joined(address)),
            (Scenario::NewVipFirst, self.preceded(address)),
        ];
        let run = |(scenario, host): (_, Option<_>)| {
            let run = Run::of(scenario, address, vec![host?]);
            let network = *network;
            Some(Run { network, ..run })
        };
        both.into_iter().filter_map(run).collect()
    }

    fn joined(&self, vip: &Address) -> Option<Snapshot> {
        let mut sandbox = self.sandbox.clone();
        sandbox.add(vip)?;
        sandbox.snapshot()
    }

    fn preceded(&self, vip: &Address) -> Option<Snapshot> {
        let mut sandbox = self.sandbox.clone();
        sandbox.promote(&self.subject.chosen, false)?;
        let gone = sandbox.delete(&self.subject.chosen)?;
        sandbox.add(vip)?;
        sandbox.add(&self.subject.chosen)?;
        sandbox.add_all(&gone)?;
        sandbox.snapshot()
    }

    /// The chosen address leaves, if it floats.
    fn chosen_leaves(&self) -> Option<Run> {
        let chosen = Some(self.subject.chosen).filter(|_| self.subject.floats)?;
        let is_gone = |host: &Snapshot| !host.addresses().any(|a| self.subject.is_chosen(&a));
        let left = self.left().filter(is_gone);
        // What the kernel would refuse may happen all the same: then it is just not listed.
        let left = left.or_else(|| without(self.host, |a| self.subject.is_chosen(a)))?;
        let run = Run::of(Scenario::ChosenVipLeaves, &chosen, vec![left]);
        Some(run.interrupting(true))
    }

    /// The host once every entry of the chosen address is deleted.
    fn left(&self) -> Option<Snapshot> {
        let is_chosen = |address: &Address| self.subject.is_chosen(address);
        let mut sandbox = self.sandbox.clone();
        for entry in self.host.addresses().filter(is_chosen) {
            sandbox.promote(&entry, false)?;
            let gone = sandbox.delete(&entry)?;
            sandbox.add_all(gone.iter().filter(|address| !is_chosen(address)))?;
        }
        sandbox.snapshot()
    }

    fn link_flaps(&self) -> Vec<Run> {
        let link = self.host.link_of(&self.subject.chosen);
        let link = link.filter(|l| l.is_up() == Some(true) && l.is_loopback() != Some(true));
        let both = [
            (Scenario::LinkDownAndUp, false),
            (Scenario::LinkDownAndUpKept, true),
        ];
        // IPv4 addresses stay with both settings.
        let settings = if self.subject.chosen.ip().is_ipv4() {
            1
        } else {
            2
        };
        let run = |(scenario, keeps)| {
            let name = link?.name();
            let mut sandbox = self.sandbox.clone();
            let gone = sandbox.link_down(name, keeps)?;
            sandbox.link_up(name)?;
            // The oldest was listed last.
            sandbox.add_all(gone.iter().rev())?;
            let hosts = vec![sandbox.snapshot()?];
            let run = Run::new(scenario, Some(name.to_string()), hosts);
            Some(run.interrupting(gone.contains(&self.subject.chosen)))
        };
        both.into_iter().take(settings).filter_map(run).collect()
    }
}

impl Run {
    fn new(scenario: Scenario, about: Option<String>, hosts: Vec<Snapshot>) -> Self {
        Self {
            scenario,
            about,
            hosts,
            interrupts: false,
            network: None,
        }
    }

    fn of(scenario: Scenario, about: &Address, hosts: Vec<Snapshot>) -> Self {
        Self::new(scenario, Some(about.ip().to_string()), hosts)
    }

    fn interrupting(mut self, interrupts: bool) -> Self {
        self.interrupts = interrupts;
        self
    }
}

/// The addresses that float or may float: the other candidates, then those that float by evidence
/// or declaration, if the decision lists them.
pub(super) fn vips(decision: &Decision) -> Vec<&Candidate> {
    let Some(chosen) = decision.chosen() else {
        return Vec::new();
    };
    let rivals = decision.candidates().iter();
    // Duplicate address detection is over before anything happens.
    let rivals = rivals.filter(|c| !c.reasons().contains(Reason::Dadfailed));
    let v4 = chosen.ip().is_ipv4();
    let others = decision.others().iter();
    let others = others.filter(|c| c.ip().is_ipv4() == v4 && c.reasons().is_floating());
    let is_other = |c: &&Candidate| c.scoped_addr() != chosen.scoped_addr();
    rivals.chain(others).filter(is_other).collect()
}

fn is_there(chosen: &Address, host: &Snapshot) -> bool {
    let identity = |address: &Address| (address.ip(), address.netmask(), address.link_index());
    host.addresses()
        .any(|address| identity(&address) == identity(chosen))
}
