//! The table of candidates, for people.

use std::fmt;

use crate::rule::{Candidate, Decision, Verdict};

/// The candidates, and the other addresses if the selector lists them, as an aligned table.
///
/// The row of the choice begins with `>`.
#[derive(Clone, Copy, Debug)]
pub struct Table<'a> {
    decision: &'a Decision,
}

impl Decision {
    /// The candidates, and the other addresses if the selector lists them, as a table.
    ///
    /// ```
    /// use bindnet::{Address, Link, Selector, Snapshot};
    ///
    /// let host = Snapshot::new(
    ///     [Link::new(2, "eth0".parse()?)],
    ///     [
    ///         Address::new("192.0.2.10/24".parse()?, 2).with_label("eth0".parse()?),
    ///         Address::new("192.0.2.20/24".parse()?, 2).with_label("eth0:vip".parse()?),
    ///     ],
    /// )?;
    /// let decision = Selector::new("192.0.2.0".parse()?).decide(&host);
    /// assert_eq!(
    ///     decision.table().to_string(),
    ///     concat!(
    ///         "    ADDRESS        INTERFACE  LABEL     VERDICT   REASONS\n",
    ///         "  > 192.0.2.10/24  eth0       eth0      chosen    -\n",
    ///         "    192.0.2.20/24  eth0       eth0:vip  floating  label\n",
    ///     ),
    /// );
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn table(&self) -> Table<'_> {
        Table { decision: self }
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
            match candidate.kernel_order() < last_other.kernel_order() {
                true => least = middle + 1,
                false => most = middle,
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

impl fmt::Display for Table<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows: Vec<_> = self
            .decision
            .rows()
            .map(|row| (row.verdict, cells(row)))
            .collect();
        let mut widths = HEAD.map(str::len);
        for (_, cells) in &rows {
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = (*width).max(cell.chars().count());
            }
        }
        line(f, "   ", &HEAD.map(str::to_owned), &widths)?;
        for (verdict, cells) in &rows {
            let mark = if *verdict == Verdict::Chosen {
                "  >"
            } else {
                "   "
            };
            line(f, mark, cells, &widths)?;
        }
        Ok(())
    }
}

fn cells(row: &Candidate) -> [String; 5] {
    let name = |name: Option<crate::snapshot::Name>| match name {
        Some(name) => name.to_string(),
        None => "-".to_owned(),
    };
    [
        row.to_string(),
        name(row.interface),
        name(row.label),
        row.verdict.code().to_owned(),
        row.reasons.to_string(),
    ]
}

fn line(
    f: &mut fmt::Formatter<'_>,
    mark: &str,
    cells: &[String; 5],
    widths: &[usize; 5],
) -> fmt::Result {
    let mut line = mark.to_owned();
    for (at, (cell, width)) in cells.iter().zip(widths).enumerate() {
        line.push_str(if at == 0 { " " } else { "  " });
        line.push_str(&format!("{cell:<width$}"));
    }
    writeln!(f, "{}", line.trim_end())
}
