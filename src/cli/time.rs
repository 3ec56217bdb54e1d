//! Times on the command line.

use std::time::Duration;

use super::output::Failure;

/// The number of seconds that an option says.
pub fn seconds(option: &str, text: &str) -> Result<Duration, Failure> {
    let seconds = text
        .parse()
        .ok()
        .and_then(|s| Duration::try_from_secs_f64(s).ok());
    let problem = || {
        Failure::usage(format!(
            "{option} {text:?}: a number of seconds is expected"
        ))
    };
    seconds.ok_or_else(problem)
}
