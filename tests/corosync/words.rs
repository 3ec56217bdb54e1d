//! What is said of Corosync's walk over the addresses, word for word, and which version walks how.

use bindnet_tests::rows;

use bindnet::Decision;
use bindnet::corosync::{Rule, Version};

/// Decides by Corosync's rule; its version stands before the bindnetaddr.
fn walks(question: &str, host: &str) -> Decision {
    let (version, rest) = question.split_once(' ').unwrap();
    let profile = match version {
        "patched" => version.to_owned(),
        _ => format!("corosync:{version}"),
    };
    rows::decide(&format!("{rest} --profile {profile}"), host)
}

#[test]
fn each_walk_in_its_words() {
    let two = "eth0 192.0.2.10/24\neth0 192.0.2.20/24";
    for (question, host, sentence) in [
        (
            "3.1.7 192.0.2.20",
            two,
            "192.0.2.20/24 on eth0: taken by Corosync 3.1.7: you named it exactly, and 192.0.2.10 \
             is passed over.",
        ),
        (
            "3.1.7 192.0.2.20",
            "eth0 192.0.2.20/24",
            "192.0.2.20/24 on eth0: taken by Corosync 3.1.7: you named it exactly.",
        ),
        (
            "3.1.7 192.0.2.0",
            "eth0 192.0.2.20/24",
            "192.0.2.20/24 on eth0: taken by Corosync 3.1.7, the only address that matches \
             192.0.2.0.",
        ),
        (
            "3.1.7 192.0.2.0",
            two,
            "192.0.2.10/24 on eth0: taken by Corosync 3.1.7, which meets it in the list before \
             192.0.2.20.",
        ),
        (
            "2.0.1 192.0.2.0",
            two,
            "192.0.2.20/24 on eth0: taken by Corosync 2.0.1, which walks the list from its end \
             and meets it before 192.0.2.10.",
        ),
        (
            "3.1.7 192.0.2.10",
            "eth0 192.0.2.10/24\neth1 192.0.2.10/24",
            "192.0.2.10/24 on eth0: taken by Corosync 3.1.7: you named it exactly.",
        ),
        (
            "3.1.7 192.0.2.0/24",
            two,
            "none: Corosync 3.1.7 refuses 192.0.2.0/24: a bindnetaddr is an address without a \
             prefix; write 192.0.2.0",
        ),
        (
            "3.1.7 192.0.2.0 --interface eth7",
            two,
            "none: there is no link eth7 on this host (yet)",
        ),
        (
            "3.1.7 192.0.2.0",
            "eth0 2001:db8::1/64",
            "none: Corosync 3.1.7 finds no IPv4 address on this host",
        ),
        (
            "3.1.7 2001:db8::",
            two,
            "none: Corosync 3.1.7 finds no IPv6 address on this host",
        ),
        (
            "patched 192.0.2.0",
            "eth0 192.0.2.10/24 label=eth0:vip",
            "none: Corosync 2.0.0 (patched) skips every address that matches 192.0.2.0: each has \
             a label",
        ),
        (
            "1.4.7 2001:db8::",
            "eth0 2001:db8::1/64",
            "none: Corosync 1.4.7 finds no address 2001:db8:: on this host, and it does not look \
             for networks of IPv6",
        ),
        (
            "3.1.7 2001:db8:7::",
            "eth0 2001:db8::1/64",
            "none: Corosync 3.1.7 finds no address of this host that matches 2001:db8:7::",
        ),
        (
            "3.1.7 198.51.100.0",
            two,
            "none: Corosync 3.1.7 finds no address of this host that matches 198.51.100.0",
        ),
        // The other end of a link, exactly.
        (
            "1.4.3 192.0.2.2",
            "eth0 192.0.2.10/32 peer=192.0.2.2",
            "192.0.2.2/32 on eth0: taken by Corosync 1.4.3: you named it exactly.",
        ),
        (
            "1.4.7 192.0.2.2",
            "eth0 192.0.2.10/32 peer=192.0.2.2",
            "none: Corosync 1.4.7 finds no address of this host that matches 192.0.2.2",
        ),
        (
            "1.4.7 2001:db8::2",
            "eth0 2001:db8::1/128 peer=2001:db8::2",
            "2001:db8::1/128 on eth0: taken by Corosync 1.4.7: you named the other end of its \
             link, 2001:db8::2.",
        ),
        (
            "3.1.7 2001:db8::2",
            "eth0 2001:db8::1/128 peer=2001:db8::2",
            "none: Corosync 3.1.7 finds no address of this host that matches 2001:db8::2",
        ),
        // Its network, by the address that walk returns.
        (
            "1.4.7 192.0.2.0",
            "eth0 192.0.2.10/24 peer=192.0.2.2",
            "192.0.2.2/24 on eth0: taken by Corosync 1.4.7, the only address that matches \
             192.0.2.0.",
        ),
        (
            "3.1.7 192.0.2.0",
            "eth0 192.0.2.10/24 peer=192.0.2.2",
            "192.0.2.10/24 on eth0: taken by Corosync 3.1.7, the only address that matches \
             192.0.2.0.",
        ),
    ] {
        assert_eq!(walks(question, host).to_string(), sentence, "{question}");
    }
}

#[test]
fn what_a_walk_is_warned_of() {
    for (question, host, warnings) in [
        ("3.1.7 192.0.2.10", "eth0 192.0.2.10/24", &[][..]),
        (
            "3.1.7 192.0.2.10",
            "link eth0 down\neth0 192.0.2.10/24",
            &["eth0 is down: Corosync binds 127.0.0.1 and looks again (udp), or exits (udpu)."],
        ),
        (
            "3.1.7 192.0.2.10",
            "link eth0 no-carrier\neth0 192.0.2.10/24",
            &[
                "eth0 has no carrier: Corosync binds the address all the same, but nothing gets \
                 through.",
            ],
        ),
        (
            "3.1.7 2001:db8::1",
            "link eth0 down\neth0 2001:db8::1/64",
            &["eth0 is down: Corosync binds ::1 and looks again (udp), or exits (udpu)."],
        ),
        (
            "3.1.7 fe80::1",
            "link eth0 index=3\neth0 fe80::1/64",
            &[
                "Corosync binds a link-local address with scope id 2, whatever its link: it works \
                 on the link with index 2 only, and this one has 3.",
            ],
        ),
        ("3.1.7 fe80::1", "link eth0 index=2\neth0 fe80::1/64", &[]),
        (
            "3.1.7 169.254.0.1",
            "link eth0 index=3\neth0 169.254.0.1/16",
            &[],
        ),
        (
            "3.1.7 2001:db8::1",
            "link eth0 index=3\neth0 2001:db8::1/64",
            &[],
        ),
        ("1.4.3 192.0.2.10", "eth0 192.0.2.10/24", &[]),
        ("3.1.7 192.0.2.0", "eth0 192.0.2.10/24", &[]),
        (
            "3.1.7 192.0.2.77",
            "eth0 192.0.2.10/24",
            &[
                "192.0.2.77 is not configured here; Corosync takes this address of the same \
                 network silently.",
            ],
        ),
        (
            "1.4.3 192.0.2.2",
            "eth0 192.0.2.10/32 peer=192.0.2.2",
            &["192.0.2.2 is the other end of eth0, not an address of this host: bind(2) fails."],
        ),
    ] {
        assert_eq!(walks(question, host).warnings(), warnings, "{question}");
    }
}

#[test]
fn the_rule_of_each_version() {
    let unknown = "is not a known release; the rule of 3.1.10 is assumed.";
    let older = "is older than 1.2.8, the oldest known; the rule of 1.2.8 is assumed.";
    let newer = "is newer than 3.1.10, the newest known; the rule of 3.1.10 is assumed.";
    for (version, rule, warning) in [
        ("1.2.7", Rule::V1_2_8, older),
        ("1.2.8", Rule::V1_2_8, ""),
        ("1.4.3", Rule::V1_2_8, ""),
        ("1.4.4", Rule::V1_4_4, ""),
        ("1.4.7", Rule::V1_4_4, ""),
        ("1.4.8", Rule::V1_4_8, ""),
        ("1.4.10", Rule::V1_4_8, ""),
        ("1.4.11", Rule::V2_0_2, unknown),
        ("1.99.4", Rule::V2_0_2, unknown),
        ("1.99.5", Rule::V1_99_5, ""),
        ("2.0.1", Rule::V1_99_5, ""),
        ("2.0.2", Rule::V2_0_2, ""),
        ("3.1.10", Rule::V2_0_2, ""),
        ("3.1.11", Rule::V2_0_2, newer),
    ] {
        let known: Version = version.parse().unwrap();
        assert_eq!(known.rule(), rule, "{version}");
        let said = match warning {
            "" => None,
            warning => Some(format!("Corosync {version} {warning}")),
        };
        assert_eq!(known.warning(), said, "{version}");
    }
}
