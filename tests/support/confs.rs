//! Strategies for files of corosync.conf(5): many are taken by Corosync, and all are close to it.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

fn text(texts: &'static [&'static str]) -> impl Strategy<Value = &'static str> {
    select(texts)
}

fn white() -> impl Strategy<Value = &'static str> {
    text(&["", " ", "\t", "  \t"])
}

/// The end of a line, and lines that say nothing.
fn end() -> impl Strategy<Value = &'static str> {
    text(&["\n", "\n", "\r\n", " \n", "\n\n", "\n # {\n"])
}

/// Keys with a value that is right.
const TOTEM: [&str; 6] = [
    "version: 2",
    "transport: udpu",
    "ip_version:ipv4-6",
    "nodeid : 1",
    "token: 3000",
    "a: # }",
];
const INTERFACE: [&str; 5] = [
    "linknumber: 1",
    "linknumber: +255",
    "ringnumber: one",
    "bindnetaddr: 192.0.2.0",
    "bindnetaddr: 2001:db8::",
];
const MEMBER: [&str; 2] = ["memberaddr: 192.0.2.1", "memberaddr:"];
const NODE: [&str; 4] = [
    "nodeid: 4294967295",
    "name: a b",
    "ring0_addr: 192.0.2.1",
    "ring1_addr: alice",
];
const OTHER: [&str; 5] = [
    "abc: 1",
    "a.b: }",
    "x/y-z_0:",
    "totem.version: two",
    "totem.interface.2.bindnetaddr: 192.0.2.0",
];
/// Keys and values of which some are wrong somewhere.
const KEYS: [&str; 9] = [
    "version",
    "linknumber",
    "nodeid",
    "ip_version",
    "ring0_addr",
    "ab",
    "a b",
    "ä",
    "",
];
const VALUES: [&str; 9] = [
    "",
    "-1",
    "-0",
    "2x",
    "256",
    "4294967296",
    "ipv4",
    "a: b",
    "0x1",
];

/// A line with a key.
fn line(keys: &'static [&'static str]) -> impl Strategy<Value = String> {
    let odd = (text(&KEYS), text(&VALUES)).prop_map(|(key, value)| format!("{key}: {value}"));
    let right = text(keys).prop_map(str::to_owned);
    let pair = prop_oneof![30 => right, 1 => odd];
    (white(), pair, end()).prop_map(|(white, pair, end)| format!("{white}{pair}{end}"))
}

/// A section with what is in it.
fn section<S: Strategy<Value = String>>(
    names: &'static [&'static str],
    items: S,
) -> impl Strategy<Value = String> {
    let begin = (white(), text(names), white(), end());
    let begin =
        begin.prop_map(|(before, name, behind, end)| format!("{before}{name}{behind}{{{end}"));
    let close = (white(), end()).prop_map(|(white, end)| format!("{white}}}{end}"));
    (begin, vec(items, 0..5), close)
        .prop_map(|(begin, items, close)| [begin, items.concat(), close].concat())
}

/// A file that is taken, but for a wrong key or value now and then.
fn file() -> impl Strategy<Value = String> {
    let member = section(&["member"], line(&MEMBER));
    let interface = section(
        &["interface"],
        prop_oneof![5 => line(&INTERFACE), 1 => member],
    );
    let other = line(&OTHER).prop_recursive(3, 8, 3, |inner| {
        section(&["abc", "abc:", "x/y:", "quorum", "totem", "node"], inner)
    });
    let other = other.boxed();
    let totem = prop_oneof![4 => line(&TOTEM), 2 => interface, 1 => other.clone()];
    let node = section(&["node", "node", "nodes"], line(&NODE));
    let item = prop_oneof![
        3 => section(&["totem", "totem", "totem:", "logging"], totem),
        2 => section(&["nodelist"], node),
        1 => other,
    ];
    vec(item, 0..5).prop_map(|items| items.concat())
}

/// A file with something put in or taken out.
pub fn mended() -> impl Strategy<Value = Vec<u8>> {
    let long = "x".repeat(600).into_bytes();
    let pieces: [&[u8]; 16] = [
        b"",
        b"",
        b"{",
        b"}",
        b":",
        b"#",
        b"\n",
        b"\r",
        b" ",
        b"\0",
        b"\n}\n",
        b"a {\n",
        b"\xa0",
        b"\xc3\xa9",
        b"0",
        b":{",
    ];
    let piece = select(pieces.map(<[u8]>::to_vec).to_vec());
    let piece = prop_oneof![20 => piece, 1 => Just(long)];
    let change = (any::<Index>(), 0..3usize, piece);
    let changes = prop_oneof![1 => Just(vec![]), 1 => vec(change, 1..3)];
    (file(), changes).prop_map(|(text, changes)| {
        let mut text = text.into_bytes();
        for (at, removed, piece) in changes {
            let at = at.index(text.len() + 1);
            let end = text.len().min(at + removed);
            text.splice(at..end, piece);
        }
        text
    })
}
