//! The library as programs in C get it, and such programs.
//!
//! The library is built by a nested cargo, of the dependencies that cargo built for this test, and
//! copied to a folder below: one build replaces the files of the one before.
//!
//! Where there is no compiler for C the test says SKIPPED and why. With `cc` in `BINDNET_REQUIRE`
//! that is a failure; so it is for `valgrind` and `asan`.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use nix::fcntl::{Flock, FlockArg};

use crate::package;

/// What C programs are compiled with, and C++ ones.
pub const C99: [&str; 6] = [
    "-xc",
    "-std=c99",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-pedantic",
];
pub const CPP17: [&str; 6] = [
    "-xc++",
    "-std=c++17",
    "-Wall",
    "-Wextra",
    "-Werror",
    "-pedantic",
];

/// The checkers of C compilers.
pub const SANITIZERS: [&str; 3] = [
    "-g",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover=all",
];

/// What the static library needs besides (`--print native-static-libs` of rustc).
const NATIVE: [&str; 6] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"];

/// A built library.
#[derive(Clone, Debug)]
pub struct Library(PathBuf);

impl Library {
    /// As it is for everybody.
    pub fn new() -> Self {
        static BUILT: OnceLock<Library> = OnceLock::new();
        BUILT.get_or_init(|| build("library", &[])).clone()
    }

    /// With `bindnet_test_panic`.
    pub fn that_panics() -> Self {
        static BUILT: OnceLock<Library> = OnceLock::new();
        let cfg = ["--", "--cfg", "bindnet_test"];
        BUILT.get_or_init(|| build("panics", &cfg)).clone()
    }

    pub fn shared(&self) -> PathBuf {
        self.0.join("libbindnet.so")
    }

    pub fn archive(&self) -> PathBuf {
        self.0.join("libbindnet.a")
    }
}

/// The folder of the profile that cargo built this test in.
fn profile() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    profile.to_owned()
}

/// The folder for what is built here.
fn below_target() -> PathBuf {
    let folder = profile().join("c");
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// Builds the library with these arguments for rustc, and puts it into a folder of its own.
fn build(name: &str, arguments: &[&str]) -> Library {
    let below = below_target();
    let folder = below.join(name);
    fs::create_dir_all(&folder).unwrap();
    let target = profile().parent().expect("target").to_owned();
    let lock = File::create(below.join("lock")).unwrap();
    let _lock = Flock::lock(lock, FlockArg::LockExclusive).map_err(|(_, errno)| errno);
    let _lock = _lock.unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let done = Command::new(cargo)
        .current_dir(package())
        // All that is needed is here: this test was built of it.
        .args(["rustc", "--quiet", "--offline", "--lib"])
        .args(["--features", "capi", "--crate-type", "cdylib,staticlib"])
        .arg("--target-dir")
        .arg(&target)
        .args(arguments)
        .output()
        .expect("cargo runs");
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "cargo rustc: {stderr}");
    for file in ["libbindnet.so", "libbindnet.a"] {
        let built = target.join("debug").join(file);
        // Programs may run with the one that is replaced.
        let new = folder.join(format!(".{file}"));
        fs::copy(&built, &new).unwrap_or_else(|error| panic!("{}: {error}", built.display()));
        fs::rename(&new, folder.join(file)).unwrap();
    }
    Library(folder)
}

/// A compiler and the folder for what it makes, which goes with it.
pub struct Compiler {
    folder: PathBuf,
}

impl Compiler {
    /// The system's compiler, if there is one.
    pub fn new() -> Option<Self> {
        found("cc", Command::new("cc").arg("--version"))?;
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = below_target().join(format!("run-{}-{number}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        Some(Self { folder })
    }

    /// The same with [`SANITIZERS`].
    pub fn with_sanitizers() -> Option<Self> {
        let cc = Self::new()?;
        let empty = cc.file("empty.c", "int main(void) { return 0; }\n");
        let mut compile = Command::new("cc");
        let program = cc.folder.join("empty");
        found(
            "asan",
            compile.args(SANITIZERS).arg(empty).arg("-o").arg(program),
        )?;
        Some(cc)
    }

    /// A new file with this text.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.join(name);
        fs::write(&path, text).unwrap();
        path
    }

    /// The folder for what it makes.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Compiles without linking, and returns what the compiler says against it.
    pub fn checks(&self, options: &[&str], source: &Path) -> Result<(), String> {
        let object = self.folder.join("checked.o");
        let mut cc = Command::new("cc");
        cc.args(options).arg("-c").arg(source).arg("-o").arg(object);
        cc.arg("-I").arg(package().join("include"));
        let done = cc.output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        done.status.success().then_some(()).ok_or(said)
    }

    /// Builds a program of `tests/c` with the shared library.
    pub fn program(&self, name: &str, library: &Library, more: &[&str]) -> PathBuf {
        let source = package().join(format!("tests/c/{name}.c"));
        self.program_of(&source, name, library, more)
    }

    /// The same of a source file.
    pub fn program_of(
        &self,
        source: &Path,
        name: &str,
        library: &Library,
        more: &[&str],
    ) -> PathBuf {
        let folder = library.shared().parent().unwrap().to_owned();
        // Before LD_LIBRARY_PATH, where cargo has its own folders, and another libbindnet.so maybe.
        let rpath = format!("-Wl,--disable-new-dtags,-rpath,{}", folder.display());
        self.link(source, name, more, |cc| {
            cc.arg(rpath).arg("-L").arg(folder).arg("-lbindnet");
        })
    }

    /// The same with the static library.
    pub fn static_program(&self, name: &str, library: &Library) -> PathBuf {
        let source = package().join(format!("tests/c/{name}.c"));
        self.link(&source, &format!("{name}-static"), &[], |cc| {
            cc.arg("-xnone").arg(library.archive()).args(NATIVE);
        })
    }

    fn link(
        &self,
        source: &Path,
        name: &str,
        more: &[&str],
        with: impl FnOnce(&mut Command),
    ) -> PathBuf {
        let program = self.folder.join(name);
        let mut cc = Command::new("cc");
        cc.args(C99).arg("-g").args(more).arg(source);
        cc.arg("-I").arg(package().join("include"));
        cc.arg("-o").arg(&program).arg("-pthread");
        with(&mut cc);
        let done = cc.output().unwrap();
        let stderr = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{cc:?}: {stderr}");
        program
    }
}

impl Drop for Compiler {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// Runs a program, which must end well.
pub fn succeeds(command: &mut Command) -> Output {
    let done = command.output().unwrap();
    let (stdout, stderr) = (&done.stdout, &done.stderr);
    assert!(
        done.status.success(),
        "{command:?}: {}\n{}{}",
        done.status,
        String::from_utf8_lossy(stdout),
        String::from_utf8_lossy(stderr)
    );
    done
}

/// Whether a command does what it is for; else the test says that it was skipped.
pub fn found(name: &str, command: &mut Command) -> Option<()> {
    let why = match command.output() {
        Ok(done) if done.status.success() => return Some(()),
        Ok(done) => String::from_utf8_lossy(&done.stderr).trim().to_owned(),
        Err(error) => error.to_string(),
    };
    let required = std::env::var("BINDNET_REQUIRE").unwrap_or_default();
    let required = required.split(',').any(|what| what.trim() == name);
    assert!(!required, "BINDNET_REQUIRE has {name}, but: {why}");
    let test = thread::current().name().unwrap_or("test").to_owned();
    // Not eprintln!, which the test runner keeps to itself where the test passes.
    let _ = writeln!(io::stderr(), "SKIPPED: {test}: {name}: {why}");
    None
}
