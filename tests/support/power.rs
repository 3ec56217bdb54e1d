//! What a file system may show of a folder after a power cut.
//!
//! What is promised is no more than fsync(2) says: a file has its content, and a folder its names,
//! from when the fsync of the file or the folder returned. Before that each change of a name may
//! have been done or not, alone or with others, and a file may have any beginning of what was
//! written, with zeros for the rest or without.

use std::collections::BTreeMap;

use crate::inject::Call;
use crate::state::Folder;

/// A call that changes the folder or makes a change last. A file is known by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    Create(String),
    Write { name: String, len: usize },
    SyncFile(String),
    Rename { from: String, to: String },
    Unlink(String),
    SyncFolder,
}

/// The steps of some calls that were traced; those that failed change nothing.
pub fn steps(folder: &Folder, calls: &[Call]) -> Vec<Step> {
    let done = calls.iter().filter(|call| call.returned >= 0);
    done.filter_map(|call| step(folder, call)).collect()
}

fn step(folder: &Folder, call: &Call) -> Option<Step> {
    let path = folder.path().display();
    // `4</tmp/folder/name>` of a call on a file, `"name"` of one in the folder.
    let start = format!("<{path}/");
    let on_file = |arguments: &str| {
        let (_, name) = arguments.split_once(&start)?;
        Some(name.split_once('>')?.0.to_owned())
    };
    let mut quoted = call
        .arguments
        .split('"')
        .skip(1)
        .step_by(2)
        .map(str::to_owned);
    match call.name.as_str() {
        "openat" if call.arguments.contains("O_CREAT") => quoted.next().map(Step::Create),
        "write" => {
            let (name, len) = (on_file(&call.arguments)?, call.returned as usize);
            Some(Step::Write { name, len })
        }
        "fsync" => Some(on_file(&call.arguments).map_or(Step::SyncFolder, Step::SyncFile)),
        "renameat" | "renameat2" => {
            let (from, to) = (quoted.next()?, quoted.next()?);
            Some(Step::Rename { from, to })
        }
        "unlinkat" => quoted.next().map(Step::Unlink),
        "openat" | "statx" | "newfstatat" | "fstat" | "read" | "close" | "flock" => None,
        other => panic!("does {other} change a file?"),
    }
}

/// The content of a file.
#[derive(Clone, Debug)]
struct File {
    written: Vec<u8>,
    lasts: bool,
}

impl File {
    /// Whether it may have another content than these.
    fn may_differ(&self, from: &[Option<&[u8]>]) -> bool {
        let known = |content: &[u8]| from.contains(&Some(content));
        let full = self.written.len();
        let cuts = if self.lasts {
            full..full + 1
        } else {
            0..full + 1
        };
        !cuts.into_iter().all(|len| {
            let mut torn = self.written.clone();
            torn[len..].fill(0);
            known(&self.written[..len]) && known(&torn)
        })
    }
}

/// A change of names: which file, by its number, each has from then on.
type Change = Vec<(String, Option<usize>)>;

#[derive(Clone, Debug)]
struct Disk {
    files: Vec<File>,
    /// The names that last.
    names: BTreeMap<String, usize>,
    /// The changes since.
    changes: Vec<Change>,
}

impl Disk {
    fn new(before: &[(&str, Option<&str>)]) -> Self {
        let (mut files, mut names) = (Vec::new(), BTreeMap::new());
        for (name, content) in before {
            if let Some(content) = content {
                names.insert((*name).to_owned(), files.len());
                let written = content.as_bytes().to_vec();
                files.push(File {
                    written,
                    lasts: true,
                });
            }
        }
        let changes = Vec::new();
        Self {
            files,
            names,
            changes,
        }
    }

    /// The names with those changes done of which `done` has the bit.
    fn names(&self, done: usize) -> BTreeMap<String, usize> {
        let mut names = self.names.clone();
        let changes = self.changes.iter().enumerate();
        for (name, file) in changes
            .filter(|(at, _)| done >> at & 1 == 1)
            .flat_map(|(_, c)| c)
        {
            match file {
                Some(file) => names.insert(name.clone(), *file),
                None => names.remove(name),
            };
        }
        names
    }

    /// The number of the file that has a name while the power is on.
    fn file(&self, name: &str) -> usize {
        self.names(usize::MAX)[name]
    }

    fn take(&mut self, step: &Step, new: &str) {
        match step {
            Step::Create(name) => {
                self.changes
                    .push(vec![(name.clone(), Some(self.files.len()))]);
                let (written, lasts) = (Vec::new(), false);
                self.files.push(File { written, lasts });
            }
            Step::Write { name, len } => {
                let at = self.file(name);
                let file = &mut self.files[at];
                let start = file.written.len();
                file.written.extend(&new.as_bytes()[start..start + len]);
                file.lasts = false;
            }
            Step::SyncFile(name) => {
                let at = self.file(name);
                self.files[at].lasts = true;
            }
            Step::Rename { from, to } => {
                let file = Some(self.file(from));
                self.changes
                    .push(vec![(from.clone(), None), (to.clone(), file)]);
            }
            Step::Unlink(name) => self.changes.push(vec![(name.clone(), None)]),
            Step::SyncFolder => {
                self.names = self.names(usize::MAX);
                self.changes.clear();
            }
        }
    }

    /// Whether a file of this name may show anything but these after a power cut.
    fn may_differ(&self, name: &str, from: &[Option<&[u8]>]) -> bool {
        (0..1 << self.changes.len()).any(|done| match self.names(done).get(name) {
            Some(file) => self.files[*file].may_differ(from),
            None => !from.contains(&None),
        })
    }
}

/// Checks that after a power cut at any place the file of this name shows the old content or the
/// new one, and at the end the new one. `before` is what is in the folder.
pub fn check(
    name: &str,
    before: &[(&str, Option<&str>)],
    new: &str,
    steps: &[Step],
) -> Result<(), String> {
    let old = before
        .iter()
        .find(|(at, _)| *at == name)
        .and_then(|(_, old)| *old);
    let (old, after) = (old.map(str::as_bytes), Some(new.as_bytes()));
    let mut disk = Disk::new(before);
    for step in steps {
        if disk.may_differ(name, &[old, after]) {
            return Err(format!("before {step:?} neither old nor new: {disk:?}"));
        }
        disk.take(step, new);
    }
    match disk.may_differ(name, &[after]) {
        true => Err(format!("in the end not the new one: {disk:?}")),
        false => Ok(()),
    }
}
