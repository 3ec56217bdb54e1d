//! The table of candidates, for people.

use super::columns::aligned;
use crate::rule::{Candidate, Decision, Verdict};
use crate::snapshot::Name;

impl Decision {
    /// Whether the table says more than the sentence does. It does not if there is no row, or if the
    /// bindnetaddr was named exactly and is there once.
    pub(super) fn has_table(&self) -> bool {
        let exact = self.candidates.iter().filter(|c| c.is_exact()).count() == 1;
        // Under Corosync's rule the reader wants to see the candidates that it skips.
        let exact = exact && (self.is_ours() || self.candidates.len() == 1);
        let rows = self.candidates.len() + self.others.len();
        rows > 0 && (!exact || self.chosen().is_none() || self.list_all)
    }

    /// The rows as an aligned table.
    pub(super) fn table(&self) -> String {
        let mut rows = vec![("    ", HEAD.map(str::to_owned).to_vec())];
        rows.extend(self.rows().map(|row| {
            let is_chosen = row.verdict == Verdict::Chosen;
            let mark = if is_chosen { "  > " } else { "    " };
            (mark, cells(row))
        }));
        aligned(&rows)
    }

    /// Candidates and others in kernel order.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Candidate> {
        let (mut candidates, mut others) = (self.candidates.iter(), self.others.iter());
        let (mut next, mut next_other) = (candidates.next(), others.next());
        std::iter::from_fn(move || {
            let candidate_first = match (next, next_other) {
                (Some(a), Some(b)) => a.kernel_order() < b.kernel_order(),
                (a, _) => a.is_some(),
            };
            if candidate_first {
                std::mem::replace(&mut next, candidates.next())
            } else {
                std::mem::replace(&mut next_other, others.next())
            }
        })
    }

    /// The row of this number, from 0, found by halves.
    #[cfg(all(feature = "capi", target_os = "linux", not(test)))]
    pub(crate) fn row(&self, number: usize) -> Option<&Candidate> {
        // How many candidates are before it; the other rows before it are others.
        let (mut least, mut most) = (
            number.saturating_sub(self.others.len()),
            number.min(self.candidates.len()),
        );
        while least < most {
            let middle = least + (most - least) / 2;
            let candidate = self.candidates.get(middle)?;
            let last_other = self.others.get(number - middle - 1)?;
            if candidate.kernel_order() < last_other.kernel_order() {
                least = middle + 1
            } else {
                most = middle
            }
        }
        let (candidate, other) = (self.candidates.get(least), self.others.get(number - least));
        match (candidate, other) {
            (Some(a), Some(b)) if a.kernel_order() < b.kernel_order() => candidate,
            (_, Some(_)) => other,
            _ => candidate,
        }
    }
}

const HEAD: [&str; 5] = ["ADDRESS", "INTERFACE", "LABEL", "VERDICT", "REASONS"];

fn name_or_dash(name: Option<Name>) -> String {
    name.map_or("-".to_owned(), |name| name.to_string())
}

fn cells(row: &Candidate) -> Vec<String> {
    vec![
        row.to_string(),
        name_or_dash(row.interface),
        name_or_dash(row.label),
        row.verdict.code().to_owned(),
        row.reasons.to_string(),
    ]
}
