//! An `ip` that stays, and answers what it is told: what it refused, and how the host is now.

use std::io::{BufRead, BufReader, PipeReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};

/// `ip -d -j -force -batch`, whose answers are read as they come.
pub struct IpAnswers {
    child: Child,
    input: Option<ChildStdin>,
    /// What it prints, and what it says of refusals, in one stream.
    output: BufReader<PipeReader>,
}

/// What came of a line.
pub struct Answer {
    /// What it said of a refusal.
    pub refused: Option<String>,
    /// `ip -d -j addr`, asked right behind it.
    pub host: String,
}

impl IpAnswers {
    /// Starts it in the namespace of this thread.
    pub fn start() -> Self {
        let (output, writer) = std::io::pipe().unwrap();
        let mut child = Command::new("ip")
            .args(["-d", "-j", "-force", "-batch", "-"])
            .stdin(Stdio::piped())
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .spawn()
            .unwrap();
        Self {
            input: child.stdin.take(),
            output: BufReader::new(output),
            child,
        }
    }

    /// Does what a line says, an empty one nothing.
    pub fn ask(&mut self, line: &str) -> Answer {
        self.write(&format!("{line}\naddr show\n"));
        let mut said = Vec::new();
        while let Some(line) = self.read() {
            if line.starts_with('[') {
                let refused = (!said.is_empty()).then(|| said.join("\n"));
                return Answer {
                    refused,
                    host: line,
                };
            }
            said.push(line);
        }
        // It ends where it does not like the words themselves.
        *self = Self::start();
        let Answer { refused, host } = self.ask("");
        assert_eq!(refused, None);
        said.push("ended".to_owned());
        Answer {
            refused: Some(said.join("\n")),
            host,
        }
    }

    fn write(&mut self, text: &str) {
        // Where it has ended, this is noticed when it is read.
        let _ = self.input.as_mut().unwrap().write_all(text.as_bytes());
    }

    fn read(&mut self) -> Option<String> {
        let mut line = Vec::new();
        let len = self.output.read_until(b'\n', &mut line).unwrap();
        (len > 0).then(|| String::from_utf8_lossy(line.trim_ascii_end()).into_owned())
    }
}

impl Drop for IpAnswers {
    fn drop(&mut self) {
        self.input = None;
        let _ = self.child.wait();
    }
}
