//! `BindnetAddr::each_match` against a loop over bytes: every prefix length, masks with holes, and
//! tables whose sizes straddle the blocks in which addresses are tested.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bindnet::rule::Match;
use bindnet::snapshot::Netmask;
use bindnet::{Address, BindnetAddr, Link, Snapshot};
use ipnet::IpNet;
use proptest::prelude::*;

/// How many addresses the scan tests at once.
const BLOCK: usize = 16;

fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn every_ipv4_prefix_length() {
    let ip = Ipv4Addr::new(192, 0, 2, 170).to_bits();
    for len in 0..=32 {
        let mask = u32::MAX.checked_shl(32 - len).unwrap_or(0);
        // Itself, its network, and an address that differs in one bit, for each bit.
        let one_off = (0..32).map(|bit| ip ^ 1 << bit);
        for target in one_off.chain([ip, ip & mask, !ip, 0, u32::MAX]) {
            let host = [(
                Ipv4Addr::from_bits(ip).into(),
                Ipv4Addr::from_bits(mask).into(),
            )];
            check(&host, Ipv4Addr::from_bits(target).into());
        }
    }
}

/// A zone hides the addresses of every other link, those of unknown links too, and one that does not
/// exist hides all.
#[test]
fn a_zone() {
    let links = [(2, "eth0"), (3, "eth1")].map(|(i, name)| Link::new(i, name.parse().unwrap()));
    let net: IpNet = "fe80::1/64".parse().unwrap();
    let stray = Address::new(net, 2).on_unknown_link();
    let addresses = [Address::new(net, 2), Address::new(net, 3), stray];
    let host = Snapshot::new(links, addresses).unwrap();
    let (first, second) = (Some(2), Some(3));
    for (text, expected) in [
        ("fe80::", &[first, second, None][..]),
        ("fe80::%eth1", &[second]),
        ("fe80::%2", &[first]),
        ("fe80::%eth9", &[]),
        ("fe80::%9/64", &[]),
    ] {
        let mut found = Vec::new();
        let bindnet: BindnetAddr = text.parse().unwrap();
        bindnet.each_match(&host, |address, _| found.push(address.link_index()));
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn every_ipv6_prefix_length() {
    let ip = Ipv6Addr::new(0x2001, 0xdb8, 0, 7, 0xaaaa, 0x5555, 0, 0xa5).to_bits();
    for len in 0..=128 {
        let mask = u128::MAX.checked_shl(128 - len).unwrap_or(0);
        let one_off = (0..128).map(|bit| ip ^ 1 << bit);
        for target in one_off.chain([ip, ip & mask, !ip, 0, u128::MAX]) {
            let host = [(
                Ipv6Addr::from_bits(ip).into(),
                Ipv6Addr::from_bits(mask).into(),
            )];
            check(&host, Ipv6Addr::from_bits(target).into());
        }
    }
}

#[test]
fn every_prefix_length_that_the_operator_may_write() {
    let ips = ["192.0.2.170", "2001:db8:0:7:aaaa:5555:0:a5"];
    for ip in ips.map(|text| text.parse::<IpAddr>().unwrap()) {
        let bits = 8 * bytes(ip).len();
        let own = if bits == 32 {
            "255.255.255.0"
        } else {
            "ffff:ffff:ffff:ffff::"
        };
        let flipped = (0..bits).map(|bit| {
            let mut bytes = bytes(ip);
            bytes[bit / 8] ^= 0x80 >> (bit % 8);
            (address(&bytes), own.parse().unwrap())
        });
        let host: Vec<(IpAddr, IpAddr)> = flipped.chain([(ip, own.parse().unwrap())]).collect();
        for len in 0..=bits as u8 {
            check_network(&host, IpNet::new(ip, len).unwrap().trunc());
        }
    }
}

/// A link-local or loopback address matches only a bindnetaddr inside its own network.
#[test]
fn what_no_wider_network_matches() {
    let host: Vec<(IpAddr, IpAddr)> = [
        ("127.0.0.1", "255.0.0.0"),
        ("192.0.2.10", "255.255.255.0"),
        ("192.0.2.11", "0.0.0.0"),
        ("::1", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"),
        ("fe80::1", "ffff:ffff:ffff:ffff::"),
        ("2001:db8::10", "ffff:ffff:ffff:ffff::"),
        ("febf::1", "::"),
        ("::1", "::"),
    ]
    .map(|(ip, mask)| (ip.parse().unwrap(), mask.parse().unwrap()))
    .to_vec();
    for (text, expected) in [
        ("0.0.0.0/0", &["192.0.2.10", "192.0.2.11"][..]),
        ("126.0.0.0/7", &[]),
        ("127.0.0.0/8", &["127.0.0.1"]),
        ("127.0.0.0/9", &["127.0.0.1"]),
        ("127.0.0.0", &["127.0.0.1", "192.0.2.11"]),
        ("127.0.0.1", &["127.0.0.1", "192.0.2.11"]),
        ("::/0", &["2001:db8::10"]),
        ("::/127", &[]),
        ("fe80::/9", &[]),
        ("fe80::/10", &["fe80::1", "febf::1"]),
        ("fe80::/64", &["fe80::1"]),
        ("fe80::", &["fe80::1", "febf::1"]),
        ("fe80::1", &["fe80::1", "febf::1"]),
        ("2001:db8::", &["2001:db8::10"]),
        ("::1", &["::1", "::1"]),
        ("::1/128", &["::1", "::1"]),
    ] {
        let bindnet: BindnetAddr = text.parse().unwrap();
        let of_family = |(ip, _): &&(IpAddr, IpAddr)| ip.is_ipv4() == bindnet.ip().is_ipv4();
        let host: Vec<_> = host.iter().filter(of_family).copied().collect();
        let found = found(&host, text).into_iter();
        let found: Vec<_> = found.map(|(ip, _)| ip.to_string()).collect();
        assert_eq!(found, expected, "{text}");
    }
}

/// A hit at every position of tables around multiples of the block.
#[test]
fn every_position_of_every_size() {
    let near = |size: usize| size.saturating_sub(2)..=size + 2;
    let sizes = (0..=4).flat_map(|blocks| near(blocks * BLOCK));
    let miss = (
        "198.51.100.1".parse().unwrap(),
        "255.255.255.0".parse().unwrap(),
    );
    let hits = [
        (
            "192.0.2.10".parse().unwrap(),
            "255.255.255.0".parse().unwrap(),
        ),
        (
            "192.0.2.0".parse().unwrap(),
            "255.255.255.255".parse().unwrap(),
        ),
    ];
    for size in sizes {
        for hit in hits {
            for at in 0..size {
                let mut host = vec![miss; size];
                host[at] = hit;
                check(&host, "192.0.2.0".parse().unwrap());
                check_network(&host, "192.0.2.0/28".parse().unwrap());
                host[(at + 7) % size] = hit;
                check(&host, "192.0.2.0".parse().unwrap());
            }
        }
        check(&vec![miss; size], "192.0.2.0".parse().unwrap());
        check(&vec![hits[0]; size], "192.0.2.0".parse().unwrap());
    }
}

proptest! {
    #![proptest_config(config())]

    /// Masks with any holes; addresses that differ from the target in few bits.
    #[test]
    fn any_ipv4_masks(target: u32, table in prop::collection::vec((few_bits(), any::<u32>()), 0..70)) {
        let pair = |(flip, mask): &(u128, u32)| {
            let ip = target ^ *flip as u32;
            (Ipv4Addr::from_bits(ip).into(), Ipv4Addr::from_bits(*mask).into())
        };
        let host: Vec<_> = table.iter().map(pair).collect();
        check(&host, Ipv4Addr::from_bits(target).into());
    }

    /// Several networks match what each of them does, and each address once.
    #[test]
    fn several_networks(
        target: u32,
        nets in prop::collection::vec((few_bits(), 0..=32u8), 2..70),
        table in prop::collection::vec((few_bits(), any::<u32>()), 0..70),
    ) {
        let near = |flip: u128| Ipv4Addr::from_bits(target ^ flip as u32).into();
        let net = |(flip, len): &(u128, u8)| IpNet::new(near(*flip), *len).unwrap().trunc();
        let nets: Vec<_> = nets.iter().take(BindnetAddr::MAX_NETWORKS).map(net).collect();
        let mask = |mask: &u32| Ipv4Addr::from_bits(*mask).into();
        let host: Vec<_> = table.iter().map(|(flip, bits)| (near(*flip), mask(bits))).collect();
        check_networks(&host, &nets);
    }

    #[test]
    fn several_ipv6_networks(
        target: u128,
        nets in prop::collection::vec((few_bits(), 0..=128u8), 2..9),
        table in prop::collection::vec(few_bits(), 0..70),
    ) {
        let near = |flip: u128| Ipv6Addr::from_bits(target ^ flip).into();
        let net = |(flip, len): &(u128, u8)| IpNet::new(near(*flip), *len).unwrap().trunc();
        let nets: Vec<_> = nets.iter().map(net).collect();
        let is_mapped = |net: &IpNet| matches!(net.addr(), IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some());
        prop_assume!(!nets.iter().any(is_mapped));
        let mask: IpAddr = "ffff:ffff:ffff:ffff::".parse().unwrap();
        let host: Vec<_> = table.iter().map(|flip| (near(*flip), mask)).collect();
        check_networks(&host, &nets);
    }

    #[test]
    fn any_ipv6_masks(target: u128, table in prop::collection::vec((few_bits(), any::<u128>()), 0..70)) {
        // An IPv4-mapped address is refused.
        prop_assume!(target >> 32 != 0xffff);
        let pair = |(flip, mask): &(u128, u128)| {
            (Ipv6Addr::from_bits(target ^ *flip).into(), Ipv6Addr::from_bits(*mask).into())
        };
        let host: Vec<_> = table.iter().map(pair).collect();
        check(&host, Ipv6Addr::from_bits(target).into());
    }
}

/// At most three bits.
fn few_bits() -> impl Strategy<Value = u128> {
    let bits = prop::collection::vec(0..128u32, 0..4);
    bits.prop_map(|bits| bits.into_iter().fold(0, |set, bit| set | 1 << bit))
}

/// Compares the matches of a bindnetaddr without a prefix.
fn check(host: &[(IpAddr, IpAddr)], target: IpAddr) {
    let wanted = host.iter().filter_map(|(ip, mask)| {
        let (ip_bytes, target_bytes, mask) = (bytes(*ip), bytes(target), bytes(*mask));
        let mut same = true;
        let mut host_bits = false;
        for at in 0..mask.len() {
            same &= (ip_bytes[at] ^ target_bytes[at]) & mask[at] == 0;
            host_bits |= target_bytes[at] & !mask[at] != 0;
        }
        let matched = match (*ip == target, host_bits) {
            (true, _) => Match::Exact,
            (false, false) => Match::Network,
            (false, true) => Match::SameNetwork,
        };
        (same && may_reach(*ip, target, u8::MAX)).then_some((*ip, matched))
    });
    let wanted: Vec<_> = wanted.collect();
    // It is refused.
    if target.is_unspecified() {
        return;
    }
    assert_eq!(
        found(host, &target.to_string()),
        wanted,
        "{target} in {host:?}"
    );
}

/// Compares the matches of a network with its prefix.
fn check_network(host: &[(IpAddr, IpAddr)], net: IpNet) {
    let all = net.prefix_len() == net.max_prefix_len();
    let matched = if all { Match::Exact } else { Match::Network };
    let inside = host.iter().filter(|(ip, _)| {
        let (ip_bytes, net_bytes) = (bytes(*ip), bytes(net.addr()));
        let bit = |bytes: &[u8], at: usize| bytes[at / 8] & 0x80 >> (at % 8) != 0;
        (0..usize::from(net.prefix_len())).all(|at| bit(&ip_bytes, at) == bit(&net_bytes, at))
            && may_reach(*ip, net.addr(), net.prefix_len())
    });
    let wanted: Vec<_> = inside.map(|(ip, _)| (*ip, matched)).collect();
    assert_eq!(found(host, &net.to_string()), wanted, "{net} in {host:?}");
}

/// Compares the matches of several networks with those of each. An address may be on the
/// host twice.
fn check_networks(host: &[(IpAddr, IpAddr)], nets: &[IpNet]) {
    let texts: Vec<_> = nets.iter().map(IpNet::to_string).collect();
    let each = texts.iter().flat_map(|text| found(host, text));
    let each: Vec<_> = each.collect();
    let exact = |ip| each.contains(&(ip, Match::Exact));
    let wanted = host.iter().filter_map(|(ip, _)| {
        let matched = if exact(*ip) {
            Match::Exact
        } else {
            Match::Network
        };
        each.iter()
            .any(|(found, _)| found == ip)
            .then_some((*ip, matched))
    });
    let wanted: Vec<_> = wanted.collect();
    assert_eq!(
        found(host, &texts.join(",")),
        wanted,
        "{texts:?} in {host:?}"
    );
}

/// Whether an address is of no network that matches only from inside, or the target is inside of it.
fn may_reach(ip: IpAddr, target: IpAddr, len: u8) -> bool {
    let confined = ["127.0.0.0/8", "fe80::/10", "::1/128"].map(|net| net.parse::<IpNet>().unwrap());
    let around = |ip: IpAddr| confined.into_iter().find(|net| net.contains(&ip));
    around(ip).is_none_or(|net| around(target) == Some(net) && len >= net.prefix_len())
}

/// What the library finds; addresses of the other family stand around those of the host.
fn found(host: &[(IpAddr, IpAddr)], bindnetaddr: &str) -> Vec<(IpAddr, Match)> {
    let at = |(ip, mask): &(IpAddr, IpAddr)| {
        Address::with_netmask(*ip, Netmask::from_ip(*mask), 2).unwrap()
    };
    let others = ["192.0.2.1/0", "2001:db8::1/0"].map(|text| text.parse::<IpNet>().unwrap());
    let bindnet: BindnetAddr = bindnetaddr.parse().unwrap();
    let is_other = |net: &IpNet| net.addr().is_ipv4() != bindnet.ip().is_ipv4();
    let others = others
        .into_iter()
        .filter(is_other)
        .map(|net| Address::new(net, 2));
    let addresses = others.chain(host.iter().map(at));
    let link = Link::new(2, "eth0".parse().unwrap());
    let snapshot = Snapshot::new([link], addresses).unwrap();
    let mut found = Vec::new();
    bindnet.each_match(&snapshot, |address, matched| {
        found.push((address.ip(), matched))
    });
    found
}

fn bytes(ip: IpAddr) -> Vec<u8> {
    match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    }
}

fn address(bytes: &[u8]) -> IpAddr {
    match <[u8; 4]>::try_from(bytes) {
        Ok(v4) => v4.into(),
        Err(_) => <[u8; 16]>::try_from(bytes).unwrap().into(),
    }
}
