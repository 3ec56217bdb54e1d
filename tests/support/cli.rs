//! Runs the program and the examples as a user would.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;

use nix::fcntl::{Flock, FlockArg};

/// The preview example that cargo built beside this test.
pub fn preview() -> Command {
    example("preview")
}

/// An example, as the source is now.
pub fn example(name: &str) -> Command {
    command(&Path::new("examples").join(name))
}

/// The program `bindnet`, as the source is now.
pub fn bindnet() -> Command {
    command(Path::new("bindnet"))
}

fn command(program: &Path) -> Command {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let mut command = Command::new(BUILT.get_or_init(build).join(program));
    command.stdin(Stdio::null()).env_remove("NO_COLOR");
    command
}

/// Builds the program and the examples beside this test, and returns the folder. `cargo test` has built
/// the examples, but with `--test` it builds none, and would leave those of an older source.
fn build() -> PathBuf {
    let test = std::env::current_exe().expect("the path of this test");
    let profile = test.ancestors().nth(2).expect("target/PROFILE/deps/TEST");
    let target = profile.parent().expect("target");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(crate::package());
    cargo.args([
        "build",
        "--quiet",
        "--offline",
        // That of `cargo test`, which has compiled the library so.
        "--profile=test",
        "--all-features",
        "--bins",
        "--examples",
    ]);
    cargo.arg("--target-dir").arg(target);
    let built = cargo.output().expect("cargo runs");
    let said = String::from_utf8_lossy(&built.stderr);
    assert!(built.status.success(), "cargo build: {said}");
    profile.to_owned()
}

/// What one run printed, and how it ended.
#[derive(Debug)]
pub struct Run {
    /// The exit status.
    pub status: i32,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl From<Output> for Run {
    fn from(output: Output) -> Self {
        Self {
            status: output.status.code().expect("it was not killed by a signal"),
            stdout: String::from_utf8(output.stdout).expect("UTF-8 on standard output"),
            stderr: String::from_utf8(output.stderr).expect("UTF-8 on standard error"),
        }
    }
}

/// Runs preview with these arguments.
pub fn run(args: &[&str]) -> Run {
    preview().args(args).output().expect("preview runs").into()
}

/// Runs preview with these arguments and this standard input.
pub fn run_with_input(args: &[&str], input: &[u8]) -> Run {
    let mut child = preview()
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("preview starts");
    let mut stdin = child.stdin.take().expect("a pipe");
    // A program that refuses its input early closes the pipe, which is its right.
    let _ = stdin.write_all(input);
    drop(stdin);
    child.wait_with_output().expect("preview ends").into()
}

/// A recorded host as a snapshot file; the file goes when the value does.
pub fn recorded(name: &str) -> TempFile {
    let path = format!("{}/tests/fixtures/{name}.json", crate::package().display());
    let text = std::fs::read(path).expect("the recording");
    let json: serde_json::Value = serde_json::from_slice(&text).expect("JSON");
    TempFile::new(json["snapshot"].to_string().as_bytes())
}

/// Waits until a program has a file open.
pub fn wait_until_open(program: &mut Child, file: &Path) {
    let fds = PathBuf::from(format!("/proc/{}/fd", program.id()));
    let is_file = |link: PathBuf| link == file;
    while program.try_wait().unwrap().is_none() {
        let links = std::fs::read_dir(&fds).into_iter().flatten().flatten();
        let mut links = links.filter_map(|fd| std::fs::read_link(fd.path()).ok());
        if links.any(is_file) {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    panic!("it ended without opening {}", file.display());
}

/// A file that goes when the value does.
pub struct TempFile(PathBuf);

impl TempFile {
    /// A file with this content.
    pub fn new(content: &[u8]) -> Self {
        let file = Self::missing();
        std::fs::write(&file.0, content).expect("a file in the temporary folder");
        file
    }

    /// The path of a file that does not exist yet.
    pub fn missing() -> Self {
        use std::sync::atomic::{AtomicU32, Ordering};
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("bindnet-test-{}-{number}", std::process::id());
        Self(std::env::temp_dir().join(name))
    }

    /// The path.
    pub fn path(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }

    /// The path of the lock file that the writers of a state file have.
    pub fn lock(&self) -> PathBuf {
        let name = self.0.file_name().and_then(|name| name.to_str());
        self.0.with_file_name(format!(".{}.lock", name.unwrap()))
    }

    /// Holds that lock until the value goes.
    pub fn locked(&self) -> Flock<File> {
        let lock = File::create(self.lock()).unwrap();
        Flock::lock(lock, FlockArg::LockExclusive).unwrap()
    }
}

impl Drop for TempFile {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
        let _ = std::fs::remove_file(self.lock());
    }
}
