//! The commands that `testing::commands` prints for a host make such a host: run by sh(1) in a new
//! namespace, and compared with what they were printed for. `BINDNET_SEED` repeats a run.

use bindnet_tests::{netns, random};

use std::fmt::Debug;
use std::io::{self, Write};
use std::process::Command;

use bindnet::model::{AddressRequest, Host, Kernel, LinkRequest, Operation};
use bindnet::snapshot::{AddressFlags, HardwareAddress, Lifetime, LinkFlags, Name, Scope};
use bindnet::testing::commands;
use bindnet::testing::strategies::{Pool, operations};
use bindnet::{Address, Link, Snapshot};
use netns::{assert_same, capture, run, settle};
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use random::seed;

/// How many hosts, and how many operations on each.
const HOSTS: usize = 60;
const OPERATIONS: usize = 60;

/// Makes a host by its commands.
fn make(host: &Snapshot) -> Snapshot {
    let script = commands::for_host(host);
    let done = Command::new("sh")
        .args(["-e", "-c", &script])
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{stderr}\n{script}");
    settle();
    capture()
}

/// What the commands can give of an address.
fn facts(address: Address) -> impl PartialEq + Debug {
    let lasts = |lifetime: Option<Lifetime>| match lifetime {
        Some(Lifetime::Seconds(seconds)) => Lifetime::Seconds(seconds.min(1)),
        _ => Lifetime::Forever,
    };
    let flag = |flag| address.flags().map(|flags| flags.contains(flag));
    let net = (address.ip(), address.netmask(), address.peer());
    let flags = [
        AddressFlags::DEPRECATED,
        AddressFlags::NODAD,
        AddressFlags::NOPREFIXROUTE,
    ];
    (
        (net, address.link_index(), address.label(), address.scope()),
        (address.is_secondary(), flags.map(flag)),
        (lasts(address.valid_lft()), lasts(address.preferred_lft())),
    )
}

fn assert_made(host: &Snapshot, made: &Snapshot) {
    for link in host.links() {
        let like = made.link(link.index()).unwrap();
        assert_eq!((link.name(), link.is_up()), (like.name(), like.is_up()));
        assert!(link.mac().is_none_or(|mac| like.mac() == Some(mac)));
    }
    assert_same(host.addresses().map(facts), made.addresses().map(facts));
}

#[test]
fn the_commands_for_a_host_make_it() {
    let seed = seed();
    let _ = writeln!(io::stderr(), "BINDNET_SEED={seed}");
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let sequences = operations(&Pool::default(), OPERATIONS);
    let mut addresses = 0;
    for _ in 0..HOSTS {
        let mut host = Host::new(Kernel::default().promote_secondaries(true));
        let sequence = sequences.new_tree(&mut runner).unwrap().current();
        for link in ["eth0", "far0", "eth1", "far1"].iter().zip(2..) {
            let request = LinkRequest::bridge(link.0.parse().unwrap(), link.1);
            host.apply(&Operation::AddLink(request)).unwrap();
        }
        for operation in &sequence {
            let _ = host.apply(operation);
        }
        let host = host.snapshot();
        addresses += host.len();
        run(|| assert_made(&host, &make(&host)));
    }
    assert!(addresses > 5 * HOSTS, "{addresses}");
}

/// iproute2 reads `LOCAL peer PEER/0` as a prefix of all bits.
#[test]
fn a_peer_may_have_a_prefix_of_no_bits() {
    let mut host = Host::new(Kernel::default());
    let name: Name = "eth0".parse().unwrap();
    let link = Operation::AddLink(LinkRequest::bridge(name, 2));
    host.apply(&link).unwrap();
    for (local, peer) in [("192.0.2.1/0", "192.0.2.2"), ("fe80::1/0", "2001:db8::1")] {
        let request = AddressRequest::new(local.parse().unwrap(), name).peer(peer.parse().unwrap());
        host.apply(&Operation::AddAddress(request)).unwrap();
    }
    let host = host.snapshot();
    assert_eq!(host.len(), 2);
    run(|| assert_made(&host, &make(&host)));
}

#[test]
fn a_name_of_any_bytes_is_safe_in_a_shell() {
    let name = |bytes: &[u8]| Name::from_bytes(bytes).unwrap();
    let hostile = [
        name(b"$(kill $$)"),
        name(b"'; exit 1;'"),
        name(b"a\\b\"`exit`"),
        name(b"\x1b[31m\xff"),
        name(b"*"),
    ];
    let up = LinkFlags::UP | LinkFlags::RUNNING;
    let links = hostile.iter().zip(2..).map(|(name, index)| {
        let mac = HardwareAddress::from_bytes(&[2, 0, 0, 0, 0, index]).unwrap();
        Link::new(index.into(), *name).with_flags(up).with_mac(mac)
    });
    let links: Vec<_> = links.collect();
    let addresses = links.iter().zip(10u8..).map(|(link, last)| {
        let net = format!("192.0.2.{last}/32").parse().unwrap();
        let forever = Lifetime::Forever;
        let address = Address::new(net, link.index()).with_label(hostile[4]);
        let address = address.with_flags(AddressFlags::PERMANENT);
        let address = address.with_scope(Scope::GLOBAL);
        address.with_valid_lft(forever).with_preferred_lft(forever)
    });
    let host = Snapshot::new(links.clone(), addresses).unwrap();
    run(|| {
        let made = make(&host);
        assert_same(host.addresses().map(facts), made.addresses().map(facts));
        // White space and a slash cannot be in the name of a link; the others are called so.
        for link in [&links[2], &links[3], &links[4]] {
            assert_eq!(made.link(link.index()).unwrap().name(), link.name());
        }
        let names = made.links().iter().map(Link::name).collect::<Vec<_>>();
        assert!(!names.contains(&links[0].name()), "{names:?}");
    });
}
