//! `preview --wait`: an address that is not there yet is waited for, and a guess is not taken for
//! it before the deadline.

use std::thread;
use std::time::{Duration, Instant};

use bindnet_tests::{cli, netns};

use cli::TempFile;
use netns::{cable, ip, run, sysctl};

#[test]
fn an_address_that_comes_late_is_waited_for() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.20/24 dev eth0 label eth0:vip");
        let late = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(300));
                ip("addr add 192.0.2.10/24 dev eth0");
            });
            // The VIP was here first, which is a doubt, unless it is declared.
            let args = [
                "--quiet",
                "--strict",
                "--floating",
                "192.0.2.20",
                "--wait",
                "60",
            ];
            cli::run(&[&args[..], &["192.0.2.0"]].concat())
        });
        assert_eq!(
            (late.status, late.stdout.as_str()),
            (0, "192.0.2.10\n"),
            "{}",
            late.stderr
        );
    });
}

#[test]
fn what_does_not_come_is_given_up_at_the_deadline() {
    run(|| {
        cable("eth0");
        let start = Instant::now();
        let none = cli::run(&["192.0.2.0", "--wait", "0.3"]);
        assert_eq!((none.status, none.stdout.as_str()), (1, ""));
        // Not before; how long after is the machine's matter.
        assert!(start.elapsed() >= Duration::from_millis(300));
    });
}

#[test]
fn a_guess_is_no_choice_before_the_deadline() {
    run(|| {
        cable("eth0");
        ip("addr add 192.0.2.10/24 dev eth0");
        let named = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(300));
                ip("addr add 192.0.2.83/24 dev eth0");
            });
            cli::run(&["192.0.2.83", "--quiet", "--wait", "60"])
        });
        assert_eq!((named.status, named.stdout.as_str()), (0, "192.0.2.83\n"));
        // Also where the remembered choice is absent, which the decision then speaks of first.
        let args = [
            "192.0.2.99",
            "--quiet",
            "--previous",
            "192.0.2.98",
            "--wait",
            "0.3",
        ];
        let start = Instant::now();
        let guess = cli::run(&args);
        assert_eq!((guess.status, guess.stdout.as_str()), (0, "192.0.2.10\n"));
        assert!(start.elapsed() >= Duration::from_millis(300));
    });
}

/// The address that a recipe of the README prints, and what it remembers.
fn recipe(more: &[&str], bindnetaddr: &str) -> (cli::Run, Option<String>) {
    let state = TempFile::missing();
    let args = [
        "--quiet",
        "--state",
        state.path(),
        "--remember",
        bindnetaddr,
    ];
    let run = cli::run(&[&args, more].concat());
    (run, std::fs::read_to_string(state.path()).ok())
}

/// A VIP as keepalived adds it, beside an address whose duplicate address detection takes as many seconds.
fn own_is_tentative(seconds: u32) {
    cable("eth0");
    sysctl("ipv6/conf/eth0/accept_dad", 1);
    sysctl("ipv6/conf/eth0/dad_transmits", seconds);
    ip("addr add 2001:db8::10/64 dev eth0");
    ip("addr add 2001:db8::20/128 dev eth0 nodad");
}

#[test]
fn the_own_address_is_waited_for_beside_a_vip() {
    for more in [
        &["--strict"][..],
        &[],
        &["--strict", "--fixed", "2001:db8::10"],
    ] {
        run(|| {
            own_is_tentative(1);
            let (own, text) = recipe(&[more, &["--wait", "60"]].concat(), "2001:db8::");
            assert_eq!((own.status, own.stdout.as_str()), (0, "2001:db8::10\n"));
            assert_eq!(own.stderr, "");
            let entry = "\nbindnetaddr 2001:db8:: address 2001:db8::10 prefix 64 interface eth0\n";
            assert!(text.unwrap().contains(entry));
        });
    }
}

#[test]
fn a_vip_is_not_remembered_in_the_place_of_the_own_address() {
    run(|| {
        own_is_tentative(600);
        for (more, code) in [
            (&[][..], "pending"),
            (&["--fixed", "2001:db8::10"], "fixed-absent"),
        ] {
            for wait in [&[][..], &["--wait", "0.3"]] {
                let start = Instant::now();
                let (vip, text) = recipe(&[more, wait].concat(), "2001:db8::");
                assert_eq!((vip.status, vip.stdout.as_str()), (0, "2001:db8::20\n"));
                assert_eq!(text, None);
                let waited = start.elapsed() >= Duration::from_millis(300);
                assert!(waited || wait.is_empty());
                let why = format!("({code}). No state file is written with it.\n");
                assert!(
                    vip.stderr
                        .starts_with("warning: the choice, 2001:db8::20, was")
                );
                assert!(vip.stderr.ends_with(&why), "{vip:?}");
                let (none, text) = recipe(&[more, wait, &["--strict"]].concat(), "2001:db8::");
                assert_eq!((none.status, none.stdout.as_str(), text), (4, "", None));
            }
        }
    });
}

#[test]
fn an_address_that_is_declared_fixed_is_waited_for() {
    run(|| {
        cable("eth0");
        ip("addr add 192.168.1.20/24 dev eth0");
        let args = |wait| ["--fixed", "192.168.1.10", "--wait", wait];
        let (vip, text) = recipe(&args("0.3"), "192.168.1.0");
        assert_eq!((vip.status, vip.stdout.as_str()), (0, "192.168.1.20\n"));
        assert_eq!(text, None);
        assert!(vip.stderr.contains("(fixed-absent)"), "{vip:?}");
        let (own, text) = thread::scope(|scope| {
            scope.spawn(|| {
                thread::sleep(Duration::from_millis(300));
                ip("addr add 192.168.1.10/24 dev eth0");
            });
            recipe(&args("60"), "192.168.1.0")
        });
        assert_eq!((own.status, own.stdout.as_str()), (0, "192.168.1.10\n"));
        let entry = "\nbindnetaddr 192.168.1.0 address 192.168.1.10 prefix 24 interface eth0\n";
        assert!(text.unwrap().contains(entry));
    });
}
