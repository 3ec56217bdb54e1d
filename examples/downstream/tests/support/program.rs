//! A program that picks: a snapshot on standard input, the remembered address as an argument, the
//! address on standard output.

use std::io::Write as _;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bindnet::Snapshot;

/// What a program says of a host.
pub fn pick(program: &Path, host: &Snapshot, previous: Option<IpAddr>) -> Option<IpAddr> {
    let mut command = Command::new(program);
    command.args(previous.map(|previous| previous.to_string()));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut running = command.spawn().expect("it starts");
    // Closed behind it, so that the program sees the end.
    let mut stdin = running.stdin.take().expect("a pipe");
    stdin
        .write_all(host.to_json().as_bytes())
        .expect("it reads");
    drop(stdin);
    let done = running.wait_with_output().expect("it ends");
    assert!(done.status.success(), "{}", done.status);
    let said = String::from_utf8(done.stdout).expect("an address");
    let said = said.trim();
    (!said.is_empty()).then(|| said.parse().expect("an address"))
}

/// `picker.c`, compiled; `PICKER` names another program.
pub fn built() -> PathBuf {
    if let Some(program) = std::env::var_os("PICKER") {
        return program.into();
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let library = folder.join("../..");
    let target = folder.join("target/library");
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo
        .current_dir(&library)
        .args(["rustc", "--quiet", "--lib", "--features", "capi"]);
    cargo
        .args(["--crate-type", "staticlib", "--target-dir"])
        .arg(&target);
    let program = target.join("picker");
    let mut cc = Command::new("cc");
    cc.args(["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I"]);
    cc.arg(library.join("include")).arg(folder.join("picker.c"));
    cc.arg(target.join("debug/libbindnet.a"))
        .arg("-o")
        .arg(&program);
    // What the static library needs besides (`--print native-static-libs` of rustc).
    cc.args(["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl"]);
    for command in [&mut cargo, &mut cc] {
        let status = command
            .status()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(status.success(), "{command:?}: {status}");
    }
    program
}
