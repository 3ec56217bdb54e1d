//! Which of several values Corosync takes out of a file: its own message names the address that it
//! cannot read.

use bindnet_tests::{corosync_parser, netns};

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs;

use bindnet::corosync::Conf;
use corosync_parser::{Corosync, Said};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::TestRunner;

/// Runs files through the real one; `ours` is the address that it should fail to read first, and
/// `None` where that cannot be said.
fn compare(
    corosync: &Corosync,
    file: impl Strategy<Value = String>,
    ours: impl Fn(&Conf) -> Option<String>,
) {
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let (named, left_out) = (Cell::new(0), Cell::new(0));
    let outcome = TestRunner::new(config).run(&file, |text| {
        let conf = Conf::parse(text.as_bytes()).unwrap();
        let Some(expected) = ours(&conf) else {
            left_out.set(left_out.get() + 1);
            return Ok(());
        };
        let said = corosync.test(text.as_bytes());
        let message = format!("failed to parse bindnet address '{expected}'");
        let named_it = matches!(&said, Said::Taken(said) if said.contains(&message));
        prop_assert!(named_it, "{text}\n{expected}: {said:?}");
        named.set(named.get() + 1);
        Ok(())
    });
    println!("{} named, {} left out", named.get(), left_out.get());
    outcome.unwrap();
}

/// Numbers each `@` of a file, so that every address is another and none can be read.
fn number(text: String) -> String {
    let mut numbered = String::new();
    for (at, part) in text.split('@').enumerate() {
        if at > 0 {
            numbered += &format!("address{at}/24");
        }
        numbered += part;
    }
    numbered
}

/// Sections with lines of these.
fn sections(
    name: &'static str,
    lines: &'static [&'static str],
) -> impl Strategy<Value = String> + Clone {
    let lines = vec(select(lines), 0..6);
    let section = lines.prop_map(move |lines| format!("{name} {{\n{}\n}}\n", lines.join("\n")));
    vec(section, 0..5).prop_map(|sections| sections.concat())
}

#[test]
fn the_bindnetaddr_of_a_link() {
    let Some(corosync) = Corosync::find("links") else {
        return;
    };
    netns::run(|| compare(&corosync, interfaces(), bindnetaddr));
}

/// Sections for links, and keys by their dotted names.
fn interfaces() -> impl Strategy<Value = String> {
    let interfaces = sections(
        "interface",
        &[
            "bindnetaddr: @",
            "bindnetaddr: @",
            "linknumber: 0",
            "linknumber: 1",
            "linknumber: +7",
            "ringnumber: 1",
            "mcastport: 5405",
        ],
    );
    let inside = select(vec!["", "interface.1.bindnetaddr: @\n"]);
    let outside = select(vec!["", "totem.interface.0.bindnetaddr: @\n"]);
    (inside, interfaces.clone(), outside, interfaces).prop_map(|(inside, some, outside, more)| {
        let totem = "version: 2\ntransport: udpu\n";
        let first = format!("totem {{\n{totem}{inside}{some}}}\n");
        number(format!("{first}{outside}totem {{\n{more}}}\n"))
    })
}

/// That of the first link which has one.
fn bindnetaddr(conf: &Conf) -> Option<String> {
    let mut links = BTreeMap::new();
    for interface in conf.interfaces() {
        let number = interface
            .get("linknumber")
            .map_or("0", |value| value.text());
        if let Some(value) = interface.get("bindnetaddr") {
            links.insert(number.parse::<u8>().unwrap(), value.text().to_owned());
        }
    }
    links.into_values().next()
}

#[test]
fn the_addresses_of_a_node() {
    let Some(corosync) = Corosync::find("nodes") else {
        return;
    };
    netns::run(|| {
        let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
        let name = name.trim_end();
        compare(&corosync, nodes(name.to_owned()), |conf| {
            ring_addr(conf, name)
        });
    });
}

/// Nodelists with nodes of this name and of others.
fn nodes(name: String) -> impl Strategy<Value = String> {
    let nodes = sections(
        "node",
        &[
            "name: HERE",
            "name: there",
            "ring0_addr: @",
            "ring0_addr: @",
            "ring1_addr: @",
            "ring7_addr: @",
            "nodeid: 1",
        ],
    );
    (nodes.clone(), nodes.clone(), nodes).prop_map(move |(some, more, rest)| {
        let totem = "totem {\nversion: 2\ntransport: udpu\n}\n";
        let first = format!("nodelist {{\n{some}}}\n");
        let second = format!("nodelist {{\n{more}}}\nnodelist.node {{\n}}\n");
        let third = format!("nodelist {{\n{rest}}}\n");
        number(
            [totem, &first, &second, &third]
                .concat()
                .replace("HERE", &name),
        )
    })
}

/// The first address of the node with this name, if it is the only one.
fn ring_addr(conf: &Conf, name: &str) -> Option<String> {
    let nodes = conf.nodes().iter();
    let named = nodes.filter(|node| node.get("name").is_some_and(|value| value.text() == name));
    let [node] = named.collect::<Vec<_>>()[..] else {
        return None;
    };
    Some(node.ring_addrs().next()?.1.text().to_owned())
}
