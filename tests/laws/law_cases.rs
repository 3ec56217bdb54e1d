//! The laws do not hold because they ask nothing: each has cases in which something is compared.

use std::cell::{Cell, RefCell};
use std::net::IpAddr;

use bindnet::snapshot::AddressFlags;
use bindnet::testing::laws::{self, Law, Run};
use bindnet::testing::{PickBy, Picker};
use bindnet::{Decision, Selector, Snapshot};

use super::public_laws::selector;

/// A selector that counts the cases in which a law compares something.
struct Counts {
    asked: Selector,
    /// The last host, and the choice.
    last: RefCell<Option<(Snapshot, Option<IpAddr>)>>,
    renumbered: Cell<usize>,
    detected: Cell<usize>,
    asks: Cell<usize>,
}

impl Picker for Counts {
    fn selector(&self) -> &Selector {
        &self.asked
    }

    fn pick(&self, host: &Snapshot, previous: Option<IpAddr>) -> Option<IpAddr> {
        Picker::pick(&self.asked, host, previous)
    }

    fn decision(&self, host: &Snapshot, previous: Option<IpAddr>) -> Option<Decision> {
        let decision = self.asked.decision(host, previous)?;
        let ip = decision.chosen().map(|chosen| chosen.ip());
        let last = self.last.replace(Some((host.clone(), ip)));
        if let Some((last, chosen)) = last.filter(|(last, _)| last.len() == host.len()) {
            let detected = is_detecting(&last) && !is_detecting(host);
            self.detected
                .set(self.detected.get() + usize::from(detected));
            let renumbered = chosen.is_some() && chosen != ip;
            self.renumbered
                .set(self.renumbered.get() + usize::from(renumbered));
        }
        Some(decision)
    }

    fn asking(&self, selector: Selector) -> Option<Box<dyn Picker + '_>> {
        self.asks.set(self.asks.get() + 1);
        self.asked.asking(selector)
    }
}

/// Whether duplicate address detection is not over for some address.
fn is_detecting(host: &Snapshot) -> bool {
    host.addresses().any(|address| {
        let has = |flag| address.flags().is_some_and(|flags| flags.contains(flag));
        has(AddressFlags::TENTATIVE) && !has(AddressFlags::DADFAILED)
    })
}

/// The laws about certainty compare something: choices get other numbers, detection ends for choices that
/// are not ambiguous, and there is advice to follow.
#[test]
fn laws_about_certainty_have_cases() {
    for words in [
        "203.0.113.0/24",
        "203.0.113.0 --fixed 203.0.113.77",
        "2001:db8:7::/64",
        "2001:db8:7:: --strict",
    ] {
        let picker = Counts {
            asked: selector(words),
            last: RefCell::default(),
            renumbered: Cell::new(0),
            detected: Cell::new(0),
            asks: Cell::new(0),
        };
        let run = Run {
            cases: Run::CASES,
            seed: 1,
            shrink: false,
        };
        let runs = |law: Law| {
            law.run(&picker, run)
                .unwrap_or_else(|failure| panic!("{failure}"));
        };
        runs(laws::NUMBERS);
        let renumbered = picker.renumbered.get();
        runs(laws::PATIENCE);
        let detected = picker.detected.get();
        runs(laws::ADVICE_SETTLES);
        // Each case asks once, and again for each line.
        let lines = picker.asks.get() - Run::CASES as usize;
        assert!(renumbered > 40, "{words}: {renumbered}");
        assert!(detected > 40, "{words}: {detected}");
        assert!(lines > 100, "{words}: {lines}");
    }
}

/// The law of failovers asks at most moments that a memory settles, and at many that it does not.
/// Which these are the case says, so that a rule that is broken does not make them fewer.
#[test]
fn failovers_have_cases() {
    for words in [
        "203.0.113.0/24",
        "203.0.113.10 --strict",
        "10.0.0.0/8 --interface eth1",
        "192.0.2.0 --floating 192.0.2.20 --fixed 192.0.2.10",
        "2001:db8::/64",
        "fe80::%eth0",
    ] {
        let (asked, by) = (selector(words), selector(words));
        let [with, without] = [Cell::new(0), Cell::new(0)];
        let counts = PickBy::new(asked, |host, previous| {
            let count = if previous.is_some() { &with } else { &without };
            count.set(count.get() + 1);
            by.pick(host, previous)
        });
        let run = Run {
            cases: Run::CASES,
            seed: 1,
            shrink: false,
        };
        laws::FAILOVERS.run(&counts, run).expect("it is kept");
        let (with, without) = (with.get(), without.get());
        assert!(with > 1_000 && without > 600, "{words}: {with} {without}");
    }
}
