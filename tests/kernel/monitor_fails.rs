//! A monitor whose requests to the kernel fail, which strace(1) makes them do: what it holds then
//! is not believed, and soon it is current again.

use bindnet_tests::{netns, strace, watched};
#[allow(dead_code)] // Others look at the calls.
use std::os::fd::AsFd;

use bindnet::choice::Tracker;
use bindnet::snapshot::Consistency;
use bindnet::{EventKind, Selector};
use netns::{cable, ip};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use watched::{assert_current, catch_up, monitor};

/// How many requests a monitor sends until it is open: one that is refused, and three dumps.
const OPENED: usize = 4;

/// The test that is traced: eth0 leaves its bridge, and the next request fails.
#[test]
fn traced() {
    if strace::told().is_none() {
        return;
    }
    let mut monitor = monitor();
    let mut tracker = Tracker::new(Selector::new("192.0.2.0".parse().unwrap()));
    let initial = tracker.update(monitor.snapshot()).unwrap();
    assert_eq!(initial.address(), Some("192.0.2.10".parse().unwrap()));

    ip("link set eth0 nomaster");
    let failed = monitor.dispatch().unwrap_err().to_string();
    assert!(failed.contains("Input/output error"), "{failed}");
    let about = monitor.snapshot().about();
    assert_eq!(about.consistency, Some(Consistency::Interrupted));
    assert_eq!(tracker.update(monitor.snapshot()), None);

    // The kernel has nothing more to say; the fd is readable by itself.
    let mut fds = [PollFd::new(monitor.as_fd(), PollFlags::POLLIN)];
    assert_eq!(poll(&mut fds, PollTimeout::from(60_000u16)), Ok(1));
    catch_up(&mut monitor);
    let event = tracker.update(monitor.snapshot()).map(|event| event.kind());
    assert!(matches!(event, None | Some(EventKind::Kept)), "{event:?}");
    assert!(tracker.choice().is_some());
    assert_current(&mut monitor);
}

#[test]
fn a_request_fails() {
    strace::run(|| {
        cable("eth0");
        ip("link add br0 type bridge");
        ip("addr add 192.0.2.10/24 dev eth0");
        // The link itself, all links, and the addresses of both families.
        for request in 1..=4 {
            ip("link set eth0 master br0");
            catch_up(&mut monitor());
            let failing = format!("sendto:error=EIO:when={}", OPENED + request);
            strace::failing(
                &bindnet_tests::test_name(module_path!(), "traced"),
                &failing,
            );
        }
    });
}
