//! Entries of a state file for bindnetaddrs that overlap the one that is asked for.

use std::net::{IpAddr, Ipv4Addr};

use bindnet::choice::State;
use bindnet::rule::ScopedAddr;
use bindnet::{Address, BindnetAddr, Link, Selector, Snapshot};
use ipnet::Ipv4Net;
use proptest::prelude::*;

use super::state_text::FULL;

/// A file with one entry, and what it says of another bindnetaddr.
fn overlapping(entry: &str, asked: &str) -> Vec<(BindnetAddr, ScopedAddr)> {
    let text = format!("bindnet-state/1\nbindnetaddr {entry}\nend\n");
    let state = State::parse(text.as_bytes()).unwrap();
    let asked = asked.parse().unwrap();
    assert_eq!(
        state.warnings(&asked).len(),
        state.overlapping(&asked).count()
    );
    state.overlapping(&asked).collect()
}

#[test]
fn bindnetaddrs_that_overlap() {
    for (entry, asked, overlap) in [
        ("192.0.2.0 address 192.0.2.10", "192.0.2.0/24", true),
        ("192.0.2.0/24 address 192.0.2.10", "192.0.2.0", true),
        ("192.0.2.0/24 address 192.0.2.10", "192.0.2.10", true),
        ("192.0.2.0/24 address 192.0.2.10", "192.0.2.0/25", true),
        ("192.0.2.128/25 address 192.0.2.200", "0.0.0.0/0", true),
        ("fd00:: address fd00::1", "fd00::/64", true),
        // Its own entry is no other one's.
        ("192.0.2.0 address 192.0.2.10", "192.0.2.0", false),
        ("192.0.2.0/25 address 192.0.2.10", "192.0.2.128/25", false),
        ("192.0.2.0/24 address 192.0.2.10", "198.51.100.0", false),
        ("0.0.0.0/0 address 192.0.2.10", "::/0", false),
        // An address whose mask makes the bindnetaddr its network says how long that is.
        ("192.0.2.0 address 192.0.2.10 prefix 24", "192.0.2.20", true),
        (
            "192.0.2.0 address 192.0.2.10 prefix 24",
            "192.0.2.64/26",
            true,
        ),
        ("192.0.2.0 address 192.0.2.10", "192.0.2.20", false),
        (
            "192.0.2.10 address 192.0.2.10 prefix 24",
            "192.0.2.20",
            false,
        ),
        // One network of several is enough.
        (
            "192.0.2.0/24,10.0.0.0/8 address 192.0.2.10",
            "10.1.0.0/16,203.0.113.0/24",
            true,
        ),
        (
            "192.0.2.0/24,10.0.0.0/8 address 192.0.2.10",
            "192.0.2.0",
            true,
        ),
        (
            "192.0.2.0/24,10.0.0.0/8 address 192.0.2.10",
            "10.0.0.0/8,192.0.2.0/24",
            true,
        ),
        (
            "192.0.2.0/24,10.0.0.0/8 address 192.0.2.10",
            "203.0.113.0/24",
            false,
        ),
        (
            "192.0.2.0 address 192.0.2.10 prefix 24",
            "192.0.2.128/25,10.0.0.0/8",
            true,
        ),
        // Another link is another question, if the two cannot be one.
        ("fe80:: address fe80::1", "fe80::%eth0", true),
        ("fe80::%eth0/64 address fe80::1", "fe80::%eth0", true),
        ("fe80::%eth0 address fe80::1", "fe80::%2", true),
        ("fe80::%eth0 address fe80::1", "fe80::%eth1", false),
        ("fe80::%2 address fe80::1", "fe80::%3", false),
    ] {
        let found = overlapping(entry, asked);
        assert_eq!(found.len(), usize::from(overlap), "{entry} and {asked}");
    }
    let found = overlapping("fe80::%eth0 address fe80::1 interface eth0", "fe80::");
    let (bindnet, address) = (found[0].0.to_string(), found[0].1.to_string());
    assert_eq!([bindnet, address], ["fe80::%eth0", "fe80::1%eth0"]);
}

#[test]
fn a_selector_takes_its_own_entry_or_warns_of_others() {
    let state = State::parse(FULL.as_bytes()).unwrap();
    let host = Snapshot::new(
        [Link::new(2, "eth0".parse().unwrap())],
        [Address::new("192.0.2.20/24".parse().unwrap(), 2)],
    )
    .unwrap();
    let warnings = |selector: Selector| selector.remembering(&state).decide(&host).warnings();
    let asked = |text: &str| Selector::new(text.parse().unwrap());

    assert!(
        asked("192.0.2.0")
            .remembering(&state)
            .decide(&host)
            .is_ambiguous()
    );
    assert_eq!(warnings(asked("192.0.2.0")), [""; 0]);
    let network = "192.0.2.0/24".parse().unwrap();
    assert_eq!(state.warnings(&network).len(), 1);
    assert_eq!(warnings(asked("192.0.2.0/24")), state.warnings(&network));
    // Nothing is chosen.
    assert_eq!(warnings(asked("198.51.100.0")).len(), 1);
    // It remembers by another way, or is about something else.
    assert_eq!(
        warnings(asked("192.0.2.0/24").previous("192.0.2.20".parse().unwrap())),
        [""; 0]
    );
    let asked = asked("192.0.2.0/24").remembering(&state);
    let elsewhere = asked.with_bindnet("203.0.113.0".parse().unwrap());
    assert_eq!(elsewhere.decide(&host).warnings(), [""; 0]);
}

/// A network inside `192.0.2.0/28`, or an address there.
fn small() -> impl Strategy<Value = BindnetAddr> {
    (0..16u8, 28..=32u8, any::<bool>()).prop_map(|(last, len, is_network)| {
        let net = Ipv4Net::new(Ipv4Addr::new(192, 0, 2, last), len).unwrap();
        let text = match is_network {
            true => net.trunc().to_string(),
            false => net.addr().to_string(),
        };
        text.parse().unwrap()
    })
}

proptest! {
    /// Two overlap if there is an address in both, and then one is inside the other.
    #[test]
    fn what_overlaps_has_an_address_in_common(known in small(), asked in small()) {
        let net = |bindnet: &BindnetAddr| bindnet.network().unwrap_or(bindnet.ip().into());
        let common = (0..16).any(|last| {
            let ip = IpAddr::from([192, 0, 2, last]);
            [&known, &asked].into_iter().all(|bindnet| net(bindnet).contains(&ip))
        });
        let found = overlapping(&format!("{known} address 192.0.2.1"), &asked.to_string());
        prop_assert_eq!(!found.is_empty(), common && known != asked);
    }
}
