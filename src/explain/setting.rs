//! The settings of an operator, and how a program spells them.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use ipnet::IpNet;

use crate::rule::{BindnetAddr, ScopedAddr};
use crate::snapshot::Name;

/// A setting of the operator that changes a decision, or makes it certain.
///
/// `{}` prints it in plain words. A program can use its own words: see [`Spelling`].
///
/// ```
/// use bindnet::explain::Setting;
///
/// let setting = Setting::Floating("192.0.2.20/32".parse()?);
/// assert_eq!(setting.to_string(), "declare 192.0.2.20 floating");
/// assert_eq!((setting.code(), setting.value().as_str()), ("floating", "192.0.2.20"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// A different bindnetaddr.
    Bindnetaddr(BindnetAddr),
    /// A network that is declared floating.
    Floating(IpNet),
    /// A network that is declared fixed.
    Fixed(IpNet),
    /// The remembered choice.
    Previous(ScopedAddr),
    /// The one link whose addresses the rule sees.
    Interface(Name),
    /// How long to wait for a choice.
    Wait(Duration),
}

impl Setting {
    /// The code of the setting.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Bindnetaddr(_) => "bindnetaddr",
            Self::Floating(_) => "floating",
            Self::Fixed(_) => "fixed",
            Self::Previous(_) => "previous",
            Self::Interface(_) => "interface",
            Self::Wait(_) => "wait",
        }
    }

    /// The value, as an operator writes it: the network of one address without its prefix, a time in
    /// seconds.
    pub fn value(&self) -> String {
        match self {
            Self::Bindnetaddr(bindnet) => bindnet.to_string(),
            Self::Floating(net) | Self::Fixed(net) => written(net),
            Self::Previous(address) => address.to_string(),
            Self::Interface(name) => name.to_string(),
            Self::Wait(time) => time.as_secs().to_string(),
        }
    }

    /// The member `option` of advice in the JSON formats.
    ///
    /// The formats name the options of the programs, which are made from these codes.
    ///
    /// ```
    /// use bindnet::explain::Setting;
    ///
    /// let bindnetaddr = Setting::Bindnetaddr("192.0.2.10".parse()?);
    /// assert_eq!(bindnetaddr.json_option(), "bindnetaddr");
    /// let fixed = Setting::Fixed("192.0.2.10/32".parse()?);
    /// assert_eq!(fixed.json_option(), ["--", fixed.code()].concat());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[cfg(feature = "serde")]
    pub fn json_option(&self) -> String {
        match self {
            Self::Bindnetaddr(_) => self.code().to_owned(),
            _ => format!("--{}", self.code()),
        }
    }

    /// The bindnetaddr that names an address or a network, unless it is refused.
    pub(crate) fn bindnetaddr(address: ScopedAddr) -> Option<Self> {
        BindnetAddr::try_from(address).ok().map(Self::Bindnetaddr)
    }

    /// One address that is declared floating, unless it is refused.
    pub(crate) fn floating(ip: IpAddr) -> Option<Self> {
        is_accepted(ip).then(|| Self::Floating(ip.into()))
    }

    /// One address that is declared fixed, unless it is refused.
    pub(crate) fn fixed(ip: IpAddr) -> Option<Self> {
        is_accepted(ip).then(|| Self::Fixed(ip.into()))
    }

    /// A remembered choice, unless it is refused.
    pub(crate) fn previous(address: ScopedAddr) -> Option<Self> {
        is_accepted(address.ip()).then_some(Self::Previous(address))
    }
}

/// An IPv4-mapped address may be on a link, but no setting accepts one.
fn is_accepted(ip: IpAddr) -> bool {
    ip.to_canonical() == ip
}

fn written(net: &IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() {
        net.addr().to_string()
    } else {
        net.to_string()
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.value();
        match self {
            Self::Bindnetaddr(_) => write!(f, "set bindnetaddr to {value}"),
            Self::Floating(_) => write!(f, "declare {value} floating"),
            Self::Fixed(_) => write!(f, "declare {value} fixed"),
            Self::Previous(_) => write!(f, "remember {value} as the choice"),
            Self::Interface(_) => write!(f, "restrict the rule to {value}"),
            Self::Wait(_) => write!(f, "wait {value} seconds"),
        }
    }
}

/// How a program spells advice: in plain words, or with the names of its options.
///
/// The library knows no program. One that has options gives their names to
/// [`Decision::explain_in`](crate::Decision::explain_in) and its like.
///
/// ```
/// use bindnet::explain::{Setting, Spelling};
/// use bindnet::{Address, Link, Selector, Snapshot};
///
/// fn key(setting: &Setting) -> String {
///     format!("{} = {}", setting.code(), setting.value())
/// }
///
/// let host = Snapshot::new(
///     [Link::new(2, "eth0".parse()?)],
///     [Address::new("192.0.2.10/24".parse()?, 2), Address::new("192.0.2.20/24".parse()?, 2)],
/// )?;
/// let decision = Selector::new("192.0.2.0".parse()?).decide(&host);
/// let advice = |spelling| decision.explain_in(spelling).advice.unwrap();
/// assert!(advice(Spelling::default()).contains("    declare 192.0.2.20 fixed    "));
/// assert!(advice(Spelling::new(key, "ringd --explain")).contains("    fixed = 192.0.2.20    "));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct Spelling {
    program: Option<Program>,
}

#[derive(Clone, Copy, Debug)]
struct Program {
    option: fn(&Setting) -> String,
    name: &'static str,
}

impl Spelling {
    /// The words of a program: how it takes a setting, and the name of the program that explains the
    /// decision of one host.
    pub const fn new(option: fn(&Setting) -> String, name: &'static str) -> Self {
        let program = Some(Program { option, name });
        Self { program }
    }

    /// A setting in the words of the program, or in plain ones.
    pub(crate) fn of(&self, setting: &Setting) -> String {
        self.option(setting).unwrap_or_else(|| setting.to_string())
    }

    /// A setting in the words of the program, if there is one.
    pub(crate) fn option(&self, setting: &Setting) -> Option<String> {
        Some((self.program?.option)(setting))
    }

    /// The program that explains the decision of one host, if there is one.
    pub(crate) fn program(&self) -> Option<&'static str> {
        Some(self.program?.name)
    }
}
