//! Versions of Corosync, and their rules.

use std::fmt;
use std::str::FromStr;

use crate::snapshot::ParseError;

/// A version of Corosync: three numbers.
///
/// ```
/// use bindnet::corosync::{Rule, Version};
///
/// let version: Version = "2.0.1".parse()?;
/// assert_eq!(version.rule(), Rule::V1_99_5);
/// assert!(version.warning().is_none());
///
/// let future: Version = "9.0.0".parse()?;
/// assert_eq!(future.rule(), Rule::V2_0_2);
/// assert!(future.warning().is_some());
///
/// let error = "3.1".parse::<Version>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "\"3.1\" is not a version of Corosync; write three numbers, as in 3.1.7",
/// );
/// # Ok::<(), bindnet::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version([u16; 3]);

impl Version {
    /// The oldest release whose source was read.
    pub const OLDEST: Self = Self([1, 2, 8]);
    /// The newest release whose source was read.
    pub const NEWEST: Self = Self([3, 1, 10]);

    /// A version by its three numbers.
    pub const fn new(major: u16, minor: u16, patch: u16) -> Self {
        Self([major, minor, patch])
    }

    /// The version in the output of `corosync -v`, if there is one.
    ///
    /// The text that a distribution or a build adds after the three numbers is left out.
    ///
    /// ```
    /// use bindnet::corosync::Version;
    ///
    /// let printed = b"Corosync Cluster Engine, version '3.1.7'\nCopyright (c) 2006-2021 Red Hat, Inc.\n";
    /// assert_eq!(Version::from_output(printed), Some(Version::new(3, 1, 7)));
    /// assert_eq!(Version::from_output(b"version '3.1.9-dirty'"), Some(Version::new(3, 1, 9)));
    /// assert_eq!(Version::from_output(b"corosync: not found"), None);
    /// ```
    pub fn from_output(text: &[u8]) -> Option<Self> {
        let text = String::from_utf8_lossy(text);
        let version = text.split('\'').nth(1)?;
        let end = version.find(|c: char| c != '.' && !c.is_ascii_digit());
        version[..end.unwrap_or(version.len())].parse().ok()
    }

    /// The rule that this version follows; the newest one if the version is not known.
    pub fn rule(self) -> Rule {
        match self.0 {
            version if version <= [1, 4, 3] => Rule::V1_2_8,
            version if version <= [1, 4, 7] => Rule::V1_4_4,
            version if version <= [1, 4, 10] => Rule::V1_4_8,
            version if version < [1, 99, 5] => Rule::V2_0_2,
            version if version <= [2, 0, 1] => Rule::V1_99_5,
            _ => Rule::V2_0_2,
        }
    }

    /// Whether this is Corosync 3, whose previews began with 2.90.
    pub(super) fn is_3(self) -> bool {
        self >= Self([2, 90, 0])
    }

    /// The warning about a version that is not known.
    pub fn warning(self) -> Option<String> {
        let (oldest, newest) = (Self::OLDEST, Self::NEWEST);
        if self < oldest {
            return Some(format!(
                "Corosync {self} is older than {oldest}, the oldest known; the rule of {oldest} \
                 is assumed."
            ));
        }
        if self > newest {
            return Some(format!(
                "Corosync {self} is newer than {newest}, the newest known; the rule of {newest} \
                 is assumed."
            ));
        }
        let unknown = self > Self([1, 4, 10]) && self < Self([1, 99, 5]);
        unknown.then(|| {
            format!("Corosync {self} is not a known release; the rule of {newest} is assumed.")
        })
    }
}

impl Default for Version {
    /// The newest one.
    fn default() -> Self {
        Self::NEWEST
    }
}

impl FromStr for Version {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let error = || {
            let problem =
                format!("{text:?} is not a version of Corosync; write three numbers, as in 3.1.7");
            ParseError::new("a version of Corosync", text, problem)
        };
        let mut numbers = [0; 3];
        let mut fields = text.split('.');
        for number in &mut numbers {
            let part = fields.next().ok_or_else(error)?;
            let digits = part.bytes().all(|b| b.is_ascii_digit());
            *number = part.parse().ok().filter(|_| digits).ok_or_else(error)?;
        }
        match fields.next() {
            None => Ok(Self(numbers)),
            Some(_) => Err(error()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

/// One of Corosync's five rules, named after the first release that was seen to follow it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Rule {
    /// Up to 1.4.3: the first match of either kind. Returns `IFA_ADDRESS`, which on a
    /// point-to-point link is the other end. IPv6 by its exact address only.
    V1_2_8,
    /// 1.4.4 to 1.4.7: an exact address before any network. IPv6 by its exact address only.
    V1_4_4,
    /// 1.4.8 to 1.4.10: the same, but bindnetaddr has to be the address of the network.
    V1_4_8,
    /// 1.99.5 to 2.0.1: the first match of either kind, from the end of the list.
    V1_99_5,
    /// From 2.0.2: an exact address before any network, in the order of getifaddrs(3).
    V2_0_2,
}

impl Rule {
    /// Every rule, the oldest first.
    pub const ALL: [Self; 5] = [
        Self::V1_2_8,
        Self::V1_4_4,
        Self::V1_4_8,
        Self::V1_99_5,
        Self::V2_0_2,
    ];

    /// The releases that follow it.
    pub const fn releases(self) -> &'static str {
        match self {
            Self::V1_2_8 => "up to 1.4.3",
            Self::V1_4_4 => "1.4.4 to 1.4.7",
            Self::V1_4_8 => "1.4.8 to 1.4.10",
            Self::V1_99_5 => "1.99.5 to 2.0.1",
            Self::V2_0_2 => "from 2.0.2",
        }
    }
}
