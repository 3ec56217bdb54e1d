//! A monitor beside the host that it watches: whatever becomes of links and addresses, it holds
//! what a fresh capture and `ip` say, and decisions about it are theirs.
//!
//! The links that change stand in the middle of the list, so that what is behind them has to move.

use bindnet_tests::{elsewhere, netns, watched};

use std::time::Duration;

use bindnet::live::Monitor;
use bindnet::snapshot::{AddressFlags, Lifetime};
use bindnet::{Address, Snapshot};
use elsewhere::{Elsewhere, here};
use netns::{address, cable, ip, ip_batch, link, listed, run, settle, sysctl, until};
use watched::{assert_current, dispatch_until_quiet, is_readable, monitor};

/// Three links with addresses of both families, of which the test changes the middle one, `eth1`.
fn watch<T: Send>(test: impl FnOnce(&mut Monitor) -> T + Send) {
    run(|| {
        ip("link set lo up");
        for (at, name) in ["eth0", "eth1", "eth2"].into_iter().enumerate() {
            cable(name);
            for host in [10, 20].map(|host| 100 * at + host) {
                ip(&format!("addr add 192.0.2.{host}/24 dev {name}"));
                ip(&format!("addr add 2001:db8::{host}/64 dev {name}"));
            }
        }
        settle();
        test(&mut monitor());
    });
}

/// Runs `ip`, and requires that the monitor sees what comes of it.
fn step(monitor: &mut Monitor, words: &str) -> Snapshot {
    ip(words);
    assert_current(monitor)
}

/// How many IPv4 and IPv6 addresses are on a link.
fn count(host: &Snapshot, name: &str) -> (usize, usize) {
    let index = host.link_named(&name.parse().unwrap()).unwrap().index();
    let on_it = |a: &Address| a.link_index() == Some(index);
    let (v4, v6): (Vec<_>, Vec<_>) = host
        .addresses()
        .filter(on_it)
        .partition(|a| a.ip().is_ipv4());
    (v4.len(), v6.len())
}

fn has(address: Address, flag: AddressFlags) -> bool {
    address.flags().unwrap().contains(flag)
}

#[test]
fn nothing_happens() {
    watch(|monitor| {
        dispatch_until_quiet(monitor);
        assert_current(monitor);
        assert!(!is_readable(monitor, Duration::from_millis(100)));
        assert!(monitor.dispatch().unwrap().is_none());
        assert_eq!(monitor.overruns(), 0);
    });
}

#[test]
fn a_link_goes_down_and_takes_its_ipv6_addresses_along() {
    watch(|monitor| {
        let host = step(monitor, "link set eth1 down");
        assert_eq!(count(&host, "eth1"), (2, 0));
        let host = step(monitor, "link set eth1 up");
        assert_eq!(count(&host, "eth1"), (2, 0));
        step(monitor, "addr add 2001:db8::99/64 dev eth1");
        settle();
        assert_current(monitor);
    });
}

/// The kernel tells only of the link that it made the addresses tentative.
#[test]
fn a_link_goes_down_and_keeps_its_ipv6_addresses() {
    watch(|monitor| {
        sysctl("ipv6/conf/eth1/keep_addr_on_down", 1);
        let host = step(monitor, "link set eth1 down");
        assert_eq!(count(&host, "eth1"), (2, 2));
        step(monitor, "link set eth1 up");
        settle();
        let host = assert_current(monitor);
        assert!(!has(
            address(&host, "2001:db8::110"),
            AddressFlags::TENTATIVE
        ));
    });
}

#[test]
fn the_primary_address_flaps() {
    for promote in [0, 1] {
        watch(|monitor| {
            sysctl("ipv4/conf/eth1/promote_secondaries", promote);
            let others = if promote == 1 { 1 } else { 0 };
            let host = step(monitor, "addr del 192.0.2.110/24 dev eth1");
            assert_eq!(count(&host, "eth1").0, others);
            let host = step(monitor, "addr add 192.0.2.110/24 dev eth1");
            let node = address(&host, "192.0.2.110");
            assert_eq!(has(node, AddressFlags::SECONDARY), promote == 1);
            // The same in one burst.
            for round in 0..3 {
                ip_batch([
                    format!("addr add 192.0.2.17{round}/24 dev eth1"),
                    "addr del 192.0.2.110/24 dev eth1".to_owned(),
                    "addr add 192.0.2.110/24 dev eth1".to_owned(),
                ]);
                assert_current(monitor);
            }
        });
    }
}

#[test]
fn a_rename_rewrites_labels() {
    watch(|monitor| {
        step(monitor, "addr add 192.0.2.130/24 dev eth1 label eth1:vip");
        let host = step(monitor, "link set eth1 name lan1");
        let label = |host: &Snapshot| address(host, "192.0.2.130").label().unwrap().to_string();
        assert_eq!(label(&host), "lan1:vip");
        step(monitor, "link set lan1 down");
        step(monitor, "link set lan1 name eth1");
        let host = step(monitor, "link set eth1 up");
        assert_eq!(label(&host), "eth1:vip");
        // Names that change hands.
        ip_batch(
            [("eth0", "tmp0"), ("eth1", "eth0"), ("tmp0", "eth1")]
                .map(|(old, new)| format!("link set {old} name {new}")),
        );
        assert_current(monitor);
    });
}

#[test]
fn a_link_is_made_again_with_its_name() {
    watch(|monitor| {
        step(monitor, "link del eth1");
        cable("eth1");
        let host = step(monitor, "addr add 192.0.2.110/24 dev eth1");
        assert_eq!(count(&host, "eth1"), (1, 0));
        ip_batch([
            "link del eth1".to_owned(),
            "link add eth1 type veth peer name far1".to_owned(),
            "addr add 192.0.2.111/24 dev eth1".to_owned(),
        ]);
        assert_current(monitor);
    });
}

/// By its index alone it cannot be told from the one before.
#[test]
fn a_link_is_made_again_with_its_index() {
    watch(|monitor| {
        let index = link("eth1").index();
        for at_once in [false, true] {
            let lines = [
                "link del eth1".to_owned(),
                format!("link add eth1 index {index} type veth peer name eth1-far"),
                "link set eth1 up".to_owned(),
                "addr add 192.0.2.111/24 dev eth1".to_owned(),
                "addr add 2001:db8::111/64 dev eth1 nodad".to_owned(),
            ];
            if at_once {
                ip_batch(lines);
            } else {
                for line in &lines {
                    step(monitor, line);
                }
            }
            let host = assert_current(monitor);
            assert_eq!(address(&host, "192.0.2.111").link_index(), Some(index));
        }
        // And with another name, of another kind.
        ip_batch([
            "link del eth1".to_owned(),
            format!("link add br1 index {index} type bridge"),
            "addr add 192.0.2.111/24 dev br1".to_owned(),
        ]);
        assert_current(monitor);
    });
}

#[test]
fn a_link_moves_to_another_namespace_and_back() {
    watch(|monitor| {
        let elsewhere = Elsewhere::open();
        let index = link("eth1").index();
        for quick in [false, true] {
            ip(&format!("link set eth1 netns {}", elsewhere.task()));
            if !quick {
                let host = assert_current(monitor);
                assert!(host.link(index).is_none());
            }
            elsewhere.ip(&format!("link set eth1 netns {}", here()));
            let host = assert_current(monitor);
            assert_eq!(count(&host, "eth1"), (0, 0));
            assert_eq!(link("eth1").index(), index);
            ip("link set eth1 up");
            step(monitor, "addr add 192.0.2.112/24 dev eth1");
        }
    });
}

#[test]
fn an_address_is_replaced() {
    watch(|monitor| {
        step(monitor, "addr del 192.0.2.110/24 dev eth1");
        step(monitor, "addr add 192.0.2.110/25 dev eth1");
        let host = step(monitor, "addr add 192.0.2.110/24 dev eth1");
        let twice = listed(&host)
            .into_iter()
            .filter(|a| a.starts_with("192.0.2.110/"));
        assert_eq!(twice.count(), 2);
        step(monitor, "addr del 2001:db8::110/64 dev eth1");
        step(monitor, "addr add 2001:db8::110/128 dev eth1 nodad");
        step(
            monitor,
            "addr replace 2001:db8::110/128 dev eth1 noprefixroute",
        );
        let peer = "addr add 192.0.2.113 peer 198.51.100.1/32 dev eth1";
        step(monitor, peer);
        step(
            monitor,
            "addr change 2001:db8::120 peer 2001:db8:1::1/64 dev eth1",
        );
        step(monitor, "addr add 198.51.100.114/24 scope link dev eth1");
        step(monitor, "addr flush dev eth1");
    });
}

#[test]
fn lifetimes_are_renewed() {
    watch(|monitor| {
        for net in ["192.0.2.110/24", "2001:db8::110/64"] {
            let change = |lifetimes: &str| format!("addr change {net} dev eth1 {lifetimes}");
            let ip = net.split('/').next().unwrap();
            let host = step(monitor, &change("valid_lft 2000 preferred_lft 1000"));
            assert_ne!(address(&host, ip).valid_lft(), Some(Lifetime::Forever));
            step(monitor, &change("valid_lft 4000 preferred_lft 3000"));
            let held = address(monitor.snapshot(), ip).valid_lft();
            let Some(Lifetime::Seconds(seconds)) = held else {
                panic!("{held:?}");
            };
            assert!((3000..=4000).contains(&seconds), "{seconds}");
            let host = step(monitor, &change("valid_lft forever preferred_lft 0"));
            assert!(has(address(&host, ip), AddressFlags::DEPRECATED));
            let host = step(monitor, &change("valid_lft forever preferred_lft forever"));
            assert!(!has(address(&host, ip), AddressFlags::DEPRECATED));
        }
    });
}

#[test]
fn addresses_become_deprecated_and_expire() {
    watch(|monitor| {
        for net in ["192.0.2.113/24", "2001:db8::113/64"] {
            let lifetimes = "valid_lft 2 preferred_lft 1";
            ip(&format!("addr add {net} dev eth1 {lifetimes}"));
        }
        let before = assert_current(monitor).len();
        until("both have expired", || {
            assert_current(monitor).len() == before - 2
        });
    });
}

#[test]
fn a_duplicate_address_is_detected() {
    watch(|monitor| {
        for end in ["eth1", "eth1-far"] {
            sysctl(&format!("ipv6/conf/{end}/accept_dad"), 1);
        }
        let host = step(monitor, "addr add 2001:db8::113/64 dev eth1-far");
        assert!(has(
            address(&host, "2001:db8::113"),
            AddressFlags::TENTATIVE
        ));
        settle();
        assert_current(monitor);
        ip("addr add 2001:db8::113/64 dev eth1");
        let on_eth1 = link("eth1").index();
        until("the address has failed", || {
            let host = assert_current(monitor);
            let failed =
                |a: Address| a.link_index() == Some(on_eth1) && has(a, AddressFlags::DADFAILED);
            host.addresses().any(failed)
        });
        step(monitor, "addr del 2001:db8::113/64 dev eth1");
    });
}

#[test]
fn the_carrier_is_lost_and_regained() {
    watch(|monitor| {
        for (state, running) in [("down", false), ("up", true)] {
            ip(&format!("link set eth1-far {state}"));
            until("the carrier changed", || {
                assert_current(monitor);
                link("eth1").is_running() == Some(running)
            });
            assert_current(monitor);
        }
    });
}

/// Leaving a bridge is told of like the end of a link (`RTM_DELLINK` of `AF_BRIDGE`).
#[test]
fn a_link_joins_a_bridge_and_leaves_it() {
    watch(|monitor| {
        step(monitor, "link add br0 type bridge");
        step(monitor, "link set br0 up");
        let host = step(monitor, "link set eth1 master br0");
        let eth1 = host.link_named(&"eth1".parse().unwrap()).unwrap();
        assert!(eth1.master().is_some());
        step(monitor, "addr add 192.0.2.113/24 dev br0");
        let host = step(monitor, "link set eth1 nomaster");
        assert_eq!(count(&host, "eth1"), (2, 2));
        ip_batch(["master br0", "nomaster", "master br0"].map(|to| format!("link set eth1 {to}")));
        assert_current(monitor);
        step(monitor, "link del br0");
    });
}

#[test]
fn a_link_on_another_one() {
    watch(|monitor| {
        step(
            monitor,
            "link add vrrp.51 link eth1 type macvlan mode private",
        );
        step(monitor, "link set vrrp.51 address 00:00:5e:00:01:33 up");
        let host = step(monitor, "addr add 192.0.2.113/24 dev vrrp.51");
        let vip = address(&host, "192.0.2.113");
        assert!(host.link_of(&vip).unwrap().mac().unwrap().is_vrrp());
        step(monitor, "link set eth1 address 02:00:00:00:00:77");
        step(monitor, "link set eth1 down");
        step(monitor, "link set eth1 up");
        step(monitor, "link set eth1 promisc on allmulticast on arp off");
        step(monitor, "link set eth1 mtu 1000");
        step(monitor, "link del eth1");
    });
}

#[test]
fn ipv6_is_switched_off_and_on() {
    watch(|monitor| {
        for (off, count_v6) in [(1, 0), (0, 0)] {
            sysctl("ipv6/conf/eth1/disable_ipv6", off);
            let host = assert_current(monitor);
            assert_eq!(count(&host, "eth1"), (2, count_v6));
        }
    });
}

/// Rows behind those of the link move over the ends of the blocks of the scan, up and down.
#[test]
fn a_table_grows_and_shrinks() {
    watch(|monitor| {
        let v4 = |n: usize| format!("10.1.{}.{}/32 dev eth1", n / 250, n % 250 + 1);
        let v6 = |n: usize| format!("2001:db8:1::{n:x}/64 dev eth1 nodad");
        let (mut now, mut host) = (0, assert_current(monitor));
        for size in [1, 27, 28, 29, 31, 32, 33, 60, 64, 65, 300, 64, 32, 28, 1, 0] {
            let (verb, range) = match size > now {
                true => ("add", now..size),
                false => ("del", size..now),
            };
            let nets = range.flat_map(|n| [v4(n), v6(n)]);
            ip_batch(nets.map(|net| format!("addr {verb} {net}")));
            let before = std::mem::replace(&mut host, assert_current(monitor));
            assert_eq!(host.len() + 2 * now, before.len() + 2 * size);
            now = size;
        }
        // A replacement of the same length.
        ip_batch((0..40).map(|n| format!("addr add {}", v4(n))));
        assert_current(monitor);
        ip_batch((0..40).flat_map(|n| {
            [
                format!("addr del {}", v4(n)),
                format!("addr add {}", v4(n + 100)),
            ]
        }));
        assert_current(monitor);
    });
}
