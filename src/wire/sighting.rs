//! The meaning of a packet for an address.

use std::fmt;

use crate::snapshot::HardwareAddress;

/// A packet that concerns an address: its sender, and its meaning.
///
/// Both come from the wire, so anybody can forge them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sighting {
    /// The hardware address that the packet names as its sender's.
    pub mac: HardwareAddress,
    /// The meaning.
    pub how: How,
}

/// The meaning of a packet for an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum How {
    /// It answers that it has the address: an ARP reply, a Neighbour Advertisement.
    Reply,
    /// It uses the address as its own: an ARP request from it, an ARP announcement (RFC 5227,
    /// section 1.1), a Neighbour Solicitation from it.
    Claim,
    /// It asks whether anybody has the address, in order to take it: an ARP probe (RFC 5227,
    /// section 1.1), a Neighbour Solicitation from `::` (RFC 4862, section 5.4).
    Probe,
}

impl How {
    /// The code in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Claim => "claim",
            Self::Probe => "probe",
        }
    }
}

impl fmt::Display for How {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.code())
    }
}
