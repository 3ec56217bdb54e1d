//! A keeper whose own address is late while a VIP is here: it waits for its own one, and if the time is
//! over it binds the VIP and does not remember it.

use bindnet_tests::{netns, state, watched};

use std::os::fd::AsFd;
use std::time::Duration;

use bindnet::live::KeeperBuilder;
use bindnet::rule::Declared;
use bindnet::{EventKind, Keeper, Selector};
use netns::{cable, ip, run, sysctl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use state::{Folder, NAME};
use watched::monitor;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(10);

/// What is remembered of the host's own address.
const OWN: &str =
    "bindnet-state/1\nbindnetaddr 2001:db8:: address 2001:db8::10 prefix 64 interface eth0\nend\n";

fn open(keeper: KeeperBuilder, folder: &Folder) -> Keeper {
    let keeper = keeper.remember_in(folder.at(NAME)).unwrap();
    keeper.open_with(monitor()).unwrap()
}

fn builder() -> KeeperBuilder {
    Keeper::builder(Selector::new("2001:db8::".parse().unwrap()))
}

/// A VIP as keepalived adds it, beside an address whose duplicate address detection takes a second or two.
fn own_is_tentative() {
    cable("eth0");
    sysctl("ipv6/conf/eth0/accept_dad", 1);
    ip("addr add 2001:db8::10/64 dev eth0");
    ip("addr add 2001:db8::20/128 dev eth0 nodad");
}

/// The kind of the next event, and the address of the choice then.
fn next(keeper: &mut Keeper) -> (EventKind, Option<String>) {
    loop {
        let mut fds = [PollFd::new(keeper.as_fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut fds, PollTimeout::from(60_000u16)), Ok(1));
        if let Some(event) = keeper.next_event().unwrap() {
            return (event.kind(), event.address().map(|a| a.to_string()));
        }
    }
}

fn at(kind: EventKind, address: &str) -> (EventKind, Option<String>) {
    (kind, Some(address.to_owned()))
}

#[test]
fn the_own_address_is_waited_for_and_remembered() {
    for by_wait in [true, false] {
        run(|| {
            own_is_tentative();
            let folder = Folder::new();
            let mut keeper = open(builder(), &folder);
            let first = if by_wait {
                let first = keeper.wait(LONG).unwrap().unwrap();
                (first.kind(), first.address().map(|a| a.to_string()))
            } else {
                assert_eq!(keeper.next_event().unwrap(), None);
                next(&mut keeper)
            };
            assert_eq!(first, at(EventKind::Initial, "2001:db8::10"));
            assert_eq!(folder.text().as_deref(), Some(OWN));
        });
    }
}

#[test]
fn what_is_bound_at_the_deadline_is_not_remembered() {
    for follow in [false, true] {
        run(|| {
            own_is_tentative();
            let folder = Folder::new();
            let mut keeper = open(builder().follow(follow), &folder);
            let first = keeper.wait(SHORT).unwrap().unwrap();
            assert_eq!(first.address(), Some("2001:db8::20".parse().unwrap()));
            let unsettled = |keeper: &Keeper| {
                let decision = keeper.decision_of_choice().unwrap();
                assert!(decision.warnings().iter().any(|w| w.contains("a guess")));
                decision.unsettled().map(str::to_owned)
            };
            assert_eq!(unsettled(&keeper).as_deref(), Some("pending"));
            // Its own address comes: nothing moves, and nothing is better for it.
            assert_eq!(next(&mut keeper), at(EventKind::Kept, "2001:db8::20"));
            assert_eq!(unsettled(&keeper).as_deref(), Some("pending"));
            ip("addr del 2001:db8::20/128 dev eth0");
            let gone = next(&mut keeper);
            if follow {
                assert_eq!(gone, at(EventKind::Moved, "2001:db8::10"));
                assert_eq!(folder.text().as_deref(), Some(OWN));
                return;
            }
            assert_eq!(gone, (EventKind::Lost, None));
            ip("addr add 2001:db8::20/128 dev eth0 nodad");
            assert_eq!(next(&mut keeper), at(EventKind::Gained, "2001:db8::20"));
            assert!(keeper.state_error().is_none() && folder.text().is_none());
            assert!(keeper.close().is_ok());
            // The next start chooses again.
            let mut keeper = open(builder(), &folder);
            let first = keeper.wait(LONG).unwrap().unwrap();
            assert_eq!(first.address(), Some("2001:db8::10".parse().unwrap()));
            assert_eq!(folder.text().as_deref(), Some(OWN));
        });
    }
}

#[test]
fn an_address_that_is_declared_fixed_is_waited_for() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.20/24 dev eth0");
        let fixed = Declared::default().fixed(["192.0.2.10/32".parse().unwrap()]);
        let selector = Selector::new("192.0.2.0".parse().unwrap()).declared(fixed.unwrap());
        let folder = Folder::new();
        let mut keeper = open(Keeper::builder(selector), &folder);
        assert_eq!(keeper.next_event().unwrap(), None);
        ip("addr add 192.0.2.10/24 dev eth0");
        assert_eq!(next(&mut keeper), at(EventKind::Initial, "192.0.2.10"));
        assert_eq!(folder.text().as_deref(), Some(state::ONE));
    });
}
