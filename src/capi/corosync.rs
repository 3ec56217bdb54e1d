//! Corosync: how it reads a bindnetaddr, and what it makes of a corosync.conf.

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;
use std::net::{IpAddr, Ipv4Addr};

use super::call::{Failure, bindnet_result, call, free, give, given};
use super::decision::bindnet_decision;
use super::selector::bindnet_selector;
use super::snapshot::bindnet_snapshot;
use super::text::{Buffer, block, put, text};
use crate::corosync::{Conf, Hosts, IpVersion, LinkDecision, Plan, Profile, read_address};
use crate::rule::Bindnet;

/// A corosync.conf.
pub struct bindnet_conf(Conf);

/// The links that a corosync.conf sets up on a host, each decided.
pub struct bindnet_plan {
    plan: Plan,
    links: Vec<LinkDecision>,
    /// What they were decided with, whatever its bindnetaddr.
    selector: bindnet_selector,
}

/// A bindnetaddr in the place of those of the links.
const ANY: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl bindnet_plan {
    fn link(&self, place: usize) -> Result<&LinkDecision, Failure> {
        self.links.get(place).ok_or_else(|| {
            let count = self.links.len();
            Failure::none(format_args!("link at place {place}: there are {count}"))
        })
    }
}

/// Makes a selector for a bindnetaddr as Corosync reads it: "127.1", "0300.0250.1.0" and a name of
/// the hosts file, too. Its profile is "corosync"; bindnet_selector_profile sets another.
///
/// `hosts` is the text of the hosts file, hosts(5), of `hosts_len` bytes; it may be NULL for none.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_new_corosync(
    bindnetaddr: *const c_char,
    hosts: *const c_char,
    hosts_len: usize,
    selector: Option<&mut MaybeUninit<*mut bindnet_selector>>,
) -> bindnet_result {
    call(|| {
        let written = text(bindnetaddr, "bindnetaddr")?;
        let hosts = Hosts::parse(block(hosts.cast(), hosts_len, "hosts")?);
        let read = read_address(written, IpVersion::Any, &hosts)
            .map_err(|problem| Failure::invalid(format_args!("bindnetaddr {problem}")))?;
        let bindnet = read.bindnet().map_err(Failure::invalid)?;
        let mut new = bindnet_selector::new(bindnet);
        new.selector.profile = Profile::Corosync(None);
        give(new, given(selector, "selector")?);
        Ok(())
    })
}

/// Reads a corosync.conf of `len` bytes; it may be NULL where that is 0.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_conf_parse(
    text: *const c_char,
    len: usize,
    conf: Option<&mut MaybeUninit<*mut bindnet_conf>>,
) -> bindnet_result {
    call(|| {
        let read = Conf::parse(block(text.cast(), len, "text")?).map_err(Failure::invalid)?;
        give(bindnet_conf(read), given(conf, "conf")?);
        Ok(())
    })
}

/// Frees a corosync.conf; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_conf_free(conf: Option<Box<bindnet_conf>>) {
    free(conf);
}

/// Decides every link of a corosync.conf, by the library's own rule with what the selector knows
/// besides its bindnetaddr (it may be NULL), and by that of Corosync: of the selector's profile, else the newest.
///
/// `hosts` is the text of the hosts file, hosts(5), of `hosts_len` bytes; it may be NULL for none.
///
/// BINDNET_INVALID: that version of Corosync refuses the addresses of the file. What else it may
/// refuse is not looked at: only `corosync -t` knows whether it starts. BINDNET_AGAIN: no node of the
/// file is this host as it is now.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_conf_decide(
    conf: Option<&bindnet_conf>,
    selector: Option<&bindnet_selector>,
    snapshot: Option<&bindnet_snapshot>,
    hosts: *const c_char,
    hosts_len: usize,
    plan: Option<&mut MaybeUninit<*mut bindnet_plan>>,
) -> bindnet_result {
    call(|| {
        let conf = &given(conf, "conf")?.0;
        let mut selector = match selector {
            Some(selector) => selector.clone(),
            None => bindnet_selector::new(Bindnet::try_from(ANY).map_err(Failure::invalid)?),
        };
        let host = &given(snapshot, "snapshot")?.0;
        let hosts = Hosts::parse(block(hosts.cast(), hosts_len, "hosts")?);
        let room = given(plan, "plan")?;
        let plan = conf
            .plan(selector.selector.profile, host, &hosts)
            .map_err(|error| {
                let result = match error.is_of_this_host() {
                    true => bindnet_result::BINDNET_AGAIN,
                    false => bindnet_result::BINDNET_INVALID,
                };
                Failure::new(result, error)
            })?;
        selector.selector.profile = Profile::Default;
        let links = plan.decide(host, &selector.selector.selector);
        let plan = bindnet_plan {
            plan,
            links,
            selector,
        };
        give(plan, room);
        Ok(())
    })
}

/// The link at this place, from 0: its number in the file, and the library's own decision;
/// BINDNET_NONE behind the last. `number` may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_plan_link(
    plan: Option<&bindnet_plan>,
    place: usize,
    number: Option<&mut MaybeUninit<u32>>,
    decision: Option<&mut MaybeUninit<*mut bindnet_decision>>,
) -> bindnet_result {
    call(|| {
        let plan = given(plan, "plan")?;
        let room = given(decision, "decision")?;
        let decided = plan.link(place)?;
        give(bindnet_decision::from(decided.decision.clone()), room);
        if let Some(number) = number {
            number.write(decided.link.number());
        }
        Ok(())
    })
}

/// Makes a selector for the link at this place, to watch it or to remember its choice: with its
/// bindnetaddr, the library's own rule, and what it was decided with.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_plan_selector(
    plan: Option<&bindnet_plan>,
    place: usize,
    selector: Option<&mut MaybeUninit<*mut bindnet_selector>>,
) -> bindnet_result {
    call(|| {
        let plan = given(plan, "plan")?;
        let room = given(selector, "selector")?;
        let bindnet = plan.link(place)?.link.bindnet();
        let mut new = plan.selector.clone();
        new.set(|selector| selector.with_bindnet(bindnet));
        give(new, room);
        Ok(())
    })
}

/// Whether Corosync does not bind what the library chooses for the link at this place: 1, or 0.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_plan_differs(
    plan: Option<&bindnet_plan>,
    place: usize,
    differs: Option<&mut MaybeUninit<c_int>>,
) -> bindnet_result {
    call(|| {
        let plan = given(plan, "plan")?;
        let room = given(differs, "differs")?;
        room.write(plan.link(place)?.differs().into());
        Ok(())
    })
}

/// What Corosync takes for the link at this place, and what becomes of it, on one line.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_plan_corosync_text(
    plan: Option<&bindnet_plan>,
    place: usize,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let plan = given(plan, "plan")?;
        let room = Buffer::of(buffer, size, needed)?;
        room.put(&plan.link(place)?.corosync.explanation)
    })
}

/// Writes the links, their decisions and what Corosync takes as JSON, bindnet-conf/1, on one line;
/// `file` is the name of the file, which it says.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_plan_json(
    plan: Option<&bindnet_plan>,
    file: *const c_char,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let bindnet_plan { plan, links, .. } = given(plan, "plan")?;
        let json = plan.to_json(text(file, "file")?, links);
        put(&json, buffer, size, needed)
    })
}

/// Frees a plan; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_plan_free(plan: Option<Box<bindnet_plan>>) {
    free(plan);
}
