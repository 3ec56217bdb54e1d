//! A keeper whose requests to the kernel fail, which strace(1) makes them do: half a host decides
//! nothing, and soon the keeper has the whole one.

use bindnet_tests::{netns, state, strace, watched};

use std::os::fd::AsFd;

use bindnet::snapshot::Consistency;
use bindnet::{EventKind, Keeper, Selector};
use netns::{cable, ip};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use state::{Folder, NAME, ONE};
use watched::{catch_up, monitor};

/// How many requests a monitor sends until it is open: one that is refused, and three dumps.
const OPENED: usize = 4;

fn open(folder: &Folder) -> Keeper {
    let keeper = Keeper::builder(Selector::new("192.0.2.0".parse().unwrap()));
    let keeper = keeper.remember_in(folder.at(NAME)).unwrap();
    keeper.open_with(monitor()).unwrap()
}

/// eth0 leaves its bridge, and the next request fails. The kernel has nothing more to say, and the
/// fd is readable by itself.
fn fail(keeper: &mut Keeper) {
    ip("link set eth0 nomaster");
    let failed = keeper.next_event().unwrap_err().to_string();
    assert!(failed.contains("Input/output error"), "{failed}");
    let about = keeper.snapshot().about();
    assert_eq!(about.consistency, Some(Consistency::Interrupted));
}

/// Calls [`Keeper::next_event`] when the fd is readable.
fn look(keeper: &mut Keeper) -> Option<EventKind> {
    let mut fds = [PollFd::new(keeper.as_fd(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut fds, PollTimeout::from(60_000u16)), Ok(1));
    keeper.next_event().unwrap().map(|event| event.kind())
}

/// A test that is traced.
#[test]
fn traced_while_it_runs() {
    if strace::told().is_none() {
        return;
    }
    let folder = Folder::new();
    let mut keeper = open(&folder);
    assert!(keeper.next_event().unwrap().is_some());
    fail(&mut keeper);
    assert!(keeper.choice().is_some());
    let event = look(&mut keeper);
    assert!(matches!(event, None | Some(EventKind::Kept)), "{event:?}");
    assert!(keeper.choice().is_some());
    assert_eq!(folder.text().unwrap(), ONE);
}

/// Another one: nothing is chosen and nothing is remembered.
#[test]
fn traced_while_it_starts() {
    if strace::told().is_none() {
        return;
    }
    let folder = Folder::new();
    let mut keeper = open(&folder);
    fail(&mut keeper);
    assert!(keeper.choice().is_none() && folder.text().is_none());
    let mut event = None;
    while event.is_none() {
        event = look(&mut keeper);
    }
    assert_eq!(event, Some(EventKind::Initial));
    assert!(keeper.choice().is_some());
    assert_eq!(folder.text().unwrap(), ONE);
}

#[test]
fn a_request_fails_and_the_choice_stays() {
    strace::run(|| {
        cable("eth0");
        ip("link add br0 type bridge");
        ip("addr add 192.0.2.10/24 dev eth0");
        for traced in ["traced_while_it_runs", "traced_while_it_starts"] {
            // The link itself, all links, and the addresses of both families.
            for request in 1..=4 {
                ip("link set eth0 master br0");
                catch_up(&mut monitor());
                let failing = format!("sendto:error=EIO:when={}", OPENED + request);
                strace::failing(&bindnet_tests::test_name(module_path!(), traced), &failing);
            }
        }
    });
}
