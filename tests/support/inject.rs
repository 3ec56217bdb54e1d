//! One test of this program, run once more under strace(1), which lists the system calls about a
//! folder and its files, and kills the program at one of them or makes it fail.
//!
//! Where strace is missing or may not trace (ptrace(2)) the test says SKIPPED and why. With
//! `strace` in `BINDNET_REQUIRE` that is a failure.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::Command;
use std::thread;

use nix::sys::signal::Signal;

use crate::state::Folder;

/// Has the words for the test that is traced.
const TOLD: &str = "BINDNET_CHILD";

/// What the traced test prints before what came of it.
const SAID: &str = "SAID ";

/// A system call about the folder or a file in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    /// As strace prints them, file descriptors with their paths.
    pub arguments: String,
    /// What it returned; -1 for an error, and where it did not return.
    pub returned: i64,
}

/// What came of the traced test.
#[derive(Debug)]
pub struct Run {
    pub calls: Vec<Call>,
    /// What it said; nothing where it was killed.
    pub said: Option<String>,
}

/// Whether strace can be used here; says SKIPPED where not.
pub fn possible() -> bool {
    let probe = Command::new("strace")
        .args(["-qq", "-o", "/dev/null", "true"])
        .output();
    let why = match probe {
        Ok(done) if done.status.success() => return true,
        Ok(done) => String::from_utf8_lossy(&done.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    let required = std::env::var("BINDNET_REQUIRE").unwrap_or_default();
    let required = required.split(',').any(|what| what.trim() == "strace");
    assert!(!required, "BINDNET_REQUIRE has strace, but: {why}");
    let name = thread::current().name().unwrap_or("test").to_owned();
    // Not eprintln!, which the test runner keeps to itself where the test passes.
    let _ = writeln!(io::stderr(), "SKIPPED: {name}: strace: {why}");
    false
}

/// What the test is told if it is traced.
pub fn told() -> Option<String> {
    std::env::var(TOLD).ok()
}

/// Says what came of the traced test.
pub fn say(what: &str) {
    println!("{SAID}{what:?}");
}

/// Runs this test of this program, which is told these words. Strace looks at calls about the
/// folder and these files in it only, so that all others are neither listed nor counted nor hit,
/// and injects what its option of this name says.
pub fn run(test: &str, told: &str, folder: &Folder, names: &[&str], inject: &[String]) -> Run {
    let logs = Folder::new();
    let paths = names.iter().map(|name| folder.at(name));
    let paths = paths.chain([folder.path().to_owned()]);
    let done = Command::new("strace")
        .args(["-ff", "-qq", "-y", "-e", "signal=none"])
        .args(paths.flat_map(|path| [PathBuf::from("-P"), path]))
        .args(
            inject
                .iter()
                .flat_map(|what| ["-e".to_owned(), format!("inject={what}")]),
        )
        .arg("-o")
        .arg(logs.at("log"))
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(TOLD, told)
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&done.stdout);
    let said = stdout
        .lines()
        .find_map(|line| Some(line.split_once(SAID)?.1.to_owned()));
    let killed = done.status.signal() == Some(Signal::SIGKILL as i32);
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(
        killed != said.is_some(),
        "{inject:?}: {}: {stdout}{stderr}",
        done.status
    );
    let logs = logs
        .names()
        .into_iter()
        .map(|name| fs::read(logs.at(&name)).unwrap());
    let mut calls = logs.filter(|log| !log.is_empty());
    let log = calls.next().unwrap_or_default();
    assert_eq!(calls.next(), None, "one thread touches the folder");
    let log = String::from_utf8_lossy(&log);
    let calls = log
        .lines()
        .map(|line| call(line).unwrap_or_else(|| panic!("{line}")));
    // In a debug build the standard library looks whether an fd is open before it closes it.
    let calls = calls.filter(|call| call.name != "fcntl").collect();
    Run { calls, said }
}

/// `name(arguments) = value`, with more words behind an error.
fn call(line: &str) -> Option<Call> {
    let (call, value) = line.rsplit_once(" = ")?;
    let (name, arguments) = call.trim_end().split_once('(')?;
    let value = value
        .split(|c: char| c.is_whitespace() || c == '<')
        .next()?;
    Some(Call {
        name: name.to_owned(),
        arguments: arguments.strip_suffix(')')?.to_owned(),
        returned: value.parse().unwrap_or(-1),
    })
}

/// Which of the calls of its name each call is, from 1, as `when=` counts them.
pub fn numbered(calls: &[Call]) -> impl Iterator<Item = (&Call, usize)> {
    calls.iter().enumerate().map(|(at, call)| {
        let same = calls[..=at].iter().filter(|other| other.name == call.name);
        (call, same.count())
    })
}
