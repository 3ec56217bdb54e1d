//! `preview --wait`: an address that is not there yet is waited for, and a guess is not taken for
//! it before the deadline.

use std::thread;
use std::time::{Duration, Instant};

use bindnet_tests::{cli, netns};

use netns::{cable, ip, run};

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
            cli::run(&["192.0.2.0", "--quiet", "--strict", "--wait", "60"])
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
