//! What the library decides in the place of Corosync.

use std::net::IpAddr;

use bindnet::corosync::{
    Conf, ConfError, Hosts, IpVersion, Profile, ProfileSelector, read_address,
};
use bindnet::{Decision, Selector, Snapshot};

use crate::corosync::Setup;
use crate::totemip::Pick;

/// The profile of a version; `main` is the newest.
pub fn profile(version: &str) -> Profile {
    let version = match version {
        "main" => return Profile::Corosync(None),
        text => text.trim_start_matches('v').parse(),
    };
    Profile::Corosync(Some(version.expect("a version")))
}

/// The rule of a profile for an address.
pub fn selector(profile: Profile, bindnet: IpAddr) -> ProfileSelector {
    // Corosync takes 0.0.0.0, too.
    let read = read_address(&bindnet.to_string(), IpVersion::Any, &Hosts::default());
    let bindnet = read.and_then(|read| read.bindnet()).expect("a bindnetaddr");
    let selector = Selector::new(bindnet);
    ProfileSelector::new(profile, selector)
}

/// What is chosen.
pub fn choice(decision: &Decision) -> Option<Pick> {
    let chosen = decision.chosen()?;
    Some(Pick {
        ip: chosen.ip(),
        up: chosen.link_up(),
        index: chosen.interface_index(),
    })
}

/// The address that a corosync.conf means on a host, and what Corosync is said to take for it.
pub fn plan(
    setup: &Setup,
    profile: Profile,
    host: &Snapshot,
) -> Result<(IpAddr, Option<IpAddr>), ConfError> {
    let hosts = std::fs::read("/etc/hosts").unwrap_or_default();
    let conf = Conf::parse(setup.to_string().as_bytes())?;
    let plan = conf.plan(profile, host, &Hosts::parse(&hosts))?;
    let default = Selector::new("192.0.2.0".parse().expect("a bindnetaddr"));
    let decisions = plan.decide(host, &default);
    let [decision] = decisions.as_slice() else {
        panic!("one link, not {decisions:?}:\n{setup}");
    };
    let read = decision.link.address().ip;
    Ok((read, decision.corosync.address))
}
