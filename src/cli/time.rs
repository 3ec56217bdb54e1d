//! Times on the command line.

use std::time::Duration;

use super::output::Failure;

/// Reads the number of seconds of an option.
pub fn seconds(option: &str, text: &str) -> Result<Duration, Failure> {
    let seconds = text
        .parse()
        .ok()
        .and_then(|s| Duration::try_from_secs_f64(s).ok());
    seconds.ok_or_else(|| {
        Failure::usage(format!(
            "{option} {text:?}: a number of seconds is expected"
        ))
    })
}
