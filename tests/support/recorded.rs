//! The recorded hosts of `data/corosync_cases.jsonl`.

use bindnet::ipnet::IpNet;
use bindnet::snapshot::LinkFlags;
use bindnet::{Address, Link, Snapshot};
use serde_json::Value;

use crate::topology::{Entry, array, text};

const CASES: &str = include_str!("../data/corosync_cases.jsonl");

/// Every case: a host, a bindnetaddr, and what was taken for it.
pub fn cases() -> Vec<Value> {
    let read = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
    CASES.lines().map(read).collect()
}

/// The recorded addresses, with the links and the peers that the topology tells of.
pub fn recorded(case: &Value) -> Vec<Entry> {
    let list = array(&case["observed"]["getifaddrs"]).iter();
    list.map(|told| entry(case, told)).collect()
}

fn entry(case: &Value, told: &Value) -> Entry {
    let name = text(&told["name"]);
    let net: IpNet = text(&told["addr"]).parse().expect("an address");
    let links = array(&case["links"]);
    let is_it = |link: &Value, address: &Value| {
        let cidr = address["cidr"].as_str().or(address.as_str());
        let label = address["label"].as_str().or(link["name"].as_str());
        cidr == told["addr"].as_str() && (label == Some(name) || net.addr().is_ipv6())
    };
    let place = links.iter().find_map(|link| {
        let mut addresses = array(&link["addrs"]).iter();
        Some((link, addresses.find(|address| is_it(link, address))?))
    });
    assert!(
        place.is_some() || net.addr().is_loopback(),
        "{told} is nowhere in {case}"
    );
    let link = place.map_or(name, |(link, _)| text(&link["name"]));
    let position = links.iter().position(|other| other["name"] == link);
    let peer = place.and_then(|(_, address)| address["peer"].as_str());
    let peer = peer.map(|peer| peer.parse::<IpNet>().expect("a peer").addr());
    Entry {
        ip: net.addr(),
        prefix_len: net.prefix_len(),
        peer,
        label: net.addr().is_ipv4().then(|| name.to_owned()),
        link: link.to_owned(),
        index: match (link, position) {
            ("lo", _) | (_, None) => 1,
            (_, Some(at)) => 10 + at as u32,
        },
        up: told["up"] == true,
        tentative: false,
    }
}

/// The snapshot of a list.
pub fn snapshot(entries: &[Entry]) -> Snapshot {
    let mut links: Vec<Link> = Vec::new();
    for entry in entries {
        if links.iter().all(|link| link.index() != entry.index) {
            let flags = match entry.up {
                true => LinkFlags::UP | LinkFlags::RUNNING,
                false => LinkFlags::BROADCAST,
            };
            let name = entry.link.parse().expect("a name");
            links.push(Link::new(entry.index, name).with_flags(flags));
        }
    }
    let addresses = entries.iter().map(|entry| {
        let net = IpNet::new(entry.ip, entry.prefix_len).expect("a prefix");
        let mut address = Address::new(net, entry.index);
        if let Some(label) = &entry.label {
            address = address.with_label(label.parse().expect("a label"));
        }
        match entry.peer {
            Some(peer) => address.with_peer(peer).expect("a peer of the same family"),
            None => address,
        }
    });
    Snapshot::new(links, addresses).expect("a snapshot")
}
