//! The law over all outputs, of the programs: whatever bytes their arguments and files have, no
//! character that a terminal would obey, hide or reorder is printed, but for our own colours.

use bindnet_tests::{cli, folder, hostile, netns};

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::process::CommandExt;
use std::process::Command;

use serde_json::json;

use cli::{Run, example};
use folder::Folder;
use hostile::{assert_clean, cut};

/// What [`paint`](../src/cli/output.rs) writes.
const OURS: [&str; 4] = ["\x1b[1;32m", "\x1b[1;33m", "\x1b[2m", "\x1b[0m"];

/// Hostile arguments, not all of them in UTF-8.
fn texts() -> impl Iterator<Item = OsString> {
    let texts = hostile::TEXTS.map(OsString::from).into_iter();
    let others = [
        &b"\xff\x9b31m"[..],
        b"\\x1b[31m\x1b",
        b"--\x1b]0;x\x07\xe2\x80",
    ];
    texts.chain(others.map(|bytes| OsString::from_vec(bytes.to_vec())))
}

fn join(parts: &[&OsStr]) -> OsString {
    parts.join(OsStr::new(""))
}

/// Runs a program and judges what it prints; says whether it was refused by its command line.
fn judge(command: &mut Command) -> Run {
    let run = Run::from(command.output().expect("it runs"));
    for printed in [&run.stdout, &run.stderr] {
        let plain = OURS
            .iter()
            .fold(printed.clone(), |text, ours| text.replace(ours, ""));
        assert_clean(&plain);
    }
    assert!(run.status < 10, "{command:?}: {run:?}");
    run
}

/// A snapshot with as many hostile names as it has room for.
fn snapshot(text: &str) -> String {
    let name = |start: &str| format!("{start}{}", cut(&text.replace('\\', "_"), 10));
    let address = |ip: &str, label: Option<String>| {
        json!({"interface_index": 2, "address": ip, "prefix_len": 24, "label": label,
               "scope": "global", "flags": ["permanent"]})
    };
    json!({
        "format": "bindnet-snapshot/1", "hostname": text, "kernel": text, "captured_at": text,
        "links": [{"index": 2, "name": name("e"), "flags": ["up", "running"], "kind": text}],
        "addresses": [
            address("192.0.2.20", Some(name(":"))), address("192.0.2.10", Some(name("e"))),
            address("192.0.2.30", None),
        ],
    })
    .to_string()
}

/// A folder with files whose names and contents are hostile.
struct Files {
    folder: Folder,
    text: OsString,
    host: OsString,
}

impl Files {
    fn new(text: &OsStr) -> Self {
        let lossy = text.to_string_lossy();
        let folder = Folder::new()
            .with("host", snapshot(&lossy))
            .with(text, text.as_bytes())
            .with(join(&[text, OsStr::new(".json")]), snapshot(&lossy))
            .with(
                "state",
                join(&[OsStr::new("bindnet-state/1\n"), text]).as_bytes(),
            );
        let host = folder.file("host").into_os_string();
        let text = text.to_owned();
        Self { folder, text, host }
    }

    /// The file with the hostile name, behind something.
    fn path(&self, before: &str) -> OsString {
        join(&[OsStr::new(before), self.folder.file(&self.text).as_os_str()])
    }

    /// Arguments in which `?` is the hostile text, `HOST` the snapshot, and `FILE`, `DIR` and `STATE`
    /// are the others.
    fn args(&self, line: &str) -> Vec<OsString> {
        let word = |word: &str| match word {
            "HOST" => self.host.clone(),
            "FILE" => self.path(""),
            "MISSING" => join(&[&self.path(""), &self.text]),
            "@FILE" => self.path("@"),
            "DIR" => self.folder.path().into(),
            "STATE" => self.folder.file("state").into(),
            word => {
                let parts: Vec<&OsStr> = word.split('?').map(OsStr::new).collect();
                parts.join(self.text.as_os_str())
            }
        };
        line.split(' ').map(word).collect()
    }
}

const PREVIEW: &[&str] = &[
    "?",
    "192.0.2.?",
    "192.0.2.10/?",
    "fe80::1%?",
    "fe80::1%?/64",
    "fe80::/64%?",
    "192.0.2.0 ?",
    "192.0.2.0 --?",
    "192.0.2.0 -?",
    "192.0.2.0 --quiet=?",
    "192.0.2.0 --color ?",
    "192.0.2.0 --source ?",
    "192.0.2.0 --wait ?",
    "192.0.2.0 --profile ?",
    "192.0.2.0 --profile corosync:?",
    "192.0.2.0 --no-rule ?",
    "192.0.2.0 --protocol ?",
    "192.0.2.0 --previous ?",
    "192.0.2.0 --previous 192.0.2.1/?",
    "192.0.2.0 --floating ?",
    "192.0.2.0 --floating @FILE",
    "192.0.2.0 --fixed @?",
    "192.0.2.0 --interface ?",
    "192.0.2.0 --state MISSING/x",
    "192.0.2.0 --state STATE",
    "192.0.2.0 --from FILE",
    "192.0.2.0 --from MISSING",
    "192.0.2.0 --from DIR",
    "192.0.2.0 --from HOST",
    "192.0.2.0 --from HOST --json",
    "192.0.2.0 --from HOST --all --color always",
    "192.0.2.0 --from HOST --audit --color always",
    "192.0.2.0 --from HOST --strict --interface ?",
    "192.0.2.0 --from HOST --profile corosync:3.1.7 --color always",
    "192.0.2.0 --from HOST --previous fe80::1%?",
    "192.0.2.83 --from HOST",
    "198.51.100.0 --from HOST --color always",
    "--conf FILE",
    "--conf MISSING",
    "--conf ?",
    "--capture ?",
];

const FLEET: &[&str] = &[
    "?",
    "192.0.2.0 ?",
    "192.0.2.0 --?",
    "192.0.2.0 ?=HOST",
    "192.0.2.0 --dir DIR",
    "192.0.2.0 --dir DIR --json",
    "192.0.2.0 --dir MISSING",
    "192.0.2.0 --dir DIR --previous ?",
    "?=HOST x",
    "? a=HOST",
    "--conf FILE a=HOST",
];

const WATCH: &[&str] = &[
    "?",
    "--?",
    "192.0.2.0 --for ?",
    "192.0.2.0 --wait ?",
    "192.0.2.0 --state STATE",
    "127.0.0.0 --for 0 --state FILE",
    "127.0.0.0 --for 0 --interface ?",
    "127.0.0.0 --for 0 --json --interface ?",
];

const CONFLICT: &[&str] = &[
    "?",
    "--?",
    "192.0.2.10%?",
    "fe80::1%? --interface e",
    "192.0.2.10 --interface ?",
    "192.0.2.10 --interface ? --json",
    "192.0.2.10 --timing ?",
    "192.0.2.10 --watch ?",
];

#[test]
fn arguments_and_files() {
    for text in texts() {
        let files = Files::new(&text);
        let programs = [
            ("preview", PREVIEW),
            ("fleet", FLEET),
            ("watch", WATCH),
            ("conflict", CONFLICT),
        ];
        for (program, lines) in programs {
            for line in lines {
                let args = files.args(line);
                judge(example(program).args(&args));
                // The name of the program is an argument, too.
                if line.starts_with("--") {
                    judge(example(program).arg0(&text).args(&args));
                }
            }
            judge(example(program).arg0(&text).arg("--help"));
            let not_utf_8 = OsStr::from_bytes(b"\xff");
            judge(
                example(program)
                    .arg0(&text)
                    .args([OsStr::new("--state"), not_utf_8]),
            );
            judge(
                example(program)
                    .arg0(&text)
                    .args([OsStr::new("--watch"), not_utf_8]),
            );
        }
        let run = judge(cli::bindnet().arg(&text));
        assert_eq!(run.status, 2, "{run:?}");
        // More than names: two nodes of one name, and a value that is one file.
        let host = join(&[&text, OsStr::new("="), &files.host]);
        let run = judge(example("fleet").args([OsStr::new("192.0.2.0"), &host, &host]));
        assert_eq!(run.status, 2, "{run:?}");
    }
}

#[test]
fn a_corosync_conf() {
    for text in hostile::TEXTS {
        let folder = Folder::new().with("host", snapshot(text));
        let host = folder.file("host").into_os_string();
        for (number, conf) in hostile::confs(&text.replace('\n', " ")).iter().enumerate() {
            if number % 7 != 0 {
                continue;
            }
            let file = join(&[OsStr::new(text), OsStr::new(&number.to_string())]);
            std::fs::write(folder.file(&file), conf).unwrap();
            let conf = folder.file(&file).into_os_string();
            let args = [OsStr::new("--conf"), &conf, OsStr::new("--from"), &host];
            judge(example("preview").args(args));
            judge(example("preview").args(args).arg("--json"));
            judge(example("preview").args(args).args(["--color", "always"]));
            let node = join(&[OsStr::new("n1="), &host]);
            judge(example("fleet").args([OsStr::new("--conf"), &conf, &node]));
            judge(
                example("fleet")
                    .args([OsStr::new("--conf"), &conf, &node])
                    .arg("--json"),
            );
        }
    }
}

/// A live host whose own name, link and label are hostile.
#[cfg(target_os = "linux")]
#[test]
fn a_live_host() {
    use nix::sched::{CloneFlags, unshare};

    netns::run(|| {
        if let Err(errno) = unshare(CloneFlags::CLONE_NEWUTS) {
            netns::skip(format!("unshare(CLONE_NEWUTS): {errno}"));
        }
        netns::ip("link set lo up");
        for text in hostile::TEXTS {
            // White space and slashes are what the kernel refuses (dev_valid_name()).
            let plain = |c: &char| !c.is_ascii_whitespace() && !"/:\u{b}".contains(*c);
            let text: String = text.chars().filter(plain).collect();
            let name = format!("e{}", cut(&text, 9));
            nix::unistd::sethostname(&text).expect("a name for the host");
            netns::ip_about("link add @ type veth", name.as_bytes());
            netns::ip_about("addr add 192.0.2.10/24 dev @", name.as_bytes());
            netns::ip_about("link set @ up", name.as_bytes());
            let zoned = format!("fe80::1%{name}");
            for args in [
                &["--capture"][..],
                &["192.0.2.0", "--color", "always"],
                &["192.0.2.0", "--json", "--audit"],
                &["198.51.100.0", "--all"],
                &["192.0.2.0", "--interface", &name],
                &["192.0.2.0", "--source", "getifaddrs"],
                &[&zoned],
            ] {
                judge(example("preview").args(args));
            }
            for args in [&["192.0.2.0"][..], &["192.0.2.0", "--json"]] {
                judge(example("watch").args(args).args(["--for", "0"]));
            }
            judge(example("conflict").args(["192.0.2.10", "--timing", "fast"]));
            netns::ip_about("link del @", name.as_bytes());
        }
    });
}
