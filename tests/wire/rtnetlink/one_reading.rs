//! One reading of a fact, whichever way it came: by rtnetlink, a snapshot's JSON, `ip -d -j addr`
//! or the constructors.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bindnet::snapshot::{About, AddressFlags, Lifetime, LinkFlags, Scope};
use bindnet::wire::rtnetlink::{Message, messages};
use bindnet::{Address, Link, Selector, Snapshot};
use bindnet_tests::bytes::netlink::*;
use ipnet::IpNet;
use proptest::prelude::*;
use serde_json::{Value, json};

/// What the kernel has of an address, in its own numbers.
#[derive(Clone, Debug)]
struct Facts {
    net: IpNet,
    /// `IFA_ADDRESS`.
    other: IpAddr,
    label: &'static str,
    scope: u8,
    flags: u32,
    protocol: u8,
    /// Valid and preferred.
    lifetimes: [u32; 2],
}

/// What it has of the link.
#[derive(Clone, Debug)]
struct LinkFacts {
    flags: u32,
    kind: &'static str,
    /// Whether it belongs to the other link.
    is_slave: bool,
    mac: [u8; 6],
    hardware_type: u16,
}

const INDEX: u32 = 2;
const MASTER: u32 = 3;

fn lifetime() -> impl Strategy<Value = u32> {
    prop_oneof![Just(0), Just(u32::MAX), Just(86_400)]
}

fn facts() -> impl Strategy<Value = Facts> {
    let v4 = |n| IpAddr::from(Ipv4Addr::new(192, 0, 2, n));
    let v6 = |n: u8| IpAddr::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, n.into()));
    let nets = prop_oneof![
        (10u8..14, 10u8..14, 20u8..=32).prop_map(move |(a, b, len)| (v4(a), v4(b), len)),
        (10u8..14, 10u8..14, 56u8..=128).prop_map(move |(a, b, len)| (v6(a), v6(b), len)),
    ];
    let flags = prop::sample::subsequence(vec![0x01, 0x20, 0x40, 0x80, 0x200, 0x1000_0000], 0..=6);
    let flags = flags.prop_map(|bits| bits.into_iter().sum());
    let label = prop::sample::select(vec!["", "eth0", "eth0:vip"]);
    let scope = prop::sample::select(vec![0, 77, 200, 253, 254]);
    let protocol = prop::sample::select(vec![0, 1, 2, 3, 18, 99]);
    let lifetimes = [lifetime(), lifetime()];
    (nets, label, scope, flags, protocol, lifetimes).prop_map(
        |((ip, other, len), label, scope, flags, protocol, lifetimes)| Facts {
            net: IpNet::new(ip, len).unwrap(),
            other,
            label: if ip.is_ipv4() { label } else { "" },
            scope,
            flags,
            protocol,
            lifetimes,
        },
    )
}

fn link_facts() -> impl Strategy<Value = LinkFacts> {
    // Down, without a carrier, and with one.
    let flags = prop::sample::select(vec![0x1002, 0x1003, 0x1_1043, 0x1_0049]);
    let kind = prop::sample::select(vec!["", "veth", "a b"]);
    let mac = prop::sample::select(vec![[0; 6], [2, 0, 0, 0, 0, 1], [0, 0, 0x5e, 0, 1, 1]]);
    let hardware_type = prop::sample::select(vec![1, 772, 769, 9_999]);
    (flags, kind, any::<bool>(), mac, hardware_type).prop_map(
        |(flags, kind, is_slave, mac, hardware_type)| LinkFacts {
            flags,
            kind,
            is_slave,
            mac,
            hardware_type,
        },
    )
}

fn by_netlink(link: &LinkFacts, all: &[Facts]) -> Snapshot {
    let octets = |ip: IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let made = |index, name: &str, link: &LinkFacts| {
        let master = if link.is_slave { MASTER } else { 0 };
        let attributes = [
            attribute(IFLA_IFNAME, &text(name)),
            attribute(IFLA_MASTER, &master.to_ne_bytes()),
            attribute(IFLA_ADDRESS, &link.mac),
            attribute(IFLA_LINKINFO, &attribute(IFLA_INFO_KIND, &text(link.kind))),
        ];
        let body = link_body(link.hardware_type, index, link.flags, &attributes);
        message(RTM_NEWLINK, NLM_F_MULTI, &body)
    };
    let master = LinkFacts {
        is_slave: false,
        ..link.clone()
    };
    let mut bytes = [made(INDEX, "eth0", link), made(MASTER, "br0", &master)].concat();
    for facts in all {
        let (family, ip) = match facts.net.addr() {
            IpAddr::V4(_) => (AF_INET, octets(facts.net.addr())),
            IpAddr::V6(_) => (AF_INET6, octets(facts.net.addr())),
        };
        let [valid, preferred] = facts.lifetimes;
        let info = [preferred, valid, 5, 5].map(u32::to_ne_bytes).concat();
        let attributes = [
            attribute(IFA_ADDRESS, &octets(facts.other)),
            attribute(IFA_LOCAL, &ip),
            attribute(IFA_LABEL, &text(facts.label)),
            attribute(IFA_PROTO, &[facts.protocol]),
            attribute(IFA_FLAGS, &facts.flags.to_ne_bytes()),
            attribute(IFA_CACHEINFO, &info),
        ];
        let fixed = [
            family,
            facts.net.prefix_len(),
            facts.flags as u8,
            facts.scope,
        ];
        bytes.extend(message(
            RTM_NEWADDR,
            NLM_F_MULTI,
            &address_body(fixed, INDEX, &attributes),
        ));
    }
    let (mut links, mut addresses) = (Vec::new(), Vec::new());
    for message in messages(&bytes) {
        match message.unwrap().1 {
            Message::NewLink(link) => links.push(link),
            Message::NewAddress(address) => addresses.push(address),
            other => panic!("{other:?}"),
        }
    }
    Snapshot::new(links, addresses).unwrap()
}

fn by_constructors(link: &LinkFacts, all: &[Facts]) -> Snapshot {
    let made = |index, name: &str| {
        Link::new(index, name.parse().unwrap())
            .with_flags(LinkFlags::from_bits(link.flags))
            .with_kind(link.kind)
            .with_mac(bindnet::snapshot::HardwareAddress::from_bytes(&link.mac).unwrap())
            .with_hardware_type(link.hardware_type)
    };
    let eth0 = made(INDEX, "eth0").with_master(if link.is_slave { MASTER } else { 0 });
    let address = |facts: &Facts| {
        let [valid, preferred] = facts.lifetimes.map(Lifetime::Seconds);
        let address = Address::new(facts.net, INDEX)
            .with_scope(Scope::new(facts.scope))
            .with_flags(AddressFlags::from_bits(facts.flags))
            .with_protocol(facts.protocol)
            .with_valid_lft(valid)
            .with_preferred_lft(preferred)
            .with_created(5);
        let address = address.with_peer(facts.other).unwrap();
        match facts.label {
            "" => address,
            label => address.with_label(label.parse().unwrap()),
        }
    };
    Snapshot::new([eth0, made(MASTER, "br0")], all.iter().map(address)).unwrap()
}

/// Bits as words, as a snapshot may have them too: each in hexadecimal.
fn bits(bits: u32) -> Vec<String> {
    let bits = (0..32).map(|at| bits & 1 << at).filter(|bit| *bit != 0);
    bits.map(|bit| format!("{bit:#x}")).collect()
}

fn mac(link: &LinkFacts) -> String {
    link.mac.map(|byte| format!("{byte:02x}")).join(":")
}

fn by_json(link: &LinkFacts, all: &[Facts]) -> Snapshot {
    let made = |index, name, master| {
        json!({"index": index, "name": name, "flags": bits(link.flags), "mac": mac(link),
               "kind": link.kind, "master": master, "hardware_type": link.hardware_type})
    };
    let address = |facts: &Facts| {
        let [valid, preferred] = facts.lifetimes;
        json!({"interface_index": INDEX, "address": facts.net.addr(),
               "prefix_len": facts.net.prefix_len(), "label": facts.label, "peer": facts.other,
               "scope": facts.scope.to_string(), "flags": bits(facts.flags),
               "protocol": facts.protocol, "valid_lft": valid, "preferred_lft": preferred,
               "created": 5})
    };
    let master = if link.is_slave { MASTER } else { 0 };
    let text = json!({
        "format": "bindnet-snapshot/1",
        "links": [made(INDEX, "eth0", master), made(MASTER, "br0", 0)],
        "addresses": all.iter().map(address).collect::<Vec<_>>(),
    });
    Snapshot::from_json(text.to_string().as_bytes()).unwrap()
}

/// As iproute2 prints it (ipaddress.c, ll_types.c).
fn by_ip(link: &LinkFacts, all: &[Facts]) -> Snapshot {
    let known = [
        (0x1, "UP"),
        (0x2, "BROADCAST"),
        (0x8, "LOOPBACK"),
        (0x1000, "MULTICAST"),
    ];
    let known = known.into_iter().chain([(0x1_0000, "LOWER_UP")]);
    let known = known.filter(|(bit, _)| link.flags & bit != 0);
    let mut words: Vec<&str> = known.map(|(_, word)| word).collect();
    if link.flags & 0x41 == 0x1 {
        words.insert(0, "NO-CARRIER");
    }
    let link_type = match link.hardware_type {
        1 => "ether".to_owned(),
        772 => "loopback".to_owned(),
        769 => "tunnel6".to_owned(),
        other => format!("[{other}]"),
    };
    let made = |index, name, addresses: Vec<Value>| {
        json!({"ifindex": index, "ifname": name, "flags": words, "link_type": link_type,
               "address": mac(link), "linkinfo": {"info_kind": link.kind}, "addr_info": addresses})
    };
    let mut eth0 = made(INDEX, "eth0", all.iter().map(ip_address).collect());
    if link.is_slave {
        eth0["master"] = json!("br0");
    }
    let text = json!([eth0, made(MASTER, "br0", Vec::new())]);
    Snapshot::from_json(text.to_string().as_bytes()).unwrap()
}

fn ip_address(facts: &Facts) -> Value {
    let has = |bit| facts.flags & bit != 0;
    let family = if facts.net.addr().is_ipv4() {
        "inet"
    } else {
        "inet6"
    };
    let first = if family == "inet" {
        "secondary"
    } else {
        "temporary"
    };
    let scope = match facts.scope {
        0 => "global".to_owned(),
        200 => "site".to_owned(),
        253 => "link".to_owned(),
        254 => "host".to_owned(),
        other => other.to_string(),
    };
    let [valid, preferred] = facts.lifetimes;
    let mut json = json!({"family": family, "local": facts.net.addr(),
        "prefixlen": facts.net.prefix_len(), "scope": scope, first: has(0x01),
        "deprecated": has(0x20), "tentative": has(0x40), "dynamic": !has(0x80),
        "noprefixroute": has(0x200), "label": facts.label,
        "valid_life_time": valid, "preferred_life_time": preferred});
    if facts.other != facts.net.addr() {
        json["address"] = json!(facts.other);
    }
    if has(0x1000_0000) {
        json["ifa_flags"] = json!("10000000");
    }
    match facts.protocol {
        0 => {}
        1 => json["protocol"] = json!("kernel_lo"),
        other => json["protocol"] = json!(format!("{other:#x}")),
    }
    json
}

/// What iproute2 does not print is not compared, nor where it came from.
fn without_created(host: &Snapshot) -> Snapshot {
    let address = |address: Address| {
        let mut again = Address::new(address.net().unwrap(), INDEX)
            .with_scope(address.scope().unwrap())
            .with_flags(address.flags().unwrap())
            .with_valid_lft(address.valid_lft().unwrap())
            .with_preferred_lft(address.preferred_lft().unwrap());
        if let Some(label) = address.label() {
            again = again.with_label(label);
        }
        if let Some(protocol) = address.protocol() {
            again = again.with_protocol(protocol);
        }
        match address.peer() {
            Some(peer) => again.with_peer(peer).unwrap(),
            None => again,
        }
    };
    Snapshot::new(host.links().to_vec(), host.addresses().map(address)).unwrap()
}

proptest! {
    #[test]
    fn the_same_facts_are_the_same_whichever_way_they_came(
        link in link_facts(),
        all in prop::collection::vec(facts(), 0..4),
    ) {
        let host = by_netlink(&link, &all);
        prop_assert_eq!(&by_constructors(&link, &all), &host);
        prop_assert_eq!(&by_json(&link, &all), &host);
        let by_ip = by_ip(&link, &all).with_about(About::default());
        prop_assert_eq!(&by_ip, &without_created(&host));
        for bindnet in ["192.0.2.0", "192.0.2.0/24", "192.0.2.10", "2001:db8::", "2001:db8::/48"] {
            let selector = Selector::new(bindnet.parse().unwrap()).list_all(true);
            prop_assert_eq!(selector.decide(&by_ip), selector.decide(&host));
        }
    }
}

/// The address of a VIP inside it decides nothing less because a file says its peer.
#[test]
fn an_address_that_is_its_own_peer_is_a_container() {
    let text = br#"{"format":"bindnet-snapshot/1","links":[{"index":2,"name":"eth0"}],"addresses":[
        {"interface_index":2,"address":"192.0.2.10","prefix_len":24,"peer":"192.0.2.10",
         "flags":["permanent"],"scope":"global"},
        {"interface_index":2,"address":"192.0.2.20","prefix_len":32,
         "flags":["permanent"],"scope":"global"}]}"#;
    let host = Snapshot::from_json(text).unwrap();
    let decision = Selector::new("192.0.2.0/24".parse().unwrap()).decide(&host);
    let reasons = decision.candidates()[1].reasons().to_string();
    assert!(reasons.contains("host-prefix-in-subnet"), "{reasons}");
}
