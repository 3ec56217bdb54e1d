//! What the kernel says of IPv4 addresses, and what is chosen of them, on hosts that the tests
//! stage in network namespaces of their own.

use bindnet_tests::netns;

use bindnet::rule::{Separation, WhyNone};
use bindnet::snapshot::{AddressFlags, Lifetime, Scope};
use bindnet::{KernelError, Reason, Selector, Snapshot};
use netns::{
    address, assert_decides_alike, assert_sources_agree, cable, capture, capturer, chosen, decide,
    decides_alike, ip, link, listed, run, sysctl, until,
};

/// The positive control: without it a harness that stages nothing would pass every law.
#[test]
fn a_namespace_is_empty_and_private() {
    run(|| {
        let host = assert_sources_agree();
        assert_eq!((host.len(), host.links().len()), (0, 1));
        assert_eq!(decide("127.0.0.1").why_none(), Some(WhyNone::NoAddress));
        assert_decides_alike(&["127.0.0.0", "192.0.2.0/24", "::1", "fe80::1%lo"]);

        ip("link set lo up");
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        sysctl("ipv4/conf/eth0/promote_secondaries", 1);
        // A capturer goes on asking the namespace it was opened in, wherever it is used.
        let mut live = capturer();
        run(|| {
            assert!(capture().is_empty());
            cable("eth0");
            sysctl("ipv4/conf/eth0/promote_secondaries", 0);
            assert_eq!(listed(&live.capture().unwrap()), ["192.0.2.10/24"]);
        });

        let setting = "/proc/sys/net/ipv4/conf/eth0/promote_secondaries";
        let setting = std::fs::read_to_string(setting).unwrap();
        assert_eq!(
            setting.trim(),
            "1",
            "sysctls are those of the thread's own namespace"
        );

        // As a daemon captures, with little time; a busy machine may take more.
        until("a capture is in time", || match Snapshot::capture() {
            Ok(host) => listed(&host) == ["192.0.2.10/24"],
            Err(KernelError::Timeout { .. }) => false,
            Err(error) => panic!("{error}"),
        });
        let kernel_loopback = address(&assert_sources_agree(), "::1").protocol();
        assert!(kernel_loopback.is_none_or(|protocol| protocol == 1));
        assert_decides_alike(&[
            "127.0.0.1",
            "127.0.0.0",
            "::1",
            "192.0.2.0",
            "192.0.2.99",
            "::/0",
            "127.0.0.0/8,192.0.2.0/24",
        ]);
        assert_eq!(chosen("127.0.0.0"), "127.0.0.1");
    });
}

#[test]
fn labels_tell_floating_addresses() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.20/24 dev eth0 label eth0:vip");
        ip("addr add 192.0.2.10/24 dev eth0");
        ip("addr add 192.0.2.30/32 dev eth0 label eth0:cip");
        ip("addr add 192.0.2.40/32 dev eth0");
        let host = assert_sources_agree();
        let labels = host.addresses().map(|a| a.label().unwrap().to_string());
        let labels: Vec<_> = labels.collect();
        assert_eq!(labels, ["eth0:vip", "eth0:cip", "eth0", "eth0"]);

        assert_eq!(chosen("192.0.2.0"), "192.0.2.10");
        let network = decide("192.0.2.0/24");
        assert_eq!(network.chosen().unwrap().ip().to_string(), "192.0.2.10");
        let reasons = |at: usize| network.candidates()[at].reasons();
        assert!(reasons(0).contains(Reason::Label));
        // The /24 that the /32 is inside is the node's, not that of the labelled one.
        assert!(reasons(2).contains(Reason::HostPrefixInSubnet));
        assert_decides_alike(&[
            "192.0.2.0",
            "192.0.2.20",
            "192.0.2.30/32",
            "192.0.2.77",
            "192.0.3.0",
        ]);
    });
}

/// Primaries by scope, then in the order of adding; then the secondaries. A /32 inside a /24 is
/// a primary of its own.
#[test]
fn primaries_stand_before_secondaries() {
    run(|| {
        cable("eth0");
        for added in ["192.0.2.10", "198.51.100.10", "192.0.2.11", "198.51.100.11"] {
            ip(&format!("addr add {added}/24 dev eth0"));
        }
        ip("addr add 192.0.2.200/32 dev eth0");
        ip("addr add 192.0.2.130/25 dev eth0");
        ip("addr add 203.0.113.10/24 dev eth0");
        let host = assert_sources_agree();
        let listed: Vec<_> = host
            .addresses()
            .map(|a| (a.ip().to_string(), a.is_secondary()))
            .collect();
        let listed: Vec<_> = listed
            .iter()
            .map(|(ip, is)| (ip.as_str(), is.unwrap()))
            .collect();
        let expected = [
            ("192.0.2.10", false),
            ("198.51.100.10", false),
            ("192.0.2.200", false),
            ("192.0.2.130", false),
            ("203.0.113.10", false),
            ("192.0.2.11", true),
            ("198.51.100.11", true),
        ];
        assert_eq!(listed, expected);
        assert_decides_alike(&[
            "192.0.2.0",
            "192.0.2.0/24",
            "192.0.2.128",
            "192.0.2.200",
            "198.51.100.0",
        ]);
        assert_eq!(
            decide("198.51.100.0").separated_by(),
            Some(Separation::WeakEvidence)
        );
    });
}

#[test]
fn narrow_scopes_come_first_and_change_nothing_else() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        ip("addr add 169.254.7.7/16 scope link dev eth0");
        ip("addr add 127.9.9.9/24 scope host dev eth0");
        ip("addr add 198.51.100.10/24 scope 77 dev eth0");
        let host = assert_sources_agree();
        let scopes: Vec<_> = host.addresses().map(|a| a.scope().unwrap()).collect();
        let expected = [Scope::HOST, Scope::LINK, Scope::new(77), Scope::GLOBAL];
        assert_eq!(scopes, expected);
        assert_decides_alike(&[
            "192.0.2.0",
            "169.254.0.0",
            "127.9.9.0",
            "198.51.100.0",
            "0.0.0.0/0",
        ]);
    });
}

/// The node's address goes and comes back: the kernel's default takes the secondaries along.
#[test]
fn flap_without_promotion_leaves_the_node_alone() {
    run(|| {
        stage_flap(0);
        let host = assert_sources_agree();
        assert_eq!(listed(&host), ["192.0.2.10/24"]);
        assert!(!decide("192.0.2.0").is_ambiguous());
        assert_decides_alike(&["192.0.2.0", "192.0.2.20"]);
    });
}

/// With systemd's default the flap turns the list round: the floating address is promoted, and
/// nothing that the kernel shows tells the two apart. The memory of the last choice does.
#[test]
fn flap_with_promotion_turns_the_list_round() {
    run(|| {
        stage_flap(1);
        let host = assert_sources_agree();
        assert_eq!(listed(&host), ["192.0.2.20/24", "192.0.2.10/24"]);
        assert_eq!(address(&host, "192.0.2.20").is_secondary(), Some(false));
        assert_eq!(address(&host, "192.0.2.10").is_secondary(), Some(true));

        let forgetful = decide("192.0.2.0");
        assert!(forgetful.is_ambiguous());
        assert_eq!(forgetful.separated_by(), Some(Separation::WeakEvidence));
        let remembering = Selector::new("192.0.2.0".parse().unwrap());
        let remembering = remembering.previous("192.0.2.10".parse().unwrap());
        let kept = decides_alike(&mut capturer(), &remembering);
        assert_eq!(kept.chosen().unwrap().ip().to_string(), "192.0.2.10");
        assert!(!kept.is_ambiguous());
        assert_decides_alike(&["192.0.2.0", "192.0.2.10", "192.0.2.20"]);
    });
}

fn stage_flap(promote_secondaries: u32) {
    cable("eth0");
    // A new namespace inherits the setting for all links from the host, which systemd changes.
    sysctl("ipv4/conf/all/promote_secondaries", promote_secondaries);
    sysctl("ipv4/conf/eth0/promote_secondaries", promote_secondaries);
    ip("addr add 192.0.2.10/24 dev eth0");
    ip("addr add 192.0.2.20/24 dev eth0");
    assert_eq!(chosen("192.0.2.0"), "192.0.2.10");
    ip("addr del 192.0.2.10/24 dev eth0");
    ip("addr add 192.0.2.10/24 dev eth0");
}

/// The prefix belongs to the peer's network; the address that is bound is the local one.
#[test]
fn point_to_point_addresses_are_the_local_end() {
    run(|| {
        cable("eth0");
        ip("tuntap add dev tun0 mode tun");
        ip("link set tun0 up");
        ip("addr add 192.0.2.1 peer 198.51.100.2/24 dev tun0");
        ip("addr add 192.0.2.3 peer 198.51.100.3/32 dev tun0");
        // A peer on a broadcast link is a matter of netlink alone.
        ip("addr add 192.0.2.5 peer 203.0.113.2/24 dev eth0");
        ip("addr add 192.0.2.6/31 dev eth0");
        ip("-6 addr add 2001:db8::1 peer 2001:db8:1::2/64 dev tun0 nodad");
        let host = assert_sources_agree();
        for (ip, peer) in [
            ("192.0.2.1", Some("198.51.100.2")),
            ("192.0.2.3", Some("198.51.100.3")),
            ("192.0.2.5", Some("203.0.113.2")),
            ("192.0.2.6", None),
            ("2001:db8::1", Some("2001:db8:1::2")),
        ] {
            let peer = peer.map(|peer| peer.parse().unwrap());
            assert_eq!(address(&host, ip).peer(), peer);
        }
        assert_decides_alike(&[
            "192.0.2.0",
            "192.0.2.1",
            "192.0.2.6",
            "198.51.100.0",
            "198.51.100.2",
            "192.0.2.0/24",
            "2001:db8::",
            "2001:db8:1::",
            "2001:db8::1",
        ]);
        assert_eq!(chosen("198.51.100.2"), "none");
    });
}

/// An address is known by its link, prefix and peer, so that one may stand there several times.
#[test]
fn one_address_may_stand_several_times() {
    run(|| {
        ip("link set lo up");
        cable("eth0");
        cable("eth1");
        ip("addr add 192.0.2.10/32 dev lo");
        ip("addr add 192.0.2.10/24 dev eth0");
        ip("addr add 192.0.2.10/25 dev eth0");
        ip("addr add 192.0.2.10/24 dev eth1");
        let host = assert_sources_agree();
        let expected = [
            "192.0.2.10/32",
            "192.0.2.10/24",
            "192.0.2.10/25",
            "192.0.2.10/24",
        ];
        assert_eq!(listed(&host), expected);
        // Of the named address the entry that is not on the loopback link is taken.
        let exact = decide("192.0.2.10");
        let eth0 = link("eth0");
        assert_eq!(
            exact.chosen().unwrap().interface_index(),
            Some(eth0.index())
        );
        assert!(!exact.is_ambiguous());
        assert_decides_alike(&["192.0.2.10", "192.0.2.0", "192.0.2.0/25", "192.0.2.11"]);
    });
}

/// Lifetimes end in DEPRECATED; `preferred_lft 0` sets only the flag, and the lifetimes still
/// read for ever where the address is permanent.
#[test]
fn lifetimes_and_deprecation() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        ip("addr add 192.0.2.11/24 dev eth0 valid_lft 5000 preferred_lft 4000");
        ip("addr add 192.0.2.12/24 dev eth0 valid_lft 5000 preferred_lft 0");
        ip("addr add 192.0.2.13/24 dev eth0 preferred_lft 0");
        let host = assert_sources_agree();
        let flags = |ip| address(&host, ip).flags().unwrap();
        let forever = Some(Lifetime::Forever);

        assert_eq!(flags("192.0.2.10"), AddressFlags::PERMANENT);
        assert_eq!(address(&host, "192.0.2.10").valid_lft(), forever);
        assert_eq!(flags("192.0.2.11"), AddressFlags::SECONDARY);
        let Some(Lifetime::Seconds(left)) = address(&host, "192.0.2.11").valid_lft() else {
            panic!("a lease has an end");
        };
        assert!((1..=5000).contains(&left));
        assert_eq!(
            flags("192.0.2.12"),
            AddressFlags::SECONDARY | AddressFlags::DEPRECATED
        );
        assert_eq!(address(&host, "192.0.2.13").valid_lft(), forever);
        assert!(flags("192.0.2.13").contains(AddressFlags::PERMANENT | AddressFlags::DEPRECATED));

        let decision = decide("192.0.2.0");
        let reasons = |at: usize| decision.candidates()[at].reasons();
        assert!(
            !reasons(1).contains(Reason::Secondary),
            "a lease is the host's own"
        );
        assert!(reasons(2).contains(Reason::Deprecated));
        assert!(reasons(3).contains(Reason::DeprecatedPermanent));
        assert_decides_alike(&["192.0.2.0", "192.0.2.13", "192.0.2.11"]);
    });
}

/// The kernel counts when an address was made, not when it was renewed.
#[test]
fn the_time_of_creation_survives_renewal() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0 valid_lft 5000 preferred_lft 4000");
        let created = address(&capture(), "192.0.2.10").created();
        assert!(created.is_some());
        ip("addr change 192.0.2.10/24 dev eth0 valid_lft 6000 preferred_lft 5000");
        let renewed = address(&assert_sources_agree(), "192.0.2.10");
        assert_eq!(renewed.created(), created);
    });
}

/// A virtual server's address on lo sorts first, and is the last to be taken.
#[test]
fn loopback_ranks_last() {
    run(|| {
        ip("link set lo up");
        cable("eth0");
        ip("addr add 192.0.2.20/24 dev lo");
        ip("addr add 192.0.2.10/24 dev eth0");
        assert_eq!(
            listed(&assert_sources_agree()),
            ["192.0.2.20/24", "192.0.2.10/24"]
        );
        let decision = decide("192.0.2.0");
        assert_eq!(decision.chosen().unwrap().ip().to_string(), "192.0.2.10");
        assert_eq!(decision.separated_by(), Some(Separation::Loopback));
        assert_decides_alike(&["192.0.2.0", "192.0.2.20", "127.0.0.1"]);
    });
}
