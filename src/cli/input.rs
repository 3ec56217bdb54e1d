//! Files, pipes and standard input: bounded, and nothing but a pipe is waited for.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use crate::snapshot::Snapshot;

use super::output::Failure;
use super::pipe::{self, Trouble};
use super::words::no_snapshot;

/// Reads a snapshot from a file, or from standard input if the path is `-`.
pub fn snapshot(path: &Path) -> Result<Snapshot, Failure> {
    let (name, text) = if path == Path::new("-") {
        let name = "standard input".to_owned();
        let text = read(io::stdin().lock(), &name)?;
        (name, text)
    } else {
        let text = read_path(path, "a regular file, - for standard input")?;
        (shown(path), text)
    };
    let read = Snapshot::from_json(&text);
    read.map_err(|error| Failure::usage(format!("{name}: {}", no_snapshot(&text, &error))))
}

/// The name of a file, with `\xNN` for what a terminal must not see.
pub fn shown(path: &Path) -> String {
    crate::fleet::shown(path.as_os_str().as_bytes())
}

/// Reads a regular file, or a pipe that was opened for us; anything else might never end, or never
/// begin.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    read_path(path, "a regular file")
}

/// Reads a file; `expected` is what a message asks for beside a pipe.
fn read_path(path: &Path, expected: &str) -> Result<Vec<u8>, Failure> {
    let name = shown(path);
    let fail = |error: io::Error| Failure::usage(format!("{name}: {error}"));
    // Without O_NONBLOCK the opening of a FIFO waits for a writer.
    let mut options = OpenOptions::new();
    options
        .read(true)
        .custom_flags(nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY);
    let file: File = options.open(path).map_err(fail)?;
    let kind = file.metadata().map_err(fail)?.file_type();
    if kind.is_fifo() && is_open_fd(path) {
        return read_pipe(&file, &name);
    }
    if !kind.is_file() {
        let what = match () {
            () if kind.is_dir() => "a folder",
            () if kind.is_fifo() => "a FIFO",
            () if kind.is_socket() => "a socket",
            () => "a device",
        };
        return Err(Failure::usage(format!(
            "{name}: {what}; {expected} or a pipe of the shell, <(command), is expected"
        )));
    }
    read(file, &name)
}

/// Whether a path is that of an fd which this program was started with: bash and zsh give the pipe of
/// `<(command)` such a name.
fn is_open_fd(path: &Path) -> bool {
    let path = path.as_os_str().as_bytes();
    let folders: [&[u8]; 2] = [b"/dev/fd/", b"/proc/self/fd/"];
    let number = folders
        .into_iter()
        .find_map(|folder| path.strip_prefix(folder));
    let is_number = |text: &[u8]| !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    path == b"/dev/stdin" || number.is_some_and(is_number)
}

/// Reads a pipe. Its writer may be slow, or never write.
fn read_pipe(file: &File, name: &str) -> Result<Vec<u8>, Failure> {
    /// How long all pipes together are waited for: their writers run at the same time.
    const LIMIT: Duration = Duration::from_secs(20);
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let deadline = *FIRST.get_or_init(Instant::now) + LIMIT;
    let text = pipe::read(file, deadline, Snapshot::MAX_JSON_LEN);
    text.map_err(|trouble| match trouble {
        Trouble::Late => Failure::usage(format!(
            "{name}: its writer has not ended after {} s; let it write a file first",
            LIMIT.as_secs()
        )),
        Trouble::TooLong => too_long(name),
        Trouble::System(error) => Failure::usage(format!("{name}: {error}")),
    })
}

/// Reads to the end, or to one byte more than is understood anyway.
fn read(from: impl Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let bound = Snapshot::MAX_JSON_LEN as u64 + 1;
    let read = from.take(bound).read_to_end(&mut text);
    read.map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    if text.len() > Snapshot::MAX_JSON_LEN {
        return Err(too_long(name));
    }
    Ok(text)
}

fn too_long(name: &str) -> Failure {
    Failure::usage(format!("{name}: longer than 64 MiB"))
}
