//! Step 5 of the rule: the remembered choice.

use bindnet_tests::rows;

use rows::{decide, table};

#[test]
fn it_is_kept() {
    table(
        "
        # against kernel order
        preview 192.0.2.0 --previous 192.0.2.10 -> 192.0.2.10 by previous
            eth0 192.0.2.20/24                  => network outranked
            eth0 192.0.2.10/24                  => network chosen previous

        # against weak evidence, loopback and link state
        preview 2001:db8:: --previous 2001:db8::20 -> 2001:db8::20 by previous
            link lo down
            lo 2001:db8::20/64 deprecated lease=60 => network chosen deprecated loopback link-down \
             previous
            eth0 2001:db8::10/64                => network outranked

        # alone there is nothing to separate it from
        preview 192.0.2.0 --previous 192.0.2.10 -> 192.0.2.10
            eth0 192.0.2.10/24                  => network chosen previous

        # alone, but for a floating one
        preview 192.0.2.0 --previous 192.0.2.10 -> 192.0.2.10
            eth0 192.0.2.20/24 label=eth0:vip   => network floating label
            eth0 192.0.2.10/24                  => network chosen previous

        # in an interrupted snapshot too
        preview 192.0.2.0 --previous 192.0.2.10 --interrupted -> 192.0.2.10 by previous
            eth0 192.0.2.20/24                  => network outranked
            eth0 192.0.2.10/24                  => network chosen previous

        # though bindnetaddr names another host, which stays ambiguous
        preview 192.0.2.99 --previous 192.0.2.10 -> 192.0.2.10 AMBIGUOUS same-network
            eth0 192.0.2.20/24                  => same-network outranked
            eth0 192.0.2.10/24                  => same-network chosen previous

        # the better of two entries
        preview 192.0.2.0 --previous 192.0.2.10 -> 192.0.2.10 by previous
            lo 192.0.2.10/24                    => network outranked loopback previous
            eth0 192.0.2.20/24                  => network outranked
            eth0 192.0.2.10/24                  => network chosen previous

        # the better of two entries by evidence of its own
        preview 2001:db8:: --previous 2001:db8::10 -> 2001:db8::10
            eth0 2001:db8::10/64 deprecated lease=60 => network outranked deprecated previous
            eth1 2001:db8::10/64                => network chosen previous

        # but not by evidence that another address brings about
        preview 2001:db8:: --previous 2001:db8::10 -> 2001:db8::10 by previous
            eth0 2001:db8::10/64                => network chosen newer-than-sibling previous
            eth0 2001:db8::20/64                => network outranked
            eth1 2001:db8::10/64                => network outranked previous

        # the entry that can be bound
        preview 2001:db8:: --previous 2001:db8::10 -> 2001:db8::10 by previous
            eth0 2001:db8::10/64 tentative      => network unusable tentative previous
            eth1 2001:db8::20/64                => network outranked
            lo 2001:db8::10/64                  => network chosen loopback previous
        ",
    );
}

#[test]
fn inferred_evidence_does_not_move_it() {
    table(
        "
        # a label appeared
        preview 192.0.2.0 --previous 192.0.2.20 -> 192.0.2.20 by previous
            eth0 192.0.2.20/24 label=eth0:vip   => network chosen label previous
            eth0 192.0.2.10/24                  => network outranked

        # it became temporary
        preview 2001:db8:: --previous 2001:db8::20 -> 2001:db8::20 by previous
            eth0 2001:db8::20/64 temporary      => network chosen temporary previous
            eth0 2001:db8::10/64                => network outranked

        # another address brings its network
        preview 192.0.2.0/24 --previous 192.0.2.20 -> 192.0.2.20 by previous
            eth0 192.0.2.20/32                  => network chosen host-prefix-in-subnet \
             host-prefix previous
            eth0 192.0.2.10/24                  => network outranked

        # a pending address will bring its network
        preview 2001:db8::/120 --previous 2001:db8::20 -> 2001:db8::20
            eth0 2001:db8::20/128 nodad         => network chosen host-prefix previous
            eth0 2001:db8::500/64 tentative

        # which is a doubt without a memory
        preview 2001:db8::/120 -> 2001:db8::20 AMBIGUOUS pending
            eth0 2001:db8::20/128 nodad         => network chosen host-prefix
            eth0 2001:db8::500/64 tentative

        # alone
        preview 192.0.2.0 --previous 192.0.2.20 -> 192.0.2.20
            eth0 192.0.2.20/24 proto=18         => network chosen address-protocol previous
        ",
    );
    let lines = "eth0 192.0.2.20/24 label=eth0:vip";
    let decision = decide("192.0.2.0 --previous 192.0.2.20", lines);
    let warnings = decision.warnings().join("\n");
    assert!(
        warnings.contains("192.0.2.20 looks floating (label eth0:vip)"),
        "{warnings}"
    );
}

#[test]
fn the_operator_moves_it() {
    table(
        "
        # it is declared floating
        preview 192.0.2.0 --previous 192.0.2.20 --floating 192.0.2.20 -> 192.0.2.10
            eth0 192.0.2.20/24                  => network floating declared-floating previous
            eth0 192.0.2.10/24                  => network chosen

        # it is declared floating, and nothing else is left
        preview 2001:db8:: --previous 2001:db8::20 --floating 2001:db8::20 -> none AllTurnedDown
            eth0 2001:db8::20/64                => network floating declared-floating previous

        # it is declared floating, and then the rank decides
        preview 192.0.2.0 --previous 192.0.2.20 --floating 192.0.2.20 -> \
            192.0.2.10 AMBIGUOUS kernel-order
            eth0 192.0.2.20/24                  => network floating declared-floating previous
            eth0 192.0.2.10/24                  => network chosen
            eth0 192.0.2.11/24                  => network outranked

        # another is declared fixed
        preview 192.0.2.0 --previous 192.0.2.20 --fixed 192.0.2.10 -> 192.0.2.10 by declared-fixed
            eth0 192.0.2.20/24                  => network outranked previous
            eth0 192.0.2.10/24                  => network chosen declared-fixed

        # unless it is too
        preview 2001:db8:: --previous 2001:db8::20 --fixed 2001:db8::/64 -> 2001:db8::20 by previous
            eth0 2001:db8::20/64                => network chosen declared-fixed \
             newer-than-sibling previous
            eth0 2001:db8::10/64                => network outranked declared-fixed

        # one that is declared fixed and cannot be bound yet does not count, but is said
        preview 2001:db8:: --previous 2001:db8::20 --fixed 2001:db8::10 -> \
         2001:db8::20 AMBIGUOUS fixed-absent
            eth0 2001:db8::20/64                => network chosen previous
            eth0 2001:db8::10/64 tentative      => network unusable declared-fixed tentative

        # one that is declared fixed and absent is said, though what is remembered floats
        preview 192.0.2.0 --previous 192.0.2.20 --fixed 192.0.2.10 -> 192.0.2.20 AMBIGUOUS fixed-absent
            eth0 192.0.2.20/24 label=eth0:vip   => network chosen label previous

        # the same of one in a network that is declared fixed
        preview 2001:db8:: --previous 2001:db8::20 --fixed 2001:db8::10/124 -> \
         2001:db8::20 AMBIGUOUS pending
            eth0 2001:db8::20/64                => network chosen previous
            eth0 2001:db8::10/64 tentative      => network unusable declared-fixed tentative

        # one that is declared fixed and another host has does not count, before others
        preview 2001:db8:: --previous 2001:db8::20 --fixed 2001:db8::10 -> \
         2001:db8::20 AMBIGUOUS fixed-absent
            lo 2001:db8::20/64                  => network chosen loopback previous
            eth0 2001:db8::11/64                => network outranked
            eth0 2001:db8::10/64 dadfailed      => network unusable declared-fixed dadfailed

        # nor does one that is no candidate
        preview 192.0.2.0 --previous 192.0.2.20 --fixed 198.51.100.0/24 -> 192.0.2.20
            eth0 192.0.2.20/24                  => network chosen previous
            eth0 198.51.100.10/24
        ",
    );
}

#[test]
fn its_absence_is_said() {
    table(
        "
        # absent
        preview 192.0.2.0 --previous 192.0.2.20 -> 192.0.2.10 AMBIGUOUS previous-absent
            eth0 192.0.2.10/24                  => network chosen

        # absent
        preview 2001:db8:: --previous 2001:db8::20 -> 2001:db8::10 AMBIGUOUS previous-absent
            eth0 2001:db8::10/64                => network chosen

        # here, but no candidate
        preview 192.0.2.0 --previous 198.51.100.20 -> 192.0.2.10 AMBIGUOUS previous-absent
            eth0 198.51.100.20/24
            eth0 192.0.2.10/24                  => network chosen

        # of the other family
        preview 192.0.2.0 --previous 2001:db8::20 -> 192.0.2.10 AMBIGUOUS previous-absent
            eth0 192.0.2.10/24                  => network chosen
            eth0 2001:db8::20/64

        # unusable
        preview 2001:db8:: --previous 2001:db8::20 -> 2001:db8::10 AMBIGUOUS previous-absent
            eth0 2001:db8::20/64 dadfailed      => network unusable dadfailed previous
            eth0 2001:db8::10/64                => network chosen

        # unusable, and nothing else is left
        preview 2001:db8:: --previous 2001:db8::20 -> none AllTurnedDown
            eth0 2001:db8::20/64 tentative      => network unusable tentative previous

        # before same-network and the rank field
        preview 192.0.2.99 --previous 192.0.2.30 -> 192.0.2.20 AMBIGUOUS previous-absent
            eth0 192.0.2.20/24                  => same-network chosen
            eth0 192.0.2.10/24                  => same-network outranked

        # declared-fixed settles it
        preview 192.0.2.0 --previous 192.0.2.30 --fixed 192.0.2.10 -> 192.0.2.10 by declared-fixed
            eth0 192.0.2.20/24                  => network outranked
            eth0 192.0.2.10/24                  => network chosen declared-fixed

        # declared-fixed settles it, alone
        preview 2001:db8:: --previous 2001:db8::20 --fixed 2001:db8::10 -> 2001:db8::10
            eth0 2001:db8::20/64 dadfailed      => network unusable dadfailed previous
            eth0 2001:db8::10/64                => network chosen declared-fixed
        ",
    );
}

#[test]
fn absence_from_an_interrupted_snapshot_proves_nothing() {
    table(
        "
        # nothing is chosen
        preview 192.0.2.0 --previous 192.0.2.20 --interrupted -> none PreviousUnknown
            eth0 192.0.2.10/24                  => network eligible

        # nothing is chosen, strict or not
        preview 2001:db8:: --previous 2001:db8::20 --interrupted --strict -> none PreviousUnknown
            eth0 2001:db8::10/64                => network eligible

        # what is here and unusable is not absent
        preview 2001:db8:: --previous 2001:db8::20 --interrupted -> \
            2001:db8::10 AMBIGUOUS previous-absent
            eth0 2001:db8::20/64 dadfailed      => network unusable dadfailed previous
            eth0 2001:db8::10/64                => network chosen

        # with nothing remembered nothing is missed
        preview 192.0.2.0 --interrupted -> 192.0.2.10
            eth0 192.0.2.10/24                  => network chosen
        ",
    );
}

#[test]
fn the_link_is_a_part_of_a_link_local_address() {
    table(
        "
        # the zone tells the links apart
        preview fe80:: --previous fe80::1%eth1 -> fe80::1%2 by previous
            eth0 fe80::1/64                     => network outranked
            eth1 fe80::1/64                     => network chosen previous

        # by index too
        preview fe80:: --previous fe80::1%2 -> fe80::1%2 by previous
            eth0 fe80::1/64                     => network outranked
            eth1 fe80::1/64                     => network chosen previous

        # also of what was named exactly
        preview fe80::1 --previous fe80::1%eth1 -> fe80::1%2 by previous
            eth0 fe80::1/64                     => exact outranked
            eth1 fe80::1/64                     => exact chosen previous

        # on another link it is absent
        preview fe80:: --previous fe80::1%eth1 -> fe80::1%1 AMBIGUOUS previous-absent
            link eth0
            link eth1
            eth0 fe80::1/64                     => network chosen

        # on a link that is gone it is absent
        preview fe80:: --previous fe80::1%eth9 -> fe80::1%1 AMBIGUOUS previous-absent
            eth0 fe80::1/64                     => network chosen

        # no other address has a link for its part
        preview 2001:db8:: --previous 2001:db8::10%eth9 -> 2001:db8::10 by previous
            eth0 2001:db8::20/64                => network outranked newer-than-sibling
            eth0 2001:db8::10/64                => network chosen previous

        # where it is on one link only, the zone may be missing
        preview fe80:: --previous fe80::1 -> fe80::1%2 by previous
            eth0 fe80::2/64                     => network outranked
            eth1 fe80::1/64                     => network chosen previous
        ",
    );
}

#[test]
fn a_link_local_address_is_remembered_on_its_link() {
    table(
        "
        # an exact match on another link is another address
        preview fe80::1 --previous fe80::1%eth1 -> fe80::1%1 AMBIGUOUS previous-absent
            link eth0
            link eth1
            eth0 fe80::1/64                     => exact chosen

        # so is one that cannot be bound
        preview fe80::1 --previous fe80::1%eth1 -> fe80::1%1 AMBIGUOUS previous-absent
            eth0 fe80::1/64                     => exact chosen
            eth1 fe80::1/64 tentative           => exact unusable tentative previous

        # and may be missing from an interrupted snapshot
        preview fe80::1 --previous fe80::1%eth1 --interrupted -> none PreviousUnknown
            link eth0
            link eth1
            eth0 fe80::1/64                     => exact eligible

        # any other address remembered does not matter to an exact match
        preview fe80::1 --previous fe80::2%eth1 -> fe80::1%1
            eth0 fe80::1/64                     => exact chosen
            link eth1
        ",
    );
}

/// What is said to separate the two is what did: not the evidence against the winner.
#[test]
fn evidence_does_not_choose_between_links_of_one_memory() {
    table(
        "
        # evidence that depends on other addresses does not choose between them
        preview fe80:: --previous fe80::1 -> fe80::1%1 AMBIGUOUS kernel-order
            eth0 fe80::1/64                     => network chosen newer-than-sibling previous
            eth0 fe80::2/64                     => network outranked
            eth1 fe80::1/64                     => network outranked previous
        ",
    );
}

#[test]
fn an_exact_address_with_its_link_wins_over_the_memory() {
    table(
        "
        # by its zone
        preview fe80::1%eth0 --previous fe80::1%eth1 -> fe80::1%1
            eth0 fe80::1/64                     => exact chosen
            eth1 fe80::1/64

        # by its zone, in an interrupted snapshot
        preview fe80::1%eth0 --previous fe80::1%eth1 --interrupted -> fe80::1%1
            eth0 fe80::1/64                     => exact chosen

        # by an interface
        preview fe80::1 --interface eth0 --previous fe80::1%eth1 --strict -> fe80::1%1
            eth0 fe80::1/64                     => exact chosen
            eth1 fe80::1/64

        # it is what is remembered, in two entries: no other address chooses between them
        preview 2001:db8::1%eth0 --previous 2001:db8::1 -> 2001:db8::1
            eth0 2001:db8::1/64                 => exact chosen newer-than-sibling previous
            eth0 2001:db8::1/128 nodad          => exact floating host-prefix-in-subnet \
             host-prefix previous
            eth0 2001:db8::2/64                 => same-network outranked
        ",
    );
}

#[test]
fn a_link_local_address_without_its_link_settles_nothing() {
    table(
        "
        # on several links
        preview fe80:: --previous fe80::1 -> fe80::1%1 AMBIGUOUS kernel-order
            eth0 fe80::1/64                     => network chosen previous
            eth1 fe80::1/64                     => network outranked previous

        # what separates the links is said, not what separates a third address
        preview fe80:: --previous fe80::1 --no-rule newer-than-sibling -> \
         fe80::1%1 AMBIGUOUS link-state
            link eth0
            link eth1 down
            eth0 fe80::1/64                     => network chosen previous
            eth0 fe80::2/64                     => network outranked
            eth1 fe80::1/64                     => network outranked link-down previous

        # nor if one of them is pending
        preview fe80:: --previous fe80::1 -> fe80::1%1 AMBIGUOUS pending
            eth0 fe80::1/64                     => network chosen previous
            eth1 fe80::1/64 tentative           => network unusable tentative previous

        # nor between those that were named exactly
        preview fe80::1 --previous fe80::1 -> fe80::1%1 AMBIGUOUS kernel-order
            eth0 fe80::1/64                     => exact chosen newer-than-sibling previous
            eth0 fe80::2/64                     => same-network outranked
            eth1 fe80::1/64                     => exact outranked previous

        # also of what was named exactly, on several links
        preview fe80::1 --previous fe80::1 -> fe80::1%1 AMBIGUOUS kernel-order
            eth0 fe80::1/64                     => exact chosen previous
            eth1 fe80::1/64                     => exact outranked previous
        ",
    );
}
