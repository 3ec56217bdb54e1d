//! Steps 6 and 7 of the rule: how what is left is ranked, when the choice was close, and strict
//! mode.

use bindnet_tests::rows;

use rows::table;

#[test]
fn step_6_ranks_by_kernel_order() {
    table(
        "
        # with no evidence at all, the first match
        preview 192.0.2.0 -> 192.0.2.20 AMBIGUOUS kernel-order
            eth0 192.0.2.20/24                  => network chosen
            eth0 192.0.2.10/24                  => network outranked
            eth1 192.0.2.11/24                  => network outranked

        # with no evidence at all, the first match
        preview 2001:db8:: -> 2001:db8::20 AMBIGUOUS kernel-order
            eth0 2001:db8::20/64                => network chosen
            eth1 2001:db8::10/64                => network outranked
        ",
    );
}

#[test]
fn step_6_ranks_declared_fixed_first() {
    table(
        "
        # exactly one
        preview 192.0.2.0 --fixed 192.0.2.10 -> 192.0.2.10 by declared-fixed
            eth0 192.0.2.20/24                  => network outranked
            eth0 192.0.2.10/24                  => network chosen declared-fixed

        # before loopback, weak evidence and link state
        preview 192.0.2.0 --fixed 192.0.2.10 -> 192.0.2.10 by declared-fixed
            eth0 192.0.2.20/24                  => network outranked
            lo 192.0.2.10/24 secondary          => network chosen declared-fixed secondary loopback

        # several are ranked among themselves
        preview 192.0.2.0 --fixed 192.0.2.8/29 -> 192.0.2.11 AMBIGUOUS weak-evidence
            eth0 192.0.2.20/24                  => network outranked
            eth0 192.0.2.10/24 secondary        => network outranked declared-fixed secondary
            eth0 192.0.2.11/24                  => network chosen declared-fixed

        # one address that is there twice
        preview 2001:db8:: --fixed 2001:db8::10 -> 2001:db8::10 by declared-fixed
            eth0 2001:db8::20/64                => network outranked newer-than-sibling
            eth0 2001:db8::10/64                => network chosen declared-fixed
            eth1 2001:db8::10/64                => network outranked declared-fixed
        ",
    );
}

#[test]
fn step_6_ranks_loopback_behind() {
    table(
        "
        # not on a loopback link
        preview 192.0.2.0 -> 192.0.2.10 AMBIGUOUS loopback
            lo 192.0.2.20/24                    => network outranked loopback
            eth0 192.0.2.10/24                  => network chosen

        # not on a loopback link
        preview 2001:db8:: -> 2001:db8::10 AMBIGUOUS loopback
            lo 2001:db8::20/64                  => network outranked loopback
            eth0 2001:db8::10/64                => network chosen

        # before weak evidence and link state
        preview 192.0.2.0 -> 192.0.2.10 AMBIGUOUS loopback
            link lo
            link eth0 down
            lo 192.0.2.20/24                    => network outranked loopback
            eth0 192.0.2.10/24 secondary        => network chosen secondary link-down

        # alone it is good enough
        preview 127.0.0.0 -> 127.0.0.1
            lo 127.0.0.1/8                      => network chosen loopback
        ",
    );
}

#[test]
fn step_6_ranks_weak_evidence_behind() {
    table(
        "
        # secondary
        preview 192.0.2.0 -> 192.0.2.10 AMBIGUOUS weak-evidence
            eth0 192.0.2.20/24 secondary        => network outranked secondary
            eth1 192.0.2.10/24                  => network chosen

        # not where the lifetime is finite
        preview 192.0.2.0 -> 192.0.2.20 AMBIGUOUS lease
            eth0 192.0.2.20/24 secondary lease=3600 => network chosen lease
            eth1 192.0.2.10/24                  => network outranked

        # deprecated
        preview 2001:db8:: -> 2001:db8::10 AMBIGUOUS weak-evidence
            eth0 2001:db8::20/64 deprecated lease=60 => network outranked deprecated
            eth1 2001:db8::10/64                => network chosen

        # deprecated
        preview 192.0.2.0 -> 192.0.2.10 AMBIGUOUS weak-evidence
            eth0 192.0.2.20/24 deprecated lease=60 => network outranked deprecated
            eth1 192.0.2.10/24                  => network chosen

        # before link state
        preview 192.0.2.0 -> 192.0.2.10 AMBIGUOUS weak-evidence
            link eth1 down
            eth0 192.0.2.20/24 secondary        => network outranked secondary
            eth1 192.0.2.10/24                  => network chosen link-down

        # two pieces weigh as much as one
        preview 192.0.2.0 --no-rule deprecated-permanent -> \
         192.0.2.20 AMBIGUOUS evidence-against
            eth0 192.0.2.20/24 secondary deprecated => network chosen secondary deprecated
            eth1 192.0.2.10/24 secondary        => network outranked secondary

        # switched off
        preview 192.0.2.0 --no-rule secondary -> 192.0.2.20 AMBIGUOUS kernel-order
            eth0 192.0.2.20/24 secondary        => network chosen
            eth1 192.0.2.10/24                  => network outranked

        # switched off
        preview 2001:db8:: --no-rule deprecated -> 2001:db8::20 AMBIGUOUS kernel-order
            eth0 2001:db8::20/64 deprecated lease=60 => network chosen
            eth1 2001:db8::10/64                => network outranked
        ",
    );
}

#[test]
fn step_6_takes_the_oldest_sibling() {
    table(
        "
        # the kernel lists the newest first
        preview 2001:db8:: -> 2001:db8::10 AMBIGUOUS weak-evidence
            eth0 2001:db8::21/64                => network outranked newer-than-sibling
            eth0 2001:db8::20/64                => network outranked newer-than-sibling
            eth0 2001:db8::10/64                => network chosen

        # IPv6 only
        preview 192.0.2.0 -> 192.0.2.20 AMBIGUOUS kernel-order
            eth0 192.0.2.20/24                  => network chosen
            eth0 192.0.2.10/24                  => network outranked

        # of the same link
        preview 2001:db8:: -> 2001:db8::20 AMBIGUOUS kernel-order
            eth0 2001:db8::20/64                => network chosen
            eth1 2001:db8::10/64                => network outranked

        # of the same network
        preview 2001:db8::/32 -> 2001:db8::20 AMBIGUOUS kernel-order
            eth0 2001:db8::20/64                => network chosen
            eth0 2001:db8:0:1::10/64            => network outranked

        # of the same prefix length
        preview 2001:db8::/64 -> 2001:db8::20 AMBIGUOUS kernel-order
            eth0 2001:db8::20/64                => network chosen
            eth0 2001:db8::10/48                => network outranked

        # of the same scope
        preview 2001:db8:: -> 2001:db8::20 AMBIGUOUS kernel-order
            eth0 2001:db8::20/64                => network chosen
            eth0 2001:db8::10/64 scope=site     => network outranked

        # unknown scopes are equal
        preview 2001:db8:: -> 2001:db8::10 AMBIGUOUS weak-evidence
            eth0 2001:db8::20/64 unknown        => network outranked newer-than-sibling
            eth0 2001:db8::10/64 unknown        => network chosen

        # an address on an unknown link has no siblings
        preview 2001:db8:: -> 2001:db8::20 AMBIGUOUS kernel-order
            ? 2001:db8::20/64                   => network chosen
            ? 2001:db8::10/64                   => network outranked

        # left after step 4: a floating sibling does not count
        preview 2001:db8:: -> 2001:db8::20
            eth0 2001:db8::20/64                => network chosen
            eth0 2001:db8::10/64 proto=18       => network floating address-protocol

        # left after step 4: an unusable one does not count
        preview 2001:db8:: -> 2001:db8::20
            eth0 2001:db8::20/64                => network chosen
            eth0 2001:db8::10/64 dadfailed      => network unusable dadfailed

        # a floating address is not called newer
        preview 2001:db8:: -> 2001:db8::10
            eth0 2001:db8::20/64 proto=18       => network floating address-protocol
            eth0 2001:db8::10/64                => network chosen

        # switched off
        preview 2001:db8:: --no-rule newer-than-sibling -> 2001:db8::20 AMBIGUOUS kernel-order
            eth0 2001:db8::20/64                => network chosen
            eth0 2001:db8::10/64                => network outranked
        ",
    );
}

#[test]
fn step_6_ranks_ports_behind() {
    table(
        "
        # a port of a bridge
        preview 192.0.2.0 -> 192.0.2.10 AMBIGUOUS port
            link eth0 master=2
            link br0 kind=bridge
            eth0 192.0.2.20/24                  => network outranked port
            br0 192.0.2.10/24                   => network chosen

        # one address on the port and on the bridge
        preview 192.0.2.0 -> 192.0.2.10
            link eth0 master=2
            link br0 kind=bridge
            eth0 192.0.2.10/24                  => network outranked port
            br0 192.0.2.10/24                   => network chosen

        # a VRF forwards no frames
        preview 192.0.2.0 -> 192.0.2.20 AMBIGUOUS kernel-order
            link eth0 master=2
            link vrf0 kind=vrf
            eth0 192.0.2.20/24                  => network chosen
            vrf0 192.0.2.10/24                  => network outranked

        # on one link it tells nothing
        preview 192.0.2.0 -> 192.0.2.20
            link eth0 master=2
            link br0 kind=bridge
            eth0 192.0.2.20/24                  => network chosen
        ",
    );
}

#[test]
fn step_6_ranks_links_that_are_down_behind() {
    table(
        "
        # IFF_UP
        preview 192.0.2.0 -> 192.0.2.10 AMBIGUOUS link-state
            link eth0 down
            eth0 192.0.2.20/24                  => network outranked link-down
            eth1 192.0.2.10/24                  => network chosen

        # IFF_UP
        preview 2001:db8:: -> 2001:db8::10 AMBIGUOUS link-state
            link eth0 down
            eth0 2001:db8::20/64                => network outranked link-down
            eth1 2001:db8::10/64                => network chosen

        # carrier is not ranked, but said
        preview 192.0.2.0 -> 192.0.2.20 AMBIGUOUS evidence-against
            link eth0 no-carrier
            eth0 192.0.2.20/24                  => network chosen no-carrier
            eth1 192.0.2.10/24                  => network outranked

        # nor is what is not known
        preview 192.0.2.0 -> 192.0.2.20 AMBIGUOUS kernel-order
            link eth0 unknown
            eth0 192.0.2.20/24                  => network chosen
            eth1 192.0.2.10/24                  => network outranked
        ",
    );
}

#[test]
fn step_7_says_when_it_was_close() {
    table(
        "
        # one address is left
        preview 192.0.2.0 -> 192.0.2.10
            eth0 192.0.2.20/24 proto=18         => network floating address-protocol
            eth0 192.0.2.10/24                  => network chosen

        # the same address twice is one address
        preview 192.0.2.0 -> 192.0.2.10
            lo 192.0.2.10/24                    => network outranked loopback
            eth0 192.0.2.10/24                  => network chosen

        # the runner-up is the next of another address
        preview 2001:db8:: -> 2001:db8::10 AMBIGUOUS loopback
            eth0 2001:db8::10/64                => network chosen
            eth1 2001:db8::10/64                => network outranked
            lo 2001:db8::20/64                  => network outranked loopback

        # the first field in which they differ
        preview 192.0.2.0 -> 192.0.2.10 AMBIGUOUS link-state
            link eth0 down
            lo 192.0.2.30/24                    => network outranked loopback
            eth0 192.0.2.20/24                  => network outranked link-down
            eth1 192.0.2.10/24                  => network chosen

        # for link-local addresses the link counts
        preview fe80:: -> fe80::1%1 AMBIGUOUS kernel-order
            eth0 fe80::1/64                     => network chosen
            eth1 fe80::1/64                     => network outranked

        # also where they are named exactly
        preview fe80::1 -> fe80::1%2 AMBIGUOUS link-state
            link eth0 down
            eth0 fe80::1/64                     => exact outranked link-down
            eth1 fe80::1/64                     => exact chosen

        # but not where the link is
        preview fe80::1%eth0 -> fe80::1%1
            eth0 fe80::1/64                     => exact chosen
            eth1 fe80::1/64

        # the same on several links, IPv4 link-local: one address
        preview 169.254.0.0 -> 169.254.0.1
            eth0 169.254.0.1/16                 => network chosen
            eth1 169.254.0.1/16                 => network outranked

        # a same-network choice is ambiguous though it is alone
        preview 192.0.2.99 -> 192.0.2.10 AMBIGUOUS same-network
            eth0 192.0.2.10/24                  => same-network chosen

        # same-network before the rank field
        preview 2001:db8::99 -> 2001:db8::10 AMBIGUOUS same-network
            eth0 2001:db8::20/64                => same-network outranked newer-than-sibling
            eth0 2001:db8::10/64                => same-network chosen

        # same-network though it is declared fixed
        preview 192.0.2.99 --fixed 192.0.2.10 -> 192.0.2.10 AMBIGUOUS same-network
            eth0 192.0.2.10/24                  => same-network chosen declared-fixed

        # an exact match is never made ambiguous by its neighbours
        preview 192.0.2.10 -> 192.0.2.10
            eth0 192.0.2.20/24                  => same-network outranked
            eth0 192.0.2.10/24                  => exact chosen

        # the kinds of a match are not ranked
        preview 192.0.2.0 -> 192.0.3.20 AMBIGUOUS same-network
            eth0 192.0.3.20/22                  => same-network chosen
            eth1 192.0.2.10/24                  => network outranked
        ",
    );
}

#[test]
fn strict_chooses_nothing_where_it_was_close() {
    table(
        "
        # kernel order
        preview 192.0.2.0 --strict -> none AMBIGUOUS kernel-order
            eth0 192.0.2.20/24                  => network eligible
            eth0 192.0.2.10/24                  => network eligible
            eth0 192.0.2.30/24 proto=18         => network floating address-protocol

        # same-network
        preview 2001:db8::99 --strict -> none AMBIGUOUS same-network
            eth0 2001:db8::10/64                => same-network eligible

        # previous-absent
        preview 192.0.2.0 --strict --previous 192.0.2.20 -> none AMBIGUOUS previous-absent
            eth0 192.0.2.10/24                  => network eligible

        # one is left
        preview 192.0.2.0 --strict -> 192.0.2.10
            eth0 192.0.2.10/24                  => network chosen

        # declared-fixed settles it
        preview 192.0.2.0 --strict --fixed 192.0.2.10 -> 192.0.2.10 by declared-fixed
            eth0 192.0.2.20/24                  => network outranked
            eth0 192.0.2.10/24                  => network chosen declared-fixed

        # previous settles it
        preview 2001:db8:: --strict --previous 2001:db8::20 -> 2001:db8::20 by previous
            eth0 2001:db8::20/64                => network chosen newer-than-sibling previous
            eth0 2001:db8::10/64                => network outranked

        # none is none
        preview 192.0.2.0 --strict -> none NoMatch
            eth0 198.51.100.10/24
        ",
    );
}
