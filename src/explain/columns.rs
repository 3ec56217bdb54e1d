//! Tables for people.

/// Rows as lines whose cells are one below the other. Each line begins with the mark of its row.
pub(crate) fn aligned(rows: &[(&str, Vec<String>)]) -> String {
    let mut widths = Vec::new();
    for (_, cells) in rows {
        widths.resize(cells.len().max(widths.len()), 0);
        for (width, cell) in widths.iter_mut().zip(cells) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |(mark, cells): &(&str, Vec<String>)| {
        let cells = cells.iter().zip(&widths);
        let padded: Vec<_> = cells
            .map(|(cell, width)| format!("{cell:<width$}"))
            .collect();
        format!("{mark}{}\n", padded.join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}
