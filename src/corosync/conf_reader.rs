//! corosync.conf(5), read as Corosync 3.1 reads it (exec/coroparse.c).

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::conf::{Conf, ConfError, ConfNode, Interface, Value, number};
use super::names::IpVersion;

/// `ICMAP_KEYNAME_MAXLEN`: the dotted name of a section or key is shorter, in bytes.
const MAX_NAME: usize = 255;
/// `ICMAP_KEYNAME_MINLEN`: the dotted name of a key is not shorter, in bytes.
const MIN_NAME: usize = 3;
/// fgets(3) reads this many bytes of a line at once into `char line[512]`, with the newline.
const MAX_LINE: usize = 511;

/// Reads a whole file.
pub(super) fn read(text: &[u8]) -> Result<Conf, ConfError> {
    let mut reader = Reader::default();
    let mut lines = Lines { text, line: 0 };
    while let Some(line) = lines.read()? {
        reader.read(line, lines.line)?;
    }
    reader.finish(lines.line)
}

/// The lines as fgets(3) reads them into 512 bytes and strlen(3) sees them.
struct Lines<'a> {
    /// The text that is not read yet.
    text: &'a [u8],
    /// The number of lines that were read.
    line: usize,
}

impl<'a> Lines<'a> {
    /// The next line, without its end.
    fn read(&mut self) -> Result<Option<&'a [u8]>, ConfError> {
        if self.text.is_empty() {
            return Ok(None);
        }
        self.line += 1;
        let newline = self.text.iter().take(MAX_LINE).position(|b| *b == b'\n');
        let len = newline.map_or(self.text.len().min(MAX_LINE), |at| at + 1);
        let is_last = newline.is_none() && len < MAX_LINE;
        let (line, rest) = self.text.split_at(len);
        self.text = rest;
        let problem = match line.iter().position(|b| *b == 0) {
            // An empty string. The rest of a long line is then read as a new line.
            Some(0) => return Ok(Some(&[])),
            Some(zero) if is_last => return Ok(line.get(..zero)),
            Some(_) => "a zero byte in the line, which Corosync takes for a line that is too long",
            None if newline.is_some() || is_last => {
                return Ok(Some(line.strip_suffix(b"\n").unwrap_or(line)));
            }
            None => "the line is longer than 510 bytes, the most that Corosync reads",
        };
        Err(ConfError::new(self.line, problem))
    }
}

/// The meaning of a section to the reader.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A section of no particular meaning: its keys are known by their dotted names.
    Other,
    /// `totem.interface`
    Interface,
    /// `totem.interface.member`
    Member,
    /// `nodelist.node`; its position.
    Node(u32),
    /// A section whose keys are not read.
    Unread,
}

/// A section that is open.
struct Section {
    /// The dotted name, empty for the file itself.
    name: Vec<u8>,
    kind: Kind,
    line: usize,
}

#[derive(Default)]
struct Reader {
    /// The open sections, the innermost last. The length of a name bounds their number.
    open: Vec<Section>,
    totem: BTreeMap<String, Value>,
    interfaces: Vec<Interface>,
    /// The open one.
    interface: Option<Interface>,
    nodes: BTreeMap<u32, ConfNode>,
    /// The position of the next node.
    position: u32,
}

impl Reader {
    fn read(&mut self, line: &[u8], at: usize) -> Result<(), ConfError> {
        let fail = |problem: String| Err(ConfError::new(at, problem));
        let line = trim(line.strip_suffix(b"\r").unwrap_or(line));
        if line.is_empty() || line.starts_with(b"#") {
            return Ok(());
        }
        if let Some((name, rest)) = split_at(line, b'{') {
            if !trim(rest).is_empty() {
                return fail(format!(
                    "{}: nothing may stand behind {{; write what follows into the next line",
                    quote(line)
                ));
            }
            return self.begin(section_name(name), at);
        }
        if let Some((key, value)) = split_at(line, b':') {
            let value = Value {
                text: String::from_utf8_lossy(trim(value)).into_owned(),
                line: at,
            };
            return self.set(trim(key), value);
        }
        match line {
            b"}" => self.end(at),
            _ if line.contains(&b'}') => fail(format!(
                "{}: nothing may stand beside }}; write it into a line of its own",
                quote(line)
            )),
            _ => fail(format!(
                "{} is neither the start of a section (totem {{) nor its end (}}) nor a key with \
                 its value (version: 2)",
                quote(line)
            )),
        }
    }

    fn begin(&mut self, name: &[u8], line: usize) -> Result<(), ConfError> {
        if name.is_empty() {
            let problem = "the name of a section is missing before {; write for instance totem {";
            return Err(ConfError::new(line, problem));
        }
        let parent = self.open.last().map_or(Kind::Other, |section| section.kind);
        if let Kind::Member = parent {
            let problem = format!("{}: no section may stand inside a member", quote(name));
            return Err(ConfError::new(line, problem));
        }
        let name = self.dotted(name, line)?;
        let kind = match (name.as_slice(), parent) {
            (b"totem.interface", _) => {
                let keys = BTreeMap::new();
                self.interface = Some(Interface { line, keys });
                Kind::Interface
            }
            (b"totem.interface.member", _) => Kind::Member,
            (b"nodelist.node", _) => {
                self.node(self.position, line);
                Kind::Node(self.position)
            }
            (b"uidgid" | b"logging.logger_subsys" | b"logging.logging_daemon", _)
            | (_, Kind::Node(_) | Kind::Unread) => Kind::Unread,
            (b"nodelist", _) => {
                self.position = 0;
                Kind::Other
            }
            _ => Kind::Other,
        };
        self.open.push(Section { name, kind, line });
        Ok(())
    }

    fn end(&mut self, line: usize) -> Result<(), ConfError> {
        let Some(section) = self.open.pop() else {
            return Err(ConfError::new(line, "no section is open that } could end"));
        };
        match section.kind {
            Kind::Node(position) => self.position = position + 1,
            Kind::Interface => self.interfaces.extend(self.interface.take()),
            _ => {}
        }
        Ok(())
    }

    fn set(&mut self, key: &[u8], value: Value) -> Result<(), ConfError> {
        let line = value.line;
        if key.is_empty() {
            let problem = "the name of a key is missing before the colon; write for instance \
                           version: 2";
            return Err(ConfError::new(line, problem));
        }
        let dotted = self.dotted(key, line)?;
        let (section, kind) = match self.open.last() {
            Some(section) => (section.name.as_slice(), section.kind),
            None => (&[][..], Kind::Other),
        };
        check_value(section, key, &value)?;
        match kind {
            Kind::Unread => return Ok(()),
            Kind::Member if key == b"memberaddr" => return Ok(()),
            Kind::Member => {
                let problem = "only memberaddr may stand in a section member";
                return Err(ConfError::new(line, format!("{}: {problem}", quote(key))));
            }
            _ => {}
        }
        let dotted = check_name(&dotted, line)?;
        let key = String::from_utf8_lossy(key).into_owned();
        match (kind, &mut self.interface) {
            (Kind::Node(position), _) => {
                self.node(position, line).keys.insert(key, value);
            }
            (Kind::Interface, Some(interface)) if !key.contains('.') => {
                interface.keys.insert(key, value);
            }
            _ => self.set_dotted(dotted, value),
        }
        Ok(())
    }

    /// Sets a key by its dotted name, in any section. `linknumber: 1` turns `bindnetaddr` into
    /// `totem.interface.1.bindnetaddr`.
    fn set_dotted(&mut self, name: &str, value: Value) {
        if let Some((link, key)) = name.strip_prefix("totem.interface.").and_then(numbered) {
            let line = value.line;
            let text = link.to_string();
            let link = ("linknumber".to_owned(), Value { text, line });
            let keys = [(key, value), link].into();
            self.interfaces.push(Interface { line, keys });
        } else if let Some((position, key)) = name.strip_prefix("nodelist.node.").and_then(numbered)
        {
            self.node(position, value.line).keys.insert(key, value);
        } else if let Some(key) = name.strip_prefix("totem.") {
            self.totem.insert(key.to_owned(), value);
        }
    }

    fn node(&mut self, position: u32, line: usize) -> &mut ConfNode {
        self.nodes.entry(position).or_insert_with(|| ConfNode {
            line,
            position,
            keys: BTreeMap::new(),
        })
    }

    /// The name of a section or key with those of the sections around it.
    fn dotted(&self, name: &[u8], line: usize) -> Result<Vec<u8>, ConfError> {
        let around = self.open.last().map_or(&[][..], |section| &section.name);
        if around.len() + name.len() + 1 >= MAX_NAME {
            let problem = format!(
                "{} is too long: with the sections around it a name has at most 253 bytes",
                quote(name)
            );
            return Err(ConfError::new(line, problem));
        }
        Ok(match around {
            [] => name.to_vec(),
            around => [around, name].join(&b'.'),
        })
    }

    /// Ends the file, after so many lines.
    fn finish(self, lines: usize) -> Result<Conf, ConfError> {
        if let Some(Section { name, line, .. }) = self.open.last() {
            let problem = format!(
                "the file ends inside the section {}, which begins in line {line}; }} is missing",
                quote(name)
            );
            return Err(ConfError::new(lines, problem));
        }
        Ok(Conf {
            totem: self.totem,
            interfaces: self.interfaces,
            nodes: self.nodes.into_values().collect(),
            version_by: None,
        })
    }
}

/// Checks the values that choose addresses, in the sections where Corosync checks them.
fn check_value(section: &[u8], key: &[u8], value: &Value) -> Result<(), ConfError> {
    let max = match (section, key) {
        (b"totem.interface", b"linknumber") => u8::MAX.into(),
        (b"totem", b"version" | b"nodeid") | (b"nodelist.node", b"nodeid") => u32::MAX,
        (b"totem", b"ip_version") => {
            return match value.text.parse::<IpVersion>() {
                Ok(_) => Ok(()),
                Err(error) => Err(ConfError::new(value.line, error.to_string())),
            };
        }
        _ => return Ok(()),
    };
    let number = value.number();
    if number.is_some_and(|number| (0..=i64::from(max)).contains(&number)) {
        return Ok(());
    }
    let key = String::from_utf8_lossy(key);
    let problem = format!("{key} {:?} is not a number from 0 to {max}", value.text);
    Err(ConfError::new(value.line, problem))
}

/// Splits `1.bindnetaddr` into the number and the key.
fn numbered(rest: &str) -> Option<(u32, String)> {
    let (position, key) = rest.split_once('.')?;
    Some((number(position)?, key.to_owned()))
}

/// The dotted name of a key, if `icmap_set` (exec/icmap.c) takes it.
fn check_name(name: &[u8], line: usize) -> Result<&str, ConfError> {
    let plain = |b: &u8| b.is_ascii_alphanumeric() || b"._-/:".contains(b);
    match std::str::from_utf8(name) {
        Ok(text) if name.len() >= MIN_NAME && name.iter().all(plain) => Ok(text),
        _ => Err(ConfError::new(
            line,
            format!(
                "{} is not the name of a key; that has {MIN_NAME} or more letters, digits and \
                 . _ - / : with the sections around it",
                quote(name)
            ),
        )),
    }
}

/// The text before the first of these bytes, and after it.
fn split_at(line: &[u8], byte: u8) -> Option<(&[u8], &[u8])> {
    let at = line.iter().position(|b| *b == byte)?;
    Some((line.get(..at)?, line.get(at + 1..)?))
}

/// The text without the white space around it: spaces, tabs and, since Corosync 3.1.8, bytes 0xA0,
/// even inside a UTF-8 character.
fn trim(text: &[u8]) -> &[u8] {
    let is_black = |b: &u8| !matches!(b, b' ' | b'\t' | 0xa0);
    let start = text.iter().position(is_black).unwrap_or(text.len());
    let end = text.iter().rposition(is_black).map_or(start, |at| at + 1);
    text.get(start..end).unwrap_or_default()
}

/// The name before a brace: trailing colons are cut off as well, but not the first byte.
fn section_name(text: &[u8]) -> &[u8] {
    let mut name = trim(text);
    while let [rest @ .., b' ' | b'\t' | 0xa0 | b':'] = name
        && !rest.is_empty()
    {
        name = rest;
    }
    name
}

/// A piece of the file for a message.
fn quote(text: &[u8]) -> String {
    let text: Cow<str> = String::from_utf8_lossy(text);
    format!("{text:?}")
}
