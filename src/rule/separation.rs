//! The difference between the winner and the runner-up.

/// The difference that put the winner before the runner-up, or the doubt about a lone winner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Separation {
    /// It is declared fixed, the runner-up is not.
    DeclaredFixed,
    /// The runner-up is on a loopback link.
    Loopback,
    /// There is weak evidence against the runner-up.
    WeakEvidence,
    /// It is a lease, the runner-up is not.
    Lease,
    /// The runner-up is on a port of another link: a bridge, a bond or a team.
    Port,
    /// The link of the runner-up is down.
    LinkState,
    /// The kernel lists it first.
    KernelOrder,
    /// The bindnetaddr names a host that is not here; the winner is of the same network.
    SameNetwork,
    /// It is the remembered choice.
    Previous,
    /// The remembered choice is absent or unusable.
    PreviousAbsent,
    /// An address that is declared fixed is not here, or pending, and the winner is not declared fixed.
    FixedAbsent,
    /// Duplicate address detection of another candidate is not over.
    Pending,
    /// It was named exactly, and decisive evidence speaks against it.
    Floating,
    /// An older address of its link floats by evidence that the order contradicts.
    SkippedFirst,
    /// There is evidence against the winner itself.
    EvidenceAgainst,
    /// Corosync takes an exact address before any other. Our rule never gives this, nor the next.
    Exact,
    /// Corosync walks the list from its end, and finds it first.
    ReversedOrder,
}

impl Separation {
    /// The code in JSON.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DeclaredFixed => "declared-fixed",
            Self::Loopback => "loopback",
            Self::WeakEvidence => "weak-evidence",
            Self::Lease => "lease",
            Self::Port => "port",
            Self::LinkState => "link-state",
            Self::KernelOrder => "kernel-order",
            Self::SameNetwork => "same-network",
            Self::Previous => "previous",
            Self::PreviousAbsent => "previous-absent",
            Self::FixedAbsent => "fixed-absent",
            Self::Pending => "pending",
            Self::Floating => "floating",
            Self::SkippedFirst => "skipped-first",
            Self::EvidenceAgainst => "evidence-against",
            Self::Exact => "exact",
            Self::ReversedOrder => "reversed-order",
        }
    }

    /// Whether a decision by our rule is ambiguous with it. The operator and the memory of the last choice
    /// decide for certain; everything else only ranks.
    pub const fn is_ambiguous(self) -> bool {
        !matches!(self, Self::DeclaredFixed | Self::Previous)
    }

    /// Whether the doubt may end by itself: the address that is missed may come.
    ///
    /// Such a choice is never remembered, and a daemon that starts waits with it.
    pub const fn may_pass(self) -> bool {
        matches!(
            self,
            Self::PreviousAbsent | Self::FixedAbsent | Self::Pending
        )
    }
}
