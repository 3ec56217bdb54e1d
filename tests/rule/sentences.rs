//! What a decision says, word for word: its sentence, its details, its warnings, its advice, and
//! where it shows a table.

use bindnet_tests::rows;

use bindnet::Reason;
use bindnet::rule::Reasons;
use rows::decide;

#[test]
fn each_result_in_its_words() {
    for (options, host, sentence) in [
        (
            "192.0.2.0 --previous 192.0.2.10",
            "eth0 192.0.2.10/24",
            "192.0.2.10/24 on eth0: the remembered choice, still here.",
        ),
        (
            "192.0.2.9",
            "eth0 198.51.100.10/24",
            "none: no address of this host is in the network of 192.0.2.9",
        ),
        (
            "192.0.2.9/32",
            "eth0 198.51.100.10/24",
            "none: no address of this host is 192.0.2.9",
        ),
        (
            "2001:db8::9/128",
            "eth0 2001:db8::1/64",
            "none: no address of this host is 2001:db8::9",
        ),
        (
            "192.0.2.0/24 --interface eth0",
            "eth0 198.51.100.10/24",
            "none: no address on eth0 is in 192.0.2.0/24",
        ),
        (
            "::/0",
            "lo ::1/128\neth0 fe80::1/64",
            "none: no address of this host is in ::/0, except loopback and link-local addresses",
        ),
        (
            "0.0.0.0/0 --interface lo",
            "lo 127.0.0.1/8\neth0 192.0.2.10/24",
            "none: no address on lo is in 0.0.0.0/0, except loopback addresses",
        ),
        (
            "2001:db8::%eth0 --interface eth1",
            "eth0 2001:db8::1/64\nlink eth1",
            "none: there is no link that is both eth1 and eth0 on this host (yet)",
        ),
        (
            "2001:db8::%eth2 --interface eth2",
            "eth0 2001:db8::1/64",
            "none: there is no link eth2 on this host (yet)",
        ),
        (
            "2001:db8::1",
            "eth0 2001:db8::1/64 tentative",
            "none: 2001:db8::1 is here but cannot be bound yet: duplicate address detection is not \
             over (tentative)",
        ),
        (
            "2001:db8::1",
            "eth0 2001:db8::1/64 dadfailed",
            "none: 2001:db8::1 is here but cannot be bound: another host has it (dadfailed)",
        ),
        (
            "2001:db8::",
            "eth0 2001:db8::1/64 dadfailed",
            "none: 2001:db8::1/64 on eth0, the only address that matches 2001:db8::, cannot be \
             bound: another host has it (dadfailed)",
        ),
    ] {
        assert_eq!(decide(options, host).to_string(), sentence, "{options}");
    }
}

#[test]
fn reasons_print_in_their_order() {
    let reasons: Reasons = [Reason::LinkDown, Reason::Label].into_iter().collect();
    assert_eq!(reasons.to_string(), "label, link-down");
    assert_eq!(format!("{reasons:?}"), "{Label, LinkDown}");
}

#[test]
fn what_is_declared_floating_is_explained() {
    let floats = "eth0 192.0.2.10/24 label=eth0:vip";
    assert_eq!(decide("192.0.2.0", floats).explain().detail, None);
    let declared = "an address that is declared floating is never chosen for a network: take it off \
                    the list, or, if a network is declared, declare the address fixed";
    for list in ["192.0.2.10", "192.0.2.0/24"] {
        let decision = decide(&format!("192.0.2.0 --floating {list}"), floats);
        assert_eq!(decision.explain().detail.as_deref(), Some(declared));
    }
}

#[test]
fn a_choice_beside_the_remembered_one_is_warned_of() {
    let two = "eth0 192.0.2.10/24\neth0 192.0.2.20/24";
    for (options, warnings) in [
        ("192.0.2.10 --previous 192.0.2.10", &[][..]),
        (
            "192.0.2.10 --previous 192.0.2.20",
            &["this is not the remembered choice, 192.0.2.20."],
        ),
        // The sentence says it.
        ("192.0.2.0 --previous 192.0.2.30", &[]),
    ] {
        assert_eq!(decide(options, two).warnings(), warnings, "{options}");
    }
}

#[test]
fn a_table_is_shown_where_it_says_more() {
    let two = "eth0 192.0.2.10/24\neth0 192.0.2.20/24";
    let other = "eth0 198.51.100.10/24";
    for (options, host, shown) in [
        ("192.0.2.0", two, true),
        ("192.0.2.0", "eth0 192.0.2.10/24", true),
        ("192.0.2.10", two, false),
        ("192.0.2.10 --all", two, true),
        ("192.0.2.10", "eth0 192.0.2.10/24\neth1 192.0.2.10/24", true),
        ("2001:db8::1", "eth0 2001:db8::1/64 tentative", true),
        ("192.0.2.0", other, false),
        ("192.0.2.0 --all", other, true),
        ("192.0.2.0 --all", "", false),
        ("192.0.2.10 --profile corosync", two, true),
        ("192.0.2.10 --profile corosync", "eth0 192.0.2.10/24", false),
    ] {
        let decision = decide(options, host);
        assert_eq!(
            decision.explain().table.is_some(),
            shown,
            "{options}: {host}"
        );
        let rows = format!("{decision:#}").contains("ADDRESS");
        assert_eq!(rows, shown, "{options}: {host}");
    }
}

#[test]
fn advice_says_what_can_be_done() {
    let on_one = "eth0 192.0.2.10/24\neth0 192.0.2.20/24";
    let on_two = "eth0 192.0.2.10/24\neth1 192.0.2.20/24";
    let introduced = |options, host| {
        let text = decide(options, host).explain().advice.unwrap_or_default();
        text.lines().next().unwrap_or_default().to_owned()
    };
    let settle = "Settle it with one of:";
    let which = "Which of the two is this host's own? ";
    let flap = "A flap can swap them. ";
    assert_eq!(
        introduced("192.0.2.0", on_one),
        format!("{which}{flap}{settle}")
    );
    assert_eq!(introduced("192.0.2.0", on_two), format!("{which}{settle}"));
    // The two are not close: it is between the first and one that is not here.
    assert_eq!(
        introduced("192.0.2.0 --previous 192.0.2.30", on_one),
        format!("{which}{settle}")
    );
    // Nothing is to be settled.
    assert_eq!(introduced("192.0.2.10 --previous 192.0.2.20", on_one), "");
    assert_eq!(introduced("192.0.2.0 --fixed 192.0.2.10", on_one), "");
    let floats = "eth0 192.0.2.10/24 label=eth0:vip";
    assert_eq!(introduced("192.0.2.0", floats), "What would change that:");
}

#[test]
fn no_advice_is_given_that_is_refused() {
    // An IPv4-mapped address on a link is no bindnetaddr, and cannot be remembered.
    let mapped = "eth0 ::ffff:192.0.2.1/64";
    let given = |options, host| -> Vec<String> {
        let advice = decide(options, host).advice();
        advice.iter().map(|a| a.setting.to_string()).collect()
    };
    assert_eq!(given("::7", mapped), [""; 0]);
    let two = "eth0 ::ffff:192.0.2.1/64\neth0 ::ffff:192.0.2.2/64";
    assert_eq!(given("::7", two), [""; 0]);
    // Corosync has no such options.
    let floats = "eth0 192.0.2.10/24 label=eth0:vip";
    assert_eq!(given("192.0.2.0", floats), ["declare 192.0.2.10 fixed"]);
    assert_eq!(given("192.0.2.0 --profile patched", floats), [""; 0]);
    // No other address could be bound.
    let tentative = "eth0 2001:db8::1/64 tentative";
    assert_eq!(given("2001:db8::1", tentative), ["wait 10 seconds"]);
    let other = "eth0 2001:db8::1/128 tentative\neth0 2001:db8::2/64";
    assert_eq!(
        given("2001:db8::1", other),
        ["set bindnetaddr to 2001:db8::2", "wait 10 seconds"]
    );
}
