//! The layers of the crate: imports point down only, and what is pure stays pure.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders of `src/`, the rooms, from the top down.
const ROOMS: [&str; 15] = [
    "cli", "capi", "testing", "live", "sys", "audit", "fleet", "model", "corosync", "conflict",
    "choice", "explain", "rule", "wire", "snapshot",
];

/// What a pure folder never names: input and output, the clock, the environment, randomness.
const IMPURE: [&str; 12] = [
    "std::io",
    "std::fs",
    "std::env",
    "std::net::Udp",
    "std::net::Tcp",
    "std::time::Instant",
    "SystemTime",
    "std::thread",
    "std::process",
    "HashMap",
    "nix::",
    "unsafe",
];

/// The rooms without input, output, clock and randomness.
const PURE: [&str; 10] = [
    "audit", "fleet", "model", "corosync", "conflict", "choice", "explain", "rule", "wire",
    "snapshot",
];

/// What of `std::io` reads memory: serde_json takes bytes by it.
const IN_MEMORY: &str = "std::io::{BufReader, Cursor, Read, Result as Filled}";

/// The source files of a room with their code, comments left out.
fn sources(room: &str) -> Vec<(String, String)> {
    let folder = bindnet_tests::package().join("src").join(room);
    let files = files_below(&folder);
    let mut sources = Vec::new();
    for path in files {
        let text = fs::read_to_string(&path).expect("a source file");
        let code: Vec<_> = text
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        sources.push((path.display().to_string(), code.join("\n")));
    }
    assert!(!sources.is_empty());
    sources
}

/// The files of a folder and of the folders in it.
fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).expect("the folder of a room") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// The first words of the paths that begin with `crate::`, one by one or in braces.
fn imports(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for path in code.split("crate::").skip(1) {
        let Some(list) = path.strip_prefix('{') else {
            found.push(first_word(path));
            continue;
        };
        // What is in inner braces belongs to the word before them.
        let (mut depth, mut is_first) = (0, true);
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => is_first = true,
                c if depth == 0 && is_first && !c.is_whitespace() => {
                    found.push(first_word(&list[at..]));
                    is_first = false;
                }
                _ => {}
            }
        }
    }
    found
}

fn first_word(text: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    text[..text.find(|c| !is_word(c)).unwrap_or(text.len())].to_owned()
}

/// What a room imports that is not below it: a room above, or a name of the crate's root, which may
/// be of any room. The rule imports the snapshot alone.
fn imports_that_point_up(room: &str, code: &str) -> Vec<String> {
    let at = ROOMS
        .iter()
        .position(|other| *other == room)
        .expect("a room");
    let mut up = imports(code);
    let below = |import: &String| ROOMS[at..].contains(&import.as_str());
    let in_rule =
        |import: &String| room == "rule" && !["rule", "snapshot"].contains(&import.as_str());
    up.retain(|import| !below(import) || in_rule(import));
    up
}

#[test]
fn imports_point_down() {
    for room in ROOMS {
        for (path, code) in sources(room) {
            let up = imports_that_point_up(room, &code);
            assert!(up.is_empty(), "{path} imports {up:?}");
        }
    }
}

/// One import is added to a file of each room, of each other room.
#[test]
fn an_import_that_points_up_is_found() {
    let up = |room, code: &str| imports_that_point_up(room, code);
    for (at, room) in ROOMS.into_iter().enumerate() {
        for (other_at, other) in ROOMS.into_iter().enumerate() {
            let code = sources(room)[0].1.clone() + &format!("\nuse crate::{other}::Something;");
            let may = other_at >= at && (room != "rule" || ["rule", "snapshot"].contains(&other));
            assert_eq!(up(room, &code).is_empty(), may, "{room} imports {other}");
        }
    }
    assert_eq!(
        up("rule", "use crate::{Tracker, snapshot::Name};"),
        ["Tracker"]
    );
    assert_eq!(up("wire", "pub use crate::rule::Decision;"), ["rule"]);
    assert_eq!(
        up("explain", "fn f(d: &crate::choice::Event) {}"),
        ["choice"]
    );
    assert!(up("explain", "use crate::rule::{Candidate, Decision};").is_empty());
    let nested = "use crate::{snapshot::{Name, Link}, choice};";
    assert_eq!(up("explain", nested), ["choice"]);
}

/// No file is left over of a module that is gone: the compiler does not look at it.
#[test]
fn every_file_is_a_module() {
    let src = bindnet_tests::package().join("src");
    let mut files = files_below(&src);
    files.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let texts: Vec<String> = files
        .iter()
        .map(|path| fs::read_to_string(path).expect("a source file"))
        .collect();
    for path in &files {
        let stem = path.file_stem().unwrap().to_str().expect("UTF-8");
        let folder = path.parent().unwrap();
        // Each file of `bin` is a program.
        if folder == src.join("bin") {
            continue;
        }
        let (module, parents) = match stem {
            "lib" => continue,
            "mod" => (
                folder.file_name().unwrap().to_str().expect("UTF-8"),
                folder.parent().unwrap(),
            ),
            stem => (stem, folder),
        };
        let by_name = format!("mod {module};");
        let by_path = match stem {
            "mod" => format!("#[path = \"{module}/mod.rs\"]"),
            stem => format!("#[path = \"{stem}.rs\"]"),
        };
        let parent =
            |at: &PathBuf| at.parent() == Some(parents) || *at == parents.with_extension("rs");
        let known = files
            .iter()
            .zip(&texts)
            .any(|(at, text)| parent(at) && (text.contains(&by_name) || text.contains(&by_path)));
        assert!(known, "{}: no module has it", path.display());
    }
}

/// The folders of `src/` that know what a program calls something.
const OF_PROGRAMS: [&str; 3] = ["capi", "cli", "bin"];

/// The options of programs that code names: two dashes with a letter behind them.
fn options_named(code: &str) -> Vec<&str> {
    let is_option = |text: &&str| text.starts_with(|c: char| c.is_ascii_lowercase());
    code.split("--").skip(1).filter(is_option).collect()
}

/// The library knows no program: advice is a value, and a program gives its own words for it.
#[test]
fn no_room_names_an_option() {
    let src = bindnet_tests::package().join("src");
    for entry in fs::read_dir(src).expect("src") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap().to_str().expect("UTF-8");
        if !path.is_dir() || OF_PROGRAMS.contains(&name) {
            continue;
        }
        for (path, code) in sources(name) {
            let named = options_named(&code);
            assert!(named.is_empty(), "{path} names an option: {named:?}");
        }
    }
}

#[test]
fn a_named_option_is_found() {
    let found = options_named(r#"write!(f, "declare it (--floating {ip})")"#);
    assert_eq!(found, [r#"floating {ip})")"#]);
    assert!(options_named(r#"format!("--{}", code)"#).is_empty());
}

#[test]
fn pure_folders_are_pure() {
    for room in PURE {
        for (path, code) in sources(room) {
            let code = code.replace(IN_MEMORY, "");
            for word in IMPURE {
                assert!(!code.contains(word), "{path} names {word}");
            }
        }
    }
}

/// The program alone prints, executes, and knows how a command line is read.
#[test]
fn the_library_is_silent() {
    let words = [
        "print!",
        "println!",
        "io::stdout",
        "io::stderr",
        "std::process",
        "clap",
    ];
    for room in ROOMS.into_iter().filter(|room| *room != "cli") {
        for (path, code) in sources(room) {
            for word in words {
                assert!(!code.contains(word), "{path} names {word}");
            }
        }
    }
}

#[test]
fn unsafe_code_is_in_sys_and_the_c_api_alone() {
    let others = ROOMS
        .into_iter()
        .filter(|room| !["sys", "capi"].contains(room));
    for room in others {
        for (path, code) in sources(room) {
            assert!(!code.contains("unsafe"), "{path} has unsafe code");
        }
    }
}
