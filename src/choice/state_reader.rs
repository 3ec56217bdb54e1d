//! Reads the text of a state file, and explains why a text cannot be read.

use std::net::IpAddr;
use std::sync::Arc;

use thiserror::Error;

use super::state::{Entry, FIRST, LAST, State};
use crate::rule::{BindnetAddr, ScopedAddr};
use crate::snapshot::{ParseError, beginning};

/// Reads a whole text.
pub(crate) fn read(text: &[u8]) -> Result<State, ParseError> {
    let too_long = |len| Problem::TooLong { len }.at(1, "");
    if text.len() > State::MAX_LEN {
        return Err(too_long(text.len()));
    }
    let mut reader = Reader::default();
    let mut line = 0;
    for bytes in text.split_inclusive(|byte| *byte == b'\n') {
        line += 1;
        let read = std::str::from_utf8(bytes).map_err(|_| Problem::Utf8);
        let read = read.and_then(|text| reader.read(text, line));
        read.map_err(|problem| problem.at(line, &String::from_utf8_lossy(bytes)))?;
    }
    let state = reader
        .finish()
        .map_err(|problem| problem.at(line.max(1), ""))?;
    // The text that will be written may be longer than this one.
    match state.to_string().len() {
        len if len > State::MAX_LEN => Err(too_long(len)),
        _ => Ok(state),
    }
}

/// Reads line by line.
#[derive(Default)]
struct Reader {
    state: State,
    /// The line of each entry.
    lines: Vec<usize>,
    has_first: bool,
    has_last: bool,
}

impl Reader {
    /// Reads a line with its newline; only the last may lack it.
    fn read(&mut self, line: &str, at: usize) -> Result<(), Problem> {
        let whole = line.strip_suffix('\n');
        let text = whole.unwrap_or(line);
        let text = text.strip_suffix('\r').unwrap_or(text);
        // Zeros are what a power cut leaves of a file; the others would hide in an editor.
        if let Some(c) = text.chars().find(|c| c.is_control() && *c != '\t') {
            return Err(Problem::Control(c));
        }
        if whole.is_none() {
            return Err(Problem::Cut);
        }
        let text = text.trim_matches([' ', '\t']);
        if self.has_last {
            return Err(Problem::Behind);
        }
        match text {
            _ if text.is_empty() || text.starts_with('#') => {}
            FIRST if !self.has_first => self.has_first = true,
            _ if !self.has_first => return Err(Problem::Version),
            LAST => self.has_last = true,
            _ => self.push(entry(text)?, at)?,
        }
        Ok(())
    }

    fn push(&mut self, entry: Entry, at: usize) -> Result<(), Problem> {
        let bindnet = &entry.bindnet;
        let mut known = self.state.entries.iter().zip(&self.lines);
        if let Some((_, &line)) = known.find(|(known, _)| known.bindnet == *bindnet) {
            let bindnet = Box::new(bindnet.clone());
            return Err(Problem::Twice { bindnet, line });
        }
        self.state.entries.push(entry);
        self.lines.push(at);
        Ok(())
    }

    fn finish(self) -> Result<State, Problem> {
        if !self.has_first {
            Err(Problem::Empty)
        } else if !self.has_last {
            Err(Problem::Cut)
        } else {
            Ok(self.state)
        }
    }
}

fn entry(line: &str) -> Result<Entry, Problem> {
    let mut words = line.split_ascii_whitespace();
    expect(words.next(), "bindnetaddr")?;
    let bindnet: BindnetAddr = value(words.next(), "an address or network")?.parse()?;
    expect(words.next(), "address")?;
    let ip = parse_ip(value(words.next(), "an address")?)?;
    if ip.is_ipv4() != bindnet.ip().is_ipv4() {
        let bindnet = Box::new(bindnet);
        return Err(Problem::Family { bindnet, ip });
    }
    let mut next = words.next();
    let mut expected = "prefix, interface, unsettled or the end of the line";
    let (mut prefix, mut interface) = (None, None);
    if next == Some("prefix") {
        prefix = Some(parse_prefix(value(words.next(), "a prefix length")?, ip)?);
        next = words.next();
        expected = "interface, unsettled or the end of the line";
    }
    if next == Some("interface") {
        let name = value(words.next(), "the name of an interface")?;
        interface = Some(name.parse().map_err(Problem::Interface)?);
        next = words.next();
        expected = "unsettled or the end of the line";
    }
    let mut unsettled = None;
    if next == Some("unsettled") {
        unsettled = Some(code(value(words.next(), "the code of a doubt")?)?);
        next = words.next();
        expected = "the end of the line";
    }
    match next {
        None => Ok(Entry {
            bindnet,
            ip,
            prefix,
            interface,
            unsettled,
        }),
        Some(found) => Err(Problem::word(Some(found), expected)),
    }
}

fn expect(found: Option<&str>, expected: &'static str) -> Result<(), Problem> {
    if found == Some(expected) {
        Ok(())
    } else {
        Err(Problem::word(found, expected))
    }
}

fn value<'a>(found: Option<&'a str>, expected: &'static str) -> Result<&'a str, Problem> {
    found.ok_or(Problem::word(None, expected))
}

/// The code of a doubt. A later version may have more of them, which must not stop a daemon.
fn code(text: &str) -> Result<Arc<str>, Problem> {
    let is_code = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if text.chars().all(is_code) {
        Ok(text.into())
    } else {
        Err(Problem::Code(text.to_owned()))
    }
}

/// Any address that a host may have, even an IPv4-mapped one, which is no bindnetaddr.
fn parse_ip(text: &str) -> Result<IpAddr, Problem> {
    match (text.parse(), text.parse::<ScopedAddr>()) {
        (Ok(ip), _) => Ok(ip),
        (Err(_), Ok(address)) => Err(Problem::Zone(address.into())),
        (Err(_), Err(error)) => Err(Problem::Address(error)),
    }
}

fn parse_prefix(text: &str, ip: IpAddr) -> Result<u8, Problem> {
    let max = if ip.is_ipv4() { 32 } else { 128 };
    let len = text.parse::<u8>().ok().filter(|len| *len <= max);
    let prefix = text.to_owned();
    // A plus sign and leading zeros are no part of a prefix length.
    len.filter(|len| len.to_string() == prefix)
        .ok_or(Problem::Prefix(crate::rule::Problem::PrefixLen {
            prefix,
            max,
        }))
}

#[derive(Clone, Debug, PartialEq, Eq, Error)]
enum Problem {
    #[error("nothing is in it; it begins with the line {FIRST} and ends with the line {LAST}")]
    Empty,
    #[error("it is cut off: the last line is {LAST}, with a newline")]
    Cut,
    #[error("it begins with the line {FIRST}, the one version that is read here")]
    Version,
    #[error("nothing may stand behind the line {LAST}, not even an empty line")]
    Behind,
    #[error("{len} bytes; there is room for {}", State::MAX_LEN)]
    TooLong { len: usize },
    #[error("not UTF-8; write other bytes of a name as \\xNN")]
    Utf8,
    #[error("{0:?} in it; write it as \\xNN where it belongs to a name")]
    Control(char),
    #[error("{found} stands where {expected} is expected; write for instance {EXAMPLE}")]
    Word { found: String, expected: String },
    #[error(transparent)]
    BindnetAddr(#[from] ParseError),
    #[error("address {0}")]
    Address(ParseError),
    #[error("the interface stands behind the address: write address {} interface {}", .0.ip(), zone(.0))]
    Zone(Box<ScopedAddr>),
    #[error(
        "the address {ip} and the bindnetaddr {bindnet} are not of one family; write two that are"
    )]
    Family {
        bindnet: Box<BindnetAddr>,
        ip: IpAddr,
    },
    #[error("prefix {0}")]
    Prefix(crate::rule::Problem),
    #[error("interface: {0}")]
    Interface(ParseError),
    #[error("{0:?} is no code of a doubt; write lower-case letters, digits and -: weak-evidence")]
    Code(String),
    #[error("bindnetaddr {bindnet} stands in line {line} already; keep one of the two")]
    Twice {
        bindnet: Box<BindnetAddr>,
        line: usize,
    },
}

/// An example of an entry.
const EXAMPLE: &str = "bindnetaddr 192.0.2.0 address 192.0.2.10 prefix 24 interface eth0";

impl Problem {
    /// The error for a line, from 1. Pass no text if the text as a whole is wrong.
    fn at(self, line: usize, text: &str) -> ParseError {
        let text = beginning(text.trim_end_matches(['\n', '\r']));
        let message = format!(
            "line {line}, {text:?}: {self}\nCorrect it, or remove the file to choose anew."
        );
        let wants_interface = match &self {
            Self::BindnetAddr(error) | Self::Address(error) => error.wants_interface(),
            _ => false,
        };
        ParseError::new("a state file", text, message)
            .at_line(line)
            .wanting_interface(wants_interface)
    }

    /// An unexpected word, or the end of the line. The expected text is quoted if it is one word.
    fn word(found: Option<&str>, expected: &str) -> Self {
        let found = found.map_or("the end of the line".to_owned(), |word| format!("{word:?}"));
        let expected = if expected.contains(' ') {
            expected.to_owned()
        } else {
            format!("{expected:?}")
        };
        Self::Word { found, expected }
    }
}

fn zone(address: &ScopedAddr) -> String {
    address
        .zone()
        .map(|zone| zone.to_string())
        .unwrap_or_default()
}
