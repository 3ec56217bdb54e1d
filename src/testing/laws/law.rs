//! The laws by name.

use std::fmt;

/// A law, to be named and run one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Law {
    /// [`determinism`](super::determinism).
    Determinism,
    /// [`vip_invariance`](super::vip_invariance).
    VipInvariance,
    /// [`order`](super::order).
    Order,
    /// [`soundness`](super::soundness).
    Soundness,
    /// [`stickiness`](super::stickiness).
    Stickiness,
    /// [`family`](super::family).
    Family,
    /// [`replay`](super::replay).
    Replay,
    /// [`failovers`](super::failovers).
    Failovers,
}

impl Law {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::Determinism,
        Self::VipInvariance,
        Self::Order,
        Self::Soundness,
        Self::Stickiness,
        Self::Family,
        Self::Replay,
        Self::Failovers,
    ];

    /// Its name, which is that of the function.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Determinism => "determinism",
            Self::VipInvariance => "vip_invariance",
            Self::Order => "order",
            Self::Soundness => "soundness",
            Self::Stickiness => "stickiness",
            Self::Family => "family",
            Self::Replay => "replay",
            Self::Failovers => "failovers",
        }
    }

    /// The law in one sentence.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Determinism => {
                "The same host and the same question give the same choice, whatever else was asked \
                 in between."
            }
            Self::VipInvariance => {
                "A floating address that comes, goes or moves changes neither the choice nor \
                 whether it is ambiguous."
            }
            Self::Order => {
                "Of addresses that rank the same the kernel's first is chosen, and the order of \
                 addresses that do not match changes nothing."
            }
            Self::Soundness => {
                "What is chosen is on the host, can be bound and matches; and the one address that \
                 matches is chosen where nothing speaks against it."
            }
            Self::Stickiness => {
                "A remembered choice that is kept stays, whatever address is added but the \
                 bindnetaddr and what is declared fixed."
            }
            Self::Family => "Addresses of the other family change nothing.",
            Self::Replay => {
                "A host that was written to a file and read again gives the same choice."
            }
            Self::Failovers => {
                "Whatever floating addresses come, go and move, the daemon's own address stays \
                 chosen as long as it is there."
            }
        }
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
