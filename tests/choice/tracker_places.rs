//! What a tracker tells of an address that changes its place, and of snapshots that do not tell
//! where everything is.

use bindnet_tests::stories;

use stories::stories;

#[test]
fn a_changed_prefix_or_link_is_the_same_address() {
    stories(
        "
        # a prefix that does not match
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/32; eth0 192.0.2.20/24  => kept 192.0.2.10 on eth0: 192.0.2.10/32
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => kept 192.0.2.10 on eth0: 192.0.2.10/24

        # a prefix that matches, too
        watch 192.0.2.0
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/25                      => kept 192.0.2.10 on eth0: 192.0.2.10/25

        # it moves into a bridge
        watch 192.0.2.0
        eth0 192.0.2.10/24; link br0            => initial 192.0.2.10 on eth0
        link eth0; br0 192.0.2.10/24            => kept 192.0.2.10 on br0

        # it is on two links, and goes from its own
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth1 192.0.2.10/24  => initial 192.0.2.10 on eth0
        link eth0; eth1 192.0.2.10/24           => kept 192.0.2.10 on eth1
        eth0 192.0.2.10/24; eth1 192.0.2.10/24  => kept 192.0.2.10 on eth1

        # but not where one link is asked for
        watch 192.0.2.0 --interface eth0
        eth0 192.0.2.10/24; link br0            => initial 192.0.2.10 on eth0
        link eth0; br0 192.0.2.10/24            => lost none was 192.0.2.10
        eth0 192.0.2.10/24; link br0            => gained 192.0.2.10 on eth0 was 192.0.2.10

        # nor where its zone is said
        watch 2001:db8::%eth0
        eth0 2001:db8::1/64; link br0           => initial 2001:db8::1 on eth0
        link eth0; br0 2001:db8::1/64           => lost none was 2001:db8::1

        # that link is made again
        watch 192.0.2.0 --interface eth0
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        link eth0 index=7; eth0 192.0.2.10/24   => kept 192.0.2.10 on eth0

        # that link is renamed
        watch 192.0.2.0 --interface eth0
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        lan0 192.0.2.10/24                      => kept 192.0.2.10 on lan0

        # and another one has its name now
        watch 192.0.2.0 --interface eth0
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        lan0 192.0.2.10/24                      => kept 192.0.2.10 on lan0
        link lan0; eth0 192.0.2.10/24           => kept 192.0.2.10 on eth0

        # or one that is made again has each name
        watch 192.0.2.0 --interface eth0
        eth0 192.0.2.10/24                      => initial 192.0.2.10 on eth0
        lan0 192.0.2.10/24                      => kept 192.0.2.10 on lan0
        link lan0 index=8; lan0 192.0.2.10/24; link eth0 index=9; eth0 192.0.2.10/24 \
         => kept 192.0.2.10 on eth0
        ",
    );
}

#[test]
fn a_link_local_address_is_held_on_its_link() {
    stories(
        "
        # another link has it, too
        watch fe80::
        eth0 fe80::1/64; eth1 fe80::1/64        => initial fe80::1%eth0 on eth0
        link eth0; eth1 fe80::1/64              => lost none was fe80::1%eth0: fe80::1%eth0
        eth0 fe80::1/64; eth1 fe80::1/64        => gained fe80::1%eth0 on eth0 was fe80::1%eth0

        # renamed
        watch fe80::
        eth0 fe80::1/64; eth1 fe80::1/64        => initial fe80::1%eth0 on eth0
        lan0 fe80::1/64; eth1 fe80::1/64        => kept fe80::1%lan0 on lan0 was fe80::1%eth0: lan0
        lan0 fe80::1/64; eth1 fe80::2/64        => kept fe80::1%lan0 on lan0

        # renamed, by its old name
        watch fe80::%eth0
        eth0 fe80::1/64                         => initial fe80::1%eth0 on eth0
        lan0 fe80::1/64                         => kept fe80::1%lan0 on lan0 was fe80::1%eth0

        # names are exchanged
        watch fe80::
        eth0 fe80::1/64; eth1 fe80::1/64        => initial fe80::1%eth0 on eth0
        eth1 fe80::1/64; eth0 fe80::1/64        => kept fe80::1%eth1 on eth1 was fe80::1%eth0

        # deleted and made again, without being seen to be gone
        watch fe80::
        eth0 fe80::1/64                         => initial fe80::1%eth0 on eth0
        link eth0 index=7; eth0 fe80::1/64      => gained fe80::1%eth0 on eth0 was fe80::1%eth0

        # deleted and made again
        watch fe80::
        eth0 fe80::1/64                         => initial fe80::1%eth0 on eth0
        nothing                                 => lost none was fe80::1%eth0
        link eth0 index=7; eth0 fe80::1/64 tentative => -
        link eth0 index=7; eth0 fe80::1/64      => gained fe80::1%eth0 on eth0 was fe80::1%eth0

        # deleted, and another is made
        watch fe80::
        eth0 fe80::1/64                         => initial fe80::1%eth0 on eth0
        link eth1 index=7; eth1 fe80::1/64      => lost none was fe80::1%eth0

        # with follow that is a move
        watch fe80:: --follow
        eth0 fe80::1/64; link eth1              => initial fe80::1%eth0 on eth0
        link eth0; eth1 fe80::1/64              => moved fe80::1%eth1 on eth1 was fe80::1%eth0

        # with follow, where one link is asked for and the names are exchanged
        watch fe80:: --interface eth0 --follow
        eth0 fe80::1/64; eth1 fe80::1/64        => initial fe80::1%eth0 on eth0
        eth1 fe80::1/64; eth0 fe80::1/64 \
         => moved fe80::1%eth0 on eth0 was fe80::1%eth0: instead of fe80::1/64 on eth1

        # remembered by the index of its link
        watch fe80:: --previous fe80::1%2
        eth0 fe80::1/64; eth1 fe80::1/64        => initial fe80::1%eth1 on eth1 was fe80::1%2

        # remembered on a link that is not here
        watch fe80:: --previous fe80::1%eth9
        eth0 fe80::1/64                         => initial none was fe80::1%eth9
        eth0 fe80::1/64; eth9 fe80::1/64        => gained fe80::1%eth9 on eth9 was fe80::1%eth9
        ",
    );
}

#[test]
fn absence_from_an_interrupted_snapshot_is_ignored() {
    stories(
        "
        # while it is held
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => initial 192.0.2.10 on eth0
        interrupted; eth0 192.0.2.20/24         => -
        interrupted; nothing                    => -
        interrupted; eth0 192.0.2.10/24         => -
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => -
        eth0 192.0.2.20/24                      => lost none was 192.0.2.10
        interrupted; eth0 192.0.2.20/24         => -
        interrupted; eth0 192.0.2.10/24         => gained 192.0.2.10 on eth0 was 192.0.2.10

        # while it is waited for
        watch 192.0.2.0 --previous 192.0.2.20
        interrupted; eth0 192.0.2.10/24         => initial none was 192.0.2.20: interrupted
        interrupted; nothing                    => -
        eth0 192.0.2.10/24                      => -
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => gained 192.0.2.20 on eth0 was 192.0.2.20

        # with follow, too
        watch 192.0.2.0 --previous 192.0.2.20 --follow
        interrupted; eth0 192.0.2.10/24         => initial none was 192.0.2.20
        eth0 192.0.2.10/24                      => gained 192.0.2.10 on eth0 was 192.0.2.20

        # at the start, with nothing to miss
        watch 192.0.2.0
        interrupted; eth0 192.0.2.10/24         => initial none: kept changing
        eth0 192.0.2.10/24; eth0 192.0.2.20/24  => gained 192.0.2.10 on eth0

        # it lacks the network that makes a VIP float
        watch 192.0.2.16/28
        eth0 192.0.2.10/24; eth0 192.0.2.20/32  => initial none: host-prefix-in-subnet
        interrupted; eth0 192.0.2.20/32         => -
        eth0 192.0.2.20/32                      => gained 192.0.2.20 on eth0

        # what it shows counts: unusable is gone
        watch 2001:db8::
        eth0 2001:db8::1/64; link eth1          => initial 2001:db8::1 on eth0
        interrupted; link eth0; eth1 2001:db8::1/64 tentative => -
        interrupted; eth0 2001:db8::1/64 tentative => lost none was 2001:db8::1

        # an address on two links stays on its own
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth1 192.0.2.10/24; link eth2 => initial 192.0.2.10 on eth0
        interrupted; link eth0; eth1 192.0.2.10/24; link eth2 => -
        eth0 192.0.2.10/24; eth1 192.0.2.10/24; eth2 192.0.2.11/24 => kept 192.0.2.10 on eth0
        ",
    );
}
