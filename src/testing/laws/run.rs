//! Runs a law over many cases, and says how to repeat a run that failed.

use std::cell::RefCell;
use std::collections::hash_map::RandomState;
use std::env;
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};

use super::check::Checked;
use super::law::Law;
use super::violation::Violation;

/// The number of cases of each law, and their seed.
///
/// ```
/// use bindnet::Selector;
/// use bindnet::testing::laws::{LAWS, Run};
///
/// let selector = Selector::new("192.0.2.0".parse()?);
/// let run = Run { cases: 100, seed: 1, shrink: false };
/// assert!(LAWS.iter().all(|law| law.run(&selector, run).is_ok()));
/// # Ok::<(), bindnet::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Run {
    /// The number of cases.
    pub cases: u32,
    /// The same seed draws the same cases.
    pub seed: u64,
    /// Whether the case that breaks the law is made as small as it can be, for people to read.
    pub shrink: bool,
}

/// The variables that are read; proptest knows both.
const CASES: &str = "PROPTEST_CASES";
const SEED: &str = "PROPTEST_RNG_SEED";

impl Run {
    /// The number of cases if `PROPTEST_CASES` is not set.
    pub const CASES: u32 = 256;

    /// The run of the environment: `PROPTEST_CASES`, or else [`Run::CASES`], and
    /// `PROPTEST_RNG_SEED`, or else a random number.
    pub fn from_env() -> Self {
        Self {
            cases: number(CASES).unwrap_or(Self::CASES),
            // RandomState has random keys, which are the only randomness of the standard library.
            seed: number(SEED).unwrap_or_else(|| RandomState::new().build_hasher().finish()),
            shrink: true,
        }
    }

    fn runner(self) -> TestRunner {
        let default = Config::default();
        let config = Config {
            cases: self.cases,
            failure_persistence: None,
            max_shrink_iters: if self.shrink {
                default.max_shrink_iters
            } else {
                0
            },
            ..default
        };
        let mut seed = [0; 32];
        for (to, from) in seed.iter_mut().zip(self.seed.to_le_bytes()) {
            *to = from;
        }
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        TestRunner::new_with_rng(config, rng)
    }

    /// Draws cases until one breaks the law, and makes that as small as it can.
    pub(super) fn over<S: Strategy>(
        self,
        law: Law,
        cases: S,
        check: impl Fn(S::Value) -> Checked,
    ) -> Result<(), Failure> {
        // The last one that fails is the smallest.
        let violation = RefCell::new(None);
        let test = |case| {
            check(case).map_err(|found| {
                violation.replace(Some(found));
                TestCaseError::fail(law.name())
            })
        };
        let message = match self.runner().run(&cases, test) {
            Ok(()) => return Ok(()),
            Err(TestError::Fail(why, case)) => format!("{why}\nwith {case:?}"),
            Err(TestError::Abort(why)) => why.to_string(),
        };
        Err(Failure {
            law,
            run: self,
            violation: violation.into_inner(),
            message,
        })
    }
}

fn number<N: std::str::FromStr>(variable: &str) -> Option<N> {
    env::var(variable).ok()?.parse().ok()
}

/// A run in which a law was broken; `{}` is the whole report.
#[derive(Clone, Debug)]
pub struct Failure {
    law: Law,
    run: Run,
    violation: Option<Violation>,
    message: String,
}

impl Failure {
    /// The smallest case that was found, unless the picker panicked.
    pub fn violation(&self) -> Option<&Violation> {
        self.violation.as_ref()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.violation {
            Some(violation) => write!(f, "{violation}")?,
            None => writeln!(f, "{}: the picker panicked: {}", self.law, self.message)?,
        }
        let Run { cases, seed, .. } = self.run;
        write!(f, "\nTo repeat this run of {cases} cases: {SEED}={seed}")?;
        match cases {
            Run::CASES => Ok(()),
            cases => write!(f, " {CASES}={cases}"),
        }
    }
}
