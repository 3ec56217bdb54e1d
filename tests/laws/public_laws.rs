//! The laws that everybody's tests can call: selectors of every kind keep them, and where one is
//! broken the message says all that is needed.

use std::net::IpAddr;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use bindnet::rule::{Declared, Evidence, parse_net};
use bindnet::testing::laws::{self, Failure, Law, Run};
use bindnet::testing::{PickBy, Picker, commands, wrong};
use bindnet::{Decision, Selector, Snapshot};

/// What is asked, in words: a bindnetaddr, then options as preview has them.
pub fn selector(words: &str) -> Selector {
    let mut words = words.split_whitespace();
    let mut selector = Selector::new(words.next().unwrap().parse().unwrap());
    let mut lists = [Vec::new(), Vec::new()];
    while let Some(option) = words.next() {
        let mut value = || words.next().unwrap();
        selector = match option {
            "--strict" => selector.strict(true),
            "--interface" => selector.interface(value().parse().unwrap()),
            "--previous" => selector.previous(value().parse().unwrap()),
            "--no-rule" => selector.without([value().parse::<Evidence>().unwrap()]),
            "--protocol" => selector.floating_protocols([value().parse().unwrap()]),
            "--floating" => {
                lists[0].push(parse_net(value()).unwrap());
                selector
            }
            "--fixed" => {
                lists[1].push(parse_net(value()).unwrap());
                selector
            }
            _ => panic!("{option}"),
        };
    }
    let [floating, fixed] = lists;
    selector.declared(
        Declared::default()
            .floating(floating)
            .unwrap()
            .fixed(fixed)
            .unwrap(),
    )
}

/// With another seed for each, the same ones at every run. There are many, and each takes few cases
/// where `PROPTEST_CASES` does not say more.
fn keeps_all_laws(asked: &[&str]) {
    for (seed, words) in (0..).zip(asked) {
        let selector = selector(words);
        let cases = std::env::var("PROPTEST_CASES").map_or(64, |_| Run::from_env().cases);
        let run = Run {
            cases,
            seed,
            shrink: true,
        };
        for &law in laws::LAWS {
            if let Err(failure) = law.run(&selector, run) {
                panic!("{words}: {failure}");
            }
        }
    }
}

#[test]
fn ipv4() {
    keeps_all_laws(&[
        "192.0.2.0",
        "192.0.2.10",
        "10.0.0.0",
        "203.0.113.128",
        "203.0.113.4/30",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "198.51.100.77/32",
        "198.51.100.0/31",
        "0.0.0.0/0",
        "192.0.2.0/24,198.51.100.0/24",
        "10.0.0.0/8,10.1.0.0/16,192.0.2.10/32",
        "169.254.0.0",
    ]);
}

#[test]
fn ipv6() {
    keeps_all_laws(&[
        "2001:db8::",
        "2001:db8::1",
        "2001:db8:7::/64",
        "2001:db8::/32",
        "2001:db8::10/127",
        "2001:db8::10/128",
        "fd00:7::%eth1/64",
        "fe80::%eth0",
        "fe80::1%3",
        "fe80::/10",
        "::/0",
        "2001:db8::/64,fd00:7::/64",
    ]);
}

#[test]
fn options() {
    keeps_all_laws(&[
        "192.0.2.0 --strict",
        "192.0.2.0/24 --interface eth1",
        "192.0.2.0 --interface bond0.7 --strict",
        "192.0.2.0/24 --floating 192.0.2.20",
        "192.0.2.0/24 --floating 192.0.2.0/24 --fixed 192.0.2.10",
        "10.0.0.0/8 --floating 10.1.0.0/16 --fixed 10.1.2.0/24 --strict",
        "192.0.2.0 --previous 192.0.2.10",
        "192.0.2.0 --no-rule label --no-rule host-prefix-in-subnet",
        "192.0.2.0 --protocol 5",
        "2001:db8::/64 --floating 2001:db8::1 --fixed 2001:db8::2 --strict",
        "fe80:: --interface eth0 --previous fe80::1%eth0",
        "fe80::%9 --strict",
    ]);
}

fn failure(law: Law, wrong: wrong::Wrong, asked: &str) -> Failure {
    let run = Run {
        cases: Run::CASES,
        seed: 1,
        shrink: true,
    };
    let picker = wrong::picker(selector(asked), wrong);
    law.run(&picker, run).expect_err("a broken law")
}

/// One address of the host after the other.
fn in_turn(_: &Selector, host: &Snapshot, _: Option<IpAddr>) -> Option<IpAddr> {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let turn = NEXT.fetch_add(1, Ordering::Relaxed);
    let at = turn.checked_rem(host.len())?;
    host.addresses().nth(at).map(|address| address.ip())
}

/// What is found is small: a person sees at a glance what matters.
#[test]
fn cases_are_made_small() {
    for &law in laws::LAWS {
        // The one with which that is not a matter of luck.
        let wrong = match law.name() {
            "determinism" | "replay" => in_turn,
            "family" => wrong::first_of_host,
            "numbers" => wrong::lowest,
            "patience" => wrong::bindable_now,
            _ => wrong::reversed,
        };
        let failure = failure(law, wrong, "203.0.113.0/24");
        let violation = failure.violation().expect("no panic");
        assert_eq!(violation.law(), law);
        for (host, _) in violation.picks() {
            let most = if law == laws::FAILOVERS { 8 } else { 3 };
            assert!(host.len() <= most && host.links().len() <= 3, "{failure}");
        }
    }
}

/// Both choices, both hosts as files and as commands, and what our own rule says.
#[test]
fn a_message_says_it_all() {
    let failure = failure(laws::STICKINESS, wrong::reversed, "203.0.113.0/24");
    let said = failure.to_string();
    for (host, ip) in failure.violation().unwrap().picks() {
        assert!(said.lines().any(|line| line == host.to_json()), "{said}");
        assert!(said.contains(&commands::for_host(host)), "{said}");
        let read = Snapshot::from_json(host.to_json().as_bytes()).unwrap();
        assert_eq!(read, *host);
        assert!(said.contains(&format!("picks {}", ip.unwrap())), "{said}");
    }
    assert_eq!(failure.violation().unwrap().picks().count(), 2);
    assert!(said.contains(laws::STICKINESS.sentence()), "{said}");
    assert!(said.contains("bindnet says:\n"), "{said}");
    assert!(said.contains("the remembered choice, still here"), "{said}");
    assert!(said.ends_with("PROPTEST_RNG_SEED=1"), "{said}");
}

#[test]
fn a_picker_that_panics_is_told() {
    let asked = selector("203.0.113.0/24");
    let panics = |host: &Snapshot, _| -> Option<IpAddr> {
        assert!(host.len() < 2, "too many addresses");
        None
    };
    let run = Run {
        cases: Run::CASES,
        seed: 1,
        shrink: true,
    };
    let failure = laws::DETERMINISM
        .run(&PickBy::new(asked, panics), run)
        .unwrap_err();
    assert!(failure.violation().is_none());
    assert!(
        failure.to_string().contains("panicked: too many addresses"),
        "{failure}"
    );
}

/// Whoever remembers nothing is judged by what can be expected of it.
#[test]
fn without_a_memory() {
    let asked = selector("203.0.113.0/24");
    let by = asked.clone();
    let forgets = PickBy::new(asked, move |host, _| by.pick(host, None));
    let run = Run {
        cases: Run::CASES,
        seed: 1,
        shrink: true,
    };
    assert!(laws::FAILOVERS.run(&forgets, run).is_err());
    laws::all(&forgets.without_memory());
}

/// A selector whose rule is broken.
struct Misled {
    asked: Selector,
    decides: fn(Selector, Option<IpAddr>) -> Selector,
}

impl Picker for Misled {
    fn selector(&self) -> &Selector {
        &self.asked
    }

    fn pick(&self, host: &Snapshot, previous: Option<IpAddr>) -> Option<IpAddr> {
        let decision = self.decision(host, previous)?;
        decision.chosen().map(|chosen| chosen.ip())
    }

    fn decision(&self, host: &Snapshot, previous: Option<IpAddr>) -> Option<Decision> {
        Some((self.decides)(self.asked.clone(), previous).decide(host))
    }

    fn asking(&self, asked: Selector) -> Option<Box<dyn Picker + '_>> {
        let decides = self.decides;
        Some(Box::new(Self { asked, decides }))
    }
}

/// One that drops what was remembered, and one that looks for no evidence.
#[test]
fn a_broken_rule_is_found() {
    let run = Run {
        cases: Run::CASES,
        seed: 1,
        shrink: false,
    };
    for words in ["203.0.113.0/24", "203.0.113.0", "2001:db8:7::/64"] {
        let asked = selector(words);
        let forgets = Misled {
            asked: asked.clone(),
            decides: |asked, _| asked,
        };
        for law in [laws::STICKINESS, laws::FAILOVERS] {
            assert!(law.run(&forgets, run).is_err(), "{law} for {words}");
        }
        let credulous = Misled {
            asked,
            decides: |asked, previous| {
                let asked = asked.without(Evidence::all());
                match previous {
                    Some(previous) => asked.previous(previous.into()),
                    None => asked,
                }
            },
        };
        for law in [laws::VIP_INVARIANCE, laws::FAILOVERS] {
            assert!(law.run(&credulous, run).is_err(), "{law} for {words}");
        }
    }
    // Of an address that is named exactly, its neighbours are remembered where it is not here.
    let forgets = Misled {
        asked: selector("203.0.113.77"),
        decides: |asked, _| asked,
    };
    assert!(laws::STICKINESS.run(&forgets, run).is_err());
}

/// One that looks at no list: a fixed address that is absent is no doubt, and advice does not help.
#[test]
fn a_rule_that_is_sure_too_soon_is_found() {
    let run = Run {
        cases: Run::CASES,
        seed: 1,
        shrink: false,
    };
    for (words, fixed) in [
        ("203.0.113.0/24", "203.0.113.77"),
        ("203.0.113.0", "203.0.113.77"),
        ("2001:db8:7::/64", "2001:db8:7::77"),
    ] {
        let ignores = Misled {
            asked: selector(&format!("{words} --fixed {fixed}")),
            decides: |asked, _| asked.declared(Declared::default()),
        };
        for law in [laws::PATIENCE, laws::ADVICE_SETTLES] {
            assert!(law.run(&ignores, run).is_err(), "{law} for {words}");
        }
    }
}

/// Whatever number marks a floating address, the hosts have such addresses.
#[test]
fn the_mark_that_is_asked_for_is_drawn() {
    let run = Run {
        cases: Run::CASES,
        seed: 1,
        shrink: false,
    };
    let asked = "203.0.113.0/24 --protocol 77 --no-rule label --no-rule vrrp-mac \
                 --no-rule host-prefix-in-subnet --no-rule deprecated-permanent";
    let unmarked = Misled {
        asked: selector(asked),
        decides: |asked, _| asked.floating_protocols([18]),
    };
    assert!(laws::VIP_INVARIANCE.run(&unmarked, run).is_err());
    // So do what is declared and nothing else shows.
    let asked = "203.0.113.0/24 --floating 203.0.113.200 --no-rule label --no-rule vrrp-mac \
                 --no-rule address-protocol --no-rule host-prefix-in-subnet \
                 --no-rule deprecated-permanent";
    let undeclared = Misled {
        asked: selector(asked),
        decides: |asked, _| asked.declared(Declared::default()),
    };
    assert!(laws::VIP_INVARIANCE.run(&undeclared, run).is_err());
}

/// What the test below runs, in a process of its own.
#[test]
#[ignore = "fails, as it should"]
fn fails() {
    laws::VIP_INVARIANCE.assert(&wrong::picker(selector("203.0.113.0/24"), wrong::reversed));
}

/// The number that a failure prints repeats it, and the place is that of the caller.
#[test]
fn a_failure_is_repeated() {
    let run = |variables: &[(&str, &str)]| {
        let mut test = Command::new(std::env::current_exe().unwrap());
        let name = bindnet_tests::test_name(module_path!(), "fails");
        test.args(["--exact", &name, "--ignored", "--nocapture"]);
        test.env_remove("PROPTEST_RNG_SEED")
            .env_remove("PROPTEST_CASES");
        let done = test.envs(variables.iter().copied()).output().unwrap();
        assert!(!done.status.success());
        let said = String::from_utf8(done.stderr).unwrap();
        assert!(said.contains("laws/public_laws.rs:"), "{said}");
        said
    };
    let message = |said: &str| {
        let start = said.find("vip_invariance is broken").expect("a message");
        let seed = said.find("PROPTEST_RNG_SEED=").expect("the seed") + "PROPTEST_RNG_SEED=".len();
        let seed: String = said[seed..]
            .chars()
            .take_while(char::is_ascii_digit)
            .collect();
        (
            said[start..]
                .split("stack backtrace")
                .next()
                .unwrap()
                .to_owned(),
            seed,
        )
    };
    let (first, seed) = message(&run(&[]));
    let (again, _) = message(&run(&[("PROPTEST_RNG_SEED", &seed)]));
    assert_eq!(first, again);
    let (other, _) = message(&run(&[
        ("PROPTEST_CASES", "100"),
        ("PROPTEST_RNG_SEED", "5"),
    ]));
    assert!(
        other.contains("PROPTEST_RNG_SEED=5 PROPTEST_CASES=100"),
        "{other}"
    );
}
