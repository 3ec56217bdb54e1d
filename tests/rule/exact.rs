//! Steps 2, 3 and 8 of the rule: what cannot be bound, what was named exactly, and why nothing is
//! chosen.

use bindnet_tests::rows;

use std::time::Duration;

use bindnet::Decision;
use bindnet::explain::Setting;

use rows::{decide, table};

#[test]
fn step_2_rejects_what_cannot_be_bound() {
    table(
        "
        # dadfailed
        preview 2001:db8:: -> 2001:db8::10
            eth0 2001:db8::11/64 dadfailed      => network unusable dadfailed
            eth0 2001:db8::10/64                => network chosen

        # tentative
        preview 2001:db8:: -> 2001:db8::10 AMBIGUOUS pending
            eth0 2001:db8::11/64 tentative      => network unusable tentative
            eth0 2001:db8::10/64                => network chosen

        # both
        preview 2001:db8:: -> 2001:db8::10
            eth0 2001:db8::11/64 tentative dadfailed => network unusable tentative dadfailed
            eth0 2001:db8::10/64                => network chosen

        # unless optimistic
        preview 2001:db8:: -> 2001:db8::11
            eth0 2001:db8::11/64 tentative optimistic => network chosen

        # optimistic, and failed
        preview 2001:db8:: -> none AllTurnedDown
            eth0 2001:db8::11/64 tentative optimistic dadfailed => network unusable dadfailed

        # whatever the flags are of
        preview 192.0.2.0 -> 192.0.2.10 AMBIGUOUS pending
            eth0 192.0.2.11/24 tentative        => network unusable tentative
            eth0 192.0.2.10/24                  => network chosen

        # before anything else is asked
        preview 2001:db8:: --fixed 2001:db8::11 -> 2001:db8::10 AMBIGUOUS fixed-absent
            eth0 2001:db8::11/64 tentative      => network unusable declared-fixed tentative
            eth0 2001:db8::10/64                => network chosen

        # unusable and floating is unusable
        preview 2001:db8:: -> none AllTurnedDown
            eth0 2001:db8::11/64 tentative temporary => network unusable temporary tentative
        ",
    );
}

#[test]
fn step_3_exact_wins() {
    table(
        "
        # over an earlier one of the network
        preview 192.0.2.10 -> 192.0.2.10
            eth0 192.0.2.11/24                  => same-network outranked
            eth0 192.0.2.10/24 secondary        => exact chosen secondary

        # over an earlier one of the network
        preview 2001:db8::10 -> 2001:db8::10
            eth0 2001:db8::11/64                => same-network outranked newer-than-sibling
            eth0 2001:db8::10/64                => exact chosen

        # floating or not
        preview 192.0.2.20 -> 192.0.2.20 AMBIGUOUS floating
            eth0 192.0.2.10/24                  => same-network outranked
            eth0 192.0.2.20/24 label=eth0:vip   => exact chosen label

        # floating or not
        preview 2001:db8::20 -> 2001:db8::20 AMBIGUOUS floating
            eth0 2001:db8::20/128 nodad         => exact chosen host-prefix-in-subnet host-prefix
            eth0 2001:db8::10/64                => same-network outranked

        # declared floating or not
        preview 192.0.2.20 --floating 192.0.2.20 -> 192.0.2.20 AMBIGUOUS floating
            eth0 192.0.2.10/24                  => same-network outranked
            eth0 192.0.2.20/24                  => exact chosen declared-floating

        # over a declared fixed one
        preview 192.0.2.20 --fixed 192.0.2.10 -> 192.0.2.20
            eth0 192.0.2.10/24                  => same-network outranked declared-fixed
            eth0 192.0.2.20/24                  => exact chosen

        # over the remembered choice
        preview 192.0.2.20 --previous 192.0.2.10 -> 192.0.2.20
            eth0 192.0.2.10/24                  => same-network outranked previous
            eth0 192.0.2.20/24                  => exact chosen

        # never previous-absent
        preview 192.0.2.20 --previous 192.0.2.99 -> 192.0.2.20
            eth0 192.0.2.20/24                  => exact chosen

        # never previous-absent
        preview 192.0.2.20 --previous 192.0.2.99 --interrupted -> 192.0.2.20
            eth0 192.0.2.20/24                  => exact chosen

        # several entries are ranked
        preview 192.0.2.20 -> 192.0.2.20
            lo 192.0.2.20/32                    => exact outranked loopback
            eth0 192.0.2.20/24                  => exact chosen

        # several entries are ranked
        preview 2001:db8::20 -> 2001:db8::20
            link eth0 down
            eth0 2001:db8::20/64                => exact outranked link-down
            eth1 2001:db8::20/64                => exact chosen

        # those that can be bound
        preview 2001:db8::20 -> 2001:db8::20
            lo 2001:db8::20/128                 => exact chosen loopback
            eth0 2001:db8::20/64 tentative      => exact unusable tentative

        # never a silent fall to another
        preview 2001:db8::20 -> none ExactUnusable
            eth0 2001:db8::20/64 dadfailed      => exact unusable dadfailed
            eth0 2001:db8::10/64                => same-network eligible

        # never a silent fall to another
        preview 192.0.2.20 --previous 192.0.2.10 -> none ExactUnusable
            eth0 192.0.2.20/24 tentative        => exact unusable tentative
            eth0 192.0.2.10/24                  => same-network eligible previous
        ",
    );
}

#[test]
fn step_8_says_why_there_is_none() {
    table(
        "
        # no such link
        preview 2001:db8::%eth9 -> none NoSuchLink
            eth0 2001:db8::10/64

        # no address at all
        preview 192.0.2.0 -> none NoAddress

        # no address of the family
        preview 192.0.2.0 -> none NoAddress
            eth0 2001:db8::10/64

        # no address of the family on the link
        preview 192.0.2.0 --interface eth1 -> none NoAddress
            link eth1
            eth0 192.0.2.10/24

        # none matches
        preview 192.0.2.0 -> none NoMatch
            eth0 198.51.100.10/24

        # the exact one cannot be bound
        preview 2001:db8::10 -> none ExactUnusable
            eth0 2001:db8::10/64 tentative      => exact unusable tentative

        # all floating
        preview 192.0.2.0 -> none AllTurnedDown
            eth0 192.0.2.10/24 label=eth0:1     => network floating label
            eth0 192.0.2.11/24 label=eth0:2     => network floating label

        # all unusable or floating
        preview 2001:db8:: -> none AllTurnedDown
            eth0 2001:db8::10/64 tentative      => network unusable tentative
            eth0 2001:db8::11/64 temporary      => network floating temporary

        # the previous one is unknown
        preview 192.0.2.0 --previous 192.0.2.11 --interrupted -> none PreviousUnknown
            eth0 192.0.2.10/24                  => network eligible
        ",
    );
}

/// Every node of a host of /32s has another one: what is right on all of them is the network.
#[test]
fn step_8_names_the_network_of_a_host_prefix() {
    let both = |bindnet: &str, host: &str| {
        let decision = decide(bindnet, host);
        let advice = decision.advice();
        let values: Vec<_> = advice.iter().map(|a| a.setting.value()).collect();
        let detail = decision.explain().detail.unwrap();
        let would = detail.split_once("; ").unwrap().1.to_owned();
        (values, would)
    };
    let (values, would) = both("172.16.50.0", "eth0 172.16.50.44/32");
    assert_eq!(values, ["172.16.50.44", "172.16.50.0/24"]);
    assert_eq!(
        would,
        "\"172.16.50.44\" or \"172.16.50.0/24\" would match it"
    );
    for (bindnet, host, network) in [
        // The longest that the zeros at the end allow, and that contains it.
        ("10.0.0.0", "eth0 10.0.0.5/32", Some("10.0.0.0/24")),
        ("10.0.0.0", "eth0 10.0.7.5/32", Some("10.0.0.0/16")),
        ("10.0.0.0", "eth0 10.7.7.5/32", Some("10.0.0.0/8")),
        ("10.7.0.0", "eth0 10.7.7.5/32", Some("10.7.0.0/16")),
        ("10.7.0.0", "eth0 10.8.7.5/32", None),
        ("10.7.7.1", "eth0 10.7.7.5/32", None),
        ("10.7.7.4/30", "eth0 10.7.7.9/32", None),
        ("fd00:1::", "eth0 fd00:1::5/128", Some("fd00:1::/64")),
        ("fd00:1::", "eth0 fd00:1:0:0:1::5/128", Some("fd00:1::/64")),
        ("fd00:1::", "eth0 fd00:1:0:1::5/128", None),
        ("fd00:1::1", "eth0 fd00:1::5/128", None),
        ("fe80::%eth0", "eth0 fe80::5/128", Some("fe80::%eth0/64")),
        // A network of its own names it, and what floats would not be chosen.
        ("10.7.0.0", "eth0 10.7.7.5/24", None),
        ("10.7.7.0", "eth0 10.7.7.5/32 label=eth0:vip", None),
        (
            "10.7.7.0 --profile corosync:3.1.7",
            "eth0 10.7.7.5/32",
            None,
        ),
    ] {
        let decision = decide(bindnet, host);
        let advice = decision.advice();
        let values: Vec<_> = advice.iter().skip(1).map(|a| a.setting.value()).collect();
        assert_eq!(
            values,
            network.into_iter().collect::<Vec<_>>(),
            "{bindnet}\n{decision:#}"
        );
        if let (Some(network), false) = (network, bindnet.contains("--")) {
            assert!(decide(network, host).chosen().is_some(), "{network}");
        }
    }
}

#[test]
fn step_8_names_the_near_miss() {
    let decision = decide("198.51.100.0", "lo 127.0.0.1/8\neth0 192.0.2.10/24");
    assert!(
        (decision.explain().detail.unwrap())
            .starts_with("nearest of 2 IPv4 addresses: 192.0.2.10/24 on eth0;")
    );
    let advice = |decision: Decision, at| decision.advice().remove(at).setting;
    let network = Setting::Bindnetaddr("192.0.2.0".parse().unwrap());
    assert_eq!(advice(decision, 0), network);

    let lines = "eth0 192.0.2.10/24 label=eth0:1";
    let fixed = Setting::Fixed("192.0.2.10/32".parse().unwrap());
    assert_eq!(advice(decide("192.0.2.0", lines), 0), fixed);
    assert!(
        decide("192.0.2.0 --fixed 192.0.2.10", lines)
            .chosen()
            .is_some()
    );
    assert!(
        decide("192.0.2.0 --no-rule label", lines)
            .chosen()
            .is_some()
    );
    let tentative = decide("2001:db8::", "eth0 2001:db8::10/64 tentative");
    let wait = Setting::Wait(Duration::from_secs(10));
    assert_eq!(advice(tentative, 0), wait);
}

/// Whoever named a link and follows the advice stays on it.
#[test]
fn step_8_stays_on_the_link_that_was_named() {
    let lines = "
        eth0 fe80::1/64
        eth1 fe80::2/64";
    let advice = decide("fe80::99%eth1", lines).advice();
    let values: Vec<_> = advice.iter().map(|advice| advice.setting.value()).collect();
    assert_eq!(values, ["fe80::2%eth1"]);
    let nearest = decide("2001:db8::%eth1", lines).advice().remove(0);
    assert_eq!(nearest.setting.value(), "fe80::%eth1");

    let lines = "
        eth0 2001:db8::1/64
        eth1 2001:db8::2/64";
    for advice in decide("2001:db8::99%eth1", lines).advice() {
        let followed = decide(&advice.setting.value(), lines);
        let chosen = followed.chosen().unwrap().ip().to_string();
        assert_eq!(chosen, "2001:db8::2", "{advice:?}");
    }
}
