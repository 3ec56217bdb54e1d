//! A text is read as what it prints as and as a plain reader reads it, or refused with its line
//! and the remedy; cut off anywhere it is refused.

use std::net::IpAddr;

use bindnet::choice::State;
use bindnet::rule::{ScopedAddr, Zone};
use bindnet::snapshot::Name;
use bindnet::{BindnetAddr, ParseError};

/// Room for the words of an error, which quotes some of the text, escaped.
const WORDS: usize = 1024;

pub fn check(data: &[u8]) {
    let state = match State::parse(data) {
        Ok(state) => state,
        Err(error) => return check_error(data, &error),
    };
    let text = state.to_string();
    assert!(data.len() <= State::MAX_LEN && text.len() <= State::MAX_LEN);
    assert_eq!(State::parse(text.as_bytes()), Ok(state.clone()));

    let read = std::str::from_utf8(data).expect("UTF-8");
    let lines = read.lines().map(str::trim);
    let entries = lines.filter(|line| line.starts_with("bindnetaddr"));
    let entries: Vec<_> = entries.map(entry).collect();
    let pairs = entries
        .iter()
        .map(|(bindnet, address, _)| (bindnet.clone(), *address));
    assert!(state.iter().eq(pairs));
    for (bindnet, _, code) in &entries {
        assert_eq!(state.unsettled(bindnet), *code);
    }
    for (bindnet, address) in state.iter() {
        // One entry for one bindnetaddr: else the second would not be found.
        assert_eq!(state.get(&bindnet), Some(address));
        assert_eq!(bindnet.ip().is_ipv4(), address.ip().is_ipv4());
    }

    // Every place would take long.
    let near_the_end = data.len().saturating_sub(32)..data.len();
    for len in (0..data.len()).step_by(31).chain(near_the_end) {
        assert!(State::parse(&data[..len]).is_err(), "cut at {len}");
    }
}

/// An entry that is known to be one.
fn entry(line: &str) -> (BindnetAddr, ScopedAddr, Option<&str>) {
    let words: Vec<&str> = line.split_ascii_whitespace().collect();
    let ip: IpAddr = words[3].parse().expect("an address");
    // From the fifth word on there are pairs of a key and a value.
    let value = |key| {
        words[4..]
            .chunks(2)
            .find(|pair| pair[0] == key)
            .map(|pair| pair[1])
    };
    let name = value("interface").map(|name| name.parse::<Name>().expect("a name"));
    let link_local = matches!(ip, IpAddr::V6(ip) if ip.segments()[0] & 0xffc0 == 0xfe80);
    let address = ScopedAddr::new(ip, name.filter(|_| link_local).map(Zone::from));
    let bindnet = words[1].parse().expect("a bindnetaddr");
    (bindnet, address, value("unsettled"))
}

fn check_error(data: &[u8], error: &ParseError) {
    let message = error.to_string();
    let line = error.line().expect("a text of lines");
    let start = format!("line {line}, {:?}: ", error.text());
    assert!(message.starts_with(&start), "{message}");
    assert!(message.ends_with("\nCorrect it, or remove the file to choose anew."));
    assert!(message.len() <= WORDS + 20 * data.len(), "{message}");
    let lines = data.split(|byte| *byte == b'\n').count();
    assert!((1..=lines).contains(&line), "{message}");
}
