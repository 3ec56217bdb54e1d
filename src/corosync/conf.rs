//! The addresses in a corosync.conf(5).

use std::collections::BTreeMap;

use thiserror::Error;

use super::conf_reader;
use crate::snapshot::escape;

/// A corosync.conf, of which only the parts about addresses are read.
///
/// The text is accepted and refused as Corosync 3.1 does. The lines, the braces and the names of
/// keys are checked, and the values of `totem.version`, `totem.nodeid`, `totem.ip_version`,
/// `linknumber` and the `nodeid` of a node. Other values are not checked, although Corosync checks
/// many of them (ports, timeouts, ciphers, `uidgid`, `logging`). Addresses are not read here.
/// `ringnumber` is a key like any other: Corosync 3 does not read it. Sections inside a node are
/// left out.
///
/// White space is spaces, tabs and, since Corosync 3.1.8, the byte 0xA0. A `#` begins a comment
/// only at the beginning of a line; anywhere else it is a part of the value. Bytes of a value that
/// are not UTF-8 are replaced by U+FFFD.
///
/// ```
/// use bindnet::corosync::Conf;
///
/// let conf = Conf::parse(b"totem {
///     version: 2
///     transport: udpu
///     interface {
///         bindnetaddr: 192.0.2.0
///     }
/// }")?;
/// assert_eq!(conf.totem("transport").unwrap().text(), "udpu");
/// let bindnetaddr = conf.interfaces()[0].get("bindnetaddr").unwrap();
/// assert_eq!((bindnetaddr.text(), bindnetaddr.line()), ("192.0.2.0", 5));
/// assert!(conf.nodes().is_empty());
///
/// let error = Conf::parse(b"totem {\n    transport = udpu\n}").unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     "line 2: \"transport = udpu\" is neither the start of a section (totem {) nor its end (}) \
///      nor a key with its value (version: 2)",
/// );
/// # Ok::<(), bindnet::corosync::ConfError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Conf {
    pub(super) totem: BTreeMap<String, Value>,
    pub(super) interfaces: Vec<Interface>,
    pub(super) nodes: Vec<ConfNode>,
    pub(super) version_by: Option<String>,
}

impl Conf {
    /// The longest text, in bytes: 1 MiB, some thousand nodes.
    pub const MAX_LEN: usize = 1 << 20;

    /// Reads the text of a corosync.conf.
    ///
    /// # Errors
    /// If Corosync 3.1 refuses it (see [`Conf`]), with the line that Corosync also names; or if it
    /// is longer than [`Conf::MAX_LEN`].
    pub fn parse(text: &[u8]) -> Result<Self, ConfError> {
        if let Some(head) = text.get(..Self::MAX_LEN).filter(|head| *head != text) {
            let line = head.iter().filter(|b| **b == b'\n').count() + 1;
            return Err(ConfError::new(line, "the file is longer than 1 MiB"));
        }
        conf_reader::read(text)
    }

    /// Sets the words of a program for its setting of the version of Corosync. The warning that the
    /// version is not known ends with them.
    ///
    /// ```
    /// use bindnet::corosync::{Conf, Hosts, Profile};
    /// use bindnet::{Address, Link, Snapshot};
    ///
    /// let conf = Conf::parse(
    ///     b"totem {
    ///         version: 2
    ///     }
    ///     nodelist {
    ///         node {
    ///             nodeid: 1
    ///             ring0_addr: 192.0.2.1
    ///         }
    ///     }",
    /// )?;
    /// let conf = conf.version_by("corosync_version = VERSION");
    /// let address = Address::new("192.0.2.1/24".parse()?, 2);
    /// let host = Snapshot::new([Link::new(2, "eth0".parse()?)], [address])?;
    /// let plan = conf.plan(Profile::Default, &host, &Hosts::default())?;
    /// assert!(plan.warnings()[0].ends_with(" is shown (corosync_version = VERSION)."));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn version_by(mut self, words: impl Into<String>) -> Self {
        self.version_by = Some(words.into());
        self
    }

    /// A key of the section `totem`: `transport`, `ip_version`, …. The last one counts.
    pub fn totem(&self, key: &str) -> Option<&Value> {
        self.totem.get(key)
    }

    /// The sections `totem.interface`, in the order of the file. Several may be of one link.
    pub fn interfaces(&self) -> &[Interface] {
        &self.interfaces
    }

    /// The sections `nodelist.node`, in the order of the file.
    ///
    /// A second `nodelist` counts its nodes from 0 again: its keys go to the nodes of the first
    /// one.
    pub fn nodes(&self) -> &[ConfNode] {
        &self.nodes
    }
}

/// The value of a key, and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Value {
    pub(super) text: String,
    pub(super) line: usize,
}

impl Value {
    /// The text, without the white space around it. It may be empty, and any byte may be in it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text as names are printed.
    pub(super) fn shown(&self) -> String {
        escape(self.text.as_bytes())
    }

    /// The line, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The value as strtoll(3) reads it, up to the end of the text.
    pub(super) fn number(&self) -> Option<i64> {
        let space = |c: char| c.is_ascii_whitespace() || c == '\x0b';
        self.text.trim_start_matches(space).parse().ok()
    }
}

/// A section `totem.interface`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    pub(super) line: usize,
    pub(super) keys: BTreeMap<String, Value>,
}

impl Interface {
    /// The line where it begins, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The keys in it.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.keys().map(String::as_str)
    }

    /// A key: `bindnetaddr`, `linknumber`, …. The last one counts.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.keys.get(key)
    }
}

/// A section `nodelist.node`.
///
/// ```
/// use bindnet::corosync::Conf;
///
/// let conf = Conf::parse(b"nodelist {
///     node {
///         name: alice
///         ring1_addr: 198.51.100.1
///         ring0_addr: 192.0.2.1
///     }
/// }")?;
/// let addresses = conf.nodes()[0].ring_addrs();
/// let addresses: Vec<_> = addresses.map(|(ring, value)| (ring, value.text())).collect();
/// assert_eq!(addresses, [(0, "192.0.2.1"), (1, "198.51.100.1")]);
/// # Ok::<(), bindnet::corosync::ConfError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfNode {
    pub(super) line: usize,
    pub(super) position: u32,
    pub(super) keys: BTreeMap<String, Value>,
}

impl ConfNode {
    /// The line where it begins, from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The X of `nodelist.node.X`, as corosync-cmapctl(8) prints it, from 0.
    pub fn position(&self) -> u32 {
        self.position
    }

    /// A key: `name`, `nodeid`, `ring0_addr`, …. The last one counts.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.keys.get(key)
    }

    /// The addresses of the node with the numbers of their rings (links), by number.
    pub fn ring_addrs(&self) -> impl Iterator<Item = (u32, &Value)> {
        let ring = |key: &str| number(key.strip_prefix("ring")?.strip_suffix("_addr")?);
        let keys = self.keys.iter();
        let mut rings: Vec<_> = keys
            .filter_map(|(key, value)| Some((ring(key)?, value)))
            .collect();
        rings.sort_by_key(|(ring, _)| *ring);
        rings.into_iter()
    }
}

/// A number in its printed form: digits alone, without leading zeros.
pub(super) fn number(text: &str) -> Option<u32> {
    let plain = text == "0" || !text.starts_with(['0', '+']);
    text.parse().ok().filter(|_| plain)
}

/// Corosync refuses a corosync.conf, because of this problem in this line.
///
/// A person has to correct the file; only one that [is of this host](Self::is_of_this_host) may
/// pass, if an address is still to come.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("line {line}: {problem}")]
pub struct ConfError {
    line: usize,
    problem: String,
    of_this_host: bool,
}

impl ConfError {
    pub(super) fn new(line: usize, problem: impl Into<String>) -> Self {
        Self {
            line,
            problem: problem.into(),
            of_this_host: false,
        }
    }

    pub(super) fn of_this_host(mut self) -> Self {
        self.of_this_host = true;
        self
    }

    /// Whether the file is in order, but the host does not fit it yet: an address that is still to
    /// come may change that.
    pub fn is_of_this_host(&self) -> bool {
        self.of_this_host
    }

    /// The line, from 1. If a section is not closed, it is the last line.
    pub fn line(&self) -> usize {
        self.line
    }
}
