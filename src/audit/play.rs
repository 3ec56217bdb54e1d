//! The scenarios, played on a host.

use std::ops::ControlFlow;

use super::stage::{Stage, newcomer, reordered};
use crate::audit::Scenario;
use crate::rule::{Candidate, Decision};
use crate::snapshot::{Address, Snapshot};

/// A scenario, and the host at each moment at which the daemon is started again.
pub(super) struct Play {
    pub scenario: Scenario,
    pub about: Option<String>,
    pub hosts: Vec<Snapshot>,
    pub interrupts: bool,
}

/// Who sees each play, and says when it has seen enough.
pub(super) type See<'a> = dyn FnMut(&Play) -> ControlFlow<()> + 'a;

/// A host, the address that was chosen on it, and one that may come.
pub(super) struct Scene<'a> {
    host: &'a Snapshot,
    chosen: Address,
    newcomer: Option<Address>,
    stage: Stage<'a>,
    /// The plays without another address of the host, which are played once.
    plays: Vec<Play>,
}

impl<'a> Scene<'a> {
    /// The scene of a decision; `None` where the choice is not on the host.
    pub fn new(host: &'a Snapshot, decision: &Decision) -> Option<Self> {
        let (chosen, newcomer) = Self::cast(host, decision)?;
        let mut scene = Self {
            host,
            chosen,
            newcomer,
            stage: Stage::new(host),
            plays: Vec::new(),
        };
        let restart = Play::new(Scenario::Restart, None, vec![host.clone()]);
        let mut plays = vec![restart];
        plays.extend(scene.flaps());
        plays.extend(scene.new_vips());
        let reordered = reordered(host).map(|host| vec![host]);
        plays.extend(reordered.map(|hosts| Play::new(Scenario::LinksReordered, None, hosts)));
        plays.extend(scene.link_flaps());
        // Where the chosen address is not there it is no move. (On links with other indexes it is.)
        let is_there = |host: &Snapshot| is_there(&chosen, host);
        plays.retain(|play| {
            play.scenario == Scenario::LinksReordered || play.hosts.iter().all(is_there)
        });
        scene.plays = plays;
        Some(scene)
    }

    /// Whether a decision has the same scene.
    pub fn is_of(&self, decision: &Decision) -> bool {
        Self::cast(self.host, decision) == Some((self.chosen, self.newcomer))
    }

    fn cast(host: &Snapshot, decision: &Decision) -> Option<(Address, Option<Address>)> {
        let chosen = decision.chosen()?;
        let chosen = chosen.entry(host)?;
        let newcomer = newcomer(host, &chosen, decision.bindnet().network());
        Some((chosen, newcomer))
    }

    /// Plays every scenario that can be played, with these addresses, which float or may float.
    pub fn play(&self, vips: &[&Candidate], see: &mut See) -> ControlFlow<()> {
        self.plays.iter().try_for_each(&mut *see)?;
        let listed = vips.iter().filter_map(|vip| vip.entry(self.host));
        for play in listed.flat_map(|vip| self.away_and_back(&vip)) {
            see(&play)?;
        }
        ControlFlow::Continue(())
    }

    fn flaps(&self) -> Vec<Play> {
        let both = [
            (Scenario::OwnAddressFlap, false),
            (Scenario::OwnAddressFlapPromoted, true),
        ];
        // IPv6 has no secondaries.
        let settings = if self.chosen.ip().is_ipv4() { 2 } else { 1 };
        let play = |(scenario, promotes)| {
            let hosts = vec![self.flapped(promotes)?];
            Some(Play::of(scenario, &self.chosen, hosts).interrupting(true))
        };
        both.into_iter().take(settings).filter_map(play).collect()
    }

    fn flapped(&self, promotes: bool) -> Option<Snapshot> {
        let mut stage = self.stage.clone();
        stage.promote(&self.chosen, promotes)?;
        let gone = stage.delete(&self.chosen)?;
        stage.add(&self.chosen)?;
        stage.add_all(&gone)?;
        stage.snapshot()
    }

    fn away_and_back(&self, vip: &Address) -> Vec<Play> {
        let Some((hosts, along)) = self.left(vip, false) else {
            return Vec::new();
        };
        let play = Play::of(Scenario::VipAwayAndBack, vip, hosts);
        let mut plays = vec![play.interrupting(along.contains(&self.chosen))];
        if !along.is_empty()
            && let Some((hosts, _)) = self.left(vip, true)
        {
            plays.push(Play::of(Scenario::VipAwayAndBackPromoted, vip, hosts));
        }
        let is_there = |host: &Snapshot| is_there(&self.chosen, host);
        plays.retain(|play| play.hosts.iter().all(is_there));
        plays
    }

    /// The host while a VIP is away and when it is back, and what went along with it.
    fn left(&self, vip: &Address, promotes: bool) -> Option<(Vec<Snapshot>, Vec<Address>)> {
        let mut stage = self.stage.clone();
        stage.promote(vip, promotes)?;
        let gone = stage.delete(vip)?;
        stage.add_all(&gone)?;
        let away = stage.snapshot()?;
        stage.add(vip)?;
        Some((vec![away, stage.snapshot()?], gone))
    }

    fn new_vips(&self) -> Vec<Play> {
        let Some(vip) = &self.newcomer else {
            return Vec::new();
        };
        let both = [
            (Scenario::NewVip, self.joined(vip)),
            (Scenario::NewVipFirst, self.preceded(vip)),
        ];
        let play = |(scenario, host): (_, Option<_>)| Some(Play::of(scenario, vip, vec![host?]));
        both.into_iter().filter_map(play).collect()
    }

    fn joined(&self, vip: &Address) -> Option<Snapshot> {
        let mut stage = self.stage.clone();
        stage.add(vip)?;
        stage.snapshot()
    }

    fn preceded(&self, vip: &Address) -> Option<Snapshot> {
        let mut stage = self.stage.clone();
        stage.promote(&self.chosen, false)?;
        let gone = stage.delete(&self.chosen)?;
        stage.add(vip)?;
        stage.add(&self.chosen)?;
        stage.add_all(&gone)?;
        stage.snapshot()
    }

    fn link_flaps(&self) -> Vec<Play> {
        let link = self.host.link_of(&self.chosen);
        let link = link.filter(|l| l.is_up() == Some(true) && l.is_loopback() != Some(true));
        let both = [
            (Scenario::LinkDownAndUp, false),
            (Scenario::LinkDownAndUpKept, true),
        ];
        // IPv4 addresses stay, whatever is set.
        let settings = if self.chosen.ip().is_ipv4() { 1 } else { 2 };
        let play = |(scenario, keeps)| {
            let name = link?.name();
            let mut stage = self.stage.clone();
            let gone = stage.link_down(name, keeps)?;
            stage.link_up(name)?;
            // The oldest was listed last.
            stage.add_all(gone.iter().rev())?;
            let hosts = vec![stage.snapshot()?];
            let play = Play::new(scenario, Some(name.to_string()), hosts);
            Some(play.interrupting(gone.contains(&self.chosen)))
        };
        both.into_iter().take(settings).filter_map(play).collect()
    }
}

impl Play {
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

/// The addresses that float or may float: the other candidates, then what floats by evidence or
/// declaration, if the decision lists it.
pub(super) fn vips(decision: &Decision) -> Vec<&Candidate> {
    let Some(chosen) = decision.chosen() else {
        return Vec::new();
    };
    let rivals = decision.candidates().iter();
    let rivals = rivals.filter(|c| !c.reasons().is_unusable());
    let v4 = chosen.ip().is_ipv4();
    let others = decision.others().iter();
    let others = others.filter(|c| c.ip().is_ipv4() == v4 && c.reasons().is_floating());
    let another = |c: &&Candidate| c.host_address() != chosen.host_address();
    rivals.chain(others).filter(another).collect()
}

fn is_there(chosen: &Address, host: &Snapshot) -> bool {
    let place = |address: &Address| (address.ip(), address.netmask(), address.link_index());
    host.addresses()
        .any(|address| place(&address) == place(chosen))
}
