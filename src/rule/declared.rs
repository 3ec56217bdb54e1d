//! The declarations of the operator: floating addresses, and fixed ones.

use std::collections::BTreeMap;
use std::net::IpAddr;

use crate::snapshot::ParseError;
use ipnet::IpNet;

/// The operator's two lists: networks of floating and of fixed addresses.
///
/// The longest prefix that contains an address decides, whichever list it is on.
///
/// ```
/// use bindnet::rule::{Declaration, Declared};
///
/// let declared = Declared::default()
///     .floating(["192.0.2.0/24".parse()?])?
///     .fixed(["192.0.2.10/32".parse()?])?;
/// assert_eq!(declared.of("192.0.2.20".parse()?), Some(Declaration::Floating));
/// assert_eq!(declared.of("192.0.2.10".parse()?), Some(Declaration::Fixed));
/// assert_eq!(declared.of("198.51.100.1".parse()?), None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// A lookup searches it for each prefix length in use.
    pub(crate) entries: BTreeMap<IpNet, Declaration>,
    /// The prefix lengths in use, longest first.
    lens: Vec<u8>,
}

/// A declaration of the operator about an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Declaration {
    /// A cluster manager moves it between hosts.
    Floating,
    /// It belongs to this host.
    Fixed,
}

impl Declared {
    /// With networks of floating addresses; host bits behind a prefix do not count.
    ///
    /// # Errors
    /// If one of them is declared fixed: nothing could decide between the two.
    pub fn floating(self, nets: impl IntoIterator<Item = IpNet>) -> Result<Self, ParseError> {
        self.with(nets, Declaration::Floating)
    }

    /// With networks of fixed addresses; host bits behind a prefix do not count.
    ///
    /// # Errors
    /// If one of them is declared floating: nothing could decide between the two.
    pub fn fixed(self, nets: impl IntoIterator<Item = IpNet>) -> Result<Self, ParseError> {
        self.with(nets, Declaration::Fixed)
    }

    fn with(
        mut self,
        nets: impl IntoIterator<Item = IpNet>,
        declaration: Declaration,
    ) -> Result<Self, ParseError> {
        for net in nets {
            self.declare(net, declaration)?;
        }
        Ok(self)
    }

    /// Declares one more network. The others are not copied: a caller may declare many, one by one.
    pub(crate) fn declare(
        &mut self,
        net: IpNet,
        declaration: Declaration,
    ) -> Result<(), ParseError> {
        let net = net.trunc();
        if *self.entries.entry(net).or_insert(declaration) != declaration {
            return Err(tie(net));
        }
        let len = net.prefix_len();
        if let Err(at) = self.lens.binary_search_by(|other| len.cmp(other)) {
            self.lens.insert(at, len);
        }
        Ok(())
    }

    /// The addresses declared fixed, each by itself.
    pub(crate) fn fixed_hosts(&self) -> impl Iterator<Item = IpAddr> {
        let fixed = self.entries.iter().filter(|(net, declaration)| {
            **declaration == Declaration::Fixed && net.prefix_len() == net.max_prefix_len()
        });
        fixed.map(|(net, _)| net.addr())
    }

    /// The declaration about an address.
    pub fn of(&self, ip: IpAddr) -> Option<Declaration> {
        self.lens.iter().find_map(|len| {
            let net = IpNet::new(ip, *len).ok()?.trunc();
            self.entries.get(&net).copied()
        })
    }
}

/// A network is declared floating and fixed at once.
fn tie(net: IpNet) -> ParseError {
    let problem =
        format!("{net} is declared both floating and fixed; take it off one of the two lists");
    ParseError::new("a declared network", net.to_string(), problem)
}
