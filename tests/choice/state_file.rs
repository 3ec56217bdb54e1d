//! What a daemon remembers: which choices are written, what is not taken for a state file, and
//! that an error leaves the old one as it was.

use bindnet_tests::state;

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::time::{Duration, Instant};

use bindnet::choice::State;
use bindnet::corosync::{Profile, ProfileSelector, Version};
use bindnet::snapshot::{About, Consistency};
use bindnet::{Decision, StateError, StateFile};
use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use state::{Folder, LOCK, NAME, ONE, TEMPORARY, as_nobody, decision, host, selector};

/// Another choice for the same bindnetaddr.
const OTHER: &str =
    "bindnet-state/1\nbindnetaddr 192.0.2.0 address 192.0.2.20 prefix 24 interface eth0\nend\n";

/// What the file holds after `remember` and after `replace`, each with this file before.
#[track_caller]
fn after(before: Option<&str>, decision: &Decision) -> [Option<String>; 2] {
    let remember: fn(&StateFile, &Decision) -> _ = StateFile::remember;
    [remember, StateFile::replace].map(|write| {
        let folder = before.map_or_else(Folder::new, Folder::with);
        let inode = || fs::metadata(folder.at(NAME)).map(|file| file.ino()).ok();
        let old = inode();
        let written = write(&folder.file(), decision).unwrap();
        // A new file in the place of the old one, or the old one untouched.
        assert_eq!(written, inode() != old);
        assert_eq!(written, folder.text().as_deref() != before);
        let names = folder.names();
        assert!(names.iter().all(|name| name == NAME || name == LOCK));
        // Once it is there, the same is not written again.
        assert!(!write(&folder.file(), decision).unwrap());
        folder.text()
    })
}

#[track_caller]
pub fn row(
    before: Option<&str>,
    decision: &Decision,
    remembered: Option<&str>,
    replaced: Option<&str>,
) {
    let expected = [remembered, replaced].map(|text| text.map(str::to_owned));
    assert_eq!(after(before, decision), expected);
}

#[test]
fn the_first_choice_stays_until_it_is_replaced() {
    let decision = decision("192.0.2.0", "192.0.2.10/24");
    row(None, &decision, Some(ONE), Some(ONE));
    row(Some(ONE), &decision, Some(ONE), Some(ONE));
    row(Some(OTHER), &decision, Some(OTHER), Some(ONE));
}

#[test]
fn a_choice_is_for_its_bindnetaddr_as_it_is_written() {
    let decision = decision("192.0.2.0/24", "192.0.2.10/24");
    let two = ONE.replace(
        "end",
        "bindnetaddr 192.0.2.0/24 address 192.0.2.10 prefix 24 interface eth0\nend",
    );
    row(Some(ONE), &decision, Some(&two), Some(&two));
    // The same address, written in another way.
    let long = two.replace("192.0.2.0/24 ", "  192.0.2.0/24\t");
    row(Some(&long), &decision, Some(&long), Some(&long));
}

#[test]
fn where_nothing_is_chosen_nothing_is_written() {
    let none = decision("198.51.100.0", "192.0.2.10/24");
    let close = host("eth0", &["192.0.2.10/24", "192.0.2.11/24"]);
    let strict = selector("192.0.2.0").strict(true).decide(&close);
    let corosync = Profile::Corosync(None::<Version>);
    let corosync = ProfileSelector::new(corosync, selector("192.0.2.0")).decide(&close);
    assert!(corosync.chosen().is_some());
    for decision in [none, strict, corosync] {
        for before in [None, Some(ONE), Some(OTHER)] {
            row(before, &decision, before, before);
        }
    }
    // Ambiguous, and bound nevertheless.
    let guess = ONE.replace("eth0", "eth0 unsettled kernel-order");
    let close = selector("192.0.2.0").decide(&close);
    row(None, &close, Some(&guess), Some(&guess));
}

#[test]
fn an_interrupted_snapshot_proves_nothing() {
    let about = |consistency| {
        let mut about = About::default();
        about.consistency = consistency;
        let host = host("eth0", &["192.0.2.10/24"]).with_about(about);
        selector("192.0.2.0").decide(&host)
    };
    let interrupted = about(Some(Consistency::Interrupted));
    assert!(interrupted.chosen().is_some());
    for before in [None, Some(ONE), Some(OTHER)] {
        row(before, &interrupted, before, before);
    }
    for consistency in [None, Some(Consistency::Consistent)] {
        row(None, &about(consistency), Some(ONE), Some(ONE));
    }
}

#[test]
fn the_link_is_a_part_of_a_link_local_choice() {
    let folder = Folder::new();
    let chosen = selector("fe80::").decide(&host(r"e h\xff", &["fe80::1/64"]));
    assert!(folder.file().remember(&chosen).unwrap());
    let read = folder.file().read(chosen.bindnet()).unwrap().unwrap();
    assert_eq!(read, chosen.chosen().unwrap().scoped_addr());
    assert_eq!(read.zone().unwrap().name().unwrap().as_bytes(), b"e h\xff");

    // Of another address the link is only said.
    let moved = selector("192.0.2.0").decide(&host("bond0", &["192.0.2.10/24"]));
    let said = ONE.replace("eth0", "bond0");
    row(Some(ONE), &moved, Some(ONE), Some(&said));
    let read = Folder::with(ONE).file().read(moved.bindnet()).unwrap();
    assert_eq!(read, Some("192.0.2.10".parse().unwrap()));
}

#[test]
fn what_is_remembered_is_chosen_again() {
    let folder = Folder::new();
    let bindnet = "fe80::".parse().unwrap();
    let before = host("eth0", &["fe80::1/64"]);
    let after = host("eth0", &["fe80::2/64", "fe80::1/64"]);
    assert!(
        folder
            .file()
            .remember(&selector("fe80::").decide(&before))
            .unwrap()
    );
    let previous = folder.file().read(&bindnet).unwrap().unwrap();
    let decision = selector("fe80::").previous(previous).decide(&after);
    assert_eq!(decision.chosen().unwrap().scoped_addr(), previous);
    assert!(!decision.is_ambiguous());
}

/// Neither read nor written: every call gives the same error, whose words these are in, and
/// nothing in the folder changes.
#[track_caller]
fn refused(folder: &Folder, file: &StateFile, words: &[&str]) -> StateError {
    let (names, text) = (folder.names(), folder.text());
    let chosen = decision("192.0.2.0", "192.0.2.10/24");
    let error = file.read(chosen.bindnet()).unwrap_err();
    for written in [file.remember(&chosen), file.replace(&chosen)] {
        assert_eq!(written.unwrap_err().to_string(), error.to_string());
    }
    says(&error, words);
    says(&error, &[&format!("{:?}", file.path())]);
    assert_eq!((folder.names(), folder.text()), (names, text));
    error
}

#[track_caller]
fn says(error: &StateError, words: &[&str]) {
    let message = error.to_string();
    for word in words {
        assert!(message.contains(word), "no {word:?} in: {message}");
    }
}

#[test]
fn a_symbolic_link_is_not_followed() {
    let folder = Folder::new();
    fs::write(folder.at("target"), ONE).unwrap();
    for target in ["target", "missing", NAME] {
        symlink(target, folder.at(NAME)).unwrap();
        refused(
            &folder,
            &folder.file(),
            &["cannot open", "name the file itself"],
        );
        fs::remove_file(folder.at(NAME)).unwrap();
    }
    // A folder may be one.
    symlink(folder.path(), folder.at("link")).unwrap();
    let file = StateFile::new(folder.at("link").join(NAME));
    assert!(
        file.remember(&decision("192.0.2.0", "192.0.2.10/24"))
            .unwrap()
    );
    assert_eq!(folder.text().as_deref(), Some(ONE));
}

#[test]
fn only_a_regular_file_is_read() {
    let folder = Folder::new();
    let words = ["not a regular file; name one"];
    mkfifo(&folder.at(NAME), Mode::S_IRWXU).unwrap();
    // Nobody has it open for writing: a plain open(2) would wait for ever.
    let (names, fifo) = (folder.names(), folder.file());
    let error = fifo.read(&"192.0.2.0".parse().unwrap()).unwrap_err();
    says(&error, &words);
    let chosen = decision("192.0.2.0", "192.0.2.10/24");
    assert!(fifo.replace(&chosen).is_err() && folder.names() == names);

    let folder = Folder::new();
    fs::create_dir(folder.at(NAME)).unwrap();
    refused(&folder, &folder.file(), &words);
    for device in ["/dev/null", "/dev/zero", "/dev/tty"] {
        let file = StateFile::new(device);
        let result = file.remember(&chosen);
        // There may be no terminal (ENXIO).
        let error = result.unwrap_err();
        assert!(error.to_string().contains("a regular file"), "{error}");
    }
    let folder = Folder::new();
    let _socket = UnixListener::bind(folder.at(NAME)).unwrap();
    refused(&folder, &folder.file(), &["a socket or device"]);
}

#[test]
fn a_long_file_is_another_file() {
    let mut text = format!("#{}\n{ONE}", "x".repeat(State::MAX_LEN));
    text.drain(1..=text.len() - State::MAX_LEN);
    let folder = Folder::with(&text);
    let chosen = decision("192.0.2.0", "192.0.2.10/24");
    assert!(folder.file().read(chosen.bindnet()).unwrap().is_some());

    text.insert(1, 'x');
    let folder = Folder::with(&text);
    refused(&folder, &folder.file(), &["4097 bytes", "at most 4096"]);
    File::create(folder.at(NAME))
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let error = folder.file().read(chosen.bindnet()).unwrap_err();
    says(&error, &["1073741824 bytes"]);
}

#[test]
fn a_path_without_a_file_name_is_refused() {
    let folder = Folder::new();
    for name in ["", ".", "..", "x/", "x/.", "x/..", "x//"] {
        let path = format!("{}/{name}", folder.path().display());
        refused(&folder, &StateFile::new(path), &["ends with no file name"]);
    }
    for path in ["", "/", "..", "."] {
        refused(&folder, &StateFile::new(path), &["ends with no file name"]);
    }
}

#[test]
fn the_folder_must_be_there() {
    let folder = Folder::new();
    let file = StateFile::new(folder.at("missing").join(NAME));
    let chosen = decision("192.0.2.0", "192.0.2.10/24");
    assert_eq!(file.read(chosen.bindnet()).unwrap(), None);
    let error = file.remember(&chosen).unwrap_err();
    says(&error, &["missing\"", "make the folder first"]);

    fs::write(folder.at("plain"), "").unwrap();
    let file = StateFile::new(folder.at("plain").join(NAME));
    refused(&folder, &file, &["no folder"]);
}

#[test]
fn permission_bits_bind() {
    as_nobody(|| {
        let chosen = decision("198.51.100.0", "198.51.100.10/24");
        let folder = Folder::with(ONE);
        let set = |path: &Path, bits| {
            fs::set_permissions(path, Permissions::from_mode(bits)).unwrap();
        };
        for (bits, call) in [(0o500, "create the lock file"), (0o300, "open the folder")] {
            set(folder.path(), bits);
            let error = folder.file().remember(&chosen).unwrap_err();
            says(&error, &["cannot", call, "let the daemon's user read"]);
            assert_eq!(folder.text().as_deref(), Some(ONE));
        }
        set(folder.path(), 0o700);
        set(&folder.at(NAME), 0);
        let error = folder.file().remember(&chosen).unwrap_err();
        says(&error, &["cannot open", NAME, "let the daemon's user read"]);
        set(&folder.at(NAME), 0o600);
        assert_eq!(
            (folder.text().as_deref(), folder.names().len()),
            (Some(ONE), 1)
        );
    });
}

#[test]
fn a_stale_temporary_file_goes() {
    let chosen = decision("192.0.2.0", "192.0.2.10/24");
    let folder = Folder::new();
    fs::write(folder.at(TEMPORARY), "bindnet-sta").unwrap();
    assert!(folder.file().remember(&chosen).unwrap());
    assert_eq!(folder.text().as_deref(), Some(ONE));
    assert_eq!(folder.names(), [LOCK, NAME]);

    // What it leads to is not touched.
    let folder = Folder::new();
    fs::write(folder.at("target"), "kept").unwrap();
    symlink("target", folder.at(TEMPORARY)).unwrap();
    assert!(folder.file().remember(&chosen).unwrap());
    assert_eq!(fs::read_to_string(folder.at("target")).unwrap(), "kept");
    assert!(fs::symlink_metadata(folder.at(NAME)).unwrap().is_file());

    // A folder is none of ours.
    let folder = Folder::with(OTHER);
    fs::create_dir(folder.at(TEMPORARY)).unwrap();
    let error = folder.file().replace(&chosen).unwrap_err();
    says(&error, &["cannot remove", TEMPORARY]);
    assert_eq!(folder.text().as_deref(), Some(OTHER));
}

#[test]
fn a_lock_that_is_held_is_waited_for_and_no_longer() {
    let chosen = decision("192.0.2.0", "192.0.2.10/24");
    let folder = Folder::with(OTHER);
    let held = File::create(folder.at(LOCK)).unwrap();
    let held = Flock::lock(held, FlockArg::LockExclusive).unwrap();
    let begun = Instant::now();
    let error = folder.file().replace(&chosen).unwrap_err();
    let waited = begun.elapsed();
    assert!(
        (Duration::from_secs(2)..Duration::from_secs(20)).contains(&waited),
        "{waited:?}"
    );
    says(&error, &["locked by another process for 2000 ms", "fuser"]);
    says(&error, &[NAME, LOCK]);
    assert_eq!(folder.text().as_deref(), Some(OTHER));
    // Whoever writes nothing needs no lock.
    assert!(folder.file().read(chosen.bindnet()).unwrap().is_some());
    assert!(!folder.file().remember(&chosen).unwrap());

    drop(held);
    assert!(folder.file().replace(&chosen).unwrap());
}

#[test]
fn more_choices_than_there_is_room_for() {
    let folder = Folder::new();
    let file = folder.file();
    let mut text = None;
    let (count, error) = (0..)
        .find_map(|n| {
            let network = format!("2001:db8:{n:x}::");
            let chosen = decision(&network, &format!("2001:db8:{n:x}::1/64"));
            match file.remember(&chosen) {
                Ok(written) => {
                    assert!(written);
                    text = folder.text();
                    None
                }
                Err(error) => Some((n, error)),
            }
        })
        .unwrap();
    says(&error, &["would have 4", "remove the lines", NAME]);
    assert!((40..100).contains(&count), "{count}");
    assert_eq!(
        (folder.text(), folder.names()),
        (text, vec![LOCK.to_owned(), NAME.to_owned()])
    );
}
