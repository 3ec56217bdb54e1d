//! The layers of the crate: imports point down only, and what is pure stays pure.

use std::fs;
use std::path::{Path, PathBuf};

/// The folders of `src/`, from the top down.
const LAYERS: [&str; 9] = [
    "capi", "testing", "live", "sys", "audit", "model", "select", "wire", "snapshot",
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

/// What of `std::io` reads memory: serde_json takes bytes by it.
const IN_MEMORY: &str = "std::io::{BufReader, Cursor, Read, Result as Filled}";

/// The source files of a layer with their code, comments left out.
fn sources(layer: &str) -> Vec<(String, String)> {
    let folder = bindnet_tests::package().join("src").join(layer);
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
    for entry in fs::read_dir(folder).expect("the folder of a layer") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

#[test]
fn imports_point_down() {
    for (at, layer) in LAYERS.iter().enumerate() {
        for (path, code) in sources(layer) {
            for above in &LAYERS[..at] {
                assert!(
                    !code.contains(&format!("crate::{above}")),
                    "{path} imports {above}"
                );
            }
        }
    }
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
        let (module, parents) = match stem {
            "lib" => continue,
            "mod" => (
                folder.file_name().unwrap().to_str().expect("UTF-8"),
                folder.parent().unwrap(),
            ),
            stem => (stem, folder),
        };
        let by_name = format!("mod {module};");
        let by_path = format!("#[path = \"{stem}.rs\"]");
        let parent =
            |at: &PathBuf| at.parent() == Some(parents) || *at == parents.with_extension("rs");
        let known = files
            .iter()
            .zip(&texts)
            .any(|(at, text)| parent(at) && (text.contains(&by_name) || text.contains(&by_path)));
        assert!(known, "{}: no module has it", path.display());
    }
}

#[test]
fn pure_folders_are_pure() {
    for layer in ["audit", "model", "select", "wire", "snapshot"] {
        for (path, code) in sources(layer) {
            let code = code.replace(IN_MEMORY, "");
            for word in IMPURE {
                assert!(!code.contains(word), "{path} names {word}");
            }
        }
    }
}

#[test]
fn unsafe_code_is_in_sys_and_the_c_api_alone() {
    let others = LAYERS
        .into_iter()
        .filter(|layer| !["sys", "capi"].contains(layer));
    for layer in others {
        for (path, code) in sources(layer) {
            assert!(!code.contains("unsafe"), "{path} has unsafe code");
        }
    }
}
