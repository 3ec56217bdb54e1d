//! The rtnetlink decoder against netlink-packet-route, on recorded and on random messages; against
//! iproute2's account of the recorded host; and on messages that are damaged.

mod malformed;
mod one_reading;
mod peer;

use bindnet::snapshot::Lifetime;
use bindnet::testing::strategies::{Vips, node, with_vips};
use bindnet::wire::DecodeError;
use bindnet::wire::rtnetlink::{Message, messages, request_link, request_link_named};
use bindnet::{Address, Link, Snapshot};
use bindnet_tests::bytes::{damaged_netlink, datagram, dumps};
use proptest::prelude::*;

/// Every message of a datagram that is sound.
fn decode(datagram: &[u8]) -> Vec<(u32, u32, Message)> {
    let decoded = messages(datagram).map(|message| message.expect("a sound message"));
    decoded
        .map(|(header, message)| (header.sequence, header.port, message))
        .collect()
}

/// Where a decoding error is.
fn offset(error: &DecodeError) -> usize {
    match *error {
        DecodeError::Short { offset, .. }
        | DecodeError::Length { offset, .. }
        | DecodeError::PrefixLen { offset, .. }
        | DecodeError::NoAddress { offset }
        | DecodeError::NoName { offset } => offset,
        _ => panic!("an error without an offset: {error}"),
    }
}

#[test]
fn a_request_for_a_link_has_its_name() {
    for name in ["eth0", "1", "x", "fifteen_bytes_l"] {
        let request = request_link_named(name.parse().unwrap(), 7);
        assert_eq!(peer::name_asked_for(&request).as_deref(), Some(name));
    }
    assert_eq!(peer::name_asked_for(&request_link(1, 7)), None);
}

#[cfg(target_endian = "little")]
mod recorded {
    use super::*;

    const V4: &[u8] = include_bytes!("../data/addresses_v4.bin");
    const V6: &[u8] = include_bytes!("../data/addresses_v6.bin");
    const LINKS: &[u8] = include_bytes!("../data/links.bin");
    const EVENTS: &[u8] = include_bytes!("../data/events.bin");
    const IP_ADDR: &[u8] = include_bytes!("../data/ip_addr.json");

    #[test]
    fn what_the_other_decoder_reads() {
        for datagrams in [V4, V6, LINKS] {
            let decoded = decode(datagrams);
            assert!(decoded.len() > 7);
            assert_eq!(decoded, peer::messages(datagrams));
            assert!(matches!(decoded.last(), Some((.., Message::Done(0)))));
        }
    }

    #[test]
    fn events() {
        let decoded = decode(EVENTS);
        assert_eq!(decoded, peer::messages(EVENTS));
        let mut told: Vec<String> = Vec::new();
        for (sequence, port, message) in &decoded {
            // Whoever asked for the change is told: the sequence number and port are its own.
            assert_eq!(*sequence == 0, *port == 0);
            let news = news(message);
            // A link tells of every step on its way up.
            if told.last() != Some(&news) {
                told.push(news);
            }
        }
        let expected = include_str!("../data/events.txt");
        assert_eq!(told.join("\n"), expected.trim_end());
    }

    fn news(message: &Message) -> String {
        let address = |address: &Address| {
            let label = address.label().map(|label| format!(" {label}"));
            let peer = address.peer().map(|peer| format!(" peer {peer}"));
            let flags = address.flags().expect("flags");
            let link = address.link_index().unwrap_or(0);
            let net = address.net().expect("a prefix");
            let facts = [label, peer].map(Option::unwrap_or_default).concat();
            format!("{net} on {link}{facts} {:#x}", flags.bits())
        };
        match message {
            Message::NewAddress(new) => format!("new {}", address(new)),
            Message::DeletedAddress(deleted) => format!("deleted {}", address(deleted)),
            Message::NewLink(link) => {
                let (up, running) = (link.is_up(), link.is_running());
                let master = link.master().map(|master| format!(" in {master}"));
                let state = match (up, running) {
                    (Some(true), Some(true)) => "running",
                    (Some(true), _) => "up",
                    _ => "down",
                };
                let master = master.unwrap_or_default();
                format!("link {} {} {state}{master}", link.index(), link.name())
            }
            Message::DeletedLink(link) => {
                let master = link.master().map(|master| format!(" in {master}"));
                let master = master.unwrap_or_default();
                format!("deleted link {} {}{master}", link.index(), link.name())
            }
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn what_iproute2_says() {
        let listed = decode(&[V4, V6, LINKS].concat());
        let links = listed.iter().filter_map(|(.., message)| match message {
            Message::NewLink(link) => Some(link.clone()),
            _ => None,
        });
        let addresses = listed.iter().filter_map(|(.., message)| match message {
            Message::NewAddress(address) => Some(*address),
            _ => None,
        });
        let ours = Snapshot::new(links, addresses).unwrap();
        let theirs = Snapshot::from_json(IP_ADDR).unwrap();
        // Without its statistics, `ip` does not print how often the carrier changed.
        let without_changes: Vec<_> = ours
            .links()
            .iter()
            .map(|link| {
                let told = Link::new(link.index(), link.name())
                    .with_flags(link.flags().unwrap())
                    .with_hardware_type(link.hardware_type().unwrap());
                let told = link.mac().map_or(told.clone(), |mac| told.with_mac(*mac));
                let told = link
                    .kind()
                    .map_or(told.clone(), |kind| told.with_kind(kind));
                link.master()
                    .map_or(told.clone(), |master| told.with_master(master))
            })
            .collect();
        assert_eq!(without_changes, theirs.links());
        let printed: Vec<_> = ours.addresses().map(as_iproute2_prints).collect();
        assert_eq!(
            printed,
            theirs
                .addresses()
                .map(as_iproute2_prints)
                .collect::<Vec<_>>()
        );
    }

    /// iproute2 6.1 does not print IFA_PROTO and no version prints the creation time; a lifetime
    /// may be a second shorter by the time it is asked.
    fn as_iproute2_prints(address: Address) -> (String, String) {
        let lifetime = |lifetime| match lifetime {
            Some(Lifetime::Seconds(seconds)) => format!("{} min", (seconds + 30) / 60),
            other => format!("{other:?}"),
        };
        let lifetimes = [address.valid_lft(), address.preferred_lft()].map(lifetime);
        let what = (
            address.ip(),
            address.netmask(),
            address.peer(),
            address.link_index(),
        );
        let facts = (address.label(), address.scope(), address.flags());
        (format!("{what:?} {facts:?}"), lifetimes.join(", "))
    }
}

proptest! {
    #[test]
    fn random_messages_read_as_by_the_other_decoder(datagram in datagram()) {
        prop_assert_eq!(decode(&datagram), peer::messages(&datagram));
    }

    /// A host that is dumped as the kernel dumps it is read as it was, by the other decoder, too.
    #[test]
    fn dumps_read_as_the_host(node in with_vips(node("192.0.2.0/24".parse().unwrap()), Vips::Any)) {
        let host = node.host().snapshot();
        let [links, v4, v6] = dumps(&host);
        for datagram in [&links, &v4, &v6] {
            prop_assert_eq!(decode(datagram), peer::messages(datagram));
        }
        let (mut read, mut addresses) = (Vec::new(), Vec::new());
        for (.., message) in decode(&[links, v4, v6].concat()) {
            match message {
                Message::NewLink(link) => read.push(link),
                Message::NewAddress(address) => addresses.push(address),
                other => prop_assert_eq!(other, Message::Done(0)),
            }
        }
        let created = |address: Address| address.with_created(0);
        prop_assert_eq!(read, host.links());
        prop_assert_eq!(addresses, host.addresses().map(created).collect::<Vec<_>>());
    }

    /// A damaged datagram of a host is decoded without a panic, and errors point into it.
    #[test]
    fn damage_of_a_host_is_located(damaged in damaged_dump()) {
        located(&damaged)?;
    }

    /// A damaged datagram is decoded without a panic, and errors point into it.
    #[test]
    fn damage_is_located(damaged in damaged_netlink(datagram())) {
        located(&damaged)?;
    }
}

fn damaged_dump() -> impl Strategy<Value = Vec<u8>> {
    let nodes = with_vips(node("2001:db8::/64".parse().unwrap()), Vips::Any);
    damaged_netlink(nodes.prop_map(|node| dumps(&node.host().snapshot()).concat()))
}

fn located(damaged: &[u8]) -> Result<(), TestCaseError> {
    for message in messages(damaged) {
        if let Err(error) = message {
            prop_assert!(
                offset(&error) <= damaged.len(),
                "{} of {}",
                error,
                damaged.len()
            );
        }
    }
    Ok(())
}
