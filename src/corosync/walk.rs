//! The walk over the addresses, as `totemip_iface_check` does it (exec/totemip.c of Corosync).

use smallvec::SmallVec;

use super::profile::Profile;
use super::version::{Rule, Version};
use crate::rule::{
    About, Candidate, Candidates, Match, Separation, Verdict, View, WhyNone, Winner,
};
use crate::snapshot::{Address, Bits};

/// The walk of a rule.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Walk {
    list: List,
    order: Order,
    /// An exact address anywhere wins. If this is not set, the first match of either kind wins.
    exact_first: bool,
    /// bindnetaddr must be the address of the network, not of a host in it.
    network_address: bool,
    /// Labels with a colon are skipped.
    skip_labels: bool,
}

/// The source of the list, and the address of an entry that is compared and returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum List {
    /// Corosync's own `RTM_GETADDR`: `IFA_ADDRESS` is compared and returned.
    PeerFirst,
    /// The same, but `IFA_LOCAL` makes an exact address.
    LocalFirst,
    /// getifaddrs(3).
    Getifaddrs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    Kernel,
    Reversed,
}

/// The five rules.
const fn walk(rule: Rule) -> Walk {
    let newest = Walk {
        list: List::Getifaddrs,
        order: Order::Kernel,
        exact_first: true,
        network_address: false,
        skip_labels: false,
    };
    match rule {
        Rule::V1_2_8 => Walk {
            list: List::PeerFirst,
            exact_first: false,
            ..newest
        },
        Rule::V1_4_4 => Walk {
            list: List::LocalFirst,
            ..newest
        },
        Rule::V1_4_8 => Walk {
            list: List::LocalFirst,
            network_address: true,
            ..newest
        },
        Rule::V1_99_5 => Walk {
            order: Order::Reversed,
            exact_first: false,
            ..newest
        },
        Rule::V2_0_2 => newest,
    }
}

impl Walk {
    /// The walk of a profile; `None` for ours.
    pub fn of(profile: Profile) -> Option<Self> {
        match profile {
            Profile::Default => None,
            Profile::Corosync(version) => Some(walk(version.unwrap_or(Version::NEWEST).rule())),
            Profile::Patched => Some(Self {
                order: Order::Kernel,
                skip_labels: true,
                ..walk(Rule::V1_99_5)
            }),
        }
    }

    /// Whether an IPv6 address has to be named exactly.
    pub fn wants_exact_v6(self) -> bool {
        self.list != List::Getifaddrs
    }

    /// The addresses that match, in kernel order; each is the address that would be bound.
    pub fn candidates<A: Bits>(self, view: &View<'_, A>, bindnet: A) -> Candidates {
        let matching = view.addresses().filter_map(|(at, address)| {
            let (matched, ip) = self.matches(&address, bindnet)?;
            let candidate = view.candidate(at, &address, Verdict::Eligible);
            Some(Candidate {
                ip: ip.to_ip(),
                matched: Some(matched),
                ..candidate
            })
        });
        matching.collect()
    }

    /// Calls `found` for every address that matches.
    pub fn each<A: Bits>(self, view: &View<'_, A>, bindnet: A, found: &mut dyn FnMut(&Address)) {
        for (_, address) in view.addresses() {
            if self.matches(&address, bindnet).is_some() {
                found(&address);
            }
        }
    }

    /// The kind of the match of an entry, and the address of it that is returned.
    fn matches<A: Bits>(self, address: &Address, bindnet: A) -> Option<(Match, A)> {
        let local = A::from_ip(address.ip())?;
        let peer = address.peer().and_then(A::from_ip).unwrap_or(local);
        let mut mask = A::from_netmask(address.netmask())?;
        let v6 = !A::IS_V4;
        let (exact, returned) = match self.list {
            List::PeerFirst => (bindnet == peer, peer),
            List::LocalFirst if v6 => (bindnet == local || bindnet == peer, local),
            List::LocalFirst => (bindnet == local, local),
            List::Getifaddrs => (bindnet == local, local),
        };
        if exact {
            return Some((Match::Exact, returned));
        }
        if self.list != List::Getifaddrs {
            if v6 {
                return None;
            }
            // Corosync makes the mask by a shift of 32 bits, which most machines do not execute.
            if mask == A::ZERO {
                mask = !A::ZERO;
            }
        }
        let network = if self.network_address {
            bindnet == local & mask
        } else {
            bindnet & mask == local & mask
        };
        let matched = if bindnet & !mask == A::ZERO {
            Match::Network
        } else {
            Match::SameNetwork
        };
        let returned = match self.list {
            List::Getifaddrs => local,
            _ => peer,
        };
        network.then_some((matched, returned))
    }

    /// Marks the candidates that the rule skips.
    pub fn skip(self, candidates: &mut [Candidate]) {
        let skipped =
            |c: &&mut Candidate| self.skip_labels && c.label.is_some_and(|label| label.is_alias());
        for candidate in candidates.iter_mut().filter(skipped) {
            candidate.verdict = Verdict::Floating;
        }
    }

    /// The candidate that is taken, and the reason. Nothing is ambiguous.
    pub fn first(self, candidates: &[Candidate]) -> Result<Winner, WhyNone> {
        let mut walked: SmallVec<[_; 4]> = candidates
            .iter()
            .enumerate()
            .filter(|(_, c)| c.verdict == Verdict::Eligible)
            .collect();
        if self.order == Order::Reversed {
            walked.reverse();
        }
        let exact = walked
            .iter()
            .find(|(_, c)| self.exact_first && c.is_exact());
        let (at, winner) = *exact.or(walked.first()).ok_or(match candidates {
            [] => WhyNone::NoMatch,
            _ => WhyNone::AllTurnedDown,
        })?;
        let runner_up = walked
            .iter()
            .find(|(_, other)| other.identity() != winner.identity());
        let separated_by = runner_up.map(|(_, other)| match self.order {
            _ if exact.is_some() && !other.is_exact() => Separation::Exact,
            Order::Kernel => Separation::KernelOrder,
            Order::Reversed => Separation::ReversedOrder,
        });
        Ok(Winner {
            at,
            runner_up: runner_up.map(|(at, _)| *at),
            about: About::Itself,
            separated_by,
            ambiguous: false,
        })
    }
}
