//! Alternative names of links: in datagrams, in the output of iproute2 and in snapshots, at their
//! limits, and refused beyond them.

use bindnet::snapshot::LinkName;
use bindnet::wire::DecodeError;
use bindnet::wire::rtnetlink::{Message, messages, request_link_alt_named};
use bindnet::{Link, Snapshot};
use bindnet_tests::bytes::netlink::*;
use netlink_packet_core::{NetlinkMessage, NetlinkPayload, Nla};
use netlink_packet_route::RouteNetlinkMessage;
use netlink_packet_route::link::LinkAttribute;

/// Where the value of the list of properties begins, behind the name `eth0`.
const LIST: usize = 16 + 16 + 12 + 4;

fn with_properties(lists: &[&[Vec<u8>]]) -> Vec<u8> {
    let mut attributes = vec![attribute(IFLA_IFNAME, b"eth0\0")];
    attributes.extend(
        lists
            .iter()
            .map(|list| attribute(IFLA_PROP_LIST, &list.concat())),
    );
    message(RTM_NEWLINK, 0, &link_body(1, 2, 0, &attributes))
}

fn decoded(lists: &[&[Vec<u8>]]) -> Result<Link, DecodeError> {
    match messages(&with_properties(lists)).next().unwrap()? {
        (_, Message::NewLink(link)) => Ok(link),
        other => panic!("{other:?}"),
    }
}

fn names(link: &Link) -> Vec<String> {
    link.alt_names().map(|name| name.to_string()).collect()
}

fn alt_name(bytes: &[u8]) -> Vec<u8> {
    attribute(IFLA_ALT_IFNAME, &[bytes, b"\0"].concat())
}

#[test]
fn a_list_of_properties_has_names_and_what_nobody_knows() {
    let long = vec![b'n'; LinkName::MAX_LEN];
    let list = [
        alt_name(b"enp0s3"),
        attribute(77, b"x"),
        attribute(77, b""),
        // Without the NUL, empty, and up to a NUL.
        attribute(IFLA_ALT_IFNAME, &long),
        attribute(IFLA_ALT_IFNAME, b""),
        attribute(IFLA_ALT_IFNAME, b"a\x1b\xff\0b"),
    ];
    let link = decoded(&[&list, &[], &[alt_name(b"last")]]).unwrap();
    let long = "n".repeat(LinkName::MAX_LEN);
    assert_eq!(names(&link), ["enp0s3", &long, r"a\x1b\xff", "last"]);
    // Only within the list is it a property of the link.
    let attributes = [attribute(IFLA_IFNAME, b"eth0\0"), alt_name(b"enp0s3")];
    let bare = message(RTM_NEWLINK, 0, &link_body(1, 2, 0, &attributes));
    let Ok((_, Message::NewLink(link))) = messages(&bare).next().unwrap() else {
        panic!("no link");
    };
    assert_eq!(link.alt_names().count(), 0);
}

#[test]
fn what_cannot_be_is_an_error_with_its_place() {
    let first = alt_name(b"abc");
    let too_long = [b'n'; LinkName::MAX_LEN + 1];
    let error = decoded(&[&[first.clone(), attribute(IFLA_ALT_IFNAME, &too_long)]]).unwrap_err();
    let (what, len) = ("IFLA_ALT_IFNAME", too_long.len());
    let offset = LIST + first.len() + 4;
    assert_eq!(error, DecodeError::Length { what, len, offset });
    for lie in [0u16, 3, 9, u16::MAX] {
        let mut wrong = alt_name(b"abc");
        wrong[..2].copy_from_slice(&lie.to_ne_bytes());
        let error = decoded(&[&[first.clone(), wrong]]).unwrap_err();
        let (what, len, offset) = ("rta_len", lie.into(), LIST + first.len());
        assert_eq!(error, DecodeError::Length { what, len, offset });
    }
}

#[test]
fn a_request_has_the_name() {
    for name in [
        "x",
        "longer-than-any-own-name",
        &"n".repeat(LinkName::MAX_LEN),
    ] {
        let request = request_link_alt_named(name.parse().unwrap(), 7);
        let read = NetlinkMessage::<RouteNetlinkMessage>::deserialize(&request).unwrap();
        let NetlinkPayload::InnerMessage(RouteNetlinkMessage::GetLink(asked)) = read.payload else {
            panic!("{read:?}");
        };
        // The other decoder knows it in lists of properties alone.
        let attribute = asked
            .attributes
            .iter()
            .find_map(|attribute| match attribute {
                LinkAttribute::Other(other) if other.kind() == IFLA_ALT_IFNAME => Some(other),
                _ => None,
            });
        let attribute = attribute.expect("the name");
        let mut value = vec![0xff; attribute.value_len()];
        attribute.emit_value(&mut value);
        let padding = vec![0; LinkName::MAX_LEN + 1 - name.len()];
        assert_eq!(value, [name.as_bytes(), &padding].concat());
    }
}

/// What iproute2 prints of a link, and a snapshot of it.
#[test]
fn text_has_them_and_gives_them_back() {
    let told = br#"[{"ifindex":2,"ifname":"eth0","altnames":["enp0s3","a-long-one-of-the-third-port",
        "hostile\u001b'"],"addr_info":[]},{"ifindex":3,"ifname":"eth1","altnames":[],"addr_info":[]},
        {"ifindex":4,"ifname":"eth2","addr_info":[]}]"#;
    let host = Snapshot::from_json(told).unwrap();
    let long = "a-long-one-of-the-third-port";
    assert_eq!(names(&host.links()[0]), ["enp0s3", long, r"hostile\x1b'"]);
    let json = host.to_json();
    let said =
        r#""name":"eth0","altnames":["enp0s3","a-long-one-of-the-third-port","hostile\\x1b'"],"#;
    assert!(json.contains(said), "{json}");
    // Where there are none, nothing is written.
    assert_eq!(json.matches("altnames").count(), 1);
    assert_eq!(Snapshot::from_json(json.as_bytes()).unwrap(), host);
    for name in ["enp0s3", long, r"hostile\x1b'", "eth0"] {
        let found = host.link_named(&name.parse().unwrap());
        assert_eq!(found.map(Link::index), Some(2), "{name}");
    }
}

#[test]
fn text_that_has_none_that_could_be() {
    let ours = r#"{"format":"bindnet-snapshot/1","links":[{"index":2,"name":"eth0","altnames":@}],
        "addresses":[]}"#;
    let theirs = r#"[{"ifindex":2,"ifname":"eth0","altnames":@,"addr_info":[]}]"#;
    let long = format!(r#"["a","{}"]"#, "n".repeat(LinkName::MAX_LEN + 1));
    for (text, place) in [(ours, "links[0].altnames[1]"), (theirs, "[0].altnames[1]")] {
        for (names, problem) in [
            (r#"["a",""]"#, "at least one byte"),
            (r#"["a","\u0000"]"#, "NUL"),
            (&long, "128 bytes; a name has at most 127"),
        ] {
            let error = Snapshot::from_json(text.replace('@', names).as_bytes()).unwrap_err();
            let said = error.to_string();
            assert!(said.contains(place) && said.contains(problem), "{said}");
        }
        for names in ["null", "[]"] {
            let host = Snapshot::from_json(text.replace('@', names).as_bytes()).unwrap();
            assert_eq!(host.links()[0].alt_names().count(), 0);
        }
        for names in ["7", r#""a""#, "[7]"] {
            Snapshot::from_json(text.replace('@', names).as_bytes()).unwrap_err();
        }
    }
}

/// A link may have more of them than anybody needs: what a host has is written and read.
#[test]
fn there_may_be_many() {
    let eth0 = Link::new(2, "eth0".parse().unwrap());
    let names = (0..500).map(|n| format!("name-{n}").parse().unwrap());
    let eth0 = names.fold(eth0, Link::with_alt_name);
    let host = Snapshot::new([eth0], []).unwrap();
    assert_eq!(
        Snapshot::from_json(host.to_json().as_bytes()).unwrap(),
        host
    );
    assert!(host.link_named(&"name-499".parse().unwrap()).is_some());
}
