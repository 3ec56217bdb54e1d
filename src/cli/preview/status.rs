//! The exit status that a decision means.

use crate::rule::Outcome;

use super::assessment::Assessment;
use super::{Options, audit, check};

/// The exit statuses of decisions, the worst last. Without a choice the daemon cannot start at all.
/// A conflict is worse than not knowing of one, and that is worse than a scenario that may happen
/// one day.
const FROM_BEST_TO_WORST: [u8; 6] = [0, 6, 3, 5, 4, 1];

/// The exit status of a decision, with the findings about its choice.
pub fn of(assessment: &Assessment, options: &Options) -> u8 {
    let statuses = match assessment.decision.outcome() {
        Outcome::Ambiguous => [Some(4), None, None],
        Outcome::Chosen => [
            check::objects(assessment).then_some(5),
            check::cannot_tell(assessment).then_some(3),
            audit::objects(assessment, options).then_some(6),
        ],
        _ => [Some(1), None, None],
    };
    worst(statuses.into_iter().flatten()).unwrap_or(0)
}

/// The worst of several, if there are any.
pub fn worst(statuses: impl IntoIterator<Item = u8>) -> Option<u8> {
    let rank = |status: &u8| FROM_BEST_TO_WORST.iter().position(|known| known == status);
    statuses.into_iter().max_by_key(rank)
}
