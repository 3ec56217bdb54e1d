//! Snapshots as text: our own format and the output of `ip -j addr`, told apart by content.

use thiserror::Error;

use super::{ip_json, snapshot_json};
use crate::snapshot::{Snapshot, SnapshotError};

/// The longest text that is read, in bytes.
const MAX_LEN: usize = 64 << 20;

/// The deepest nesting that is read.
const MAX_DEPTH: usize = 64;

/// The most objects and arrays that are read: an empty one takes three bytes of text and a
/// hundred times as much memory.
const MAX_OBJECTS: usize = 1_000_000;

/// The longest string that is read, in bytes: names, addresses and flags are far shorter.
const MAX_STRING: usize = 4096;

impl Snapshot {
    /// The longest text that [`Snapshot::from_json`] reads, in bytes.
    pub const MAX_JSON_LEN: usize = MAX_LEN;

    /// Reads a snapshot from its own format (`bindnet-snapshot/1`), or from the output of
    /// `ip -j addr` or `ip -d -j addr`.
    ///
    /// What iproute2 does not print is unknown. It writes link names and labels as they are, even
    /// where that is no JSON, and they are read all the same.
    ///
    /// ```
    /// use bindnet::Snapshot;
    ///
    /// let text = br#"[{"ifindex":2,"ifname":"eth0","flags":["UP"],"addr_info":[
    ///     {"family":"inet","local":"192.0.2.10","prefixlen":24,"scope":"global","label":"eth0",
    ///      "valid_life_time":4294967295,"preferred_life_time":4294967295}]}]"#;
    /// let snapshot = Snapshot::from_json(text)?;
    /// let address = snapshot.addresses().next().unwrap();
    /// assert_eq!(address.is_secondary(), Some(false));
    /// assert_eq!(address.created(), None);
    /// # Ok::<(), bindnet::ParseError>(())
    /// ```
    ///
    /// # Errors
    /// Where the text is neither, is longer than 64 MiB, is nested deeper than 64 levels or says
    /// something that cannot be; the error names the place.
    pub fn from_json(text: &[u8]) -> Result<Self, ParseError> {
        if text.len() > MAX_LEN {
            return Err(ParseError::TooLong);
        }
        let first = text.trim_ascii_start().first().copied();
        match first {
            None => Err(ParseError::Empty),
            Some(b'{') => snapshot_json::parse(&sanitize(text)?),
            Some(b'[') => ip_json::parse(&sanitize(text)?),
            Some(_) if looks_like_ip_text(text) => Err(ParseError::IpText),
            Some(byte) => Err(ParseError::Unrecognised { byte }),
        }
    }

    /// Writes the snapshot in its own format, `bindnet-snapshot/1`, on one line.
    ///
    /// Names, the host's too, are written as a [`Name`](crate::Name) is printed: a program that prints
    /// a value of the JSON prints no character that a terminal obeys.
    ///
    /// ```
    /// use bindnet::{Link, Snapshot};
    ///
    /// let snapshot = Snapshot::new([Link::new(2, "eth0".parse()?)], [])?;
    /// assert_eq!(Snapshot::from_json(snapshot.to_json().as_bytes())?, snapshot);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn to_json(&self) -> String {
        snapshot_json::print(self)
    }
}

/// `1: lo: <LOOPBACK,UP> …`
fn looks_like_ip_text(text: &[u8]) -> bool {
    let line = text
        .trim_ascii_start()
        .split(|b| *b == b'\n')
        .next()
        .unwrap_or_default();
    let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
    digits > 0
        && line
            .get(digits..)
            .is_some_and(|rest| rest.starts_with(b": "))
}

/// Refuses what would take too much memory (nesting, objects and arrays, strings), and mends what
/// iproute2 writes of hostile names: control characters and lone backslashes inside strings.
fn sanitize(text: &[u8]) -> Result<std::borrow::Cow<'_, [u8]>, ParseError> {
    let mut mended: Option<Vec<u8>> = None;
    let mut depth = 0usize;
    let mut objects = 0usize;
    let mut in_string = false;
    let mut start = 0;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        let mut len = 1;
        let mut mend: &[u8] = &[];
        let control;
        match (in_string, byte) {
            (_, b'"') => {
                in_string = !in_string;
                start = at;
            }
            (true, _) if at - start > MAX_STRING => {
                return Err(ParseError::LongString { at: start });
            }
            (true, b'\\') => match text.get(at + 1) {
                Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' | b'u') => len = 2,
                // iproute2 5 escapes it, which JSON does not know.
                Some(b'\'') => (len, mend) = (2, b"'"),
                _ => mend = b"\\\\",
            },
            (true, 0..=0x1f) => {
                control = format!("\\u{byte:04x}");
                mend = control.as_bytes();
            }
            (false, b'[' | b'{') => {
                depth += 1;
                objects += 1;
                if objects > MAX_OBJECTS {
                    return Err(ParseError::TooMany { at });
                }
                if depth > MAX_DEPTH {
                    return Err(ParseError::TooDeep { at });
                }
            }
            (false, b']' | b'}') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if !mend.is_empty() && mended.is_none() {
            mended = Some(text.get(..at).unwrap_or_default().to_vec());
        }
        if let Some(mended) = &mut mended {
            let same = text.get(at..text.len().min(at + len)).unwrap_or_default();
            mended.extend_from_slice(if mend.is_empty() { same } else { mend });
        }
        at += len;
    }
    Ok(mended.map_or(text.into(), Into::into))
}

/// Why a text is not a snapshot.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ParseError {
    /// There is nothing.
    #[error(
        "nothing there; a snapshot (preview --capture) or the output of `ip -d -j addr` is expected"
    )]
    Empty,
    /// There is too much.
    #[error("longer than 64 MiB; a host with 100 000 addresses takes less than half of that")]
    TooLong,
    /// The text is what `ip addr` prints for people.
    #[error("this is the text output of `ip addr`; run ip -d -j addr")]
    IpText,
    /// The text begins like nothing that is known.
    #[error("it begins with {:?}; a snapshot begins with '{{', the output of `ip -j addr` with '['", char::from(*.byte))]
    Unrecognised {
        /// The first byte that is not white space.
        byte: u8,
    },
    /// Brackets are nested too deeply.
    #[error("byte {at}: nested deeper than 64 levels")]
    TooDeep {
        /// Where, in bytes from the start.
        at: usize,
    },
    /// There are more objects than any host has links and addresses.
    #[error("byte {at}: more than 1 000 000 objects and arrays")]
    TooMany {
        /// Where, in bytes from the start.
        at: usize,
    },
    /// A string is longer than anything a host has to say.
    #[error("byte {at}: a string of more than 4096 bytes")]
    LongString {
        /// Where it begins, in bytes from the start.
        at: usize,
    },
    /// The text is no JSON, or a member is of the wrong type.
    #[error("{0}")]
    Json(String),
    /// Another format or version.
    #[error("format {}: only \"bindnet-snapshot/1\" is read", .found.as_ref().map_or("missing".to_owned(), |found| format!("{found:?}")))]
    Format {
        /// What the text calls itself, if it does.
        found: Option<String>,
    },
    /// A member has a value that cannot be.
    #[error("{place}: {problem}")]
    Value {
        /// Which member: `addresses[3].prefix_len`.
        place: String,
        /// What is wrong, and what would be accepted.
        problem: String,
    },
    /// The parts do not fit together.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}

impl ParseError {
    /// An error of the JSON itself, which says line and column.
    pub(super) fn json(error: serde_json::Error) -> Self {
        let hint = if error.is_eof() {
            "; the text ends too early, was it cut short?"
        } else {
            ""
        };
        Self::Json(format!("{error}{hint}"))
    }

    /// An error about the value of a member.
    pub(super) fn value(place: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Value {
            place: place.into(),
            problem: problem.into(),
        }
    }
}
