//! Corosync's five rules and the patched one pick what plain transliterations of them pick.

use std::net::IpAddr;

use arbitrary::{Result, Unstructured};
use bindnet::corosync::{Profile, ProfileSelector, Version};
use bindnet::rule::Outcome;
use bindnet::{Address, Snapshot};

use super::input;

pub fn check(data: &[u8]) {
    let _ = laws(&mut Unstructured::new(data));
}

fn laws(u: &mut Unstructured<'_>) -> Result<()> {
    let version = *u.choose(&[
        "1.2.8", "1.4.3", "1.4.4", "1.4.7", "1.4.8", "1.4.10", "1.99.5", "2.0.1", "2.0.2", "2.4.6",
        "3.1.7", "3.1.10", "9.9.9", "patched",
    ])?;
    let mut question = input::question(u)?;
    let host = input::host(u, question.bindnet.ip().is_ipv4())?;
    let profile = match version {
        "patched" => Profile::Patched,
        version => Profile::Corosync(Some(version.parse::<Version>().expect("a version"))),
    };
    let decide = |question: &input::Question| {
        ProfileSelector::new(profile, question.selector()).decide(&host)
    };
    let decision = decide(&question);
    let bound = decision.chosen().map(|c| (c.ip(), c.interface_index()));
    if question.bindnet.network().is_some() {
        assert_eq!(bound, None, "Corosync refuses a prefix");
        return Ok(());
    }
    let seen = visible(&question, &host);
    let picked = pick(version, &seen, question.bindnet.ip());
    let picked = picked.map(|(ip, at)| (ip, seen[at].link_index()));
    assert_eq!(bound, picked, "{version}: {decision:#}");

    // Nothing is ambiguous, and nothing that is ours changes the choice.
    assert!(!decision.is_ambiguous() && decision.outcome() != Outcome::Ambiguous);
    question.strict = !question.strict;
    question.previous = None;
    question.declared = Default::default();
    let again = decide(&question);
    assert_eq!(again.chosen().map(|c| (c.ip(), c.interface_index())), bound);
    assert!(!format!("{decision:#}").is_empty());
    Ok(())
}

/// The addresses that an interface leaves; a zone hides none from Corosync.
fn visible(question: &input::Question, host: &Snapshot) -> Vec<Address> {
    let on = |address: &Address, name| {
        let link = host.link_named(&name).map(|link| link.index());
        link.is_some() && link == address.link_index()
    };
    let seen = |a: &Address| question.interface.is_none_or(|name| on(a, name));
    host.addresses().filter(seen).collect()
}

fn number(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => ip.to_bits().into(),
        IpAddr::V6(ip) => ip.to_bits(),
    }
}

/// The address that a version takes, and the position of its entry.
fn pick(version: &str, list: &[Address], bindnet: IpAddr) -> Option<(IpAddr, usize)> {
    match version {
        "1.2.8" | "1.4.3" => oldest(list, bindnet),
        "1.4.4" | "1.4.7" => flatiron(list, bindnet, false),
        "1.4.8" | "1.4.10" => flatiron(list, bindnet, true),
        "1.99.5" | "2.0.1" => needle(list, bindnet),
        "patched" => patched(list, bindnet),
        _ => newest(list, bindnet),
    }
}

fn same_family(address: &Address, bindnet: IpAddr) -> bool {
    address.ip().is_ipv4() == bindnet.is_ipv4()
}

fn mask(address: &Address) -> u128 {
    number(address.netmask().to_ip())
}

/// IFA_ADDRESS: the other end, where there is one.
fn ifa_address(address: &Address) -> IpAddr {
    address.peer().unwrap_or(address.ip())
}

fn shifted_mask(address: &Address) -> u128 {
    match mask(address) {
        0 => u32::MAX.into(),
        mask => mask,
    }
}

fn oldest(list: &[Address], bindnet: IpAddr) -> Option<(IpAddr, usize)> {
    for (at, address) in list.iter().enumerate() {
        if !same_family(address, bindnet) {
            continue;
        }
        if ifa_address(address) == bindnet {
            return Some((bindnet, at));
        }
        if bindnet.is_ipv4() {
            let mask = shifted_mask(address);
            if number(bindnet) & mask == number(address.ip()) & mask {
                return Some((ifa_address(address), at));
            }
        }
    }
    None
}

fn flatiron(list: &[Address], bindnet: IpAddr, strict: bool) -> Option<(IpAddr, usize)> {
    let mut by_network = None;
    for (at, address) in list.iter().enumerate() {
        if !same_family(address, bindnet) {
            continue;
        }
        if address.ip() == bindnet || bindnet.is_ipv6() && ifa_address(address) == bindnet {
            return Some((address.ip(), at));
        }
        if bindnet.is_ipv4() && by_network.is_none() {
            let mask = shifted_mask(address);
            let wanted = if strict {
                number(bindnet)
            } else {
                number(bindnet) & mask
            };
            if wanted == number(address.ip()) & mask {
                by_network = Some((ifa_address(address), at));
            }
        }
    }
    by_network
}

fn in_network(address: &Address, bindnet: IpAddr) -> bool {
    let mask = mask(address);
    same_family(address, bindnet) && number(address.ip()) & mask == number(bindnet) & mask
}

fn needle(list: &[Address], bindnet: IpAddr) -> Option<(IpAddr, usize)> {
    for at in (0..list.len()).rev() {
        if in_network(&list[at], bindnet) {
            return Some((list[at].ip(), at));
        }
    }
    None
}

fn patched(list: &[Address], bindnet: IpAddr) -> Option<(IpAddr, usize)> {
    for (at, address) in list.iter().enumerate() {
        let label = address.label();
        if label.is_some_and(|label| label.as_bytes().contains(&b':')) {
            continue;
        }
        if in_network(address, bindnet) {
            return Some((address.ip(), at));
        }
    }
    None
}

fn newest(list: &[Address], bindnet: IpAddr) -> Option<(IpAddr, usize)> {
    let mut by_network = None;
    for (at, address) in list.iter().enumerate() {
        if same_family(address, bindnet) && address.ip() == bindnet {
            return Some((bindnet, at));
        }
        if by_network.is_none() && in_network(address, bindnet) {
            by_network = Some((address.ip(), at));
        }
    }
    by_network
}
