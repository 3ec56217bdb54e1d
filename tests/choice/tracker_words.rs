//! What a tracker says of a change, word for word.

use bindnet_tests::stories;

use stories::stories;

#[test]
fn each_change_in_its_words() {
    stories(
        "
        # another order
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 => initial 192.0.2.10 on eth0
        eth0 192.0.2.20/24; eth0 192.0.2.10/24 => kept 192.0.2.10 on eth0 \
         = The kernel lists the addresses in another order now.

        # another order, where the rule goes by nothing else
        watch 192.0.2.0 --profile corosync:2.4.5
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 => initial 192.0.2.10 on eth0
        eth0 192.0.2.20/24; eth0 192.0.2.10/24 => kept 192.0.2.10 on eth0 \
         = The rule would take 192.0.2.20/24 on eth0 now; 192.0.2.10 stays.
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 => kept 192.0.2.10 on eth0 \
         = Now it is 192.0.2.10/24 on eth0: taken by Corosync 2.4.5, which meets it in the list \
           before 192.0.2.20.

        # a label without a colon
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 label=web => kept 192.0.2.10 on eth0 \
         = 192.0.2.20/24 on eth0 has the label web now.
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 => kept 192.0.2.10 on eth0 \
         = 192.0.2.20/24 on eth0 has no label now.

        # more evidence against what floats already
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 label=eth0:a => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 label=eth0:a secondary \
         => kept 192.0.2.10 on eth0 \
         = 192.0.2.20/24 on eth0 shows label, secondary now (before: label).
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 secondary => kept 192.0.2.10 on eth0 \
         = 192.0.2.20/24 on eth0 is outranked and shows secondary now (before: label, secondary).

        # one goes, another one comes
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/24; eth0 192.0.2.30/24 => kept 192.0.2.10 on eth0 \
         = 192.0.2.30/24 on eth0 has come: outranked. 192.0.2.20/24 on eth0 has gone.

        # one moves to another link
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24; link eth1 => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/24; eth1 192.0.2.20/24 => kept 192.0.2.10 on eth0 \
         = 192.0.2.20/24 on eth0 is 192.0.2.20/24 on eth1 now.

        # it comes to another link, too
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24; link eth1 => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24; eth1 192.0.2.20/24 \
         => kept 192.0.2.10 on eth0 = 192.0.2.20/24 on eth1 has come: outranked.
        ",
    );
}

#[test]
fn what_it_means_for_the_choice_is_said_once() {
    stories(
        "
        # it is no candidate any more
        watch 192.0.2.0
        eth0 192.0.2.10/24; eth0 192.0.2.20/24 => initial 192.0.2.10 on eth0
        eth0 192.0.2.10/30; eth0 192.0.2.20/24 => kept 192.0.2.10 on eth0 \
         = 192.0.2.10/30 on eth0 is here, but no candidate for 192.0.2.0 any more. \
           The rule would take 192.0.2.20/24 on eth0 now; 192.0.2.10 stays.
        eth0 192.0.2.10/30; eth0 192.0.2.20/24; eth0 192.0.2.30/24 \
         => kept 192.0.2.10 on eth0 = 192.0.2.30/24 on eth0 has come: outranked.
        eth0 192.0.2.10/30; eth0 192.0.2.30/24 => kept 192.0.2.10 on eth0 \
         = 192.0.2.20/24 on eth0 has gone. \
           The rule would take 192.0.2.30/24 on eth0 now; 192.0.2.10 stays.
        ",
    );
}

#[test]
fn only_the_rule_waits_for_what_is_remembered() {
    stories(
        "
        # by the rule
        watch 192.0.2.0 --previous 192.0.2.20
        nothing => initial none was 192.0.2.20 \
         = none: no IPv4 address of this host. The remembered choice, 192.0.2.20, is waited for.

        # it is here, and no candidate
        watch 192.0.2.0 --previous 192.0.2.20
        eth0 192.0.2.20/30; eth0 192.0.2.10/24 => initial none was 192.0.2.20 \
         = none: the remembered choice 192.0.2.20 is not among the addresses that match. The \
           remembered choice, 192.0.2.20, is waited for. It is here as 192.0.2.20/30 on eth0, but \
           no candidate for 192.0.2.0. 192.0.2.10/24 on eth0 could be bound.

        # it is here, and cannot be bound yet
        watch 2001:db8:: --previous 2001:db8::2
        eth0 2001:db8::2/64 tentative => initial none was 2001:db8::2 \
         = none: 2001:db8::2/64 on eth0, the only address that matches 2001:db8::, cannot be \
           bound yet: duplicate address detection is not over (tentative). The remembered \
           choice, 2001:db8::2, is waited for.

        # by Corosync's, which remembers nothing
        watch 192.0.2.0 --previous 192.0.2.20 --profile corosync:3.1.7
        nothing => initial none was 192.0.2.20 \
         = none: Corosync 3.1.7 finds no IPv4 address on this host.
        ",
    );
}

#[test]
fn four_changes_are_told_and_the_others_counted() {
    let others = |count| {
        (0..count).fold(String::new(), |text, at| {
            text + &format!("; eth0 192.0.2.{}/24", 20 + at)
        })
    };
    for (count, more) in [
        (4, ""),
        (5, " And 1 more change."),
        (6, " And 2 more changes."),
    ] {
        let come: Vec<_> = (20..24)
            .map(|last| format!("192.0.2.{last}/24 on eth0 has come: outranked."))
            .collect();
        stories(&format!(
            "# many at once
            watch 192.0.2.0
            eth0 192.0.2.10/24 => initial 192.0.2.10 on eth0
            eth0 192.0.2.10/24{} => kept 192.0.2.10 on eth0 = {}{more}",
            others(count),
            come.join(" ")
        ));
    }
}

#[test]
fn more_than_64_are_not_told_one_by_one() {
    let others = |count| {
        (0..count).fold(String::new(), |text, at| {
            text + &format!("; eth0 192.0.2.{}/24", 20 + at)
        })
    };
    let something = |count| {
        format!("Something has changed among the addresses that match, {count} of them now.")
    };
    for (count, comes, goes) in [
        (
            63,
            "192.0.2.82/24 on eth0 has come: outranked.".to_owned(),
            "192.0.2.82/24 on eth0 has gone.".to_owned(),
        ),
        (64, something(65), something(64)),
    ] {
        stories(&format!(
            "# one comes, and goes
            watch 192.0.2.0
            eth0 192.0.2.10/24{few} => initial 192.0.2.10 on eth0
            eth0 192.0.2.10/24{more} => kept 192.0.2.10 on eth0 = {comes}
            eth0 192.0.2.10/24{few} => kept 192.0.2.10 on eth0 = {goes}",
            few = others(count - 1),
            more = others(count),
        ));
    }
    let others = others(64);
    stories(&format!(
        "# in another order
        watch 192.0.2.0
        eth0 192.0.2.10/24{others} => initial 192.0.2.10 on eth0
        {}; eth0 192.0.2.10/24 => kept 192.0.2.10 on eth0 = {}",
        others.trim_start_matches("; "),
        something(65),
    ));
}
