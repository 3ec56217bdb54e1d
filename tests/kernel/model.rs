//! The model of the kernel's address list beside the kernel itself, on random sequences of
//! operations. `BINDNET_SEED` repeats a run.

use bindnet_tests::{beside, netns, random};

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use beside::{Beside, Done};
use bindnet::model::{AddressRequest, Host, Kernel, Kind, LinkRequest, Operation};
use bindnet::testing::strategies::{Pool, operations};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use random::seed;

/// How many hosts, on some threads, and how many operations on each.
const HOSTS: usize = 500;
const THREADS: usize = 3;
const OPERATIONS: usize = 30;
/// What the number of the next host is when none is to follow.
const ENDED: usize = usize::MAX / 2;

/// How long something may take to come about by itself. Reaching it is a failure, never a
/// measurement; while a failure is made smaller it is shorter.
const PATIENCE: Duration = Duration::from_secs(10);
const PATIENCE_OF_SHRINKING: Duration = Duration::from_millis(400);

/// How often each kind of operation was done, and how often refused, and why; and what came of it.
type Tally = BTreeMap<String, usize>;

fn count(tally: &mut Tally, operation: &Operation, done: &Done) {
    let kind = match operation {
        Operation::AddLink(link) => match link.kind() {
            Kind::Veth { .. } => "add a veth",
            Kind::Bridge => "add a bridge",
            _ => "add a macvlan",
        },
        Operation::DeleteLink(_) => "delete a link",
        Operation::RenameLink { .. } => "rename",
        Operation::LinkUp(_) => "up",
        Operation::LinkDown(_) => "down",
        Operation::PromoteSecondaries { .. } => "promote_secondaries",
        Operation::KeepAddressesOnDown { .. } => "keep_addr_on_down",
        Operation::AddAddress(_) => "add an address",
        Operation::ReplaceAddress(_) => "replace an address",
        _ => "delete an address",
    };
    let outcome = match &done.refused {
        None => "done".to_owned(),
        Some(refusal) => format!("{refusal:?}"),
    };
    let mut add = |what| *tally.entry(what).or_default() += 1;
    add(format!("{kind}: {outcome}"));
    done.came_of_it(operation)
        .for_each(|what| add(what.to_owned()));
}

/// What has to come about, or the comparison shows little.
const COMES_ABOUT: [&str; 50] = [
    "add a bridge: Exists",
    "add a bridge: Invalid",
    "add a bridge: done",
    "add a macvlan: Exists",
    "add a macvlan: Invalid",
    "add a macvlan: NoSuchLink",
    "add a macvlan: done",
    "add a veth: Exists",
    "add a veth: Invalid",
    "add a veth: NotWithThisLink",
    "add a veth: done",
    "add an address: Exists",
    "add an address: Invalid",
    "add an address: NoSuchLink",
    "add an address: NotAvailable",
    "add an address: done",
    "delete a link: NoSuchLink",
    "delete a link: NotWithThisLink",
    "delete a link: done",
    "delete an address: NoSuchLink",
    "delete an address: NotAvailable",
    "delete an address: done",
    "down: NoSuchLink",
    "down: done",
    "keep_addr_on_down: NoSuchLink",
    "keep_addr_on_down: done",
    "promote_secondaries: NoSuchLink",
    "promote_secondaries: done",
    "rename: Exists",
    "rename: Invalid",
    "rename: NoSuchLink",
    "rename: done",
    "replace an address: Invalid",
    "replace an address: NoSuchLink",
    "replace an address: NotAvailable",
    "replace an address: done",
    "up: NoSuchLink",
    "up: done",
    "a label is cut short",
    "a label is made up",
    "a list of three scopes",
    "a macvlan has no carrier",
    "a primary is put before another",
    "a renamed link is up",
    "a secondary is added",
    "a secondary is promoted",
    "addresses are kept on a link that is down",
    "more than one secondary goes",
    "what was kept is detected again",
    "the carrier of another link changes",
];

/// What the model is told of the kernel that runs.
fn running_kernel() -> Kernel {
    let uname = nix::sys::utsname::uname().unwrap();
    Kernel::of_release(uname.release().to_str().unwrap())
}

/// Does all this on a new host and in the model; says at which operation they part, and how.
fn compare(
    operations: &[Operation],
    promote: bool,
    patience: Duration,
) -> Result<Tally, (usize, String)> {
    let mut beside = Beside::new(running_kernel(), promote, patience);
    let mut tally = Tally::new();
    for (at, operation) in operations.iter().enumerate() {
        match beside.apply(operation) {
            Ok(done) => count(&mut tally, operation, &done),
            Err(differs) => return Err((at, differs)),
        }
    }
    Ok(tally)
}

/// What a host begins with: links, some secondaries, and addresses that stay on a link that is down.
fn first() -> Vec<Operation> {
    let [lo, eth0, far0, eth1, far1] =
        ["lo", "eth0", "far0", "eth1", "far1"].map(|name| name.parse().unwrap());
    let [br0, br1, mv0] = ["br0", "br1", "mv0"].map(|name| name.parse().unwrap());
    let links = [
        LinkRequest::veth(eth0, 2, far0, 3),
        LinkRequest::veth(eth1, 258, far1, 259),
        LinkRequest::bridge(br0, 9),
        LinkRequest::bridge(br1, 7).mac("02:00:00:00:00:07".parse().unwrap()),
        LinkRequest::macvlan(mv0, 260, eth0),
    ];
    let up = [lo, eth0, far0, eth1, br0, br1, mv0].map(Operation::LinkUp);
    let address = |net: &str, link| AddressRequest::new(net.parse().unwrap(), link);
    let addresses = [
        address("192.0.2.10/24", eth0),
        address("192.0.2.20/24", eth0).label("eth0:vip".parse().unwrap()),
        address("192.0.2.21/24", eth0).label("eth0:longer-vip".parse().unwrap()),
        address("2001:db8::10/64", eth1),
        address("2001:db8::11/64", eth1),
    ];
    let keep = Operation::KeepAddressesOnDown {
        link: eth1,
        on: true,
    };
    let links = links.into_iter().map(Operation::AddLink);
    let addresses = addresses.into_iter().map(Operation::AddAddress);
    // Few sequences get that far by chance: labels that a rename cuts short.
    let long = "fifteen-letters".parse().unwrap();
    let rename = |link, to| Operation::RenameLink { link, to };
    let renames = [rename(eth0, long), rename(long, eth0)];
    let addresses = [keep].into_iter().chain(addresses).chain(renames);
    links.chain(up).chain(addresses).collect()
}

/// Compares on one host; says what differs, after as few operations as were found to show it.
fn host(seed: u64, host: usize, tally: &Mutex<Tally>, next: &AtomicUsize) -> Result<(), String> {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&(host as u64).to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let mut begun = Host::new(Kernel::default());
    for operation in first() {
        begun.apply(&operation).unwrap();
    }
    let pool = Pool::default().and_of(&begun.snapshot());
    let sequences = (operations(&pool, OPERATIONS), proptest::bool::ANY);
    let (operations, promote) = sequences.new_tree(&mut runner).unwrap().current();
    let operations = [first(), operations].concat();
    let run =
        |operations: &[Operation], patience| netns::run(|| compare(operations, promote, patience));
    let differs = match run(&operations, PATIENCE) {
        None => return Ok(()),
        Some(Ok(compared)) => {
            let mut tally = tally.lock().unwrap();
            compared
                .into_iter()
                .for_each(|(kind, often)| *tally.entry(kind).or_default() += often);
            return Ok(());
        }
        Some(Err(differs)) => differs,
    };
    // One is enough, and is made smaller alone.
    if next.swap(ENDED, Ordering::Relaxed) >= ENDED {
        return Ok(());
    }
    let (mut last, mut why) = differs;
    let mut needed = operations;
    needed.truncate(last + 1);
    while let Some(earlier) = last.checked_sub(1) {
        last = earlier;
        let mut fewer = needed.clone();
        fewer.remove(last);
        if let Some(Err((at, differs))) = run(&fewer, PATIENCE_OF_SHRINKING) {
            fewer.truncate(at + 1);
            last = last.min(at);
            (needed, why) = (fewer, differs);
        }
    }
    let lines: String = needed
        .iter()
        .map(|operation| format!("{operation}\n"))
        .collect();
    Err(format!(
        "host {host}, promote_secondaries={promote}\n{why}after\n{lines}"
    ))
}

#[test]
fn the_model_lists_and_tells_what_the_kernel_does() {
    let (seed, tally, next) = (seed(), Mutex::new(Tally::new()), AtomicUsize::new(0));
    let _ = writeln!(io::stderr(), "BINDNET_SEED={seed}");
    let work = || {
        while let at @ ..HOSTS = next.fetch_add(1, Ordering::Relaxed) {
            if let Err(why) = host(seed, at, &tally, &next) {
                panic!("BINDNET_SEED={seed}, {why}");
            }
        }
    };
    thread::scope(|scope| (0..THREADS).for_each(|_| drop(scope.spawn(work))));
    let tally = tally.into_inner().unwrap();
    for (what, often) in &tally {
        let _ = writeln!(io::stderr(), "{often:6} {what}");
    }
    // Nothing where no namespace can be made.
    let missing = COMES_ABOUT
        .iter()
        .filter(|what| !tally.contains_key(**what));
    let missing: Vec<_> = missing.filter(|_| !tally.is_empty()).collect();
    assert!(missing.is_empty(), "never came about: {missing:?}");
}
