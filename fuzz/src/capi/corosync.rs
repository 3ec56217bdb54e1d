//! A corosync.conf, and the plan that comes of it.

use std::ffi::{CString, c_int};
use std::fmt::Write as _;
use std::ptr::{null, null_mut};

use arbitrary::{Result, Unstructured};

use super::functions::*;
use super::{Caller, INVALID, NONE, OK, bytes, ended, input, pointer, text};

/// Names for one of the addresses that hosts have, and for a network.
const NAMES: [&str; 4] = ["alice", "192.0.2", "0300.0.2.10", "nobody"];
const HOSTS: &[u8] = b"192.0.2.10 alice\n2001:db8::a\talice # bob\n";

impl Caller {
    /// What makes a selector, a corosync.conf or a plan.
    pub(super) fn plan(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let hosts = match u.int_in_range(0..=3)? {
            0 => Vec::new(),
            1 => bytes(u)?,
            _ => HOSTS.to_vec(),
        };
        let (names, len) = block(u, &hosts)?;
        match u.int_in_range(0..=3)? {
            0 => {
                let name = match u.ratio(1, 2)? {
                    true => CString::new(*u.choose(&NAMES)?).ok(),
                    false => text(u)?,
                };
                self.makes(u, Selector, |to| {
                    // SAFETY: a text or NULL, so many bytes, or NULL, or no length at all, and room
                    // for a pointer or NULL.
                    unsafe { bindnet_selector_new_corosync(pointer(&name), names, len, to) }
                })
            }
            1 => {
                let file = file(u)?;
                let (from, len) = block(u, &file)?;
                // SAFETY: so many bytes, or NULL, or no length at all, and room for a pointer or
                // NULL.
                self.makes(u, Conf, |to| unsafe { bindnet_conf_parse(from, len, to) })
            }
            _ => {
                let (conf, selector) = (self.handle(u, Conf)?, self.handle(u, Selector)?);
                let host = self.handle(u, Snapshot)?;
                self.makes(u, Plan, |to| {
                    // SAFETY: handles of their kinds, or NULL, and the same.
                    unsafe { bindnet_conf_decide(conf, selector, host, names, len, to) }
                })
            }
        }
    }

    /// What a plan tells.
    pub(super) fn of_plan(&mut self, u: &mut Unstructured<'_>) -> Result<()> {
        let plan = self.handle(u, Plan)?;
        let place = match u.ratio(7, 8)? {
            true => u.int_in_range(0..=2)?,
            false => u.arbitrary()?,
        };
        match u.int_in_range(0..=3)? {
            0 => {
                let (mut number, is_null) = (u32::MAX, u.ratio(1, 8)?);
                let to_number = match is_null {
                    true => null_mut(),
                    false => &raw mut number,
                };
                let mut ended = None;
                self.makes(u, Decision, |to| {
                    // SAFETY: a handle of its kind or NULL, and room for both or NULL.
                    let result = unsafe { bindnet_plan_link(plan, place, to_number, to) };
                    *ended.insert(result)
                })?;
                self.makes(u, Selector, |to| {
                    // SAFETY: a handle of its kind or NULL, and room for a pointer or NULL.
                    unsafe { bindnet_plan_selector(plan, place, to) }
                })?;
                // Links are numbered from 0 to 7.
                let is_given = ended == Some(OK) && !is_null;
                assert_eq!(number < 8, is_given);
                assert!(is_given || number == u32::MAX);
            }
            1 => {
                let (mut differs, is_null) = (c_int::MIN, u.ratio(1, 8)?);
                let to = match is_null {
                    true => null_mut(),
                    false => &raw mut differs,
                };
                // SAFETY: a handle of its kind or NULL, and room for a number or NULL.
                let result = ended(unsafe { bindnet_plan_differs(plan, place, to) });
                assert_eq!(result == INVALID, plan.is_null() || is_null);
                assert!(matches!(result, OK | INVALID | NONE));
                assert_eq!(matches!(differs, 0 | 1), result == OK);
            }
            2 => {
                let result = self.writes(u, plan.is_null(), |to, size, n| {
                    // SAFETY: a handle of its kind or NULL, a buffer of this size or NULL, and room
                    // for a number or NULL.
                    unsafe { bindnet_plan_corosync_text(plan, place, to, size, n) }
                })?;
                assert!(place < 8 || result != OK);
            }
            _ => {
                let name = text(u)?;
                let is_text = name.as_ref().is_some_and(|name| name.to_str().is_ok());
                let result = self.writes(u, plan.is_null() || !is_text, |to, size, n| {
                    // SAFETY: the same, and a text or NULL.
                    unsafe { bindnet_plan_json(plan, pointer(&name), to, size, n) }
                })?;
                assert!(result != NONE);
            }
        }
        Ok(())
    }
}

/// So many bytes; or NULL, or a length that no object has, which can be seen.
fn block(u: &mut Unstructured<'_>, bytes: &[u8]) -> Result<(Text, usize)> {
    Ok(match u.int_in_range(0..=31)? {
        31 => (null(), bytes.len()),
        30 => (bytes.as_ptr().cast(), usize::MAX),
        _ => (bytes.as_ptr().cast(), bytes.len()),
    })
}

/// A corosync.conf that is taken for the most part, where a host has its addresses; or any bytes.
fn file(u: &mut Unstructured<'_>) -> Result<Vec<u8>> {
    if u.ratio(1, 8)? {
        return bytes(u);
    }
    let v4 = u.ratio(1, 2)?;
    let version = u.choose(&["ipv4", "ipv6", "ipv4-6", "ipv6-4"])?;
    let transport = u.choose(&["knet", "udpu", "udp", ""])?;
    let mut file = format!("totem {{\nversion: 2\ncluster_name: c\nip_version: {version}\n");
    if !transport.is_empty() {
        let _ = writeln!(file, "transport: {transport}");
    }
    let count = u.int_in_range(0..=2)?;
    for number in 0..count {
        let text = address(u, v4)?;
        let _ = writeln!(
            file,
            "interface {{\nlinknumber: {number}\nringnumber: {number}"
        );
        let _ = writeln!(file, "bindnetaddr: {text}\n}}");
    }
    file += "}\nnodelist {\n";
    for nodeid in 1..=u.int_in_range(0..=2)? {
        let _ = writeln!(file, "node {{\nnodeid: {nodeid}\nname: {}", address(u, v4)?);
        for number in 0..u.int_in_range(0..=2)? {
            let text = address(u, v4)?;
            let _ = writeln!(file, "ring{number}_addr: {text}");
        }
        file += "}\n";
    }
    file += "}\n";
    let mut file = file.into_bytes();
    if u.ratio(1, 8)? {
        let at = u.choose_index(file.len())?;
        let end = file.len().min(at + u.int_in_range(0..=2)?);
        file.splice(at..end, bytes(u)?);
    }
    Ok(file)
}

fn address(u: &mut Unstructured<'_>, v4: bool) -> Result<String> {
    Ok(match u.ratio(7, 8)? {
        true => input::ip(u, v4)?.to_string(),
        false => (*u.choose(&NAMES)?).to_owned(),
    })
}
