//! A decision in words, for people.

use std::fmt;

use super::setting::Spelling;
use crate::rule::Decision;

/// A decision in words: its sentence, details, warnings, table and advice.
///
/// `{}` prints all of it, with an empty line before the table and before the advice. A program that
/// prints a part elsewhere takes that part out:
///
/// ```
/// use bindnet::{Address, Link, Selector, Snapshot};
///
/// let host = Snapshot::new(
///     [Link::new(2, "eth0".parse()?)],
///     [
///         Address::new("192.0.2.10/24".parse()?, 2).with_label("eth0".parse()?),
///         Address::new("192.0.2.20/24".parse()?, 2).with_label("eth0:vip".parse()?),
///     ],
/// )?;
/// let selector = Selector::new("192.0.2.0".parse()?).previous("192.0.2.20".parse()?);
/// let mut explanation = selector.decide(&host).explain();
/// let warnings = std::mem::take(&mut explanation.warnings);
/// assert!(warnings[0].starts_with("192.0.2.20 looks floating (label eth0:vip);"));
/// assert_eq!(
///     explanation.to_string(),
///     concat!(
///         "192.0.2.20/24 on eth0: the remembered choice, kept although it looks floating (label \
///          eth0:vip).\n",
///         "\n",
///         "    ADDRESS        INTERFACE  LABEL     VERDICT    REASONS\n",
///         "    192.0.2.10/24  eth0       eth0      outranked  -\n",
///         "  > 192.0.2.20/24  eth0       eth0:vip  chosen     label, previous\n",
///     ),
/// );
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// The choice and the reason for it, or the reason why there is none, on one line.
    pub sentence: String,
    /// More about why nothing was chosen, on one line.
    pub detail: Option<String>,
    /// The warnings, a sentence each: [`Decision::warnings`].
    pub warnings: Vec<String>,
    /// The candidates, and the other addresses if the selector lists them, in kernel order; the row
    /// of the choice begins with `>`. `None` if it says no more than the sentence: if the bindnetaddr
    /// was named exactly and is there once, or if there is no row.
    pub table: Option<String>,
    /// [`Decision::advice`] as lines, with the sentence that introduces it. `None` if there is none,
    /// or if the detail says it.
    pub advice: Option<String>,
}

impl Decision {
    /// Explains the decision in plain words.
    ///
    /// ```
    /// use bindnet::{Selector, Snapshot};
    ///
    /// let nothing = Snapshot::new([], [])?;
    /// let explanation = Selector::new("192.0.2.0".parse()?).decide(&nothing).explain();
    /// assert_eq!(explanation.sentence, "none: no IPv4 address of this host");
    /// assert_eq!(explanation.table, None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn explain(&self) -> Explanation {
        self.explain_in(Spelling::default())
    }

    /// The same with the advice in the words of a program.
    ///
    /// [`Spelling`] has an example.
    pub fn explain_in(&self, spelling: Spelling) -> Explanation {
        Explanation {
            sentence: self.sentence(),
            detail: self.detail(),
            warnings: self.warnings(),
            table: self.has_table().then(|| self.table()),
            advice: self.advice_text(spelling),
        }
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.sentence)?;
        if let Some(detail) = &self.detail {
            writeln!(f, "{detail}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning: {warning}")?;
        }
        for paragraph in self.table.iter().chain(&self.advice) {
            write!(f, "\n{paragraph}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Decision {
    /// `{}`: one line. `{:#}`: all of [`Decision::explain`].
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if f.alternate() {
            write!(f, "{}", self.explain())
        } else {
            f.write_str(&self.sentence())
        }
    }
}
