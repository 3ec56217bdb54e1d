//! Asks, and listens afterwards.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::conflict::{self, ConflictReport, Detection, Inconclusive, Notice, Target, TargetError};
use crate::live::Detector;
use crate::rule::ScopedAddr;

use super::{Options, Timing};
use crate::cli::invocation::Invocation;
use crate::cli::options::link_name;
use crate::cli::output::{Failure, print, print_error};
use crate::cli::time::seconds;
use crate::cli::wait::{Next, signals, sleep};

pub fn run(options: &Options, invocation: Invocation) -> Result<ExitCode, Failure> {
    let watch = options.watch.as_deref();
    let watch = watch.map(|text| seconds("--watch", text)).transpose()?;
    let target = target(options)?;
    let timing = match options.timing {
        Timing::Rfc => conflict::Timing::Rfc,
        Timing::Fast => conflict::Timing::Fast,
    };
    let signals = signals()?;
    let mut detector = Detector::probe(target, timing).map_err(Failure::system)?;
    // The time of the verdict: listening begins there.
    let mut listening: Option<Instant> = None;
    let mut status = 0;
    loop {
        let event = match detector.dispatch() {
            Ok(event) => event,
            Err(error) if listening.is_none() => return Err(Failure::system(error)),
            // It is tried again.
            Err(error) => {
                print_error(&format!("conflict: {error}\n"));
                status = if status == 1 { 1 } else { 3 };
                None
            }
        };
        if let Some(event) = event {
            let is_verdict = matches!(event, Notice::Detection(_));
            let report = detector.report(event);
            show(&report, options)?;
            let verdict = report.verdict();
            status = worse(status, &verdict);
            if is_verdict {
                if verdict == Detection::Inconclusive(Inconclusive::NotHere(None)) {
                    hint(&report, invocation);
                }
                // Without the permission to ask there is none to listen.
                if watch.is_none() || matches!(verdict, Detection::NotPermitted(_)) {
                    return Ok(ExitCode::from(status));
                }
                listening = Some(Instant::now());
            }
            continue;
        }
        let left = listening.zip(watch);
        let left = left.map(|(since, watch)| watch.saturating_sub(since.elapsed()));
        if left == Some(Duration::ZERO) {
            return Ok(ExitCode::from(status));
        }
        if sleep(&detector, &signals, left)? == Next::Stop {
            // Nothing is known before the verdict.
            return Ok(ExitCode::from(if listening.is_none() { 3 } else { status }));
        }
    }
}

fn target(options: &Options) -> Result<Target, Failure> {
    let address: ScopedAddr = options.address.parse().map_err(Failure::usage)?;
    let Some(name) = &options.interface else {
        return Target::own(address).map_err(Failure::usage);
    };
    let problem = |problem| Failure::usage(format!("--interface {name:?}: {problem}"));
    let name = link_name(name).map_err(|error| problem(error.to_string()))?;
    let target = if options.free {
        Target::free(address, name)
    } else {
        Target::own_on(address, name)
    };
    target.map_err(|error| match error {
        TargetError::OtherLink { .. } => problem(error.to_string()),
        error => Failure::usage(error),
    })
}

fn show(report: &ConflictReport, options: &Options) -> Result<(), Failure> {
    let line = if options.json {
        report.to_json()
    } else {
        report.to_string()
    };
    print(&format!("{line}\n"))
}

/// How to ask for an address that is not here.
fn hint(report: &ConflictReport, invocation: Invocation) {
    let (conflict, ip) = (invocation.command("conflict"), report.ip());
    print_error(&format!(
        "conflict: to ask before it is taken: {conflict} --free --interface NAME {ip}\n"
    ));
}

/// A conflict is worse than not knowing, and that is worse than a clear verdict.
fn worse(status: u8, verdict: &Detection) -> u8 {
    match (status, verdict) {
        (1, _) | (_, Detection::Conflict(_)) => 1,
        (status, Detection::Clear) => status,
        _ => 3,
    }
}
