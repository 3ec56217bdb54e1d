//! What was decided, and why.

use std::ffi::{c_char, c_int};
use std::mem::MaybeUninit;

use serde::Serialize;

use super::address::{AddressOut, bindnet_address};
use super::call::{Failure, bindnet_result, call, free, not_null};
use super::detector::bindnet_conflict;
use super::text::put;
use crate::conflict::ConflictReport;
use crate::rule::{Decision, Outcome};

/// The chosen address or none, with every candidate and the reasons.
pub struct bindnet_decision {
    pub(super) decision: Decision,
    /// The finding of a detector about the choice, if the caller added one.
    conflict: Option<ConflictReport>,
}

impl From<Decision> for bindnet_decision {
    fn from(decision: Decision) -> Self {
        let conflict = None;
        Self { decision, conflict }
    }
}

/// Its JSON: the conflict is a member beside those of the decision.
#[derive(Serialize)]
struct DecisionJson<'a> {
    #[serde(flatten)]
    decision: &'a Decision,
    #[serde(skip_serializing_if = "Option::is_none")]
    conflict: Option<&'a ConflictReport>,
}

/// How a decision ended.
#[derive(Clone, Copy)]
#[repr(C)]
pub enum bindnet_outcomes {
    /// An address was chosen.
    BINDNET_OUTCOME_CHOSEN = 0,
    /// None was chosen.
    BINDNET_OUTCOME_NONE = 1,
    /// None was chosen, because the selector is strict and the decision is ambiguous.
    BINDNET_OUTCOME_AMBIGUOUS = 2,
}

/// How the decision ended: a number of enum bindnet_outcomes.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_decision_outcome(
    decision: Option<&bindnet_decision>,
    outcome: Option<&mut MaybeUninit<c_int>>,
) -> bindnet_result {
    call(|| {
        let number = match not_null(decision, "decision")?.decision.outcome() {
            Outcome::Chosen => bindnet_outcomes::BINDNET_OUTCOME_CHOSEN,
            Outcome::None => bindnet_outcomes::BINDNET_OUTCOME_NONE,
            Outcome::Ambiguous => bindnet_outcomes::BINDNET_OUTCOME_AMBIGUOUS,
        };
        not_null(outcome, "outcome")?.write(number as c_int);
        Ok(())
    })
}

/// Whether it was close: 1, or 0. The explanation says what separated the first from the second.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_decision_ambiguous(
    decision: Option<&bindnet_decision>,
    ambiguous: Option<&mut MaybeUninit<c_int>>,
) -> bindnet_result {
    call(|| {
        let is_ambiguous = not_null(decision, "decision")?.decision.is_ambiguous();
        not_null(ambiguous, "ambiguous")?.write(is_ambiguous.into());
        Ok(())
    })
}

/// The address to bind; BINDNET_NONE where none was chosen.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_decision_chosen(
    decision: Option<&bindnet_decision>,
    address: *mut bindnet_address,
) -> bindnet_result {
    call(|| {
        let decision = &not_null(decision, "decision")?.decision;
        let out = AddressOut::of(address)?;
        let chosen = decision.chosen().ok_or_else(|| Failure::none(decision))?;
        out.put(chosen);
        Ok(())
    })
}

/// The candidate of this number, from 0, in the kernel's order; BINDNET_NONE behind the last. After
/// bindnet_selector_list_all the addresses that do not match are among them.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_decision_candidate(
    decision: Option<&bindnet_decision>,
    number: usize,
    address: *mut bindnet_address,
) -> bindnet_result {
    call(|| {
        let decision = &not_null(decision, "decision")?.decision;
        let out = AddressOut::of(address)?;
        let candidate = decision.row(number).ok_or_else(|| {
            let count = decision.candidates().len() + decision.others().len();
            Failure::none(format_args!("candidate {number}: there are {count}"))
        })?;
        out.put(candidate);
        Ok(())
    })
}

/// Explains the decision on one line, for a log.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_decision_text(
    decision: Option<&bindnet_decision>,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let decision = &not_null(decision, "decision")?.decision;
        put(&decision.to_string(), buffer, size, needed)
    })
}

/// Explains the decision with warnings, the table of candidates and advice, on lines.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_decision_report(
    decision: Option<&bindnet_decision>,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let bindnet_decision { decision, conflict } = not_null(decision, "decision")?;
        let mut report = decision.explain().to_string();
        if let Some(conflict) = conflict {
            report.push_str(&format!("\n{conflict}\n"));
        }
        put(&report, buffer, size, needed)
    })
}

/// Writes the decision as JSON, bindnet-decision/1, on one line.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_decision_json(
    decision: Option<&bindnet_decision>,
    buffer: *mut c_char,
    size: usize,
    needed: Option<&mut MaybeUninit<usize>>,
) -> bindnet_result {
    call(|| {
        let bindnet_decision { decision, conflict } = not_null(decision, "decision")?;
        let conflict = conflict.as_ref();
        let json = serde_json::to_string(&DecisionJson { decision, conflict });
        // Serializing to a string fails only if an implementation of Serialize does.
        put(&json.unwrap_or_default(), buffer, size, needed)
    })
}

/// Adds what a detector found of the choice: the report and the JSON then say it. BINDNET_INVALID
/// where it is about another address.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_decision_add_conflict(
    decision: Option<&mut bindnet_decision>,
    conflict: Option<&bindnet_conflict>,
) -> bindnet_result {
    call(|| {
        let to = not_null(decision, "decision")?;
        let decision = &to.decision;
        let report = &not_null(conflict, "conflict")?.0;
        let chosen = decision.chosen().map(|chosen| chosen.ip());
        if chosen != Some(report.ip()) {
            return Err(Failure::invalid(format_args!(
                "conflict: it is about {}, which is not the choice: {decision}",
                report.ip()
            )));
        }
        to.conflict = Some(report.clone());
        Ok(())
    })
}

/// Frees a decision; NULL is fine.
#[unsafe(no_mangle)]
pub extern "C" fn bindnet_decision_free(decision: Option<Box<bindnet_decision>>) {
    free(decision);
}
