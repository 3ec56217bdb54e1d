//! The library's words with the options of the programs.

use crate::choice::ParseStateError;
use crate::explain::{Setting, Spelling};
use crate::live::StateError;
use crate::rule::{ParseAddressError, ParseBindnetError};
use crate::wire::ParseError;

/// How the programs spell what is advised.
pub const OPTIONS: Spelling = Spelling::new(option, "preview");

/// How they are told which version of Corosync reads a corosync.conf.
pub const VERSION: &str = "--profile corosync:VERSION";

fn option(setting: &Setting) -> String {
    format!("{} {}", setting.json_option(), setting.value())
}

/// An error of the library, whose message may ask for what an option does.
pub trait InOptions: ToString {
    /// Whether the first line of the message asks to restrict the interface.
    fn wants_interface(&self) -> bool;

    /// The message with the name of that option.
    fn in_options(&self) -> String {
        let message = self.to_string();
        if !self.wants_interface() {
            return message;
        }
        let end = message.find('\n').unwrap_or(message.len());
        let (line, others) = message.split_at(end);
        format!("{line} (--interface){others}")
    }
}

impl InOptions for ParseBindnetError {
    fn wants_interface(&self) -> bool {
        self.wants_interface()
    }
}

impl InOptions for ParseAddressError {
    fn wants_interface(&self) -> bool {
        self.wants_interface()
    }
}

impl InOptions for StateError {
    fn wants_interface(&self) -> bool {
        let error = match self {
            Self::Damaged { error, .. } => Some(error),
            _ => None,
        };
        error.is_some_and(ParseStateError::wants_interface)
    }
}

/// Why a text is no snapshot, with the option that prints one.
pub fn no_snapshot(error: &ParseError) -> String {
    match error {
        ParseError::Empty => "nothing there; a snapshot (preview --capture) or the output of \
                              `ip -d -j addr` is expected"
            .to_owned(),
        error => error.to_string(),
    }
}
