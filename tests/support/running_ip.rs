//! An `ip` that stays: what it is given it does at once, without the time that a new process takes.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// Prints one line, whatever becomes of the links: no test has rules of its own.
const SAY: &str = "rule list table local";
const SAID: &str = "0:";

/// `ip -batch`, which goes on where something is refused.
pub struct RunningIp {
    child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    /// What it was given and has not said to be done.
    given: VecDeque<String>,
}

impl RunningIp {
    /// Starts it in the namespace of this thread. What it says of refusals is dropped.
    pub fn start() -> Self {
        let mut child = Command::new("ip")
            .args(["-force", "-oneline", "-batch", "-"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take(),
            output: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
            given: VecDeque::new(),
        }
    }

    /// Begins to do all this.
    pub fn begin(&mut self, lines: &[impl AsRef<str>]) {
        let said: String = lines
            .iter()
            .map(|line| format!("{}\n{SAY}\n", line.as_ref()))
            .collect();
        self.given
            .extend(lines.iter().map(|line| line.as_ref().to_owned()));
        // Where it has ended, this is noticed below.
        let _ = self.input.as_mut().unwrap().write_all(said.as_bytes());
    }

    /// Waits until all that was begun is done.
    pub fn end(&mut self) {
        while !self.given.is_empty() {
            match self.output.next() {
                Some(line) => {
                    assert!(line.unwrap().starts_with(SAID));
                    self.given.pop_front();
                }
                // Some refusals end it all the same, and the rest is for another one.
                None => {
                    let rest: Vec<_> = self.given.drain(..).skip(1).collect();
                    *self = Self::start();
                    self.begin(&rest);
                }
            }
        }
    }

    /// Does all this, as far as it is not refused.
    pub fn run(&mut self, lines: &[impl AsRef<str>]) {
        self.begin(lines);
        self.end();
    }
}

impl Drop for RunningIp {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}
