//! The scenarios, simulated on a host.

use std::ops::ControlFlow;

use super::sandbox::{Sandbox, newcomer, reordered};
use crate::audit::Scenario;
use crate::rule::{Candidate, Decision};
use crate::snapshot::{Address, Snapshot};

/// A scenario, and the host at each moment at which the daemon is started again.
pub(super) struct Run {
    pub scenario: Scenario,
    pub about: Option<String>,
    pub hosts: Vec<Snapshot>,
    pub interrupts: bool,
}

/// Looks at each run, and breaks off when it has seen enough.
pub(super) type Visit<'a> = dyn FnMut(&Run) -> ControlFlow<()> + 'a;

/// A host, the address that was chosen on it, and one that may come.
pub(super) struct Setup<'a> {
    host: &'a Snapshot,
    chosen: Address,
    newcomer: Option<Address>,
    sandbox: Sandbox<'a>,
    /// The runs that are about no other address of the host: each is simulated once.
    runs: Vec<Run>,
}

impl<'a> Setup<'a> {
    /// The setup of a decision; `None` if the choice is not on the host.
    pub fn new(host: &'a Snapshot, decision: &Decision) -> Option<Self> {
        let (chosen, newcomer) = Self::addresses(host, decision)?;
        let mut setup = Self {
            host,
            chosen,
            newcomer,
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
        let is_there = |host: &Snapshot| is_there(&chosen, host);
        runs.retain(|run| {
            run.scenario == Scenario::LinksReordered || run.hosts.iter().all(is_there)
        });
        setup.runs = runs;
        Some(setup)
    }

    /// Whether a decision has the same setup.
    pub fn is_of(&self, decision: &Decision) -> bool {
        Self::addresses(self.host, decision) == Some((self.chosen, self.newcomer))
    }

    fn addresses(host: &Snapshot, decision: &Decision) -> Option<(Address, Option<Address>)> {
        let chosen = decision.chosen()?;
        let chosen = chosen.entry(host)?;
        let newcomer = newcomer(
            host,
            &chosen,
            decision.bindnet().network_around(chosen.ip()),
        );
        Some((chosen, newcomer))
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
        let settings = if self.chosen.ip().is_ipv4() { 2 } else { 1 };
        let run = |(scenario, promotes)| {
            let hosts = vec![self.flapped(promotes)?];
            Some(Run::of(scenario, &self.chosen, hosts).interrupting(true))
        };
        both.into_iter().take(settings).filter_map(run).collect()
    }

    fn flapped(&self, promotes: bool) -> Option<Snapshot> {
        let mut sandbox = self.sandbox.clone();
        sandbox.promote(&self.chosen, promotes)?;
        let gone = sandbox.delete(&self.chosen)?;
        sandbox.add(&self.chosen)?;
        sandbox.add_all(&gone)?;
        sandbox.snapshot()
    }

    fn away_and_back(&self, vip: &Address) -> Vec<Run> {
        let Some((hosts, gone)) = self.without(vip, false) else {
            return Vec::new();
        };
        let run = Run::of(Scenario::VipAwayAndBack, vip, hosts);
        let mut runs = vec![run.interrupting(gone.contains(&self.chosen))];
        if !gone.is_empty()
            && let Some((hosts, _)) = self.without(vip, true)
        {
            runs.push(Run::of(Scenario::VipAwayAndBackPromoted, vip, hosts));
        }
        let is_there = |host: &Snapshot| is_there(&self.chosen, host);
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
        let Some(vip) = &self.newcomer else {
            return Vec::new();
        };
        let both = [
            (Scenario::NewVip, self.joined(vip)),
            (Scenario::NewVipFirst, self.preceded(vip)),
        ];
        let run = |(scenario, host): (_, Option<_>)| Some(Run::of(scenario, vip, vec![host?]));
        both.into_iter().filter_map(run).collect()
    }

    fn joined(&self, vip: &Address) -> Option<Snapshot> {
        let mut sandbox = self.sandbox.clone();
        sandbox.add(vip)?;
        sandbox.snapshot()
    }

    fn preceded(&self, vip: &Address) -> Option<Snapshot> {
        let mut sandbox = self.sandbox.clone();
        sandbox.promote(&self.chosen, false)?;
        let gone = sandbox.delete(&self.chosen)?;
        sandbox.add(vip)?;
        sandbox.add(&self.chosen)?;
        sandbox.add_all(&gone)?;
        sandbox.snapshot()
    }

    fn link_flaps(&self) -> Vec<Run> {
        let link = self.host.link_of(&self.chosen);
        let link = link.filter(|l| l.is_up() == Some(true) && l.is_loopback() != Some(true));
        let both = [
            (Scenario::LinkDownAndUp, false),
            (Scenario::LinkDownAndUpKept, true),
        ];
        // IPv4 addresses stay with both settings.
        let settings = if self.chosen.ip().is_ipv4() { 1 } else { 2 };
        let run = |(scenario, keeps)| {
            let name = link?.name();
            let mut sandbox = self.sandbox.clone();
            let gone = sandbox.link_down(name, keeps)?;
            sandbox.link_up(name)?;
            // The oldest was listed last.
            sandbox.add_all(gone.iter().rev())?;
            let hosts = vec![sandbox.snapshot()?];
            let run = Run::new(scenario, Some(name.to_string()), hosts);
            Some(run.interrupting(gone.contains(&self.chosen)))
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
    let rivals = rivals.filter(|c| !c.reasons().is_unusable());
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
