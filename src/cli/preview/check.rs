//! Asks whether another host claims the choice.

use crate::cli::output::Failure;
use crate::conflict::{ConflictReport, Detection};
use crate::rule::{Candidate, Decision};

use super::Options;
use super::assessment::Assessment;

/// The finding, or the reason why the question was not asked.
pub type Finding = Result<ConflictReport, Failure>;

/// The finding about a choice, if there is one and `--check` asks for it. If the question fails, the
/// choice stays.
pub fn check(decision: &Decision, options: &Options) -> Option<Finding> {
    let chosen = decision.chosen().filter(|_| options.check);
    chosen.map(ask)
}

#[cfg(target_os = "linux")]
fn ask(chosen: &Candidate) -> Finding {
    use std::time::Duration;

    use crate::conflict::{Inconclusive, Notice, Target, Timing};
    use crate::live::Detector;

    let target = Target::of(chosen).map_err(|error| not_asked(&error.to_string()))?;
    let result = Detector::probe(target, Timing::Fast).and_then(|mut detector| {
        loop {
            if let Some(event) = detector.wait(Duration::from_secs(1))? {
                return Ok(detector.report(event));
            }
        }
    });
    let report = result.unwrap_or_else(|error| {
        let verdict = Detection::Inconclusive(Inconclusive::NotAsked(error.to_string()));
        let event = Notice::Detection(verdict);
        ConflictReport::new(&target, chosen.interface(), event, Duration::ZERO)
    });
    Ok(report.with_reasons(chosen.reasons()))
}

#[cfg(not(target_os = "linux"))]
fn ask(_: &Candidate) -> Finding {
    let problem = "packet sockets are needed, which Linux alone has";
    Err(not_asked(problem))
}

fn not_asked(problem: &str) -> Failure {
    Failure::system(format!("--check: {problem}"))
}

/// Whether another host claims the choice.
pub fn objects(assessment: &Assessment) -> bool {
    let conflict = assessment.conflict.as_ref();
    conflict.is_some_and(|report| report.verdict().conflict().is_some())
}

/// Whether it could not be told whether another host does.
pub fn cannot_tell(assessment: &Assessment) -> bool {
    let verdict = assessment.conflict.as_ref().map(ConflictReport::verdict);
    verdict.is_some_and(|verdict| match verdict {
        Detection::Clear | Detection::Conflict(_) | Detection::NotApplicable(_) => false,
        Detection::Inconclusive(_) | Detection::NotPermitted(_) => true,
    })
}

/// The message about the finding, unless all is well.
pub fn complaint(assessment: &Assessment) -> Option<String> {
    let conflict = assessment.conflict.as_ref()?;
    (objects(assessment) || cannot_tell(assessment)).then(|| conflict.to_string())
}

/// The warning if nobody can be asked, which is no fault of the address.
pub fn warning(assessment: &Assessment) -> Option<String> {
    let conflict = assessment.conflict.as_ref()?;
    matches!(conflict.verdict(), Detection::NotApplicable(_)).then(|| conflict.to_string())
}
