//! Asks whether another host claims what was chosen.

use bindnet::Decision;
use bindnet::conflict::Verdict;

use super::Options;
use super::common::output::Failure;

/// A decision with what was found, if it is to be asked and there is a choice.
pub fn check(decision: Decision, options: &Options) -> Result<Decision, Failure> {
    match decision.chosen() {
        Some(_) if options.check => ask(decision),
        _ => Ok(decision),
    }
}

#[cfg(target_os = "linux")]
fn ask(decision: Decision) -> Result<Decision, Failure> {
    use std::time::Duration;

    use bindnet::conflict::{Detector, Doubt, Event, Report, Target, Timing};

    let Some(chosen) = decision.chosen() else {
        return Ok(decision);
    };
    let target = Target::of(chosen).map_err(Failure::system)?;
    let asked = Detector::probe(target, Timing::Fast).and_then(|mut detector| {
        loop {
            if let Some(event) = detector.wait(Duration::from_secs(1))? {
                return Ok(detector.report(event));
            }
        }
    });
    // The choice stands, whatever hinders the question.
    let report = asked.unwrap_or_else(|error| {
        let verdict = Verdict::Inconclusive(Doubt::NotAsked(error.to_string()));
        let event = Event::Verdict(verdict);
        Report::new(&target, chosen.interface(), event, Duration::ZERO)
    });
    let reasons = chosen.reasons();
    Ok(decision.with_conflict(report.with_reasons(reasons)))
}

#[cfg(not(target_os = "linux"))]
fn ask(_: Decision) -> Result<Decision, Failure> {
    Err(Failure::system(
        "--check: packet sockets are needed, which Linux alone has",
    ))
}

/// Whether another host claims the choice.
pub fn objects(decision: &Decision) -> bool {
    let found = decision.conflict();
    found.is_some_and(|report| report.verdict().conflict().is_some())
}

/// What is to be said of what was found, unless all is well.
pub fn complaint(decision: &Decision) -> Option<String> {
    let found = decision.conflict()?;
    (found.verdict() != Verdict::Clear).then(|| found.to_string())
}
