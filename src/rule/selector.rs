//! The question: a bindnetaddr, and everything that can influence the choice.

use std::sync::Arc;

use ipnet::IpNet;

use super::bindnetaddr::BindnetAddr;
use super::declared::{Declaration, Declared};
use super::rules::{Evidence, Rules};
use super::scoped_addr::ScopedAddr;
use crate::snapshot::{LinkName, ParseError};

/// Chooses the address of a snapshot for a bindnetaddr.
///
/// The same snapshot and the same selector give the same decision on any machine.
///
/// ```
/// use bindnet::rule::Evidence;
/// use bindnet::{Address, Link, Selector, Snapshot};
///
/// let host = Snapshot::new(
///     [Link::new(2, "eth0".parse()?)],
///     [
///         Address::new("192.0.2.20/24".parse()?, 2).with_label("eth0:vip".parse()?),
///         Address::new("192.0.2.10/24".parse()?, 2),
///     ],
/// )?;
/// let selector = Selector::new("192.0.2.0".parse()?);
/// assert_eq!(selector.decide(&host).chosen().unwrap().ip().to_string(), "192.0.2.10");
///
/// let selector = selector.without(Evidence::all());
/// assert_eq!(selector.decide(&host).chosen().unwrap().ip().to_string(), "192.0.2.20");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use = "a selector decides nothing by itself"]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    pub(crate) bindnet: BindnetAddr,
    pub(crate) interface: Option<LinkName>,
    pub(crate) previous: Option<ScopedAddr>,
    /// The code of the doubt under which the remembered choice was made.
    pub(crate) unsettled: Option<Arc<str>>,
    /// The remembered choices for other bindnetaddrs that overlap this one.
    pub(crate) not_used: Vec<(BindnetAddr, ScopedAddr)>,
    pub(crate) rules: Rules,
    pub(crate) strict: bool,
    pub(crate) list_all: bool,
}

impl Selector {
    /// The rule for a bindnetaddr, with every piece of evidence looked for.
    pub fn new(bindnet: BindnetAddr) -> Self {
        Self {
            bindnet,
            interface: None,
            previous: None,
            unsettled: None,
            not_used: Vec::new(),
            rules: Rules::default(),
            strict: false,
            list_all: false,
        }
    }

    /// The same rule for another bindnetaddr.
    pub fn with_bindnet(mut self, bindnet: BindnetAddr) -> Self {
        self.bindnet = bindnet;
        self.not_used.clear();
        self
    }

    /// Restricts the whole rule to the addresses of one link. The name may be an alternative one; the
    /// [`Decision`](crate::Decision) has the link's own.
    ///
    /// ```
    /// # use bindnet::{Address, Link, Selector, Snapshot};
    /// let eth1 = Link::new(3, "eth1".parse()?).with_alt_name("enp0s8".parse()?);
    /// let host = Snapshot::new([Link::new(2, "eth0".parse()?), eth1], [
    ///     Address::new("192.0.2.10/24".parse()?, 2), Address::new("192.0.2.20/24".parse()?, 3)])?;
    /// let decision = Selector::new("192.0.2.0".parse()?).interface("enp0s8".parse()?).decide(&host);
    /// assert_eq!(decision.chosen().unwrap().interface(), Some("eth1".parse()?));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn interface(mut self, name: LinkName) -> Self {
        self.interface = Some(name);
        self
    }

    /// The remembered choice: kept as long as it is there and can be bound.
    ///
    /// ```
    /// # use bindnet::{Address, Link, Selector, Snapshot};
    /// # let host = Snapshot::new([Link::new(2, "eth0".parse()?)], [
    /// #     Address::new("192.0.2.20/24".parse()?, 2), Address::new("192.0.2.10/24".parse()?, 2)])?;
    /// let decision = Selector::new("192.0.2.0".parse()?).previous("192.0.2.10".parse()?).decide(&host);
    /// assert_eq!(decision.chosen().unwrap().ip().to_string(), "192.0.2.10");
    /// assert!(!decision.is_ambiguous());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn previous(mut self, address: ScopedAddr) -> Self {
        self.previous = Some(address);
        self.unsettled = None;
        self
    }

    /// The addresses that the operator declares floating or fixed.
    pub fn declared(mut self, declared: Declared) -> Self {
        self.rules.declare(declared);
        self
    }

    /// Declares one more network.
    pub(crate) fn declare(
        &mut self,
        net: IpNet,
        declaration: Declaration,
    ) -> Result<(), ParseError> {
        self.rules.declare_also(net, declaration)
    }

    /// Switches evidence rules off.
    pub fn without(mut self, rules: impl IntoIterator<Item = Evidence>) -> Self {
        for rule in rules {
            self.rules.switch_off(rule);
        }
        self
    }

    /// The `IFA_PROTO` numbers that mark floating addresses, instead of 18 (keepalived).
    #[doc(alias = "IFA_PROTO")]
    pub fn floating_protocols(mut self, protocols: impl IntoIterator<Item = u8>) -> Self {
        self.rules.set_protocols(protocols);
        self
    }

    /// If true, an ambiguous decision chooses nothing.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }

    /// Whether [`Decision::others`](crate::Decision::others) lists the addresses that do not match.
    pub fn list_all(mut self, list_all: bool) -> Self {
        self.list_all = list_all;
        self
    }

    /// The bindnetaddr.
    pub fn bindnet(&self) -> &BindnetAddr {
        &self.bindnet
    }
}
