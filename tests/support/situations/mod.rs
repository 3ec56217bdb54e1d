//! Hosts that are plain but for a few situations, questions about them, and how often each
//! situation was met.

mod hosts;
mod met;

use std::net::IpAddr;

use bindnet::Address;
use bindnet::testing::strategies::hosts::Draft;
use ipnet::IpNet;
use proptest::collection::vec;
use proptest::option::weighted;
use proptest::prelude::*;
use proptest::sample::{Index, select, subsequence};

use crate::ask::Ask;
use crate::model::REASONS;
use crate::questions;
use hosts::{ALT_NAMES, LINKS, V4, V6, host, usual_len};

pub use met::Met;

/// How a network or an address of a host is asked for.
#[derive(Clone, Copy, Debug)]
enum Form {
    Network,
    SameNetwork,
    Exact,
    Prefix,
    Wide,
    All,
    Zone,
    /// By an alternative name of a link.
    AltName,
    List,
}

/// Who is remembered or declared: an address of the host, or one that it may not have.
type Somebody = (bool, Index, Index);

fn somebody() -> impl Strategy<Value = Somebody> {
    (prop::bool::weighted(0.6), any::<Index>(), any::<Index>())
}

fn find((here, index, of_pool): Somebody, host: &Draft, v4: bool) -> IpAddr {
    let address = index.get(&host.addresses).ip();
    if here && address.is_ipv4() == v4 {
        return address;
    }
    let pool = if v4 { V4 } else { V6 };
    of_pool.get(&pool[..]).parse().unwrap()
}

type Lists = (Vec<(Somebody, bool)>, Vec<(Somebody, bool)>);

fn lists() -> impl Strategy<Value = Lists> {
    let fixed = vec((somebody(), prop::bool::weighted(0.15)), 0..3);
    let floating = vec((somebody(), prop::bool::weighted(0.15)), 0..2);
    (
        prop_oneof![2 => Just(Vec::new()), 1 => fixed],
        prop_oneof![3 => Just(Vec::new()), 1 => floating],
    )
}

fn off() -> impl Strategy<Value = Vec<&'static str>> {
    let is_rule = |code: &&str| {
        let at = REASONS.iter().position(|reason| reason == code).unwrap();
        (2..12).contains(&at)
    };
    let rules: Vec<&str> = REASONS.into_iter().filter(is_rule).collect();
    prop_oneof![8 => Just(Vec::new()), 1 => subsequence(rules, 1..4)]
}

fn calm() -> impl Strategy<Value = (Draft, Ask)> {
    let form = prop_oneof![
        10 => Just(Form::Network),
        2 => Just(Form::SameNetwork),
        3 => Just(Form::Exact),
        5 => Just(Form::Prefix),
        1 => Just(Form::Wide),
        1 => Just(Form::All),
        2 => Just(Form::Zone),
        1 => Just(Form::AltName),
        2 => Just(Form::List),
    ];
    let interface = weighted(
        0.1,
        select(vec!["eth0", "eth0", "eth1", "br0", "enp0s3", "2"]),
    );
    let previous = weighted(0.25, (somebody(), prop::bool::weighted(0.5)));
    let strict = prop::bool::weighted(0.15);
    let asked = (any::<Index>(), any::<Index>(), form, interface);
    (host(), asked, previous, lists(), off(), strict).prop_map(
        |(host, (index, other, form, interface), previous, (fixed, floating), off, strict)| {
            let address = *index.get(&host.addresses);
            let v4 = address.ip().is_ipv4();
            let mut ask = aim(form, &address, other.get(&host.addresses));
            ask.interface = interface.map(str::to_owned).or(ask.interface);
            ask.previous = previous.map(|(who, with_link)| {
                let ip = find(who, &host, v4);
                let link = with_link && ip.is_ipv6();
                (
                    ip,
                    link.then(|| LINKS[address.link_index().unwrap() as usize - 1].to_owned()),
                )
            });
            let nets = |list: Vec<(Somebody, bool)>| -> Vec<IpNet> {
                let nets = list.into_iter().map(|(who, wide)| {
                    let ip = find(who, &host, v4);
                    if wide { network(ip) } else { IpNet::from(ip) }
                });
                nets.collect()
            };
            (ask.fixed, ask.floating) = (nets(fixed), nets(floating));
            let floating = ask.floating.clone();
            ask.fixed.retain(|net| !floating.contains(net));
            (ask.off, ask.strict) = (off, strict);
            (host, ask)
        },
    )
}

fn network(ip: IpAddr) -> IpNet {
    IpNet::new(ip, usual_len(ip)).unwrap().trunc()
}

fn aim(form: Form, address: &Address, other: &Address) -> Ask {
    let ip = address.ip();
    let net = network(ip);
    let with_prefix = |net: IpNet| {
        let mut ask = Ask::new(net.addr());
        ask.prefix_len = Some(net.prefix_len());
        ask
    };
    match form {
        Form::Network => Ask::new(net.addr()),
        Form::SameNetwork => Ask::new(match ip {
            IpAddr::V4(ip) => IpAddr::V4((ip.to_bits() & !0xff | 99).into()),
            IpAddr::V6(ip) => IpAddr::V6((ip.to_bits() & !0xff | 0x99).into()),
        }),
        Form::Exact => Ask::new(ip),
        Form::Prefix => with_prefix(net),
        Form::Wide => with_prefix(IpNet::new(ip, net.prefix_len() / 2).unwrap().trunc()),
        Form::All => with_prefix(IpNet::new(ip, 0).unwrap().trunc()),
        Form::Zone => {
            let mut ask = Ask::new(net.addr());
            let name = LINKS[address.link_index().unwrap() as usize - 1];
            ask.zone = Some(name.to_owned()).filter(|_| ip.is_ipv6());
            ask
        }
        Form::AltName => {
            let mut ask = Ask::new(net.addr());
            let of_link = |(of, _): &&(u32, &str)| Some(*of) == address.link_index();
            let name = ALT_NAMES
                .iter()
                .find(of_link)
                .map(|(_, name)| name.to_string());
            let slot = if ip.is_ipv6() {
                &mut ask.zone
            } else {
                &mut ask.interface
            };
            *slot = name;
            ask
        }
        Form::List => {
            let mut ask = with_prefix(net);
            let same_family = other.ip().is_ipv4() == ip.is_ipv4();
            ask.others = vec![IpNet::from(if same_family { other.ip() } else { ip })];
            ask
        }
    }
}

/// A host and a question about it: a plain one with a few situations, or a hostile one.
pub fn case() -> impl Strategy<Value = (Draft, Ask)> {
    let case = prop_oneof![4 => calm().boxed(), 1 => questions::case().boxed()];
    case.prop_map(|(host, mut ask)| {
        // Neither 0.0.0.0 nor :: is a bindnetaddr by itself.
        if ask.ip.is_unspecified() && ask.prefix_len.is_none() {
            (ask.prefix_len, ask.zone) = (Some(0), None);
        }
        (host, ask)
    })
}
