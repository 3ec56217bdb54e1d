//! The error for a text that cannot be parsed.

use std::fmt::Display;

use thiserror::Error;

/// A text, or a combination of values, is not valid; the message says what would be.
///
/// The message is for the person who wrote the text: it names what is wrong, and mostly what to
/// write instead. The same text always gives the same error, so a retry is useless.
///
/// ```
/// use bindnet::BindnetAddr;
///
/// let error = "192.0.2.256".parse::<BindnetAddr>().unwrap_err();
/// assert_eq!(error.what(), "a bindnetaddr");
/// assert_eq!(error.text(), "192.0.2.256");
/// assert_eq!(error.line(), None);
/// assert_eq!(
///     error.to_string(),
///     "bindnetaddr \"192.0.2.256\": \"256\" is more than 255; an IPv4 address is four numbers \
///      from 0 to 255",
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{message}")]
pub struct ParseError {
    what: &'static str,
    text: String,
    line: Option<usize>,
    message: String,
    wants_interface: bool,
}

impl ParseError {
    /// The message of an error about a text that should have been this.
    pub(crate) fn new(what: &'static str, text: impl Into<String>, message: impl Display) -> Self {
        Self {
            what,
            text: text.into(),
            line: None,
            message: message.to_string(),
            wants_interface: false,
        }
    }

    /// With the number of the line, from 1.
    pub(crate) fn at_line(mut self, line: usize) -> Self {
        self.line = Some(line);
        self
    }

    /// Whether the first line of the message asks to restrict the interface.
    pub(crate) fn wanting_interface(mut self, wants_interface: bool) -> Self {
        self.wants_interface = wants_interface;
        self
    }

    /// Whether it asks to [restrict the interface](crate::Selector::interface): a link belongs to an
    /// IPv6 address. A program adds how that is done to the end of the first line of the message.
    ///
    /// ```
    /// let error = "192.0.2.0%eth0".parse::<bindnet::BindnetAddr>().unwrap_err();
    /// assert!(error.wants_interface());
    /// assert!(error.to_string().ends_with("; restrict the interface"));
    /// ```
    pub fn wants_interface(&self) -> bool {
        self.wants_interface
    }

    /// The kind of text that was expected: `a bindnetaddr`, `a state file`.
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// The text, or the values as they print. Of a long text the beginning of the line, or of the
    /// whole; empty if a file as a whole is wrong. Any character may be in it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The line that cannot be understood, from 1; of a state file and of a corosync.conf.
    pub fn line(&self) -> Option<usize> {
        self.line
    }
}

/// The beginning of a long text, as an error quotes it.
pub(crate) fn beginning(text: &str) -> String {
    /// In characters; an entry of IPv4 in a state file fits.
    const QUOTED: usize = 100;

    let mut quoted: String = text.chars().take(QUOTED).collect();
    if quoted.len() < text.len() {
        quoted.push('…');
    }
    quoted
}
