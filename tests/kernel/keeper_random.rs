//! Keepers beside hosts that change at random: they say what a pure tracker says of the same
//! snapshots, and the file holds what the last daemon chose. `BINDNET_SEED` repeats a run.

use bindnet_tests::{netns, random, random_changes, running_ip, state, watched};

use std::io::{self, Write};
use std::os::fd::AsFd;
use std::time::Duration;

use bindnet::choice::{State, Tracker};
use bindnet::rule::ScopedAddr;
use bindnet::{Candidate, Event, EventKind, Keeper, Selector, StateError};
use netns::run;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use random::{Random, seed};
use random_changes::{BEGIN, burst, setting};
use running_ip::RunningIp;
use state::{Folder, NAME};
use watched::debounced;

/// How many hosts, how many daemons one after the other on each, and how many bursts for each.
const HOSTS: u64 = 8;
const STARTS: usize = 3;
const BURSTS: usize = 8;

const BINDNETS: [&str; 4] = ["192.0.2.0", "192.0.2.0/24", "192.0.2.10", "2001:db8::/32"];

/// A daemon, and the tracker that is shown what its keeper sees.
struct Daemon {
    keeper: Keeper,
    tracker: Tracker,
    has_begun: bool,
    said: Vec<Event>,
    /// The choices that are to be written, in their order.
    written: Vec<ScopedAddr>,
    /// Whether there was a choice that is not.
    in_doubt: bool,
}

impl Daemon {
    fn start(folder: &Folder, selector: &Selector, follow: bool, quiet: Duration) -> Self {
        let keeper = Keeper::builder(selector.clone()).follow(follow);
        let keeper = keeper.remember_in(folder.at(NAME)).unwrap();
        let remembered = State::parse(
            &folder
                .text()
                .map_or_else(|| b"bindnet-state/1\nend\n".to_vec(), String::into_bytes),
        );
        let selector = selector.clone().remembering(&remembered.unwrap());
        Self {
            keeper: keeper.open_with(debounced().debounce(quiet)).unwrap(),
            tracker: Tracker::new(selector).follow(follow),
            has_begun: false,
            said: Vec::new(),
            written: Vec::new(),
            in_doubt: false,
        }
    }

    /// Looks, at once or when it is time, and requires that the tracker says the same.
    fn look(&mut self, at_once: bool) {
        let event = match at_once {
            true => self.keeper.wait(Duration::ZERO),
            false => self.keeper.next_event(),
        };
        let host = self.keeper.snapshot();
        let may = at_once || self.has_begun || self.tracker.may_begin(host);
        let expected = may.then(|| self.tracker.update(host)).flatten();
        let event = event.unwrap();
        assert_eq!(event, expected);
        self.has_begun |= event.is_some();
        if let Some(event) = &event {
            self.note(event);
        }
        self.said.extend(event);
        let choices = [self.keeper.choice(), self.tracker.choice()];
        let [choice, expected] = choices.map(|choice| choice.map(Candidate::scoped_addr));
        assert_eq!(choice, expected);
        assert_eq!(self.keeper.decision(), self.tracker.decision());
    }

    fn look_until_quiet(&mut self) {
        let is_readable = |keeper: &Keeper| {
            let mut fds = [PollFd::new(keeper.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, PollTimeout::from(30u8)).unwrap() == 1
        };
        while is_readable(&self.keeper) {
            self.look(false);
        }
    }

    /// Notes a choice that is to be written: not one with a doubt that may pass.
    fn note(&mut self, event: &Event) {
        let decision = self.tracker.decision_of_choice();
        let Some(decision) = decision.filter(|_| event.kind() != EventKind::Kept) else {
            return;
        };
        match decision.unsettled() {
            Some("pending" | "fixed-absent" | "previous-absent") => self.in_doubt = true,
            _ => self.written.extend(event.address()),
        }
    }
}

/// Addresses that come and go, more of them of a question than in a burst.
fn flaps(random: &mut Random) -> Vec<String> {
    let flap = |_| {
        let verb = random.one_of(&["add", "add", "del"]);
        let net = random.one_of(&[
            "192.0.2.10/24",
            "192.0.2.20/24",
            "192.0.2.30/24",
            "2001:db8::10/64",
            "2001:db8::20/64",
        ]);
        format!("addr {verb} {net} dev eth0")
    };
    (0..4).map(flap).collect()
}

/// Plays one host; returns how many events there were.
fn play(random: &mut Random) -> usize {
    let mut ip = RunningIp::start();
    ip.run(&BEGIN);
    let folder = Folder::new();
    let selector = Selector::new(random.one_of(&BINDNETS).parse().unwrap());
    let (follow, quiet) = (
        random.percent(50),
        Duration::from_millis(random.one_of(&[0, 5])),
    );
    let mut events = 0;
    for _ in 0..STARTS {
        let before = folder.file().read(selector.bindnet()).unwrap();
        let mut daemon = Daemon::start(&folder, &selector, follow, quiet);
        for _ in 0..BURSTS {
            daemon.look(random.percent(20));
            if random.percent(30) {
                let (name, value) = setting(random);
                // The link need not be there.
                let _ = std::fs::write(format!("/proc/sys/net/{name}"), value.to_string());
            }
            ip.run(&burst(random));
            ip.run(&flaps(random));
            daemon.look_until_quiet();
        }
        // The address that is named exactly goes before the remembered one.
        if let Some(error) = daemon.keeper.state_error() {
            assert!(matches!(error, StateError::Another { .. }));
            assert!(!follow && before.is_some() || daemon.in_doubt);
        }
        let [first, last] =
            [daemon.written.first(), daemon.written.last()].map(Option::<&_>::copied);
        let after = folder.file().read(selector.bindnet()).unwrap();
        let expected = if follow {
            last.or(before)
        } else {
            before.or(first)
        };
        assert_eq!(after, expected);
        events += daemon.said.len();
    }
    events
}

#[test]
fn a_keeper_says_what_a_tracker_says() {
    let seed = seed();
    let _ = writeln!(io::stderr(), "BINDNET_SEED={seed}");
    let play = |host| run(|| play(&mut Random::new(seed, host)));
    let events: Vec<usize> = (0..HOSTS).filter_map(play).collect();
    let _ = writeln!(io::stderr(), "events: {events:?}");
    // None if no namespace can be made.
    assert!(events.is_empty() || events.iter().sum::<usize>() > 5 * HOSTS as usize);
}
