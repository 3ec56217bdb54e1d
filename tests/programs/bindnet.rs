//! The program `bindnet`: each subcommand is the example of its name, and calls itself by its own.

use bindnet_tests::cli;

use std::process::Command;

use cli::{Run, bindnet, example, recorded};

const SUBCOMMANDS: [&str; 4] = ["preview", "watch", "conflict", "fleet"];

fn run(mut command: Command, args: &[&str]) -> Run {
    command.args(args).output().expect("it runs").into()
}

/// A subcommand with these arguments, and the example with them.
fn both(subcommand: &str, args: &[&str]) -> [Run; 2] {
    let mut program = bindnet();
    program.arg(subcommand);
    [run(program, args), run(example(subcommand), args)]
}

#[track_caller]
fn assert_same(subcommand: &str, args: &[&str]) {
    let [ours, theirs] = both(subcommand, args);
    let shown = |run: &Run| (run.status, run.stdout.clone(), run.stderr.clone());
    assert_eq!(shown(&ours), shown(&theirs), "{subcommand} {args:?}");
}

#[test]
fn each_subcommand_prints_what_the_example_prints() {
    let host = recorded("pgpool_default");
    let other = recorded("base_fixed");
    let from = |args: &[&'static str]| {
        assert_same("preview", &[&["--from", host.path()], args].concat());
    };
    from(&["192.168.1.0"]);
    from(&["-q", "192.168.1.0"]);
    from(&["--json", "--all", "--audit", "192.168.1.0"]);
    from(&["--strict", "192.168.1.0"]);
    from(&["--profile", "corosync:2.0.1", "192.168.1.0"]);
    from(&["--color", "always", "192.168.1.0"]);
    from(&["198.51.100.0"]);
    from(&["192.168.1.0/33"]);
    from(&["--state", "/proc/version", "192.168.1.0"]);
    assert_same("preview", &["127.0.0.1"]);
    assert_same("watch", &["--for", "0", "127.0.0.1"]);
    assert_same("watch", &["--for", "0", "--json", "192.0.2.0"]);
    assert_same("watch", &["--for", "soon", "127.0.0.1"]);
    assert_same("conflict", &["192.0.2"]);
    assert_same("conflict", &["--interface", "eth0/1", "192.0.2.9"]);
    let nodes = [format!("a={}", host.path()), format!("b={}", other.path())];
    assert_same("fleet", &["192.168.1.0", &nodes[0], &nodes[1]]);
    assert_same("fleet", &["--json", "192.168.1.0", &nodes[0], &nodes[1]]);
    assert_same("fleet", &["192.168.1.0", &nodes[0], &nodes[0]]);
    assert_same("fleet", &[]);
}

#[test]
fn help_and_usage_name_the_program() {
    for subcommand in SUBCOMMANDS {
        for args in [
            &["--help"] as &[_],
            &["-h"],
            &["--nonsense"],
            &["192.0.2.0", "--json=x"],
        ] {
            let [ours, theirs] = both(subcommand, args);
            assert_eq!(ours.status, theirs.status, "{subcommand} {args:?}");
            let text = format!("{}{}", ours.stdout, ours.stderr);
            let usage = format!("Usage: bindnet {subcommand} ");
            assert!(text.contains(&usage), "{subcommand} {args:?}: {text}");
            let plain = |text: String| text.replace("bindnet ", "");
            assert_eq!(plain(ours.stdout), theirs.stdout);
            assert_eq!(plain(ours.stderr), theirs.stderr);
        }
    }
    let [fleet, _] = both("fleet", &["--help"]);
    assert!(fleet.stdout.contains("(`bindnet preview --capture` or"));
    assert!(
        fleet
            .stdout
            .contains("\n       bindnet fleet [OPTIONS] --conf FILE")
    );
}

#[test]
fn advice_names_the_program() {
    let args = ["--timing", "fast", "192.0.2.99"];
    let [ours, theirs] = both("conflict", &args);
    assert!(
        ours.stderr
            .ends_with(": bindnet conflict --free --interface NAME 192.0.2.99\n")
    );
    assert!(
        theirs
            .stderr
            .ends_with(": conflict --free --interface NAME 192.0.2.99\n")
    );
    let args = ["--previous", "192.0.2.1", "192.0.2.0"];
    let [ours, theirs] = both("fleet", &args);
    assert!(
        ours.stderr
            .ends_with(": bindnet preview --previous IP --from SNAPSHOT\n")
    );
    assert!(
        theirs
            .stderr
            .ends_with(": preview --previous IP --from SNAPSHOT\n")
    );
}

#[test]
fn help_lists_the_subcommands() {
    let help = run(bindnet(), &["--help"]);
    assert_eq!(help.status, 0);
    for subcommand in SUBCOMMANDS {
        let line = format!("\n  {subcommand} ");
        assert!(help.stdout.contains(&line), "{}", help.stdout);
    }
    let version = run(bindnet(), &["--version"]);
    assert_eq!(
        version.stdout,
        format!("bindnet {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn what_is_no_subcommand_is_status_2() {
    for args in [
        &[] as &[_],
        &["192.0.2.0"],
        &["prewiev", "192.0.2.0"],
        &["--json"],
    ] {
        let run = run(bindnet(), args);
        assert_eq!((run.status, run.stdout.as_str()), (2, ""), "{args:?}");
        assert!(
            run.stderr.contains("Usage: bindnet"),
            "{args:?}: {}",
            run.stderr
        );
    }
    let hostile = run(bindnet(), &["\u{1b}[31mred"]);
    assert_eq!(hostile.status, 2);
    assert!(
        hostile.stderr.contains("\\x1b[31mred"),
        "{}",
        hostile.stderr
    );
}
