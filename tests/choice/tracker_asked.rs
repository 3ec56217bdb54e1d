//! What is asked of a tracker besides its events: whether it may begin, and what its choice is.

use bindnet_tests::rows;

use bindnet::choice::Tracker;
use bindnet::corosync::ProfileSelector;
use bindnet::snapshot::{About, Consistency};
use bindnet::{EventKind, Snapshot, Verdict};

fn tracker(options: &str) -> Tracker<ProfileSelector> {
    Tracker::new(rows::selector(options.split_whitespace()))
}

fn interrupted(host: &str) -> Snapshot {
    let mut about = About::default();
    about.consistency = Some(Consistency::Interrupted);
    rows::host(host).with_about(about)
}

#[test]
fn it_may_begin_once_waiting_cannot_better_it() {
    for (options, host, may) in [
        ("192.0.2.0", "eth0 192.0.2.10/24", true),
        ("192.0.2.0", "eth0 198.51.100.10/24", false),
        ("192.0.2.0", "eth0 192.0.2.10/24 label=eth0:vip", false),
        // The one that was named may still come.
        ("192.0.2.99", "eth0 192.0.2.10/24", false),
        ("192.0.2.10", "eth0 192.0.2.10/24", true),
        // So may the one that is remembered.
        (
            "192.0.2.0 --previous 192.0.2.20",
            "eth0 192.0.2.10/24",
            false,
        ),
        (
            "192.0.2.0 --previous 192.0.2.10",
            "eth0 192.0.2.10/24",
            true,
        ),
        // And one that is pending, or declared fixed and not here.
        (
            "2001:db8::",
            "eth0 2001:db8::20/64\neth0 2001:db8::10/64 tentative",
            false,
        ),
        (
            "2001:db8::",
            "eth0 2001:db8::20/64\neth0 2001:db8::10/64 dadfailed",
            true,
        ),
        ("192.0.2.0 --fixed 192.0.2.10", "eth0 192.0.2.20/24", false),
        (
            "192.0.2.0 --fixed 192.0.2.10",
            "eth0 192.0.2.20/24\neth0 192.0.2.10/24",
            true,
        ),
        (
            "192.0.2.0 --fixed 192.0.2.10 --previous 192.0.2.20",
            "eth0 192.0.2.20/24",
            false,
        ),
        // Corosync takes what cannot be bound.
        (
            "2001:db8:: --profile corosync:3.0.1",
            "eth0 2001:db8::1/64 tentative",
            false,
        ),
        (
            "2001:db8:: --profile corosync:3.0.1",
            "eth0 2001:db8::1/64",
            true,
        ),
    ] {
        let mut tracker = tracker(options);
        assert_eq!(
            tracker.may_begin(&rows::host(host)),
            may,
            "{options}: {host}"
        );
        assert!(!tracker.may_begin(&interrupted(host)), "{options}: {host}");
        let interrupted = rows::decide(&format!("{options} --interrupted"), host);
        assert!(!interrupted.is_final(), "{options}: {host}");
        assert_eq!(
            tracker.update(&rows::host(host)).unwrap().kind(),
            EventKind::Initial
        );
        assert!(
            tracker.may_begin(&rows::host("")),
            "it has begun: {options}"
        );
    }
}

#[test]
fn its_choice_is_chosen_whatever_the_rule_says() {
    let mut tracker = tracker("192.0.2.0");
    assert!(tracker.choice().is_none() && tracker.decision().is_none());
    assert!(tracker.decision_of_choice().is_none());

    tracker.update(&rows::host("eth0 192.0.2.10/24\neth0 192.0.2.20/24"));
    let decision = tracker.decision_of_choice().unwrap();
    assert_eq!(
        decision.chosen().unwrap().ip(),
        "192.0.2.10".parse::<std::net::IpAddr>().unwrap()
    );

    // The rule takes the other one now.
    tracker.update(&rows::host("eth0 192.0.2.10/30\neth0 192.0.2.20/24"));
    let choice = tracker.choice().unwrap();
    assert_eq!(
        (choice.to_string().as_str(), choice.verdict()),
        ("192.0.2.10/30", Verdict::Chosen)
    );
    let other = tracker.decision().unwrap().chosen().unwrap();
    assert_eq!(other.to_string(), "192.0.2.20/24");
    assert!(tracker.decision_of_choice().is_none());

    tracker.update(&rows::host("eth0 192.0.2.20/24"));
    assert!(tracker.choice().is_none() && tracker.decision_of_choice().is_none());
}
