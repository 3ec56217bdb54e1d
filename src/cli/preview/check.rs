//! Asks whether another host claims what was chosen.

use crate::conflict::{Report, Verdict};
use crate::rule::Decision;

use super::Options;
use crate::cli::output::Failure;

/// What a decision is with what was found; and what kept the question from being asked.
pub type Checked = (Decision, Option<Failure>);

/// A decision with what was found, if it is to be asked and there is a choice. The choice stays,
/// whatever hinders the question.
pub fn check(decision: Decision, options: &Options) -> Checked {
    match decision.chosen() {
        Some(_) if options.check => ask(decision),
        _ => (decision, None),
    }
}

#[cfg(target_os = "linux")]
fn ask(decision: Decision) -> Checked {
    use std::time::Duration;

    use crate::conflict::{Doubt, Event, Target, Timing};
    use crate::live::Detector;

    let Some(chosen) = decision.chosen() else {
        return (decision, None);
    };
    let target = match Target::of(chosen) {
        Ok(target) => target,
        Err(error) => return (decision, Some(not_asked(&error.to_string()))),
    };
    let asked = Detector::probe(target, Timing::Fast).and_then(|mut detector| {
        loop {
            if let Some(event) = detector.wait(Duration::from_secs(1))? {
                return Ok(detector.report(event));
            }
        }
    });
    let report = asked.unwrap_or_else(|error| {
        let verdict = Verdict::Inconclusive(Doubt::NotAsked(error.to_string()));
        let event = Event::Verdict(verdict);
        Report::new(&target, chosen.interface(), event, Duration::ZERO)
    });
    let reasons = chosen.reasons();
    (decision.with_conflict(report.with_reasons(reasons)), None)
}

#[cfg(not(target_os = "linux"))]
fn ask(decision: Decision) -> Checked {
    let problem = "packet sockets are needed, which Linux alone has";
    (decision, Some(not_asked(problem)))
}

fn not_asked(problem: &str) -> Failure {
    Failure::system(format!("--check: {problem}"))
}

/// Whether another host claims the choice.
pub fn objects(decision: &Decision) -> bool {
    let found = decision.conflict();
    found.is_some_and(|report| report.verdict().conflict().is_some())
}

/// Whether it could not be told whether another host does.
pub fn cannot_tell(decision: &Decision) -> bool {
    let verdict = decision.conflict().map(Report::verdict);
    verdict.is_some_and(|verdict| match verdict {
        Verdict::Clear | Verdict::Conflict(_) | Verdict::NotApplicable(_) => false,
        Verdict::Inconclusive(_) | Verdict::NotPermitted(_) => true,
    })
}

/// What is to be said of what was found, unless all is well.
pub fn complaint(decision: &Decision) -> Option<String> {
    let found = decision.conflict()?;
    (objects(decision) || cannot_tell(decision)).then(|| found.to_string())
}

/// What is to be said if nobody can be asked, which is no fault of the address.
pub fn warning(decision: &Decision) -> Option<String> {
    let found = decision.conflict()?;
    matches!(found.verdict(), Verdict::NotApplicable(_)).then(|| found.to_string())
}
