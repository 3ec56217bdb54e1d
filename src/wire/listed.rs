//! Reads JSON that may be hostile: its limits, its repair, and lists that are read item by item.

use std::fmt;
use std::io::{BufReader, Cursor, Read, Result as Filled};
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, Deserializer, IgnoredAny, SeqAccess, Visitor};
use smallvec::SmallVec;

use super::json::Problem;

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// The most objects and arrays that are read: an empty one takes three bytes of text, and a link
/// or an address a hundred bytes of memory.
const MAX_OBJECTS: usize = 1_000_000;

/// The longest string that is read, in bytes: names, addresses and flags are far shorter.
const MAX_STRING: usize = 4096;

/// A text within the limits on nesting, on objects and arrays, and on strings.
pub(super) struct Text<'a> {
    text: &'a [u8],
    /// Whether nothing in it has to be repaired.
    is_json: bool,
}

impl<'a> Text<'a> {
    /// Refuses a text that would take too much memory.
    pub fn checked(text: &'a [u8]) -> Result<Self, Problem> {
        let (mut depth, mut objects, mut start) = (0usize, 0usize, 0);
        let mut is_json = true;
        let mut parts = Parts::of(text);
        while let Some(Part { at, same, instead }) = parts.next() {
            is_json &= instead.is_none();
            match (parts.in_string, same) {
                (_, b"\"") => start = at,
                (true, _) if at - start > MAX_STRING => {
                    return Err(Problem::LongString { at: start });
                }
                (false, b"[" | b"{") => {
                    depth += 1;
                    objects += 1;
                    if objects > MAX_OBJECTS {
                        return Err(Problem::TooMany { at });
                    }
                    if depth > MAX_DEPTH {
                        return Err(Problem::TooDeep { at });
                    }
                }
                (false, b"]" | b"}") => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        Ok(Self { text, is_json })
    }

    /// Reads it. A text that needs repair is repaired while it is read, without a copy.
    pub fn read<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        let value = if self.is_json {
            serde_json::from_slice(self.text)
        } else {
            serde_json::from_reader(BufReader::new(Repaired::of(self.text)))
        };
        value.map_err(Problem::json)
    }
}

/// The parts of a text: bytes that stay, or a replacement of a few.
///
/// iproute2 writes hostile names as they are: control characters and lone backslashes inside
/// strings, which are no JSON.
struct Parts<'a> {
    text: &'a [u8],
    at: usize,
    in_string: bool,
}

struct Part<'a> {
    /// Its position.
    at: usize,
    /// The bytes of the text.
    same: &'a [u8],
    /// The replacement, if any.
    instead: Option<Escape>,
}

/// The longest is `\u001f`.
type Escape = ([u8; 6], usize);

impl<'a> Parts<'a> {
    fn of(text: &'a [u8]) -> Self {
        let (at, in_string) = (0, false);
        Self {
            text,
            at,
            in_string,
        }
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Part<'a>;

    #[inline]
    fn next(&mut self) -> Option<Part<'a>> {
        let at = self.at;
        let rest = self.text.get(at..)?;
        let (&byte, behind) = rest.split_first()?;
        let (mut len, mut instead) = (1, None);
        match (self.in_string, byte) {
            (_, b'"') => self.in_string = !self.in_string,
            (true, b'\\') => match behind.first() {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u') => len = 2,
                // iproute2 5 escapes it, which JSON does not know.
                Some(b'\'') => (len, instead) = (2, Some((*b"\'\0\0\0\0\0", 1))),
                _ => instead = Some((*b"\\\\\0\0\0\0", 2)),
            },
            (true, 0..=0x1f) => instead = Some(control(byte)),
            _ => {}
        }
        self.at = at + len;
        let same = rest.get(..len).unwrap_or(rest);
        Some(Part { at, same, instead })
    }
}

/// `\u00NN` for a control character.
fn control(byte: u8) -> Escape {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |value: u8| DIGITS[usize::from(value & 0xf)];
    let escape = [b'\\', b'u', b'0', b'0', digit(byte >> 4), digit(byte)];
    (escape, escape.len())
}

/// A text in which everything is repaired.
struct Repaired<'a> {
    parts: Parts<'a>,
    /// The bytes that did not fit.
    pending: Cursor<SmallVec<[u8; 8]>>,
}

impl<'a> Repaired<'a> {
    fn of(text: &'a [u8]) -> Self {
        Self {
            parts: Parts::of(text),
            pending: Cursor::default(),
        }
    }
}

impl Read for Repaired<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Filled<usize> {
        let mut filled = self.pending.read(buffer)?;
        while filled < buffer.len()
            && let Some(part) = self.parts.next()
        {
            let bytes = match &part.instead {
                Some((bytes, len)) => bytes.get(..*len).unwrap_or(bytes),
                None => part.same,
            };
            let rest = buffer.get_mut(filled..).unwrap_or_default();
            let fits = bytes.len().min(rest.len());
            for (to, from) in rest.iter_mut().zip(bytes) {
                *to = *from;
            }
            filled += fits;
            if let Some(rest) = bytes.get(fits..).filter(|rest| !rest.is_empty()) {
                self.pending = Cursor::new(rest.into());
            }
        }
        Ok(filled)
    }
}

/// A value that is built from a list, item by item.
pub(super) trait Collect: Default {
    /// An item as it is read.
    type Item: DeserializeOwned;

    /// Takes an item, with its position; the place in an error begins with that of the list.
    fn add(&mut self, at: usize, item: Self::Item) -> Result<(), Problem>;
}

/// A list that is read item by item. Items are not kept, only the value that is built from them.
pub(super) struct Listed<C> {
    value: C,
    problem: Option<Problem>,
}

impl<C> Listed<C> {
    /// The value, or the error of the first item that is not valid.
    pub fn value(self) -> Result<C, Problem> {
        match self.problem {
            None => Ok(self.value),
            Some(error) => Err(error),
        }
    }
}

impl<'de, C: Collect> Deserialize<'de> for Listed<C> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_seq(ListVisitor(PhantomData))
    }
}

struct ListVisitor<C>(PhantomData<C>);

impl<'de, C: Collect> Visitor<'de> for ListVisitor<C> {
    type Value = Listed<C>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a sequence")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Listed<C>, A::Error> {
        let (mut value, mut problem, mut at) = (C::default(), None, 0);
        while problem.is_none()
            && let Some(item) = seq.next_element()?
        {
            problem = value.add(at, item).err();
            at += 1;
        }
        if problem.is_some() {
            value = C::default();
            while seq.next_element::<IgnoredAny>()?.is_some() {}
        }
        Ok(Listed { value, problem })
    }
}
