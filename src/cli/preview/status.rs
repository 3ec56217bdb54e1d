//! The exit status that a decision means.

use crate::rule::Outcome;

use super::judged::Judged;
use super::{Options, audit, check};

/// The exit statuses of decisions, the worst last: without a choice the daemon cannot start at all;
/// what was found of a choice counts before what could not be found, and that before what may
/// happen one day.
const FROM_BEST_TO_WORST: [u8; 6] = [0, 6, 3, 5, 4, 1];

/// The exit status of a decision, with what was found of its choice.
pub fn of(judged: &Judged, options: &Options) -> u8 {
    let found = match judged.decision.outcome() {
        Outcome::Ambiguous => [Some(4), None, None],
        Outcome::Chosen => [
            check::objects(judged).then_some(5),
            check::cannot_tell(judged).then_some(3),
            audit::objects(judged, options).then_some(6),
        ],
        _ => [Some(1), None, None],
    };
    worst(found.into_iter().flatten()).unwrap_or(0)
}

/// The worst of several, if there are any.
pub fn worst(statuses: impl IntoIterator<Item = u8>) -> Option<u8> {
    let rank = |status: &u8| FROM_BEST_TO_WORST.iter().position(|known| known == status);
    statuses.into_iter().max_by_key(rank)
}
