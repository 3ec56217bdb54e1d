//! The rule that chooses.

use std::fmt;
use std::str::FromStr;

use super::version::Version;
use crate::snapshot::ParseError;

/// The rule that a [`ProfileSelector`](super::ProfileSelector) follows.
///
/// ```
/// use bindnet::corosync::ProfileSelector;
/// use bindnet::{Address, Link, Selector, Snapshot};
///
/// let host = Snapshot::new(
///     [Link::new(2, "eth0".parse()?)],
///     [
///         Address::new("192.0.2.20/24".parse()?, 2).with_label("eth0:vip".parse()?),
///         Address::new("192.0.2.10/24".parse()?, 2).with_label("eth0".parse()?),
///     ],
/// )?;
/// let choice = |profile: &str| -> Result<_, Box<dyn std::error::Error>> {
///     let selector = Selector::new("192.0.2.0".parse()?);
///     let decision = ProfileSelector::new(profile.parse()?, selector).decide(&host);
///     Ok(decision.chosen().unwrap().ip().to_string())
/// };
/// assert_eq!(choice("default")?, "192.0.2.10");
/// assert_eq!(choice("corosync:3.1.7")?, "192.0.2.20");
/// assert_eq!(choice("corosync:2.0.1")?, "192.0.2.10");
/// assert_eq!(choice("patched")?, "192.0.2.10");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Profile {
    /// The rule of this crate.
    #[default]
    Default,
    /// The rule of this version of Corosync, or its newest one: nothing is skipped, nothing is
    /// ambiguous, the link may be down. See [`corosync`](crate::corosync).
    Corosync(Option<Version>),
    /// Corosync 2.0.0 with the workaround of 2012: the list in its own order, labels with a colon
    /// skipped.
    Patched,
}

impl Profile {
    /// The version of Corosync that decides, in words; the newest one for our own rule.
    pub(crate) fn corosync(self) -> String {
        match self {
            Self::Patched => "Corosync 2.0.0 (patched)".to_owned(),
            Self::Corosync(Some(version)) => format!("Corosync {version}"),
            Self::Corosync(None) | Self::Default => format!("Corosync {}", Version::NEWEST),
        }
    }
}

impl FromStr for Profile {
    type Err = ParseError;

    /// Reads `default`, `corosync`, `corosync:VERSION` or `patched`.
    fn from_str(text: &str) -> Result<Self, ParseError> {
        match (text, text.strip_prefix("corosync:")) {
            ("default", _) => Ok(Self::Default),
            ("corosync", _) => Ok(Self::Corosync(None)),
            ("patched", _) => Ok(Self::Patched),
            (_, Some(version)) => Ok(Self::Corosync(Some(version.parse()?))),
            _ => {
                let problem = format!(
                    "{text:?} is not a profile; write default, corosync (the newest rule), \
                     corosync:VERSION (corosync:2.0.1) or patched"
                );
                Err(ParseError::new("a profile", text, problem))
            }
        }
    }
}

impl fmt::Display for Profile {
    /// The text that is read as this profile.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::Corosync(None) => f.write_str("corosync"),
            Self::Corosync(Some(version)) => write!(f, "corosync:{version}"),
            Self::Patched => f.write_str("patched"),
        }
    }
}
