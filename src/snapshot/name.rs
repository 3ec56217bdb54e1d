//! Link names and address labels: at most 15 bytes, printed escaped.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The name of a link (`IFLA_IFNAME`) or the label of an IPv4 address (`IFA_LABEL`).
///
/// The kernel accepts almost any bytes here, escape characters and invalid UTF-8 included, so a
/// name is bytes. It is printed, and read back, with control characters, `\` and whatever is not
/// UTF-8 as `\xNN`.
///
/// ```
/// use bindnet::Name;
///
/// let label: Name = "eth0:vip".parse()?;
/// assert_eq!(label.as_bytes(), b"eth0:vip");
///
/// let hostile = Name::from_bytes(b"e\x1b[31m\xff")?;
/// assert_eq!(hostile.to_string(), r"e\x1b[31m\xff");
/// assert_eq!(hostile.to_string().parse::<Name>()?, hostile);
/// # Ok::<(), bindnet::NameError>(())
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
    /// Where there is no byte, more than [`Name::MAX_LEN`], or a NUL among them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, NameError> {
        if bytes.is_empty() {
            return Err(NameError::Empty);
        }
        if bytes.contains(&0) {
            return Err(NameError::Nul);
        }
        if bytes.len() > Self::MAX_LEN {
            return Err(NameError::TooLong { len: bytes.len() });
        }
        Ok(Self::pack(bytes))
    }

    /// A name from bytes in which a NUL ends it, as in a datagram; `None` for an empty one.
    #[inline]
    pub(crate) fn until_nul(bytes: &[u8]) -> Result<Option<Self>, NameError> {
        let len = bytes.iter().position(|byte| *byte == 0);
        match bytes.get(..len.unwrap_or(bytes.len())) {
            None | Some([]) => Ok(None),
            Some(bytes) if bytes.len() > Self::MAX_LEN => {
                Err(NameError::TooLong { len: bytes.len() })
            }
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

    /// The bytes of the name, without a terminating NUL.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.split(|b| *b == 0).next().unwrap_or_default()
    }
}

impl FromStr for Name {
    type Err = NameError;

    /// Reads a name as [`Display`](fmt::Display) writes it: `\xNN` is the byte NN.
    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::from_bytes(&unescape(text)?)
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

/// Why some bytes or a text are not a [`Name`].
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NameError {
    /// There is no byte at all.
    #[error("a name has at least one byte")]
    Empty,
    /// There are more bytes than the kernel keeps.
    #[error("{len} bytes; a name has at most {max}", max = Name::MAX_LEN)]
    TooLong {
        /// How many bytes there were.
        len: usize,
    },
    /// There is a NUL byte.
    #[error("a name holds no NUL byte")]
    Nul,
    /// A `\` that does not begin `\xNN`.
    #[error("the \\ at byte {at} is not followed by xNN (two hexadecimal digits)")]
    Escape {
        /// Where in the text it stands, in bytes from 0.
        at: usize,
    },
}

/// Bytes as text: control characters, `\` and whatever is not UTF-8 become `\xNN`.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    let push_bytes = |text: &mut String, bytes: &[u8]| {
        for byte in bytes {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    };
    for chunk in bytes.utf8_chunks() {
        for c in chunk.valid().chars() {
            if c.is_control() || c == '\\' {
                push_bytes(&mut text, c.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                text.push(c);
            }
        }
        push_bytes(&mut text, chunk.invalid());
    }
    text
}

/// The bytes that [`escape`] wrote.
pub(crate) fn unescape(text: &str) -> Result<Vec<u8>, NameError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        if first != b'\\' {
            bytes.push(first);
            rest = tail;
            continue;
        }
        let at = text.len() - rest.len();
        let digit = |d: &u8| char::from(*d).to_digit(16);
        let byte = match tail {
            [b'x', high, low, ..] => digit(high).zip(digit(low)),
            _ => None,
        };
        let (high, low) = byte.ok_or(NameError::Escape { at })?;
        bytes.push((high << 4 | low) as u8);
        rest = tail.get(3..).unwrap_or_default();
    }
    Ok(bytes)
}
