//! Programs in C, linked with the library as cargo builds it for them.
//!
//! Where there is no C compiler the test says SKIPPED and why. With `cc` in `BINDNET_REQUIRE` that
//! is a failure.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::thread;

/// What a program asks the loader for: the major number of the ABI.
const SONAME: &str = "libbindnet.so.0";

/// The daemon of `examples/c`, compiled once for all tests of this program.
pub fn ringd() -> Option<PathBuf> {
    static BUILT: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match BUILT.get_or_init(|| program("ringd")) {
        Ok(program) => Some(program.clone()),
        Err(why) => {
            skipped(why);
            None
        }
    }
}

/// Compiles a program of `examples/c`, if there is a compiler.
fn program(name: &str) -> Result<PathBuf, String> {
    let cc = env::var_os("CC").unwrap_or_else(|| OsString::from("cc"));
    let there = Command::new(&cc).arg("--version").output();
    there.map_err(|error| format!("{}: {error}", cc.display()))?;
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = library(root);
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut compile = Command::new(&cc);
    compile
        .args("-std=c99 -Wall -Wextra -Werror -pedantic -g".split(' '))
        .arg("-I")
        .arg(root.join("include"))
        .arg("-o")
        .arg(&program)
        .arg(root.join("examples/c").join(name).with_extension("c"))
        .arg(library.join(SONAME))
        // Before LD_LIBRARY_PATH, where cargo has its own folders, and another libbindnet.so maybe.
        .arg(format!(
            "-Wl,--disable-new-dtags,-rpath,{}",
            library.display()
        ));
    must(compile);
    Ok(program)
}

/// Builds the library by the command of the README, in a target folder of its own: that of this
/// test may be in use. Returns where it is.
fn library(root: &Path) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("clib");
    let mut build = Command::new(env!("CARGO"));
    build
        .current_dir(root)
        .args("rustc --quiet --offline --lib --features capi --crate-type cdylib".split(' '))
        .arg("--target-dir")
        .arg(&target)
        .args(["--", "-C", &format!("link-arg=-Wl,-soname,{SONAME}")]);
    must(build);
    let library = target.join("debug");
    if let Err(error) = symlink("libbindnet.so", library.join(SONAME)) {
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists, "{error}");
    }
    library
}

fn must(mut command: Command) {
    let done = command.output().expect("it was there");
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{command:?}: {stderr}");
}

fn skipped(why: &str) {
    let required = env::var("BINDNET_REQUIRE").unwrap_or_default();
    let required = required.split(',').any(|what| what.trim() == "cc");
    assert!(!required, "BINDNET_REQUIRE has cc, but: {why}");
    let name = thread::current().name().unwrap_or("test").to_owned();
    // Not eprintln!, which the test runner keeps to itself where the test passes.
    let _ = writeln!(io::stderr(), "SKIPPED: {name}: {why}");
}
