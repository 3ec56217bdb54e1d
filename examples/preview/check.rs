//! Asks whether another host claims what was chosen.

use std::io;

use bindnet::Decision;

use super::Options;
use super::common::output::{Failure, paint, print_error};

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

    use bindnet::conflict::{Detector, Target, Timing};

    let Some(chosen) = decision.chosen() else {
        return Ok(decision);
    };
    let reasons = chosen.reasons();
    let target = Target::of(chosen).map_err(Failure::system)?;
    let mut detector = Detector::probe(target, Timing::Fast).map_err(Failure::system)?;
    loop {
        let event = detector.wait(Duration::from_secs(1));
        if let Some(event) = event.map_err(Failure::system)? {
            let report = detector.report(event).with_reasons(reasons);
            return Ok(decision.with_conflict(report));
        }
    }
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

/// Says so where nothing else does.
pub fn complain(decision: &Decision, options: &Options) {
    if let Some(report) = decision.conflict().filter(|_| objects(decision)) {
        let color = options.color.applies_to(&io::stderr());
        print_error(&paint(&format!("preview: {report}\n"), color));
    }
}
