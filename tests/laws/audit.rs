//! The failover audit: what it finds of the recorded hosts, beside what a person expects of them.

use bindnet_tests::audited;

use std::collections::BTreeMap;

use bindnet::Snapshot;
use bindnet::audit::Finding;
use serde_json::Value;

use audited::{audit, selector, told};

/// What would move a daemon that remembers nothing on each recorded host, for each of its
/// bindnetaddrs: thought through by hand, from what the cluster managers leave behind and how the
/// kernel lists it.
///
/// A lease comes before a VIP without a mark (`dhcp_like`); of two (`dhcpv6_slaac`) the older one is first.
///
/// A VIP that is told from the node's own address by a label, a hardware address, a protocol or its
/// prefix moves nothing, whatever flaps. One without a mark has the first place once the node's own
/// address has flapped: on IPv4 where secondaries are promoted, on IPv6 always, since the newest
/// address is listed first and counts as the youngest. And one that was there before the node's own
/// address is first everywhere, unless the address was named exactly (`10.255.0.7`, `10.128.0.5`) or
/// its network has no room (`169.254.7.0/31`). A /32 meets it in the network of another address
/// (`routed_plus_vip`: that of the VIP) and looks like a VIP beside it.
const EXPECTED: &str = "
base_fixed
    192.168.1.0         new-vip-first 192.168.1.254
    192.168.1.0/24      new-vip-first 192.168.1.254
bgp_lo
    10.255.0.7
    169.254.7.0
dhcp_like
    192.168.1.0
dhcpv6_slaac
    2001:db8:6::/64     new-vip-first 2001:db8:6::1234, vip-away-and-back 2001:db8:6::1234
docker0
    192.168.1.0         new-vip-first 192.168.1.254
    192.168.1.0/24      new-vip-first 192.168.1.254
flap_unlabelled
    192.168.1.0         own-address-flap-promoted 192.168.1.10, new-vip-first 192.168.1.254
gcp_like
    10.128.0.5
ifupdown_alias
    192.168.1.0         new-vip-first 192.168.1.254
ka_default
    192.168.1.0         new-vip-first 192.168.1.254
    192.168.1.0/24      new-vip-first 192.168.1.254
ka_p24
    192.168.1.0         own-address-flap-promoted 192.168.1.20, new-vip-first 192.168.1.254
    192.168.1.0/24      own-address-flap-promoted 192.168.1.20, new-vip-first 192.168.1.254
ka_proto18
    192.168.1.0         new-vip-first 192.168.1.254
    fd00:1::            new-vip-first fd00:1::fffe
ka_proto18 by ip -j addr
    192.168.1.0         own-address-flap-promoted 192.168.1.20, new-vip-first 192.168.1.254
    fd00:1::            own-address-flap fd00:1::20, new-vip-first fd00:1::20
ka_v6
    fd00:1::            own-address-flap fd00:1::20, new-vip-first fd00:1::20
    fd00:1::/64         own-address-flap fd00:1::20, new-vip-first fd00:1::20
ka_vmac
    192.168.1.0         new-vip-first 192.168.1.254
    192.168.1.0/24      new-vip-first 192.168.1.254
kube_ipvs0
    192.168.1.0         new-vip-first 192.168.1.254
    192.168.1.0/24      new-vip-first 192.168.1.254
lvs_dr
    192.168.1.0         new-vip-first 192.168.1.254
    192.168.1.0/24      new-vip-first 192.168.1.254
pgpool_default
    192.168.1.0         new-vip-first 192.168.1.254
    192.168.1.0/24      new-vip-first 192.168.1.254
promoted_inversion
    192.168.1.0         new-vip-first 192.168.1.254
    192.168.1.0/24      new-vip-first 192.168.1.254
ra_default
    192.168.1.0         own-address-flap-promoted 192.168.1.20, new-vip-first 192.168.1.254
    192.168.1.0/24      own-address-flap-promoted 192.168.1.20, new-vip-first 192.168.1.254
ra_label
    192.168.1.0         new-vip-first 192.168.1.254
    192.168.1.0/24      new-vip-first 192.168.1.254
ra_nic24
    192.168.1.0         own-address-flap-promoted 192.168.1.20, new-vip-first 192.168.1.254
    192.168.1.0/24      own-address-flap-promoted 192.168.1.20, new-vip-first 192.168.1.254
ra_noprefix
    192.168.1.0         own-address-flap-promoted 192.168.1.20, new-vip-first 192.168.1.254
    192.168.1.0/24      own-address-flap-promoted 192.168.1.20, new-vip-first 192.168.1.254
ra_v6
    fd00:1::            own-address-flap fd00:1::20, new-vip-first fd00:1::20
    fd00:1::/64         own-address-flap fd00:1::20, new-vip-first fd00:1::20
renamed_labels
    192.168.1.0         new-vip-first 192.168.1.254
routed_plus_vip
    10.0.0.0/24         new-vip 10.0.0.254, new-vip-first 10.0.0.254
    10.0.0.5
v6_dadfailed
    fd00:1::            new-vip-first fd00:1::fffe
v6_temporary
    2001:db8:5::        new-vip-first 2001:db8:5::fffe
    fd00:1::            new-vip-first fd00:1::fffe
v6_tentative_deprecated
    fd00:1::            own-address-flap fd00:1::31, new-vip-first fd00:1::31
";

/// The recorded hosts with their bindnetaddrs: by both inputs, where they do not say the same.
fn recordings() -> BTreeMap<(String, String), Snapshot> {
    let folder = bindnet_tests::package().join("tests/fixtures");
    let mut recordings = BTreeMap::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let text = std::fs::read(entry.unwrap().path()).unwrap();
        let json: Value = serde_json::from_slice(&text).unwrap();
        let name = json["name"].as_str().unwrap();
        // Of the recordings that name their manager nothing was thought through here.
        if json["manager"].is_string() {
            continue;
        }
        let by_ip = format!("{name} by ip -j addr");
        for (name, member) in [(name, "snapshot"), (&by_ip, "ip_d_j_addr")] {
            let host = Snapshot::from_json(json[member].to_string().as_bytes()).unwrap();
            for case in json["cases"].as_array().unwrap() {
                let bindnetaddr = case["bindnetaddr"].as_str().unwrap().to_owned();
                recordings.insert((name.to_owned(), bindnetaddr), host.clone());
            }
        }
    }
    recordings
}

fn expected() -> BTreeMap<(String, String), String> {
    let (mut expected, mut name) = (BTreeMap::new(), "");
    for line in EXPECTED.lines().filter(|line| !line.is_empty()) {
        if !line.starts_with(' ') {
            name = line;
            continue;
        }
        let line = line.trim();
        let (bindnetaddr, moves) = line.split_once(' ').unwrap_or((line, ""));
        let key = (name.to_owned(), bindnetaddr.to_owned());
        expected.insert(key, moves.trim().to_owned());
    }
    expected
}

#[test]
fn the_recorded_hosts_move_as_the_table_says() {
    let expected = expected();
    let mut found = BTreeMap::new();
    for ((name, bindnetaddr), host) in recordings() {
        let told = told(&audit(&selector(&bindnetaddr), &host));
        let by_snapshot = name.strip_suffix(" by ip -j addr").map(str::to_owned);
        let by_snapshot = by_snapshot.map(|name| (name, bindnetaddr.clone()));
        // The second input is in the table where it says something else.
        if by_snapshot.and_then(|key| expected.get(&key)) != Some(&told) {
            found.insert((name, bindnetaddr), told);
        }
    }
    assert_eq!(found, expected);
}

#[test]
fn what_is_remembered_moves_nowhere() {
    let mut held = 0;
    for ((name, bindnetaddr), host) in recordings() {
        let forgetful = audit(&selector(&bindnetaddr), &host);
        let decision = selector(&bindnetaddr).decide(&host);
        let previous = decision.chosen().unwrap().scoped_addr();
        for strict in [false, true] {
            let selector = selector(&bindnetaddr).previous(previous).strict(strict);
            let remembered = audit(&selector, &host);
            assert!(!remembered.moves(), "{name} {bindnetaddr}\n{remembered}");
            assert!(remembered.advice.is_empty());
            let lost = |found: &Finding| found.without_memory.moves();
            if !strict {
                assert_eq!(
                    remembered.findings.iter().any(lost),
                    forgetful.moves(),
                    "{name} {bindnetaddr}\n{remembered}"
                );
            }
            held += usize::from(remembered.findings.iter().any(lost));
        }
    }
    assert!(held > 50, "{held}");
}
