//! Rows of a table of the rule: a question, a host written line by line, and what becomes of each
//! address.
//!
//! ```text
//! # a colon in the label
//! preview 192.0.2.0 -> 192.0.2.10
//! link eth1 down mac=00:00:5e:00:01:33
//! eth0 192.0.2.10/24                             => network chosen
//! eth0 192.0.2.20/24 label=eth0:vip secondary    => network floating label secondary
//! ```
//!
//! The first line names the clause of the rule. The second has the options of `preview` and, behind
//! the arrow, the result: the choice with what separated it from the runner-up, or `none` with its
//! why. A line of the host is a link or an address. Links without a line of their own are up; `lo`
//! is a loopback link. Addresses are permanent, for ever and of the scope the kernel gives them, if
//! their line does not say otherwise; `?` is an unknown link. What stands behind `=>` is expected:
//! the match, the verdict and the reasons; an address without it is no candidate.

use std::net::IpAddr;

use bindnet::corosync::{Profile, ProfileSelector};
use bindnet::rule::{Declared, Evidence, parse_net};
use bindnet::snapshot::{
    About, AddressFlags, Consistency, Lifetime, LinkFlags, Name, Netmask, Scope, Source,
};
use bindnet::{Address, Decision, Link, Selector, Snapshot};

/// Decides each row of a table, and compares.
pub fn table(rows: &str) {
    for row in rows.split("# ").skip(1) {
        let (clause, row) = row.split_once('\n').unwrap();
        let (question, host) = row.split_once('\n').unwrap_or((row, ""));
        let question = question.trim().strip_prefix("preview ").unwrap();
        let (options, result) = question.split_once(" -> ").unwrap();
        let decision = decide(options, host);
        let found: Vec<_> = decision.candidates().iter().map(line).collect();
        assert_eq!(found, read(host).1, "{clause}\n{options}\n{decision:#}");
        assert_eq!(told(&decision), result, "{clause}\n{options}\n{decision:#}");
    }
}

/// Decides as the options of `preview` say about the host of these lines.
pub fn decide(options: &str, host: &str) -> Decision {
    let mut about = About::default();
    let options: Vec<&str> = options.split_whitespace().collect();
    if options.contains(&"--interrupted") {
        about.consistency = Some(Consistency::Interrupted);
    }
    if options.contains(&"--netlink") {
        about.source = Some(Source::Netlink);
    }
    let of_host = ["--interrupted", "--netlink"];
    let options = options.into_iter().filter(|o| !of_host.contains(o));
    selector(options).decide(&read(host).0.with_about(about))
}

/// What these options of `preview` ask.
pub fn selector<'a>(words: impl IntoIterator<Item = &'a str>) -> ProfileSelector {
    let mut words = words.into_iter();
    let mut selector = Selector::new(words.next().unwrap().parse().unwrap());
    let mut profile = Profile::Default;
    let (mut floating, mut fixed, mut protocols) = (Vec::new(), Vec::new(), Vec::new());
    while let Some(option) = words.next() {
        let mut value = || words.next().unwrap();
        match option {
            "--floating" => floating.push(parse_net(value()).unwrap()),
            "--fixed" => fixed.push(parse_net(value()).unwrap()),
            "--previous" => selector = selector.previous(value().parse().unwrap()),
            "--no-rule" => selector = selector.without([value().parse::<Evidence>().unwrap()]),
            "--no-rules" => selector = selector.without(Evidence::all()),
            "--protocol" => protocols.push(value().parse().unwrap()),
            "--no-protocol" => selector = selector.floating_protocols([]),
            "--interface" => selector = selector.interface(value().parse().unwrap()),
            "--profile" => profile = value().parse().unwrap(),
            "--strict" => selector = selector.strict(true),
            "--all" => selector = selector.list_all(true),
            _ => panic!("no such option: {option}"),
        }
    }
    if !protocols.is_empty() {
        selector = selector.floating_protocols(protocols);
    }
    let selector = selector.declared(
        Declared::default()
            .floating(floating)
            .unwrap()
            .fixed(fixed)
            .unwrap(),
    );
    ProfileSelector::new(profile, selector)
}

/// The result of a decision: `192.0.2.10 AMBIGUOUS kernel-order`.
fn told(decision: &Decision) -> String {
    if let Some(why) = decision.why_none() {
        return format!("none {why:?}");
    }
    let chosen = decision.chosen().map(|chosen| match chosen.scope_id() {
        0 => chosen.ip().to_string(),
        id => format!("{}%{id}", chosen.ip()),
    });
    let result = chosen.unwrap_or("none".to_owned());
    match (decision.is_ambiguous(), decision.separated_by()) {
        (_, None) => result,
        (true, Some(separation)) => format!("{result} AMBIGUOUS {}", separation.code()),
        (false, Some(separation)) => format!("{result} by {}", separation.code()),
    }
}

fn line(candidate: &bindnet::Candidate) -> String {
    let mut words = vec![
        candidate.ip().to_string(),
        candidate.matched().unwrap().code().to_owned(),
        candidate.verdict().code().to_owned(),
    ];
    words.extend(
        candidate
            .reasons()
            .iter()
            .map(|reason| reason.code().to_owned()),
    );
    words.join(" ")
}

/// The host of these lines.
pub fn host(text: &str) -> Snapshot {
    read(text).0
}

/// The snapshot, and what is expected of the candidates.
fn read(text: &str) -> (Snapshot, Vec<String>) {
    let mut links: Vec<Link> = Vec::new();
    let mut addresses = Vec::new();
    let mut wanted = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty()) {
        let (facts, expected) = match line.split_once("=>") {
            Some((facts, expected)) => (facts, Some(expected)),
            None => (line, None),
        };
        let words: Vec<&str> = facts.split_whitespace().collect();
        match words.as_slice() {
            ["link", name, facts @ ..] => links.push(link(links.len(), name, facts)),
            [name, net, facts @ ..] => {
                let known = links.iter().any(|link| link.name().to_string() == *name);
                if !known && *name != "?" {
                    links.push(link(links.len(), name, &[]));
                }
                let on = links.iter().find(|link| link.name().to_string() == *name);
                let address = address(net, on, facts);
                let expected: Vec<&str> = expected.unwrap_or("").split_whitespace().collect();
                if !expected.is_empty() {
                    wanted.push(format!("{} {}", address.ip(), expected.join(" ")));
                }
                addresses.push(address);
            }
            _ => panic!("neither a link nor an address: {line}"),
        }
    }
    (Snapshot::new(links, addresses).unwrap(), wanted)
}

/// Links have the indexes 1, 2, 3 in the order in which they are mentioned, if they do not say
/// another.
fn link(before: usize, name: &str, facts: &[&str]) -> Link {
    let index = facts.iter().find_map(|fact| fact.strip_prefix("index="));
    let index = index.map_or(before as u32 + 1, |index| index.parse().unwrap());
    let link = Link::new(index, name.parse::<Name>().unwrap());
    let mut flags = LinkFlags::UP | LinkFlags::RUNNING;
    let (mut mac, mut kind, mut master) = (None, None, 0);
    for fact in facts {
        match fact.split_once('=') {
            None if *fact == "down" => flags = LinkFlags::BROADCAST,
            None if *fact == "no-carrier" => flags = LinkFlags::UP,
            None if *fact == "unknown" => return link,
            Some(("mac", value)) => mac = Some(value.parse().unwrap()),
            Some(("kind", value)) => kind = Some(value),
            Some(("master", value)) => master = value.parse().unwrap(),
            Some(("index", _)) => {}
            _ => panic!("no such fact of a link: {fact}"),
        }
    }
    if name == "lo" {
        flags = flags | LinkFlags::LOOPBACK;
    }
    let mut link = link.with_flags(flags).with_master(master);
    if let Some(mac) = mac {
        link = link.with_mac(mac);
    }
    match kind {
        Some(kind) => link.with_kind(kind),
        None => link,
    }
}

fn address(net: &str, link: Option<&Link>, facts: &[&str]) -> Address {
    let (ip, prefix) = net.split_once('/').unwrap();
    let ip: IpAddr = ip.parse().unwrap();
    let mask = match prefix.parse() {
        Ok(mask) => Netmask::from_ip(mask),
        Err(_) => Netmask::from_ip(net.parse::<ipnet::IpNet>().unwrap().netmask()),
    };
    let mut address = Address::with_netmask(ip, mask, link.map_or(0, Link::index)).unwrap();
    if link.is_none() {
        address = address.on_unknown_link();
    }
    if facts == ["unknown"] {
        return address;
    }
    let mut flags = AddressFlags::PERMANENT.bits();
    let mut scope = usual_scope(ip);
    let mut lifetime = Lifetime::Forever;
    for fact in facts {
        match fact.split_once('=').unwrap_or((fact, "")) {
            ("label", value) => address = address.with_label(value.parse().unwrap()),
            ("scope", value) => scope = value.parse().unwrap(),
            ("peer", value) => address = address.with_peer(value.parse().unwrap()).unwrap(),
            ("proto", value) => address = address.with_protocol(value.parse().unwrap()),
            ("lease", value) => {
                lifetime = Lifetime::Seconds(value.parse().unwrap());
                flags &= !AddressFlags::PERMANENT.bits();
            }
            ("secondary" | "temporary", _) => flags |= AddressFlags::SECONDARY.bits(),
            ("deprecated", _) => flags |= AddressFlags::DEPRECATED.bits(),
            ("tentative", _) => flags |= AddressFlags::TENTATIVE.bits(),
            ("nodad", _) => flags |= AddressFlags::NODAD.bits(),
            ("optimistic", _) => flags |= AddressFlags::OPTIMISTIC.bits(),
            ("dadfailed", _) => flags |= AddressFlags::DADFAILED.bits(),
            _ => panic!("no such fact of an address: {fact}"),
        }
    }
    address
        .with_scope(scope)
        .with_flags(AddressFlags::from_bits(flags))
        .with_valid_lft(lifetime)
}

fn usual_scope(ip: IpAddr) -> Scope {
    let link_local = match ip {
        IpAddr::V4(ip) => ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_unicast_link_local(),
    };
    match (ip.is_loopback(), link_local) {
        (true, _) => Scope::HOST,
        (_, true) => Scope::LINK,
        _ => Scope::GLOBAL,
    }
}
