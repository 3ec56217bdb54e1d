//! A keeper on hosts whose addresses are late, absent or gone; what it remembers of them, and what
//! it says if it cannot.

use bindnet_tests::{netns, state, watched};

use std::fs;
use std::os::fd::AsFd;
use std::thread;
use std::time::Duration;

use bindnet::live::KeeperBuilder;
use bindnet::rule::Declared;
use bindnet::{Event, EventKind, Keeper, Selector, StateError};
use netns::{cable, ip, ip_batch, run, sysctl};
use nix::fcntl::{Flock, FlockArg};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use state::{Folder, LOCK, NAME, ONE};
use watched::monitor;

const LONG: Duration = Duration::from_secs(60);
const SHORT: Duration = Duration::from_millis(10);

/// A choice that is remembered and not here.
const ABSENT: &str = "bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.99\nend\n";

fn selector() -> Selector {
    Selector::new("192.0.2.0".parse().unwrap())
}

/// A keeper that acts on every change at once.
fn open(keeper: KeeperBuilder) -> Keeper {
    keeper.open_with(monitor()).unwrap()
}

fn remembering(folder: &Folder) -> KeeperBuilder {
    let keeper = Keeper::builder(selector());
    keeper.remember_in(folder.at(NAME)).unwrap()
}

fn is_readable(keeper: &Keeper, within: Duration) -> bool {
    let mut fds = [PollFd::new(keeper.as_fd(), PollFlags::POLLIN)];
    let within = PollTimeout::try_from(within.as_millis()).unwrap();
    poll(&mut fds, within).unwrap() == 1
}

/// The next event, which comes or the test fails.
fn next(keeper: &mut Keeper) -> Event {
    loop {
        assert!(is_readable(keeper, LONG), "the fd is readable");
        if let Some(event) = keeper.next_event().unwrap() {
            return event;
        }
    }
}

/// What has happened, and the choice now.
fn told(event: &Event) -> (EventKind, Option<String>) {
    (event.kind(), event.address().map(|a| a.to_string()))
}

fn at(kind: EventKind, address: &str) -> (EventKind, Option<String>) {
    (kind, Some(address.to_owned()))
}

/// `wait` and the loop of a daemon both wait for duplicate address detection.
#[test]
fn an_address_that_is_tentative_is_waited_for() {
    for by_wait in [true, false] {
        run(|| {
            cable("eth0");
            sysctl("ipv6/conf/eth0/accept_dad", 1);
            ip("addr add 2001:db8::10/64 dev eth0");
            let mut keeper = open(Keeper::builder(Selector::new(
                "2001:db8::".parse().unwrap(),
            )));
            let first = if by_wait {
                keeper.wait(LONG).unwrap().unwrap()
            } else {
                let early = keeper.next_event().unwrap();
                early.unwrap_or_else(|| next(&mut keeper))
            };
            assert_eq!(told(&first), at(EventKind::Initial, "2001:db8::10"));
            let choice = keeper.choice().unwrap();
            assert!(std::net::UdpSocket::bind(choice.socket_addr(0)).is_ok());
        });
    }
}

#[test]
fn a_remembered_address_that_is_absent_is_waited_for() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.20/24 dev eth0");
        let folder = Folder::with(ABSENT);
        let mut keeper = open(remembering(&folder));
        assert_eq!(keeper.next_event().unwrap(), None);
        assert!(keeper.choice().is_none() && keeper.decision().is_none());
        // When the time is over, there is nothing to take.
        let first = keeper.wait(SHORT).unwrap().unwrap();
        assert_eq!(told(&first), (EventKind::Initial, None));
        assert!(keeper.choice().is_none());
        assert_eq!(keeper.wait(SHORT).unwrap(), None);

        ip("addr add 192.0.2.99/24 dev eth0");
        assert_eq!(
            told(&next(&mut keeper)),
            at(EventKind::Gained, "192.0.2.99")
        );
        assert!(keeper.state_error().is_none());
        assert_eq!(folder.text().unwrap(), ABSENT);
    });
}

#[test]
fn a_restart_keeps_the_choice() {
    run(|| {
        cable("eth0");
        sysctl("ipv4/conf/eth0/promote_secondaries", 1);
        ip("addr add 192.0.2.10/24 dev eth0");
        let folder = Folder::new();
        let mut keeper = open(remembering(&folder));
        let first = keeper.wait(LONG).unwrap().unwrap();
        assert_eq!(told(&first), at(EventKind::Initial, "192.0.2.10"));
        // It is in the file before the event is given.
        assert_eq!(folder.text().unwrap(), ONE);
        drop(keeper);

        // Another address comes first now.
        ip_batch([
            "addr add 192.0.2.20/24 dev eth0".to_owned(),
            "addr del 192.0.2.10/24 dev eth0".to_owned(),
            "addr add 192.0.2.10/24 dev eth0".to_owned(),
        ]);
        for (keeper, choice) in [
            (remembering(&folder), "192.0.2.10"),
            (remembering(&folder).follow(true), "192.0.2.10"),
            (Keeper::builder(selector()), "192.0.2.20"),
        ] {
            let first = open(keeper).wait(LONG).unwrap().unwrap();
            assert_eq!(told(&first), at(EventKind::Initial, choice));
        }
        assert_eq!(folder.text().unwrap(), ONE);
    });
}

/// What follows writes down where it has moved to; what waits does not.
#[test]
fn a_move_is_remembered() {
    run(|| {
        cable("eth0");
        sysctl("ipv4/conf/eth0/promote_secondaries", 1);
        ip("addr add 192.0.2.10/24 dev eth0");
        let [follows, waits] = [Folder::new(), Folder::new()];
        let mut following = open(remembering(&follows).follow(true));
        let mut waiting = open(remembering(&waits));
        for keeper in [&mut following, &mut waiting] {
            let first = keeper.wait(LONG).unwrap().unwrap();
            assert_eq!(told(&first), at(EventKind::Initial, "192.0.2.10"));
        }
        ip("addr add 192.0.2.20/24 dev eth0");
        for keeper in [&mut following, &mut waiting] {
            assert_eq!(told(&next(keeper)), at(EventKind::Kept, "192.0.2.10"));
        }
        assert_eq!(follows.text().unwrap(), ONE);
        ip("addr del 192.0.2.10/24 dev eth0");
        let moved = next(&mut following);
        assert_eq!(told(&moved), at(EventKind::Moved, "192.0.2.20"));
        assert_eq!(told(&next(&mut waiting)), (EventKind::Lost, None));
        let moved = ONE.replace("192.0.2.10", "192.0.2.20");
        assert_eq!(
            (follows.text().unwrap(), waits.text().unwrap()),
            (moved, ONE.to_owned())
        );
    });
}

/// Between the opening of two keepers and their first choices the host changes.
#[test]
fn two_daemons_with_one_state_file_bind_the_same() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        let folder = Folder::new();
        let [mut a, mut b] = [(); 2].map(|()| open(remembering(&folder)));
        let first = a.wait(LONG).unwrap().unwrap();
        assert_eq!(told(&first), at(EventKind::Initial, "192.0.2.10"));

        ip("addr del 192.0.2.10/24 dev eth0");
        ip("addr add 192.0.2.20/24 dev eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        let first = b.wait(LONG).unwrap().unwrap();
        assert_eq!(told(&first), at(EventKind::Initial, "192.0.2.10"));
        assert!(a.state_error().is_none() && b.state_error().is_none());
        assert_eq!(folder.text().unwrap(), ONE);
    });
}

/// The same while the host never rests: once an event is given, its choice is in the file.
#[test]
fn two_daemons_that_start_at_once_know_what_the_file_holds() {
    run(|| {
        cable("eth0");
        sysctl("ipv4/conf/eth0/promote_secondaries", 1);
        for address in ["192.0.2.10", "192.0.2.20"].repeat(10) {
            let other = if address.ends_with("10") {
                "192.0.2.20"
            } else {
                "192.0.2.10"
            };
            ip_batch([
                "addr flush dev eth0".to_owned(),
                format!("addr add {other}/24 dev eth0"),
                format!("addr add {address}/24 dev eth0"),
            ]);
            let folder = Folder::new();
            let start = || {
                let mut keeper = open(remembering(&folder));
                let _ = keeper.wait(10 * SHORT).unwrap().unwrap();
                let choice = keeper.choice().map(|choice| choice.scoped_addr());
                (choice, keeper.state_error().is_some())
            };
            let ended = thread::scope(|scope| {
                let daemons = [scope.spawn(start), scope.spawn(start)];
                ip(&format!("addr del {other}/24 dev eth0"));
                daemons.map(|daemon| daemon.join().unwrap())
            });
            let remembered = folder.file().read(selector().bindnet()).unwrap();
            for (choice, is_warned) in ended {
                // What the other one chose may be gone before this one looks: it waits for it.
                assert!(choice == remembered || choice.is_none() || is_warned);
            }
        }
    });
}

/// What the operator declares goes before what is remembered, and does not overwrite it.
#[test]
fn another_choice_that_is_remembered_stays() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        let folder = Folder::with(ABSENT);
        let fixed = Declared::default()
            .fixed(["192.0.2.10/32".parse().unwrap()])
            .unwrap();
        let keeper = Keeper::builder(selector().declared(fixed));
        let keeper = keeper.remember_in(folder.at(NAME)).unwrap();
        let mut waiting = open(keeper.clone());
        let first = waiting.wait(LONG).unwrap().unwrap();
        assert_eq!(told(&first), at(EventKind::Initial, "192.0.2.10"));
        let error = waiting.state_error().unwrap();
        assert!(matches!(error, StateError::Another { .. }));
        assert_eq!(
            error.to_string(),
            format!(
                "state file {:?}: 192.0.2.99 stays remembered there, not 192.0.2.10; remove its \
                 line to remember 192.0.2.10",
                folder.at(NAME),
            ),
        );
        // It is not tried again.
        assert!(waiting.close().is_ok());
        assert_eq!(folder.text().unwrap(), ABSENT);

        let mut following = open(keeper.follow(true));
        let _ = following.wait(LONG).unwrap();
        assert!(following.state_error().is_none());
        assert_eq!(folder.text().unwrap(), ONE);
    });
}

/// The choice stands, and the fd says when it is time to try again; in the end it is remembered.
#[test]
fn what_cannot_be_written_is_written_later() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        // The folder of one is missing, the lock of the other is held.
        let [missing, locked] = [Folder::new(), Folder::new()];
        let path = missing.at("made-later").join(NAME);
        let later = Keeper::builder(selector()).remember_in(&path).unwrap();
        let held = fs::File::create(locked.at(LOCK)).unwrap();
        let held = Flock::lock(held, FlockArg::LockExclusive).unwrap();
        let mut keepers = [open(later), open(remembering(&locked))];
        for keeper in &mut keepers {
            let first = keeper.wait(LONG).unwrap().unwrap();
            assert_eq!(told(&first), at(EventKind::Initial, "192.0.2.10"));
            assert!(keeper.choice().is_some());
        }
        let [a, b] = keepers
            .each_ref()
            .map(|keeper| keeper.state_error().unwrap());
        assert!(matches!(a, StateError::System { .. }), "{a}");
        assert!(matches!(b, StateError::Locked { .. }), "{b}");
        // An attempt that fails leaves it unwritten, and the fd quiet.
        for keeper in &mut keepers {
            assert!(is_readable(keeper, LONG));
            assert_eq!(keeper.next_event().unwrap(), None);
            assert!(keeper.state_error().is_some() && !is_readable(keeper, SHORT));
        }
        drop(held);
        fs::create_dir(path.parent().unwrap()).unwrap();
        for keeper in &mut keepers {
            assert!(is_readable(keeper, LONG));
            assert_eq!(keeper.next_event().unwrap(), None);
            assert!(keeper.state_error().is_none() && !is_readable(keeper, SHORT));
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), ONE);
        assert_eq!(locked.text().unwrap(), ONE);
        assert!(keepers.into_iter().all(|keeper| keeper.close().is_ok()));
    });
}

/// At its end a keeper makes a last attempt, and fails if the lock is not free.
#[test]
fn the_last_attempt_is_made_at_the_end() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        let folder = Folder::new();
        let lock = || {
            let file = fs::File::create(folder.at(LOCK)).unwrap();
            Flock::lock(file, FlockArg::LockExclusive).unwrap()
        };
        for is_held in [true, false] {
            let held = lock();
            let mut keeper = open(remembering(&folder));
            let _ = keeper.wait(LONG).unwrap().unwrap();
            let held = Some(held).filter(|_| is_held);
            let closed = keeper.close();
            drop(held);
            assert_eq!(closed.is_err(), is_held, "{closed:?}");
            assert_eq!(folder.text().is_some(), !is_held);
        }
    });
}

#[test]
fn changes_that_were_lost_are_found() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        let folder = Folder::new();
        let little = monitor().receive_buffer(4096).unwrap();
        let mut keeper = remembering(&folder).open_with(little).unwrap();
        let _ = keeper.wait(LONG).unwrap().unwrap();
        let vip = |n: usize| format!("addr {} 192.0.2.20/24 dev eth0", ["add", "del"][n % 2]);
        ip_batch((0..400).map(vip));
        ip("addr del 192.0.2.10/24 dev eth0");
        while keeper.choice().is_some() {
            let _ = next(&mut keeper);
        }
        assert!(keeper.overruns() > 0);
        ip("addr add 192.0.2.10/24 dev eth0");
        while keeper.choice().is_none() {
            let _ = next(&mut keeper);
        }
        assert_eq!(folder.text().unwrap(), ONE);
    });
}

/// Every fd is closed, also if it was opened in vain.
#[test]
fn no_fd_is_left_open() {
    run(|| {
        // Other tests open and close fds of the process at the same time.
        unshare(CloneFlags::CLONE_FILES).unwrap();
        let count = || fs::read_dir("/proc/thread-self/fd").unwrap().count();
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        let folder = Folder::new();
        let before = count();
        for _ in 0..3 {
            let mut keeper = open(remembering(&folder));
            let _ = keeper.wait(LONG).unwrap().unwrap();
            ip("addr add 192.0.2.20/24 dev eth0");
            let _ = next(&mut keeper);
            ip("addr del 192.0.2.20/24 dev eth0");
            let _ = next(&mut keeper);
            // Four of its monitor's, and the timer of its memory.
            assert_eq!(count(), before + 5);
        }
        assert_eq!(count(), before);
    });
}
