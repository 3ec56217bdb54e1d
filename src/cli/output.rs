//! Output that survives a closed pipe and a full disk, in colour if that is wanted.

use std::fmt;
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::process::ExitCode;

/// Why a program stops: an exit status and the message that explains it.
#[derive(Debug)]
pub struct Failure {
    status: u8,
    message: String,
    may_pass: bool,
}

impl Failure {
    /// The command line or an input cannot be understood: exit status 2.
    pub fn usage(message: impl ToString) -> Self {
        Self {
            status: 2,
            message: message.to_string(),
            may_pass: false,
        }
    }

    /// The system refused something: exit status 3.
    pub fn system(message: impl ToString) -> Self {
        Self {
            status: 3,
            message: message.to_string(),
            may_pass: false,
        }
    }

    /// No address was chosen, as this host is not in an input that is in order: exit status 1.
    pub fn none(message: impl ToString) -> Self {
        Self {
            status: 1,
            message: message.to_string(),
            may_pass: false,
        }
    }

    /// Whether this is exit status 1.
    pub fn is_none(&self) -> bool {
        self.status == 1
    }

    /// Whether this is exit status 3.
    pub fn is_systems(&self) -> bool {
        self.status == 3
    }

    /// The same failure, which may pass by itself.
    pub fn passing(mut self, may_pass: bool) -> Self {
        self.may_pass = may_pass;
        self
    }

    /// Whether it may pass by itself.
    pub fn may_pass(&self) -> bool {
        self.may_pass
    }

    /// The same failure, of this option.
    pub fn of(mut self, option: &str) -> Self {
        self.message = format!("{option} {}", self.message);
        self
    }

    /// Prints the message to standard error.
    pub fn warn(&self, program: &str) {
        print_error(&format!("{program}: {self}\n"));
    }

    /// Prints the message to standard error and gives the exit status.
    pub fn report(&self, program: &str) -> ExitCode {
        self.warn(program);
        ExitCode::from(self.status)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// Prints to standard output. A closed pipe is no failure: its reader has read enough.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    let result = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    check(result)
}

fn check(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            Err(Failure::system(format!("standard output: {error}")))
        }
        _ => Ok(()),
    }
}

/// Prints one JSON object on one line, piece by piece: it may be large.
pub fn print_json(object: &crate::fleet::FleetReport) -> Result<(), Failure> {
    let mut stdout = BufWriter::new(io::stdout().lock());
    let result = serde_json::to_writer(&mut stdout, object).map_err(io::Error::from);
    check(
        result
            .and_then(|()| stdout.write_all(b"\n"))
            .and_then(|()| stdout.flush()),
    )
}

/// Prints to standard error. If that fails, nobody is left to tell.
pub fn print_error(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Color {
    /// Whether to colour what goes to this stream.
    pub fn applies_to(self, stream: &impl IsTerminal) -> bool {
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        match self {
            Self::Always => true,
            Self::Never => false,
            Self::Auto => stream.is_terminal() && !no_color,
        }
    }
}

/// Colours a report line by line: the choice, the head of the table, what is to be noticed.
pub fn paint(report: &str, color: bool) -> String {
    if !color {
        return report.to_owned();
    }
    report.split_inclusive('\n').map(paint_line).collect()
}

fn paint_line(line: &str) -> String {
    const BOLD_GREEN: &str = "\x1b[1;32m";
    const BOLD_YELLOW: &str = "\x1b[1;33m";
    const DIM: &str = "\x1b[2m";
    const RESET: &str = "\x1b[0m";
    let text = line.trim_end_matches('\n');
    let end = &line[text.len()..];
    if text.starts_with("  > ") {
        format!("{BOLD_GREEN}{text}{RESET}{end}")
    } else if text.starts_with("    ADDRESS ") || text.starts_with("    SCENARIO ") {
        format!("{DIM}{text}{RESET}{end}")
    } else {
        let mut painted = text.to_owned();
        for word in ["AMBIGUOUS", "CONFLICT", "MOVES", "warning:"] {
            painted = painted.replacen(word, &format!("{BOLD_YELLOW}{word}{RESET}"), 1);
        }
        painted + end
    }
}
