//! A keeper that waits for its events, or is asked after it has not looked for a while.

use bindnet_tests::{netns, watched};

use std::thread;
use std::time::Duration;

use bindnet::live::Monitor;
use bindnet::{EventKind, Keeper, Selector};
use netns::{cable, ip, run};
use watched::{debounced, dispatch_until_quiet};

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(10);

fn keeper(monitor: Monitor, bindnet: &str) -> Keeper {
    let selector = Selector::new(bindnet.parse().unwrap());
    Keeper::builder(selector).open_with(monitor).unwrap()
}

/// Waits for the first choice.
fn wait(monitor: Monitor, bindnet: &str, timeout: Duration) -> Option<String> {
    let event = keeper(monitor, bindnet).wait(timeout).unwrap().unwrap();
    assert_eq!(event.kind(), EventKind::Initial);
    Some(event.address()?.to_string())
}

#[test]
fn an_address_that_comes_is_waited_for() {
    run(|| {
        cable("eth0");
        let monitor = debounced();
        let chosen = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(200));
                ip("addr add 198.51.100.10/24 dev eth0");
                thread::sleep(Duration::from_millis(200));
                ip("addr add 192.0.2.10/24 dev eth0");
            });
            wait(monitor, "192.0.2.10", LONG)
        });
        assert_eq!(chosen.unwrap(), "192.0.2.10");
    });
}

#[test]
fn what_does_not_come_is_given_up() {
    run(|| {
        cable("eth0");
        let chosen = wait(debounced(), "192.0.2.10", SHORT);
        assert_eq!(chosen, None);
    });
}

/// What is there when the time is over counts, though it may be part of a burst.
#[test]
fn the_last_decision_is_on_what_is_there() {
    run(|| {
        cable("eth0");
        let mut monitor = debounced().debounce(LONG);
        dispatch_until_quiet(&mut monitor);
        ip("addr add 192.0.2.10/24 dev eth0");
        let chosen = wait(monitor, "192.0.2.10", SHORT);
        assert_eq!(chosen.unwrap(), "192.0.2.10");
    });
}

/// Nor is an address chosen that went before.
#[test]
fn the_first_decision_is_on_what_is_there() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        let mut monitor = debounced();
        dispatch_until_quiet(&mut monitor);
        ip("addr del 192.0.2.10/24 dev eth0");
        let chosen = wait(monitor, "192.0.2.10", SHORT);
        assert_eq!(chosen, None);
    });
}

/// After the first event it waits for the next one, and not for longer than it is told.
#[test]
fn the_next_event_is_waited_for() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        let mut keeper = keeper(debounced(), "192.0.2.0");
        let mut next = |timeout| {
            let event = keeper.wait(timeout).unwrap();
            event.map(|event| event.kind())
        };
        assert_eq!(next(LONG), Some(EventKind::Initial));
        assert_eq!(next(SHORT), None);
        thread::scope(|scope| {
            scope.spawn(|| {
                // Of no concern, and then of some.
                ip("addr add 198.51.100.10/24 dev eth0");
                thread::sleep(Duration::from_millis(200));
                ip("addr del 192.0.2.10/24 dev eth0");
            });
            assert_eq!(next(LONG), Some(EventKind::Lost));
        });
        ip("addr add 192.0.2.10/24 dev eth0");
        assert_eq!(next(Duration::MAX), Some(EventKind::Gained));
    });
}
