//! The library's words with the options of the programs.

use crate::explain::{Setting, Spelling};
use crate::live::StateError;
use crate::snapshot::ParseError;

/// How the programs spell advice.
pub const OPTIONS: Spelling = Spelling::new(option, "preview");

/// The option that says which version of Corosync reads a corosync.conf.
pub const VERSION: &str = "--profile corosync:VERSION";

fn option(setting: &Setting) -> String {
    format!("{} {}", setting.json_option(), setting.value())
}

/// The message of an error of the library, with the option that does what it asks for.
pub fn in_options(error: &ParseError) -> String {
    let message = error.to_string();
    if !error.wants_interface() {
        return message;
    }
    let end = message.find('\n').unwrap_or(message.len());
    let (line, others) = message.split_at(end);
    format!("{line} (--interface){others}")
}

/// The same of a state file.
pub fn state_in_options(error: &StateError) -> String {
    let message = error.to_string();
    match error {
        StateError::Damaged { error, .. } => {
            message.replacen(&error.to_string(), &in_options(error), 1)
        }
        _ => message,
    }
}

/// Why a text is no snapshot, with the option that prints one.
pub fn no_snapshot(text: &[u8], error: &ParseError) -> String {
    if text.trim_ascii().is_empty() {
        return "nothing there; a snapshot (preview --capture) or the output of `ip -d -j addr` is \
                expected"
            .to_owned();
    }
    error.to_string()
}
