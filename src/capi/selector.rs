//! The rule for one bindnetaddr.

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;

use super::call::{Failure, bindnet_result, call, flag, free, hand_out, not_null};
use super::text::{block, bytes, text};
use crate::corosync::{Profile, ProfileSelector};
use crate::rule::{BindnetAddr, Declaration, Evidence, ScopedAddr, Selector, parse_net};
use crate::snapshot::LinkName;

/// What is asked: a bindnetaddr, and all that is known beforehand.
#[derive(Clone)]
pub struct bindnet_selector {
    pub(super) selector: ProfileSelector,
}

impl bindnet_selector {
    pub(super) fn new(bindnet: BindnetAddr) -> Self {
        Self {
            selector: Selector::new(bindnet).into(),
        }
    }

    /// Changes the selector. It is not copied: it may have many networks.
    pub(super) fn set(&mut self, change: impl FnOnce(Selector) -> Selector) {
        let selector = &mut self.selector.selector;
        let empty = Selector::new(selector.bindnet().clone());
        *selector = change(std::mem::replace(selector, empty));
    }
}

/// Makes a selector for a bindnetaddr: an address without a prefix ("192.168.1.0"), a network with its
/// prefix ("192.168.1.0/24"), or several networks of one family with commas
/// ("192.168.1.0/24,192.168.2.0/24"). Any address of a link is "0.0.0.0/0" or "::/0", and
/// bindnet_selector_interface(). "0.0.0.0" and "::" alone are refused.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_new(
    bindnetaddr: *const c_char,
    selector: Option<&mut MaybeUninit<*mut bindnet_selector>>,
) -> bindnet_result {
    call(|| {
        let bindnet: BindnetAddr = text(bindnetaddr, "bindnetaddr")?
            .parse()
            .map_err(Failure::invalid)?;
        hand_out(
            bindnet_selector::new(bindnet),
            not_null(selector, "selector")?,
        );
        Ok(())
    })
}

/// Frees a selector; NULL is fine. What was made with it stays.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_free(selector: Option<Box<bindnet_selector>>) {
    free(selector);
}

/// Which rule chooses: "default", "corosync", "corosync:3.1.7" or "patched".
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_profile(
    selector: Option<&mut bindnet_selector>,
    profile: *const c_char,
) -> bindnet_result {
    call(|| {
        let selector = not_null(selector, "selector")?;
        let profile: Profile = text(profile, "profile")?
            .parse()
            .map_err(Failure::invalid)?;
        selector.selector.profile = profile;
        Ok(())
    })
}

/// Whether nothing is chosen where the decision is ambiguous.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_strict(
    selector: Option<&mut bindnet_selector>,
    strict: c_int,
) -> bindnet_result {
    call(|| {
        not_null(selector, "selector")?.set(|selector| selector.strict(flag(strict)));
        Ok(())
    })
}

/// Restricts the rule to the addresses of one interface.
///
/// `interface_name` is the name as the kernel has it, byte for byte: what `interface_name` of a
/// struct bindnet_address holds goes in as it is. Nothing is un-escaped in it. It may also be an
/// alternative name of the interface (altname of ip-link(8)), of up to 127 bytes.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_interface(
    selector: Option<&mut bindnet_selector>,
    interface_name: *const c_char,
) -> bindnet_result {
    call(|| {
        let selector = not_null(selector, "selector")?;
        let name = interface(interface_name)?;
        selector.set(|selector| selector.interface(name));
        Ok(())
    })
}

/// Declares an address ("192.168.1.20") or a network ("192.168.1.0/28") floating: a cluster manager
/// moves it between hosts. May be repeated.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_floating(
    selector: Option<&mut bindnet_selector>,
    net: *const c_char,
) -> bindnet_result {
    call(|| declare(selector, net, Declaration::Floating))
}

/// Declares an address or a network fixed: it belongs to this host, which overrides all evidence.
/// May be repeated. What is on both lists is refused; else the longest prefix decides.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_fixed(
    selector: Option<&mut bindnet_selector>,
    net: *const c_char,
) -> bindnet_result {
    call(|| declare(selector, net, Declaration::Fixed))
}

/// Switches one evidence rule off, "label" for instance. May be repeated.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_without_rule(
    selector: Option<&mut bindnet_selector>,
    code: *const c_char,
) -> bindnet_result {
    call(|| {
        let selector = not_null(selector, "selector")?;
        let rule: Evidence = text(code, "code")?.parse().map_err(Failure::invalid)?;
        selector.set(|selector| selector.without([rule]));
        Ok(())
    })
}

/// The IFA_PROTO numbers that mark floating addresses, `count` of them, instead of 18.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_floating_protocols(
    selector: Option<&mut bindnet_selector>,
    protocols: *const u8,
    count: usize,
) -> bindnet_result {
    call(|| {
        let selector = not_null(selector, "selector")?;
        let protocols = block(protocols, count, "protocols")?;
        if protocols.contains(&0) {
            return Err(Failure::invalid(
                "protocols: an IFA_PROTO number is 1 to 255",
            ));
        }
        selector.set(|selector| selector.floating_protocols(protocols.iter().copied()));
        Ok(())
    })
}

/// The remembered choice, "192.168.1.10" or "fe80::1%eth0": it is kept as long as it is there and can
/// be bound.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_previous(
    selector: Option<&mut bindnet_selector>,
    address: *const c_char,
) -> bindnet_result {
    call(|| {
        let selector = not_null(selector, "selector")?;
        let address: ScopedAddr = text(address, "address")?
            .parse()
            .map_err(Failure::invalid)?;
        selector.set(|selector| selector.previous(address));
        Ok(())
    })
}

/// Whether decisions also list the addresses that do not match.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_selector_list_all(
    selector: Option<&mut bindnet_selector>,
    list_all: c_int,
) -> bindnet_result {
    call(|| {
        not_null(selector, "selector")?.set(|selector| selector.list_all(flag(list_all)));
        Ok(())
    })
}

/// The name of an interface, or an alternative one, in the bytes that the kernel has.
pub(super) fn interface(interface_name: *const c_char) -> Result<LinkName, Failure> {
    let bytes = bytes(interface_name, "interface_name")?;
    LinkName::from_bytes(bytes).map_err(|error| {
        let shown = String::from_utf8_lossy(bytes);
        Failure::invalid(format_args!("interface_name {shown:?}: {error}"))
    })
}

fn declare(
    selector: Option<&mut bindnet_selector>,
    net: *const c_char,
    declaration: Declaration,
) -> Result<(), Failure> {
    let selector = &mut not_null(selector, "selector")?.selector.selector;
    let net = parse_net(text(net, "net")?).map_err(Failure::invalid)?;
    selector.declare(net, declaration).map_err(Failure::invalid)
}
