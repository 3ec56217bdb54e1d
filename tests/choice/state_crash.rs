//! Writing a state file, killed at every system call, failing at every system call, and with the
//! power cut between any two: the file shows the old choices or the new ones, and can be written
//! again.

use bindnet_tests::{inject, power, state};

use std::fs;

use bindnet::StateFile;

use nix::errno::Errno;

use inject::{Call, Run, numbered};
use power::Step;
use state::{Folder, LOCK, NAME, ONE, TEMPORARY, decision};

/// What a writer that was killed has left.
const STALE: &str = "bindnet-state/1\nbindnet";

/// A file, what is done, and what it holds then.
#[derive(Clone, Copy, Debug)]
struct Case {
    /// The method of [`StateFile`].
    method: &'static str,
    old: Option<&'static str>,
    new: &'static str,
    stale: Option<&'static str>,
}

const CASES: [Case; 3] = [
    Case {
        method: "remember",
        old: None,
        new: ONE,
        stale: None,
    },
    Case {
        method: "replace",
        old: Some("bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.20\nend\n"),
        new: ONE,
        stale: None,
    },
    Case {
        method: "remember",
        old: Some("bindnet-state/1\nbindnetaddr fd00:: address fd00::1\nend\n"),
        new: "bindnet-state/1\nbindnetaddr fd00:: address fd00::1\n\
              bindnetaddr 192.0.2.0 address 192.0.2.10 prefix 24 interface eth0\nend\n",
        stale: Some(STALE),
    },
];

impl Case {
    fn stage(&self) -> Folder {
        let folder = self.old.map_or_else(Folder::new, Folder::with);
        if let Some(stale) = self.stale {
            fs::write(folder.at(TEMPORARY), stale).unwrap();
        }
        folder
    }

    /// Does it in a program that strace looks at.
    fn run(&self, folder: &Folder, inject: &[String]) -> Run {
        let told = format!("{} {}", self.method, folder.at(NAME).display());
        inject::run(
            &bindnet_tests::test_name(module_path!(), "traced"),
            &told,
            folder,
            &[NAME, TEMPORARY, LOCK],
            inject,
        )
    }

    /// Does it undisturbed and returns the calls.
    fn calls(&self) -> (Folder, Vec<Call>) {
        let folder = self.stage();
        let run = self.run(&folder, &[]);
        assert_eq!(run.said.as_deref(), Some("\"true\""));
        assert_eq!(folder.text().as_deref(), Some(self.new));
        (folder, run.calls)
    }

    /// Requires that it works now, whatever was before.
    #[track_caller]
    fn works(&self, folder: &Folder, what: &str) {
        let old = folder.text();
        let written = act(self.method, &folder.file()).unwrap_or_else(|e| panic!("{what}: {e}"));
        assert_eq!(written, old.as_deref() != Some(self.new), "{what}");
        assert_eq!(folder.text().as_deref(), Some(self.new), "{what}");
        assert_eq!(folder.names(), [LOCK, NAME], "{what}");
    }
}

fn act(method: &str, file: &StateFile) -> Result<bool, String> {
    let decision = decision("192.0.2.0", "192.0.2.10/24");
    let written = match method {
        "remember" => file.remember(&decision),
        "replace" => file.replace(&decision),
        other => panic!("no method {other}"),
    };
    written.map_err(|error| error.to_string())
}

/// Not a test of its own: the others run it under strace.
#[test]
fn traced() {
    let Some(told) = inject::told() else {
        return;
    };
    let (method, path) = told.split_once(' ').expect("a method and a path");
    match act(method, &StateFile::new(path)) {
        Ok(written) => inject::say(&written.to_string()),
        Err(error) => inject::say(&error),
    }
}

/// What it does in the kernel: the lock before the second look, the text lasts before it has the
/// name, and the name last of all.
#[test]
fn the_calls_are_these() {
    if !inject::possible() {
        return;
    }
    let read = ["openat", "statx", "read", "read", "close"];
    // The folder; the lock file, which is missing, and is created; the owners of both.
    let lock = ["openat", "openat", "openat", "statx", "statx", "flock"];
    let store = [
        "openat", "write", "fsync", "close", "renameat", "fsync", "close", "close",
    ];
    let missing = ["openat"];
    let stale = ["openat", "unlinkat"];
    for (case, expected) in CASES.iter().zip([
        [&missing[..], &lock, &missing, &store].concat(),
        [&read[..], &lock, &read, &store].concat(),
        [&read[..], &lock, &read, &stale, &store].concat(),
    ]) {
        let (folder, calls) = case.calls();
        let names: Vec<_> = calls.iter().map(|call| call.name.as_str()).collect();
        assert_eq!(names, expected, "{case:?}");
        // Once more there is nothing to write, and nothing is locked or synced.
        let again = case.run(&folder, &[]);
        let names: Vec<_> = again.calls.iter().map(|call| call.name.as_str()).collect();
        assert_eq!(
            (again.said.as_deref(), &names[..]),
            (Some("\"false\""), &read[..])
        );
    }
}

#[test]
fn killed_at_every_call() {
    if !inject::possible() {
        return;
    }
    for case in CASES {
        let (_, calls) = case.calls();
        let mut renamed = false;
        for (call, number) in numbered(&calls) {
            // Before the call is done; after it is before the next one.
            let what = format!("{}:signal=SIGKILL:when={number}", call.name);
            let folder = case.stage();
            let run = case.run(&folder, std::slice::from_ref(&what));
            assert_eq!(run.said, None, "{case:?}: {what}");
            let last = run.calls.last().map(|call| (&call.name, call.returned));
            assert_eq!(last, Some((&call.name, -1)), "{what}");
            let expected = if renamed { Some(case.new) } else { case.old };
            assert_eq!(folder.text().as_deref(), expected, "{case:?}: {what}");
            let read = folder.file().read(&"192.0.2.0".parse().unwrap());
            assert!(read.is_ok(), "{case:?}: {what}");
            case.works(&folder, &what);
            renamed |= call.name == "renameat";
        }
        assert!(renamed);
    }
}

/// Whether nothing comes of it when this call fails: a signal interrupts it before it has done
/// anything, so that it is repeated (signal(7)), or it gives back what has served.
fn is_harmless(call: &Call, errno: Errno) -> bool {
    let repeated = ["openat", "read", "write", "fsync", "flock"];
    call.name == "close" || errno == Errno::EINTR && repeated.contains(&call.name.as_str())
}

fn failed_at_every_call(errno: Errno) {
    if !inject::possible() {
        return;
    }
    for case in CASES {
        let (_, calls) = case.calls();
        let last_fsync = calls.iter().rposition(|call| call.name == "fsync");
        let mut temporary = case.stale.is_some();
        for (at, (call, number)) in numbered(&calls).enumerate() {
            let what = format!("{}:error={errno:?}:when={number}", call.name);
            let folder = case.stage();
            let run = case.run(&folder, std::slice::from_ref(&what));
            let said = run.said.expect("it was not killed");
            if is_harmless(call, errno) {
                assert_eq!(said, "\"true\"", "{case:?}: {what}");
                assert_eq!(folder.text().as_deref(), Some(case.new), "{what}");
                assert_eq!(folder.names(), [LOCK, NAME], "{what}");
            } else {
                // The error that was injected, about the file, its folder or the temporary file.
                let words = std::io::Error::from(errno).to_string();
                let path = folder.path().display().to_string();
                let told = said.contains(&words) && said.contains(&path);
                assert!(told, "{case:?}: {what}: {said}");
                // Once it has the name, it is only not known whether it lasts.
                let is_new = Some(at) == last_fsync;
                let expected = if is_new { Some(case.new) } else { case.old };
                assert_eq!(folder.text().as_deref(), expected, "{case:?}: {what}");
                let left = folder.names().contains(&TEMPORARY.to_owned());
                assert_eq!(left, temporary, "{case:?}: {what}");
            }
            case.works(&folder, &what);
            // The first call that creates it fails where one is there, and then it is removed.
            temporary &= call.name != "unlinkat";
        }
    }
}

#[test]
fn an_io_error_at_every_call() {
    failed_at_every_call(Errno::EIO);
}

#[test]
fn no_room_at_every_call() {
    failed_at_every_call(Errno::ENOSPC);
}

#[test]
fn a_signal_at_every_call() {
    failed_at_every_call(Errno::EINTR);
}

/// The error that is told is the first one, and what could not be removed goes the next time.
#[test]
fn two_errors() {
    if !inject::possible() {
        return;
    }
    let case = CASES[1];
    let folder = case.stage();
    let inject = ["write:error=ENOSPC:when=1", "unlinkat:error=EIO:when=1"];
    let run = case.run(&folder, &inject.map(str::to_owned));
    assert!(run.said.unwrap().contains("No space left"));
    assert_eq!(folder.text().as_deref(), case.old);
    assert_eq!(folder.names(), [LOCK, TEMPORARY, NAME]);
    case.works(&folder, "two errors");
}

/// Some file systems have no fsync(2) of a folder.
#[test]
fn a_folder_that_cannot_be_synced() {
    if !inject::possible() {
        return;
    }
    let case = CASES[1];
    let folder = case.stage();
    let run = case.run(&folder, &["fsync:error=EINVAL:when=2".to_owned()]);
    assert_eq!(run.said.as_deref(), Some("\"true\""));
    case.works(&folder, "fsync of the folder");
}

#[test]
fn the_power_cut_between_any_two_calls() {
    if !inject::possible() {
        return;
    }
    for case in CASES {
        let (folder, calls) = case.calls();
        let steps = power::steps(&folder, &calls);
        let before = [(NAME, case.old), (TEMPORARY, case.stale)];
        let check = |steps: &[Step]| power::check(NAME, &before, case.new, steps);
        assert_eq!(check(&steps), Ok(()), "{case:?}");

        // The check is worth something: it refuses what could go wrong.
        let is_sync = |step: &Step| matches!(step, Step::SyncFile(_));
        let at = steps.iter().position(is_sync).unwrap();
        let mut without = steps.clone();
        let sync = without.remove(at);
        assert!(check(&without).is_err_and(|why| why.contains("neither old nor new")));
        let mut late = without;
        late.push(sync);
        assert!(check(&late).is_err_and(|why| why.contains("neither old nor new")));
        let (last, rest) = steps.split_last().unwrap();
        assert_eq!(*last, Step::SyncFolder);
        assert!(check(rest).is_err_and(|why| why.contains("in the end")));
        let mut removed = steps.clone();
        removed.insert(at, Step::Unlink(NAME.to_owned()));
        assert_eq!(check(&removed).is_err(), case.old.is_some());
    }
}
