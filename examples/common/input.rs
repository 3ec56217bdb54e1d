//! Files and standard input, bounded and never waited for.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use bindnet::Snapshot;

use super::output::Failure;

/// Reads a snapshot from a file, or from standard input where the path is `-`, which is the way
/// for a FIFO.
pub fn snapshot(path: &Path) -> Result<Snapshot, Failure> {
    let name = if path == Path::new("-") {
        "standard input".to_owned()
    } else {
        shown(path)
    };
    let text = if path == Path::new("-") {
        read(io::stdin().lock(), &name)?
    } else {
        read_file(path)?
    };
    Snapshot::from_json(&text).map_err(|error| Failure::usage(format!("{name}: {error}")))
}

/// The name of a file, with `\xNN` for what a terminal must not see.
pub fn shown(path: &Path) -> String {
    bindnet::fleet::shown(path.as_os_str().as_bytes())
}

/// Reads a regular file; anything else might never end, or never begin.
pub fn read_file(path: &Path) -> Result<Vec<u8>, Failure> {
    let name = shown(path);
    let fail = |error: io::Error| Failure::usage(format!("{name}: {error}"));
    // Without O_NONBLOCK the opening of a FIFO waits for a writer.
    let mut options = OpenOptions::new();
    options
        .read(true)
        .custom_flags(nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY);
    let file: File = options.open(path).map_err(fail)?;
    let kind = file.metadata().map_err(fail)?.file_type();
    if !kind.is_file() {
        let what = match () {
            () if kind.is_dir() => "a folder",
            () if kind.is_fifo() => "a FIFO",
            () if kind.is_socket() => "a socket",
            () => "a device",
        };
        return Err(Failure::usage(format!(
            "{name}: {what}; a regular file is expected"
        )));
    }
    read(file, &name)
}

/// Reads to the end, or to one byte more than is understood anyway.
fn read(from: impl Read, name: &str) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let bound = Snapshot::MAX_JSON_LEN as u64 + 1;
    let read = from.take(bound).read_to_end(&mut text);
    read.map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    if text.len() > Snapshot::MAX_JSON_LEN {
        return Err(Failure::usage(format!("{name}: longer than 64 MiB")));
    }
    Ok(text)
}
