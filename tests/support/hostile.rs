//! Texts that a terminal would obey, and what must not be left of them.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::string::string_regex;
use serde_json::Value;

#[path = "../../fuzz/src/clean.rs"]
mod clean;

pub use clean::is_hostile;

/// What begins a line that an input forges.
const FORGED: &str = "forged";

/// Each with the reason why nobody wants it on a terminal.
pub const TEXTS: [&str; 10] = [
    "\x1b]0;title\x07",
    "\x1b[31mred",
    "\u{9b}31mred", // CSI of C1
    "\x7f\x08",
    "\u{202e}desrever\u{202c}",
    "\u{2066}isolate\u{2069}\u{200e}\u{200f}\u{61c}",
    "\u{2028}forged\u{2029}forged",
    "\nforged",
    "\r\u{85}forged",
    "zero\u{200b}width\u{feff}\u{ad}",
];

/// How many cases a property is tried with.
pub fn cases() -> u32 {
    let cases = std::env::var("PROPTEST_CASES").ok();
    cases.and_then(|cases| cases.parse().ok()).unwrap_or(60)
}

/// A hostile text, in which some of an ordinary one is left.
pub fn text() -> impl Strategy<Value = String> {
    let any = string_regex(r"[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]{1,4}").unwrap();
    let hostile = prop_oneof![select(&TEXTS[..]).prop_map(str::to_owned), any];
    let plain = select(&["", "a", "eth0", "n1", "1", "\\", "\\x41", "é"][..]);
    (plain.clone(), hostile, plain).prop_map(|(a, b, c)| format!("{a}{b}{c}"))
}

/// Hostile bytes, not always UTF-8.
pub fn bytes() -> impl Strategy<Value = Vec<u8>> {
    const INVALID: [&[u8]; 4] = [b"", b"\xff", b"\x9b", b"\xe2\x80"];
    let invalid = select(&INVALID[..]);
    (text(), invalid).prop_map(|(text, invalid)| [text.as_bytes(), invalid].concat())
}

/// As much of a text as has room in so many bytes.
pub fn cut(text: &str, len: usize) -> &str {
    let fits = |at: &usize| text.is_char_boundary(*at);
    let at = (0..=len.min(text.len())).rev().find(fits);
    &text[..at.unwrap_or(0)]
}

/// No hostile character is in a text, and no line that an input made.
#[track_caller]
pub fn assert_clean(text: &str) {
    let found = text.chars().find(|c| is_hostile(*c));
    assert_eq!(found, None, "{text:?}");
    let forged = text.lines().skip(1).any(|line| line.starts_with(FORGED));
    assert!(!forged, "{text:?}");
}

/// JSON is clean as it stands, on one line, and so is every text in it.
#[track_caller]
pub fn assert_clean_json(json: &str) {
    assert_clean(json);
    assert!(!json.contains('\n'), "{json:?}");
    let value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {json:?}"));
    each_text(&value, &mut |text| assert_clean(text));
}

fn each_text(value: &Value, take: &mut impl FnMut(&str)) {
    match value {
        Value::String(text) => take(text),
        Value::Array(values) => values.iter().for_each(|value| each_text(value, take)),
        Value::Object(members) => members.iter().for_each(|(name, value)| {
            take(name);
            each_text(value, take);
        }),
        _ => {}
    }
}

/// Files in which each value, and each name, is hostile in turn. The text has no newline.
pub fn confs(text: &str) -> Vec<String> {
    let knet = "totem {\n version: 2\n interface {\n  linknumber: 0\n  bindnetaddr: 192.0.2.0\n }\n}\n\
                nodelist {\n node {\n  name: n1\n  nodeid: 1\n  ring0_addr: 192.0.2.10\n }\n}\n";
    let udp = "totem {\n version: 2\n transport: udp\n ip_version: ipv6\n cluster_name: c\n \
               secauth: off\n crypto_hash: none\n interface {\n  ringnumber: 0\n  bindnetaddr: fe80::\n  \
               mcastaddr: ff15::1\n }\n}\nnodelist {\n node {\n  name: n1\n  nodeid: 1\n  \
               ring0_addr: fe80::1\n }\n}\n";
    let mut confs = Vec::new();
    for conf in [knet, udp] {
        let lines: Vec<&str> = conf.lines().collect();
        for (at, line) in lines.iter().enumerate() {
            let mut with = |line: String| {
                let mut lines = lines.clone();
                lines[at] = &line;
                confs.push(lines.join("\n") + "\n");
            };
            with(format!("{line}{text}"));
            with(format!("{text}{line}"));
            if let Some((key, value)) = line.split_once(": ") {
                with(format!("{key}: {text}"));
                with(format!("{key}: {value}%{}", cut(text, 15)));
                with(format!("{key}: {value}%{}/64", cut(text, 15)));
            }
        }
        // This host is found by its name, and its address has a zone.
        for zone in [text, cut(text, 15)] {
            let zoned = conf
                .replace("192.0.2.10", "fe80::1")
                .replace("fe80::1", &format!("fe80::1%{zone}"));
            confs.push(zoned.replace("name: n1", &format!("name: {text}")));
            confs.push(zoned.replace(
                "bindnetaddr: fe80::",
                &format!("bindnetaddr: fe80::%{zone}"),
            ));
        }
    }
    confs
}
