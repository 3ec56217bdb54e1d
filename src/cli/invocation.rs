//! The two ways to call a subcommand, for messages that name a command.

/// The way in which a subcommand was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Invocation {
    /// As the example of its name: `preview`.
    Example,
    /// As a part of the program: `bindnet preview`.
    Subcommand,
}

impl Invocation {
    /// The command for a subcommand, called in the same way.
    pub fn command(self, subcommand: &str) -> String {
        match self {
            Self::Example => subcommand.to_owned(),
            Self::Subcommand => format!("bindnet {subcommand}"),
        }
    }
}
