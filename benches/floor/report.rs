//! The table that is printed, and how many of its rows miss what they must reach.

/// The rows so far.
pub struct Report {
    /// Whether figures are good enough to be judged.
    judges: bool,
    missed: u32,
}

/// What a figure must reach.
#[derive(Clone, Copy)]
pub enum Limit {
    AtMost(f64),
    AtLeast(f64),
    /// It is only told.
    None,
}

impl Report {
    pub fn new(judges: bool) -> Self {
        Self { judges, missed: 0 }
    }

    /// Begins a part of the table.
    pub fn heading(&self, text: &str) {
        println!("\n{text}");
    }

    /// Prints a row, and says whether it reaches its limit.
    pub fn row(&mut self, what: &str, figure: f64, limit: Limit) {
        let (sign, bound, reached) = match limit {
            Limit::AtMost(most) => ("<=", most, figure <= most),
            Limit::AtLeast(least) => (">=", least, figure >= least),
            Limit::None => return println!("  {what:<60} {figure:>8.2}"),
        };
        let verdict = match (self.judges, reached) {
            (false, _) => "not judged",
            (true, true) => "pass",
            (true, false) => "MISS",
        };
        self.missed += u32::from(self.judges && !reached);
        println!("  {what:<60} {figure:>8.2} {sign} {bound:<6.2} {verdict}");
    }

    /// Prints how many rows missed; whether none did.
    pub fn end(&self) -> bool {
        match (self.judges, self.missed) {
            (false, _) => println!("\nnothing was judged"),
            (true, 0) => println!("\nall rows pass"),
            (true, missed) => println!("\n{missed} rows miss what they must reach"),
        }
        self.missed == 0
    }
}
