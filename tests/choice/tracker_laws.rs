//! The laws of a tracked choice, and its comparison with a naive model.

use bindnet_tests::{edits, questions, tracker_model};

use bindnet::choice::Tracker;
use bindnet::corosync::{Profile, ProfileSelector};
use bindnet::rule::Decide;
use bindnet::snapshot::Consistency;
use bindnet::{Candidate, Event, EventKind, Snapshot};
use bindnet_tests::hostile::is_hostile;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use bindnet::testing::strategies::hosts::loose_address;
use edits::{History, history, lacking, with};
use questions::config;
use tracker_model::{Model, Said};

/// The events of a history, none where nothing was told.
fn told<'a>(
    selector: &(impl Decide + Clone),
    follow: bool,
    history: impl IntoIterator<Item = &'a Snapshot>,
) -> Vec<Option<Event>> {
    let mut tracker = Tracker::new(selector.clone()).follow(follow);
    history
        .into_iter()
        .map(|host| tracker.update(host))
        .collect()
}

/// A selector by any profile, whether it is followed, and a history.
fn watched() -> impl Strategy<Value = (ProfileSelector, bool, History)> {
    let version = |text: &str| Profile::Corosync(Some(text.parse().unwrap()));
    let corosyncs = ["1.2.8", "1.4.4", "1.4.8", "2.0.0", "3.1.7"].map(version);
    let profile = prop_oneof![
        7 => Just(Profile::Default),
        2 => select(corosyncs.to_vec()),
        1 => Just(Profile::Patched),
    ];
    (history(), profile, any::<bool>()).prop_map(|((ask, history), profile, follow)| {
        (
            ProfileSelector::new(profile, ask.selector()),
            follow,
            history,
        )
    })
}

proptest! {
    #![proptest_config(config(4_000))]

    /// The library and the model tell the same.
    #[test]
    fn it_tells_what_the_model_does((ask, History(history)) in history(), follow: bool) {
        let mut tracker = Tracker::new(ask.selector()).follow(follow);
        let mut model = Model::new(ask, follow);
        for (at, host) in history.iter().enumerate() {
            let event = tracker.update(host);
            let said = model.see(host);
            prop_assert_eq!(event.as_ref().map(Said::of), said, "{}: {:?}", at, event);
            // What is to be remembered comes with the doubt that it was chosen with.
            let interrupted = host.about().consistency == Some(Consistency::Interrupted);
            if let Some(decision) = tracker.decision_of_choice().filter(|_| !interrupted) {
                prop_assert_eq!(decision.unsettled(), model.doubt(host), "{}: {:?}", at, event);
            }
        }
    }
}

proptest! {
    #![proptest_config(config(1_500))]

    /// Without `follow` no address ever takes the place of another.
    #[test]
    fn nothing_moves((selector, _, History(history)) in watched()) {
        let mut bound = None;
        let mut link = None;
        let events = told(&selector, false, &history);
        for (event, host) in events.iter().zip(&history) {
            let Some(event) = event else { continue };
            prop_assert_ne!(event.kind(), EventKind::Moved);
            let Some(address) = event.address() else { continue };
            prop_assert_eq!(*bound.get_or_insert(address.ip()), address.ip(), "{}", event);
            // A link-local address stays on its link, or is to be bound again.
            let now = address.zone().and_then(|zone| zone.link(host)).map(|link| link.index());
            if let (EventKind::Kept, Some(before)) = (event.kind(), link) {
                prop_assert_eq!(now, before, "{}", event);
            }
            link = Some(now);
        }
    }

    /// The same snapshots, the same events; and one that comes again tells nothing.
    #[test]
    fn determinism_and_repetition((selector, follow, History(history)) in watched()) {
        let events = told(&selector, follow, &history);
        let twice = told(&selector, follow, history.iter().flat_map(|host| [host, host]));
        for (event, twice) in events.iter().zip(twice.chunks(2)) {
            prop_assert_eq!([event, &None], [&twice[0], &twice[1]]);
        }
    }

    /// The first event is the initial one, and no other is; a choice is lost once; an event has an
    /// address exactly while there is a choice.
    #[test]
    fn order_of_events((selector, follow, History(history)) in watched()) {
        let mut tracker = Tracker::new(selector).follow(follow);
        let mut here = false;
        for (at, host) in history.iter().enumerate() {
            let event = tracker.update(host);
            prop_assert_eq!(at == 0, event.as_ref().is_some_and(|e| e.kind() == EventKind::Initial));
            if let Some(event) = &event {
                match event.kind() {
                    EventKind::Lost | EventKind::Kept => prop_assert!(here, "{}", event),
                    EventKind::Moved => {
                        // Links may have exchanged their names.
                        let on_link = event.address().is_some_and(|address| address.zone().is_some());
                        let other = on_link || event.address() != event.previous();
                        prop_assert!(follow && other, "{}", event);
                    }
                    _ => {}
                }
                here = event.address().is_some();
                prop_assert!(!here || event.kind() != EventKind::Lost, "{}", event);
                prop_assert_eq!(event.address(), tracker.choice().map(Candidate::scoped_addr), "{}", event);
                prop_assert!(here || event.interface().is_none());
            }
            prop_assert_eq!(here, tracker.choice().is_some());
            prop_assert!(tracker.decision().is_some());
        }
    }

    /// What is missing from an interrupted snapshot changes nothing, wherever one comes.
    #[test]
    fn interrupted_snapshots((selector, follow, History(history)) in watched(), kept: [u16; 10]) {
        let copies = history.iter().zip(kept).map(|(host, kept)| lacking(host, kept));
        let copies: Vec<Snapshot> = copies.collect();
        let mixed = history.iter().zip(&copies).flat_map(|(host, copy)| [host, copy]);
        let events = told(&selector, follow, &history);
        for (event, mixed) in events.iter().zip(told(&selector, follow, mixed).chunks(2)) {
            prop_assert_eq!([event, &None], [&mixed[0], &mixed[1]]);
        }
    }

    /// A VIP that comes and goes neither moves nor loses the choice.
    #[test]
    fn stickiness(
        (selector, follow, History(history)) in watched(),
        vips in prop::collection::vec((loose_address(), any::<Index>()), 1..4),
    ) {
        let host = &history[0];
        prop_assume!(selector.profile() == Profile::Default || !follow);
        let mut tracker = Tracker::new(selector.clone()).follow(follow);
        let Some(bound) = tracker.update(host).and_then(|initial| initial.address()) else {
            return Ok(());
        };
        for (vip, to) in vips {
            let vip = vip.on(host.links());
            let crowded = with(host, vip, to);
            let decision = selector.decide(&crowded);
            let rows = decision.candidates().iter().chain(decision.others());
            let of_vip = rows.filter(|row| row.ip() == vip.ip());
            let floats = of_vip.map(|row| row.reasons().is_floating()).reduce(|a, b| a && b);
            if floats != Some(true) || vip.ip() == bound.ip() || vip.ip() == selector.selector().bindnet().ip() {
                continue;
            }
            for host in [&crowded, host] {
                let event = tracker.update(host);
                let kept = event.as_ref().is_none_or(|event| event.kind() == EventKind::Kept);
                prop_assert!(kept, "{:?} with {:?}", event, vip);
                prop_assert_eq!(tracker.choice().map(Candidate::scoped_addr), Some(bound));
            }
        }
    }

    /// A reason is sentences on one line, and names what was lost and what took its place.
    #[test]
    fn reasons((selector, follow, History(history)) in watched()) {
        for event in told(&selector, follow, &history).into_iter().flatten() {
            let reason = event.reason();
            prop_assert!(reason.ends_with('.') && !reason.contains("  "), "{}", reason);
            prop_assert!(!reason.contains(is_hostile) && !reason.contains('\n'), "{:?}", reason);
            prop_assert!(event.to_string().ends_with(reason));
            let named = |ip: std::net::IpAddr| reason.contains(&ip.to_string());
            if let EventKind::Lost = event.kind() {
                prop_assert!(named(event.previous().unwrap().ip()), "{}", event);
            }
            if let (EventKind::Moved | EventKind::Gained, Some(address)) = (event.kind(), event.address()) {
                prop_assert!(named(address.ip()), "{}", event);
            }
            if event.kind() == EventKind::Moved {
                prop_assert!(named(event.previous().unwrap().ip()), "{}", event);
            }
        }
    }
}
