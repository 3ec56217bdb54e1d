//! Steps 3, 5 and 6: exact wins, the remembered choice, rank.

use super::bits::is_link_local;
use super::evidence::WEAK;
use super::host::Model;

/// The fields of step 6, by the code that says in which of them two addresses differ.
pub type Rank = [(&'static str, usize); 7];

impl Model<'_> {
    pub fn winner(&self) -> Option<usize> {
        // Step 3: exact wins, or nothing does.
        let mut among = self.exact();
        let exact = !among.is_empty();
        if !exact {
            among = self.candidates();
        }
        among.retain(|at| self.usable(*at));
        let kept: Vec<usize> = among.iter().copied().filter(|at| self.keeps(*at)).collect();
        if !kept.is_empty() {
            return self.first_kept(&kept);
        }
        let absent = !self.candidates().iter().any(|at| self.previous(*at));
        if self.remembers() && absent && self.interrupted {
            return None;
        }
        if exact {
            return self.first(&among);
        }
        self.first(&self.positions(|at| self.left(at)))
    }

    /// Step 5: whether this is the remembered address.
    pub fn previous(&self, at: usize) -> bool {
        self.ask.previous.as_ref().is_some_and(|(ip, text)| {
            let link = text.as_ref().map(|text| self.zone(text));
            let index = self.link_index(at);
            *ip == self.ip(at)
                && (!is_link_local(*ip) || link.is_none_or(|link| link.is_some() && link == index))
        })
    }

    pub fn keeps(&self, at: usize) -> bool {
        // What cannot be bound is out by step 2.
        let other_is_fixed = || {
            self.candidates().into_iter().any(|other| {
                self.usable(other) && self.is_another(other, at) && self.declared_fixed(other)
            })
        };
        self.previous(at)
            && self.matched(at).is_some()
            && self.usable(at)
            && !self.declared_floating(at)
            // No other address is chosen instead of an exact one.
            && (self.declared_fixed(at) || self.matched(at) == Some("exact") || !other_is_fixed())
    }

    /// Whether there is a memory that counts. Exact wins over it, unless it is of what was named:
    /// another address of a list, or a link-local address that was named without its link.
    fn remembers(&self) -> bool {
        let Some((ip, _)) = &self.ask.previous else {
            return false;
        };
        let link_named = self.ask.zone.is_some() || self.ask.interface.is_some();
        let of_named = self.ask.names(*ip) && !(link_named && is_link_local(*ip));
        self.exact().is_empty() || of_named
    }

    /// Absent or unusable.
    pub fn previous_is_gone(&self) -> bool {
        let there = |at: &usize| self.previous(*at) && self.usable(*at);
        self.remembers() && !self.candidates().iter().any(there)
    }

    /// Step 6.
    pub fn rank(&self, at: usize) -> Rank {
        self.rank_with(at, &WEAK)
    }

    /// The same for the entries of a remembered address: an address that comes or goes must not
    /// move the daemon from one to the other.
    pub fn rank_of_kept(&self, at: usize) -> Rank {
        self.rank_with(at, &["secondary", "deprecated"])
    }

    fn rank_with(&self, at: usize, weak: &[&str]) -> Rank {
        let is_weak = weak.iter().any(|code| self.holds(at, code));
        [
            ("declared-fixed", usize::from(!self.declared_fixed(at))),
            ("loopback", usize::from(self.holds(at, "loopback"))),
            ("weak-evidence", usize::from(is_weak)),
            ("lease", usize::from(!self.holds(at, "lease"))),
            ("port", usize::from(self.holds(at, "port"))),
            ("link-state", usize::from(self.holds(at, "link-down"))),
            ("kernel-order", at),
        ]
    }

    pub fn first(&self, among: &[usize]) -> Option<usize> {
        among.iter().copied().min_by_key(|at| self.rank(*at))
    }

    pub fn first_kept(&self, among: &[usize]) -> Option<usize> {
        among
            .iter()
            .copied()
            .min_by_key(|at| self.rank_of_kept(*at))
    }
}
