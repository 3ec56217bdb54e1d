//! Addresses that show no network of their own, beside those that do.

use bindnet_tests::rows;

use rows::table;

#[test]
fn step_1_matches_them_inside_a_network_that_is_shown() {
    table(
        "
        # by an address that is not floating
        preview 192.0.2.0 -> 192.0.2.10
            eth0 192.0.2.10/24                  => network chosen
            eth0 192.0.2.20/32                  => network floating host-prefix-in-subnet host-prefix

        # as bindnetaddr matches the network
        preview 192.0.2.99 -> 192.0.2.20 AMBIGUOUS same-network
            eth0 192.0.2.10/24                  => same-network outranked
            eth0 192.0.2.20/32 lease=60         => same-network chosen lease

        # not by one that floats
        preview 192.0.2.0 -> none AllTurnedDown
            eth0 192.0.2.10/24 label=eth0:vip   => network floating label
            eth0 192.0.2.20/32 lease=60

        # not from outside fe80::/10
        preview 2001:db8:: -> 2001:db8::10 AMBIGUOUS same-network
            eth0 2001:db8::10/0                 => same-network chosen
            eth0 fe80::1/128 lease=60

        # the usual address of lo is one like any other
        preview 127.0.0.0 -> 127.0.0.2 AMBIGUOUS kernel-order
            lo 127.0.0.2/8                      => network chosen loopback
            lo 127.0.0.1/32                     => network outranked loopback
        ",
    );
}

/// `::1` is a /128 on every host.
#[test]
fn the_ipv6_loopback_address_is_no_evidence() {
    table(
        "
        # alone
        preview ::1 -> ::1
            eth0 2001:db8::10/64
            eth0 ::1/128                        => exact chosen loopback

        # beside another
        preview ::1 -> ::1
            eth0 2001:db8::10/64
            eth0 2001:db8::20/128 lease=60
            eth0 ::1/128                        => exact chosen loopback
        ",
    );
}

#[test]
fn an_absent_fixed_address_is_asked_for_in_a_network_that_is_shown() {
    table(
        "
        # by an address that can be bound
        preview 192.0.2.0 --fixed 192.0.2.10 -> 192.0.2.20 AMBIGUOUS fixed-absent
            eth0 192.0.2.20/24                  => network chosen

        # by the fixed one itself, which cannot
        preview 2001:db8:: --fixed 2001:db8::10 -> 2001:db8::20 AMBIGUOUS fixed-absent
            eth0 2001:db8::10/64 dadfailed      => network unusable declared-fixed dadfailed
            eth0 2001:db8::20/128 lease=60      => network chosen lease

        # nor is a link-local one from outside fe80::/10
        preview ::/0 --fixed fe80::1 -> 2001:db8::20
            eth0 2001:db8::20/64                => network chosen

        # not outside
        preview 192.0.2.0 --fixed 192.0.3.10 -> 192.0.2.20
            eth0 192.0.2.20/24                  => network chosen
        ",
    );
}
