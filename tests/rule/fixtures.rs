//! The recorded hosts: what floating addresses of real cluster managers look like, and that the
//! rule finds the fixed one.

use std::collections::BTreeMap;
use std::path::PathBuf;

use bindnet::rule::{ScopedAddr, Separation};
use bindnet::snapshot::{AddressFlags, Lifetime, LinkFlags};
use bindnet::{Address, Decision, Reason, Selector, Snapshot};
use serde_json::Value;

/// What is expected of each recording: for each of its bindnetaddrs what separates the choice from
/// the runner-up, and every candidate with its reasons; `>` is the choice.
///
/// The ambiguous ones are ambiguous because only weak evidence speaks: a secondary, unlabelled VIP
/// looks like any second address of a host. iproute2 6.1, which recorded them, does not print
/// IFA_PROTO: where that is the evidence, its output is expected to say less.
const EXPECTED: &str = "
base_fixed
    192.168.1.0         alone           >192.168.1.10
    192.168.1.0/24      alone           >192.168.1.10
bgp_lo
    10.255.0.7          alone           >10.255.0.7 loopback
    169.254.7.0         alone           >169.254.7.1
dhcp_like
    192.168.1.0         kernel-order    >192.168.1.10, 192.168.1.77
dhcpv6_slaac
    2001:db8:6::/64     kernel-order    >2001:db8:6::a, 2001:db8:6::1234
docker0
    192.168.1.0         alone           >192.168.1.10
    192.168.1.0/24      alone           >192.168.1.10
flap_unlabelled
    192.168.1.0         weak-evidence   >192.168.1.20, 192.168.1.10 secondary
gcp_like
    10.128.0.5          alone           >10.128.0.5
ifupdown_alias
    192.168.1.0         alone           >192.168.1.10, 192.168.1.11 label secondary
ka_default
    192.168.1.0         alone           >192.168.1.10
    192.168.1.0/24      alone           >192.168.1.10, 192.168.1.20 host-prefix-in-subnet
ka_p24
    192.168.1.0         weak-evidence   >192.168.1.10, 192.168.1.20 secondary
    192.168.1.0/24      weak-evidence   >192.168.1.10, 192.168.1.20 secondary
ka_proto18
    192.168.1.0         alone           >192.168.1.10, 192.168.1.20 address-protocol secondary
    fd00:1::            alone           fd00:1::20 address-protocol, >fd00:1::10
ka_proto18 by ip -j addr
    192.168.1.0         weak-evidence   >192.168.1.10, 192.168.1.20 secondary
    fd00:1::            weak-evidence   fd00:1::20 newer-than-sibling, >fd00:1::10
ka_v6
    fd00:1::            weak-evidence   fd00:1::20 newer-than-sibling, >fd00:1::10
    fd00:1::/64         weak-evidence   fd00:1::20 newer-than-sibling, >fd00:1::10
ka_vmac
    192.168.1.0         alone           >192.168.1.10, 192.168.1.20 vrrp-mac
    192.168.1.0/24      alone           >192.168.1.10, 192.168.1.20 vrrp-mac
kube_ipvs0
    192.168.1.0         alone           >192.168.1.10
    192.168.1.0/24      alone           >192.168.1.10
lvs_dr
    192.168.1.0         alone           >192.168.1.10
    192.168.1.0/24      alone           192.168.1.20 label host-prefix-in-subnet loopback, \
                                        >192.168.1.10
pgpool_default
    192.168.1.0         alone           >192.168.1.10, 192.168.1.20 label secondary
    192.168.1.0/24      alone           >192.168.1.10, 192.168.1.20 label secondary
promoted_inversion
    192.168.1.0         alone           192.168.1.20 label, >192.168.1.10 secondary
    192.168.1.0/24      alone           192.168.1.20 label, >192.168.1.10 secondary
ra_default
    192.168.1.0         weak-evidence   >192.168.1.10, 192.168.1.20 secondary
    192.168.1.0/24      weak-evidence   >192.168.1.10, 192.168.1.20 secondary
ra_label
    192.168.1.0         alone           >192.168.1.10, 192.168.1.20 label secondary
    192.168.1.0/24      alone           >192.168.1.10, 192.168.1.20 label secondary
ra_nic24
    192.168.1.0         weak-evidence   >192.168.1.10, 192.168.1.20 secondary
    192.168.1.0/24      weak-evidence   >192.168.1.10, 192.168.1.20 secondary
ra_noprefix
    192.168.1.0         weak-evidence   >192.168.1.10, 192.168.1.20 secondary
    192.168.1.0/24      weak-evidence   >192.168.1.10, 192.168.1.20 secondary
ra_v6
    fd00:1::            weak-evidence   fd00:1::20 newer-than-sibling, >fd00:1::10
    fd00:1::/64         weak-evidence   fd00:1::20 newer-than-sibling, >fd00:1::10
renamed_labels
    192.168.1.0         alone           >192.168.1.10, 192.168.1.11 label secondary
routed_plus_vip
    10.0.0.0/24         alone           >10.0.0.5 loopback, 10.0.0.20 label
    10.0.0.5            alone           >10.0.0.5 loopback, 10.0.0.20 label
v6_dadfailed
    fd00:1::            alone           fd00:1::40 tentative dadfailed, >fd00:1::10
v6_temporary
    2001:db8:5::        alone           2001:db8:5:0:9eda:d22f:2ad4:db3b temporary, >2001:db8:5::10
    fd00:1::            alone           >fd00:1::10
v6_tentative_deprecated
    fd00:1::            alone           fd00:1::31 tentative, \
        fd00:1::30 deprecated-permanent deprecated tentative, >fd00:1::10
";

/// Recordings in which nothing the kernel shows tells the floating address from the fixed one:
/// the unlabelled VIP became primary when the fixed address flapped. Without a memory the choice
/// is wrong, and says that it was close.
const INDISTINGUISHABLE: [&str; 1] = ["flap_unlabelled"];

struct Recording {
    name: String,
    /// The host as a snapshot, and as `ip -d -j addr` told of it.
    inputs: [Snapshot; 2],
    cases: Vec<Case>,
}

struct Case {
    bindnetaddr: String,
    fixed: Vec<String>,
    floating: Vec<String>,
}

fn recordings() -> Vec<Recording> {
    let folder = bindnet_tests::package().join("tests/fixtures");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let json: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        let input =
            |member: &str| Snapshot::from_json(json[member].to_string().as_bytes()).unwrap();
        Recording {
            name: json["name"].as_str().unwrap().to_owned(),
            inputs: [input("snapshot"), input("ip_d_j_addr")],
            cases: json["cases"].as_array().unwrap().iter().map(case).collect(),
        }
    };
    let recordings: Vec<_> = paths.iter().map(read).collect();
    assert_eq!(recordings.len(), 27);
    recordings
}

fn case(json: &Value) -> Case {
    let texts = |member: &str| {
        let texts = json[member].as_array().unwrap().iter();
        texts
            .map(|text| text.as_str().unwrap().to_owned())
            .collect()
    };
    Case {
        bindnetaddr: json["bindnetaddr"].as_str().unwrap().to_owned(),
        fixed: texts("fixed"),
        floating: texts("floating"),
    }
}

fn selector(case: &Case) -> Selector {
    Selector::new(case.bindnetaddr.parse().unwrap())
}

#[test]
fn the_fixed_address_is_chosen() {
    for Recording {
        name,
        inputs,
        cases,
    } in recordings()
    {
        for (case, snapshot) in cases
            .iter()
            .flat_map(|case| inputs.iter().map(move |i| (case, i)))
        {
            let decision = selector(case).decide(snapshot);
            let chosen = decision.chosen().unwrap().ip().to_string();
            if INDISTINGUISHABLE.contains(&name.as_str()) {
                assert!(decision.is_ambiguous(), "{name}\n{decision:#}");
                let strict = selector(case).strict(true).decide(snapshot);
                assert_eq!(strict.chosen(), None, "{name}\n{strict:#}");
            } else {
                assert!(case.fixed.contains(&chosen), "{name}\n{decision:#}");
                assert!(!case.floating.contains(&chosen), "{name}\n{decision:#}");
            }
        }
    }
}

#[test]
fn the_remembered_address_is_kept() {
    for Recording {
        name,
        inputs,
        cases,
    } in recordings()
    {
        for (case, snapshot) in cases
            .iter()
            .flat_map(|case| inputs.iter().map(move |i| (case, i)))
        {
            for fixed in &case.fixed {
                let previous: ScopedAddr = fixed.parse().unwrap();
                let decision = selector(case).previous(previous).decide(snapshot);
                let exact = decision.bindnet().ip() == previous.ip();
                let chosen = decision.chosen().unwrap();
                assert_eq!(chosen.ip(), previous.ip(), "{name}\n{decision:#}");
                assert!(!decision.is_ambiguous(), "{name}\n{decision:#}");
                assert!(
                    exact || chosen.reasons().contains(Reason::Previous),
                    "{name}"
                );
            }
        }
    }
}

#[test]
fn the_reasons_are_those_of_the_table() {
    let expected = expected();
    let mut found = BTreeMap::new();
    for Recording {
        name,
        inputs,
        cases,
    } in recordings()
    {
        for case in &cases {
            let [by_snapshot, by_ip] = inputs
                .each_ref()
                .map(|input| told(&selector(case).decide(input)));
            if by_ip != by_snapshot {
                found.insert(
                    (format!("{name} by ip -j addr"), case.bindnetaddr.clone()),
                    by_ip,
                );
            }
            found.insert((name.clone(), case.bindnetaddr.clone()), by_snapshot);
        }
    }
    assert_eq!(found, expected);
}

/// The table by recording and bindnetaddr.
fn expected() -> BTreeMap<(String, String), String> {
    let mut expected = BTreeMap::new();
    let mut name = "";
    for line in EXPECTED.lines().filter(|line| !line.is_empty()) {
        if !line.starts_with(' ') {
            name = line;
            continue;
        }
        let (bindnetaddr, rest) = line.trim().split_once(' ').unwrap();
        let rest: Vec<_> = rest.split_whitespace().collect();
        expected.insert((name.to_owned(), bindnetaddr.to_owned()), rest.join(" "));
    }
    expected
}

/// A decision as the table has it.
fn told(decision: &Decision) -> String {
    let separated_by = decision.separated_by().map_or("alone", Separation::code);
    let candidates = decision.candidates().iter().map(|candidate| {
        let mark = if Some(candidate) == decision.chosen() {
            ">"
        } else {
            ""
        };
        let reasons = candidate
            .reasons()
            .iter()
            .map(|reason| format!(" {reason}"));
        format!("{mark}{}{}", candidate.ip(), reasons.collect::<String>())
    });
    let candidates: Vec<_> = candidates.collect();
    format!("{separated_by} {}", candidates.join(", "))
}

/// Two ways of recording one host agree on the order and on every field that both have.
#[test]
fn both_inputs_of_a_recording_agree() {
    for Recording {
        name,
        inputs: [snapshot, ip],
        ..
    } in recordings()
    {
        let links = |snapshot: &Snapshot| {
            let link = |link: &bindnet::Link| {
                // iproute2 does not say IFF_RUNNING where it says IFF_UP and IFF_LOWER_UP.
                let flags = link.flags().unwrap().bits() & !LinkFlags::RUNNING.bits();
                let mac = link.mac().copied();
                (
                    link.index(),
                    link.name(),
                    flags,
                    mac,
                    link.kind().map(str::to_owned),
                    link.master(),
                )
            };
            snapshot.links().iter().map(link).collect::<Vec<_>>()
        };
        assert_eq!(links(&ip), links(&snapshot), "{name}");
        let addresses = |snapshot: &Snapshot| snapshot.addresses().map(shared).collect::<Vec<_>>();
        assert_eq!(addresses(&ip), addresses(&snapshot), "{name}");
    }
}

/// What both inputs have of an address: not IFA_PROTO, and a lifetime counts down between the two.
fn shared(address: Address) -> impl PartialEq + std::fmt::Debug {
    let is_finite = |lifetime: Option<Lifetime>| lifetime.map(|l| l != Lifetime::Forever);
    let place = (
        address.ip(),
        address.netmask(),
        address.peer(),
        address.link_index(),
    );
    let facts = (
        address.label(),
        address.scope(),
        address.flags().map(AddressFlags::bits),
    );
    let lifetimes = (
        is_finite(address.valid_lft()),
        is_finite(address.preferred_lft()),
    );
    (place, facts, lifetimes)
}
