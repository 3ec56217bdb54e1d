//! Link names and address labels: at most 15 bytes, printed escaped.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use super::ParseError;
use super::escape::{escape, unescape};

/// The name of a link (`IFLA_IFNAME`) or the label of an IPv4 address (`IFA_LABEL`).
///
/// The kernel accepts almost any bytes here, escape characters and invalid UTF-8 included, so a
/// name is bytes. It is printed, and read back, with `\`, whatever is not UTF-8, and characters that
/// a terminal would obey or hide as `\xNN`: control and format characters (Unicode's Cc and Cf, so
/// the bidirectional ones, too), line and paragraph separators.
///
/// ```
/// use bindnet::snapshot::Name;
///
/// let label: Name = "eth0:vip".parse()?;
/// assert_eq!(label.as_bytes(), b"eth0:vip");
///
/// let hostile = Name::from_bytes(b"e\x1b[31m\xff")?;
/// assert_eq!(hostile.to_string(), r"e\x1b[31m\xff");
/// assert_eq!(hostile.to_string().parse::<Name>()?, hostile);
/// # Ok::<(), bindnet::ParseError>(())
/// ```
#[doc(alias = "IFNAMSIZ")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// Padded with NUL, which a name cannot hold.
    bytes: [u8; Name::MAX_LEN],
}

impl Name {
    /// The longest name in bytes: `IFNAMSIZ` less its terminating NUL (linux/if.h).
    pub const MAX_LEN: usize = 15;

    /// A name from its bytes, without a terminating NUL.
    ///
    /// # Errors
    /// If there is no byte, more than [`Name::MAX_LEN`], or a NUL among them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::of_bytes(bytes).map_err(|problem| problem.of(&escape(bytes)))
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Self, NameProblem> {
        check(bytes, Self::MAX_LEN)?;
        Ok(Self::pack(bytes))
    }

    /// Whether it may be the label of an address and no link: the kernel refuses a link with a colon in its
    /// name (`dev_valid_name` in net/core/dev.c).
    pub(crate) fn may_be_label(&self) -> bool {
        self.as_bytes().contains(&b':')
    }

    /// A name from its text.
    pub(crate) fn of_text(text: &str) -> Result<Self, NameProblem> {
        Self::of_bytes(&unescape(text)?)
    }

    /// A name from bytes in which a NUL ends it, as in a datagram; `None` for an empty one.
    #[inline]
    pub(crate) fn until_nul(bytes: &[u8]) -> Result<Option<Self>, NameProblem> {
        let len = bytes.iter().position(|byte| *byte == 0);
        match bytes.get(..len.unwrap_or(bytes.len())) {
            None | Some([]) => Ok(None),
            Some(bytes) if bytes.len() > Self::MAX_LEN => Err(too_long(bytes, Self::MAX_LEN)),
            Some(bytes) => Ok(Some(Self::pack(bytes))),
        }
    }

    /// At most [`Name::MAX_LEN`] bytes, none of them NUL.
    #[inline]
    fn pack(bytes: &[u8]) -> Self {
        // In a register: a short copy to memory that is then read as a whole makes the reader wait.
        let packed = bytes.iter().rev();
        let packed = packed.fold(0, |packed: u128, byte| packed << 8 | u128::from(*byte));
        let [bytes @ .., _] = packed.to_le_bytes();
        Self { bytes }
    }

    /// Whether it is a label with a colon, as of an alias of ifconfig(8): `eth0:vip`.
    pub(crate) fn is_alias(&self) -> bool {
        self.as_bytes().contains(&b':')
    }

    /// The bytes of the name, without a terminating NUL.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.split(|b| *b == 0).next().unwrap_or_default()
    }
}

impl FromStr for Name {
    type Err = ParseError;

    /// Reads a name as [`Display`](fmt::Display) writes it: `\xNN` is the byte NN.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::of_text(text).map_err(|problem| problem.of(text))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escape(self.as_bytes()))
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// Whether these bytes may be a name.
pub(super) fn check(bytes: &[u8], max: usize) -> Result<(), NameProblem> {
    if bytes.is_empty() {
        return Err(NameProblem::Empty);
    }
    if bytes.contains(&0) {
        return Err(NameProblem::Nul);
    }
    if bytes.len() > max {
        return Err(too_long(bytes, max));
    }
    Ok(())
}

fn too_long(bytes: &[u8], max: usize) -> NameProblem {
    let len = bytes.len();
    NameProblem::TooLong { len, max }
}

/// Why some bytes or a text are not a [`Name`] or a [`LinkName`](super::LinkName).
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum NameProblem {
    /// There is no byte at all.
    #[error("a name has at least one byte")]
    Empty,
    /// There are more bytes than the kernel keeps.
    #[error("{len} bytes; a name has at most {max}")]
    TooLong {
        /// How many bytes there were.
        len: usize,
        /// How many there may be.
        max: usize,
    },
    /// There is a NUL byte.
    #[error("a name holds no NUL byte")]
    Nul,
    /// A `\` that does not begin `\xNN`.
    #[error("the \\ at byte {at} is not followed by xNN (two hexadecimal digits)")]
    Escape {
        /// Its position in the text, in bytes from 0.
        at: usize,
    },
}

impl NameProblem {
    pub(super) fn of(self, text: &str) -> ParseError {
        ParseError::new("a name", text, self)
    }
}
