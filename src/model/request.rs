//! Requests, as the kernel and `ip` read them.

use std::net::IpAddr;

use ipnet::IpNet;

use super::operation::AddressRequest;
use super::refusal::Refusal;
use super::{v4, v6};
use crate::snapshot::{Address, AddressFlags, Lifetime, Name, Scope};

/// The address of a request on the link with this index, as it is listed when it is added.
pub(super) fn address(request: &AddressRequest, link: u32) -> Result<Address, Refusal> {
    let (valid, preferred) = (request.valid_lft, request.preferred_lft);
    if valid.to_kernel() == 0 || preferred.to_kernel() > valid.to_kernel() {
        return Err(Refusal::Invalid);
    }
    let v4 = request.net.addr().is_ipv4();
    let forever = valid.to_kernel() == u32::MAX;
    let mut flags = request.flags.bits() & if v4 { v4::REQUESTED } else { v6::REQUESTED };
    if forever {
        flags |= AddressFlags::PERMANENT.bits();
    }
    if preferred.to_kernel() == 0 {
        flags |= AddressFlags::DEPRECATED.bits();
    }
    let mut address = Address::new(request.net, link)
        .with_scope(request.scope)
        .with_flags(AddressFlags::from_bits(flags))
        .with_valid_lft(valid);
    // A permanent IPv4 address shows no other lifetime, even if the request has one.
    address = address.with_preferred_lft(if v4 && forever { valid } else { preferred });
    if let Some(peer) = request.peer {
        address = address.with_peer(peer).map_err(|_| Refusal::Invalid)?;
    }
    if v4 {
        address = address.with_label(request.label.unwrap_or(request.link));
    }
    Ok(match request.protocol {
        Some(protocol) => address.with_protocol(protocol),
        None => address,
    })
}

pub(super) fn loopback_address(ip: IpAddr, len: u8, link: u32) -> Result<Address, Refusal> {
    let net = IpNet::new(ip, len).map_err(|_| Refusal::Invalid)?;
    Ok(Address::new(net, link)
        .with_scope(Scope::HOST)
        .with_flags(AddressFlags::PERMANENT)
        .with_valid_lft(Lifetime::Forever)
        .with_preferred_lft(Lifetime::Forever))
}

/// Whether `ip` takes a word for the name of a link (`check_ifname` of iproute2).
pub(super) fn is_word_of_ip(name: Name) -> bool {
    let bytes = name.as_bytes();
    let is_separator = |b: &u8| b.is_ascii_whitespace() || *b == 0x0b || *b == b'/';
    !bytes.iter().any(is_separator)
}

/// Whether a link may have this name (`dev_valid_name`). A `%` would request a number.
pub(super) fn is_link_name(name: Name) -> bool {
    let bytes = name.as_bytes();
    let is_reserved = |b: &u8| b":%".contains(b);
    is_word_of_ip(name) && bytes != b"." && bytes != b".." && !bytes.iter().any(is_reserved)
}
