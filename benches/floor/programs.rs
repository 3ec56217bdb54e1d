//! `preview -q` as a process of its own, beside `ip -j addr`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::hosts::{BINDNET, HOSTS};
use crate::report::{Limit, Report};
use crate::timing::{Patience, medians, ratio};

/// On the hosts where it matters.
pub fn run(report: &mut Report, patience: Patience) {
    let preview = build_preview();
    report.heading("preview -q as a process, beside ip -j addr");
    for (name, least) in [("10 000 addresses", 3.0), ("1 000 links", 8.0)] {
        let host = HOSTS.iter().find(|host| host.name == name);
        let [ours, theirs] = host.expect("it is one of them").run(|| {
            let ways = [
                process(preview.as_os_str().to_owned(), &["-q", BINDNET]),
                process("ip".into(), &["-j", "addr"]),
            ];
            medians(patience, || {}, ways)
        });
        let what = format!("{name}: times faster");
        report.row(&what, ratio(theirs, ours), Limit::AtLeast(least));
    }
}

/// Builds the example as this benchmark was built, and says where it is: next to it.
fn build_preview() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or("cargo".into());
    let mut build = Command::new(cargo);
    build.args(["build", "--quiet", "--example", "preview"]);
    if !cfg!(debug_assertions) {
        build.arg("--release");
    }
    let package = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let built = build.current_dir(package).status();
    assert!(
        built.is_ok_and(|status| status.success()),
        "cargo build --example preview"
    );
    let benchmark = std::env::current_exe().expect("this program");
    let built = benchmark.parent().and_then(Path::parent);
    built.expect("target/PROFILE").join("examples/preview")
}

fn process(program: std::ffi::OsString, words: &'static [&'static str]) -> Box<dyn FnMut()> {
    Box::new(move || {
        let mut command = Command::new(&program);
        let status = command.args(words).stdout(Stdio::null()).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "{program:?} {words:?}"
        );
    })
}
