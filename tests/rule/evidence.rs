//! Step 4 of the rule: what makes an address floating, what does not, and what the operator
//! declares.

use bindnet_tests::rows;

use bindnet::rule::{Declared, Evidence, parse_net};

use rows::table;

#[test]
fn label() {
    table(
        "
        # a colon in the label
        preview 192.0.2.0 -> 192.0.2.10 AMBIGUOUS skipped-first
            eth0 192.0.2.20/24 label=eth0:vip   => network floating label
            eth0 192.0.2.10/24 label=eth0       => network chosen

        # whatever stands before the colon
        preview 192.0.2.0 -> none AllTurnedDown
            eth0 192.0.2.20/24 label=zz:top     => network floating label
            eth0 192.0.2.21/24 label=:          => network floating label

        # no colon, no evidence
        preview 192.0.2.0 -> 192.0.2.10
            eth0 192.0.2.10/24 label=nocolon    => network chosen

        # IPv4 only
        preview 2001:db8:: -> 2001:db8::10
            eth0 2001:db8::10/64 label=eth0:vip => network chosen

        # switched off
        preview 192.0.2.0 --no-rule label -> 192.0.2.20
            eth0 192.0.2.20/24 label=eth0:vip   => network chosen
        ",
    );
}

#[test]
fn vrrp_mac() {
    table(
        "
        # 00:00:5e:00:01:xx
        preview 192.0.2.0 -> 192.0.2.10
            link vrrp.51 mac=00:00:5e:00:01:33
            vrrp.51 192.0.2.20/24               => network floating vrrp-mac
            eth0 192.0.2.10/24                  => network chosen

        # 00:00:5e:00:02:xx
        preview 2001:db8:: -> 2001:db8::10
            link vrrp.51 mac=00:00:5e:00:02:33
            vrrp.51 2001:db8::20/64             => network floating vrrp-mac
            eth0 2001:db8::10/64                => network chosen

        # either of them on either family
        preview 192.0.2.0 -> none AllTurnedDown
            link vrrp.51 mac=00:00:5e:00:02:33
            vrrp.51 192.0.2.20/24               => network floating vrrp-mac

        # on a macvlan
        preview 192.0.2.0 -> 192.0.2.10
            link vrrp.51 mac=00:00:5e:00:01:33 kind=macvlan
            vrrp.51 192.0.2.20/24               => network floating vrrp-mac
            eth0 192.0.2.10/24                  => network chosen

        # not on a bridge or a device that wears one
        preview 192.0.2.0 -> 192.0.2.20 AMBIGUOUS kernel-order
            link br0 mac=00:00:5e:00:01:33 kind=bridge
            br0 192.0.2.20/24                   => network chosen
            eth0 192.0.2.10/24                  => network outranked

        # rtnetlink tells the kind of every link that has one: this is a device
        preview 192.0.2.0 --netlink -> 192.0.2.20
            link eth0 mac=00:00:5e:00:01:33
            eth0 192.0.2.20/24                  => network chosen

        # other addresses of the same block
        preview 192.0.2.0 -> 192.0.2.20
            link eth0 mac=00:00:5e:00:03:33
            eth0 192.0.2.20/24                  => network chosen

        # longer ones
        preview 192.0.2.0 -> 192.0.2.20
            link eth0 mac=00:00:5e:00:01:33:00:00
            eth0 192.0.2.20/24                  => network chosen

        # switched off
        preview 192.0.2.0 --no-rule vrrp-mac -> 192.0.2.20
            link vrrp.51 mac=00:00:5e:00:01:33
            vrrp.51 192.0.2.20/24               => network chosen
        ",
    );
}

#[test]
fn address_protocol() {
    table(
        "
        # 18 is keepalived's
        preview 192.0.2.0 -> 192.0.2.10
            eth0 192.0.2.20/24 proto=18         => network floating address-protocol
            eth0 192.0.2.10/24 proto=2          => network chosen

        # 18 is keepalived's
        preview 2001:db8:: -> 2001:db8::10
            eth0 2001:db8::20/64 proto=18       => network floating address-protocol
            eth0 2001:db8::10/64 proto=3        => network chosen

        # another list replaces it
        preview 192.0.2.0 --protocol 2 --protocol 5 -> 192.0.2.20
            eth0 192.0.2.10/24 proto=2          => network floating address-protocol
            eth0 192.0.2.11/24 proto=5          => network floating address-protocol
            eth0 192.0.2.20/24 proto=18         => network chosen

        # an empty list
        preview 192.0.2.0 --no-protocol -> 192.0.2.20
            eth0 192.0.2.20/24 proto=18         => network chosen

        # switched off
        preview 192.0.2.0 --protocol 2 --no-rule address-protocol -> 192.0.2.20
            eth0 192.0.2.20/24 proto=2          => network chosen
        ",
    );
}

#[test]
fn deprecated_permanent() {
    table(
        "
        # DEPRECATED and PERMANENT
        preview 192.0.2.0 -> 192.0.2.10 AMBIGUOUS skipped-first
            eth0 192.0.2.20/24 deprecated       => network floating deprecated-permanent deprecated
            eth0 192.0.2.10/24                  => network chosen

        # DEPRECATED and PERMANENT
        preview 2001:db8:: -> 2001:db8::10
            eth0 2001:db8::20/64 deprecated     => network floating deprecated-permanent deprecated
            eth0 2001:db8::10/64                => network chosen

        # DEPRECATED alone is a renumbering
        preview 2001:db8:: -> 2001:db8::20 AMBIGUOUS evidence-against
            eth0 2001:db8::20/64 deprecated lease=60 => network chosen deprecated

        # switched off
        preview 192.0.2.0 --no-rule deprecated-permanent -> 192.0.2.20 AMBIGUOUS evidence-against
            eth0 192.0.2.20/24 deprecated       => network chosen deprecated
        ",
    );
}

#[test]
fn temporary() {
    table(
        "
        # an IPv6 privacy address
        preview 2001:db8:: -> 2001:db8::10
            eth0 2001:db8::a5/64 temporary lease=60 => network floating temporary
            eth0 2001:db8::10/64                => network chosen

        # IPv6 only: the bit means something else on IPv4
        preview 192.0.2.0 -> 192.0.2.10
            eth0 192.0.2.10/24 temporary        => network chosen secondary

        # switched off
        preview 2001:db8:: --no-rule temporary -> 2001:db8::a5
            eth0 2001:db8::a5/64 temporary      => network chosen
        ",
    );
}

#[test]
fn all_evidence_at_once() {
    table(
        "
        # every code that is true, in the order of CLI.md
        preview 192.0.2.0/24 --floating 192.0.2.20 -> 192.0.2.10
            link vrrp.51 down mac=00:00:5e:00:01:33
            vrrp.51 192.0.2.20/32 proto=18 label=v:0 deprecated secondary => network floating \
             declared-floating label vrrp-mac address-protocol host-prefix-in-subnet \
             deprecated-permanent secondary deprecated link-down
            eth0 192.0.2.10/24                  => network chosen

        # a switched-off rule is not listed
        preview 192.0.2.0/24 --no-rules -> 192.0.2.20 AMBIGUOUS kernel-order
            link vrrp.51 mac=00:00:5e:00:01:33
            vrrp.51 192.0.2.20/32 proto=18 label=v:0 deprecated secondary => network chosen
            eth0 192.0.2.10/24                  => network outranked

        # a switched-off rule is not listed
        preview 2001:db8::/64 --no-rules -> 2001:db8::20 AMBIGUOUS kernel-order
            eth0 2001:db8::20/128 proto=18 deprecated temporary => network chosen
            eth0 2001:db8::11/64                => network outranked
            eth0 2001:db8::10/64                => network outranked

        # no evidence from unknown facts
        preview 192.0.2.0 -> 192.0.2.20 AMBIGUOUS kernel-order
            link eth0 unknown
            eth0 192.0.2.20/24 unknown          => network chosen
            ? 192.0.2.10/24 unknown             => network outranked
        ",
    );
}

#[test]
fn the_operators_lists() {
    table(
        "
        # declared-floating
        preview 192.0.2.0 --floating 192.0.2.20 -> 192.0.2.10
            eth0 192.0.2.20/24                  => network floating declared-floating
            eth0 192.0.2.10/24                  => network chosen

        # declared-floating
        preview 2001:db8:: --floating 2001:db8::20 -> 2001:db8::10
            eth0 2001:db8::20/64                => network floating declared-floating
            eth0 2001:db8::10/64                => network chosen

        # it cannot be switched off
        preview 192.0.2.0 --floating 192.0.2.20 --no-rules -> none AllTurnedDown
            eth0 192.0.2.20/24                  => network floating declared-floating

        # declared-fixed overrides all evidence, which is listed
        preview 192.0.2.0 --fixed 192.0.2.20 -> 192.0.2.20
            eth0 192.0.2.20/24 label=a:b proto=18 deprecated => network chosen \
             declared-fixed label address-protocol deprecated-permanent deprecated

        # declared-fixed overrides all evidence, which is listed
        preview 2001:db8::/64 --fixed 2001:db8::20 -> 2001:db8::20 by declared-fixed
            eth0 2001:db8::20/128 temporary nodad => network chosen \
             declared-fixed host-prefix-in-subnet temporary host-prefix
            eth0 2001:db8::10/64                => network outranked

        # the longest prefix decides: fixed
        preview 192.0.2.0 --floating 192.0.2.0/24 --fixed 192.0.2.10 -> 192.0.2.10
            eth0 192.0.2.20/24                  => network floating declared-floating
            eth0 192.0.2.10/24                  => network chosen declared-fixed

        # the longest prefix decides: floating
        preview 2001:db8:: --fixed 2001:db8::/64 --floating 2001:db8::20 -> 2001:db8::10
            eth0 2001:db8::20/64                => network floating declared-floating
            eth0 2001:db8::10/64                => network chosen declared-fixed

        # the longest of several
        preview 192.0.2.0 --fixed 0.0.0.0/0 --floating 192.0.2.0/24 --fixed 192.0.2.8/29 \
         --floating 192.0.2.11 -> 192.0.2.10
            eth0 192.0.2.11/24                  => network floating declared-floating
            eth0 192.0.2.20/24                  => network floating declared-floating
            eth0 192.0.2.10/24                  => network chosen declared-fixed

        # the lists of the other family say nothing
        preview 192.0.2.0 --floating ::/0 -> 192.0.2.10
            eth0 192.0.2.10/24                  => network chosen
        ",
    );
}

#[test]
fn a_tie_between_the_lists_is_an_error() {
    let nets = |texts: &[&str]| -> Vec<_> {
        let nets = texts.iter().map(|text| parse_net(text).unwrap());
        nets.collect()
    };
    let tie = Declared::default()
        .floating(nets(&["192.0.2.20", "::/0"]))
        .unwrap()
        .fixed(nets(&["192.0.2.20/32"]))
        .unwrap_err();
    assert_eq!(
        (tie.what(), tie.text()),
        ("a declared network", "192.0.2.20/32")
    );
    assert!(
        tie.to_string()
            .contains("192.0.2.20/32 is declared both floating and fixed")
    );
    let declared = Declared::default().floating(nets(&["192.0.2.0/24", "192.0.2.0/24"]));
    declared.unwrap().fixed(nets(&["192.0.2.0/25"])).unwrap();
    let declared = Declared::default().floating(nets(&["0.0.0.0/0"])).unwrap();
    declared.fixed(nets(&["::/0"])).unwrap();
}

#[test]
fn the_rules_that_can_be_switched_off() {
    let codes: Vec<_> = Evidence::all().map(|rule| rule.reason().code()).collect();
    assert_eq!(
        codes.join(" "),
        "label vrrp-mac address-protocol host-prefix-in-subnet deprecated-permanent temporary \
         secondary deprecated newer-than-sibling host-prefix"
    );
    for code in [
        "declared-floating",
        "declared-fixed",
        "loopback",
        "tentative",
        "previous",
        "",
    ] {
        let error = code.parse::<Evidence>().unwrap_err().to_string();
        assert!(
            error.contains(&format!("{code:?}")) && error.contains("label, vrrp-mac"),
            "{error}"
        );
    }
}
