//! The real corosync(8) as an oracle for corosync.conf: `corosync -t` reads the file, says what it
//! thinks of it and exits.
//!
//! Where it is not installed the test says SKIPPED and why, on the terminal even where the test
//! runner swallows output. With `corosync` in `BINDNET_REQUIRE` that is a failure.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::process::Command;
use std::thread;

/// What `corosync -t` says of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// The parser stopped in this line, and why.
    Refused(usize, String),
    /// The parser took all of it; what was said later.
    Taken(String),
    /// Nothing: a signal ended it, as 3.1.7 with members of a link above the highest.
    Crashed,
}

/// The program with a folder for its files.
pub struct Corosync {
    folder: PathBuf,
    /// Whether the byte 0xA0 is white space to it, as since 3.1.8.
    pub takes_a0: bool,
}

impl Corosync {
    /// The program, if it is on the path. `name` is the folder's.
    pub fn find(name: &str) -> Option<Self> {
        let why = match Command::new("corosync").arg("-v").output() {
            Ok(done) if done.status.success() => {
                let folder = format!("bindnet-{name}-{}", std::process::id());
                let folder = std::env::temp_dir().join(folder);
                fs::create_dir_all(&folder).unwrap();
                let said = String::from_utf8_lossy(&done.stdout).into_owned();
                let takes_a0 = said.split('\'').nth(1).map(numbers) >= Some(vec![3, 1, 8]);
                return Some(Self { folder, takes_a0 });
            }
            Ok(done) => format!("corosync -v: {}", done.status),
            Err(error) => format!("corosync: {error}"),
        };
        let required = std::env::var("BINDNET_REQUIRE").unwrap_or_default();
        let required = required.split(',').any(|what| what.trim() == "corosync");
        assert!(!required, "BINDNET_REQUIRE has corosync, but: {why}");
        let name = thread::current().name().unwrap_or("test").to_owned();
        // Not eprintln!, which the test runner keeps to itself where the test passes.
        let _ = writeln!(io::stderr(), "SKIPPED: {name}: {why}");
        None
    }

    /// Has it test a file. The caller sees to it that no name server is in reach.
    pub fn test(&self, conf: &[u8]) -> Said {
        // The name of the file takes room in its messages.
        fs::write(self.folder.join("c"), conf).unwrap();
        let done = Command::new("corosync")
            .args(["-t", "-c", "c"])
            .current_dir(&self.folder)
            .env("RES_OPTIONS", "timeout:1 attempts:1")
            .output()
            .unwrap();
        let output = [done.stderr, done.stdout].concat();
        let output = String::from_utf8_lossy(&output).into_owned();
        if let Some((_, error)) = output.split_once("parser error: c:") {
            let (line, why) = error.split_once(": ").unwrap();
            return Said::Refused(line.parse().unwrap(), why.trim_end().to_owned());
        }
        if done.status.code().is_none() {
            return Said::Crashed;
        }
        // It has gone on to the meaning of the file, and logs.
        assert!(output.contains("[MAIN  ]"), "corosync -t: {output:?}");
        Said::Taken(output)
    }
}

fn numbers(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map(|part| part.parse().unwrap())
        .collect()
}

impl Drop for Corosync {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}
