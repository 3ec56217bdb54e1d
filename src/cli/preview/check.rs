//! Asks whether another host claims what was chosen.

use crate::cli::output::Failure;
use crate::conflict::{ConflictReport, Detection};
use crate::rule::{Candidate, Decision};

use super::Options;
use super::judged::Judged;

/// What was found; or what kept the question from being asked.
pub type Checked = Result<ConflictReport, Failure>;

/// What is found of a choice, if it is to be asked and there is one. The choice stays, whatever hinders
/// the question.
pub fn check(decision: &Decision, options: &Options) -> Option<Checked> {
    let chosen = decision.chosen().filter(|_| options.check);
    chosen.map(ask)
}

#[cfg(target_os = "linux")]
fn ask(chosen: &Candidate) -> Checked {
    use std::time::Duration;

    use crate::conflict::{Inconclusive, Notice, Target, Timing};
    use crate::live::Detector;

    let target = Target::of(chosen).map_err(|error| not_asked(&error.to_string()))?;
    let asked = Detector::probe(target, Timing::Fast).and_then(|mut detector| {
        loop {
            if let Some(event) = detector.wait(Duration::from_secs(1))? {
                return Ok(detector.report(event));
            }
        }
    });
    let report = asked.unwrap_or_else(|error| {
        let verdict = Detection::Inconclusive(Inconclusive::NotAsked(error.to_string()));
        let event = Notice::Detection(verdict);
        ConflictReport::new(&target, chosen.interface(), event, Duration::ZERO)
    });
    Ok(report.with_reasons(chosen.reasons()))
}

#[cfg(not(target_os = "linux"))]
fn ask(_: &Candidate) -> Checked {
    let problem = "packet sockets are needed, which Linux alone has";
    Err(not_asked(problem))
}

fn not_asked(problem: &str) -> Failure {
    Failure::system(format!("--check: {problem}"))
}

/// Whether another host claims the choice.
pub fn objects(judged: &Judged) -> bool {
    let found = judged.conflict.as_ref();
    found.is_some_and(|report| report.verdict().conflict().is_some())
}

/// Whether it could not be told whether another host does.
pub fn cannot_tell(judged: &Judged) -> bool {
    let verdict = judged.conflict.as_ref().map(ConflictReport::verdict);
    verdict.is_some_and(|verdict| match verdict {
        Detection::Clear | Detection::Conflict(_) | Detection::NotApplicable(_) => false,
        Detection::Inconclusive(_) | Detection::NotPermitted(_) => true,
    })
}

/// What is to be said of what was found, unless all is well.
pub fn complaint(judged: &Judged) -> Option<String> {
    let found = judged.conflict.as_ref()?;
    (objects(judged) || cannot_tell(judged)).then(|| found.to_string())
}

/// What is to be said if nobody can be asked, which is no fault of the address.
pub fn warning(judged: &Judged) -> Option<String> {
    let found = judged.conflict.as_ref()?;
    matches!(found.verdict(), Detection::NotApplicable(_)).then(|| found.to_string())
}
