//! The result of a probe for an address.

use std::fmt;

use crate::snapshot::{HardwareAddress, Name, escape_rest};
use crate::wire::{How, Sighting};

/// Whether another host claims an address.
///
/// It is advice. ARP and Neighbour Discovery are not authenticated: any host on the link can forge
/// a conflict. A host that answers from a hardware address of ours hides a conflict.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Detection {
    /// Nobody else answered three probes on a link that was up and running throughout.
    Clear,
    /// Another host claims it.
    Conflict(Conflict),
    /// It is not known, for this reason.
    Inconclusive(Inconclusive),
    /// The link does not resolve addresses, so that nobody can be asked.
    NotApplicable(NotApplicable),
    /// The kernel does not let this process send and receive ARP. The text is the kernel's.
    NotPermitted(String),
}

impl Detection {
    /// The code in JSON.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Clear => "clear",
            Self::Conflict(_) => "conflict",
            Self::Inconclusive(_) => "inconclusive",
            Self::NotApplicable(_) => "not-applicable",
            Self::NotPermitted(_) => "not-permitted",
        }
    }

    /// The conflict, if it is one.
    pub fn conflict(&self) -> Option<Conflict> {
        match self {
            Self::Conflict(conflict) => Some(*conflict),
            _ => None,
        }
    }
}

impl fmt::Display for Detection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Clear => write!(f, "nobody else answered"),
            Self::Conflict(conflict) => conflict.fmt(f),
            Self::Inconclusive(reason) => reason.fmt(f),
            Self::NotApplicable(why) => why.fmt(f),
            Self::NotPermitted(message) => write!(
                f,
                "{}; it takes CAP_NET_RAW, and if address families are restricted, AF_PACKET",
                escape_rest(message)
            ),
        }
    }
}

/// The sign that another host claims an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Conflict {
    /// A packet of the other host.
    Heard(Sighting),
    /// The kernel's own duplicate address detection found another host when the address was added
    /// (`IFA_F_DADFAILED`), but does not name it. The probes found nobody, or could not be sent.
    #[doc(alias = "IFA_F_DADFAILED")]
    DadFailed,
}

impl Conflict {
    /// The hardware address of the other host.
    pub fn mac(&self) -> Option<HardwareAddress> {
        match self {
            Self::Heard(sighting) => Some(sighting.mac),
            Self::DadFailed => None,
        }
    }

    /// The kind of the packet.
    pub fn how(&self) -> Option<How> {
        match self {
            Self::Heard(sighting) => Some(sighting.how),
            Self::DadFailed => None,
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Heard(Sighting { mac, how }) => match how {
                How::Reply => write!(f, "{mac} answers for it"),
                How::Claim => write!(f, "{mac} uses it"),
                How::Probe => write!(f, "{mac} is about to take it"),
            },
            Self::DadFailed => f.write_str(
                "the kernel found another host with it when it was added (dadfailed), and does not \
                 say which",
            ),
        }
    }
}

/// It is not known whether another host claims an address, for this reason.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Inconclusive {
    /// There is no such link.
    NoLink,
    /// The address is not on the link, but on this one, or on none.
    NotHere(Option<Name>),
    /// The link is administratively down.
    LinkDown,
    /// The link has no carrier.
    NoCarrier,
    /// The link was down, without a carrier, or replaced, for a moment.
    LinkFlapped,
    /// The link is a port of this one, which takes its frames.
    Port(Name),
    /// The kernel's own duplicate address detection does not come to an end.
    Tentative,
    /// A system call failed, with this message.
    NotAsked(String),
    /// Frames came faster than they were received, and some were lost.
    Lost,
    /// The hardware addresses of this host could not be read, because links changed all the time.
    Interrupted,
}

impl fmt::Display for Inconclusive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoLink => write!(f, "there is no such link"),
            Self::NotHere(None) => write!(f, "this host does not have it"),
            Self::NotHere(Some(name)) => write!(f, "it is on {name}"),
            Self::LinkDown => write!(f, "the link is down"),
            Self::NoCarrier => write!(f, "the link has no carrier"),
            Self::LinkFlapped => write!(f, "the link went away for a moment"),
            Self::Port(name) => write!(f, "the link is a port of {name}, which takes its frames"),
            Self::Tentative => write!(f, "it stays tentative"),
            Self::NotAsked(message) => write!(f, "it could not be asked: {}", escape_rest(message)),
            Self::Lost => write!(f, "frames came too fast, and some were lost"),
            Self::Interrupted => write!(f, "links changed while they were read"),
        }
    }
}

/// Why nobody can be asked on a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum NotApplicable {
    /// It is a loopback link.
    #[doc(alias = "IFF_LOOPBACK")]
    Loopback,
    /// It is a point-to-point link.
    #[doc(alias = "IFF_POINTOPOINT")]
    PointToPoint,
    /// It does not resolve addresses.
    #[doc(alias = "IFF_NOARP")]
    NoArp,
    /// It is not Ethernet.
    NotEthernet,
}

impl fmt::Display for NotApplicable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Loopback => "the link is a loopback link",
            Self::PointToPoint => "the link is a point-to-point link",
            Self::NoArp => "the link does not resolve addresses (NOARP)",
            Self::NotEthernet => "the link is not Ethernet",
        })
    }
}
