//! Ways to do something, measured in turn.

use std::time::{Duration, Instant};

/// A way to do the work, once.
pub type Way<'a> = Box<dyn FnMut() + 'a>;

/// How long is measured.
#[derive(Clone, Copy)]
pub struct Patience {
    rounds: (usize, usize),
    time: Duration,
}

impl Patience {
    /// Enough for figures to be compared.
    pub const FULL: Self = Self {
        rounds: (21, 2_000),
        time: Duration::from_secs(4),
    };
    /// Enough to see that it runs.
    pub const ONCE: Self = Self {
        rounds: (1, 1),
        time: Duration::ZERO,
    };

    /// Counts the rounds until enough is measured.
    pub fn rounds(self) -> impl Iterator<Item = usize> {
        let (least, most) = self.rounds;
        let start = Instant::now();
        (0..most).take_while(move |round| *round < least || start.elapsed() < self.time)
    }
}

/// The medians of some ways, which are run in turn, so that what else the machine does befalls all
/// of them. Before each is measured, `before` is run and then the way itself, so that what others
/// left in the caches counts for nobody.
pub fn medians<const N: usize>(
    patience: Patience,
    mut before: impl FnMut(),
    mut ways: [Way<'_>; N],
) -> [Duration; N] {
    let mut times = [const { Vec::new() }; N];
    for _ in patience.rounds() {
        for (way, times) in ways.iter_mut().zip(&mut times) {
            before();
            way();
            let start = Instant::now();
            way();
            times.push(start.elapsed());
        }
    }
    times.map(|times| quantile(times, 0.5))
}

/// The value that this part of the times is not above.
pub fn quantile(mut times: Vec<Duration>, part: f64) -> Duration {
    times.sort_unstable();
    let at = (times.len() as f64 * part) as usize;
    times[at.min(times.len() - 1)]
}

/// How many times longer one takes than the other.
pub fn ratio(time: Duration, of: Duration) -> f64 {
    time.as_secs_f64() / of.as_secs_f64()
}
