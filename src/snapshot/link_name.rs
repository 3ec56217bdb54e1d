//! The names by which a link is found: its own, and alternative ones of up to 127 bytes.

use std::fmt;
use std::str::FromStr;

use super::ParseError;
use super::escape::{escape, unescape};
use super::name::{Name, NameProblem, check};

/// A name by which a link is found: its own [`Name`] (`IFLA_IFNAME`), or one of its alternative
/// names (`IFLA_ALT_IFNAME`, the `altname` of ip-link(8)), which may be longer.
///
/// The kernel gives a name of either sort to one link only. It is printed, and read back, as a
/// [`Name`] is.
///
/// ```
/// use bindnet::snapshot::{LinkName, Name};
///
/// let alternative: LinkName = "enx-the-second-port-from-the-left".parse()?;
/// assert_eq!(alternative.as_bytes().len(), 33);
/// assert_eq!(LinkName::from("eth0".parse::<Name>()?), "eth0".parse()?);
/// assert!("n".repeat(128).parse::<LinkName>().is_err());
/// # Ok::<(), bindnet::ParseError>(())
/// ```
#[doc(alias = "ALTIFNAMSIZ")]
#[doc(alias = "altname")]
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkName {
    /// Padded with NUL, which a name cannot hold.
    bytes: [u8; LinkName::MAX_LEN],
}

impl LinkName {
    /// The longest name in bytes: `ALTIFNAMSIZ` less its terminating NUL (linux/if.h).
    pub const MAX_LEN: usize = 127;

    /// A name from its bytes, without a terminating NUL.
    ///
    /// # Errors
    /// If there is no byte, more than [`LinkName::MAX_LEN`], or a NUL among them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ParseError> {
        Self::of_bytes(bytes).map_err(|problem| problem.of(&escape(bytes)))
    }

    pub(crate) fn of_bytes(bytes: &[u8]) -> Result<Self, NameProblem> {
        check(bytes, Self::MAX_LEN)?;
        Ok(Self::pack(bytes))
    }

    /// A name from its text.
    pub(crate) fn of_text(text: &str) -> Result<Self, NameProblem> {
        Self::of_bytes(&unescape(text)?)
    }

    /// At most [`LinkName::MAX_LEN`] bytes, none of them NUL.
    fn pack(bytes: &[u8]) -> Self {
        let mut padded = [0; Self::MAX_LEN];
        for (to, from) in padded.iter_mut().zip(bytes) {
            *to = *from;
        }
        Self { bytes: padded }
    }

    /// The bytes of the name, without a terminating NUL.
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes.split(|b| *b == 0).next().unwrap_or_default()
    }

    /// The same as a [`Name`]; `None` if it is too long to be a link's own.
    pub fn name(&self) -> Option<Name> {
        Name::of_bytes(self.as_bytes()).ok()
    }
}

impl From<Name> for LinkName {
    fn from(name: Name) -> Self {
        Self::pack(name.as_bytes())
    }
}

impl FromStr for LinkName {
    type Err = ParseError;

    /// Reads a name as [`Display`](fmt::Display) writes it: `\xNN` is the byte NN.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        Self::of_text(text).map_err(|problem| problem.of(text))
    }
}

impl fmt::Display for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&escape(self.as_bytes()))
    }
}

impl fmt::Debug for LinkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{self}\"")
    }
}

/// The alternative names of a link, one behind the other with a NUL after each: without any there
/// is no allocation, and a list takes little more memory than its text. Few links have any, so that
/// they take a pointer in each link and no more.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::box_collection, reason = "a pointer is a third of a vector")]
pub(crate) struct AltNames(Option<Box<Vec<u8>>>);

impl AltNames {
    pub fn push(&mut self, name: &LinkName) {
        let names = self.0.get_or_insert_default();
        names.extend(name.as_bytes());
        names.push(0);
    }

    pub fn contains(&self, name: &LinkName) -> bool {
        self.each().any(|bytes| bytes == name.as_bytes())
    }

    pub fn iter(&self) -> impl Iterator<Item = LinkName> + '_ {
        self.each().map(LinkName::pack)
    }

    fn each(&self) -> impl Iterator<Item = &[u8]> {
        let names = self.0.as_ref().and_then(|names| names.strip_suffix(&[0]));
        names.into_iter().flat_map(|names| names.split(|b| *b == 0))
    }
}
