//! The text of a state file: it reads as what it prints as, and damage is told from a text.

use bindnet_tests::state;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bindnet::choice::State;
use bindnet::rule::{ScopedAddr, Zone};
use bindnet::snapshot::{Name, Netmask};
use bindnet::{Address, BindnetAddr, Link, Snapshot, StateError};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use state::{Folder, ONE, decision, selector};

/// A text with all there is.
pub const FULL: &str = "bindnet-state/1\n\
    # by hand\n\
    \n\
    bindnetaddr 192.0.2.0 address 192.0.2.10 prefix 24 interface eth0\n\
    bindnetaddr 198.51.100.0/24 address 198.51.100.7\n\
    bindnetaddr fe80::%e\\x2f\\xff address fe80::1 interface e\\x2f\\xff\n\
    bindnetaddr fd00::/64 address fd00::1 prefix 64 unsettled kernel-order\n\
    bindnetaddr 203.0.113.0 address 203.0.113.1 interface unsettled unsettled interface\n\
    end\n";

fn pairs(state: &State) -> Vec<(BindnetAddr, ScopedAddr)> {
    state.iter().collect()
}

#[test]
fn what_a_text_means() {
    let state = State::parse(FULL.as_bytes()).unwrap();
    let expected = [
        ("192.0.2.0", "192.0.2.10"),
        ("198.51.100.0/24", "198.51.100.7"),
        (r"fe80::%e\x2f\xff", r"fe80::1%e\x2f\xff"),
        ("fd00::/64", "fd00::1"),
        ("203.0.113.0", "203.0.113.1"),
    ];
    let expected = expected.map(|(b, a)| (b.parse().unwrap(), a.parse().unwrap()));
    assert_eq!(pairs(&state), expected);
    let unsettled = ["192.0.2.0", "fd00::/64", "203.0.113.0", "203.0.113.0/24"];
    let unsettled = unsettled.map(|bindnet| state.unsettled(&bindnet.parse().unwrap()));
    assert_eq!(
        unsettled,
        [None, Some("kernel-order"), Some("interface"), None]
    );
    // Printed without the comment and the empty line.
    assert_eq!(state.to_string(), FULL.replace("# by hand\n\n", ""));
}

#[test]
fn how_people_write() {
    let text = "# mine\r\n\r\n  bindnet-state/1 \r\n\tbindnetaddr\t192.0.2.0  address 192.0.2.10\n end\r\n";
    let state = State::parse(text.as_bytes()).unwrap();
    let printed = "bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10\nend\n";
    assert_eq!(state.to_string(), printed);
}

/// Requires that the message names the line, says this, and how to go on.
#[track_caller]
fn damaged(line: usize, text: impl AsRef<[u8]>, says: &str) {
    let error = State::parse(text.as_ref()).unwrap_err();
    let message = error.to_string();
    assert!(message.contains(says), "no {says:?} in: {message}");
    assert_eq!(error.line(), Some(line), "{message}");
    assert_eq!(error.what(), "a state file");
    assert!(message.ends_with("\nCorrect it, or remove the file to choose anew."));
}

#[test]
fn what_is_no_state() {
    damaged(
        1,
        "",
        "it begins with the line bindnet-state/1 and ends with",
    );
    damaged(2, "\n#\n", "nothing is in it");
    damaged(1, [0; 90], r"'\0' in it");
    damaged(2, b"bindnet-state/1\n\xff\nend\n", "not UTF-8");
    damaged(1, ONE.replace("/1", "/2"), "the one version");
    damaged(1, "bindnetaddr :: address ::\nend\n", "begins with");
    damaged(2, ONE.replace("end\n", ""), "the last line is end");
    damaged(3, ONE.replace("end\n", "end"), "with a newline");
    damaged(4, ONE.replace("end\n", "end\n\n"), "nothing may stand");
    let long = ONE.replace("end\n", &format!("#{}\nend\n", "x".repeat(4096)));
    damaged(1, long, "room for 4096");
}

/// The text of so many entries, in so many bytes: names of links fill it up.
fn text_of(entries: usize, len: usize) -> String {
    let text = |room: &dyn Fn(usize) -> usize| {
        let entry = |at: usize| {
            let name = "x".repeat(1 + room(at));
            format!("bindnetaddr 192.0.2.{at} address 192.0.2.10 interface {name}\n")
        };
        let entries: String = (0..entries).map(entry).collect();
        format!("bindnet-state/1\n{entries}end\n")
    };
    let room = len - text(&|_| 0).len();
    text(&|at| room / entries + usize::from(at < room % entries))
}

#[test]
fn the_longest_text() {
    let max = State::MAX_LEN;
    let longest = text_of(64, max);
    assert_eq!(longest.len(), max);
    let state = State::parse(longest.as_bytes()).unwrap();
    assert_eq!(state.to_string(), longest);
    let says = "4097 bytes; there is room for 4096";
    damaged(1, text_of(64, max + 1), says);
}

/// The same for a second line.
#[track_caller]
fn no_entry(line: &str, says: &str) {
    damaged(2, format!("bindnet-state/1\n{line}\nend\n"), says);
}

#[test]
fn what_is_no_entry() {
    no_entry("bindnet-state/1", "\"bindnetaddr\" is expected");
    no_entry("END", "\"END\" stands where \"bindnetaddr\" is");
    no_entry("bindnetaddr", "the end of the line stands where an address");
    no_entry("bindnetaddr 192.0.2 address ::1", "Write 192.0.2.0");
    no_entry("bindnetaddr fd00:: address 192.0.2.1", "not of one family");

    let no_address = |text: &str, says| no_entry(&format!("bindnetaddr fe80:: {text}"), says);
    no_address("adress ::1", "\"address\" is expected");
    no_address("address fe80::1%eth0", "address fe80::1 interface eth0");
    no_address("address fd00::1/64", "a prefix length (/64) has no place");
    no_address("address fd00::x", "write for instance fd00::");
    no_address("address 192.0.2.010", "Write 192.0.2.8 or 192.0.2.10");

    let no_rest = |text: &str, says| no_address(&format!("address fe80::1 {text}"), says);
    no_rest("prefix 129", "a number from 0 to 128");
    no_rest("prefix +24", "\"+24\" is not a prefix");
    no_rest("prefix", "a prefix length is expected");
    no_rest("# node", "prefix, interface, unsettled or the end of");
    no_rest(
        "interface e f",
        "\"f\" stands where unsettled or the end of",
    );
    no_rest(
        "interface e prefix 64",
        "\"prefix\" stands where unsettled or the end of",
    );
    no_rest("unsettled", "the end of the line stands where the code of");
    no_rest("unsettled no Code", "\"Code\" stands where the end of");
    no_rest("unsettled lease interface e", "\"interface\" stands where");
    no_rest("unsettled Lease", "\"Lease\" is no code of a doubt");
    no_rest("unsettled weak_evidence", "write lower-case letters");
    no_rest("interface \\", "not followed by xNN");
    no_rest("interface 0123456789abcdef", "at most 15");
    no_rest("interface e\x1b", r"'\u{1b}' in it");
}

#[test]
fn one_entry_for_one_bindnetaddr() {
    for (one, other) in [("192.0.2.0", "192.0.2.0"), ("fd00::", "fd00:0::")] {
        let text = format!("{one} address {one}\n\nbindnetaddr {other} address {one}");
        let text = format!("bindnet-state/1\nbindnetaddr {text}\nend\n");
        damaged(4, text, "stands in line 2 already; keep one of the two");
    }
}

/// A damaged file is an error that names it, and is not written over.
#[test]
fn a_damaged_file_is_left_to_a_person() {
    let folder = Folder::with(&ONE.replace("end\n", ""));
    let (file, old) = (folder.file(), folder.text());
    let chosen = decision("198.51.100.0", "198.51.100.10/24");
    for error in [
        file.read(chosen.bindnet()).unwrap_err(),
        file.remember(&chosen).unwrap_err(),
        file.replace(&chosen).unwrap_err(),
    ] {
        assert!(matches!(error, StateError::Damaged { .. }));
        let message = error.to_string();
        let named = format!("state file {:?}: line 2, ", file.path());
        assert!(message.starts_with(&named), "{message}");
    }
    assert_eq!(folder.text(), old);
}

#[test]
fn every_beginning_of_a_text_is_an_error() {
    for text in [FULL, ONE, "bindnet-state/1\nend\n"] {
        assert!(State::parse(text.as_bytes()).is_ok());
        for len in 0..text.len() {
            let cut = &text.as_bytes()[..len];
            assert!(State::parse(cut).is_err(), "{:?}", &text[..len]);
        }
        // What a file system may leave of it: zeros behind the beginning.
        for len in 0..text.len() {
            let mut torn = text.as_bytes().to_vec();
            torn[len..].fill(0);
            assert!(State::parse(&torn).is_err(), "zeros from {len}");
        }
    }
}

/// A byte that has changed is an error, or bears on one entry, which then prints differently.
#[test]
fn every_changed_byte_is_an_error_or_can_be_seen() {
    let state = State::parse(FULL.as_bytes()).unwrap();
    let whole = pairs(&state);
    let (mut refused, mut read) = (0, 0);
    for at in 0..FULL.len() {
        for byte in 0..=u8::MAX {
            let mut text = FULL.as_bytes().to_vec();
            if std::mem::replace(&mut text[at], byte) == byte {
                continue;
            }
            let Ok(changed) = State::parse(&text) else {
                refused += 1;
                continue;
            };
            read += 1;
            let pairs = pairs(&changed);
            let kept = whole.iter().filter(|pair| pairs.contains(pair)).count();
            assert!(kept + 1 >= whole.len(), "{at}: {byte}: {changed}");
            let added = pairs.iter().filter(|pair| !whole.contains(pair)).count();
            assert!(added <= 1, "{at}: {byte}: {changed}");
            assert_eq!(changed == state, changed.to_string() == state.to_string());
        }
    }
    assert!(refused > 10 * read, "{refused} refused, {read} read");
}

/// An entry as this test writes it, and what it means.
#[derive(Clone, Debug)]
struct Case {
    bindnet: String,
    ip: IpAddr,
    prefix: Option<u8>,
    interface: Option<Name>,
    unsettled: Option<String>,
}

impl Case {
    fn line(&self) -> String {
        let mut line = format!("bindnetaddr {} address {}", self.bindnet, self.ip);
        if let Some(prefix) = self.prefix {
            line += &format!(" prefix {prefix}");
        }
        if let Some(interface) = self.interface {
            line += &format!(" interface {}", escaped(interface));
        }
        if let Some(code) = &self.unsettled {
            line += &format!(" unsettled {code}");
        }
        line
    }

    fn address(&self) -> ScopedAddr {
        let link_local = matches!(self.ip, IpAddr::V6(ip) if ip.segments()[0] & 0xffc0 == 0xfe80);
        let name = self.interface.filter(|_| link_local);
        ScopedAddr::new(self.ip, name.map(Zone::from))
    }
}

/// A name as it prints, with white space and `/` escaped, too.
fn escaped(name: Name) -> String {
    let mut text = name.to_string();
    for c in text
        .clone()
        .chars()
        .filter(|c| c.is_whitespace() || *c == '/')
    {
        let bytes: Vec<_> = c
            .to_string()
            .bytes()
            .map(|b| format!("\\x{b:02x}"))
            .collect();
        text = text.replace(c, &bytes.concat());
    }
    text
}

fn ip() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| Ipv4Addr::from_bits(bits).into()),
        any::<u128>().prop_map(|bits| Ipv6Addr::from_bits(bits).into()),
        any::<u16>().prop_map(|bits| Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, bits).into()),
    ]
}

fn name() -> impl Strategy<Value = Name> {
    let some = prop_oneof![Just(b' '), Just(b'/'), Just(b'#'), Just(0xa0), 1..=u8::MAX];
    vec(some, 1..=Name::MAX_LEN).prop_map(|bytes| Name::from_bytes(&bytes).unwrap())
}

/// Entries with distinct bindnetaddrs.
fn cases() -> impl Strategy<Value = Vec<Case>> {
    let code = option::of("[a-z0-9-]{1,20}");
    let rest = (
        any::<u128>(),
        option::of(0u8..=128),
        option::of(name()),
        code,
    );
    let case = |(key, (bits, prefix, interface, unsettled)): (IpAddr, (u128, Option<u8>, _, _))| {
        let ip = match key {
            IpAddr::V4(_) => Ipv4Addr::from_bits(bits as u32).into(),
            IpAddr::V6(_) if bits % 3 == 0 => key,
            IpAddr::V6(_) => Ipv6Addr::from_bits(bits).into(),
        };
        let max = if key.is_ipv4() { 32 } else { 128 };
        Case {
            bindnet: if bits % 2 == 0 {
                format!("{key}/{max}")
            } else {
                key.to_string()
            },
            ip,
            prefix: prefix.map(|prefix| prefix.min(max)),
            interface,
            unsettled,
        }
    };
    btree_map(ip(), rest, 0..12).prop_map(move |cases| {
        let cases = cases.into_iter().map(case);
        // An IPv4-mapped address is no bindnetaddr.
        cases
            .filter(|case| case.bindnet.parse::<BindnetAddr>().is_ok())
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// A text that another one wrote reads as what it means and prints as it was written.
    #[test]
    fn a_text_prints_as_it_was_written(cases in cases(), at: proptest::sample::Index) {
        let lines: String = cases.iter().map(|case| case.line() + "\n").collect();
        let text = format!("bindnet-state/1\n{lines}end\n");
        prop_assume!(text.len() <= State::MAX_LEN);
        let state = State::parse(text.as_bytes()).unwrap();
        prop_assert_eq!(state.to_string(), text.clone());
        let meant = cases.iter().map(|case| (case.bindnet.parse().unwrap(), case.address()));
        prop_assert_eq!(pairs(&state), meant.collect::<Vec<_>>());
        for case in &cases {
            let unsettled = state.unsettled(&case.bindnet.parse().unwrap());
            prop_assert_eq!(unsettled, case.unsettled.as_deref());
        }
        let cut = &text.as_bytes()[..at.index(text.len())];
        prop_assert!(State::parse(cut).is_err());
    }

    /// Any bytes in the middle of a text: an error, or a text that prints as what it reads as.
    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..40), line in ".{0,60}") {
        let bytes = [b"bindnet-state/1\n", &bytes[..], line.as_bytes(), b"\nend\n"].concat();
        if let Ok(state) = State::parse(&bytes) {
            prop_assert_eq!(State::parse(state.to_string().as_bytes()), Ok(state));
        }
    }
}

proptest! {
    // Each choice is written with two fsync(2)s.
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever was chosen, it is read again as what is to be kept.
    #[test]
    fn what_was_chosen_is_read_again(cases in cases()) {
        let folder = Folder::new();
        let mut remembered = [None, None];
        for case in cases.iter().take(6) {
            let (all, mask, at) = match (case.ip, case.prefix) {
                (IpAddr::V4(_), None) => ("0.0.0.0/0", Netmask::V4(0xff00_ff00), 0),
                (IpAddr::V4(_), Some(_)) => ("0.0.0.0/0", Netmask::V4(u32::MAX), 0),
                (IpAddr::V6(_), _) => ("::/0", Netmask::V6(u128::MAX << 64), 1),
            };
            let link = Link::new(2, case.interface.unwrap_or("eth0".parse().unwrap()));
            let address = Address::with_netmask(case.ip, mask, 2).unwrap();
            let host = Snapshot::new([link], [address]).unwrap();
            let decision = selector(all).decide(&host);
            let chosen = decision.chosen().map(|chosen| chosen.scoped_addr());
            prop_assert_eq!(folder.file().replace(&decision).unwrap(), chosen.is_some());
            remembered[at] = chosen.or(remembered[at]);
            for (all, chosen) in ["0.0.0.0/0", "::/0"].iter().zip(remembered) {
                prop_assert_eq!(folder.file().read(&all.parse().unwrap()).unwrap(), chosen);
            }
        }
    }
}
