//! What the kernel says of IPv6 addresses, and what is chosen of them, on hosts that the tests
//! stage in network namespaces of their own.

use bindnet_tests::netns;

use std::io::ErrorKind;
use std::net::{SocketAddrV6, UdpSocket};

use bindnet::rule::{Separation, WhyNone};
use bindnet::snapshot::{AddressFlags, Scope};
use bindnet::{Reason, Selector, Verdict};
use netns::{
    address, assert_decides_alike, assert_sources_agree, cable, capture, capturer, chosen, decide,
    decides_alike, ip, link, listed, run, settle, sysctl, until,
};

/// By scope, and the newest first, so that position is age: the oldest is the host's own.
#[test]
fn the_newest_stands_first() {
    run(|| {
        cable("eth0");
        for host in 1..=3 {
            ip(&format!("addr add 2001:db8::{host}/64 dev eth0"));
        }
        ip("addr add fe80::7/64 dev eth0");
        ip("addr add fec0::1/64 dev eth0");
        ip("addr add 2001:db8:0:1::1/64 dev eth0");
        ip("addr add 2001:db8::4/128 dev eth0");
        settle();
        // IPv4 comes first, whenever it was added.
        ip("addr add 192.0.2.10/24 dev eth0");
        let host = assert_sources_agree();
        let expected = [
            "192.0.2.10/24",
            "2001:db8::4/128",
            "2001:db8:0:1::1/64",
            "2001:db8::3/64",
            "2001:db8::2/64",
            "2001:db8::1/64",
            "fec0::1/64",
            "fe80::7/64",
        ];
        assert_eq!(listed(&host), expected);
        assert_eq!(address(&host, "fec0::1").scope(), Some(Scope::SITE));
        assert!(
            host.addresses()
                .all(|a| a.label().is_none() == a.ip().is_ipv6())
        );

        let decision = decide("2001:db8::");
        assert_eq!(decision.chosen().unwrap().ip().to_string(), "2001:db8::1");
        assert_eq!(decision.separated_by(), Some(Separation::WeakEvidence));
        assert_decides_alike(&[
            "2001:db8::",
            "2001:db8::/64",
            "2001:db8::2",
            "2001:db8::4",
            "2001:db8::99",
            "2001:db8:0:1::",
            "fe80::",
            "fe80::7%eth0",
            "::/0",
            "192.0.2.0",
        ]);
    });
}

/// bind(2) refuses an address whose detection is not over; once it is, it is chosen.
#[test]
fn tentative_addresses_are_not_chosen_until_they_can_be_bound() {
    run(|| {
        cable("eth0");
        sysctl("ipv6/conf/eth0/accept_dad", 1);
        // It takes minutes, so that it does not end under the test.
        sysctl("ipv6/conf/eth0/dad_transmits", 600);
        ip("addr add 2001:db8::1/64 dev eth0");
        let tentative = address(&assert_sources_agree(), "2001:db8::1");
        assert!(tentative.flags().unwrap().contains(AddressFlags::TENTATIVE));
        assert_turned_down("2001:db8::1", Reason::Tentative);
        assert_eq!(
            decide("2001:db8::1").why_none(),
            Some(WhyNone::ExactUnusable)
        );
        assert_eq!(
            decide("2001:db8::").why_none(),
            Some(WhyNone::AllTurnedDown)
        );
        assert_decides_alike(&["2001:db8::", "2001:db8::1"]);

        // Another one beside it can be bound at once.
        ip("addr add 2001:db8::2/64 dev eth0 nodad");
        assert_eq!(chosen("2001:db8::"), "2001:db8::2");
        ip("addr del 2001:db8::1/64 dev eth0");
        sysctl("ipv6/conf/eth0/dad_transmits", 1);
        ip("addr add 2001:db8::1/64 dev eth0");
        until("address detection is over", || {
            chosen("2001:db8::1") == "2001:db8::1"
        });
        assert_sources_agree();
    });
}

/// Without a carrier detection cannot even begin.
#[test]
fn without_a_carrier_addresses_stay_tentative() {
    run(|| {
        cable("eth0");
        sysctl("ipv6/conf/eth0/accept_dad", 1);
        ip("link set eth0-far down");
        until("the carrier is lost", || {
            link("eth0").is_running() == Some(false)
        });
        ip("addr add 2001:db8::1/64 dev eth0");
        assert_sources_agree();
        assert_turned_down("2001:db8::1", Reason::Tentative);
        assert_decides_alike(&["2001:db8::", "2001:db8::1"]);
    });
}

/// RFC 4429: usable although tentative.
#[test]
fn optimistic_addresses_are_usable() {
    run(|| {
        cable("eth0");
        sysctl("ipv6/conf/eth0/accept_dad", 1);
        sysctl("ipv6/conf/eth0/dad_transmits", 600);
        sysctl("ipv6/conf/eth0/optimistic_dad", 1);
        sysctl("ipv6/conf/eth0/use_optimistic", 1);
        ip("addr add 2001:db8::1/64 dev eth0 optimistic");
        let flags = address(&assert_sources_agree(), "2001:db8::1")
            .flags()
            .unwrap();
        assert!(
            flags.contains(AddressFlags::OPTIMISTIC | AddressFlags::TENTATIVE),
            "{flags:?}"
        );
        assert_eq!(chosen("2001:db8::"), "2001:db8::1");
        assert_decides_alike(&["2001:db8::", "2001:db8::1"]);
    });
}

/// Another holder at the other end of the cable: detection fails, and the address stays there
/// without use.
#[test]
fn an_address_that_another_holds_is_not_chosen() {
    run(|| {
        cable("eth0");
        ip("addr add 2001:db8::1/64 dev eth0-far nodad");
        sysctl("ipv6/conf/eth0/accept_dad", 1);
        ip("addr add 2001:db8::1/64 dev eth0");
        let eth0 = link("eth0").index();
        let failed = || {
            let host = capture();
            let mut here = host.addresses().filter(|a| a.link_index() == Some(eth0));
            let flags = here.next().unwrap().flags().unwrap();
            flags.contains(AddressFlags::DADFAILED)
        };
        until("address detection has failed", failed);
        assert_sources_agree();
        let selector = Selector::new("2001:db8::1".parse().unwrap());
        let decision = decides_alike(
            &mut capturer(),
            &selector.interface("eth0".parse().unwrap()),
        );
        assert_eq!(decision.why_none(), Some(WhyNone::ExactUnusable));
        assert!(
            decision.candidates()[0]
                .reasons()
                .contains(Reason::Dadfailed)
        );
        assert_decides_alike(&["2001:db8::", "2001:db8::1"]);
    });
}

/// A link-local address means another one on every link: the zone says which, by name or index,
/// and bind(2) needs the index.
#[test]
fn link_local_addresses_are_bound_with_their_link() {
    run(|| {
        cable("eth0");
        cable("eth1");
        ip("addr add fe80::1/64 dev eth0");
        ip("addr add fe80::1/64 dev eth1");
        ip("addr add fe80::2/64 dev eth1");
        settle();
        assert_sources_agree();
        let eth1 = link("eth1").index();
        let by_index = format!("fe80::1%{eth1}");
        for bindnet in ["fe80::1%eth1", &by_index, "fe80::%eth1"] {
            let decision = decide(bindnet);
            let chosen = decision.chosen().unwrap();
            assert_eq!(
                chosen.socket_addr(0).to_string(),
                format!("[fe80::1%{eth1}]:0")
            );
        }
        assert!(!decide("fe80::1%eth1").is_ambiguous());
        assert!(
            decide("fe80::1").is_ambiguous(),
            "two addresses of one name"
        );
        assert_eq!(decide("fe80::1%eth9").why_none(), Some(WhyNone::NoSuchLink));
        let network = format!("fe80::%{eth1}/64");
        assert_decides_alike(&[
            "fe80::1%eth0",
            "fe80::9%eth1",
            "fe80::",
            "fe80::1%77",
            &network,
        ]);

        // The remembered choice is remembered with its link.
        let remembering = Selector::new("fe80::".parse().unwrap());
        let remembering = remembering.previous("fe80::1%eth1".parse().unwrap());
        let kept = decides_alike(&mut capturer(), &remembering);
        assert_eq!(kept.chosen().unwrap().interface_index(), Some(eth1));
        assert!(!kept.is_ambiguous());

        // The kernel insists on it.
        let ip = "fe80::1".parse().unwrap();
        assert!(UdpSocket::bind(SocketAddrV6::new(ip, 0, 0, 0)).is_err());
    });
}

/// On a link that goes down IPv4 addresses stay, and IPv6 ones go unless they are kept.
#[test]
fn a_link_that_goes_down_keeps_its_ipv4_addresses() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        ip("addr add 2001:db8::1/64 dev eth0");
        ip("link set eth0 down");
        assert_eq!(listed(&assert_sources_agree()), ["192.0.2.10/24"]);
        let decision = decide("192.0.2.0");
        assert_eq!(decision.chosen().unwrap().link_up(), Some(false));
        assert!(
            decision
                .chosen()
                .unwrap()
                .reasons()
                .contains(Reason::LinkDown)
        );
        assert_decides_alike(&["192.0.2.0", "192.0.2.10", "2001:db8::1"]);

        // An address on a link that is up is preferred to an earlier one on a link that is down.
        cable("eth1");
        ip("addr add 192.0.2.11/24 dev eth1");
        let decision = decide("192.0.2.0");
        assert_eq!(decision.chosen().unwrap().ip().to_string(), "192.0.2.11");
        assert_eq!(decision.separated_by(), Some(Separation::LinkState));
        assert_decides_alike(&["192.0.2.0"]);
    });
}

#[test]
fn kept_addresses_outlive_a_link_that_is_down() {
    run(|| {
        cable("eth0");
        sysctl("ipv6/conf/eth0/keep_addr_on_down", 1);
        ip("addr add 2001:db8::1/64 dev eth0");
        ip("addr add 2001:db8::2/64 dev eth0 nodad");
        ip("link set eth0 down");
        assert_eq!(
            listed(&assert_sources_agree()),
            ["2001:db8::2/64", "2001:db8::1/64"]
        );
        assert_decides_alike(&["2001:db8::", "2001:db8::1", "2001:db8::2"]);
        ip("link set eth0 up");
        until("the addresses are back", || {
            chosen("2001:db8::") == "2001:db8::1"
        });
        assert_sources_agree();
    });
}

/// A privacy address and the one it is made of (RFC 8981): bit 0x01 is TEMPORARY here.
#[test]
fn temporary_addresses_are_skipped() {
    run(|| {
        cable("eth0");
        sysctl("ipv6/conf/eth0/use_tempaddr", 2);
        ip("addr add 2001:db8::1/64 dev eth0 valid_lft 9000 preferred_lft 8000 mngtmpaddr");
        until("there is a temporary address", || {
            listed(&capture()).len() == 2
        });
        settle();
        let host = assert_sources_agree();
        let temporary = host
            .addresses()
            .find(|a| a.ip().to_string() != "2001:db8::1")
            .unwrap();
        assert!(temporary.flags().unwrap().contains(AddressFlags::TEMPORARY));
        assert_eq!(temporary.is_secondary(), None);
        let decision = decide("2001:db8::");
        assert_eq!(decision.chosen().unwrap().ip().to_string(), "2001:db8::1");
        assert!(!decision.is_ambiguous());
        assert_decides_alike(&["2001:db8::", "2001:db8::/64", &temporary.ip().to_string()]);
    });
}

#[test]
fn deprecation_tells_a_floating_address_only_where_it_is_permanent() {
    run(|| {
        cable("eth0");
        ip("addr add 2001:db8::1/64 dev eth0");
        ip("addr add 2001:db8::2/64 dev eth0 valid_lft 9000 preferred_lft 0");
        ip("addr add 2001:db8::3/64 dev eth0 preferred_lft 0");
        settle();
        assert_sources_agree();
        let decision = decide("2001:db8::");
        let reasons = decision.candidates().iter().map(|c| c.reasons());
        let reasons: Vec<_> = reasons.collect();
        assert!(reasons[0].contains(Reason::DeprecatedPermanent));
        assert!(reasons[1].contains(Reason::Deprecated));
        assert_eq!(chosen("2001:db8::"), "2001:db8::1");
        assert_decides_alike(&["2001:db8::", "2001:db8::2", "2001:db8::3"]);
    });
}

/// The only candidate was turned down for this, and rightly: bind(2) refuses it.
fn assert_turned_down(ip: &str, reason: Reason) {
    let decision = decide(ip);
    let [candidate] = decision.candidates() else {
        panic!("{decision:?}");
    };
    assert_eq!(candidate.verdict(), Verdict::Unusable);
    assert!(candidate.reasons().contains(reason), "{candidate:?}");
    let refused = UdpSocket::bind(candidate.socket_addr(0)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::AddrNotAvailable);
}
