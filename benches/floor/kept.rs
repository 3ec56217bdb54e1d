//! Matching and deciding on a snapshot that is kept; no kernel is asked.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bindnet::snapshot::{AddressFlags, Scope};
use bindnet::{Address, BindnetAddr, Link, Selector, Snapshot};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::reading::read;
use crate::report::{Limit, Report};
use crate::timing::{Patience, medians, ratio};

const MANY: usize = 10_000;

/// How often a short way is run to be measured.
const TIMES: usize = 50;

/// All rows.
pub fn run(report: &mut Report, patience: Patience) {
    report.heading("a kept snapshot of 10 000 addresses");
    let nets = |at| Ipv4Net::new(v4(at), 24).expect("a prefix");
    let nets: Vec<Ipv4Net> = (0..MANY).map(nets).collect();
    let target = Ipv4Addr::new(192, 0, 2, 0);
    scan(report, patience, "IPv4", 1, &nets, target.into(), |net| {
        net.contains(&target)
    });
    let nets = |at| Ipv6Net::new(v6(at), 64).expect("a prefix");
    let nets: Vec<Ipv6Net> = (0..MANY).map(nets).collect();
    let target = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
    scan(report, patience, "IPv6", 4, &nets, target.into(), |net| {
        net.contains(&target)
    });
    one_candidate(report, patience);
    let host_prefix = |at| IpNet::new(v4(at).into(), 32).expect("a prefix");
    growth(report, patience, "IPv4, all /32", "10.0.0.0/8", host_prefix);
    let sibling = |at| IpNet::new(v6(at + 1).into(), 64).expect("a prefix");
    growth(report, patience, "IPv6, all siblings", "fd00::", sibling);
}

/// A scan without a hit, beside reading what it reads and beside ipnet; `words` is how many
/// integers of 64 bits an address and a mask take.
fn scan<N: Copy + Into<IpNet>>(
    report: &mut Report,
    patience: Patience,
    family: &str,
    words: usize,
    nets: &[N],
    target: IpAddr,
    contains: impl Fn(&N) -> bool,
) {
    let host = host(nets.iter().map(|net| (*net).into()));
    let bindnet: BindnetAddr = target.to_string().parse().expect("a bindnetaddr");
    let bytes: Vec<u64> = (0..(nets.len() * words) as u64).collect();
    let [floor, ours, theirs] = medians(
        patience,
        || {},
        [
            times(|| read(black_box(&bytes))),
            times(|| matches(black_box(&bindnet), black_box(&host))),
            times(|| black_box(nets).iter().filter(|net| contains(net)).count()),
        ],
    );
    let what = format!("{family}: match, beside reading addresses and masks");
    report.row(&what, ratio(ours, floor), Limit::AtMost(1.5));
    let what = format!("{family}: match, times faster than ipnet's contains");
    report.row(&what, ratio(theirs, ours), Limit::AtLeast(8.0));
}

/// A decision with one candidate, beside the scan for it.
fn one_candidate(report: &mut Report, patience: Patience) {
    let others = (1..MANY).map(|at| IpNet::new(v4(at << 8).into(), 24).expect("a prefix"));
    let host = host(others.chain(["192.0.2.10/24".parse().expect("a network")]));
    let bindnet: BindnetAddr = "192.0.2.0".parse().expect("a bindnetaddr");
    let selector = Selector::new(bindnet.clone());
    let [scan, decision] = medians(
        patience,
        || {},
        [
            times(|| matches(black_box(&bindnet), black_box(&host))),
            times(|| black_box(&selector).decide(black_box(&host))),
        ],
    );
    let what = "decide with one candidate, beside the match alone";
    report.row(what, ratio(decision, scan), Limit::AtMost(3.0));
}

/// A decision whose candidates are all addresses, 10 000 beside 1 000 of them.
fn growth(
    report: &mut Report,
    patience: Patience,
    what: &str,
    bindnet: &str,
    net: impl Fn(usize) -> IpNet,
) {
    let selector = Selector::new(bindnet.parse().expect("a bindnetaddr"));
    let subnet: IpNet = "10.0.0.0/16".parse().expect("a network");
    let [few, many] = [MANY / 10, MANY].map(|count| host((1..count).map(&net).chain([subnet])));
    let decide = |host: &Snapshot| drop(black_box(selector.decide(black_box(host))));
    let [few, many] = medians(
        patience,
        || {},
        [Box::new(|| decide(&few)), Box::new(|| decide(&many))],
    );
    let millis = |time: Duration| time.as_secs_f64() * 1e3;
    let row = format!("{what}: decide with 10 000 candidates, in ms");
    report.row(&row, millis(many), Limit::AtMost(5.0));
    // n log n makes 13.3 of ten times as many; the caches take their share.
    let row = format!("{what}: the same beside 1 000 candidates");
    report.row(&row, ratio(many, few), Limit::AtMost(16.0));
}

/// A short way, many times.
fn times<'a, T>(mut way: impl FnMut() -> T + 'a) -> Box<dyn FnMut() + 'a> {
    Box::new(move || {
        for _ in 0..TIMES {
            black_box(way());
        }
    })
}

fn matches(bindnet: &BindnetAddr, host: &Snapshot) -> usize {
    let mut count = 0;
    bindnet.each_match(host, |_, _| count += 1);
    count
}

fn v4(at: usize) -> Ipv4Addr {
    Ipv4Addr::from_bits(0x0a00_0000 + at as u32)
}

fn v6(at: usize) -> Ipv6Addr {
    Ipv6Addr::from_bits(0xfd00 << 112 | at as u128)
}

/// A host with these addresses on one link, permanent and global.
fn host(nets: impl Iterator<Item = IpNet>) -> Snapshot {
    let addresses = nets.map(|net| {
        Address::new(net, 2)
            .with_flags(AddressFlags::PERMANENT)
            .with_scope(Scope::GLOBAL)
    });
    let link = Link::new(2, "eth0".parse().expect("a name"));
    Snapshot::new([link], addresses).expect("a snapshot")
}
