//! The system calls that a part of a test makes, as strace(1) lists them.
//!
//! A test program cannot list its own calls, so it is run once more: [`trace`] runs one test of
//! this program under strace, with words for it in the environment, which [`told`] returns there.
//! Where it calls [`mark`], a part begins or ends.
//!
//! Where strace is missing or may not trace (ptrace(2)) the test says SKIPPED and why. With
//! `strace` in `BINDNET_REQUIRE` that is a failure.

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::process::parent_id;
use std::path::PathBuf;
use std::process::{self, Command, Output, Stdio};
use std::thread;

use crate::netns;

/// Has the words for the test that is traced.
const TOLD: &str = "BINDNET_CHILD";

/// What strace lists, besides the log of each thread in a file of its own: no signals, and not
/// the clock, which is a system call only where the kernel cannot do without (vdso(7)). Of what is
/// sent it lists the bytes; how it explains netlink messages differs from host to host.
const OPTIONS: [&str; 10] = [
    "-ff",
    "-qq",
    "-e",
    "trace=!clock_gettime",
    "-e",
    "signal=none",
    "-e",
    "raw=sendto,sendmsg,recvfrom,recvmsg",
    "-e",
    "write=all",
];

/// A system call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    pub name: String,
    /// The arguments as strace prints them.
    pub arguments: String,
    pub returned: i64,
    /// The bytes that were sent.
    pub sent: Vec<u8>,
}

impl Call {
    /// Whether it receives something.
    pub fn is_receive(&self) -> bool {
        matches!(self.name.as_str(), "recvmsg" | "recvfrom")
    }

    /// Whether it is the allocator's, which asks the kernel for memory or gives it back.
    pub fn is_memory(&self) -> bool {
        matches!(
            self.name.as_str(),
            "brk" | "mmap" | "mprotect" | "mremap" | "munmap" | "madvise"
        )
    }
}

/// Runs a test on a host of its own, which can [`trace`].
pub fn run<T: Send>(test: impl FnOnce() -> T + Send) -> Option<T> {
    let probe = strace("/dev/null").arg("true").output();
    let why = match &probe {
        Ok(done) if done.status.success() => None,
        Ok(done) => Some(stderr(done)),
        Err(error) => Some(error.to_string()),
    };
    if let Some(why) = why {
        let name = thread::current().name().unwrap_or("test").to_owned();
        // Not eprintln!, which the test runner keeps to itself where the test passes.
        let _ = writeln!(io::stderr(), "SKIPPED: {name}: strace: {why}");
        return required(&why);
    }
    let ended = netns::run(test);
    ended.or_else(|| required("there is no namespace for it"))
}

/// None, unless strace has to run.
fn required<T>(why: &str) -> Option<T> {
    let required = std::env::var("BINDNET_REQUIRE").unwrap_or_default();
    let required = required.split(',').any(|what| what.trim() == "strace");
    assert!(!required, "BINDNET_REQUIRE has strace, but: {why}");
    None
}

/// What the test is told if it is traced.
pub fn told() -> Option<String> {
    std::env::var(TOLD).ok()
}

/// Begins a part of the traced test, and ends the part before: a getppid(2), which nothing else
/// here calls.
pub fn mark() {
    let _ = parent_id();
}

/// Runs this test of this program under strace, on the host of the thread that calls, and returns
/// the calls between its marks, part by part.
pub fn trace(test: &str, told: &str) -> Vec<Vec<Call>> {
    let folder = Folder::new();
    let program = std::env::current_exe().unwrap();
    let done = strace(folder.0.join("log"))
        .arg(program)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(TOLD, told)
        // In an arena of a thread's own glibc reads a file before it gives memory back (mallopt(3)).
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    assert!(done.status.success(), "{told}: {}", stderr(&done));
    let mut marked = Vec::new();
    for file in fs::read_dir(&folder.0).unwrap() {
        let log = fs::read(file.unwrap().path()).unwrap();
        let calls = calls(&String::from_utf8_lossy(&log));
        let parts: Vec<_> = calls.split(|call| call.name == "getppid").collect();
        if let [_, parts @ .., _] = &parts[..]
            && !parts.is_empty()
        {
            marked.push(parts.iter().map(|part| part.to_vec()).collect());
        }
    }
    assert_eq!(marked.len(), 1, "one thread sets marks");
    marked.remove(0)
}

/// Runs this test of this program with a system call that fails, in the words of `-e inject=` of
/// strace, on the host of the thread that calls; the test must succeed.
pub fn failing(test: &str, inject: &str) {
    let program = std::env::current_exe().unwrap();
    let done = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e"])
        .arg(format!("inject={inject}"))
        .arg(program)
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(TOLD, inject)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{inject}: {}{said}", stderr(&done));
}

/// Runs a program under strace, on the host of the thread that calls, and returns the calls of all
/// its threads, one thread after the other.
pub fn program(command: &Command) -> Vec<Call> {
    let folder = Folder::new();
    let done = strace(folder.0.join("log"))
        .arg(command.get_program())
        .args(command.get_args())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let mut all = Vec::new();
    for file in fs::read_dir(&folder.0).unwrap() {
        let log = fs::read(file.unwrap().path()).unwrap();
        all.extend(calls(&String::from_utf8_lossy(&log)));
    }
    let has_run = all.iter().any(|call| call.name == "execve");
    assert!(has_run, "{command:?}: {}", stderr(&done));
    all
}

fn strace(log: impl Into<PathBuf>) -> Command {
    let mut strace = Command::new("strace");
    strace.arg("-o").arg(log.into()).args(OPTIONS);
    strace
}

fn stderr(done: &Output) -> String {
    let words = String::from_utf8_lossy(&done.stderr);
    format!("{}: {}", done.status, words.trim())
}

/// The calls in the log of one thread: `name(arguments) = value`, and below what is sent the bytes,
/// ` | 00000  18 00 00 00 16 00 01 03  01 00 00 00 00 00 00 00  ................ |`.
fn calls(log: &str) -> Vec<Call> {
    let mut calls: Vec<Call> = Vec::new();
    for line in log.lines() {
        match (line.strip_prefix(" | "), calls.last_mut()) {
            (Some(dump), Some(call)) => {
                let bytes = dump.get(7..55).unwrap_or_else(|| panic!("{line}"));
                let byte = |byte| u8::from_str_radix(byte, 16).expect("a byte");
                call.sent.extend(bytes.split_whitespace().map(byte));
            }
            _ => calls.push(call(line).unwrap_or_else(|| panic!("no system call: {line}"))),
        }
    }
    calls
}

fn call(line: &str) -> Option<Call> {
    let (call, value) = line.rsplit_once(" = ")?;
    let (name, arguments) = call.trim_end().split_once('(')?;
    let value = value.split_whitespace().next()?;
    let returned = match value.strip_prefix("0x") {
        Some(digits) => i64::from_str_radix(digits, 16).ok()?,
        // exit(2) does not return.
        None => value.parse().unwrap_or(0),
    };
    Some(Call {
        name: name.to_owned(),
        arguments: arguments.strip_suffix(')')?.to_owned(),
        returned,
        sent: Vec::new(),
    })
}

/// A folder for logs, which goes with it.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let thread = thread::current().id();
        let name = format!("bindnet-strace-{}-{thread:?}", process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
