//! Addresses as bytes.

use std::net::IpAddr;

pub fn bytes(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

/// The mask of a prefix.
pub fn leading_ones(len: u8, bytes: usize) -> Vec<u8> {
    let bit = |at: usize| at < usize::from(len);
    let byte = |byte: usize| (0..8).fold(0, |b, i| b << 1 | u8::from(bit(8 * byte + i)));
    (0..bytes).map(byte).collect()
}

/// `(a ^ b) & mask == 0`, byte by byte; addresses of different families are never the same.
pub fn same_under(a: &[u8], b: &[u8], mask: &[u8]) -> bool {
    let same = |((a, b), mask): ((&u8, &u8), &u8)| (a ^ b) & mask == 0;
    a.len() == b.len() && a.len() == mask.len() && a.iter().zip(b).zip(mask).all(same)
}

/// Whether an address is in a network that is written as `ip/len`.
pub fn is_inside(ip: IpAddr, network: &str) -> bool {
    let (network, len) = network.split_once('/').expect("a prefix");
    let network = bytes(network.parse().expect("an address"));
    let mask = leading_ones(len.parse().expect("a length"), network.len());
    same_under(&bytes(ip), &network, &mask)
}

/// IPv6 only: 169.254.0.0/16 needs no link to be bound.
pub fn is_link_local(ip: IpAddr) -> bool {
    is_inside(ip, "fe80::/10")
}

pub fn is_loopback(ip: IpAddr) -> bool {
    is_inside(ip, "127.0.0.0/8") || is_inside(ip, "::1/128")
}

/// The length of the prefix of one host.
pub fn all_bits(ip: IpAddr) -> u8 {
    8 * bytes(ip).len() as u8
}
