//! The remembered choice in a file.

use std::path::PathBuf;

use bindnet::{Bindnet, Profile, Selector, StateError, StateFile};

use super::output::Failure;

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

/// The selector with what a file remembers for its bindnetaddr.
pub fn remembered(
    file: Option<&StateFile>,
    bindnet: &Bindnet,
    selector: Selector,
) -> Result<Selector, Failure> {
    let previous = file.map(|file| file.read(bindnet)).transpose();
    let previous = previous.map_err(|error| Failure::usage(format!("--state: {error}")))?;
    Ok(match previous.flatten() {
        Some(previous) => selector.previous(previous),
        None => selector,
    })
}

/// Refuses to write down what Corosync would take.
pub fn not_corosyncs(option: &str, profile: Profile) -> Result<(), Failure> {
    if profile == Profile::Default {
        return Ok(());
    }
    let problem = "is for our own choice; Corosync remembers none, leave --profile out";
    Err(Failure::usage(format!("{option} {problem}")))
}

/// A choice that could not be remembered.
pub fn not_remembered(error: StateError) -> Failure {
    match error {
        StateError::System { .. } | StateError::Locked { .. } => {
            Failure::system(format!("--state: {error}"))
        }
        error => Failure::usage(format!("--state: {error}")),
    }
}
