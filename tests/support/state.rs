//! Folders with a state file, and decisions to remember.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use bindnet::{Address, Decision, Link, Selector, Snapshot, StateFile};
use nix::unistd::{Uid, geteuid, setfsuid};

/// The name of the state file in its folder.
pub const NAME: &str = "choices";
/// The name of the temporary file beside it.
pub const TEMPORARY: &str = ".choices.new";
/// The name of the lock file beside it.
pub const LOCK: &str = ".choices.lock";

/// What `remember` writes of one choice.
pub const ONE: &str =
    "bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.10 prefix 24 interface eth0\nend\n";

/// A folder for a state file, which goes with it.
pub struct Folder(PathBuf);

impl Folder {
    /// An empty folder.
    pub fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("bindnet-state-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        Self(folder)
    }

    /// One with a state file of this text.
    pub fn with(text: &str) -> Self {
        let folder = Self::new();
        folder.write(text);
        folder
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A path in the folder.
    pub fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub fn file(&self) -> StateFile {
        StateFile::new(self.at(NAME))
    }

    /// Gives the state file this text.
    pub fn write(&self, text: impl AsRef<[u8]>) {
        fs::write(self.at(NAME), text).unwrap();
    }

    /// The text of the state file, if there is one.
    pub fn text(&self) -> Option<String> {
        let text = fs::read(self.at(NAME)).ok()?;
        Some(String::from_utf8(text).expect("UTF-8"))
    }

    /// What is in the folder.
    pub fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.0).unwrap();
        let name = |entry: fs::DirEntry| entry.file_name().into_string().unwrap();
        let mut names: Vec<_> = entries.map(|entry| name(entry.unwrap())).collect();
        names.sort();
        names
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A host with one link and these addresses on it (`192.0.2.10/24`).
pub fn host(link: &str, addresses: &[&str]) -> Snapshot {
    let address = |text: &&str| Address::new(text.parse().unwrap(), 2);
    let link = Link::new(2, link.parse().unwrap());
    Snapshot::new([link], addresses.iter().map(address)).unwrap()
}

/// What is asked.
pub fn selector(bindnet: &str) -> Selector {
    Selector::new(bindnet.parse().unwrap())
}

/// The decision for a bindnetaddr on a host with this address on eth0.
pub fn decision(bindnet: &str, address: &str) -> Decision {
    selector(bindnet).decide(&host("eth0", &[address]))
}

/// Runs a test as a user whom permission bits bind, which they do not bind root. It is the thread
/// that changes its user, and only towards files (setfsuid(2)).
pub fn as_nobody(test: impl FnOnce() + Send) {
    let test = || {
        if geteuid().is_root() {
            let _ = setfsuid(Uid::from_raw(65534));
        }
        test();
    };
    thread::scope(|scope| scope.spawn(test).join().unwrap());
}
