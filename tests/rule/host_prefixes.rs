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

#[test]
fn host_prefix_in_subnet() {
    table(
        "
        # a permanent /32 inside another's prefix
        preview 192.0.2.0/24 -> 192.0.2.10 AMBIGUOUS skipped-first
            eth0 192.0.2.20/32                  => network floating host-prefix-in-subnet host-prefix
            eth0 192.0.2.10/24                  => network chosen

        # a permanent /128 inside another's prefix that skips duplicate address detection
        preview 2001:db8::/64 -> 2001:db8::10
            eth0 2001:db8::20/128 nodad         => network floating host-prefix-in-subnet host-prefix
            eth0 2001:db8::10/64                => network chosen

        # or is deprecated
        preview 2001:db8::/64 --no-rule deprecated-permanent -> 2001:db8::10
            eth0 2001:db8::20/128 deprecated    => network floating host-prefix-in-subnet \
             deprecated host-prefix
            eth0 2001:db8::10/64                => network chosen

        # any other /128 may be a static address of the host
        preview 2001:db8::/64 -> 2001:db8::10 AMBIGUOUS weak-evidence
            eth0 2001:db8::20/128               => network outranked host-prefix
            eth0 2001:db8::10/64                => network chosen

        # whichever of several networks they are inside, where there are many
        preview 203.0.113.0/24 -> 203.0.113.10 AMBIGUOUS skipped-first
            eth1 192.0.2.10/24
            eth2 198.51.100.10/24
            eth3 198.51.101.10/24
            eth0 203.0.113.20/32                => network floating host-prefix-in-subnet host-prefix
            eth0 203.0.113.21/32                => network floating host-prefix-in-subnet host-prefix
            eth0 203.0.113.22/32                => network floating host-prefix-in-subnet host-prefix
            eth0 203.0.113.23/32                => network floating host-prefix-in-subnet host-prefix
            eth0 203.0.113.24/32                => network floating host-prefix-in-subnet host-prefix
            eth0 203.0.113.10/24                => network chosen

        # whatever link the other is on
        preview 192.0.2.0/24 --fixed 192.0.2.11 -> 192.0.2.11
            lo 192.0.2.20/32                    => network floating host-prefix-in-subnet loopback
            eth0 192.0.2.11/25                  => network chosen declared-fixed

        # whatever prefix is shorter, even one that the bindnetaddr does not name
        preview 192.0.2.16/28 -> none AllTurnedDown
            eth0 192.0.2.20/32                  => network floating host-prefix-in-subnet host-prefix
            eth0 192.0.2.200/24

        # a /31 is not a host prefix
        preview 192.0.2.0/24 -> 192.0.2.20 AMBIGUOUS kernel-order
            eth0 192.0.2.20/31                  => network chosen
            eth0 192.0.2.10/24                  => network outranked

        # a /32 is not inside a /32
        preview 192.0.2.0/24 -> 192.0.2.20
            lo 192.0.2.20/32                    => network outranked loopback
            eth0 192.0.2.20/32                  => network chosen

        # not inside the prefix of the same address
        preview 192.0.2.0/24 -> 192.0.2.20
            lo 192.0.2.20/32                    => network outranked loopback
            eth0 192.0.2.20/24                  => network chosen

        # the only address of a cloud machine
        preview 192.0.2.0/24 -> 192.0.2.20
            eth0 192.0.2.20/32                  => network chosen

        # a lease is no floating address
        preview 2001:db8::/64 -> 2001:db8::20 AMBIGUOUS lease
            eth0 2001:db8::20/128 lease=3600    => network chosen lease
            eth0 2001:db8::10/64                => network outranked

        # unknown flags count as PERMANENT, an unknown scope as global
        preview 192.0.2.0/24 -> 192.0.2.10 AMBIGUOUS skipped-first
            eth0 192.0.2.20/32 unknown          => network floating host-prefix-in-subnet
            eth0 192.0.2.10/24 unknown          => network chosen

        # unknown flags count as NODAD
        preview 2001:db8::/64 -> 2001:db8::10
            eth0 2001:db8::20/128 unknown       => network floating host-prefix-in-subnet
            eth0 2001:db8::10/64 unknown        => network chosen

        # the other has link scope
        preview 192.0.2.0/24 -> 192.0.2.10 AMBIGUOUS weak-evidence
            eth0 192.0.2.20/32                  => network outranked host-prefix
            eth0 192.0.2.10/24 scope=link       => network chosen

        # the other has site scope
        preview 2001:db8::/64 -> 2001:db8::10 AMBIGUOUS weak-evidence
            eth0 2001:db8::20/128 nodad         => network outranked host-prefix
            eth0 2001:db8::10/64 scope=site     => network chosen

        # the other has a peer
        preview 192.0.2.0/24 -> 192.0.2.20 AMBIGUOUS kernel-order
            eth0 192.0.2.20/32                  => network chosen
            tun0 192.0.2.10/24 peer=192.0.2.11  => network outranked

        # its own peer does not matter
        preview 192.0.2.0/24 -> 192.0.2.10
            tun0 192.0.2.20/32 peer=192.0.2.11  => network floating host-prefix-in-subnet
            eth0 192.0.2.10/24                  => network chosen

        # the other is not usable
        preview 2001:db8::/64 -> 2001:db8::20 AMBIGUOUS pending
            eth0 2001:db8::20/128 nodad         => network chosen host-prefix
            eth0 2001:db8::10/64 tentative      => network unusable tentative

        # the other is itself floating: a routed host's own address inside a VIP's network
        preview 192.0.2.0/24 -> 192.0.2.5
            lo 192.0.2.5/32                     => network chosen loopback
            eth0 192.0.2.20/24 label=eth0:vip   => network floating label

        # the other is declared floating
        preview 192.0.2.0/24 --floating 192.0.2.10 -> 192.0.2.5
            eth0 192.0.2.5/32                   => network chosen
            eth0 192.0.2.10/24                  => network floating declared-floating

        # the other is declared fixed, whatever its label
        preview 192.0.2.0/24 --fixed 192.0.2.10 -> 192.0.2.10
            eth0 192.0.2.5/32                   => network floating host-prefix-in-subnet host-prefix
            eth0 192.0.2.10/24 label=eth0:1     => network chosen declared-fixed label

        # the other has a label that is no evidence
        preview 192.0.2.0/24 --no-rule label -> 192.0.2.10 AMBIGUOUS skipped-first
            eth0 192.0.2.5/32                   => network floating host-prefix-in-subnet host-prefix
            eth0 192.0.2.10/24 label=eth0:1     => network chosen

        # a mask with holes is no prefix
        preview 192.0.2.0/24 -> 192.0.2.10 AMBIGUOUS weak-evidence
            eth0 192.0.2.20/32                  => network outranked host-prefix
            eth0 192.0.2.10/255.0.255.0         => network chosen

        # an exact match is chosen, and doubted
        preview 192.0.2.20 -> 192.0.2.20 AMBIGUOUS floating
            eth0 192.0.2.20/32                  => exact chosen host-prefix-in-subnet host-prefix
            eth0 192.0.2.10/24                  => same-network outranked

        # switched off
        preview 192.0.2.0/24 --no-rule host-prefix-in-subnet -> 192.0.2.10 AMBIGUOUS weak-evidence
            eth0 192.0.2.20/32                  => network outranked host-prefix
            eth0 192.0.2.10/24                  => network chosen
        ",
    );
}
