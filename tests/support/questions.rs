//! Strategies for questions about hosts: hits, near misses and misses, with every option.

use std::net::IpAddr;

use bindnet::explain::{Advice, Setting};
use bindnet::rule::{Evidence, ScopedAddr, Separation, parse_net};
use bindnet::snapshot::Name;
use bindnet::testing::strategies::bindnets::{self, ELSEWHERE_V4, ELSEWHERE_V6};
use bindnet::testing::strategies::hosts::{Draft, LINKS, V4, V6, host};
use bindnet::{Address, BindnetAddr, Candidate, Decision, Link, Snapshot};
use ipnet::IpNet;
use proptest::collection::{hash_set, vec};
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use crate::ask::Ask;

const ZONES: [&str; 7] = ["eth0", "eth1", "2", "3", "4", r"e\x1b\xff", "eth9"];

/// `PROPTEST_CASES` counts, where it is set.
pub fn config(cases: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    ProptestConfig {
        cases: std::env::var("PROPTEST_CASES").map_or(cases, |_| default.cases),
        max_global_rejects: 1_000_000,
        failure_persistence: None,
        ..default
    }
}

/// A host and a question about it that is mostly aimed at one of its addresses.
pub fn case() -> impl Strategy<Value = (Draft, Ask)> {
    let aim = weighted(0.8, (any::<Index>(), bindnets::aim()));
    let previous = weighted(0.3, (any::<Index>(), select(vec![true, true, true, false])));
    (host(), ask(), aim, previous).prop_map(|(host, mut ask, aim, previous)| {
        if let (Some((index, aim)), false) = (aim, host.addresses.is_empty()) {
            ask.aim_at(aim.at(index.get(&host.addresses), &host.links));
        }
        if let (Some((index, with_zone)), false) = (previous, host.addresses.is_empty()) {
            let address = index.get(&host.addresses);
            let zone = zone_of(address, &host.links).filter(|_| with_zone);
            ask.previous = Some((address.ip(), zone.filter(|_| address.is_link_local())));
        }
        (host, ask)
    })
}

/// A host whose links have odd names, among them the indexes of other links and what looks like a
/// byte that is printed. Each link has `fe80::1/64`, and in `192.0.2.0/24` an address of its own.
pub fn odd_links() -> impl Strategy<Value = Snapshot> {
    const ODD: [&[u8]; 9] = [
        br"a\x30",
        b"a0",
        br"\x31",
        br"\",
        b"02",
        b"+3",
        b"%2",
        b"e h\xff",
        b"99999999999",
    ];
    let number = (1..7u32).prop_map(|number| number.to_string().into_bytes());
    let name = prop_oneof![
        4 => number,
        3 => select(&ODD[..]).prop_map(<[u8]>::to_vec),
        2 => vec(1..=255u8, 1..16),
    ];
    let name = name.prop_map(|bytes| Name::from_bytes(&bytes).unwrap());
    let indexes = subsequence((1..7u32).collect::<Vec<_>>(), 1..5).prop_shuffle();
    (indexes, hash_set(name, 4)).prop_map(|(indexes, names)| {
        let links = indexes
            .iter()
            .zip(names)
            .map(|(index, name)| Link::new(*index, name));
        let addresses = indexes.iter().flat_map(|index| {
            let v4 = format!("192.0.2.{index}/24");
            ["fe80::1/64", &v4].map(|net| Address::new(net.parse().unwrap(), *index))
        });
        Snapshot::new(links, addresses).unwrap()
    })
}

impl Ask {
    /// Asks for what a bindnetaddr names.
    fn aim_at(&mut self, bindnet: BindnetAddr) {
        self.ip = bindnet.ip();
        let (first, others) = match bindnet.networks() {
            [] => (None, &[][..]),
            [first, others @ ..] => (Some(first.prefix_len()), others),
        };
        (self.prefix_len, self.others) = (first, others.to_vec());
        self.zone = bindnet.zone().map(|zone| zone.to_string());
    }
}

fn zone_of(address: &Address, links: &[Link]) -> Option<String> {
    let link = links
        .iter()
        .find(|link| Some(link.index()) == address.link_index())?;
    Some(link.name().to_string())
}

/// A question that knows nothing of the host.
fn ask() -> impl Strategy<Value = Ask> {
    let name = |likely| weighted(likely, select(&ZONES[..]).prop_map(str::to_owned));
    let interface = weighted(0.1, select(&LINKS[..]).prop_map(str::to_owned));
    let target = (any_ip(), weighted(0.4, any::<Index>()), name(0.2));
    let previous = weighted(0.4, (any_ip(), name(0.5)));
    let lists = (vec(net(), 0..3), vec(net(), 0..3), any::<bool>());
    (
        target,
        interface,
        previous,
        lists,
        rules(),
        prop::bool::weighted(0.2),
    )
        .prop_map(
            |(target, interface, previous, lists, (off, protocols), strict)| {
                let (ip, prefix, zone) = target;
                let mut ask = Ask::new(ip);
                if let Some(prefix) = prefix {
                    let lens: &[u8] = match ip {
                        IpAddr::V4(_) => &[24, 32, 25, 23, 8, 0],
                        IpAddr::V6(_) => &[64, 128, 48, 112, 10, 0],
                    };
                    let net = IpNet::new(ip, *prefix.get(lens)).unwrap().trunc();
                    (ask.ip, ask.prefix_len) = (net.addr(), Some(net.prefix_len()));
                }
                ask.zone = zone.filter(|_| ip.is_ipv6());
                ask.interface = interface;
                ask.previous = previous.map(|(ip, zone)| (ip, zone.filter(|_| ip.is_ipv6())));
                if let (floating, fixed, true) = lists {
                    (ask.floating, ask.fixed) = (floating, fixed);
                    let floating = ask.floating.clone();
                    ask.fixed.retain(|net| !floating.contains(net));
                }
                (ask.off, ask.protocols, ask.strict) = (off, protocols, strict);
                ask
            },
        )
}

fn any_ip() -> impl Strategy<Value = IpAddr> {
    let here = V4.map(IpAddr::from).into_iter().chain(V6.map(IpAddr::from));
    let elsewhere = ELSEWHERE_V4.map(IpAddr::from).into_iter();
    let elsewhere = elsewhere.chain(ELSEWHERE_V6.map(IpAddr::from));
    prop_oneof![
        6 => select(here.collect::<Vec<_>>()),
        4 => select(elsewhere.collect::<Vec<_>>()),
    ]
}

/// An entry of the operator's lists.
fn net() -> impl Strategy<Value = IpNet> {
    (any_ip(), any::<Index>()).prop_map(|(ip, len)| {
        let lens: &[u8] = match ip {
            IpAddr::V4(_) => &[32, 32, 31, 25, 24, 0],
            IpAddr::V6(_) => &[128, 128, 127, 112, 64, 0],
        };
        IpNet::new(ip, *len.get(lens)).unwrap().trunc()
    })
}

/// The rules that are off, and the protocols that mark floating addresses.
fn rules() -> impl Strategy<Value = (Vec<&'static str>, Vec<u8>)> {
    let codes: Vec<_> = Evidence::all().map(|rule| rule.reason().code()).collect();
    let few = subsequence(codes.clone(), 0..4);
    let off = prop_oneof![6 => Just(Vec::new()), 3 => few, 1 => Just(codes)];
    let protocols = prop_oneof![4 => Just(vec![18]), 1 => Just(vec![]), 1 => Just(vec![5, 2])];
    (off, protocols)
}

/// What is decided about a host.
pub fn decide(host: &Draft, ask: &Ask) -> Decision {
    ask.selector().decide(&host.snapshot())
}

/// The choice and whether it is ambiguous. The link is a part of a link-local address only.
pub fn choice(decision: &Decision) -> (Option<(IpAddr, u32)>, bool) {
    let chosen = decision
        .chosen()
        .map(|chosen| (chosen.ip(), chosen.scope_id()));
    (chosen, decision.is_ambiguous())
}

/// All that a decision says of its candidates, in words.
pub fn told(decision: &Decision) -> (Option<Separation>, Vec<String>) {
    let told = |c: &Candidate| format!("{c} {:?} {:?}", c.interface(), (c.verdict(), c.reasons()));
    let mut lines = vec![format!("{:?} {:?}", decision.outcome(), choice(decision))];
    lines.extend(decision.candidates().iter().map(told));
    (decision.separated_by(), lines)
}

/// The question with a piece of advice followed, from the text of it.
pub fn follow(ask: &Ask, advice: &Advice) -> Ask {
    let mut ask = ask.clone();
    let value = advice.setting.value();
    let value = value.as_str();
    match &advice.setting {
        Setting::Floating(net) => {
            assert_eq!(parse_net(value), Ok(*net));
            ask.floating.push(*net);
        }
        Setting::Fixed(net) => {
            assert_eq!(parse_net(value), Ok(*net));
            ask.fixed.push(*net);
        }
        Setting::Previous(_) => {
            let previous: ScopedAddr = value.parse().unwrap();
            ask.previous = Some((previous.ip(), previous.zone().map(|zone| zone.to_string())));
        }
        Setting::Interface(_) => ask.interface = Some(value.to_owned()),
        Setting::Bindnetaddr(_) => {
            let bindnet: BindnetAddr = value.parse().unwrap();
            ask.aim_at(bindnet);
        }
        setting => panic!("{setting} does not settle a choice"),
    }
    ask
}
