//! The nodes, and the files of their snapshots.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use crate::fleet::shown;

use crate::cli::input;
use crate::cli::output::Failure;

/// A node by its name, with the file of its snapshot.
pub struct NodeFile {
    /// As it was written, or as the file is called.
    pub name: Vec<u8>,
    /// Its snapshot.
    pub path: PathBuf,
}

/// The nodes of the command line and of the folders, none twice.
pub fn node_files(arguments: &[OsString], folders: &[PathBuf]) -> Result<Vec<NodeFile>, Failure> {
    let mut nodes = Vec::new();
    for argument in arguments {
        nodes.push(split(argument)?);
    }
    for folder in folders {
        nodes.extend(list(folder)?);
    }
    if nodes.is_empty() {
        return Err(Failure::usage(
            "no node; write NODE=SNAPSHOT for each, or --dir DIR",
        ));
    }
    nodes.sort_by(|a, b| (&a.name, &a.path).cmp(&(&b.name, &b.path)));
    match nodes.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some([a, b]) => Err(Failure::usage(format!(
            "node {} is there twice: {} and {}; give one of the two another name (NAME=SNAPSHOT)",
            shown(&a.name),
            input::shown(&a.path),
            input::shown(&b.path)
        ))),
        _ => Ok(nodes),
    }
}

/// `NODE=SNAPSHOT`; the path may have an `=` in it, the name not.
fn split(argument: &OsStr) -> Result<NodeFile, Failure> {
    let bytes = argument.as_bytes();
    let fail = |problem| Failure::usage(format!("{}: {problem}", shown(bytes)));
    let Some(at) = bytes.iter().position(|byte| *byte == b'=') else {
        return Err(fail(
            "NODE=SNAPSHOT is expected, a name and the file of its snapshot",
        ));
    };
    match (&bytes[..at], &bytes[at + 1..]) {
        ([], _) => Err(fail("the name of a node is expected before =")),
        (_, []) => Err(fail("the file of a snapshot is expected behind =")),
        (name, path) => Ok(NodeFile {
            name: name.to_vec(),
            path: PathBuf::from(OsStr::from_bytes(path)),
        }),
    }
}

/// Each `NODE.json` of a folder.
fn list(folder: &Path) -> Result<Vec<NodeFile>, Failure> {
    let fail =
        |error: std::io::Error| Failure::usage(format!("--dir {}: {error}", input::shown(folder)));
    let mut nodes = Vec::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let path = entry.map_err(fail)?.path();
        let is_json = path
            .extension()
            .is_some_and(|extension| extension == "json");
        if let (Some(name), true) = (path.file_stem(), is_json) {
            let name = name.to_owned().into_vec();
            nodes.push(NodeFile { name, path });
        }
    }
    if nodes.is_empty() {
        Err(Failure::usage(format!(
            "--dir {}: no NODE.json in it",
            input::shown(folder)
        )))
    } else {
        Ok(nodes)
    }
}
