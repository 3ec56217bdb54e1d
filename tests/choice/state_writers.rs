//! Many writers of one state file, the file that they lock, and file systems that do not take it.
//!
//! The file systems are in mount namespaces of the tests' own, for which they need root: where
//! there is none they say SKIPPED.

use bindnet_tests::{netns, state};

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use bindnet::choice::State;
use bindnet::{StateError, StateFile};
use nix::fcntl::{Flock, FlockArg};
use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::stat::Mode;
use nix::unistd::{Uid, chown, geteuid, mkfifo};

use state::{Folder, LOCK, NAME, ONE, as_nobody, decision};

/// Has the path of the state file for a process that is to write, and the number of its writer.
const WRITER: &str = "BINDNET_STATE_WRITER";

/// How many writers there are, and how many bindnetaddrs each has.
const WRITERS: u8 = 4;
const EACH: u8 = 4;

/// What a writer does: it remembers a choice for each of its bindnetaddrs, and moves it twice.
fn write(file: &StateFile, writer: u8) {
    for n in 0..EACH {
        let network = format!("10.{writer}.{n}.0");
        let address = |host: u8| format!("10.{writer}.{n}.{host}/24");
        assert!(file.remember(&decision(&network, &address(1))).unwrap());
        assert!(!file.remember(&decision(&network, &address(2))).unwrap());
        for host in [2, 3] {
            // Who writes without a break leaves no gap for others, who look every 5 ms.
            thread::sleep(Duration::from_millis(10));
            let chosen = decision(&network, &address(host));
            assert!(file.replace(&chosen).unwrap());
            let read = file.read(chosen.bindnet()).unwrap();
            assert_eq!(read.unwrap().ip(), chosen.chosen().unwrap().ip());
        }
    }
}

/// Unmounts what is mounted on a folder, though another process may still hold it.
fn unmount(folder: &Folder) {
    umount2(folder.path(), MntFlags::MNT_DETACH).unwrap();
}

/// Requires that every choice is there, in the state after its last move.
fn assert_nothing_lost(folder: &Folder, writers: u8) {
    let state = State::parse(folder.text().unwrap().as_bytes()).unwrap();
    assert_eq!(state.iter().count(), usize::from(writers * EACH));
    for writer in 0..writers {
        for n in 0..EACH {
            let address = state.get(&format!("10.{writer}.{n}.0").parse().unwrap());
            let last = format!("10.{writer}.{n}.3");
            assert_eq!(address.unwrap().to_string(), last);
        }
    }
    assert_eq!(folder.names(), [LOCK, NAME]);
}

/// Reads until the writers are done. Each read is of a whole file, which only grows.
fn read_all_the_while(folder: &Folder, done: &AtomicBool) -> usize {
    let (mut reads, mut most) = (0, 0);
    while !done.load(Ordering::Relaxed) {
        let Some(text) = folder.text() else {
            assert_eq!(most, 0, "the file was there before");
            continue;
        };
        let state = State::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}"));
        let count = state.iter().count();
        assert!(count >= most, "{most} entries before, now:\n{text}");
        (reads, most) = (reads + 1, count);
        assert!(folder.file().read(&"10.0.0.0".parse().unwrap()).is_ok());
    }
    reads
}

#[test]
fn threads_lose_nothing() {
    let folder = Folder::new();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| read_all_the_while(&folder, &done));
        let write = |writer| write(&folder.file(), writer);
        let writers = (0..WRITERS).map(|writer| scope.spawn(move || write(writer)));
        let ended: Vec<_> = writers
            .collect::<Vec<_>>()
            .into_iter()
            .map(|w| w.join())
            .collect();
        done.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
        assert!(ended.iter().all(Result::is_ok));
    });
    assert_nothing_lost(&folder, WRITERS);
}

/// Not a test of its own: the one below runs it in other processes.
#[test]
fn writer() {
    let Ok(told) = std::env::var(WRITER) else {
        return;
    };
    let (number, path) = told.split_once(' ').expect("a number and a path");
    write(&StateFile::new(path), number.parse().unwrap());
}

fn spawn_writer(folder: &Folder, number: u8) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &bindnet_tests::test_name(module_path!(), "writer"),
        ])
        .env(WRITER, format!("{number} {}", folder.at(NAME).display()))
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

#[test]
fn processes_lose_nothing() {
    let folder = Folder::new();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let reader = scope.spawn(|| read_all_the_while(&folder, &done));
        let mut writers: Vec<_> = (0..WRITERS).map(|n| spawn_writer(&folder, n)).collect();
        let ended: Vec<_> = writers.iter_mut().map(|w| w.wait().unwrap()).collect();
        done.store(true, Ordering::Relaxed);
        assert!(reader.join().unwrap() > 0);
        assert!(ended.iter().all(|status| status.success()), "{ended:?}");
    });
    assert_nothing_lost(&folder, WRITERS);
}

#[track_caller]
fn says(error: &StateError, words: &[&str]) {
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
}

/// Runs a test that gives files to another user, which takes root.
fn as_root(test: impl FnOnce() + Send) {
    netns::run(|| {
        if !geteuid().is_root() {
            netns::skip("not root".to_owned());
        }
        test();
    });
}

/// A user who may list the folder holds every lock that such a user can get, and hinders nobody.
#[test]
fn who_may_only_list_the_folder_cannot_hold_the_lock() {
    let folder = Folder::new();
    let public = Permissions::from_mode(0o755);
    fs::set_permissions(folder.path(), public).unwrap();
    let ours = decision("192.0.2.0", "192.0.2.10/24");
    assert!(folder.file().remember(&ours).unwrap());
    let locks = Mutex::new(Vec::new());
    as_nobody(|| {
        let names = folder.names().into_iter().map(|name| folder.at(&name));
        let paths = names.chain([folder.path().to_owned()]);
        let opened = paths.filter_map(|path| File::open(path).ok());
        let held = opened.filter_map(|file| Flock::lock(file, FlockArg::LockExclusive).ok());
        locks.lock().unwrap().extend(held);
    });
    // The folder and the state file; as nobody else than their owner, the lock file, too.
    let owned = usize::from(!geteuid().is_root());
    assert_eq!(locks.lock().unwrap().len(), 2 + owned);
    if owned == 0 {
        let moved = decision("192.0.2.0", "192.0.2.20/24");
        assert!(folder.file().replace(&moved).unwrap());
    }
}

#[test]
fn the_lock_file_is_ours_alone_and_stays() {
    let folder = Folder::new();
    let chosen = decision("192.0.2.0", "192.0.2.10/24");
    assert!(folder.file().remember(&chosen).unwrap());
    let facts = || fs::metadata(folder.at(LOCK)).unwrap();
    let first = facts();
    assert_eq!((first.mode() & 0o7777, first.len()), (0o600, 0));
    let moved = decision("192.0.2.0", "192.0.2.20/24");
    assert!(folder.file().replace(&moved).unwrap());
    assert_eq!(facts().ino(), first.ino());
}

#[test]
fn what_stands_in_the_place_of_the_lock_file_is_not_followed() {
    let chosen = decision("192.0.2.0", "192.0.2.10/24");
    let refuses = |folder: &Folder, words: &str| {
        let names = folder.names();
        let error = folder.file().remember(&chosen).unwrap_err();
        assert!(matches!(error, StateError::NoLock { .. }), "{error:?}");
        says(&error, &[LOCK, words, "remove it"]);
        assert_eq!(folder.names(), names);
    };
    let folder = Folder::new();
    fs::write(folder.at("target"), "").unwrap();
    for target in ["target", "missing"] {
        symlink(target, folder.at(LOCK)).unwrap();
        refuses(&folder, "a symbolic link");
        fs::remove_file(folder.at(LOCK)).unwrap();
    }
    mkfifo(&folder.at(LOCK), Mode::S_IRWXU).unwrap();
    refuses(&folder, "not a regular file");
    fs::remove_file(folder.at(LOCK)).unwrap();
    fs::create_dir(folder.at(LOCK)).unwrap();
    refuses(&folder, "not a regular file");
    fs::remove_dir(folder.at(LOCK)).unwrap();
    let socket = UnixListener::bind(folder.at(LOCK)).unwrap();
    refuses(&folder, "not a regular file");
    drop(socket);
    fs::remove_file(folder.at(LOCK)).unwrap();
    assert!(folder.file().remember(&chosen).unwrap());
}

/// In a folder that several users may write to, another user could hold the lock for ever.
#[test]
fn a_lock_file_of_another_user_is_refused() {
    as_root(|| {
        let folder = Folder::new();
        let chosen = decision("192.0.2.0", "192.0.2.10/24");
        let lock = folder.at(LOCK);
        File::create(&lock).unwrap();
        let owned_by = |path: &Path, user| chown(path, Some(Uid::from_raw(user)), None).unwrap();
        owned_by(&lock, 65534);
        let error = folder.file().remember(&chosen).unwrap_err();
        says(&error, &[LOCK, "belongs to user 65534", "remove it"]);
        assert_eq!(folder.text(), None);
        // The owner of the folder writes there, and root may, too.
        owned_by(folder.path(), 65534);
        assert!(folder.file().remember(&chosen).unwrap());
    });
}

/// What root remembers for a daemon does not lock the daemon out.
#[test]
fn a_lock_file_that_root_makes_belongs_to_the_owner_of_the_folder() {
    as_root(|| {
        let folder = Folder::new();
        chown(folder.path(), Some(Uid::from_raw(65534)), None).unwrap();
        let [chosen, moved] =
            ["192.0.2.10/24", "192.0.2.20/24"].map(|address| decision("192.0.2.0", address));
        assert!(folder.file().remember(&chosen).unwrap());
        assert_eq!(fs::metadata(folder.at(LOCK)).unwrap().uid(), 65534);
        as_nobody(|| assert!(folder.file().replace(&moved).unwrap()));
        assert!(folder.file().replace(&chosen).unwrap());
    });
}

/// Runs a test where what is mounted is seen by its thread alone.
fn with_mounts(test: impl FnOnce() + Send) {
    netns::run(|| {
        if let Err(errno) = unshare(CloneFlags::CLONE_NEWNS) {
            netns::skip(format!("unshare(CLONE_NEWNS): {errno}"));
        }
        // Else the host would see it, too (mount_namespaces(7)).
        let private = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, private, None::<&str>).unwrap();
        test();
    });
}

/// Requires an error with this text in it, and everything as it was.
fn fails(folder: &Folder, words: &[&str]) {
    // The lock file may be made before the call that fails.
    let names = || {
        let names = folder.names().into_iter();
        names.filter(|name| name != LOCK).collect::<Vec<_>>()
    };
    let before = (folder.text(), names());
    let file = folder.file();
    for chosen in [
        decision("192.0.2.0", "192.0.2.20/24"),
        decision("198.51.100.0", "198.51.100.10/24"),
    ] {
        let error = file.replace(&chosen).unwrap_err();
        let message = error.to_string();
        assert!(matches!(error, StateError::System { .. }), "{message}");
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
        assert_eq!((folder.text(), names()), before);
    }
    // What is there can be read, and need not be written.
    let chosen = decision("192.0.2.0", "192.0.2.10/24");
    assert!(file.read(chosen.bindnet()).unwrap().is_some());
    assert!(!file.replace(&chosen).unwrap());
}

#[test]
fn a_full_file_system() {
    with_mounts(|| {
        let folder = Folder::new();
        let (flags, size) = (MsFlags::empty(), Some("size=4k"));
        mount(Some("none"), folder.path(), Some("tmpfs"), flags, size).unwrap();
        // One page, which the file has.
        folder.write(ONE);
        fails(&folder, &["cannot write", ".choices.new", "make room"]);
        fs::remove_file(folder.at(NAME)).unwrap();
        // Another test that starts a process may hold the removed file for a moment.
        let decision = decision("192.0.2.0", "192.0.2.20/24");
        netns::until("there is room", || {
            folder.file().remember(&decision).unwrap_or(false)
        });
        unmount(&folder);
    });
}

#[test]
fn a_file_system_without_inodes() {
    with_mounts(|| {
        let folder = Folder::new();
        for (inodes, fails_at) in [("nr_inodes=2", LOCK), ("nr_inodes=3", ".choices.new")] {
            let flags = MsFlags::empty();
            mount(
                Some("none"),
                folder.path(),
                Some("tmpfs"),
                flags,
                Some(inodes),
            )
            .unwrap();
            folder.write(ONE);
            fails(&folder, &["cannot create", fails_at, "make room"]);
            unmount(&folder);
        }
    });
}

#[test]
fn a_file_system_that_is_read_only() {
    with_mounts(|| {
        let folder = Folder::with(ONE);
        let bind = MsFlags::MS_BIND;
        mount(
            Some(folder.path()),
            folder.path(),
            None::<&str>,
            bind,
            None::<&str>,
        )
        .unwrap();
        let again = bind | MsFlags::MS_REMOUNT | MsFlags::MS_RDONLY;
        mount(
            None::<&str>,
            folder.path(),
            None::<&str>,
            again,
            None::<&str>,
        )
        .unwrap();
        fails(&folder, &["cannot create", LOCK, "read-only here"]);
        unmount(&folder);
    });
}

/// As a container gets it from a volume that is one file: nothing can take the place of a mount.
#[test]
fn a_file_that_is_mounted_by_itself() {
    with_mounts(|| {
        let (host, folder) = (Folder::with(ONE), Folder::with(""));
        let (from, to) = (host.at(NAME), folder.at(NAME));
        mount(
            Some(&from),
            &to,
            None::<&str>,
            MsFlags::MS_BIND,
            None::<&str>,
        )
        .unwrap();
        let words = [
            "cannot rename",
            NAME,
            "mounted by itself",
            "mount its folder",
        ];
        fails(&folder, &words);
        assert_eq!(host.text().as_deref(), Some(ONE));
        umount2(&to, MntFlags::MNT_DETACH).unwrap();
    });
}
