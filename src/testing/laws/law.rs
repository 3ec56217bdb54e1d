//! The laws: one row for each.

use std::fmt;

use super::cases;
use super::run::{Failure, Run};
use crate::testing::picker::Picker;

/// A law, to be run by itself or one after the other.
///
/// ```
/// use bindnet::Selector;
/// use bindnet::testing::laws::{FAILOVERS, LAWS};
///
/// let selector = Selector::new("192.0.2.0".parse()?);
/// FAILOVERS.assert(&selector);
/// assert!(LAWS.contains(&FAILOVERS));
/// # Ok::<(), bindnet::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Law(&'static Row);

struct Row {
    name: &'static str,
    sentence: &'static str,
    over_cases: fn(Law, &dyn Picker, Run) -> Result<(), Failure>,
}

/// A row makes a constant, whose documentation is the sentence, of the law that `cases` draws for.
macro_rules! laws {
    ($($constant:ident, $name:ident: $sentence:literal;)*) => {
        $(
            #[doc = $sentence]
            pub const $constant: Law = Law(&Row {
                name: stringify!($name),
                sentence: $sentence,
                over_cases: cases::$name,
            });
        )*

        /// All laws.
        pub const LAWS: &[Law] = &[$($constant),*];
    };
}

laws! {
    DETERMINISM, determinism:
        "The same host and the same question give the same choice, whatever else was asked in \
         between.";
    VIP_INVARIANCE, vip_invariance:
        "A floating address that comes, goes or moves does not change the choice, and makes it \
         ambiguous only if it is older on the same link (skipped-first).";
    ORDER, order:
        "Of addresses that rank the same the kernel's first is chosen, and the order of addresses \
         that do not match changes nothing.";
    NUMBERS, numbers:
        "Other numbers in the same networks give the same choice under its new number, and change \
         nothing else.";
    SOUNDNESS, soundness:
        "What is chosen is on the host, can be bound and matches; and the one address that matches \
         is chosen where nothing speaks against it.";
    STICKINESS, stickiness:
        "A remembered choice that is kept stays, whatever address is added but the bindnetaddr and \
         what is declared fixed.";
    PATIENCE, patience:
        "A choice that is not ambiguous stays when duplicate address detection ends, and was \
         ambiguous if an absent address that is declared fixed comes.";
    ADVICE_SETTLES, advice_settles:
        "With any line of the advice followed that declares or asks something, the decision is not \
         ambiguous, and chooses the address that the line names.";
    FAMILY, family:
        "Addresses of the other family change nothing.";
    REPLAY, replay:
        "A host that was written to a file and read again gives the same choice.";
    FAILOVERS, failovers:
        "Whatever floating addresses come, go and move, the daemon's own address stays chosen as \
         long as it is there.";
}

impl Law {
    /// Its name, which is that of the function in [`check`](super::check).
    pub const fn name(&self) -> &'static str {
        self.0.name
    }

    /// The law in one sentence.
    pub const fn sentence(&self) -> &'static str {
        self.0.sentence
    }

    /// Draws cases until one breaks the law.
    ///
    /// # Errors
    /// The smallest case that breaks it.
    pub fn run(self, picker: &dyn Picker, run: Run) -> Result<(), Failure> {
        (self.0.over_cases)(self, picker, run)
    }

    /// Draws cases for the run of the environment ([`Run::from_env`]).
    ///
    /// # Panics
    /// If a case breaks the law, with the case and the seed.
    #[track_caller]
    pub fn assert(self, picker: &dyn Picker) {
        if let Err(failure) = self.run(picker, Run::from_env()) {
            panic!("{failure}");
        }
    }
}

impl PartialEq for Law {
    fn eq(&self, other: &Self) -> bool {
        self.0.name == other.0.name
    }
}

impl Eq for Law {}

impl fmt::Debug for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.name)
    }
}

impl fmt::Display for Law {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0.name)
    }
}
