//! How a subcommand was called, for messages that name a command.

/// How a subcommand was called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Called {
    /// As the example of its name: `preview`.
    Example,
    /// As a part of the program: `bindnet preview`.
    Subcommand,
}

impl Called {
    /// How this subcommand is called in the same way.
    pub fn command(self, subcommand: &str) -> String {
        match self {
            Self::Example => subcommand.to_owned(),
            Self::Subcommand => format!("bindnet {subcommand}"),
        }
    }
}
