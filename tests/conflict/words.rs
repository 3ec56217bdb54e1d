//! What a report of a conflict says and holds, word for word, for each event.

use bindnet_tests::{conflict_hosts, rows};

use std::time::Duration;

use bindnet::Reason;
use bindnet::conflict::{
    Conflict, ConflictReport, DEFEND_INTERVAL, Detection, How, Inconclusive, Listener,
    NotApplicable, Notice, Target,
};
use bindnet::rule::Reasons;

use conflict_hosts::{Ask, B, GOOD, mac, sighting};

fn report(event: Notice) -> ConflictReport {
    let eth0 = "eth0".parse().unwrap();
    let elapsed = Duration::from_millis(720);
    ConflictReport::new(&Ask::Own.target(true), Some(eth0), event, elapsed)
}

/// The claim that is told after B was heard so often, and so many hosts beyond the 16 that are told
/// apart.
fn claim(count: u64, others: u8) -> Notice {
    let host = GOOD.snapshot(true);
    let mut listener = Listener::new(Ask::Own.target(true));
    assert_eq!(listener.handle_host(&host), None);
    assert_eq!(listener.interface(), Some("eth0".parse().unwrap()));
    // As many as are told apart.
    for last in 1..16 {
        let other = sighting([2, 0, 0, 0, 1, last], How::Reply);
        listener.handle_sighting(other, Duration::ZERO, &host);
    }
    let from_b = sighting(B, How::Reply);
    for _ in 1..count {
        listener.handle_sighting(from_b, Duration::ZERO, &host);
    }
    for last in 0..others {
        let other = sighting([2, 0, 0, 0, 2, last], How::Reply);
        assert_eq!(listener.handle_sighting(other, Duration::ZERO, &host), None);
    }
    let event = listener.handle_sighting(from_b, DEFEND_INTERVAL, &host);
    event.expect("it is told after a while")
}

#[test]
fn each_event_in_its_words() {
    let conflict = |how| Notice::Detection(Detection::Conflict(Conflict::Heard(sighting(B, how))));
    let flapped = Detection::Inconclusive(Inconclusive::LinkFlapped);
    for (event, said) in [
        (
            Notice::Detection(Detection::Clear),
            "192.0.2.10 on eth0: clear; nobody else answered (720 ms)",
        ),
        (
            conflict(How::Reply),
            "192.0.2.10 on eth0: CONFLICT; 02:00:00:00:00:0b answers for it (720 ms)",
        ),
        (
            conflict(How::Claim),
            "192.0.2.10 on eth0: CONFLICT; 02:00:00:00:00:0b uses it (720 ms)",
        ),
        (
            conflict(How::Probe),
            "192.0.2.10 on eth0: CONFLICT; 02:00:00:00:00:0b is about to take it (720 ms)",
        ),
        (
            Notice::Detection(Detection::Conflict(Conflict::DadFailed)),
            "192.0.2.10 on eth0: CONFLICT; the kernel found another host with it when it was \
             added (dadfailed), and does not say which (720 ms)",
        ),
        (
            Notice::Detection(flapped.clone()),
            "192.0.2.10 on eth0: inconclusive; the link went away for a moment (720 ms)",
        ),
        (
            Notice::Detection(Detection::NotApplicable(NotApplicable::NoArp)),
            "192.0.2.10 on eth0: not-applicable; the link does not resolve addresses (NOARP) (720 \
             ms)",
        ),
        (
            Notice::NotListening(flapped),
            "192.0.2.10 on eth0: inconclusive; the link went away for a moment: nothing is heard \
             (720 ms)",
        ),
        (
            Notice::Listening(7),
            "192.0.2.10 on eth0: inconclusive; listening again, on the link with index 7; \
             what was claimed meanwhile was not heard (720 ms)",
        ),
        (
            claim(1, 0),
            "192.0.2.10 on eth0: CONFLICT; 02:00:00:00:00:0b answers for it (720 ms)",
        ),
        (
            claim(2, 0),
            "192.0.2.10 on eth0: CONFLICT; 02:00:00:00:00:0b answers for it, 2 times until now \
             (720 ms)",
        ),
        (
            claim(2, 1),
            "192.0.2.10 on eth0: CONFLICT; 02:00:00:00:00:0b answers for it, 2 times until now; \
             another one does, too (720 ms)",
        ),
        (
            claim(3, 2),
            "192.0.2.10 on eth0: CONFLICT; 02:00:00:00:00:0b answers for it, 3 times until now; \
             others do, 2 times (720 ms)",
        ),
    ] {
        assert_eq!(report(event).to_string(), said);
    }
}

#[test]
fn what_it_holds() {
    let clear = report(Notice::Detection(Detection::Clear));
    assert_eq!(
        (clear.mac(), clear.how(), clear.count()),
        (None, None, None)
    );
    assert_eq!(clear.reason(), None);
    assert_eq!(clear.elapsed(), Duration::from_millis(720));

    let heard = report(claim(3, 2));
    assert_eq!((heard.mac(), heard.how()), (Some(mac(B)), Some(How::Reply)));
    assert_eq!(heard.count(), Some((3, 2)));
    assert_eq!(
        heard.reason().unwrap(),
        "02:00:00:00:00:0b answers for it, 3 times until now; others do, 2 times"
    );

    let failed = report(Notice::Detection(Detection::Conflict(Conflict::DadFailed)));
    assert_eq!(
        (failed.mac(), failed.how(), failed.count()),
        (None, None, None)
    );
}

#[test]
fn a_conflict_about_what_floats_is_maybe_a_failover() {
    let floats: Reasons = [Reason::Label, Reason::Secondary].into_iter().collect();
    let stays: Reasons = [Reason::Secondary].into_iter().collect();
    let maybe = "; it looks floating (label): maybe a failover";
    let says_so = |event: &Notice, reasons| {
        let reason = report(event.clone()).with_reasons(reasons).reason();
        reason.is_some_and(|reason| reason.ends_with(maybe))
    };
    let conflict = Notice::Detection(Detection::Conflict(Conflict::DadFailed));
    for event in [&conflict, &claim(1, 0)] {
        assert!(says_so(event, floats));
        assert!(!says_so(event, stays));
    }
    for doubt in [Inconclusive::LinkFlapped, Inconclusive::NoLink] {
        assert!(!says_so(
            &Notice::Detection(Detection::Inconclusive(doubt)),
            floats
        ));
    }
}

#[test]
fn its_reasons_are_those_of_a_decision() {
    let host = rows::host("eth0 192.0.2.10/24\neth0 192.0.2.20/24 label=eth0:vip secondary");
    let reasons = |ip: &str| Target::own(ip.parse().unwrap()).unwrap().reasons(&host);
    assert_eq!(reasons("192.0.2.10"), Some(Reasons::default()));
    let floats: Reasons = [Reason::Label, Reason::Secondary].into_iter().collect();
    assert_eq!(reasons("192.0.2.20"), Some(floats));
    assert_eq!(reasons("192.0.2.30"), None);
}

#[test]
fn an_address_on_a_link_of_another_name_is_refused() {
    let (eth0, eth1) = ("eth0".parse().unwrap(), "eth1".parse().unwrap());
    let address = "fe80::10%eth0".parse().unwrap();
    assert_eq!(Target::own_on(address, eth0).unwrap().address(), address);
    assert_eq!(
        Target::own_on("fe80::10".parse().unwrap(), eth0)
            .unwrap()
            .address(),
        address
    );
    let said = Target::own_on(address, eth1).unwrap_err().to_string();
    assert_eq!(
        said,
        "fe80::10%eth0 on eth1: it names another link; write the same one, or none"
    );
}
