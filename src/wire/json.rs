//! Snapshots as text: our own format and the output of `ip -j addr`, distinguished by content.

use thiserror::Error;

use super::listed::Text;
use super::{ip_json, snapshot_json};
use crate::snapshot::{Contradiction, ParseError, Snapshot, beginning};

/// The longest text that is read, in bytes.
const MAX_LEN: usize = 64 << 20;

impl Snapshot {
    /// The longest text that [`Snapshot::from_json`] reads, in bytes.
    pub const MAX_JSON_LEN: usize = MAX_LEN;

    /// Reads a snapshot from its own format (`bindnet-snapshot/1`), or from the output of
    /// `ip -j addr` or `ip -d -j addr`.
    ///
    /// Facts that iproute2 does not print are unknown. It writes link names and labels without escapes,
    /// even if that is no JSON, and they are read all the same.
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
    /// If the text is neither, is longer than 64 MiB, is nested deeper than 64 levels or says
    /// something that cannot be; the error names the place. No text takes more than 256 MiB of
    /// memory, itself included.
    pub fn from_json(text: &[u8]) -> Result<Self, ParseError> {
        read(text).map_err(|problem| {
            // A character has at most four bytes.
            let head = text.get(..512).unwrap_or(text);
            let head = String::from_utf8_lossy(head);
            ParseError::new("a snapshot", beginning(&head), problem)
        })
    }

    /// Writes the snapshot in its own format, `bindnet-snapshot/1`, on one line.
    ///
    /// Names, the host's too, are written as a [`Name`](crate::snapshot::Name) is printed: a program that prints
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

fn read(text: &[u8]) -> Result<Snapshot, Problem> {
    if text.len() > MAX_LEN {
        return Err(Problem::TooLong);
    }
    let first = text.trim_ascii_start().first().copied();
    match first {
        None => Err(Problem::Empty),
        Some(b'{') => snapshot_json::parse(&Text::checked(text)?),
        Some(b'[') => ip_json::parse(&Text::checked(text)?),
        Some(_) if looks_like_ip_text(text) => Err(Problem::IpText),
        Some(byte) => Err(Problem::Unrecognised { byte }),
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

/// The reason why a text is not a snapshot.
#[derive(Debug, Error)]
pub(super) enum Problem {
    /// There is nothing.
    #[error("nothing there; a snapshot or the output of `ip -d -j addr` is expected")]
    Empty,
    /// There is too much.
    #[error("longer than 64 MiB; a host with 100 000 addresses takes less than half of that")]
    TooLong,
    /// The text is the output of `ip addr` for people.
    #[error("this is the text output of `ip addr`; run ip -d -j addr")]
    IpText,
    /// The text begins like no known format.
    #[error("it begins with {:?}; a snapshot begins with '{{', the output of `ip -j addr` with '['", char::from(*.byte))]
    Unrecognised {
        /// The first byte that is not white space.
        byte: u8,
    },
    /// Brackets are nested too deeply.
    #[error("byte {at}: nested deeper than 64 levels")]
    TooDeep {
        /// The position, in bytes from the start.
        at: usize,
    },
    /// There are more objects than any host has links and addresses.
    #[error("byte {at}: more than 1 000 000 objects and arrays")]
    TooMany {
        /// The position, in bytes from the start.
        at: usize,
    },
    /// A string is longer than any of a host.
    #[error("byte {at}: a string of more than 4096 bytes")]
    LongString {
        /// Its position, in bytes from the start.
        at: usize,
    },
    /// The text is no JSON, or a member is of the wrong type.
    #[error("{0}")]
    Json(String),
    /// The format or its version is unknown.
    #[error("format {}: only \"bindnet-snapshot/1\" is read", .found.as_ref().map_or("missing".to_owned(), |found| format!("{found:?}")))]
    Format {
        /// The name of the format in the text, if there is one.
        found: Option<String>,
    },
    /// A member has a value that cannot be.
    #[error("{path}: {problem}")]
    Value {
        /// Which member: `addresses[3].prefix_len`.
        path: String,
        /// The problem, and what would be accepted.
        problem: String,
    },
    /// The parts do not fit together.
    #[error(transparent)]
    Snapshot(#[from] Contradiction),
}

impl Problem {
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
    pub(super) fn value(path: impl Into<String>, problem: impl Into<String>) -> Self {
        Self::Value {
            path: path.into(),
            problem: problem.into(),
        }
    }

    /// The same error, with the place as a part of a larger one.
    pub(super) fn within(self, outer: &str) -> Self {
        match self {
            Self::Value { path, problem } => Self::value(format!("{outer}.{path}"), problem),
            error => error,
        }
    }
}
