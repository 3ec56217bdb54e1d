//! What the kernel says of links, and of addresses by their links, on hosts that the tests stage
//! in network namespaces of their own.

use bindnet_tests::netns;

use bindnet::snapshot::{LinkName, Name};
use bindnet::{Link, Reason, Selector, Snapshot};
use netns::{
    AddressRequest, Changer, IFA_LABEL, IFA_PROTO, address, assert_decides_alike,
    assert_sources_agree, cable, capture, capturer, chosen, decide, decides_alike, ip, ip_about,
    link, listed, run, settle,
};

/// keepalived 2.3.2 and later say who they are; an older one, and whoever has another number,
/// does not.
#[test]
fn the_address_protocol_tells_keepalived() {
    run(|| {
        // Not asked of what is tested, which may have lost it.
        let release = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap();
        let mut numbers = release
            .split(['.', '-'])
            .map(|n| n.parse::<u32>().unwrap_or(0));
        if (numbers.next(), numbers.next()) < (Some(5), Some(18)) {
            netns::skip(format!("IFA_PROTO needs Linux 5.18, this is {release}"));
        }
        cable("eth0");
        let eth0 = link("eth0").index();
        let add = |net: &str, protocol: u8| {
            let request = AddressRequest::new(net.parse().unwrap(), eth0);
            Changer::open()
                .add(&request.with(IFA_PROTO, &[protocol]))
                .unwrap();
        };
        add("192.0.2.20/24", 18);
        add("192.0.2.10/24", 4);
        add("192.0.2.30/24", 200);
        add("2001:db8::10/64", 4);
        add("2001:db8::20/64", 18);
        settle();
        let host = assert_sources_agree();
        let protocols: Vec<_> = host.addresses().map(|a| a.protocol()).collect();
        assert_eq!(protocols, [18, 4, 200, 18, 4].map(Some));
        assert_eq!(chosen("192.0.2.0"), "192.0.2.10");
        assert_eq!(chosen("2001:db8::"), "2001:db8::10");
        assert!(
            decide("192.0.2.0").candidates()[0]
                .reasons()
                .contains(Reason::AddressProtocol)
        );
        assert_decides_alike(&["192.0.2.0", "192.0.2.20", "2001:db8::", "2001:db8::20"]);

        // The operator's own number instead of 18.
        let selector = Selector::new("192.0.2.0".parse().unwrap()).floating_protocols([4, 200]);
        let decision = decides_alike(&mut capturer(), &selector);
        assert_eq!(decision.chosen().unwrap().ip().to_string(), "192.0.2.20");
    });
}

/// keepalived's use_vmac: a macvlan whose hardware address is that of the virtual router
/// (RFC 9568, section 7.3). Its address is permanent, primary and on a link of its own.
#[test]
fn the_hardware_address_tells_a_virtual_router() {
    run(|| {
        cable("eth0");
        ip("link add vrrp.51 link eth0 type macvlan mode private");
        ip("link set vrrp.51 address 00:00:5e:00:01:33 addrgenmode none");
        ip("link set vrrp.51 up");
        ip("link add vrrp6.51 link eth0 address 00:00:5e:00:02:33 type macvlan");
        ip("link set vrrp6.51 addrgenmode none up");
        ip("addr add 192.0.2.10/24 dev eth0");
        ip("addr add 192.0.2.20/24 dev vrrp.51");
        ip("addr add 2001:db8::20/64 dev vrrp6.51 nodad");
        ip("addr add 2001:db8::10/64 dev eth0");
        settle();
        let host = assert_sources_agree();
        let macvlan = host.link_of(&address(&host, "192.0.2.20")).unwrap();
        assert!(macvlan.mac().unwrap().is_vrrp());
        assert_eq!(macvlan.kind(), Some("macvlan"));

        for (bindnet, node) in [("192.0.2.0", "192.0.2.10"), ("2001:db8::", "2001:db8::10")] {
            let decision = decide(bindnet);
            assert_eq!(decision.chosen().unwrap().ip().to_string(), node);
            assert!(!decision.is_ambiguous());
            let vip = &decision.candidates()[1];
            assert!(vip.reasons().contains(Reason::VrrpMac));
        }
        assert_decides_alike(&["192.0.2.0", "192.0.2.20", "2001:db8::", "2001:db8::20"]);
    });
}

/// A rename rewrites labels: unlabelled addresses become labelled ones, so that a label alone is
/// not all of the truth.
#[test]
fn a_rename_rewrites_labels() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        ip("addr add 198.51.100.10/24 dev eth0");
        ip("addr add 192.0.2.20/24 dev eth0 label eth0:vip");
        ip("addr add 192.0.2.30/24 dev eth0");
        ip("link set eth0 down");
        ip("link set eth0 name lan0");
        ip("link set lan0 up");
        let host = assert_sources_agree();
        let labels: Vec<_> = host
            .addresses()
            .map(|a| a.label().unwrap().to_string())
            .collect();
        assert_eq!(labels[0], "lan0");
        assert!(
            labels.iter().all(|label| label.starts_with("lan0")),
            "{labels:?}"
        );
        assert!(labels[1].starts_with("lan0:"), "an invented label");
        assert!(host.link_named(&"eth0".parse().unwrap()).is_none());
        assert_decides_alike(&["192.0.2.0", "198.51.100.0", "192.0.2.20", "192.0.2.30"]);
    });
}

/// The kernel takes almost any bytes for a name. They are captured as they are, printed escaped
/// and read back; iproute2 writes some of them as they are, which is not JSON.
#[test]
fn names_are_bytes() {
    run(|| {
        let names: [&[u8]; 9] = [
            b"e\x1b[31m\xff",
            b"\x01\x02\x07\x08\x7f",
            b"quote\"s'",
            b"back\\x41\\",
            b"\\\\u0041\\n",
            b"\xc3\xa9\xe2\x82\xac",
            b"\xc2\x9b\xed\xbf\xbf",
            b"{[,]}",
            b"fifteen-bytes15",
        ];
        let changer = Changer::open();
        for (at, name) in names.into_iter().enumerate() {
            ip_about("link add name @ type bridge", name);
            let net = format!("192.0.2.{at}/32");
            ip_about(&format!("addr add {net} dev @"), name);
            // A label of the same bytes; and they appear about other links, as master and the like.
            let index = capture()
                .link_named(&LinkName::from_bytes(name).unwrap())
                .unwrap()
                .index();
            let net = format!("198.51.100.{at}/32").parse().unwrap();
            let label = [&name[..name.len().min(12)], b":\x1b\x9f"].concat();
            let request =
                AddressRequest::new(net, index).with(IFA_LABEL, &[&label[..], b"\0"].concat());
            changer.add(&request).unwrap();
            let port = format!("port{at}");
            ip(&format!("link add {port} type veth peer name {port}-far"));
            ip_about(&format!("link set {port} master @"), name);
            ip_about(&format!("link set {port} alias @"), name);
            ip_about(&format!("link add above{at} link @ type macvlan"), name);
        }
        let host = assert_sources_agree();
        for name in names {
            let name = Name::from_bytes(name).unwrap();
            assert_eq!(name.to_string().parse(), Ok(name));
            assert!(name.to_string().chars().all(|c| !c.is_control()));
            let link = host.link_named(&name.into()).unwrap();
            let ports = host
                .links()
                .iter()
                .filter(|port| port.master() == Some(link.index()));
            assert_eq!(ports.count(), 1);
        }
        assert_eq!(host.len(), 2 * names.len());
        let replayed = Snapshot::from_json(host.to_json().as_bytes()).unwrap();
        let selector = Selector::new("192.0.2.0".parse().unwrap());
        assert_eq!(selector.decide(&replayed), selector.decide(&host));
        assert_decides_alike(&["192.0.2.0", "198.51.100.0", "198.51.100.0/24"]);
        let by_zone = format!("fe80::1%{}", Name::from_bytes(names[0]).unwrap());
        assert_decides_alike(&[&by_zone]);
    });
}

/// netlink takes any label; getifaddrs(3) gives it instead of the name of the link, which then
/// is not known.
#[test]
fn a_label_need_not_name_its_link() {
    run(|| {
        cable("eth0");
        let eth0 = link("eth0").index();
        for (net, label) in [
            ("192.0.2.10/24", &b"nocolon"[..]),
            ("192.0.2.20/24", b"zz:top"),
            ("192.0.2.30/24", b":"),
            ("192.0.2.40/24", b"eth0::"),
            ("192.0.2.50/24", b"eth0extra"),
            ("192.0.2.60/24", b"fifteen:bytes15"),
        ] {
            let request = AddressRequest::new(net.parse().unwrap(), eth0);
            let label = [label, b"\0"].concat();
            Changer::open()
                .add(&request.with(IFA_LABEL, &label))
                .unwrap();
        }
        let host = assert_sources_agree();
        assert!(host.addresses().all(|a| a.link_index() == Some(eth0)));
        let getifaddrs = Snapshot::capture_by_getifaddrs().unwrap();
        let known: Vec<_> = getifaddrs.addresses().map(|a| a.link_index()).collect();
        assert_eq!(known, [None, None, None, Some(eth0), None, None]);
        // A link that is not known is no reason not to find the address.
        let by_getifaddrs = Selector::new("192.0.2.10".parse().unwrap()).decide(&getifaddrs);
        assert_eq!(by_getifaddrs.chosen().unwrap().interface(), None);
        assert_decides_alike(&["192.0.2.0", "192.0.2.10", "192.0.2.20", "192.0.2.50"]);
        assert_eq!(chosen("192.0.2.0"), "192.0.2.10");
    });
}

/// A host prefix is floating inside a network of another link, which the capturer then has to ask
/// about too.
#[test]
fn a_host_prefix_may_be_inside_a_network_of_another_link() {
    run(|| {
        ip("link set lo up");
        cable("eth0");
        cable("eth1");
        // Only rtnetlink tells the kind of a link, and only a macvlan wears this address for a VIP.
        ip("link add link eth1 name vrrp.51 address 00:00:5e:00:01:33 type macvlan mode private");
        ip("link set vrrp.51 up");
        ip("addr add 192.0.2.20/32 dev lo");
        ip("addr add 192.0.2.10/24 dev eth0");
        // The only network around this one is a floating one itself, and proves nothing.
        ip("addr add 198.51.100.20/32 dev lo");
        ip("addr add 198.51.100.10/24 dev vrrp.51");
        ip("addr add 203.0.113.20/32 dev lo");
        ip("addr add 2001:db8::20/128 dev lo nodad");
        ip("addr add 2001:db8::10/64 dev eth0");
        settle();
        assert_sources_agree();
        for (bindnet, floats) in [
            ("192.0.2.20/32", true),
            ("198.51.100.20/32", false),
            ("203.0.113.20/32", false),
            ("2001:db8::20", true),
        ] {
            let decision = decide(bindnet);
            let reasons = decision.candidates()[0].reasons();
            assert_eq!(
                reasons.contains(Reason::HostPrefixInSubnet),
                floats,
                "{bindnet}"
            );
        }
        assert_eq!(chosen("192.0.2.0/24"), "192.0.2.10");
        assert_eq!(chosen("2001:db8::/64"), "2001:db8::10");
        assert_decides_alike(&[
            "192.0.2.0/24",
            "192.0.2.20",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "203.0.113.0",
            // Nothing matches, and the nearest is a host prefix.
            "198.51.101.0",
            "2001:db8::/64",
            "2001:db8::20",
        ]);
    });
}

/// Kinds, masters, states: whatever a link has, every source says the same of it.
#[test]
fn links_of_many_kinds() {
    run(|| {
        ip("link add br0 type bridge");
        ip("link add eth0 master br0 type veth peer name far0");
        ip("link set br0 up");
        ip("link set eth0 up promisc on allmulticast on");
        ip("link set far0 up arp off");
        ip("tuntap add dev tun0 mode tun");
        ip("tuntap add dev tap0 mode tap");
        ip("link set tun0 up");
        ip("link add down0 type bridge");
        // Kernels before 6.9 list links in hash order from here on.
        ip("link add high0 index 700 type bridge");
        ip("link add late0 type bridge");
        ip("link property add dev br0 altname another-name-that-is-rather-long");
        for (at, name) in ["br0", "tun0", "tap0", "down0", "high0", "late0"]
            .iter()
            .enumerate()
        {
            ip(&format!("addr add 192.0.2.{}/25 dev {name}", at + 1));
            ip(&format!("addr add 203.0.113.{at}/32 dev {name}"));
        }
        let host = assert_sources_agree();
        let on = |name: &str| host.link_named(&name.parse().unwrap()).unwrap();
        assert_eq!(on("eth0").master(), Some(on("br0").index()));
        assert_eq!(on("tun0").kind(), Some("tun"));
        assert_eq!(on("tun0").mac(), None);
        assert_eq!(on("high0").index(), 700);
        assert_eq!(on("down0").is_up(), Some(false));
        assert_decides_alike(&["192.0.2.0", "192.0.2.2", "203.0.113.0/24", "203.0.113.3"]);
    });
}

/// Where a link has a number for its name or for an alternative one, the name counts.
#[test]
fn a_zone_is_a_name_before_it_is_an_index() {
    run(|| {
        for name in ["eth0", "eth1"] {
            cable(name);
            ip(&format!("addr add fe80::1/64 dev {name}"));
        }
        settle();
        let [eth0, eth1] = ["eth0", "eth1"].map(|name| link(name).index());
        let zones = [format!("fe80::1%{eth0}"), format!("fe80::1%{eth1}")];
        let by_zone = zones.each_ref().map(String::as_str);
        assert_decides_alike(&by_zone);
        ip(&format!("link add {eth1} type bridge"));
        assert_decides_alike(&by_zone);
        ip(&format!("link del {eth1}"));
        ip(&format!("link property add dev eth0 altname {eth1}"));
        assert_decides_alike(&by_zone);
        let decision = decide(by_zone[1]);
        assert_eq!(decision.chosen().unwrap().interface_index(), Some(eth0));
    });
}

/// A capturer knows the indexes of the links that it has found by their names, until another link
/// has the name.
#[test]
fn a_kept_capturer_follows_the_names() {
    run(|| {
        for (name, ours) in [("eth0", "192.0.2.10"), ("eth1", "192.0.2.20")] {
            cable(name);
            ip(&format!("addr add {ours}/24 dev {name}"));
            ip(&format!("addr add fe80::1/64 dev {name}"));
        }
        settle();
        let eth1 = link("eth1").index();
        let on = |name: &str| {
            Selector::new("192.0.2.0".parse().unwrap()).interface(name.parse().unwrap())
        };
        let zone = |name: &str| Selector::new(format!("fe80::%{name}").parse().unwrap());
        let both = zone(&eth1.to_string()).interface("eth1".parse().unwrap());
        let selectors = [
            on("eth0"),
            on("eth1"),
            zone("eth0"),
            zone(&eth1.to_string()),
            both,
        ];
        let mut live = capturer();
        let mut decided = || {
            let decided = selectors
                .each_ref()
                .map(|selector| decides_alike(&mut live, selector));
            decided.map(|decision| {
                decision
                    .chosen()
                    .and_then(|chosen| chosen.interface_index())
            })
        };
        let names = |words: &[&str]| words.iter().for_each(|words| drop(ip(words)));
        let before = decided();
        assert_eq!(before, decided());
        assert!(before.iter().all(Option::is_some));
        names(&[
            "link set eth0 name was0",
            "link set eth1 name eth0",
            "link set was0 name eth1",
        ]);
        let swapped = decided();
        assert_eq!((swapped[0], swapped[1]), (before[1], before[0]));
        // Now the zone is a name, and of another link than the interface.
        names(&[&format!("link add {eth1} type bridge")]);
        assert_eq!(decided()[3..], [None, None]);
        names(&["link del eth0", "link del eth1"]);
        assert_eq!(decided(), [None; 5]);
    });
}

/// A link that leaves takes its addresses along, and comes back without them.
#[test]
fn a_link_that_moves_away_takes_its_addresses_along() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        ip("addr add 2001:db8::10/64 dev eth0");
        assert_eq!(listed(&assert_sources_agree()).len(), 2);
        ip("link del eth0");
        let host = assert_sources_agree();
        assert_eq!(
            host.links().iter().map(Link::index).collect::<Vec<_>>(),
            [1]
        );
        assert!(host.is_empty());
        cable("eth0");
        assert_eq!(chosen("192.0.2.0"), "none");
        assert_decides_alike(&["192.0.2.0", "2001:db8::"]);
    });
}

/// A capturer is told to list the other addresses too, and then asks for all of them.
#[test]
fn a_capturer_lists_the_other_addresses_too() {
    run(|| {
        ip("link set lo up");
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        ip("addr add 198.51.100.10/24 dev eth0 label eth0:vip");
        ip("addr add 2001:db8::10/64 dev eth0");
        for bindnet in ["192.0.2.0", "2001:db8::", "203.0.113.0"] {
            let selector = Selector::new(bindnet.parse().unwrap()).list_all(true);
            let others = decides_alike(&mut capturer(), &selector).others().len();
            assert!(others >= 4, "{bindnet}");
            let on_eth0 = selector.interface("eth0".parse().unwrap());
            let _ = decides_alike(&mut capturer(), &on_eth0);
        }
    });
}
