//! The remembered choice in a file.

use std::path::PathBuf;

use crate::choice::State;
use crate::corosync::Profile;
use crate::live::{StateError, StateFile};

use super::output::Failure;
use super::words::state_in_options;

/// Where the choice is remembered.
#[derive(Debug, clap::Args)]
pub struct StateOptions {
    /// Read the remembered choice from FILE; a missing file is none
    #[arg(long, value_name = "FILE", conflicts_with = "previous")]
    state: Option<PathBuf>,
}

impl StateOptions {
    /// The file, if one was named.
    pub fn file(&self) -> Option<StateFile> {
        self.state.as_ref().map(StateFile::new)
    }
}

/// The choices that a file remembers; none without a file.
pub fn recall(file: Option<&StateFile>) -> Result<State, Failure> {
    let state = file.map(StateFile::read_all).transpose();
    let state =
        state.map_err(|error| Failure::usage(format!("--state: {}", state_in_options(&error))))?;
    Ok(state.unwrap_or_default())
}

/// Refuses to write down what Corosync would take.
pub fn not_corosyncs(option: &str, profile: Profile) -> Result<(), Failure> {
    if profile == Profile::Default {
        return Ok(());
    }
    let problem = "is for our own choice; Corosync remembers none, leave --profile out";
    Err(Failure::usage(format!("{option} {problem}")))
}

/// A choice that could not be remembered: the file cannot be written, or it cannot be understood.
pub fn not_remembered(error: &StateError) -> Failure {
    let message = format!("--state: {}", state_in_options(error));
    match error {
        StateError::System { .. }
        | StateError::Locked { .. }
        | StateError::NoLock { .. }
        | StateError::Full { .. } => Failure::system(message),
        _ => Failure::usage(message),
    }
}
