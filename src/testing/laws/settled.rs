//! The laws about what is settled: a choice that is not ambiguous stays, and advice settles one that is.

use std::net::IpAddr;

use super::check::Checked;
use super::expected::shows_fixed;
use super::law::{ADVICE_SETTLES, PATIENCE};
use super::violation::{Trial, Violation};
use crate::explain::Setting;
use crate::rule::{Candidate, Declaration, Match, Selector, Separation, WhyNone};
use crate::snapshot::{Address, AddressFlags, Snapshot, is_link_local};
use crate::testing::picker::{Picker, remembering};
use crate::testing::strategies::hosts::Draft;

/// A choice that is not ambiguous stays the choice when duplicate address detection ends.
///
/// `succeeds` says in turn of each tentative address of the host whether it is used from then on; if not,
/// another host has it (`dadfailed`). That of the choice itself, which may be optimistic, succeeds. If a
/// function picks, our own rule says whether it is ambiguous.
///
/// # Errors
/// If the choice does not stay.
pub fn detection_ends(
    picker: &dyn Picker,
    host: &Draft,
    previous: Option<IpAddr>,
    succeeds: &[bool],
) -> Checked {
    let is_tentative = |flags: AddressFlags| {
        flags.contains(AddressFlags::TENTATIVE) && !flags.contains(AddressFlags::DADFAILED)
    };
    let flags = |address: &Address| address.flags().unwrap_or_default();
    if !host.addresses.iter().map(flags).any(is_tentative) {
        return Ok(());
    }
    let before = Trial::of(picker, "during detection", &host.snapshot(), previous);
    let decision = before.judged();
    if decision.first().is_none() || decision.is_ambiguous() {
        return Ok(());
    }
    let mut ended = host.clone();
    let mut results = succeeds.iter().copied().cycle();
    for address in &mut ended.addresses {
        if is_tentative(flags(address)) {
            let own = Some(address.ip()) == before.ip;
            let succeeds = results.next().unwrap_or(true) || own;
            *address = address.with_flags(after_detection(flags(address), succeeds));
        }
    }
    let after = Trial::of(picker, "after detection", &ended.snapshot(), previous);
    if after.keeps_choice_of(&before) {
        return Ok(());
    }
    let what =
        "it was not ambiguous, and the end of duplicate address detection changes the choice";
    Err(Violation::new(PATIENCE, what, [before, after]))
}

/// The flags that the kernel leaves (`addrconf_dad_completed`, `addrconf_dad_stop` of net/ipv6/addrconf.c).
fn after_detection(flags: AddressFlags, succeeds: bool) -> AddressFlags {
    let during = AddressFlags::TENTATIVE | AddressFlags::OPTIMISTIC;
    if succeeds {
        AddressFlags::from_bits(flags.bits() & !during.bits())
    } else {
        let flags = AddressFlags::from_bits(flags.bits() & !AddressFlags::OPTIMISTIC.bits());
        flags | AddressFlags::TENTATIVE | AddressFlags::DADFAILED
    }
}

/// When an address declared fixed that was absent comes, the choice was ambiguous before.
///
/// `which` chooses among the host prefixes that are declared fixed, modulo their number. The address comes
/// to the link and the network of the choice. It is no case if the choice itself is exact or declared
/// fixed, or if a function picks, which says nothing of how sure it is.
///
/// # Errors
/// If the choice was not ambiguous.
pub fn fixed_comes(
    picker: &dyn Picker,
    host: &Draft,
    previous: Option<IpAddr>,
    (which, at): (usize, usize),
) -> Checked {
    let selector = picker.selector();
    let before = Trial::of(picker, "without it", &host.snapshot(), previous);
    let Some(first) = before
        .decision
        .as_ref()
        .and_then(|decision| decision.first())
    else {
        return Ok(());
    };
    let settled = first.matched() == Some(Match::Exact);
    let Some(comes) = absent(selector, &before.host, first, which) else {
        return Ok(());
    };
    if settled || is_fixed(selector, first.ip()) {
        return Ok(());
    }
    let after = host.clone().with(comes, at).snapshot();
    let after = Trial::of(picker, "with it", &after, previous);
    if before.judged().is_ambiguous() {
        return Ok(());
    }
    let what = format!(
        "{} is declared fixed and absent, and the choice of another is not ambiguous",
        comes.ip()
    );
    Err(Violation::new(PATIENCE, what, [before, after]))
}

/// An address that is declared fixed and absent, as it would come to the network of the choice. `None` if
/// the bindnetaddr does not ask for it there.
fn absent(
    selector: &Selector,
    host: &Snapshot,
    first: &Candidate,
    which: usize,
) -> Option<Address> {
    let v4 = first.ip().is_ipv4();
    let declared = selector.rules.declared.fixed_hosts();
    let declared: Vec<IpAddr> = declared.filter(|ip| ip.is_ipv4() == v4).collect();
    let ip = *declared.get(which.checked_rem(declared.len())?)?;
    let mask = first.netmask();
    let nets = selector.bindnet().networks();
    let shown = || !mask.is_host() && mask.network(ip) == mask.network(selector.bindnet().ip());
    let asked = nets.iter().any(|net| net.contains(&ip)) || nets.is_empty() && shown();
    // These match only a bindnetaddr of their own networks.
    let special = ip.is_loopback() || is_link_local(ip);
    let is_here = special || host.addresses().any(|address| address.ip() == ip);
    let address = Address::with_netmask(ip, mask, first.interface_index()?).ok()?;
    (asked && !is_here).then_some(address.with_flags(AddressFlags::PERMANENT))
}

fn is_fixed(selector: &Selector, ip: IpAddr) -> bool {
    selector.rules.declared(ip) == Some(Declaration::Fixed)
}

/// If any declaration or question of the advice is followed, the decision is not ambiguous any more, and
/// chooses the address that the line names. To wait is no case: only time can settle that. Nor is the
/// advice about an address that does not match, which leads to a choice that may be ambiguous.
///
/// An address that shows the network of a host prefix makes that one a candidate if it is declared fixed
/// itself. If both are declared fixed then, it is no case. Nor is an address of which only an entry that
/// does not match floats: the decision does not show that entry.
///
/// A line that asks for a network names no single address: the choice is one of that network. If a picker
/// cannot be asked otherwise ([`Picker::asking`]), there is no case; if it is a function, the advice is
/// that of our own rule.
///
/// # Errors
/// If a line does not settle it.
pub fn advice_settles(picker: &dyn Picker, host: &Snapshot, previous: Option<IpAddr>) -> Checked {
    let asked = remembering(picker.selector(), previous);
    let Some(before) = asking(picker, &asked, "as it is", host) else {
        return Ok(());
    };
    let decision = before.judged();
    let turned_down = [Some(WhyNone::AllTurnedDown), Some(WhyNone::ExactUnusable)];
    if !decision.is_ambiguous() && !turned_down.contains(&decision.why_none()) {
        return Ok(());
    }
    for advice in decision.advice() {
        let setting = advice.setting;
        if matches!(setting, Setting::Wait(_)) {
            continue;
        }
        let broken = |fault: &str, trials: Vec<Trial>| {
            let what = format!("the advice to {setting} does not settle it: {fault}");
            Err(Violation::new(ADVICE_SETTLES, what, trials))
        };
        let Some(selector) = asked.following(&setting) else {
            return broken("nobody can follow it", vec![before]);
        };
        if let Setting::Fixed(net) = setting
            && host
                .addresses()
                .any(|one| net.contains(&one.ip()) && shows_fixed(&selector, &one, host))
        {
            continue;
        }
        let Some(after) = asking(picker, &selector, "with the advice", host) else {
            return Ok(());
        };
        let of_line = |c: &&Candidate| Some(c.ip()) == after.ip;
        let mut entries = decision.candidates().iter().filter(of_line);
        let floated = entries.any(|c| c.reasons().is_floating());
        if !floated && after.judged().separated_by() == Some(Separation::Floating) {
            continue;
        }
        if let Some(fault) = unsettled(&setting, host, &after) {
            return broken(fault, vec![before, after]);
        }
    }
    Ok(())
}

fn asking(
    picker: &dyn Picker,
    selector: &Selector,
    what: &'static str,
    host: &Snapshot,
) -> Option<Trial> {
    let picker = picker.asking(selector.clone())?;
    Some(Trial::of(&*picker, what, host, None))
}

/// Why the decision after a line of advice is not settled, or not what the line says.
fn unsettled(setting: &Setting, host: &Snapshot, after: &Trial) -> Option<&'static str> {
    let Some(ip) = after.ip else {
        return Some("nothing is chosen");
    };
    if after
        .decision
        .as_ref()
        .is_some_and(|decision| decision.is_ambiguous())
    {
        return Some("it is still ambiguous");
    }
    let is_here = |ip: IpAddr| host.addresses().any(|address| address.ip() == ip);
    let chosen = match setting {
        Setting::Fixed(net) => net.contains(&ip),
        Setting::Floating(net) => !net.contains(&ip),
        Setting::Previous(address) => address.ip() == ip,
        Setting::Bindnetaddr(bindnet) if bindnet.networks().is_empty() => {
            bindnet.ip() == ip || !is_here(bindnet.ip())
        }
        Setting::Bindnetaddr(bindnet) => bindnet.contains(ip),
        _ => true,
    };
    (!chosen).then_some("another address is chosen")
}
