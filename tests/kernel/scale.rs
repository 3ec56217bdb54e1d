//! Hosts with very many addresses or links: captured whole, in order, and decided about by asking
//! for little, on hosts that the tests stage in network namespaces of their own.

use bindnet_tests::netns;

use bindnet::{Address, Selector};
use netns::{
    assert_same, assert_sources_agree, cable, capturer, chosen, decides_alike, ip, ip_batch, run,
};

/// Far more than one datagram: a dump that lost, repeated or reordered a piece would show.
#[test]
fn ten_thousand_addresses() {
    run(|| {
        cable("eth0");
        ip("addr add 10.9.0.10/16 dev eth0");
        let services: Vec<_> = (0..10_000)
            .map(|n| format!("10.9.{}.{}", 40 + n / 200, n % 200))
            .collect();
        // They are on a link of their own, as a service proxy has them; the kernel is quicker with
        // one that is down.
        ip("link add proxy0 type bridge");
        ip_batch(
            services
                .iter()
                .map(|ip| format!("addr add {ip}/32 dev proxy0")),
        );
        let host = assert_sources_agree();
        let captured = host.addresses().map(|a| a.ip().to_string());
        let staged = ["10.9.0.10".to_owned()]
            .into_iter()
            .chain(services.iter().cloned());
        assert_same(captured, staged);

        assert_eq!(chosen("10.9.0.0/16"), "10.9.0.10");
        assert_all_alike(&["10.9.0.0", "10.9.50.50", "10.9.60.0/24", "192.0.2.0"]);
    });
}

/// The same for IPv6, whose list the kernel walks by another way.
#[test]
fn three_thousand_addresses_of_ipv6() {
    run(|| {
        cable("eth0");
        ip_batch((0..3000).map(|n| format!("addr add 2001:db8::{n:x}:1/64 dev eth0 nodad")));
        let host = assert_sources_agree();
        let captured = host.addresses().map(|a| a.ip().to_string());
        let newest_first = (0..3000u32).rev().map(|n| {
            let ip: std::net::Ipv6Addr = format!("2001:db8::{n:x}:1").parse().unwrap();
            ip.to_string()
        });
        assert_same(captured, newest_first);
        assert_all_alike(&["2001:db8::", "2001:db8::1:1", "2001:db8:1::"]);
    });
}

/// A decision about candidates on a few links asks about each of them, on many it dumps the links.
#[test]
fn a_thousand_links() {
    const PAIRS: usize = 500;
    run(|| {
        ip_batch((0..PAIRS).map(|n| format!("link add v{n} type veth peer name p{n}")));
        let staged = |n: usize| [format!("p{n}"), format!("v{n}")];
        let names: Vec<_> = (0..PAIRS).flat_map(staged).collect();
        let everywhere = names.iter().enumerate();
        ip_batch(everywhere.map(|(n, name)| {
            let ip = format!("10.{}.{}.1", n / 200, n % 200);
            format!("addr add {ip}/8 dev {name}")
        }));
        ip("addr add 192.0.2.10/24 dev v499");
        ip_batch((0..40).map(|n| format!("addr add 198.51.100.{n}/24 dev p{}", n * 10)));

        let host = assert_sources_agree();
        // In which order is the kernel's matter: by index, or before 6.9 by its hash.
        let links = host.links().iter().map(|link| link.name().to_string());
        let links: Vec<_> = links.filter(|name| name != "lo").collect();
        let on = |address: Address| host.link_of(&address).unwrap().name().to_string();
        let first = host
            .addresses()
            .filter(|a| a.ip().to_string().starts_with("10."));
        assert_same(first.map(on), links.iter().cloned());
        let sorted = |mut names: Vec<String>| {
            names.sort();
            names
        };
        assert_eq!(sorted(links), sorted(names));

        let mut live = capturer();
        for (bindnet, candidates) in [
            ("10.0.0.0", 2 * PAIRS),
            ("10.3.0.0/16", 200),
            ("198.51.100.0", 40),
            ("192.0.2.0", 1),
            ("203.0.113.0", 0),
        ] {
            let selector = Selector::new(bindnet.parse().unwrap());
            let decision = decides_alike(&mut live, &selector);
            assert_eq!(decision.candidates().len(), candidates, "{bindnet}");
            let on_one = selector.interface("v499".parse().unwrap());
            let _ = decides_alike(&mut live, &on_one);
        }
    });
}

fn assert_all_alike(bindnets: &[&str]) {
    let mut live = capturer();
    for bindnet in bindnets {
        let _ = decides_alike(&mut live, &Selector::new(bindnet.parse().unwrap()));
    }
}
