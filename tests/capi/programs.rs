//! The programs of `tests/c`, which call every function: plainly, under the checkers of the C
//! compiler, and under valgrind(1).

use std::net::Ipv4Addr;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use bindnet_tests::{c, frames, lan, netns};

use c::{Compiler, Library, SANITIZERS, found, succeeds};
use frames::{Tap, announcement};
use lan::{Lan, mac, text};
use netns::{cable, ip, run, sysctl};

/// How a program runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Under {
    Nothing,
    /// AddressSanitizer, its leak check, and UndefinedBehaviorSanitizer. They see what the library
    /// allocates and what it copies; it is not compiled with them.
    Sanitizers,
    Valgrind,
}

use Under::*;

/// A compiler, if a program can be compiled and run so.
fn compiler(under: Under) -> Option<Compiler> {
    match under {
        Nothing => Compiler::new(),
        Sanitizers => Compiler::with_sanitizers(),
        Valgrind => {
            found("valgrind", Command::new("valgrind").arg("--version"))?;
            Compiler::new()
        }
    }
}

/// Compiles a program of `tests/c`.
fn program(name: &str, under: Under, arguments: &[&str]) -> Option<Program> {
    let cc = compiler(under)?;
    let library = match name {
        "panic" => Library::that_panics(),
        _ => Library::new(),
    };
    let more: &[&str] = match under {
        Sanitizers => &SANITIZERS,
        Nothing | Valgrind => &[],
    };
    let path = cc.program(name, &library, more);
    let mut program = Program {
        command: command(&path, under),
        _compiler: cc,
    };
    program.command.args(arguments);
    Some(program)
}

/// A program; its file goes with it.
struct Program {
    command: Command,
    _compiler: Compiler,
}

impl Program {
    /// Runs it, and returns what it said on standard error. It says nothing on standard output.
    fn run(&mut self) -> String {
        let done = succeeds(&mut self.command);
        assert_eq!(String::from_utf8_lossy(&done.stdout), "");
        String::from_utf8_lossy(&done.stderr).into_owned()
    }
}

fn command(path: &Path, under: Under) -> Command {
    let mut command = match under {
        Valgrind => Command::new("valgrind"),
        Nothing | Sanitizers => Command::new(path),
    };
    if under == Valgrind {
        command.arg("--leak-check=full");
        command.args(["--error-exitcode=9", "--quiet"]).arg(path);
    }
    // What a panic prints is not the library's.
    command.env("RUST_BACKTRACE", "0");
    command.env("ASAN_OPTIONS", "detect_leaks=1");
    command.env("UBSAN_OPTIONS", "print_stacktrace=1");
    command
}

/// Runs a program that needs no host of its own.
fn runs(name: &str, under: Under) {
    if let Some(mut program) = program(name, under, &[]) {
        program.run();
    }
}

fn state(under: Under) {
    let Some(cc) = Compiler::new() else { return };
    let folder = cc.folder().to_str().unwrap();
    if let Some(mut program) = program("state", under, &[folder]) {
        program.run();
    }
}

/// Runs a program on a host that has a loopback link.
fn on_loopback(name: &str, under: Under) {
    let Some(mut program) = program(name, under, &[]) else {
        return;
    };
    run(|| {
        ip("link set lo up");
        program.run();
    });
}

fn monitor(under: Under) {
    let Some(mut program) = program("monitor", under, &[]) else {
        return;
    };
    run(|| {
        cable("eth0");
        sysctl("ipv4/conf/eth0/promote_secondaries", 1);
        program.run();
    });
}

/// BINDNET_CONFLICT_CLEAR and BINDNET_CONFLICT_FOUND.
const CLEAR: &str = "0";
const FOUND: &str = "1";

fn detector(under: Under) {
    let theirs = text(mac(2));
    let cases: [&[&str]; 5] = [
        &["192.0.2.10", "held", FOUND, &theirs],
        &["192.0.2.11", "held", CLEAR],
        &["192.0.2.12", "free", FOUND, &theirs],
        &["192.0.2.13", "free", CLEAR],
        &["192.0.2.10", "listen", FOUND, &theirs],
    ];
    for arguments in cases {
        let Some(mut program) = program("detector", under, arguments) else {
            return;
        };
        run(|| {
            let lan = Lan::new();
            lan.plug("eth0", mac(1));
            let other = lan.host("b", mac(2));
            other.ip("addr add 192.0.2.10/24 dev eth0");
            other.ip("addr add 192.0.2.12/24 dev eth0");
            ip("addr add 192.0.2.10/24 dev eth0");
            ip("addr add 192.0.2.11/24 dev eth0");
            if arguments[1] != "listen" {
                program.run();
                return;
            }
            let tap = other.run(|| Tap::on("eth0"));
            let claim = announcement(mac(2), Ipv4Addr::new(192, 0, 2, 10));
            thread::scope(|threads| {
                let (running, ended) = channel::<()>();
                let pause = Duration::from_millis(50);
                threads.spawn(move || {
                    while ended.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
                        tap.send(&claim);
                    }
                });
                program.run();
                drop(running);
            });
        });
    }
}

/// A panic says on standard error what it is; it ends as a result.
fn panic(under: Under) {
    if let Some(mut program) = program("panic", under, &[]) {
        let said = program.run();
        assert!(said.contains("on purpose"), "{said}");
    }
}

/// The tests of one way to run.
macro_rules! under {
    ($module:ident, $under:expr) => {
        mod $module {
            use super::*;

            #[test]
            fn selector() {
                runs("selector", $under);
            }

            #[test]
            fn decision() {
                runs("decision", $under);
            }

            #[test]
            fn threads() {
                runs("threads", $under);
            }

            #[test]
            fn state() {
                super::state($under);
            }

            #[test]
            fn live() {
                on_loopback("live", $under);
            }

            #[test]
            fn fds() {
                on_loopback("fds", $under);
            }

            #[test]
            fn monitor() {
                super::monitor($under);
            }

            #[test]
            fn detector() {
                super::detector($under);
            }

            #[test]
            fn panic() {
                super::panic($under);
            }
        }
    };
}

under!(plainly, Nothing);
under!(sanitizers, Sanitizers);
under!(valgrind, Valgrind);

/// A program that has the library in itself.
#[test]
fn the_static_library_links() {
    let Some(cc) = Compiler::new() else { return };
    let library = Library::new();
    for name in ["selector", "decision"] {
        succeeds(&mut Command::new(cc.static_program(name, &library)));
    }
}

/// What the checkers would see: a program that leaks and writes too much does not pass.
#[test]
fn a_leak_is_seen() {
    let leak = "#include <bindnet.h>\n\
        static struct bindnet_selector *lost;\n\
        int main(void) { bindnet_selector_new(\"192.0.2.0\", &lost); lost = 0; return 0; }\n";
    for under in [Sanitizers, Valgrind] {
        let Some(cc) = compiler(under) else { continue };
        let source = cc.file("leak.c", leak);
        let more: &[&str] = if under == Sanitizers {
            &SANITIZERS
        } else {
            &[]
        };
        let path = cc.program_of(&source, "leak", &Library::new(), more);
        let done = command(&path, under).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr);
        assert!(!done.status.success(), "{said}");
        assert!(
            said.contains("bindnet_selector_new") || said.contains("leak"),
            "{said}"
        );
    }
}
