//! What a tracker tells: stories of a choice, snapshot by snapshot. `tracker_places.rs` has more.

use bindnet_tests::stories;

use stories::stories;

#[test]
fn nothing_moves_while_it_is_here() {
    stories(
        "
        # a better one comes first, and goes
        watch 192.0.2.0
        eth0 192.0.2.20/24                      => initial 192.0.2.20 on eth0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => kept 192.0.2.20 on eth0: 192.0.2.10/24
        eth0 192.0.2.20/24                      => kept 192.0.2.20 on eth0: 192.0.2.10/24

        # the order changes
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => initial 192.0.2.10 on eth0
        eth0 192.0.2.20/24; eth0 192.0.2.10/24  => kept 192.0.2.10 on eth0

        # a VIP comes and goes
        watch 192.0.2.0
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 label=eth0:vip secondary \
         => kept 192.0.2.10 on eth0: floating (label, secondary)
        eth0 192.0.2.10/24                      => kept 192.0.2.10 on eth0: 192.0.2.20/24

        # what is of no concern
        watch 192.0.2.0
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/24; eth0 198.51.100.10/24; eth0 2001:db8::1/64; link eth1 => -
        eth0 192.0.2.10/24                      => -

        # the address that was named exactly comes later
        watch 192.0.2.99
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/24; eth0 192.0.2.99/24  => kept 192.0.2.10 on eth0: 192.0.2.99/24

        # its link goes down and comes up
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth1 192.0.2.11/24  => initial 192.0.2.10 on eth0
        link eth0 down; eth0 192.0.2.10/24; eth1 192.0.2.11/24 \
         => kept 192.0.2.10 on eth0: eth0 is down: the address can be bound
        link eth0 no-carrier; eth0 192.0.2.10/24; eth1 192.0.2.11/24 \
         => kept 192.0.2.10 on eth0: eth0 has no carrier
        eth0 192.0.2.10/24; eth1 192.0.2.11/24  => kept 192.0.2.10 on eth0: eth0 is up.
        ",
    );
}

#[test]
fn evidence_against_it_is_told_and_not_acted_on() {
    stories(
        "
        # a label
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24                  => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/24 label=eth0:vip; eth0 192.0.2.20/24   => kept 192.0.2.10 on eth0: label

        # it becomes secondary
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24                  => initial 192.0.2.10 on eth0
        eth0 192.0.2.20/24; eth0 192.0.2.10/24 secondary => kept 192.0.2.10 on eth0: secondary

        # deprecated, and permanent
        watch 2001:db8::
        eth0 2001:db8::1/64; eth1 2001:db8::2/64                => initial 2001:db8::1 on eth0
        eth0 2001:db8::1/64 deprecated; eth1 2001:db8::2/64 \
         => kept 2001:db8::1 on eth0: deprecated-permanent

        # the MAC of a virtual router
        watch 192.0.2.0
        eth0 192.0.2.10/24                                      => initial 192.0.2.10 on eth0
        link eth0 mac=00:00:5e:00:01:33; eth0 192.0.2.10/24 => kept 192.0.2.10 on eth0: vrrp-mac

        # a network comes around its /32
        watch 192.0.2.0/24
        eth0 192.0.2.20/32                                      => initial 192.0.2.20 on eth0
        eth0 192.0.2.20/32; eth0 192.0.2.10/24 \
         => kept 192.0.2.20 on eth0: host-prefix-in-subnet
        ",
    );
}

#[test]
fn what_is_lost_is_waited_for() {
    stories(
        "
        # others are here
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => initial 192.0.2.10 on eth0
        eth0 192.0.2.20/24                      => lost none was 192.0.2.10: 192.0.2.10
        eth0 192.0.2.20/24; eth0 192.0.2.30/24  => -
        nothing                                 => -
        eth0 192.0.2.20/24; eth0 192.0.2.10/24  => gained 192.0.2.10 on eth0 was 192.0.2.10
        eth0 192.0.2.10/24                      => kept 192.0.2.10 on eth0: 192.0.2.20/24

        # with another prefix, which does not match
        watch 192.0.2.0
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        nothing                                 => lost none was 192.0.2.10
        eth0 192.0.2.10/32                      => gained 192.0.2.10 on eth0 was 192.0.2.10

        # the operator declares another fixed: that counts at the next start
        watch 192.0.2.0 --fixed 192.0.2.30
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        eth0 192.0.2.30/24                      => lost none was 192.0.2.10
        eth0 192.0.2.30/24; eth0 192.0.2.10/24  => gained 192.0.2.10 on eth0 was 192.0.2.10

        # twice
        watch 192.0.2.0
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        nothing                                 => lost none was 192.0.2.10
        eth0 192.0.2.10/24                      => gained 192.0.2.10 on eth0 was 192.0.2.10
        nothing                                 => lost none was 192.0.2.10
        ",
    );
}

#[test]
fn what_cannot_be_bound_is_gone() {
    stories(
        "
        # a link flap: duplicate address detection begins anew
        watch 2001:db8::
        eth0 2001:db8::2/64; eth0 2001:db8::1/64 => initial 2001:db8::1 on eth0
        eth0 2001:db8::2/64; eth0 2001:db8::1/64 tentative \
         => lost none was 2001:db8::1: tentative
        eth0 2001:db8::2/64; eth0 2001:db8::1/64 dadfailed => -
        eth0 2001:db8::2/64; eth0 2001:db8::1/64 => gained 2001:db8::1 on eth0 was 2001:db8::1

        # optimistic is usable
        watch 2001:db8::
        eth0 2001:db8::1/64                      => initial 2001:db8::1 on eth0
        eth0 2001:db8::1/64 tentative optimistic => -

        # another host has it
        watch 2001:db8::1
        eth0 2001:db8::1/64                      => initial 2001:db8::1 on eth0
        eth0 2001:db8::1/64 dadfailed   => lost none was 2001:db8::1: dadfailed
        nothing                                  => -
        eth0 2001:db8::1/64             => gained 2001:db8::1 on eth0 was 2001:db8::1

        # it can be bound on another link
        watch 2001:db8::
        eth0 2001:db8::1/64; link lo             => initial 2001:db8::1 on eth0
        eth0 2001:db8::1/64 tentative; lo 2001:db8::1/128 => kept 2001:db8::1 on lo

        # at the start, named exactly: never another in its place
        watch 2001:db8::1
        eth0 2001:db8::1/64 tentative; eth0 2001:db8::2/64 => initial none: 2001:db8::1
        interrupted; eth0 2001:db8::2/64         => -
        eth0 2001:db8::1/64; eth0 2001:db8::2/64 => gained 2001:db8::1 on eth0
        ",
    );
}

#[test]
fn follow_replaces_what_is_lost() {
    stories(
        "
        # by the next one, and it does not go back
        watch 192.0.2.0 --follow
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => initial 192.0.2.10 on eth0
        eth0 192.0.2.20/24                      => moved 192.0.2.20 on eth0 was 192.0.2.10: 192.0.2.10
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => kept 192.0.2.20 on eth0

        # later
        watch 192.0.2.0 --follow
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        nothing                                 => lost none was 192.0.2.10
        eth0 192.0.2.20/24                      => moved 192.0.2.20 on eth0 was 192.0.2.10

        # by itself
        watch 192.0.2.0 --follow
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        nothing                                 => lost none was 192.0.2.10
        eth0 192.0.2.20/24; eth0 192.0.2.10/24  => gained 192.0.2.10 on eth0 was 192.0.2.10

        # by itself, but for one that is declared fixed
        watch 192.0.2.0 --follow --fixed 192.0.2.20
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        nothing                                 => lost none was 192.0.2.10
        eth0 192.0.2.20/24; eth0 192.0.2.10/24  => moved 192.0.2.20 on eth0 was 192.0.2.10

        # a VIP does not take its place
        watch 192.0.2.0 --follow
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 label=eth0:vip => initial 192.0.2.10 on eth0
        eth0 192.0.2.20/24 label=eth0:vip       => lost none was 192.0.2.10

        # nor does anything while it is here
        watch 192.0.2.0 --follow
        eth0 192.0.2.20/24                      => initial 192.0.2.20 on eth0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 label=eth0:vip => kept 192.0.2.20 on eth0

        # the address that was named exactly does
        watch 192.0.2.99 --follow
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/24; eth0 192.0.2.99/24  => moved 192.0.2.99 on eth0 was 192.0.2.10

        # and one that is declared fixed
        watch 192.0.2.0 --follow --fixed 192.0.2.30
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/24; eth0 192.0.2.30/24  => moved 192.0.2.30 on eth0 was 192.0.2.10

        # strict: what is close is not followed
        watch 192.0.2.0 --follow --strict
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        eth0 192.0.2.20/24                      => lost none was 192.0.2.10

        # it no longer matches
        watch 192.0.2.0 --follow
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/30; eth0 192.0.2.20/24  => moved 192.0.2.20 on eth0 was 192.0.2.10

        # an interrupted snapshot moves nothing
        watch 2001:db8:: --follow
        eth0 2001:db8::2/64; eth0 2001:db8::1/64 => initial 2001:db8::1 on eth0
        interrupted; eth0 2001:db8::2/64         => -
        interrupted; eth0 2001:db8::2/64; eth0 2001:db8::1/64 tentative \
         => lost none was 2001:db8::1
        eth0 2001:db8::2/64; eth0 2001:db8::1/64 tentative \
         => moved 2001:db8::2 on eth0 was 2001:db8::1
        ",
    );
}

#[test]
fn a_remembered_choice_is_waited_for() {
    stories(
        "
        # it is here
        watch 192.0.2.0 --previous 192.0.2.20
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => initial 192.0.2.20 on eth0 was 192.0.2.20

        # it comes later
        watch 192.0.2.0 --previous 192.0.2.20
        eth0 192.0.2.10/24      => initial none was 192.0.2.20: The remembered choice, 192.0.2.20,
        nothing                 => -
        eth0 192.0.2.11/24      => -
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => gained 192.0.2.20 on eth0 was 192.0.2.20

        # before anything is here
        watch 192.0.2.0 --previous 192.0.2.20
        nothing                 => initial none was 192.0.2.20: host. The remembered choice
        eth0 192.0.2.20/24      => gained 192.0.2.20 on eth0 was 192.0.2.20

        # it is here, but under its prefix not in the network
        watch 192.0.2.0 --previous 192.0.2.20
        eth0 192.0.2.20/32      => initial none was 192.0.2.20: It is here as 192.0.2.20/32 on eth0
        eth0 192.0.2.20/24      => gained 192.0.2.20 on eth0 was 192.0.2.20

        # it is declared fixed itself: another one that is does not take its place
        watch 192.0.2.0 --previous 192.0.2.20 --fixed 192.0.2.0/24
        eth0 192.0.2.10/24      => initial none was 192.0.2.20
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => gained 192.0.2.20 on eth0 was 192.0.2.20

        # the operator has declared it floating since
        watch 192.0.2.0 --previous 192.0.2.20 --floating 192.0.2.20
        eth0 192.0.2.10/24      => initial 192.0.2.10 on eth0 was 192.0.2.20

        # it cannot be bound yet
        watch 2001:db8:: --previous 2001:db8::1
        eth0 2001:db8::2/64; eth0 2001:db8::1/64 tentative => initial none was 2001:db8::1
        eth0 2001:db8::2/64; eth0 2001:db8::1/64 => gained 2001:db8::1 on eth0 was 2001:db8::1

        # with follow it is replaced at once
        watch 192.0.2.0 --previous 192.0.2.20 --follow
        eth0 192.0.2.10/24      => initial 192.0.2.10 on eth0 was 192.0.2.20
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => kept 192.0.2.10 on eth0

        # with follow and strict it is not
        watch 192.0.2.0 --previous 192.0.2.20 --follow --strict
        eth0 192.0.2.10/24      => initial none was 192.0.2.20

        # the operator declares one that is here fixed
        watch 192.0.2.0 --previous 192.0.2.20 --fixed 192.0.2.10
        eth0 192.0.2.10/24      => initial 192.0.2.10 on eth0 was 192.0.2.20
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => kept 192.0.2.10 on eth0

        # the one that is declared fixed comes later
        watch 192.0.2.0 --previous 192.0.2.20 --fixed 192.0.2.10
        eth0 192.0.2.11/24      => initial none was 192.0.2.20
        eth0 192.0.2.10/24; eth0 192.0.2.11/24  => gained 192.0.2.10 on eth0 was 192.0.2.20

        # the address that was named exactly stands above it
        watch 192.0.2.10 --previous 192.0.2.20
        eth0 192.0.2.10/24      => initial 192.0.2.10 on eth0 was 192.0.2.20

        # it is declared floating, and here
        watch 192.0.2.0 --previous 192.0.2.20 --floating 192.0.2.20
        eth0 192.0.2.20/24; eth0 192.0.2.10/24  => initial 192.0.2.10 on eth0 was 192.0.2.20

        # it is not in the network that is asked for
        watch 192.0.2.0 --previous 198.51.100.10
        eth0 192.0.2.10/24; eth0 198.51.100.10/24 => initial none was 198.51.100.10
        ",
    );
}

#[test]
fn without_a_memory_the_first_that_comes_is_gained() {
    stories(
        "
        # after nothing
        watch 192.0.2.0
        nothing                                 => initial none: none: no IPv4 address of this host.
        eth0 198.51.100.10/24                   => -
        eth0 192.0.2.10/24                      => gained 192.0.2.10 on eth0

        # a VIP is not it
        watch 192.0.2.0
        eth0 192.0.2.20/24 label=eth0:vip       => initial none: floating
        eth0 192.0.2.20/24 label=eth0:vip; eth0 192.0.2.10/24 => gained 192.0.2.10 on eth0

        # strict: when it is clear
        watch 192.0.2.0 --strict
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => initial none: AMBIGUOUS
        interrupted; eth0 192.0.2.10/24         => -
        eth0 192.0.2.20/24                      => gained 192.0.2.20 on eth0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => kept 192.0.2.20 on eth0

        # strict: not a neighbour of the one that was named
        watch 192.0.2.99 --strict
        eth0 192.0.2.10/24                      => initial none: 192.0.2.99
        eth0 192.0.2.10/24; eth0 192.0.2.99/24  => gained 192.0.2.99 on eth0

        # a neighbour, if not strict
        watch 192.0.2.99
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0: 192.0.2.99

        # one that is declared floating, and one that is declared fixed
        watch 192.0.2.0 --floating 192.0.2.0/24 --fixed 192.0.2.30
        eth0 192.0.2.10/24                      => initial none: declared floating
        eth0 192.0.2.10/24; eth0 192.0.2.30/24 label=eth0:x => gained 192.0.2.30 on eth0

        # the link that was named
        watch 192.0.2.0 --interface eth1
        eth0 192.0.2.10/24                      => initial none: eth1
        eth0 192.0.2.10/24; link eth1           => -
        eth0 192.0.2.10/24; eth1 192.0.2.11/24  => gained 192.0.2.11 on eth1
        ",
    );
}

#[test]
fn by_a_rule_of_corosync_it_is_held_too() {
    stories(
        "
        # which knows no memory
        watch 192.0.2.0 --profile corosync:3.1.7
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        eth0 192.0.2.20/24 label=eth0:vip; eth0 192.0.2.10/24 => kept 192.0.2.10 on eth0
        eth0 192.0.2.20/24 label=eth0:vip       => lost none was 192.0.2.10
        eth0 192.0.2.20/24 label=eth0:vip; eth0 192.0.2.10/24 \
         => gained 192.0.2.10 on eth0 was 192.0.2.10

        # nor at the start
        watch 192.0.2.0 --profile corosync:3.1.7 --previous 192.0.2.10
        eth0 192.0.2.20/24; eth0 192.0.2.10/24 => initial 192.0.2.20 on eth0 was 192.0.2.10

        # and may be followed
        watch 192.0.2.0 --profile corosync:3.1.7 --follow
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        eth0 192.0.2.20/24; eth0 192.0.2.10/24  => moved 192.0.2.20 on eth0 was 192.0.2.10
        eth0 192.0.2.10/24                      => moved 192.0.2.10 on eth0 was 192.0.2.20

        # from the end of the list
        watch 192.0.2.0 --profile corosync:2.0.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => initial 192.0.2.20 on eth0
        eth0 192.0.2.10/24                      => lost none was 192.0.2.20

        # it takes what cannot be bound
        watch 2001:db8:: --profile corosync:3.1.7 --follow
        eth0 2001:db8::1/64 tentative           => initial none: cannot be bound
        eth0 2001:db8::1/64                     => gained 2001:db8::1 on eth0
        eth0 2001:db8::1/64 tentative           => lost none was 2001:db8::1

        # and, when it was young, the other end of a link
        watch 198.51.100.40 --profile corosync:1.4.1
        eth0 192.0.2.40/24 peer=198.51.100.40   => initial none: cannot be bound

        # it refuses a network with its prefix
        watch 192.0.2.0/24 --profile corosync
        eth0 192.0.2.10/24                      => initial none
        ",
    );
}
