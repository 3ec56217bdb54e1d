//! What a bindnetaddr may be, and what is said of a text that is none: every message names the
//! text and what would be accepted.

use std::net::SocketAddr;

use bindnet::corosync::Profile;
use bindnet::corosync::{Hosts, IpVersion, Version, read_address};
use bindnet::rule::{Evidence, ScopedAddr, Zone, parse_net};
use bindnet::snapshot::{HardwareAddress, Name, Scope};
use bindnet::{BindnetAddr, ParseError};
use bindnet_tests::hostile::is_hostile;

#[track_caller]
fn error(text: &str) -> String {
    let error = text.parse::<BindnetAddr>().unwrap_err();
    assert_eq!(error.text(), text);
    let message = error.to_string();
    assert!(
        message.starts_with(&format!("bindnetaddr {text:?}: ")),
        "{message}"
    );
    message
}

/// Whether the message says each of these things.
#[track_caller]
pub fn says(text: &str, wanted: &[&str]) {
    let message = error(text);
    for part in wanted {
        assert!(message.contains(part), "no {part:?} in: {message}");
    }
}

#[test]
fn what_is_accepted_prints_as_it_was_written() {
    let texts = [
        "192.168.1.0",
        "192.168.1.0/24",
        "192.168.1.10/32",
        "0.0.0.0/0",
        "fd00::",
        "fd00::/64",
        "fd00::1/128",
        "::/0",
        "fe80::1%eth0",
        "fe80::1%2",
        "fe80::%eth0/64",
        "192.168.1.0/24,192.168.2.0/24",
        "192.168.1.10/32,192.168.1.0/24,10.0.0.0/8,10.0.0.0/8",
        "fd00::/64,fd00:1::/64,fd00:2::1/128",
        "0.0.0.0/0,10.0.0.0/8",
        // The name of a link may have a comma.
        "fe80::1%a,b",
        "fe80::%a,b/64",
    ];
    for text in texts {
        assert_eq!(text.parse::<BindnetAddr>().unwrap().to_string(), text);
    }
}

#[test]
fn short_and_octal_forms() {
    // inet_aton(3) reads both, and neither as the operator meant it.
    says("192.168.1", &["3 of the 4 numbers", "192.168.0.1"]);
    says(
        "192.168.010.0",
        &["leading zero in \"010\"", "192.168.8.0", "192.168.10.0"],
    );
    says("3232235776", &["192.168.1.0"]);
    says("192.168.1.08", &["leading zero in \"08\"", "192.168.1.8"]);
    says("192.168.0x1.0", &["192.168.1.0"]);
}

#[test]
fn numbers_that_are_too_large() {
    says("300.1.1.1", &["\"300\" is more than 255", "0 to 255"]);
    says("192.168.1.0/33", &["\"33\"", "0 to 32"]);
    says("fd00::/129", &["\"129\"", "0 to 128"]);
}

#[test]
fn a_host_and_a_network_at_once() {
    says(
        "192.168.1.10/24",
        &[
            "names a host and a network",
            "write 192.168.1.10 or 192.168.1.0/24",
        ],
    );
    says(
        "fd00::1/64",
        &["names a host and a network", "write fd00::1 or fd00::/64"],
    );
}

#[test]
fn masks_in_the_place_of_a_prefix_length() {
    says(
        "192.168.1.0/255.255.255.0",
        &["\"255.255.255.0\"", "a number from 0 to 32"],
    );
    says("192.168.1.0/", &["\"\"", "a number from 0 to 32"]);
    says("192.168.1.0/+24", &["\"+24\"", "a number from 0 to 32"]);
}

#[test]
fn ipv4_mapped_addresses() {
    says(
        "::ffff:192.168.1.10",
        &["IPv4-mapped", "write 192.168.1.10"],
    );
    says("::ffff:c0a8:10a", &["IPv4-mapped", "write 192.168.1.10"]);
    assert!("::ffff:192.168.1.0/120".parse::<BindnetAddr>().is_err());
}

#[test]
fn zones() {
    says(
        "fe80::1%",
        &["zone", "the name or the index of a link", "fe80::1%eth0"],
    );
    says(
        "192.168.1.0%eth0",
        &["zone", "IPv6", "restrict the interface"],
    );
    says(
        "fe80::/64%eth0",
        &["before the prefix", "write fe80::%eth0/64"],
    );
    says("fe80::1/64%eth0", &["before the prefix", "%eth0"]);
}

#[test]
fn what_is_no_address() {
    says("", &["empty", "192.168.1.0", "192.168.1.0/24"]);
    says(" 192.168.1.0", &["white space", "192.168.1.0"]);
    says("192.168.1.0\n", &["white space"]);
    says("node1", &["not an address", "192.168.1.0"]);
    says("fd00::1::2", &["not an IPv6 address", "fd00::"]);
    says("192.168.1.0.5", &["not an address", "192.168.1.0"]);
}

#[test]
fn the_address_of_no_network() {
    for (text, family, network) in [
        ("0.0.0.0", "IPv4", "0.0.0.0/0"),
        ("::", "IPv6", "::/0"),
        ("0::0", "IPv6", "0::0/0"),
        ("::%eth0", "IPv6", "::%eth0/0"),
    ] {
        says(
            text,
            &[
                &format!("any {family} address of a link"),
                &format!("write {network} and"),
            ],
        );
        assert!(text.parse::<BindnetAddr>().unwrap_err().wants_interface());
    }
    let any: std::net::IpAddr = "0.0.0.0".parse().unwrap();
    assert!(BindnetAddr::try_from(any).is_err());
    // These name addresses and not networks.
    assert!(parse_net("0.0.0.0").is_ok() && "::".parse::<ScopedAddr>().is_ok());
}

#[test]
fn addresses_as_other_programs_write_them() {
    says(
        "[fd00:1::]",
        &["brackets have no place here; write fd00:1::"],
    );
    says(
        "[fd00::1]:5405",
        &["brackets and a port have no place here; write fd00::1"],
    );
    says("[fd00::]/64", &["brackets", "write fd00::/64"]);
    says("[fe80::1%eth0]:5405", &["write fe80::1%eth0"]);
    says("[192.168.1.0]", &["brackets", "write 192.168.1.0"]);
    says("[fd00::1]:port", &["not an IPv6 address"]);
    says(
        "192.168.1.0:5405",
        &["a port has no place here; write 192.168.1.0"],
    );
    says("192.168.1.0/255.255.255.0", &["write 192.168.1.0/24"]);
    says(
        "192.168.1.10/255.255.255.0",
        &["write 192.168.1.10 or 192.168.1.0/24"],
    );
    says("fd00::/ffff::", &["is a mask", "write fd00::/16"]);
    says("192.168.1.0/255.0.255.0", &["not a prefix length"]);
    says("node1", &["names are not resolved"]);
    says("eth0", &["names are not resolved"]);
    let both = parse_net("192.168.1.10/24").unwrap_err().to_string();
    assert!(
        both.ends_with("write 192.168.1.10 or 192.168.1.0/24"),
        "{both}"
    );
}

/// A message goes to a terminal and a log.
#[test]
fn hostile_texts_are_escaped() {
    let texts = [
        "\x1b[31m",
        "fe80::1%\x1b[31m/64x",
        "192.0.2.0/\x1b",
        "1\u{202e}.2",
        "a\0b",
    ];
    for text in texts {
        let message = error(text);
        assert!(!message.contains(is_hostile), "{message:?}");
    }
}

#[test]
fn remembered_addresses_and_lists() {
    let previous = |text: &str| text.parse::<ScopedAddr>().unwrap_err().to_string();
    assert!(previous("192.0.2.10/24").contains("write 192.0.2.10"));
    assert!(previous("").contains("empty"));
    let entry = |text: &str| parse_net(text).unwrap_err().to_string();
    assert!(entry("fe80::1%eth0").contains("zone"));
    assert!(entry("192.0.2.10/24").contains("192.0.2.10 or 192.0.2.0/24"));
    assert_eq!(
        parse_net("192.0.2.10").unwrap().to_string(),
        "192.0.2.10/32"
    );
    assert_eq!(
        parse_net("2001:db8::/64").unwrap().to_string(),
        "2001:db8::/64"
    );
}

/// What a message says to write is accepted.
#[test]
fn what_is_proposed_is_accepted() {
    let texts = [
        "192.168.1",
        "192.168.010.0",
        "192.168.1.08",
        "3232235776",
        "192.168.0x1.0",
        "192.168.1.10/24",
        "fd00::1/64",
        "::ffff:192.168.1.10",
        "fe80::/64%eth0",
        "fe80::1/64%eth0",
    ];
    for text in texts {
        let message = error(text).to_lowercase();
        let (_, proposed) = message.rsplit_once("write ").unwrap();
        for proposed in proposed.split(" or ") {
            let proposed = proposed.trim_end_matches('.');
            assert!(
                proposed.parse::<BindnetAddr>().is_ok(),
                "{proposed:?} of: {message}"
            );
        }
    }
}

/// inet_aton(3), and so Corosync, takes no sign.
#[test]
fn a_sign_is_no_number() {
    for text in ["0x+1", "1.0x+2", "0.0.0.0x+1", "1.+2", "01.+7", "0X+1.2"] {
        let message = error(text);
        assert!(!message.contains("Corosync"), "{message}");
    }
    says("0x1", &["Corosync", "0.0.0.1"]);
}

#[test]
fn what_a_socket_is_bound_to_is_an_address_of_a_host() {
    for (socket, address) in [
        ("192.0.2.10:5405", "192.0.2.10"),
        ("[::ffff:192.0.2.10]:5405", "192.0.2.10"),
        ("[2001:db8::1]:5405", "2001:db8::1"),
        ("[fe80::1]:5405", "fe80::1"),
    ] {
        let socket: SocketAddr = socket.parse().unwrap();
        assert_eq!(
            ScopedAddr::from(socket),
            address.parse().unwrap(),
            "{socket}"
        );
    }
    // A scope id is an index; a number in a text may be a name, too.
    let socket: SocketAddr = "[fe80::1%2]:5405".parse().unwrap();
    let bound = ScopedAddr::from(socket);
    assert_eq!(bound.to_string(), "fe80::1%2");
    assert_eq!(bound.zone(), Some(Zone::from(2)));
    let read: ScopedAddr = "fe80::1%2".parse().unwrap();
    assert_eq!(bound.zone().unwrap().name(), None);
    assert_eq!(read.zone().unwrap().name(), Some("2".parse().unwrap()));
    assert_eq!(read.zone().unwrap().index(), Some(2));
}

#[test]
fn an_error_has_the_text() {
    for text in ["192.0.2.300", "fe80::1%", "192.0.2.10/24", ""] {
        assert_eq!(text.parse::<ScopedAddr>().unwrap_err().text(), text);
    }
}

#[test]
fn an_error_says_what_it_should_have_been() {
    fn error<T: std::str::FromStr<Err = ParseError>>(text: &str) -> Option<ParseError> {
        text.parse::<T>().err()
    }
    let corosync = |text: &str| read_address(text, IpVersion::V4, &Hosts::default()).err();
    let rows = [
        (error::<BindnetAddr>("x/y"), "a bindnetaddr", "x/y"),
        (parse_net("x").err(), "an address or a network", "x"),
        (error::<ScopedAddr>("x"), "an address", "x"),
        (error::<Zone>(r"\x"), "a zone", r"\x"),
        (error::<Name>(r"\x"), "a name", r"\x"),
        (Name::from_bytes(b"e\0\xff").err(), "a name", r"e\x00\xff"),
        (
            error::<HardwareAddress>("02:0"),
            "a hardware address",
            "02:0",
        ),
        (error::<Scope>("256"), "a scope", "256"),
        (error::<Evidence>("lable"), "an evidence rule", "lable"),
        (error::<Profile>("corosync3"), "a profile", "corosync3"),
        (error::<Profile>("corosync:3"), "a version of Corosync", "3"),
        (error::<Version>("3.1"), "a version of Corosync", "3.1"),
        (error::<IpVersion>("4"), "an ip_version", "4"),
        (corosync("::1"), "an address in corosync.conf", "::1"),
    ];
    for (error, what, text) in rows {
        let error = error.unwrap();
        assert_eq!((error.what(), error.text()), (what, text), "{error}");
        assert_eq!(error.line(), None);
    }
}
