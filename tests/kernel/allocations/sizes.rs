//! That what is asked of twice as much costs about twice as much, in bytes that are allocated.

use allocation_counter::measure;
use bindnet::corosync::{Conf, Hosts, Profile};
use bindnet::fleet::Fleet;
use bindnet::{Address, Link, Selector, Snapshot};

/// The most bytes that are allocated at one time, and all bytes ever allocated.
fn bytes<T>(work: impl FnOnce() -> T) -> (u64, u64) {
    let info = measure(|| drop(work()));
    (info.bytes_max, info.bytes_total)
}

/// How many objects and arrays a text may have, and how much memory reading it may take.
const OBJECTS: u64 = 1_000_000;
/// Objects of a smaller text. A list has room for 2^14 then, as it has for 2^20 with the most.
const SOME: usize = 15_600;
const MEMORY: u64 = 3 * Snapshot::MAX_JSON_LEN as u64;

/// `count` times a text, with commas between them.
fn list(text: impl Fn(usize) -> String, count: usize) -> String {
    (0..count).map(text).collect::<Vec<_>>().join(",")
}

/// Requires that reading a text takes no more than three times its length, or its share of what
/// the longest text with the most objects may take. With the text that is four times.
fn assert_little(what: &str, text: &str) {
    let objects = text.bytes().filter(|byte| b"[{".contains(byte)).count() as u64;
    let most = (3 * text.len() as u64).max(objects * MEMORY / OBJECTS) + 64 * 1024;
    let (taken, _) = bytes(|| Snapshot::from_json(text.as_bytes()));
    assert!(taken <= most, "{what}: {taken} bytes, not {most}");
}

#[test]
fn a_hostile_text_takes_at_most_four_times_its_length() {
    let strings = |text: &str, count| list(|_| format!("{text:?}"), count);
    let flags = strings("", 64);
    let control = format!("\"{}\"", "\x01".repeat(4000));
    let ip = |links: String| format!("[{links}]");
    let ours = |links: String, addresses: String| {
        format!(r#"{{"format":"bindnet-snapshot/1","links":[{links}],"addresses":[{addresses}]}}"#)
    };
    let flagged = format!(r#"{{"flags":[{flags}]}}"#);
    assert_little("empty flags", &ip(list(|_| flagged.clone(), 4_000)));
    let flagged = format!(r#"{{"ifindex":1,"ifname":"a","addr_info":[],"flags":[{flags}]}}"#);
    assert_little(
        "links with empty flags",
        &ip(list(|_| flagged.clone(), 4_000)),
    );
    let flagged =
        format!(r#"{{"interface_index":1,"address":"","prefix_len":1,"flags":[{flags}]}}"#);
    let text = ours(String::new(), list(|_| flagged.clone(), 4_000));
    assert_little("addresses with empty flags", &text);
    let text = format!(
        r#"[{{"x":[{}],"ifindex":1,"ifname":"a","addr_info":[]}}]"#,
        list(|_| control.clone(), 200)
    );
    assert_little("control characters", &text);
    let kind = format!(r#""linkinfo":{{"info_kind":{control}}}"#);
    let link = |at| format!(r#"{{"ifindex":{at},"ifname":"a","addr_info":[],{kind}}}"#);
    assert_little("kinds of control characters", &ip(list(link, 200)));
    assert_little("empty objects", &ip(list(|_| "{}".to_owned(), SOME)));
    let text = format!(
        r#"[{{"ifindex":1,"ifname":"a","addr_info":[{}]}}]"#,
        list(|_| "{}".to_owned(), SOME)
    );
    assert_little("empty addresses", &text);
    let link = |at| format!(r#"{{"index":{at},"name":"a"}}"#);
    assert_little("links", &ours(list(link, SOME), String::new()));
    let address = |_| r#"{"interface_index":null,"address":"::","prefix_len":9}"#.to_owned();
    assert_little("IPv6 addresses", &ours(String::new(), list(address, SOME)));
    let address = |_| r#"{"family":"inet6","local":"::","prefixlen":8}"#.to_owned();
    let addresses = list(address, SOME);
    let text = format!(r#"[{{"ifindex":1,"ifname":"a","addr_info":[{addresses}]}}]"#);
    assert_little("IPv6 addresses of ip", &text);
    let link = |at| format!(r#"{{"ifindex":{at},"ifname":"a","master":"a","addr_info":[]}}"#);
    assert_little("slaves", &ip(list(link, SOME)));
}

/// A nodelist of so many nodes, and a host that is its last.
fn cluster(nodes: usize) -> (Fleet, Snapshot) {
    let ip = |at: usize| format!("10.0.{}.{}", at >> 8, at & 0xff);
    let node = |at| {
        format!(
            "node {{\nname: n{at}\nnodeid: {}\nring0_addr: {}\n}}\n",
            at + 1,
            ip(at)
        )
    };
    let nodelist: String = (0..nodes).map(node).collect();
    let text = format!("totem {{\nversion: 2\ntransport: knet\n}}\nnodelist {{\n{nodelist}}}\n");
    let conf = Conf::parse(text.as_bytes()).unwrap();
    let selector = Selector::new("127.0.0.1".parse().unwrap());
    let (profile, hosts) = (Profile::Default, Hosts::default());
    let fleet = Fleet::of_conf("corosync.conf", conf, profile, selector, hosts).unwrap();
    let address = Address::new(format!("{}/16", ip(nodes - 1)).parse().unwrap(), 2);
    let host = Snapshot::new([Link::new(2, "eth0".parse().unwrap())], [address]).unwrap();
    (fleet, host)
}

#[test]
fn a_snapshot_more_costs_the_same_whatever_the_length_of_the_nodelist() {
    let costs = [100, 2_000].map(|nodes| {
        let (mut fleet, host) = cluster(nodes);
        fleet.add("first", &host).unwrap();
        let (_, all) = bytes(|| fleet.add("second", &host).unwrap());
        all
    });
    let [few, many] = costs;
    assert!(many < 2 * few, "{costs:?}");
}
