//! A monitor in the event loops of daemons: no change is missed, whether the loop is told of a
//! level or of an edge.
//!
//! Another thread changes the host, so that a change comes before a wait, during it, or while the
//! one before is dispatched.

use bindnet_tests::{netns, watched};

use std::net::IpAddr;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use bindnet::Snapshot;
use bindnet::live::Monitor;
use netns::{AddressRequest, Changer, cable, link, run};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::time::timeout;
use watched::{assert_current, catch_up, monitor};

/// How many changes are made and waited for.
const CHANGES: usize = 200;

/// When a change was missed: never a measurement.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a test on a host with monitors that act at once or wait for more, and with a thread that
/// makes a change whenever it is asked to.
fn on_a_host(test: impl Fn(Monitor, &Sender<usize>) -> Monitor + Sync) {
    run(|| {
        cable("eth0");
        let eth0 = link("eth0").index();
        for quiet in [0, 2] {
            let mut monitor = monitor().debounce(Duration::from_millis(quiet));
            catch_up(&mut monitor);
            let (ask, asked) = channel();
            let mut monitor = thread::scope(|scope| {
                scope.spawn(move || {
                    let changer = Changer::open();
                    for at in asked {
                        change(&changer, eth0, at);
                    }
                });
                let monitor = test(monitor, &ask);
                drop(ask);
                monitor
            });
            assert_current(&mut monitor);
        }
    });
}

fn ip_of(change: usize) -> IpAddr {
    format!("192.0.2.{}", change % 200 + 1).parse().unwrap()
}

/// Every second change deletes the address of the one before. With every fifth one comes another,
/// which may be heard of while the first is dispatched.
fn change(changer: &Changer, link: u32, at: usize) {
    let request = |ip: IpAddr| AddressRequest::new(ip.into(), link);
    match at % 2 {
        0 => changer.add(&request(ip_of(at))).unwrap(),
        _ => changer.delete(&request(ip_of(at - 1))).unwrap(),
    }
    if at.is_multiple_of(5) {
        let more = format!("10.0.{}.1", at % 250).parse().unwrap();
        let _ = changer.add(&request(more));
    }
}

/// Whether a snapshot shows a change.
fn shows(host: &Snapshot, at: usize) -> bool {
    let has = |ip| host.addresses().any(|address| address.ip() == ip);
    match at % 2 {
        0 => has(ip_of(at)),
        _ => !has(ip_of(at - 1)),
    }
}

fn by_epoll(flags: EpollFlags) {
    on_a_host(|mut monitor, ask| {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).unwrap();
        epoll.add(&monitor, EpollEvent::new(flags, 7)).unwrap();
        let patience = EpollTimeout::try_from(PATIENCE).unwrap();
        for at in 0..CHANGES {
            ask.send(at).unwrap();
            let mut shown = false;
            while !shown {
                let mut events = [EpollEvent::empty()];
                assert_eq!(epoll.wait(&mut events, patience), Ok(1), "change {at}");
                shown = monitor
                    .dispatch()
                    .unwrap()
                    .is_some_and(|host| shows(host, at));
            }
        }
        monitor
    });
}

#[test]
fn epoll_tells_of_a_level() {
    by_epoll(EpollFlags::EPOLLIN);
}

#[test]
fn epoll_tells_of_an_edge() {
    by_epoll(EpollFlags::EPOLLIN | EpollFlags::EPOLLET);
}

#[test]
fn tokio_tells_of_an_edge() {
    on_a_host(|monitor, ask| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_io().enable_time().build().unwrap();
        runtime.block_on(async {
            // Since 1.54 tokio wants `unsafe` for it, as any type may lie about its fd.
            #[allow(deprecated)]
            let mut fd = AsyncFd::with_interest(monitor, Interest::READABLE).unwrap();
            for at in 0..CHANGES {
                ask.send(at).unwrap();
                let mut shown = false;
                while !shown {
                    let readable = timeout(PATIENCE, fd.readable_mut()).await;
                    let mut guard = readable.expect("the change is told of").unwrap();
                    guard.clear_ready();
                    let host = guard.get_inner_mut().dispatch().unwrap();
                    shown = host.is_some_and(|host| shows(host, at));
                }
            }
            fd.into_inner()
        })
    });
}
