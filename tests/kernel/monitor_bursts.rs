//! A monitor whose host changes faster than it looks: bursts, lost events, changes while it asks,
//! and what is none of its business.

use bindnet_tests::{elsewhere, netns, running_ip, watched};

use std::os::fd::AsRawFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use bindnet::live::Monitor;
use elsewhere::Elsewhere;
use netns::{AddressRequest, Changer, cable, capture, capturer, ip, ip_batch, link, run};
use nix::sched::{CloneFlags, unshare};
use nix::sys::socket::{
    AddressFamily, MsgFlags, NetlinkAddr, SockFlag, SockProtocol, SockType, sendto, socket,
};
use running_ip::RunningIp;
use watched::{
    assert_current, catch_up, debounced, dispatch, dispatch_until_quiet, is_readable, is_same,
    monitor,
};

/// How long a host is stirred: longer only makes it more likely that a mistake is found.
const WATCH: Duration = Duration::from_secs(2);

/// Few events fit into this.
const LITTLE: usize = 4096;

/// Lines for `ip -batch` about so many addresses of `eth0`.
fn addresses(verb: &str, count: usize) -> Vec<String> {
    let net = |n| format!("addr {verb} 10.{}.{}.1/24 dev eth0", n / 250, n % 250);
    (0..count).map(net).collect()
}

#[test]
fn a_burst_gives_one_snapshot() {
    run(|| {
        cable("eth0");
        let mut monitor = debounced();
        dispatch_until_quiet(&mut monitor);
        for verb in ["add", "del"] {
            ip_batch(addresses(verb, 100));
            assert_eq!(dispatch_until_quiet(&mut monitor), 1);
            assert_current(&mut monitor);
        }
        // A flap is a burst, too.
        ip("addr add 192.0.2.10/24 dev eth0");
        assert_eq!(dispatch_until_quiet(&mut monitor), 1);
        ip_batch(["del", "add"].map(|verb| format!("addr {verb} 192.0.2.10/24 dev eth0")));
        assert_eq!(dispatch_until_quiet(&mut monitor), 1);
        assert_eq!(monitor.overruns(), 0);
        assert_current(&mut monitor);
    });
}

/// Whoever changes something all the time does not keep the monitor from acting.
#[test]
fn a_burst_that_does_not_end_is_acted_on() {
    run(|| {
        cable("eth0");
        let mut monitor = debounced();
        let (changer, eth0) = (Changer::open(), link("eth0").index());
        let request = AddressRequest::new("192.0.2.10/24".parse().unwrap(), eth0);
        let mut snapshots = 0;
        let give_up = Instant::now() + Duration::from_secs(60);
        while snapshots < 2 {
            assert!(Instant::now() < give_up);
            changer.add(&request).unwrap();
            changer.delete(&request).unwrap();
            snapshots += usize::from(monitor.dispatch().unwrap().is_some());
        }
        assert_current(&mut monitor);
    });
}

#[test]
fn five_thousand_changes_overrun_the_buffer() {
    run(|| {
        cable("eth0");
        let mut monitors = [monitor(), debounced()];
        for (before, verb) in ["add", "del"].into_iter().enumerate() {
            ip_batch(addresses(verb, 5000));
            for monitor in &mut monitors {
                assert_eq!(dispatch_until_quiet(monitor), 1);
                assert_eq!(monitor.overruns(), before as u64 + 1);
                assert_current(monitor);
            }
        }
    });
}

#[test]
fn a_small_buffer_overruns_again_and_again() {
    run(|| {
        cable("eth0");
        let mut monitor = monitor().receive_buffer(LITTLE).unwrap();
        for round in 1..=5 {
            for verb in ["add", "del"] {
                ip_batch(addresses(verb, 50));
            }
            ip(&format!("addr add 192.0.2.{round}/24 dev eth0"));
            ip(&format!("link add br{round} type bridge"));
            assert_current(&mut monitor);
            assert_eq!(monitor.overruns(), round);
        }
    });
}

/// More links than are asked about one by one.
#[test]
fn two_hundred_links_come_and_go_at_once() {
    run(|| {
        cable("eth0");
        let monitor = &mut monitor();
        ip_batch((0..200).flat_map(|n| {
            let link = format!("link add b{n} type bridge");
            [link, format!("addr add 10.1.{n}.1/24 dev b{n}")]
        }));
        let host = assert_current(monitor);
        assert!(host.links().len() > 200);
        for words in ["link del b100", "link set b150 up"] {
            ip(words);
            assert_current(monitor);
        }
        ip_batch((20..60).map(|n| format!("link del b{n}")));
        assert_current(monitor);
        ip_batch((110..200).map(|n| format!("link del b{n}")));
        assert_current(monitor);
    });
}

/// Runs `stir` again and again in a thread of the same namespace until `watch` ends.
fn while_stirred(stir: impl Fn() + Send + Sync, watch: impl FnOnce()) {
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !stop.load(Ordering::Relaxed) {
                stir();
            }
        });
        watch();
        stop.store(true, Ordering::Relaxed);
    });
}

/// Events come between a dump and its end, between two dumps, and while others are received.
fn assert_current_after(stir: impl Fn() + Send + Sync) {
    let wide = [monitor(), debounced().debounce(Duration::from_millis(2))];
    let little = monitor().receive_buffer(LITTLE).unwrap();
    for mut monitor in wide.into_iter().chain([little]) {
        while_stirred(&stir, || {
            let until = Instant::now() + WATCH;
            while Instant::now() < until {
                let _ = monitor.dispatch().unwrap();
                dispatch(&mut monitor);
            }
        });
        assert_current(&mut monitor);
    }
}

#[test]
fn addresses_change_while_they_are_asked_for() {
    run(|| {
        cable("eth0");
        cable("eth1");
        ip_batch(addresses("add", 600));
        let requests = |name: &str, from: u32| {
            let index = link(name).index();
            let request = move |net: String| AddressRequest::new(net.parse().unwrap(), index);
            let v4 = (from..from + 40).map(|n| format!("192.0.2.{n}/32"));
            let v6 = (from..from + 40).map(|n| format!("2001:db8::{n}/64"));
            v4.chain(v6).map(request).collect::<Vec<_>>()
        };
        let requests = [requests("eth0", 1), requests("eth1", 101)];
        let changer = Changer::open();
        assert_current_after(|| {
            for of_link in &requests {
                of_link.iter().for_each(|one| changer.add(one).unwrap());
            }
            thread::sleep(Duration::from_millis(1));
            for of_link in &requests {
                of_link.iter().for_each(|one| changer.delete(one).unwrap());
            }
        });
    });
}

#[test]
fn links_change_while_they_are_asked_for() {
    run(|| {
        ip("link add br0 index 50 type bridge");
        ip("addr add 192.0.2.10/24 dev br0");
        cable("eth0");
        ip_batch(addresses("add", 40));
        assert_current_after(|| {
            ip_batch(
                [
                    "link add br1 index 40 type bridge",
                    "addr add 198.51.100.1/24 dev br1",
                    "addr add 198.51.100.2/24 dev br1",
                    "addr add 2001:db8::2/64 dev br1 nodad",
                    "link set br1 name br2",
                    "link set eth0 master br2",
                    "link set eth0 nomaster",
                    "link del br2",
                    "link add br1 index 60 type bridge",
                    "addr add 203.0.113.7/24 dev br1",
                    "link del br1",
                ]
                .map(str::to_owned),
            );
        });
    });
}

/// A link that comes back with its low index stands before others, also where the host is captured
/// while it comes: between the dump of the links and that of the addresses.
#[test]
fn a_link_comes_between_two_dumps() {
    run(|| {
        // They are listed before those of br0, which takes its time.
        ip_batch((0..5000).map(|n| format!("addr add 10.{}.{}.1/32 dev lo", n / 250, n % 250)));
        ip("link add br1 index 50 type bridge");
        ip("addr add 203.0.113.7/24 dev br1");
        let mut monitor = monitor().receive_buffer(LITTLE).unwrap();
        let mut running = RunningIp::start();
        let mut lines = vec!["link del br0".to_owned()];
        // More than there is room for, so that the whole host is captured.
        lines.extend((0..10).map(|n| format!("addr add 192.0.2.{n}/24 dev br1")));
        lines.extend((0..10).map(|n| format!("addr del 192.0.2.{n}/24 dev br1")));
        lines.push("link add br0 index 40 type bridge".to_owned());
        lines.extend((0..3).map(|n| format!("addr add 198.51.100.{n}/24 dev br0")));
        for _ in 0..30 {
            thread::scope(|scope| {
                let running = scope.spawn(|| running.run(&lines));
                while !running.is_finished() {
                    let _ = monitor.dispatch().unwrap();
                }
            });
            catch_up(&mut monitor);
        }
        assert_current(&mut monitor);
    });
}

/// It need not be where the thread is that dispatches.
#[test]
fn a_monitor_keeps_watching_its_namespace() {
    run(|| {
        cable("eth0");
        let there = Elsewhere::stay();
        let mut monitor = monitor().receive_buffer(LITTLE).unwrap();
        dispatch_until_quiet(&mut monitor);
        unshare(CloneFlags::CLONE_NEWNET).unwrap();
        there.ip("addr add 192.0.2.10/24 dev eth0");
        dispatch(&mut monitor);
        assert!(is_same(monitor.snapshot(), &there.run(capture)));
        there.ip("link set eth0 name lan0");
        dispatch(&mut monitor);
        assert!(is_same(monitor.snapshot(), &there.run(capture)));
        there.run(|| ip_batch((0..100).map(|n| format!("addr add 10.0.{n}.1/24 dev lan0"))));
        dispatch(&mut monitor);
        assert_eq!(monitor.overruns(), 1);
        assert!(is_same(monitor.snapshot(), &there.run(capture)));
        // The question about a link that has gone is refused.
        there.ip("link add zz0 type veth peer name zz1");
        dispatch(&mut monitor);
        there.ip("link del zz0");
        dispatch(&mut monitor);
        there.ip("addr add 192.0.2.77/24 dev lan0");
        dispatch(&mut monitor);
        assert!(is_same(monitor.snapshot(), &there.run(capture)));
        // What happens here is none of its business.
        ip("link set lo up");
        assert!(!is_readable(&monitor, Duration::from_millis(100)));
    });
}

/// The socket of the monitor in this namespace: the only one that hears of links and addresses of
/// both families (netlink(7), /proc/net/netlink).
fn port() -> u32 {
    let table = std::fs::read_to_string("/proc/thread-self/net/netlink").unwrap();
    let groups = 0x1 | 0x10 | 0x100;
    let port = table.lines().find_map(|line| {
        let mut words = line.split_whitespace().skip(2);
        let (port, heard) = (words.next()?, words.next()?);
        (u32::from_str_radix(heard, 16) == Ok(groups)).then(|| port.parse().unwrap())
    });
    port.expect("a monitor is open")
}

#[test]
fn only_the_kernel_is_believed() {
    run(|| {
        cable("eth0");
        let mut monitor = monitor();
        dispatch_until_quiet(&mut monitor);
        let (flags, protocol) = (SockFlag::SOCK_CLOEXEC, SockProtocol::NetlinkRoute);
        let liar = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol).unwrap();
        // RTM_DELLINK of eth0, and what is no message at all.
        let mut gone = [vec![32, 0, 0, 0, 17, 0], vec![0; 26]].concat();
        gone[20..24].copy_from_slice(&link("eth0").index().to_ne_bytes());
        for lie in [&gone[..], &[0xff; 100], &[0; 20_000]] {
            let to = NetlinkAddr::new(port(), 0);
            sendto(liar.as_raw_fd(), lie, &to, MsgFlags::empty()).unwrap();
            assert!(is_readable(&monitor, Duration::from_secs(20)));
            assert!(monitor.dispatch().unwrap().is_none());
            assert!(!is_readable(&monitor, Duration::ZERO));
        }
        assert_current(&mut monitor);
        ip("link set eth0 down");
        assert!(monitor.dispatch().unwrap().is_some());
    });
}

#[test]
fn any_debounce_will_do() {
    run(|| {
        let long = Duration::from_secs(u64::MAX / 8);
        for (state, quiet) in [
            ("up", Duration::MAX),
            ("down", long),
            ("up", Duration::ZERO),
        ] {
            let mut monitor = debounced().debounce(quiet);
            ip(&format!("link set lo {state}"));
            assert_eq!(monitor.dispatch().unwrap().is_some(), quiet.is_zero());
            assert!(monitor.dispatch().unwrap().is_none());
        }
    });
}

/// In a table of fds that is the thread's own, so that other tests open nothing in it.
#[test]
fn nothing_is_left_open() {
    run(|| {
        unshare(CloneFlags::CLONE_FILES).unwrap();
        let open = || std::fs::read_dir("/proc/thread-self/fd").unwrap().count();
        let before = open();
        for _ in 0..100 {
            let mut monitor = Monitor::with_capturer(capturer()).unwrap();
            let _ = monitor.dispatch().unwrap();
            assert_eq!(open(), before + 4);
        }
        assert_eq!(open(), before);
    });
}
