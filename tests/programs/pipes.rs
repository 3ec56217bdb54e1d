//! Pipes that the shell opens for a program, as `--from <(command)` and `NODE=<(command)` of bash do:
//! read, with limits of size and time.

use bindnet_tests::{cli, cluster, folder};

use std::io::Write;
use std::os::fd::AsRawFd;
use std::thread;
use std::time::Duration;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use cli::{Run, recorded};
use cluster::{fleet, host};
use folder::Folder;

/// As the shell gives the pipe of `<(command)`; the writer gets what is to be written.
fn run_with_pipe(args: &[&str], write: impl FnOnce(std::io::PipeWriter) + Send) -> Run {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    thread::scope(|scope| {
        scope.spawn(|| write(writer));
        let ended = cli::preview().args(args).stdin(reader).output();
        ended.expect("preview runs").into()
    })
}

#[test]
fn a_pipe_that_the_shell_opened_is_read() {
    let host = std::fs::read(recorded("ra_label").path()).expect("a snapshot");
    for path in ["/dev/fd/0", "/proc/self/fd/0", "/dev/stdin"] {
        let args = ["192.168.1.0", "-q", "--from", path];
        let run = run_with_pipe(&args, |mut to| {
            // In pieces, the first of which nobody waits for.
            for piece in host.chunks(1000) {
                thread::sleep(Duration::from_millis(1));
                to.write_all(piece).expect("a reader");
            }
        });
        assert_eq!(
            (run.status, run.stdout.as_str()),
            (0, "192.168.1.10\n"),
            "{run:?}"
        );
    }
    let list = [
        "192.168.1.0",
        "-q",
        "--from",
        "/dev/fd/0",
        "--floating",
        "@/dev/fd/0",
    ];
    let run = run_with_pipe(&list, |mut to| to.write_all(b"192.168.1.300\n").unwrap());
    assert_eq!(run.status, 2);
    assert!(run.stderr.contains("/dev/fd/0, line 1"), "{run:?}");
    // No pipe, and no fd.
    for (path, why) in [
        ("/dev/fd/0", "/dev/fd/0: a device"),
        ("/dev/fd/77", "/dev/fd/77: No such"),
    ] {
        let run = cli::run(&["192.168.1.0", "--from", path]);
        assert_eq!(run.status, 2);
        assert!(run.stderr.contains(why), "{run:?}");
    }
}

#[test]
fn a_pipe_without_end() {
    let run = run_with_pipe(&["192.168.1.0", "--from", "/dev/fd/0"], |mut to| {
        let zeros = vec![b' '; 1 << 20];
        while to.write_all(&zeros).is_ok() {}
    });
    assert_eq!((run.status, run.stdout.as_str()), (2, ""));
    assert!(
        run.stderr.contains("/dev/fd/0: longer than 64 MiB"),
        "{run:?}"
    );
}

/// As `fleet 10.8.52.0 a=<(…) b=<(…)` of a shell.
#[test]
fn pipes_that_the_shell_opened_are_read() {
    let silent = std::io::pipe().expect("a pipe");
    let texts = ["eth0 10.8.52.9/24", "eth0 10.8.52.10/24"].map(host);
    let half = texts[0][..100].to_owned();
    let mut readers = Vec::new();
    for (name, text) in ["a", "b", "half"].iter().zip([&texts[0], &texts[1], &half]) {
        let (reader, mut writer) = std::io::pipe().expect("a pipe");
        // It fits into the pipe.
        writer.write_all(text.as_bytes()).unwrap();
        if *name == "half" {
            // It goes on, and never does.
            std::mem::forget(writer);
        }
        readers.push((*name, reader));
    }
    readers.push(("silent", silent.0));
    let mut arguments = vec!["10.8.52.0".to_owned()];
    for (name, reader) in &readers {
        fcntl(reader, FcntlArg::F_SETFD(FdFlag::empty())).expect("it is inherited");
        arguments.push(format!("{name}=/dev/fd/{}", reader.as_raw_fd()));
    }
    let run = fleet(&arguments[..3]);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stdout.starts_with("2 nodes agree"), "{run:?}");

    let run = fleet([&arguments[0], &arguments[3], &arguments[4]]);
    assert_eq!(run.status, 2, "{run:?}");
    let late = run
        .stderr
        .matches("its writer has not ended after 20 s")
        .count();
    assert_eq!((late, run.stderr.lines().count()), (2, 2), "{run:?}");
}

/// Its writer may never come, and nothing says that it is ours.
#[test]
fn a_fifo_of_a_folder_is_refused() {
    let folder = Folder::new().with("a.json", host("eth0 10.8.52.9/24"));
    mkfifo(&folder.file("b.json"), Mode::S_IRWXU).expect("a FIFO");
    let link = folder.file("c.json");
    std::os::unix::fs::symlink("/dev/fd/0", link).expect("a link");
    let run = fleet(["10.8.52.0", "--dir", folder.path()]);
    assert_eq!(run.status, 2, "{run:?}");
    let why = "b.json: a FIFO; a regular file, - for standard input or a pipe of the shell, \
               <(command), is expected";
    assert!(run.stderr.contains(why), "{run:?}");
    assert_eq!(run.stderr.lines().count(), 2, "{run:?}");
    assert!(run.stdout.starts_with("1 of 3 nodes"), "{run:?}");
}
