//! Hosts by chance: the real Corosync does what its profile decides.
//!
//! `BINDNET_SEED` repeats a run.

use bindnet_tests::{by_chance, corosync, decided, netns, random, random_host, topology, totemip};

use std::fmt::Debug;
use std::net::IpAddr;

use bindnet::Snapshot;
use bindnet::corosync::Profile;
use by_chance::{Tally, on_hosts, require};
use corosync::{Answer, Daemon, Setup, Transport};
use decided::{choice, plan, profile, selector};
use random::Random;
use random_host::RandomHost;
use topology::{Entry, Topology, listed};
use totemip::{Pick, RELEASES, naive_patched, naive_pick, same_nets};

/// How many hosts a run makes.
const HOSTS: usize = 320;

/// How often something must come about at least in a run; most do three times as often. A run that
/// shows little proves little.
const VARIETY: [(&str, usize); 18] = [
    ("bound v4", 60),
    ("bound v6", 15),
    ("down", 15),
    ("down, bound when the link went up", 4),
    ("none", 20),
    ("refused", 1),
    ("several match", 30),
    ("exact, not the first that matches", 3),
    ("bindnetaddr by ring0_addr", 4),
    ("bindnetaddr by ring0_addr, bindnetaddr overruled", 4),
    ("bindnetaddr in an odd form", 15),
    ("otherwise in 1.4.1", 30),
    ("otherwise in 1.4.7", 20),
    ("otherwise in 1.4.10", 30),
    ("otherwise in 2.0.0", 20),
    ("otherwise by our own rule", 15),
    ("Udp", 100),
    ("Udpu", 100),
];

#[test]
fn the_daemon_binds_what_its_profile_decides() {
    let Some(version) = corosync::controlled_version() else {
        return;
    };
    let tally = on_hosts(HOSTS, |seed, at| random_run(&version, seed, at));
    require(&tally, &VARIETY);
    let refused = tally.get("steps refused").copied().unwrap_or(0);
    assert!(refused * 20 < tally["steps"], "the hosts are not built");
}

fn random_run(version: &str, seed: u64, at: usize) -> Tally {
    let mut random = Random::new(seed, at as u64);
    let host = RandomHost::new(&mut random);
    let (kind, bindnet) = host.bindnetaddr(&mut random);
    let (how, setup) = random_host::setup(&mut random, bindnet);
    let mut run = Run::new(version, &host.topology, bindnet, setup);
    run.compare();
    run.count(&format!("bindnetaddr: {kind}"), 1);
    run.count(&format!("bindnetaddr {how}"), 1);
    run.count(&format!("{:?}", run.setup.transport), 1);
    run.tally
}

/// A link-local address belongs to a link, and Corosync 3 says to bind(2) that this is the one
/// with index 2.
#[test]
fn link_local_addresses_are_bound_on_index_2_alone() {
    let Some(version) = corosync::controlled_version() else {
        return;
    };
    let ip = "fe80::a".parse().expect("an address");
    let (bound, refused) = (Answer::Bound(ip), Answer::Refused);
    // The indexes of the links that have the address and of those that do not, and the answers of
    // udp and udpu.
    let rows: [(&[u64], &[u64], [&Answer; 2]); 5] = [
        (&[2], &[], [&bound, &bound]),
        (&[7], &[], [&refused, &refused]),
        (&[7], &[2], [&refused, &refused]),
        (&[2, 7], &[], [&bound, &bound]),
        // It chooses that of index 1, binds that of index 2 and, on udp, cannot have both.
        (&[1, 2], &[], [&refused, &bound]),
    ];
    for (with, without, answers) in rows {
        let mut host = Topology::default();
        for index in with.iter().chain(without).filter(|index| **index != 1) {
            host.veth(&format!("eth{index}"), Some(*index));
            host.ip(format!("link set eth{index} up"));
        }
        for index in with {
            let link = match index {
                1 => "lo".to_owned(),
                index => format!("eth{index}"),
            };
            host.ip(format!("addr add fe80::a/64 dev {link} nodad"));
        }
        for (transport, answer) in [Transport::Udp, Transport::Udpu].into_iter().zip(answers) {
            for bindnet in ["fe80::a", "fe80::", "fe80::b"] {
                assert_run(&version, &host, bindnet, transport, (ip, answer.clone()));
            }
        }
    }
}

/// Corosync looks at no flags: it takes an address that bind(2) does not take yet.
#[test]
fn tentative_addresses_are_taken_and_refused() {
    let Some(version) = corosync::controlled_version() else {
        return;
    };
    for transport in [Transport::Udp, Transport::Udpu] {
        let mut host = Topology::default();
        host.veth("eth0", None);
        // Seconds.
        host.sysctl("ipv6/conf/eth0/dad_transmits", 1000);
        host.ip("link set eth0 up");
        host.ip("addr add 2001:db8::a/64 dev eth0 nodad");
        host.ip("addr add 2001:db8::b/64 dev eth0");
        let [fixed, tentative] = ["2001:db8::a", "2001:db8::b"];
        for (bindnet, ip) in [("2001:db8::", tentative), (fixed, fixed)] {
            let taken = ip.parse().expect("an address");
            let expected = match ip == tentative {
                true => Answer::Refused,
                false => Answer::Bound(taken),
            };
            assert_run(&version, &host, bindnet, transport, (taken, expected));
        }
    }
}

/// Requires this choice and this answer of the daemon to it.
fn assert_run(
    version: &str,
    host: &Topology,
    bindnet: &str,
    transport: Transport,
    (ip, expected): (IpAddr, Answer),
) {
    corosync::run(|| {
        let setup = Setup::new(bindnet, transport);
        let bindnet = bindnet.parse().expect("an address");
        let mut run = Run::new(version, host, bindnet, setup);
        let (pick, answer) = run.compare();
        run.require("what is decided", &pick.map(|pick| pick.ip), &Some(ip));
        run.require("the answer", &answer, &expected);
        run.require("steps refused", &run.tally.get("steps refused"), &None);
    });
}

/// A host, what is asked of it, and what came of it.
struct Run<'a> {
    version: &'a str,
    topology: &'a Topology,
    bindnet: IpAddr,
    setup: Setup,
    tally: Tally,
}

impl<'a> Run<'a> {
    fn new(version: &'a str, topology: &'a Topology, bindnet: IpAddr, setup: Setup) -> Self {
        Self {
            version,
            topology,
            bindnet,
            setup,
            tally: Tally::new(),
        }
    }

    fn count(&mut self, what: &str, times: usize) {
        *self.tally.entry(what.to_owned()).or_default() += times;
    }

    /// Builds the host, compares, and returns the choice and the daemon's first answer.
    fn compare(&mut self) -> (Option<Pick>, Answer) {
        let refused = self.topology.build();
        self.count("steps", self.topology.len());
        if !refused.is_empty() {
            self.count("steps refused", refused.len());
        }
        let before = listed();
        let mut daemon = Daemon::start(&self.setup);
        let answer = daemon.answer();
        self.require("the host afterwards", &listed(), &before);

        let pick = self.decide(&before);
        let expected = Answer::to(pick, &before, self.setup.transport);
        self.require("the answer", &answer, &expected);
        self.classify(pick, &answer, &before);
        if let (Answer::Down, Some(pick)) = (&answer, pick) {
            self.bring_up(&mut daemon, pick, &before);
        }
        (pick, answer)
    }

    /// What the version takes: by the library in every way there is, and by the naive rule. Of
    /// other ages there is no daemon here; they are compared with their naive rules alone.
    fn decide(&self, host: &[Entry]) -> Option<Pick> {
        let snapshot = netns::capture();
        for version in RELEASES {
            let naive = naive_pick(version, host, self.bindnet);
            let decision = selector(profile(version), self.bindnet).decide(&snapshot);
            self.require(version, &choice(&decision), &naive);
        }
        let patched = selector(Profile::Patched, self.bindnet).decide(&snapshot);
        let naive = naive_patched(host, self.bindnet);
        self.require("patched", &choice(&patched), &naive);

        let profile = profile(self.version);
        let selector = selector(profile, self.bindnet);
        let decision = selector.decide(&snapshot);
        let pick = choice(&decision);
        let ip = pick.map(|pick| pick.ip);
        // A link that went up runs a moment later: both have to look at the same moment.
        let (kept, decision) = (0..100)
            .find_map(|_| {
                let before = netns::capture();
                let kept = netns::capturer().decide(&selector).expect("rtnetlink");
                let still = before.links() == netns::capture().links();
                still.then(|| (kept, selector.decide(&before)))
            })
            .expect("a host that holds still");
        self.require("a capturer", &kept, &decision);
        // It has the label for the name of the link, which may be that of no link or of another.
        let by_getifaddrs = Snapshot::capture_by_getifaddrs().expect("getifaddrs(3)");
        let by_getifaddrs = choice(&selector.decide(&by_getifaddrs));
        self.require("by getifaddrs", &by_getifaddrs.map(|pick| pick.ip), &ip);
        let planned = plan(&self.setup, profile, &snapshot);
        self.require("corosync.conf", &planned, &Ok((self.bindnet, ip)));
        pick
    }

    /// The choice, and not its absence, made the daemon say that the interface is down: it binds
    /// the address as soon as the link is up.
    fn bring_up(&mut self, daemon: &mut Daemon, down: Pick, before: &[Entry]) {
        let of = before.iter().find(|entry| Some(entry.index) == down.index);
        let link = &of.expect("it was chosen").link;
        netns::ip(&format!("link set {link} up"));
        let pick = self.decide(&listed());
        let expected = Answer::to(pick, &listed(), self.setup.transport);
        if let Answer::Bound(_) = expected {
            self.require("the answer then", &daemon.answer(), &expected);
            self.count("down, bound when the link went up", 1);
        }
    }

    fn classify(&mut self, pick: Option<Pick>, answer: &Answer, host: &[Entry]) {
        let outcome = match (answer, pick) {
            (Answer::Bound(IpAddr::V4(_)), _) => "bound v4",
            (Answer::Bound(IpAddr::V6(_)), _) => "bound v6",
            (Answer::Refused, _) => "refused",
            (_, Some(_)) => "down",
            (_, None) => "none",
        };
        self.count(outcome, 1);
        let matching = same_nets(host, self.bindnet);
        if matching.len() > 1 {
            self.count("several match", 1);
        }
        if pick.is_some_and(|pick| matching.first() != Some(&pick.ip)) {
            self.count("exact, not the first that matches", 1);
        }
        for version in RELEASES {
            if naive_pick(version, host, self.bindnet) != pick {
                self.count(&format!("otherwise in {version}"), 1);
            }
        }
        let ours = selector(Profile::Default, self.bindnet).decide(&netns::capture());
        if choice(&ours) != pick {
            self.count("otherwise by our own rule", 1);
        }
    }

    fn require<T: PartialEq + Debug>(&self, what: &str, is: &T, expected: &T) {
        assert!(
            is == expected,
            "{what}: {is:?}, expected {expected:?}\n{}{}{}",
            self.topology,
            self.setup,
            corosync::tail(&corosync::log()),
        );
    }
}
