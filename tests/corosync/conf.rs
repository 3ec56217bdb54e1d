//! What is read of a corosync.conf, what is refused, and whether the real Corosync says the same.

use bindnet_tests::{confs, corosync_parser, netns};

use std::cell::RefCell;
use std::collections::BTreeMap;

use bindnet::corosync::Conf;
use corosync_parser::{Corosync, Said};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;

fn parse(text: &str) -> Conf {
    Conf::parse(text.as_bytes()).unwrap()
}

#[test]
fn the_last_one_counts() {
    let conf = parse("totem {\ntransport: udp\n}\n totem {\n\ttransport :knet\t\r\n}\ntotem.a:b");
    let transport = conf.totem("transport").unwrap();
    assert_eq!((transport.text(), transport.line()), ("knet", 5));
    assert_eq!(conf.totem("a").unwrap().text(), "b");
    assert_eq!(conf.totem("version"), None);
}

#[test]
fn sections_keep_their_order() {
    let conf = parse(
        "totem {\n interface {\n  linknumber: 1\n  bindnetaddr: 192.0.2.0\n  bindnetaddr: 192.0.2.1\n \
         }\n interface {\n  ringnumber: 0\n  member {\n   memberaddr: 192.0.2.2\n  }\n }\n}\n\
         totem {\n interface {\n }\n}\ntotem.interface.7.bindnetaddr: 2001:db8::\n",
    );
    let lines: Vec<_> = conf.interfaces().iter().map(|i| i.line()).collect();
    assert_eq!(lines, [2, 7, 15, 18]);
    let get = |at: usize, key| conf.interfaces()[at].get(key).map(|value| value.text());
    assert_eq!(get(0, "bindnetaddr"), Some("192.0.2.1"));
    assert_eq!(get(0, "linknumber"), Some("1"));
    assert_eq!(get(1, "ringnumber"), Some("0"));
    assert_eq!(get(1, "memberaddr"), None);
    assert_eq!(get(2, "bindnetaddr"), None);
    assert_eq!(get(3, "linknumber"), Some("7"));
    assert_eq!(get(3, "bindnetaddr"), Some("2001:db8::"));
}

#[test]
fn a_second_nodelist_counts_from_0_again() {
    let conf = parse(
        "nodelist {\nnode {\nname: a\nring0_addr: 192.0.2.1\n}\nnode {\nname: b\n}\n}\n\
         nodelist {\nnode {\nring10_addr: x\nring2_addr: y\nring00_addr: z\nring0_addr: w\n}\n}\n",
    );
    let nodes = conf.nodes();
    let positions: Vec<_> = nodes.iter().map(|n| (n.position(), n.line())).collect();
    assert_eq!(positions, [(0, 2), (1, 6)]);
    assert_eq!(nodes[0].get("name").unwrap().text(), "a");
    let rings = nodes[0]
        .ring_addrs()
        .map(|(ring, addr)| (ring, addr.text()));
    assert_eq!(rings.collect::<Vec<_>>(), [(0, "w"), (2, "y"), (10, "x")]);
    assert_eq!(nodes[1].ring_addrs().count(), 0);
}

/// A file, and the message about it; empty where it is taken.
const ROWS: [(&str, &str); 38] = [
    ("", ""),
    (
        "# totem {\n \t# }\n\n \t\u{a0}\n",
        "line 4: \"\u{fffd}\" is neither",
    ),
    (
        "totem {\n version: 2 # not 3\n}",
        "line 2: version \"2 # not 3\" is not a number from 0 to 4294967295",
    ),
    (
        "totem {",
        "line 1: the file ends inside the section \"totem\", which begins in line 1; } is missing",
    ),
    (
        "totem {\n\n",
        "line 2: the file ends inside the section \"totem\"",
    ),
    (
        "totem {\ninterface {\n}\n",
        "line 3: the file ends inside the section \"totem\", which begins in line 1",
    ),
    ("totem {\n}\n}\n", "line 3: no section is open"),
    (
        "totem { }\n",
        "line 1: \"totem { }\": nothing may stand behind {",
    ),
    (
        "totem { # us\n}\n",
        "line 1: \"totem { # us\": nothing may stand behind {",
    ),
    (
        "totem {\n} # us\n",
        "line 2: \"} # us\": nothing may stand beside }",
    ),
    (
        "totem {\n}}\n",
        "line 2: \"}}\": nothing may stand beside }",
    ),
    (
        "totem\n{\n",
        "line 1: \"totem\" is neither the start of a section",
    ),
    ("{\n}\n", "line 1: the name of a section is missing"),
    ("\t {\n}\n", "line 1: the name of a section is missing"),
    ("abc:{\n}\n:{\n}\n", ""),
    (": 2\n", "line 1: the name of a key is missing"),
    ("abc = 2\n", "line 1: \"abc = 2\" is neither"),
    ("abc:\n", ""),
    (
        "ab: 2\n",
        "line 1: \"ab\" is not the name of a key; that has 3 or more",
    ),
    ("to {\na: 2\n}\n", ""),
    ("a b: 2\n", "line 1: \"a b\" is not the name of a key"),
    ("a b {\n}\n", ""),
    (
        "a b {\nabc: 2\n}\n",
        "line 2: \"a b.abc\" is not the name of a key",
    ),
    (
        "totem {\nversion: -1\n}\n",
        "line 2: version \"-1\" is not a number from 0",
    ),
    (
        "totem {\nversion: two\n}\n",
        "line 2: version \"two\" is not a number from 0",
    ),
    ("totem {\nversion: +2\n}\n", ""),
    (
        "totem {\nnodeid: 4294967296\n}\n",
        "line 2: nodeid \"4294967296\" is not a number from 0 to 4294967295",
    ),
    (
        "totem {\ninterface {\nlinknumber: 256\n}\n}\n",
        "line 3: linknumber \"256\" is not a number from 0 to 255",
    ),
    ("totem {\ninterface {\nlinknumber: -0\n}\n}\n", ""),
    ("totem {\ninterface {\nringnumber: one\n}\n}\n", ""),
    (
        "nodelist {\nnode {\nnodeid: 0x1\n}\n}\n",
        "line 3: nodeid \"0x1\" is not a number from 0",
    ),
    (
        "totem {\nip_version: 4\n}\n",
        "line 2: ip_version \"4\": write ipv4, ipv6, ipv4-6 or ipv6-4",
    ),
    ("totem {\nip_version: ipv4-6\n}\n", ""),
    (
        "totem {\ninterface {\nmember {\nring0_addr: x\n}\n}\n}\n",
        "line 4: \"ring0_addr\": only memberaddr",
    ),
    (
        "totem {\ninterface {\nmember {\na {\n}\n}\n}\n}\n",
        "line 4: \"a\": no section may stand",
    ),
    ("\0abc\nabc: 2\0abc", ""),
    ("abc: 2\0\n", "line 1: a zero byte"),
    ("uidgid {\na b: 2\n}\n", ""),
];

#[test]
fn what_is_refused_and_where() {
    for (text, expected) in ROWS {
        match Conf::parse(text.as_bytes()) {
            Ok(_) => assert_eq!(expected, "", "{text:?} is taken"),
            Err(error) => {
                let message = error.to_string();
                let named = message.starts_with(expected) && !expected.is_empty();
                assert!(named, "{text:?}: {message}");
            }
        }
    }
}

/// Files at the limits, and whether they are within.
fn limits() -> Vec<(Vec<u8>, bool)> {
    let key = |section: &str, key: usize| format!("{section}{{\n{}: x\n}}\n", "k".repeat(key));
    let line = |len: usize| format!("abc:{}", "v".repeat(len - 4));
    let deep = |levels: usize| "a{\n".repeat(levels) + &"}\n".repeat(levels);
    let files = [
        (line(510) + "\n", true),
        (line(511) + "\n", false),
        (line(509) + "\r\n", true),
        (line(510), true),
        (line(511), false),
        (format!("\0{}abc: x\n", "v".repeat(510)), true),
        (format!("\0{}\n", "v".repeat(511)), false),
        (key("abc", 250), true),
        (key("abc", 251), false),
        (format!("{}: x\n", "k".repeat(253)), true),
        (format!("{}: x\n", "k".repeat(254)), false),
        (format!("{}{{\n}}\n", "k".repeat(253)), true),
        (format!("{}{{\n}}\n", "k".repeat(254)), false),
        (deep(127), true),
        (deep(128), false),
    ];
    let files = files.into_iter();
    files
        .map(|(text, taken)| (text.into_bytes(), taken))
        .collect()
}

#[test]
fn limits_are_corosyncs() {
    for (text, taken) in limits() {
        assert_eq!(Conf::parse(&text).is_ok(), taken, "{}", text.escape_ascii());
    }
    let long = b"#\n".repeat(Conf::MAX_LEN / 2);
    assert!(Conf::parse(&long).is_ok());
    let error = Conf::parse(&[long, vec![b'#']].concat()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 524289: the file is longer than 1 MiB"
    );
}

/// What of Corosync's refusals is none of ours: values that have nothing to do with addresses.
fn is_unread(why: &str) -> bool {
    let ours = [
        "totem.version",
        "totem.nodeid",
        "totem.interface.linknumber",
    ];
    let number = why.strip_prefix("Value of key \"").is_some_and(|rest| {
        let key = rest.split('"').next().unwrap_or_default();
        !ours.contains(&key) && !key.ends_with(".nodeid")
    });
    let inside = why.starts_with("Subsections are not allowed");
    inside
        || number
        || why.starts_with("Invalid c")
        || why.starts_with("uidgid: ")
        || why.contains("logg")
}

/// Whether there is a section inside a node or a member, where versions do not agree: 3.1.7 takes
/// one for one more node, and the other for more of the same.
fn has_section_inside(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let (mut open, mut inside) = (Vec::new(), false);
    for line in text
        .lines()
        .map(|line| line.trim_matches([' ', '\t', '\u{fffd}']))
    {
        match line {
            "}" => _ = open.pop(),
            _ if line.contains('{') && !line.starts_with('#') => {
                open.push(line.trim_end_matches(['{', ' ', '\t', ':']).to_owned());
                let name = open.join(".");
                inside |= name.starts_with("nodelist.node.");
                inside |= name.starts_with("totem.interface.member.");
            }
            _ => {}
        }
    }
    inside
}

/// Requires that the real one and we make the same of a file, to the line. Says what it was.
fn same(corosync: &Corosync, text: &[u8]) -> Result<&'static str, TestCaseError> {
    let a0 = text.contains(&0xa0) && !corosync.takes_a0;
    if a0 || has_section_inside(text) {
        return Ok("left out");
    }
    let ours = Conf::parse(text);
    // Inside a section 3.1.7 takes it.
    if ours
        .as_ref()
        .is_err_and(|error| error.to_string().contains("of a key is missing"))
    {
        return Ok("left out");
    }
    match (corosync.test(text), ours.map_err(|error| error.line())) {
        (Said::Crashed, _) => Ok("left out"),
        (Said::Taken(_), Ok(_)) => Ok("taken"),
        (Said::Refused(line, _), Err(ours)) if line == ours => Ok("refused"),
        (Said::Refused(line, why), ours) if is_unread(&why) => {
            prop_assert!(ours.is_ok() || ours.is_err_and(|ours| ours >= line));
            Ok("unread")
        }
        (said, ours) => Err(TestCaseError::fail(format!(
            "{}\n{said:?}\n{ours:?}",
            text.escape_ascii()
        ))),
    }
}

/// No file of what failed: the message has it.
fn unsaved() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

#[test]
fn the_real_one_takes_and_refuses_the_same() {
    let Some(corosync) = Corosync::find("conf") else {
        return;
    };
    netns::run(|| {
        // It does refuse, and it does take.
        let refused = Said::Refused(2, "Unexpected closing brace".to_owned());
        assert_eq!(corosync.test(b"abc: 2\n}\n"), refused);
        assert!(matches!(corosync.test(b"abc: 2\n"), Said::Taken(_)));
        for (text, _) in ROWS {
            same(&corosync, text.as_bytes()).unwrap();
        }
        for (text, _) in limits() {
            same(&corosync, &text).unwrap();
        }
        let counts = RefCell::new(BTreeMap::new());
        let mut runner = TestRunner::new(unsaved());
        let outcome = runner.run(&confs::mended(), |text| {
            *counts
                .borrow_mut()
                .entry(same(&corosync, &text)?)
                .or_insert(0) += 1;
            Ok(())
        });
        println!("{counts:?}");
        outcome.unwrap();
    });
}
